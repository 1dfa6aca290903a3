"""The exercises of lesson 12_encoder_decoder: a decoder that looks at another text, and a step of beam search.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import attention

from .description import Case, Exercise, Slip
from .judge import check
from .lesson_04 import HIDDEN, TOO_HIGH, UNSHIFTED, attend, below_by_a_million
from .on_paper import on_paper


def _cross(y, x, W_Q, W_K, W_V, allowed, **changes):
    return attend(y @ W_Q, x @ W_K, x @ W_V, allowed, **changes)[0]


def _case(rng, T, S, D, K):
    allowed = rng.random(S) < 0.6
    allowed[:2] = True, False
    return rng.normal(size=(T, D)), rng.normal(size=(S, D)), *rng.normal(size=(3, D, K)) / np.sqrt(D), allowed


def _draw(rng):
    return _case(rng, *rng.choice([2, 3, 5, 6, 7], size=4, replace=False).tolist())


def _far():
    x = below_by_a_million()
    y = np.array([[1.0, 0.2, 0.3], [1.0, -0.4, 0.1]])
    return y, x, np.eye(3), np.eye(3), np.eye(3) + 0.5, np.array([False, True, True, True, True])


cross_attention = Exercise(
    name="cross_attention",
    lesson=12,
    text="""Cross-attention, one head: the queries come from the text that is written, keys and
    values from the one that is read.

    y (T, D) the text that is written, x (S, D) the one that is read, W_Q, W_K, W_V (D, K),
    allowed (S,), True = may be looked at → (T, K)

    A token of x that is not allowed has the weight 0 for every query, even where an allowed
    score lies a million below a hidden one.
    """,
    reference=lambda y, x, W_Q, W_K, W_V, allowed: attention.scaled_dot_product_attention(
        y @ W_Q, x @ W_K, x @ W_V, np.broadcast_to(allowed, (len(y), len(x)))
    )[0],
    cases=lambda rng: [
        Case(_case(rng, 2, 3, 5, 6), hint="the scores have a row for each token of y and a column for each of x"),
        Case(_case(rng, 3, 5, 6, 2)),
        Case(_case(rng, 5, 2, 3, 7), hint="y is longer than x"),
        Case(_case(rng, 1, 6, 5, 3), hint="y is a single token"),
        Case(_far(), needs=HIDDEN),
    ],
    draw=_draw,
    axes=("T D", "S D", "D K", "D K", "D K", "S"),
    slips=(
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k, v: 1.0),
             "the scores were not divided by √K"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k, v: 0.5),
             "the scores were divided by 2, the root of 4: K is another number here"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k, v: len(W_K) ** -0.5),
             "the scores were divided by √D: the width of a key is K"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k, v: 2 / q.shape[1]),
             "K ** 1/2 means (K ** 1) / 2: brackets are missing, or np.sqrt"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, scale=lambda q, k, v: 1 / q.shape[1]),
             "the scores were divided by K: it is the square root of K"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, None), "allowed has no effect"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, ~allowed),
             "the mask is inverted: True means may be looked at"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, ~allowed, fill=-1e9),
             "the mask is inverted: True means may be looked at"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, fill=0.0),
             "hidden scores became 0, and e⁰ = 1 is still a weight: it takes −∞"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(x, y, W_Q, W_K, W_V, None),
             "queries come from x, keys and values from y: the other way round"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, y, W_Q, W_K, W_V, None),
             "keys and values were made from y: they come from x"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(x, x, W_Q, W_K, W_V, allowed),
             "the queries were made from x: they come from y"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_K, W_Q, W_V, allowed),
             "W_Q and W_K have changed places"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_V, W_K, allowed),
             "W_K and W_V have changed places"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_K, allowed),
             "the keys were taken for values: x @ W_V makes the values"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, axis=-2),
             "the softmax runs over the queries: each query shares out 1 among the tokens of x"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: (attend(y @ W_Q, x @ W_K, x @ W_V)[1] * allowed) @ (x @ W_V),
             "weights were set to 0 after the softmax, and those left no longer add to 1"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: attend(y @ W_Q, x @ W_K, x @ W_V, allowed)[1],
             "those are the weights: return the output"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x * allowed[:, None], W_Q, W_K, W_V, None),
             "hidden tokens of x became 0, and so did their scores: e⁰ = 1 is still a weight, so a score takes −∞"),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, fill=-1e3),
             TOO_HIGH, needs=HIDDEN),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, add=-1e3),
             TOO_HIGH, needs=HIDDEN),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, shifted=False),
             UNSHIFTED, needs=HIDDEN),
    ),
    minutes=15,
    stars=2,
    optional=True,
)  # fmt: skip


# --- beam_step


def _best(total, width, order=None):
    """The `width` largest entries of total (W, V), or those at the places in `order`."""
    order = np.argsort(-total, axis=None, kind="stable") if order is None else order
    beams, tokens = np.divmod(order[:width], total.shape[1])
    return beams, tokens, total[beams, tokens]


def _each_beam_once(scores, log_p, width):
    """Only the best continuation of every beam."""
    total = scores[:, None] + log_p
    tokens = total.argmax(axis=1)
    order = np.argsort(-total.max(axis=1), kind="stable")[:width]
    return order, tokens[order], total[order, tokens[order]]


def _of_the_best_beam(scores, log_p, width):
    """Only continuations of the likeliest beam."""
    beam = int(np.argmax(scores))
    tokens = np.argsort(-log_p[beam], kind="stable")[:width]
    return np.full(len(tokens), beam), tokens, scores[beam] + log_p[beam, tokens]


def _beam_case(rng, W, V, width):
    p = rng.dirichlet(np.ones(V), size=W)
    return np.sort(np.log(rng.dirichlet(np.ones(W))))[::-1].copy(), np.log(p), width


def _draw_beam(rng):
    W, V = rng.choice([1, 2, 3, 5, 6, 7], size=2, replace=False).tolist()
    return _beam_case(rng, W, V, int(rng.integers(1, W * V + 1)))


_EQUAL = "of equal scores the earlier beam comes first, then the smaller token"

beam_step = Exercise(
    name="beam_step",
    lesson=12,
    text="""One step of beam search: every text so far is continued by every token, and the
    likeliest of all these stay.

    scores (W,) the log-probability of each of the W texts so far; log_p (W, V) that of every
    next token after each; width how many to keep, at most W · V
    → beams (width,) which text is continued, tokens (width,) by which token, and
    new (width,) the log-probability of the longer text; the likeliest first

    All W · V continuations compete with each other: one text may fill all places, and
    of equal scores the earlier beam comes first, then the smaller token.
    """,
    reference=lambda scores, log_p, width: _best(scores[:, None] + log_p, width),
    cases=lambda rng: [
        Case((np.log(np.array([0.5, 0.375])), np.log(np.array([[0.4, 0.35, 0.25], [0.1, 0.8, 0.1]])), 3),
             hint="0.375 · 0.8 = 0.3 is the likeliest, then 0.5 · 0.4 = 0.2"),
        Case(_beam_case(rng, 3, 7, 5)),
        Case(_beam_case(rng, 5, 3, 2), hint="width is smaller than the number of texts so far"),
        Case((np.log(np.array([0.9, 0.06, 0.04])), np.log(rng.dirichlet(np.full(7, 9.0), size=3)), 5),
             hint="one text is far ahead of the others"),
        Case(_beam_case(rng, 11, 97, 700), hint="many are kept: all of them in order"),
        Case((np.array([0.0]), np.log(rng.dirichlet(np.ones(6))[None]), 3),
             hint="there is a single text, as at the start"),
        Case((np.array([-1.0, -1.0]), np.array([[-2.0, -1.0, -1.0], [-1.0, -3.0, -1.0]]), 3), needs=_EQUAL),
        Case((np.array([-2.0, -1.0, -1.5]), np.array([[-1.0, -1.0], [-2.0, -2.0], [-1.5, -1.5]]), 5), needs=_EQUAL),
    ],
    draw=_draw_beam,
    axes=("W", "W V", ""),
    returns=("beams", "tokens", "new"),
    ids=True,
    slips=(
        Slip(_each_beam_once, "each text so far gave one continuation: a good one may give several, a poor one none"),
        Slip(_of_the_best_beam, "only the likeliest text so far was continued: all of them compete"),
        Slip(lambda scores, log_p, width: _best(log_p, width),
             "the scores so far are missing: add them to the log-probabilities"),
        Slip(lambda scores, log_p, width: (
                 at := _best(log_p, width), (*at[:2], (scores[:, None] + log_p)[at[0], at[1]]))[1],
             "the continuations were chosen without the scores so far: add them before you choose"),
        Slip(lambda scores, log_p, width: _best(scores[:, None] * log_p, width),
             "log-probabilities were multiplied: those of parts of a text add"),
        Slip(lambda scores, log_p, width: (*(at := _best(scores[:, None] + log_p, width))[:2], np.exp(at[2])),
             "the new scores are probabilities: keep their logarithms"),
        Slip(lambda scores, log_p, width: _best(np.exp(scores)[:, None] * np.exp(log_p), width),
             "the new scores are probabilities: keep their logarithms"),
        Slip(lambda scores, log_p, width: _best(
                 scores[:, None] + log_p, width, np.argsort(scores[:, None] + log_p, axis=None, kind="stable")),
             "the least likely continuations were kept: argsort begins with the smallest"),
        Slip(lambda scores, log_p, width: tuple(part[::-1] for part in _best(scores[:, None] + log_p, width)),
             "those are the right ones, but the likeliest stands last"),
        Slip(lambda scores, log_p, width: _best(
                 scores[:, None] + log_p, width, np.sort(np.argsort(-(scores[:, None] + log_p), axis=None, kind="stable")[:width])),
             "those are the right ones, in the order of the table: the likeliest comes first"),
        Slip(lambda scores, log_p, width: (*(at := _best(scores[:, None] + log_p, width))[:2], log_p[at[0], at[1]]),
             "new lacks the scores so far: it is the log-probability of the whole longer text"),
        Slip(lambda scores, log_p, width: (
                 at := np.argsort(-(scores[:, None] + log_p), axis=None, kind="stable")[:width],
                 (at // len(scores), at % len(scores), np.sort(-(scores[:, None] + log_p), axis=None)[:width] * -1))[1],
             "places were divided by the number of texts, W: a row of the table has V entries"),
        Slip(lambda scores, log_p, width: (
                 at := np.argsort(-(scores[:, None] + log_p), axis=None, kind="stable")[:width],
                 (np.zeros(len(at), dtype=int), at, (scores[:, None] + log_p).ravel()[at]))[1],
             "tokens are places in the flattened table: the row is the text, the column the token"),
        Slip(lambda scores, log_p, width: _best(
                 scores[:, None] + log_p, width, np.argpartition(-(scores[:, None] + log_p), width - 1, axis=None)[:width]),
             "argpartition finds the likeliest and leaves them in any order: the likeliest comes first"),
        Slip(lambda scores, log_p, width: _best(scores[:, None] + log_p, len(scores)),
             "as many were kept as there were texts so far: keep width"),
        Slip(lambda scores, log_p, width: _best(scores[:, None] + log_p, 1), "a single one was kept: keep width"),
        Slip(lambda scores, log_p, width: _best(
                 scores[:, None] + log_p, width, np.argsort(scores[:, None] + log_p, axis=None, kind="stable")[::-1]),
             "of equal scores the later came first: sort the negative with kind=\"stable\"", needs=_EQUAL),
    ),
    minutes=15,
    stars=2,
    optional=True,
)  # fmt: skip

EXERCISES = (cross_attention, beam_step)
check_cross_attention, check_beam_step = map(check, EXERCISES)


# --- on paper: what a target word fetches from three source words, the last of which is padding


def _fetched(scores, values, softmax=lambda s: np.exp(s) / np.exp(s).sum(), real=2):
    return softmax(scores[:real]) @ values[:real]


def _too_plain(scores, values):
    if np.abs(scores).max() > 5:
        return "take scores from -5 to 5, so that you see what the weights do"
    if scores[0] == scores[1] or values[0] == values[1]:
        return "let the two real words differ, in their scores and in their values"
    return (
        "give the padding a value other than 0, or nothing shows whether it was hidden"
        if values[2] == 0
        else None
    )


check_fetched_on_paper = on_paper(
    "what the target word fetches",
    _fetched,
    example=([1.0, 2.0, 3.0], [4.0, -1.0, 2.0]),
    refuse=_too_plain,
    slips={
        "the padding took part: its weight must be 0": lambda scores, values: _fetched(scores, values, real=3),
        "the score of the padding became 0, and e to the 0 is 1: it has no weight at all":
            lambda scores, values: _fetched(np.array([*scores[:2], 0.0]), values, real=3),
        "the padding was left out after the softmax: the weights of the two real words must add to 1":
            lambda scores, values: (np.exp(scores) / np.exp(scores).sum())[:2] @ values[:2],
        "the scores were divided by their sum, without e":
            lambda scores, values: _fetched(scores, values, lambda s: s / s.sum()),
        "the two values were averaged: each counts by its weight": lambda scores, values: values[:2].mean(),
        "only the word with the higher score was taken": lambda scores, values: values[scores[:2].argmax()],
        "the exponentials were not divided by their sum":
            lambda scores, values: _fetched(scores, values, np.exp),
        "the weights were exchanged: the higher score has the larger one":
            lambda scores, values: _fetched(scores[[1, 0]], values),
    },
    step=lambda scores, values: f"e to the first two scores is {np.exp(scores[0]):.3f} and {np.exp(scores[1]):.3f}",
)  # fmt: skip
