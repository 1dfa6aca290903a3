"""LayerNormExplorer: move the values of one row, see mean, variance, the normalised row, scale and shift."""

from traitlets import Bool, Float, Int, List

from course_lib.shapes import ShapeError
from course_lib.widgets import figures
from course_lib.widgets.live import Live, checked_array, script

CALL = "LayerNormExplorer"
EPSILONS = [0, 1e-6, 1e-5, 1e-3, 0.01, 0.1, 1]


class LayerNormExplorer(Live):
    """Explore layer norm on one row x (D,), D from 2 to 10: sliders for x, for scale γ and shift β, stops for ε.

    x from −10 to 10, weight (D,) and bias (D,) from −5 to 5; eps is one of 0, 1e-6, 1e-5, 0.001, 0.01, 0.1, 1;
    eps_inside as in `layer_norm`. Raises ShapeError and ValueError.

    >>> LayerNormExplorer([1.0, 3.0])
    Explorer of layer norm on a row of 2 entries
    """

    _esm = script("layer_norm_explorer.js")
    x, weight, bias = (List(Float()).tag(sync=True) for _ in range(3))  # moved by the reader, so lists
    eps, eps_inside = Int().tag(sync=True), Bool().tag(sync=True)  # eps: the place in EPSILONS

    def __init__(self, x, weight=None, bias=None, eps=1e-5, eps_inside=True):
        x = checked_array(CALL, "x", x, "D")
        weight = checked_array(CALL, "weight", [1] * len(x) if weight is None else weight, "D")
        bias = checked_array(CALL, "bias", [0] * len(x) if bias is None else bias, "D")
        if not 2 <= len(x) <= 10:
            raise ValueError(f"{CALL}: x has {len(x)} entries; from 2 to 10 can be shown")
        for name, values, most in (("x", x, 10), ("weight", weight, 5), ("bias", bias, 5)):
            if len(values) != len(x):
                raise ShapeError(
                    f"{CALL}: {name} has width {len(values)} but x has width {len(x)}; both must be D"
                )
            if abs(values).max() > most:
                raise ValueError(
                    f"{CALL}: the sliders of {name} go from −{most} to {most}, got {values.tolist()}"
                )
        if eps not in EPSILONS:
            raise ValueError(
                f"{CALL}: eps {eps} is not a stop of the slider ({', '.join(map(str, EPSILONS))})"
            )
        variance = x.var()
        divisor = (variance + eps) ** 0.5 if eps_inside else variance**0.5 + eps
        normalized = (x - x.mean()) / (divisor or 1)
        panels = {"x": x, "normalised": normalized, "scaled and shifted": weight * normalized + bias}
        super().__init__(
            figures.heatmap({"layer norm": list(panels.values())}, list(panels), range(1, len(x) + 1)),
            f"Explorer of layer norm on a row of {len(x)} entries",
            x=x.tolist(), weight=weight.tolist(), bias=bias.tolist(),
            eps=EPSILONS.index(eps), eps_inside=bool(eps_inside),
        )  # fmt: skip
