"""Right and wrong answers to the exercises of lesson 06_layer_norm."""

import numpy as np

from course_lib.exercises.layer_norm import check_layer_norm, check_layer_norm_backward, check_pre_norm
from course_lib.in_numpy import normalization


def mean(x, axis=-1):
    return x.mean(axis=axis, keepdims=True)


def norm(x, gamma=1.0, beta=0.0, eps=0.0, axis=-1, less=0, inside=True):
    variance = x.var(axis=axis, ddof=less, keepdims=True)
    divisor = np.sqrt(variance + eps) if inside else np.sqrt(variance) + eps
    return gamma * (x - mean(x, axis)) / divisor + beta


def norm_with_loops(x, gamma, beta, eps):
    rows = []
    for row in x:
        middle = sum(row) / len(row)
        spread = (sum((entry - middle) ** 2 for entry in row) / len(row) + eps) ** 0.5
        rows.append([g * (e - middle) / spread + b for e, g, b in zip(row, gamma, beta, strict=True)])
    return rows


def norm_in_place(x, gamma, beta, eps):
    x -= mean(x)
    return gamma * x / np.sqrt(mean(x**2) + eps) + beta


def norm_of_all(x, gamma, beta, eps):
    return gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta


def own_mean_common_spread(x, gamma, beta, eps):
    return gamma * (x - mean(x)) / np.sqrt(x.var() + eps) + beta


def rms(x, gamma, beta, eps):
    return gamma * x / np.sqrt(mean(x**2) + eps) + beta


def backward(g, x, eps, second=1, third=1, along="y", divide=True, axis=-1, inside=True):
    y = norm(x, eps=eps, inside=inside)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + eps) if inside else x.std(axis=-1, keepdims=True)
    other = {"y": y, "x": x, "centred": x - mean(x)}[along]
    factor = mean(g * other, axis) if along != "centred" else mean(g * y)
    total = g - second * mean(g, axis) - third * other * factor
    return total / s if divide else total


def backward_with_jacobian(g, x, eps):
    rows = []
    for one, row in zip(g, x, strict=True):
        D, y, s = len(row), norm(row, eps=eps), np.sqrt(row.var() + eps)
        rows.append(one @ (np.eye(D) - 1 / D - np.outer(y, y) / D) / s)
    return np.array(rows)


RIGHT = [
    (check_layer_norm, norm),
    (check_layer_norm, norm_with_loops),
    (check_layer_norm, lambda x, g, b, eps: normalization.layer_norm(x, g, b, eps)),
    (check_pre_norm, lambda x, norm, sublayer: x + sublayer(norm(x))),
    (check_pre_norm, lambda x, norm, sublayer: np.add(sublayer(norm(x.copy())), x)),
    (check_layer_norm_backward, backward),
    (check_layer_norm_backward, backward_with_jacobian),
    (check_layer_norm_backward, lambda g, x, eps: normalization.layer_norm_backward(g, x, eps=eps)[0]),
    (check_pre_norm, lambda x, norm, sublayer: np.sum([x, sublayer(norm(x))], axis=0)),
]  # fmt: skip

WRONG = [
    (check_layer_norm, lambda x, g, b, eps: g * (x - mean(x)) + b, "not divided by the standard deviation"),
    (check_layer_norm, lambda x, g, b, eps: g * (x - mean(x)) / (x.var(-1, keepdims=True) + eps) + b, "root is missing"),
    (check_layer_norm, lambda x, g, b, eps: g * x / np.sqrt(x.var(-1, keepdims=True) + eps) + b, "mean was not subtracted"),
    (check_layer_norm, rms, "RMS norm"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, g, b, eps, less=1), "D - 1"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, g, b, eps + 1e-30, axis=0), "each column was normalised"),
    (check_layer_norm, norm_of_all, "whole matrix was normalised"),
    (check_layer_norm, own_mean_common_spread, "spread of the whole matrix"),
    (check_layer_norm, norm_in_place, "changed what it was given"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, g, b), "ε has no effect"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, g, b, eps, inside=False), "outside the root"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, g, b, eps**2), "with ε = 0.1"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, eps=eps), "gamma and beta have no effect"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, gamma=g, eps=eps), "beta has no effect"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, beta=b, eps=eps), "gamma has no effect"),
    (check_layer_norm, lambda x, g, b, eps: g * (norm(x, eps=eps) + b), "shift was scaled"),
    (check_layer_norm, lambda x, g, b, eps: norm(g * x + b, eps=eps), "before the normalisation"),
    (check_layer_norm, lambda x, g, b, eps: norm(x, b, g, eps) if b.any() else norm(x, g, b, eps), "entry by entry"),
    (check_layer_norm, lambda x, g, b, eps: norm(x)[0], "shape"),
    (check_layer_norm, lambda x, g, b, eps: None, "return missing"),
    (check_pre_norm, lambda x, norm, sublayer: sublayer(norm(x)), "residual is missing"),
    (check_pre_norm, lambda x, norm, sublayer: norm(x + sublayer(x)), "raw x passes through"),
    (check_pre_norm, lambda x, norm, sublayer: norm(x) + sublayer(norm(x)), "raw x passes through"),
    (check_pre_norm, lambda x, norm, sublayer: x + sublayer(x), "norm was not used"),
    (check_pre_norm, lambda x, norm, sublayer: x + norm(sublayer(x)), "norm comes after"),
    (check_pre_norm, lambda x, norm, sublayer: x + norm(sublayer(norm(x))), "norm was used twice"),
    (check_pre_norm, lambda x, norm, sublayer: x - sublayer(norm(x)), "subtracted"),
    (check_pre_norm, lambda x, norm, sublayer: x + sublayer(norm(x)) * 2, "the step is wrong"),
    (check_pre_norm, lambda x, norm, sublayer: 2 * x + sublayer(norm(x)), "x was added twice"),
    (check_pre_norm, lambda x, norm, sublayer: x[0], "shape"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, second=0, third=0), "second and the third term"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, second=0), "the second term is missing"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, third=0), "the third term is missing"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, divide=False), "division by s"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, third=-1), "wrong sign"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, third=4), "sum of g·y"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, along="x"), "uses x: "),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, along="centred"), "uses x - μ"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, 0.0), "ε has no effect"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, axis=0), "over the tokens"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps, inside=False), "three terms"),
    (check_layer_norm_backward, lambda g, x, eps: backward(g, x, eps)[0], "shape"),
]  # fmt: skip
