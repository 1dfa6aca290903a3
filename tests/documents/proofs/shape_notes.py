"""The shape notes: every size, reshape and statement, tried on arrays of unequal sizes."""

import numpy as np

from tests.documents.proofs import value
from tests.documents.proofs.unequal_sizes import (
    NOTES,
    B,
    C,
    D,
    K,
    N,
    V,
    causal,
    letters,
    rng,
    self_attention,
)
from tests.documents.proofs.whitepaper_gpt import softmax

TABLE = rng().normal(size=(V, D))
BATCH = rng().integers(V, size=(B, C))


@value("shape-notes.embedding.lookup", otherwise={"axis": 1})
def shapes_of_a_lookup(axis=0):
    """Of the table, and of what it gives for one token; axis: along which the tokens stand."""
    table = TABLE if axis == 0 else TABLE.T
    return [letters(table, NOTES), letters(np.take(TABLE, [3], axis), NOTES)]


@value("shape-notes.batch.embedded", otherwise={"axis": 1})
def shape_of_an_embedded_batch(axis=0):
    return letters(np.take(TABLE, BATCH, axis), NOTES)


@value("shape-notes.batch.embedded_sentence", otherwise={"as_column": True})
def shape_of_an_embedded_sentence(as_column=False):
    """Of one element of the batch; as_column: made an array of C x 1 first."""
    return letters(TABLE[BATCH[0][:, None] if as_column else BATCH[0]], NOTES)


def sinusoids(context, width):
    """sin on even, cos on odd dimensions, and the wavelength of each (Vaswani et al. 2017, section 3.5)."""
    frequency = 10000.0 ** (-2 * (np.arange(width) // 2) / width)  # (d,): one for each pair
    angle = np.arange(context)[:, None] * frequency  # (C, d)
    table = np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle))
    return table, 2 * np.pi / frequency


def distances(table):
    return np.linalg.norm(table[:, None] - table[None], axis=-1)  # (C, C)


@value("shape-notes.positions.unique", otherwise={"period": 64})
def positions_are_unique(period=256):
    """No two of 256 rows are equal; period: after so many the table begins anew."""
    apart = distances(sinusoids(256, 64)[0][np.arange(256) % period])
    return bool(np.all(apart[~np.eye(256, dtype=bool)] > 0.1))


@value("shape-notes.positions.neighbours_are_close", otherwise={"width": 4})
def nearest_position_is_a_neighbour(width=64):
    apart = distances(sinusoids(256, width)[0]) + np.diag([np.inf] * 256)
    return bool(np.all(np.abs(apart.argmin(axis=-1) - np.arange(256)) == 1))


def beside(x, table):
    return np.concatenate([x, np.broadcast_to(table, x.shape)], axis=-1)


@value("shape-notes.positions.added", otherwise={"join": beside})
def positions_joined(join=np.add):
    return letters(join(TABLE[BATCH], sinusoids(C, D)[0]), NOTES | {2 * D: "2d"})  # (B, C, d) and (C, d)


@value("shape-notes.positions.last_dimension", otherwise={"dimension": 0})
def dimension_runs_one_way(dimension=-1):
    steps = np.diff(sinusoids(256, 64)[0][:, dimension])
    return bool(np.all(steps < 0) or np.all(steps > 0))


@value("shape-notes.positions.each_dimension_finer", otherwise={"step": 1})
def each_dimension_is_finer(step=2):
    """Does the wavelength shrink with every step back? From pair to pair it does, from column to column it does not."""
    wavelengths = sinusoids(256, 64)[1]
    # the other order of the columns
    sines_then_cosines = np.concatenate([wavelengths[::2], wavelengths[1::2]])
    assert np.all(np.diff(sines_then_cosines[32:]) > 0)
    return bool(np.all(np.diff(wavelengths[::step]) > 0))


@value("shape-notes.positions.concatenating", otherwise={"word": D // 2, "position": D // 2})
def concatenating_takes_more(word=D, position=D):
    """Whether a next layer to the width D has more weights than the D x D that it has for a sum; by default both have width D."""
    x = np.concatenate([np.zeros((C, word)), np.zeros((C, position))], axis=-1)
    return np.zeros((x.shape[-1], D)).size > D * D


def fourier(x):
    """FNet's mixing: the real part of a transform over tokens and width."""
    return np.fft.fft2(x).real


def tells_two_orders_apart(mix):
    """Without any position vector: are the results more than those of the first order, in another order?"""
    x, order = rng().normal(size=(C, D)), [3, 0, 4, 2, 1]
    return not np.allclose(mix(x[order]), mix(x)[order])


@value("shape-notes.positions.fnet", otherwise={"term": lambda x: sinusoids(*x.shape)[0]})
def term_is_the_same_whatever_the_tokens(term=fourier):
    """Of the transform, which does tell orders apart, as attention does not; and of a table of positions."""
    assert tells_two_orders_apart(fourier) and not tells_two_orders_apart(self_attention)
    x, y = rng().normal(size=(2, C, D))
    return bool(np.allclose(term(x), term(y)))


# --- shape-notes: architecture -------------------------------------------------------------------


X = TABLE[BATCH]  # (B, C, d)


@value("shape-notes.attention.projections", otherwise={"width": K})
def projected(width=D):
    """By a square matrix; one of another width would not keep the size of X."""
    return letters(X @ np.zeros((D, width)), NOTES)


@value("shape-notes.heads.split", otherwise={"heads": K})
def split(heads=N):
    return letters(X.reshape(B, C, heads, -1), NOTES)


@value("shape-notes.heads.split_then_reshape", otherwise={"context": 1})
def reshape_moves_the_heads(context=C):
    """Does a reshape put head n of token t where B x N x C x d/N has it? Only in a text of one token."""
    heads = X[:, :context].reshape(B, context, N, K)
    return bool(np.array_equal(heads.reshape(B, N, context, K), heads.transpose(0, 2, 1, 3)))


@value("shape-notes.attention.head_width", otherwise={"heads": 1})
def width_that_the_root_belongs_to(heads=N):
    """The length over which one head's dot product runs."""
    q = X.reshape(B, C, heads, D // heads).transpose(0, 2, 1, 3)  # (B, N, C, d/N)
    return NOTES[q.shape[-1]]


@value("shape-notes.masking.future_comes_out_zero", otherwise={"hidden": 0.0})
def hidden_scores_exclude_the_future(hidden=-np.inf):
    scores = rng().normal(size=(C, C))
    weights = softmax(np.where(causal(C), scores, hidden))
    return bool(np.all(weights[~causal(C)] == 0) and np.allclose(weights.sum(axis=-1), 1))


@value("shape-notes.heads.reshape_back", otherwise={"context": 1})
def reshape_brings_the_heads_back(context=C):
    x = X[:, :context]
    heads = x.reshape(B, context, N, K).transpose(0, 2, 1, 3)  # (B, N, C, d/N)
    assert np.array_equal(heads.transpose(0, 2, 1, 3).reshape(x.shape), x)
    return bool(np.array_equal(heads.reshape(B, context, N, K).reshape(x.shape), x))


@value("shape-notes.heads.output", otherwise={"width": K})
def joined_and_projected(width=D):
    """Joined, and times a square matrix; one of another width would not give the size of X."""
    heads = X.reshape(B, C, N, K).transpose(0, 2, 1, 3)  # (B, N, C, d/N)
    joined = heads.transpose(0, 2, 1, 3).reshape(B, C, -1)
    return [letters(joined, NOTES), letters(joined @ np.zeros((D, width)), NOTES)]


@value("shape-notes.feed_forward.size", otherwise={"layers": 1})
def original_size_is_back(layers=2):
    """After FC1 and FC2; after FC1 alone it is not."""
    output = X
    for width_in, width_out in [(D, 4 * D), (4 * D, D)][:layers]:
        output = np.maximum(0, output @ np.zeros((width_in, width_out)))
    return output.shape == X.shape


@value("shape-notes.output.logits", otherwise={"x": X[0]})
def logits_shape(x=X):
    return letters(x @ np.zeros((D, V)), NOTES)
