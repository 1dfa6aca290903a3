"""The exercises as the lessons show them; their hints and questions have rules in `tests/notebooks/style.py`."""

import json
import re

import pytest

from course_lib.exercises.catalogue import EXERCISES
from course_lib.mine.stub import cell as cell_of
from tests.notebooks.lessons import lessons, source

CHECK = re.compile(r"^check_(\w+)\(", re.MULTILINE)


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(path):
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_an_exercise_stands_in_its_lesson_as_its_description_says(exercise):
    (path,) = [path for path in lessons() if path.stem.startswith(f"{exercise.lesson:02}_")]
    found = [cell for cell in code(path) if f"\ncheck_{exercise.name}(" in source(cell)]
    assert len(found) == 1, (
        f"{path.name} has {len(found)} cells with check_{exercise.name}: python -m course_lib.mine.stub {exercise.name} prints it"
    )
    (cell,) = found
    assert source(cell) == cell_of(exercise), (
        f"python -m course_lib.mine.stub {exercise.name} prints its cell"
    )
    assert "do" in cell["metadata"].get("tags", []), "what asks the reader to do something is tagged so"


@pytest.mark.parametrize("path", lessons()[1:-1], ids=lambda path: path.stem)
def test_a_lesson_has_exercises_and_no_stub_without_a_check(path):
    stubs = [cell for cell in code(path) if "raise NotImplementedError" in source(cell)]
    assert stubs and [cell["id"] for cell in stubs if not CHECK.search(source(cell))] == []


@pytest.mark.parametrize("path", lessons()[1:-1], ids=lambda path: path.stem)
def test_what_was_written_is_used_after_its_check(path):
    """As `mine.softmax`, on numbers of the lesson; at least half of the exercises of a lesson."""
    names, used = [], set()
    for cell in code(path):
        names += [name for name in CHECK.findall(source(cell)) if name in EXERCISES]
        used |= {name for name in names if re.search(rf"\bmine\.{name}\b", source(cell))}
    assert 2 * len(used) >= len(names), f"only {sorted(used)} of {names}"


def test_most_lessons_ask_questions():
    asking = [
        path
        for path in lessons()
        if any(source(cell).startswith("**Check yourself**") for cell in cells(path))
    ]
    assert len(asking) >= len(lessons()) * 2 / 3
