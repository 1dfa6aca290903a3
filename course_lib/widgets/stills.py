"""The stills of live pictures that show more than one figure does: what stands there where nothing runs."""

import numpy as np
from matplotlib.colors import CenteredNorm, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from course_lib.widgets.figures import INK, LINE, PALETTE, PAPER, SOFT, Picture, ink_on
from course_lib.widgets.labels import written
from course_lib.widgets.palette import FIGURE, colormap

__all__ = ["positions", "product", "values_laid", "whole_way"]


def product(a, b, names):
    """`a` (n, m) times `b` (m, p) is their product: the three side by side, and the sum behind its first entry.

    The first row of a and the first column of b are framed. names: of the three.
    """
    whole = a @ b
    widths = [array.shape[1] for array in (a, b, whole)]
    rows = max(len(a), len(b))
    figure = Figure(
        figsize=(0.62 * sum(widths) + 1.4, 0.4 * rows + 1.3), layout="constrained", facecolor=PAPER
    )
    axes = figure.subplots(1, 3, width_ratios=widths)
    # of the first row, the first column and the first entry, in cells
    frames = [(widths[0], 1), (1, len(b)), (1, 1)]
    for axis, array, name, sign, frame in zip(axes, (a, b, whole), names, "×= ", frames, strict=True):
        table(axis, array)
        axis.set_title(written(name), fontsize=11)
        axis.add_patch(Rectangle((-0.5, -0.5), *frame, fc="none", ec=INK, lw=2.2, clip_on=False))
        axis.annotate(
            sign,
            (1, 0.5),
            (8, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=14,
            color=INK,
        )
    terms = [f"{_number(x)} · {_number(y)}" for x, y in zip(a[0], b[:, 0], strict=True)]
    shown = "  +  ".join(terms[:6]) + ("  +  …" if len(terms) > 6 else "")
    figure.supxlabel(f"{shown}  =  {_number(whole[0, 0])}", fontsize=10, color=INK)
    return Picture(figure, f"The product of {names[0]} and {names[1]}, with its first entry as a sum")


def table(axis, values):
    """One matrix as coloured cells with its numbers; what has both signs runs from one end to the other."""
    signed = values.min() < 0 < values.max()
    norm = CenteredNorm() if signed else Normalize()
    colours = colormap("signed" if signed else "weights", FIGURE)
    axis.imshow(values, cmap=colours, norm=norm, aspect="auto", interpolation="nearest")
    for (t, s), number in np.ndenumerate(values):
        ink = ink_on(to_hex(colours(norm(number))))
        axis.text(s, t, _number(number, 2), ha="center", va="center", color=ink, fontsize=9)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def positions(rows, at, pair, distances):
    """Positions in four parts: the table, the two waves of a pair, its hand at a position, similarity against distance.

    rows (C, D): the sinusoidal table; distances: dict name → (C,), the similarity to position 0.
    """
    C, D = rows.shape
    figure = Figure(figsize=(9, 5), layout="constrained", facecolor=PAPER)
    (top, turn), (waves, far) = figure.subplots(2, 2, width_ratios=[2, 2])
    top.imshow(
        rows.T, cmap=colormap("signed", FIGURE), vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    top.add_patch(Rectangle((at - 0.5, 2 * pair - 0.5), 1, 2, fc="none", ec=INK, lw=2))
    top.set(xlabel="position", ylabel="index")
    top.set_title("the table", fontsize=10)
    for index, name, style, colour in (
        (2 * pair, "sine", "-", PALETTE[0]),
        (2 * pair + 1, "cosine", "--", PALETTE[1]),
    ):
        waves.plot(rows[:, index], style, color=colour, lw=1.6, label=name)
        waves.plot(at, rows[at, index], "o", color=colour)
    waves.set(xlabel="position", ylabel="entry", ylim=(-1.1, 1.7))
    waves.set_title(f"indices {2 * pair} and {2 * pair + 1}", fontsize=10)
    turn.add_patch(Circle((0, 0), 1, fc="none", ec=SOFT, lw=1))
    turn.plot([0, rows[at, 2 * pair + 1]], [0, rows[at, 2 * pair]], "-o", color=INK, lw=2, markevery=[1])
    turn.plot([0, 1], [0, 0], color=LINE, lw=1)
    turn.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal", xticks=[], yticks=[])
    turn.set_title(f"the pair at position {at}", fontsize=10)
    for (name, curve), style, colour in zip(distances.items(), ("-", "--", ":"), PALETTE, strict=False):
        far.plot(curve, style, color=colour, lw=1.8, label=written(name))
    far.axhline(0, color=LINE, lw=0.6)
    far.set(xlabel="distance", ylabel="similarity")
    far.margins(y=0.4)
    far.set_title("similarity against distance", fontsize=10)
    for axis in (waves, far):
        axis.legend(frameon=False, fontsize=9, loc="upper right", ncols=2)
        axis.spines[["top", "right"]].set_visible(False)
    turn.spines[:].set_visible(False)
    return Picture(figure, f"{C} positions of {D} features: table, waves, turn and similarity")


def whole_way(steps, tokens, following):
    """The way of T tokens through a GPT, a line for each step, and at the end the likeliest words that follow.

    steps: dict name → (T, D) vectors, each shown as a block of cells, or weights (H, T); following: dict word → probability.
    """
    T, words = len(tokens), list(following)
    heights = [0.34 if name.startswith(("word", "+")) else 0.13 * len(step) for name, step in steps.items()]
    figure = Figure(
        figsize=(9, sum(heights) + 0.9 + 0.21 * len(words)), layout="constrained", facecolor=PAPER
    )
    *axes, last = figure.subplots(len(steps) + 1, 1, height_ratios=[*heights, 0.21 * len(words)])
    for axis, (name, step) in zip(axes, steps.items(), strict=True):
        vectors = name.startswith(("word", "+"))
        image = np.concatenate([_block(row) for row in step], axis=1)[:, :-1] if vectors else step
        norm, colours = (CenteredNorm(), "signed") if vectors else (Normalize(0, 1), "weights")
        axis.imshow(
            image,
            cmap=colormap(colours, FIGURE),
            norm=norm,
            aspect="auto",
            interpolation="nearest",
            extent=(0, T, 0, 1),
        )
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(written(name), rotation=0, ha="right", va="center", fontsize=9)
        axis.spines[:].set_color(FIGURE["residual"] if vectors else LINE)
    axes[0].xaxis.tick_top()
    axes[0].set_xticks(
        [t + 0.5 for t in range(T)],
        [written(token) for token in tokens],
        fontsize=9,
        rotation=0 if T < 12 else 40,
        ha="center" if T < 12 else "left",
    )
    axes[0].tick_params(length=0)
    last.barh(words, following.values(), color=SOFT)
    for n, p in enumerate(following.values()):
        last.text(p, n, f" {p:.3f}", va="center", fontsize=9, color=INK)
    last.set(ylim=(len(words) - 0.4, -0.6), xlim=(0, 1.1), xticks=[])
    last.set_yticks(range(len(words)), [written(word) for word in words], fontsize=9)
    last.tick_params(length=0)
    last.spines[["top", "right", "bottom"]].set_visible(False)
    return Picture(figure, f"The way of {T} tokens through a GPT in {len(steps)} steps, and what follows")


def _block(row):
    """A vector as a block of cells, eight in a line, and a gap at its right."""
    rows = np.pad(row, (0, -len(row) % 8), constant_values=np.nan).reshape(-1, 8)
    return np.pad(rows, ((0, 0), (0, 1)), constant_values=np.nan)


def values_laid(words, weights, v, axes, query):
    """Of each sentence the values, each times its weight, laid tip to tail, and where the word that asks moves.

    words: N sentences of T words; weights (N, T); v (N, T, D), of which the first two entries are drawn, and axes names
    them; query: the place of the word that asks. The open circle is its own value, the full one its output.
    """
    figure = Figure(figsize=(4.4 * len(words) + 0.4, 4), layout="constrained", facecolor=PAPER)
    panels = figure.subplots(1, len(words), squeeze=False, sharex=True, sharey=True)[0]
    for axis, sentence, w, values in zip(panels, words, weights, v[..., :2], strict=True):
        ends = np.vstack([np.zeros((1, 2)), np.cumsum(w[:, None] * values, axis=0)])  # (T + 1, 2)
        output, normal = ends[-1], np.array([-ends[-1][1], ends[-1][0]])
        for word, weight, tail, tip in zip(sentence, w, ends, ends[1:], strict=False):
            if np.hypot(*(tip - tail)) < 0.02 * np.ptp(v[..., :2]):
                continue
            axis.annotate("", tip, tail, arrowprops=_arrow(FIGURE["value"]))
            side = np.sign(normal @ (tip + tail) / 2) or 1.0  # away from the output
            way = side * np.array([-(tip - tail)[1], (tip - tail)[0]])
            way = way if way @ normal * side > 0 else -way
            way = 9 * way / np.hypot(*way)
            across = "left" if way[0] > 3 else "right" if way[0] < -3 else "center"
            axis.annotate(f"{weight:.4f} · {written(word)}", (tip + tail) / 2, way, textcoords="offset points", fontsize=9,
                          ha=across, va="center", color=FIGURE["value"])  # fmt: skip
        axis.annotate("", output, (0, 0), arrowprops=_arrow(INK))
        axis.annotate("", output, values[query], arrowprops={**_arrow(SOFT), "ls": ":", "lw": 1.2})
        axis.plot(*values[query], "o", mfc=PAPER, mec=FIGURE["residual"], mew=2, ms=8, zorder=4)
        axis.plot(*output, "o", color=FIGURE["residual"], ms=9, zorder=4)
        axis.annotate(
            written(sentence[query]), output, (8, 6), textcoords="offset points", fontsize=10, color=INK
        )
        axis.axhline(0, color=LINE, lw=0.6)
        axis.axvline(0, color=LINE, lw=0.6)
        axis.set(xlabel=written(axes[0]), ylabel=written(axes[1]), aspect="equal")
        axis.margins(0.3)
        axis.spines[:].set_visible(False)
        axis.set_title(written(" ".join(sentence)), fontsize=10)
    return Picture(
        figure, f"Weighted values laid tip to tail: {' / '.join(' '.join(sentence) for sentence in words)}"
    )


def _arrow(colour):
    return {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}


def _number(x, digits=4):
    """As few decimals as say the number, with a true minus sign."""
    text = f"{x:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", "−")
