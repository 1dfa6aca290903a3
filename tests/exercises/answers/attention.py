"""Right and wrong answers to the exercises of lesson 04_attention."""

import numpy as np
import torch

from course_lib.exercises.attention import check_attention, check_causal_mask, check_softmax


def softmax(x, temperature=1.0, axis=-1):
    e = np.exp(x / temperature - np.max(x / temperature, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def attend(q, k, v, mask, scale=lambda K: K**-0.5, axis=-1, fill=-np.inf, invert=False):
    scores = q @ k.T * scale(k.shape[-1])
    return softmax(np.where(mask != invert, scores, fill), axis=axis) @ v


def attend_with_loops(q, k, v, mask):
    out = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        weights = [np.exp(q[t] @ k[s] / k.shape[1] ** 0.5) * mask[t, s] for s in range(len(k))]
        out[t] = sum(w * v[s] for s, w in enumerate(weights)) / sum(weights)
    return out


RIGHT = [
    (check_softmax, softmax),
    (check_softmax, lambda x, t: np.exp(x / t - np.logaddexp.reduce(x / t, axis=1)[:, None])),
    (check_causal_mask, lambda T: np.tril(np.ones((T, T), dtype=bool))),
    (check_causal_mask, lambda T: [[s <= t for s in range(T)] for t in range(T)]),
    (check_attention, attend),
    (check_attention, attend_with_loops),
    (check_attention, lambda q, k, v, mask: np.einsum("ts,sk->tk", softmax(np.where(mask, np.einsum("tk,sk->ts", q, k) / 2, -1e9)), v)),
    (check_softmax, lambda x, t: torch.softmax(torch.from_numpy(x) / t, dim=-1)),
    (check_causal_mask, lambda T: torch.ones(T, T).tril().bool()),
]  # fmt: skip
WRONG = [
    (check_softmax, lambda x, t: x / x.sum(axis=1, keepdims=True), "exponentials are missing"),
    (check_softmax, lambda x, t: softmax(x, t, axis=0) if len(x) > 1 else softmax(x, t), "columns add to 1"),
    (check_softmax, lambda x, t: np.exp(x / t) / np.exp(x / t).sum(), "whole matrix"),
    (check_softmax, lambda x, t: softmax(x, t, axis=0), "sum of its column"),
    (check_softmax, lambda x, t: np.exp(x / t), "divide them by their sum"),
    (check_softmax, lambda x, t: softmax(x), "no effect"),
    (check_softmax, lambda x, t: softmax(x, 1 / t), "multiplied by the temperature"),
    (check_softmax, lambda x, t: softmax(x) / t, "no longer add to 1"),
    (check_softmax, lambda x, t: np.exp(x / t) / np.exp(x / t).sum(axis=1, keepdims=True), "overflow"),
    (check_causal_mask, lambda T: np.triu(np.ones((T, T), dtype=bool)), "swapped"),
    (check_causal_mask, lambda T: np.triu(np.ones((T, T), dtype=bool), 1) if T > 1 else np.ones((1, 1), bool), "inverted"),
    (check_causal_mask, lambda T: np.tril(np.ones((T, T), dtype=bool), -1), "itself"),
    (check_causal_mask, lambda T: np.tril(np.ones((T, T), dtype=bool), 1), "future"),
    (check_causal_mask, lambda T: np.tril(np.ones((T, T))), "True and False"),
    (check_causal_mask, lambda T: np.ones(T, dtype=bool), "shape"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, scale=lambda K: 1), "not scaled"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, scale=lambda K: 1 / K), "square root"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, scale=lambda K: len(k) ** -0.5), "root of the number of keys"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, scale=lambda K: len(q) ** -0.5), "root of the number of queries"),
    (check_attention, lambda q, k, v, mask: softmax(q @ k.T / 2 + mask) @ v, "mask was added"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, scale=lambda K: K**0.5), "divide"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, axis=0), "over the queries"),
    (check_attention, lambda q, k, v, mask: attend(q, k, k if len(k) > 1 else v, mask), "keys were averaged"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, np.ones_like(mask)), "mask has no effect"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, invert=True, fill=-1e9), "inverted"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, invert=True), "inverted"),
    (check_attention, lambda q, k, v, mask: (softmax(q @ k.T / 2) * mask) @ v, "after the softmax"),
    (check_attention, lambda q, k, v, mask: attend(q, k, v, mask, fill=0), "still has weight"),
    (check_attention, lambda q, k, v, mask: q, "single key"),
]  # fmt: skip
