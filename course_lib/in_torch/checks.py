"""What attention, embeddings and positions ask of their arguments, and the errors that name what is wrong.

Each takes `call`, the name that the error begins with, and returns the argument ready for use.
"""

import math

import torch

from course_lib.shapes import ShapeError, list_shape

__all__ = ["as_float", "checked_ids", "checked_mask", "checked_temperature", "refuse"]


def as_float(x):
    """x as a tensor of floats; whole numbers become torch's default dtype."""
    x = torch.as_tensor(x)
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def checked_ids(call, ids, V, device=None):
    """ids as an int64 tensor, or an error that says which of them cannot be a token."""
    list_shape(call, "ids", ids)
    try:
        ids = torch.as_tensor(ids, device=device)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{call}: token ids must be whole numbers, got {ids!r}") from None
    if ids.numel() == 0:
        ids = ids.long()  # an empty list has no type of its own
    if ids.dtype.is_floating_point or ids.dtype.is_complex or ids.dtype == torch.bool:
        raise ValueError(f"{call}: token ids must be whole numbers, got {ids.dtype}")
    ids = ids.long()  # before comparing: a V above 255 does not fit beside 8-bit ids
    outside = (ids < 0) | (ids >= V)
    if outside.any():
        place = tuple(outside.nonzero()[0].tolist())
        at = f" at {place}" if place else ""
        raise ValueError(f"{call}: id {ids[outside][0]}{at} is not in 0 to {V - 1} (V = {V})")
    return ids


def checked_mask(call, mask, shape, device=None):
    """The mask as a tensor; raises unless it is boolean and broadcasts to `shape` (..., T, S)."""
    mask = torch.as_tensor(mask, device=device)
    if mask.dtype != torch.bool:
        raise ValueError(f"{call}: mask holds {mask.dtype}, expected bool, True = may attend")
    try:
        fits = torch.broadcast_shapes(mask.shape, shape) == tuple(shape)
    except RuntimeError:
        fits = False
    if not fits:
        raise ShapeError(f"{call}: mask is {tuple(mask.shape)}, scores have (..., T, S) = {tuple(shape)}")
    return mask


def checked_temperature(call, temperature, dtype):
    """The temperature as a Python float that dtype can divide by; raises unless it is finite and above 0."""
    temperature = float(temperature)
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"{call}: temperature is {temperature}, must be a finite number above 0: "
            "scores are divided by it (its limit 0, where the largest score takes all, is argmax)"
        )
    return max(temperature, torch.finfo(dtype).tiny)  # 1e-50 is 0 in float32


def refuse(call, name, x, bad):
    """Raise ValueError that names the first entry of the tensor where `bad` is True, if there is one."""
    if bad.any():
        value = "NaN" if x[bad][0].isnan() else x[bad][0].item()
        raise ValueError(f"{call}: {name} holds {value} at {tuple(bad.nonzero()[0].tolist())}")
