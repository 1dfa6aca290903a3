"""The Python side of the live widgets: what they refuse, what they send, what is left without a kernel."""

import base64
import subprocess
import sys

import anywidget
import numpy as np
import pytest

from course_lib.data import trained_gpt
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT
from course_lib.shapes import ShapeError
from course_lib.tokenization import BytePairTokenizer
from course_lib.widgets import (
    LIVE,
    AttentionSteps,
    AttentionView,
    BPEExplorer,
    DecisionBoundary,
    DescentExplorer,
    EmbeddingMap,
    GPTView,
    LayerNormExplorer,
    MatmulExplorer,
    PositionExplorer,
    SoftmaxTemperature,
    ValleyExplorer,
    WatchTraining,
)  # fmt: skip
from course_lib.widgets.sources import STATE

trained, words = trained_gpt.load(GPT), trained_gpt.log()["words"]
low = BytePairTokenizer.train("low lower lowest", 259)


def watched(steps=40, first=0):
    """A training that was watched: its text counts the looks, its two heads move from the token before to the token itself."""
    state = {"looks": first}

    def look():
        state["looks"] += 1
        share = 1 / state["looks"]
        map = [[1, 0, 0], [share, 1 - share, 0], [0, share, 1 - share]]
        return f"text {state['looks']}", [map, np.tril(np.ones((3, 3))) / [[1], [2], [3]]]

    watch = WatchTraining(
        steps, look, ["You", "are", "welcome"], {"blind": 3.0, "floor": 1.0}, ["first", "second"]
    )
    list(watch(1 + 2 / np.arange(1, steps + 1)))
    return watch


EXAMPLES = {
    "AttentionSteps": lambda: AttentionSteps(
        [["a", "b", "c"], ["a", "d", "c"]],
        [[[1, 2]] * 3, [[-1, 2]] * 3],
        np.ones((2, 3, 2)),
        [np.eye(3), -np.eye(3)],
        list("xyz"),
    ),
    "AttentionView": lambda: AttentionView(["You", "are"], [[1, 0], [0.5, 0.5]], v=[[1, -2.5], [0, 4]]),
    "BPEExplorer": lambda: BPEExplorer(low, "slow ñ"),
    "DecisionBoundary": lambda: DecisionBoundary(np.eye(2), [0, 0], [1, 1], 0),
    "EmbeddingMap": lambda: EmbeddingMap(["dog", "cat", "rice"], np.eye(3)[:, :2]),
    "GPTView": lambda: GPTView(trained, words, "Anna swam"),
    "PositionExplorer": lambda: PositionExplorer(16, 4),
    "DescentExplorer": lambda: DescentExplorer(["mat", "rat"], [0.1, 0.7], "mat", steps=20),
    "LayerNormExplorer": lambda: LayerNormExplorer([1.0, 3.0]),
    "MatmulExplorer": lambda: MatmulExplorer(np.eye(2), np.eye(2)),
    "SoftmaxTemperature": lambda: SoftmaxTemperature([1.0, 2.0]),
    "ValleyExplorer": lambda: ValleyExplorer(steps=5),
    "WatchTraining": watched,
}
eye, half = np.eye(2), np.full((2, 2), 0.5)
BAD = {
    "steps: a text": (
        lambda: AttentionSteps("ab", eye, eye, eye, list("xy")),
        "words must be a list of labels",
    ),
    "steps: sentences": (
        lambda: AttentionSteps([["a", "b"]], [eye, eye], [eye, eye], [eye, eye], list("xy")),
        "1 sentences, but the numbers are for 2",
    ),
    "steps: words": (
        lambda: AttentionSteps([["a", "b"], ["c"]], [eye, eye], [eye, eye], [eye, eye], list("xy")),
        "1 words, but the numbers are for 2",
    ),
    "steps: axes of q": (
        lambda: AttentionSteps([["a", "b"]], eye, [eye], [eye], list("xy")),
        r"q must have axes \(N T K\), got shape \(2, 2\)",
    ),
    "steps: widths": (
        lambda: AttentionSteps(["a", "b"], eye, np.ones((2, 3)), eye, list("xy")),
        "q has width 2 but k has width 3",
    ),
    "steps: names": (
        lambda: AttentionSteps(["a", "b"], eye, eye, eye, ["x"]),
        "1 axes, but the numbers are for 2",
    ),
    "steps: no plane": (lambda: AttentionSteps(["a"], [[1]], [[1]], [[1]], ["x"]), "K and D from 2 to 6"),
    "steps: long": (
        lambda: AttentionSteps(range(9), *[np.ones((9, 2))] * 3, list("xy")),
        "9 words; from 1 to 8 can be shown",
    ),
    "steps: query": (
        lambda: AttentionSteps(["a", "b"], eye, eye, eye, list("xy"), query=2),
        "query is 2, there are words 0 to 1",
    ),
    "steps: step": (
        lambda: AttentionSteps(["a", "b"], eye, eye, eye, list("xy"), step=9),
        r"step is 9, must be from 0 to 2 T \+ 4 = 8",
    ),
    "steps: large": (
        lambda: AttentionSteps(["a", "b"], 20 * eye, 20 * eye, eye, list("xy")),
        "a score divided by √K is 283",
    ),
    "steps: large, mixed": (
        lambda: AttentionSteps(
            [["a", "b"], ["c", "d"]], [20 * eye, eye], [eye, 20 * eye], [eye, eye], list("xy")
        ),
        "a score divided by √K is 283",
    ),
    "attention: a text": (
        lambda: AttentionView("ab", eye),
        "tokens must be a list of labels, got the single",
    ),
    "attention: rows": (lambda: AttentionView(["a", "b"], [[2, 3], [1, 1]]), "each row must add to 1"),
    "attention: negative": (
        lambda: AttentionView(["a", "b"], [[2, -1], [1, 0]]),
        "weights must be 0 or more",
    ),
    "attention: labels": (lambda: AttentionView(["a"], eye), "1 tokens, but the numbers are for 2"),
    "attention: keys": (
        lambda: AttentionView(["a", "b"], eye, keys=["c"]),
        "1 keys, but the numbers are for 2",
    ),
    "attention: axes": (
        lambda: AttentionView(["a"], [1]),
        r"weights must have axes \(T S\), got shape \(1,\)",
    ),
    "attention: NaN": (lambda: AttentionView(["a"], [[np.nan]]), "weights holds NaN or infinity"),
    "attention: nothing": (lambda: AttentionView(["a"]), "give either weights, or both q and k"),
    "attention: q alone": (lambda: AttentionView(["a"], q=[[1]]), "give either weights, or both q and k"),
    "attention: widths": (
        lambda: AttentionView(["a"], q=[[1]], k=[[1, 2]]),
        "q has width 1 but k has width 2",
    ),
    "attention: mask": (
        lambda: AttentionView(["a", "b"], q=eye, k=eye, mask=half),
        r"mask must be bool \(2, 2\)",
    ),
    "attention: head": (lambda: AttentionView(["a", "b"], eye, head=1), "head is 1, there are heads 0 to 0"),
    "attention: future": (
        lambda: AttentionView(["a", "b"], eye, keys=["c", "d"], causal=True),
        "no future to hide",
    ),
    "attention: padding": (
        lambda: AttentionView(["a", "b"], eye, padding=2),
        "padding is 2, must be from 0 to 1",
    ),
    "attention: stop": (lambda: AttentionView(["a", "b"], eye, temperature=4), "temperature 4 is not a stop"),
    "attention: values": (
        lambda: AttentionView(["a", "b"], eye, v=[[1], [2], [3]]),
        r"v has shape \(3, 1\), expected \(2, D\)",
    ),
    "attention: wide values": (
        lambda: AttentionView(["a", "b"], eye, v=np.ones((2, 65))),
        "v is 65 wide; at most 64",
    ),
    "attention: values of heads": (
        lambda: AttentionView(["a", "b"], eye, v=np.ones((2, 2, 3))),
        r"or \(1, 2, D\)",
    ),
    "attention: long": (lambda: AttentionView(range(65), np.eye(65)), "65 tokens; from 1 to 64 can be shown"),
    "matmul: fit": (
        lambda: MatmulExplorer(eye, [[1, 2]]),
        "a row of a has 2 entries but a column of b has 1",
    ),
    "matmul: large": (lambda: MatmulExplorer(np.eye(13), np.eye(13)), "at most 12 rows and columns"),
    "matmul: ragged": (lambda: MatmulExplorer([[1], [2, 3]], eye), "a must be a rectangular array"),
    "matmul: names": (lambda: MatmulExplorer(eye, eye, names=["x"]), "names are for a, b and the product"),
    "softmax: empty": (lambda: SoftmaxTemperature([]), "logits is empty"),
    "softmax: large": (lambda: SoftmaxTemperature([1, -11]), "from −10 to 10, got -11"),
    "bpe: words": (lambda: BPEExplorer("low"), "expected a BytePairTokenizer, got str"),
    "bpe: merges": (lambda: BPEExplorer(low, merges=4), "merges is 4, must be from 0 to 3"),
    "bpe: long": (lambda: BPEExplorer(low, "a" * 401), "the text has 401 characters"),
    "norm: width": (lambda: LayerNormExplorer([1, 2], [1]), "weight has width 1 but x has width 2"),
    "norm: large": (lambda: LayerNormExplorer([1, 20]), "sliders of x go from −10 to 10"),
    "norm: eps": (lambda: LayerNormExplorer([1, 2], eps=2), "eps 2 is not a stop"),
    "norm: one": (lambda: LayerNormExplorer([1]), "x has 1 entries; from 2 to 10"),
    "descent: target": (lambda: DescentExplorer("ab", [1, 2], "c"), "labels must be a list"),
    "descent: unknown": (lambda: DescentExplorer(["a", "b"], [1, 2], "c"), "target 'c' is none of a, b"),
    "descent: rate": (lambda: DescentExplorer(["a", "b"], [1, 2], 0, rate=0.2), "rate 0.2 is not a stop"),
    "descent: steps": (lambda: DescentExplorer(["a", "b"], [1, 2], 0, steps=0), "steps is 0, must be from 1"),
    "positions: odd": (lambda: PositionExplorer(16, 5), "D = 5 even"),
    "positions: base": (lambda: PositionExplorer(16, 4, base=7), "base 7 is not a stop"),
    "positions: learned": (
        lambda: PositionExplorer(16, 4, learned=eye),
        r"learned has shape \(2, 2\), expected",
    ),
    "positions: q": (
        lambda: PositionExplorer(16, 4, q=[1]),
        "q has width 1 and k has width 4; both must be D = 4",
    ),
    "map: words": (lambda: EmbeddingMap(["a"], eye), "1 words, but the numbers are for 2"),
    "map: flat": (lambda: EmbeddingMap(["a", "b"], [[1], [2]]), "a map needs two words and two features"),
    "map: h": (lambda: EmbeddingMap(["a", "b"], eye, h=[1, 2, 3]), "h has width 3 but vectors have width 2"),
    "map: groups": (lambda: EmbeddingMap(range(8), np.eye(8), range(8)), "8 groups; at most 7"),
    "boundary: W": (
        lambda: DecisionBoundary(np.eye(3), [0, 0], [1, 1], 0),
        r"W has shape \(3, 3\), every axis",
    ),
    "boundary: bend": (lambda: DecisionBoundary(eye, [0, 0], [1, 1], 0, "tanh"), "activation 'tanh' must be"),
    "boundary: rate": (lambda: DecisionBoundary(eye, [0, 0], [1, 1], 0, rate=2), "rate 2 is not a stop"),
    "valley: axes": (lambda: ValleyExplorer(curvature=1), r"curvature must have axes \(2\), got shape \(\)"),
    "valley: three": (lambda: ValleyExplorer(start=[1, 2, 3]), "curvature and start are two numbers each"),
    "valley: flat": (lambda: ValleyExplorer(curvature=[0, 1]), r"curvature \[0.0, 1.0\] must be above 0"),
    "valley: start": (lambda: ValleyExplorer(start=[1, 6]), r"start \[1.0, 6.0\] is off the map"),
    "valley: rate": (lambda: ValleyExplorer(rates=[0.1, 0.1, 0.4]), "rate 0.4 is not a stop"),
    "valley: momentum": (lambda: ValleyExplorer(momentum=1), "momentum 1 is not a stop"),
    "valley: steps": (lambda: ValleyExplorer(steps=81), "steps is 81, must be from 1 to 80"),
    "whole: words": (lambda: GPTView(trained, words[1:]), "97 words, but the model has V = 98"),
    "whole: unknown": (
        lambda: GPTView(trained, words, "Anna flew"),
        "the model knows 98 words, and 'flew' is none of them",
    ),
    "whole: long": (
        lambda: GPTView(trained, words, "the " * 32),
        "the text has 32 words; the model sees at most 31",
    ),
    "whole: part": (
        lambda: GPTView(trained, words, unfolded=["look.2"]),
        "'look.2' cannot be unfolded; there are start, look.0",
    ),
    "watch: weights": (
        lambda: WatchTraining(9, lambda: ("", np.ones((2, 2, 3))), ["a", "b"], {}),
        r"gives weights \(2, 2, 3\), expected \(2, 2, 2\)",
    ),
    "watch: heads": (
        lambda: WatchTraining(9, lambda: ("", [eye]), ["a", "b"], {}, ["x", "y"]),
        r"weights \(1, 2, 2\), expected \(2, 2, 2\)",
    ),
    "watch: future": (
        lambda: WatchTraining(9, lambda: ("", half), ["a", "b"], {}),
        "a head looks at a later token",
    ),
    "watch: NaN": (lambda: WatchTraining(9, lambda: ("", eye * np.nan), ["a", "b"], {}), "weights holds NaN"),
    "watch: steps": (
        lambda: WatchTraining(0, lambda: ("", eye), ["a", "b"], {}),
        "steps is 0, must be 1 or more",
    ),
    "watch: floors": (
        lambda: WatchTraining(9, lambda: ("", eye), ["a", "b"], {"f": 0}),
        "heights above 0, got {'f': 0}",
    ),
    "watch: head": (
        lambda: WatchTraining(9, lambda: ("", eye), ["a", "b"], {}, head=1),
        "head is 1, there are heads 0 to 0",
    ),
    "softmax: words": (lambda: SoftmaxTemperature(["a"]), "logits must be a rectangular array of numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    make, sentence = BAD[case]
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


def test_every_widget_has_an_example():
    assert set(EXAMPLES) == set(LIVE)


@pytest.mark.parametrize("name", LIVE)
def test_a_widget_is_a_sentence_and_a_picture_too(name):
    widget = EXAMPLES[name]()
    data, metadata = widget._repr_mimebundle_()
    theirs, their_metadata = anywidget.AnyWidget._repr_mimebundle_(widget)
    assert metadata == {**their_metadata, STATE: widget.stored()} and {**data, **theirs} == data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == repr(widget) == repr(EXAMPLES[name]())
    assert "0x" not in repr(widget) and "\n" not in repr(widget)
    again, _ = EXAMPLES[name]()._repr_mimebundle_()
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
        MatmulExplorer(eye, [[1, 2]])


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
    EXAMPLES[name]()
    own = getattr(sys.modules[__name__], name).class_own_traits(sync=True)
    assert own and all(trait.metadata["echo_update"] is False for trait in own.values())
    assert "echo_update" not in anywidget.AnyWidget.class_traits()["layout"].metadata
