"""The feed-forward network: the same small two-layer network applied to every token alone.

Attention moves information between tokens; this part works on each token by itself.
The activation between the two layers is what makes the network more than one matrix.

Long because every activation stands beside its backward.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import as_float
from course_lib.in_numpy.modules import Linear, Module

__all__ = [
    "ACTIVATIONS",
    "FeedForward",
    "SwiGLU",
    "gelu",
    "gelu_backward",
    "gelu_tanh",
    "gelu_tanh_backward",
    "relu",
    "relu_backward",
    "silu",
    "silu_backward",
]

_ROOT = math.sqrt(2 / math.pi)  # of GELU's tanh form
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
    return grad_output * _relu_and_slope(x)[1]


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
    return grad_output * _gelu_and_slope(x)[1]


def gelu_tanh(x):
    """GELU as GPT-2 computes it: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). Any shape → the same shape.

    Hendrycks & Gimpel 2016, §2. Integers become floats.

    >>> gelu_tanh(np.array([0.0, 1.0]))
    array([0.        , 0.84119199])
    """
    x = as_float(x)
    return x * _gelu_tanh_gate(x)


def gelu_tanh_backward(grad_output, x):
    """Gradient of `gelu_tanh`.

    >>> gelu_tanh_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    return grad_output * _gelu_tanh_and_slope(x)[1]


def silu(x):
    """x·sigmoid(x), also called Swish. Any shape → the same shape (integers become floats).

    Ramachandran et al. 2017.

    >>> silu(np.array([0.0, 1.0]))
    array([0.        , 0.73105858])
    """
    x = as_float(x)
    return x * _sigmoid(x)


def silu_backward(grad_output, x):
    """Gradient of `silu`: s + x·s·(1 − s), with s = sigmoid(x).

    >>> silu_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    return grad_output * _silu_and_slope(x)[1]


ACTIVATIONS = {
    "relu": (relu, relu_backward),
    "gelu": (gelu, gelu_backward),
    "gelu_tanh": (gelu_tanh, gelu_tanh_backward),
    "silu": (silu, silu_backward),
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
        hidden = self.c_fc(x)  # (..., F)
        self.cache = hidden
        activate, _ = ACTIVATIONS[self.activation]
        output = self.c_proj(activate(hidden))  # (..., D)
        self.c_proj.cache = None  # the widest array of a model: backward makes it again rather than keep it
        return output

    def backward(self, grad_output):
        """Gradient of the input; the two layers collect their own."""
        hidden = self.cache.reshape(-1, self.cache.shape[-1])  # (N, F)
        self.c_proj.cache, slope = _AND_SLOPE[self.activation](hidden)  # (N, F) each
        grad_hidden = self.c_proj.backward(grad_output)  # (..., F)
        self.c_proj.cache = None
        grad_hidden *= slope.reshape(grad_hidden.shape)
        return self.c_fc.backward(grad_hidden)  # (..., D)


class SwiGLU(Module):
    """The gated feed-forward network of Llama, as an aside: (silu(x·W_gate) ⊙ x·W_up)·W_down, no biases.

    Shazeer 2020, eq. 6. F defaults to 8D/3, so that three matrices cost what two of 4D cost.
    Raises ShapeError when the input does not have width D.

    >>> SwiGLU(3)(np.ones((2, 3), np.float32)).shape
    (2, 3)
    """

    def __init__(self, D, F=None, rng=None, dtype=np.float32):
        super().__init__()
        F = 8 * D // 3 if F is None else F
        self.gate = Linear(D, F, bias=False, rng=rng, dtype=dtype)
        self.up = Linear(D, F, bias=False, rng=rng, dtype=dtype)
        self.down = Linear(F, D, bias=False, rng=rng, dtype=dtype)

    def forward(self, x):
        """x (..., D) → (..., D)."""
        gate, up = self.gate(x), self.up(x)  # (..., F) each
        self.cache = gate, up
        return self.down(silu(gate) * up)  # (..., D)

    def backward(self, grad_output):
        """Gradient of the input: the sum of what comes back through the gate and through `up`."""
        gate, up = self.cache
        grad_product = self.down.backward(grad_output)  # (..., F)
        grad_x = self.gate.backward(silu_backward(grad_product * up, gate))  # (..., D)
        return grad_x + self.up.backward(grad_product * silu(gate))  # (..., D)


def _relu_and_slope(x):
    return relu(x), x > 0


def _gelu_and_slope(x):
    cdf, density = _normal_cdf(x), np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return x * cdf, cdf + x * density


def _silu_and_slope(x):
    s = _sigmoid(x)
    return x * s, s + x * s * (1 - s)


def _gelu_tanh_and_slope(x):
    """x·gate, and its derivative gate + x·gate·(1 − gate)·2u'. In few arrays, as in `_gelu_tanh_gate`."""
    gate = _gelu_tanh_gate(x)
    slope = x * x
    slope *= 6 * 0.044715 * _ROOT
    slope += 2 * _ROOT  # 2u'
    slope *= x
    slope *= gate
    slope *= 1 - gate
    slope += gate
    gate *= x
    return gate, slope


_AND_SLOPE = {  # for the network's backward, which needs both
    "relu": _relu_and_slope,
    "gelu": _gelu_and_slope,
    "gelu_tanh": _gelu_tanh_and_slope,
    "silu": _silu_and_slope,
}


def _sigmoid(x):
    with np.errstate(over="ignore"):  # exp(+large) = inf, and 1 / inf = 0 is the right answer
        return 1 / (1 + np.exp(-x))


def _normal_cdf(x):
    return (_erfc(x / -math.sqrt(2)) / 2).astype(x.dtype)


def _gelu_tanh_gate(x):
    """½ + ½·tanh u, u = √(2/π)·(x + 0.044715x³). Step by step in one array: large new arrays cost more than the sums."""
    gate = x * x
    gate *= 0.044715 * _ROOT
    gate += _ROOT
    gate *= x  # u
    np.tanh(gate, out=gate)
    gate *= 0.5
    gate += 0.5
    return gate
