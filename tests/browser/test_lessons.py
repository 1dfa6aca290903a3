"""Every lesson in JupyterLab, without its outputs, run by *Run All Cells* in a real browser that reaches no network."""

import pytest
from playwright.sync_api import expect

from course_lib.lessons import TRAINING
from tests.browser.chromium import PATIENCE
from tests.browser.notebooks import fresh_page
from tests.browser.run_lesson import run
from tests.notebooks.lessons import lessons
from tests.widgets.test_lessons import live_cells

# They train, and stand in `test_long_lessons.py`, a module of its own, which another process of pytest can take.
LONG = set(TRAINING)


def passes(chromium, jupyter, lesson):
    """The lesson runs from top to bottom without a word on the console, and its live widgets can be seen."""
    folder, address = jupyter
    page, problems = fresh_page(chromium)
    problems += run(page, address(lesson.name), folder / "notebooks" / lesson.name, timeout=6 * PATIENCE)
    assert problems == []
    widgets = page.locator(".jp-OutputArea-output .gbh")
    expect(widgets).to_have_count(len(live_cells(lesson)))
    for widget in widgets.all():
        widget.scroll_into_view_if_needed()
        expect(widget).to_be_visible()
        page.wait_for_function("widget => widget.clientHeight > 100", arg=widget.element_handle())
    assert problems == []
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")  # so that one kernel runs at a time
    page.context.close()


@pytest.mark.parametrize("lesson", [p for p in lessons() if p.stem not in LONG], ids=lambda path: path.stem)
def test_a_lesson_runs_from_top_to_bottom(chromium, jupyter, lesson):
    passes(chromium, jupyter, lesson)
