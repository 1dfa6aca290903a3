"""Positions: NumPy against PyTorch, values and gradients."""

import numpy as np
import torch

from course_lib.in_numpy import positions as in_numpy
from course_lib.in_torch import positions as in_torch
from tests.helpers import assert_module_parity, assert_parity, draw, for_sizes, make_twins, to_torch


def check_sinusoidal(sizes, rng):
    C, D, base = sizes["C"], 2 * sizes["D"], float(rng.uniform(2, 20000))
    assert_parity(in_numpy.sinusoidal_positions(C, D), in_torch.sinusoidal_positions(C, D))
    assert_parity(in_numpy.sinusoidal_positions(C, D, base), in_torch.sinusoidal_positions(C, D, base))


@for_sizes("CD")
def test_sinusoidal(sizes, rng):
    check_sinusoidal(sizes, rng)


@for_sizes("BTD")
def test_add_positions(sizes, rng):
    x, T, D = draw(rng, sizes, "BTD"), sizes["T"], 2 * sizes["D"]
    x = np.concatenate([x, x], axis=-1)
    numpy_table = in_numpy.sinusoidal_positions(T + 3, D)
    torch_table = in_torch.sinusoidal_positions(T + 3, D)
    for start in (0, 3):
        assert_parity(
            in_numpy.add_positions(x, numpy_table, start),
            in_torch.add_positions(torch.from_numpy(x), torch_table, start),
        )


def check_learned_positions(sizes, rng):
    C, D = sizes["T"] + 2, sizes["D"]
    twins = make_twins(
        in_numpy.LearnedPositions(C, D, dtype=np.float64), in_torch.LearnedPositions(C, D), rng
    )
    for start in (0, 2):
        settings = {"start": start}
        x = draw(rng, sizes, "BTD")
        assert_module_parity(*twins, rng, x, numpy_settings=settings, torch_settings=settings)
    assert_module_parity(*twins, rng, draw(rng, sizes, "TD"))


@for_sizes("BTD")
def test_learned_positions(sizes, rng):
    check_learned_positions(sizes, rng)


def check_rope(sizes, rng):
    shape = sizes["B"], sizes["H"], sizes["T"], 2 * sizes["K"]
    x, grad_output = rng.normal(size=shape), rng.normal(size=shape)
    positions = rng.integers(1000, size=sizes["T"])
    for settings in ({}, {"positions": positions}, {"positions": positions, "base": 500.0}):
        tensor = to_torch(x)
        expected = in_torch.apply_rope(tensor, **settings)
        assert_parity(in_numpy.apply_rope(x, **settings), expected)
        expected.backward(torch.from_numpy(grad_output))
        assert_parity(in_numpy.apply_rope_backward(grad_output, **settings), tensor.grad)


@for_sizes("BHTK")
def test_rope(sizes, rng):
    check_rope(sizes, rng)


@for_sizes("TK", low=2)
def test_rope_angles(sizes, rng):
    assert_parity(
        in_numpy.rope_angles(sizes["T"], 2 * sizes["K"]), in_torch.rope_angles(sizes["T"], 2 * sizes["K"])
    )
