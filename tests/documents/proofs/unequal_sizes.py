"""What the proofs of the four short documents share: sizes that tell axes apart, attention, an MLP."""

import numpy as np

from tests.documents.proofs.whitepaper_gpt import softmax

B, C, N, K, V, F = 2, 5, 3, 4, 7, 48  # batch, context, heads, width of a head, vocabulary, hidden
D = N * K  # 12, unlike every other size, so that a size gives its letter away


def rng():
    return np.random.default_rng(0)


def letters(array, names):
    """The sizes of an array as the names that a document gives them."""
    return [names[size] for size in np.shape(array)]


def shape_that_takes(size, other, before_a_column):
    """The shape of the matrix that takes a vector of one size to the other size: behind a row, or before a column."""
    for shape in (size, other), (other, size):
        matrix, vector = np.ones(shape), np.ones(size)
        try:
            answer = matrix @ vector if before_a_column else vector @ matrix
        except ValueError:
            continue
        if answer.shape == (other,):
            return shape
    raise ValueError("no matrix does")


NOTES = {B: "B", C: "C", N: "N", K: "d/N", D: "d", V: "V", 1: 1}  # the shape notes
SUMMARY = {V: "V", D: "D"}  # the 3B1B summary and the attention notes


def attention_weights(q, k, mask=None):
    """softmax(QKᵀ/√d_k), rows summing to 1; mask: True = may attend."""
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])  # (…, T, K) @ (…, K, S) → (…, T, S)
    return softmax(scores if mask is None else np.where(mask, scores, -np.inf))


def self_attention(x, mask=None):
    """One head with fixed random matrices of the width of x."""
    r = rng()
    w_q, w_k, w_v = r.normal(size=(3, x.shape[-1], x.shape[-1])) / np.sqrt(x.shape[-1])
    return attention_weights(x @ w_q, x @ w_k, mask) @ (x @ w_v)  # (T, D)


def causal(tokens):
    return np.tril(np.ones((tokens, tokens), dtype=bool))


def mlp(x, bend=lambda z: np.maximum(0, z)):
    """ReLU(x W₁ + b₁) W₂ + b₂ with fixed random weights; another function may stand in for ReLU."""
    r, width = rng(), x.shape[-1]
    w1, b1, w2, b2 = (r.normal(size=size) for size in [(width, F), F, (F, width), width])
    return bend(x @ w1 + b1) @ w2 + b2  # (…, D) → (…, F) → (…, D)


def changes(function, x, at):
    """Which rows of function(x) change when row `at` of x does."""
    other = x.copy()
    other[at] += rng().normal(size=x.shape[1:])
    return np.any(~np.isclose(function(other), function(x)), axis=tuple(range(1, x.ndim)))
