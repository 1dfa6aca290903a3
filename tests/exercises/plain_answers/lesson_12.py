"""Answers to the exercises of lesson 12_encoder_decoder."""

import heapq
import math

import numpy as np


def soft(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def cross(y, x, W_Q, W_K, W_V, allowed, scale=None, fill=-np.inf, axis=-1):
    q, k, v = y @ W_Q, x @ W_K, x @ W_V
    s = q @ k.T / (math.sqrt(q.shape[1]) if scale is None else scale)
    return soft(np.where(allowed, s, fill), axis) @ v


def cross_picked(y, x, W_Q, W_K, W_V, allowed):
    x = x[allowed]
    return soft(y @ W_Q @ (x @ W_K).T / np.sqrt(W_K.shape[1])) @ (x @ W_V)


def cross_loop(y, x, W_Q, W_K, W_V, allowed):
    out = []
    for row in y:
        seen = [s for s in range(len(x)) if allowed[s]]
        w = soft(np.array([(row @ W_Q) @ (x[s] @ W_K) for s in seen]) / W_K.shape[1] ** 0.5)
        out.append(sum(one * (x[s] @ W_V) for one, s in zip(w, seen)))
    return out


def cross_added(y, x, W_Q, W_K, W_V, allowed):
    s = np.einsum("tk,sk->ts", y @ W_Q, x @ W_K) / np.sqrt(W_Q.shape[-1]) + np.where(allowed, 0, -1e12)
    return np.einsum("ts,sk->tk", soft(s), x @ W_V)


def cross_weighed(y, x, W_Q, W_K, W_V, allowed):
    s = y @ W_Q @ W_K.T @ x.T * W_K.shape[1] ** -0.5
    w = np.exp(s - s[:, allowed].max(axis=1, keepdims=True), where=np.broadcast_to(allowed, s.shape), out=np.zeros_like(s))
    return (w / w.sum(axis=1, keepdims=True)) @ x @ W_V


def cross_rows(y, x, W_Q, W_K, W_V, allowed):
    s = y @ W_Q @ (x @ W_K).T / math.sqrt(W_K.shape[1])
    s[~allowed] = -np.inf
    return soft(s) @ (x @ W_V)


def beam(scores, log_p, width, total=None, order=None):
    total = scores[:, None] + log_p if total is None else total
    at = np.argsort(-total, axis=None, kind="stable")[:width] if order is None else order
    return at // total.shape[1], at % total.shape[1], total.ravel()[at]


def beam_sorted(scores, log_p, width):
    found = [(s + p, -w, -v) for w, (s, row) in enumerate(zip(scores, log_p)) for v, p in enumerate(row)]
    found = sorted(found, reverse=True)[:width]
    return [-w for _, w, _ in found], [-v for _, _, v in found], [s for s, _, _ in found]


def beam_places(scores, log_p, width):
    total = (scores + log_p.T).T
    rows, columns = np.unravel_index(np.lexsort((np.arange(total.size), -total.ravel())), total.shape)
    return rows[:width], columns[:width], total[rows, columns][:width]


def beam_one_by_one(scores, log_p, width):
    total, found = scores.reshape(-1, 1) + log_p, []
    for _ in range(width):
        w, v = divmod(int(total.argmax()), len(log_p[0]))
        found.append((w, v, float(total[w, v])))
        total[w, v] = -np.inf
    return tuple(zip(*found))


def beam_heap(scores, log_p, width):
    all_of_them = ((-(s + p), w, v) for w, s in enumerate(scores.tolist()) for v, p in enumerate(log_p[w].tolist()))
    new, beams, tokens = zip(*heapq.nsmallest(width, all_of_them))
    return list(beams), list(tokens), [-one for one in new]


RIGHT = {
    "cross_attention": [lambda *a: cross(*a, fill=-1e9), lambda *a: cross(*a, fill=np.finfo(float).min), cross, cross_picked, cross_loop, cross_added, cross_weighed],
    "beam_step": [beam, beam_sorted, beam_places, beam_one_by_one, beam_heap],
}


def beam_each(scores, log_p, width):
    total = scores[:, None] + log_p
    order = np.argsort(-total.max(axis=1))[:width]
    return order, total.argmax(axis=1)[order], total.max(axis=1)[order]


def beam_by_hand(scores, log_p, width):
    best = []
    for w in range(len(scores)):
        for v in range(log_p.shape[1]):
            best.append((scores[w] + log_p[w, v], w, v))
    best.sort()
    new, beams, tokens = zip(*best[:width])
    return beams, tokens, new

WRONG = {
    "cross_attention": [
        (lambda *a: cross(*a, fill=-1e4), "such as −1000"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x * allowed[:, None], W_Q, W_K, W_V, True), "hidden tokens of x became 0"),
        (lambda *a: cross(*a, scale=2), "root of 4"), (lambda *a: cross(*a, scale=1), "not divided by √K"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, allowed, scale=math.sqrt(len(W_K))), "divided by √D"),
        (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, allowed, scale=W_K.shape[1] ** 1 / 2), "brackets are missing"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, True), "allowed has no effect"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, ~allowed), "inverted"),
        (lambda *a: cross(*a, fill=0), "e⁰ = 1"), (lambda *a: cross(*a, fill=-100), "such as −1000"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(x, y, W_Q, W_K, W_V, True), "other way round"),
        (lambda y, x, W_Q, W_K, W_V, allowed: cross(x, y, W_Q, W_K, W_V, allowed), "once y and x change places"),
        (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, y, W_Q, W_K, W_V, True), "made from y"),
        (lambda y, x, W_Q, W_K, W_V, allowed: soft(y @ W_Q @ (x @ W_K).T) @ (y @ W_V), "matrix product"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_K, W_Q, W_V, allowed), "changed places"), (lambda *a: cross(*a, axis=0), "runs over the queries"), (cross_rows, "a mask of"),
        (lambda y, x, W_Q, W_K, W_V, allowed: soft(np.where(allowed[:, None], y @ W_Q @ (x @ W_K).T, -np.inf)) @ (x @ W_V), "do not fit"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(x, x, W_Q, W_K, W_V, allowed), "queries were made from x"),
        (lambda y, x, W_Q, W_K, W_V, allowed: (soft(y @ W_Q @ (x @ W_K).T / math.sqrt(W_K.shape[1])) * allowed) @ (x @ W_V), "after the softmax"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_K, allowed), "keys were taken for values"),
    ],
    "beam_step": [
        (beam_each, "a good one may give several"),
        (beam_by_hand, "argsort begins with the smallest"),
        (lambda s, p, n: beam(s, p, n, p), "the scores so far are missing"),
        (lambda s, p, n: beam(s, p, n, s[:, None] * p), "those of parts of a text add"),
        (lambda s, p, n: beam(s, p, n, np.exp(s[:, None] + p)), "keep their logarithms"),
        (lambda s, p, n: beam(s, p, n, order=np.argsort(s[:, None] + p, axis=None)[:n]), "argsort begins with the smallest"),
        (lambda s, p, n: beam(s, p, n, order=np.argsort(s[:, None] + p, axis=None)[-n:]), "the likeliest stands last"),
        (lambda s, p, n: beam(s, p, n, order=np.argpartition(-(s[:, None] + p), n - 1, axis=None)[:n]), "argpartition finds"),
        (lambda s, p, n: beam(s, p, n, order=np.argsort(s[:, None] + p, axis=None)[::-1][:n]), "of equal scores"),
        (lambda s, p, n: tuple(beam(s, p, n)[i] for i in (1, 0, 2)), "order"),
        (lambda s, p, n: beam(s, p, n)[2], ""),
        (lambda s, p, n: (*beam(s, p, n)[:2], p.ravel()[np.argsort(-(s[:, None] + p), axis=None)[:n]]), "new lacks the scores so far"),
        (lambda s, p, n: beam(s, p, len(s)), "keep width"),
        (lambda s, p, n: beam(s, p, n, s + p), ""),
        (lambda s, p, n: (*np.divmod(np.argsort(-(s[:, None] + p), axis=None, kind="stable")[:n], len(s)), -np.sort(-(s[:, None] + p), axis=None)[:n]), "a row of the table has V entries"),
        (lambda s, p, n: (np.argsort(-s)[:n], np.argsort(-p, axis=1)[:, 0][:n], np.sort(-s)[:n]), ""),
    ],
}  # fmt: skip
