"""A module is read from top to bottom: one of more than about 200 lines says at its head why it is long."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 220  # lines
MODULES = sorted((ROOT / "course_lib").rglob("*.py"))


def unexplained(path):
    """The number of lines of a module that is long without a word, else None."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    explained = "Long because " in (ast.get_docstring(ast.parse(text)) or "")
    return None if lines <= MOST or explained else lines


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_long_module_says_why(path):
    assert unexplained(path) is None


def test_a_long_module_without_a_word_is_noticed(tmp_path):
    path = tmp_path / "long.py"
    for head, lines, found in [
        ('"""A module."""', 220, 221),
        ('"""A module."""', 219, None),
        ('"""Long because so."""', 300, None),
    ]:
        path.write_text(head + "\n" * (lines + 1), encoding="utf-8")
        assert unexplained(path) == found
