"""What is kept of a right answer, and what is not: each way of writing one, and each state of the file."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from course_lib import mine, one_page
from course_lib.exercises import catalogue
from course_lib.mine import file, report
from course_lib.mine.keep import keep

from .conftest import EXERCISES

SOFTMAX = """def softmax(scores, temperature=1.0):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))  # no overflow
    return e / e.sum(axis=-1, keepdims=True)
"""
KEPT = "right\nkept as softmax in my_gpt.py\n"
VARIANTS = {
    "plain": SOFTMAX,
    "comments and docstring": "# mine\n" + SOFTMAX.replace("\n", '\n    """Weights."""\n', 1),
    "helper": "def top(z):\n    return z.max(axis=-1, keepdims=True)\n\n"
    + SOFTMAX.replace("scores.max(axis=-1, keepdims=True)", "top(scores)"),
    "number": "AXIS = -1\n" + SOFTMAX.replace("axis=-1", "axis=AXIS"),
    "import": "from numpy import exp\n" + SOFTMAX.replace("np.exp", "exp"),
    "class": "class Row:\n    axis = -1\n\n" + SOFTMAX.replace("axis=-1", "axis=Row.axis"),
    "decorator": "from functools import wraps\n\ndef noted(f):\n    @wraps(f)\n    def g(*a):\n        return f(*a)\n    return g\n\n@noted\n"
    + SOFTMAX,
    "bare decorator": "def noted(f):\n    def g(*a):\n        return f(*a)\n    return g\n\n@noted\n"
    + SOFTMAX,
    "named lambda": "softmax = lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)\n",
    "shell command beside": "x = !echo hello\n" + SOFTMAX,
    "timed beside": SOFTMAX + "%timeit -n1 -r1 softmax(np.ones((2, 3)))\n",
    "a piece of the course": SOFTMAX.replace("np.exp(", "np.exp(0 * mine.gelu(scores) + "),
}


@pytest.mark.parametrize("code", VARIANTS.values(), ids=VARIANTS)
def test_kept_with_its_text_unchanged(notebook, code):
    assert KEPT in notebook.cell(code + "check_softmax(softmax)")
    code = code.replace("x = !echo hello\n", "").replace("%timeit -n1 -r1 softmax(np.ones((2, 3)))\n", "")
    for line in code.splitlines():
        assert line in notebook.text.splitlines()
    z = np.array([[1.0, 3.0, 2.0]])
    np.testing.assert_allclose(notebook.shell.ev("mine.softmax")(z), one_page.softmax(z))
    assert notebook.shell.ev("mine.softmax") is not one_page.softmax


def test_kept_under_another_name(notebook):
    code = SOFTMAX.replace("def softmax", "def my_softmax")
    assert KEPT in notebook.cell(code + "check_softmax(my_softmax)")
    assert notebook.text.count("softmax = my_softmax") == 1


def test_kept_from_a_timed_cell_and_from_another_cell(notebook):
    assert KEPT in notebook.cell("%%time\n" + SOFTMAX + "check_softmax(softmax)")
    notebook.path.unlink()
    notebook.cell(SOFTMAX)
    notebook.cell("x = 1")
    assert notebook.cell("check_softmax(softmax)") == KEPT


def test_an_old_function_is_kept_with_its_own_text(notebook):
    notebook.cell(SOFTMAX + "old = softmax")
    notebook.cell("def softmax(scores):\n    return scores")
    assert notebook.cell("check_softmax(old)") == KEPT
    assert "no overflow" in notebook.text


REFUSED = {
    "helper of another cell": ("def far(z):\n    return np.exp(z)", SOFTMAX.replace("np.exp", "far"), "it leans on far"),
    "number of another cell": ("axis = -1", SOFTMAX.replace("axis=-1", "axis=axis"), "it leans on axis"),
    "default of another cell": ("one = 1.0", SOFTMAX.replace("=1.0", "=one"), "it leans on one"),
    "import of another cell": ("import numpy", SOFTMAX.replace("np.exp", "numpy.exp"), "it leans on numpy"),
    "two names of another cell": ("from numpy import exp\naxis = -1", SOFTMAX.replace("np.exp", "exp").replace("axis=-1", "axis=axis"), "it leans on axis and exp from another cell: write that, or its import, in this one"),
    "star of another cell": ("from numpy import *", SOFTMAX.replace("np.exp", "exp"), "it leans on exp"),
    "star": ("", "from numpy import *\n" + SOFTMAX.replace("np.exp", "exp"), "it leans on exp"),
    "closure": ("", "def make():\n    e = np.exp\n    def f(z):\n        z = e(z)\n        return z / z.sum(-1, keepdims=True)\n    return f\nsoftmax = make()\n", ""),
    "under if": ("", "if True:\n" + "".join(f"    {line}\n" for line in SOFTMAX.splitlines()), "it stands inside another statement"),
    "helper with a name of Python's": ("", "def sum(z):\n    return z.sum(axis=-1, keepdims=True)\n\n" + SOFTMAX.replace("e.sum(axis=-1, keepdims=True)", "sum(e)"), "sum is a name of Python's own"),
    "calls itself through mine": (SOFTMAX + "check_softmax(softmax)", "def softmax(z):\n    return mine.softmax(z)\n", "calls itself"),
    "the library's": ("import course_lib.in_numpy.attention as lib", "def softmax(z):\n    return lib.softmax(z)\n", "it leans on lib"),
    "the library's, in one cell": ("", "import course_lib.in_numpy.attention as lib\ndef softmax(z):\n    return lib.softmax(z)\n", "it leans on the library"),
    "a list of rows": ("", SOFTMAX.replace("return e / e.sum(axis=-1, keepdims=True)", "return list(e / e.sum(axis=-1, keepdims=True))"), "it gives a list"),
    "another piece beside it": ("", "def gelu(x):\n    return x\n\n" + SOFTMAX.replace("np.exp(", "np.exp(0 * gelu(scores) + "), "gelu stands in the same cell"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "code", "why"), REFUSED.values(), ids=REFUSED)
def test_right_and_not_kept(notebook, before, code, why):
    if before:
        notebook.cell(before)
    old = notebook.text if notebook.path.exists() else None
    said = notebook.cell(code + "check_softmax(softmax)")
    if not why:  # a function that another one makes is kept whole, with its maker
        assert KEPT in said and "def make():" in notebook.text
        return
    assert "right\nnot kept: " in said and why in said
    assert (notebook.text if notebook.path.exists() else None) == old


@pytest.mark.parametrize(
    "function",
    [
        "lambda z: softmax(z)",
        "__import__('functools').partial(softmax)",
        "one_page.softmax",
        "np.vectorize(softmax, signature='(n)->(n)')",
    ],
)
def test_what_has_no_text_of_its_own_is_right_and_not_kept(notebook, function):
    notebook.cell(SOFTMAX + "from course_lib import one_page")
    said = notebook.cell(f"check_softmax({function})")
    assert said.startswith("right\nnot kept: it ") and not notebook.path.exists()


def test_a_better_version_takes_the_place_and_a_wrong_one_does_not(notebook):
    notebook.cell(SOFTMAX + "check_softmax(softmax)")
    notebook.cell(SOFTMAX.replace("no overflow", "the second") + "check_softmax(softmax)")
    assert "the second" in notebook.text and "no overflow" not in notebook.text
    with pytest.raises(Exception, match="."):
        notebook.cell("def softmax(z):\n    return z\ncheck_softmax(softmax)")
    assert "the second" in notebook.text


def test_parts_stand_in_the_order_of_the_lessons_and_notes_stay(notebook):
    notebook.cell(
        "def gelu(x):\n    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))\ncheck_gelu(gelu)"
    )
    notebook.path.write_text(
        notebook.text.replace("# %% 07 gelu", "# my note\n# %% 07 gelu").replace(
            "# %% the end", "# below\n# %% the end"
        ),
        encoding="utf-8",
    )
    notebook.cell(SOFTMAX + "check_softmax(softmax)")
    text = notebook.text
    places = [text.index(part) for part in ("# %% 04 softmax", "# %% 07 gelu", "# below", "# %% the end")]
    assert places == sorted(places) and "# my note" in text
    compile(text, "my_gpt.py", "exec")


def test_names_that_mean_two_things(notebook):
    notebook.cell(
        "from math import exp\nfrom numpy import tanh\n\ndef gelu(x):\n    return 0.5 * x * (1 + tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))\ncheck_gelu(gelu)"
    )
    said = notebook.cell(
        "from math import tanh\n"
        + SOFTMAX.replace("(scores -", "(tanh(0) + scores -")
        + "check_softmax(softmax)"
    )
    assert "not kept: tanh means something else in the part gelu" in said
    notebook.path.write_text(notebook.text.replace("# %% 07 gelu", ""), encoding="utf-8")
    assert "not kept: gelu stands in the part the head too" in notebook.cell(
        "def gelu(x):\n    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))\ncheck_gelu(gelu)"
    )


BROKEN = {
    "syntax": ("def f(:\n", "has a mistake in line 1"),
    "exception": ("x = 1\n\ny = 1 / 0\n", "has a mistake in line 3: ZeroDivisionError"),
    "Latin-1": ("# ni\xf1o\n".encode("latin-1"), "is not UTF-8 in line 1"),
}


@pytest.mark.parametrize(("content", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_and_not_touched(notebook, content, why):
    content = content if isinstance(content, bytes) else content.encode()
    notebook.path.write_bytes(content)
    said = notebook.cell(SOFTMAX + "check_softmax(softmax)")
    assert said.startswith("right\nnot kept: my_gpt.py") and why in said
    assert notebook.path.read_bytes() == content
    for use in ("mine.softmax", "mine.progress()"):
        with pytest.raises(file.Mistake, match=why):
            notebook.cell(use)


def test_a_file_from_windows_is_read_and_written_with_plain_line_ends(notebook):
    notebook.cell(SOFTMAX + "check_softmax(softmax)")
    notebook.path.write_bytes(b"\xef\xbb\xbf" + notebook.text.replace("\n", "\r\n").encode())
    assert "kept as gelu" in notebook.cell(
        "def gelu(x):\n    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))\ncheck_gelu(gelu)"
    )
    assert b"\r" not in notebook.path.read_bytes() and "no overflow" in notebook.text


def test_a_place_that_cannot_be_written_is_named(notebook, monkeypatch):
    monkeypatch.setenv("MY_GPT", "/proc/my_gpt.py")
    said = notebook.cell(SOFTMAX + "check_softmax(softmax)")
    assert said.startswith("right\nnot kept: /proc/my_gpt.py cannot be written") and "MY_GPT" in said


def test_nowhere_means_nothing_is_said_or_written(notebook, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_GPT", "")
    monkeypatch.chdir(tmp_path)
    assert notebook.cell(SOFTMAX + "check_softmax(softmax)") == "right\n"
    assert not list(tmp_path.iterdir())


def test_where_the_file_lies(tmp_path, monkeypatch):
    monkeypatch.delenv("MY_GPT", raising=False)
    (tmp_path / "notebooks/assignments/04").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks/assignments/04")
    assert file.place() == tmp_path / "notebooks/assignments/04/my_gpt.py"
    (tmp_path / "notebooks/00_start_here.ipynb").touch()
    for folder in ("notebooks/assignments/04", "notebooks/assignments", "notebooks", "."):
        monkeypatch.chdir(tmp_path / folder)
        assert file.place() == tmp_path / "notebooks/my_gpt.py"


def test_a_part_that_was_changed_by_hand_is_used_and_shown_as_wrong(notebook):
    notebook.cell(SOFTMAX + "check_softmax(softmax)")
    notebook.path.write_text(notebook.text.replace("return e /", "return 2 * e /"), encoding="utf-8")
    assert notebook.cell("print(mine.softmax(np.zeros((1, 2))))") == "[[1. 1.]]\n"
    said = notebook.cell("print(mine.progress())")
    assert "✗ softmax" in said and "softmax is wrong since it was changed" in said and "0 of 3 pieces" in said


def test_reset_gives_the_course_s_own_back_and_loses_nothing(notebook):
    notebook.cell(SOFTMAX + "check_softmax(softmax)")
    said = notebook.cell("mine.reset('softmax')")
    assert said == "softmax is out of my_gpt.py; what stood there is at the end of my_gpt.bak.py\n"
    assert "no overflow" in notebook.path.with_name("my_gpt.bak.py").read_text(encoding="utf-8")
    assert "softmax" not in file.parts(notebook.text)
    with pytest.raises(file.Mistake, match="no part softmax"):
        notebook.cell("mine.reset('softmax')")


def test_many_kernels_at_once_lose_nothing(path, monkeypatch):
    monkeypatch.setattr(file, "PATIENCE", 300)  # a busy machine keeps them waiting
    code = {name: file.parts(file.PAGE)[name] for name in EXERCISES}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: keep(EXERCISES[name], code[name], path), list(EXERCISES) * 10))
    text = path.read_text(encoding="utf-8")
    assert all(text.count(f"def {name}(") == 1 for name in EXERCISES)


def test_names_are_found_by_completion_and_others_are_not(path):
    assert {"softmax", "gpt_backward", "progress"} <= set(dir(mine))
    with pytest.raises(AttributeError, match="no piece called 'sofmax'"):
        _ = mine.sofmax


def test_the_file_is_a_program(path):
    keep(EXERCISES["softmax"], SOFTMAX.strip(), path)
    done = subprocess.run([sys.executable, path, "--steps", "31"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1 of ") and done.stdout and "at temperature 2" in done.stdout


def test_a_piece_tells_what_it_takes_whoever_wrote_it(path, monkeypatch):
    monkeypatch.setattr(report, "EXERCISES", catalogue.EXERCISES)
    assert all(getattr(mine, name).__doc__ for name in catalogue.EXERCISES)
    assert "weight (D,), eps a number" in mine.layer_norm_backward.__doc__
    keep(EXERCISES["softmax"], SOFTMAX.replace("\n", '\n    """My own words."""\n', 1), path)
    assert mine.softmax.__doc__ == "My own words."
