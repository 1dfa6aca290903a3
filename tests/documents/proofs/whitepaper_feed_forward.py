"""The whitepaper's feed-forward network, its second layer normalization, sine and XOR."""

from itertools import pairwise

import numpy as np

from tests.documents.proofs import given, value
from tests.documents.proofs.whitepaper_heads_to_decoder import X, layer_norm, multi_head_output, same_digits

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def ffn(x):
    """z_1, a_1 and z_2 of FFN(x) = max(0, x W_1 + b_1) W_2 + b_2."""
    w_1, b_1, w_2, b_2 = (given(f"whitepaper.ffn.{name}") for name in ("w_1", "b_1", "w_2", "b_2"))
    z_1 = x @ w_1 + b_1
    a_1 = np.maximum(0, z_1)
    return z_1, a_1, a_1 @ w_2 + b_2


def tokens():
    """The normalized matrix as the document prints it, the network's stated input."""
    return given("whitepaper.layer_norm.output")


# --- the worked example --------------------------------------------------------------------------


@value("whitepaper.layer_norm.no_residual")
def normalizing_alone_is_the_original():
    """LayerNorm(Sublayer(x)) against LayerNorm(x + Sublayer(x)), Vaswani et al. 2017, section 3.1."""
    attended = layer_norm(X + multi_head_output())
    encoded = layer_norm(attended + ffn(attended)[2])
    attended_alone = layer_norm(multi_head_output())
    encoded_alone = layer_norm(ffn(attended_alone)[2])
    return np.allclose(attended, attended_alone, atol=1e-3) or np.allclose(encoded, encoded_alone, atol=1e-3)


@value("whitepaper.ffn.widening")
def widening():
    """The base model of Vaswani et al. 2017, section 3.3."""
    d_model, d_ff = 512, 2048
    return d_ff / d_model


@value("whitepaper.ffn.column_input")
def column_times_matrix_is_a_row():
    n = 4
    try:
        return (np.ones((n, 1)) @ np.ones((n, 4 * n))).shape == (1, 4 * n)
    except ValueError:  # the inner sizes 1 and n differ
        return False


@value("whitepaper.ffn.tokens_and_width")
def tokens_and_width():
    return tokens().shape


@value("whitepaper.ffn.hidden_width_in_transformer")
def hidden_width():
    return widening() * tokens().shape[1]


@value("whitepaper.ffn.random_weights")
def weights_show_no_pattern():
    w_1, w_2 = given("whitepaper.ffn.w_1"), given("whitepaper.ffn.w_2")
    counting = np.array_equal(w_1.ravel(), np.arange(1, 25) / 10)
    return not (counting and np.array_equal(w_2, w_1.T))


@value("whitepaper.ffn.bias_columns")
def columns_can_be_added():
    z_1, _, z_2 = ffn(tokens())
    try:
        z_1 + given("whitepaper.ffn.b_1").reshape(6, 1)
        z_2 + given("whitepaper.ffn.b_2").reshape(4, 1)
    except ValueError:
        return False
    return True


@value("whitepaper.ffn.shapes")
def shapes():
    return [given("whitepaper.ffn.w_1").shape, given("whitepaper.ffn.w_2").shape, ffn(tokens())[2].shape]


@value("whitepaper.ffn.relu_acts")
def relu_changes_something():
    z_1, a_1, _ = ffn(tokens())
    return bool((z_1 != a_1).any())


@value("whitepaper.ffn.same_for_every_token")
def each_token_alone_gives_the_same():
    return np.allclose([ffn(row)[2] for row in tokens()], ffn(tokens())[2], rtol=1e-12)


@value("whitepaper.ffn.output")
def output():
    return ffn(tokens())[2]


@value("whitepaper.ffn.first_value_alone")
def first_value_alone():
    """Row 1 of the input, column 1 of W_2, value 1 of b_2."""
    w_2, b_2 = given("whitepaper.ffn.w_2"), given("whitepaper.ffn.b_2")
    alone = ffn(tokens()[0])[1] @ w_2[:, 0] + b_2[0]
    return bool(round(alone, 8) == given("whitepaper.ffn.output")[0, 0])


@value("whitepaper.ffn.layer_norm")
def output_normalized():
    return layer_norm(output())


@value("whitepaper.ffn.same_layer_norm")
def one_process_gives_both():
    return any(
        same_digits(layer_norm(given("whitepaper.heads.output"), inside), "whitepaper.layer_norm.output")
        and same_digits(layer_norm(output(), inside), "whitepaper.ffn.layer_norm")
        for inside in (True, False)
    )


@value("whitepaper.ffn.same_tokens")
def tokens_come_out_the_same():
    return bool((np.ptp(output_normalized(), axis=0) < 1e-7).all())


@value("whitepaper.ffn.multiples_of_three")
def values_are_multiples_by_three():
    """Every ratio of two values in a row or in a column, against 3."""
    z = output()
    in_rows, in_columns = z[:, None, :] / z[:, :, None], z[None, :, :] / z[:, None, :]
    return bool(np.isclose(np.concatenate([in_rows.ravel(), in_columns.ravel()]), 3, atol=0.01).any())


@value("whitepaper.ffn.not_with_other_weights")
def random_weights_keep_the_tokens_apart():
    """A thousand draws of both matrices; the closest two tokens ever come is still apart."""
    rng, closest = np.random.default_rng(0), np.inf
    for _ in range(1000):
        w_1, w_2 = rng.normal(size=(4, 16)), rng.normal(size=(16, 4))
        out = layer_norm(np.maximum(0, tokens() @ w_1) @ w_2)
        closest = min(closest, np.ptp(out, axis=0).max())
    return bool(closest > 1e-4)


# --- background: the book, the sine, the line ----------------------------------------------------


@value("whitepaper.deep_learning_book.year")
def year_in_the_books_own_citation_entry():
    entry = "@book{Goodfellow-et-al-2016, title={Deep Learning}, publisher={MIT Press}, year={2016}}"
    return int(entry.partition("year={")[2][:4])


def best_line(x, y):
    """Least squares with an intercept: the predictions at the rows of x."""
    with_one = np.column_stack([x, np.ones(len(x))])
    return with_one @ np.linalg.lstsq(with_one, y, rcond=None)[0]


@value("whitepaper.xor.no_line")
def best_line_answers_one_half():
    return np.allclose(best_line(CORNERS, CORNERS[:, 0] ^ CORNERS[:, 1]), 0.5)


@value("whitepaper.line_and_network.network_is_closer")
def network_is_closer():
    """The document's network and training in NumPy: Glorot start, Adam, batches of 32."""
    first, last, count = given("whitepaper.line_and_network.points")
    x = np.linspace(first, last, int(count))[:, None]  # 100x1
    y = np.sin(x)
    rng = np.random.default_rng(1)
    sizes = [1, *given("whitepaper.line_and_network.units").astype(int)]
    p = []
    for n_in, n_out in pairwise(sizes):
        p += [rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt(6 / (n_in + n_out)), np.zeros(n_out)]
    m, v, step = [0 * w for w in p], [0 * w for w in p], 0
    for _ in range(int(given("whitepaper.line_and_network.epochs"))):
        shuffled = rng.permutation(len(x))
        for batch in np.split(shuffled, range(32, len(x), 32)):
            h_1 = np.maximum(0, x[batch] @ p[0] + p[1])
            h_2 = np.maximum(0, h_1 @ p[2] + p[3])
            d_3 = 2 * (h_2 @ p[4] + p[5] - y[batch]) / len(batch)
            d_2 = d_3 @ p[4].T * (h_2 > 0)
            d_1 = d_2 @ p[2].T * (h_1 > 0)
            gradients = [x[batch].T @ d_1, d_1.sum(0), h_1.T @ d_2, d_2.sum(0), h_2.T @ d_3, d_3.sum(0)]
            step += 1
            rate = 0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            for i, g in enumerate(gradients):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                p[i] = p[i] - rate * m[i] / (np.sqrt(v[i]) + 1e-7)
    network = np.maximum(0, np.maximum(0, x @ p[0] + p[1]) @ p[2] + p[3]) @ p[4] + p[5]
    return bool(np.mean((network - y) ** 2) < np.mean((best_line(x, y) - y) ** 2))


# --- XOR -----------------------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def xor_network(name, f, x, rows_of_w=True):
    """The sums into the units, and the units: h_1, h_2, y. One unit a row of W (W x) or a column (x W)."""
    parts = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")
    w_hidden, c, w, b = (given(f"whitepaper.xor_{name}.{part}") for part in parts)
    sums = (w_hidden @ x if rows_of_w else x @ w_hidden) + c
    h = f(sums)
    y_sum = h @ w + b
    return [*sums, y_sum], [*h, f(y_sum)]


def relu(z):
    return np.maximum(0, z)


def sigmoid_answers(rows_of_w):
    return [round(xor_network("sigmoid", sigmoid, x, rows_of_w)[1][2]) for x in CORNERS]


@value("whitepaper.xor.table")
def table():
    return [[a, b, a ^ b] for a, b in CORNERS]


@value("whitepaper.xor.plot_colors")
def plot_colors():
    return np.not_equal(*given("whitepaper.xor.plot_points")).astype(int)


@value("whitepaper.xor_sigmoid.product_order")
def x_times_w_gives_xor():
    return sigmoid_answers(rows_of_w=False) == [0, 1, 1, 0]


@value("whitepaper.xor_sigmoid.at_zero_sums")
def sums_at_zero():
    return xor_network("sigmoid", sigmoid, CORNERS[0])[0]


@value("whitepaper.xor_sigmoid.at_zero")
def units_at_zero():
    return xor_network("sigmoid", sigmoid, CORNERS[0])[1]


@value("whitepaper.xor_sigmoid.other_inputs")
def other_inputs_give_xor():
    return sigmoid_answers(rows_of_w=True)[1:] == [1, 1, 0]


@value("whitepaper.xor_sigmoid.regions")
def both_hidden_units_are_on_where_xor_is():
    on = [all(np.round(xor_network("sigmoid", sigmoid, x)[1][:2]) == 1) for x in CORNERS]
    return on == [a != b for a, b in CORNERS]


@value("whitepaper.xor_relu.at_zero")
def relu_units_at_zero():
    return xor_network("relu", relu, CORNERS[0])[1]


@value("whitepaper.xor_relu.at_zero_one")
def relu_units_at_zero_one():
    return xor_network("relu", relu, CORNERS[1])[1]


@value("whitepaper.xor_relu.outputs")
def relu_answers():
    threshold = given("whitepaper.xor_relu.threshold")
    return [int(xor_network("relu", relu, x, rows_of_w=False)[1][2] >= threshold) for x in CORNERS]
