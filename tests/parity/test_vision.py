"""Patches, their embedding and the vision transformer: NumPy against PyTorch, values and every gradient."""

import numpy as np
import pytest
import torch

from course_lib.in_numpy import vision as in_numpy
from course_lib.in_numpy.optim import SGD as NumpySGD
from course_lib.in_torch import vision as in_torch
from course_lib.in_torch.optim import SGD as TorchSGD
from tests.helpers import SLOW, assert_module_parity, assert_parity, for_sizes, make_twins


def check_patches(sizes, rng, numpy=in_numpy):
    """sizes: r rows and c columns of patches of P × P pixels with h channels."""
    B, r, c, P, h = (sizes[letter] for letter in "BrcPh")
    images = rng.normal(size=(B, r * P, c * P, h))
    patches = numpy.split_patches(images, P)
    assert_parity(patches, in_torch.split_patches(torch.from_numpy(images), P))
    joined = numpy.join_patches(patches, P, r * P, c * P)
    assert_parity(joined, in_torch.join_patches(torch.from_numpy(patches), P, r * P, c * P))
    settings = {"P": P, "channels": h, "D": 9}
    twins = numpy.PatchEmbedding(**settings, dtype=np.float64), in_torch.PatchEmbedding(**settings)
    assert_module_parity(*make_twins(*twins, rng), rng, images)


@for_sizes("BrcPh", high=6)
def test_patches(sizes, rng):
    check_patches(sizes, rng)


def check_model(sizes, rng, numpy=in_numpy, positions=True):
    B, r, c, P, h, V = (sizes[letter] for letter in "BrcPhV")
    settings = {"height": r * P, "width": c * P, "channels": h, "P": P, "D": 6, "H": 3, "L": 2, "F": 7}
    settings |= {"classes": V, "eps": 0.1, "positions": positions}
    twins = numpy.VisionTransformer(**settings, dtype=np.float64), in_torch.VisionTransformer(**settings)
    ours, theirs = make_twins(*twins, rng)
    images = rng.normal(size=(B, r * P, c * P, h))
    assert_module_parity(ours, theirs, rng, images)
    for mine, torchs in zip(ours.encoder, theirs.encoder, strict=True):
        assert_parity(mine.attention.weights, torchs.attention.weights)

    optimizers = NumpySGD(ours, 0.1, 0.9), TorchSGD(theirs, 0.1, 0.9)
    for _ in range(3):
        labels = rng.integers(V, size=B)
        loss = numpy.training_step(ours, optimizers[0], images, labels)
        assert_parity(loss, in_torch.training_step(theirs, optimizers[1], images, labels))
    for name, p in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], p, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("positions", [True, False])
@for_sizes("BrcPhV", profile=SLOW, low=2)
def test_logits_every_gradient_and_training(positions, sizes, rng):
    check_model(sizes, rng, positions=positions)


class ColumnsFirst:
    """Reads the patches column by column."""

    @staticmethod
    def split_patches(images, P):
        rows = images.shape[1] // P
        patches = in_numpy.split_patches(images, P)  # (B, N, …)
        B, N, size = patches.shape
        return patches.reshape(B, rows, N // rows, size).swapaxes(1, 2).reshape(B, N, size)


class SumOverPatches(in_numpy.VisionTransformer):
    """Adds the patches up, instead of their mean."""

    def forward(self, images):
        x = super().forward(images)
        bias = self.head.params["bias"]
        return (x - bias) * self.kept[1] + bias


class BackwardForgetsTheMean(in_numpy.VisionTransformer):
    def backward(self, grad_logits):
        return super().backward(grad_logits * self.kept[1])


@pytest.mark.parametrize("broken", [SumOverPatches, BackwardForgetsTheMean])
def test_a_broken_model_is_noticed(broken):
    numpy = type("numpy", (), {**vars(in_numpy), "VisionTransformer": broken})
    sizes = {"B": 2, "r": 3, "c": 4, "P": 2, "h": 5, "V": 6}
    with pytest.raises(AssertionError, match="output|gradient"):
        check_model(sizes, np.random.default_rng(0), numpy)


def test_a_wrong_order_of_patches_is_noticed():
    numpy = type("numpy", (), {**vars(in_numpy), "split_patches": ColumnsFirst.split_patches})
    sizes = {"B": 2, "r": 3, "c": 4, "P": 2, "h": 5}
    with pytest.raises(AssertionError, match="value"):
        check_patches(sizes, np.random.default_rng(0), numpy)
