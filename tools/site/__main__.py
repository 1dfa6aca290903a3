"""Collects, builds and checks the web pages: python -m tools.site, which tools/site.sh calls.

With "outside" behind it, it asks every address outside the course whether it answers, and builds nothing.
"""

import os
import re
import shutil
import subprocess
import sys

from tools.links import ROOT, address, binder, colab, site
from tools.site.dead import dead, pages_in
from tools.site.notebooks import ids_as_places
from tools.site.pages import SOURCE, collect

OUT = ROOT / "build/site"
LESSON_LINK = re.compile(r"""(href=(["']))([^"':?]*?\d\d_\w+)\.ipynb""")
SEARCH = re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"')
KEYS = '<span class="search-button__kbd-shortcut"'
EXTRAS = ("lite", "slides", "worksheets")  # what other commands build, put beside the pages


def sphinx(builder, out):
    """Call Sphinx on what was collected; every warning is an error."""
    about = {
        "COURSE_ADDRESS": address(),
        "COURSE_SITE": site() if address() else "",
        "COURSE_LIB": str(ROOT / "course_lib"),
    }
    strict = ["-m", "sphinx", "-q", "-W", "--keep-going", "-d", ROOT / "build/site-cache"]
    command = [sys.executable, *strict, "-b", builder, SOURCE, out]
    if code := subprocess.run(command, check=False, env={**os.environ, **about}).returncode:
        sys.exit(code)  # Sphinx has said what is wrong


def build():
    """The pages as Sphinx makes them; then links in stored outputs lead to pages, not notebooks."""
    shutil.rmtree(OUT, ignore_errors=True)
    sphinx("html", OUT)
    for path in SOURCE.glob("play/*.png"):  # what is shown of a page that is shared
        shutil.copy(path, OUT / "play")
    for path in SOURCE.glob("docs/picture*"):  # of the README: Sphinx knows those in Markdown alone
        shutil.copy(path, OUT / "docs")
    for path in pages_in(OUT):
        text = ids_as_places(LESSON_LINK.sub(r"\1\3.html", path.read_text(encoding="utf-8")))
        # its name is what it shows
        text = SEARCH.sub(r"\1", text).replace(KEYS, KEYS + ' aria-hidden="true"')
        path.write_text(text, encoding="utf-8")
    (OUT / ".nojekyll").touch()  # GitHub Pages leaves folders with an underscore alone only then
    for name in EXTRAS:
        if (ROOT / "build" / name).exists():
            pages_to_print = shutil.ignore_patterns("*.html") if name == "worksheets" else None
            shutil.copytree(ROOT / "build" / name, OUT / name, ignore=pages_to_print, copy_function=os.link)


def homes():
    """Where links to the course's own public addresses lead, once they are there: (address, folder) as `dead` takes them."""
    if not address():
        return []
    opened = [f"{address()}/blob/main/", f"{address()}/tree/main/"]
    opened += [binder("*").partition("notebooks/")[0], colab("*").partition("notebooks/")[0]]
    return [(site(), OUT), *((start, ROOT) for start in opened)]


def main():
    """Collect, build, check; or ask what lies outside."""
    collect()
    if sys.argv[1:] == ["outside"]:
        return sphinx("linkcheck", ROOT / "build/outside")
    build()
    problems = list(dead(OUT, homes()))
    print("\n".join(problems) or f"{len(pages_in(OUT))} pages in {OUT.relative_to(ROOT)}, every link checked")
    for name in EXTRAS:
        if not (OUT / name).exists():
            print(f"without build/{name}: `make {name}` and then `make site` puts it beside the pages")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
