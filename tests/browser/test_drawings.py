"""The drawings in Chromium: each page's own light or dark, and words no wider than those measured without a browser."""

import xml.etree.ElementTree as ET

import pytest

from course_lib.widgets.palette import DARK, LIGHT
from tests.drawings import SVG, extent
from tools.drawings import DRAWINGS, FOLDER

# The colour of a picture's ground: of the pixel in the middle of its upper edge.
GROUND = """async address => {
    const picture = document.body.appendChild(document.createElement("img"));
    picture.src = address;
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
    const drawn = canvas.getContext("2d");
    drawn.drawImage(picture, 0, 0);
    const [r, g, b] = drawn.getImageData(picture.width / 2, 4, 1, 1).data;
    return "#" + [r, g, b].map(v => v.toString(16).padStart(2, "0")).join("");
}"""
WIDTHS = "all => all.map(text => text.getBBox()).map(box => [box.x, box.width])"


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_a_drawing_is_light_or_dark_as_the_page_is(scheme, theme, page):
    page.emulate_media(color_scheme=scheme)
    page.set_content(f"<meta name=color-scheme content={scheme}><body>")
    text = (FOLDER / "head.svg").read_text(encoding="utf-8")
    address = page.evaluate("text => 'data:image/svg+xml,' + encodeURIComponent(text)", text)
    assert page.evaluate(GROUND, address) == theme["paper"]


def test_words_are_no_wider_than_they_were_measured(page):
    for name in DRAWINGS:
        text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        page.set_content(text)
        measured = [extent(element) for element in ET.fromstring(text).iter(SVG + "text")]
        shown = page.locator("svg text").evaluate_all(WIDTHS)
        assert len(measured) == len(shown) > 0
        for (left, _, right, _), (x, width) in zip(measured, shown, strict=True):
            assert left - 1 < x and x + width < right + 1, name
