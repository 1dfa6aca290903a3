"""GPT in NumPy: gradients, what it may see, its start, training, bad input."""

import math

import numpy as np
import pytest

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import (
    GPT,
    Block,
    CausalSelfAttention,
    parameter_count,
    parameter_shapes,
    training_step,
)
from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward
from course_lib.in_numpy.optim import SGD, AdamW
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_module_gradients, draw, for_sizes, randomize
from tests.invariants import check_cached_equals_uncached, check_future_is_hidden

TINY = GPTConfig(V=7, C=6, D=4, H=2, L=2, F=5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def model(rng):
    return randomize(GPT(TINY, dtype=np.float64), rng)


@for_sizes("BTHK", profile=SLOW, high=4)
def test_gradients_of_attention_and_block(sizes, rng):
    H, D = sizes["H"], sizes["H"] * sizes["K"]
    config = GPTConfig(V=1, C=1, D=D, H=H, L=1, F=3)
    for layer in (CausalSelfAttention(D, H, dtype=np.float64), Block(config, dtype=np.float64)):
        assert_module_gradients(randomize(layer, rng), rng, rng.normal(size=(sizes["B"], sizes["T"], D)))


def test_gradient_of_every_parameter(model, rng):
    ids, targets = rng.integers(TINY.V, size=(2, 3, 5))  # (B, T) each
    targets[0, 0] = -100
    model.zero_grad()
    model.backward(cross_entropy_backward(model(ids), targets))
    for name, parameter in model.state_dict().items():
        grad = model.gradients()[name].copy()
        assert_gradient(lambda: float(cross_entropy(model(ids), targets)), parameter, grad, name)
    assert (model.gradients()["wpe.weight"][5] == 0).all(), "the sixth position was not used"


def test_the_future_is_hidden_in_attention_and_model(model, rng):
    layer = randomize(CausalSelfAttention(6, 3, dtype=np.float64), rng)
    check_future_is_hidden(layer, rng.normal(size=(2, 5, 6)), rng)
    ids = rng.integers(TINY.V, size=(3, 6))
    before = model(ids)
    for t in range(1, 6):
        changed = ids.copy()
        changed[:, t:] = (changed[:, t:] + 1) % TINY.V
        after = model(changed)
        np.testing.assert_allclose(after[:, :t], before[:, :t], rtol=1e-12)
        assert (np.abs(after[:, t] - before[:, t]).max(axis=-1) > 1e-6).all()


def test_cached_equals_uncached(model, rng):
    layer = randomize(CausalSelfAttention(6, 3, dtype=np.float64), rng)
    config = GPTConfig(V=1, C=5, D=6, H=3, L=1)
    new_cache = GPT(config, dtype=np.float64).new_cache
    check_cached_equals_uncached(layer, lambda: new_cache(2)[0], rng.normal(size=(2, 5, 6)))

    ids = rng.integers(TINY.V, size=(3, 6))
    expected = model(ids)
    for lots in ([1] * 6, [5, 1], [1, 3, 2]):
        cache, logits, start = model.new_cache(3), [], 0
        for n in lots:
            logits.append(model(ids[:, start : start + n], cache))
            start += n
        np.testing.assert_allclose(np.concatenate(logits, axis=1), expected, rtol=1e-10)


def test_no_backward_through_a_cache(model):
    model([[1, 2]], model.new_cache(1))
    with pytest.raises(ValueError, match="no backward through a cache"):
        model.backward(np.ones((1, 2, 7)))


def test_backward_uses_up_what_forward_kept(model):
    logits = model([[1, 2]])
    model.backward(np.ones_like(logits))
    assert all(layer.kept is None for _, layer in model.modules())
    with pytest.raises(ValueError, match="GPT: each backward needs a forward of its own"):
        model.backward(np.ones_like(logits))


def test_the_order_of_tokens_matters(model):
    assert np.abs(model([[1, 2, 3]])[0, -1] - model([[2, 1, 3]])[0, -1]).max() > 1e-3


def test_attention_weights_can_be_looked_at(model):
    assert model.h[0].attn.weights is None
    model([[1, 2, 3]] * 5)
    weights = model.h[1].attn.weights
    assert weights.shape == (5, 2, 3, 3)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    assert (weights[..., 0, 1:] == 0).all()


def test_an_untrained_model_knows_nothing(rng):
    model = GPT(GPTConfig(V=65, C=16, D=48, H=4, L=3), rng)
    loss = cross_entropy(model(rng.integers(65, size=(8, 16))), rng.integers(65, size=(8, 16)))
    assert abs(loss - math.log(65)) < 0.05


@pytest.mark.parametrize("std", [0.02, 0.07])
def test_weights_start_as_in_gpt_2(rng, std):
    model = GPT(GPTConfig(V=100, C=100, D=64, H=4, L=8), rng, std=std)
    for name, a in model.state_dict().items():
        expected = std / math.sqrt(16) if name.endswith("c_proj.weight") else std
        if name.endswith("bias"):
            assert (a == 0).all()
        elif "ln_" in name:
            assert (a == 1).all()
        else:
            assert abs(a.std() / expected - 1) < 0.05, name
    again = GPT(GPTConfig(V=100, C=100, D=64, H=4, L=8), np.random.default_rng(0), std=std).state_dict()
    assert all((a == again[name]).all() for name, a in model.state_dict().items()), "one seed, one model"


def test_counting_without_building():
    model = GPT(TINY)
    assert {name: a.shape for name, a in model.state_dict().items()} == parameter_shapes(TINY)
    assert list(model.state_dict()) == list(parameter_shapes(TINY))
    assert model.parameter_count() == parameter_count(TINY)
    # Radford et al. 2019, table 2, as the published checkpoints have them
    for L, D, H, count in [(12, 768, 12, 124439808), (24, 1024, 16, 354823168), (36, 1280, 20, 774030080), (48, 1600, 25, 1557611200)]:  # fmt: skip
        assert parameter_count(GPTConfig(D=D, H=H, L=L)) == count


@pytest.mark.parametrize("optimizer", [lambda m: SGD(m, 0.3, 0.9), lambda m: AdamW(m, 0.01)])
def test_training_learns_a_sentence(optimizer):
    model = GPT(GPTConfig(V=9, C=8, D=16, H=2, L=2), np.random.default_rng(0))
    ids = np.array([[3, 1, 4, 1, 5, 8, 2, 6, 5]])
    optimizer = optimizer(model)
    losses = [training_step(model, optimizer, ids[:, :-1], ids[:, 1:]) for _ in range(150)]
    assert abs(losses[0] - math.log(9)) < 0.1 and losses[-1] < 0.05
    assert model.generate([3, 1], 6, greedy=True).tolist() == [3, 1, 4, 1, 5, 8, 2, 6]


def test_a_step_clips_what_is_long(model, rng):
    ids = rng.integers(TINY.V, size=(3, 5))
    training_step(model, SGD(model, 0.0), ids, ids, max_norm=0.01)
    length = math.sqrt(sum((g**2).sum() for g in model.gradients().values()))
    assert math.isclose(length, 0.01, rel_tol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    model = GPT(TINY, dtype=dtype)
    optimizer = AdamW(model)
    for _ in range(2):
        training_step(model, optimizer, [[1, 2, 3]], [[2, 3, -100]])
    cache = model.new_cache(1)
    arrays = (
        model([[1, 2]]),
        model([[1, 2]], cache),
        cache[0].key,
        *model.state_dict().values(),
        *model.gradients().values(),
    )
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    "ids, kind, words",
    [
        (
            [1, 2, 3],
            ShapeError,
            r"GPT: ids must be \(B, T\), got shape \(3,\); write \[ids\] for a single text",
        ),
        ([[1, 2], [3]], ShapeError, r"GPT: the lists in ids have unequal lengths \(2, 1\)"),
        ([[1, 7]], ValueError, r"GPT: id 7 at \(0, 1\) is not in 0 to 6 \(V = 7\)"),
        ([[-1]], ValueError, r"GPT: id -1 at \(0, 0\) is not in 0 to 6"),
        ([[0.5]], ValueError, "GPT: token ids must be whole numbers, got float64"),
        ([[]], ValueError, "GPT: the text is empty; give at least one token id"),
        ([[0] * 7], ValueError, "GPT: 7 tokens do not fit the context of C = 6"),
    ],
)
def test_bad_ids(ids, kind, words, model):
    with pytest.raises(kind, match=f"^{words}"):
        model(ids)


def test_a_full_cache_says_so(model):
    cache = model.new_cache(1)
    model([[0] * 5], cache)
    with pytest.raises(ValueError, match="GPT: 7 tokens do not fit the context of C = 6"):
        model([[0] * 2], cache)
    assert [c.length for c in cache] == [5, 5], "nothing half-stored"
    with pytest.raises(ShapeError, match="KVCache.append: k has batch size 2 but cache has batch size 1"):
        model([[0], [0]], cache)


def test_widths_that_do_not_fit():
    with pytest.raises(ShapeError, match="x has width 5 but weight has width 4"):
        CausalSelfAttention(4, 2)(draw(np.random.default_rng(0), {"B": 1, "T": 2, "D": 5}, "BTD"))
