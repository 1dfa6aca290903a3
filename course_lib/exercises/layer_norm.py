"""Checks for the exercises of lesson 06_layer_norm."""

import numpy as np

from . import Wrong, exercise, expect


@exercise
def check_layer_norm(layer_norm):
    """`layer_norm(x, gamma, beta, eps)` of each row of x (T, D), gamma and beta (D,), ε inside the root."""
    row, one, nothing = np.array([[1.0, 5.0]]), np.ones(2), np.zeros(2)
    expect(
        layer_norm(row.copy(), one, nothing, 0.0),
        [[-1, 1]],
        "the row (1, 5) has mean 3 and standard deviation 2, so it becomes (-1, 1)",
        [([[-2, 2]], "the deviations were not divided by the standard deviation"),
         ([[-0.5, 0.5]], "the deviations were divided by the variance: its root is missing"),
         (row / 2, "the mean was not subtracted"),
         (row / np.sqrt(13), "that is RMS norm: the mean was not subtracted"),
         ([[-(0.5**0.5), 0.5**0.5]], "the variance was divided by D - 1: it is the mean of the squares, over D"),
         ([[0, 0]], "each column was normalised: mean and variance run over the entries of a row")],
    )  # fmt: skip
    x = np.random.default_rng(6).normal(size=(3, 4)) * [[1.0], [5.0], [0.2]]
    kept, one, nothing = x.copy(), np.ones(4), np.zeros(4)
    expect(
        layer_norm(x, one, nothing, 0.0),
        _normalized(kept),
        "one row is right and three are not: each row has its own mean and its own variance",
        [((kept - kept.mean()) / kept.std(), "the whole matrix was normalised at once: each row by itself"),
         ((kept - kept.mean(axis=1, keepdims=True)) / kept.std(), "each row was divided by the spread of the whole matrix")],
    )  # fmt: skip
    if not np.array_equal(x, kept):
        raise Wrong("the input was changed: build a new array")
    centred, deviation = kept - kept.mean(axis=1, keepdims=True), kept.std(axis=1, keepdims=True)
    expect(
        layer_norm(x, one, nothing, 0.1),
        _normalized(kept, 0.1),
        "with ε = 0.1 the result is wrong: ε is added to the variance",
        [(_normalized(kept), "ε has no effect"),
         (centred / (deviation + 0.1), "ε was added outside the root: add it to the variance")],
    )  # fmt: skip
    gamma, beta, y = np.array([1.0, 2.0, -3.0, 0.5]), np.array([0.0, 1.0, -1.0, 4.0]), _normalized(kept, 0.1)
    expect(
        layer_norm(x, gamma, beta, 0.1),
        gamma * y + beta,
        "gamma and beta come out wrong: scale first, then shift, entry by entry",
        [(y, "gamma and beta have no effect"),
         (gamma * y, "beta has no effect"),
         (y + beta, "gamma has no effect"),
         (gamma * (y + beta), "the shift was scaled too: multiply by gamma first, then add beta"),
         (_normalized(gamma * kept + beta, 0.1), "gamma and beta were applied before the normalisation")],
    )  # fmt: skip


@exercise
def check_pre_norm(pre_norm):
    """`pre_norm(x, norm, sublayer)` → x + sublayer(norm(x)); both are functions from (T, D) to (T, D)."""
    x = np.random.default_rng(7).normal(size=(3, 4))
    W = np.random.default_rng(8).normal(size=(4, 4))

    def norm(h):
        return _normalized(h, 1e-5)

    def sublayer(h):
        return np.tanh(h @ W)

    expect(
        pre_norm(x, norm, np.zeros_like),
        x,
        "a sublayer that puts out zeros must leave x as it was",
        [(np.zeros_like(x), "the residual is missing: add x to what the sublayer puts out"),
         (norm(x), "the sum holds the normalised x, or was normalised: the raw x passes through"),
         (2 * x, "x was added twice")],
    )  # fmt: skip
    expect(
        pre_norm(x, norm, sublayer),
        x + sublayer(norm(x)),
        "the step is wrong: normalise, then the sublayer, then the sum with x",
        [(x + sublayer(x), "the norm was not used: the sublayer reads the normalised x"),
         (x + norm(sublayer(x)), "the norm comes after the sublayer: it belongs before"),
         (x + norm(sublayer(norm(x))), "the norm was used twice: only before the sublayer"),
         (x - sublayer(norm(x)), "what the sublayer puts out was subtracted: add it")],
    )  # fmt: skip


@exercise
def check_layer_norm_backward(backward):
    """`backward(g, x, eps)`, all (T, D): the gradient of Σ g·LN(x) with respect to x, ε inside the root."""
    rng = np.random.default_rng(9)
    x, g = rng.normal(size=(3, 4)) * [[1.0], [5.0], [0.2]], rng.normal(size=(3, 4))
    y, s = _normalized(x, 0.1), np.sqrt(x.var(axis=1, keepdims=True) + 0.1)
    mean, along = _mean(g), _mean(g * y)
    deviation = x.std(axis=1, keepdims=True)
    expect(
        backward(g, x, 0.1),
        (g - mean - y * along) / s,
        "the gradient is wrong: three terms, all divided by s",
        [(g / s, "x also moves its own mean and deviation: the second and the third term are missing"),
         ((g - y * along) / s, "x also moves its own mean: the second term is missing"),
         ((g - mean) / s, "x also moves the deviation s: the third term is missing"),
         (g - mean - y * along, "the division by s is missing"),
         ((g - mean + y * along) / s, "the third term has the wrong sign"),
         ((g - mean - 4 * y * along) / s, "the third term has the sum of g·y: it is the mean"),
         ((g - mean - x * _mean(g * x)) / s, "the third term uses x: it is the normalised row y"),
         ((g - mean - (x - _mean(x)) * along) / s, "the third term uses x - μ: it is the normalised row y"),
         ((g - mean - _normalized(x) * _mean(g * _normalized(x))) / deviation, "ε has no effect"),
         ((g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / s, "the means run over the tokens: each row has its own")],
    )  # fmt: skip


def _normalized(x, eps=0.0):
    return (x - _mean(x)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps)


def _mean(x):
    return x.mean(axis=-1, keepdims=True)
