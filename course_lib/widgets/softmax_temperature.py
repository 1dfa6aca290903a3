"""SoftmaxTemperature: move scores and temperature, see probabilities, entropy and what top-k and top-p cut off."""

from traitlets import Float, Int, List, Unicode

from course_lib.widgets import figures
from course_lib.widgets.live import (
    TEMPERATURES,
    Live,
    checked_array,
    checked_labels,
    checked_stop,
    script,
    softmax,
)

CALL = "SoftmaxTemperature"
TOP_P = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]


class SoftmaxTemperature(Live):
    """Explore softmax(logits / T): a slider for each logit, one for T, and those for top-k and top-p.

    logits (V,), at most 20, from −10 to 10; labels: a name for each. T is one of the stops 0 (argmax), 0.05, … 10,
    ∞ (uniform). Raises ShapeError and ValueError.

    >>> SoftmaxTemperature([2.0, 1.0, 0.2], labels="ABC")
    Softmax of 3 logits at temperature 1: A, B, C
    """

    _esm = script("softmax_temperature.js")
    labels = List(Unicode()).tag(sync=True)
    logits = List(Float()).tag(sync=True)  # the reader moves them, so they are a list and not bytes
    stop = Int().tag(sync=True)
    top_k, top_p = Int().tag(sync=True), Int().tag(sync=True)  # how many are kept; the place in TOP_P

    def __init__(self, logits, labels=None, temperature=1):
        logits = checked_array(CALL, "logits", logits, "V")
        labels = [f"token {i}" for i in range(len(logits))] if labels is None else list(labels)
        labels = checked_labels(CALL, "labels", labels, len(logits), most=20)
        if abs(logits).max() > 10:
            raise ValueError(f"{CALL}: the sliders go from −10 to 10, got {logits[abs(logits).argmax()]:g}")
        stop = checked_stop(CALL, temperature)
        title = f"temperature {TEMPERATURES[stop]:g}"
        super().__init__(
            figures.bars(labels, {title: softmax(logits, temperature)}, "probability", high=1.12),
            f"Softmax of {len(logits)} logits at temperature {temperature:g}: {', '.join(labels)}",
            labels=labels, logits=logits.tolist(), stop=stop, top_k=len(logits), top_p=len(TOP_P) - 1,
        )  # fmt: skip
