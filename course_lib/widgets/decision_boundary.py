"""DecisionBoundary: the output of a small network over the plane while its nine weights move, by hand or by training."""

import numpy as np
from traitlets import Float, Int, List, Unicode

from course_lib.shapes import ShapeError
from course_lib.widgets import figures
from course_lib.widgets.live import Live, checked_array, script

CALL = "DecisionBoundary"
RATES = [0.03, 0.1, 0.3, 1, 3, 10, 30]
USUAL = {"relu": 0.1, "sigmoid": 10}  # a rate that suits small random weights; slopes of sigmoids are small
STEPS = 2000


class DecisionBoundary(Live):
    """Explore a network of two inputs, two hidden units and one output; XOR's four corners are marked.

    W (2, 2) in the orientation x @ W, c (2,), w (2,), b a number; activation "relu" or "sigmoid", at every unit.
    The line runs where the output is `threshold`. Training is gradient descent on the mean squared error of the four
    corners, 2,000 steps at the learning rate `rate` (0.03, 0.1, 0.3, … 30; by default one that suits the activation).
    Raises ShapeError and ValueError.

    >>> DecisionBoundary([[1, 1], [1, 1]], [0, -1], [1, -2], 0)
    Decision boundary of a relu network with two hidden units
    """

    _esm = script("decision_boundary.js")
    # W by rows, c, w, b, as the reader set them; training starts from them
    weights = List(Float()).tag(sync=True)
    rate, step = Int().tag(sync=True), Int().tag(sync=True)  # of the training; rate: the place in RATES
    steps = Int(STEPS).tag(sync=True)
    base = List(Float()).tag(sync=True)  # the nine that were set or trained last; a shake starts from them
    shakes = List(Int(), [0, 0]).tag(sync=True)  # since then: how many left the answer right, of how many
    threshold = Float().tag(sync=True)
    activation = Unicode().tag(sync=True)

    def __init__(self, W, c, w, b, activation="relu", threshold=0.5, rate=None):
        if activation not in ("relu", "sigmoid"):
            raise ValueError(f"{CALL}: activation {activation!r} must be 'relu' or 'sigmoid'")
        rate = USUAL[activation] if rate is None else rate
        if rate not in RATES:
            raise ValueError(
                f"{CALL}: rate {rate} is not a stop of the slider ({', '.join(map(str, RATES))})"
            )
        parts = {"W": (W, "2 2"), "c": (c, "2"), "w": (w, "2")}
        checked = {name: checked_array(CALL, name, values, axes) for name, (values, axes) in parts.items()}
        for name, array in checked.items():
            if set(array.shape) != {2}:
                raise ShapeError(f"{CALL}: {name} has shape {array.shape}, every axis must be 2")
        W, c, w = checked.values()
        b = float(checked_array(CALL, "b", [b], "1")[0])
        bend = (lambda z: np.maximum(z, 0)) if activation == "relu" else (lambda z: 1 / (1 + np.exp(-z)))
        side = np.linspace(-0.5, 1.5, 81)
        plane = np.stack(np.meshgrid(side, side), axis=-1)  # (81, 81, 2)
        h = bend(plane @ W + c)  # (81, 81, 2)
        panels = {"h₁": h[..., 0], "h₂": h[..., 1], "output y": bend(h @ w + b)}
        weights = [*W.ravel().tolist(), *c.tolist(), *w.tolist(), b]
        corners = [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
        super().__init__(
            figures.regions(panels, side, side, corners, level=threshold),
            f"Decision boundary of a {activation} network with two hidden units",
            weights=weights, base=weights, rate=RATES.index(rate), threshold=float(threshold), activation=activation,
        )  # fmt: skip
