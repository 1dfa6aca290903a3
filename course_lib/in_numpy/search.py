"""Choosing a whole target text with an encoder–decoder: the likeliest next token each time, or several tries at once.

The model scores one next token at a time; the probability of a text is the product of those of its tokens, so
its logarithm is a sum. The source is encoded once, the decoder reads the target so far again at every step.
"""

import numpy as np

from course_lib.in_both.beam import Beams
from course_lib.in_numpy.checks import checked_ids
from course_lib.shapes import check_shapes

__all__ = ["beam_search", "greedy_search"]


def greedy_search(model, source, start, end, new_tokens):
    """Translate by taking the most likely next token every time.

    source (B, S) → target (B, 1 + n), each row from `start`; a row that has met `end` is filled with it, and the
    call returns once every row has. n is `new_tokens` at most, which the model's context C must hold.
    Raises ValueError when new_tokens < 1, and what the model raises.

    >>> from course_lib.in_numpy.transformer import EncoderDecoder
    >>> greedy_search(EncoderDecoder(V=9, C=8, D=6, H=2, L=1), [[3, 4, 5]], start=1, end=2, new_tokens=4)[0, 0]
    np.int64(1)
    """
    source = _checked("greedy_search", model, source, "B S", new_tokens)
    memory = model.encode(source)  # (B, S, D)
    target = np.full((len(source), 1), start)  # (B, 1)
    ended = np.zeros(len(source), bool)
    for _ in range(new_tokens):
        logits = model.decode(target, memory, source)[:, -1]  # (B, V), what follows the last token
        chosen = np.where(ended, end, logits.argmax(axis=-1))  # (B,)
        target = np.concatenate([target, chosen[:, None]], axis=1)
        ended |= chosen == end
        if ended.all():
            break
    return target


def beam_search(model, source, start, end, new_tokens, width=4):
    """Translate one text while keeping the `width` likeliest beginnings at every step. Sutskever et al. 2014, §3.2.

    source (S,) → a list of (ids, log-probability), likeliest first: `width` of them, or fewer where there are no
    more. ids begin with `start`; they end with `end` unless new_tokens were not enough. Log-probabilities are
    sums, in nats, so a long text is at a disadvantage. Width 1 is greedy search; nothing promises the best
    text until the width is large enough to drop nothing.
    Raises ValueError when new_tokens or width < 1, and what the model raises.

    >>> from course_lib.in_numpy.transformer import EncoderDecoder
    >>> found = beam_search(EncoderDecoder(V=9, C=8, D=6, H=2, L=1), [3, 4, 5], 1, 2, new_tokens=4, width=3)
    >>> len(found), found[0][1] >= found[1][1] >= found[2][1]
    (3, True)
    """
    beams = Beams(start, end, width)
    source = _checked("beam_search", model, source, "S", new_tokens)[None]  # (1, S)
    memory = model.encode(source)  # (1, S, D)
    for _ in range(new_tokens):
        target, scores = (np.array(each) for each in zip(*beams.running, strict=True))  # (W, T), (W,)
        W = len(target)
        logits = model.decode(target, np.repeat(memory, W, axis=0), np.repeat(source, W, axis=0))[:, -1]
        scores = scores[:, None] + _log_softmax(logits)  # (W, V)
        best = np.argsort(-scores, axis=None, kind="stable")[:width]  # places in W·V, likeliest first
        texts, tokens = np.unravel_index(best, scores.shape)
        beams.keep(zip(texts.tolist(), tokens.tolist(), scores.flat[best].tolist(), strict=True))
        if not beams.running:
            break
    return beams.found


def _log_softmax(logits):
    """Logarithms of the probabilities, in float64: logits (..., V) → (..., V)."""
    logits = logits.astype(float) - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def _checked(call, model, source, axes, new_tokens):
    if new_tokens < 1:
        raise ValueError(f"{call}: new_tokens must be 1 or more, got {new_tokens}")
    source = checked_ids(call, source, len(model.embedding.params["weight"]))
    check_shapes(call, source=(source, axes))
    return source
