"""The whitepaper's GPT sections: published sizes, "I love AI", the cost of a block, counted."""

import numpy as np

from tests.documents.proofs import given, mistake, value

# Published configurations: Radford et al. 2018 and 2019; Brown et al. 2020, table 2.1 (96 heads of 128).
GPT = {"layers": 12, "width": 768, "vocabulary": 40478, "context": 512, "final_norm": False}
GPT2 = {"layers": 48, "width": 1600, "vocabulary": 50257, "context": 1024, "final_norm": True}
GPT3 = {"layers": 96, "width": 96 * 128, "vocabulary": 50257, "context": 2048, "final_norm": True}
BIG_TRANSFORMER = {"layers": 6, "width": 1024, "hidden": 4096, "vocabulary": 37000}  # Vaswani 2017, table 3
RELEASES = {"GPT": "2018-06", "GPT2": "2019-02", "GPT3": "2020-05", "GPT4": "2023-03"}


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# --- the sizes of the GPT models -----------------------------------------------------------------


def parameters(layers, width, vocabulary, context, final_norm):
    """Token and position tables, then 12 D² weights, 9 D biases and 4 D of layer norm in each block."""
    block = 12 * width**2 + 13 * width
    return (vocabulary + context) * width + layers * block + (2 * width if final_norm else 0)


@value("whitepaper.gpt.parameters_gpt")
def millions_in_gpt():
    return parameters(**GPT) / 1e6


@value("whitepaper.gpt.parameters_gpt2")
def billions_in_gpt2():
    return parameters(**GPT2) / 1e9


@mistake("whitepaper.gpt.parameters_gpt2")
def billions_with_the_vocabulary_of_gpt():
    """The slip behind all four sizes of the GPT-2 paper: 117, 345, 762 and 1542 million."""
    shapes = [(12, 768), (24, 1024), (36, 1280), (48, 1600)]
    sizes = [parameters(n, width, GPT["vocabulary"], 1024, True) / 1e6 for n, width in shapes]
    assert [round(size) for size in sizes] == [117, 345, 762, 1542]
    return sizes[-1] / 1e3


@value("whitepaper.gpt.parameters_gpt3")
def billions_in_gpt3():
    return parameters(**GPT3) / 1e9


def parameters_of_the_big_transformer(layers, width, hidden, vocabulary):
    """Shared token table; 4 D² + 2 D F in an encoder layer, 4 D² more for a decoder's cross-attention."""
    feed_forward = 2 * width * hidden + hidden + width
    encoder, decoder = 4 * width**2 + feed_forward + 4 * width, 8 * width**2 + feed_forward + 6 * width
    return vocabulary * width + layers * (encoder + decoder)


@value("whitepaper.gpt.far_more_parameters")
def far_more_parameters():
    """Has every GPT at least ten times the parameters of the larger transformer of 2017?"""
    original = parameters_of_the_big_transformer(**BIG_TRANSFORMER)
    return all(parameters(**model) > 10 * original for model in (GPT, GPT2, GPT3))


def latest_release(date):
    return max((name for name in RELEASES if RELEASES[name] <= date), key=RELEASES.get)


@value("whitepaper.gpt.latest")
def latest_at_the_date_of_the_figure():
    return latest_release("2023-11")


@mistake("whitepaper.gpt.latest")
def latest_at_the_date_of_the_quoted_thesis():
    return latest_release("2021-05")


# --- I love AI -----------------------------------------------------------------------------------


def fits(function):
    """Whether NumPy finds the shapes of this computation compatible."""
    try:
        function()
    except ValueError:
        return False
    return True


@value("whitepaper.gpt.positions_add_up")
def six_numbers_add_to_three_rows():
    return fits(lambda: given("whitepaper.gpt.embeddings") + given("whitepaper.gpt.positions"))


@value("whitepaper.gpt.h0")
def h0():
    return given("whitepaper.gpt.embeddings") + given("whitepaper.gpt.positions").reshape(3, 2)  # (3, 2)


@value("whitepaper.gpt.h1_love")
def h1_love():
    return given("whitepaper.gpt.attention_weights") @ h0()  # (3,) @ (3, 2) → (2,)


@value("whitepaper.gpt.feed_forward_multiplies")
def four_numbers_multiply_two():
    return fits(lambda: h1_love() @ given("whitepaper.gpt.feed_forward_weights"))


@value("whitepaper.gpt.h2_love")
def h2_love():
    return h1_love() @ given("whitepaper.gpt.feed_forward_weights").reshape(2, 2)  # (2,) @ (2, 2) → (2,)


@value("whitepaper.gpt.layer_norm_applied")
def layer_norm_applied():
    h2 = given("whitepaper.gpt.h2_love")
    return bool(np.isclose(h2.mean(), 0, atol=0.001) and np.isclose(h2.std(), 1, atol=0.001))


@value("whitepaper.gpt_training.window")
def context_and_target():
    tokens, window = given("whitepaper.gpt.tokens"), 2
    return [" ".join(tokens[:window]), tokens[window]]


@value("whitepaper.gpt_training.objective")
def objective_is_the_log_likelihood():
    """Every three-token text of a random model with k = 2: Σ log P is the log of its probability."""
    rng, size = np.random.default_rng(0), 4
    first, second = softmax(rng.normal(size=size)), softmax(rng.normal(size=(size, size)))
    third = softmax(rng.normal(size=(size, size, size)))  # P(u₃ | u₁, u₂)
    joint = first[:, None, None] * second[:, :, None] * third  # (4, 4, 4)
    objective = np.log(first)[:, None, None] + np.log(second)[:, :, None] + np.log(third)
    return bool(np.isclose(joint.sum(), 1) and np.allclose(np.exp(objective), joint))


@value("whitepaper.gpt_training.labels_from_text")
def labels_from_text():
    """Cut inputs and targets from one token list; each target is the input at the next position."""
    tokens = given("whitepaper.gpt.tokens")
    inputs, targets = tokens[:-1], tokens[1:]
    return all(targets[i] == inputs[i + 1] for i in range(len(inputs) - 1)) and targets[-1] == "AI"


# --- time complexity: multiplications, counted ---------------------------------------------------


def count(n, d):
    """Multiplications of one block: of the projections, the scores and sums, the feed-forward network."""
    return {"projections": 4 * n * d * d, "pairs": 2 * n * n * d, "feed_forward": 2 * n * d * (4 * d)}


def counted_block(x, counts):
    """One block (softmax and ReLU multiply nothing), every product of matrices counted as it is done."""

    def product(kind, a, b):
        counts[kind] += a.shape[0] * a.shape[1] * b.shape[1]
        return a @ b

    d = x.shape[1]
    q, k, v = (product("projections", x, np.eye(d)) for _ in range(3))  # (n, d) each
    weights = softmax(product("pairs", q, k.T))  # (n, n)
    h = product("projections", product("pairs", weights, v), np.eye(d))  # (n, d)
    hidden = product("feed_forward", h, np.ones((d, 4 * d)) / d)  # (n, 4d)
    return product("feed_forward", np.maximum(0, hidden), np.ones((4 * d, d)) / d)  # (n, d)


def run_and_count(n, d, layers):
    x, counts = np.ones((n, d)), dict.fromkeys(count(n, d), 0)
    for _ in range(layers):
        x = counted_block(x, counts)
    return counts


FULL = {"n": GPT3["context"], "d": GPT3["width"]}  # GPT-3 at its full context


@value("whitepaper.cost.pairs")
def score_matrix_has_n_squared_entries():
    q, k = np.ones((7, 3)), np.ones((7, 3))
    return (q @ k.T).size == 7**2


@value("whitepaper.cost.projections_per_pair")
def projections_per_pair():
    """Count the products x W that the scores of n tokens really take."""
    n, products, w = 5, 0, np.ones((3, 3))
    projected = []
    for x in np.ones((n, 3)):
        projected.append([x @ w for _ in ("query", "key", "value")])
        products += 3
    scores = [q @ k for q, _, _ in projected for _, k, _ in projected]  # n² dot products, no further x W
    return products >= len(scores) * 3


@value("whitepaper.cost.projections_linear_in_d")
def projections_linear_in_d():
    return count(1, 2000)["projections"] == 2 * count(1, 1000)["projections"]


@value("whitepaper.cost.attention")
def pairs_are_the_cost_of_attention():
    """Is at least half of attention's work the n² d of the pairs?"""
    work = count(**FULL)
    return work["pairs"] >= work["projections"]


@value("whitepaper.cost.layers")
def layers_multiply():
    """Run and count one layer and six: the counts are those of the formulas, then six times those."""
    assert run_and_count(7, 5, layers=1) == count(7, 5)
    return all(
        six == 6 * one for six, one in zip(run_and_count(7, 5, 6).values(), count(7, 5).values(), strict=True)
    )


@value("whitepaper.cost.other_parts_linear")
def other_parts_linear():
    def others(n, d):
        return count(n, d)["feed_forward"] + 2 * 4 * n * d  # two layer norms, a few operations an entry

    return others(4096, 768) == 2 * others(2048, 768)


@value("whitepaper.cost.other_parts_negligible")
def other_parts_negligible():
    """Is the feed-forward network less than a tenth of the quadratic part?"""
    work = count(**FULL)
    return work["feed_forward"] < 0.1 * work["pairs"]


@value("whitepaper.cost.bottleneck")
def attention_is_the_largest_part():
    work = count(**FULL)
    return work["projections"] + work["pairs"] > work["feed_forward"]


@value("whitepaper.cost.time_is_quadratic")
def time_is_quadratic():
    """From half of GPT-3's context to the whole: four times the work, give or take a tenth?"""
    growth = sum(count(**FULL).values()) / sum(count(FULL["n"] // 2, FULL["d"]).values())
    return abs(growth - 4) < 0.4


@value("whitepaper.cost.gpt3_layers")
def layers_that_make_175_billion():
    tables = (GPT3["vocabulary"] + GPT3["context"]) * GPT3["width"]
    block = 12 * GPT3["width"] ** 2 + 13 * GPT3["width"]
    return (given("whitepaper.gpt.parameters_gpt3") * 1e9 - tables) / block


@mistake("whitepaper.cost.gpt3_layers")
def billions_of_parameters_for_layers():
    return parameters(**GPT3) / 1e9


@value("whitepaper.cost.gpt3_width")
def heads_times_head_width():
    return 96 * 128  # Brown et al. 2020, table 2.1


@mistake("whitepaper.cost.gpt3_width")
def width_of_a_model_called_large_in_2018():
    return 16 * 64  # BERT-large: Devlin et al. 2019, section 3
