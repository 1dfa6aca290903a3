"""Layer normalization and RMS normalization: every token brought to the same scale.

Both look at one token at a time: the mean and the variance run over its D features,
never over the batch or over other tokens, so nothing leaks between positions.
"""

import numpy as np

from course_lib.in_numpy.checks import as_float
from course_lib.in_numpy.fast import sum_over_tokens
from course_lib.in_numpy.modules import Module
from course_lib.shapes import check_shapes

__all__ = ["LayerNorm", "RMSNorm", "layer_norm", "layer_norm_backward", "rms_norm", "rms_norm_backward"]


def layer_norm(x, weight=None, bias=None, eps=1e-5, eps_inside=True):
    """Give every token mean 0 and variance 1 over its D features, then scale and shift.

    x (..., D), weight (D,), bias (D,) → (..., D), in the dtype of x (integers become floats).
    Two conventions exist for ε, and their digits differ:
    `eps_inside=True`   (x − μ) / √(σ² + ε)   Ba, Kiros & Hinton 2016, §3.1 as every framework codes it
    `eps_inside=False`  (x − μ) / (σ + ε)     common in tutorials; steeper where σ is near 0
    σ² is the population variance (divide by D, not by D − 1).
    A token whose features are all equal comes out as 0 (with eps=0 it is 0/0: NaN).
    Raises ShapeError when weight or bias does not have width D.

    >>> layer_norm(np.array([[1.0, 3.0]]), eps=0.0)
    array([[-1.,  1.]])
    """
    x = as_float(x)
    _check_widths("layer_norm", x, weight, bias)
    normalized, _, _ = _standardize(x, eps, eps_inside)
    return _scale_and_shift(normalized, weight, bias)


def layer_norm_backward(grad_output, x, weight=None, eps=1e-5, eps_inside=True):
    """Gradients of `layer_norm` with respect to x, weight and bias.

    grad_output, x (..., D), weight (D,) → (grad_x (..., D), grad_weight (D,), grad_bias (D,)).
    Raises ShapeError when the shapes do not belong together.

    >>> layer_norm_backward(np.array([[1.0, 0.0]]), np.array([[1.0, 3.0]]), eps=0.0)[0]
    array([[0., 0.]])
    """
    check_shapes("layer_norm_backward", grad_output=(grad_output, "... D"), x=(x, "... D"))
    _check_widths("layer_norm_backward", x, weight)
    return _layer_norm_gradients(grad_output, weight, *_standardize(x, eps, eps_inside))


def rms_norm(x, weight=None, eps=1e-5):
    """Divide every token by the root mean square of its D features, then scale.

    x (..., D), weight (D,) → (..., D). No mean is subtracted and nothing is shifted.
    Raises ShapeError when weight does not have width D. Zhang & Sennrich 2019, eq. 4.

    >>> rms_norm(np.array([[3.0, -3.0]]), eps=0.0)
    array([[ 1., -1.]])
    """
    x = as_float(x)
    _check_widths("rms_norm", x, weight)
    return _scale_and_shift(x / _root_mean_square(x, eps), weight)


def rms_norm_backward(grad_output, x, weight=None, eps=1e-5):
    """Gradients of `rms_norm` with respect to x and weight.

    grad_output, x (..., D), weight (D,) → (grad_x (..., D), grad_weight (D,)).
    Raises ShapeError when the shapes do not belong together.

    >>> rms_norm_backward(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]]), eps=0.0)[1]
    array([1.41421356, 0.        ])
    """
    check_shapes("rms_norm_backward", grad_output=(grad_output, "... D"), x=(x, "... D"))
    _check_widths("rms_norm_backward", x, weight)
    rms = _root_mean_square(x, eps)  # (..., 1)
    normalized = x / rms  # (..., D)
    grad_weight = sum_over_tokens(grad_output * normalized)  # (D,)
    grad_normalized = grad_output if weight is None else grad_output * weight  # (..., D)
    # x also moves the root mean square: take out the part of the gradient along the token itself
    along = _mean_product(grad_normalized, normalized)  # (..., 1)
    return (grad_normalized - normalized * along) / rms, grad_weight


class LayerNorm(Module):
    """`layer_norm` with a learned scale `weight` (D,), starting at 1, and shift `bias` (D,), starting at 0.

    >>> LayerNorm(2, eps=0.0, dtype=np.float64)(np.array([[1.0, 3.0]]))
    array([[-1.,  1.]])
    """

    def __init__(self, D, eps=1e-5, eps_inside=True, dtype=np.float32):
        super().__init__()
        self.eps, self.eps_inside = eps, eps_inside
        self.add_param("weight", np.ones(D, dtype))
        self.add_param("bias", np.zeros(D, dtype))

    def forward(self, x):
        """x (..., D) → (..., D)."""
        weight, bias = self.params["weight"], self.params["bias"]
        if getattr(x, "shape", ())[-1:] != weight.shape:  # the check that names the axes takes its time
            check_shapes("LayerNorm", x=(x, "... D"), weight=(weight, "D"))
        self.kept = _standardize(x, self.eps, self.eps_inside)
        return _scale_and_shift(self.kept[0], weight, bias)

    def backward(self, grad_output):
        """Gradient of the input; adds to the gradients of `weight` and `bias`."""
        kept = self.recall(grad_output)
        grad_x, grad_weight, grad_bias = _layer_norm_gradients(grad_output, self.params["weight"], *kept)
        self.add_grad("weight", grad_weight)
        self.add_grad("bias", grad_bias)
        return grad_x


class RMSNorm(Module):
    """`rms_norm` with a learned scale `weight` (D,), starting at 1.

    >>> RMSNorm(2, eps=0.0, dtype=np.float64)(np.array([[3.0, -3.0]]))
    array([[ 1., -1.]])
    """

    def __init__(self, D, eps=1e-5, dtype=np.float32):
        super().__init__()
        self.eps = eps
        self.add_param("weight", np.ones(D, dtype))

    def forward(self, x):
        """x (..., D) → (..., D)."""
        self.kept = x
        return rms_norm(x, self.params["weight"], self.eps)

    def backward(self, grad_output):
        """Gradient of the input; adds to the gradient of `weight`."""
        x = self.recall(grad_output)
        grad_x, grad_weight = rms_norm_backward(grad_output, x, self.params["weight"], self.eps)
        self.add_grad("weight", grad_weight)
        return grad_x


def _standardize(x, eps, eps_inside):
    """x (..., D) → (normalized (..., D), scale (..., 1), slope (..., 1)): see `_layer_norm_gradients`."""
    eps = float(eps)  # NumPy's own numbers would turn float32 into float64
    centered = x - x.sum(axis=-1, keepdims=True) / x.shape[-1]  # (..., D)
    variance = _mean_product(centered, centered)  # (..., 1)
    if eps_inside:
        scale = np.sqrt(variance + eps)  # (..., 1)
        slope = 1
    else:
        deviation = np.sqrt(variance)  # (..., 1)
        scale = deviation + eps
        # √ has no slope at 0, where every centred feature is 0 too: count it as 0
        slope = np.divide(scale, deviation, out=np.zeros_like(scale), where=deviation > 0)
    centered /= scale
    return centered, scale, slope


def _layer_norm_gradients(grad_output, weight, normalized, scale, slope):
    grad_weight = sum_over_tokens(grad_output * normalized)  # (D,)
    grad_bias = sum_over_tokens(grad_output)  # (D,)
    grad_normalized = grad_output if weight is None else grad_output * weight  # (..., D)
    # x moves its own mean and its own scale: take both parts out of the gradient
    along = _mean_product(grad_normalized, normalized)  # (..., 1)
    grad_x = grad_normalized - grad_normalized.mean(axis=-1, keepdims=True)  # (..., D)
    grad_x -= normalized * (along * slope)
    grad_x /= scale
    return grad_x, grad_weight, grad_bias


def _mean_product(x, y):
    return np.vecdot(x, y)[..., None] / x.shape[-1]  # of x·y over the features: (..., D), (..., D) → (..., 1)


def _root_mean_square(x, eps):
    return np.sqrt(_mean_product(x, x) + float(eps))  # (..., 1)


def _scale_and_shift(normalized, weight=None, bias=None):
    y = normalized if weight is None else normalized * weight  # (..., D)
    return y if bias is None else y + bias


def _check_widths(call, x, weight=None, bias=None):
    given = {"weight": weight, "bias": bias}
    check_shapes(call, x=(x, "... D"), **{name: (p, "D") for name, p in given.items() if p is not None})
