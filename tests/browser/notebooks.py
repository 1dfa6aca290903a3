"""Notebooks made for the tests of the widgets, one cell a widget, and JupyterLab running them."""

from contextlib import contextmanager

import nbformat

from tests.browser.chromium import PATIENCE
from tests.browser.run_lesson import jupyterlab, run
from tests.notebooks.lessons import METADATA


def write(path, cells):
    """A notebook with these code cells, the first of them folded away as in every lesson."""
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    cells[0].metadata["jupyter"] = {"source_hidden": True}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)


def is_ours(message):
    """Whether a message of the console is an error, other than JupyterLab's own about a kernel not yet there."""
    return message.type == "error" and "debugger state" not in message.text


def fresh_page(browser):
    """A page of its own, and the list of everything that goes wrong on it from now on.

    What the page asks for outside this machine, which it cannot reach, stands in the list too.
    """
    problems = []

    def note(request):
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            problems.append(f"the page asked for {request.url}")

    page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.on("request", note)
    page.on(
        "console",
        lambda message: is_ours(message) and problems.append(f"{message.text} ({message.location['url']})"),
    )
    return page, problems


@contextmanager
def opened(browser, folder, cells, dark=False):
    """A page with the notebook run from top to bottom, and the list of everything that went wrong on it."""
    path = folder / "notebooks" / "widgets.ipynb"
    write(path, cells)
    with jupyterlab(folder, dark) as address:
        page, problems = fresh_page(browser)
        problems += run(page, address(path.name), path, timeout=PATIENCE)
        yield page, problems
        page.context.close()
