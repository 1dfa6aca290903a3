"""Prints worksheets and their answers, a PDF each, into build/worksheets: make worksheets. ARGS="--seed 7" draws other numbers."""

import argparse
import sys

from playwright.sync_api import Error, sync_playwright

from tests.browser.chromium import found
from tools.links import ROOT

from . import sheets
from .sheet import page

FOLDER = ROOT / "build" / "worksheets"


def write(tab, folder, chosen, seed):
    """Write NN_topic.pdf and NN_topic_answers.pdf, and the pages that they are printed from; the paths of the PDFs.

    tab: a page of a browser, as playwright gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sheet in chosen:
        for answers in (False, True):
            path = folder / f"{sheet.lesson}{'_answers' * answers}.html"
            path.write_text(page(sheet, answers, seed), encoding="utf-8")
            tab.goto(path.as_uri())
            paths.append(path.with_suffix(".pdf"))
            tab.pdf(path=paths[-1], prefer_css_page_size=True, print_background=True)
    return paths


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.worksheets", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the numbers on the sheets (default 0)")
    options = parser.parse_args()
    if found() is None:
        sys.exit(
            "worksheets are printed by Chromium, and there is none on PATH (on Debian: apt install chromium)"
        )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found())
            paths = write(browser.new_page(), FOLDER, sheets(options.seed), options.seed)
            browser.close()
    except Error as error:
        sys.exit(f"Chromium could not print: {error}")
    print(f"{len(paths)} sheets in {FOLDER}")


if __name__ == "__main__":
    main()
