"""The Python side of the live widgets: what they refuse, what they send, what is left without a kernel."""

import base64
import subprocess
import sys
from pathlib import Path

import anywidget
import numpy as np
import pytest

from course_lib import widgets
from course_lib.data import trained_gpt
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT
from course_lib.shapes import ShapeError
from course_lib.widgets import LIVE, AttentionView, GPTView, MatmulExplorer
from course_lib.widgets.sources import STATE
from tests.widgets.examples import EXAMPLES, example, made
from tools.site.notebooks import pictures

ROOT = Path(__file__).parents[2]
trained, words = trained_gpt.load(GPT), trained_gpt.log()["words"]


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, one in EXAMPLES.items() for code in one.refuses]
)
def test_bad_input_is_named(name, code):
    with pytest.raises((TypeError, ValueError)) as error:
        made(code)
    assert EXAMPLES[name].refuses[code] in str(error.value)


@pytest.mark.parametrize("name", [*LIVE, *EXAMPLES.keys() - LIVE.keys()])
def test_nothing_of_a_live_picture_is_forgotten(name):
    assert name in LIVE, (
        f"course_lib/widgets has no class {name} with a script: see tests/widgets/examples.py"
    )
    assert name in EXAMPLES, f"tests/widgets/examples.py has no example of {name}"
    assert EXAMPLES[name].refuses, f"tests/widgets/examples.py does not say which bad input {name} refuses"
    shown = [one["widget"] for one in pictures()].count(name)
    assert shown == 1, f"docs/site/pictures.toml has {shown} pages of {name}, not one"
    driven = (ROOT / "tests/browser/test_live.py").read_text(encoding="utf-8")
    assert f'"{name}"' in driven, f"tests/browser/test_live.py does not move {name} by mouse and keys"


def test_every_class_has_its_script_and_every_script_its_class():
    """A file `<name>_….js` is a part of `<name>.js`, so no picture may be called like the part of another."""
    folder = ROOT / "course_lib/widgets"
    for path in folder.glob("*.py"):
        found = "(Live):" in path.read_text(encoding="utf-8")
        assert path.with_suffix(".js").exists() or not found, f"course_lib/widgets/{path.stem}.js is missing"
    for path in folder.glob("*.js"):
        owners = [file for file in LIVE.values() if f"{path.stem}_".startswith(f"{file}_")]
        assert path.stem in ("live", "page") or len(owners) == 1, (
            f"course_lib/widgets/{path.name} is the script of {owners or 'no class'}"
        )


@pytest.mark.parametrize("name", LIVE)
def test_a_widget_is_a_sentence_and_a_picture_too(name):
    widget = example(name)
    data, metadata = widget._repr_mimebundle_()
    theirs, their_metadata = anywidget.AnyWidget._repr_mimebundle_(widget)
    assert metadata == {**their_metadata, STATE: widget.stored()} and {**data, **theirs} == data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == repr(widget) == repr(example(name))
    assert "0x" not in repr(widget) and "\n" not in repr(widget)
    again, _ = example(name)._repr_mimebundle_()
    assert again["image/png"] == data["image/png"]


def test_arrays_are_sent_as_float32_and_a_weight_of_zero_as_minus_infinity():
    widget = AttentionView(["You", "are"], [[[1, 0], [0.5, 0.5]]] * 3)
    scores = np.frombuffer(widget.scores, "<f4").reshape(widget.sizes[:3])
    np.testing.assert_allclose(np.exp(scores[2]), [[1, 0], [0.5, 0.5]], rtol=1e-6)
    assert widget.sizes == [3, 2, 2, 0] and widget.q == b""


def test_queries_keys_and_a_mask():
    q, k = np.arange(6.0).reshape(3, 2), np.ones((2, 2))
    mask = np.array([[True, False], [True, True], [True, True]])
    widget = AttentionView(["a", "b", "c"], q=q, k=k, keys=["d", "e"], mask=mask)
    scores = np.frombuffer(widget.scores, "<f4").reshape(3, 2)
    np.testing.assert_array_equal(scores, [[1, -np.inf], [5, 5], [9, 9]])
    assert widget.sizes == [1, 3, 2, 2] and not widget.self_attention


def test_padding_is_counted_from_the_end():
    weights = np.full((4, 4), 0.25)
    assert AttentionView(["<pad>", "a", "<pad>", "<pad>"], weights).padding == 2
    assert AttentionView(["a", "b", "c", "d"], weights, padding=1).padding == 1


def test_the_stored_model_is_told_by_its_name_and_any_other_has_no_state():
    named = GPTView(trained, words, "Anna swam")
    assert named.model == "trained_gpt" and len(str(named.stored())) < 1000
    own = GPTView(GPT(GPTConfig(V=98, C=8, D=4, H=2, L=1), np.random.default_rng(0)), words, "Anna swam")
    assert own.model == "" and own.stored() is None and STATE not in own._repr_mimebundle_()[1]


def test_a_page_with_a_kernel_gets_the_numbers_of_the_model_with_the_picture():
    for model in (trained, GPT(GPTConfig(V=98, C=8, D=4, H=2, L=1), np.random.default_rng(0))):
        state = GPTView(model, words, "Anna swam").get_state()
        given, numbers = state["_given"], state["_numbers"]
        at, kind = 0, "<f2" if given["half"] else "<f4"
        numbers = np.frombuffer(numbers, kind)
        for name, shape in given["shapes"]:
            np.testing.assert_array_equal(
                numbers[at : at + np.prod(shape)].reshape(shape), model.state_dict()[name]
            )
            at += int(np.prod(shape))
        assert at == len(numbers)


def test_errors_of_shape_are_shape_errors():
    with pytest.raises(ShapeError):
        MatmulExplorer(np.eye(2), [[1, 2]])


def test_the_figures_do_not_load_the_live_widgets():
    code = "import sys, course_lib.widgets.figures; sys.exit('anywidget' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


IN_COLAB = """
import sys
from types import SimpleNamespace as Made

calls = []
widgets = Made(_installed_url="the manager's address")
sys.modules["google.colab.output"] = Made(
    enable_custom_widget_manager=lambda: calls.append("allowed"), _widgets=widgets
)
from course_lib.widgets import SoftmaxTemperature

for _ in range(2):
    data, metadata = SoftmaxTemperature([2, 1])._repr_mimebundle_()
print(calls, sorted(data), {name: metadata[name] for name in data.keys() & metadata.keys()})
"""


def test_colab_is_told_to_allow_live_widgets_and_where_their_manager_is():
    result = subprocess.run([sys.executable, "-c", IN_COLAB], check=True, capture_output=True, text=True)
    view = "application/vnd.jupyter.widget-view+json"
    manager = {view: {"colab": {"custom_widget_manager": {"url": "the manager's address"}}}}
    assert result.stdout == f"['allowed'] {[view, 'image/png', 'text/plain']} {manager}\n"


@pytest.mark.parametrize("name", LIVE)
def test_what_the_browser_says_is_not_said_back_to_it(name):
    example(name)
    own = getattr(widgets, name).class_own_traits(sync=True)
    assert own and all(trait.metadata["echo_update"] is False for trait in own.values())
    assert "echo_update" not in anywidget.AnyWidget.class_traits()["layout"].metadata
