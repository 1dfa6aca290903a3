"""Draws docs/picture.png, the picture at the top of README.md: python -m tools.picture

The word "bank" in two sentences. Before attention it is one vector; after it, two.
"""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from course_lib.in_numpy import attention
from course_lib.widgets.figures import ink_on
from course_lib.widgets.palette import FIGURE, colormap
from tools.links import ROOT

MEANING = {"swam": [1, 0, 0], "cash": [0, 1, 0], "bank": [0.5, 0.5, 0]}  # water, money, helper
SENTENCES = ["we swam across to the bank", "we took cash to the bank"]
W = 3 * np.diag([1.0, 1.0, 0.0])  # queries and keys keep water and money


def attend(words):
    """(output of "bank", its weights over the words)."""
    x = np.array([MEANING.get(word, [0, 0, 1]) for word in words], dtype=float)
    output, weights = attention.scaled_dot_product_attention(x @ W, x @ W, x)
    return output[-1], weights[-1]


def picture():
    """A matplotlib Figure: each sentence with the weights of its last word, and the vector that comes out."""
    figure = Figure(figsize=(8, 2.7), layout="constrained", facecolor=FIGURE["paper"])
    for axis, sentence in zip(figure.subplots(2), SENTENCES, strict=True):
        words = sentence.split()
        output, weights = attend(words)
        axis.imshow(weights[None], cmap=colormap("weights", FIGURE), vmin=0, vmax=0.7, aspect="auto")
        axis.set_xticks(range(6), words, fontsize=12)
        axis.set_yticks([0], ['"bank" looks at'])
        axis.tick_params(length=0)
        for spine in axis.spines.values():
            spine.set_visible(False)
        for place, weight in enumerate(weights):
            axis.text(
                place,
                0,
                f"{weight:.2f}",
                ha="center",
                va="center",
                color=ink_on(to_hex(colormap("weights", FIGURE)(weight / 0.7))),
            )
        becomes = "becomes\n" + "\n".join(
            f"{number:.2f} {name}" for number, name in zip(output, ["water", "money", "helper"], strict=True)
        )
        axis.annotate(becomes, (1.02, 0.5), xycoords="axes fraction", va="center", fontsize=10)
    return figure


if __name__ == "__main__":
    picture().savefig(ROOT / "docs/picture.png", dpi=200, metadata={"Software": None})
