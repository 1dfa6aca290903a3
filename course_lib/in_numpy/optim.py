"""Optimizers: what to do with the gradients once they are known.

An optimizer holds a model and changes its parameters in place, one `step()` at a time. Between two
steps the model's gradients must be set back to zero (`model.zero_grad()`), or they add up.
"""

import math

import numpy as np

from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward

__all__ = ["SGD", "AdamW", "clip_gradients"]


class SGD:
    """Gradient descent, with momentum if asked: v ← μ·v + g, then p ← p − lr·v.

    Polyak 1964, in torch's form (the learning rate multiplies v, it is not inside it).
    Raises ValueError when lr, momentum or weight_decay is out of range.

    >>> from course_lib.in_numpy.modules import Linear
    >>> model = Linear(1, 1)
    >>> model.params["weight"][:], model.grads["weight"][:] = 1.0, 2.0
    >>> SGD(model, lr=0.25).step()
    >>> model.params["weight"]
    array([[0.5]], dtype=float32)
    """

    def __init__(self, model, lr, momentum=0.0, weight_decay=0.0):
        _check_range("SGD", lr=(lr, math.inf), momentum=(momentum, 1), weight_decay=(weight_decay, math.inf))
        self.model, self.lr, self.momentum, self.weight_decay = model, lr, momentum, weight_decay
        self.velocity = {name: np.zeros_like(p) for name, p in model.state_dict().items()} if momentum else {}

    def step(self):
        """Move every parameter once."""
        gradients = self.model.gradients()
        for name, p in self.model.state_dict().items():
            g = gradients[name]
            if self.weight_decay:
                g = g + self.weight_decay * p
            if self.momentum:
                v = self.velocity[name]
                v *= self.momentum
                v += g
                g = v
            p -= self.lr * g


class AdamW:
    """Adam with weight decay kept out of the gradient: each parameter gets a step of its own size.

    m and v are running means of g and g²; dividing by 1 − β^t undoes their start at zero.
    p ← p − lr·λ·p − lr·m̂ / (√v̂ + ε). Loshchilov & Hutter 2019, algorithm 2, in torch's form
    (lr multiplies the decay too). weight_decay=0 gives Adam (Kingma & Ba 2015, algorithm 1).
    Raises ValueError when a setting is out of range.

    >>> from course_lib.in_numpy.modules import Linear
    >>> model = Linear(1, 1)
    >>> model.params["weight"][:], model.grads["weight"][:] = 1.0, 2.0
    >>> AdamW(model, lr=0.25, weight_decay=0.0).step()     # the first step is lr long, whatever g
    >>> model.params["weight"]
    array([[0.75]], dtype=float32)
    """

    def __init__(self, model, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        _check_range("AdamW", lr=(lr, math.inf), beta1=(betas[0], 1), beta2=(betas[1], 1))
        _check_range("AdamW", eps=(eps, math.inf), weight_decay=(weight_decay, math.inf))
        self.model, self.lr, self.betas, self.eps, self.weight_decay = model, lr, betas, eps, weight_decay
        self.t = 0  # steps taken
        self.m = {name: np.zeros_like(p) for name, p in model.state_dict().items()}
        self.v = {name: np.zeros_like(p) for name, p in model.state_dict().items()}

    def step(self):
        """Move every parameter once."""
        self.t += 1
        beta1, beta2 = self.betas
        undo1, undo2 = 1 - beta1**self.t, 1 - beta2**self.t
        gradients = self.model.gradients()
        for name, p in self.model.state_dict().items():
            g, m, v = gradients[name], self.m[name], self.v[name]
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * (g * g)
            p *= 1 - self.lr * self.weight_decay
            p -= (self.lr / undo1) * m / (np.sqrt(v / undo2) + self.eps)


def clip_gradients(model, max_norm):
    """Shrink all gradients by one factor when their joint length exceeds max_norm; returns the length before.

    Pascanu, Mikolov & Bengio 2013, algorithm 1. The direction does not change.
    Raises ValueError when a gradient holds NaN or infinity (naming it) or max_norm ≤ 0.

    >>> from course_lib.in_numpy.modules import Linear
    >>> model = Linear(1, 1)
    >>> model.grads["weight"][:], model.grads["bias"][:] = 3.0, 4.0
    >>> clip_gradients(model, 1.0), model.gradients()["bias"]
    (5.0, array([0.8], dtype=float32))
    """
    if not max_norm > 0:
        raise ValueError(f"clip_gradients: max_norm must be above 0, got {max_norm}")
    gradients = model.gradients()
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
    if not math.isfinite(norm):
        name = next((n for n, g in gradients.items() if not np.isfinite(g).all()), "their sum of squares")
        raise ValueError(f"clip_gradients: the gradient of {name} holds NaN or infinity")
    if norm > max_norm:
        for g in gradients.values():
            g *= max_norm / norm
    return norm


def descend(model, optimizer, inputs, targets, max_norm=1.0, ignore_index=-100):
    """One step of training for any model: forward, loss, backward, clip, update → the loss before it, in nats.

    inputs what the model takes, a tuple; targets as for `cross_entropy`. `optimizer` holds `model`; gradients longer
    than max_norm are shrunk to it.

    >>> from course_lib.in_numpy.modules import Linear
    >>> model = Linear(2, 3)
    >>> descend(model, SGD(model, lr=0.1), (np.zeros((1, 2), np.float32),), [1])     # ln 3
    1.0986123085021973
    """
    model.zero_grad()
    logits = model(*inputs)  # (..., V)
    loss = cross_entropy(logits, targets, ignore_index)
    model.backward(cross_entropy_backward(logits, targets, ignore_index))
    clip_gradients(model, max_norm)
    optimizer.step()
    return float(loss)


def _check_range(call, **settings):
    for name, (value, limit) in settings.items():
        if not 0 <= value < limit:
            raise ValueError(f"{call}: {name} must be at least 0 and below {limit}, got {value}")
