"""The whitepaper's tokens, embeddings and position encoding, and what it says of an encoder's parts."""

import numpy as np

from tests.documents.proofs import cause, given, mistake, value

POS = np.arange(3)[:, None]  # (T=3, 1)
PAIR = np.array([0, 0, 1, 1])  # i of the columns 0..3
ODD = np.array([0, 1, 0, 1])  # 1 where the column is a cosine
COLUMN = np.arange(4)
D = 4  # d_model


def encoding(exponents, pos=POS):
    """sin(pos / 10000^e) in even columns, cos in odd ones: (T, 1) and (D,) -> (T, D)."""
    angle = pos / 10000.0 ** np.asarray(exponents)  # (T, D)
    return np.where(np.arange(angle.shape[1]) % 2 == 0, np.sin(angle), np.cos(angle))


def formula(pos=POS):
    """The encoding by the formula: exponent 2i/d_model for both columns of a pair."""
    return encoding(2 * PAIR / D, pos)


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(x, causal=False):
    """Self-attention with the document's weights, (T, D) -> (T, D); causal: a token sees none of those behind it."""
    q, k, v = (x @ given(f"whitepaper.attention.{name}") for name in ("w_q", "w_k", "w_v"))
    scores = q @ k.T / np.sqrt(k.shape[1])
    return softmax(np.where(np.tri(len(x)) > 0, scores, -np.inf) if causal else scores) @ v


# --- tokens and embeddings -----------------------------------------------------------------------


@value("whitepaper.input.tokens", otherwise={"cut": list})
def tokens_of_the_sentence(cut=str.split):
    return cut(given("whitepaper.overview.translation")[0])


@value("whitepaper.target.tokens", otherwise={"start": ()})
def words_behind_a_start_token(start=("<start>",)):
    return [*start, *given("whitepaper.overview.translation")[1].lower().split()]


@value("whitepaper.target.padded", otherwise={"places": 3})
def padded_to(places=5):
    tokens = words_behind_a_start_token()
    return tokens + ["<pad>"] * (places - len(tokens))


@cause("whitepaper.words.similarity_is_a_percentage")
def the_nearest_word_as_an_angle():
    cosine = float(given("whitepaper.words.airplane")[0][2])
    return [cosine, np.degrees(np.arccos(cosine))]


# --- positions -----------------------------------------------------------------------------------


@value("whitepaper.positions.order_is_lost", otherwise={"causal": True})
def another_order_gives_the_same_vectors(causal=False):
    x, order = given("whitepaper.input.embeddings"), [2, 0, 1]
    return np.allclose(attention(x[order], causal), attention(x, causal)[order])


@value("whitepaper.positions.sin_for_even_positions", otherwise={"of_words": True})
def even_ones_are_sines(of_words=False):
    """Do row 0 and column 0, as printed, have sines in the even places of a vector, or for words at even positions?"""
    printed = given("whitepaper.positions.table")
    even = (POS if of_words else COLUMN) % 2 == 0
    # exponent 0; in row 0 none matters
    expected = np.where(even, np.sin(POS), np.cos(POS)) + np.zeros((1, D))
    return np.allclose(printed[0], expected[0]) and np.allclose(printed[:, 0], expected[:, 0], atol=1e-4)


@value("whitepaper.positions.only_the_position_matters", otherwise={"shift": 1})
def one_position_has_one_encoding(shift=0):
    """What was added to X and to Y, by subtracting the embeddings from the printed sums; shift: at other positions."""
    to_x, to_y = (
        given(f"whitepaper.positions.{name}_sum") - given(f"whitepaper.{name}.embeddings")
        for name in ("input", "target")
    )
    return np.allclose(to_x[: 3 - shift], to_y[shift:])


def clock(pos):
    """Two hands that go round in 60 and in 12 positions, a sine and a cosine each."""
    angle = 2 * np.pi * pos / np.array([60, 12])
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


@value("whitepaper.positions.unique", otherwise={"encode": clock})
def no_two_positions_share_a_row(encode=formula):
    rows = encode(np.arange(10000)[:, None]).round(9)
    return len(np.unique(rows, axis=0)) == len(rows)


@cause("whitepaper.positions.worked_exponents")
def exponents_of_position_0_at_position_1():
    exponents = 2 * (PAIR + ODD) / D
    return [*exponents, *encoding(exponents, POS[1:2])[0]]


@value("whitepaper.positions.position_0")
def position_0():
    return formula()[0]


@value("whitepaper.positions.exponents")
def exponents():
    return 2 * PAIR / D


@mistake("whitepaper.positions.exponents")
def only_the_one_is_divided():
    return 2 * (PAIR + ODD / D)


@value("whitepaper.positions.third_column")
def sine_as_written():
    return np.sin(POS[1:, 0] / 10000**2)


@cause("whitepaper.positions.third_column")
def third_column_by_the_formula():
    return [2 * PAIR[2] / D, *formula()[1:, 2]]


@mistake("whitepaper.positions.third_column")
def sine_with_exponent_1():
    return np.sin(POS[1:, 0] / 10000**1)


@value("whitepaper.positions.table")
def table():
    return formula()


@cause("whitepaper.positions.table")
def exponents_with_either_number():
    return [*2 * COLUMN / D, *2 * PAIR / D]


@mistake("whitepaper.positions.table")
def column_number_for_pair_number():
    return encoding(2 * COLUMN / D)


@value("whitepaper.positions.input_sum")
def input_sum():
    return given("whitepaper.input.embeddings") + given("whitepaper.positions.table")


@value("whitepaper.positions.target_sum")
def target_sum():
    return given("whitepaper.target.embeddings") + given("whitepaper.positions.table")


# --- what an encoder's parts do ------------------------------------------------------------------


@value("whitepaper.positions.shape_never_changes", otherwise={"inside": True})
def every_part_ends_in_the_shape_of_the_input(inside=False):
    """At the end of each part; inside them are other shapes, as of the joined heads and of the hidden layer."""
    x = given("whitepaper.positions.input_sum")
    attended = given("whitepaper.heads.concatenation") @ given("whitepaper.heads.w_o")
    hidden = attended @ given("whitepaper.ffn.w_1")
    on_the_way = [given("whitepaper.heads.concatenation"), hidden] if inside else []
    return all(
        matrix.shape == x.shape for matrix in [attended, hidden @ given("whitepaper.ffn.w_2"), *on_the_way]
    )


@value("whitepaper.encoder.attention_keeps_the_size", otherwise={"width": 2})
def attention_keeps_the_size(width=4):
    """With values as wide as the input; with narrower ones it would not."""
    x = given("whitepaper.positions.input_sum")
    q, k, v = x @ given("whitepaper.attention.w_q"), x @ given("whitepaper.attention.w_k"), x[:, :width]
    return (softmax(q @ k.T / 2) @ v).shape == x.shape


@cause("whitepaper.encoder.most_in_feed_forward")
def share_of_the_feed_forward_network():
    d, hidden = 512, 2048  # Vaswani et al. 2017, base model
    attention_weights, feed_forward_weights = 4 * d * d, 2 * d * hidden + hidden + d
    return [feed_forward_weights / (attention_weights + feed_forward_weights)]


@value("whitepaper.encoder.linear_layers_collapse", otherwise={"between": lambda z: np.maximum(z, 0)})
def three_layers_are_one_line(between=lambda z: z):
    """Three affine layers, and what stands between them, fit by least squares: is a residual left?"""
    rng = np.random.default_rng(0)
    x, ones = rng.standard_normal((50, 4)), np.ones((50, 1))
    layers = [(rng.standard_normal((4, 4)), rng.standard_normal(4)) for _ in range(3)]
    y = x
    for w, b in layers:
        y = between(y @ w + b)
    fit = np.hstack([x, ones])
    return np.allclose(fit @ np.linalg.lstsq(fit, y, rcond=None)[0], y)
