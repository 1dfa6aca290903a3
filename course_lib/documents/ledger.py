"""The whole ledger on one page: claims in folders that open with a click, each with a link to the cell that checks it.

The folders are plain HTML, `<details>`, so they open without a kernel, without scripts and on GitHub.
"""

import ast
import json
from html import escape
from pathlib import Path, PurePosixPath

from .digits import leaves
from .entries import VERDICTS, claims, counts, slips, sources, verdicts
from .shown import MARK, WIDE, exactly

BY = {"lesson": lambda claim: claim.chapter, "document": lambda claim: claim.id.split(".")[0]}
FOLDERS = {
    "erratum": "slips",
    "reproduced": "right",
    "remark": "remarks, where no code can decide",
    "given": "inputs",
    "cited": "outside facts, with their sources",
}
CELL = "<td style='text-align:left;vertical-align:top;white-space:pre-line'>{}</td>"
SMALL = "<br><span style='font-size:85%'>{}</span>"
INDENT = "style='margin-left:1.2em'"
COLUMNS = ("", "the document says", "prints", "why, or source")
HEAD = "".join(f"<th scope='col' style='text-align:left'>{title}</th>" for title in COLUMNS)


def select(verdict=None, document=None, chapter=None, word=None):
    """The claims that fit every filter that is given, in the order of the ledger.

    `word` is looked for in id, statement, cause and source, in capitals or not. Raises ValueError for a
    verdict, document or chapter that no claim has.

    >>> len(select(verdict="given", document="lecture-notes"))
    0
    """
    wanted = {"verdict": verdict, "document": document, "chapter": chapter}
    chosen = list(claims().values())
    for name, value in wanted.items():
        if value is not None:
            known = {*VERDICTS} if name == "verdict" else {_field(claim, name) for claim in claims().values()}
            if value not in known:
                raise ValueError(f"no claim has the {name} {value!r}; there are {', '.join(sorted(known))}")
            chosen = [claim for claim in chosen if _field(claim, name) == value]
    if word is not None:
        chosen = [c for c in chosen if word.lower() in f"{c.id} {c.statement} {c.because} {c.source}".lower()]
    return chosen


def crossed():
    """What each document amounts to: dict from its id to what `counts` says of its claims.

    >>> list(crossed())[0]
    'whitepaper'
    """
    return {name: counts(select(document=name)) for name in sources()}


def cells(paths):
    """Where each claim is checked or shown: dict from its id to "04_attention.ipynb#cell-id=scores".

    paths: of the notebooks, as seen from the page. JupyterLab and the course's web pages go to the cell, GitHub to the
    notebook.
    """
    found = {}
    for path in paths:
        for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                for id in _named(cell):
                    if id in claims() and claims()[id].chapter == PurePosixPath(path).stem:
                        found.setdefault(id, f"{path}#cell-id={cell['id']}")
    return found


def _named(cell):
    """The texts that a cell writes out."""
    try:
        tree = ast.parse("".join(cell["source"]))
    except SyntaxError:  # an exercise in progress
        return []
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


class Ledger:
    """A list of claims as a page of folders: one for each document (or lesson), and in it one for each verdict.

    notebooks: paths from the page to the notebooks that exist, such as "04_attention.ipynb" or
    "checked/04_attention_checked.ipynb"; only these become links, to the very cell where one names the claim.
    Few claims are shown with all folders open. Raises ValueError for a `by` other than lesson and document.

    >>> Ledger(select(document="lecture-notes", verdict="given"))
    no claim fits
    """

    def __init__(self, chosen, notebooks=(), by="document"):
        self.claims, self.by = list(chosen), by
        self.notebooks = {PurePosixPath(path).stem: path for path in notebooks}
        self.cells = cells(path for path in notebooks if Path(path).exists())
        self.groups = _groups(self.claims, by)

    def __repr__(self):
        lines = [f"{_title(name)}: {_tally(group)}" for name, group in self.groups.items()]
        return "\n".join(lines) or "no claim fits"

    def _repr_html_(self):
        return (
            f"<div>{''.join(self._folder(*group) for group in self.groups.items()) or 'no claim fits'}</div>"
        )

    def _folder(self, name, group):
        inside = ""
        for verdict, title in FOLDERS.items():
            fitting = [claim for claim in group if claim.verdict == verdict]
            if not fitting:
                continue
            if verdict == "erratum":  # those of one slip stand together
                fitting = [claim for one in slips(fitting).values() for claim in one]
                number = f"{_many(len(slips(fitting)), 'slip')} in {_many(len(fitting), 'place')}"
            else:
                number = f"{len(fitting)} {title}"
            rows = "".join(self._row(claim) for claim in fitting)
            table = WIDE.format(f"<table><tr>{HEAD}</tr>{rows}</table>")
            inside += f"<details {INDENT}{self._open}><summary>{number}</summary>{table}</details>"
        return f"<details{self._open}><summary><b>{escape(_title(name))}</b>: {_tally(group)}</summary>{inside}</details>"

    @property
    def _open(self):
        return " open" if len(self.claims) <= 10 else ""

    def _row(self, claim):
        where = escape(_lesson(claim.chapter))
        if claim.chapter in self.notebooks:
            target = self.cells.get(claim.id, self.notebooks[claim.chapter])
            where = f"<a href='{escape(target)}'>{where}</a>"
        says = escape(claim.statement) + SMALL.format(
            f"{escape(claim.id)} · {escape(exactly(claim))} · {where}"
        )
        reason = escape(claim.because or claim.source)
        columns = (MARK.get(claim.verdict, ""), says, escape(digits(claim)), reason)
        return f"<tr>{''.join(CELL.format(column) for column in columns)}</tr>"


def digits(claim):
    """What the document prints, a line for each row; for an erratum only what is wrong, and what is right.

    A statement that is right or wrong as a whole has no digits.

    >>> digits(claims()["whitepaper.softmax.percent"])
    '65%  24%  11%'
    """
    if claim.printed is None or isinstance(claim.printed, bool):
        return ""
    if claim.verdict != "erratum":
        return _rows(claim.printed)
    printed, right = _texts(claim.printed), _texts(claim.correct)
    if len(printed) != len(right):
        return f"{_rows(claim.printed)} → {_rows(claim.correct)}"
    wrong = [f"{old} → {new}" for old, new in zip(printed, right, strict=True) if old != new]
    more = f"\n{len(wrong)} of {len(printed)} differ" if len(wrong) > 3 else ""
    return "\n".join(wrong[:3]) + more


def _rows(printed):
    """[["1", "2"], ["3", "4"]] → "1  2", a new line, "3  4"."""
    if isinstance(printed, list) and isinstance(printed[0], list):
        return "\n".join(_rows(row) for row in printed)
    return "  ".join(_texts(printed))


def _texts(printed):
    """The numbers or words of a nested list as texts, in order."""
    return [str(leaf) for leaf in leaves(printed)]


def _groups(chosen, by):
    if by not in BY:
        raise ValueError(f"claims are grouped by {' or '.join(BY)}, not by {by!r}")
    groups = {}
    for claim in chosen:
        groups.setdefault(BY[by](claim), []).append(claim)
    return (
        dict(sorted(groups.items()))
        if by == "lesson"
        else {id: groups[id] for id in sources() if id in groups}
    )


def _field(claim, name):
    return BY["document"](claim) if name == "document" else getattr(claim, name)


def _title(name):
    """A document by its name and title, a lesson by its number and name."""
    return f"{sources()[name].name}, “{sources()[name].title}”" if name in sources() else _lesson(name)


def _lesson(name):
    """ "04_attention" → "4 · attention"."""
    number, _, rest = name.partition("_")
    return f"{int(number)} · {rest.replace('_', ' ')}"


def _tally(group):
    """Five claims, two of them of one slip → "3 right, 1 slip"."""
    number = {**verdicts(group), "erratum": len(slips(group))}
    nouns = {"erratum": "slip", "remark": "remark", "given": "input"}
    words = {v: _many(number[v], nouns[v]) if v in nouns else f"{number[v]} {v}" for v in FOLDERS}
    return ", ".join(words[v] for v in FOLDERS if number[v]).replace("reproduced", "right")


def _many(number, noun):
    """1, "slip" → "1 slip"; 2, "slip" → "2 slips"."""
    return f"{number} {noun}{'s' * (number != 1)}"
