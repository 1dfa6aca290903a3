"""GPT in PyTorch: what it may see, caches, its start, training, bad input. The oracle is in tests/parity."""

import math

import numpy as np
import pytest
import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_torch.gpt import (
    GPT,
    CausalSelfAttention,
    parameter_count,
    parameter_shapes,
    training_step,
)
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.optim import SGD, AdamW
from course_lib.shapes import ShapeError
from tests.helpers import ordinary_size
from tests.invariants import check_cached_equals_uncached, check_future_is_hidden

TINY = GPTConfig(V=7, C=6, D=4, H=2, L=2, F=5)


@pytest.fixture
def model():
    return ordinary_size(GPT(TINY))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def on_arrays(layer):
    """The layer as a function of arrays, for the invariants."""

    def call(x, **settings):
        with torch.no_grad():
            return layer(torch.from_numpy(x), **settings).numpy()

    return call


def test_the_future_is_hidden_in_attention_and_model(model, rng):
    layer = on_arrays(ordinary_size(CausalSelfAttention(6, 3)))
    check_future_is_hidden(layer, rng.normal(size=(2, 5, 6)), rng)
    ids = torch.from_numpy(rng.integers(TINY.V, size=(3, 6)))
    before = model(ids)
    for t in range(1, 6):
        changed = ids.clone()
        changed[:, t:] = (changed[:, t:] + 1) % TINY.V
        after = model(changed)
        torch.testing.assert_close(after[:, :t], before[:, :t], rtol=1e-12, atol=0)
        assert ((after[:, t] - before[:, t]).abs().amax(dim=-1) > 1e-6).all()


def test_cached_equals_uncached(model, rng):
    layer = on_arrays(ordinary_size(CausalSelfAttention(6, 3)))
    new_cache = GPT(GPTConfig(V=1, C=5, D=6, H=3, L=1)).double().new_cache
    check_cached_equals_uncached(layer, lambda: new_cache(2)[0], rng.normal(size=(2, 5, 6)))

    ids = torch.from_numpy(rng.integers(TINY.V, size=(3, 6)))
    with torch.no_grad():
        expected = model(ids)
        for lots in ([1] * 6, [5, 1], [1, 3, 2]):
            cache = model.new_cache(3)
            logits = [model(part, cache) for part in ids.split(lots, dim=1)]
            torch.testing.assert_close(torch.cat(logits, dim=1), expected, rtol=1e-10, atol=0)


def test_attention_weights_can_be_looked_at(model):
    layer = model.h[1].attn
    assert layer.weights is None
    model([[1, 2, 3]] * 5)
    assert layer.weights.shape == (5, 2, 3, 3) and not layer.weights.requires_grad
    torch.testing.assert_close(layer.weights.sum(dim=-1), torch.ones(5, 2, 3).double())
    assert (layer.weights[..., 0, 1:] == 0).all()
    whole, cache = layer.weights, model.new_cache(5)
    with torch.no_grad():
        model([[1, 2]] * 5, cache)
        model([[3]] * 5, cache)
    torch.testing.assert_close(layer.weights, whole[..., 2:, :])


@pytest.mark.parametrize("std", [0.02, 0.07])
def test_weights_start_as_in_gpt_2(std):
    model = GPT(GPTConfig(V=100, C=100, D=64, H=4, L=8), torch.Generator().manual_seed(0), std=std)
    for name, p in model.state_dict().items():
        expected = std / math.sqrt(16) if name.endswith("c_proj.weight") else std
        if name.endswith("bias"):
            assert (p == 0).all()
        elif "ln_" in name:
            assert (p == 1).all()
        else:
            assert abs(p.std() / expected - 1) < 0.05, name
    again = GPT(model.config, torch.Generator().manual_seed(0), std).state_dict()
    assert all(torch.equal(p, again[name]) for name, p in model.state_dict().items()), "one seed, one model"


def test_an_untrained_model_knows_nothing():
    generator = torch.Generator().manual_seed(0)
    model = GPT(GPTConfig(V=65, C=16, D=48, H=4, L=3), generator)
    ids, targets = torch.randint(65, (2, 8, 16), generator=generator)
    assert abs(cross_entropy(model(ids), targets).item() - math.log(65)) < 0.05


def test_counting_without_building():
    assert {name: tuple(p.shape) for name, p in GPT(TINY).state_dict().items()} == parameter_shapes(TINY)
    assert sum(p.numel() for p in GPT(TINY).parameters()) == parameter_count(TINY)
    assert parameter_count(GPTConfig(D=1024, H=16, L=24)) == 354823168


@pytest.mark.parametrize("optimizer", [lambda m: SGD(m, 0.3, 0.9), lambda m: AdamW(m, 0.01)])
def test_training_learns_a_sentence(optimizer):
    model = GPT(GPTConfig(V=9, C=8, D=16, H=2, L=2), torch.Generator().manual_seed(0))
    ids = torch.tensor([[3, 1, 4, 1, 5, 8, 2, 6, 5]])
    optimizer = optimizer(model)
    losses = [training_step(model, optimizer, ids[:, :-1], ids[:, 1:]) for _ in range(150)]
    assert abs(losses[0] - math.log(9)) < 0.1 and losses[-1] < 0.05
    assert model.generate([3, 1], 6, greedy=True).tolist() == [3, 1, 4, 1, 5, 8, 2, 6]


def test_a_generated_text_can_be_trained_on():
    model = GPT(TINY)
    text = model.generate([[1, 2]], 4)
    assert training_step(model, SGD(model, 0.1), text[:, :-1], text[:, 1:]) > 0


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
        ([[0.5]], ValueError, "GPT: token ids must be whole numbers, got torch.float32"),
        ([[]], ValueError, "GPT: the text is empty; give at least one token id"),
        ([[0] * 7], ValueError, "GPT: 7 tokens do not fit the context of C = 6"),
    ],
)
def test_bad_ids(ids, kind, words, model):
    with pytest.raises(kind, match=f"^{words}"):
        model(ids)


def test_a_cache_is_for_generation_only(model):
    with pytest.raises(
        ValueError, match=r"there is no backward through a cache; generate under torch.no_grad\(\)"
    ):
        model([[1, 2]], model.new_cache(1))
