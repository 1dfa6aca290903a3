"""Optimizers in PyTorch against `torch.optim` and torch's own clipping and schedule."""

import math

import pytest
import torch
from torch import nn

from course_lib.in_torch.optim import SGD, AdamW, clip_gradients
from tests.helpers import assert_parity

PAIRS = {
    "sgd": (lambda m: SGD(m, 0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "sgd with decay": (lambda m: SGD(m, 0.1, 0.0, 0.3), lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3)),
    "momentum": (lambda m: SGD(m, 0.1, 0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    "adamw": (AdamW, torch.optim.AdamW),
    "adamw with settings": (
        lambda m: AdamW(m, 0.03, (0.8, 0.95), 1e-3, 0.2),
        lambda p: torch.optim.AdamW(p, 0.03, (0.8, 0.95), 1e-3, 0.2),
    ),
    "adam": (lambda m: AdamW(m, weight_decay=0.0), torch.optim.Adam),
}


def two_models():
    torch.manual_seed(0)
    models = [nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    return models


@pytest.mark.parametrize("pair", PAIRS)
def test_against_torch_optim(pair):
    mine, torchs = two_models()
    ours, theirs = PAIRS[pair][0](mine), PAIRS[pair][1](torchs.parameters())
    for _ in range(20):
        x = torch.randn(7, 3, dtype=torch.float64)
        for model, optimizer in ((mine, ours), (torchs, theirs)):
            model.zero_grad()
            (model(x) - x[:, :2] ** 2).square().mean().backward()
            optimizer.step()
    for p, q in zip(mine.parameters(), torchs.parameters(), strict=True):
        assert_parity(p, q)


@pytest.mark.parametrize("optimizer", [lambda m: SGD(m, 0.1, 0.9, 0.1), AdamW])
def test_what_has_no_gradient_stays(optimizer):
    model = nn.Linear(2, 2)
    before = model.bias.detach().clone()
    model.weight.grad = torch.ones(2, 2)
    optimizer(model).step()
    assert torch.equal(model.bias, before)


@pytest.mark.parametrize("max_norm", [0.1, 1e6])
def test_against_torch_clipping(max_norm):
    mine, torchs = two_models()
    for model in (mine, torchs):
        model(torch.ones(4, 3, dtype=torch.float64)).square().sum().backward()
    norm = clip_gradients(mine, max_norm)
    assert_parity(norm, nn.utils.clip_grad_norm_(torchs.parameters(), max_norm).item())
    for p, q in zip(mine.parameters(), torchs.parameters(), strict=True):
        # torch divides by norm + 1e-6, so that it need not look whether the norm is 0
        assert_parity(p.grad, q.grad * (norm + 1e-6) / norm if norm > max_norm else q.grad)
    assert (norm > max_norm) == (max_norm == 0.1), "one of the two clips"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_named(bad):
    model = nn.Linear(2, 1)
    model.weight.grad, model.bias.grad = torch.ones(1, 2), torch.tensor([bad])
    with pytest.raises(ValueError, match="^clip_gradients: the gradient of bias holds NaN or infinity$"):
        clip_gradients(model, 1.0)
    assert (model.weight.grad == 1).all()


def test_bad_settings():
    model = nn.Linear(1, 1)
    for make, words in [
        (lambda: SGD(model, -0.1), "SGD: lr must be at least 0 and below inf, got -0.1"),
        (lambda: SGD(model, 0.1, momentum=1), "SGD: momentum must be at least 0 and below 1, got 1"),
        (lambda: AdamW(model, betas=(1.0, 0.9)), "AdamW: beta1 must be at least 0 and below 1, got 1.0"),
        (lambda: AdamW(model, eps=-1e-8), "AdamW: eps must be at least 0 and below inf, got -1e-08"),
        (lambda: clip_gradients(model, 0), "clip_gradients: max_norm must be above 0, got 0"),
    ]:  # fmt: skip
        with pytest.raises(ValueError) as error:
            make()
        assert str(error.value) == words
