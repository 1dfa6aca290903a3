"""Checks for the exercises of lesson 12_encoder_decoder."""

import numpy as np

from . import Wrong, close, distribution, exercise, expect, three, to_array


@exercise
def check_teacher_forcing(teacher_forcing):
    """`teacher_forcing(target, pad)`, target (B, T) of ids → (seen, predicted, counts), each (B, T − 1).

    seen: what the decoder reads; predicted: what it should say there; counts: bool, where its loss counts.
    """
    pad, target = 0, np.array([[1, 5, 6, 7, 2], [1, 8, 2, 0, 0]])
    kept = target.copy()
    seen, predicted, counts = three(teacher_forcing(target, pad), "seen, predicted, counts")
    if not np.array_equal(target, kept):
        raise Wrong("the target was changed: build new arrays")
    read, due = target[:, :-1], target[:, 1:]
    expect(
        seen, read, "seen is wrong: the decoder reads every token of the target but the last",
        [(due, "seen lacks the start token: without it nothing could be asked about the first word"),
         (np.where(read == 2, 0, read), "seen lost an end token: leave what is read as it is")],
    )  # fmt: skip
    expect(
        predicted, due, "predicted is wrong: at each position it is the token that comes next",
        [(read, "predicted is what the decoder reads at that position: it would only have to copy"),
         (np.where(due == 2, 0, due), "predicted lacks the end token: the model would never learn to stop")],
    )  # fmt: skip
    if np.asarray(counts).dtype != bool:
        raise Wrong(f"counts holds True and False, yours holds {np.asarray(counts).dtype}")
    expect(
        counts, due != pad, "counts is wrong: True where there is a token to predict",
        [(read != pad, "counts looks at what is read: after the end token there is nothing left to predict"),
         (due == pad, "counts is inverted: True where the loss counts"),
         (np.ones_like(due, dtype=bool), "the padding counts: the model would be trained to predict it"),
         ((due != pad) & (due != 2), "the end token does not count: the model would never learn to stop")],
    )  # fmt: skip
    _, _, counts = three(teacher_forcing(np.array([[1, 0, 2, 9]]), 9), "seen, predicted, counts")
    expect(counts, [[True, True, False]], "with another pad, 9, counts is wrong: id 0 is a word here")


@exercise
def check_cross_attention(cross_attention):
    """`cross_attention(y, x, W_Q, W_K, W_V, allowed)`: one head, y (T, D) looks at x (S, D) → (T, K).

    W_Q, W_K, W_V (D, K); allowed (S,) is True at the tokens of x that may be looked at.
    """
    random = np.random.default_rng(10)
    y, x = random.normal(size=(3, 4)), random.normal(size=(5, 4))
    W_Q, W_K, W_V = random.normal(size=(3, 4, 4))
    everything = np.ones(5, dtype=bool)
    # One source token: its weight is 1, so the output is its value.
    expect(
        cross_attention(y, x[:1], W_Q, W_K, W_V, everything[:1]),
        np.repeat(x[:1] @ W_V, 3, axis=0),
        "with a single source token each row must be its value, whatever the scores",
        [(y @ W_V, "the values come from the decoder: what is looked at hands them over"),
         (np.repeat(x[:1] @ W_V.T, 3, axis=0), "the values were made with W_V transposed"),
         (np.repeat(x[:1] @ W_K, 3, axis=0), "the keys were averaged: the weights apply to the values")],
    )  # fmt: skip
    q, k, v = y @ W_Q, x @ W_K, x @ W_V
    scores = q @ k.T
    expect(
        cross_attention(y, x, W_Q, W_K, W_V, everything),
        distribution(scores / 2) @ v,
        "the output is wrong: queries from y, keys and values from x, then as in lesson 04_attention",
        [(distribution(scores) @ v, "the scores were not scaled"),
         (distribution(scores / np.sqrt(5)) @ v, "the scores were divided by the root of the number of source tokens: it is the width of a key"),
         (distribution(scores / np.sqrt(3)) @ v, "the scores were divided by the root of the number of queries: it is the width of a key"),
         (distribution(scores / 4) @ v, "the scores were divided by K: it is the square root of K"),
         (distribution((scores / 2).T).T @ v, "the softmax runs over the queries: each query's weights should add to 1"),
         (distribution(np.where(np.tri(3, 5, dtype=bool), scores / 2, -np.inf)) @ v,
          "later source tokens are hidden: the source is known in full, only the decoder's own future is not"),
         (distribution((x @ W_Q)[:3] @ k.T / 2) @ v, "the queries come from the encoder: it is the decoder that asks"),
         (distribution((y @ W_K) @ (x @ W_Q).T / 2) @ v, "W_Q and W_K have changed places")],
    )  # fmt: skip
    allowed = np.array([True, True, True, False, False])
    with np.errstate(all="ignore"):
        answer = to_array(cross_attention(y, x, W_Q, W_K, W_V, allowed))
    expect(
        answer,
        distribution(scores[:, :3] / 2) @ v[:3],
        "with two padded source tokens the output is wrong: no query may look at them",
        [(distribution(scores / 2) @ v, "the mask has no effect: the padding is looked at"),
         (distribution(scores[:, 3:] / 2) @ v[3:], "the mask is inverted: True means may attend"),
         (distribution(scores / 2)[:, :3] @ v[:3], "the weights were masked after the softmax, so a row no longer adds to 1: mask the scores"),
         (distribution(np.where(allowed, scores / 2, 0)) @ v, "masked scores were set to 0, which still has weight: e⁰ = 1")],
    )  # fmt: skip


@exercise
def check_beam_step(beam_step):
    """`beam_step(scores, log_p, width)`: scores (W,) of the beams, log_p (W, V) → (beams, tokens, new), (width,) each.

    The `width` likeliest of all W·V continuations, likeliest first: which beam, which token, the new score.
    """
    scores = np.log([0.5, 0.4])
    log_p = np.log([[0.4, 0.3, 0.3], [0.1, 0.8, 0.1]])
    total = scores[:, None] + log_p  # the logarithms of 0.20 0.15 0.15 and 0.04 0.32 0.04
    beams, tokens, new = three(beam_step(scores.copy(), log_p.copy(), 3), "beams, tokens, new")
    best = np.log([0.32, 0.2, 0.15])
    if np.shape(new) == (2,) or close(new, np.log([0.32, 0.2, 0.04])):
        raise Wrong("each beam gave one continuation: one good beam may give several, a poor one none")
    product = -np.sort(-(scores[:, None] * log_p), axis=None)[:3]
    expect(
        new, best,
        "the new scores are wrong: score of the beam plus log-probability of the token, the three largest of all six",
        [(np.log([0.8, 0.4, 0.3]), "the scores of the beams so far are missing: add them to the log-probabilities"),
         (np.exp(best), "the new scores are probabilities: keep their logarithms"),
         (np.log([0.04, 0.04, 0.15]), "the least likely continuations were kept: sort the other way"),
         (best[::-1], "the right continuations, but not the likeliest first"),
         (product, "logarithms were multiplied: they add")],
    )  # fmt: skip
    if not _fit(total, beams, tokens, new):
        if _fit(total, tokens, beams, new):
            raise Wrong("beams and tokens have changed places")
        raise Wrong("the scores are right, but not their beams and tokens: rows are beams, columns tokens")
    random = np.random.default_rng(3)
    scores, log_p = random.normal(size=4), random.normal(size=(4, 7))
    total = scores[:, None] + log_p
    beams, tokens, new = three(beam_step(scores, log_p, 6), "beams, tokens, new")
    expect(
        new, np.sort(total, axis=None)[::-1][:6],
        "with four beams and seven words the six likeliest were not found",
    )  # fmt: skip
    if not _fit(total, beams, tokens, new):
        raise Wrong("with four beams and seven words the places do not fit the scores: rows are beams, columns tokens")


def _fit(total, beams, tokens, new):
    """Whether the scores at these places are those."""
    beams, tokens = to_array(beams).astype(int), to_array(tokens).astype(int)
    W, V = total.shape
    inside = beams.shape == tokens.shape == np.shape(new) and (beams < W).all() and (tokens < V).all()
    return inside and close(total[beams, tokens], new)
