"""What attention, embeddings and positions ask of their arguments, and the errors that name what is wrong.

Each takes `call`, the name that the error begins with, and returns the argument ready for use.
"""

import math

import numpy as np

from course_lib.shapes import ShapeError, list_shape

__all__ = ["as_float", "checked_ids", "checked_mask", "checked_temperature", "refuse"]


def as_float(x):
    """x as an array of floats; whole numbers become float64."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(float)


def checked_ids(call, ids, V):
    """ids as an integer array, or an error that says which of them cannot be a token."""
    list_shape(call, "ids", ids)
    ids = np.asarray(ids)
    if ids.size == 0:
        ids = ids.astype(int)  # an empty list has no type of its own
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{call}: token ids must be whole numbers, got {ids.dtype}")
    outside = (ids < 0) | (ids >= V)
    if outside.any():
        place = tuple(np.argwhere(outside)[0].tolist())
        at = f" at {place}" if place else ""
        raise ValueError(f"{call}: id {ids[outside][0]}{at} is not in 0 to {V - 1} (V = {V})")
    return ids


def checked_mask(call, mask, shape):
    """The mask as an array; raises unless it is boolean and broadcasts to `shape` (..., T, S)."""
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(f"{call}: mask holds {mask.dtype}, expected bool, True = may attend")
    try:
        fits = np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{call}: mask is {mask.shape}, scores have (..., T, S) = {shape}")
    return mask


def checked_temperature(call, temperature, dtype):
    """The temperature as a Python float that dtype can divide by; raises unless it is finite and above 0."""
    temperature = float(temperature)
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"{call}: temperature is {temperature}, must be a finite number above 0: "
            "scores are divided by it (its limit 0, where the largest score takes all, is argmax)"
        )
    return max(temperature, float(np.finfo(dtype).tiny))  # 1e-50 is 0 in float32


def refuse(call, name, array, bad):
    """Raise ValueError that names the first entry of the array where `bad` is True, if there is one."""
    if bad.any():
        value = "NaN" if np.isnan(array[bad][0]) else array[bad][0]
        raise ValueError(f"{call}: {name} holds {value} at {tuple(np.argwhere(bad)[0].tolist())}")
