"""Draws docs/site/_static/share.png, what is shown where an address of the web pages is shared: python -m tools.share

1200 × 630, as such places ask for: the name of the course, and the attention of lesson 04_attention's first sentence.
"""

import numpy as np
from matplotlib.figure import Figure

from course_lib.in_numpy import attention
from course_lib.widgets.palette import LIGHT, colormap
from tools.links import ROOT

WORDS = ["we", "swam", "across", "to", "the", "bank"]
MEANING = {"swam": [1, 0, 0], "bank": [0.5, 0.5, 0]}  # water, money, helper
W = 3 * np.diag([1.0, 1.0, 0.0])  # queries and keys keep water and money


def weights():
    """The weights of the sentence, (T, T), as the lesson computes them."""
    x = np.array([MEANING.get(word, [0, 0, 1]) for word in WORDS], dtype=float)
    return attention.scaled_dot_product_attention(x @ W, x @ W, x)[1]


def picture():
    """A matplotlib Figure of 12 × 6.3 inches."""
    figure = Figure(figsize=(12, 6.3), facecolor=LIGHT["paper"])
    ink = {"color": LIGHT["ink"]}
    figure.text(0.055, 0.62, "GPT by Hand", fontsize=50, fontweight="bold", **ink)
    figure.text(
        0.058,
        0.36,
        "Build a GPT yourself,\nfrom the first token\nto a model that writes.",
        fontsize=27,
        linespacing=1.35,
        **ink,
    )
    figure.text(0.058, 0.2, "by hand · in NumPy · in PyTorch", fontsize=20, color=LIGHT["soft"])
    axis = figure.add_axes((0.61, 0.12, 0.36, 0.66))
    table = weights()
    axis.imshow(table, cmap=colormap("weights", LIGHT), vmin=0, vmax=1)
    for row, column in np.ndindex(table.shape):
        number = table[row, column]
        axis.text(
            column,
            row,
            f"{number:.2f}",
            ha="center",
            va="center",
            fontsize=15,
            color=LIGHT["paper" if number > 0.45 else "ink"],
        )
    axis.set_xticks(range(6), WORDS, fontsize=14, color=LIGHT["key"])
    axis.set_yticks(range(6), WORDS, fontsize=16, color=LIGHT["query"])
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    return figure


if __name__ == "__main__":
    picture().savefig(ROOT / "docs/site/_static/share.png", dpi=100, metadata={"Software": None})
