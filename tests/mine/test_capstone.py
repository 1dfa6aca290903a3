"""The whole GPT of a file beside the library: whatever is wrong in it, the stage and the piece are named."""

import re

import pytest

from course_lib import mine, one_page
from course_lib.mine import report
from course_lib.mine.capstone import capstone, stages
from course_lib.mine.file import LESSON_OF, PAGE, Mistake, parts, put

RIGHT = {name: code for name, code in parts(PAGE).items() if name in LESSON_OF}
SPOIL = """

def spoilt_{name}(x):
    if isinstance(x, dict):
        return {{key: spoilt_{name}(one) for key, one in x.items()}}
    if isinstance(x, tuple):
        return spoilt_{name}(x[0]), *x[1:]
    x = np.asarray(x)
    return ~x if x.dtype == bool else x[..., ::-1] if x.dtype.kind == "i" and x.ndim else x * 1.001


right_{name} = {name}


def {name}(*arguments, **more):
    return spoilt_{name}(right_{name}(*arguments, **more))
"""
BESIDE = {"count_pairs", "merge_pair", "train_bpe", "encode", "decode", "pad_batch", "cosine", "nearest"}
BESIDE |= {
    "position_table",
    "head",
    "apply_rope",
    "pre_norm",
    "rms_norm",
    "numeric_gradient",
    "parameter_count",
}
BESIDE |= {"one_step", "top_k", "top_p", "cross_attention", "beam_step", "receptive_field", "patches"}
# give no arrays, or are called by none of the stages
OTHER_FORM = {"blocks", "new_gpt", "train", "below", "above"}


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """keep(softmax=code, …): my_gpt.py holds these parts."""
    path = tmp_path / "my_gpt.py"
    monkeypatch.setenv("MY_GPT", str(path))

    def write(**codes):
        text = ""
        for name, code in codes.items():
            text = put(text, name, code)
        path.write_text(text, encoding="utf-8")
        report.forget()

    yield write
    report.forget()


def test_the_course_s_own_pieces_are_equal_at_every_stage(keep):
    found = capstone()
    assert found.wrong == [] and len(found.equal) == len(stages())
    assert re.fullmatch(r"Equal to ten digits at every stage\. 0 of \d+ pieces are yours\.", found.sentence)


def test_a_file_with_all_pieces_is_equal_and_all_its_own(keep):
    keep(**RIGHT)
    assert re.search(r"(\d+) of \1 pieces are yours", capstone().sentence)
    assert str(mine.capstone()).count("✓") == len(stages())


@pytest.mark.parametrize("name", [name for name in LESSON_OF if name not in BESIDE | OTHER_FORM])
def test_a_wrong_piece_is_named_at_the_first_stage_that_it_reaches(keep, name):
    keep(**{**RIGHT, name: RIGHT[name] + SPOIL.format(name=name)})
    found = capstone()
    (stage,) = found.wrong
    assert f"First to differ: {stage.where}. Your {name} makes the difference: " in found.sentence
    assert "passes" not in found.sentence and "\n" not in found.sentence
    assert str(found).count("✗") == 1 and len(found.equal) < len(stages())


def test_of_two_wrong_pieces_the_first_stage_is_told(keep):
    keep(gelu="def gelu(x):\n    return x", softmax="def softmax(z, temperature=1.0):\n    return z")
    assert "First to differ: block 0, attention. Your softmax" in capstone().sentence
    keep(
        gelu="def gelu(x):\n    return x", cross_entropy="def cross_entropy(logits, targets):\n    return 0.0"
    )
    assert "First to differ: block 0, network. Your gelu" in capstone().sentence


NARROW = "def linear(x, W, b):\n    y = x @ W + b\n    y[..., 60:] = 0\n    return y"
SHORT = "def causal_mask(T, S=None):\n    assert T < 9, 'too long'\n    return np.tri(T, S or T, (S or T) - T, dtype=bool)"


def test_a_piece_that_passes_its_own_check_and_is_wrong_all_the_same(keep):
    keep(linear=NARROW)
    said = capstone().sentence
    assert "First to differ: block 0, attention. Your linear" in said
    assert re.search(
        r"it passes its own check, but here entry \[.*\] of causal_self_attention should be .*, and is ", said
    )
    keep(causal_mask=SHORT)
    assert (
        "Your causal_mask makes the difference: it passes its own check, but here causal_self_attention stops with AssertionError: too long"
        in capstone().sentence
    )


def test_a_helper_without_a_check_of_its_own(keep):
    keep(
        below="def below(p, prefix):\n    return {name[len(prefix):]: 2 * x for name, x in p.items() if name.startswith(prefix)}"
    )
    assert "First to differ: block 0, both sums. Your below" in capstone().sentence
    assert "it has no check of its own, and here entry" in capstone().sentence


def test_a_stub_and_what_changes_its_arguments(keep):
    keep(embed="def embed(W_E, ids):\n    raise NotImplementedError")
    assert (
        "First to differ: the embedding. Your embed makes the difference: not written yet"
        in capstone().sentence
    )
    keep(
        add_positions="def add_positions(x, table, start=0):\n    x += table[start : start + x.shape[-2]]\n    return x"
    )
    assert "First to differ: the positions. Your add_positions" in capstone().sentence
    assert len(capstone().equal) == 2


def test_something_else_in_the_file(keep, tmp_path):
    keep()
    path = tmp_path / "my_gpt.py"
    path.write_text(
        "import numpy as np\nfrom course_lib.mine import borrow, main\nborrow(globals())\nmath.sqrt = lambda x: x\n"
    )
    try:
        assert "with the course's pieces too: what else does the file define?" in capstone().sentence
    finally:
        one_page.math.__dict__["sqrt"] = SQRT


SQRT = one_page.math.sqrt


def test_a_file_that_cannot_be_run(keep, tmp_path):
    (tmp_path / "my_gpt.py").write_text("x = (")
    with pytest.raises(Mistake, match="line 1"):
        capstone()
