"""What keeps a web page from being read by everybody, as axe-core finds it.

    python -m tests.browser.accessible build/site        # every page that `make site` wrote
    python -m tests.browser.accessible build/site 04_    # those with 04_ in their name

Each page is looked at in light and in dark, as wide as a desktop and as narrow as a phone. Needs a Chromium
and, beside Python, the package axe-playwright-python alone.
"""

import sys
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser import chromium

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


def main(folder, *parts):
    """Print what is wrong with the pages in `folder` whose names contain one of `parts`; whether anything is."""
    paths = [path for path in sorted(Path(folder).rglob("*.html")) if "_static" not in path.parts]
    paths = [path for path in paths if not parts or any(part in path.name for part in parts)]
    start, failed = time.perf_counter(), 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.found(), args=[*chromium.QUIET, chromium.ONLY_LOOPBACK]
        )
        for path in paths:
            page = browser.new_page()
            page.goto(path.resolve().as_uri())
            for sentence in in_every_setting(page):
                failed += 1
                print(f"{path.relative_to(folder)}: {sentence}", flush=True)
            page.close()
        browser.close()
    print(f"{len(paths)} pages, {failed} violations ({time.perf_counter() - start:.0f} s)")
    return bool(failed) or not paths


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
