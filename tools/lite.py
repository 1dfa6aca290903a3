"""Builds the lessons as notebooks that run in the browser, without a server: make lite, into build/lite.

JupyterLite with Pyodide, a Python for the browser. `course_lib` comes along as a wheel. Cells that need PyTorch become text
that says so. NumPy, matplotlib and regex come from Pyodide's own place when a reader opens a lesson, so that needs the network.
Runs in an environment of its own, which tools/lite.sh makes.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
CONTENTS, WHEELS, SITE = BUILD / "lite-contents", BUILD / "lite-wheels", BUILD / "lite"
# Pure Python that the lessons need and Pyodide has not, kept on the site itself; comm is what its kernel starts with.
VENDORED = ["anywidget", "comm", "psygnal"]
INSTALL = '%pip install -q "gpt-by-hand[browser]"'
LEFT_OUT = "*This cell needs PyTorch, which does not run in the browser, so it is left out here:*\n\n```python\n{}\n```"


def for_the_browser(notebook):
    """The notebook as it is opened in the browser: the first code cell installs, cells tagged torch become text.

    >>> cell = {"cell_type": "code", "id": "a", "metadata": {"tags": ["torch"]}, "source": "import torch", "outputs": []}
    >>> for_the_browser({"cells": [cell]})["cells"][0]["cell_type"]
    'markdown'
    """
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["id"] == "colab":
            cell = {**cell, "source": INSTALL}
        elif cell["cell_type"] == "code" and "torch" in cell["metadata"].get("tags", []):
            text = LEFT_OUT.format(source)
            cell = {"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": text}
        cells.append(cell)
    return {**notebook, "cells": cells}


def contents(folder):
    """Write what the site's file browser shows: lessons, companions and drawings."""
    shutil.rmtree(folder, ignore_errors=True)
    notebooks = ROOT / "notebooks"
    for path in sorted([*notebooks.glob("[0-9]*.ipynb"), *notebooks.glob("checked/*.ipynb")]):
        target = folder / path.relative_to(notebooks)
        target.parent.mkdir(parents=True, exist_ok=True)
        lesson = for_the_browser(json.loads(path.read_text(encoding="utf-8")))
        target.write_text(json.dumps(lesson, ensure_ascii=False), encoding="utf-8")
    shutil.copytree(notebooks / "drawings", folder / "drawings")


def wheels(folder):
    """Write the course as a wheel, and beside it what it needs and Pyodide lacks; the paths."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    # "any" takes the wheels that are pure Python, whatever machine this is
    pure = ["--no-deps", "--only-binary", ":all:", "--platform", "any", "--dest", folder]
    subprocess.run([*pip, "download", *pure, *VENDORED], check=True)
    return sorted(folder.glob("*.whl"))


def build(site=SITE, options=()):
    """Build the site; `options` go to `jupyter lite build`."""
    contents(CONTENTS)
    urls = [str(path) for path in wheels(WHEELS)]
    config = {"LiteBuildConfig": {"contents": [str(CONTENTS)], "output_dir": str(site), "apps": ["lab"]},
              "PipliteAddon": {"piplite_urls": urls}}  # fmt: skip
    path = BUILD / "jupyter_lite_config.json"
    path.write_text(json.dumps(config, indent=1), encoding="utf-8")
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--config", str(path), *options]
    subprocess.run(command, check=True, cwd=BUILD, stdout=subprocess.DEVNULL)
    print(
        f"{sum(1 for _ in site.rglob('*'))} files in {site}; open it with python -m http.server --directory {site}"
    )


if __name__ == "__main__":
    build()
