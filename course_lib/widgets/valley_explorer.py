"""ValleyExplorer: gradient descent, momentum and AdamW walk down one valley, with rates to choose for each."""

import numpy as np
from traitlets import Float, Int, List, Unicode

from course_lib.widgets import figures
from course_lib.widgets.live import Live, checked_array, script

CALL = "ValleyExplorer"
RATES = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.03,
    0.05,
    0.06,
    0.07,
    0.08,
    0.09,
    0.095,
    0.1,
    0.101,
    0.11,
    0.15,
    0.2,
    0.3,
    0.5,
    0.7,
    1,
    2,
]
MOMENTA = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
OPTIMIZERS = ["plain", "momentum", "AdamW"]
REACH = [10.0, 5.0]  # the map goes so far from the middle


class ValleyExplorer(Live):
    """Step through three walks down f(a, b) = ½ (κ₁ a² + κ₂ b²); the slopes are κ₁ a and κ₂ b.

    curvature (2,): κ, above 0 and at most 100; start (2,): where all three begin, on a map from −10 to 10 and −5 to 5;
    rates: the learning rates of plain descent, of momentum and of AdamW (β 0.9, 0.999, weight decay 0.01), momentum: μ,
    each a stop of its slider; steps: how many there are, at most 80. Raises ShapeError, ValueError.

    >>> ValleyExplorer(steps=30)
    Plain descent, momentum and AdamW in a valley of curvatures 1 and 20, 30 steps
    """

    _esm = script("valley_explorer.js")
    curvature, start = List(Float()).tag(sync=True), List(Float()).tag(sync=True)
    steps = Int().tag(sync=True)
    # what the reader sets: places in RATES, one for each of OPTIMIZERS, and in MOMENTA
    rates, momentum = List(Int()).tag(sync=True), Int().tag(sync=True)
    optimizer, step = Int(0).tag(sync=True), Int().tag(sync=True)  # the place in OPTIMIZERS
    names = List(Unicode(), OPTIMIZERS).tag(sync=True)

    def __init__(self, curvature=(1, 20), start=(9, 2), rates=(0.08, 0.02, 0.5), momentum=0.9, steps=60):
        given = {"curvature": curvature, "start": start, "rates": rates}
        curvature, start, rates = (
            checked_array(CALL, name, value, "2" if name != "rates" else "3") for name, value in given.items()
        )
        if (len(curvature), len(start), len(rates)) != (2, 2, 3):
            raise ValueError(f"{CALL}: curvature and start are two numbers each, rates are three")
        if curvature.min() <= 0 or curvature.max() > 100:
            raise ValueError(f"{CALL}: curvature {curvature.tolist()} must be above 0 and at most 100")
        if (abs(start) > REACH).any():
            raise ValueError(f"{CALL}: start {start.tolist()} is off the map, which goes to ±10 and ±5")
        for name, value, stops in [
            *(("rate", float(rate), RATES) for rate in rates),
            ("momentum", momentum, MOMENTA),
        ]:
            if value not in stops:
                raise ValueError(
                    f"{CALL}: {name} {value} is not a stop of the slider ({', '.join(map(str, stops))})"
                )
        if not 1 <= steps <= 80:
            raise ValueError(f"{CALL}: steps is {steps}, must be from 1 to 80")
        a, b = (np.linspace(-reach, reach, 81) for reach in REACH)
        walks = {
            f"{name}, {rate:g}": _walk(name, curvature, start, rate, momentum, steps)
            for name, rate in zip(OPTIMIZERS, rates, strict=True)
        }
        super().__init__(
            figures.paths(walks, a, b, (curvature[0] * a**2 + curvature[1] * b[:, None] ** 2) / 2, "a", "b"),
            f"Plain descent, momentum and AdamW in a valley of curvatures {curvature[0]:g} and {curvature[1]:g}, {steps} steps",
            curvature=curvature.tolist(), start=start.tolist(), steps=steps,
            rates=[RATES.index(rate) for rate in rates], momentum=MOMENTA.index(momentum),
        )  # fmt: skip


def _walk(name, curvature, at, rate, momentum, steps):
    """The places before the first step and after each, (steps + 1, 2). For the still."""
    path, m, v = [at], np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = curvature * at
        if name == "AdamW":
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            at = at - rate * 0.01 * at - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        else:
            m = (momentum if name == "momentum" else 0) * m + g
            at = at - rate * m
        path.append(at)
    return np.array(path)
