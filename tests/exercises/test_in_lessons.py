"""The exercises as the lessons show them: three hints each, and questions to check oneself with."""

import json
import re
from collections import Counter

import pytest

from tests.exercises.test_every_check import CHECKS
from tests.notebooks.lessons import lessons, source

WITH_EXERCISES = [path for path in lessons() if path.name[:2] != "00"]
WITH_QUESTIONS = [path for path in WITH_EXERCISES if path.name[:2] < "11"]


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_every_check_is_called_by_one_lesson():
    code = "\n".join(source(cell) for path in lessons() for cell in cells(path) if cell["cell_type"] == "code")
    called = Counter(re.findall(r"\bcheck_\w+(?=\()", code))
    assert [name for name in CHECKS if called[name] != 1] == [], "these stand in no lesson, or in more than one"


@each(WITH_EXERCISES)
def test_every_stub_has_three_hints_above_it(path):
    all_cells = cells(path)
    stubs = [i for i, cell in enumerate(all_cells) if "raise NotImplementedError" in source(cell) and "check_" in source(cell)]
    assert 1 <= len(stubs) <= 4, "a lesson has one to four exercises"
    for i in stubs:
        hints = re.findall(r"<details><summary>(.*?)</summary>.+?</details>", source(all_cells[i - 1]))
        assert hints == ["Hint 1", "Hint 2", "Hint 3"], all_cells[i]["id"]


@each(WITH_QUESTIONS)
def test_two_to_four_questions_stand_before_the_recap(path):
    all_cells = cells(path)
    at = [cell["id"] for cell in all_cells].index("recap")
    text = source(all_cells[at - 1])
    assert text.startswith("**Check yourself**\n")
    questions = re.findall(r"^\*\*(\d)\.\*\* .+\?\n\n<details><summary>Answer</summary>(.+)</details>$", text, re.MULTILINE)
    assert [int(number) for number, _ in questions] == [*range(1, len(questions) + 1)]
    assert 2 <= len(questions) <= 4
    assert len(questions) == text.count("<details>")
    assert all(len(answer.split()) >= 20 for _, answer in questions)  # a verdict without its reason is short
