"""The whitepaper's heads, layer normalization, decoder and encoder-decoder attention."""

import numpy as np

from course_lib.data.worked import W_K, W_Q, W_V
from course_lib.data.worked import X_PLACED as X
from course_lib.data.worked import Y_PLACED as Y
from course_lib.documents import claims
from tests.documents.proofs import cause, given, mistake, value

CAUSAL = np.tril(np.ones((3, 3), bool))  # True = may attend


def softmax(scores):
    e = np.exp(scores)
    return e / e.sum(axis=-1, keepdims=True)


def attention(q, k, v, allowed=True, scale=True):
    scores = q @ k.T / (np.sqrt(k.shape[1]) if scale else 1)
    return softmax(np.where(allowed, scores, -np.inf)) @ v


def layer_norm(x, inside=True, epsilon=1e-6):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return centred / (np.sqrt(variance + epsilon) if inside else np.sqrt(variance) + epsilon)


def same_digits(computed, id, side="printed"):
    """Whether a matrix equals a claim's printed, or correct, digits, rounded to the eighth decimal."""
    digits = np.array(getattr(claims()[id], side), dtype=float)
    return bool((np.abs(computed - digits) <= 0.5e-8 + 1e-12).all())


# --- heads ---------------------------------------------------------------------------------------


@value("whitepaper.heads.trained_independently", otherwise={"heard": False})
def gradient_of_head_1_ignores_head_2(heard=True):
    """∂L/∂head_1 for L = ½‖[head_1 head_2] W_O - target‖², with two different heads 2.

    It would ignore head 2 if W_O did, with zeros in its lower half.
    """
    w_o, target = given("whitepaper.heads.w_o").copy(), np.ones((3, 4))
    head_1, head_2 = attention(X @ W_Q, X @ W_K, X @ W_V), given("whitepaper.heads.head_2")
    w_o[4:] *= heard

    def gradient(other):
        return (np.hstack([head_1, other]) @ w_o - target) @ w_o[:4].T

    return bool(np.allclose(gradient(head_2), gradient(2 * head_2)))


@value("whitepaper.heads.weight_vector", otherwise={"columns": slice(None)})
def concatenation_times_one_column_is_a_vector(columns=0):
    """A row of eight times a vector of eight; times all of W_O it is a vector."""
    return (
        np.ndim(given("whitepaper.heads.concatenation")[0] @ given("whitepaper.heads.w_o")[:, columns]) == 1
    )


@value("whitepaper.heads.formula", otherwise={"outer": (X @ W_Q, X @ W_K, X @ W_V)})
def formula_gives_head_1(outer=(X, X, X)):
    """head_1 = Attention(Q W^Q, K W^K, V W^V) with the input for all three; with queries, keys and values it is not."""
    q, k, v = (part @ w for part, w in zip(outer, (W_Q, W_K, W_V), strict=True))
    both = np.hstack([attention(q, k, v), given("whitepaper.heads.head_2")])
    return same_digits(both, "whitepaper.heads.concatenation")


@value("whitepaper.heads.concatenation")
def concatenation():
    return np.hstack([attention(X @ W_Q, X @ W_K, X @ W_V), given("whitepaper.heads.head_2")])


@value("whitepaper.heads.w_o_shape")
def w_o_shape():
    """What takes a row of the concatenation to a row of M."""
    return [given("whitepaper.heads.concatenation").shape[1], given("whitepaper.heads.output").shape[1]]


@value("whitepaper.heads.w_o_filled_with_half", otherwise={"w_o": given("whitepaper.heads.w_o")})
def half_everywhere_gives_the_output(w_o=np.full((8, 4), 0.5)):  # noqa: B008 - nobody writes to it
    """Does this W_O lead to the multi-head output that is printed?"""
    return same_digits(concatenation_as_printed() @ w_o, "whitepaper.heads.output")


@cause("whitepaper.heads.w_o_filled_with_half")
def the_first_word_under_half_everywhere():
    columns = concatenation_as_printed()[0] @ np.full((8, 4), 0.5)
    assert np.ptp(columns) < 1e-12
    return [0.5, columns[0]]


@value("whitepaper.heads.final_output", otherwise={"printed": "whitepaper.heads.output"})
def last_matrix_is_the_product(printed="whitepaper.heads.concatenation"):
    """Is what is printed there the concatenation times W_O? The matrix M is."""
    product = multi_head_output()
    return given(printed).shape == product.shape and same_digits(product, printed)


def concatenation_as_printed():
    return given("whitepaper.heads.concatenation")


@value("whitepaper.heads.output")
def multi_head_output():
    return concatenation_as_printed() @ given("whitepaper.heads.w_o")


@value("whitepaper.heads.parallel", otherwise={"one_budget": True})
def heads_do_not_need_each_other(one_budget=False):
    """Head by head in the opposite order, against all at once; if both shared one budget of 1 they would need each other."""
    wq, wk, wv = np.random.default_rng(0).normal(size=(3, 2, 4, 4))
    q, k, v = X @ wq, X @ wk, X @ wv  # each 2 heads of 3x4
    powers = np.exp(q @ k.transpose(0, 2, 1) / 2)  # (2, 3, 3)
    weights = powers / powers.sum(axis=(0, 2) if one_budget else 2, keepdims=True)
    alone = [attention(X @ wq[h], X @ wk[h], X @ wv[h]) for h in (1, 0)][::-1]
    return bool(np.allclose(weights @ v, alone, rtol=1e-12))


def multiplications(words, width):
    """Of a whole layer: four projections of every word, then scores and weighted values of every pair."""
    return 4 * words * width**2 + 2 * words**2 * width


@value("whitepaper.heads.same_speed", otherwise={"count": lambda words, width: 4 * width**2})
def twice_the_words_cost_the_same(count=multiplications):
    """Multiplications; the number of weights does not know how many words there are."""
    return count(1000, 4) == count(500, 4)


@cause("whitepaper.heads.same_speed")
def how_much_more_twice_the_words_cost():
    return [multiplications(1000, width) / multiplications(500, width) for width in (4, 768, 12288)]


# --- layer normalization -------------------------------------------------------------------------


@value("whitepaper.layer_norm.feature_scale", otherwise={"both": True})
def rescaled_features_leave_no_trace(both=False):
    """Fifty examples of two features; x_1, or both, then grow a thousandfold."""
    x, factor = np.random.default_rng(0).uniform(size=(50, 2)), given("whitepaper.layer_norm.ranges")
    return np.allclose(layer_norm(x), layer_norm(x * [factor, factor if both else 1]), atol=0.1)


@value("whitepaper.layer_norm.no_limit", otherwise={"gamma": 1})
def some_value_passes_the_root_of_d_minus_1(gamma=2):
    spikes = [[10.0**power, 0, 0, 0] for power in range(9)]
    random_rows = np.random.default_rng(0).standard_cauchy(size=(10_000, 4))
    largest = np.abs(gamma * layer_norm(np.vstack([spikes, random_rows]), epsilon=0)).max()
    return bool(largest > np.sqrt(3) + 1e-9)


@value("whitepaper.layer_norm.mean_and_deviation", otherwise={"axis": 0})
def means_are_0_and_deviations_1(axis=1):
    """Of the rows; the columns have other ones."""
    rows = layer_norm(given("whitepaper.heads.output"))
    return bool(np.abs(rows.mean(axis)).max() < 0.5e-5 and np.abs(rows.std(axis) - 1).max() < 0.5e-5)


@value("whitepaper.layer_norm.beyond_one", otherwise={"features": 2})
def some_are_negative_and_some_outside(features=4):
    """Two features of an example always become -1 and 1."""
    rows = layer_norm(given("whitepaper.heads.output")[:, :features])
    return bool((rows < 0).any() and (np.abs(rows) > 1).any())


@value("whitepaper.layer_norm.per_example", otherwise={"norm": lambda m: layer_norm(m.T).T})
def other_rows_do_not_matter(norm=layer_norm):
    """With batch normalization, which takes the columns, they do."""
    m = given("whitepaper.heads.output")
    return np.array_equal(norm(m)[1:], norm(np.vstack([100 * m[:1] ** 2, m[1:]]))[1:])


@value("whitepaper.layer_norm.results_of_this_code", otherwise={"inside": False})
def program_gives_the_printed_digits(inside=True):
    """The line of this program, or that of the program for the decoder, which divides by std + eps."""
    return same_digits(layer_norm(given("whitepaper.heads.output"), inside), "whitepaper.layer_norm.output")


@value("whitepaper.layer_norm.output")
def normalized():
    return layer_norm(given("whitepaper.heads.output"))


@mistake("whitepaper.layer_norm.output")
def normalized_with_epsilon_outside():
    return layer_norm(given("whitepaper.heads.output"), inside=False)


# --- the decoder's self-attention ----------------------------------------------------------------


def drawn():
    """The four random matrices of the document's program."""
    draw = np.random.RandomState(int(given("whitepaper.decoder.seed")))
    return [draw.rand(4, 4) for _ in range(4)]


def decoder_program(y, scale=False, allowed=True, project=True):
    """The document's program, which neither scales nor masks, with both as options."""
    w_q, w_k, w_v, w_o = drawn()
    out = attention(y @ w_q, y @ w_k, y @ w_v, allowed, scale)
    return out @ w_o if project else out


@value("whitepaper.decoder.attention")
def decoder_attention():
    return decoder_program(Y, scale=True, allowed=CAUSAL)


@mistake("whitepaper.decoder.attention")
def decoder_attention_without_scale_and_mask():
    return decoder_program(Y)


@value("whitepaper.decoder.same_attention", otherwise={"scale": False, "project": True})
def encoder_recipe_gives_the_matrix(scale=True, project=False):
    return same_digits(decoder_program(Y, scale, project=project), "whitepaper.decoder.attention")


@value("whitepaper.decoder.own_weights", otherwise={"draw": lambda: (W_Q, W_K, W_V)})
def the_program_uses_q_k_and_v_of_y(draw=lambda: drawn()[:3]):
    """Does the program multiply Y by the matrices of which the text has printed the results?"""
    of_the_text = [Y @ w for w in (W_Q, W_K, W_V)]
    return all(np.allclose(Y @ w, printed) for w, printed in zip(draw(), of_the_text, strict=True))


@value("whitepaper.decoder.layer_norm")
def decoder_normalized():
    return layer_norm(decoder_program(Y))


@mistake("whitepaper.decoder.layer_norm")
def decoder_normalized_with_epsilon_outside():
    return layer_norm(decoder_program(Y), inside=False)


@value("whitepaper.decoder.start_masked", otherwise={"hidden": 0})
def the_token_can_be_hidden_with_the_future(hidden=2):
    """Whether every position still has a word to attend to: with padding at the end and the future hidden, or <start>."""
    real = np.arange(3) != hidden
    return bool((CAUSAL & real).any(axis=1).all())


@value("whitepaper.decoder.mask_in_program", otherwise={"allowed": CAUSAL})
def program_hides_the_last_word_from_the_first(allowed=True):
    changed = Y.copy()
    changed[2] += 1
    return np.allclose(decoder_program(Y, allowed=allowed)[0], decoder_program(changed, allowed=allowed)[0])


# --- encoder-decoder attention -------------------------------------------------------------------


def cross_attention_weights():
    encoder, decoder = given("whitepaper.ffn.layer_norm"), given("whitepaper.decoder.layer_norm")
    return softmax((decoder @ W_Q) @ (encoder @ W_K).T / np.sqrt(4))


def t5_small_parameters(own_keys_and_values=True, decoder_networks=True):
    """T5-small (Raffel et al. 2020): 6 + 6 layers of width 512, hidden 2048, 32,128 pieces."""
    d, hidden, layers, pieces, heads, buckets = 512, 2048, 6, 32_128, 8, 32
    attention_, ffn_, norm = 4 * d * d, 2 * d * hidden, d  # no biases, scale-only norms
    cross = attention_ if own_keys_and_values else attention_ - 2 * d * d
    encoder = layers * (attention_ + ffn_ + 2 * norm) + norm + heads * buckets
    decoder = layers * (attention_ + cross + 2 * norm) + norm + heads * buckets
    return pieces * d + encoder + decoder + (layers * (ffn_ + norm) if decoder_networks else 0)


PUBLISHED = 60_506_624


@value("whitepaper.cross.whose_weights", otherwise={"own": True})
def a_published_model_uses_the_encoders_weights(own=False):
    return t5_small_parameters(own_keys_and_values=own) == PUBLISHED


@cause("whitepaper.cross.whose_weights")
def with_two_matrices_less():
    return [t5_small_parameters(own_keys_and_values=False), PUBLISHED]


@value("whitepaper.decoder.ends_after_cross_attention", otherwise={"networks": True})
def a_published_decoder_has_no_network(networks=False):
    return t5_small_parameters(decoder_networks=networks) == PUBLISHED


@cause("whitepaper.decoder.ends_after_cross_attention")
def without_the_networks_of_the_decoder():
    return [t5_small_parameters(decoder_networks=False), PUBLISHED]


@value("whitepaper.cross.depth", "whitepaper.cross.divisor")
def width_of_a_key():
    return (given("whitepaper.ffn.layer_norm") @ W_K).shape[1]


@mistake("whitepaper.cross.divisor")
def number_of_tokens():
    return (given("whitepaper.ffn.layer_norm") @ W_K).shape[0]


@value("whitepaper.cross.future_mask", otherwise={"source": None})
def an_earlier_row_notices_a_later_word(source="whitepaper.ffn.layer_norm"):
    """Without a mask: does changing the last word of the target change the result of the first? In self-attention it does."""
    target = given("whitepaper.decoder.layer_norm")
    changed = target + np.array([[0], [0], [1]])
    first, again = (
        attention(
            rows @ W_Q,
            (rows if source is None else given(source)) @ W_K,
            (rows if source is None else given(source)) @ W_V,
        )[0]
        for rows in (target, changed)
    )
    return not np.allclose(first, again)


@value("whitepaper.cross.mask_in_program", otherwise={"allowed": True})
def masked_weights_are_those_printed(allowed=CAUSAL):
    encoder, decoder = given("whitepaper.ffn.layer_norm"), given("whitepaper.decoder.layer_norm")
    seen = attention(decoder @ W_Q, encoder @ W_K, np.eye(3), allowed)  # V = 1 returns the weights
    return same_digits(seen, "whitepaper.cross.weights")


@value("whitepaper.cross.weights")
def weights():
    return cross_attention_weights()


@value("whitepaper.cross.output")
def cross_attention():
    return cross_attention_weights() @ (given("whitepaper.ffn.layer_norm") @ W_V)


@mistake("whitepaper.cross.output")
def cross_attention_with_transposed_weights():
    return cross_attention_weights() @ (given("whitepaper.ffn.layer_norm") @ W_V.T)


@cause("whitepaper.cross.output")
def the_first_two_numbers_of_the_encoder():
    first, second = given("whitepaper.ffn.layer_norm")[0, :2]
    return [first, -second]


@value("whitepaper.cross.softmax_in_program", otherwise={"axis": -1})
def rows_far_apart_sum_to_one(axis=None):
    """Two rows of scores, 800 apart; axis: None for one largest score of all, as in the program, -1 for one of each row."""
    scores = np.array([[800.0, 801, 802], [0, 1, 2]])
    with np.errstate(invalid="ignore"):
        e = np.exp(scores - scores.max(axis=axis, keepdims=True))
        return bool(np.allclose((e / e.sum(axis=-1, keepdims=True)).sum(axis=-1), 1))
