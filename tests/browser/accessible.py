"""What keeps a web page from being read by everybody, as axe-core finds it.

    python -m tests.browser.accessible build/site        # every page that `make site` wrote
    python -m tests.browser.accessible build/site 04_    # those with 04_ in their name

Each page is looked at in light and in dark, as wide as a desktop and as narrow as a phone. Needs a Chromium
and, beside Python, the package axe-playwright-python alone.
"""

import sys

from axe_playwright_python.sync_playwright import Axe

from tests.browser.every_page import look_at, pages

DESKTOP, PHONE = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})


def violations(page, **options):
    """Sentences about what axe-core calls serious or critical on a page of playwright; options are axe-core's."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    for violation in found:
        if violation["impact"] in ("serious", "critical"):
            nodes = violation["nodes"]
            yield f"{violation['id']}, {len(nodes)} times: {violation['help']}; {nodes[0]['html'][:200]}"


def in_every_setting(page):
    """Sentences about an open page of the site, in both themes and at both widths."""
    page.evaluate("window.MathJax?.startup?.promise")  # formulas are set
    page.clock.install()
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.wait_for_function("width => innerWidth === width", arg=size["width"])
        page.evaluate("dispatchEvent(new Event('resize'))")
        # a moment after a change of size the pages look which of their parts now scroll
        page.clock.run_for(1000)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            for sentence in violations(page):
                yield f"{theme}, {size['width']} wide: {sentence}"


def look(browser, path):
    """(4, sentences) about the page at `path`: 4 settings."""
    page = browser.new_page()
    page.goto(path.resolve().as_uri())
    sentences = list(in_every_setting(page))
    page.close()
    return 4, sentences


def main(folder, *parts):
    """Print what is wrong with the pages in `folder` whose names contain one of `parts`; whether anything is."""
    return look_at(folder, pages(folder, parts), look, "looks")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
