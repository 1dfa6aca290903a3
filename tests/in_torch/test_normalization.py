"""Layer normalization and RMS normalization in PyTorch against `nn.LayerNorm` and `nn.RMSNorm`."""

import pytest
import torch
from torch import nn

from course_lib.in_torch.normalization import LayerNorm, RMSNorm, layer_norm, rms_norm
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, draw, for_sizes, to_torch


@for_sizes("BTD", low=2)
def test_against_torch_layers(sizes, rng):
    D = sizes["D"]
    for ours, theirs in [
        (LayerNorm(D), nn.LayerNorm(D)),
        (LayerNorm(D, eps=0.1), nn.LayerNorm(D, eps=0.1)),
        (RMSNorm(D), nn.RMSNorm(D, eps=1e-5)),
        (RMSNorm(D, eps=0.1), nn.RMSNorm(D, eps=0.1)),
    ]:
        for p in theirs.parameters():
            nn.init.normal_(p)
        ours.double().load_state_dict(theirs.double().state_dict())
        x = draw(rng, sizes, "BTD")
        mine, torchs = to_torch(x), to_torch(x)
        assert_parity(ours(mine), theirs(torchs))
        weights = torch.from_numpy(draw(rng, sizes, "BTD"))
        (ours(mine) * weights).sum().backward()
        (theirs(torchs) * weights).sum().backward()
        assert_parity(mine.grad, torchs.grad)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert_parity(p.grad, q.grad)


@for_sizes("BTD", low=2)
def test_epsilon_outside_against_torch_std(sizes, rng):
    x = to_torch(draw(rng, sizes, "BTD"))
    expected = (x - x.mean(-1, keepdim=True)) / (x.std(-1, correction=0, keepdim=True) + 0.1)
    assert_parity(layer_norm(x, eps=0.1, eps_inside=False), expected)


def test_equal_features_stop_no_training():
    for eps_inside in (True, False):
        x = torch.full((1, 3), 7.0, requires_grad=True)
        y = layer_norm(x, eps=0.5, eps_inside=eps_inside)
        assert (y == 0).all()
        y.backward(torch.tensor([[1.0, 2.0, 6.0]]))
        torch.testing.assert_close(
            x.grad, torch.tensor([[-2.0, -1.0, 3.0]]) / (0.5**0.5 if eps_inside else 0.5)
        )


def test_whole_numbers_become_floats():
    assert layer_norm(torch.tensor([1, 3]), eps=0).tolist() == [-1.0, 1.0]
    assert rms_norm(torch.tensor([3, -3]), eps=0).tolist() == [1.0, -1.0]


def test_widths_that_do_not_fit():
    x, w = torch.ones(2, 3), torch.ones(4)
    for call, name, use in [
        ("layer_norm", "weight", lambda: layer_norm(x, w)),
        ("layer_norm", "bias", lambda: layer_norm(x, None, w)),
        ("rms_norm", "weight", lambda: rms_norm(x, w)),
        ("layer_norm", "weight", lambda: LayerNorm(4)(x)),
        ("rms_norm", "weight", lambda: RMSNorm(4)(x)),
    ]:
        with pytest.raises(
            ShapeError, match=f"^{call}: x has width 3 but {name} has width 4; both must be D"
        ):
            use()
