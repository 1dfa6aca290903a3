"""Normalization: NumPy against PyTorch, values and gradients."""

import numpy as np
import torch

from course_lib.in_numpy import normalization as in_numpy
from course_lib.in_torch import normalization as in_torch
from tests.helpers import assert_module_parity, assert_parity, draw, for_sizes, make_twins, to_torch


def check_layer_norm(sizes, rng, numpy=in_numpy):
    for eps in (1e-5, 0.1):
        for eps_inside in (True, False):
            x, weight, bias, grad_output = draw(rng, sizes, "BTD", "D", "D", "BTD")
            tensors = [to_torch(a) for a in (x, weight, bias)]
            expected = in_torch.layer_norm(*tensors, eps, eps_inside)
            assert_parity(numpy.layer_norm(x, weight, bias, eps, eps_inside), expected)
            expected.backward(torch.from_numpy(grad_output))
            grads = numpy.layer_norm_backward(grad_output, x, weight, eps, eps_inside)
            for grad, tensor in zip(grads, tensors, strict=True):
                assert_parity(grad, tensor.grad)


def check_rms_norm(sizes, rng, numpy=in_numpy):
    for eps in (1e-5, 0.1):
        x, weight, grad_output = draw(rng, sizes, "BTD", "D", "BTD")
        tensors = to_torch(x), to_torch(weight)
        expected = in_torch.rms_norm(*tensors, eps)
        assert_parity(numpy.rms_norm(x, weight, eps), expected)
        expected.backward(torch.from_numpy(grad_output))
        for grad, tensor in zip(numpy.rms_norm_backward(grad_output, x, weight, eps), tensors, strict=True):
            assert_parity(grad, tensor.grad)


# D from 3: two features become ±1 whatever they are, and their gradient is next to nothing
@for_sizes("BTD", low=3)
def test_layer_norm(sizes, rng):
    check_layer_norm(sizes, rng)


@for_sizes("BTD", low=2)
def test_rms_norm(sizes, rng):
    check_rms_norm(sizes, rng)


@for_sizes("BTD", low=3)
def test_layers(sizes, rng):
    D = sizes["D"]
    for eps_inside in (True, False):
        layers = in_numpy.LayerNorm(D, 0.1, eps_inside, np.float64), in_torch.LayerNorm(D, 0.1, eps_inside)
        assert_module_parity(*make_twins(*layers, rng), rng, draw(rng, sizes, "BTD"))
    layers = in_numpy.RMSNorm(D, 0.1, np.float64), in_torch.RMSNorm(D, 0.1)
    assert_module_parity(*make_twins(*layers, rng), rng, draw(rng, sizes, "BTD"))
