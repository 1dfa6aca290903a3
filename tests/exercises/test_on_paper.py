"""What is worked out on paper: every task of every lesson takes its right result, names its mistakes, and says what else is amiss."""

import importlib
import json
import re

import numpy as np
import pytest

from course_lib.exercises import Wrong
from course_lib.exercises.catalogue import EXERCISES  # imports all modules of exercises
from course_lib.exercises.on_paper import on_paper
from tests.notebooks.lessons import lessons, source

MODULES = [0, *sorted({exercise.lesson for exercise in EXERCISES.values()})]
TASKS = {
    f"{lesson:02d} {name}": check
    for lesson in MODULES
    for name, check in vars(importlib.import_module(f"course_lib.exercises.lesson_{lesson:02d}")).items()
    if hasattr(check, "what")
}
SHARE = on_paper(
    "the share of the first",
    lambda x: x[0] / x.sum(),
    ([1, 2, 5],),
    slips={"that is the share in the rest": lambda x: x[0] / x[1:].sum()},
    step=lambda x: f"all add to {x.sum()}",
)
every_task = pytest.mark.parametrize("check", [SHARE, *TASKS.values()], ids=["a share", *TASKS])


def says(check, typed, *own):
    with pytest.raises(Wrong) as wrong:
        check(typed, *own)
    return str(wrong.value)


def rounded(check, function):
    """What the reader types: the example's result with as many decimals as are asked for."""
    return np.round(np.asarray(function(*arguments(check)), dtype=float), check.decimals).tolist()


def arguments(check):
    """The example as the check hands it on: rows as arrays."""
    return [np.asarray(one, dtype=float) if np.shape(one) else one for one in check.example]


@every_task
def test_the_right_result_is_right(check, capsys):
    check(None, *check.example)
    check(rounded(check, check.value), *check.example)
    assert re.fullmatch(r"nothing typed yet\nright: \S.*\n", capsys.readouterr().out)


@every_task
def test_a_mistake_is_named(check):
    for sentence, mistake in check.slips.items():
        assert says(check, rounded(check, mistake), *check.example).endswith(sentence), sentence


@every_task
def test_what_no_mistake_explains_gets_the_first_step(check):
    far = (np.asarray(check.value(*arguments(check)), dtype=float) + 12.345).tolist()
    assert re.search(r"\d", says(check, far, *check.example).partition(check.what)[2])


@every_task
def test_numbers_of_another_form_are_refused(check):
    right = rounded(check, check.value)
    assert "own" in says(check, right)
    assert says(check, right, *[None] * len(check.example))
    assert says(check, "x", *check.example).startswith("type ")
    assert says(check, float("nan") if np.ndim(right) == 0 else [float("nan")] * len(right), *check.example)


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_a_lesson_has_one(path):
    text = "\n".join(
        source(cell)
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    )
    names = [name.split()[1] for name in TASKS if name.startswith(path.stem[:2])]
    assert all(f"{name}(typed" in text for name in names), f"{names} stand in the lesson as check(typed, …)"
    assert (not names) == (path.stem[:2] == "14")


def test_the_numbers_of_the_reader_count():
    check = on_paper("the sum", lambda x: x.sum(), ([1, 2],), decimals=1)
    check(7.0, [3, 4])
    check([7.0], [3, 4])  # a row of one number is that number
    assert says(check, 3.0, [3, 4]) == "3.0 is not the sum"
    assert says(check, -7.0, [3, 4]).endswith("turned round")
    assert says(check, 3.0, [1, 2, 3]).startswith("your own numbers must look like [1, 2]")
    assert says(check, 3.0, [[1], [1, 2]]).startswith("your own numbers")
    assert (
        says(check, [3.0, 4.0], [1, 2])
        == "what is asked for, the sum, has the size of one number; you typed 2 numbers"
    )


def test_numbers_that_will_not_do_are_refused_and_a_row_is_compared_place_by_place():
    check = on_paper(
        "the shares",
        lambda x: x / x.sum(),
        ([1, 3],),
        refuse=lambda x: "they add to 0" if x.sum() == 0 else None,
    )
    assert says(check, [0, 0], [1, -1]) == "they add to 0"
    assert says(check, [0.25, 0.5], [1, 3]).endswith("number 2 of them is not right yet")
    assert "of 2 numbers; you typed one number" in says(check, 0.25, [1, 3])


def test_a_text_of_the_readers_own(capsys):
    check = on_paper("its length", len, ("banana",), decimals=0)
    check(3, "abc")
    assert says(check, 4, "abc") == "4 is not its length"
    assert "text of your own" in says(check, 3, 5)
    assert capsys.readouterr().out == "right: 3\n"
