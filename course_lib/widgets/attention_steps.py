"""AttentionSteps: a query meets the keys, and the values are weighted and laid tip to tail, one step at a time."""

import numpy as np
from traitlets import Bytes, Int, List, Unicode

from course_lib.shapes import ShapeError, check_shapes
from course_lib.widgets import stills
from course_lib.widgets.live import Live, as_bytes, checked_array, checked_labels, script, softmax

CALL = "AttentionSteps"
MOST_WORDS, WIDEST, MOST_SENTENCES = 8, 6, 4  # what fits on a page
LARGEST = 50  # of the scaled scores: e to them is written out


class AttentionSteps(Live):
    """Watch one query meet all keys: scores, scaling, softmax, and the weighted values added as arrows.

    words    T labels; or several sentences of T labels, whose words the reader can exchange place by place.
    q, k, v  (T, K), (T, K), (T, D), or with the sentences in front, (N, T, K) …; K and D from 2 to 6.
    axes     D names, of the entries of a value. The first two entries are drawn, the others are numbers.
    query    the place of the word that asks.   step: from 0 to 2 T + 4, where the output stands.
    Raises ShapeError, ValueError.

    >>> AttentionSteps(["a", "b"], [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]], axes=["x", "y"])
    Attention of "b" to 2 keys, step by step: a b
    """

    _esm = script("attention_steps.js")
    q, k = Bytes().tag(sync=True), Bytes().tag(sync=True)  # (N, T, K)
    v = Bytes().tag(sync=True)  # (N, T, D)
    sizes = List(Int()).tag(sync=True)  # N, T, K, D
    words, axes = List(List(Unicode())).tag(sync=True), List(Unicode()).tag(sync=True)  # (N, T), (D,)
    # what the reader sets
    chosen = List(Int()).tag(sync=True)  # (T,): the sentence that each word is taken from
    query, step = Int().tag(sync=True), Int().tag(sync=True)

    def __init__(self, words, q, k, v, axes, query=-1, step=0):
        several = not isinstance(words, str) and len(words) > 0 and isinstance(words[0], list | tuple)
        named = "N T {}" if several else "T {}"
        q, k, v = (
            checked_array(CALL, name, x, named.format(axis))
            for name, x, axis in (("q", q, "K"), ("k", k, "K"), ("v", v, "D"))
        )
        if not several:
            words, q, k, v = [words], q[None], k[None], v[None]
        check_shapes(CALL, q=(q, "N T K"), k=(k, "N T K"), v=(v, "N T D"))
        N, T, K, D = *q.shape, v.shape[-1]
        if len(words) != N:
            raise ShapeError(f"{CALL}: {len(words)} sentences, but the numbers are for {N}")
        words = [checked_labels(CALL, "words", sentence, T, MOST_WORDS) for sentence in words]
        if not 2 <= K <= WIDEST or not 2 <= D <= WIDEST or N > MOST_SENTENCES:
            raise ValueError(
                f"{CALL}: N = {N}, K = {K}, D = {D}; at most {MOST_SENTENCES} sentences, K and D from 2 to {WIDEST}"
            )
        axes = checked_labels(CALL, "axes", axes, D)
        if not -T <= query < T:
            raise ValueError(f"{CALL}: query is {query}, there are words 0 to {T - 1}")
        if not 0 <= step <= 2 * T + 4:
            raise ValueError(f"{CALL}: step is {step}, must be from 0 to 2 T + 4 = {2 * T + 4}")
        # any word of a place may ask any word of another
        largest = abs(np.einsum("ntk,msk->ntms", q, k)).max() / np.sqrt(K)
        if largest > LARGEST:
            raise ValueError(
                f"{CALL}: a score divided by √K is {largest:.0f}; e to it is written out, so it may be {LARGEST}"
            )
        query %= T
        weights = softmax(np.einsum("nk,nsk->ns", q[:, query], k) / np.sqrt(K))  # (N, T)
        super().__init__(
            stills.values_laid(words, weights, v, axes, query),
            f'Attention of "{words[0][query]}" to {T} keys, step by step: {" / ".join(" ".join(one) for one in words)}',
            q=as_bytes(q), k=as_bytes(k), v=as_bytes(v), sizes=[N, T, K, D], words=words, axes=axes,
            chosen=[0] * T, query=query, step=step,
        )  # fmt: skip
