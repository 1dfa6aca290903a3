"""The feed-forward network: the same small two-layer network applied to every token alone.

Attention moves information between tokens; this part works on each token by itself.
The activation between the two layers is what makes the network more than one matrix.

Long because every activation stands beside its backward.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import as_float
from course_lib.in_numpy.fast import gelu_tanh_gate, gelu_tanh_slope
from course_lib.in_numpy.modules import Linear, Module

__all__ = [
    "ACTIVATIONS",
    "FeedForward",
    "gelu",
    "gelu_backward",
    "gelu_tanh",
    "gelu_tanh_backward",
    "relu",
    "relu_backward",
]

_erfc = np.vectorize(math.erfc, otypes=[float])  # NumPy has no erf: one Python call a number, so slow


def relu(x):
    """Keep what is positive, replace the rest by 0. Any shape → the same shape. Nair & Hinton 2010.

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(x, 0)


def relu_backward(grad_output, x):
    """Gradient of `relu`: passes where x > 0, stops elsewhere (at 0 it is taken as 0, as in torch).

    >>> relu_backward(np.array([5.0, 5.0]), np.array([-2.0, 3.0]))
    array([0., 5.])
    """
    return grad_output * (x > 0)


def gelu(x):
    """x·Φ(x), with Φ the normal distribution function. Any shape → the same shape (integers become floats).

    Hendrycks & Gimpel 2016, eq. 2, exact. Slow here (see `_erfc`): models use `gelu_tanh`.

    >>> gelu(np.array([0.0, 1.0]))
    array([0.        , 0.84134475])
    """
    x = as_float(x)
    return x * _normal_cdf(x)


def gelu_backward(grad_output, x):
    """Gradient of `gelu`: Φ(x) + x·φ(x), with φ the normal density.

    >>> gelu_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return grad_output * (_normal_cdf(x) + x * density)


def gelu_tanh(x):
    """GELU as GPT-2 computes it: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). Any shape → the same shape.

    Hendrycks & Gimpel 2016, §2. Integers become floats.

    >>> gelu_tanh(np.array([0.0, 1.0]))
    array([0.        , 0.84119199])
    """
    x = as_float(x)
    return x * gelu_tanh_gate(x)


def gelu_tanh_backward(grad_output, x):
    """Gradient of `gelu_tanh`: gate + x·gate·(1 − gate)·2u′, with the gate ½ + ½·tanh u and u as above.

    >>> gelu_tanh_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    return grad_output * gelu_tanh_slope(x)


ACTIVATIONS = {
    "relu": (relu, relu_backward),
    "gelu": (gelu, gelu_backward),
    "gelu_tanh": (gelu_tanh, gelu_tanh_backward),
}


class FeedForward(Module):
    """Widen D → F, activate, narrow F → D, on every token alone. F = 4D unless given.

    Vaswani et al. 2017, §3.3 (there with ReLU). The layers carry GPT-2's names, `c_fc` and `c_proj`.
    Raises ValueError for an unknown activation, ShapeError when the input does not have width D.

    >>> FeedForward(3)(np.ones((2, 3), np.float32)).shape
    (2, 3)
    """

    def __init__(self, D, F=None, activation="relu", bias=True, rng=None, dtype=np.float32):
        super().__init__()
        if activation not in ACTIVATIONS:
            known = ", ".join(sorted(ACTIVATIONS))
            raise ValueError(f"FeedForward: activation is {activation!r}; choose one of {known}")
        self.activation = activation
        F = 4 * D if F is None else F
        self.c_fc = Linear(D, F, bias=bias, rng=rng, dtype=dtype)
        self.c_proj = Linear(F, D, bias=bias, rng=rng, dtype=dtype)

    def forward(self, x):
        """x (..., D) → (..., D)."""
        activate, _ = ACTIVATIONS[self.activation]
        self.kept = self.c_fc(x)  # (..., F)
        return self.c_proj(activate(self.kept))  # (..., D)

    def backward(self, grad_output):
        """Gradient of the input; the two layers collect their own."""
        hidden = self.recall(grad_output)  # (..., F)
        _, activate_backward = ACTIVATIONS[self.activation]
        grad_hidden = activate_backward(self.c_proj.backward(grad_output), hidden)  # (..., F)
        return self.c_fc.backward(grad_hidden)  # (..., D)


def _normal_cdf(x):
    return (_erfc(x / -math.sqrt(2)) / 2).astype(x.dtype)
