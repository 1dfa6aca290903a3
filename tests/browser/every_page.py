"""Looks at all pages of a built site, two at a time: what accessible.py, alive.py and slides.py have in common."""

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium

BROWSER = []  # of this process
NOT_OURS = {"_static", "lite", "slides"}  # JupyterLite has tests of its own, and slides have slides.py


def start():
    """Open the browser that a process keeps for all its pages."""
    playwright = sync_playwright().start()
    arguments = [*chromium.QUIET, chromium.ONLY_LOOPBACK]
    BROWSER.append(playwright.chromium.launch(executable_path=chromium.found(), args=arguments))


def seen(look, path):
    """What `look` says of one page: (a number, sentences)."""
    return look(BROWSER[0], path)


def pages(folder, parts):
    """The pages in a folder that are ours, and whose names contain one of `parts`."""
    paths = sorted(Path(folder).rglob("*.html"))
    paths = [path for path in paths if not NOT_OURS & {*path.relative_to(folder).parts}]
    return [path for path in paths if not parts or any(part in path.name for part in parts)]


def look_at(folder, paths, look, what):
    """Print the sentences of `look(browser, path)` about each page; whether there are any, or nothing was counted.

    look: a function of a module, → (how many of `what` are on the page, list of sentences).
    """
    begin, failed, counted = time.perf_counter(), 0, 0
    with ProcessPoolExecutor(2, get_context("spawn"), start) as processes:
        for path, (number, sentences) in zip(paths, processes.map(partial(seen, look), paths), strict=True):
            counted += number
            failed += len(sentences)
            for sentence in sentences:
                print(f"{path.relative_to(folder)}: {sentence}", flush=True)
    print(f"{len(paths)} pages, {counted} {what}, {failed} problems ({time.perf_counter() - begin:.0f} s)")
    return bool(failed) or not counted
