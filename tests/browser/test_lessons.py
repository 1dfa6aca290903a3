"""Lessons in JupyterLab, without their outputs, run by *Run All Cells* in a real browser that reaches no network."""

import pytest

from tests.browser.notebooks import fresh_page
from tests.browser.run_lesson import copy_without_outputs, jupyterlab, run
from tests.notebooks.lessons import lessons
from tests.widgets.test_lessons import live_cells

# These train for longer than all others take; `make browser` runs them in the same way.
LONG = {"09_gpt", "10_encoder_decoder", "11_vision"}


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lessons")
    copy_without_outputs(folder / "notebooks")
    with jupyterlab(folder, dark=False) as address:
        yield folder, address


@pytest.mark.parametrize("lesson", [p for p in lessons() if p.stem not in LONG], ids=lambda path: path.stem)
def test_a_lesson_runs_from_top_to_bottom_and_its_widgets_stand(chromium, lab, lesson):
    folder, address = lab
    page, problems = fresh_page(chromium)
    problems += run(page, address(lesson.name), folder / "notebooks" / lesson.name, timeout=300)
    assert problems == []
    widgets = page.locator(".jp-OutputArea-output .gbh")
    assert widgets.count() == len(live_cells(lesson))
    for widget in widgets.all():
        widget.scroll_into_view_if_needed()
        assert widget.is_visible() and widget.bounding_box()["height"] > 100
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")  # so that one kernel runs at a time
    page.context.close()
