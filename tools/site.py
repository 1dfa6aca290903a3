"""Builds the course for reading, without a kernel and without a network, in build/site: make site

What stands in the pages is what the lessons store: nothing is executed. Live pictures live there too, from their stored
state: the script `_static/live.js` puts each in the place of its PNG, and loads what a page needs from beside itself.
The reference of `course_lib` is read from its sources, so nothing of the course needs to be installed. Every link that
stays within the pages is checked, and that nothing is loaded from elsewhere; the first dead one ends the command with
its place.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from course_lib.lessons import NAMES
from course_lib.widgets import sources
from tools.links import ROOT, address

SOURCE, OUT = ROOT / "build/site-source", ROOT / "build/site"
PAGES = ["notebooks/assignments/README.md", "docs/glossary.md", "docs/install.md", "docs/open_online.md"]
PAGES += ["CONTRIBUTING.md", "CHANGELOG.md", "AGENTS.md"]
FILES = ["CITATION.cff", "course_lib/one_page.py"]
PICTURES = [
    "docs/picture-light.webp",
    "docs/picture-dark.webp",
    "docs/picture.png",
    "docs/picture-dark.png",
]  # of the README
LESSON_LINK = re.compile(r"""(href=(["']))([^"':]*?\d\d_\w+)\.ipynb""")
# [words](folder/README.md), [words]: …
FRONT = re.compile(r"(\]\(|^\[[^\]]+\]: +)([^)\s:#]*)README\.md\b", re.MULTILINE)
TO_A_CELL = re.compile(r"(\.ipynb)#cell-id=[\w-]+(?=\))")  # a page leads to the lesson: Sphinx knows no cells
BUTTON = re.compile(r"\[!\[([^\]]*)\]\([^)]*\)\]")  # [![words](picture)], whose picture needs a network
CELL = re.compile(r'<div class="(cell\b[^"]*?) tag_at-([\w-]+)')  # what `with_named_cells` has named
SEARCH = re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"')
KEYS = '<span class="search-button__kbd-shortcut"'
TOC = """
```{{toctree}}
:caption: {caption}
:hidden:
{entries}
```
"""


# --- the sources ------------------------------------------------------------------------------------


def collect():
    """Put everything that is to be read into build/site-source, laid out as in the repository."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    for name in FILES:
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, SOURCE / name)
    for name in PAGES:
        text = TO_A_CELL.sub(r"\1", (ROOT / name).read_text(encoding="utf-8"))
        write(SOURCE / name, led_to_the_front(text, name))
    shutil.copy(ROOT / "docs/site/conf.py", SOURCE)
    shutil.copytree(ROOT / "docs/site/_static", SOURCE / "_static")
    for name, script in sources.page_scripts().items():
        write(SOURCE / "_static" / name, script)
    write(SOURCE / "_static/live.css", sources.style())
    lessons = [f"notebooks/{name}" for name in NAMES]
    companions = sorted(f"notebooks/checked/{path.stem}" for path in ROOT.glob("notebooks/checked/*.ipynb"))
    for name in lessons + companions:
        page = f"{name}.ipynb"
        notebook = json.loads((ROOT / page).read_text(encoding="utf-8"))
        notebook = with_named_cells(with_states(with_described_pictures(notebook)))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = led_to_the_front("".join(cell["source"]), page)
        write(SOURCE / page, json.dumps(notebook))
    shutil.copytree(ROOT / "notebooks/drawings", SOURCE / "notebooks/drawings")
    modules = sorted(path for path in (ROOT / "course_lib").rglob("*.py") if public(path))
    for path in modules:
        write(SOURCE / "reference" / f"{dotted(path)}.md", reference(path))
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    front = led_to_the_front(BUTTON.sub(r"[\1]", front), "README.md")
    front += toc("Lessons", [f"0 · Start here <{lessons[0]}>", *lessons[1:]])
    front += toc("Checked", companions)
    front += toc(
        "Library",
        [f"{dotted(path).removeprefix('course_lib.')} <reference/{dotted(path)}>" for path in modules],
    )
    front += toc("About", [name.removesuffix(".md") for name in PAGES])
    write(SOURCE / "index.md", front)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def led_to_the_front(text, page):
    """The Markdown of a page with its links to the repository's README leading to index.md, its name on the site."""
    folder = (ROOT / page).parent

    def lead(found):
        is_front = (folder / found[2]).resolve() == ROOT
        return f"{found[1]}{found[2]}index.md" if is_front else found[0]

    return FRONT.sub(lead, text)


def toc(caption, entries):
    return TOC.format(caption=caption, entries="\n".join(entries))


def with_described_pictures(notebook):
    """The notebook with the words beside each stored picture as its description, for who cannot see it."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data and "text/plain" in data:
                alt = " ".join("".join(data["text/plain"]).split()).replace('"', "”")
                cell["metadata"] = {**cell["metadata"], "mystnb": {"image": {"alt": alt}}}
    return notebook


def with_named_cells(notebook):
    """The notebook with the id of each code cell as a tag, which becomes a class of its part of the page: see CELL."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            tags = [*cell["metadata"].get("tags", []), f"at-{cell['id']}"]
            cell["metadata"] = {**cell["metadata"], "tags": tags}
    return notebook


def with_places(page):
    """A page whose code cells can be linked to as in JupyterLab, by #cell-id=…"""
    return CELL.sub(r'<div id="cell-id=\2" class="\1 tag_at-\2', page)


def with_states(notebook):
    """The notebook with each live picture followed by its state, in HTML, as another output of its cell."""
    for cell in notebook["cells"]:
        shown = []
        for output in cell.get("outputs", []):
            shown.append(output)
            if live := output.get("metadata", {}).pop(sources.STATE, None):
                data = {"text/html": sources.page_element(live)}
                shown.append({"output_type": "display_data", "data": data, "metadata": {}})
        if cell["cell_type"] == "code":
            cell["outputs"] = shown
    return notebook


# --- the reference ----------------------------------------------------------------------------------


def public(path):
    """Whether a module has something to say: not an empty package, and not the workings of the grader."""
    return (
        bool(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))) and "classroom" not in path.parts
    )


def dotted(path):
    """course_lib/in_numpy/attention.py → course_lib.in_numpy.attention."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def reference(path):
    """A page of Markdown with the docstring of a module and of everything public in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [f"# {dotted(path)}", "", *block(ast.get_docstring(tree))]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            lines += ["", f"## {node.name}", "", *entry(node)]
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if (
                    isinstance(inner, ast.FunctionDef)
                    and not inner.name.startswith("_")
                    and ast.get_docstring(inner)
                ):
                    lines += ["", f"### {node.name}.{inner.name}", "", *entry(inner)]
    return "\n".join([*lines, ""])


def entry(node):
    """How it is called, and what its docstring says."""
    if isinstance(node, ast.FunctionDef):
        call = f"{node.name}({ast.unparse(node.args)})"
    else:
        call = f"class {node.name}({', '.join(map(ast.unparse, node.bases))})".replace("()", "")
    return ["```python", call, "```", "", *block(ast.get_docstring(node))]


def block(text):
    """Docstrings are plain text whose columns matter; examples come last and are shown as Python."""
    if not text:
        return []
    words, mark, example = text.partition(">>>")
    shown = ["```text", words.rstrip(), "```"] if words.strip() else []
    return shown + (["", "```pycon", mark + example, "```"] if mark else [])


# --- the pages --------------------------------------------------------------------------------------


def build():
    """Call Sphinx; every warning is an error. Then links in stored outputs lead to pages, not notebooks."""
    shutil.rmtree(OUT, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-d",
        ROOT / "build/site-cache",
    ]
    subprocess.run([*command, SOURCE, OUT], check=True, env={**os.environ, "COURSE_ADDRESS": address()})
    for path in OUT.rglob("*.html"):
        text = with_places(LESSON_LINK.sub(r"\1\3.html", path.read_text(encoding="utf-8")))
        # its name is what it shows
        text = SEARCH.sub(r"\1", text).replace(KEYS, KEYS + ' aria-hidden="true"')
        path.write_text(text, encoding="utf-8")
    for name in PICTURES:  # Sphinx knows those in Markdown alone
        (OUT / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, OUT / name)
    (OUT / ".nojekyll").touch()  # GitHub Pages leaves folders with an underscore alone only then


class Links(HTMLParser):
    """What a page refers to: links, files it loads, and the places in it that can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.places = [], [], {""}
        self.undescribed = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note one tag."""
        has = dict(attributes)
        self.places |= {has.get("id"), has.get("name")}
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        elif tag in ("script", "img", "iframe", "link") and has.get("rel") not in (
            "canonical",
            "index",
            "search",
        ):
            self.loads.append(has.get("src") or has.get("href") or "")
        elif tag == "source":
            self.loads.append(has.get("srcset") or "")
        if tag == "img" and not has.get("alt"):
            self.undescribed += 1


def dead(folder):
    """Sentences about links that lead nowhere, files loaded from elsewhere, and pictures without words."""
    paths = [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in paths}
    for path, page in pages.items():
        name = path.relative_to(folder)
        if page.undescribed:
            yield f"{name}: {page.undescribed} pictures have no description"
        for target in page.links + page.loads:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.loads and parts.scheme != "data":
                    yield f"{name}: loads {target} from elsewhere"
                continue
            found = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            found = found / "index.html" if found.is_dir() else found
            if not found.exists():
                yield f"{name}: {target} does not exist"
            elif found in pages and unquote(parts.fragment) not in pages[found].places:
                yield f"{name}: {target} has no such place"


def main():
    """Collect, build, check."""
    collect()
    build()
    problems = list(dead(OUT))
    print(
        "\n".join(problems)
        or f"{len(list(OUT.rglob('*.html')))} pages in {OUT.relative_to(ROOT)}, every link checked"
    )
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
