"""The lessons in the browser, without a server and without a network: python -m tests.on_lite, after `make lite`.

1. The site as it is published opens a lesson in Chromium with every other address refused. Its kernel needs NumPy from
   Pyodide's own place, so what cells do cannot be seen there.
2. The same lessons and the same wheel on the last kernel for which a wheel of NumPy can be had from a package index:
   kernel 0.7.2, Pyodide 0.29, NumPy 2.2.5, taken out of the package gbdraw, which brings them along for a page of its
   own. sqlite3 and regex, which have no such wheel, are stand-ins. There `course_lib.mine` is imported, cells of lesson 04_attention
   run, a right answer is kept, and it is found again after the page was loaded anew.
"""

import functools
import hashlib
import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import ONLY_LOOPBACK, found

BUILD = Path(__file__).resolve().parents[1] / "build"
SITE, WHEELS, CONTENTS = BUILD / "lite", BUILD / "lite-wheels", BUILD / "lite-contents"
OLD = BUILD / "lite-old"
OLDER = [
    "jupyterlite-core==0.7.6",
    "jupyterlite-pyodide-kernel==0.7.2",
    "jupyter-server",
    "anywidget==0.11.0",
    "ipywidgets==8.1.9",
]
BORROWED = "gbdraw==0.14.2"
# and what they need
FROM_LOCK = ["ipython", "jedi", "micropip", "numpy", "regex", "sqlite3", "threadpoolctl", "tqdm"]
STAND_INS = {
    "sqlite3": "class Error(Exception): pass\nDatabaseError = OperationalError = IntegrityError = Error\n"
    "PARSE_DECLTYPES = PARSE_COLNAMES = 0\ndef register_adapter(*a): pass\ndef register_converter(*a): pass\n"
    "def connect(*a, **k): raise OperationalError('none here')\n",
    "regex": "import re\ndef compile(pattern, flags=0):\n    try: return re.compile(pattern, flags)\n"
    "    except re.error: return None  # \\\\p{L}: only lesson 01_tokenization would use it\n",
}
PATIENCE = 300_000  # milliseconds, on a busy machine


def pip(*arguments):
    command = [
        OLD / "env" / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        *arguments,
    ]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def stand_in(folder, name, code):
    """A wheel of one module."""
    path = folder / f"{name}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", code)
        wheel.writestr(
            f"{name}-1.0.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"
        )
        wheel.writestr(
            f"{name}-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{name}-1.0.0.dist-info/RECORD", "")
    return path


def pyodide(folder):
    """Put Pyodide 0.29 into a folder, with every package that the kernel asks its list for."""
    folder.mkdir(parents=True)
    pip("download", "--no-deps", "--dest", OLD / "downloads", BORROWED)
    (borrowed,) = (OLD / "downloads").glob("gbdraw-*.whl")
    with zipfile.ZipFile(borrowed) as wheel:
        for name in wheel.namelist():
            if "/vendor/pyodide/v0.29.0/full/" in name and not name.endswith("/") or "/numpy-2.2.5-" in name:
                (folder / Path(name).name).write_bytes(wheel.read(name))
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    packages, wanted, waiting = lock["packages"], [], list(FROM_LOCK)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in packages and name not in wanted:
            wanted.append(name)
            waiting += packages[name]["depends"]
    for name in wanted:
        package = packages[name]
        if name in STAND_INS:
            package["file_name"] = stand_in(folder, name, STAND_INS[name]).name
        elif not (folder / package["file_name"]).exists():
            if not package["file_name"].endswith("none-any.whl"):
                continue  # matplotlib and what it needs: loaded when a figure is drawn, and none is
            before = set(folder.glob("*.whl"))
            pip("download", "--no-deps", "--only-binary", ":all:", "--platform", "any", "--python-version", "3.13",
                "--dest", folder, f"{name}=={package['version']}")  # fmt: skip
            (new,) = set(folder.glob("*.whl")) - before
            package["file_name"] = new.name
        package["sha256"] = hashlib.sha256((folder / package["file_name"]).read_bytes()).hexdigest()
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))


def older_site(notebook):
    """Build the site with the older kernel and Pyodide beside it, and one notebook more; its folder."""
    shutil.rmtree(OLD, ignore_errors=True)
    OLD.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", OLD / "env"], check=True)
    pip("install", *OLDER)
    shutil.copytree(CONTENTS, OLD / "contents")
    (OLD / "contents" / "try.ipynb").write_text(json.dumps(notebook))
    pyodide(OLD / "pyodide")
    config = {"LiteBuildConfig": {"contents": [str(OLD / "contents")], "output_dir": str(OLD / "site"), "apps": ["lab"]},
              "PipliteAddon": {"piplite_urls": [str(path) for path in WHEELS.glob("*.whl")]}}  # fmt: skip
    (OLD / "config.json").write_text(json.dumps(config))
    command = [
        OLD / "env" / "bin" / "python",
        "-m",
        "jupyterlite_core",
        "build",
        "--config",
        OLD / "config.json",
    ]
    subprocess.run(command, check=True, cwd=OLD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.copytree(OLD / "pyodide", OLD / "site" / "static" / "pyodide")
    path = OLD / "site" / "jupyter-lite.json"
    settings = json.loads(path.read_text())
    plugins = settings["jupyter-config-data"].setdefault("litePluginSettings", {})
    kernel = plugins.setdefault("@jupyterlite/pyodide-kernel-extension:kernel", {})
    kernel["pyodideUrl"] = "./static/pyodide/pyodide.js"
    path.write_text(json.dumps(settings))
    return OLD / "site"


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    """The address of a folder, served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def notebook(*cells):
    kernel = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
    made = [{"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
            for n, code in enumerate(cells)]  # fmt: skip
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


TRY = notebook(
    "import piplite\nawait piplite.install(['gpt-by-hand', 'regex', 'threadpoolctl', 'tqdm'], deps=False)",
    "from course_lib import mine\nfrom course_lib.exercises.lesson_04 import check_softmax\nimport numpy as np\n"
    "before = mine.softmax.__code__.co_filename.endswith('my_gpt.py')\nmine.softmax(np.zeros(2))",
    "def softmax(scores, temperature=1.0):\n    z = scores / temperature\n"
    "    e = np.exp(z - z.max(axis=-1, keepdims=True))\n    return e / e.sum(axis=-1, keepdims=True)\n\n"
    "check_softmax(softmax)",
    "print('BEFORE' if before else 'NEW', mine.progress().right, 'END')",
)


def open_and_run(page, address):
    """Open the notebook and run all of it; what its cells showed, and seconds until the first of them had run."""
    start, first = time.monotonic(), None
    page.goto(f"{address}/lab/index.html?path=try.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.click(timeout=PATIENCE)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click(timeout=PATIENCE)
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click(timeout=PATIENCE)
    page.wait_for_selector(".jp-OutputArea-output:has-text('array([0.5, 0.5])')", timeout=PATIENCE)
    first = time.monotonic() - start
    page.wait_for_selector(".jp-OutputArea-output:has-text('END')", timeout=PATIENCE)
    return "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts()), first


def main():
    if not (SITE / "lab" / "index.html").exists():
        sys.exit("there is no build/lite: make lite comes first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=[ONLY_LOOPBACK])
        with served(SITE) as address:
            page = browser.new_page()
            page.goto(f"{address}/lab/index.html?path=04_attention.ipynb")
            page.wait_for_selector(".jp-Notebook h1:has-text('4 · Attention')", timeout=PATIENCE)
            page.close()
            print("the site of the browser shows lesson 04_attention without a network")
        with served(older_site(TRY)) as address:
            context = browser.new_context()
            said, seconds = open_and_run(context.new_page(), address)
            assert "right\nkept as softmax in my_gpt.py" in said and "NEW ['softmax'] END" in said, said
            again, later = open_and_run(context.new_page(), address)
            assert "BEFORE ['softmax'] END" in again, again
            print(
                f"on the older kernel an answer is kept and found again; first cells after {seconds:.0f} and {later:.0f} s"
            )
        browser.close()


if __name__ == "__main__":
    main()
