"""Run lessons in JupyterLab the way a reader does, in a real browser, and take pictures of them.

    python -m tests.browser.run_lesson notebooks/04_attention.ipynb --dark

Each lesson is copied without its outputs, opened, which starts its kernel, and run by *Run > Run All Cells*.
It passes when every code cell has run, in order, and nothing on the page is an error. Needs Chromium (on Debian: apt install chromium). The lessons themselves stay as they are.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

from tests.browser import chromium
from tests.notebooks.lessons import FOLDER, lessons

PICTURES = FOLDER.parent / "build" / "pictures"
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
# Nothing on the page is still to come: pictures, fonts, or a colour that fades into another.
SETTLED = """() => document.fonts.ready.then(() => [...document.images].every(image => image.complete)
    && !document.getAnimations().some(one => one instanceof CSSTransition && one.playState === "running"))"""
# Done when no cell waits and either all have a number or one has failed, which stops the others. A cell that is
# folded away shows no prompt; its number is looked up in the saved file.
DONE = f"""() => {{
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
        .map(p => p.textContent).filter(text => text.trim());
    // a folded cell shows no prompt, so the notebook's own sign must say that nothing runs
    const running = document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status;
    return running === "idle" && prompts.length > 0 && !prompts.some(p => p.includes("*"))
        && (prompts.every(p => /\\d/.test(p)) || document.querySelector('{ERRORS}') !== null);
}}"""


def copy_without_outputs(folder):
    """Copy what lies beside the lessons, and the lessons as if they had never run."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for path in [*folder.glob("*.ipynb"), *folder.glob("checked/*.ipynb")]:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(execution_count=None, outputs=[])
        path.write_text(json.dumps(notebook), encoding="utf-8")


def write_settings(folder, dark):
    """JupyterLab's settings: the theme, no news, and cells that are on the page even while out of sight."""
    settings = {
        "apputils-extension/themes": {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, values in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def own_folders(folder):
    """Variables that keep Jupyter and IPython in `folder`, away from the settings and the state of who runs them.

    JupyterLab writes what is open into a file of its user's home. Two servers that share it read it while the other
    writes, which is an error 500, and `?reset` closes the notebooks that the user has open.
    """
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    return {name: str(folder / name.lower()) for name in names}


@contextmanager
def jupyterlab(folder, dark, python=sys.executable):
    """A JupyterLab of this `python` serves folder/notebooks; gives a function from a notebook's name to its address.

    The function's `server` is the process.
    """
    own = own_folders(folder / "jupyter")
    write_settings(Path(own["JUPYTERLAB_SETTINGS_DIR"]), dark)
    # With port 0 the server takes a free one, and its runtime folder says which.
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.port=0"]
    options += [f"--ServerApp.root_dir={folder}"]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(
            [python, "-m", "jupyterlab", *options],
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            url, token = listening(server, Path(own["JUPYTER_RUNTIME_DIR"]), folder / "server.log")

            def address(name):
                return f"{url}lab/tree/notebooks/{name}?reset&token={token}"

            address.server = server
            yield address
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def listening(server, runtime, log):
    """(address, token) of the server when it answers; RuntimeError with its log when it does not."""
    end = time.monotonic() + chromium.PATIENCE
    while server.poll() is None and time.monotonic() < end:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(json.JSONDecodeError, OSError):  # half written, or it does not listen yet
                says = json.loads(file.read_text(encoding="utf-8"))
                url, token = f"http://127.0.0.1:{says['port']}{says['base_url']}", says["token"]
                urllib.request.urlopen(f"{url}api?token={token}", timeout=chromium.PATIENCE).close()
                return url, token
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


def run(page, address, path, timeout):
    """Open a lesson, run all of it, save it; the sentences that say what went wrong.

    page: a playwright page; path: the file JupyterLab saves; timeout: seconds the whole run may take.
    """
    problems = []
    page.on("pageerror", lambda error: problems.append(f"the page raised {error}"))
    page.goto(address)
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    try:
        page.wait_for_function(DONE, timeout=1000 * timeout)
    except TimeoutError:
        problems.append(f"still running after {timeout:g} s")
    for error in page.locator(ERRORS).all():
        problems.append(error.inner_text().strip())
    with page.expect_response(lambda r: r.request.method == "PUT" and "/api/contents/" in r.url):
        page.keyboard.press("Control+s")
    code = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    if counts != list(range(1, len(code) + 1)):
        problems.append(f"the code cells ran as {counts}")
    return problems


def take_pictures(page, folder, stem):
    """Photograph the whole lesson from top to bottom, one window height at a time; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    panel = page.locator(".jp-NotebookPanel-notebook .jp-WindowedPanel-outer")
    height, visible = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
    paths = []
    for number, top in enumerate(range(0, height, visible), start=1):
        panel.evaluate("(panel, top) => panel.scrollTo(0, top)", top)
        page.wait_for_function(SETTLED)
        paths.append(folder / f"{stem}-{number:02}.png")
        panel.screenshot(path=paths[-1])
    return paths


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Run lessons in JupyterLab in a real browser.")
    parser.add_argument("lessons", nargs="*", type=Path, help="notebooks to run (default: all of them)")
    parser.add_argument(
        "--out", type=Path, default=PICTURES, help="folder for pictures (default: build/pictures)"
    )
    parser.add_argument("--dark", action="store_true", help="use JupyterLab's dark theme")
    parser.add_argument("--timeout", type=float, default=300, help="seconds that one lesson may take")
    parser.add_argument("--browser", default=chromium.found(), help="Chromium's path")
    options = parser.parse_args(arguments)
    if options.browser is None:
        parser.error("no Chromium on PATH; name one with --browser")
    failed = False
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        copy_without_outputs(folder / "notebooks")
        browser = playwright.chromium.launch(
            executable_path=shutil.which(options.browser), args=chromium.QUIET
        )
        with jupyterlab(folder, options.dark) as address:
            for lesson in options.lessons or lessons():
                page = browser.new_page(viewport={"width": 1280, "height": 1400})
                page.set_default_timeout(1000 * chromium.PATIENCE)
                name = lesson.resolve().relative_to(FOLDER).as_posix()
                problems = run(page, address(name), folder / "notebooks" / name, options.timeout)
                print(lesson.name, "failed:" if problems else "ran from top to bottom", flush=True)
                for problem in problems:
                    failed = True
                    print("  " + problem.replace("\n", "\n  "))
                for path in take_pictures(page, options.out, lesson.stem + ("-dark" if options.dark else "")):
                    print(f"  {path}")
                page.close()
        browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(main())
