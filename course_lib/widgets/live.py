"""What the live widgets share: a base class on anywidget, and the checks of what they are given.

A widget sends its arrays to the browser once, as float32; everything after that is computed there, in the
widget's own .js behind the shared live.js. There is no build step: the two files are put one after the other.
"""

import base64
import math
from pathlib import Path

import anywidget
import numpy as np

from course_lib.shapes import ShapeError

HERE = Path(__file__).parent
# The stops of every temperature slider: argmax at one end, all equal at the other, finer where more happens.
TEMPERATURES = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, math.inf]


def script(name):
    """The source of a widget: what all share, then its own."""
    return "\n".join((HERE / file).read_text(encoding="utf-8") for file in ("live.js", name))


class Live(anywidget.AnyWidget):
    """A widget that is also a picture and a sentence, for readers without a kernel.

    A subclass sets `_esm = script("its.js")`, declares its synced traits, and calls
    `super().__init__(picture, sentence, **traits)`; `picture` is what `figures` returns.
    """

    _css = (HERE / "live.css").read_text(encoding="utf-8")

    def __init__(self, picture, sentence, **traits):
        # What the browser says, the kernel need not say back: it would come late, over what was done since.
        for trait in type(self).class_own_traits(sync=True).values():
            trait.tag(echo_update=False)
        super().__init__(**traits)
        self._picture, self._sentence = picture, sentence

    def __repr__(self):
        return self._sentence

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:  # closed
            return None
        data, metadata = bundle
        png = base64.b64encode(self._picture._repr_png_()).decode()
        return {**data, "image/png": png}, metadata


def checked_array(call, name, values, axes):
    """`values` as finite float64 with these axes ("T S"); ShapeError or ValueError that says what is wrong."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ShapeError(f"{call}: {name} must be a rectangular array of numbers ({axes})") from None
    if array.ndim != len(axes.split()):
        raise ShapeError(f"{call}: {name} must have axes ({axes}), got shape {array.shape}")
    if array.size == 0:
        raise ShapeError(f"{call}: {name} is empty, it has shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{call}: {name} holds NaN or infinity")
    return array


def checked_labels(call, name, labels, count, most=64):
    """Labels as a list of `count` strings, at most `most`; TypeError, ShapeError or ValueError otherwise."""
    if isinstance(labels, str):
        raise TypeError(f"{call}: {name} must be a list of labels, got the single text {labels!r}")
    labels = [str(label) for label in labels]
    if len(labels) != count:
        raise ShapeError(f"{call}: {len(labels)} {name}, but the numbers are for {count}")
    if not 0 < len(labels) <= most:
        raise ValueError(f"{call}: {len(labels)} {name}; from 1 to {most} can be shown, so pass a part of them")
    return labels


def checked_stop(call, temperature):
    """The place of a temperature among TEMPERATURES."""
    if temperature not in TEMPERATURES:
        stops = ", ".join(f"{stop:g}" for stop in TEMPERATURES)
        raise ValueError(f"{call}: temperature {temperature} is not a stop of the slider ({stops})")
    return TEMPERATURES.index(temperature)


def as_bytes(array):
    """An array as the float32 bytes that a DataView in the browser reads (little-endian)."""
    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def softmax(scores, temperature=1.0):
    """Along the last axis; −∞ counts as masked, and a row of −∞ alone gives zeros. For the static pictures."""
    scores = np.asarray(scores, dtype=np.float64)
    peak = scores.max(axis=-1, keepdims=True)
    distance = scores - np.where(np.isfinite(peak), peak, 0)  # 0 for the largest, below 0 for the others
    if temperature == 0:
        e = (distance == 0).astype(float)
    elif temperature == math.inf:
        e = np.isfinite(distance).astype(float)
    else:
        e = np.exp(distance / temperature)
    return e / np.maximum(e.sum(axis=-1, keepdims=True), np.finfo(float).tiny)
