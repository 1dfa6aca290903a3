"""Right and wrong answers to the exercises of lesson 08_loss_and_gradient_descent."""

import numpy as np
import torch

from course_lib.exercises.losses import (
    check_adam_step,
    check_cross_entropy,
    check_cross_entropy_backward,
)
from tests.exercises.answers.attention import softmax


def rows(targets):
    return np.arange(len(targets))


def loss(logits, targets):
    return -np.log(softmax(logits)[rows(targets), targets]).mean()


def stable_loss(logits, targets):
    return (np.logaddexp.reduce(logits, axis=1) - logits[rows(targets), targets]).mean()


def loss_with_loops(logits, targets):
    total = 0.0
    for z, target in zip(logits, targets, strict=True):
        total += np.log(sum(np.exp(one - max(z)) for one in z)) + max(z) - z[target]
    return total / len(targets)


def gradient(logits, targets, axis=-1):
    return (softmax(logits, axis=axis) - np.eye(logits.shape[1])[targets]) / len(targets)


def gradient_by_subtraction(logits, targets):
    p = softmax(logits)
    p[rows(targets), targets] -= 1
    return p / len(targets)


def gradient_in_place(logits, targets):
    logits[:] = gradient(logits, targets)
    return logits


def adam(p, g, m, v, t, lr, b1=0.9, b2=0.999, undo1=None, undo2=None, root=np.sqrt, eps=1e-8, inside=0.0):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    undo1 = 1 - b1**t if undo1 is None else undo1
    undo2 = 1 - b2**t if undo2 is None else undo2
    return p - lr * (m / undo1) / (root(v / undo2 + inside) + eps), m, v


def adam_in_one_factor(p, g, m, v, t, lr):
    m, v = m + 0.1 * (g - m), v + 0.001 * (g**2 - v)
    undo = np.sqrt(1 - 0.999**t)
    return [p - lr * undo / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * undo), m, v]


def adam_late(p, g, m, v, t, lr):
    """Steps with the m and v it was given, except at the start."""
    _, new_m, new_v = adam(p, g, m, v, t, lr)
    used = (new_m, new_v) if t == 1 else (m, v)
    return p - lr * (used[0] / (1 - 0.9**t)) / (np.sqrt(used[1] / (1 - 0.999**t)) + 1e-8), new_m, new_v


def adam_in_place(p, g, m, v, t, lr):
    p[:], m, v = adam(p, g, m, v, t, lr)
    return p, m, v


def changed(step, **new):
    """An Adam step whose second or third answer is another: changed(adam, m=lambda g: …)."""

    def run(p, g, m, v, t, lr):
        p, m, v = step(p, g, m, v, t, lr)
        return p, new.get("m", lambda g: m)(g), new.get("v", lambda g: v)(g)

    return run


def gradient_by_autograd(logits, targets):
    logits = torch.from_numpy(logits).requires_grad_()
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(targets)).backward()
    return logits.grad


def adam_entry_by_entry(p, g, m, v, t, lr):
    new = []
    for one, slope, mean, square in zip(p, g, m, v, strict=True):
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        step = mean / (1 - 0.9**t) / ((square / (1 - 0.999**t)) ** 0.5 + 1e-8)
        new.append((one - lr * step, mean, square))
    return tuple(zip(*new, strict=True))



RIGHT = [
    (check_cross_entropy, stable_loss),
    (check_cross_entropy, loss_with_loops),
    (check_cross_entropy, lambda z, t: np.mean([np.logaddexp.reduce(row - row[i]) for row, i in zip(z, t, strict=True)])),
    (check_cross_entropy_backward, gradient),
    (check_cross_entropy_backward, gradient_by_subtraction),
    (check_adam_step, adam),
    (check_adam_step, adam_in_one_factor),
    (check_cross_entropy_backward, gradient_by_autograd),
    (check_adam_step, adam_entry_by_entry),
]  # fmt: skip

WRONG = [
    (check_cross_entropy, lambda z, t: -stable_loss(z, t), "minus sign"),
    (check_cross_entropy, lambda z, t: stable_loss(z, t) / np.log(2), "in bits"),
    (check_cross_entropy, lambda z, t: stable_loss(z, t) / z.shape[1], "size of the vocabulary"),
    (check_cross_entropy, lambda z, t: -np.log(softmax(z)).sum(), "only the true word"),
    (check_cross_entropy, lambda z, t: softmax(z)[rows(t), t].mean(), "minus its logarithm"),
    (check_cross_entropy, lambda z, t: -np.log(softmax(z).max(axis=1)).mean(), "most likely word"),
    (check_cross_entropy, lambda z, t: -z[rows(t), t].mean(), "taken for a log-probability"),
    (check_cross_entropy, lambda z, t: stable_loss(z, t) * len(t), "take their mean"),
    (check_cross_entropy, lambda z, t: np.logaddexp.reduce(z, axis=1) - z[rows(t), t] if len(t) > 1 else stable_loss(z, t), r"shape \(\)"),
    (check_cross_entropy, lambda z, t: -np.log(softmax(z, axis=0 if len(z) > 1 else 1)[rows(t), t]).mean(), "down the columns"),
    (check_cross_entropy, lambda z, t: (np.logaddexp.reduce(z, axis=None) - z[rows(t), t]).mean(), "whole matrix"),
    (check_cross_entropy, lambda z, t: (np.log(np.exp(z).sum(axis=1)) - z[rows(t), t]).mean(), "overflows"),
    (check_cross_entropy, loss, "overflows"),
    (check_cross_entropy, lambda z, t: None, "return missing"),
    (check_cross_entropy, lambda z, t: 1.0, "must cost 2.303"),
    (check_cross_entropy_backward, lambda z, t: -gradient(z, t), "turned round"),
    (check_cross_entropy_backward, lambda z, t: softmax(z) / len(t), "not subtracted"),
    (check_cross_entropy_backward, lambda z, t: -np.eye(z.shape[1])[t] / softmax(z), "for the probabilities"),
    (check_cross_entropy_backward, lambda z, t: (z - np.eye(z.shape[1])[t]) / len(t), "used as they are"),
    (check_cross_entropy_backward, lambda z, t: gradient(z, t) * len(t), "divided by their number"),
    (check_cross_entropy_backward, lambda z, t: gradient(z, t, axis=0 if len(z) > 1 else 1), "down the columns"),
    (check_cross_entropy_backward, lambda z, t: (np.exp(z) / np.exp(z).sum() - np.eye(z.shape[1])[t]) / len(t), "shares one sum"),
    (check_cross_entropy_backward, gradient_in_place, "changed what it was given"),
    (check_cross_entropy_backward, lambda z, t: gradient(z, t)[0], "shape"),
    (check_cross_entropy_backward, lambda z, t: z * 0, "−0.9"),
    (check_adam_step, lambda p, g, m, v, t, lr: p - lr * g, "three things"),
    (check_adam_step, lambda p, g, m, v, t, lr: None, "return missing"),
    (check_adam_step, adam_in_place, "changed what it was given"),
    (check_adam_step, lambda *a: adam(*a, b1=0.1), "other way round"),
    (check_adam_step, lambda *a: adam(*a, b2=0.001), "0.999 of the new square"),
    (check_adam_step, lambda *a: adam(*a, b2=0.9), "pace of its own"),
    (check_adam_step, changed(adam, m=lambda g: g), "as momentum does"),
    (check_adam_step, changed(adam, m=lambda g: 2 * g), "0.9 of the old mean"),
    (check_adam_step, changed(adam, m=lambda g: g, v=lambda g: g * g), "corrected m and v were returned"),
    (check_adam_step, changed(adam, v=lambda g: 0.001 * g), "a square is missing"),
    (check_adam_step, changed(adam, v=lambda g: g), "0.001 of the squared gradient"),
    (check_adam_step, lambda p, g, m, v, t, lr: adam(p, g, m, v, t, -lr), "uphill"),
    (check_adam_step, lambda *a: adam(*a, undo1=1, undo2=1), "too small at first"),
    (check_adam_step, lambda *a: adam(*a, undo2=1), "v was not corrected"),
    (check_adam_step, lambda *a: adam(*a, undo1=1), "m was not corrected"),
    (check_adam_step, lambda *a: adam(*a, root=lambda v: v), "divided by v"),
    (check_adam_step, lambda *a: adam(*a, root=np.ones_like), "no part in the step"),
    (check_adam_step, lambda *a: adam(*a, undo1=0.1, undo2=0.001), "change with t"),
    (check_adam_step, adam_late, "old m and v"),
    (check_adam_step, lambda p, g, m, v, t, lr: adam(p, g, m * 0, v * 0, 1, lr), "no influence"),
    (check_adam_step, lambda *a: adam(*a, eps=0), "0/0"),
    (check_adam_step, lambda *a: adam(*a, eps=0, inside=1e-8), "under the root"),
    (check_adam_step, lambda *a: adam(*a, eps=1e-20), "far too small"),
    (check_adam_step, lambda p, g, m, v, t, lr: (p - lr * (g != 0) * np.sign(g) * 0.7, 0.1 * g, 0.001 * g * g), "as long as the learning rate"),
    (check_adam_step, lambda p, g, m, v, t, lr: adam(p - 0.01 * lr * p * (g == 0), g, m, v, t, lr), "leave the parameter"),
]  # fmt: skip
