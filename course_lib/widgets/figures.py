"""The figures of the lessons: plain arrays become a matplotlib Figure and a one-line summary.

No pyplot: a figure belongs to the cell that asked for it, and nothing is left open behind it.
Colours are those of `palette`: weights run from paper to ink, a table with signs from one end to the other, and a label
that names queries, keys, values or a gradient has their colour.

Long because every kind of figure stands here, a function each.
"""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import CenteredNorm, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.widgets.labels import choose_fonts, written
from course_lib.widgets.labels import columns as width_of
from course_lib.widgets.palette import FIGURE, SERIES, colormap, mix, role_of

PALETTE = SERIES["light"]
INK, PAPER, SOFT, LINE = (FIGURE[role] for role in ("ink", "paper", "soft", "line"))
WIDEST = 11  # inches of a figure; a page shows about 8 of them in full size
STYLES = ["-", "--", "-.", ":"]  # lines differ in style as well as in colour


class Picture:
    """A figure with the sentence that says what it shows; a notebook displays it as a PNG."""

    def __init__(self, figure, summary):
        self.figure, self.summary = figure, summary
        choose_fonts(figure)
        for axis in figure.axes:
            _in_colours(axis)

    def __repr__(self):
        return self.summary

    def _repr_png_(self):
        FigureCanvasAgg(self.figure)
        png = io.BytesIO()
        # No "Software" entry: the file would change with every release of matplotlib.
        look = {"dpi": 110, "bbox_inches": "tight", "pad_inches": 0.16}
        self.figure.savefig(png, format="png", metadata={"Software": None}, **look)
        return png.getvalue()


def _in_colours(axis):
    """Frame and words in ink, on the ground of the figure; a word that names a role in its colour."""
    axis.set_facecolor(PAPER)
    axis.tick_params(color=LINE, labelcolor=INK)
    axis.spines[:].set_color(LINE)
    for text in (axis.title, axis.xaxis.label, axis.yaxis.label):
        text.set_color(FIGURE[role_of(text.get_text())])


def new_axes(width=6.4, height=3.2, columns=1, **keywords):
    """An empty Figure of this size in inches and its axes, without the frame's upper and right sides."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    axes = figure.subplots(1, columns, **keywords)
    for one in np.atleast_1d(axes):
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def heatmap(panels, rows, columns, allowed=None, xlabel="", ylabel="", digits=2, limits=None):
    """Matrices side by side, as far as there is room, as coloured cells, values printed inside where they fit.

    panels: dict title → (T, S) array; rows, columns: T and S labels. `allowed` (T, S): cells where it
    is False are hatched, because a masked cell is absent, not small. All panels share one scale, `limits`:
    (low, high), or else from their smallest to their largest value. Values of both signs get a diverging colour scale centred on 0.
    Raises ValueError when the labels and the matrix differ in length.
    """
    panels = {title: np.asarray(values, dtype=float) for title, values in panels.items()}
    for title, values in panels.items():
        if values.shape != (len(rows), len(columns)):
            raise ValueError(
                f"{title!r} has shape {values.shape}, the labels say ({len(rows)}, {len(columns)})"
            )
    rows, columns = _written(rows), _written(columns)
    cell = 0.62 if len(columns) <= 14 else 9 / len(columns)
    width = cell * len(columns) + 0.16 * max(map(width_of, rows))
    across = max(1, min(len(panels), int(WIDEST / width)))  # panels in a line; the others stand below
    down = -(-len(panels) // across)
    size = (across * width + 0.4, down * (min(cell * len(rows), 4.5) + 0.7) + 0.3)
    figure = Figure(figsize=size, layout="constrained", facecolor=PAPER)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for empty in axes[len(panels) :]:
        empty.remove()
    if allowed is not None:
        panels = {title: np.where(allowed, values, np.nan) for title, values in panels.items()}
    scale = _scale(panels.values(), limits)
    for axis, (title, values) in zip(axes, panels.items(), strict=False):
        _cells(axis, values, digits, scale, write=len(columns) <= 14)
        axis.set_title(written(title), fontsize=10)
        axis.set(xlabel=written(xlabel), ylabel=written(ylabel))
        axis.set_xticks(*_ticks(columns), rotation=0 if _short(columns, cell) else 45)
        axis.set_yticks(*_ticks(rows))
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
    return Picture(figure, f"Heat map, {len(rows)} × {len(columns)}: {', '.join(panels)}")


def _scale(panels, limits):
    """(norm, colours) for all panels of a figure: equal colours are equal numbers, in whichever panel."""
    finite = np.concatenate([values[np.isfinite(values)] for values in panels])
    both_signs = finite.size and finite.min() < 0 < finite.max()
    if limits:
        norm = Normalize(*limits)
    elif both_signs:
        norm = CenteredNorm(halfrange=np.abs(finite).max())
    else:
        norm = Normalize(finite.min(), finite.max()) if finite.size else Normalize()
    return norm, colormap("signed" if both_signs else "weights", FIGURE)


def _cells(axis, values, digits, scale, write):
    norm, colours = scale
    axis.imshow(values, cmap=colours, norm=norm, aspect="equal" if write else "auto", interpolation="nearest")
    for (t, s), number in np.ndenumerate(values):
        if not np.isfinite(number):
            axis.add_patch(Rectangle((s - 0.5, t - 0.5), 1, 1, fc=PAPER, ec=LINE, hatch="////", lw=0))
        elif write:
            ink = ink_on(to_hex(colours(norm(number))))
            axis.text(s, t, f"{number:.{digits}f}", ha="center", va="center", color=ink, fontsize=9)
    if write:  # a line between the cells, so that a weight of 0 is seen too
        for edge, draw in ((values.shape[1], axis.axvline), (values.shape[0], axis.axhline)):
            for at in range(edge + 1):
                draw(at - 0.5, color=mix(PAPER, LINE, 0.5), lw=0.6)


def ink_on(colour):
    """Black or white, whichever is read more easily on this colour.

    >>> ink_on("#eeece6"), ink_on("#1f2328")
    ('black', 'white')
    """
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in _channels(colour)]
    return "black" if np.dot(linear, [0.2126, 0.7152, 0.0722]) > 0.179 else "white"


def _channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _written(labels):
    return [written(label) for label in labels]


def _ticks(labels):
    """Positions and labels of an axis, thinned to at most 16."""
    step = max(1, -(-len(labels) // 16))
    return list(range(0, len(labels), step)), labels[::step]


def _short(labels, cell):
    return max(map(width_of, labels)) * 0.09 <= cell


def lines(x, curves, xlabel, ylabel, log=False, floors=None):
    """Curves over a common x: dict name → y. `floors`: dict name → height of a thin grey line.

    `log` puts both axes on logarithmic scales, `log="x"` the horizontal one alone.
    """
    figure, axis = new_axes(width=7.4)
    for i, (name, y) in enumerate(curves.items()):
        axis.plot(x, y, STYLES[i % 4], color=_colour(name, i), lw=1.8, marker="o" if len(x) < 12 else "")
    drawn = list(axis.lines)
    for name, height in (floors or {}).items():
        axis.axhline(height, color=SOFT, lw=1, ls=":")
        # below: curves come from above
        axis.annotate(written(name), (x[-1], height), (0, -2), textcoords="offset points",
                      ha="right", va="top", fontsize=9, color=SOFT)  # fmt: skip
        axis.margins(y=0.1)
    if log:
        axis.set(xscale="log", yscale="linear" if log == "x" else "log")
        axis.set_xticks(x, [str(value) for value in x], minor=False)
        axis.set_xticks([], minor=True)
    elif all(isinstance(value, int) for value in x):
        axis.xaxis.get_major_locator().set_params(integer=True)  # there is no word 2.5
    axis.set(xlabel=written(xlabel), ylabel=written(ylabel))
    if len(curves) > 1 or floors:
        figure.legend(drawn, _written(curves), loc="outside right upper", frameon=False, fontsize=9)
    return Picture(figure, f"{ylabel} against {xlabel}: {', '.join(curves)}")


def _colour(name, i):
    """The colour of the role that a name says, or else the i-th of those for what has no role."""
    role = role_of(name)
    return PALETTE[i % 7] if role == "ink" else FIGURE[role]


def bars(labels, panels, ylabel, high=None):
    """Bar charts side by side on one scale: dict title → heights, a bar for each label, values on top."""
    figure, axes = new_axes(max(6.4, 2.1 * len(panels)), 2.9, columns=len(panels), sharey=True)
    shown = _written(labels)
    for axis, (title, heights) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        axis.bar(range(len(labels)), heights, color=SOFT, width=0.7)
        for i, height in enumerate(heights):
            axis.text(i, height, f"{height:.2f}", ha="center", va="bottom", fontsize=8, color=INK)
        axis.set_xticks(range(len(shown)), shown, rotation=0 if _short(shown, 0.5) else 45)
        axis.set_title(written(title), fontsize=10)
    np.atleast_1d(axes)[0].set(ylabel=written(ylabel), ylim=(0, high))
    return Picture(figure, f"{ylabel} of {', '.join(map(str, labels))}: {', '.join(panels)}")


def arrows(panels, limit):
    """Vectors of the plane from the origin: dict title → dict name → (x, y); axes from −limit to limit."""
    figure, axes = new_axes(3.1 * len(panels), 3.1, columns=len(panels))
    for axis, (title, vectors) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        axis.axhline(0, color=LINE, lw=0.6)
        axis.axvline(0, color=LINE, lw=0.6)
        for i, (name, (x, y)) in enumerate(vectors.items()):
            colour = _colour(name, i)
            tip = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
            axis.annotate("", (x, y), (0, 0), arrowprops=tip)
            axis.annotate(written(name), (x, y), (6 * np.sign(x), 6 * np.sign(y)), textcoords="offset points", fontsize=9,
                          ha="left" if x >= 0 else "right", va="bottom" if y >= 0 else "top", color=colour)  # fmt: skip
        axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        axis.set_title(written(title), fontsize=10)
    return Picture(figure, f"Arrows in the plane: {', '.join(panels)}")


def token_rows(rows):
    """One text cut into tokens in several ways: dict label → tokens, a box for each token, ␣ for a space.

    Tokens are bytes, or str. A box is as wide as its token has bytes, and the longer, the darker. A byte that is
    only a part of a character stands as two digits, C3. Raises ValueError when the rows do not spell one text.
    """
    rows = {label: [_bytes(token) for token in tokens] for label, tokens in rows.items()}
    texts = {b"".join(tokens) for tokens in rows.values()}
    if len(texts) != 1:
        raise ValueError(f"the rows spell {len(texts)} different texts, expected one")
    (text,) = texts
    figure, axis = new_axes(width=min(9.5, 2 + 0.16 * len(text)), height=0.5 * len(rows) + 0.2)
    for y, tokens in enumerate(rows.values()):
        x = 0
        for token in tokens:
            ground = mix(PAPER, INK, _shade_of(token))
            axis.add_patch(Rectangle((x, y - 0.36), len(token), 0.72, fc=ground, ec=SOFT, lw=0.8))
            for piece, width in _pieces(token):
                # points, of which a byte has 11 or fewer
                size = min(9, 1.6 * min(11, 540 / len(text)) * width / width_of(piece))
                axis.text(
                    x + width / 2,
                    y,
                    piece,
                    ha="center",
                    va="center",
                    fontsize=size,
                    family="monospace",
                    color=ink_on(ground),
                )
                x += width
    axis.set(xlim=(-0.2, len(text) + 0.2), ylim=(len(rows) - 0.4, -0.6), xticks=[])
    axis.set_yticks(
        range(len(rows)), [f"{written(label)}: {len(tokens)} tokens" for label, tokens in rows.items()]
    )
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    counts = ", ".join(f"{label} {len(tokens)}" for label, tokens in rows.items())
    return Picture(figure, f"Tokens of {text.decode('utf-8', 'replace')!r}: {counts}")


def _shade_of(token):
    """How far a token of so many bytes is from paper to ink; BPEExplorer shades its tokens alike."""
    return min(0.04 + 0.08 * max(len(token) - 1, 0), 0.6)


def _bytes(token):
    return token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token


def _pieces(token):
    """The characters of a token and how many bytes each has; a byte that is none by itself as its two digits."""
    for character in token.decode("utf-8", "surrogateescape"):
        if "\udc80" <= character <= "\udcff":  # so Python writes a byte that is no UTF-8
            yield f"{ord(character) - 0xDC00:02X}", 1
        else:
            piece = written(character.replace(" ", "␣"))
            # "‹4F60›" without its hooks
            yield piece if len(piece) <= 2 else piece[1:-1], len(character.encode())


def word_map(groups, xlabel="", ylabel=""):
    """Words as points of the plane: dict group → dict word → (x, y); a colour and a marker for each group.

    A word stands beside its point, or in the nearest free place with a thin line to its point.
    Raises ValueError for more groups than there are colours.
    """
    if len(groups) > len(PALETTE):
        raise ValueError(f"{len(groups)} groups, but only {len(PALETTE)} colours that stay apart")
    figure, axis = new_axes(width=8.2, height=5.2)
    points = np.array([place for words in groups.values() for place in words.values()], dtype=float)  # (N, 2)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    letter, line = 0.017 * size[0], 0.042 * size[1]  # about the width and the height of a printed letter
    # where no word may stand
    taken = [(x - letter / 2, y - line / 2, x + letter / 2, y + line / 2) for x, y in points]
    for colour, marker, (group, words) in zip(PALETTE, "osD^vPX", groups.items(), strict=False):
        axis.scatter(*np.transpose(list(words.values())), 20, color=colour, marker=marker, zorder=3)
        for word, (x, y) in sorted(words.items(), key=lambda item: item[1][1]):
            word = written(word)
            width = (width_of(word) + 0.5) * letter
            left, bottom = _free_place(x, y, width, line, letter, taken)
            right, middle = left + width, bottom + line / 2
            taken.append((left, bottom, right, bottom + line))
            # the end of the word near its point
            edge, side = (left, "left") if left > x else (right, "right")
            axis.plot([x, edge], [y, middle], color=colour, lw=0.6, alpha=0.6)
            axis.text(edge, middle, word, ha=side, va="center", fontsize=9, color=INK)
    (left, bottom), (right, top) = low - 0.16 * size, low + 1.16 * size
    axis.set(xlabel=written(xlabel), ylabel=written(ylabel), xlim=(left, right), ylim=(bottom, top))
    axis.tick_params(labelsize=8)
    figure.legend(axis.collections, _written(groups), loc="outside right upper", frameon=False, fontsize=9)
    return Picture(figure, f"Map of {len(points)} words: {', '.join(groups)}")


def _free_place(x, y, width, height, gap, taken):
    """Left and bottom of the place nearest to the point where a box of this size covers none of those taken."""
    for step in range(100):
        for up in (step, -step):
            for left in (x + gap, x - gap - width):
                right, bottom, top = left + width, y + (up - 0.5) * height, y + (up + 0.5) * height
                if not any(left < r and le < right and bottom < t and b < top for le, b, r, t in taken):
                    return left, bottom
    return x + gap, y


def regions(panels, x1, x2, points, level=0.5):
    """Outputs of networks over the plane: dict title → (len(x2), len(x1)) array, on one colour scale.

    A line runs where the output is `level`. points: (x1, x2, class) triples, drawn as a circle for
    class 0 and a square for class 1, with the class written inside.
    Raises ValueError when a panel does not have a row for each x2 and a column for each x1.
    """
    panels = {title: np.asarray(values, dtype=float) for title, values in panels.items()}
    for title, values in panels.items():
        if values.shape != (len(x2), len(x1)):
            raise ValueError(f"{title!r} has shape {values.shape}, x2 and x1 say ({len(x2)}, {len(x1)})")
    high = max(values.max() for values in panels.values())
    figure, axes = new_axes(2.9 * len(panels) + 0.7, 3.1, columns=len(panels))
    for axis, (title, values) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        shades = axis.pcolormesh(
            x1, x2, values, cmap=colormap("weights", FIGURE), vmin=0, vmax=high, shading="nearest"
        )
        if values.min() < level < values.max():
            for colour, width in (("white", 3.5), ("black", 1.4)):  # seen on any shade
                axis.contour(x1, x2, values, levels=[level], colors=colour, linewidths=width)
        for a, b, one in points:
            axis.plot(a, b, "s" if one else "o", ms=15, color="black" if one else "white", mec="#888888")
            ink = "white" if one else "black"
            axis.text(a, b, f"{one:.0f}", ha="center", va="center", color=ink, fontsize=9)
        axis.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 1], yticks=[0, 1], aspect="equal")
        axis.set_title(written(title), fontsize=10)
    figure.colorbar(shades, ax=axes, label="output", shrink=0.8)
    return Picture(figure, f"Outputs over the plane: {', '.join(panels)}")


def paths(panels, x, y, heights, xlabel="", ylabel=""):
    """Walks over a landscape: dict title → (N, 2) points, drawn on the contour lines of heights (len(y), len(x)).

    Each walk starts at the open circle and ends at the full one; what leaves the landscape is cut off.
    """
    figure, axes = new_axes(2.9 * len(panels), 2.9, columns=len(panels), sharey=True)
    levels = np.quantile(heights, [0.02, 0.08, 0.2, 0.4, 0.6, 0.8])
    for axis, (title, points) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        points = np.asarray(points)
        axis.contour(x, y, heights, levels, colors=LINE, linewidths=0.6)
        axis.plot(*points.T, "o-", color=FIGURE["gradient"], lw=1.2, ms=2.5)
        axis.plot(*points[0], "o", mfc="white", mec=INK, ms=8, mew=1.8)
        axis.plot(*points[-1], "o", color=INK, ms=7)
        axis.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel=written(xlabel))
        axis.set_title(written(title), fontsize=10)
    np.atleast_1d(axes)[0].set(ylabel=written(ylabel))
    return Picture(figure, f"Walks over a landscape: {', '.join(panels)}")


def pictures(panels, columns=3, cell=None, limits=None):
    """Small images in a grid, dark where they are large: dict title → (height, width) array.

    `cell`: pixels along the side of a patch, whose borders are drawn. All share one scale, `limits`: (low, high), or
    else from their smallest to their largest value. Raises ValueError for an array that is not (height, width).
    """
    rows = -(-len(panels) // columns)
    height, width = np.shape(next(iter(panels.values())))[:2]
    figure = Figure(
        figsize=(2.6 * columns, rows * (2.6 * height / width + 0.35)), layout="constrained", facecolor=PAPER
    )
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axis in axes:
        axis.axis("off")
    for title, values in panels.items():
        if np.ndim(values) != 2:
            raise ValueError(f"{title!r} has shape {np.shape(values)}, a picture has (height, width)")
    low, high = limits or (min(map(np.min, panels.values())), max(map(np.max, panels.values())))
    for axis, (title, values) in zip(axes, panels.items(), strict=False):
        axis.imshow(values, cmap=colormap("weights", FIGURE), vmin=low, vmax=high, interpolation="nearest")
        axis.set_title(written(title), fontsize=10)
        axis.axis("on")
        axis.tick_params(length=0, labelbottom=False, labelleft=False)
        axis.set_xticks(np.arange(cell or width, width, cell or width) - 0.5)
        axis.set_yticks(np.arange(cell or height, height, cell or height) - 0.5)
        axis.grid(color=LINE, lw=0.6)
    return Picture(figure, f"{len(panels)} pictures: {', '.join(panels)}")
