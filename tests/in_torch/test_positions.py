"""Positions in PyTorch against what others wrote: complex rotation, and GPT-J's interleaved rotary."""

import numpy as np
import pytest
import torch
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb, create_sinusoidal_positions

from course_lib.in_torch.attention import scaled_dot_product_attention
from course_lib.in_torch.positions import (
    LearnedPositions,
    add_positions,
    apply_rope,
    rope_angles,
    sinusoidal_positions,
)
from course_lib.shapes import ShapeError
from tests.helpers import assert_inputs_kept, assert_parity, draw, for_sizes, to_torch
from tests.invariants import check_length_is_kept, check_order_is_lost, check_scores_depend_on_offset


def rotate(x, positions=None):
    return apply_rope(torch.from_numpy(x), positions).numpy()


@for_sizes("BTHK", low=2)
def test_rope_against_gpt_j(sizes, rng):
    B, T, H, K = sizes["B"], sizes["T"], sizes["H"], 2 * sizes["K"]
    x = torch.from_numpy(rng.normal(size=(B, T, H, K))).float()  # their order: tokens before heads
    sin, cos = create_sinusoidal_positions(T, K).expand(B, T, K).chunk(2, dim=-1)  # (B, T, K/2) each, float32
    theirs = apply_rotary_pos_emb(x, sin, cos)
    ours = apply_rope(x.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@for_sizes("BTK")
def test_rope_against_complex_numbers(sizes, rng):
    T, K = sizes["T"], 2 * sizes["K"]
    x, grad_output = to_torch(rng.normal(size=(sizes["B"], T, K))), rng.normal(size=(sizes["B"], T, K))
    turn = torch.polar(torch.ones(T, K // 2, dtype=torch.float64), rope_angles(T, K))
    expected = torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (K // 2, 2))) * turn).flatten(-2)
    assert_parity(apply_rope(x), expected)
    grads = [torch.autograd.grad(y, x, torch.from_numpy(grad_output))[0] for y in (apply_rope(x), expected)]
    assert_parity(*grads, "gradient")


@for_sizes("TK", low=2)
def test_rope_invariants(sizes, rng):
    q, k = rng.normal(size=(2, 2 * sizes["K"]))
    check_scores_depend_on_offset(rotate, q, k)
    check_length_is_kept(rotate, rng.normal(size=(3, sizes["T"], 2 * sizes["K"])))


@for_sizes("CD")
def test_sinusoidal_is_a_row_of_sines_and_cosines(sizes, rng):
    C, D = sizes["C"], 2 * sizes["D"]
    t, i = torch.meshgrid(torch.arange(C).double(), torch.arange(D // 2).double(), indexing="ij")
    angle = t / 10000 ** (2 * i / D)
    table = sinusoidal_positions(C, D)
    assert table.dtype == torch.float64
    torch.testing.assert_close(table[:, 0::2], angle.sin(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(table[:, 1::2], angle.cos(), rtol=1e-12, atol=1e-14)


@for_sizes("BTD")
def test_learned_positions_are_added(sizes, rng):
    layer = LearnedPositions(sizes["T"] + 3, sizes["D"]).double()
    x = torch.from_numpy(draw(rng, sizes, "BTD"))
    assert_parity(layer(x, start=2), x + layer.weight[2 : 2 + sizes["T"]])


@for_sizes("TD", low=3)
def test_with_positions_the_order_is_known(sizes, rng):
    T, D = sizes["T"], 2 * sizes["D"]
    x = rng.normal(size=(2, T, D))

    def attend(x, value):
        return scaled_dot_product_attention(x, x, value)[0].detach().numpy()

    def layer(place):
        return lambda x: attend(place(torch.from_numpy(x)), torch.from_numpy(x))

    learned = LearnedPositions(T, D).double()
    torch.nn.init.normal_(learned.weight, generator=torch.Generator().manual_seed(0))
    check_order_is_lost(layer(lambda x: x), x, rng)
    for place in (lambda x: add_positions(x, sinusoidal_positions(T, D)), learned, apply_rope):
        with pytest.raises(AssertionError, match="Not equal"):
            check_order_is_lost(layer(place), x, rng)


@pytest.mark.parametrize("base", [0, -1.0, float("nan"), float("inf")])
def test_bases_that_are_none(base):
    with pytest.raises(
        ValueError, match=f"sinusoidal_positions: base is {base}, must be a finite number above 0"
    ):
        sinusoidal_positions(4, 2, base)
    with pytest.raises(ValueError, match=f"rope_angles: base is {base}, must be a finite number above 0"):
        apply_rope(torch.ones(4, 2), base=base)


def test_whole_numbers_become_floats():
    x, table = torch.tensor([[1, 0], [2, 3]]), sinusoidal_positions(2, 2)
    for call in (apply_rope, lambda x: add_positions(x, table)):
        assert call(x).dtype == torch.float32 and torch.equal(call(x), call(x.float()))


def test_inputs_are_kept():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 5, 4)))
    layer = LearnedPositions(8, 4).double()
    assert_inputs_kept(add_positions, x, sinusoidal_positions(8, 4))
    assert_inputs_kept(apply_rope, x, torch.arange(5))
    assert_inputs_kept(lambda x, weight: layer(x), x, layer.weight)


def test_errors():
    with pytest.raises(ShapeError, match="add_positions: positions 0 to 8 do not exist: C = 8, so 0 to 7"):
        add_positions(torch.zeros(9, 4), sinusoidal_positions(8, 4))
    with pytest.raises(ShapeError, match="LearnedPositions: positions 5 to 9 do not exist: C = 8"):
        LearnedPositions(8, 4)(torch.zeros(5, 4), start=5)
    with pytest.raises(
        ShapeError, match="add_positions: x has width 3 but table has width 4; both must be D"
    ):
        add_positions(torch.zeros(5, 3), sinusoidal_positions(8, 4))
    with pytest.raises(ValueError, match="sinusoidal_positions: D = 3, but features come in pairs"):
        sinusoidal_positions(4, 3)
    with pytest.raises(ValueError, match="rope_angles: K = 5, but features come in pairs"):
        apply_rope(torch.zeros(2, 5))
    with pytest.raises(ShapeError, match="apply_rope: x has 5 tokens but positions has 3"):
        apply_rope(torch.zeros(5, 4), torch.arange(3))
    with pytest.raises(ShapeError, match=r"rope_angles: positions must be a number or \(T,\), got \(2, 5\)"):
        apply_rope(torch.zeros(5, 4), torch.zeros(2, 5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    x = torch.ones(2, 5, 4, dtype=dtype, requires_grad=True)
    layer = LearnedPositions(8, 4).to(dtype)
    results = [apply_rope(x), add_positions(x, sinusoidal_positions(8, 4)), layer(x)]
    sum(r.sum() for r in results).backward()
    assert {r.dtype for r in (*results, x.grad, layer.weight.grad)} == {dtype}


def test_weights_start_as_in_gpt_2():
    weight = LearnedPositions(300, 200, generator=torch.Generator().manual_seed(0)).weight
    assert abs(weight.std().item() - 0.02) < 3e-4
