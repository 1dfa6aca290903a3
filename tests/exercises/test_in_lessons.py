"""The exercises as the lessons show them: three hints each, and questions to check oneself with."""

import json
import re

import pytest

from tests.notebooks.lessons import lessons, source

WITH_EXERCISES = [path for path in lessons() if "01" <= path.name[:2] <= "09"]
each_lesson = pytest.mark.parametrize("path", WITH_EXERCISES, ids=lambda path: path.stem)


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@each_lesson
def test_every_stub_has_three_hints_above_it(path):
    all_cells = cells(path)
    stubs = [i for i, cell in enumerate(all_cells) if "raise NotImplementedError" in source(cell) and "check_" in source(cell)]
    assert 2 <= len(stubs) <= 4
    for i in stubs:
        hints = re.findall(r"<details><summary>(.*?)</summary>.+?</details>", source(all_cells[i - 1]))
        assert hints == ["Hint 1", "Hint 2", "Hint 3"], all_cells[i]["id"]


@each_lesson
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
