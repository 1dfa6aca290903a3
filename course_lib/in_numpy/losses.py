"""Cross-entropy and the two ways people quote it: perplexity and bits.

The loss of one prediction is −ln p(target): 0 nats when the model was certain and right,
ln V nats when it spreads its probability evenly over V tokens.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import as_float
from course_lib.shapes import ShapeError, list_shape

__all__ = ["bits", "cross_entropy", "cross_entropy_backward", "perplexity"]


def cross_entropy(logits, targets, ignore_index=-100):
    """Mean of −ln softmax(logits)[target] over the N positions that count, in nats.

    logits (..., V), targets (...) of token ids → a scalar in the dtype of logits (integers become floats).
    Positions whose target is `ignore_index` (padding) count neither in the sum nor in N.
    Raises ShapeError when targets do not fit logits; ValueError for ids outside 0 … V−1, for a position
    whose largest logit is NaN or infinite, and when no position counts (a mean over nothing).

    >>> cross_entropy(np.zeros((1, 4)), [2]).round(4)  # ln 4
    np.float64(1.3863)
    """
    shifted, targets, rows = _counted_positions("cross_entropy", logits, targets, ignore_index)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))  # (N,)
    return (log_sum - shifted[np.arange(len(rows)), targets]).mean()


def cross_entropy_backward(logits, targets, ignore_index=-100):
    """Gradient of `cross_entropy` with respect to the logits: (p − y) / N, and 0 where ignored.

    p is the softmax of the logits, y the one-hot target, N the number of positions that count.
    logits (..., V), targets (...) → (..., V). Raises what `cross_entropy` raises.

    >>> cross_entropy_backward(np.zeros((1, 4)), [2])
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """
    p, targets, rows = _counted_positions("cross_entropy_backward", logits, targets, ignore_index)
    np.exp(p, out=p)  # (N, V)
    p /= p.sum(axis=-1, keepdims=True)
    p[np.arange(len(rows)), targets] -= 1  # p − y
    p /= len(rows)
    shape = np.shape(logits)
    if p.size == math.prod(shape):
        return p.reshape(shape)
    grad_logits = np.zeros((math.prod(shape[:-1]), shape[-1]), p.dtype)
    grad_logits[rows] = p
    return grad_logits.reshape(shape)


def perplexity(loss):
    """e^loss: the number of equally likely tokens that would be as hard to guess. loss in nats.

    >>> round(perplexity(math.log(4)), 10)
    4.0
    """
    return math.exp(loss)


def bits(loss):
    """loss / ln 2: the same loss in bits instead of nats.

    >>> bits(math.log(4))
    2.0
    """
    return float(loss) / math.log(2)


def _counted_positions(call, logits, targets, ignore_index):
    """The N positions that count: logits minus their largest (N, V), targets (N,), places in the flat list (N,)."""
    list_shape(call, "targets", targets)
    logits, targets = as_float(logits), np.asarray(targets)
    if logits.ndim == 0 or logits.shape[:-1] != targets.shape:
        raise ShapeError(
            f"{call}: logits have shape {logits.shape}, so targets must have shape {logits.shape[:-1]} "
            f"(one id for each row of V scores), not {targets.shape}"
        )
    if targets.dtype.kind not in "iu":
        raise ValueError(f"{call}: targets must be whole numbers (token ids), got {targets.dtype}")
    V = logits.shape[-1]
    logits, targets = logits.reshape(-1, V), targets.reshape(-1)
    rows = np.flatnonzero(targets != ignore_index)
    if len(rows) == 0:
        raise ValueError(f"{call}: no position counts (a target of {ignore_index} is ignored)")
    if len(rows) < len(targets):
        logits, targets = logits[rows], targets[rows]
    if targets.min() < 0 or targets.max() >= V:
        wrong = targets[(targets < 0) | (targets >= V)][0]
        raise ValueError(f"{call}: target {wrong} is not in 0 to {V - 1} (V = {V})")
    peak = logits.max(axis=-1, keepdims=True)  # (N, 1); a NaN survives max
    if not np.isfinite(peak).all():
        raise ValueError(f"{call}: the largest logit of a position is {peak[~np.isfinite(peak)][0]}")
    return logits - peak, targets, rows  # e^(logit − largest) cannot overflow
