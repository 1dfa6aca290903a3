"""The exercises as the lessons show them; their hints and questions have rules in `tests/notebooks/style.py`."""

import json
import re
from collections import Counter

import pytest

from tests.exercises.test_every_check import CHECKS
from tests.notebooks.lessons import lessons, source


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_every_check_is_called_by_one_lesson():
    code = "\n".join(source(cell) for path in lessons() for cell in cells(path) if cell["cell_type"] == "code")
    called = Counter(re.findall(r"\bcheck_\w+(?=\()", code))
    assert [name for name in CHECKS if called[name] != 1] == [], "these stand in no lesson, or in more than one"


@pytest.mark.parametrize("path", lessons()[1:], ids=lambda path: path.stem)
def test_every_lesson_has_an_exercise(path):
    stubs = [cell for cell in cells(path) if "raise NotImplementedError" in source(cell)]
    assert [cell["id"] for cell in stubs if re.search(r"\bcheck_\w+\(", source(cell))]


def test_most_lessons_ask_questions():
    asking = [path for path in lessons() if any(source(cell).startswith("**Check yourself**") for cell in cells(path))]
    assert len(asking) >= len(lessons()) * 2 / 3
