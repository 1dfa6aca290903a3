"""Layer normalization and RMS normalization: every token brought to the same scale.

Both look at one token at a time: the mean and the variance run over its D features,
never over the batch or over other tokens, so nothing leaks between positions.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.in_torch.checks import as_float
from course_lib.shapes import check_shapes

__all__ = ["LayerNorm", "RMSNorm", "layer_norm", "rms_norm"]


def layer_norm(x, weight=None, bias=None, eps=1e-5, eps_inside=True):
    """Give every token mean 0 and variance 1 over its D features, then scale and shift.

    x (..., D), weight (D,), bias (D,) → (..., D), in the dtype of x (integers become floats).
    Two conventions exist for ε, and their digits differ:
    `eps_inside=True`   (x − μ) / √(σ² + ε)   Ba, Kiros & Hinton 2016, §3.1 as every framework codes it
    `eps_inside=False`  (x − μ) / (σ + ε)     common in tutorials; steeper where σ is near 0
    σ² is the population variance (divide by D, not by D − 1).
    A token whose features are all equal comes out as 0 (with eps=0 it is 0/0: NaN).
    Raises ShapeError when weight or bias does not have width D.

    >>> layer_norm(torch.tensor([[1.0, 3.0]]), eps=0.0)
    tensor([[-1.,  1.]])
    """
    x = as_float(x)
    if eps_inside:
        try:
            return F.layer_norm(x, x.shape[-1:], weight, bias, eps)
        except (RuntimeError, TypeError):  # torch noticed, but names no axes
            _check_widths("layer_norm", x, weight, bias)
            raise
    _check_widths("layer_norm", x, weight, bias)
    centered = x - x.mean(dim=-1, keepdim=True)  # (..., D)
    # σ = |x − μ| / √D; √(mean of squares) is the same, but its gradient at 0 is NaN
    deviation = torch.linalg.vector_norm(centered, dim=-1, keepdim=True) / math.sqrt(x.shape[-1])  # (..., 1)
    y = centered / (deviation + eps)  # (..., D)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(x, weight=None, eps=1e-5):
    """Divide every token by the root mean square of its D features, then scale.

    x (..., D), weight (D,) → (..., D). No mean is subtracted and nothing is shifted.
    Raises ShapeError when weight does not have width D. Zhang & Sennrich 2019, eq. 4.

    >>> rms_norm(torch.tensor([[3.0, -3.0]]), eps=0.0)
    tensor([[ 1., -1.]])
    """
    x = as_float(x)
    _check_widths("rms_norm", x, weight)
    return F.rms_norm(x, x.shape[-1:], weight, eps)


class LayerNorm(nn.Module):
    """`layer_norm` with a learned scale `weight` (D,), starting at 1, and shift `bias` (D,), starting at 0.

    >>> LayerNorm(2, eps=0.0)(torch.tensor([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(self, D, eps=1e-5, eps_inside=True):
        super().__init__()
        self.eps, self.eps_inside = eps, eps_inside
        self.weight = nn.Parameter(torch.ones(D))
        self.bias = nn.Parameter(torch.zeros(D))

    def forward(self, x):
        """x (..., D) → (..., D)."""
        return layer_norm(x, self.weight, self.bias, self.eps, self.eps_inside)


class RMSNorm(nn.Module):
    """`rms_norm` with a learned scale `weight` (D,), starting at 1.

    >>> RMSNorm(2, eps=0.0)(torch.tensor([[3.0, -3.0]])).tolist()
    [[1.0, -1.0]]
    """

    def __init__(self, D, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(D))

    def forward(self, x):
        """x (..., D) → (..., D)."""
        return rms_norm(x, self.weight, self.eps)


def _check_widths(call, x, weight=None, bias=None):
    given = {"weight": weight, "bias": bias}
    check_shapes(call, x=(x, "... D"), **{name: (p, "D") for name, p in given.items() if p is not None})
