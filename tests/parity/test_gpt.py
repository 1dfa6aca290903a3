"""GPT: NumPy against PyTorch, logits, every gradient, and training step by step."""

import numpy as np
import pytest
import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import gpt as in_numpy
from course_lib.in_numpy.losses import cross_entropy_backward
from course_lib.in_numpy.normalization import LayerNorm
from course_lib.in_numpy.optim import AdamW as NumpyAdamW
from course_lib.in_torch import gpt as in_torch
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.optim import AdamW as TorchAdamW
from course_lib.shapes import ShapeError
from tests.helpers import (
    SLOW,
    assert_gradients_parity,
    assert_module_parity,
    assert_parity,
    for_sizes,
    make_twins,
    shape,
)


def make(sizes, rng):
    D = sizes["H"] * sizes["K"]
    settings = {
        "V": sizes["V"],
        "C": sizes["T"] + 2,
        "D": D,
        "H": sizes["H"],
        "L": 2,
        "F": sizes["F"],
        "eps": 0.1,
    }
    numpy_model = in_numpy.GPT(GPTConfig(**settings), dtype=np.float64)
    return make_twins(numpy_model, in_torch.GPT(GPTConfig(**settings)), rng)


def check_attention(sizes, rng, numpy=in_numpy):
    D, H = sizes["H"] * sizes["K"], sizes["H"]
    layers = numpy.CausalSelfAttention(D, H, dtype=np.float64), in_torch.CausalSelfAttention(D, H)
    ours, theirs = make_twins(*layers, rng)
    assert_module_parity(ours, theirs, rng, rng.normal(size=(sizes["B"], sizes["T"], D)))
    assert_parity(ours.weights, theirs.weights)


@for_sizes("BTHK", low=2, high=5)
def test_attention(sizes, rng):
    check_attention(sizes, rng)


@pytest.mark.parametrize("module, ones", [(in_numpy, np.ones), (in_torch, torch.ones)])
def test_shapes_that_do_not_fit_are_named(module, ones):
    """Also those of size 1, which would stretch to any other without a word."""
    with pytest.raises(
        ShapeError, match="CausalSelfAttention: D = 4 cannot be shared equally by H = 3 heads"
    ):
        module.CausalSelfAttention(4, 3)
    with pytest.raises(ShapeError, match="Linear: x is a list, not an array"):
        module.CausalSelfAttention(4, 2)([[[1.0] * 4]])
    cache = module.KVCache(2, 3, 4, 5)
    for wrong in ((1, 3, 1, 5), (2, 1, 1, 5), (2, 3, 1, 1), (3, 1, 5)):
        for k, v in ((wrong, (2, 3, 1, 5)), ((2, 3, 1, 5), wrong)):
            with pytest.raises(ShapeError, match="KVCache.append: "):
                cache.append(ones(k), ones(v))
    with pytest.raises(ShapeError, match="KVCache.append: k has length 1 but v has length 2"):
        cache.append(ones((2, 3, 1, 5)), ones((2, 3, 2, 5)))
    assert cache.length == 0


def test_attention_of_a_text_without_a_batch():
    numpy, theirs = in_numpy.CausalSelfAttention(6, 3, dtype=np.float64), in_torch.CausalSelfAttention(6, 3)
    ours, theirs = make_twins(numpy, theirs, np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(4, 6))
    assert_parity(ours(x), ours(x[None])[0])
    assert_parity(ours(x), theirs(torch.from_numpy(x)))


def test_a_layer_norm_stretches_nothing():
    for x in (np.ones((2, 1)), np.ones(1), np.float64(1), [1.0] * 4):
        with pytest.raises(ShapeError, match="LayerNorm: x"):
            LayerNorm(4)(x)


@for_sizes("BTVHKF", profile=SLOW, low=2)
def test_logits_and_every_gradient(sizes, rng):
    ours, theirs = make(sizes, rng)
    ids, targets = rng.integers(sizes["V"], size=(2, *shape(sizes, "BT")))
    logits, expected = ours(ids), theirs(ids)
    assert_parity(logits, expected)
    ours.backward(cross_entropy_backward(logits, targets))
    cross_entropy(expected, targets).backward()
    assert_gradients_parity(ours, theirs)


@for_sizes("BTVHKF", profile=SLOW, low=2)
def test_training_step_by_step(sizes, rng):
    ours, theirs = make(sizes, rng)
    # a large ε: Adam divides a gradient that is zero but for rounding by itself, and rounding differs
    settings = {"lr": 0.03, "eps": 1e-2}
    optimizers = NumpyAdamW(ours, **settings), TorchAdamW(theirs, **settings)
    for _ in range(5):
        ids, targets = rng.integers(sizes["V"], size=(2, *shape(sizes, "BT")))
        loss = in_numpy.training_step(ours, optimizers[0], ids, targets)
        assert_parity(loss, in_torch.training_step(theirs, optimizers[1], ids, targets), "loss")
    for name, p in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], p, rtol=1e-9, atol=1e-11, err_msg=name)


def test_the_shapes_of_the_smallest_gpt_2():
    assert in_numpy.parameter_shapes(GPTConfig()) == in_torch.parameter_shapes(GPTConfig())
    assert in_numpy.parameter_count(GPTConfig()) == in_torch.parameter_count(GPTConfig())


def test_a_trained_model_moves_between_the_two():
    sizes, ids = {"V": 11, "C": 6, "D": 8, "H": 2, "L": 1}, [[1, 2, 3, 4]]
    numpy_model = in_numpy.GPT(GPTConfig(**sizes))
    torch_model = in_torch.GPT(GPTConfig(**sizes))
    numpy_model.load_state_dict(torch_model.state_dict())
    np.testing.assert_allclose(numpy_model(ids), torch_model(ids).detach(), rtol=0, atol=1e-6)
    fresh = in_numpy.GPT(GPTConfig(**sizes))
    torch_model.load_state_dict({name: torch.from_numpy(a) for name, a in fresh.state_dict().items()})
    np.testing.assert_allclose(fresh(ids), torch_model(ids).detach(), rtol=0, atol=1e-6)
