"""The lecture notes: networks, attention, positions, tokens and masks, worked out in NumPy."""

from collections import Counter
from itertools import pairwise

import numpy as np

from tests.documents.proofs import value
from tests.documents.proofs.unequal_sizes import (
    B,
    C,
    D,
    K,
    V,
    attention_weights,
    causal,
    changes,
    letters,
    mlp,
    rng,
    self_attention,
)
from tests.documents.proofs.whitepaper_gpt import softmax

SIZE, NEAR = 15, [-1, 0, 1]  # inputs, and where the taps of a window stand


def connections(taps=NEAR, overlap=True):
    """Which input (column) a neuron of the next layer (row) looks at: a window around it, or the patch it lies in."""
    at = np.arange(SIZE)
    if not overlap:
        return (at[:, None] // len(taps) == at // len(taps)).astype(int)
    return sum(np.eye(SIZE, k=tap, dtype=int) for tap in taps)


def seen_from_the_middle(layers, **window):
    """The inputs, counted from the middle, that the middle neuron after so many layers depends on."""
    paths = np.linalg.matrix_power(connections(**window), layers)[SIZE // 2]
    return set(np.flatnonzero(paths) - SIZE // 2)


@value("lecture-notes.cnn.no_context_beyond_a_patch", otherwise={"overlap": False})
def nothing_beyond_a_patch(overlap=True):
    """With patches that do not overlap, the second layer sees no further."""
    return seen_from_the_middle(2, overlap=overlap) == seen_from_the_middle(1, overlap=overlap)


@value("lecture-notes.cnn.receptive_field", otherwise={"taps": [-2, 0, 2]})
def receptive_field_is_a_triangle(taps=NEAR):
    """All inputs within the triangle and no others; with taps that stand apart there are holes in it."""
    fields = [seen_from_the_middle(n, taps=taps) for n in (1, 2, 3)]
    return all(field == set(range(min(field), max(field) + 1)) and max(field) == n * max(taps)
               for n, field in enumerate(fields, start=1))  # fmt: skip


@value("lecture-notes.cnn.only_the_top_sees_all", otherwise={"taps": range(-7, 8)})
def only_the_top_sees_all(taps=NEAR):
    """Of seven layers over 15 inputs; with windows as wide as the input the first one does."""
    return [len(seen_from_the_middle(n, taps=taps)) == SIZE for n in range(1, 8)] == [False] * 6 + [True]


# --- lecture-notes: attention --------------------------------------------------------------------


@value("lecture-notes.context.bank", otherwise={"layer": mlp})
def bank_and_bank(layer=self_attention):
    """One lookup table, two sentences: one vector before attention, two after. An MLP leaves them one."""
    river = ["I", "swam", "across", "the", "river", "to", "get", "to", "the", "other", "bank"]
    money = ["I", "walked", "across", "the", "road", "to", "get", "cash", "from", "the", "other", "bank"]
    words = sorted(set(river + money))
    table = rng().normal(size=(len(words), D))
    first, second = (table[[words.index(word) for word in text]] for text in (river, money))
    apart = not np.allclose(layer(first)[-1], layer(second)[-1])
    return bool(np.array_equal(first[-1], second[-1]) and apart)


@value("lecture-notes.attention.input_and_output", otherwise={"width": K})
def rows_for_tokens(width=D):
    """Values as wide as the tokens; with narrower ones the output would be narrower."""
    x, names = rng().normal(size=(C, D)), {C: "N", D: "D", K: "K"}
    return [letters(x, names), letters(attention_weights(x, x) @ x[:, :width], names)]


@value("lecture-notes.attention.average_is_not_enough", otherwise={"scores": 0.0})
def attention_weighs_unlike(scores=1.0):
    """An average weighs all alike; attention does not, unless all of its scores are equal."""
    x = rng().normal(size=(C, D))
    assert np.allclose(np.full((C, C), 1 / C) @ x, x.mean(axis=0))
    uneven = np.ptp(attention_weights(scores * x, x), axis=-1)  # largest minus smallest weight of each row
    return bool(np.all(uneven > 0.01))


@value("lecture-notes.attention.axes", otherwise={"value_width": K})
def axes_of_the_code(value_width=D):
    """The sizes of Q, then the last size of the output, for values of another width than the keys."""
    q, k, v = np.ones((B, C, K)), np.ones((B, C, K)), np.ones((B, C, value_width))
    out = attention_weights(q, k) @ v  # (B, N, N) @ (B, N, d_v) → (B, N, d_v)
    return [{B: "B", C: "N", K: "d_k", D: "d_v"}[size] for size in (*q.shape, out.shape[-1])]


@value("lecture-notes.attention.scale_exponent")
def scale_exponent():
    """q·k for all sign vectors k of width d has variance d, so p with d^p = √d makes it 1."""
    d = 8
    signs = 1 - 2.0 * (np.arange(2**d)[:, None] >> np.arange(d) & 1)  # (2^d, d), entries of variance 1
    return np.log(np.std(signs @ np.ones(d))) / np.log(d)


@value("lecture-notes.attention.softmax_axis", "shape-notes.attention.softmax_axis")
def axis_that_sums_to_one():
    q, k = rng().normal(size=(B, C, K)), rng().normal(size=(B, V, K))
    weights = attention_weights(q, k)  # (B, C, V): queries, keys
    return next(axis for axis in (-3, -2, -1) if np.allclose(weights.sum(axis=axis), 1))


@value("lecture-notes.positions.sets_have_no_order", otherwise={"positions": 1})
def reordering_only_reorders(positions=0):
    """With a vector added for each place it does more."""
    (x, places), order = rng().normal(size=(2, C, D)), [3, 0, 4, 2, 1]
    added = positions * places
    return bool(np.allclose(self_attention(x[order] + added), self_attention(x + added)[order]))


# --- lecture-notes: positions --------------------------------------------------------------------


def wave(position):
    """A row of the sinusoidal table."""
    angle = position / 10000 ** (np.arange(0, D, 2) / D)
    return np.concatenate([np.sin(angle), np.cos(angle)])


def learned(position):
    """A row of a table that was made for the positions 0 to C - 1."""
    return np.zeros((C, D))[position]


@value("lecture-notes.positions.maximum_known_in_advance", otherwise={"row": wave})
def rows_end(row=learned):
    """Does what serves positions 0 to C - 1 fail at position C?"""
    row(C - 1)
    try:
        row(C)
    except IndexError:
        return True
    return False


def rope_angles(position, width=4):
    """The angle of each pair of dimensions: n · 10000^(-2i/d) (Su et al. 2021, equation 15)."""
    return position * 10000.0 ** (-np.arange(0, width, 2) / width)  # (d/2,)


def rotated(x, position):
    """Pairs of dimensions as complex numbers, each turned by its angle."""
    return (x[0::2] + 1j * x[1::2]) * np.exp(1j * rope_angles(position, len(x)))  # (d/2,)


def rope_score(q, k, m, n):
    return np.real(np.vdot(rotated(q, m), rotated(k, n)))


@value("lecture-notes.positions.rope_is_relative", otherwise={"queries_too": False})
def a_score_depends_on_the_distance_alone(queries_too=True):
    """For a hundred queries and keys: one score for one distance, wherever the two stand?"""
    pairs = rng().normal(size=(100, 2, 8))
    scores = [[rope_score(q, k, m if queries_too else 0, m + 3) for m in (0, 1, 7, 100)] for q, k in pairs]
    return bool(np.ptp(scores, axis=1).max() < 1e-9)


@value("lecture-notes.positions.rope_tells_before_from_after", otherwise={"key_is_query": True})
def a_score_tells_before_from_after(key_is_query=False):
    q, k = rng().normal(size=(2, 8))
    k = q if key_is_query else k
    return not np.isclose(rope_score(q, k, 5, 2), rope_score(q, k, 2, 5))


# --- lecture-notes: encoders, generating, tokens, masks ------------------------------------------


@value("lecture-notes.decoding.autoregressive", otherwise={"positions": 0.0})
def the_order_of_the_tokens_matters(positions=1.0):
    """Swap two of the tokens so far: is another next token predicted? Without positions, attention would not notice."""
    r, C, D, V = rng(), 5, 6, 7
    w_e, w_p = 0.3 * r.normal(size=(V, D)), 0.3 * positions * r.normal(size=(C, D))

    def prediction(ids):
        x = w_e[ids] + w_p[: len(ids)]
        return softmax(x[-1] @ x.T) @ x @ w_e.T  # what the last token makes of all so far

    return not np.allclose(prediction([3, 1, 4, 2]), prediction([1, 3, 4, 2]))


CORPUS = {"low": 5, "lower": 2, "newest": 6, "widest": 3}  # Sennrich et al. 2016, figure 1


def join(pieces, pair):
    """("e", "s") joined in (…, "e", "s", …)."""
    joined, i = [], 0
    while i < len(pieces):
        step = 2 if tuple(pieces[i : i + 2]) == pair else 1
        joined.append("".join(pieces[i : i + step]))
        i += step
    return joined


def learn_merges(steps, choose=max):
    """Pairs in the order learnt, each the most frequent at its time (or the rarest), and the words as they end up."""
    words, merges = {word: list(word) for word in CORPUS}, []
    for _ in range(steps):
        pairs = Counter()
        for word, pieces in words.items():
            for pair in pairwise(pieces):
                pairs[pair] += CORPUS[word]
        if not pairs:
            break
        merges.append(choose(pairs, key=pairs.get))
        words = {word: join(pieces, merges[-1]) for word, pieces in words.items()}
    return merges, words


@value("lecture-notes.bpe.most_frequent_pair", otherwise={"choose": min})
def common_words_become_tokens(choose=max):
    """After ten merges the two most common words are single tokens."""
    _, words = learn_merges(10, choose)
    return words["newest"] == ["newest"] and words["low"] == ["low"]


@value("lecture-notes.bpe.rare_words_by_letters", otherwise={"word": "piano"})
def unseen_word_is_spelt(word="lowest"):
    pieces = list(word)
    for pair in learn_merges(10)[0]:
        pieces = join(pieces, pair)
    return pieces == list(word)


@value("lecture-notes.masking.cheating", otherwise={"mask": causal(C)})
def output_depends_on_the_future(mask=None):
    changed = changes(lambda x: self_attention(x, mask), rng().normal(size=(C, D)), at=C - 1)
    return bool(changed[:-1].all())
