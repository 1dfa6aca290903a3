"""The lessons that train, run in a real browser like all others: see `test_lessons.py`."""

import pytest

from tests.browser.test_lessons import LONG, passes
from tests.notebooks.lessons import lessons


def test_the_long_lessons_are_lessons():
    assert LONG <= {path.stem for path in lessons()}


@pytest.mark.parametrize("lesson", [p for p in lessons() if p.stem in LONG], ids=lambda path: path.stem)
def test_a_long_lesson_runs_from_top_to_bottom(chromium, jupyter, lesson):
    passes(chromium, jupyter, lesson)
