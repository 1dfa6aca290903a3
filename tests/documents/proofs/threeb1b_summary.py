"""The 3B1B summary: its shapes and statements, worked out in NumPy."""

import numpy as np

from tests.documents.proofs import cause, value
from tests.documents.proofs.unequal_sizes import (
    SUMMARY,
    C,
    D,
    V,
    mlp,
    rng,
    self_attention,
    shape_that_takes,
)
from tests.documents.proofs.whitepaper_gpt import parameters, softmax


@value("threeb1b-summary.tokenization.unique_ids", otherwise={"by_length": True})
def ids_tell_tokens_apart(by_length=False):
    """Equal ids for equal tokens and for no others; tokens numbered as they appear, or by how long they are."""
    text = ["the", "cat", "saw", "the", "horse"]
    number = {token: len(token) if by_length else i for i, token in enumerate(dict.fromkeys(text))}
    ids = [number[token] for token in text]
    return all((ids[i] == ids[j]) == (text[i] == text[j]) for i in range(5) for j in range(5))


@value("threeb1b-summary.embedding.matrix_shape", otherwise={"before_a_column": True})
def matrix_that_takes_a_token_to_its_vector(before_a_column=False):
    return [SUMMARY[size] for size in shape_that_takes(V, D, before_a_column)]


@value("threeb1b-summary.embedding.lookup", otherwise={"first": 1})
def one_hot_times_the_table_is_a_row(first=0):
    """For every token; first: the number from which the places of a one-hot vector are counted."""
    w_e = rng().normal(size=(V, D))
    one_hot = np.eye(V)
    return all(np.array_equal(one_hot[i - first] @ w_e, w_e[i]) for i in range(V))


@value(
    "threeb1b-summary.embedding.position_added", "lecture-notes.positions.learned_sum", otherwise={"size": 0}
)
def added_rows_show_the_order(size=1):
    """Once row n of a random table is added to token n, are two orders of the tokens no longer one to attention?"""
    tokens, table = rng().normal(size=(2, C, D))
    table, order = size * table, [3, 0, 4, 2, 1]
    return not np.allclose(self_attention(tokens[order] + table), self_attention(tokens + table)[order])


@value("threeb1b-summary.mlp.formula", otherwise={"bend": lambda z: z})
def mlp_keeps_the_width_and_bends(bend=lambda z: np.maximum(0, z)):
    """f(x) + f(y) is f(x + y) + f(0) for every affine map, and for these vectors not for one with a ReLU."""
    x, y = rng().normal(size=(2, D))

    def f(x):
        return mlp(x, bend)

    return f(x).shape == (D,) and not np.allclose(f(x) + f(y), f(x + y) + f(0 * x))


@value("threeb1b-summary.block.output_is_the_mlp_alone", otherwise={"size": 0})
def block_of_zeros_forgets_its_input(size=1):
    """With all weights zero, do the document's formulas give what x + attention, then + MLP, give? For x = 0 they do."""
    x, zero = size * rng().normal(size=D), np.zeros((D, D))
    h_attn = x @ zero
    y_mlp = np.maximum(0, h_attn @ zero) @ zero
    residual = x + h_attn
    residual = residual + np.maximum(0, residual @ zero) @ zero
    return bool(np.allclose(y_mlp, residual))


@value("threeb1b-summary.unembedding.matrix_shape", otherwise={"before_a_column": True})
def matrix_that_takes_a_vector_to_logits(before_a_column=False):
    return [SUMMARY[size] for size in shape_that_takes(D, V, before_a_column)]


@value("threeb1b-summary.unembedding.logits_are_likelihoods", otherwise={"temperature": -1.0})
def the_larger_the_likelier(temperature=1.0):
    """The logits and the probabilities put the words in one order."""
    z = rng().normal(size=D) @ rng().normal(size=(D, V))
    return np.array_equal(z.argsort(), softmax(z / temperature).argsort())


SMALLEST_GPT2 = {"layers": 12, "width": 768, "vocabulary": 50257, "context": 1024}
PUBLISHED = 124_439_808


@value("threeb1b-summary.unembedding.no_final_norm", otherwise={"final_norm": True})
def a_published_model_ends_in_a_block(final_norm=False):
    return parameters(**SMALLEST_GPT2, final_norm=final_norm) == PUBLISHED


@cause("threeb1b-summary.unembedding.no_final_norm")
def the_last_norm():
    return [PUBLISHED - parameters(**SMALLEST_GPT2, final_norm=False), PUBLISHED]


@value(
    "threeb1b-summary.softmax.formula",
    "attention-notes.softmax.distribution",
    otherwise={"power": lambda z: z},
)
def softmax_is_a_distribution(power=np.exp):
    """Exponentials over their sum are positive and add up to 1; the scores over theirs are not positive."""
    z = rng().normal(size=(100, V)) * 10
    p = power(z) / power(z).sum(axis=-1, keepdims=True)
    return bool(np.all(p > 0) and np.allclose(p.sum(axis=-1), 1))


@cause("threeb1b-summary.prediction.always_the_most_likely")
def three_times_in_ten():
    return [(rng().choice(3, size=1000, p=[0.5, 0.3, 0.2]) == 1).mean().round(1)]
