"""The exercises of lesson 11_inside_the_gpt: writing with a cache, and the two ways to keep a model from unlikely tokens.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import generation

from .answers import same
from .description import Case, Exercise, Slip
from .judge import check
from .lesson_10 import _model, model_parameters
from .on_paper import on_paper

# --- on paper: the parameters of a tiny GPT


def _parameters(V, C, D, L):
    return (V + C) * D + L * (12 * D**2 + 13 * D) + 2 * D


check_parameters_on_paper = on_paper(
    "the number of parameters",
    _parameters,
    (7, 4, 2, 2),
    decimals=0,
    refuse=lambda V, C, D, L: (
        "every size is a whole number from 1 on"
        if min(V, C, D, L) < 1 or any(isinstance(size, float) for size in (V, C, D, L))
        else None
    ),
    slips={
        "the biases and norms of the blocks are missing": lambda V, C, D, L: (
            _parameters(V, C, D, L) - 13 * D * L
        ),
        "the norm behind the last block is missing": lambda V, C, D, L: _parameters(V, C, D, L) - 2 * D,
        "the table of positions is missing": lambda V, C, D, L: _parameters(V, C, D, L) - C * D,
        "the output has no table of its own, it reuses that of the tokens": lambda V, C, D, L: (
            _parameters(V, C, D, L) + V * D
        ),
        "a single block is counted": lambda V, C, D, L: _parameters(V, C, D, 1),
        "the matrices of the network are missing, 8 D² in a block": lambda V, C, D, L: (
            _parameters(V, C, D, L) - 8 * D**2 * L
        ),
        "the matrices of attention are missing, 4 D² in a block": lambda V, C, D, L: (
            _parameters(V, C, D, L) - 4 * D**2 * L
        ),
    },
    step=lambda V, C, D, L: f"the two tables alone have {(V + C) * D}, and a block {12 * D**2 + 13 * D}",
)

# --- one_step


def _past(cache):
    """The caches of the library as a list of pairs."""
    return [(one.key[:, :, : one.length].copy(), one.value[:, :, : one.length].copy()) for one in cache]


def _one_step(ids, P, H, past):
    model = _model(P, H)
    cache = model.new_cache(len(ids))
    for one, (k, v) in zip(cache, past, strict=False):
        one.append(k, v)
    return model(np.asarray(ids)[:, None], cache)[:, 0], _past(cache)


def _step_case(rng, B, V, C, D, H, L, seen):
    P = model_parameters(rng, V, C, D, L)
    model, past = _model(P, H), []
    if seen:
        cache = model.new_cache(B)
        model(rng.integers(0, V, size=(B, seen)), cache)
        past = _past(cache)
    return rng.integers(0, V, size=B), P, H, past


def _same_step(answer, right):
    if not isinstance(right, tuple):
        return same(answer, right)
    return (
        len(answer) == 2
        and same(answer[0], right[0])
        and len(answer[1]) == len(right[1])
        and all(same(tuple(a), tuple(b)) for a, b in zip(answer[1], right[1], strict=True))
    )


def _draw_step(rng):
    H, K, B = rng.choice([1, 2, 3, 5], size=3, replace=False).tolist()
    return _step_case(
        rng, B, int(rng.integers(5, 12)), 7, H * K, H, int(rng.integers(1, 3)), int(rng.integers(0, 6))
    )


def _one_step_in_front(ids, P, H, past):
    """The newest first: which leaves the logits as they are, since no position is left in keys and values."""
    logits, longer = _one_step(ids, P, H, past)
    return logits, [tuple(np.roll(part, 1, axis=2) for part in pair) for pair in longer]


one_step = Exercise(
    name="one_step",
    lesson=11,
    text="""The model with a cache: it gets one new token a text, and the keys and values of all
    before it are given.

    ids (B,), P and H as in gpt; past a list with a pair (k, v) for each block,
    (B, H, S, K) each, or [] at the start
    → the logits (B, V), and the longer past: the same list with S + 1 keys and values

    The new token stands at place S of the text, and may look at all.
    """,
    reference=lambda ids, P, H, past: _one_step(ids, P, H, past),
    cases=lambda rng: [
        Case(_step_case(rng, 1, 7, 5, 3, 1, 1, 0), hint="past is [] at the start"),
        Case(_step_case(rng, 2, 11, 7, 6, 3, 2, 5), hint="five tokens are in the past"),
        Case(_step_case(rng, 3, 7, 5, 10, 2, 1, 1), hint="one token is in the past"),
        Case(_step_case(rng, 2, 5, 7, 6, 3, 12, 1),
             hint="there are twelve blocks: h.1 and h.10 begin alike, and as text h.10 comes before h.2"),
    ],
    draw=_draw_step,
    axes=("B", "p", "", ""),
    returns=("the logits", "the longer past"),
    same=_same_step,
    slips=(
        Slip(lambda ids, P, H, past: _one_step(ids, P, H, []),
             "the past has no effect: its keys and values stand in front of the new ones"),
        Slip(lambda ids, P, H, past: _one_step(ids, {**P, "wpe.weight": np.roll(P["wpe.weight"], past[0][0].shape[2] if past else 0, axis=0)}, H, past),
             "the new token stands at place 0: its place is the number of tokens in the past"),
        Slip(lambda ids, P, H, past: _one_step_in_front(ids, P, H, past),
             "the new keys and values were put in front of those of the past: they belong behind them"),
        Slip(lambda ids, P, H, past: (_one_step(ids, {**P, "wpe.weight": np.roll(P["wpe.weight"], (past[0][0].shape[2] if past else 0) - len(past), axis=0)}, H, past)),
             "the place is len(past), which is the number of blocks: it is the number of tokens in the past, past[0][0].shape[-2]"),
        Slip(lambda ids, P, H, past: (_one_step(ids, P, H, past)[0], past),
             "the past did not grow: return it with the new keys and values"),
        Slip(lambda ids, P, H, past: (_one_step(ids, P, H, past)[0], [(k[:, :, -1:], v[:, :, -1:]) for k, v in _one_step(ids, P, H, past)[1]]),
             "only the new keys and values were returned: put them behind those of the past"),
        Slip(lambda ids, P, H, past: (_one_step(ids, P, H, past)[0], [(v, k) for k, v in _one_step(ids, P, H, past)[1]]),
             "keys and values have changed places in the past"),
        Slip(lambda ids, P, H, past: (_one_step(ids, P, H, past)[0], _one_step(ids, P, H, past)[1][::-1]),
             "the blocks of the past stand in reverse"),
    ),
    minutes=30,
    stars=3,
    optional=True,
)  # fmt: skip


# --- top_k


def _top_k(logits, k, fill=-np.inf, off=0):
    V = logits.shape[-1]
    at = min(max(k + off, 1), V)
    return np.where(logits >= np.sort(logits, axis=-1)[..., V - at, None], logits, fill)


def _draw_top_k(rng):
    V = int(rng.integers(3, 12))
    logits = np.round(rng.normal(size=[(V,), (2, V), (2, 3, V)][rng.integers(3)]) * 2, 1)
    return logits, int(rng.integers(1, V + 1))


_TIES = "ties with the k-th stay too"

top_k = Exercise(
    name="top_k",
    lesson=11,
    text="""Keeps the k most likely tokens: all other logits become −∞.

    logits (..., V), k from 1 to V → (..., V), every logit at its place

    Each row has its own k largest, and ties with the k-th stay too.
    """,
    reference=lambda logits, k: _top_k(logits, k),
    cases=lambda rng: [
        Case((np.array([1.0, 3.0, 2.0]), 2)),
        Case((rng.normal(size=(2, 7)) * 3, 3), hint="each row has its own largest"),
        Case((rng.normal(size=(2, 3, 5)), 1), hint="logits may have any axes in front"),
        Case((rng.normal(size=6), 6), hint="with k = V nothing is hidden"),
        Case((np.array([1.0, 2.0, 3.0, 2.0, 0.0, 2.0]), 2), needs=_TIES),
        Case((np.array([[5.0, 5.0, 5.0], [1.0, 0.0, 1.0]]), 1), needs=_TIES),
    ],
    draw=_draw_top_k,
    axes=("... V", ""),
    slips=(
        Slip(lambda logits, k: _top_k(logits, k, fill=0.0),
             "hidden logits became 0, which is a likely logit: they become −∞"),
        Slip(lambda logits, k: np.where(logits <= np.sort(logits, axis=-1)[..., k - 1, None], logits, -np.inf),
             "the k least likely were kept"),
        Slip(lambda logits, k: _top_k(logits, k, off=1), "k + 1 tokens were kept"),
        Slip(lambda logits, k: np.where(logits >= np.sort(logits, axis=-1)[..., k - 1, None], logits, -np.inf),
             "np.sort rises, so the k-th largest stands at −k, not at k − 1"),
        Slip(lambda logits, k: np.where(logits >= np.sort(logits, axis=-1)[..., -k - 1, None], logits, -np.inf),
             "k + 1 tokens were kept: the k-th largest stands at −k"),
        Slip(lambda logits, k: _top_k(logits, k, fill=-1e9),
             "hidden logits became a large number below 0: they become −∞, -np.inf"),
        Slip(lambda logits, k: np.where(logits >= k, logits, -np.inf),
             "the logits were compared with k itself: compare them with the k-th largest"),
        Slip(lambda logits, k: logits[..., :k],
             "the first k tokens were kept: the k most likely are asked for"),
        Slip(lambda logits, k: np.where(logits > np.sort(logits, axis=-1)[..., -k, None], logits, -np.inf),
             "the k-th itself was hidden: ≥ keeps it"),
        Slip(lambda logits, k: -np.sort(-logits, axis=-1)[..., :k],
             "those are the k largest in order: every token keeps its place, the others become −∞"),
        Slip(lambda logits, k: np.argsort(-logits, axis=-1)[..., :k],
             "those are ids: return the logits, −∞ where they are hidden"),
        Slip(lambda logits, k: np.where(logits >= np.sort(logits, axis=None)[-min(k, logits.size)], logits, -np.inf),
             "the largest of the whole array were kept: each row has its own"),
        Slip(lambda logits, k: np.where(np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1, kind="stable") < k, logits, -np.inf),
             "of equal logits some were hidden: ties with the k-th stay too", needs=_TIES),
    ),
    minutes=10,
    optional=True,
)  # fmt: skip


# --- top_p


def _nucleus(probabilities, p, keep=lambda before, falling, p: before < p, order=None, scale=True):
    order = np.argsort(-probabilities, kind="stable") if order is None else order
    falling = probabilities[order]
    before = np.cumsum(falling) - falling
    kept = np.zeros_like(probabilities)
    kept[order] = np.where(keep(before, falling, p), falling, 0)
    return kept / kept.sum() if scale else kept


def _reference_top_p(probabilities, p):
    with np.errstate(divide="ignore"):
        return generation.next_token_probabilities(np.log(probabilities), top_p=p)


def _draw_top_p(rng):
    return rng.dirichlet(np.ones(rng.integers(3, 12))), float(rng.uniform(0.1, 0.95))


_ALL = "p = 1 keeps every token"
_EQUAL = "of equal probabilities the smaller id is kept first"

_FEWEST = "the fewest tokens that together reach p"

top_p = Exercise(
    name="top_p",
    lesson=11,
    text="""Keeps the fewest tokens that together reach p, the most likely first; the rest get 0,
    and what is left is divided by its sum.

    probabilities (V,), p above 0 and up to 1 → (V,), every token at its place

    The token that carries the sum to p or over it belongs to them. p = 1 keeps every token,
    and of equal probabilities the smaller id is kept first.
    """,
    reference=_reference_top_p,
    cases=lambda rng: [
        Case((np.array([0.15, 0.5, 0.25, 0.1]), 0.7)),
        Case((np.array([0.1, 0.2, 0.7]), 0.6), hint="the first alone reaches p"),
        Case((rng.dirichlet(np.ones(7)), 0.55)),
        Case((rng.dirichlet(np.ones(11)), 0.93)),
        Case((np.array([0.05, 0.3, 0.65]), 0.01), hint="p is small: one token always stays"),
        Case((np.array([0.25, 0.125, 0.5, 0.0625, 0.0625]), 0.75), needs=_FEWEST),
        Case((np.array([0.1] * 10), 1.0), needs=_ALL),
        Case((rng.dirichlet(np.ones(13)), 1.0), needs=_ALL),
        Case((np.array([0.125, 0.25, 0.25, 0.25, 0.125]), 0.4), needs=_EQUAL),
        Case((np.array([0.25, 0.25, 0.25, 0.25]), 0.6), needs=_EQUAL),
    ],
    draw=_draw_top_p,
    slips=(
        Slip(lambda probabilities, p: _nucleus(probabilities, p, lambda before, falling, p: before + falling <= p if (before + falling <= p).any() else before == 0),
             "the token that carries the sum over the line belongs to them: the set must reach p"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, lambda before, falling, p: before + falling <= p),
             "the token that carries the sum over the line belongs to them: the set must reach p"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, lambda before, falling, p: before + falling < p),
             "the token that carries the sum over the line belongs to them: the set must reach p"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, order=np.argsort(probabilities, kind="stable")),
             "the least likely were kept first: begin with the most likely"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, order=np.arange(len(probabilities))),
             "the sum runs in the order of the ids: begin with the most likely"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, scale=False),
             "what is left does not add to 1: divide by its sum"),
        Slip(lambda probabilities, p: np.sort(_nucleus(probabilities, p))[::-1],
             "the probabilities were sorted: every token keeps its place"),
        Slip(lambda probabilities, p: (kept := np.where(probabilities >= p, probabilities, 0)) / kept.sum(),
             "each probability was compared with p: p is what those that stay hold together"),
        Slip(lambda probabilities, p: (kept := np.where(probabilities >= p * probabilities.max(), probabilities, 0)) / kept.sum(),
             "that is min-p, a share of the largest: p is what those that stay hold together"),
        Slip(lambda probabilities, p: (kept := np.where(probabilities >= 1 - p, probabilities, 0)) / kept.sum(),
             "each probability was compared with 1 − p: p is what those that stay hold together"),
        Slip(lambda probabilities, p: probabilities / probabilities.sum(), "nothing was taken away"),
        Slip(lambda probabilities, p: np.where(_nucleus(probabilities, p) > 0, 1.0, 0.0),
             "those that stay keep their probabilities, divided by their sum"),
        Slip(lambda probabilities, p: np.where((k := _nucleus(probabilities, p) > 0), 1 / k.sum(), 0.0),
             "those that stay became equally likely: they keep their probabilities, divided by their sum"),
        Slip(lambda probabilities, p: np.eye(len(probabilities))[probabilities.argmax()],
             "only the most likely token is kept"),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, lambda before, falling, p: before <= p),
             "one token too many is kept where the sum is p already: the fewest that reach p are asked for", needs=_FEWEST),
        Slip(lambda probabilities, p: (kept := np.where(probabilities >= (s := np.sort(probabilities)[::-1])[np.argmax(np.cumsum(s) >= p)], probabilities, 0)) / kept.sum(),
             "a threshold keeps all tokens of one probability: the fewest that reach p are "
             "asked for, of equals the smaller id first", needs=_EQUAL),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, order=np.lexsort((-np.arange(len(probabilities)), -probabilities))),
             "of equal probabilities the larger id was kept first: sort with kind=\"stable\"", needs=_EQUAL),
        Slip(lambda probabilities, p: _nucleus(probabilities, p, order=np.argsort(probabilities)[::-1]),
             "of equal probabilities the larger id was kept first: sort with kind=\"stable\"", needs=_EQUAL),
        Slip(lambda probabilities, p: _up_to_argmax(probabilities, p),
             "where rounding keeps the sum just below p, argmax finds nothing and gives 0: p = "
             "1 keeps every token", needs=_ALL),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


def _up_to_argmax(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    kept = np.zeros_like(probabilities)
    first = order[: np.argmax(np.cumsum(probabilities[order]) >= p) + 1]
    kept[first] = probabilities[first]
    return kept / kept.sum()


EXERCISES = (one_step, top_k, top_p)
check_one_step, check_top_k, check_top_p = map(check, EXERCISES)
