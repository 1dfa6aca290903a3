"""GPT on one page against the library: every piece, the logits and all gradients, at sizes that differ."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import one_page as page
from course_lib.in_both.beam import Beams
from course_lib.in_both.config import GPTConfig
from course_lib.in_both.schedules import warmup_cosine
from course_lib.in_numpy import (
    attention,
    embeddings,
    feed_forward,
    generation,
    gpt,
    losses,
    modules,
    multi_head,
    normalization,
    optim,
    positions,
    vision,
)
from course_lib.tokenization import learn_merges
from tests.mine.test_capstone import BESIDE

B, T, S, K, D, F, H, V, C, L = 2, 5, 7, 3, 6, 11, 3, 13, 8, 2
SOURCE = Path(page.__file__).read_text(encoding="utf-8")


def close(ours, library, rtol=1e-10):
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (ours, library)), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-13)


@pytest.fixture
def draw():
    """draw(3, 4) → an array (3, 4) of normal numbers in float64."""
    rng = np.random.default_rng(0)
    return lambda *shape: rng.normal(size=shape)


@pytest.fixture(scope="module")
def whole():
    """The library's GPT in float64, and its parameters with every one of them away from its start."""
    rng = np.random.default_rng(1)
    model = gpt.GPT(GPTConfig(V=V, C=C, D=D, H=H, L=L), rng=rng, dtype=np.float64)
    for x in model.state_dict().values():
        x += rng.normal(0, 0.3, x.shape)
    return model, {name: x.copy() for name, x in model.state_dict().items()}


def layer_of(layer, name, p, prefix):
    """The library's layer with the parameters `prefix…` of p in it."""
    layer.load_state_dict(page.below(p, prefix))
    return layer


def test_embeddings(draw):
    W, ids = draw(V, D), np.array([[3, 0, 3, 12], [1, 3, 0, 0]])
    close(page.embed(W, ids), embeddings.lookup(W, ids))
    grad = draw(2, 4, D)
    close(page.embed_backward(grad, ids, V), embeddings.lookup_backward(grad, ids, V))
    h, grad = draw(B, T, D), draw(B, T, V)
    close(page.unembed(h, W), embeddings.unembed(h, W))
    close(page.unembed_backward(grad, h, W), embeddings.unembed_backward(grad, h, W))
    close(page.cosine(W[0], W[1]), embeddings.cosine_similarity(W[0], W[1]))
    W[7] = 2 * W[4]  # as near as itself
    assert page.nearest(W, 4, 9).tolist() == embeddings.nearest(W, 4, 9)[0].tolist()


def test_positions(draw):
    table = page.position_table(C, D)
    close(table, positions.sinusoidal_positions(C, D))
    x = draw(B, T, D)
    close(page.add_positions(x, table, 2), positions.add_positions(x, table, 2))
    learned = positions.LearnedPositions(C, D, dtype=np.float64)
    learned(x, 2)
    learned.backward(x)
    close(page.add_positions_backward(x, C, 2), learned.grads["weight"])
    where = np.array([5, 0, 2, 9, 1])
    close(page.apply_rope(x), positions.apply_rope(x))
    close(page.apply_rope(x, where), positions.apply_rope(x, where))


def test_attention(draw):
    scores = np.array([[0.0, 2000.0, 0.0], [-3000.0, -3001.0, -3000.5]])
    close(page.softmax(scores, 0.7), attention.softmax(scores, 0.7))
    close(page.causal_mask(T), attention.causal_mask(T))
    close(page.causal_mask(T, S), attention.causal_mask(T, S))
    q, k, v, mask = draw(B, T, K), draw(B, S, K), draw(B, S, D), attention.causal_mask(T, S)
    output, weights = page.attention(q, k, v, mask)
    close((output, weights), attention.scaled_dot_product_attention(q, k, v, mask))
    close(page.attention(q, k, v), attention.scaled_dot_product_attention(q, k, v))
    grad = draw(B, T, D)
    close(page.softmax_backward(weights, weights), attention.softmax_backward(weights, weights))
    library = attention.scaled_dot_product_attention_backward(grad, q, k, v, weights)
    close(page.attention_backward(grad, q, k, v, weights), library)
    x, W_Q, W_K, W_V = draw(B, T, D), draw(D, K), draw(D, K), draw(D, K)
    library, _ = attention.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V, attention.causal_mask(T))
    close(page.head(x, W_Q, W_K, W_V), library)
    y, x, W_Q, W_K, W_V = draw(T, D), draw(S, D), draw(D, K), draw(D, K), draw(D, K)
    seen = np.array([True, False, True, True, False, True, True])
    library, _ = attention.scaled_dot_product_attention(y @ W_Q, x @ W_K, x @ W_V, seen)
    close(page.cross_attention(y, x, W_Q, W_K, W_V, seen), library)


def test_heads(draw):
    x = draw(B, T, D)
    heads = page.split_heads(x, H)
    close(heads, multi_head.split_heads(x, H))
    close(page.merge_heads(heads), multi_head.merge_heads(heads))


def test_norms(draw):
    x, weight, bias, grad = 3 * draw(B, T, D) + 5, draw(D), draw(D), draw(B, T, D)
    close(page.layer_norm(x, weight, bias, 0.3), normalization.layer_norm(x, weight, bias, 0.3))
    library = normalization.layer_norm_backward(grad, x, weight, 0.3)
    close(page.layer_norm_backward(grad, x, weight, 0.3), library)
    close(page.rms_norm(x, weight), normalization.rms_norm(x, weight))
    close(page.pre_norm(x, np.sin, np.square), x + np.square(np.sin(x)))


def test_feed_forward(draw):
    x, grad, wide = draw(B, T, D), draw(B, T, F), draw(B, T, F)
    layer = modules.Linear(D, F, dtype=np.float64)
    layer.params["bias"][:] = draw(F)
    W, b = layer.params["weight"], layer.params["bias"]
    close(page.linear(x, W, b), layer(x))
    library = layer.backward(grad), layer.grads["weight"], layer.grads["bias"]
    close(page.linear_backward(grad, x, W), library)
    close(page.gelu(wide), feed_forward.gelu_tanh(wide))
    close(page.gelu_backward(grad, wide), feed_forward.gelu_tanh_backward(grad, wide))
    layer = feed_forward.FeedForward(D, F, activation="gelu_tanh", dtype=np.float64)
    close(page.feed_forward(x, layer.state_dict()), layer(x))
    ours, grads = page.feed_forward_backward(x, x, layer.state_dict())
    close(ours, layer.backward(x))
    same_dict(grads, layer.gradients())


def same_dict(ours, library):
    assert set(ours) == set(library)
    for name, x in library.items():
        close(ours[name], x)


def test_losses(draw):
    logits, targets = 10 * draw(B, T, V), np.arange(B * T).reshape(B, T) % V
    logits[0, 0] = [1000] + 12 * [-1000]
    close(page.cross_entropy(logits, targets), losses.cross_entropy(logits, targets))
    close(page.cross_entropy_backward(logits, targets), losses.cross_entropy_backward(logits, targets))
    weights = draw(D, K)
    close(page.numeric_gradient(lambda w: (w**3).sum(), weights), 3 * weights**2, rtol=1e-7)


def test_optimiser(draw):
    layer = modules.Linear(D, F, dtype=np.float64)
    library = optim.AdamW(layer, lr=0.03, betas=(0.8, 0.95), weight_decay=0.2)
    w, m, v = layer.params["weight"].copy(), 0.0, 0.0
    for t in (1, 2, 3):
        layer.grads["weight"][:] = draw(D, F)
        w, m, v = page.adamw_step(w, layer.grads["weight"], m, v, t, 0.03, beta1=0.8, beta2=0.95, decay=0.2)
        library.step()
        close(w, layer.params["weight"])
    for limit in (0.5, 1e9):
        layer.grads["weight"][:], layer.grads["bias"][:] = draw(D, F), draw(F)
        ours, length = page.clip_gradients(layer.gradients(), limit)
        close(length, optim.clip_gradients(layer, limit))
        same_dict(ours, layer.gradients())
    for step in range(13):
        close(page.warmup_cosine(step, 0.3, 4, 11), warmup_cosine(step, 0.3, 4, 11))


def test_attention_layer_and_block(whole, draw):
    model, P = whole
    x, grad = draw(B, T, D), draw(B, T, D)
    for ours, backward, layer, prefix in (
        (page.causal_self_attention, page.causal_self_attention_backward, model.h[1].attn, "h.1.attn."),
        (page.block, page.block_backward, model.h[0], "h.0."),
    ):
        p = page.below(P, prefix)
        layer.zero_grad()
        close(ours(x, p, H), layer(x))
        grad_x, grads = backward(grad, x, p, H)
        close(grad_x, layer.backward(grad))
        same_dict(grads, layer.gradients())


def test_whole_model(whole):
    model, P = whole
    ids, targets = np.arange(B * C).reshape(2, B, C // 2) * 5 % V
    model.zero_grad()
    logits = model(ids)
    close(page.gpt(ids, P, H), logits)
    grad = losses.cross_entropy_backward(logits, targets)
    model.backward(grad)
    grads = page.gpt_backward(grad, ids, P, H)
    assert len(grads) == 28
    same_dict(grads, model.gradients())
    assert (
        page.parameter_count(V, C, D, L)
        == gpt.parameter_count(model.config)
        == sum(x.size for x in P.values())
    )


def test_writing(whole, draw):
    model, P = whole
    logits = 3 * draw(B, T, V)
    us = np.random.default_rng(5).random((B, T))
    library = generation.sample(generation.next_token_probabilities(logits, 0.6), np.random.default_rng(5))
    assert (page.next_token(logits, us, 0.6) == library).all()
    library = generation.generate(model, [3, 1], 6, temperature=0.8, rng=np.random.default_rng(7))
    assert (page.generate([3, 1], np.random.default_rng(7).random(6), P, H, 0.8) == library).all()
    # the context is cut
    assert len(page.generate([3, 1], np.random.default_rng(7).random(9), P, H)) == 11 > C
    ids, past = np.array([[1, 2, 3], [4, 5, 6]]), []
    for t in range(3):
        logits, past = page.one_step(ids[:, t], P, H, past)
        close(logits, model(ids[:, : t + 1])[:, -1])
    p = np.array([0.1, 0.4, 0.1, 0.3, 0.1])
    for k in (1, 2, 3):
        close(page.softmax(page.top_k(np.log(p), k)), generation.next_token_probabilities(np.log(p), top_k=k))
    for limit in (0.3, 0.45, 0.75, 0.85, 1.0):
        close(page.top_p(p, limit), generation.next_token_probabilities(np.log(p), top_p=limit))


def test_a_step_of_beam_search_is_the_library_s(draw):
    scores, log_p = draw(3), draw(3, V)
    beams = Beams(start=0, end=-1, width=3)
    beams.running = [([w], score) for w, score in enumerate(scores)]
    longer = [(w, t, scores[w] + log_p[w, t]) for w, t in np.ndindex(3, V)]
    beams.keep(sorted(longer, key=lambda one: -one[2]))
    rows, tokens, new = page.beam_step(scores, log_p, 3)
    assert [([w, t], score) for w, t, score in zip(rows, tokens, new)] == beams.found


def test_batches():
    inputs, targets = page.get_batch(np.arange(20) * 3, [0, 11], 5)
    assert inputs.tolist() == [[0, 3, 6, 9, 12], [33, 36, 39, 42, 45]]
    assert targets.tolist() == [[3, 6, 9, 12, 15], [36, 39, 42, 45, 48]]


@pytest.mark.parametrize("text", ["a", "aaaa", "low lower lowest slow", "El niño vio 你好 👩‍🚀 “así”"])
def test_tokenizer(text):
    merges = page.train_bpe(text, 9)
    library = learn_merges({text.encode(): 1}, 9)
    assert list(merges) == [pair for pair, _ in library] and list(merges.values()) == [
        *range(256, 256 + len(library))
    ]
    assert page.decode(page.encode(text, merges), merges) == text
    assert page.pad_batch([[1], [2, 3, 4], []], 0) == ([[1, 0, 0], [2, 3, 4], [0, 0, 0]], [1, 3, 0])


def test_vision():
    assert page.receptive_field([2, 5], [3, 2]) == 1 + 3 + 8
    image = np.arange(60.0).reshape(6, 10)
    close(page.patches(image, 2), vision.split_patches(image[None, :, :, None], 2)[0])


def test_training_learns():
    tokens = np.tile(np.arange(5), 40)
    P = page.new_gpt(5, C, D, L, np.random.default_rng(0))
    losses_seen = list(page.train(P, H, tokens, np.random.default_rng(1), steps=200, warmup=5))
    assert abs(losses_seen[0] - math.log(5)) < 0.3 and losses_seen[-1] < 0.2
    assert all(x.dtype == np.float32 for x in P.values())


def parts():
    """Part → its code, without blank lines and comment lines."""
    model, _ = SOURCE.split("# %% the end")
    found = re.split(r"^# %% (\d\d) (\w+)$", model, flags=re.MULTILINE)[1:]
    return {
        name: [line for line in code.splitlines() if line.strip() and not line.strip().startswith("#")]
        for name, code in zip(found[1::3], found[2::3], strict=True)
    }


def test_the_model_fits_a_page_of_200_lines():
    assert BESIDE < set(parts())
    assert sum(len(code) for name, code in parts().items() if name not in BESIDE) < 200


def test_every_part_is_the_function_of_its_name_in_lesson_order():
    lessons = [int(number) for number in re.findall(r"^# %% (\d\d) ", SOURCE, flags=re.MULTILINE)]
    assert lessons == sorted(lessons)
    for name, code in parts().items():
        assert code[0].startswith(f"def {name}(")
