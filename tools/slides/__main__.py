"""Writes build/slides/NN_topic.html, and beside it, once, what they share; tools/site.sh calls this in its environment."""

import json
import re
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

from course_lib.lessons import NAMES
from course_lib.widgets import sources
from tools.links import ROOT
from tools.slides.choose import as_slides

OUT = ROOT / "build/slides"


def shared(folder):
    """Put reveal.js, MathJax, the live pictures and the style where the slides look for them."""
    static = folder / "_static"
    reveal = files("sphinx_revealjs") / "_static/revealjs"  # the package brings reveal.js along
    shutil.copytree(reveal / "dist", static / "dist", ignore=shutil.ignore_patterns("*.map", "theme"))
    # without its fonts, which are elsewhere
    theme = re.sub(r"@import [^;]+;", "", (reveal / "dist/theme/white.css").read_text(encoding="utf-8"))
    style = (ROOT / "docs/slides/slides.css").read_text(encoding="utf-8")
    (static / "dist/theme").mkdir()
    (static / "dist/theme/course.css").write_text(theme + style, encoding="utf-8")
    shutil.copytree(reveal / "plugin/notes", static / "plugin/notes")
    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax/tex-svg.js"
    shutil.copy(mathjax, static)
    for name, script in sources.page_scripts().items():
        (static / name).write_text(script, encoding="utf-8")
    (static / "live.css").write_text(sources.style(), encoding="utf-8")
    shutil.copytree(ROOT / "notebooks/drawings", folder / "drawings")


def main():
    exporter = SlidesExporter(
        template_name="slides", extra_template_basedirs=[str(ROOT / "docs")], reveal_url_prefix="_static", reveal_theme="course",
        exclude_anchor_links=True,
    )  # fmt: skip
    shutil.rmtree(OUT, ignore_errors=True)
    shared(OUT)
    for name in NAMES:
        lesson = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
        page, _ = exporter.from_notebook_node(nbformat.reads(json.dumps(as_slides(lesson)), as_version=4))
        (OUT / f"{name}.html").write_text(page, encoding="utf-8")
        print(f"{name}: {page.count('<section') // 2} slides")


if __name__ == "__main__":
    main()
