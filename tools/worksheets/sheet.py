"""A worksheet: steps of words and tables, some of whose boxes are left empty, and the same with the answers in them."""

from dataclasses import dataclass, field
from html import escape

import numpy as np

__all__ = ["Sheet", "Step", "Table", "page"]


@dataclass(frozen=True)
class Table:
    """A number, a row or a matrix with a name. `blank`: True for empty boxes, or a mask of those that are empty.

    digits  behind the point; whole numbers and words are shown as they are.
    struck  a mask of what is to be struck out: the answers show it so.
    rows, columns  what stands before each row and above each column.
    """

    name: str
    values: object
    blank: object = False
    digits: int = 2
    rows: tuple = ()
    columns: tuple = ()
    struck: object = False

    def html(self, answers):
        """The table with its blanks empty, or filled with the answers."""
        values = np.atleast_2d(np.asarray(self.values, dtype=object))
        blank, struck = (np.broadcast_to(mask, values.shape) for mask in (self.blank, self.struck))
        head = "".join(f"<th>{escape(str(one))}</th>" for one in self.columns)
        lines = [f"<tr>{'<th></th>' if self.rows else ''}{head}</tr>"] if self.columns else []
        for i, row in enumerate(values):
            first = f"<th>{escape(str(self.rows[i]))}</th>" if self.rows else ""
            lines.append(
                f"<tr>{first}{''.join(map(self._box, row, blank[i], struck[i], [answers] * len(row)))}</tr>"
            )
        return f"<figure><figcaption>{self.name}</figcaption><table>{''.join(lines)}</table></figure>"

    def _box(self, value, blank, struck, answers):
        if blank and not answers:
            return "<td class='blank'></td>"
        text = f"<s>{escape(self.text(value))}</s>" if struck and answers else escape(self.text(value))
        return f"<td{' class=answer' if blank else ''}>{text}</td>"

    def text(self, value):
        """A value as it is printed: -0.004 to two digits is 0.00, and a minus is as long as a plus."""
        if isinstance(value, str | bool | np.bool_):
            return str(value)
        if isinstance(value, int | np.integer):
            return f"{value}".replace("-", "−")
        return f"{round(float(value), self.digits) + 0.0:.{self.digits}f}".replace("-", "−")


@dataclass(frozen=True)
class Step:
    """What is to be done, in HTML, the tables that it is done with, and where it asks for words the answer in words."""

    words: str
    tables: list = field(default_factory=list)
    says: str = ""

    def html(self, answers):
        """The step with its tables; for words there is a line, or the answer on it."""
        line = (
            f"<p class='{'said' if answers else 'line'}'>{escape(self.says) if answers else ''}</p>"
            if self.says
            else ""
        )
        return f"<li><p>{self.words}</p><div class='tables'>{''.join(t.html(answers) for t in self.tables)}</div>{line}</li>"


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
@page { size: A4; margin: 14mm 16mm 13mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.45 "DejaVu Sans", system-ui, sans-serif; color: #111; max-width: 178mm; margin: 0 auto; padding: 0; }
header { display: flex; justify-content: space-between; border-bottom: 1.5pt solid #111; padding-bottom: 2mm; }
h1 { font-size: 16pt; margin: 4mm 0 1mm; }
ol { padding-left: 6mm; }
ol > li { margin: 4mm 0; break-inside: avoid; }
p { margin: 0 0 2mm; }
.tables { display: flex; flex-wrap: wrap; gap: 2mm 8mm; align-items: flex-end; }
figure { margin: 0; }
figcaption { font-style: italic; margin-bottom: 1mm; }
table { border-collapse: collapse; }
td { border: 0.6pt solid #555; min-width: 13mm; height: 8mm; padding: 0 1.5mm; text-align: right; font-variant-numeric: tabular-nums; }
td.blank { background: #fff; border: 1pt solid #111; min-width: 17mm; }
td.answer { background: #e7f0e7; font-weight: bold; min-width: 17mm; }
p.line { border-bottom: 0.6pt solid #555; height: 9mm; margin: 0; }
p.said { background: #e7f0e7; font-weight: bold; padding: 1mm 1.5mm; margin: 2mm 0 0; }
th { font-weight: normal; font-size: 9pt; padding: 0 1.5mm; text-align: center; color: #333; }
footer { margin-top: 4mm; break-before: avoid; font-size: 8.5pt; color: #444; }
"""


def page(sheet, answers, seed):
    """The sheet as a page of HTML that prints on A4."""
    steps = "".join(step.html(answers) for step in sheet.steps)
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
