"""The exercise of lesson 12_encoder_decoder: a decoder that looks at another text."""

import numpy as np

from course_lib.in_numpy import attention

from .description import Case, Exercise, Slip
from .judge import check
from .lesson_04 import attend


def _cross(y, x, W_Q, W_K, W_V, allowed, **changes):
    return attend(y @ W_Q, x @ W_K, x @ W_V, allowed, **changes)[0]


def _case(rng, T, S, D, K):
    allowed = rng.random(S) < 0.6
    allowed[:2] = True, False
    return rng.normal(size=(T, D)), rng.normal(size=(S, D)), *rng.normal(size=(3, D, K)) / np.sqrt(D), allowed


def _draw(rng):
    return _case(rng, *rng.choice([2, 3, 5, 6, 7], size=4, replace=False).tolist())


_HIDDEN = "however far an allowed score lies below a hidden one"


def _far():
    x = np.array([[0.0, 1.0, 0.0], [-232.0, 0.0, 1.0], [-233.0, 1.0, 0.0], [-234.0, 1.0, 1.0], [-231.5, 0.0, 0.0]])
    y = np.array([[1.0, 0.2, 0.3], [1.0, -0.4, 0.1]])
    return y, x, np.eye(3), np.eye(3), np.eye(3) + 0.5, np.array([False, True, True, True, True])


cross_attention = Exercise(
    name="cross_attention",
    lesson=12,
    text="""Cross-attention: the queries come from the text that is written, keys and values from the one that is read.

    y (T, D), x (S, D), W_Q, W_K, W_V (D, K) each, allowed (S,), True = may be looked at → (T, K).
    A token of x that is not allowed has the weight 0 for every query, however far an allowed score lies below a hidden one.
    """,
    reference=lambda y, x, W_Q, W_K, W_V, allowed: attention.scaled_dot_product_attention(
        y @ W_Q, x @ W_K, x @ W_V, np.broadcast_to(allowed, (len(y), len(x)))
    )[0],
    cases=lambda rng: [
        Case(_case(rng, 2, 3, 5, 6)),
        Case(_case(rng, 3, 5, 6, 2)),
        Case(_case(rng, 5, 2, 3, 7), hint="y is longer than x"),
        Case(_case(rng, 1, 6, 5, 3), hint="y is a single token"),
        Case(_far(), needs=_HIDDEN),
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
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, fill=-50.0),
             "hidden scores became a number such as −50 or −100, and an allowed score may "
             "lie below that: it takes −∞", needs=_HIDDEN),
        Slip(lambda y, x, W_Q, W_K, W_V, allowed: _cross(y, x, W_Q, W_K, W_V, allowed, fill=-100.0),
             "hidden scores became a number such as −50 or −100, and an allowed score may "
             "lie below that: it takes −∞", needs=_HIDDEN),
    ),
    minutes=15,
    stars=2,
    optional=True,
)  # fmt: skip

EXERCISES = (cross_attention,)
(check_cross_attention,) = map(check, EXERCISES)
