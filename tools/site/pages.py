"""Puts everything that is to be read into build/site-source, laid out as in the repository, with a menu."""

import json
import re
import shutil

from course_lib.lessons import LESSONS, NAMES, label
from course_lib.widgets import sources
from tools.links import ROOT, lessons, writes
from tools.site import notebooks as nb

__all__ = ["SOURCE", "collect", "extras"]

SOURCE = ROOT / "build/site-source"
ABOUT = [
    "README.md",
    "docs/install.md",
    "docs/open_online.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "AGENTS.md",
]
TEACHING = ["notebooks/assignments/README.md"]
FILES = ["CITATION.cff", "course_lib/one_page.py"]
TO_A_CELL = re.compile(r"(\.ipynb)#cell-id=[\w-]+(?=\))")  # a page leads to the lesson: Sphinx knows no cells
# [![words](picture)], whose picture needs a network
BUTTON = re.compile(r"\[!\[([^\]]*)\]\(https?:[^)]*\)\]")
FIRST = "notebooks/00_start_here"
PARTS = re.compile(r"<!-- here: (\w+) -->\n")  # what a page of docs/site leaves to be written here
TOC = """
```{{toctree}}
:hidden:
{caption}
{entries}
```
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def toc(entries, caption=""):
    """A part of the menu; what stands in a page's own part is folded below that page."""
    return TOC.format(caption=f":caption: {caption}\n" if caption else "", entries="\n".join(entries))


def extras(name, build=ROOT / "build"):
    """What stands beside the page of a lesson, of what has been built: dict from words to a link."""
    has = {
        "Run this lesson here": ("lite", f"lite/lab/index.html?path={name}.ipynb", f"files/{name}.ipynb"),
        "Slides": ("slides", f"slides/{name}.html", f"{name}.html"),
        "Worksheet": ("worksheets", f"worksheets/{name}.pdf", f"{name}.pdf"),
        "with answers": ("worksheets", f"worksheets/{name}_answers.pdf", f"{name}_answers.pdf"),
    }
    found = {words: link for words, (folder, link, file) in has.items() if (build / folder / file).exists()}
    if (ROOT / f"docs/teaching/{name}.md").exists():
        found["Notes for teaching"] = f"docs/teaching/{name}.html"
    return found


def beside(name, up="../"):
    """The links of `extras` in HTML. What needs a server says so, where the pages are opened from a file."""
    here = {"Run this lesson here": ' class="gbh-needs-server"'}
    links = " · ".join(
        f'<a href="{up}{link}"{here.get(words, "")}>{words}</a>' for words, link in extras(name).items()
    )
    return f'\n\n<p class="gbh-beside">{links}</p>\n' if links else ""


# --- the pages --------------------------------------------------------------------------------------


def cards(entries, columns):
    """A grid of links: (title, link, picture or "", text, foot or "")."""
    lines = [f"::::{{grid}} {columns}", ":gutter: 3", ""]
    for title, link, picture, text, foot in entries:
        lines += [":::{grid-item-card} " + title, f":link: {link}", ":link-type: doc"]
        lines += [f":img-bottom: {picture}", f":img-alt: {title}, a still picture"] if picture else []
        lines += ["", text, *(["", f"*{foot}*"] if foot else []), ":::", ""]
    return "\n".join([*lines, "::::", ""])


def cards_of_lessons(read):
    times = lessons()
    titles = {
        name: "".join(read[name]["cells"][0]["source"]).splitlines()[0].removeprefix("# ") for name in NAMES
    }
    titles[NAMES[0]] = "0 · Start here"
    return cards(
        [(titles[one.name], f"/notebooks/{one.name}", "", one.builds, times[one.name]) for one in LESSONS],
        "1 2 3 3",
    )


def cards_of_pictures(pictures):
    return cards(
        [
            (one["title"], f"/play/{one['page']}", f"/play/{one['page']}.png", one["says"], "")
            for one in pictures
        ],
        "1 2 2 3",
    )


def table_for_teaching():
    """A row for each lesson with all that a lecturer takes along; what is not built is left out."""
    rows = []
    for name in NAMES:
        links = [
            f"<a href='{link}'>{words}</a>" for words, link in extras(name).items() if "here" not in words
        ]
        rows.append(f"| [{label(name)}](notebooks/{name}.ipynb) | {' · '.join(links)} |")
    return "\n".join(["| lesson | to take along |", "| --- | --- |", *rows, ""])


def picture_pages(read):
    """Write a page, and a still picture, for each live picture; what docs/site/pictures.toml says of them."""
    pictures = nb.pictures()
    for one in pictures:
        output = nb.stored(one, read)
        (SOURCE / "play").mkdir(exist_ok=True)
        (SOURCE / f"play/{one['page']}.png").write_bytes(nb.still(output))
        tries = "\n".join(f"- {line}" for line in one["try"])
        below = f"\nHow it works, with numbers to follow and a function of your own, is lesson [{label(one['lesson'])}](../notebooks/{one['lesson']}.ipynb)."
        below += " [More pictures](../play.md)"
        shared = {
            "og:description": one["says"],
            "og:image": f"play/{one['page']}.png",
            "og:image:alt": one["says"],
        }
        page = nb.page_of_picture(output, f"# {one['title']}\n\n{one['says']}\n\n{tries}\n", below, **shared)
        write(SOURCE / f"play/{one['page']}.ipynb", json.dumps(nb.as_page(page)))
    return pictures


def front_page(read, pictures, text):
    """index.ipynb: the page docs/site/index.md, with the first live picture in it."""
    above, below = text.split("<!-- here: picture -->\n")
    metadata = {"og:description": above.split("\n\n")[1].replace("\n", " ").replace("**", "")}
    page = nb.page_of_picture(nb.stored(pictures[0], read), above, below, **metadata)
    (SOURCE / "index.md").unlink()
    write(SOURCE / "index.ipynb", json.dumps(nb.as_page(page)))


def collect():
    """Lay out the sources of the whole site."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    teaching = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/teaching").glob("*.md"))
    shutil.copytree(ROOT / "docs/site", SOURCE)
    for name in [*FILES, *(path.relative_to(ROOT) for path in (ROOT / "docs").glob("picture*.*"))]:
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, SOURCE / name)
    shutil.copytree(ROOT / "notebooks/drawings", SOURCE / "notebooks/drawings")
    for name in [*ABOUT, *TEACHING, *teaching, "docs/glossary.md"]:
        text = TO_A_CELL.sub(r"\1", (ROOT / name).read_text(encoding="utf-8"))
        write(SOURCE / name, BUTTON.sub(r"[\1]", text))
    for name, script in sources.page_scripts().items():
        write(SOURCE / "_static" / name, script)
    write(SOURCE / "_static/live.css", sources.style())
    companions = sorted(f"checked/{path.stem}" for path in ROOT.glob("notebooks/checked/*.ipynb"))
    read = {
        name: json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
        for name in [*NAMES, *companions]
    }
    pictures = picture_pages(read)
    written = {"lessons": cards_of_lessons(read), "pictures": cards_of_pictures(pictures), "some": cards_of_pictures(pictures[1:4]),
               "teaching": table_for_teaching(), "writes": "\n".join([*writes(), "", ""])}  # fmt: skip
    for path in SOURCE.glob("*.md"):
        text = PARTS.sub(lambda found: written.get(found[1], found[0]), path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    menu = toc(["Play with the pictures <play>", "Words <docs/glossary>"])
    menu += toc([f"0 · Start here <{FIRST}>", *(f"notebooks/{name}" for name in NAMES[1:])], "Lessons")
    menu += toc(
        [
            "Every number checked <checked>",
            "Teach with it <teach>",
            "The library <library>",
            "About the course <about>",
        ],
        "More",
    )
    front_page(read, pictures, (SOURCE / "index.md").read_text(encoding="utf-8") + menu)
    for name, notebook in read.items():
        if name in NAMES:
            notebook["cells"][0]["source"] = "".join(notebook["cells"][0]["source"]) + beside(name)
        write(SOURCE / f"notebooks/{name}.ipynb", json.dumps(nb.as_page(notebook)))
    below = {
        "play": [f"play/{one['page']}" for one in pictures],
        "checked": [f"notebooks/{name}" for name in companions],
        "teach": [name.removesuffix(".md") for name in [*TEACHING, *teaching]],
        "library": ["reference/course_lib/index"],
        "about": [name.removesuffix(".md") for name in ABOUT],
    }
    for name, entries in below.items():
        with (SOURCE / f"{name}.md").open("a", encoding="utf-8") as page:
            page.write(toc(entries))
