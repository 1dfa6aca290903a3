"""Checks for the exercises of lesson 04_attention."""

import numpy as np

from . import Wrong, close, distribution, exercise, expect, to_array


@exercise
def check_softmax(softmax):
    """`softmax(scores, temperature)` of a (T, S) array, along its last axis."""
    e = np.exp([2.0, 1.0, 0.2])
    expect(
        softmax(np.array([[2.0, 1.0, 0.2]]), 1.0),
        [e / e.sum()],
        "softmax of (2, 1, 0.2) is wrong: exponentials first, then divide by their sum",
        [([np.array([2.0, 1.0, 0.2]) / 3.2], "the scores were divided by their sum: exponentials are missing"),
         (np.ones((1, 3)), "every weight is 1: each was divided by the sum of its column, sum over the last axis"),
         ([e], "the exponentials are right: divide them by their sum")],
    )  # fmt: skip
    scores = np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]])
    rows = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expect(
        softmax(scores, 1.0),
        rows,
        "two rows at once come out wrong: each row has its own sum",
        [(np.exp(scores) / np.exp(scores).sum(axis=0), "the columns add to 1: sum over the last axis"),
         (np.exp(scores) / np.exp(scores).sum(), "the whole matrix adds to 1: each row should")],
    )  # fmt: skip
    half = np.exp(scores / 2)
    double = np.exp(scores * 2)
    expect(
        softmax(scores, 2.0),
        half / half.sum(axis=1, keepdims=True),
        "temperature 2 comes out wrong: it acts on the scores, before the exponential",
        [(rows, "the temperature has no effect"),
         (double / double.sum(axis=1, keepdims=True), "the scores were multiplied by the temperature: divide"),
         (rows / 2, "the temperature divided the probabilities, which no longer add to 1")],
    )  # fmt: skip
    with np.errstate(all="ignore"):
        large = to_array(softmax(np.array([[1000.0, 1000.0]]), 1.0), nan=True)
    if not close(large, [[0.5, 0.5]]):
        raise Wrong("scores of 1000 overflow: subtract the row's largest score before the exponential")


@exercise
def check_causal_mask(causal_mask):
    """`causal_mask(T)` is a (T, T) boolean array, True where token t (row) may attend to token s (column)."""
    to_array(causal_mask(1))  # a wrong type or NaN has its message
    mask = np.asarray(causal_mask(1))
    if mask.shape != (1, 1):
        raise Wrong(f"for one token the mask has the shape (1, 1), yours has {mask.shape}")
    mask = np.asarray(causal_mask(4))
    if mask.dtype != bool:
        raise Wrong(f"a mask holds True and False, yours holds {mask.dtype}")
    lower = np.tril(np.ones((4, 4), dtype=bool))
    expect(
        mask,
        lower,
        "a token may attend to itself and to all before it, and to nothing else",
        [(lower.T, "rows and columns are swapped: yours lets a token see the future and not the past"),
         (~lower, "the mask is inverted: True means may attend"),
         (np.tril(lower, -1), "a token must be able to attend to itself"),
         (np.tril(np.ones((4, 4), dtype=bool), 1), "yours lets a token see one step into the future")],
    )  # fmt: skip


@exercise
def check_attention(attention):
    """`attention(q, k, v, mask)`: q (T, K), k (S, K), v (S, K), mask (T, S) → (T, K)."""
    random = np.random.default_rng(4)
    q, k, v = random.normal(size=(3, 4)), random.normal(size=(5, 4)), random.normal(size=(5, 4))
    all_open = np.ones((3, 5), dtype=bool)
    with np.errstate(invalid="ignore"):
        if np.isnan(to_array(attention(q, k, v, all_open), nan=True)).any():
            raise Wrong("the output holds NaN though every key is allowed: is the mask inverted? True means may attend")
    # One key: its weight is 1 whatever the score, so only the product with v is left.
    expect(attention(q[:1], k[:1], v[:1], all_open[:1, :1]), v[:1],
           "with a single key the output must be its value, whatever the score")  # fmt: skip
    scores = q @ k.T
    expect(
        attention(q, k, v, all_open),
        distribution(scores / 2) @ v,
        "without a mask the output is wrong: scores, scaling, softmax over the keys, then values",
        [(distribution(scores) @ v, "the scores were not scaled"),
         (distribution(scores / 4) @ v, "the scores were divided by K: it is the square root of K"),
         (distribution(scores / np.sqrt(5)) @ v, "the scores were divided by the root of the number of keys: it is the width of a key"),
         (distribution(scores / np.sqrt(3)) @ v, "the scores were divided by the root of the number of queries: it is the width of a key"),
         (distribution(scores * 2) @ v, "the scores were multiplied by the root of K: divide"),
         (distribution((scores / 2).T).T @ v, "the softmax runs over the queries: each query's weights should add to 1"),
         (np.repeat(v.mean(axis=0)[None], 3, axis=0), "every key got the same weight: is the mask inverted? True means may attend"),
         (distribution(scores / 2) @ k, "the keys were averaged: the weights apply to the values")],
    )  # fmt: skip
    mask = np.array([[True, False, False, False, True], [True, True, False, False, False], [True, True, True, True, True]])
    hidden = np.where(mask, scores / 2, -np.inf)
    zeroed = np.where(mask, distribution(scores / 2), 0)
    expect(
        attention(q, k, v, mask),
        distribution(hidden) @ v,
        "with a mask the output is wrong",
        [(distribution(scores / 2) @ v, "the mask has no effect"),
         (distribution(np.where(mask, -1e9, scores / 2)) @ v, "the mask is inverted: True means may attend"),
         (distribution(scores / 2 + mask) @ v, "the mask was added to the scores, as 0 and 1: a hidden score has to become −∞"),
         (zeroed @ v, "the weights were masked after the softmax, so a row no longer adds to 1: mask the scores"),
         (distribution(np.where(mask, scores / 2, 0)) @ v, "masked scores were set to 0, which still has weight: e⁰ = 1")],
    )  # fmt: skip
