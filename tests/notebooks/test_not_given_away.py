"""What an exercise asks for does not stand above it: nothing that a lesson defines or imports by name is a right answer.

Functions, classes and imports of the cells above are taken as they stand, without the numbers that the cells between compute.
"""

import ast
import json
import re

import pytest

from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.judge import judge
from course_lib.exercises.local import local
from tests.notebooks.lessons import lessons, source, syntax

KEPT = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign


def given_away(notebook):
    """Pairs (exercise, name above it that passes its check)."""
    space = {"__name__": "lesson"}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        for name in re.findall(r"^check_(\w+)\(", source(cell), re.MULTILINE):
            if name in EXERCISES:
                yield from ((name, other) for other, one in space.items() if passes(EXERCISES[name], one))
        if "raise NotImplementedError" in source(cell):
            continue
        for statement in syntax(source(cell)).body:
            is_function = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda)
            if isinstance(statement, KEPT) and (is_function or not isinstance(statement, ast.Assign)):
                code = compile(ast.Module([statement], []), "lesson", "exec")
                try:
                    exec(code, space)  # noqa: S102
                except NameError:  # a default or a decorator of a number that was computed between
                    continue


def passes(exercise, one):
    public = callable(one) and getattr(one, "__module__", None) and not getattr(one, "exercise", None)
    return bool(public) and judge(exercise, local(one), draws=1).outcome == "right"


@pytest.mark.parametrize("path", lessons()[1:-1], ids=lambda path: path.stem)
def test_no_exercise_is_answered_above_it(path):
    assert list(given_away(json.loads(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "above", ["def soft(x, t=1.0):\n    p = np.exp((x - x.max(-1, keepdims=True)) / t)\n    return p / p.sum(-1, keepdims=True)",
              "from course_lib.in_numpy.attention import softmax as theirs",
              "soft = lambda x, t=1.0: np.exp((x - x.max(-1, keepdims=True)) / t) / np.exp((x - x.max(-1, keepdims=True)) / t).sum(-1, keepdims=True)"],
)  # fmt: skip
def test_an_answer_above_is_found(above):
    cells = [
        "import numpy as np",
        above,
        "def softmax(scores):\n    raise NotImplementedError\n\n\ncheck_softmax(softmax)",
    ]
    notebook = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    assert [name for name, _ in given_away(notebook)] == ["softmax"]
    del notebook["cells"][1]
    assert list(given_away(notebook)) == []
