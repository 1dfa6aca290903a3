"""The attention notes: background and attention, in their convention of column vectors."""

import numpy as np

from tests.documents.proofs import mistake, value
from tests.documents.proofs.unequal_sizes import (
    SUMMARY,
    C,
    D,
    K,
    V,
    attention_weights,
    causal,
    changes,
    mlp,
    rng,
    self_attention,
    shape_that_takes,
)
from tests.documents.proofs.whitepaper_gpt import GPT3, fits, parameters, softmax


def next_word_scores(ids, masked=True):
    """Embedding, attention, MLP, unembedding: (T,) → (T, V)."""
    x = rng().normal(size=(V, D))[ids]  # (T, D)
    x = x + self_attention(x, causal(len(ids)) if masked else None)
    x = x + mlp(x)
    return x @ rng().normal(size=(D, V))


@value("attention-notes.flow.stages", otherwise={"order": ("attention", "embedding", "mlp", "unembedding")})
def stages_end_in_scores(order=("embedding", "attention", "mlp", "unembedding")):
    """Token ids through the stages in this order: a score for each word, or a stage that gets the wrong width."""
    w_e, w_u = rng().normal(size=(V, D)), rng().normal(size=(D, V))
    stage = {
        "embedding": lambda ids: w_e[ids],
        "attention": lambda x: x + self_attention(x, causal(len(x))),
        "mlp": lambda x: x + mlp(x),
        "unembedding": lambda x: x @ w_u,
    }
    passed = np.array([1, 4, 2])
    try:
        for name in order:
            passed = stage[name](passed)
    except (ValueError, IndexError):  # attention is given ids, which have no width
        return False
    return passed.shape == (3, V)


@value("attention-notes.mlp.in_parallel", otherwise={"layer": lambda x: self_attention(np.atleast_2d(x))})
def each_vector_is_treated_alone(layer=mlp):
    """One row alone against the same row among others; attention makes a difference."""
    x = rng().normal(size=(C, D))
    return bool(np.allclose(layer(x), np.stack([np.squeeze(layer(row)) for row in x])))


@value("attention-notes.prediction.last_vector", otherwise={"masked": False})
def only_the_last_vector_has_seen_all(masked=True):
    """A row for each output, a column for each input: does the one depend on the other?"""
    x = rng().normal(size=(C, D))
    seen = np.stack(
        [changes(lambda x: self_attention(x, causal(C) if masked else None), x, at) for at in range(C)],
        axis=1,
    )
    return seen.all(axis=1).tolist() == [False] * (C - 1) + [True]


@value("attention-notes.embedding.small_share", otherwise={"layers": 1, "width": 64})
def embedding_is_the_smaller_part(layers=GPT3["layers"], width=GPT3["width"]):
    """Of all parameters, less than a half; by default of the largest GPT-3."""
    return GPT3["vocabulary"] * width < parameters(**GPT3 | {"layers": layers, "width": width}) / 2


@value("attention-notes.embedding.matrix_shape", otherwise={"before_a_column": False})
def matrix_that_takes_a_word_to_its_vector(before_a_column=True):
    return [SUMMARY[size] for size in shape_that_takes(V, D, before_a_column)]


@value("attention-notes.unembedding.matrix_shape", otherwise={"before_a_column": False})
def matrix_that_takes_a_vector_to_scores(before_a_column=True):
    return [SUMMARY[size] for size in shape_that_takes(D, V, before_a_column)]


@value("attention-notes.dot.alignment", otherwise={"last": 0.1})
def dot_product_grows_with_alignment(last=1.0):
    """A vector turns from the opposite of another to its direction; last: its length in the end, 1 in the beginning."""
    angles, lengths = np.linspace(np.pi, 0, 19), np.linspace(1, last, 19)
    dots = lengths * np.cos(angles)
    return bool(np.all(np.diff(dots) > 0))


@value("attention-notes.context.fixed_number_of_words", otherwise={"table": 100})
def no_more_than_the_window_fits(table=C):
    """A row of positions for each place: do all texts up to C words fit, and none that is longer?"""
    positions = rng().normal(size=(table, D))
    fit = [fits(lambda n=n: np.ones((n, D)) + positions[:n]) for n in range(1, C + 3)]
    return fit == [True] * C + [False] * 2


@value("attention-notes.context.loses_track", otherwise={"window": 6})
def beyond_the_window_is_forgotten(window=4):
    """Change the first word of six: a window of the last four does not hold it, one of six does."""
    text, changed = [3, 1, 4, 1, 5, 2], [6, 1, 4, 1, 5, 2]
    return bool(np.allclose(next_word_scores(text[-window:])[-1], next_word_scores(changed[-window:])[-1]))


LOGITS = np.array([2.0, 1.0, 0.5, -1.0])


@value("attention-notes.temperature.small", otherwise={"temperature": 2.0})
def the_largest_takes_nearly_all(temperature=0.1):
    return bool(softmax(LOGITS / temperature)[0] > 0.999)


@value("attention-notes.temperature.high", otherwise={"used": np.multiply})
def high_temperature_lifts_the_unlikely(used=np.divide):
    """Where scores are divided by the temperature; multiplied, the unlikely would sink."""
    least = [softmax(used(LOGITS, t))[-1] for t in (0.5, 1.0, 1.5, 2.0)]
    return bool(np.all(np.diff(least) > 0))


FORM = {1: "vector", 2: "matrix"}  # by number of axes


# --- attention-notes: attention ------------------------------------------------------------------


def column_pattern(e, w_q, w_k, mask=None, fill=-np.inf):
    """With embeddings as columns of e (D, T): entry (i, j) is how much query j attends to key i."""
    scores = (w_k @ e).T @ (w_q @ e) / np.sqrt(len(w_q))  # (T, K) @ (K, T) → (T, T)
    return softmax(np.where(True if mask is None else mask, scores, fill).T).T  # down each column


def columns():
    r = rng()
    return r.normal(size=(D, C)), r.normal(size=(K, D)), r.normal(size=(K, D)), r.normal(size=(D, D))


@value("attention-notes.attention.related", otherwise={"queries": 5})
def larger_product_larger_weight(queries=1):
    """Among the keys of one query; from query to query it need not be so."""
    q, k = rng().normal(size=(queries, K)), rng().normal(size=(20, K))
    return bool(np.array_equal(np.argsort((q @ k.T).ravel()), np.argsort(attention_weights(q, k).ravel())))


@value("attention-notes.attention.columns", otherwise={"axis": 1})
def sums_are_one(axis=0):
    """Down the columns, in the notes' convention; along the rows they are not."""
    e, w_q, w_k, _ = columns()
    pattern, x = column_pattern(e, w_q, w_k), e.T  # x: (T, D), embeddings as rows
    assert np.allclose(pattern, attention_weights(x @ w_q.T, x @ w_k.T).T)
    return bool(np.allclose(pattern.sum(axis=axis), 1))


@value("attention-notes.training.many_examples", otherwise={"masked": False})
def one_pass_is_many_examples(masked=True):
    """The scores after each beginning of a text, all from one pass, are those of a pass for each."""
    ids = [3, 1, 4, 1, 5]
    together = next_word_scores(ids, masked)
    return bool(np.allclose(together, [next_word_scores(ids[: t + 1], masked)[-1] for t in range(len(ids))]))


@value("attention-notes.masking.minus_infinity", otherwise={"fill": 0.0})
def masked_scores_become_zeros(fill=-np.inf):
    e, w_q, w_k, _ = columns()
    earlier = causal(C).T  # key i may be seen by query j for i ≤ j
    pattern = column_pattern(e, w_q, w_k, earlier, fill)
    return bool(np.all(pattern[~earlier] == 0) and np.allclose(pattern.sum(axis=0), 1))


@value("attention-notes.attention.size_is_squared", otherwise={"window": 2})
def pattern_size_is_squared(window=None):
    """Weights that are not zero; if a token looked at itself and one before, they would grow with the length."""
    sizes = []
    for n in (4, 8, 16):
        mask = None if window is None else causal(n) & ~np.tri(n, k=-window, dtype=bool)
        sizes.append(np.count_nonzero(attention_weights(np.ones((n, K)), np.ones((n, K)), mask)))
    return sizes == [4**2, 8**2, 16**2]


@value("attention-notes.value.form", otherwise={"word": slice(None)})
def form_of_a_value(word=0):
    """The value matrix times the embedding of one word; of all words at once it is a matrix."""
    e, *_, w_v = columns()
    return FORM[(w_v @ e[:, word]).ndim]


@value("attention-notes.query.form", otherwise={"word": slice(None)})
def form_of_a_query(word=0):
    e, w_q, *_ = columns()
    return FORM[(w_q @ e[:, word]).ndim]


@mistake("attention-notes.query.form")
def form_of_the_query_weights():
    return FORM[columns()[1].ndim]


@mistake("attention-notes.value.form")
def form_of_the_value_weights():
    return FORM[columns()[-1].ndim]


@value("attention-notes.value.same_space", otherwise={"brought_back": True})
def only_the_embeddings_width_adds(brought_back=False):
    """A narrow value adds only if another matrix brings it back to the embedding's width first."""
    noun, up = np.zeros(D), np.zeros((D, K))
    narrow = fits(lambda: noun + (up @ np.zeros(K) if brought_back else np.zeros(K)))
    return fits(lambda: noun + np.zeros(D)) and not narrow


@value("attention-notes.value.weighted_sum", otherwise={"weighted": False})
def update_is_a_weighted_sum(weighted=True):
    """Word by word, as the notes tell it, against the matrix product E + (W_V E) pattern."""
    e, w_q, w_k, w_v = columns()
    pattern = column_pattern(e, w_q, w_k)  # (T, T)
    share = pattern if weighted else np.full_like(pattern, 1 / C)
    by_hand = [e[:, j] + sum(share[i, j] * (w_v @ e[:, i]) for i in range(C)) for j in range(C)]
    return bool(np.allclose(np.transpose(by_hand), e + w_v @ e @ pattern))


@value("attention-notes.cross.two_sources", otherwise={"answers": 0})
def cross_attention(answers=1):
    """The same code as self-attention, with a pattern of one text against the other: 5 × 7."""
    texts = rng().normal(size=(C, D)), rng().normal(size=(V, D))
    crossed = attention_weights(texts[0], texts[answers])
    return crossed.shape == (C, V) and bool(np.allclose(crossed.sum(axis=-1), 1))
