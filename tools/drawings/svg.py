"""What drawings are made of: boxes, arrows, labels and grids of numbers, as text; and the file around them.

Every element has a class that names its role in `course_lib.widgets.palette`. A file holds the colours for light and for
dark pages as plain rules, which programs understand that know no custom properties, and has a card of its own as
ground: not every dark page tells its pictures that it is dark.
"""

import math
import re
from html import escape

from course_lib.widgets.palette import DARK, LIGHT, on_weight, tint

FONT = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
SCALE = 1.25  # CSS pixels a unit, where the page is wide enough
SIZE = 14  # of the letters, in units; at 480 units a phone of 390 pixels shows it 10 pixels high
RAISED = re.compile(r"([_^])\{(.*?)\}")  # W_{Q} k^{T}


class Drawing:
    """A picture of width × height units: what is put on it is drawn in that order.

    title, desc: what it is and what it shows, for who cannot see it.
    """

    def __init__(self, width, height, title, desc):
        self.width, self.height, self.title, self.desc = width, height, title, desc
        self.parts = []

    def box(self, x, y, width, height, text="", role="line", size=SIZE, bold=False):
        """A rectangle filled pale and framed in the colour of its role; lines of text stand in its middle."""
        self.parts.append(
            f'<rect class="pale-{role} frame-{role}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
            f'height="{_n(height)}" rx="5"/>'
        )
        lines = text.split("\n") if text else []
        for n, line in enumerate(lines):
            middle = y + height / 2 + (n - (len(lines) - 1) / 2) * 1.25 * size
            self.label(x + width / 2, middle, line, size=size, bold=bold)

    def label(self, x, y, text, role="ink", size=SIZE, anchor="middle", bold=False, ink=None):
        """One line of text whose middle is at height y; _{…} and ^{…} stand lower and higher."""
        if not text:
            return
        pieces, lowered = [], 0.0
        for n, piece in enumerate(RAISED.split(text)):
            if n % 3 == 0 and piece:
                shift = f' dy="{_n(-lowered)}"' if lowered else ""
                pieces.append(f"<tspan{shift}>{escape(piece)}</tspan>" if shift else escape(piece))
                lowered = 0.0
            elif n % 3 == 1:
                mark = piece
            elif n % 3 == 2:
                step = (0.25 if mark == "_" else -0.4) * size
                pieces.append(
                    f'<tspan dy="{_n(step - lowered)}" font-size="{_n(0.72 * size)}">{escape(piece)}</tspan>'
                )
                lowered = step
        look = ink or f"text-{role}"
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text class="{look}" x="{_n(x)}" y="{_n(y + 0.36 * size)}" font-size="{_n(size)}" '
            f'text-anchor="{anchor}"{weight}>{"".join(pieces)}</text>'
        )

    def arrow(self, *points, role="soft", head=True, dashed=False, width=1.6):
        """A line through the points (x, y), its corners rounded, with a head at the last one."""
        path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            near, far = _towards(corner, before, 7), _towards(corner, after, 7)
            path += [
                f"L{_n(near[0])} {_n(near[1])}",
                f"Q{_n(corner[0])} {_n(corner[1])} {_n(far[0])} {_n(far[1])}",
            ]
        size = 6 + 1.4 * width  # of the head
        end = _towards(points[-1], points[-2], size / 2) if head else points[-1]
        path.append(f"L{_n(end[0])} {_n(end[1])}")
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<path class="stroke-{role}" d="{" ".join(path)}" stroke-width="{_n(width)}"{dashes}/>'
        )
        if head:
            self._head(points[-2], points[-1], role, size)

    def _head(self, start, tip, role, size):
        """The triangle at the end of an arrow."""
        angle = math.atan2(tip[1] - start[1], tip[0] - start[0])
        corners = [
            (tip[0] + size * math.cos(angle + a), tip[1] + size * math.sin(angle + a)) for a in (2.7, -2.7)
        ]
        spots = " ".join(f"{_n(px)},{_n(py)}" for px, py in [tip, *corners])
        self.parts.append(f'<polygon class="solid-{role}" points="{spots}"/>')

    def grid(self, x, y, values, role="line", cell=(36, 22), digits=2, write=True, size=12):
        """A matrix of (rows, columns) numbers, or of texts, as cells in the colour of their role."""
        values = [list(row) for row in values]
        wide, high = cell[0] * len(values[0]), cell[1] * len(values)
        self.parts.append(
            f'<rect class="pale-{role} frame-{role}" x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(high)}"/>'
        )
        self._rules(x, y, len(values), len(values[0]), cell, role)
        for i, row in enumerate(values if write else []):
            for j, value in enumerate(row):
                text = value if isinstance(value, str) else number(value, digits)
                self.label(x + (j + 0.5) * cell[0], y + (i + 0.5) * cell[1], text, size=size)
        return wide, high

    def weights(self, x, y, values, cell=(36, 22), digits=2, write=True, allowed=None, size=12):
        """A matrix of numbers from 0 to 1, from paper to ink; where `allowed` is False a cell is hatched."""
        rows, columns = len(values), len(values[0])
        self.parts.append(
            f'<rect class="ground" x="{_n(x)}" y="{_n(y)}" width="{cell[0] * columns}" height="{cell[1] * rows}"/>'
        )
        for i in range(rows):
            for j in range(columns):
                masked = allowed is not None and not allowed[i][j]
                look = 'class="hatched"' if masked else f'class="solid-ink" fill-opacity="{values[i][j]:.2f}"'
                left, top = x + j * cell[0], y + i * cell[1]
                self.parts.append(
                    f'<rect {look} x="{_n(left)}" y="{_n(top)}" width="{cell[0]}" height="{cell[1]}"/>'
                )
                if write and not masked:
                    text = number(values[i][j], digits)
                    on = on_weight(round(float(values[i][j]), 2))
                    self.label(left + cell[0] / 2, top + cell[1] / 2, text, size=size, ink=on)
        self._rules(x, y, rows, columns, cell, "ink", frame=True)

    def _rules(self, x, y, rows, columns, cell, role, frame=False):
        """The lines between the cells of a grid."""
        wide, high, edge = cell[0] * columns, cell[1] * rows, 0 if frame else 1
        d = [f"M{_n(x)} {_n(y + i * cell[1])}h{_n(wide)}" for i in range(edge, rows + 1 - edge)]
        d += [f"M{_n(x + j * cell[0])} {_n(y)}v{_n(high)}" for j in range(edge, columns + 1 - edge)]
        if d:
            self.parts.append(f'<path class="stroke-{role}" d="{"".join(d)}" stroke-width="0.6"/>')

    def frame(self, x, y, width, height, role="ink", dashed=False, round=7):
        """A frame without ground, around what belongs together."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<rect class="stroke-{role}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'rx="{round}" stroke-width="1.6"{dashes}/>'
        )

    def plus(self, x, y, text="+", role="residual"):
        """A sum, or another small operation, as a circle around its sign."""
        self.parts.append(f'<circle class="pale-{role} frame-{role}" cx="{_n(x)}" cy="{_n(y)}" r="13"/>')
        self.label(x, y, text, size=17 if len(text) == 1 else 13, bold=True)

    def svg(self):
        """The file, always the same bytes."""
        body = "\n".join(self.parts)
        used = set(re.findall(r"[\w-]+", " ".join(re.findall(r'class="(.*?)"', body))))
        used |= {"stroke-soft"} if "hatched" in used else set()
        hatch = (
            '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect class="ground" width="6" height="6"/>'
            '<path class="stroke-soft" d="M0 0V6" stroke-width="3"/></pattern></defs>\n'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{_n(SCALE * self.width)}" height="{_n(SCALE * self.height)}" role="img" '
            f'aria-labelledby="title desc" font-family="{FONT}">\n'
            f'<title id="title">{escape(self.title)}</title>\n<desc id="desc">{escape(self.desc)}</desc>\n'
            f"<style>\n{rules(LIGHT, used)}\n@media (prefers-color-scheme: dark) {{\n{rules(DARK, used)}\n}}\n</style>\n"
            f"{hatch if 'hatched' in used else ''}"
            f'<rect class="ground" width="{self.width}" height="{self.height}" rx="10"/>\n{body}\n</svg>\n'
        )


def rules(theme, used):
    """The CSS rules of a theme (role → colour) for the classes that are used, as text."""
    found = {"ground": f"fill: {theme['paper']}", "hatched": "fill: url(#hatch)"}
    for role, colour in theme.items():
        found |= {
            f"text-{role}": f"fill: {colour}",
            f"solid-{role}": f"fill: {colour}",
            f"pale-{role}": f"fill: {tint(theme, role)}",
            f"frame-{role}": f"stroke: {colour}; stroke-width: 1.4",
            f"stroke-{role}": f"stroke: {colour}; fill: none",
        }
    for level, colour in zip(("low", "middle", "high"), _digits(theme), strict=True):
        found[level] = f"fill: {colour}"
    return "\n".join(f".{name} {{ {found[name]} }}" for name in found if name in used | {"ground"})


def _digits(theme):
    """The colours of digits on a low, a middle and a high weight."""
    return ("#000000", "#000000", "#ffffff") if theme is LIGHT else ("#ffffff", "#000000", "#000000")


def number(value, digits=2):
    """A number with so many digits behind the point, a true minus sign, and no negative zero.

    >>> number(-0.5), number(-0.001), number(3.0, 0)
    ('−0.50', '0.00', '3')
    """
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def _towards(start, end, distance):
    """The point `distance` away from start on the way to end."""
    length = math.dist(start, end)
    share = min(1, distance / length) if length else 0
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _n(value):
    """A coordinate with at most one digit behind the point."""
    return f"{round(float(value), 1) + 0.0:g}"
