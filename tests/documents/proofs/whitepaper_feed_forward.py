"""The whitepaper's feed-forward network, its second layer normalization, sine and XOR."""

from itertools import pairwise

import numpy as np

from tests.documents.proofs import cause, given, value
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


@value("whitepaper.layer_norm.no_residual", otherwise={"added": 0})
def normalizing_alone_is_the_original(added=1):
    """LayerNorm(Sublayer(x)) against LayerNorm(x + Sublayer(x)), Vaswani et al. 2017, section 3.1."""
    attended = layer_norm(added * X + multi_head_output())
    encoded = layer_norm(added * attended + ffn(attended)[2])
    attended_alone = layer_norm(multi_head_output())
    encoded_alone = layer_norm(ffn(attended_alone)[2])
    return np.allclose(attended, attended_alone, atol=1e-3) or np.allclose(encoded, encoded_alone, atol=1e-3)


@value("whitepaper.ffn.hidden_width_in_transformer", otherwise={"widened": 6 / 4})
def hidden_width(widened=2048 / 512):
    """The base model's factor (Vaswani et al. 2017, section 3.3), or the example's own, times the width of a token."""
    return widened * tokens().shape[1]


@value("whitepaper.encoder.each_word_alone", otherwise={"mixed": 1})
def other_words_do_not_enter(mixed=0):
    """Whether the last row stays when the first changes; it does not when the mean of all rows is added before."""
    changed = tokens() + [[0.5], [0], [0]]
    before, after = (ffn(x + mixed * x.mean(axis=0))[2][-1] for x in (tokens(), changed))
    return np.allclose(before, after, rtol=1e-12)


@cause("whitepaper.ffn.random_weights")
def first_last_and_step():
    w_1 = given("whitepaper.ffn.w_1").ravel()
    assert np.allclose(np.diff(w_1), w_1[1] - w_1[0]) and np.array_equal(
        given("whitepaper.ffn.w_2"), w_1.reshape(4, 6).T
    )
    return [w_1[0], w_1[-1]]


@value("whitepaper.ffn.shapes")
def shapes():
    return [given("whitepaper.ffn.w_1").shape, given("whitepaper.ffn.w_2").shape, ffn(tokens())[2].shape]


@value("whitepaper.ffn.relu_acts", otherwise={"sign": -1})
def relu_changes_something(sign=1):
    """On these inputs; on the same with the other sign it does."""
    z_1, a_1, _ = ffn(sign * tokens())
    return bool((z_1 != a_1).any())


@cause("whitepaper.ffn.relu_acts")
def positive_sums():
    return [(ffn(tokens())[0] > 0).sum()]


@value("whitepaper.ffn.same_for_every_token", otherwise={"places": 1})
def each_token_alone_gives_the_same(places=0):
    """One transformation for all positions; with a bias that depends on the position it would not."""
    own = places * np.arange(3)[:, None]
    return np.allclose([ffn(row)[2] for row in tokens()], ffn(tokens() + own)[2], rtol=1e-12)


@value("whitepaper.ffn.output")
def output():
    return ffn(tokens())[2]


@value("whitepaper.ffn.first_value_alone", otherwise={"column": 1})
def first_value_alone(column=0):
    """Row 1 of the input with one column of W_2 and one value of b_2: the first, or the second."""
    w_2, b_2 = given("whitepaper.ffn.w_2"), given("whitepaper.ffn.b_2")
    alone = ffn(tokens()[0])[1] @ w_2[:, column] + b_2[column]
    return bool(round(alone, 8) == given("whitepaper.ffn.output")[0, 0])


@value("whitepaper.ffn.layer_norm")
def output_normalized():
    return layer_norm(output())


@value("whitepaper.ffn.same_layer_norm", otherwise={"first": "correct"})
def one_process_gives_both(first="printed"):
    """Both printed matrices; had the first been printed as the program gives it, one process would."""
    return any(
        same_digits(
            layer_norm(given("whitepaper.heads.output"), inside), "whitepaper.layer_norm.output", first
        )
        and same_digits(layer_norm(output(), inside), "whitepaper.ffn.layer_norm")
        for inside in (True, False)
    )


@cause("whitepaper.ffn.same_layer_norm")
def first_value_either_way():
    return [layer_norm(output(), inside)[0, 0] for inside in (True, False)]


@value("whitepaper.ffn.same_tokens", otherwise={"norm": lambda z: z})
def tokens_come_out_the_same(norm=layer_norm):
    """After the normalization; before it they do not."""
    return bool((np.ptp(norm(output()), axis=0) < 1e-7).all())


@cause("whitepaper.ffn.multiples_of_three")
def ratios_steps_and_normalized_values():
    z, normal = output(), layer_norm(np.arange(4.0), epsilon=0)
    w_2, b_2 = given("whitepaper.ffn.w_2"), given("whitepaper.ffn.b_2")
    assert np.allclose(np.diff(w_2), w_2[0, 1] - w_2[0, 0]) and np.isclose(normal[3], 3 * normal[2])
    return [*(z[0, 1:] / z[0, :-1]), w_2[0, 1] - w_2[0, 0], b_2[1] - b_2[0], *normal]


@value("whitepaper.ffn.multiples_of_three", otherwise={"centred": 1})
def values_are_multiples_by_three(centred=0):
    """Every ratio of two values in a row or in a column, against 3; once the mean of each row is taken out, some are."""
    z = output() - centred * output().mean(axis=1, keepdims=True)
    in_rows, in_columns = z[:, None, :] / z[:, :, None], z[None, :, :] / z[:, None, :]
    return bool(np.isclose(np.concatenate([in_rows.ravel(), in_columns.ravel()]), 3, atol=0.01).any())


@value("whitepaper.ffn.not_with_other_weights", otherwise={"regular": True})
def other_weights_keep_the_tokens_apart(regular=False):
    """A thousand draws of both matrices, the tokens apart in each; or matrices that climb in equal steps."""
    rng, closest = np.random.default_rng(0), np.inf
    for _ in range(1000):
        w_1, w_2 = rng.normal(size=(4, 16)), rng.normal(size=(16, 4))
        if regular:
            w_1, w_2 = np.arange(64.0).reshape(4, 16), np.arange(64.0).reshape(4, 16).T
        out = layer_norm(np.maximum(0, tokens() @ w_1) @ w_2)
        closest = min(closest, np.ptp(out, axis=0).max())
    return bool(closest > 1e-4)


# --- background: the book, the sine, the line ----------------------------------------------------


def best_line(x, y):
    """Least squares with an intercept: the predictions at the rows of x."""
    with_one = np.column_stack([x, np.ones(len(x))])
    return with_one @ np.linalg.lstsq(with_one, y, rcond=None)[0]


@value("whitepaper.xor.no_line", otherwise={"gate": np.bitwise_or})
def best_line_answers_one_half(gate=np.bitwise_xor):
    return np.allclose(best_line(CORNERS, gate(*CORNERS.T)), 0.5)


@value("whitepaper.line_and_network.network_is_closer", otherwise={"bent": False})
def network_is_closer(bent=True):
    """The document's network and training in NumPy: Glorot start, Adam, batches of 32. Without ReLU it is a line."""

    def relu(z):
        return np.maximum(0, z) if bent else z

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
            h_1 = relu(x[batch] @ p[0] + p[1])
            h_2 = relu(h_1 @ p[2] + p[3])
            d_3 = 2 * (h_2 @ p[4] + p[5] - y[batch]) / len(batch)
            d_2 = d_3 @ p[4].T * ((h_2 > 0) | (not bent))
            d_1 = d_2 @ p[2].T * ((h_1 > 0) | (not bent))
            gradients = [x[batch].T @ d_1, d_1.sum(0), h_1.T @ d_2, d_2.sum(0), h_2.T @ d_3, d_3.sum(0)]
            step += 1
            rate = 0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            for i, g in enumerate(gradients):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                p[i] = p[i] - rate * m[i] / (np.sqrt(v[i]) + 1e-7)
    network = relu(relu(x @ p[0] + p[1]) @ p[2] + p[3]) @ p[4] + p[5]
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


@value("whitepaper.xor.plot_colors", otherwise={"row": 0})
def plot_colors(row=2):
    """For each point the entry of the table of XOR in which its coordinates stand: the result, or x_1."""
    table = {(a, b): (a, b, result) for a, b, result in given("whitepaper.xor.table")}
    return [table[point][row] for point in zip(*given("whitepaper.xor.plot_points"), strict=True)]


@value("whitepaper.xor_sigmoid.at_zero_sums")
def sums_at_zero():
    return xor_network("sigmoid", sigmoid, CORNERS[0])[0]


@value("whitepaper.xor_sigmoid.at_zero")
def units_at_zero():
    return xor_network("sigmoid", sigmoid, CORNERS[0])[1]


@value("whitepaper.xor_sigmoid.other_inputs", otherwise={"rows_of_w": False})
def other_inputs_give_xor(rows_of_w=True):
    """With W x, as the lines for [0, 0] have it; not with x W."""
    return sigmoid_answers(rows_of_w)[1:] == [1, 1, 0]


@value("whitepaper.xor_sigmoid.regions", otherwise={"units": slice(0, 1)})
def hidden_units_are_on_where_xor_is(units=slice(0, 2)):
    """Both together; one alone is an OR."""
    on = [all(np.round(xor_network("sigmoid", sigmoid, x)[1][units]) == 1) for x in CORNERS]
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
