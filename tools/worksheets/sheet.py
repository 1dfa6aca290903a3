"""A worksheet: steps of words and tables, some of whose boxes are left empty, and the same with the answers in them."""

from dataclasses import dataclass, field
from html import escape

import numpy as np

__all__ = ["Sheet", "Step", "Table", "page"]


@dataclass(frozen=True)
class Table:
    """A number, a row or a matrix with a name. `blank`: True for empty boxes, or a mask of those that are empty.

    digits  behind the point; whole numbers and words are shown as they are.
    rows, columns  what stands before each row and above each column.
    """

    name: str
    values: object
    blank: object = False
    digits: int = 2
    rows: tuple = ()
    columns: tuple = ()

    def html(self, answers):
        """The table with its blanks empty, or filled with the answers."""
        values = np.atleast_2d(np.asarray(self.values, dtype=object))
        blank = np.broadcast_to(self.blank, values.shape)
        head = "".join(f"<th>{escape(str(one))}</th>" for one in self.columns)
        lines = [f"<tr>{'<th></th>' if self.rows else ''}{head}</tr>"] if self.columns else []
        for i, row in enumerate(values):
            first = f"<th>{escape(str(self.rows[i]))}</th>" if self.rows else ""
            lines.append(f"<tr>{first}{''.join(map(self._box, row, blank[i], [answers] * len(row)))}</tr>")
        return f"<figure><figcaption>{self.name}</figcaption><table>{''.join(lines)}</table></figure>"

    def _box(self, value, blank, answers):
        if blank and not answers:
            return "<td class='blank'></td>"
        return f"<td{' class=answer' if blank else ''}>{escape(self.text(value))}</td>"

    def text(self, value):
        """A value as it is printed: -0.004 to two digits is 0.00."""
        if isinstance(value, str | bool | np.bool_ | int | np.integer):
            return str(value)
        return f"{round(float(value), self.digits) + 0.0:.{self.digits}f}"


@dataclass(frozen=True)
class Step:
    """What is to be done, in HTML, and the tables that it is done with."""

    words: str
    tables: list = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """The worksheet of one lesson."""

    lesson: str  # 04_attention
    title: str
    steps: list

    def blanks(self):
        """How many boxes are to be filled in."""
        return sum(
            int(
                np.broadcast_to(
                    table.blank, np.atleast_2d(np.asarray(table.values, dtype=object)).shape
                ).sum()
            )
            for step in self.steps
            for table in step.tables
        )


STYLE = """
@page { size: A4; margin: 16mm 16mm 18mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.45 "DejaVu Sans", system-ui, sans-serif; color: #111; max-width: 178mm; margin: 0 auto; padding: 0; }
header { display: flex; justify-content: space-between; border-bottom: 1.5pt solid #111; padding-bottom: 2mm; }
h1 { font-size: 16pt; margin: 4mm 0 1mm; }
ol { padding-left: 6mm; }
ol > li { margin: 5mm 0; break-inside: avoid; }
p { margin: 0 0 2mm; }
.tables { display: flex; flex-wrap: wrap; gap: 3mm 8mm; align-items: flex-end; }
figure { margin: 0; }
figcaption { font-style: italic; margin-bottom: 1mm; }
table { border-collapse: collapse; }
td { border: 0.6pt solid #555; min-width: 13mm; height: 8mm; padding: 0 1.5mm; text-align: right; font-variant-numeric: tabular-nums; }
td.blank { background: #fff; border: 1pt solid #111; min-width: 17mm; }
td.answer { background: #e7f0e7; font-weight: bold; }
th { font-weight: normal; font-size: 9pt; padding: 0 1.5mm; text-align: center; color: #333; }
footer { margin-top: 6mm; font-size: 8.5pt; color: #444; }
"""


def page(sheet, answers, seed):
    """The sheet as a page of HTML that prints on A4."""
    steps = "".join(
        f"<li><p>{step.words}</p><div class='tables'>{''.join(t.html(answers) for t in step.tables)}</div></li>"
        for step in sheet.steps
    )
    number = sheet.lesson[:2]
    who = "Answers" if answers else "Name ____________________________"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{number} {escape(sheet.title)}{", answers" if answers else ""}</title>
<style>{STYLE}</style></head>
<body><header><span>GPT by Hand · lesson {number}</span><span>{who}</span></header>
<h1>{escape(sheet.title)}</h1>
<ol>{steps}</ol>
<footer>Sheet {number}, numbers {seed}. Round at the end only; the answers are computed from exact numbers.</footer>
</body></html>
"""
