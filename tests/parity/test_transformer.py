"""Encoder block, decoder block and encoder-decoder: NumPy against PyTorch, values and every gradient."""

import numpy as np
import pytest
import torch

from course_lib.in_numpy import transformer as in_numpy
from course_lib.in_numpy.losses import cross_entropy_backward
from course_lib.in_numpy.optim import SGD as NumpySGD
from course_lib.in_torch import transformer as in_torch
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.optim import SGD as TorchSGD
from tests.helpers import (
    SLOW,
    assert_gradients_parity,
    assert_module_parity,
    assert_parity,
    for_sizes,
    make_twins,
)

NORMS = pytest.mark.parametrize("pre_norm", [False, True])


def compare(twins, rng, *inputs, **masks):
    torch_masks = {name: torch.from_numpy(mask) for name, mask in masks.items()}
    assert_module_parity(*twins, rng, *inputs, numpy_settings=masks, torch_settings=torch_masks)


def check_blocks(sizes, rng, numpy=in_numpy, pre_norm=False):
    H, D = sizes["H"], sizes["H"] * sizes["K"]
    x, memory = (rng.normal(size=(sizes["B"], sizes[n], D)) for n in "TS")
    mask = rng.random((sizes["B"], sizes["T"], sizes["T"])) < 0.7
    memory_mask = rng.random((sizes["B"], 1, sizes["S"])) < 0.7
    settings = {"F": sizes["F"], "activation": "gelu_tanh", "pre_norm": pre_norm, "eps": 0.1}
    blocks = numpy.EncoderBlock(D, H, **settings, dtype=np.float64), in_torch.EncoderBlock(D, H, **settings)
    compare(make_twins(*blocks, rng), rng, x, mask=mask)
    blocks = numpy.DecoderBlock(D, H, **settings, dtype=np.float64), in_torch.DecoderBlock(D, H, **settings)
    compare(make_twins(*blocks, rng), rng, x, memory, mask=mask, memory_mask=memory_mask)


@NORMS
@for_sizes("BTSHKF", profile=SLOW, low=2)
def test_blocks(pre_norm, sizes, rng):
    check_blocks(sizes, rng, pre_norm=pre_norm)


def make(sizes, rng, pre_norm):
    V, C, D = sizes["V"] + 1, max(sizes["S"], sizes["T"]) + 1, 2 * sizes["H"] * sizes["K"]
    settings = {"V": V, "C": C, "D": D, "H": sizes["H"], "L": 2, "F": sizes["F"]}
    settings |= {"pre_norm": pre_norm, "eps": 0.1, "pad": 0, "activation": "gelu"}
    return make_twins(
        in_numpy.EncoderDecoder(**settings, dtype=np.float64), in_torch.EncoderDecoder(**settings), rng
    )


def texts(sizes, rng):
    source, target = (
        rng.integers(1, sizes["V"] + 1, size=(sizes["B"], n)) for n in (sizes["S"], sizes["T"] + 1)
    )
    source[0, 1:], target[1, 2:] = 0, 0
    return source, target


@NORMS
@for_sizes("BTSHKFV", profile=SLOW, low=2, high=8)
def test_logits_and_every_gradient(pre_norm, sizes, rng):
    ours, theirs = make(sizes, rng, pre_norm)
    source, target = texts(sizes, rng)
    logits, expected = ours(source, target[:, :-1]), theirs(source, target[:, :-1])
    assert_parity(logits, expected)
    ours.backward(cross_entropy_backward(logits, target[:, 1:], 0))
    cross_entropy(expected, target[:, 1:], 0).backward()
    assert_gradients_parity(ours, theirs)


@NORMS
@for_sizes("BTSHKFV", profile=SLOW, low=2, high=8)
def test_training_step_by_step(pre_norm, sizes, rng):
    ours, theirs = make(sizes, rng, pre_norm)
    optimizers = NumpySGD(ours, 0.1, 0.9), TorchSGD(theirs, 0.1, 0.9)
    for _ in range(3):
        source, target = texts(sizes, rng)
        loss = in_numpy.training_step(ours, optimizers[0], source, target)
        assert_parity(loss, in_torch.training_step(theirs, optimizers[1], source, target))
    for name, p in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], p, rtol=1e-9, atol=1e-12, err_msg=name)
