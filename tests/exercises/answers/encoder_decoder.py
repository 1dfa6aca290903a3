"""Right and wrong answers to the exercises of lesson 12_encoder_decoder."""

import numpy as np
import torch

from course_lib.exercises.encoder_decoder import (
    check_beam_step,
    check_cross_attention,
    check_teacher_forcing,
)
from tests.exercises.answers.attention import softmax


def forced(target, pad, seen=None, predicted=None, counts=None):
    """The right three things, or another in place of one: a function of (read, due, pad)."""
    read, due = target[:, :-1], target[:, 1:]
    right = read, due, due != pad
    return tuple(one if other is None else other(read, due, pad) for one, other in zip(right, (seen, predicted, counts)))


def forced_row_by_row(target, pad):
    seen = [list(row[:-1]) for row in target]
    predicted = [list(row[1:]) for row in target]
    return seen, predicted, [[bool(id != pad) for id in row] for row in predicted]


def forced_in_place(target, pad):
    seen, predicted, counts = forced(target.copy(), pad)
    target[target == 2] = pad
    return seen, predicted, counts


def cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k: k.shape[1] ** -0.5, axis=-1, fill=-np.inf, mask=None):
    q, k, v = y @ W_Q, x @ W_K, x @ W_V
    allowed = allowed[None] if mask is None else mask(allowed, len(y))
    return softmax(np.where(allowed, q @ k.T * scale(q, k), fill), axis=axis) @ v


def cross_with_loops(y, x, W_Q, W_K, W_V, allowed):
    rows = []
    for token in y:
        weights = np.array([np.exp(token @ W_Q @ (other @ W_K) / 2) for other in x]) * allowed
        rows.append(sum(w * (other @ W_V) for w, other in zip(weights, x)) / weights.sum())
    return rows


def cross_without_padding(y, x, W_Q, W_K, W_V, allowed):
    return cross(y, x[allowed], W_Q, W_K, W_V, np.ones(allowed.sum(), bool))


def step(scores, log_p, width, total=None, order=1):
    total = scores[:, None] + log_p if total is None else total
    best = np.argsort(-order * total, axis=None)[:width]
    beams, tokens = np.divmod(best, log_p.shape[1])
    return beams, tokens, total[beams, tokens]


def step_with_sorted(scores, log_p, width):
    found = [(s + p, b, i) for b, (s, row) in enumerate(zip(scores, log_p)) for i, p in enumerate(row)]
    found.sort(key=lambda one: -one[0])
    new, beams, tokens = zip(*found[:width])
    return beams, tokens, new


def step_one_each(scores, log_p, width):
    beams, tokens = np.arange(len(scores)), log_p.argmax(axis=1)
    new = scores + log_p[beams, tokens]
    order = np.argsort(-new)
    return beams[order], tokens[order], new[order]


def step_best_then_rest(scores, log_p, width):
    """Takes each beam's best first, then fills up."""
    beams, tokens, new = step_one_each(scores, log_p, width)
    more = [place for place in zip(*step(scores, log_p, log_p.size)) if place[0] not in beams or place[1] not in tokens]
    b, i, s = zip(*more)
    both = np.r_[beams, b], np.r_[tokens, i], np.r_[new, s]
    return tuple(one[:width] for one in both)


def step_in_order_of_places(scores, log_p, width):
    beams, tokens, new = step(scores, log_p, width)
    return beams[::-1], tokens[::-1], new[::-1]


def wrong_divisor(scores, log_p, width):
    total = scores[:, None] + log_p
    best = np.argsort(-total, axis=None)[:width]
    return best // len(scores), best % len(scores), total.ravel()[best]


def forced_in_torch(target, pad):
    target = torch.from_numpy(target)
    return target[:, :-1], target[:, 1:], target[:, 1:] != pad


def step_in_torch(scores, log_p, width):
    best = torch.from_numpy(scores[:, None] + log_p).flatten().topk(width)
    return best.indices // log_p.shape[1], best.indices % log_p.shape[1], best.values



RIGHT = [
    (check_teacher_forcing, forced),
    (check_teacher_forcing, forced_row_by_row),
    (check_cross_attention, cross),
    (check_cross_attention, cross_with_loops),
    (check_cross_attention, cross_without_padding),
    (check_beam_step, step),
    (check_beam_step, step_with_sorted),
    (check_teacher_forcing, forced_in_torch),
    (check_beam_step, step_in_torch),
]  # fmt: skip

WRONG = [
    (check_teacher_forcing, lambda t, pad: None, "return missing"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad)[:2], "three things"),
    (check_teacher_forcing, forced_in_place, "changed what it was given"),
    (check_teacher_forcing, lambda t, pad: (t, t, t != pad), "shape"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, seen=lambda r, d, p: d), "lacks the start"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, seen=lambda r, d, p: np.where(r == 2, p, r)), "lost an end"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, seen=lambda r, d, p: r * 0), "every token of the target but the last"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, predicted=lambda r, d, p: r), "only have to copy"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, predicted=lambda r, d, p: np.where(d == 2, p, d)), "lacks the end token"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, predicted=lambda r, d, p: d[:, ::-1]), "comes next"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: (d != p) * 1.0), "True and False"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: r != p), "what is read"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: d == p), "inverted"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: d >= 0), "padding counts"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: (d != p) & (d != 2)), "end token does not count"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: d != 0), "another pad"),
    (check_teacher_forcing, lambda t, pad: forced(t, pad, counts=lambda r, d, p: d > 5), "there is a token to predict"),
    (check_cross_attention, lambda y, x, *w: cross(x, y, *w[:3], np.ones(len(y), bool)), "shape"),
    (check_cross_attention, lambda y, x, Q, K, V, a: softmax((y @ Q) @ (x @ K).T / 2) @ (y[:1] @ V if len(x) == 1 else x @ V) if len(x) > 1 else y @ V, "values come from the decoder"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x, Q, K, V.T, a), "transposed"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x, Q, K, K, a), "keys were averaged"),
    (check_cross_attention, lambda y, x, Q, K, V, a: 2 * cross(y, x, Q, K, V, a), "whatever the scores"),
    (check_cross_attention, lambda *a: cross(*a, scale=lambda q, k: 1), "not scaled"),
    (check_cross_attention, lambda *a: cross(*a, scale=lambda q, k: len(k) ** -0.5), "number of source tokens"),
    (check_cross_attention, lambda *a: cross(*a, scale=lambda q, k: len(q) ** -0.5), "number of queries"),
    (check_cross_attention, lambda *a: cross(*a, scale=lambda q, k: 1 / k.shape[1]), "square root"),
    (check_cross_attention, lambda y, x, *w: cross(y, x, *w, axis=0 if len(x) > 1 else 1), "over the queries"),
    (check_cross_attention, lambda *a: cross(*a, mask=lambda m, T: m & np.tri(T, len(m), dtype=bool)), "later source tokens"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(x[:3] if len(x) > 1 else y, x, Q, K, V, a), "the decoder that asks"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x, K, Q, V, a), "changed places"),
    (check_cross_attention, lambda y, x, Q, K, V, a: np.repeat((x @ V).mean(axis=0)[None], 3, axis=0), "queries from y"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x, Q, K, V, a | True), "mask has no effect"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x, Q, K, V, a if a.all() else ~a), "inverted"),
    (check_cross_attention, lambda y, x, Q, K, V, a: (softmax((y @ Q) @ (x @ K).T / 2) * a) @ (x @ V), "after the softmax"),
    (check_cross_attention, lambda *a: cross(*a, fill=0), "still has weight"),
    (check_cross_attention, lambda y, x, Q, K, V, a: cross(y, x * a[:, None], Q, K, V, a | True), "no query may look"),
    (check_beam_step, lambda s, p, w: None, "return missing"),
    (check_beam_step, lambda s, p, w: step(s, p, w)[:2], "three things"),
    (check_beam_step, step_one_each, "one continuation"),
    (check_beam_step, step_best_then_rest, "six likeliest"),
    (check_beam_step, lambda s, p, w: step(s * 0, p, w), "beams so far are missing"),
    (check_beam_step, lambda s, p, w: (*step(s, p, w)[:2], np.exp(step(s, p, w)[2])), "probabilities"),
    (check_beam_step, lambda s, p, w: step(s, p, w, order=-1), "least likely"),
    (check_beam_step, step_in_order_of_places, "likeliest first"),
    (check_beam_step, lambda s, p, w: step(s, p, w, total=s[:, None] * p), "they add"),
    (check_beam_step, lambda s, p, w: step(s, p, w + 1), "shape"),
    (check_beam_step, lambda s, p, w: step(s - 1, p, w), "three largest of all six"),
    (check_beam_step, lambda s, p, w: (step(s, p, w)[1], step(s, p, w)[0], step(s, p, w)[2]), "changed places"),
    (check_beam_step, wrong_divisor, "rows are beams"),
    (check_beam_step, lambda s, p, w: step(s[:2], p[:2], w), "four beams"),
    (check_beam_step, lambda s, p, w: (np.minimum(step(s, p, w)[0], 1), *step(s, p, w)[1:]), "places do not fit"),
]  # fmt: skip
