"""Whether the live pictures of web pages live: from a file, without a network, by mouse and by keys alone.

    python -m tests.browser.alive build/site        # every page that `make site` wrote
    python -m tests.browser.alive build/site 04_    # those with 04_ in their name

Needs a Chromium and, beside Python, the package playwright alone.
"""

import sys

from tests.browser import chromium
from tests.browser.every_page import look_at, pages

PHONE, DESKTOP = ({"width": 390, "height": 844}, {"width": 1280, "height": 900})
# All that can be seen of a picture: its text, its attributes, where its sliders stand, and what its canvases show.
SHOWN = """view => [view.innerHTML, ...[...view.querySelectorAll("input")].map(e => `${e.value} ${e.checked}`),
    ...[...view.querySelectorAll("canvas")].map(e => e.toDataURL())].join()"""
WITH_KEYS = "[role=application], input[type=range], input[type=text]"
WITH_MOUSE = "[data-cell], [data-word] circle, input[type=checkbox], input[type=range]"
WIDER = (
    "view => view.scrollWidth > view.clientWidth + 1 || view.getBoundingClientRect().right > innerWidth + 1"
)


def opened(browser, path):
    """A page on the file at `path`, offline, and the list of the errors on its console."""
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(1000 * chromium.PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(f"the page raised {error}"))
    page.on(
        "console",
        lambda message: message.type == "error" and errors.append(f"the console says {message.text}"),
    )
    page.goto(path.resolve().as_uri())
    return page, errors


def problems(page):
    """Sentences about an open page: pictures that do not live, and what is wider than the page."""
    stored, views = page.locator("script.gbh-state").count(), page.locator(".gbh")
    if views.count() != stored:
        yield f"{stored} live pictures are stored and {views.count()} live"
    for view in views.all():
        name = view.get_attribute("aria-label")
        for way, does in (("the keys", answers_keys), ("the mouse", answers_mouse)):
            if not does(page, view):
                yield f"{name!r} does not answer {way}"
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        page.wait_for_function("width => innerWidth === width", arg=size["width"])
        for view in views.all():
            if view.evaluate(WIDER):
                yield f"{view.get_attribute('aria-label')!r} is wider than a page of {size['width']} pixels"
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"the page is wider than {size['width']} pixels"


def answers_keys(page, view):
    """Whether an arrow key changes the picture, on one of the things in it that take the focus."""
    before = view.evaluate(SHOWN)
    for part in view.locator(WITH_KEYS).all():
        part.focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "x"):
            page.keyboard.press(key)
            if view.evaluate(SHOWN) != before:
                return True
    return False


def answers_mouse(page, view):
    """Whether a click changes the picture, on one of the things in it that can be clicked."""
    page.evaluate("document.activeElement.blur()")
    before = view.evaluate(SHOWN)
    for part in view.locator(WITH_MOUSE).all():
        part.click(position={"x": 3, "y": 3}, force=True)  # whatever lies over it is clicked
        if view.evaluate(SHOWN) != before:
            return True
    return False


def look(browser, path):
    """(how many live pictures are on the page at `path`, sentences about what is wrong there)."""
    page, errors = opened(browser, path)
    alive = page.locator(".gbh").count()
    sentences = [*problems(page), *errors]
    page.context.close()
    return alive, sentences


def main(folder, *parts):
    """Print what is wrong with the pages in `folder` whose names contain one of `parts`; whether anything is."""
    return look_at(folder, pages(folder, parts), look, "live pictures")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
