"""The whole ledger on one page: claims in folders that open with a click, by lesson or by document.

The folders are plain HTML, `<details>`, so they open without a kernel, without scripts and on GitHub.
"""

from html import escape
from pathlib import PurePosixPath

from .digits import leaves
from .entries import VERDICTS, claims, verdicts

BY = {"lesson": lambda claim: claim.chapter, "document": lambda claim: claim.id.split(".")[0]}
CELL = "<td style='text-align:left;vertical-align:top;white-space:pre-line'>{}</td>"
SMALL = "<br><span style='font-size:85%'>{}</span>"
INDENT = "style='margin-left:1.2em'"
COLUMNS = ("the document says", "prints", "why, or source")
HEAD = "".join(f"<th style='text-align:left'>{title}</th>" for title in COLUMNS)


def select(verdict=None, document=None, chapter=None, word=None):
    """The claims that fit every filter that is given, in the order of the ledger.

    `word` is looked for in id, statement, cause and source, in capitals or not. Raises ValueError for a
    verdict, document or chapter that no claim has.

    >>> [claim.id for claim in select(verdict="erratum", word="even positions")]
    ['whitepaper.positions.sin_for_even_positions']
    """
    wanted = {"verdict": verdict, "document": document, "chapter": chapter}
    chosen = list(claims().values())
    for name, value in wanted.items():
        if value is not None:
            known = {_field(claim, name) for claim in claims().values()}
            if value not in known:
                raise ValueError(f"no claim has the {name} {value!r}; there are {', '.join(sorted(known))}")
            chosen = [claim for claim in chosen if _field(claim, name) == value]
    if word is not None:
        chosen = [c for c in chosen if word.lower() in f"{c.id} {c.statement} {c.because} {c.source}".lower()]
    return chosen


def crossed(by="lesson"):
    """How many claims have each verdict: dict from lesson (or document) to dict from verdict to count.

    >>> crossed("document")["lecture-notes"]["erratum"]
    7
    """
    groups = _groups(claims().values(), by)
    return {name: verdicts(group) for name, group in groups.items()}


class Ledger:
    """A list of claims as a page of folders: one for each lesson (or document), and in it one for each verdict.

    lessons: paths from the page to the notebooks that exist, such as "04_attention.ipynb" or
    "checked/04_attention_checked.ipynb"; only these become links.
    Few claims are shown with all folders open. Raises ValueError for a `by` other than lesson and document.

    >>> Ledger(select(word="even positions"), by="document")
    whitepaper: 1 erratum
    """

    def __init__(self, chosen, lessons=(), by="lesson"):
        self.claims, self.by = list(chosen), by
        self.lessons = {PurePosixPath(path).stem: path for path in lessons}
        self.groups = _groups(self.claims, by)

    def __repr__(self):
        lines = [f"{_title(name)}: {_tally(group)}" for name, group in self.groups.items()]
        return "\n".join(lines) or "no claim fits"

    def _repr_html_(self):
        return f"<div>{''.join(self._folder(*group) for group in self.groups.items()) or 'no claim fits'}</div>"

    def _folder(self, name, group):
        inside = ""
        for verdict in VERDICTS:
            fitting = [claim for claim in group if claim.verdict == verdict]
            if fitting:
                rows = "".join(self._row(claim) for claim in fitting)
                table = f"<table><tr>{HEAD}</tr>{rows}</table>"
                inside += f"<details {INDENT}{self._open}><summary>{_tally(fitting)}</summary>{table}</details>"
        return f"<details{self._open}><summary><b>{_title(name)}</b>: {_tally(group)}</summary>{inside}</details>"

    @property
    def _open(self):
        return " open" if len(self.claims) <= 10 else ""

    def _row(self, claim):
        lesson = escape(_title(claim.chapter))
        if claim.chapter in self.lessons:
            lesson = f"<a href='{self.lessons[claim.chapter]}'>{lesson}</a>"
        says = escape(claim.statement) + SMALL.format(f"{escape(claim.id)} · {escape(claim.where)} · lesson {lesson}")
        reason = escape(claim.because or claim.source)
        return f"<tr>{CELL.format(says)}{CELL.format(escape(digits(claim)))}{CELL.format(reason)}</tr>"


def digits(claim):
    """What the document prints, a line for each row; for an erratum only what is wrong, and what is right.

    >>> digits(claims()["whitepaper.softmax.percent"]), digits(claims()["shape-notes.overview.concepts"])
    ('65%  24%  11%', '3 → 5')
    """
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


def _groups(chosen, by):
    if by not in BY:
        raise ValueError(f"claims are grouped by {' or '.join(BY)}, not by {by!r}")
    groups = {}
    for claim in chosen:
        groups.setdefault(BY[by](claim), []).append(claim)
    return dict(sorted(groups.items())) if by == "lesson" else groups


def _field(claim, name):
    return BY["document"](claim) if name == "document" else getattr(claim, name)


def _title(name):
    """"04_attention" → "4 · attention"; a document keeps its name."""
    number, _, rest = name.partition("_")
    return f"{int(number)} · {rest.replace('_', ' ')}" if number.isdigit() else name


def _tally(group):
    """Five claims, two of them errata → "3 reproduced, 2 errata"."""
    plural = {"erratum": "errata", "remark": "remarks"}
    return ", ".join(f"{n} {plural.get(v, v) if n > 1 else v}" for v, n in verdicts(group).items() if n)



def _texts(printed):
    """The numbers, words or booleans of a nested list as texts, in order."""
    return [str(leaf).lower() if isinstance(leaf, bool) else str(leaf or "") for leaf in leaves(printed)]
