"""Attention: every token looks at the others and takes a weighted average of what they say.

Everywhere in this file a mask is boolean and **True = may attend**, as in PyTorch's own
`scaled_dot_product_attention`. A query that may attend to nothing is defined, not NaN:
its weights, its output and its gradients are zero.
"""

import math

import torch

from course_lib.in_torch.checks import as_float, checked_mask, checked_temperature, refuse
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["causal_mask", "padding_mask", "scaled_dot_product_attention", "softmax"]


def softmax(x, temperature=1.0, axis=-1):
    """Turn scores into weights that are positive and add to 1 along the axis: e^(x/T) / Σ e^(x/T).

    x any shape → the same shape and dtype (integers become floats). Temperature 1 leaves the scores as
    they are; towards 0 the largest score takes all (argmax), towards infinity all get the same.
    A score of −∞ gets weight 0; a row of −∞ alone gets weights 0, 0, …
    Raises ValueError when x holds NaN or +∞, or the temperature is not a finite number above 0.

    >>> softmax(torch.tensor([0.0, math.log(3.0)]))
    tensor([0.2500, 0.7500])
    """
    x = as_float(x)
    refuse("softmax", "x", x, ~(x < math.inf))  # NaN is not below infinity either
    return _softmax(x, checked_temperature("softmax", temperature, x.dtype), axis)


def causal_mask(T, S=None, device=None):
    """True where query t may attend to key s: to itself and to all before it, never to the future.

    Returns (T, S), bool, True = may attend. With S > T the first S − T keys come from a cache and the
    last query stands at the last key. Raises ValueError when S < T. Vaswani et al. 2017, §3.2.3.

    >>> causal_mask(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    S = T if S is None else S
    if S < T:
        raise ValueError(f"causal_mask: {T} queries but only {S} keys; every query needs its own key")
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def padding_mask(lengths, S):
    """True where the key is a token of its text, False where it is padding behind the text's end.

    lengths (B,) of how many tokens each text has → (B, 1, S), bool, True = may attend; the axis of
    size 1 stands for all queries. Combine with `causal_mask(T) & padding_mask(lengths, T)`.
    Raises ValueError for a length that is not a whole number from 0 to S.

    >>> padding_mask([1, 3], 3)[:, 0]
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    lengths = torch.as_tensor(lengths)
    if lengths.ndim != 1:
        raise ShapeError(f"padding_mask: lengths must be (B,), got shape {tuple(lengths.shape)}")
    whole = not (lengths.is_floating_point() or lengths.dtype == torch.bool)
    whole = whole or lengths.numel() == 0  # an empty list has no type of its own
    if not whole or ((lengths < 0) | (lengths > S)).any():
        raise ValueError(f"padding_mask: lengths {lengths.tolist()} must be whole numbers from 0 to S = {S}")
    return torch.arange(S, device=lengths.device) < lengths[:, None, None]  # (S,) < (B, 1, 1) → (B, 1, S)


def scaled_dot_product_attention(q, k, v, mask=None, scale=None):
    """softmax(q kᵀ / √K) v: each query's average of the values, weighted by how well the keys match.

    q (..., T, K), k (..., S, K), v (..., S, K_v), mask broadcastable to (..., T, S), bool, True = may attend
    → (output (..., T, K_v), weights (..., T, S)). scale is 1/√K unless given. Vaswani et al. 2017, eq. 1.
    `torch.nn.functional.scaled_dot_product_attention` is faster but does not give the weights.
    Raises ShapeError when shapes do not fit; ValueError when q, k or v holds NaN or ±∞ and when the mask is
    not boolean.

    >>> scaled_dot_product_attention(torch.ones(1, 4), torch.ones(2, 4), torch.tensor([[2.0], [4.0]]))
    (tensor([[3.]]), tensor([[0.5000, 0.5000]]))
    """
    call = "scaled_dot_product_attention"
    q, k, v = as_float(q), as_float(k), as_float(v)
    check_shapes(call, q=(q, "... T K"), k=(k, "... S K"), v=(v, "... S K_v"))
    for name, array in {"q": q, "k": k, "v": v}.items():
        refuse(call, name, array, ~array.isfinite())
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale)
    scores = q @ k.mT * scale  # (..., T, K) @ (..., K, S) → (..., T, S)
    if mask is not None:
        allowed = checked_mask(call, mask, scores.shape, scores.device)
        scores = scores.masked_fill(~allowed, -math.inf)  # e^−∞ = 0: no weight
    weights = _softmax(scores)  # (..., T, S)
    return weights @ v, weights  # (..., T, K_v), (..., T, S)


def _softmax(scores, temperature=1.0, axis=-1):
    """torch's own softmax, with a temperature, and zeros where all is masked."""
    if scores.numel() == 0:
        return scores
    peak = scores.detach().amax(dim=axis, keepdim=True)  # a NaN survives max, so the peaks show it
    if not (peak < math.inf).all():
        raise ValueError(
            f"attention: the products of q and k are too large for {scores.dtype}, or not numbers"
        )
    nothing = peak == -math.inf  # all masked: torch alone would answer 0/0 = NaN
    scores = (scores - peak.masked_fill(nothing, 0)).masked_fill(nothing, 0) / temperature
    return torch.softmax(scores, dim=axis).masked_fill(nothing, 0)
