"""The still of a training that was watched: its loss, one map, and what was written, where nothing runs."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.widgets.figures import INK, LINE, PALETTE, PAPER, SOFT, Picture
from course_lib.widgets.labels import written
from course_lib.widgets.palette import FIGURE, colormap

__all__ = ["training_still"]


def training_still(steps, losses, floors, weights, tokens, head, wrote):
    """The loss of each step beside its floors, a head's map (T, T) at the last look, and what was written at three looks.

    floors: dict name → nats; tokens: T labels of the map; head: its name; wrote: dict number of steps → text.
    """
    figure = Figure(figsize=(9, 4.6), layout="constrained", facecolor=PAPER)
    curve, table_of_head = figure.subplots(1, 2, width_ratios=[3, 2])
    curve.plot(range(1, len(losses) + 1), losses, color=PALETTE[0], lw=1.4)
    lowest = min(floors.values(), default=0)
    for name, height in floors.items():
        curve.axhline(height, color=SOFT, lw=1, ls=":")
        up = height > lowest  # above its line, but for the lowest: there the curve ends
        curve.annotate(written(name), (1, height), (-2, 2 if up else -2), xycoords=("axes fraction", "data"), textcoords="offset points",
                       ha="right", va="bottom" if up else "top", fontsize=9, color=SOFT)  # fmt: skip
    curve.set(
        xlabel="step",
        ylabel="loss in nats",
        xlim=(0, steps),
        ylim=(0, 1.12 * max([*floors.values(), *losses[:1], 0.1])),
    )
    curve.spines[["top", "right"]].set_visible(False)
    later = ~np.tri(len(tokens), dtype=bool)
    table_of_head.imshow(
        np.ma.array(weights, mask=later),
        cmap=colormap("weights", FIGURE),
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    for t, s in np.argwhere(later):
        table_of_head.add_patch(Rectangle((s - 0.5, t - 0.5), 1, 1, fc=PAPER, ec=LINE, hatch="////", lw=0))
    shown = [written(token) for token in tokens]
    table_of_head.set_xticks(range(len(shown)), shown, rotation=90, fontsize=8)
    table_of_head.set_yticks(range(len(shown)), shown, fontsize=8)
    table_of_head.tick_params(length=0)
    table_of_head.spines[:].set_visible(False)
    table_of_head.set_title(written(head), fontsize=10)
    every = list(wrote)
    lines = [
        f"after {step} steps: {written(shorter(wrote[step]))}"
        for step in dict.fromkeys([every[0], every[len(every) // 2], every[-1]])
    ]
    figure.supxlabel("\n".join(lines), fontsize=9, color=INK, ha="left", x=0.01)
    return Picture(figure, f"A training of {steps} steps: loss, a map of {head}, and what was written")


def shorter(text, most=110):
    """The text, cut where a figure ends.

    >>> shorter("some words", most=6)
    'some …'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()} …"
