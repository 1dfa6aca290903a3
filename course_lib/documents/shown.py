"""What `check`, `check_all`, `cite` and `remark` show: one line in a terminal, and in a lesson the same line with
a table folded behind it.

The table of an erratum stands open. Digits that differ from the document are underlined, so that colour is not needed
to see them.

Long because the same lines and tables are written twice, as text and as HTML.
"""

from html import escape

from .digits import agreed, leaves, marked, rows_of, show

MARK = {"reproduced": "✓", "erratum": "✗", "cited": "→", "remark": "•"}
SHORT = 6  # so many numbers or words have room in the line
UNDERLINE = '<u style="text-decoration:underline 2px var(--jp-error-color0,#b3261e)">{}</u>'
# JupyterLab takes the var() out of a lesson that has not been run, so a plain font comes first.
FONT = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
# Columns of digits line up, with a line between the computed and the printed ones.
DIGITS = f"text-align:left;white-space:pre;{FONT};border-right:1px solid #bbb"
INSIDE = "margin:0.2em 0 0.8em 1.2em"
# What is wider than a narrow page scrolls by itself, also with the keyboard.
WIDE = "<div style='overflow-x:auto' tabindex='0' role='group' aria-label='table'>{}</div>"
SMALL = "<div style='font-size:85%'>{}</div>"
HEADER = ("computed", "printed", "digits agreed")


class Line:
    """One claim in one line, with more behind it: the line is its text, HTML folds the rest."""

    words = 0  # how many parts of the id say what it is about: one alone stands below its cell and needs none

    def __init__(self, claim):
        self.claim = claim

    @property
    def line(self):
        """Mark, document and section, and what there is to say."""
        name = (
            " · " + " ".join(self.claim.id.split(".")[-self.words :]).replace("_", " ") if self.words else ""
        )
        return f"{MARK[self.claim.verdict]} {place(self.claim)}{name}: {self.says()}"

    def __repr__(self):
        return self.line

    def _repr_html_(self):
        state = " open" if self.claim.verdict in ("erratum", "remark") else ""
        inside = self.inside() + SMALL.format(escape(f"{self.claim.id} · {exactly(self.claim)}"))
        summary = f"<summary style='text-align:left'>{escape(self.line)}</summary>"
        return (
            f"<details{state} style='text-align:left'>{summary}<div style='{INSIDE}'>{inside}</div></details>"
        )

    def inside(self):
        """HTML of what is folded: the statement first."""
        return self.said()

    def said(self):
        """The statement, set apart from what is said about it."""
        return f"<div><em>{escape(self.claim.statement)}</em></div>"


class Several:
    """Lines one below the other."""

    def __init__(self, lines):
        self.lines = list(lines)
        ends = [(line.claim.document.id, line.claim.id.split(".")[-1]) for line in self.lines]
        for line, end in zip(self.lines, ends, strict=True):
            line.words = min(ends.count(end), 2) if len(self.lines) > 1 else 0

    def __repr__(self):
        return "\n".join(map(repr, self.lines))

    def _repr_html_(self):
        return f"<div>{''.join(line._repr_html_() for line in self.lines)}</div>"


class Check(Line):
    """One claim against the value that a notebook computed."""

    def __init__(self, claim, computed, other=None):
        super().__init__(claim)
        self.computed, self.other = computed, other
        self.pairs = list(rows_of(computed, claim.printed))
        self.agreed, self.total = (
            sum(n) for n in zip(*(agreed(c, p) for row in self.pairs for c, p in row), strict=True)
        )

    def says(self):
        """The value if it is short, and how much of what is printed it has."""
        case = f" (in the other case: {_words(self.other)})" if self.other else ""
        if self.claim.statement_like:
            if isinstance(self.claim.printed, bool):
                return f"agrees: {_words(self._agrees(self.computed))}{self._case()}"
            printed = f", the document has {_words(leaves(self.claim.printed))}" if self._wrong else ""
            return _words(leaves(self.computed)) + printed + case
        digits = f"{self.agreed} of {self.total} digits"
        if len(leaves(self.claim.printed)) > SHORT:
            return digits + case
        printed = f", printed {_words(leaves(self.claim.printed))}" if self._wrong else ""
        return f"{_words(self._as_printed())}{printed}, {digits}{case}"

    @property
    def _wrong(self):
        return self.claim.verdict == "erratum"

    def _agrees(self, answer):
        return ["yes" if answer == self.claim.printed else "no"]

    def _case(self):
        """The answer of the other case, said as the first one is."""
        if not self.other:
            return ""
        return f" (in the other case: {_words(self._agrees(self.other == ['True']))})"

    def _as_printed(self):
        """The computed digits, with the sign of per cent where one is printed."""
        signs = ["%" if str(leaf).endswith("%") else "" for leaf in leaves(self.claim.printed)]
        computed = leaves(self.computed)
        return (
            [c + sign for c, sign in zip(computed, signs, strict=True)]
            if len(signs) == len(computed)
            else computed
        )

    def rows(self):
        """A row for each row of the printed matrix: computed, printed in pieces (text, agrees), digits agreed."""
        width = [max(len(show(pair[side])) for row in self.pairs for pair in row) for side in (0, 1)]
        for row in self.pairs:
            right, total = (sum(n) for n in zip(*(agreed(c, p) for c, p in row), strict=True))
            computed = "  ".join(show(c).rjust(width[0]) for c, _ in row)
            printed = [(" " * (width[1] - len(show(row[0][1]))), True)]
            for i, (c, p) in enumerate(row):
                gap = 2 + width[1] - len(show(row[i + 1][1])) if i + 1 < len(row) else 0
                printed += [*marked(c, p), (" " * gap, True)]
            yield computed, printed, f"{right} of {total}"

    def as_text(self):
        """Statement, table and line in plain text: for an error, which has nothing to fold."""
        cells = [list(HEADER)] + [[c, "".join(text for text, _ in pieces), n] for c, pieces, n in self.rows()]
        widths = [max(len(row[i]) for row in cells) for i in range(len(HEADER))]
        table = ["   ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([f"{self.claim.statement}  ({self.claim.id})", *table])

    def inside(self):
        """Statement; the table, unless all is in the line; and the cause of an erratum."""
        table = "" if isinstance(self.claim.printed, bool) else self._table()
        return self.said() + table + (paragraph(self.claim.because) if self._wrong else "")

    def _table(self):
        head = "".join(f"<th scope='col' style='text-align:left'>{title}</th>" for title in HEADER)
        body = "".join(
            "<tr>"
            + "".join(f"<td style='{DIGITS}'>{cell}</td>" for cell in (escape(c), _pieces(p), n))
            + "</tr>"
            for c, p, n in self.rows()
        )
        return WIDE.format(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


class Citation(Line):
    """An outside fact with its source."""

    def says(self):
        """What is printed if it is short, and that it is cited."""
        few = leaves(self.claim.printed)
        return ("" if len(few) > SHORT or few == [True] else _words(few) + ", ") + "an outside fact"

    def inside(self):
        """Statement, what is printed, and the source."""
        rows = [[p for _, p in row] for row in rows_of(self.claim.printed, self.claim.printed)]
        cells = ["".join(f"<td style='{DIGITS}'>{escape(show(p))}</td>" for p in row) for row in rows]
        head = "<thead><tr><th scope='col' style='text-align:left'>printed</th></tr></thead>"
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        table = (
            "" if self.claim.printed is True else WIDE.format(f"<table>{head}<tbody>{body}</tbody></table>")
        )
        return self.said() + table + paragraph(self.claim.source)


class Remark(Line):
    """What is to be said of a place where no code can decide."""

    def says(self):
        """The statement itself."""
        return self.claim.statement

    def inside(self):
        """What is to be said; the statement stands in the line."""
        return paragraph(self.claim.because)


def place(claim):
    """Document and section, short: "whitepaper, Self Attention"."""
    return f"{claim.document.name}, {claim.where.split('; ')[0].split(' > ')[-1].rstrip(':')}"


def exactly(claim):
    """Where who has the document finds it: headings and line."""
    lines = f", line{'s' if not claim.line.isdigit() else ''} {claim.line}" if claim.line else ""
    return f"{claim.where}{lines}"


def paragraph(text):
    """A text as HTML, with nothing in it taken for a tag."""
    return f"<div>{escape(text)}</div>"


def _words(some):
    return " ".join(map(str, some))


def _pieces(pieces):
    return "".join(escape(text) if right else UNDERLINE.format(escape(text)) for text, right in pieces)
