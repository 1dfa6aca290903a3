"""Optimizers: what to do with the gradients once they are known.

An optimizer holds a model and changes its parameters in place, one `step()` at a time. Between two
steps the model's gradients must be set back to zero (`model.zero_grad()`), or they add up.
Written out so that every update can be read; `torch.optim` has the same updates, fused for speed.
"""

import math

import torch

from course_lib.in_torch.losses import cross_entropy

__all__ = ["SGD", "AdamW", "clip_gradients"]


class SGD:
    """Gradient descent, with momentum if asked: v ← μ·v + g, then p ← p − lr·v.

    Polyak 1964, in torch's form (the learning rate multiplies v, it is not inside it).
    Raises ValueError when lr, momentum or weight_decay is out of range.

    >>> p = torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.ones_(p.weight)
    >>> p(torch.tensor([2.0])).backward()
    >>> SGD(p, lr=0.25).step()
    >>> p.weight.item()
    0.5
    """

    def __init__(self, model, lr, momentum=0.0, weight_decay=0.0):
        _check_range("SGD", lr=(lr, math.inf), momentum=(momentum, 1), weight_decay=(weight_decay, math.inf))
        self.model, self.lr, self.momentum, self.weight_decay = model, lr, momentum, weight_decay
        self.velocity = (
            {name: torch.zeros_like(p) for name, p in model.named_parameters()} if momentum else {}
        )

    @torch.no_grad()
    def step(self):
        """Move every parameter that has a gradient once."""
        for name, p in self.model.named_parameters():
            if p.grad is None:
                continue
            g = p.grad
            if self.weight_decay:
                g = g + self.weight_decay * p
            if self.momentum:
                g = self.velocity[name].mul_(self.momentum).add_(g)
            p -= self.lr * g


class AdamW:
    """Adam with weight decay kept out of the gradient: each parameter gets a step of its own size.

    m and v are running means of g and g²; dividing by 1 − β^t undoes their start at zero.
    p ← p − lr·λ·p − lr·m̂ / (√v̂ + ε). Loshchilov & Hutter 2019, algorithm 2, in torch's form
    (lr multiplies the decay too). weight_decay=0 gives Adam (Kingma & Ba 2015, algorithm 1).
    Raises ValueError when a setting is out of range.

    >>> p = torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.ones_(p.weight)
    >>> p(torch.tensor([2.0])).backward()
    >>> AdamW(p, lr=0.25, weight_decay=0.0).step()     # the first step is lr long, whatever g
    >>> p.weight.item()
    0.75
    """

    def __init__(self, model, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        _check_range("AdamW", lr=(lr, math.inf), beta1=(betas[0], 1), beta2=(betas[1], 1))
        _check_range("AdamW", eps=(eps, math.inf), weight_decay=(weight_decay, math.inf))
        self.model, self.lr, self.betas, self.eps, self.weight_decay = model, lr, betas, eps, weight_decay
        self.t = 0  # steps taken
        self.m = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
        self.v = {name: torch.zeros_like(p) for name, p in model.named_parameters()}

    @torch.no_grad()
    def step(self):
        """Move every parameter that has a gradient once."""
        self.t += 1
        beta1, beta2 = self.betas
        undo1, undo2 = 1 - beta1**self.t, 1 - beta2**self.t
        for name, p in self.model.named_parameters():
            if p.grad is None:
                continue
            m = self.m[name].lerp_(p.grad, 1 - beta1)  # β₁·m + (1 − β₁)·g
            v = self.v[name].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)  # β₂·v + (1 − β₂)·g²
            p.mul_(1 - self.lr * self.weight_decay)
            p.addcdiv_(m, (v / undo2).sqrt_().add_(self.eps), value=-self.lr / undo1)


@torch.no_grad()
def clip_gradients(model, max_norm):
    """Shrink all gradients by one factor when their joint length exceeds max_norm; returns the length before.

    Pascanu, Mikolov & Bengio 2013, algorithm 1. The direction does not change.
    Raises ValueError when a gradient holds NaN or infinity (naming it) or max_norm ≤ 0.

    >>> p = torch.nn.Linear(1, 1, bias=False)
    >>> p(torch.tensor([2.0])).backward()
    >>> clip_gradients(p, 0.5), p.weight.grad.item()
    (2.0, 0.5)
    """
    if not max_norm > 0:
        raise ValueError(f"clip_gradients: max_norm must be above 0, got {max_norm}")
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    norm = math.sqrt(sum(g.square().sum() for g in gradients.values()))
    if not math.isfinite(norm):
        name = next((n for n, g in gradients.items() if not g.isfinite().all()), "their sum of squares")
        raise ValueError(f"clip_gradients: the gradient of {name} holds NaN or infinity")
    if norm > max_norm:
        for g in gradients.values():
            g *= max_norm / norm
    return norm


def descend(model, optimizer, inputs, targets, max_norm=1.0, ignore_index=-100):
    """One step of training for any model: forward, loss, backward, clip, update → the loss before it, in nats.

    inputs what the model takes, a tuple; targets as for `cross_entropy`. `optimizer` holds `model`; gradients longer
    than max_norm are shrunk to it.

    >>> model = torch.nn.Linear(2, 3)
    >>> descend(model, SGD(model, lr=0.1), (torch.zeros(1, 2),), [1]) < 2
    True
    """
    model.zero_grad()
    loss = cross_entropy(model(*inputs), targets, ignore_index)
    loss.backward()
    clip_gradients(model, max_norm)
    optimizer.step()
    return loss.item()


def _check_range(call, **settings):
    for name, (value, limit) in settings.items():
        if not 0 <= value < limit:
            raise ValueError(f"{call}: {name} must be at least 0 and below {limit}, got {value}")
