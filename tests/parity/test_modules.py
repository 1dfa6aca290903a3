"""The linear layer: NumPy against PyTorch, and parameters that move between them by name."""

import numpy as np
import torch

from course_lib.in_numpy import modules as in_numpy
from course_lib.in_torch import modules as in_torch
from tests.helpers import assert_module_parity, assert_parity, draw, for_sizes, make_twins


def check_linear(sizes, rng):
    for bias in (True, False):
        twins = make_twins(
            in_numpy.Linear(sizes["D"], sizes["F"], bias=bias, dtype=np.float64),
            in_torch.Linear(sizes["D"], sizes["F"], bias=bias),
            rng,
        )
        for axes in ("BTD", "TD", "D"):
            assert_module_parity(*twins, rng, draw(rng, sizes, axes))


@for_sizes("BTDF")
def test_linear(sizes, rng):
    check_linear(sizes, rng)


@for_sizes("DF")
def test_parameters_move_both_ways_without_a_transpose(sizes, rng):
    numpy_layer = in_numpy.Linear(sizes["D"], sizes["F"], dtype=np.float64)
    torch_layer = in_torch.Linear(sizes["D"], sizes["F"]).double()
    torch.nn.init.normal_(torch_layer.bias)
    numpy_layer.load_state_dict(torch_layer.state_dict())
    x = draw(rng, sizes, "D")
    assert_parity(numpy_layer(x), torch_layer(torch.from_numpy(x)))
    assert list(numpy_layer.state_dict()) == list(torch_layer.state_dict())
