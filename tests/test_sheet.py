"""The sheet of all pictures, which `make sheet` writes, has every one of them on both of its pages."""

import json

from course_lib.lessons import NAMES
from course_lib.widgets.sources import STATE
from tools import sheet
from tools.drawings import DRAWINGS
from tools.links import ROOT


def outputs():
    for name in NAMES:
        for cell in json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
            yield from cell.get("outputs", [])


def test_the_sheet_has_every_drawing_figure_and_live_picture():
    pngs = sum("image/png" in output.get("data", {}) for output in outputs())
    lives = sum(STATE in output.get("metadata", {}) for output in outputs())
    for theme in sheet.GROUNDS:
        page = sheet.page_of(theme)
        assert {name for name in DRAWINGS if f"/{name}.svg" in page} == set(DRAWINGS)
        assert page.count("data:image/png;base64,") == pngs > 50
        assert page.count('class="gbh-state"') == lives >= 10
        assert f'data-theme="{theme}"' in page
