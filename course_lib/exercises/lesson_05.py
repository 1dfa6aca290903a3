"""The exercises of lesson 05_multi_head: several heads side by side, and turning queries and keys by their positions.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import gpt, multi_head
from course_lib.in_numpy.positions import apply_rope as rope
from course_lib.in_numpy.positions import sinusoidal_positions

from .description import Case, Exercise, Slip, random_parameters, sizes
from .judge import check
from .lesson_04 import HIDDEN, TOO_HIGH, UNSHIFTED, attend, future_above, past_stays
from .on_paper import on_paper

# --- split_heads and merge_heads


def _draw_heads(rng):
    H, K, T, B = sizes(rng, 4)
    return [(), (B,), (2, B)][rng.integers(3)], H, K, T


def _draw_split(rng):
    leading, H, K, T = _draw_heads(rng)
    return rng.normal(size=(*leading, T, H * K)), H


def _draw_merge(rng):
    leading, H, K, T = _draw_heads(rng)
    return (rng.normal(size=(*leading, H, T, K)),)


def _split(x, H):
    return multi_head.split_heads(x, H)


split_heads = Exercise(
    name="split_heads",
    lesson=5,
    text="""Cuts the width D into H heads of width K = D/H.

    x (..., T, D), H → (..., H, T, K).
    Head h takes the columns hK to (h + 1)K − 1 of every token.
    """,
    reference=lambda x, H: multi_head.split_heads(x, H),
    cases=lambda rng: [
        Case((np.arange(12.0).reshape(2, 6), 3), hint="x may be a single text, (T, D): no axes in front"),
        Case((rng.normal(size=(5, 3, 14)), 2)),
        Case((rng.normal(size=(2, 7, 15)), 5)),
        Case((rng.normal(size=(2, 3, 5, 12)), 6), hint="x may have any axes in front"),
    ],
    draw=_draw_split,
    axes=("... T D", "=H"),
    slips=(
        Slip(lambda x, H: x.reshape(*x.shape[:-2], H, x.shape[-2], x.shape[-1] // H),
             "a reshape straight to (H, T, K) deals the numbers out in the wrong order: reshape to (T, H, "
             "K), then swap two axes"),
        Slip(lambda x, H: x.reshape(H, x.shape[0], -1),
             "a reshape straight to (H, T, K) deals the numbers out in the wrong order: reshape to (T, H, "
             "K), then swap two axes"),
        Slip(lambda x, H: x.reshape(*x.shape[:-1], H, x.shape[-1] // H),
             "the heads come after the tokens, (T, H, K): swap these two axes"),
        Slip(lambda x, H: x.reshape(*x.shape[:-1], x.shape[-1] // H, H).swapaxes(-1, -2).swapaxes(-2, -3),
             "head h got every H-th column: it takes K columns side by side"),
        Slip(lambda x, H: x.reshape(*x.shape[:-1], H, -1).swapaxes(1, 2),
             "axes 1 and 2 were swapped, and only in a batch are these tokens and heads: count from the end, -3 and -2"),
        Slip(lambda x, H: x.reshape(*x.shape[:-1], H, -1).swapaxes(-1, -2),
             "the last two axes were swapped, H and K: after the cut, (..., T, H, K), swap T and H"),
        Slip(lambda x, H: _split(x, H).swapaxes(-1, -2),
             "T and K are swapped: a token is a row of its head, (H, T, K)"),
        Slip(lambda x, H: _split(x, x.shape[-1] // H),
             "there are K heads of width H: H heads of width K are asked for"),
        Slip(lambda x, H: _split(x, H)[..., ::-1, :, :], "the heads are in reverse order"),
        Slip(lambda x, H: np.moveaxis(_split(x, H), -3, 0),
             "the heads come before the batch: (..., H, T, K)"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


def _merge(x):
    return multi_head.merge_heads(x)


merge_heads = Exercise(
    name="merge_heads",
    lesson=5,
    text="""Puts the heads side by side again, each as a block of columns: undoes `split_heads`.

    x (..., H, T, K) → (..., T, H·K).
    """,
    reference=lambda x: multi_head.merge_heads(x),
    cases=lambda rng: [
        Case((np.arange(30.0).reshape(2, 3, 5),), hint="x may have no axes in front"),
        Case((rng.normal(size=(6, 2, 3, 5)),)),
        Case((rng.normal(size=(3, 5, 7, 2)),)),
        Case((rng.normal(size=(2, 3, 5, 7, 6)),), hint="x may have any axes in front"),
    ],
    draw=_draw_merge,
    axes=("... H T K",),
    slips=(
        Slip(lambda x: x.reshape(*x.shape[:-3], x.shape[-2], -1),
             "a reshape alone mixes tokens: swap heads and tokens first"),
        Slip(lambda x: x.reshape(x.shape[1], -1),
             "a reshape alone mixes tokens: swap heads and tokens first"),
        Slip(lambda x: x.swapaxes(-2, -3).reshape(*x.shape[:-2], -1),
             "after the swap the axes are (..., T, H, K), and x.shape still has the order from before it"),
        Slip(lambda x: x.swapaxes(-1, -2).reshape(*x.shape[:-3], x.shape[-2], -1),
             "the wrong two axes were swapped: swap heads and tokens"),
        Slip(lambda x: x.swapaxes(-2, -3),
             "the heads still have an axis of their own: reshape to (..., T, H·K)"),
        Slip(lambda x: np.moveaxis(x, -3, -1).reshape(*x.shape[:-3], x.shape[-2], -1),
             "the heads are woven into each other: each is a block of K columns"),
        Slip(lambda x: x.sum(axis=-3), "the heads were added up: they go side by side"),
        Slip(lambda x: x.mean(axis=-3), "the heads were averaged: they go side by side"),
        Slip(lambda x: x.reshape(*x.shape[:-3], -1, x.shape[-1]),
             "the heads are below each other, (H·T, K): side by side is meant, (T, H·K)"),
        Slip(lambda x: _merge(x[..., ::-1, :, :]), "the heads are in reverse order"),
    ),
    minutes=10,
)  # fmt: skip


# --- causal_self_attention


def shapes_of_attention(D):
    return {
        "c_attn.weight": (D, 3 * D),
        "c_attn.bias": (3 * D,),
        "c_proj.weight": (D, D),
        "c_proj.bias": (D,),
    }


def attention_parameters(rng, D):
    return random_parameters(rng, shapes_of_attention(D))


def _layer(x, p, H):
    layer = gpt.CausalSelfAttention(x.shape[-1], H, dtype=float)
    for name, value in layer.state_dict().items():
        value[...] = p[name]
    return layer(x)


def _reshaped(x, H):
    return x.reshape(*x.shape[:-2], H, x.shape[-2], -1)


def _by_hand(
    x, p, H, order=(0, 1, 2), split=_split, merge=_merge, causal=True, bias=True, out=True, **changes
):
    qkv = x @ p["c_attn.weight"] + bias * p["c_attn.bias"]
    parts = np.split(qkv, 3, axis=-1)
    q, k, v = (split(parts[i], H) for i in order)
    mask = np.tri(x.shape[-2], dtype=bool) if causal else None
    y = merge(attend(q, k, v, mask, **changes)[0])
    return y @ p["c_proj.weight"] + bias * p["c_proj.bias"] if out else y


def _heads_first(x, p, H):
    """Heads of width 3K are cut out of the 3D columns, and each head's thirds are taken for q, k and v."""
    qkv = _split(x @ p["c_attn.weight"] + p["c_attn.bias"], H)
    y = _merge(attend(*np.split(qkv, 3, axis=-1), np.tri(x.shape[-2], dtype=bool))[0])
    return y @ p["c_proj.weight"] + p["c_proj.bias"]


def _draw_attention(rng):
    H, K, T, B = sizes(rng, 4, high=6)
    x = rng.normal(size=[(T, H * K), (B, T, H * K)][rng.integers(2)])
    return x, attention_parameters(rng, H * K), H


def _future_above():
    """Every score of the past lies a million below that of the last key, in the one head."""
    x, W_Q, W_K, W_V = future_above()
    p = {"c_attn.weight": np.hstack([W_Q, W_K, W_V]), "c_attn.bias": np.zeros(9)}
    return x, {**p, "c_proj.weight": np.eye(3), "c_proj.bias": np.arange(3.0)}, 1


causal_self_attention = Exercise(
    name="causal_self_attention",
    lesson=5,
    text="""GPT-2's attention layer: H causal heads side by side, and a matrix that mixes them.

    x (..., T, D), p a dict of four arrays, H → (..., T, D).
    c_attn.weight (D, 3D) and c_attn.bias (3D,) make the queries, the keys and the values, in
    this order of the columns; c_proj.weight (D, D) and c_proj.bias (D,) mix the joined heads.
    Every token attends to itself and to its past: the future stays hidden, even where an
    allowed score lies a million below a hidden one.
    """,
    reference=lambda x, p, H: _layer(x, p, H),
    cases=lambda rng: [
        Case((rng.normal(size=(3, 2)), attention_parameters(rng, 2), 1), hint="there is one head"),
        Case((rng.normal(size=(5, 6)), attention_parameters(rng, 6), 2)),
        Case((rng.normal(size=(2, 5, 6)), attention_parameters(rng, 6), 3),
             hint="x comes as a batch, (B, T, D)"),
        Case((rng.normal(size=(3, 1, 10)), attention_parameters(rng, 10), 5),
             hint="the texts have a single token"),
        Case(_future_above(), needs=HIDDEN),
    ],
    draw=_draw_attention,
    axes=("... T D", "p", "=H"),
    properties=(past_stays,),
    slips=(
        Slip(lambda x, p, H: _by_hand(x, p, H, causal=False),
             "there is no mask: a token must see nothing of the future"),
        Slip(lambda x, p, H: _by_hand(x, p, H, (1, 0, 2)),
             "queries and keys are swapped: the first third of c_attn makes the queries"),
        Slip(lambda x, p, H: _by_hand(x, p, H, (0, 2, 1)),
             "keys and values are swapped: the last third of c_attn makes the values"),
        Slip(lambda x, p, H: _by_hand(x, p, H, (2, 1, 0)),
             "queries and values are swapped: the first third of c_attn makes the queries"),
        Slip(lambda x, p, H: _by_hand(x, p, H, scale=lambda q, k, v: 1.0),
             "the scores were not divided by √K"),
        Slip(lambda x, p, H: _by_hand(x, p, H, scale=lambda q, k, v: x.shape[-1] ** -0.5),
             "the scores were divided by √D: a head has the width K = D/H"),
        Slip(lambda x, p, H: _by_hand(x, p, H, scale=lambda q, k, v: H**-0.5),
             "the scores were divided by √H: it is the root of the width K"),
        Slip(lambda x, p, H: _by_hand(x, p, 1), "there is a single head: split the width into H"),
        Slip(lambda x, p, H: _by_hand(x, p, H, out=False),
             "c_proj is missing: it mixes the heads at the end"),
        Slip(lambda x, p, H: _by_hand(x, p, H) - p["c_proj.bias"], "the bias of c_proj is missing"),
        Slip(lambda x, p, H: _by_hand(x, {**p, "c_attn.bias": 0 * p["c_attn.bias"]}, H),
             "the bias of c_attn is missing"),
        Slip(lambda x, p, H: _by_hand(x, p, H, bias=False), "both biases are missing"),
        Slip(lambda x, p, H: _by_hand(x, {**p, "c_proj.weight": p["c_proj.weight"].T}, H),
             "c_proj.weight was transposed: weights are (in, out), x @ W"),
        Slip(lambda x, p, H: _by_hand(x, p, H, merge=lambda y: y.reshape(*y.shape[:-3], y.shape[-2], -1)),
             "the heads were put together by a reshape alone, which mixes tokens: swap heads and tokens "
             "first"),
        Slip(lambda x, p, H: _by_hand(x, p, H, split=_reshaped),
             "the heads were cut by a reshape alone, which mixes tokens: reshape to (T, H, K), then swap "
             "two axes"),
        Slip(_heads_first,
             "the heads were cut before queries, keys and values were told apart: the columns of c_attn are all"
             " queries, then all keys, then all values"),
        Slip(lambda x, p, H: x + _by_hand(x, p, H),
             "x was added: the residual sum belongs to the block, not to this layer"),
        Slip(lambda x, p, H: _by_hand(x, p, H, fill=0.0),
             "hidden scores became 0, and e⁰ = 1 is still a weight: it takes −∞"),
        Slip(lambda x, p, H: _by_hand(x, p, H, split=_reshaped, merge=lambda y: y.reshape(*y.shape[:-3], y.shape[-2], -1)),
             "the heads were cut and put together by a reshape alone, which mixes tokens: reshape to (T, H, K), then "
             "swap two axes, and back"),
        Slip(lambda x, p, H: _by_hand(x, p, H, fill=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda x, p, H: _by_hand(x, p, H, add=-1e3), TOO_HIGH, needs=HIDDEN),
        Slip(lambda x, p, H: _by_hand(x, p, H, shifted=False), UNSHIFTED, needs=HIDDEN),
    ),
    minutes=25,
    stars=3,
)  # fmt: skip


# --- apply_rope


def _turn(
    x,
    positions=None,
    sign=1,
    exponent=lambda i, K: 2 * i / K,
    pairs="even",
    base=10000.0,
    new_first=False,
    only_first=False,
):
    T, K = x.shape[-2:]
    positions = np.arange(T) if positions is None else np.asarray(positions)
    angles = sign * positions[:, None] / base ** exponent(np.arange(K // 2), K)
    a, b = (x[..., ::2], x[..., 1::2]) if pairs == "even" else (x[..., : K // 2], x[..., K // 2 :])
    first = a * np.cos(angles) - b * np.sin(angles)
    second = (first if new_first else a) * np.sin(angles) + b * np.cos(angles)
    second = b + 0 * second if only_first else second
    if pairs == "even":
        return np.stack([first, second], axis=-1).reshape(x.shape)
    return np.concatenate([first, second], axis=-1)


def _draw_rope(rng):
    T, B = sizes(rng, 2)
    x = rng.normal(size=[(T, 2 * int(rng.integers(1, 6))), (B, T, 6)][rng.integers(2)])
    return (x,) if rng.integers(2) else (x, rng.integers(0, 50, size=T))


apply_rope = Exercise(
    name="apply_rope",
    lesson=5,
    text="""Rotary positions: turns a token's features, in pairs, by angles that grow with its place.

    x (..., T, K), K even, positions (T,) or None for 0, 1, 2, … → (..., T, K).
    The features 2i and 2i + 1 are a pair, i = 0, 1, 2, … At position t the pair (a, b) turns by
    the angle t / 10000^(2i/K), in radians, and becomes (a·cos − b·sin, a·sin + b·cos).
    """,
    reference=lambda x, positions=None: rope(x, positions),
    cases=lambda rng: [
        Case((rng.normal(size=(3, 2)), np.array([7, 2, 30])), hint="positions are given, in any order"),
        Case((rng.normal(size=(3, 2)),), hint="positions need not be given, and are 0, 1, 2, …"),
        Case((rng.normal(size=(5, 6)),)),
        Case((rng.normal(size=(3, 6)), np.array([7, 2, 30])), hint="positions are given, in any order"),
        Case((rng.normal(size=(2, 5, 8)), np.arange(6, 11)), hint="x comes as a batch, (B, T, K)"),
        Case((rng.normal(size=(2, 3, 5, 6)),), hint="x may have any axes in front"),
    ],
    draw=_draw_rope,
    axes=("... T K", "T"),
    slips=(
        Slip(lambda x, p=None: _turn(x, p, -1),
             "the pairs turn the other way: (a·cos − b·sin, a·sin + b·cos)"),
        Slip(lambda x, p=None: _turn(x, p, pairs="halves"),
             "the first half was paired with the second: a pair is side by side, 2i and 2i + 1"),
        Slip(lambda x, p=None: _turn(x, p)[..., np.argsort(np.arange(x.shape[-1]) % 2, kind="stable")],
             "the turned pairs were left as two halves: pair i goes back to the features 2i and 2i + 1"),
        Slip(lambda x, p=None: _turn(x), "positions have no effect: they say where a token is"),
        Slip(lambda x, p=None: _turn(x, p, exponent=lambda i, K: i / K),
             "the exponent is 2i/K: the 2 is missing"),
        Slip(lambda x, p=None: _turn(x, p, exponent=lambda i, K: 4 * i / K),
             "the exponent counts twice: i numbers the pairs"),
        Slip(lambda x, p=None: _turn(x, p, exponent=lambda i, K: 0 * i),
             "all pairs turn by the position itself: later pairs turn more slowly"),
        Slip(lambda x, p=None: _turn(x, p, new_first=True),
             "the second of a pair was turned with the new first one: both need the old values"),
        Slip(lambda x, p=None: _turn(x, p, only_first=True), "only the first of every pair was turned"),
        Slip(lambda x, p=None: _turn(x, (np.arange(x.shape[-2]) if p is None else p) + 1),
             "the first position is 0, yours is 1"),
        Slip(lambda x, p=None: x + sinusoidal_positions(64, x.shape[-1])[np.arange(x.shape[-2]) if p is None else p],
             "a position was added: here it turns the pairs"),
        Slip(lambda x, p=None: _turn(x, p, base=1000.0), "the base is 10000, yours is 1000"),
        Slip(lambda x, p=None: _turn(x, p, np.pi / 180), "the angles are in radians: no degrees"),
    ),
    minutes=20,
    stars=2,
    optional=True,
)  # fmt: skip

EXERCISES = (split_heads, merge_heads, causal_self_attention, apply_rope)
check_split_heads, check_merge_heads, check_causal_self_attention, check_apply_rope = map(check, EXERCISES)


# --- on paper: the multiplications of a layer of the reader's own size


def _no_such_layer(T, D):
    whole = all(isinstance(size, int) and size > 1 for size in (T, D))
    return None if whole and T != D else "T and D are whole numbers from 2 on, and not the same"


check_multiplications_on_paper = on_paper(
    "the number of multiplications of the layer",
    lambda T, D: 4 * T * D**2 + 2 * T**2 * D,
    example=(5, 6),
    decimals=0,
    refuse=_no_such_layer,
    slips={
        "the four matrices are missing, and they are most of the work in a wide model": lambda T, D: 2 * T**2 * D,
        "W_O is missing: there are four matrices": lambda T, D: 3 * T * D**2 + 2 * T**2 * D,
        "the scores and the average take T · T · D each, and only one of them was counted":
            lambda T, D: 4 * T * D**2 + T**2 * D,
        "the scores and the average are missing": lambda T, D: 4 * T * D**2,
        "the matrices were counted for a single token: all T go through them": lambda T, D: 4 * D**2 + 2 * T**2 * D,
        "each token scores all T tokens, which makes T · T pairs": lambda T, D: 4 * T * D**2 + 2 * T * D,
        "those are the parameters": lambda T, D: 4 * D**2 + 4 * D,
        "T and D are exchanged": lambda T, D: 4 * D * T**2 + 2 * D**2 * T,
    },
    step=lambda T, D: f"one matrix takes T · D · D = {T * D**2}",
)  # fmt: skip
