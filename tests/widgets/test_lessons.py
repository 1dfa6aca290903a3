"""The live cells of the lessons: what is left of them where no kernel runs."""

import json
import re

import nbformat
import pytest
from nbconvert import HTMLExporter

from course_lib.widgets import LIVE
from course_lib.widgets.sources import STATE, page_element
from tests.notebooks.lessons import lessons, notebooks
from tests.notebooks.live_state import states

MAKES_ONE = re.compile(rf"^({'|'.join(LIVE)})\(", re.MULTILINE)


def live_cells(path):
    """The cells that make a live picture, or show one that was made above."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code" and (makes_one(cell) or shows_one(cell))]


def makes_one(cell):
    return MAKES_ONE.search("".join(cell["source"]))


def shows_one(cell):
    return any(STATE in output.get("metadata", {}) for output in cell["outputs"])


def test_most_lessons_have_a_live_picture():
    assert {path.name[:2] for path in lessons() if live_cells(path)} >= {
        "01",
        "02",
        "03",
        "04",
        "05",
        "06",
        "07",
        "08",
    }


@pytest.mark.parametrize(
    "path", [path for path in notebooks() if live_cells(path)], ids=lambda path: path.stem
)
def test_without_a_kernel_the_picture_stands_where_the_widget_stood(path):
    html, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    for cell in live_cells(path):
        (output,) = cell["outputs"]
        png = "".join(output["data"]["image/png"]).replace("\n", "")
        assert png in html.replace("\n", ""), cell["id"]


@pytest.mark.parametrize(
    "path", [path for path in notebooks() if live_cells(path)], ids=lambda path: path.stem
)
def test_the_state_of_a_live_picture_is_stored_for_the_web_pages(path):
    written = ""
    for cell in live_cells(path):
        written += "".join(cell["source"])  # what a cell shows was made there, or above
        (live,) = states(cell["outputs"])  # `make notebooks` stores it
        assert live["widget"] in written, cell["id"]
        assert live["state"] and page_element(live).count("<") == 2
