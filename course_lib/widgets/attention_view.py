"""AttentionView: who looks at whom, as a heat map and as lines, with the formula of the chosen cell."""

import numpy as np
from traitlets import Bool, Bytes, Int, List, Unicode

from course_lib.shapes import ShapeError, check_shapes
from course_lib.widgets import figures
from course_lib.widgets.live import (
    Live,
    as_bytes,
    checked_array,
    checked_labels,
    checked_stop,
    script,
    softmax,
)

CALL = "AttentionView"


class AttentionView(Live):
    """Explore attention weights (T, S) or, of several heads, (H, T, S); or queries and keys, from which they come.

    tokens   T labels, the rows; `keys` gives S other labels for the columns (cross-attention).
    weights  each row adds to 1 (or to 0 where a query may attend to nothing); a weight of 0 counts as masked.
    q, k     instead of weights: (T, K) and (S, K), or (H, T, K) and (H, S, K); the formula then shows every step.
    v        values (S, D) or (H, S, D), up to 64 wide: the weighted rows and their sum, the output, are shown too.
    mask     (T, S), bool, True = may attend.   padding: how many of the last keys are `<pad>` (counted by default).
    Hover or arrow keys preview a cell, click or Enter locks it, Esc unlocks. Raises ShapeError, ValueError.

    >>> AttentionView(["You", "are"], [[1, 0], [0.5, 0.5]])
    Attention of 2 queries to 2 keys: You, are
    """

    _esm = script("attention_view.js")
    # (H, T, S) before scaling, −∞ where masked; ln of the weights without q and k
    scores = Bytes().tag(sync=True)
    q, k = Bytes().tag(sync=True), Bytes().tag(sync=True)  # (H, T, K), (H, S, K), empty where not given
    v, value_width = Bytes().tag(sync=True), Int().tag(sync=True)  # (H, S, D), empty where not given; D
    sizes = List(Int()).tag(sync=True)  # H, T, S, K; K is 0 without q and k
    query_labels, key_labels = List(Unicode()).tag(sync=True), List(Unicode()).tag(sync=True)
    padding, self_attention = Int().tag(sync=True), Bool().tag(sync=True)
    # what the reader sets
    head, stop = Int().tag(sync=True), Int().tag(sync=True)
    causal, hide_padding = Bool().tag(sync=True), Bool().tag(sync=True)
    scaled = Bool(True).tag(sync=True)
    locked = List(Int()).tag(sync=True)  # [] or [row, column]

    def __init__(
        self, tokens, weights=None, *, q=None, k=None, keys=None, mask=None, padding=None, head=0,
        causal=False, temperature=1, v=None,
    ):  # fmt: skip
        if (weights is None) == (q is None or k is None) or (q is None) != (k is None):
            raise ValueError(f"{CALL}: give either weights, or both q and k")
        scores, q, k = _from_weights(weights) if q is None else _from_vectors(q, k)  # (H, T, S), …
        H, T, S = scores.shape
        tokens = checked_labels(CALL, "tokens", tokens, T)
        key_labels = checked_labels(CALL, "keys", tokens if keys is None else keys, S)
        if mask is not None:
            mask = np.asarray(mask)
            if mask.dtype != bool or mask.shape != (T, S):
                raise ShapeError(f"{CALL}: mask must be bool ({T}, {S}), got {mask.dtype} {mask.shape}")
            scores = np.where(mask, scores, -np.inf)
        if padding is None:
            padding = next((i for i, label in enumerate(reversed(key_labels)) if label != "<pad>"), S)
        if not 0 <= padding < S:
            raise ValueError(
                f"{CALL}: padding is {padding}, must be from 0 to {S - 1}: some key must be left"
            )
        if not 0 <= head < H:
            raise ValueError(f"{CALL}: head is {head}, there are heads 0 to {H - 1}")
        v = np.empty((H, S, 0)) if v is None else _values(v, H, S)  # (H, S, D)
        if causal and keys is not None:
            raise ValueError(f"{CALL}: another sequence of keys has no future to hide")
        K = q.shape[-1] if q.size else 0
        shown = scores / np.sqrt(K) if K else scores
        shown = np.where(np.tri(T, S, dtype=bool), shown, -np.inf) if causal else shown
        drawn = range(H) if H <= 4 and S <= 8 else [head]  # digits stay large enough to be read
        panels = {f"head {h}" if H > 1 else "weights": softmax(shown[h], temperature) for h in drawn}
        allowed = np.isfinite(shown[0])
        sentence = f"Attention of {T} queries to {S} keys" + (f" in {H} heads" if H > 1 else "")
        super().__init__(
            figures.heatmap(panels, tokens, key_labels, allowed, "key", "query", limits=(0, 1)),
            f"{sentence}: {', '.join(tokens)}",
            scores=as_bytes(scores), q=as_bytes(q), k=as_bytes(k), sizes=[H, T, S, K],
            v=as_bytes(v), value_width=v.shape[-1],
            query_labels=tokens, key_labels=key_labels, padding=padding, self_attention=keys is None,
            head=head, causal=causal, stop=checked_stop(CALL, temperature),
        )  # fmt: skip


def _from_weights(weights):
    """ln w: its softmax is w again, and dividing it by a temperature is the same as dividing the scores."""
    weights = np.asarray(weights)
    weights = checked_array(CALL, "weights", weights, "H T S" if weights.ndim == 3 else "T S")
    weights = weights.reshape(-1, *weights.shape[-2:])  # (H, T, S)
    sums = weights.sum(axis=-1)
    if (weights < 0).any() or not (np.isclose(sums, 1, atol=1e-3) | (sums == 0)).all():
        raise ValueError(
            f"{CALL}: weights must be 0 or more and each row must add to 1; scores go in as q and k"
        )
    with np.errstate(divide="ignore"):
        return np.log(weights), np.empty(0), np.empty(0)


def _values(v, H, S):
    """The values as (H, S, D); given once, they are those of every head."""
    v = np.asarray(v)
    v = checked_array(CALL, "v", v, "H S D" if v.ndim == 3 else "S D")
    if v.shape[-2] != S or v.ndim == 3 and len(v) != H:
        raise ShapeError(
            f"{CALL}: v has shape {v.shape}, expected ({S}, D) or ({H}, {S}, D), a row for each key"
        )
    if v.shape[-1] > 64:
        raise ValueError(f"{CALL}: v is {v.shape[-1]} wide; at most 64 can be shown")
    return np.broadcast_to(v, (H, *v.shape[-2:]))


def _from_vectors(q, k):
    q, k = np.asarray(q), np.asarray(k)
    if q.ndim != k.ndim:
        raise ShapeError(f"{CALL}: q has shape {q.shape} but k has shape {k.shape}; both need as many axes")
    heads = "H " if q.ndim == 3 else ""
    q, k = checked_array(CALL, "q", q, f"{heads}T K"), checked_array(CALL, "k", k, f"{heads}S K")
    check_shapes(CALL, q=(q, f"{heads}T K"), k=(k, f"{heads}S K"))
    q, k = (array.reshape(-1, *array.shape[-2:]) for array in (q, k))  # (H, T, K), (H, S, K)
    return q @ k.swapaxes(-1, -2), q, k
