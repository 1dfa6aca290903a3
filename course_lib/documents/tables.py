"""The tables that `check`, `check_all` and `cite` return: plain text for a terminal, HTML for a lesson.

Digits that differ from the document are underlined in HTML, so that colour is not needed to read it.
"""

from html import escape
from os.path import commonprefix

UNDERLINE = '<u style="text-decoration:underline 2px var(--jp-error-color0,#b3261e)">{}</u>'
# Columns of digits line up, with a line between the computed and the printed ones. JupyterLab takes the var()
# out of a lesson that has not been run, so a plain font comes first.
FONT = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
DIGITS = f"white-space:pre;{FONT};border-right:1px solid #bbb"
WORDS = "white-space:normal"


class Table:
    """A heading, rows of cells with a header row, and a closing line; shows itself in both forms."""

    heading, header, closing, style = "", (), "", WORDS

    def rows(self):
        """The cells: each a text, or a list of (text, agrees) pieces whose wrong ones stand out."""
        raise NotImplementedError

    def __repr__(self):
        cells = [list(self.header)] + [[_text(cell) for cell in row] for row in self.rows()]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.header))]
        lines = ["   ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join(line for line in (self.heading, *lines, self.closing) if line)

    def _repr_html_(self):
        head = "".join(f"<th scope='col' style='text-align:left'>{escape(title)}</th>" for title in self.header)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left;{self.style}'>{_html(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        caption = f"<div>{escape(self.heading)}</div>" if self.heading else ""
        closing = f"<div>{escape(self.closing)}</div>" if self.closing else ""
        return f"<div>{caption}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{closing}</div>"


class Check(Table):
    """One claim against the value a lesson computed: computed, printed, digits agreed, verdict."""

    header, style = ("computed", "printed", "digits agreed"), DIGITS

    def __init__(self, claim, computed):
        self.claim, self.computed = claim, computed
        self.heading = f"{claim.statement}  ({claim.id})"
        self.numeric = not isinstance(claim.printed, bool)
        self.pairs = list(_rows_of(computed, claim.printed))
        self.agreed = sum(_agreed(c, p)[0] for row in self.pairs for c, p in row)
        self.printed = sum(_agreed(c, p)[1] for row in self.pairs for c, p in row)
        self.closing = {
            "reproduced": "reproduced: " + ("every printed digit" if self.numeric else "the document is right"),
            "erratum": f"erratum: {claim.because}",
        }[claim.verdict]

    def rows(self):
        """A row for each row of the printed matrix."""
        width = [max(len(_show(pair[side])) for row in self.pairs for pair in row) for side in (0, 1)]
        for row in self.pairs:
            agreed, total = (sum(n) for n in zip(*(_agreed(c, p) for c, p in row), strict=True))
            computed = "  ".join(_show(c).rjust(width[0]) for c, _ in row)
            printed = [(" " * (width[1] - len(_show(row[0][1]))), True)]
            for i, (c, p) in enumerate(row):
                gap = 2 + width[1] - len(_show(row[i + 1][1])) if i + 1 < len(row) else 0
                printed += [*_marked(c, p), (" " * gap, True)]
            yield computed, printed, f"{agreed} of {total}"


class Summary(Table):
    """Several checks, a row each: for values that need no table of their own."""

    header = ("the document says", "digits agreed", "verdict")

    def __init__(self, checks):
        self.checks = checks

    def rows(self):
        """A row for each claim; an erratum brings its cause."""
        for c in self.checks:
            yield c.claim.statement, f"{c.agreed} of {c.printed}", c.closing


class Citations(Table):
    """Outside facts with their sources."""

    header = ("the document prints", "about", "source")

    def __init__(self, claims):
        self.claims = claims

    def rows(self):
        """A row for each fact, or more where it is a table."""
        for claim in self.claims:
            about = claim.statement or claim.where, claim.source
            for row in _rows_of(claim.printed, claim.printed):
                yield "  ".join(_show(p) for _, p in row), *about
                about = "", ""  # said once for all rows of a fact


def _rows_of(computed, printed):
    """Pairs (computed, printed) of one number or word, a list for each innermost row."""
    if not isinstance(printed, list):
        yield [(computed, printed)]
    elif not isinstance(printed[0], list):
        yield list(zip(computed, printed, strict=True))
    else:
        for c, p in zip(computed, printed, strict=True):
            yield from _rows_of(c, p)


def _agreed(computed, printed):
    """("0.54030", "0.99995") → (1, 6): digits that agree before the first that differs, of how many.

    Words and booleans count as one digit.
    """
    if isinstance(printed, bool) or not any(ch.isdigit() for ch in printed):
        return int(computed == printed), 1
    right, total = _leading(computed, printed), sum(ch.isdigit() for ch in printed)
    return sum(ch.isdigit() for ch in printed[:right]), total


def _leading(computed, printed):
    """("0.54030", "0.54995") → 4: characters of `printed` before the first digit that is wrong.

    A number of another size or sign agrees in nothing, whatever its digits.
    """
    try:
        ours, theirs = (float(side.replace(",", "").removesuffix("%")) for side in (computed, printed))
    except ValueError:
        return 0
    if ours == theirs:
        return len(printed)
    size = [side.partition(".")[0] for side in (computed, printed)]
    return len(commonprefix([computed, printed])) if len(size[0]) == len(size[1]) else 0


def _marked(computed, printed):
    """`printed` cut in two: the leading part that agrees, and the rest, which does not."""
    if isinstance(printed, bool) or not any(ch.isdigit() for ch in printed):
        return [(_show(printed), computed == printed)]
    cut = _leading(computed, printed)
    return [piece for piece in ((printed[:cut], True), (printed[cut:], False)) if piece[0]]


def _show(leaf):
    return {True: "true", False: "false"}[leaf] if isinstance(leaf, bool) else str(leaf)


def _text(cell):
    return cell if isinstance(cell, str) else "".join(text for text, _ in cell)


def _html(cell):
    if isinstance(cell, str):
        return escape(cell)
    return "".join(escape(text) if right else UNDERLINE.format(escape(text)) for text, right in cell)
