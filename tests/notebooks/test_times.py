"""The time that a lesson's first cell tells is an estimate: its words, at 200 a minute, and the minutes of its exercises.

What is optional is told apart: exercises that say so, and the words of a part that begins with *This part is optional*.
"""

import copy
import importlib
import json
import re

import pytest

from course_lib.lessons import NAMES
from tests.notebooks.lessons import lessons, source

PACE, CLOSE, LONGEST = 200, 5, 120  # words a minute; minutes
TIME = re.compile(r"\*\*Time\*\* about (\d+) minutes, an estimate(?:; (\d+) more for what is optional)?[.:]")
STARS = re.compile(r"^★+ · (?:about )?(\d+) minutes", re.MULTILINE)
TURN = re.compile(r"^### Your turn(?:, optional)?: `(\w+)`$", re.MULTILINE)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def prose(notebook):
    return [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def optional(cell):
    return "optional" in cell.partition("<details>")[0].lower()


def estimate(notebook):
    """Minutes of what everybody does, and of what is optional."""
    minutes = [0.0, 0.0]
    for part in re.split(r"\n\n(?=## )", "\n\n".join(prose(notebook))):
        minutes["*This part is optional" in part] += len(part.split()) / PACE
    for cell in prose(notebook):
        for found in STARS.finditer(cell):
            minutes[optional(cell)] += int(found[1])
    return minutes


def problems(notebook):
    """Sentences about a time that is not told, not the estimate, or too long."""
    told = TIME.search(prose(notebook)[0])
    if not told:
        yield "no '**Time** about … minutes, an estimate' in the first cell"
        return
    here, more = estimate(notebook)
    for says, is_about in [(int(told[1]), here), (int(told[2] or 0), more)]:
        if abs(says - is_about) > CLOSE or (says == 0) != (is_about == 0):
            yield f"told are {says} minutes, and the estimate is {is_about:.0f}"
    if int(told[1]) > LONGEST:
        yield f"{told[1]} minutes are more than two hours"


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_the_time_told_is_the_estimate(path):
    assert list(problems(read(path))) == []


@pytest.mark.parametrize("path", lessons()[1:-1], ids=lambda path: path.stem)
def test_an_exercise_takes_as_long_as_its_description_says_and_is_optional_where_that_is(path):
    module = importlib.import_module(f"course_lib.exercises.lesson_{NAMES.index(path.stem):02}")
    cells = {found[1]: cell for cell in prose(read(path)) if (found := TURN.search(cell))}
    for exercise in module.EXERCISES:
        cell = cells[exercise.name]
        told = int(STARS.search(cell)[1]), optional(cell)
        assert told == (exercise.minutes, exercise.optional), exercise.name


def test_the_first_lesson_tells_the_hours_of_all():
    minutes = [int(TIME.search(prose(read(path))[0])[1]) for path in lessons()]
    everything, to_a_gpt = sum(minutes), sum(minutes[1:11])
    told = re.search(
        r"about (\d+) hours; the way to a GPT of your own, .+?, about (\d+) of these",
        "\n".join(prose(read(lessons()[0]))),
    )
    assert abs(int(told[1]) - everything / 60) < 1 and abs(int(told[2]) - to_a_gpt / 60) < 1, minutes


LESSON = {
    "cells": [
        {
            "cell_type": "markdown",
            "source": "**Time** about 20 minutes, an estimate; 10 more for what is optional.",
        },
        {"cell_type": "markdown", "source": "### Your turn: `one`\n\n★ · about 20 minutes"},
        {"cell_type": "markdown", "source": "### Your turn: `two`\n\n★ · 10 minutes, optional."},
    ]
}
WRONG = {
    "no estimate": (0, "**Time** about 20 minutes.", "no '**Time**"),
    "too short": (1, "★ · about 30 minutes", "told are 20 minutes, and the estimate is 30"),
    "the optional told with the rest": (0, "**Time** about 30 minutes, an estimate.", "the estimate is 20"),
    "many words": (1, "★ · about 20 minutes\n\n" + "word " * 1200, "the estimate is 26"),
    "a long optional part": (
        1,
        "★ · 20 minutes<details>\n\n## B\n\n*This part is optional.*" + " word" * 1200,
        "is 16",
    ),
    "three hours": (0, "**Time** about 180 minutes, an estimate.", "more than two hours"),
}


def test_a_time_that_is_right_is_accepted():
    assert list(problems(LESSON)) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_time_is_noticed(wrong):
    cell, text, says = WRONG[wrong]
    lesson = copy.deepcopy(LESSON)
    lesson["cells"][cell]["source"] = text
    assert any(says in problem for problem in problems(lesson))
