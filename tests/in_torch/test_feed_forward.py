"""Activations and feed-forward networks in PyTorch against torch's own layers."""

import pytest
import torch
from torch import nn

from course_lib.in_torch import feed_forward
from course_lib.in_torch.feed_forward import ACTIVATIONS, FeedForward
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, draw, for_sizes, to_torch

THEIRS = {"relu": nn.ReLU(), "gelu": nn.GELU(), "gelu_tanh": nn.GELU(approximate="tanh")}


def test_the_table_holds_every_activation():
    assert ACTIVATIONS == {name: getattr(feed_forward, name) for name in THEIRS}


@for_sizes("BTDF")
def test_against_torch_layers(sizes, rng):
    D, F = sizes["D"], sizes["F"]
    for name, activation in THEIRS.items():
        ours = FeedForward(D, F, name).double()
        theirs = nn.Sequential(nn.Linear(D, F), activation, nn.Linear(F, D)).double()
        state = {"c_fc.weight": theirs[0].weight.T, "c_fc.bias": theirs[0].bias}
        ours.load_state_dict(state | {"c_proj.weight": theirs[2].weight.T, "c_proj.bias": theirs[2].bias})
        x = to_torch(draw(rng, sizes, "BTD"))
        assert_parity(ours(x), theirs(x))


def test_sizes_default_as_documented():
    assert FeedForward(6).c_fc.weight.shape == (6, 24)


def test_whole_numbers_become_floats():
    for name, activate in ACTIVATIONS.items():
        assert activate(torch.tensor([-1, 2])).tolist() == activate(torch.tensor([-1.0, 2.0])).tolist(), name


def test_bad_input():
    with pytest.raises(
        ValueError, match="^FeedForward: activation is 'tanh'; choose one of gelu, gelu_tanh, relu$"
    ):
        FeedForward(3, activation="tanh")
    with pytest.raises(ShapeError, match="x has width 3 but weight has width 4"):
        FeedForward(4)(torch.ones(2, 3))
