"""Answers to the exercises of lesson 06_layer_norm."""

import math

import numpy as np


def norm(x, weight, bias, eps=1e-5):
    return weight * (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps) + bias


def norm_loop(x, weight, bias, eps=1e-5):
    if x.ndim > 1:
        return np.array([norm_loop(row, weight, bias, eps) for row in x])
    mean = sum(x) / len(x)
    variance = sum((v - mean) ** 2 for v in x) / len(x)
    return [w * (v - mean) / math.sqrt(variance + eps) + b for v, w, b in zip(x, weight, bias)]


def norm_moments(x, weight, bias, eps=1e-5):
    mean = x.mean(-1)[..., None]
    variance = ((x - mean) * (x - mean)).mean(-1)[..., None]
    return (x - mean) * (variance + eps) ** -0.5 * weight + bias


def norm_matrix(x, weight, bias, eps=1e-5):
    D = x.shape[-1]
    centred = x @ (np.eye(D) - np.ones((D, D)) / D)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return centred * math.sqrt(D) / np.sqrt(length**2 + D * eps) @ np.diag(weight) + bias


def norm_einsum(x, weight, bias, eps=1e-5):
    c = x - np.einsum("...d->...", x)[..., None] / x.shape[-1]
    v = np.einsum("...d,...d->...", c, c) / x.shape[-1]
    return np.einsum("...d,...,d->...d", c, 1 / np.sqrt(v + eps), weight) + bias


def norm_changes(x, weight, bias, eps=1e-5):
    x -= x.mean(axis=-1, keepdims=True)
    return weight * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) + bias


def changed(mean=lambda x: x.mean(-1, keepdims=True), scale=None):
    def layer_norm(x, weight, bias, eps=1e-5):
        c = x - mean(x)
        return weight * c / (np.sqrt(x.var(-1, keepdims=True) + eps) if scale is None else scale(x, eps)) + bias

    return layer_norm


def rms(x, weight, eps=1e-5):
    return weight * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)


def rms_loop(x, weight, eps=1e-5):
    if x.ndim > 1:
        return [rms_loop(row, weight, eps) for row in x]
    r = math.sqrt(sum(v * v for v in x) / len(x) + eps)
    return [v / r * w for v, w in zip(x, weight)]


def residual(x, norm, sublayer):
    y = norm(x)
    y = sublayer(y)
    return x + y


def residual_in_place(x, norm, sublayer):
    x += sublayer(norm(x))
    return x


RIGHT = {
    "layer_norm": [norm, norm_loop, norm_moments, norm_matrix, norm_einsum],
    "pre_norm": [
        residual, lambda x, norm, sublayer: sublayer(norm(x)) + x, lambda x, norm, sublayer: np.add(x, sublayer(norm(x))),
        lambda x, norm, sublayer: sum([x, sublayer(norm(x))]), lambda x, norm, sublayer: (lambda branch: branch(x) + x)(lambda z: sublayer(norm(z))),
        lambda x, norm, sublayer: x - -sublayer(norm(x.copy())),
    ],
    "rms_norm": [
        rms, rms_loop, lambda x, weight, eps=1e-5: x * ((x**2).mean(-1)[..., None] + eps) ** -0.5 * weight,
        lambda x, weight, eps=1e-5: x / np.sqrt(np.linalg.norm(x, axis=-1, keepdims=True) ** 2 / x.shape[-1] + eps) * weight,
        lambda x, weight, eps=1e-5: np.multiply(weight, (x.T / np.sqrt(np.mean(np.square(x), axis=-1) + eps).T).T),
    ],
}  # fmt: skip

WRONG = {
    "layer_norm": [
        (lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + bias, "each column"),
        (lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(axis=0, keepdims=True)) / np.sqrt(x.var(axis=0, keepdims=True) + eps) + bias, "each column"),
        (lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1)) / np.sqrt(x.var(-1) + eps) + bias, "keepdims"),
        (lambda x, weight, bias, eps=1e-5: norm(x, weight, bias, 1e-5), "always 1e-5"), (lambda x, weight, bias, eps=1e-5: norm(x, bias, weight, eps), "changed places"),
        (lambda x, weight, bias, eps=1e-5: norm(x, 1, 0, eps), "weight and bias have no effect"), (lambda x, weight, bias, eps=1e-5: norm(x, weight, 0, eps), "bias has no effect"),
        (changed(lambda x: np.median(x, axis=-1, keepdims=True)), ""), (changed(lambda x: x.mean()), ""), (changed(scale=lambda x, eps: abs(x - x.mean(-1, keepdims=True)).mean(-1, keepdims=True) + eps), "absolute differences"),
        (changed(scale=lambda x, eps: np.ptp(x, axis=-1, keepdims=True) / 2 + eps), "half the range"), (changed(scale=lambda x, eps: np.sqrt(((x - x.mean(-1, keepdims=True)) ** 2).sum(-1, keepdims=True) + eps)), "their mean"),
        (changed(scale=lambda x, eps: np.sqrt(x.var(-1, keepdims=True, ddof=1) + eps)), "D − 1"), (changed(scale=lambda x, eps: x.std(-1, keepdims=True) + eps), "after the root"),
        (changed(scale=lambda x, eps: x.var(-1, keepdims=True) + eps), "take its root"), (changed(scale=lambda x, eps: (x.var(-1, keepdims=True) + eps) ** 1 / 2), "brackets are missing"),
        (changed(scale=lambda x, eps: x.std(-1, keepdims=True)), "eps is missing"), (changed(mean=lambda x: 0), "mean was not subtracted"), (changed(scale=lambda x, eps: 1), "nothing was divided"),
        (norm_changes, "changed what it was given"), (lambda x, weight, bias, eps=1e-5: weight * (norm(x, 1, 0, eps) + bias), "added last"), (lambda x, weight, bias: norm(x, weight, bias), "the check calls"),
        (lambda x, weight, bias, eps=1e-5: norm(x, weight, bias, eps).astype(np.float32), "32 bits"), (changed(mean=lambda x: x.sum(-1, keepdims=True) / 2), ""),
        (lambda x, weight, bias, eps=1e-5: weight * (x - x.mean()) / np.sqrt(x.var() + eps) + bias, "whole array"),
        (lambda x, weight, bias, eps=1e-5: weight * (x - np.mean(x, axis=1, keepdims=True)) / np.sqrt(np.var(x, axis=1, keepdims=True) + eps) + bias, "axis=-1 always does"),
        (lambda x, weight, bias, eps=1e-5: np.array([(row - row.mean()) / np.sqrt(row.var() + eps) * weight + bias for row in x]), "texts of a batch"),
        (changed(scale=lambda x, eps: np.sqrt((x**2).mean(-1, keepdims=True) + eps)), "once the mean is out"),
        (lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1, keepdims=True) + bias) / np.sqrt(x.var(-1, keepdims=True) + eps), "divided and scaled too"),
        (lambda x, weight, bias, eps=1e-5: norm(x, 1, 0, eps) + weight * bias, "weight multiplies the bias"), (lambda x, weight, bias, eps=1e-5: norm(weight * x + bias, 1, 0, eps), "came first"),
        (lambda x, weight, bias, eps=1e-5: norm(x, weight, bias, eps**2), "squared"), (lambda x, weight, bias, eps=1e-5: norm(x, 1, 0, eps) / weight + bias, "weight divides"),
    ],
    "pre_norm": [
        (lambda x, norm, sublayer: norm(x + sublayer(x)), "post-norm"), (lambda x, norm, sublayer: sublayer(norm(x)), "x is not added"), (lambda x, norm, sublayer: x + sublayer(x), "norm has no effect"),
        (lambda x, norm, sublayer: norm(x) + sublayer(norm(x)), "x itself is"), (lambda x, norm, sublayer: x + norm(sublayer(x)), "behind the sublayer"), (residual_in_place, "changed what it was given"),
        (lambda x, norm, sublayer: x + sublayer(norm), ""), (lambda x, norm, sublayer: x + sublayer * norm(x), ""), (lambda x, norm, sublayer: x + norm(x), "sublayer is missing"),
        (lambda x, norm, sublayer: x * sublayer(norm(x)), "multiplied"), (lambda x, norm, sublayer: norm(x + sublayer(norm(x))), "second norm"), (lambda x, norm, sublayer: norm(x) + sublayer(x), "direct way"),
        (lambda x, sublayer, norm: x + sublayer(norm(x)), "behind the sublayer"), (lambda x, norm, sublayer: x + sublayer(norm(x) + x), ""),
        (lambda x, norm, sublayer: x + norm(x) + sublayer(norm(x)), "as well"), (lambda x, norm, sublayer: norm(sublayer(x)), "x is not added"), (lambda x, norm, sublayer: x + sublayer(norm(norm(x))), "twice"),
        (lambda x, norm, sublayer: x + x + sublayer(norm(x)), "added twice"), (lambda x, norm, sublayer: x + norm(sublayer(norm(x))), "second norm"), (lambda x, norm, sublayer: x + sublayer, "call it"),
    ],
    "rms_norm": [
        (lambda x, weight, eps=1e-6: weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + eps), "eps need not be given, and is 1e-5"),
        (lambda x, weight, eps=1e-5: norm(x, weight, 0, eps), "as in layer norm"), (lambda x, weight, eps=1e-5: weight * x / np.sqrt((x * x).mean(0) + eps), "each column"),
        (lambda x, weight, eps=1e-5: weight * x / np.sqrt((x * x).mean(-1) + eps), "keepdims"), (lambda x, weight, eps=1e-5: weight * x / np.sqrt((x * x).sum(-1, keepdims=True) + eps), "added up"),
        (lambda x, weight, eps=1e-5: weight * x / ((x * x).mean(-1, keepdims=True) + eps), "take its root"), (lambda x, weight, eps=1e-5: rms(x, weight), "always 1e-5"), (lambda x, weight, eps=1e-5: rms(x, 1, eps), "weight has no effect"),
        (lambda x, weight, eps=1e-5: rms(x, weight, 0), "eps is missing"), (lambda x, weight, eps=1e-5: weight * x / (np.sqrt((x * x).mean(-1, keepdims=True)) + eps), "after the root"),
        (lambda x, weight, eps=1e-5: weight * x / np.sqrt((x * x).mean() + eps), "whole array"), (lambda x, weight, eps=1e-5: weight * x / np.sqrt(x.var(-1, keepdims=True) + eps), "variance divides"),
        (lambda x, weight, eps=1e-5: weight * x / np.sqrt(x.mean(-1, keepdims=True) ** 2 + eps), "the mean was squared: square first, then"), (lambda x, weight, eps=1e-5: weight + rms(x, 1, eps), "it multiplies"),
        (lambda x, weight, eps=1e-5: x / np.sqrt((x * x).mean(1, keepdims=True) + eps) * weight, "axis=-1 always does"), (lambda x, weight, eps=1e-5: x / (np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight), "weight divides"),
        (lambda x, weight, eps=1e-5: weight * x / np.sqrt(x.mean(-1, keepdims=True) ** 2 + eps), "mean was squared"), (lambda x, weight, eps=1e-5: weight * x * np.sqrt((x * x).mean(-1, keepdims=True) + eps), "root multiplies"),
        (lambda x, weight, eps=1e-5: weight * x / np.linalg.norm(x, axis=-1, keepdims=True), "length of the row"), (lambda x, weight, eps=1e-5: weight * x / (abs(x).mean(-1, keepdims=True) + eps), "absolute values"),
    ],
}  # fmt: skip
