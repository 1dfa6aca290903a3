"""The lessons as web pages have no serious or critical violation of accessibility, by axe-core.

Here they are the pages that nbconvert makes, without the code, whose colours are nbconvert's own. The pages of
`make site` are looked at by `python -m tests.browser.accessible build/site`.
"""

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.accessible import DESKTOP, PHONE, in_every_setting, violations
from tests.notebooks.lessons import lessons

# nbconvert does not underline links, and without a network it leaves formulas as long lines of LaTeX that scroll.
# The pages of `make site` are held to these two rules as well.
NBCONVERT = {
    "rules": {name: {"enabled": False} for name in ("link-in-text-block", "scrollable-region-focusable")}
}


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.route("**/*", lambda route: route.abort())
    yield page
    page.close()


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)])
@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_a_lesson_can_be_read_by_everybody(path, theme, size, page):
    exporter = HTMLExporter(theme=theme, exclude_input=True, exclude_output_prompt=True)
    html, _ = exporter.from_notebook_node(nbformat.read(path, as_version=4))
    page.set_viewport_size(size)
    page.set_content(html, wait_until="domcontentloaded")
    assert list(violations(page, **NBCONVERT)) == []


DARK = "html[data-theme=dark] p { background: #000; color: #222 }"
NARROW = "@media (width < 500px) { p { color: #ccc } }"
PAGE = "<!doctype html><html lang=en><title>A page</title><style>{style}</style><main><h1>A page</h1>{body}</main>"
BROKEN = {
    "a picture without words": ("", "<img src='data:,'>", "image-alt", 4),
    "a field without a name": ("", "<input>", "label", 4),
    "faint": ("p { color: #bbb }", "<p>Words.</p>", "color-contrast", 4),
    "faint in the dark": (DARK, "<p>Words.</p>", "color-contrast", 2),
    "faint on a phone": (NARROW, "<p>Words.</p>", "color-contrast", 2),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_wrong_is_named(broken, page):
    style, body, rule, times = BROKEN[broken]
    page.set_content(PAGE.format(style=style, body=body))
    found = list(in_every_setting(page))
    assert len(found) == times and all(f": {rule}, 1 times: " in sentence for sentence in found)


def test_what_is_right_is_left_alone(page):
    page.set_content(PAGE.format(style="", body="<p>Words.</p><img alt='A picture.' src='data:,'>"))
    assert list(in_every_setting(page)) == []
