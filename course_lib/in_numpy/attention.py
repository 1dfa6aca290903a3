"""Attention: every token looks at the others and takes a weighted average of what they say.

Everywhere in this file a mask is boolean and **True = may attend**, as in PyTorch's own
`scaled_dot_product_attention`. A query that may attend to nothing is defined, not NaN:
its weights, its output and its gradients are zero.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import as_float, checked_mask, checked_temperature, refuse
from course_lib.shapes import ShapeError, check_shapes

__all__ = [
    "causal_mask",
    "padding_mask",
    "scaled_dot_product_attention",
    "scaled_dot_product_attention_backward",
    "softmax",
    "softmax_backward",
]


def softmax(x, temperature=1.0, axis=-1):
    """Turn scores into weights that are positive and add to 1 along the axis: e^(x/T) / Σ e^(x/T).

    x any shape → the same shape and dtype (integers become floats). Temperature 1 leaves the scores as
    they are; towards 0 the largest score takes all (argmax), towards infinity all get the same.
    A score of −∞ gets weight 0; a row of −∞ alone gets weights 0, 0, …
    Raises ValueError when x holds NaN or +∞, or the temperature is not a finite number above 0.

    >>> softmax(np.array([0.0, np.log(3.0)]))
    array([0.25, 0.75])
    """
    x = as_float(x)
    refuse("softmax", "x", x, ~(x < np.inf))  # NaN is not below infinity either
    return _softmax_in_place(x.copy(), checked_temperature("softmax", temperature, x.dtype), axis)


def softmax_backward(grad_output, probs, temperature=1.0, axis=-1):
    """Gradient of `softmax` with respect to its scores: p · (g − Σ g·p) / T, from its output p = probs.

    grad_output and probs of one shape → the same shape. Raises ShapeError when the shapes differ.

    >>> softmax_backward(np.array([1.0, 0.0]), np.array([0.25, 0.75]))
    array([ 0.1875, -0.1875])
    """
    check_shapes("softmax_backward", grad_output=(grad_output, "..."), probs=(probs, "..."))
    temperature = checked_temperature("softmax_backward", temperature, probs.dtype)
    average = np.expand_dims(np.vecdot(grad_output, probs, axis=axis), axis)  # Σ g·p along the axis
    grad_x = grad_output - average
    grad_x *= probs
    return grad_x if temperature == 1 else grad_x / temperature


def causal_mask(T, S=None):
    """True where query t may attend to key s: to itself and to all before it, never to the future.

    Returns (T, S), bool, True = may attend. With S > T the first S − T keys come from a cache and the
    last query stands at the last key. Raises ValueError when S < T. Vaswani et al. 2017, §3.2.3.

    >>> causal_mask(2, 3)
    array([[ True,  True, False],
           [ True,  True,  True]])
    """
    S = T if S is None else S
    if S < T:
        raise ValueError(f"causal_mask: {T} queries but only {S} keys; every query needs its own key")
    return np.tri(T, S, S - T, dtype=bool)


def padding_mask(lengths, S):
    """True where the key is a token of its text, False where it is padding behind the text's end.

    lengths (B,) of how many tokens each text has → (B, 1, S), bool, True = may attend; the axis of
    size 1 stands for all queries. Combine with `causal_mask(T) & padding_mask(lengths, T)`.
    Raises ValueError for a length that is not a whole number from 0 to S.

    >>> padding_mask([1, 3], 3)[:, 0]
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1:
        raise ShapeError(f"padding_mask: lengths must be (B,), got shape {lengths.shape}")
    whole = lengths.dtype.kind in "iu" or lengths.size == 0  # an empty list has no type of its own
    if not whole or ((lengths < 0) | (lengths > S)).any():
        raise ValueError(f"padding_mask: lengths {lengths.tolist()} must be whole numbers from 0 to S = {S}")
    return np.arange(S) < lengths[:, None, None]  # (S,) < (B, 1, 1) → (B, 1, S)


def scaled_dot_product_attention(q, k, v, mask=None, scale=None):
    """softmax(q kᵀ / √K) v: each query's average of the values, weighted by how well the keys match.

    q (..., T, K), k (..., S, K), v (..., S, K_v), mask broadcastable to (..., T, S), bool, True = may attend
    → (output (..., T, K_v), weights (..., T, S)). scale is 1/√K unless given. Vaswani et al. 2017, eq. 1.
    Raises ShapeError when shapes do not fit; ValueError when q, k or v holds NaN or ±∞ and when the mask is
    not boolean.

    >>> scaled_dot_product_attention(np.ones((1, 4)), np.ones((2, 4)), np.array([[2.0], [4.0]]))
    (array([[3.]]), array([[0.5, 0.5]]))
    """
    call = "scaled_dot_product_attention"
    q, k, v = as_float(q), as_float(k), as_float(v)
    check_shapes(call, q=(q, "... T K"), k=(k, "... S K"), v=(v, "... S K_v"))
    for name, array in {"q": q, "k": k, "v": v}.items():
        refuse(call, name, array, ~np.isfinite(array))
    if mask is not None:
        mask = checked_mask(
            call, mask, (*np.broadcast_shapes(q.shape[:-2], k.shape[:-2]), q.shape[-2], k.shape[-2])
        )
    return attend(q, k, v, mask, scale)


def scaled_dot_product_attention_backward(grad_output, q, k, v, weights, scale=None):
    """Gradients of `scaled_dot_product_attention` with respect to q, k and v.

    grad_output (..., T, K_v), weights (..., T, S) as the forward returned them → (grad_q, grad_k, grad_v)
    in the shapes of q, k and v. A masked score has weight 0 and therefore gradient 0: no mask is needed here.
    Raises ShapeError when shapes do not fit.

    >>> q, k, v = np.ones((1, 1)), np.ones((2, 1)), np.array([[2.0], [4.0]])
    >>> scaled_dot_product_attention_backward(np.ones((1, 1)), q, k, v, np.array([[0.5, 0.5]]))[1]
    array([[-0.5],
           [ 0.5]])
    """
    check_shapes(
        "scaled_dot_product_attention_backward",
        grad_output=(grad_output, "... T K_v"), q=(q, "... T K"), k=(k, "... S K"), v=(v, "... S K_v"),
        weights=(weights, "... T S"),
    )  # fmt: skip
    return attend_backward(grad_output, q, k, v, weights, scale)


# The same two without a look at their arguments, for a layer that made them itself.


def attend(q, k, v, mask=None, scale=None):
    """`scaled_dot_product_attention`. Raises ValueError when a score is NaN or +∞.

    >>> attend(np.ones((1, 4)), np.ones((2, 4)), np.array([[2.0], [4.0]]))[0]
    array([[3.]])
    """
    scores = (q * _scale(q, scale)) @ k.swapaxes(-1, -2)  # (..., T, K) @ (..., K, S) → (..., T, S)
    if mask is not None:
        np.copyto(scores, -np.inf, where=~mask)  # e^−∞ = 0: no weight
    weights = _softmax_in_place(scores)  # (..., T, S)
    return weights @ v, weights  # (..., T, K_v), (..., T, S)


def attend_backward(grad_output, q, k, v, weights, scale=None):
    """`scaled_dot_product_attention_backward`.

    >>> q, k, v = np.ones((1, 1)), np.ones((2, 1)), np.ones((2, 1))
    >>> attend_backward(np.ones((1, 1)), q, k, v, np.array([[0.5, 0.5]]))[2]
    array([[0.5],
           [0.5]])
    """
    grad_v = weights.swapaxes(-1, -2) @ grad_output  # (..., S, T) @ (..., T, K_v)
    grad_scores = grad_output @ v.swapaxes(-1, -2)  # of the weights so far: (..., T, K_v) @ (..., K_v, S)
    grad_scores = softmax_backward(grad_scores, weights)  # (..., T, S)
    scale = _scale(q, scale)
    grad_q = grad_scores @ (k * scale)  # (..., T, S) @ (..., S, K)
    grad_k = grad_scores.swapaxes(-1, -2) @ (q * scale)  # (..., S, T) @ (..., T, K)
    return grad_q, grad_k, grad_v


@np.errstate(over="ignore")  # below the smallest number is −∞, and e^−∞ = 0 is right
def _softmax_in_place(scores, temperature=1.0, axis=-1):
    """Overwrite scores with their softmax."""
    lowest = np.finfo(scores.dtype).min  # the peak of a row of −∞ alone: such a row stays −∞
    peak = scores.max(axis=axis, keepdims=True, initial=lowest)  # a NaN survives max, so the peaks show it
    if not peak.max(initial=lowest) < np.inf:
        raise ValueError(
            f"attention: the products of q and k are too large for {scores.dtype}, or not numbers"
        )
    scores -= peak  # the largest becomes 0
    if temperature != 1:
        scores /= temperature
    np.exp(scores, out=scores)
    scores /= np.maximum(scores.sum(axis=axis, keepdims=True), 1)  # ≥ e^0 = 1, or 0: all masked
    return scores


def _scale(q, scale):
    return 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale)
