"""The exercises of lesson 04_attention: softmax, the mask of the past, attention, one head, and weights set by hand.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import attention as lib

from .description import Case, Exercise, Slip, sizes
from .judge import check
from .local import Reply, local
from .on_paper import on_paper

# --- softmax


def _softmax(scores, axis=-1, shift=lambda z: z.max(axis=-1, keepdims=True), power=np.exp):
    e = power(scores - shift(scores))
    return e / e.sum(axis=axis, keepdims=axis is not None)


def _unshifted(scores, temperature=1.0, shift=lambda z: 0.0, axis=-1):
    e = np.exp(scores / temperature - shift(scores / temperature))
    return e / e.sum(axis=axis, keepdims=True)


def _pythons_max(scores, temperature=1.0):
    z = scores / temperature
    e = np.exp(z - max(z))
    return e / e.sum(axis=-1, keepdims=True)


_LARGE = "scores up to ±3000, in each row at a level of its own"
_ROWS_FAR = np.array([[0.0, 2000.0, 0.0], [-3000.0, -3001.0, -3000.5]])


def _draw_softmax(rng):
    S, T, B = sizes(rng, 3)
    shape = [(S,), (T, S), (B, T, S)][rng.integers(3)]
    level = rng.choice([0.0, 0.0, 900.0, -1500.0], size=(*shape[:-1], 1))
    return rng.normal(size=shape) * 3 + level, float(rng.choice([0.5, 1.0, 3.0]))


softmax = Exercise(
    name="softmax",
    lesson=4,
    text="""Weights from scores: exponentials along the last axis, divided by their sum.

    scores (..., S) → (..., S). The temperature, a number, divides the scores first.
    It must hold for scores up to ±3000, in each row at a level of its own: nothing may
    overflow.
    """,
    reference=lambda scores, temperature=1.0: lib.softmax(scores, temperature),
    cases=lambda rng: [
        Case((np.array([[2.0, 1.0, 0.2]]),), hint="temperature need not be given, and is 1.0"),
        Case((np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]]), 1.0), hint="each row has its own sum"),
        Case((np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]]), 3.0),
             hint="the temperature acts on the scores, before the exponential"),
        Case((rng.normal(size=(2, 5, 3)), 0.7),
             hint="scores may have any axes in front: count from the end, axis=-1"),
        Case((rng.normal(size=6), 1.0), hint="scores may be a single row"),
        Case((np.array([[0.0, 2000.0, 0.0]]), 1.0), needs=_LARGE),
        Case((_ROWS_FAR, 1.0), needs=_LARGE),
        Case((np.array([[3000.0, 2900.0, 0.0], [2.0, 1.0, 0.0]]), 1.0), needs=_LARGE),
        Case((np.array([[-2000.0, -1000.0, -1000.5], [1000.0, 1001.0, 999.0]]), 1.0), needs=_LARGE),
        Case((np.array([[1500.0, 1503.0, 1499.0], [-2001.0, -2000.0, -2003.0]]), 3.0), needs=_LARGE),
        Case((np.array([[[0.0, 3.0], [5.0, 4.0]], [[-2500.0, -2501.0], [2600.0, 2601.0]]]), 0.9),
             needs=_LARGE),
    ],
    draw=_draw_softmax,
    axes=("... S", ""),
    slips=(
        Slip(lambda scores, temperature=1.0: _unshifted(scores, temperature, axis=0),
             "the columns add to 1: sum over the last axis"),
        Slip(lambda scores, temperature=1.0: np.exp(scores / temperature) / np.exp(scores / temperature).sum(),
             "the whole array adds to 1: each row should"),
        Slip(lambda scores, temperature=1.0: _unshifted(scores, temperature, axis=1),
             "axis 1 is not the last one of an array with three axes: axis=-1 always is"),
        Slip(lambda scores, temperature=1.0: scores / temperature / (scores / temperature).sum(axis=-1, keepdims=True),
             "the scores were divided by their sum: exponentials are missing"),
        Slip(lambda scores, temperature=1.0: np.exp(scores / temperature),
             "the exponentials are not divided by their sum"),
        Slip(lambda scores, temperature=1.0: np.exp(scores / temperature - (scores / temperature).max(axis=-1, keepdims=True)),
             "the exponentials are not divided by their sum"),
        Slip(lambda scores, temperature=1.0: _softmax(scores),
             "the temperature has no effect on the weights: divide the scores by it"),
        Slip(lambda scores, temperature=1.0: _softmax(scores * temperature),
             "the scores were multiplied by the temperature: divide"),
        Slip(lambda scores, temperature=1.0: _softmax(scores) / temperature,
             "the temperature divided the weights, which no longer add to 1: divide the scores"),
        Slip(lambda scores, temperature=1.0: _softmax(scores / np.sqrt(temperature)),
             "the scores were divided by the root of the temperature"),
        Slip(lambda scores, temperature=1.0: 1 / (1 + np.exp(-scores / temperature)),
             "that is the sigmoid of each score by itself: the weights of a row share out 1"),
        Slip(lambda scores, temperature=1.0: _softmax(_softmax(scores / temperature)),
             "the softmax was taken twice"),
        Slip(lambda scores, temperature=1.0: np.log(_softmax(scores / temperature)),
             "those are logarithms: return the weights"),
        Slip(lambda scores, temperature=1.0: _softmax(-scores / temperature),
             "the largest score gets the least weight: the sign is turned round"),
        Slip(lambda scores, temperature=1.0: _softmax(scores / temperature, power=np.exp2),
             "2 was raised to the scores: the base is e, np.exp"),
        Slip(lambda scores, temperature=1.0: _softmax(scores / temperature, power=lambda z: np.exp(z) ** 2),
             "the exponentials were squared"),
        Slip(lambda scores, temperature=1.0: _softmax(np.abs(scores) / temperature),
             "the signs of the scores were lost"),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: z.max(axis=0)),
             "the largest score of each column was subtracted: each row has its own sum and its own largest"),
        Slip(_pythons_max,
             "max(z) of a matrix compares its rows: np.max(z, axis=-1, keepdims=True) takes each row's largest"),
        Slip(_unshifted,
             "large scores overflow, and ∞/∞ is no weight: subtract each row's largest score "
             "before the exponential", needs=_LARGE),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: z.max()),
             "the largest score of the whole array was subtracted, and a row far below it becomes 0/0: each row has its own largest",
             needs=_LARGE),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: z.mean(axis=-1, keepdims=True)),
             "each row's mean was subtracted, and a score far above it still overflows: "
             "subtract the largest", needs=_LARGE),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: z.min(axis=-1, keepdims=True)),
             "each row's smallest score was subtracted, and a score far above it still "
             "overflows: subtract the largest", needs=_LARGE),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: z[..., :1]),
             "each row's first score was subtracted, and a score far above it still "
             "overflows: subtract the largest", needs=_LARGE),
        Slip(lambda s, t=1.0: _unshifted(s, t, lambda z: t * z.max(axis=-1, keepdims=True)),
             "the largest score was taken before the division by temperature: divide first, then subtract",
             needs=_LARGE),
        Slip(lambda s, t=1.0: _softmax(np.clip(s / t, -500, 500), shift=lambda z: 0.0),
             "scores were clipped, and differences beyond are lost: subtract each row's "
             "largest score", needs=_LARGE),
        Slip(lambda s, t=1.0: _softmax(np.clip(s / t, -700, 700), shift=lambda z: 0.0),
             "scores were clipped, and differences beyond are lost: subtract each row's "
             "largest score", needs=_LARGE),
        Slip(lambda s, t=1.0: np.nan_to_num(_unshifted(s, t)),
             "NaN was replaced, and a row of large scores no longer adds to 1: subtract each "
             "row's largest score", needs=_LARGE),
    ),
    minutes=15,
)  # fmt: skip


# --- causal_mask


def _mask(T, S=None):
    return T if S is None else S


causal_mask = Exercise(
    name="causal_mask",
    lesson=4,
    text="""The mask of the past: True where token t, a row, may attend to token s, a column.

    A token may attend to itself and to all before it.
    T queries, S keys, S = T unless given and never smaller → (T, S) of True and False.
    With S > T the queries are the last T of the S tokens: the last query may attend to all.
    """,
    reference=lambda T, S=None: lib.causal_mask(T, S),
    cases=lambda rng: [
        Case((3,), hint="S need not be given, and is T"),
        Case((1,)),
        Case((6, 6)),
        Case((3, 5), hint="S > T: the queries are the last T of the S tokens"),
        Case((1, 7), hint="a single query, the last token, may attend to all"),
        Case((2, 8), hint="S > T: the queries are the last T of the S tokens"),
    ],
    draw=lambda rng: (T := int(rng.integers(1, 9)), T + int(rng.integers(0, 6))),
    slips=(
        Slip(lambda T, S=None: np.triu(np.ones((T, _mask(T, S)), bool), _mask(T, S) - T),
             "rows and columns are swapped: yours lets a token see the future and not the past"),
        Slip(lambda T, S=None: np.triu(np.ones((T, _mask(T, S)), bool), _mask(T, S) - T + 1),
             "the mask is inverted: True means may attend"),
        Slip(lambda T, S=None: np.tri(T, _mask(T, S), _mask(T, S) - T - 1, dtype=bool),
             "a token must be able to attend to itself"),
        Slip(lambda T, S=None: np.tri(T, _mask(T, S), _mask(T, S) - T + 1, dtype=bool),
             "yours lets a token see one step into the future"),
        Slip(lambda T, S=None: np.tri(T, _mask(T, S), dtype=bool),
             "with S > T the first query was put at the first key: the queries are the last T tokens, so the"
             " last one may attend to all"),
        Slip(lambda T, S=None: np.triu(np.ones((T, _mask(T, S)), bool)),
             "rows and columns are swapped: yours lets a token see the future and not the past"),
        Slip(lambda T, S=None: np.triu(np.ones((T, _mask(T, S)), bool), 1),
             "the mask is inverted: True means may attend"),
        Slip(lambda T, S=None: np.tri(T, _mask(T, S), _mask(T, S) - T, dtype=bool).T,
             "rows and columns are swapped: yours lets a token see the future and not the past"),
        Slip(lambda T, S=None: np.tri(T, _mask(T, S), -1, dtype=bool),
             "a token must be able to attend to itself"),
        Slip(lambda T, S=None: np.tri(T, T, dtype=bool),
             "S has no effect: the mask has a column for every key"),
        Slip(lambda T, S=None: np.ones((T, _mask(T, S)), bool),
             "everything is allowed: a token sees nothing of the future"),
        Slip(lambda T, S=None: np.eye(T, _mask(T, S), _mask(T, S) - T, dtype=bool),
             "a token sees itself alone: the past is allowed too"),
        Slip(lambda T, S=None: np.where(np.tri(T, _mask(T, S), _mask(T, S) - T), 0.0, -np.inf),
             "those are scores to add, 0 and −∞: the mask is True and False"),
        Slip(lambda T, S=None: np.tri(_mask(T, S), T, dtype=bool),
             "queries are rows and keys columns: the shape is (T, S)"),
    ),
    minutes=10,
)  # fmt: skip


# --- attention


def attend(
    q,
    k,
    v,
    mask=None,
    scale=lambda q, k, v: 1 / np.sqrt(q.shape[-1]),
    axis=-1,
    fill=-np.inf,
    add=None,
    shifted=True,
):
    scores = q @ k.swapaxes(-1, -2) * scale(q, k, v)
    if mask is not None:
        scores = np.where(mask, scores, fill if add is None else scores + add)
    weights = _softmax(
        scores, axis=axis, shift=lambda z: z.max(axis=-1, keepdims=True) if shifted and axis != -2 else 0.0
    )
    return weights @ v, weights


def _hidden_by_index(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores[mask] = -np.inf
    weights = _softmax(scores)
    return weights @ v, weights


def _masked_after(q, k, v, mask=None):
    weights = attend(q, k, v)[1] * (1 if mask is None else mask)
    return weights @ v, weights


def _mask_used(q, k, v, mask, weights):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = weights(scores, np.ones(scores.shape[-2:]) if mask is None else mask)
    return weights @ v, weights


def _attention_case(rng, T, S, K, V, leading=(), masked=True):
    q = rng.normal(size=(*leading, T, K))
    k = rng.normal(size=(*leading, S, K))
    v = rng.normal(size=(*leading, S, V))
    if not masked:
        return q, k, v
    mask = rng.random((T, S)) < 0.6
    mask[np.arange(T), rng.integers(0, S, size=T)] = True  # each query may attend to something
    mask[0, 0], mask[-1, -1] = ~mask[0].any() | False, True
    mask[0, 1] = True
    return q, k, v, mask


HIDDEN = "even where an allowed score lies a million below a hidden one"
TOO_HIGH = (
    "hidden scores became a number, such as −1000, and an allowed score may lie below that: it takes −∞"
)
UNSHIFTED = (
    "the exponential of a score far below 0 is 0, and 0/0 is no weight: subtract each row's largest score first, "
    "as your softmax does"
)


def below_by_a_million():
    """Scores near −1,150,000 that are allowed, whatever the mask, beside one near 0."""
    far = -2_000_000.0
    return np.array(
        [
            [0.0, 1.0, 0.0],
            [far - 2, 0.0, 1.0],
            [far - 3, 1.0, 0.0],
            [far - 4, 1.0, 1.0],
            [far - 1.5, 0.0, 0.0],
        ]
    )


def _far_scores():
    """Allowed scores near −1,150,000, a hidden one near 0."""
    k = below_by_a_million()
    q = np.array([[1.0, 0.2, 0.3], [1.0, -0.4, 0.1]])
    v = np.arange(35.0).reshape(5, 7) ** 2 % 11
    mask = np.array([[False, True, True, True, True], [False, True, False, True, True]])
    return q, k, v, mask


def _draw_attention(rng):
    T, S, K, V = rng.choice([2, 3, 5, 6, 7, 8], size=4, replace=False).tolist()
    return _attention_case(rng, T, S, K, V, [(), (2,), (2, 3)][rng.integers(3)], bool(rng.integers(3)))


attention = Exercise(
    name="attention",
    lesson=4,
    text="""Attention: every query gets a mixture of the values, weighted by how well their keys fit.

    q (..., T, K), k (..., S, K), v (..., S, K_v) → (output (..., T, K_v), weights (..., T, S)).
    The scores are q·k / √K, and the weights their softmax over the keys.
    mask (T, S), True = may attend, or None for no mask: a hidden key has the weight 0,
    even where an allowed score lies a million below a hidden one.
    """,
    reference=lambda q, k, v, mask=None: lib.scaled_dot_product_attention(q, k, v, mask),
    cases=lambda rng: [
        Case(_attention_case(rng, 2, 3, 5, 6, masked=False), hint="mask need not be given"),
        Case(_attention_case(rng, 3, 5, 2, 7)),
        Case(_attention_case(rng, 5, 3, 6, 2)),
        Case(_attention_case(rng, 3, 5, 7, 6, (2,), masked=False),
             hint="q, k and v come as a batch, (B, T, K): swap the last two axes of k alone"),
        Case(_attention_case(rng, 6, 2, 3, 5, (2, 3)), hint="q, k and v may have any axes in front"),
        Case(_far_scores(), needs=HIDDEN),
    ],
    draw=_draw_attention,
    axes=("... T K", "... S K", "... S V", "T S"),
    returns=("output", "weights"),
    slips=(
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: 1.0),
             "the scores were not divided by √K"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: 1 / q.shape[-1]),
             "the scores were divided by K: it is the square root of K"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: 2 / q.shape[-1]),
             "K ** 1/2 means (K ** 1) / 2: brackets are missing, or np.sqrt"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: 0.5),
             "the scores were divided by 2, the root of 4: K is another number here"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: q.shape[-1] ** 0.5),
             "the scores were multiplied by √K: divide"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: k.shape[-2] ** -0.5),
             "the scores were divided by √S, the number of keys: it is the width of a key"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: q.shape[-2] ** -0.5),
             "the scores were divided by √T, the number of queries: it is the width of a key"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: v.shape[-1] ** -0.5),
             "the scores were divided by the root of the width of the values: it is the width of a key"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: len(k) ** -0.5),
             "the scores were divided by the root of len(k), which is the number of keys, or of texts in a batch: "
             "it is the width of a key, k.shape[-1]"),
        Slip(lambda q, k, v, mask=None: tuple(one / np.sqrt(q.shape[-1]) for one in attend(q, k, v, mask, lambda q, k, v: 1.0)),
             "the weights were divided by √K, and no longer add to 1: divide the scores, before the softmax"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, axis=-2),
             "the softmax runs over the queries: each query shares out 1 among the keys"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v), "the mask has no effect"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, None if mask is None else ~mask),
             "the mask is inverted: True means may attend"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, None if mask is None else ~mask, fill=-1e9),
             "the mask is inverted: True means may attend"),
        Slip(_hidden_by_index,
             "the mask is inverted: True means may attend"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: k.shape[1] ** -0.5),
             "k.shape[1] is the width of a key only while there is no batch in front: k.shape[-1] always is"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, lambda q, k, v: q.shape[1] ** -0.5),
             "q.shape[1] is the width of a query only while there is no batch in front: q.shape[-1] always is"),
        Slip(_masked_after,
             "weights were set to 0 after the softmax, and those left no longer add to 1: hide the scores "
             "before it"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, fill=0.0),
             "hidden scores became 0, and e⁰ = 1 is still a weight: it takes −∞"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, fill=-1.0),
             "hidden scores became −1, which is still a weight: it takes −∞"),
        Slip(lambda q, k, v, mask=None: _mask_used(q, k, v, mask, lambda s, mask: _softmax(s + mask)),
             "the mask was added to the scores: where it is False the score becomes −∞"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, np.tri(q.shape[-2], k.shape[-2], dtype=bool)),
             "a causal mask of your own hides keys: the mask is given, and None hides nothing"),
        Slip(lambda q, k, v, mask=None: (attend(q, k, v, mask)[0], q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])),
             "the second thing is the scores: return the weights, after the softmax"),
        Slip(lambda q, k, v, mask=None: _mask_used(q, k, v, mask, lambda s, mask: s * mask),
             "there is no softmax between the scores and the values"),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, fill=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, add=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda q, k, v, mask=None: attend(q, k, v, mask, shifted=False), UNSHIFTED, needs=HIDDEN),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- head


def _head(x, W_Q, W_K, W_V, causal=True, **changes):
    mask = np.tri(x.shape[-2], dtype=bool) if causal else None
    return attend(x @ W_Q, x @ W_K, x @ W_V, mask, **changes)[0]


def _reference_head(x, W_Q, W_K, W_V):
    return lib.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V, lib.causal_mask(x.shape[-2]))[0]


def _draw_head(rng):
    T, D, K = rng.choice([2, 3, 5, 6, 7], size=3, replace=False).tolist()
    return (rng.normal(size=(*[(), (2,)][rng.integers(2)], T, D)), *rng.normal(size=(3, D, K)) / np.sqrt(D))


def past_stays(call, arguments):
    """Changing the last token must not move an earlier row."""
    x, *others = arguments
    later = x.copy()
    later[..., -1, :] += 1.0
    before, after = np.asarray(call(x, *others)), np.asarray(call(later, *others))
    if (
        before.shape == after.shape
        and before.ndim > 1
        and np.isfinite(before).all()
        and not np.allclose(before[..., :-1, :], after[..., :-1, :])
    ):
        return "a change of the last token moves the rows before it: a token must see nothing of the future"
    return None


def future_above():
    """x (5, 3), W_Q, W_K, W_V: every score of the past lies a million below that of the last key."""
    x = below_by_a_million()[::-1].copy()
    x[:, 1] = 1.0  # every query is (1, 0, 0)
    return (
        x,
        np.array([[0.0] * 3, [1.0, 0.0, 0.0], [0.0] * 3]),
        np.eye(3),
        np.array([[0.0] * 3, [1.0, 2.0, 0.0], [0.0, 3.0, 1.0]]),
    )


head = Exercise(
    name="head",
    lesson=4,
    text="""One head of a GPT: x makes queries, keys, values; a token sees itself and its past.

    x (..., T, D), W_Q, W_K, W_V (D, K) each → (..., T, K), the output alone.
    The future stays hidden, even where an allowed score lies a million below a hidden one.
    """,
    reference=_reference_head,
    cases=lambda rng: [
        Case((rng.normal(size=(3, 5)), *rng.normal(size=(3, 5, 2)))),
        Case((rng.normal(size=(5, 2)), *rng.normal(size=(3, 2, 3)))),
        Case((rng.normal(size=(1, 5)), *rng.normal(size=(3, 5, 3))),
             hint="a single token attends to itself, so its output is its value"),
        Case((rng.normal(size=(2, 6, 3)), *rng.normal(size=(3, 3, 7))), hint="x comes as a batch, (B, T, D)"),
        Case(future_above(), needs=HIDDEN),
    ],
    draw=_draw_head,
    axes=("... T D", "D K", "D K", "D K"),
    properties=(past_stays,),
    slips=(
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, causal=False),
             "there is no mask: a token must see nothing of the future"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, scale=lambda q, k, v: 1.0),
             "the scores were not divided by √K"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, scale=lambda q, k, v: x.shape[-1] ** -0.5),
             "the scores were divided by √D: the width of a key is K"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_K, W_Q, W_V),
             "queries and keys are swapped: a row asks with W_Q"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_K),
             "the keys were taken for values: x @ W_V makes the values"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_Q, W_V),
             "the queries were taken for keys: x @ W_K makes the keys"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_K, W_K, W_V),
             "the keys were taken for queries: x @ W_Q makes the queries"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_V, W_K, W_Q), "queries and values are swapped"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_V, W_K), "keys and values are swapped"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x, np.tri(x.shape[-2], dtype=bool))[0],
             "x itself was averaged: x @ W_V makes the values"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool).T)[0],
             "the mask is turned: a token sees its past, not its future"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool)),
             "attention returns two things, output and weights: return the output alone"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool))[1],
             "those are the weights: return the output"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], k=1, dtype=bool))[0],
             "your mask lets a token see one step into the future"),
        Slip(lambda x, W_Q, W_K, W_V: _masked_after(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2]))[0],
             "weights were set to 0 after the softmax, and those left no longer add to 1"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool), fill=0.0)[0],
             "hidden scores became 0, and e⁰ = 1 is still a weight"),
        Slip(lambda x, W_Q, W_K, W_V: np.nan_to_num(attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], k=-1, dtype=bool))[0]),
             "your mask hides a token from itself, so that the first has nothing to look at"),
        Slip(lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], k=-1, dtype=bool))[0],
             "your mask hides a token from itself, so that the first has nothing to look at"),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, fill=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, add=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda x, W_Q, W_K, W_V: _head(x, W_Q, W_K, W_V, shifted=False), UNSHIFTED, needs=HIDDEN),
    ),
    minutes=10,
)  # fmt: skip

EXERCISES = (softmax, causal_mask, attention, head)
check_softmax, check_causal_mask, check_attention, check_head = map(check, EXERCISES)

# --- weights set by hand: what they do is judged, not what they are, and no piece of a GPT is kept

_WIDTH = {"meaning": 3, "place": 6}


def _with_these_matrices(function):
    """`call` for `judge`: meaning (6, 3) → the weights (2, 6, 6) that the learner's matrices give, causal and unmasked."""

    def call(meaning):
        reply = local(function)()
        if reply.value is not None:
            try:
                W_Q, W_K = _matrices(reply.value)
            except ValueError as error:
                return Reply(refused=str(error))
            reply.value = _weights(W_Q, W_K, meaning)
        return reply

    return call


def _matrices(value):
    """W_Q and W_K as arrays; ValueError, with the sentence for the learner, when they are no such matrices."""
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ValueError("expected two matrices: `return W_Q, W_K`")
    parts = []
    for name, part in zip(("W_Q", "W_K"), value, strict=True):
        try:
            W = np.array(part, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} is not an array of numbers, with rows of equal length") from None
        if W.ndim != 2 or len(W) != sum(_WIDTH.values()) or not W.shape[1]:
            raise ValueError(f"a row of x has nine entries, so {name} has the shape (9, K), not {W.shape}")
        if not np.isfinite(W).all() or abs(W).max() > 1e100:
            raise ValueError(f"{name} holds NaN, or a number that is too large to compute with")
        parts.append(W)
    W_Q, W_K = parts
    if W_Q.shape != W_K.shape:
        raise ValueError(
            f"a query meets a key in a dot product, so both have one width: yours have {W_Q.shape[1]} and {W_K.shape[1]}"
        )
    return parts


def _weights(W_Q, W_K, meaning):
    x = np.concatenate([meaning, np.eye(_WIDTH["place"])], axis=1)  # (6, 9)
    masks = (lib.causal_mask(len(x)), None)
    return np.stack([lib.scaled_dot_product_attention(x @ W_Q, x @ W_K, x, mask)[1] for mask in masks])


def _where_it_looks(call, arguments):
    """One sentence on a head that does not look one token back."""
    weights, unmasked = call(*arguments)
    if arguments[0].any():
        return "with other words in the same places the weights are others: what the words mean must not enter the scores"
    back, most = np.diagonal(weights, -1), weights.argmax(axis=1)
    t = int((back < 0.9).argmax()) + 1  # the first that fails
    if np.allclose(unmasked, 1 / len(unmasked)):
        return "every token looks at all alike: a query must fit the key of one place better than the others"
    if (most == np.arange(len(most))).all():
        return "every token looks at itself: its query must fit the key of the place before"
    if (unmasked.argmax(axis=1)[:-1] == np.arange(1, len(most))).all():
        return "the queries fit the key of the place after, which the mask hides: shift the other way"
    if (most[1:] == np.arange(len(most) - 1)).all():
        return (
            f"the direction is right, and the lead too small: token {t} gives {back[t - 1]:.2f} to the one before it, "
            "so let the scores be larger"
        )
    return f"the token in place {t}, counted from 0, gives {back[t - 1]:.2f} to the one before it, and most to place {most[t]}"


look_back = Exercise(
    name="look_back",
    lesson=4,
    text="""W_Q and W_K (9, K), with which a causal head looks one token back.

    A row holds three entries of meaning and six of place, the one of its place 1. Whatever the words mean, every token
    but the first gives at least nine tenths of its weight to the token before it.
    """,
    reference=lambda meaning: np.stack([np.eye(6, k=-1), np.eye(6, k=-1)]),
    cases=lambda rng: [Case((meaning,)) for meaning in (np.zeros((6, 3)), *rng.random((20, 6, 3)))],
    draw=lambda rng: (rng.random((6, 3)),),
    same=lambda weights, right: bool((np.diagonal(weights[0], -1) >= 0.9).all()),
    properties=(_where_it_looks,),
    minutes=15,
    stars=2,
    optional=True,
    graded=False,
)
check_look_back = check(look_back, _with_these_matrices)

# --- on paper


def _output(scores, values, temperature=1.0):
    return lib.softmax(scores, temperature) @ values


def _will_do(scores, values):
    if abs(scores).max() > 5:
        return "choose scores from -5 to 5: e to a larger one leaves nothing to the others"
    if np.ptp(scores) == 0:
        return "your scores are all equal, so the output is the plain average: choose others"
    return (
        "your values are all equal, and so is every average of them: choose others"
        if np.ptp(values) == 0
        else None
    )


check_output_on_paper = on_paper(
    "the output",
    _output,
    ([1, 0, 2], [4, -2, 10]),
    decimals=2,
    refuse=_will_do,
    slips={
        "the scores were divided by their sum: raise e to each first": lambda scores, values: scores @ values / scores.sum(),
        "the scores themselves were taken for weights": lambda scores, values: scores @ values,
        "the exponentials were not divided by their sum": lambda scores, values: np.exp(scores) @ values,
        "this is the plain average of the values: the scores have no part in it": lambda scores, values: values.mean(),
        "this is the value under the largest score: the others get a share too":
            lambda scores, values: values[scores.argmax()],
        "this is the average of your scores under their weights: what is averaged is the values":
            lambda scores, values: _output(scores, scores),
        "your scores were divided by the root of 3: they are to be taken as scaled already":
            lambda scores, values: _output(scores, values, np.sqrt(3)),
        "a larger score got the smaller weight: e to the score grows with it": lambda scores, values: _output(-scores, values),
        "this is the sum of the weighted values, divided by 3 once more": lambda scores, values: _output(scores, values) / 3,
        "this is the largest weight: weigh the three values and add": lambda scores, values: lib.softmax(scores).max(),
    },
    step=lambda scores, values: f"the exponentials of your scores are {', '.join(f'{e:.3f}' for e in np.exp(scores))}, and their sum is {np.exp(scores).sum():.3f}",
)  # fmt: skip
