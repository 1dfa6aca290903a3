"""The whitepaper's tokens, embeddings and position encoding, and what it says of an encoder's parts."""

import numpy as np

from tests.documents.proofs import given, mistake, value

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


def attention(x):
    """Self-attention with the document's weights, (T, D) -> (T, D)."""
    q, k, v = (x @ given(f"whitepaper.attention.{name}") for name in ("w_q", "w_k", "w_v"))
    return softmax(q @ k.T / np.sqrt(k.shape[1])) @ v


# --- tokens and embeddings -----------------------------------------------------------------------


@value("whitepaper.input.tokens")
def words_of_the_sentence():
    return given("whitepaper.overview.translation")[0].split()


@value("whitepaper.target.tokens")
def words_behind_a_start_token():
    return ["<start>", *given("whitepaper.overview.translation")[1].lower().split()]


@value("whitepaper.target.padded")
def padded_to_five():
    tokens = words_behind_a_start_token()
    return tokens + ["<pad>"] * (5 - len(tokens))


@value("whitepaper.input.width")
def width_of_a_row():
    return given("whitepaper.input.embeddings").shape[1]


@value("whitepaper.words.word2vec_first")
def word2vec_is_the_earliest():
    """Years of publication: Deerwester et al., Bengio et al., Mikolov et al."""
    years = {"latent semantic analysis": 1990, "neural language model": 2003, "word2vec": 2013}
    return min(years, key=years.get) == "word2vec"


@value("whitepaper.words.similarity_is_a_percentage")
def cosines_lie_between_0_and_1():
    x = given("whitepaper.input.embeddings")
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return bool((unit @ unit.T >= 0).all())


@value("whitepaper.words.not_from_scratch")
def most_published_models_start_from_ready_vectors():
    """How the papers and published code of three language models set their embeddings at first."""
    start = {"GPT": "N(0, 0.02)", "BERT": "N(0, 0.02)", "GPT-2": "N(0, 0.02)"}
    return sum(not way.startswith("N(0") for way in start.values()) > len(start) / 2


@value("whitepaper.positions.more_axes_in_reality")
def looking_up_a_text_gives_more_than_two_axes():
    table = np.zeros((50257, 768), dtype=np.float16)  # GPT-2: V, D
    return table[[5, 17, 5]].ndim > 2


# --- positions -----------------------------------------------------------------------------------


@value("whitepaper.positions.order_is_lost")
def another_order_gives_the_same_vectors():
    x, order = given("whitepaper.input.embeddings"), [2, 0, 1]
    without = np.allclose(attention(x[order]), attention(x)[order])
    with_positions = np.allclose(attention(x[order] + formula()), attention(x + formula())[order])
    return without and not with_positions


@value("whitepaper.positions.sin_for_even_positions")
def rows_hold_one_function_each():
    """Are the rows of even positions all sines and those of odd positions all cosines?"""
    angle = POS / 10000 ** (2 * PAIR / D)
    return np.allclose(formula(), np.where(POS % 2 == 0, np.sin(angle), np.cos(angle)))


@value("whitepaper.positions.only_the_position_matters")
def both_sentences_get_one_encoding():
    """What is added to X and to Y, by subtracting the embeddings from the printed sums."""
    added = [
        given(f"whitepaper.positions.{name}_sum") - given(f"whitepaper.{name}.embeddings")
        for name in ("input", "target")
    ]
    return np.allclose(*added)


@value("whitepaper.positions.unique")
def no_two_positions_share_a_row():
    rows = formula(np.arange(10000)[:, None]).round(9)
    return len(np.unique(rows, axis=0)) == len(rows)


@value("whitepaper.positions.pos")
def positions_of_three_words():
    return list(range(len(words_of_the_sentence())))


@value("whitepaper.positions.pairs")
def pair_of_each_column():
    return [column // 2 for column in range(width_of_a_row())]


@value("whitepaper.positions.worked_exponents")
def exponent_of_the_formula_written_out():
    return [f"2({i})/4" for i in PAIR]


@mistake("whitepaper.positions.worked_exponents")
def exponent_with_the_odd_columns_one_more():
    return [f"2({i}+1)/4" if odd else f"2({i})/4" for i, odd in zip(PAIR, ODD, strict=True)]


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


@mistake("whitepaper.positions.third_column")
def sine_with_exponent_1():
    return np.sin(POS[1:, 0] / 10000**1)


@value("whitepaper.positions.table")
def table():
    return formula()


@mistake("whitepaper.positions.table")
def column_number_for_pair_number():
    return encoding(2 * COLUMN / D)


@value("whitepaper.positions.input_sum")
def input_sum():
    return given("whitepaper.input.embeddings") + given("whitepaper.positions.table")


@value("whitepaper.positions.target_summands")
def target_summands():
    return np.stack([given("whitepaper.target.embeddings"), given("whitepaper.positions.table")], axis=-1)


@value("whitepaper.positions.target_sum")
def target_sum():
    return given("whitepaper.target.embeddings") + given("whitepaper.positions.table")


# --- what an encoder's parts do ------------------------------------------------------------------


@value("whitepaper.positions.shape_never_changes")
def every_matrix_on_the_way_has_the_shape_of_the_input():
    x = given("whitepaper.positions.input_sum")
    heads = given("whitepaper.heads.concatenation")
    hidden = given("whitepaper.heads.output") @ given("whitepaper.ffn.w_1")
    return x.shape == heads.shape == hidden.shape == given("whitepaper.attention.weights").shape


@value("whitepaper.encoder.attention_keeps_the_size")
def attention_keeps_the_size():
    x = given("whitepaper.positions.input_sum")
    return attention(x).shape == x.shape


@value("whitepaper.encoder.most_in_feed_forward")
def feed_forward_has_most_weights():
    d, hidden = 512, 2048  # Vaswani et al. 2017, base model
    attention_weights, feed_forward_weights = 4 * d * d, 2 * d * hidden + hidden + d
    return feed_forward_weights > attention_weights


@value("whitepaper.encoder.addition_is_linear")
def doubling_the_input_doubles_a_sum():
    x, b = given("whitepaper.input.embeddings"), given("whitepaper.positions.table")
    assert np.allclose((2 * x) @ b.T, 2 * (x @ b.T))  # a product is linear
    return np.allclose(2 * x + b, 2 * (x + b))


@value("whitepaper.encoder.linear_layers_collapse")
def three_linear_layers_are_one():
    """Three affine layers fit by least squares: no residual is left. With a ReLU between, one is."""
    rng = np.random.default_rng(0)
    x, ones = rng.standard_normal((50, 4)), np.ones((50, 1))
    layers = [(rng.standard_normal((4, 4)), rng.standard_normal(4)) for _ in range(3)]

    def one_line_fits(between):
        y = x
        for w, b in layers:
            y = between(y @ w + b)
        fit = np.hstack([x, ones])
        return np.allclose(fit @ np.linalg.lstsq(fit, y, rcond=None)[0], y)

    return one_line_fits(lambda z: z) and not one_line_fits(lambda z: np.maximum(z, 0))
