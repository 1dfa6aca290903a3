"""The torch linear layer against `nn.Linear`, whose weight is the transpose."""

import pytest
import torch
from torch import nn

from course_lib.in_torch.modules import Linear
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, draw, for_sizes, to_torch


@for_sizes("BTDF")
def test_against_torch_linear(sizes, rng):
    ours, theirs = Linear(sizes["D"], sizes["F"]).double(), nn.Linear(sizes["D"], sizes["F"]).double()
    ours.load_state_dict({"weight": theirs.weight.T, "bias": theirs.bias})
    x = to_torch(draw(rng, sizes, "BTD"))
    assert_parity(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    assert_parity(ours.weight.grad.T, theirs.weight.grad)
    assert_parity(ours.bias.grad, theirs.bias.grad)


def test_weights_start_as_in_gpt_2():
    layer = Linear(200, 300, generator=torch.Generator().manual_seed(0))
    assert layer.weight.shape == (200, 300)
    assert abs(layer.weight.std().item() - 0.02) < 3e-4
    assert (layer.bias == 0).all()
    again = Linear(200, 300, generator=torch.Generator().manual_seed(0))
    assert torch.equal(layer.weight, again.weight)


def test_without_bias():
    assert list(Linear(2, 3, bias=False).state_dict()) == ["weight"]


def test_wrong_width_names_both():
    with pytest.raises(ShapeError, match="Linear: x has width 3 but weight has width 4; both must be d_in"):
        Linear(4, 6)(torch.zeros(5, 3))
