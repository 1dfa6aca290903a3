"""The whitepaper's GPT sections: published sizes, "I love AI", the cost of a block, counted."""

import numpy as np

from tests.documents.proofs import cause, given, mistake, value

# Published configurations: Radford et al. 2018 and 2019; Brown et al. 2020, table 2.1 (96 heads of 128).
GPT = {"layers": 12, "width": 768, "vocabulary": 40478, "context": 512, "final_norm": False}
GPT2 = {"layers": 48, "width": 1600, "vocabulary": 50257, "context": 1024, "final_norm": True}
GPT3 = {"layers": 96, "width": 96 * 128, "vocabulary": 50257, "context": 2048, "final_norm": True}
BIG_TRANSFORMER = {"layers": 6, "width": 1024, "hidden": 4096, "vocabulary": 37000}  # Vaswani 2017, table 3


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


@cause("whitepaper.gpt.parameters_gpt")
def counted_and_miscounted():
    """As published; with a second, untied output matrix; with the vocabulary of GPT-2; with both."""
    untied, later = GPT["vocabulary"] * GPT["width"] / 1e6, {**GPT, "vocabulary": GPT2["vocabulary"]}
    both = parameters(**later) / 1e6 + later["vocabulary"] * GPT["width"] / 1e6
    return [millions_in_gpt(), millions_in_gpt() + untied, parameters(**later) / 1e6, both]


@cause("whitepaper.gpt.parameters_gpt2")
def the_four_sizes_of_the_gpt2_paper():
    """The largest, counted, and all four with the vocabulary of the first GPT, in millions."""
    shapes = [(12, 768), (24, 1024), (36, 1280), (48, 1600)]
    slipped = [parameters(n, width, GPT["vocabulary"], 1024, True) / 1e6 for n, width in shapes]
    return [parameters(**GPT2) / 1e9, *slipped]


@value("whitepaper.gpt.parameters_gpt3")
def billions_in_gpt3():
    return parameters(**GPT3) / 1e9


def parameters_of_the_big_transformer(layers, width, hidden, vocabulary):
    """Shared token table; 4 D² + 2 D F in an encoder layer, 4 D² more for a decoder's cross-attention."""
    feed_forward = 2 * width * hidden + hidden + width
    encoder, decoder = 4 * width**2 + feed_forward + 4 * width, 8 * width**2 + feed_forward + 6 * width
    return vocabulary * width + layers * (encoder + decoder)


@cause("whitepaper.gpt.far_more_parameters")
def against_the_larger_transformer_of_2017():
    return [millions_in_gpt(), parameters_of_the_big_transformer(**BIG_TRANSFORMER) / 1e6]


# --- I love AI -----------------------------------------------------------------------------------


def fits(function):
    """Whether NumPy finds the shapes of this computation compatible."""
    try:
        function()
    except ValueError:
        return False
    return True


@value("whitepaper.gpt.h0")
def h0():
    return given("whitepaper.gpt.embeddings") + given("whitepaper.gpt.positions").reshape(3, 2)  # (3, 2)


@value("whitepaper.gpt.h1_love")
def h1_love():
    return given("whitepaper.gpt.attention_weights") @ h0()  # (3,) @ (3, 2) → (2,)


@cause("whitepaper.gpt.h1_love")
def no_average_of_the_two_rows():
    """The terms of the right sum; the least weight on "I" that brings the first number to what is printed, and the
    second number that comes with it.
    """
    (a, b), (c, d) = h0()[:2]
    # 0.155 was rounded from below 0.1555
    weight = (c - (given("whitepaper.gpt.h1_love")[0] + 0.0005)) / (c - a)
    return [*given("whitepaper.gpt.attention_weights")[:2], a, b, c, d, weight, weight * b + (1 - weight) * d]


@cause("whitepaper.gpt.h2_love")
def from_the_wrong_h1():
    """What follows from the printed h1, with W and with W transposed; and no other two weights give the printed number."""
    wrong, w = given("whitepaper.gpt.h1_love"), given("whitepaper.gpt.feed_forward_weights")
    others = [wrong @ [first, second] for first in w for second in w]
    assert not any(round(number, 4) == given("whitepaper.gpt.h2_love")[0] for number in others)
    return [*(wrong @ w.reshape(2, 2)), *(wrong @ w.reshape(2, 2).T)]


@value("whitepaper.gpt.h2_love")
def h2_love():
    return h1_love() @ given("whitepaper.gpt.feed_forward_weights").reshape(2, 2)  # (2,) @ (2, 2) → (2,)


def normalised(x):
    return (x - x.mean()) / x.std()


@value("whitepaper.gpt.layer_norm_applied", otherwise={"after": normalised})
def layer_norm_applied(after=lambda x: x):
    h2 = after(given("whitepaper.gpt.h2_love"))
    return bool(np.isclose(h2.mean(), 0, atol=0.001) and np.isclose(h2.std(), 1, atol=0.001))


@value("whitepaper.gpt_training.window", otherwise={"window": 1})
def context_and_target(window=2):
    tokens = given("whitepaper.gpt.tokens")
    return [" ".join(tokens[:window]), tokens[window]]


@value("whitepaper.gpt_training.objective", otherwise={"log": lambda p: p})
def objective_orders_texts_as_their_probability(log=np.log):
    """All texts of three tokens of a random model: the larger Σ log P, the more probable; a sum of P orders them otherwise."""
    rng, size = np.random.default_rng(0), 4
    first, second = softmax(rng.normal(size=size)), softmax(rng.normal(size=(size, size)))
    third = softmax(rng.normal(size=(size, size, size)))  # P(u₃ | u₁, u₂)
    joint = first[:, None, None] * second[:, :, None] * third  # (4, 4, 4)
    objective = log(first)[:, None, None] + log(second)[:, :, None] + log(third)
    return np.array_equal(joint.argsort(axis=None), objective.argsort(axis=None))


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


@value("whitepaper.cost.pairs", otherwise={"seen": 3})
def scores_of_all_pairs(seen=None):
    """Scores that are computed; with tokens that look at the last three alone they grow with n."""
    n = 7
    q, k = np.ones((n, 3)), np.ones((n, 3))
    scores = [q[t] @ k[s] for t in range(n) for s in range(n) if seen is None or 0 <= t - s < seen]
    return len(scores) == n**2


def projections(n, keep=True):
    """Count the products x W that the scores of n tokens take when the results are kept, and when they are not."""
    w, products = np.ones((3, 3)), 0
    x, kept = np.ones((n, 3)), {}

    def projected(token, which):
        nonlocal products
        if (token, which) not in kept or not keep:
            products += 1
            kept[token, which] = x[token] @ w
        return kept[token, which]

    for t in range(n):
        for s in range(n):
            _ = projected(t, "query") @ projected(s, "key") * projected(s, "value")
    return products


@cause("whitepaper.cost.projections_per_pair")
def once_for_each_pair_or_for_each_token():
    return [projections(7, keep=False), projections(7)]


@value("whitepaper.cost.pair_linear_in_d", otherwise={"columns": lambda d: d})
def pair_linear_in_d(columns=lambda d: 1):
    """Twice the width, twice the multiplications? Of one dot product; and of a row times a d × d matrix, where it is not so."""
    once, twice = (np.ones((1, d))[0].size * np.ones((d, columns(d))).shape[1] for d in (1000, 2000))
    return twice == 2 * once


@value("whitepaper.cost.layers", otherwise={"vocabulary": 11})
def layers_multiply(vocabulary=0):
    """Run and count one layer and six; the work of an output layer, if it is counted too, stands once."""
    assert run_and_count(7, 5, layers=1) == count(7, 5)
    one, six = (sum(run_and_count(7, 5, layers).values()) + 7 * 5 * vocabulary for layers in (1, 6))
    return six == 6 * one


@value("whitepaper.cost.other_parts_linear", otherwise={"kind": "pairs"})
def other_parts_linear(kind="feed_forward"):
    def others(n, d):
        # two layer norms, a few operations an entry
        return run_and_count(n, d, layers=1)[kind] + 2 * 4 * n * d

    return others(64, 12) == 2 * others(32, 12)


@value("whitepaper.cost.other_parts_negligible", otherwise={"n": FULL["n"]})
def other_parts_negligible(n=10**7):
    """Is the feed-forward network less than a tenth of the quadratic part? In a very long text, or in GPT-3's."""
    work = count(n, FULL["d"])
    return work["feed_forward"] < 0.1 * work["pairs"]


@value("whitepaper.cost.bottleneck", otherwise={"n": 4 * FULL["d"]})
def attention_is_the_largest_part(n=FULL["n"]):
    work = count(n, FULL["d"])
    return work["projections"] + work["pairs"] > work["feed_forward"]


@value("whitepaper.cost.time_is_quadratic", otherwise={"n": 200 * FULL["d"]})
def time_is_quadratic(n=FULL["n"]):
    """From half of GPT-3's context to the whole: four times the work, give or take a tenth?"""
    growth = sum(count(n, FULL["d"]).values()) / sum(count(n // 2, FULL["d"]).values())
    return abs(growth - 4) < 0.4


@cause("whitepaper.cost.time_is_quadratic")
def where_the_square_rules():
    half = count(FULL["n"] // 2, FULL["d"])
    return [6 * FULL["d"], sum(count(**FULL).values()) / sum(half.values())]


@value("whitepaper.cost.gpt3_layers")
def layers_that_make_175_billion():
    tables = (GPT3["vocabulary"] + GPT3["context"]) * GPT3["width"]
    block = 12 * GPT3["width"] ** 2 + 13 * GPT3["width"]
    return (given("whitepaper.gpt.parameters_gpt3") * 1e9 - tables) / block


@mistake("whitepaper.cost.gpt3_layers")
def billions_of_parameters_for_layers():
    return parameters(**GPT3) / 1e9


@cause("whitepaper.cost.gpt3_layers")
def as_it_stands_there():
    """The layers of the printed figure, and what they would hold with the printed width, in billions."""
    return [GPT3["width"], 175, parameters(175, 16 * 64, GPT3["vocabulary"], GPT3["context"], True) / 1e9]


@cause("whitepaper.cost.gpt3_width")
def widths_of_heads_together():
    return [GPT3["width"]]
