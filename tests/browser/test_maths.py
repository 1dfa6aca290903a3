"""The maths of the widgets, run in a real browser on arrays that `course_lib` has worked out too."""

import base64
import math
import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import tokenization
from course_lib.data import texts, trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_numpy import (
    attention,
    embeddings,
    feed_forward,
    generation,
    gpt,
    losses,
    normalization,
    optim,
    positions,
)
from course_lib.in_numpy.modules import Linear, Module
from course_lib.widgets import (
    LIVE,
    BPEExplorer,
    decision_boundary,
    descent_explorer,
    layer_norm_explorer,
    live,
    position_explorer,
    softmax_temperature,
    valley_explorer,
)
from course_lib.widgets import __getattr__ as widget
from course_lib.widgets.sources import stored_model
from tests.notebooks.live_state import stored

CLOSE = {"rtol": 1e-5, "atol": 1e-7}
LOAD = "source => import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))).then(m => {window.maths = m.maths; window.render = typeof m.default.render})"


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


@pytest.fixture
def maths(page):
    """maths("AttentionView") gives a function that evaluates JavaScript in which `maths` is that widget's."""

    def load(name):
        page.evaluate(LOAD, str(widget(name)._esm))
        return lambda code, *values: page.evaluate(f"values => ({code})(...values)", list(values))

    return load


def numbers(*shape, seed=0):
    """Numbers that float32 holds exactly, so that both sides start from the same."""
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32).astype(float)


@pytest.mark.parametrize("name", LIVE)
def test_every_widget_is_a_module_that_renders_and_whose_maths_is_tested(name, maths):
    run = maths(name)
    assert run("() => render") == "function"
    exported = run("() => Object.keys(maths)")
    tested = Path(__file__).read_text(encoding="utf-8")
    assert exported, f"course_lib/widgets/{LIVE[name]}.js exports no function in its maths"
    loose = [key for key in exported if f"maths.{key}" not in tested]
    assert not loose, f"tests/browser/test_maths.py holds {loose} of {name} to nothing"


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1, 10])
def test_attention_weights(maths, temperature):
    T, S, K = 4, 6, 3
    q, k = numbers(T, K), numbers(S, K, seed=1)
    mask = np.random.default_rng(2).random((T, S)) > 0.4
    mask[1] = False  # a query that may attend to nothing
    expected = attention.softmax(np.where(mask, q @ k.T / math.sqrt(K), -math.inf), temperature)
    code = "(scores, T, S, t, mask) => maths.attentionWeights(scores, T, S, t, (i, j) => mask[i][j])"
    scores = (q @ k.T / math.sqrt(K)).ravel()
    got = maths("AttentionView")(code, scores.tolist(), T, S, temperature, mask.tolist())
    np.testing.assert_allclose(got, expected, **CLOSE)
    assert not np.any(np.array(got)[~mask])


def test_the_output_is_the_weighted_sum_of_the_values(maths):
    weights, v = np.abs(numbers(5)), numbers(5, 3, seed=1)
    got = maths("AttentionView")("(w, v) => maths.weightedSum(w, v, 3)", weights.tolist(), v.ravel().tolist())
    np.testing.assert_allclose(got, weights @ v, **CLOSE)


def test_attention_step_by_step(maths):
    T, K, D = 5, 3, 4
    q, k, v = numbers(T, K), numbers(T, K, seed=1), numbers(T, D, seed=2)
    output, weights = attention.scaled_dot_product_attention(q, k, v)
    run = maths("AttentionSteps")
    for t in range(T):
        found = run("(...all) => maths.follow(...all)", q[t].tolist(), k.tolist(), v.tolist())
        np.testing.assert_allclose(found["scaled"], (q @ k.T)[t] / math.sqrt(K), **CLOSE)
        np.testing.assert_allclose(np.array(found["powers"]) / found["total"], weights[t], **CLOSE)
        np.testing.assert_allclose(found["weights"], weights[t], **CLOSE)
        np.testing.assert_allclose(found["output"], output[t], **CLOSE)
        np.testing.assert_allclose(found["parts"], weights[t][:, None] * v, **CLOSE)


def test_the_bank_of_lesson_04_moves_to_water_or_to_money(maths):
    live = stored("04_attention", "live-values")["state"]
    N, T = live["sizes"][:2]
    q, k, v = (
        np.frombuffer(base64.b64decode(live[name]["float32"]), "<f4").astype(float).reshape(N, T, -1)
        for name in "qkv"
    )
    outputs = []
    for n in range(N):
        output, weights = attention.scaled_dot_product_attention(q[n], k[n], v[n])
        found = maths("AttentionSteps")(
            "(...all) => maths.follow(...all)", q[n, -1].tolist(), k[n].tolist(), v[n].tolist()
        )
        np.testing.assert_allclose(found["output"], output[-1], **CLOSE)
        np.testing.assert_allclose(found["weights"], weights[-1], **CLOSE)
        outputs.append(output[-1].round(4).tolist())
    assert v[:, -1].tolist() == [[0.5, 0.5, 0]] * 2
    assert outputs == [[0.6528, 0.2176, 0.1296], [0.2176, 0.6528, 0.1296]]


def test_arrows_are_laid_tip_to_tail_until_they_reach_the_output(maths):
    T, run = 4, maths("AttentionSteps")
    q, k, v = numbers(T, 2), numbers(T, 2, seed=1), numbers(T, 3, seed=2)
    output, weights = attention.scaled_dot_product_attention(q, k, v)
    code = "(step, q, k, v, own) => maths.layOut(step, k, v, own, maths.follow(q, k, v))"
    places = [
        run(code, step, q[2].tolist(), k.tolist(), v.tolist(), v[2].tolist()) for step in range(2 * T + 5)
    ]
    for step, place in enumerate(places):
        met = [s for s, arrow in enumerate(place["keys"]) if arrow[4] > 0]
        assert met == list(range(min(step, T)))
        tails, tips = np.array(place["values"])[:, :2], np.array(place["values"])[:, 2:4]
        laid = max(0, min(step - T - 3, T))
        if laid:
            np.testing.assert_allclose(tails[0], 0)
            np.testing.assert_allclose(tails[1:laid], tips[: laid - 1], **CLOSE)
        np.testing.assert_allclose(
            tips - tails, (weights[2][:, None] if step >= T + 3 else 1) * v[:, :2], **CLOSE
        )
        np.testing.assert_allclose(place["own"], output[2, :2] if step == 2 * T + 4 else v[2, :2], **CLOSE)
    np.testing.assert_allclose(places[-1]["values"][-1][2:4], output[2, :2], **CLOSE)
    np.testing.assert_allclose(places[-1]["output"][:4], [0, 0, *output[2, :2]], **CLOSE)


def test_an_equals_sign_stands_only_where_the_digits_shown_are_equal(maths):
    run = maths("AttentionView")
    equals = lambda shown, value, digits: run("(...all) => maths.equals(...all)", shown, value, digits)
    assert equals(1.5 * 0.9 + 1.1 * 2.409 + 2.6 * 1.51, 7.9259, 4) == "="
    assert equals(1.5 * 0.9 + 1.1 * 2.41 + 2.6 * 1.51, 7.9259, 4) == "≈"
    assert equals(9.69 / 2, 4.84, 2) == "≈" and equals(9.68 / 2, 4.84, 2) == "="


@pytest.mark.parametrize(("x", "text"), [
    (126.4932, "126.49"), (0.0034562, "0.0034562"), (1.2e-7, "1.2·10⁻⁷"), (0, "0"), (2.5e10, "2.5·10¹⁰"), (9.96e-22, "1·10⁻²¹"), (-3.25, "−3.25"),
])  # fmt: skip
def test_a_number_by_its_first_digits(maths, x, text):
    assert maths("AttentionView")("x => maths.significant(x)", x) == text


def test_the_ends_of_the_temperature_are_its_limits(maths):
    run = maths("AttentionView")
    softmax = "(scores, t) => maths.softmax(scores, t)"
    scores = [1.0, 3.0, 3.0, -math.inf, 2.0]
    assert run(softmax, scores, 0) == [0, 0.5, 0.5, 0, 0]
    assert run(softmax, scores, math.inf) == [0.25, 0.25, 0.25, 0, 0.25]
    assert run(softmax, [-math.inf] * 3, 1) == [0, 0, 0]
    assert run(softmax, [1000.0, 1000.0], 0.05) == [0.5, 0.5]
    for t in (0, 0.5, math.inf):
        np.testing.assert_allclose(run(softmax, scores, t), live.softmax(scores, t), **CLOSE)


@pytest.mark.parametrize("name", ["AttentionView", "SoftmaxTemperature"])
def test_both_sides_have_the_same_stops(name, maths):
    assert maths(name)("() => maths.TEMPERATURES") == live.TEMPERATURES
    if name != "AttentionView":
        assert maths(name)("() => maths.TOP_P") == softmax_temperature.TOP_P


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(1, 7, 1), (0.7, 3, 1), (2, 7, 0.8), (0.5, 4, 0.6)]
)
def test_what_is_drawn_from(maths, temperature, top_k, top_p):
    logits = numbers(7, seed=3)
    expected = generation.next_token_probabilities(logits, temperature, top_k, top_p)
    code = "(z, t, k, p) => maths.nextTokenProbabilities(z, t, k, p)"
    got = maths("SoftmaxTemperature")(code, logits.tolist(), temperature, top_k, top_p)
    np.testing.assert_allclose(got, expected, **CLOSE)


def test_ties_with_the_kth_stay(maths):
    logits = np.array([1.0, 2.0, 1.0, 0.0])
    got = maths("SoftmaxTemperature")("z => maths.nextTokenProbabilities(z, 1, 2, 1)", logits.tolist())
    np.testing.assert_allclose(got, generation.next_token_probabilities(logits, top_k=2), **CLOSE)


def test_entropy(maths):
    run = maths("SoftmaxTemperature")
    assert run("p => maths.entropy(p)", [0.25] * 4) == pytest.approx(math.log(4))
    assert run("p => maths.entropy(p)", [1, 0]) == 0


def test_matrix_product(maths):
    a, b = numbers(3, 4), numbers(4, 5)
    code = "(a, b) => maths.matmul(a, b, 3, 4, 5)"
    got = maths("MatmulExplorer")(code, a.ravel().tolist(), b.ravel().tolist())
    np.testing.assert_allclose(got, a @ b, **CLOSE)


STRANGE = [
    "The slowest reader found the newest words",
    "Ñandú, 你好 🙂\r\n\0 e\u0301",
    "I'll pay  50000! you're  \n\n  here\t ",
    "  ",
    "\x85 \ufeff \x1c a\u00a0b\u2003c ½ ² _-_",
    "I'LL SHE'S 'ſ we'Re 'RED can'T 'Ve'mM",
    "1234567 ٣٤٥٦ ½12 a1b22c333d4444 .5 -7",
    "one\n\ntwo \r\n three  \n  \n four\t\n",
    "end of all   \n  ",
    "  two  \u2028 \u3000x\n\n!!\n\n?? ((a)) _b '' ' s",
    "...\r\n\r\n/// *\n-d \u200bz \u0301e",
    "",
]


@pytest.mark.parametrize("pattern", tokenization.PATTERNS)
@pytest.mark.parametrize("text", STRANGE)
def test_words_are_cut_as_the_library_cuts_them(maths, text, pattern):
    cut = maths("BPEExplorer")("(t, pattern) => maths.splitWords(t, pattern)", text, pattern)
    assert cut == tokenization.split_words(text, pattern)


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_random_texts_are_cut_alike_too(maths, pattern):
    rng = np.random.default_rng(0)
    alphabet = list("aZsSlLvVeErRtTdDmM'' '   \n\n\r\t129½é你_-.!\u00a0\u2028\u0301ſ🙂")
    random = ["".join(rng.choice(alphabet, size=12)) for _ in range(2000)]
    cut = maths("BPEExplorer")(
        "(all, pattern) => all.map(t => maths.splitWords(t, pattern))", random, pattern
    )
    assert cut == [tokenization.split_words(text, pattern) for text in random]


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
@pytest.mark.parametrize("done", [0, 20, 300])
def test_byte_pair_encoding(maths, done, pattern):
    tokenizer = tokenization.BytePairTokenizer.train(texts.load("the_lowest_shelf"), 556, pattern=pattern)
    early = tokenization.BytePairTokenizer(dict(list(tokenizer.ranks.items())[: 256 + done]), pattern=pattern)
    sent = np.frombuffer(BPEExplorer(tokenizer).pairs, "<f4").reshape(-1, 3).astype(int).tolist()
    code = """(text, pattern, bytes, pairs, done) => maths.encode(text, pattern, bytes,
        new Map(pairs.map(([l, r, id], m) => [`${l},${r}`, [m, id]])), done)"""
    run = maths("BPEExplorer")
    for text in STRANGE:
        assert run(code, text, pattern, BPEExplorer(tokenizer).byte_ids, sent, done) == early.encode(text)


@pytest.mark.parametrize("text", [text for text in STRANGE if len(text) < 60])
def test_the_merges_that_change_a_text_are_found(maths, text):
    tokenizer = tokenization.BytePairTokenizer.train(texts.load("the_lowest_shelf"), 556)
    widget = BPEExplorer(tokenizer)
    code = """(text, bytes, pairs) => maths.changes(text, "gpt2", bytes,
        new Map(pairs.map(([l, r, id], m) => [`${l},${r}`, [m, id]])), new Map(pairs.map(([l, r, id], m) => [id, [m, l, r]])))"""
    pairs = np.frombuffer(widget.pairs, "<f4").reshape(-1, 3).astype(int).tolist()
    early = [
        tokenization.BytePairTokenizer(dict(list(tokenizer.ranks.items())[: 256 + n])).encode(text)
        for n in range(301)
    ]
    changes = [n for n in range(1, 301) if early[n] != early[n - 1]]
    assert maths("BPEExplorer")(code, text, widget.byte_ids, pairs) == changes


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("eps", layer_norm_explorer.EPSILONS)
def test_layer_norm(maths, eps, inside):
    x, weight, bias = numbers(3, 5)
    expected = normalization.layer_norm(x, weight, bias, eps, inside)
    run = maths("LayerNormExplorer")
    got = run("(...all) => maths.layerNorm(...all)", x.tolist(), weight.tolist(), bias.tolist(), eps, inside)
    np.testing.assert_allclose(got["output"], expected, **CLOSE)
    assert (got["mean"], got["variance"]) == (pytest.approx(x.mean()), pytest.approx(x.var()))
    assert run("() => maths.EPSILONS") == layer_norm_explorer.EPSILONS


def test_layer_norm_of_a_constant_row_is_its_shift(maths):
    got = maths("LayerNormExplorer")("() => maths.layerNorm([2, 2], [3, 3], [1, -1], 0, true)")
    assert got["output"] == [1, -1]


@pytest.mark.parametrize(("name", "make"), [
    ("SGD", lambda point: optim.SGD(point, lr=0.3)),
    ("Adam", lambda point: optim.AdamW(point, lr=0.3, weight_decay=0)),
])  # fmt: skip
def test_gradient_descent(maths, name, make):
    start, target, run = numbers(4, seed=5), 2, maths("DescentExplorer")
    point = Module()
    point.add_param("z", start.copy())
    optimizer = make(point)
    for _ in range(50):
        point.grads["z"][:] = losses.cross_entropy_backward(point.params["z"][None], [target])[0]
        optimizer.step()
    path = run("(...all) => maths.descend(...all)", start.tolist(), target, 0.3, 50, name)
    assert path[0] == start.tolist() and len(path) == 51
    np.testing.assert_allclose(path[-1], point.params["z"], **CLOSE)
    loss = run("(z, t) => maths.crossEntropy(z, t)", path[-1], target)
    assert loss == pytest.approx(losses.cross_entropy(point.params["z"][None], [target]))
    assert run("() => maths.RATES") == descent_explorer.RATES


@pytest.mark.parametrize("base", position_explorer.BASES)
def test_positions(maths, base):
    C, D, run = 40, 6, maths("PositionExplorer")
    q, k = numbers(2, D)
    np.testing.assert_allclose(
        run("(...all) => maths.sinusoids(...all)", C, D, base),
        positions.sinusoidal_positions(C, D, base),
        **CLOSE,
    )
    turned = positions.apply_rope(np.tile(q, (C, 1)), base=base)
    expected = turned @ k / (q @ k)
    np.testing.assert_allclose(
        run("(q, k, C, b) => maths.ropeScores(q, k, C, b)", q.tolist(), k.tolist(), C, base),
        expected,
        **CLOSE,
    )
    rows = numbers(C, D, seed=1)
    got = run("rows => maths.similarity(rows)", rows.tolist())
    np.testing.assert_allclose(got, rows @ rows[0] / (rows[0] @ rows[0]), **CLOSE)
    assert run("() => maths.BASES") == position_explorer.BASES


def test_logits_of_a_tied_unembedding(maths):
    rows, h = numbers(9, 4), numbers(4, seed=1)
    got = maths("EmbeddingMap")("(rows, h) => maths.logitsOf(rows, h)", rows.tolist(), h.tolist())
    np.testing.assert_allclose(got, embeddings.unembed(h, rows), **CLOSE)


def test_nearest_neighbours(maths):
    vectors = numbers(9, 4)
    near, cosines = embeddings.nearest(vectors, 3, 5)
    got = maths("EmbeddingMap")("(rows, of, k) => maths.nearest(rows, of, k)", vectors.tolist(), 3, 5)
    assert [i for i, _ in got] == near.tolist()
    np.testing.assert_allclose([cosine for _, cosine in got], cosines, **CLOSE)


def test_words_of_a_map_cover_neither_each_other_nor_a_point(maths):
    W, H = 570, 420
    points = np.random.default_rng(0).normal([300, 200], [40, 30], (44, 2))
    words = [f"word {i}" for i in range(44)]
    labels = maths("EmbeddingMap")("(...all) => maths.placeLabels(...all)", points.tolist(), words, W, H)
    assert maths("EmbeddingMap")("(...all) => maths.placeLabels(...all)", [[99, 99]], ["w"], W, H) == [[8, 0]]
    assert all(abs(x) == 8 for x, _ in labels) and {x > 0 for x, _ in labels} == {True, False}
    boxes = []
    for (x, y), (dx, dy), word in zip(points, labels, words, strict=True):
        near, width = x + dx, 7 * len(word)
        boxes.append(
            [near, y + dy - 7, near + width, y + dy + 7]
            if dx > 0
            else [near - width, y + dy - 7, near, y + dy + 7]
        )
    left, top, right, bottom = np.transpose(boxes)
    assert left.min() > 0 and top.min() > 0 and right.max() < W and bottom.max() < H
    for others in (boxes, [[x - 5, y - 5, x + 5, y + 5] for x, y in points]):
        for i, (a, b, c, d) in enumerate(others):
            over = (left < c) & (a < right) & (top < d) & (b < bottom)
            over[i] &= others is not boxes
            assert not over.any()


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_network_of_two_hidden_units(maths, activation):
    W, (c, w), b = numbers(2, 2), numbers(2, 2, seed=1), 0.5
    bend = {"relu": lambda z: np.maximum(z, 0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[activation]
    weights = [*W.ravel().tolist(), *c.tolist(), *w.tolist(), b]
    for x in numbers(5, 2, seed=2):
        h = bend(x @ W + c)
        got = maths("DecisionBoundary")(
            "(x1, x2, ...all) => maths.network(...all)(x1, x2)", *x.tolist(), weights, activation
        )
        np.testing.assert_allclose(got, [*h, bend(h @ w + b)], **CLOSE)


WAY = """(given, numbers, ids, off) => {
    window.net ??= maths.asModel(given, numbers);
    return Object.entries(maths.pass(net, ids, off)).map(([name, x]) => [name, Array.from(x, v => Number.isFinite(v) ? v : null)]);
}"""


def steps_of(model, ids, off=()):
    """Every step of a pass by the library: name → (T, width), or (H, T, T) for scores and weights, as GPTView keeps them."""
    D, H = model.config.D, model.config.H
    x, steps = model.wte.params["weight"][ids] + model.wpe.params["weight"][: len(ids)], {}
    steps |= {
        "word": model.wte.params["weight"][ids],
        "place": model.wpe.params["weight"][: len(ids)],
        "x": x,
    }
    for i, block in enumerate(model.h):
        normed = block.ln_1(x[None])
        q, k, v = np.split(block.attn.c_attn(normed)[0], 3, axis=-1)  # (T, D) each
        block.attn(normed)  # keeps its weights
        weights = block.attn.weights[0]  # (H, T, T)
        heads = lambda rows: rows.reshape(len(ids), H, -1).swapaxes(0, 1)  # (H, T, K)
        said = weights @ heads(v)
        for head in range(H):
            said[head] *= i * H + head not in off
        said = said.swapaxes(0, 1).reshape(len(ids), D)
        attended = block.attn.c_proj(said[None])[0]
        met = x + attended
        hidden = block.mlp.c_fc(block.ln_2(met[None]))[0]
        thought = block.mlp(block.ln_2(met[None]))[0]
        scores = np.where(
            np.tri(len(ids), dtype=bool), heads(q) @ heads(k).swapaxes(1, 2) / math.sqrt(D // H), np.nan
        )
        steps |= {f"norm1.{i}": normed[0], f"q.{i}": q, f"k.{i}": k, f"v.{i}": v, f"scores.{i}": scores, f"weights.{i}": weights,
                  f"said.{i}": said, f"attended.{i}": attended, f"met.{i}": met, f"norm2.{i}": block.ln_2(met[None])[0],
                  f"hidden.{i}": hidden, f"active.{i}": feed_forward.gelu_tanh(hidden), f"thought.{i}": thought}  # fmt: skip
        x = steps[f"x.{i}"] = met + thought
    steps["norm"] = model.ln_f(x[None])[0]
    return steps | {"logits": embeddings.unembed(steps["norm"], model.wte.params["weight"])}


def close_to(got, expected):
    """Whether every step is the library's, within 1e-4; its name otherwise."""
    assert [name for name, _ in got] == list(expected)
    for name, values in got:
        np.testing.assert_allclose(
            np.array(values, float), expected[name].ravel(), rtol=0, atol=1e-4, err_msg=name
        )


def test_every_step_of_fifty_sentences_is_the_library_s(maths):
    run, model, english = maths("GPTView"), trained_gpt.load(gpt.GPT), Grammar(ENGLISH)
    given, numbers = stored_model("trained_gpt")
    packed, longest = base64.b64encode(numbers).decode(), 0
    for sentence in english.sentences(50, seed=7):
        ids = [0, *english.encode(sentence)]
        longest = max(longest, len(ids))
        expected = steps_of(model, ids)
        # the steps lead to what it says
        np.testing.assert_allclose(expected["logits"], model([ids])[0], rtol=0, atol=1e-4)
        close_to(run(WAY, given, packed, ids, []), expected)
    assert longest > 15


def test_a_head_that_is_switched_off_says_nothing(maths):
    run, model = maths("GPTView"), trained_gpt.load(gpt.GPT)
    given, numbers = stored_model("trained_gpt")
    ids = [0, *Grammar(ENGLISH).encode("Anna swam slowly across to the old bank and looked at the")]
    got = run(WAY, given, base64.b64encode(numbers).decode(), ids, [1, 6])
    close_to(got, steps_of(model, ids, off=[1, 6]))
    for number in (1, 6):
        block, head = divmod(number, model.config.H)
        model.h[block].attn.c_proj.params["weight"][16 * head : 16 * (head + 1)] = 0
    np.testing.assert_allclose(dict(got)["logits"], model([ids])[0].ravel(), rtol=0, atol=1e-4)


def test_a_comparison_of_steps_notices_a_step_that_is_wrong():
    model = trained_gpt.load(gpt.GPT)
    steps = steps_of(model, [0, 1, 2])
    wrong = [(name, (x + 2e-4 * (name == "hidden.1")).ravel().tolist()) for name, x in steps.items()]
    with pytest.raises(AssertionError, match="hidden.1"):
        close_to(wrong, steps)


def test_what_the_model_would_say_if_it_ended_early(maths):
    run, model = maths("GPTView"), trained_gpt.load(gpt.GPT)
    given, numbers = stored_model("trained_gpt")
    x = steps_of(model, [0, 5, 7])["met.0"]
    got = run("(given, numbers, x) => Array.from(maths.lens(maths.asModel(given, numbers), Float32Array.from(x), 3))",
              given, base64.b64encode(numbers).decode(), x.ravel().tolist())  # fmt: skip
    expected = embeddings.unembed(model.ln_f(x[None])[0], model.wte.params["weight"])
    np.testing.assert_allclose(got, expected.ravel(), rtol=0, atol=1e-4)


def test_numbers_of_half_precision(maths):
    half = np.array([0, -0.0, 1, -1.5, 65504, 6e-8, -3e-5, np.inf, -np.inf], "<f2")
    bytes_ = half.view(np.uint8).tolist()
    got = maths("GPTView")(
        "b => Array.from(maths.fromHalf(new DataView(Uint8Array.from(b).buffer)), String)", bytes_
    )
    assert [float(x) for x in got] == half.astype(float).tolist()
    run = maths("GPTView")
    z = numbers(9)
    np.testing.assert_allclose([run("z => maths.gelu(z)", x) for x in z], feed_forward.gelu_tanh(z), **CLOSE)


@pytest.mark.parametrize(("text", "words"), [
    ("Anna swam slowly", "Anna swam slowly"), ("  the   dog.", "the dog ."), ("anna Swam", "Anna swam"),
    ('Omar said "the dog is hungry".', "Omar said “ the dog is hungry ” ."), ("the dog (from the farm)", "the dog ( from the farm )"),
    ("Nora asked Ben for some cake,so", "Nora asked Ben for some cake , so"), ("the dog . <end> the", "the dog . <end> the"), ("", ""),
])  # fmt: skip
def test_a_typed_text_is_read_as_words(maths, text, words):
    english = Grammar(ENGLISH)
    code = "(text, words) => maths.encode(text, { ids: new Map(words.map((word, id) => [word, id])) })"
    assert maths("GPTView")(code, text, english.words) == {"ids": english.encode(words), "unknown": None}


def test_an_unknown_word_is_told_with_those_like_it(maths):
    run, words = maths("GPTView"), Grammar(ENGLISH).words
    code = (
        "(text, words) => maths.encode(text, { ids: new Map(words.map((word, id) => [word, id])) }).unknown"
    )
    assert run(code, "Anna swims to the bank", words) == "swims"
    assert run("(...all) => maths.likeWord(...all)", "rivers", words)[0] == "river"
    assert run("(...all) => maths.likeWord(...all)", "constructor", ["a", "b"]) == []
    assert run("() => maths.split('a\"b\" c')") == ["a", "“", "b", "”", "c"]


TOLD = """(given, numbers, ids, off) => {
    const net = maths.asModel(given, numbers), words = ids.map(id => net.words[id]), made = maths.pass(net, ids, off), T = ids.length;
    return maths.rowsOf(net).filter(row => row.kind !== "flow").flatMap(row => [0, T - 2, T - 1].flatMap(t => [0, 3].map(j =>
        [row.key, row.kind, maths.story(net, made, { head: 1, ...row }, t, words, off), maths.arithmetic(net, made, { head: 1, ...row }, t, j, 1, words, off)])));
}"""


def test_every_number_can_be_worked_out_and_every_step_told(maths):
    given, numbers = stored_model("trained_gpt")
    ids = [0, *Grammar(ENGLISH).encode("Anna swam slowly across to the")]
    told = maths("GPTView")(TOLD, given, base64.b64encode(numbers).decode(), ids, [2])
    assert len({key for key, *_ in told}) == 2 * 15 + 6
    for key, kind, story, sum_ in told:
        assert "undefined" not in story + sum_ and "NaN" not in story + sum_ and story.endswith((".", "…")), (
            key
        )
        shown = re.fullmatch(r"\(?(\S+?)\)? \+ \(?(\S+?)\)? = (\S+)", sum_) if kind == "residual" else None
        if shown:
            a, b, total = (float(text.replace("−", "-")) for text in shown.groups())
            assert a + b == pytest.approx(total, abs=1e-9)
    assert sum(" = " in sum_ for *_, kind, _, sum_ in told if kind == "residual") > 10


BENDS = {  # and the slope of each, from what goes in
    "relu": (feed_forward.relu, feed_forward.relu_backward),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda grad, z: grad * np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


@pytest.mark.parametrize(("activation", "rate"), [("relu", 0.1), ("sigmoid", 10)])
def test_training_of_the_nine_weights_is_that_of_the_library(maths, activation, rate):
    """Two linear layers of the library with its SGD, against the nine numbers in the browser, fifty steps."""
    (bend, bend_backward), run = BENDS[activation], maths("DecisionBoundary")
    hidden, output = Linear(2, 2, dtype=np.float64), Linear(2, 1, dtype=np.float64)
    start = [1.1, -0.9, -0.8, 1.2, 0.1, 0.05, 0.9, 1.1, -0.2]
    for layer, weight, bias in ((hidden, start[:4], start[4:6]), (output, start[6:8], start[8:])):
        layer.params["weight"].flat[:], layer.params["bias"][:] = weight, bias
    optimizers = [optim.SGD(layer, rate) for layer in (hidden, output)]
    x, answers = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
    nine = lambda kept: np.concatenate(
        [kept(layer)[name].ravel() for layer in (hidden, output) for name in ("weight", "bias")]
    )
    weights = start
    for _ in range(50):
        z = hidden(x)
        u = output(bend(z))
        got = run("(...all) => maths.descent(...all)", weights, activation)
        assert got["loss"] == pytest.approx(((bend(u) - answers) ** 2).mean(), rel=1e-9)
        for layer in (hidden, output):
            layer.zero_grad()
        grad = output.backward(bend_backward((bend(u) - answers) / 2, u))
        hidden.backward(bend_backward(grad, z))
        np.testing.assert_allclose(got["slopes"], nine(lambda layer: layer.grads), rtol=1e-8, atol=1e-12)
        assert max(map(abs, got["slopes"])) > 1e-6
        for optimizer in optimizers:
            optimizer.step()
        weights = [w - rate * g for w, g in zip(weights, got["slopes"], strict=True)]
        np.testing.assert_allclose(weights, nine(lambda layer: layer.params), rtol=1e-8)
    assert run("() => maths.RATES") == decision_boundary.RATES


ARRIVES = """(starts, activation, rate, steps) => starts.map(weights => {
    for (let t = 0; t < steps; t++) {
        const { slopes } = maths.descent(weights, activation);
        weights = weights.map((weight, i) => weight - rate * slopes[i]);
    }
    return maths.descent(weights, activation).loss;
})"""


def test_nine_starts_in_ten_arrive_at_xor_and_large_weights_do_not_move(maths):
    """What lesson 07_feed_forward says of the picture's training."""
    starts = np.random.default_rng(0).uniform(-1, 1, (200, 9)).tolist()
    run = maths("DecisionBoundary")
    losses = np.array(run(ARRIVES, starts, "sigmoid", 10, 2000))
    assert 0.85 < (losses < 0.01).mean() < 0.95
    assert np.isclose(losses, 0.125, atol=0.005).sum() > 0.7 * (losses > 0.01).sum()
    as_or = [20, -20, 20, -20, -10, 30, 20, 20, 0]
    assert run(ARRIVES, [as_or], "sigmoid", 10, 2000)[0] == pytest.approx(0.5, abs=1e-6)
    assert max(map(abs, run("(...all) => maths.descent(...all)", as_or, "sigmoid")["slopes"])) < 1e-8


@pytest.mark.parametrize("name", valley_explorer.OPTIMIZERS)
def test_walks_down_a_valley_are_those_of_the_library(maths, name):
    curvature, start, rate, run = np.array([1.5, 20.0]), [9.0, 2.0], 0.05, maths("ValleyExplorer")
    point = Module()
    point.add_param("at", np.array(start))
    made = {
        "plain": optim.SGD(point, rate),
        "momentum": optim.SGD(point, rate, momentum=0.8),
        "AdamW": optim.AdamW(point, rate),
    }
    path = [start]
    for _ in range(40):
        point.grads["at"][:] = curvature * point.params["at"]
        made[name].step()
        path.append(point.params["at"].tolist())
    got = np.array(run("(...all) => maths.walk(...all)", name, curvature.tolist(), start, rate, 0.8, 40))
    np.testing.assert_allclose(got[:, :2], path, rtol=1e-9)
    np.testing.assert_allclose(
        valley_explorer._walk(name, curvature, np.array(start), rate, 0.8, 40), path, rtol=1e-9
    )
    if name == "momentum":
        np.testing.assert_allclose(got[-1, 2:], made[name].velocity["at"], rtol=1e-9)
    heights = [run("(...all) => maths.height(...all)", at, curvature.tolist()) for at in path]
    np.testing.assert_allclose(heights, (curvature * np.array(path) ** 2).sum(axis=1) / 2)
    assert run("() => [maths.RATES, maths.MOMENTA]") == [valley_explorer.RATES, valley_explorer.MOMENTA]


def test_the_valley_is_as_lesson_08_loss_and_gradient_descent_tells_it(maths):
    run = maths("ValleyExplorer")
    code = "(all, mu) => all.map(([name, rate]) => maths.arrival(maths.walk(name, [1, 20], [9, 2], rate, mu, 60).map(at => maths.height(at, [1, 20])), 0.1))"
    arrivals = lambda name, mu=0: run(code, [[name, rate] for rate in valley_explorer.RATES], mu)
    fewest = lambda steps: min((n, rate) for n, rate in zip(steps, valley_explorer.RATES, strict=True) if n)
    assert fewest(arrivals("plain")) == (32, 0.09) and fewest(arrivals("AdamW")) == (46, 0.5)
    best = min(
        (*fewest(steps), mu) for mu in valley_explorer.MOMENTA if any(steps := arrivals("momentum", mu))
    )
    assert best == (11, 0.11, 0.5)


def test_a_walk_has_arrived_when_it_stays_below(maths):
    arrival = lambda heights: maths("ValleyExplorer")("(...all) => maths.arrival(...all)", heights, 0.1)
    assert arrival([3, 0.05, 1, 0.09, 0.01]) == 3
    assert arrival([3, 0.05, 1]) is None and arrival([0.05, 0.01]) == 0


def test_drawing_takes_the_first_token_whose_sum_passes(maths):
    class Fixed:
        def __init__(self, u):
            self.u = u

        def random(self, shape):
            return np.full(shape, self.u)

    p = np.array([0.0, 0.25, 0.0, 0.5, 0.25])
    for u in (0.0, 0.2, 0.25, 0.6, 0.75, 0.999):
        expected = int(generation.sample(p, Fixed(u)))
        assert maths("GPTView")("(p, u) => maths.sample(p, u)", p.tolist(), u) == expected


def test_the_weights_of_a_look_are_found(maths):
    looks, N, T = 3, 2, 4
    rows, columns = np.tril_indices(T)
    sent = numbers(looks, N, T, T)[..., rows, columns].ravel()
    code = "(sent, N, T, ...at) => sent[maths.place(...at, N, T)]"
    for look, head, t, s in np.ndindex(looks, N, T, T):
        if s <= t:
            assert (
                maths("WatchTraining")(code, sent.tolist(), N, T, look, head, t, s)
                == numbers(looks, N, T, T)[look, head, t, s]
            )


@pytest.mark.parametrize("every", [1, 3, 50])
def test_the_mean_of_the_last_steps(maths, every):
    steps = np.abs(numbers(300))
    points = steps.reshape(-1, every).mean(axis=1).tolist()
    run = maths("WatchTraining")
    for step in (0, 1, 7, 20, 21, 299, 300):
        done = step // every * every
        few = max(1, round(20 / every)) * every
        got = run("(...all) => maths.recent(...all)", points, every, step)
        expected = steps[max(0, done - few) : done]
        assert got is None if not len(expected) else got == pytest.approx(expected.mean())


def test_a_border_lies_where_the_level_is_passed(maths):
    y, x = np.mgrid[:9, :9].astype(float)
    for grid in (x + 0.3 * y, np.hypot(x - 4, y - 4)):
        pieces = maths("DecisionBoundary")("(...all) => maths.border(...all)", grid.ravel().tolist(), 9, 2.4)
        assert len(pieces) > 5
        ends = np.array(pieces).reshape(-1, 2)
        exact = ends[:, 0] + 0.3 * ends[:, 1] if grid[0, 0] == 0 else np.hypot(*(ends - 4).T)
        np.testing.assert_allclose(exact, 2.4, atol=0.11)
    assert maths("DecisionBoundary")("(...all) => maths.border(...all)", [1.0] * 81, 9, 2.4) == []
