"""The exercise checks: every right variant is accepted, every wrong one gets the message meant for it."""

import numpy as np
import torch

from course_lib.exercises.attention import check_attention, check_causal_mask, check_softmax
from course_lib.exercises.positions import check_position_row, check_rotate_pairs


def row(angle, sine=np.sin, cosine=np.cos):
    """A position row whose angle for index j is angle(pos, j, D)."""
    return lambda pos, D: [(sine, cosine)[j % 2](angle(pos, j, D)) for j in range(D)]


def right_angle(pos, j, D):
    return pos / 10000 ** ((j - j % 2) / D)


def row_with_numpy(pos, D):
    angles = pos / 10000 ** (np.arange(0, D, 2) / D)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(-1)


def turn(x, angles, sign=1, halves=False):
    pairs = x.reshape(2, -1).T if halves else x.reshape(-1, 2)
    a, b = pairs[:, 0], pairs[:, 1]
    c, s = np.cos(angles), sign * np.sin(angles)
    turned = np.stack([a * c - b * s, a * s + b * c], axis=1)
    return turned.T.ravel() if halves else turned.ravel()


def turn_in_place(x, angles):
    x[:] = turn(x, angles)
    return x


def turn_with_the_new_first_member(x, angles):
    y = x.copy()
    y[0::2] = y[0::2] * np.cos(angles) - y[1::2] * np.sin(angles)
    y[1::2] = y[0::2] * np.sin(angles) + y[1::2] * np.cos(angles)
    return y


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


def row_of_complex_numbers(pos, D):
    return (1j * np.exp(-1j * row_angles(pos, D))).view(float)


def turn_by_matrices(x, angles):
    matrices = [[[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]] for t in angles]
    return np.concatenate([matrix @ pair for matrix, pair in zip(matrices, x.reshape(-1, 2), strict=True)])



RIGHT = [
    (check_position_row, row(right_angle)),
    (check_position_row, row_with_numpy),
    (check_rotate_pairs, turn),
    (check_rotate_pairs, lambda x, angles: ((x[::2] + 1j * x[1::2]) * np.exp(1j * angles)).view(float)),
    (check_softmax, softmax),
    (check_softmax, lambda x, t: np.exp(x / t - np.logaddexp.reduce(x / t, axis=1)[:, None])),
    (check_causal_mask, lambda T: np.tril(np.ones((T, T), dtype=bool))),
    (check_causal_mask, lambda T: [[s <= t for s in range(T)] for t in range(T)]),
    (check_attention, attend),
    (check_attention, attend_with_loops),
    (check_attention, lambda q, k, v, mask: np.einsum("ts,sk->tk", softmax(np.where(mask, np.einsum("tk,sk->ts", q, k) / 2, -1e9)), v)),
    (check_position_row, row_of_complex_numbers),
    (check_rotate_pairs, turn_by_matrices),
    (check_softmax, lambda x, t: torch.softmax(torch.from_numpy(x) / t, dim=-1)),
    (check_causal_mask, lambda T: torch.ones(T, T).tril().bool()),
]  # fmt: skip

WRONG = [
    (check_position_row, row(right_angle, np.cos, np.sin), "changed places"),
    (check_position_row, lambda pos, D: np.concatenate([np.sin(row_angles(pos, D)), np.cos(row_angles(pos, D))]), "alternate"),
    (check_position_row, row(lambda pos, j, D: np.radians(right_angle(pos, j, D))), "radians"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** ((j + j % 2) / D)), "do not raise the exponent"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** (j / D)), "exponent of its own"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** (2 * (j - j % 2) / D)), "twice too large"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** ((j - j % 2) / 2 / D)), "half of what"),
    (check_position_row, row(lambda pos, j, D: pos * 10000 ** ((j - j % 2) / D)), "divide the position"),
    (check_position_row, lambda pos, D: row(right_angle)(pos, D) + [0.0], "shape"),
    (check_position_row, lambda pos, D: None, "return missing"),
    (check_position_row, lambda pos, D: "abcd", "array of numbers"),
    (check_position_row, lambda pos, D: [np.zeros(D), 0], "a list of 2 parts that do not fit together"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles, sign=-1), "the other way"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles, halves=True), "neighbours"),
    (check_rotate_pairs, turn_in_place, "changed what it was given"),
    (check_rotate_pairs, lambda x, angles: turn(x, np.full_like(angles, angles[0])), "only entries 0 and 1"),
    (check_rotate_pairs, lambda x, angles: x + np.sin(np.repeat(angles, 2)), "quarter turn"),
    (check_rotate_pairs, turn_with_the_new_first_member, "both need the old values"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles).reshape(-1, 2).T.ravel(), "they should alternate"),
    (check_rotate_pairs, lambda x, angles: x * 2, "angle of 0"),
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


def row_angles(pos, D):
    return pos / 10000 ** (np.arange(0, D, 2) / D)
