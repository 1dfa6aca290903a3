"""The torch linear layer against `nn.Linear`, whose weight is the transpose."""

import pytest
import torch
from torch import nn

from course_lib.in_torch.modules import Linear
from course_lib.shapes import ShapeError
from tests.helpers import assert_inputs_kept, assert_parity, draw, for_sizes, to_torch


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


def test_state_of_the_wrong_shape_is_named():
    state = {"weight": torch.zeros(6, 4), "shift": torch.zeros(6)}
    with pytest.raises(RuntimeError) as error:
        Linear(4, 6).load_state_dict(state)
    for words in (
        'Missing key(s) in state_dict: "bias"',
        'Unexpected key(s) in state_dict: "shift"',
        "size mismatch for weight",
    ):
        assert words in str(error.value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    layer, x = Linear(4, 6).to(dtype), torch.ones(2, 5, 4, dtype=dtype, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert {a.dtype for a in (y, x.grad, layer.weight.grad, layer.bias.grad)} == {dtype}


def test_inputs_are_kept():
    layer = Linear(4, 6)
    assert_inputs_kept(lambda x, *own: layer(x), torch.ones(2, 5, 4), *layer.parameters())
