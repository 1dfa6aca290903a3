"""The whole way of a learner: every answer written in a cell, kept, and a GPT after a restart, equal to the library's."""

import ast
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_lib.exercises.catalogue import EXERCISES
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import gpt, losses
from course_lib.mine.file import PAGE, parts
from course_lib.mine.report import forget, whose
from course_lib.mine.source import used_names
from course_lib.mine.space import load

from .conftest import Notebook

ANSWERS = {name: code for name, code in parts(PAGE).items() if name in EXERCISES}
H, SIZES = 3, {"V": 13, "C": 7, "D": 6, "L": 2}


@pytest.fixture
def restart(tmp_path, monkeypatch, capsys):
    """A function that begins a new notebook in the folder where my_gpt.py is kept."""
    path = tmp_path / "my_gpt.py"
    monkeypatch.setenv("MY_GPT", str(path))

    def new():
        forget()
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(colors="nocolor")
        shell.run_cell("import math\nimport numpy as np\nfrom course_lib import mine", store_history=True)
        return Notebook(shell, path, capsys)

    yield new
    InteractiveShell.instance().history_manager.end_session()
    InteractiveShell.clear_instance()


def write(notebook, names):
    """Write the answers in cells, each with its check; what one calls and has not been written is `mine`'s."""
    for name in names:
        code = ANSWERS[name].replace("\n", "  # written by me\n", 1)
        if "pairwise(" in code:
            code = f"from itertools import pairwise\n\n\n{code}"
        for used in sorted(used_names(code) & set(parts(PAGE)) - set(notebook.shell.user_ns)):
            notebook.cell(f"{used} = mine.{used}")
        lesson = f"course_lib.exercises.lesson_{EXERCISES[name].lesson:02}"
        said = notebook.cell(f"from {lesson} import check_{name}\n\n\n{code}\n\n\ncheck_{name}({name})")
        assert said == f"right\nkept as {name} in my_gpt.py\n"


def written(names, notebook):
    """The names of the file in a fresh module, whose own functions are those that were written."""
    space = load(notebook.text)
    assert whose(space) == (list(names), [name for name in EXERCISES if name not in names])
    for name in names:
        assert parts(notebook.text)[name].count("# written by me") == 1
    return space


def model():
    """The library's GPT in 64-bit floats with every parameter away from its start, ids and targets."""
    rng = np.random.default_rng(5)
    library = gpt.GPT(GPTConfig(**SIZES, H=H), rng=rng, dtype=float)
    for x in library.state_dict().values():
        x += rng.normal(0, 0.3, x.shape)
    return library, rng.integers(0, SIZES["V"], size=(2, 5)), rng.integers(0, SIZES["V"], size=(2, 5))


def compare(space):
    """Logits and all gradients of the file's functions with the library's."""
    library, ids, targets = model()
    P = {name: x.copy() for name, x in library.state_dict().items()}
    logits = library(ids)
    np.testing.assert_allclose(space["gpt"](ids, P, H), logits, rtol=1e-10)
    grad = losses.cross_entropy_backward(logits, targets)
    np.testing.assert_allclose(space["cross_entropy_backward"](logits, targets), grad, rtol=1e-10, atol=1e-15)
    library.backward(grad)
    ours, right = space["gpt_backward"](grad, ids, P, H), library.gradients()
    assert len(right) == 28 and set(ours) == set(right)
    for name, x in right.items():
        np.testing.assert_allclose(ours[name], x, rtol=1e-10, atol=1e-13, err_msg=name)


def run(path):
    """What `python my_gpt.py` prints, in a process of its own."""
    environment = {**os.environ, "MY_GPT": str(path)}
    return subprocess.run(
        [sys.executable, path, "--steps", "60"],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def loss_of(said):
    return float(re.search(r"has not seen: (\d+\.\d+) nats", said)[1])


def test_all_answers_make_a_gpt_that_equals_the_library_s(restart):
    write(restart(), ANSWERS)
    again = restart()
    assert again.cell("print(mine.progress())").count("✓") == len(EXERCISES)
    compare(written(ANSWERS, again))
    for name in ("gpt", "softmax"):
        assert again.shell.ev(f"mine.{name}").__code__.co_filename == "my_gpt.py"
    said = run(again.path)
    assert "borrowed" not in said
    assert said.count("at temperature") == 4 and loss_of(said) < 4  # ln 98 is 4.6

    # they are really used: a wrong one changes what the GPT gives, and is named
    again.path.write_text(again.text.replace("0.044715 * x * x * x", "0.44715 * x * x * x"), encoding="utf-8")
    with pytest.raises(AssertionError):
        compare(load(again.text))
    wrong = restart().cell("print(mine.progress())")
    assert wrong.count("✓") < len(EXERCISES) and "✗ gelu" in wrong


def test_with_every_third_one_missing_the_course_s_stand_in(restart):
    names = [name for i, name in enumerate(ANSWERS) if i % 3 != 2]
    write(restart(), names)
    again = restart()
    missing = [name for name in EXERCISES if name not in names]
    assert len(missing) == len(EXERCISES) // 3
    progress = again.cell("print(mine.progress())")
    assert progress.count("✓") == len(names) and all(f"– {name}" in progress for name in missing)
    space = written(names, again)
    compare(space)
    ours, theirs = (next(name for name in some if name in ("gpt", "block", "attention", "softmax", "gelu", "linear"))
                    for some in (names, missing))  # fmt: skip
    assert again.shell.ev(f"mine.{ours}").__code__.co_filename == "my_gpt.py"
    assert again.shell.ev(f"mine.{theirs}").__code__.co_filename.endswith("one_page.py")
    said = run(again.path)
    assert said.startswith(f"{len(names)} of {len(EXERCISES)} pieces are yours")
    assert all(name in said for name in missing)
    assert loss_of(said) < 4


def test_both_files_train_to_the_same_loss(restart):
    """The borrowed pieces are the same functions, so that nothing in the training may differ."""
    write(restart(), list(ANSWERS)[::2])
    half = restart()
    said = run(half.path)
    half.path.write_text(
        half.text[: half.text.index("# %% 01")] + half.text[half.text.index("# %% the end") :],
        encoding="utf-8",
    )
    assert ast.parse(half.text)
    assert loss_of(run(half.path)) == loss_of(said)
