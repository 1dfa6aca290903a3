"""Patch embedding in PyTorch against `unfold` and `nn.Conv2d`; the vision transformer: order of patches, training."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from course_lib.in_torch.optim import AdamW
from course_lib.in_torch.vision import (
    PatchEmbedding,
    VisionTransformer,
    join_patches,
    split_patches,
    training_step,
)
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, for_sizes, ordinary_size, to_torch

SIZE = {"height": 4, "width": 6, "channels": 3, "P": 2, "D": 4, "H": 2, "L": 2, "classes": 5, "F": 7}


def model_of(**settings):
    return ordinary_size(VisionTransformer(**SIZE | settings))


@for_sizes("BrcPh", high=6)
def test_patches_against_unfold(sizes, rng):
    B, r, c, P, h = (sizes[letter] for letter in "BrcPh")
    images = torch.from_numpy(rng.normal(size=(B, r * P, c * P, h)))
    columns = functional.unfold(images.permute(0, 3, 1, 2), P, stride=P)  # (B, channels·P·P, N)
    expected = columns.unflatten(1, (h, P * P)).permute(0, 3, 2, 1).flatten(2)  # channels last
    patches = split_patches(images, P)
    assert torch.equal(patches, expected)
    assert torch.equal(join_patches(patches, P, r * P, c * P), images)
    folded = functional.fold(columns, (r * P, c * P), P, stride=P).permute(0, 2, 3, 1)
    assert torch.equal(join_patches(patches, P, r * P, c * P), folded)


@for_sizes("BrcPhD", high=6)
def test_embedding_against_a_convolution(sizes, rng):
    B, r, c, P, h, D = (sizes[letter] for letter in "BrcPhD")
    layer = PatchEmbedding(P, h, D).double()
    convolution = nn.Conv2d(h, D, kernel_size=P, stride=P, dtype=torch.float64)
    with torch.no_grad():
        kernel = convolution.weight.permute(2, 3, 1, 0)  # (P, P, channels, D)
        layer.projection.weight.copy_(kernel.reshape(P * P * h, D))
        layer.projection.bias.copy_(convolution.bias)
    mine, torchs = (to_torch(images) for images in [rng.normal(size=(B, r * P, c * P, h))] * 2)
    tokens = layer(mine)
    expected = convolution(torchs.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)  # (B, N, D)
    assert_parity(tokens, expected)
    tokens.pow(3).sum().backward()
    expected.pow(3).sum().backward()
    assert_parity(mine.grad, torchs.grad)
    gradient = layer.projection.weight.grad.unflatten(0, (P, P, h))
    assert_parity(gradient, convolution.weight.grad.permute(2, 3, 1, 0))


def test_the_whole_model_against_torchs_own_parts():
    model = model_of()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(7, 4, 6, 3)))
    x = model.patches(images) + model.positions.weight
    for block in model.encoder:
        h = functional.layer_norm(x, (4,), block.norm_1.weight, block.norm_1.bias)
        attention, parts = block.attention, ("query", "key", "value")
        h, _ = functional.multi_head_attention_forward(
            *[h.transpose(0, 1)] * 3, 4, 2,
            torch.cat([getattr(attention, part).weight.T for part in parts]),
            torch.cat([getattr(attention, part).bias for part in parts]),
            None, None, False, 0.0, attention.out.weight.T, attention.out.bias,
        )  # fmt: skip
        x = x + h.transpose(0, 1)
        h = functional.layer_norm(x, (4,), block.norm_2.weight, block.norm_2.bias)
        network = block.feed_forward
        h = functional.gelu(h @ network.c_fc.weight + network.c_fc.bias, approximate="tanh")
        x = x + h @ network.c_proj.weight + network.c_proj.bias
    x = functional.layer_norm(x, (4,), model.norm.weight, model.norm.bias).mean(dim=1)
    assert_parity(model(images), x @ model.head.weight + model.head.bias)


def test_without_positions_the_order_of_patches_is_lost():
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 4, 6, 3)))
    moved = join_patches(split_patches(images, 2)[:, [3, 0, 5, 1, 4, 2]], 2, 4, 6)
    blind, seeing = model_of(positions=False), model_of()
    torch.testing.assert_close(blind(moved), blind(images), rtol=1e-10, atol=0)
    assert (seeing(moved) - seeing(images)).abs().max() > 1e-3
    assert "positions.weight" not in blind.state_dict()


def test_arrays_are_taken_too():
    images = np.ones((2, 4, 6, 3), np.float32)
    model = VisionTransformer(**SIZE)
    assert torch.equal(model(images), model(torch.from_numpy(images)))


def test_training_learns_to_tell_lying_from_standing():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=64)
    images = torch.from_numpy(rng.normal(0, 0.1, size=(64, 6, 6, 1)).astype(np.float32))
    for image, label in zip(images, labels, strict=True):
        (image.transpose(0, 1) if label else image)[rng.integers(6)] += 1
    model = VisionTransformer(
        6, 6, 1, P=2, D=16, H=2, L=1, classes=2, generator=torch.Generator().manual_seed(0)
    )
    optimizer = AdamW(model, lr=0.01, weight_decay=0.0)
    losses = [training_step(model, optimizer, images, labels) for _ in range(60)]
    assert abs(losses[0] - math.log(2)) < 0.1 and losses[-1] < 0.1
    assert model.encoder[0].attention.weights.shape == (64, 2, 9, 9)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda x: split_patches(x, 4), ShapeError, "split_patches: 4 × 6 pixels cannot be cut into patches of 4 × 4"),
        (lambda x: split_patches(x[0], 2), ShapeError, r"split_patches: images has 3 axes \(4, 6, 3\) but needs 4: \(B, height, width, channels\)"),
        (lambda x: join_patches(x[0], 2, 4, 6), ShapeError, r"join_patches: patches are \(4, 6, 3\), but 4 × 6 pixels in patches of 2 × 2 are \(B, 6, 4·channels\)"),
        (lambda x: PatchEmbedding(2, 3, 5)(x.transpose(1, 3)), ShapeError, r"PatchEmbedding: images are \(7, 3, 6, 4\) with 4 channels, expected 3: channels come last"),
        (lambda x: PatchEmbedding(2, 3, 5)(x.byte()), ValueError, r"PatchEmbedding: images hold torch.uint8, the weights torch.float32: convert the images first"),
        (lambda x: PatchEmbedding(2, 3, 5)(x.double()), ValueError, "images hold torch.float64, the weights torch.float32"),
        (lambda x: VisionTransformer(**SIZE | {"P": 3}), ShapeError, "VisionTransformer: 4 × 6 pixels cannot be cut into patches of 3 × 3"),
        (lambda x: VisionTransformer(**SIZE)(x.transpose(1, 2)), ShapeError, r"VisionTransformer: images are \(7, 6, 4, 3\), expected \(B, 4, 6, 3\), channels last"),
    ],
)  # fmt: skip
def test_bad_input(call, kind, words):
    with pytest.raises(kind, match=words):
        call(torch.ones(7, 4, 6, 3))
