"""What the live widgets share: a base class on anywidget, and the checks of what they are given.

A widget sends its arrays to the browser once, as float32; everything after that is computed there, in the
widget's own .js behind the shared live.js, which `sources` puts together.
"""

import base64
import math

import anywidget
import numpy as np

from course_lib.shapes import ShapeError
from course_lib.widgets.sources import STATE, script, style

__all__ = [
    "TEMPERATURES",
    "Live",
    "as_bytes",
    "checked_array",
    "checked_labels",
    "checked_stop",
    "script",
    "softmax",
]

# The stops of every temperature slider: argmax at one end, all equal at the other, finer where more happens.
TEMPERATURES = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, math.inf]


class Live(anywidget.AnyWidget):
    """A widget that is also a picture, a sentence and its state, for readers without a kernel.

    A subclass sets `_esm = script("its.js")`, declares its synced traits, and calls
    `super().__init__(picture, sentence, **traits)`; `picture` is what `figures` returns.

    The state goes into the metadata of the output, not among its kinds of content: of these a program that shows a
    notebook chooses one that it can draw, and this one nobody can. From there the web pages bring the picture to life.
    """

    _css = style()

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
        stored = self.stored()
        return {**data, "image/png": png}, metadata if stored is None else {**metadata, STATE: stored}

    def stored(self):
        """The widget as JSON: {"widget": its class, "state": its traits by name}, arrays as {"float32": base64}.

        None for what cannot live without a kernel.
        """
        own = self.traits(sync=True).keys() - anywidget.AnyWidget.class_traits().keys()
        state = {name: getattr(self, name) for name in sorted(own) if not name.startswith("_")}
        for name, value in state.items():
            if isinstance(value, bytes):
                state[name] = {"float32": base64.b64encode(value).decode()}
        return {"widget": type(self).__name__, "state": state}


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
        raise ValueError(
            f"{call}: {len(labels)} {name}; from 1 to {most} can be shown, so pass a part of them"
        )
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
