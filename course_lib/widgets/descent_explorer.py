"""DescentExplorer: gradient descent on logits, step by step, with a learning rate to choose; SGD against Adam."""

import numpy as np
from traitlets import Float, Int, List, Unicode

from course_lib.widgets import figures
from course_lib.widgets.live import Live, checked_array, checked_labels, script, softmax

CALL = "DescentExplorer"
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]


class DescentExplorer(Live):
    """Step and scrub through gradient descent on logits (V,) towards one true label; ∂L/∂z = p − y.

    labels: V names, at most 12; target: the true one's name or number; rate: 0.001, 0.003, 0.01, … 30;
    steps: how many there are to scrub through, at most 2,000. Both optimizers, SGD and Adam, are always drawn.
    Raises ShapeError, ValueError.

    >>> DescentExplorer(["mat", "rat"], [0.1, 0.7], "mat", steps=100)
    Gradient descent of 2 logits towards 'mat', 100 steps at rate 0.1
    """

    _esm = script("descent_explorer.js")
    labels = List(Unicode()).tag(sync=True)
    logits = List(Float()).tag(sync=True)
    target, steps = Int().tag(sync=True), Int().tag(sync=True)
    # what the reader sets
    rate, step = Int().tag(sync=True), Int().tag(sync=True)  # rate: the place in RATES
    optimizer = Unicode("SGD").tag(sync=True)  # SGD or Adam

    def __init__(self, labels, logits, target, rate=0.1, steps=200):
        logits = checked_array(CALL, "logits", logits, "V")
        labels = checked_labels(CALL, "labels", labels, len(logits), most=12)
        if target in labels:
            target = labels.index(target)
        if target not in range(len(labels)):
            raise ValueError(f"{CALL}: target {target!r} is none of {', '.join(labels)}")
        if rate not in RATES:
            raise ValueError(
                f"{CALL}: rate {rate} is not a stop of the slider ({', '.join(map(str, RATES))})"
            )
        if not 1 <= steps <= 2000:
            raise ValueError(f"{CALL}: steps is {steps}, must be from 1 to 2000")
        losses = {name: _losses(name, logits, int(target), rate, steps) for name in ("SGD", "Adam")}
        super().__init__(
            figures.lines(range(steps + 1), losses, "step", "loss in nats"),
            f"Gradient descent of {len(labels)} logits towards {labels[target]!r}, {steps} steps at rate {rate}",
            labels=labels, logits=logits.tolist(), target=int(target), steps=steps, rate=RATES.index(rate),
        )  # fmt: skip


def _losses(name, z, target, rate, steps):
    """Cross-entropy before the first step and after each, (steps + 1,); Adam with β 0.9 and 0.999. For the still."""
    losses, m, v = [], np.zeros(len(z)), np.zeros(len(z))
    for t in range(1, steps + 2):
        losses.append(np.log(np.exp(z - z.max()).sum()) - (z[target] - z.max()))
        g = softmax(z) - np.eye(len(z))[target]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = g if name == "SGD" else (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        z = z - rate * step
    return losses
