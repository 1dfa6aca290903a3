"""Cross-entropy and the two ways people quote it: perplexity and bits.

The loss of one prediction is −ln p(target): 0 nats when the model was certain and right,
ln V nats when it spreads its probability evenly over V tokens.
"""

import math

import torch
import torch.nn.functional as F

from course_lib.in_torch.checks import as_float
from course_lib.shapes import ShapeError, list_shape

__all__ = ["bits", "cross_entropy", "perplexity"]


def cross_entropy(logits, targets, ignore_index=-100):
    """Mean of −ln softmax(logits)[target] over the N positions that count, in nats.

    logits (..., V), targets (...) of token ids → a scalar in the dtype of logits (integers become floats).
    Positions whose target is `ignore_index` (padding) count neither in the sum nor in N.
    Raises ShapeError when targets do not fit logits; ValueError for ids outside 0 … V−1, for a position
    whose largest logit is NaN or infinite, and when no position counts (a mean over nothing).

    >>> cross_entropy(torch.zeros(1, 4), [2])  # ln 4
    tensor(1.3863)
    """
    list_shape("cross_entropy", "targets", targets)
    logits = as_float(logits)
    targets = torch.as_tensor(targets, device=logits.device)
    if logits.ndim == 0 or logits.shape[:-1] != targets.shape:
        raise ShapeError(
            f"cross_entropy: logits have shape {tuple(logits.shape)}, so targets must have shape "
            f"{tuple(logits.shape[:-1])} (one id for each row of V scores), not {tuple(targets.shape)}"
        )
    if targets.is_floating_point() or targets.dtype == torch.bool:
        raise ValueError(f"cross_entropy: targets must be whole numbers (token ids), got {targets.dtype}")
    V = logits.shape[-1]
    logits, targets = logits.reshape(-1, V), targets.reshape(-1).long()
    counts = targets != ignore_index
    if not counts.any():
        raise ValueError(f"cross_entropy: no position counts (a target of {ignore_index} is ignored)")
    if not counts.all():
        logits, targets = logits[counts], targets[counts]  # (N, V), (N,)
    if targets.min() < 0 or targets.max() >= V:
        wrong = targets[(targets < 0) | (targets >= V)][0]
        raise ValueError(f"cross_entropy: target {wrong} is not in 0 to {V - 1} (V = {V})")
    loss = F.cross_entropy(logits, targets)
    if loss.isnan():
        peak = logits.max(dim=-1).values  # (N,); a NaN survives max
        raise ValueError(f"cross_entropy: the largest logit of a position is {peak[~peak.isfinite()][0]}")
    return loss


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
