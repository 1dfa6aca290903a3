"""Optimizers: NumPy against PyTorch, step by step on the same gradients."""

import numpy as np
import torch

from course_lib.in_numpy import optim as in_numpy
from course_lib.in_numpy.feed_forward import FeedForward as NumpyNetwork
from course_lib.in_torch import optim as in_torch
from course_lib.in_torch.feed_forward import FeedForward as TorchNetwork
from tests.helpers import SLOW, assert_parity, for_sizes, make_twins

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-4, "weight_decay": 0.3}),
]


@for_sizes("DF", profile=SLOW)
def test_steps(sizes, rng):
    D, F = sizes["D"], sizes["F"]
    for name, settings in OPTIMIZERS:
        ours, theirs = make_twins(NumpyNetwork(D, F, dtype=np.float64), TorchNetwork(D, F), rng)
        optimizers = getattr(in_numpy, name)(ours, **settings), getattr(in_torch, name)(theirs, **settings)
        for max_norm in (1e-2, 1e9, 0.5, 1.0, 1.0):
            for p, (_, grad) in zip(theirs.parameters(), ours.gradients().items(), strict=True):
                grad[...] = rng.normal(size=grad.shape)
                p.grad = torch.from_numpy(grad.copy())
            assert_parity(in_numpy.clip_gradients(ours, max_norm), in_torch.clip_gradients(theirs, max_norm))
            for optimizer in optimizers:
                optimizer.step()
        for p, (name_, value) in zip(theirs.parameters(), ours.state_dict().items(), strict=True):
            assert_parity(value, p, name_)
