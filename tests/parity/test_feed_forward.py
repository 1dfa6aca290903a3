"""Activations and feed-forward networks: NumPy against PyTorch, values and gradients."""

import numpy as np
import torch

from course_lib.in_numpy import feed_forward as in_numpy
from course_lib.in_torch import feed_forward as in_torch
from tests.helpers import assert_module_parity, assert_parity, draw, for_sizes, make_twins, to_torch


@for_sizes("BTF")
def test_activations(sizes, rng):
    assert list(in_numpy.ACTIVATIONS) == list(in_torch.ACTIVATIONS)
    for name, (activate, backward) in in_numpy.ACTIVATIONS.items():
        x, grad_output = draw(rng, sizes, "BTF", "BTF")
        x.flat[0] = 1.5  # at least one that relu lets pass
        tensor = to_torch(3 * x)
        expected = in_torch.ACTIVATIONS[name](tensor)
        assert_parity(activate(3 * x), expected, name)
        expected.backward(torch.from_numpy(grad_output))
        assert_parity(backward(grad_output, 3 * x), tensor.grad, f"gradient of {name}")


# from 2, so that relu lets something pass
@for_sizes("BTDF", low=2)
def test_networks(sizes, rng):
    D, F = sizes["D"], sizes["F"]
    for name in in_numpy.ACTIVATIONS:
        for bias in (True, False):
            networks = (
                in_numpy.FeedForward(D, F, name, bias, dtype=np.float64),
                in_torch.FeedForward(D, F, name, bias),
            )
            assert_module_parity(*make_twins(*networks, rng), rng, draw(rng, sizes, "BTD"))
