"""Which cells of a lesson become slides: a rule, so that a lesson can be changed without a thought for its slides."""

import html
import re
from dataclasses import dataclass, field

from course_lib.widgets import sources

__all__ = ["FEWEST", "MOST", "Section", "as_slides", "sections"]

FEWEST, ENOUGH, MOST = 12, 17, 20  # slides of a lesson; below ENOUGH a section may have a second one
HEADING = re.compile(r"(?m)^(#{1,3}) (.+)$")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)[^)\s]+\)")  # a slide leads nowhere but outside
DRAWING = re.compile(r"(?m)^!\[[^\]]*\]\([^)]+\)$")
FORMULA = re.compile(r"(?ms)^\$\$.+?\$\$$")
DETAILS = re.compile(r"(?s)<details>.*?</details>")
FIGURE = re.compile(r"^\*Figure: ")
# What one looks at on a slide, and how much it is worth there.
WORTH = {
    "live": 10,
    "drawing": 9,
    "figure": 8,
    "formula": 7,
    "exercise": 6,
    "question": 5,
    "code": 6,
    "list": 4,
    "numbers": 3,
}
LINES, MORE_LINES, WIDTH = 12, 18, 96  # what fits: of code with what it prints, of code alone, and of a line


@dataclass
class Exhibit:
    """Something to look at: its kind, a word of WORTH, and the cells that show it."""

    kind: str
    cells: list


@dataclass
class Section:
    """A heading with what stands below it."""

    title: str
    words: list = field(default_factory=list)  # paragraphs, for the notes
    exhibits: list = field(default_factory=list)


def markdown(text, kind="-"):
    return {"cell_type": "markdown", "metadata": {"slideshow": {"slide_type": kind}}, "source": text}


def code(cell, outputs):
    """A code cell without what a slide does not need: imports, and the call of a check."""
    lines = "".join(cell["source"]).splitlines()
    shown = "\n".join(
        line for line in lines if not re.match(r"(from \S+ )?import |check_\w+\(|# solution\(", line)
    ).strip()
    return {"cell_type": "code", "metadata": {"slideshow": {"slide_type": "-"}}, "source": shown, "outputs": outputs,
            "execution_count": None}  # fmt: skip


def sections(notebook):
    """The sections of a notebook, the title first, each with its exhibits in the order of their cells."""
    found = []
    for cell in notebook["cells"]:
        text, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":
            text = LINK.sub(r"\1", text)
            for part in filter(str.strip, re.split(r"(?m)^(?=#{1,3} )", text)):
                if heading := HEADING.match(part):
                    found.append(Section(heading[2]))
                    part = part[heading.end() :]
                take_words(found[-1], part.strip(), "do" in tags)
        elif found and "remove-cell" not in tags:
            take_code(found[-1], cell, tags)
    return found


def paragraphs(text):
    """The paragraphs of a text; what is folded stays in one piece, with what it belongs to."""
    pieces, at = [], 0
    for fold in DETAILS.finditer(text):
        pieces += [part for part in text[at : fold.start()].split("\n\n") if part.strip()] + [fold[0]]
        at = fold.end()
    return [piece.strip() for piece in [*pieces, *text[at:].split("\n\n")] if piece.strip()]


def take_words(section, text, asks):
    """Note the paragraphs of a text cell, and what one can look at among them."""
    parts = paragraphs(text)
    for n, part in enumerate(parts):
        if DRAWING.match(part):
            section.exhibits.append(Exhibit("drawing", [markdown(part)]))
        elif FORMULA.match(part):
            section.exhibits.append(Exhibit("formula", [*introduced(section), markdown(part)]))
        elif FIGURE.match(part) and section.exhibits and section.exhibits[-1].kind == "figure":
            section.exhibits[-1].cells.append(markdown(FIGURE.sub("*", part)))
        elif asks and part.startswith("**") and not section.title.startswith("Your turn"):
            answers = [after for after in parts[n + 1 : n + 3] if after.startswith("<details>")][:1]
            if 6 <= len(part.split()) <= 70:
                section.exhibits.append(Exhibit("question", [markdown("\n\n".join([part, *answers]))]))
        elif re.match(r"(?s)(- |\d\. |\|)", part) and len(part.split()) <= 160:
            section.exhibits.append(Exhibit("list", [markdown(part)]))
        section.words += [] if DRAWING.match(part) else [part]


def introduced(section, most=45):
    """What stands right before something to look at, as a cell: the paragraph, or its last sentence; no cell if both are long."""
    for said in (
        section.words[-1:],
        re.split(r"(?<=[.?!:])\s", section.words[-1])[-1:] if section.words else [],
    ):
        if (
            said
            and len(said[0].split()) <= most
            and not said[0].startswith(("<", "|", "- ", "$", "★", "*Figure"))
            and said[0].count("$") % 2 == 0
        ):
            return [markdown(said[0])]
    return []


def take_code(section, cell, tags):
    """Note what a code cell shows: a live picture, a figure, an empty function to be written, or numbers."""
    data = [output.get("data", {}) for output in cell["outputs"]]
    for output in cell["outputs"]:
        shown = output.get("data", {})
        if "image/png" in shown:
            live = output.get("metadata", {}).get(sources.STATE)
            section.exhibits.append(Exhibit("live" if live else "figure", [picture(shown, live)]))
    text = "".join(
        "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
        for output in cell["outputs"]
    )
    lines = "".join(cell["source"]).splitlines() + text.splitlines()
    if "do" in tags and "NotImplementedError" in "".join(cell["source"]):
        section.exhibits.append(Exhibit("exercise", [code(cell, [])]))
    elif (
        not any("image/png" in one or "text/html" in one for one in data)
        and max(map(len, lines), default=0) <= WIDTH
    ):
        if not text and len(lines) <= MORE_LINES and re.match("class |def ", lines[0] if lines else ""):
            section.exhibits.append(Exhibit("code", [*introduced(section), code(cell, [])]))
        elif text and len(lines) <= LINES:
            section.exhibits.append(Exhibit("numbers", [*introduced(section), code(cell, cell["outputs"])]))


def picture(data, live):
    """A cell that shows a stored picture, with its state behind it where it is a live one."""
    words = html.escape(" ".join("".join(data["text/plain"]).split()), quote=True)
    png = "".join("".join(data["image/png"]).split())
    state = f"<div>{sources.page_element(live)}</div>" if live else ""
    return markdown(
        f'<div class="picture"><img alt="{words}" src="data:image/png;base64,{png}">{state}</div>'
    )


# --- the slides -------------------------------------------------------------------------------------


def purpose(section, most=45):
    """Of an exercise how long it takes, and what it is for: the first two sentences of its text."""
    text = next((part for part in section.words if part.startswith("★")), "")
    said = " ".join(re.split(r"(?<=[.?!:])\s", text)[:2])
    return said if len(said.split()) <= most else ""


def some_words(section, most=75):
    """The first paragraphs of a section, as many as a slide holds."""
    taken = []
    for part in section.words:
        if sum(len(one.split()) for one in [*taken, part]) > most:
            break
        taken.append(part)
    return "\n\n".join(taken)


def slides_of(section):
    """The slides that a section could give, the one it should give first: (worth, place in the section, cells)."""
    heading = f"## {section.title}"
    notes = markdown("\n\n".join(part for part in section.words if "<details>" not in part), "notes")
    first = "exercise" if section.title.startswith("Your turn") else ""
    ranked = sorted(section.exhibits, key=lambda one: (one.kind != first, -WORTH[one.kind]))
    if not ranked:
        words = some_words(section)
        return [(1, 0, [markdown(f"{heading}\n\n{words}", "slide"), notes])] if words else []
    made = []
    for n, exhibit in enumerate(ranked):
        said = purpose(section) if exhibit.kind == "exercise" else ""
        more = (
            [other for other in ranked if other.kind == "numbers"][:1]
            if n == 0 and exhibit.kind == "formula"
            else []
        )
        cells = [*exhibit.cells, *(cell for other in more for cell in other.cells)]
        made.append(
            (
                WORTH[exhibit.kind],
                section.exhibits.index(exhibit),
                [markdown(f"{heading}\n\n{said}", "slide"), *cells, notes],
            )
        )
    return made


def as_slides(notebook):
    """The notebook of a lesson's slides, from FEWEST to MOST of them where the lesson has so much to show."""
    first, *others = sections(notebook)
    aims = next((one.cells[0]["source"] for one in first.exhibits if one.kind == "list"), "")
    said = "\n\n".join(part for part in first.words if part != aims)
    title = [
        markdown(
            f"# {first.title}\n\n" + (f"After this lesson you can\n\n{aims}" if aims else first.words[0]),
            "slide",
        ),
        markdown(said, "notes"),
    ]
    found = []  # (worth, whether it is the first of its section, where it stands, cells)
    for n, section in enumerate(others):
        for m, (worth, place, cells) in enumerate(slides_of(section)):
            found.append((worth + 99 * (section.title == "Recap"), m == 0, (n, place), cells))
    best = sorted(found, key=lambda one: -one[0])
    chosen = [one for one in best if one[1] or one[0] >= WORTH["drawing"]][: MOST - 1]
    chosen += [one for one in best if one not in chosen][: max(0, ENOUGH - 1 - len(chosen))]
    cells = [*title, *(cell for one in sorted(chosen, key=lambda one: one[2]) for cell in one[3])]
    return {"cells": [{"id": f"slide-{n}", **cell} for n, cell in enumerate(cells)], "metadata": {"title": first.title},
            "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
