"""Right and wrong answers to the exercise of lesson 09_back_propagation."""

import numpy as np
import torch

from course_lib.exercises.back_propagation import check_rms_norm_backward


def rms_backward(grad, x, root=np.sqrt, through=1.0, y_of=lambda x, r: x / r, axis=1, mean=0):
    r = root((x * x).mean(axis=1, keepdims=True))
    along = (grad * (x / r)).mean(axis=axis, keepdims=True)
    return (grad - mean * grad.mean(axis=1, keepdims=True) - through * y_of(x, r) * along) / r


def rms_backward_by_jacobian(grad, x):
    out = np.empty_like(x)
    for n, (g, row) in enumerate(zip(grad, x, strict=True)):
        r = np.sqrt((row**2).mean())
        out[n] = g @ (np.eye(len(row)) / r - np.outer(row, row) / (len(row) * r**3))
    return out


def rms_in_place(grad, x):
    grad[:] = rms_backward(grad, x)
    return grad


def rms_backward_by_autograd(grad, x):
    x = torch.from_numpy(x).requires_grad_()
    (x / (x * x).mean(dim=1, keepdim=True).sqrt()).backward(torch.from_numpy(grad))
    return x.grad


RIGHT = [
    (check_rms_norm_backward, rms_backward),
    (check_rms_norm_backward, rms_backward_by_jacobian),
    (check_rms_norm_backward, rms_backward_by_autograd),
]  # fmt: skip

WRONG = [
    (check_rms_norm_backward, lambda g, x: g, "nothing was divided"),
    (check_rms_norm_backward, lambda g, x: g * np.sqrt((x * x).mean()), "multiplied by r"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, root=lambda s: s), "twice, or by its square"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, mean=1), "mean was taken out"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, mean=len(x) > 1), "mean was taken out"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, through=0), "treated as a constant"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, through=-1), "wrong sign"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, through=x.shape[1]), "D times too large"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, axis=None), "rows are mixed"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, y_of=lambda x, r: x), "x where y belongs"),
    (check_rms_norm_backward, rms_in_place, "changed what it was given"),
    (check_rms_norm_backward, lambda g, x: g + x, "nothing comes back"),
    (check_rms_norm_backward, lambda g, x: rms_backward(g, x, through=0.5), "with it every entry"),
]  # fmt: skip
