"""The whitepaper's self-attention, softmax and matrix products, and its claims about weights."""

import numpy as np

from tests.documents.proofs import given, mistake, value
from tests.documents.proofs.whitepaper_embeddings import encoding, softmax

# --- inputs and products -------------------------------------------------------------------------


def weights(name):
    return given(f"whitepaper.attention.w_{name}")


def written():
    """X + PE as written with sines and cosines, with the document's exponents."""
    return given("whitepaper.input.embeddings") + encoding(given("whitepaper.positions.exponents"))


def rounded():
    """X + PE from the rounded table, as typed into the programs."""
    return given("whitepaper.positions.input_sum")


def target():
    return given("whitepaper.positions.target_sum")


def probabilities(x):
    """Softmax of Q K^T over the root of d_k: (T, D) -> (T, T)."""
    q, k = x @ weights("q"), x @ weights("k")
    return softmax(q @ k.T / np.sqrt(k.shape[1]))


@value("whitepaper.attention.queries", "whitepaper.queries.from_expressions")
def queries_as_written():
    return written() @ weights("q")


@value("whitepaper.queries.from_table")
def queries_from_table():
    return rounded() @ weights("q")


@value("whitepaper.keys.from_table")
def keys_from_table():
    return rounded() @ weights("k")


@value("whitepaper.values.from_table")
def values_from_table():
    return rounded() @ weights("v")


@value("whitepaper.attention.target_queries", "whitepaper.queries.target")
def target_queries():
    return target() @ weights("q")


@value("whitepaper.attention.target_keys", "whitepaper.keys.target")
def target_keys():
    return target() @ weights("k")


@value("whitepaper.attention.target_values", "whitepaper.values.target")
def target_values():
    return target() @ weights("v")


@value("whitepaper.queries.factors")
def columns_of_w_q():
    return weights("q").T


def products(weight, x):
    """The products of a row and a column, and their sum behind them."""
    return [*(x * weight), float(x @ weight)]


@value("whitepaper.queries.first_row")
def first_row():
    return [products(weights("q")[:, column], rounded()[0]) for column in (0, 1, 3)]


@value("whitepaper.queries.first_row_third")
def third_of_the_first_row():
    return products(weights("q")[:, 2], rounded()[0])


@mistake("whitepaper.queries.first_row_third")
def last_weight_from_the_line_above():
    return products([*weights("q")[:3, 2], weights("q")[3, 1]], rounded()[0])


# --- keys and values shown in the example --------------------------------------------------------


def weights_between(x, y):
    """The matrix of zeros and ones with x @ matrix = y to four decimals: (T, D), (T, K) -> (D, K)."""
    columns = list(np.ndindex(2, 2, 2, 2))  # all 16 there are
    return np.transpose([next(c for c in columns if np.allclose(x @ c, y_k, atol=1e-4)) for y_k in y.T])


@value("whitepaper.attention.keys_weights")
def weights_behind_the_keys():
    return weights_between(rounded(), given("whitepaper.keys.from_table"))


@mistake("whitepaper.attention.keys_weights")
def weights_behind_the_matrix_shown_at_the_keys():
    return weights_between(written(), given("whitepaper.attention.keys"))


@value("whitepaper.attention.keys")
def keys_as_written():
    return written() @ weights("k")


@mistake("whitepaper.attention.keys")
def queries_in_place_of_keys():
    return written() @ weights("q")


@value("whitepaper.attention.values_weights")
def weights_behind_the_values():
    return weights_between(rounded(), given("whitepaper.attention.values"))


@mistake("whitepaper.attention.values_weights")
def swapped_rows_above_rows_of_the_queries():
    return np.vstack([weights("v")[[1, 0]], weights("q")[2:]])


@value("whitepaper.attention.values")
def values_as_written():
    return written() @ weights("v")


@mistake("whitepaper.attention.values")
def values_from_the_rounded_table():
    return rounded() @ weights("v")


# --- the attention of the example ----------------------------------------------------------------


@value("whitepaper.attention.weights")
def attention_weights():
    return probabilities(rounded())


@value("whitepaper.attention.output")
def attention_output():
    return probabilities(rounded()) @ (rounded() @ weights("v"))


@value("whitepaper.attention.rows_add_to_one")
def rows_add_to_one():
    return np.allclose(probabilities(rounded()).sum(axis=1), 1, rtol=0, atol=1e-14)


@value("whitepaper.attention.d_k")
def width_of_a_key():
    return keys_from_table().shape[1]


@value("whitepaper.attention.same_dimension")
def vectors_of_a_token_have_one_length():
    return queries_from_table().shape == keys_from_table().shape == values_from_table().shape


@value("whitepaper.attention.other_dimension_than_embedding")
def narrower_heads_work():
    """Weights of shape embedding by head width, 4x2: one output of width 2 for each word."""
    q, k, v = (rounded() @ weights(name)[:, :2] for name in "qkv")
    return (softmax(q @ k.T / np.sqrt(2)) @ v).shape == (3, 2)


@value("whitepaper.attention.tokens_are_independent")
def one_by_one_equals_all_at_once():
    one_by_one = []
    for q in queries_from_table():
        weight = softmax(np.array([q @ k for k in keys_from_table()]) / np.sqrt(len(q)))
        one_by_one.append(sum(w * v for w, v in zip(weight, values_from_table(), strict=True)))
    return np.allclose(one_by_one, attention_output())


@value("whitepaper.attention.every_other_token")
def scores_of_a_sentence_leave_the_token_itself_out():
    tokens = len(rounded())
    return np.count_nonzero(probabilities(rounded())) == tokens * (tokens - 1)


@value("whitepaper.attention.embeddings_alone")
def embeddings_alone_give_the_queries():
    return np.allclose(
        given("whitepaper.input.embeddings") @ weights("q"), given("whitepaper.attention.queries"), atol=1e-4
    )


@value("whitepaper.attention.one_score")
def score_and_output_have_one_shape():
    return (queries_from_table() @ keys_from_table().T).shape == attention_output().shape


@value("whitepaper.attention.same_input")
def both_inputs_agree_to_four_decimals():
    return bool((np.abs(written() - rounded()) <= 0.5e-4 + 1e-12).all())


@value("whitepaper.attention.unscaled_gradients_too_small")
def unscaled_slopes_vanish_with_the_width():
    """Summed |d softmax / d scores| for random queries and keys, of width 4 to 4096."""

    def mean_slope(d, scale):
        rng, slopes = np.random.default_rng(0), []
        for _ in range(50):
            p = softmax(rng.standard_normal((8, d)) @ rng.standard_normal(d) / scale)  # (T=8,)
            slopes.append(np.abs(np.diag(p) - np.outer(p, p)).sum())
        return np.mean(slopes)

    without = [mean_slope(d, 1) for d in (4, 64, 512, 4096)]
    with_root = [mean_slope(d, np.sqrt(d)) for d in (4, 64, 512, 4096)]
    return bool((np.diff(without) < 0).all() and without[-1] < 0.1 * with_root[-1] and min(with_root) > 1)


# --- softmax -------------------------------------------------------------------------------------


@value("whitepaper.softmax.probabilities", "whitepaper.softmax.percent")
def probabilities_of_three_logits():
    return softmax(given("whitepaper.softmax.logits"))


@value("whitepaper.softmax.is_a_distribution")
def results_are_a_distribution():
    logits = np.random.default_rng(0).normal(0, 5, (1000, 3))
    p = softmax(logits)
    sums = np.allclose(p.sum(axis=1), 1)
    return bool(sums and (p > 0).all() and (p < 1).all() and (p.argmax(1) == logits.argmax(1)).all())


@value("whitepaper.softmax.subtle_differences")
def subtle_differences_grow():
    """Two logits that differ by d from 0.001 to 0.5: do their probabilities ever differ by more?"""
    d = np.array([0.001, 0.01, 0.1, 0.5])
    p = softmax(np.stack([d, 0 * d], axis=1))  # (4, 2)
    return bool((p[:, 0] - p[:, 1] > d).any())


# --- weights -------------------------------------------------------------------------------------


@value("whitepaper.weights.step_reduces_loss")
def step_against_the_gradient_reduces_the_loss():
    """Gradient of 1/2 |attention - Y|^2 for W_Q by central differences; then steps of 0.001 and 0.01."""
    x, wanted, w = rounded(), given("whitepaper.target.embeddings"), weights("q")
    k, v = keys_from_table(), values_from_table()

    def loss(w_q):
        return 0.5 * np.sum((softmax(x @ w_q @ k.T / 2) @ v - wanted) ** 2)

    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        nudge = np.zeros_like(w)
        nudge[at] = 1e-6
        gradient[at] = (loss(w + nudge) - loss(w - nudge)) / 2e-6
    return bool(all(loss(w - step * gradient) < loss(w) < loss(w + step * gradient) for step in (1e-3, 1e-2)))
