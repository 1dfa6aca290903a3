"""The whitepaper's self-attention, softmax and matrix products, and its claims about weights."""

import numpy as np

from tests.documents.proofs import cause, given, mistake, value
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
def columns_of_zeros_and_ones_behind_the_queries():
    """Row i: the zeros and ones that make column i of the printed Q."""
    return weights_between(written(), given("whitepaper.queries.from_expressions")).T


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


@cause("whitepaper.attention.values_weights")
def first_entry_of_v_by_either_matrix():
    return [(rounded() @ w)[0, 0] for w in (given("whitepaper.attention.values_weights"), weights("v"))]


@value("whitepaper.attention.values")
def values_as_written():
    return written() @ weights("v")


@mistake("whitepaper.attention.values")
def values_from_the_rounded_table():
    return rounded() @ weights("v")


@cause("whitepaper.attention.values")
def the_third_columns():
    return [*rounded()[1:, 2], *written()[1:, 2]]


# --- the attention of the example ----------------------------------------------------------------


@value("whitepaper.attention.weights")
def attention_weights():
    return probabilities(rounded())


@value("whitepaper.attention.output")
def attention_output():
    return probabilities(rounded()) @ (rounded() @ weights("v"))


@value("whitepaper.attention.rows_add_to_one", otherwise={"axis": 0})
def sums_are_one(axis=1):
    """Along the rows; down the columns they are not."""
    return bool(np.allclose(probabilities(rounded()).sum(axis=axis), 1, rtol=0, atol=1e-14))


@value("whitepaper.attention.d_k")
def divisor_behind_the_weights():
    """The d for which softmax(Q K^T / √d) has the printed weights."""
    scores = queries_from_table() @ keys_from_table().T
    printed = given("whitepaper.attention.weights")
    (d,) = (d for d in range(1, 17) if np.allclose(softmax(scores / np.sqrt(d)), printed, atol=1e-7))
    return d


@value("whitepaper.attention.other_dimension_than_embedding", otherwise={"key_width": 3})
def narrower_heads_work(key_width=2):
    """Queries of width 2 from embeddings of width 4; keys of another width than the queries do not fit."""
    q, k, v = (rounded() @ weights(name)[:, :n] for name, n in (("q", 2), ("k", key_width), ("v", 2)))
    try:
        return (softmax(q @ k.T / np.sqrt(2)) @ v).shape == (3, 2)
    except ValueError:
        return False


@value("whitepaper.attention.tokens_are_independent", otherwise={"axis": 0})
def one_by_one_equals_all_at_once(axis=1):
    """The softmax of a token's own row needs no other token's scores; one down the columns would."""
    scores = queries_from_table() @ keys_from_table().T / 2
    alone = [softmax(row) for row in scores]
    together = softmax(scores) if axis == 1 else softmax(scores.T).T
    return bool(np.allclose(alone @ values_from_table(), together @ values_from_table()))


@value("whitepaper.encoder.combination_of_inputs", otherwise={"turned": False})
def outputs_are_combinations_of_inputs(turned=True):
    """Can the rows of the output be mixed from the rows of x? They can where W_V changes nothing."""
    x = rounded()
    out = probabilities(x) @ (x @ weights("v") if turned else x)
    assert np.allclose((probabilities(x) @ x) @ weights("v"), probabilities(x) @ (x @ weights("v")))
    mixed = out @ np.linalg.pinv(x) @ x  # the nearest that mixtures of the inputs come to
    near = np.isclose(mixed, out).all(axis=1)
    assert near.all() or not near.any()
    return bool(near.all())


@value("whitepaper.attention.same_input", otherwise={"columns": [0, 1, 3]})
def both_inputs_agree_to_four_decimals(columns=(0, 1, 2, 3)):
    """In the third column they do not; in the others they do."""
    return bool((np.abs(written() - rounded())[:, list(columns)] <= 0.5e-4 + 1e-12).all())


@cause("whitepaper.attention.same_input")
def the_third_columns_and_two_entries_of_either_q():
    as_written, from_table = np.round(written() @ weights("q"), 4), rounded() @ weights("q")
    return [
        *written()[1:, 2],
        *rounded()[1:, 2],
        as_written[1, 1],
        as_written[2, 1],
        from_table[1, 1],
        from_table[2, 1],
    ]


@value("whitepaper.attention.unscaled_gradients_too_small", otherwise={"scaled": True})
def slopes_vanish_with_the_width(scaled=False):
    """Summed |d softmax / d scores| for random queries and keys, of width 4 to 4096."""

    def mean_slope(d):
        rng, slopes = np.random.default_rng(0), []
        for _ in range(50):
            scores = rng.standard_normal((8, d)) @ rng.standard_normal(d)  # (T=8,)
            p = softmax(scores / (np.sqrt(d) if scaled else 1))
            slopes.append(np.abs(np.diag(p) - np.outer(p, p)).sum())
        return np.mean(slopes)

    slopes = [mean_slope(d) for d in (4, 64, 512, 4096)]
    return bool((np.diff(slopes) < 0).all() and slopes[-1] < 0.1 * slopes[0])


# --- softmax -------------------------------------------------------------------------------------


@value("whitepaper.softmax.probabilities", "whitepaper.softmax.percent")
def probabilities_of_three_logits():
    return softmax(given("whitepaper.softmax.logits"))


def shares(z):
    """The scores divided by their sum: softmax without its exponentials."""
    return z / z.sum(axis=-1, keepdims=True)


@value("whitepaper.softmax.is_a_distribution", otherwise={"of": shares})
def results_are_a_distribution(of=softmax):
    logits = np.random.default_rng(0).normal(0, 5, (1000, 3))
    p = of(logits)
    sums = np.allclose(p.sum(axis=1), 1)
    return bool(sums and (p > 0).all() and (p < 1).all() and (p.argmax(1) == logits.argmax(1)).all())


@cause("whitepaper.softmax.subtle_differences")
def ratio_and_difference():
    (a, b, _), (p, q, _) = given("whitepaper.softmax.logits"), probabilities_of_three_logits()
    return [a, b, p, p / q, q, a - b, p - q]


# --- weights -------------------------------------------------------------------------------------


@value("whitepaper.weights.step_reduces_loss", otherwise={"direction": +1})
def step_against_the_gradient_reduces_the_loss(direction=-1):
    """Gradient of 1/2 |attention - Y|^2 for W_Q by central differences; then small steps against it, or along it."""
    x, wanted, w = rounded(), given("whitepaper.target.embeddings"), weights("q")
    k, v = keys_from_table(), values_from_table()

    def loss(w_q):
        return 0.5 * np.sum((softmax(x @ w_q @ k.T / 2) @ v - wanted) ** 2)

    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        nudge = np.zeros_like(w)
        nudge[at] = 1e-6
        gradient[at] = (loss(w + nudge) - loss(w - nudge)) / 2e-6
    return bool(all(loss(w + direction * step * gradient) < loss(w) for step in (1e-3, 1e-2)))
