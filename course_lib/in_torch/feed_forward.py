"""The feed-forward network: the same small two-layer network applied to every token alone.

Attention moves information between tokens; this part works on each token by itself.
The activation between the two layers is what makes the network more than one matrix.
"""

import torch
from torch import nn
from torch.nn import functional

from course_lib.in_torch.checks import as_float
from course_lib.in_torch.modules import Linear

__all__ = ["ACTIVATIONS", "FeedForward", "gelu", "gelu_tanh", "relu"]


def relu(x):
    """Keep what is positive, replace the rest by 0. Any shape → the same shape. Nair & Hinton 2010.

    >>> relu(torch.tensor([-2.0, 3.0]))
    tensor([0., 3.])
    """
    return torch.relu(x)


def gelu(x):
    """x·Φ(x), with Φ the normal distribution function. Any shape → the same shape (integers become floats).

    Hendrycks & Gimpel 2016, eq. 2, exact.

    >>> gelu(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """
    return functional.gelu(as_float(x))


def gelu_tanh(x):
    """GELU as GPT-2 computes it: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). Any shape → the same shape.

    Hendrycks & Gimpel 2016, §2. Integers become floats.

    >>> gelu_tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8412])
    """
    return functional.gelu(as_float(x), approximate="tanh")


ACTIVATIONS = {"relu": relu, "gelu": gelu, "gelu_tanh": gelu_tanh}


class FeedForward(nn.Module):
    """Widen D → F, activate, narrow F → D, on every token alone. F = 4D unless given.

    Vaswani et al. 2017, §3.3 (there with ReLU). The layers carry GPT-2's names, `c_fc` and `c_proj`.
    Raises ValueError for an unknown activation, ShapeError when the input does not have width D.

    >>> FeedForward(3)(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """

    def __init__(self, D, F=None, activation="relu", bias=True, generator=None):
        super().__init__()
        if activation not in ACTIVATIONS:
            known = ", ".join(sorted(ACTIVATIONS))
            raise ValueError(f"FeedForward: activation is {activation!r}; choose one of {known}")
        self.activation = activation
        F = 4 * D if F is None else F
        self.c_fc = Linear(D, F, bias=bias, generator=generator)
        self.c_proj = Linear(F, D, bias=bias, generator=generator)

    def forward(self, x):
        """x (..., D) → (..., D)."""
        return self.c_proj(ACTIVATIONS[self.activation](self.c_fc(x)))
