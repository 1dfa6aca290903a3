"""Answers to the exercise of lesson 12_encoder_decoder."""

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


RIGHT = {"cross_attention": [cross, cross_picked, cross_loop, cross_added, cross_weighed]}

WRONG = {
    "cross_attention": [
        (lambda *a: cross(*a, scale=2), "root of 4"), (lambda *a: cross(*a, scale=1), "not divided by √K"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, allowed, scale=math.sqrt(len(W_K))), "divided by √D"),
        (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, allowed, scale=W_K.shape[1] ** 1 / 2), "brackets are missing"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, True), "allowed has no effect"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_V, ~allowed), "inverted"),
        (lambda *a: cross(*a, fill=0), "e⁰ = 1"), (lambda *a: cross(*a, fill=-100), "such as −50 or −100"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(x, y, W_Q, W_K, W_V, True), "other way round"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, y, W_Q, W_K, W_V, True), "made from y"),
        (lambda y, x, W_Q, W_K, W_V, allowed: soft(y @ W_Q @ (x @ W_K).T) @ (y @ W_V), "matrix product"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_K, W_Q, W_V, allowed), "changed places"), (lambda *a: cross(*a, axis=0), ""), (cross_rows, "a mask of"),
        (lambda y, x, W_Q, W_K, W_V, allowed: soft(np.where(allowed[:, None], y @ W_Q @ (x @ W_K).T, -np.inf)) @ (x @ W_V), "do not fit"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(x, x, W_Q, W_K, W_V, allowed), "queries were made from x"),
        (lambda y, x, W_Q, W_K, W_V, allowed: (soft(y @ W_Q @ (x @ W_K).T / math.sqrt(W_K.shape[1])) * allowed) @ (x @ W_V), "after the softmax"), (lambda y, x, W_Q, W_K, W_V, allowed: cross(y, x, W_Q, W_K, W_K, allowed), "keys were taken for values"),
    ]
}  # fmt: skip
