"""Images as patches, and the vision transformer, in NumPy: gradients, the order of patches, training, bad input."""

import math

import numpy as np
import pytest

from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward
from course_lib.in_numpy.optim import SGD, AdamW
from course_lib.in_numpy.vision import (
    PatchEmbedding,
    VisionTransformer,
    join_patches,
    split_patches,
    training_step,
)
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_module_gradients, for_sizes, randomize

SIZE = {"height": 4, "width": 6, "channels": 3, "P": 2, "D": 4, "H": 2, "L": 2, "classes": 5, "F": 7}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def model_of(rng, **settings):
    return randomize(VisionTransformer(**SIZE | settings, eps=0.1, dtype=np.float64), rng)


@for_sizes("BrcPh", high=6)
def test_every_pixel_is_where_the_formula_puts_it(sizes, rng):
    B, r, c, P, h = (sizes[letter] for letter in "BrcPh")
    images = rng.normal(size=(B, r * P, c * P, h))
    patches = split_patches(images, P)
    assert patches.shape == (B, r * c, P * P * h)
    for b, y, x, channel in np.ndindex(images.shape):
        token = (y // P) * c + x // P
        place = ((y % P) * P + x % P) * h + channel
        assert patches[b, token, place] == images[b, y, x, channel]
    assert (join_patches(patches, P, r * P, c * P) == images).all()


def test_no_image_at_all():
    assert split_patches(np.zeros((0, 4, 6, 3)), 2).shape == (0, 6, 12)
    assert join_patches(np.zeros((0, 6, 12)), 2, 4, 6).shape == (0, 4, 6, 3)
    assert VisionTransformer(**SIZE)(np.zeros((0, 4, 6, 3), np.float32)).shape == (0, 5)


@for_sizes("BrcPh", profile=SLOW, high=5)
def test_gradients_of_the_embedding(sizes, rng):
    B, r, c, P, h = (sizes[letter] for letter in "BrcPh")
    layer = randomize(PatchEmbedding(P, h, 3, dtype=np.float64), rng)
    assert_module_gradients(layer, rng, rng.normal(size=(B, r * P, c * P, h)))


@pytest.mark.parametrize("positions", [True, False])
def test_gradient_of_every_parameter_and_of_the_images(positions, rng):
    model = model_of(rng, positions=positions)
    images, labels = rng.normal(size=(2, 4, 6, 3)), [4, 1]
    model.zero_grad()
    grad_images = model.backward(cross_entropy_backward(model(images), labels))

    def loss():
        return float(cross_entropy(model(images), labels))

    assert_gradient(loss, images, grad_images, "images")
    for name, parameter in model.state_dict().items():
        assert_gradient(loss, parameter, model.gradients()[name].copy(), name)


def shuffled(images, rng):
    patches = split_patches(images, 2)
    order = np.roll(rng.permutation(patches.shape[1]), 1)
    return join_patches(patches[:, order], 2, *images.shape[1:3])


def test_without_positions_the_order_of_patches_is_lost(rng):
    images = rng.normal(size=(3, 4, 6, 3))
    moved = shuffled(images, rng)
    assert np.abs(moved - images).max() > 0.1
    blind, seeing = model_of(rng, positions=False), model_of(rng)
    np.testing.assert_allclose(blind(moved), blind(images), rtol=1e-10)
    assert np.abs(seeing(moved) - seeing(images)).max() > 1e-3
    assert np.abs(blind(images[:, ::-1]) - blind(images)).max() > 1e-3, "within a patch the order counts"


def test_names_and_sizes():
    shapes = {name: p.shape for name, p in VisionTransformer(**SIZE).state_dict().items()}
    assert list(shapes)[:3] == ["patches.projection.weight", "patches.projection.bias", "positions.weight"]
    assert shapes["patches.projection.weight"] == (12, 4) and shapes["positions.weight"] == (6, 4)
    assert shapes["head.weight"] == (4, 5) and "encoder.1.feed_forward.c_fc.weight" in shapes
    assert "positions.weight" not in VisionTransformer(**SIZE, positions=False).state_dict()


def bars(rng, n):
    """Pictures of one bright bar: lying (0) or standing (1), anywhere, in noise."""
    labels = rng.integers(2, size=n)
    images = rng.normal(0, 0.1, size=(n, 6, 6, 1))
    for image, label in zip(images, labels, strict=True):
        image = image.swapaxes(0, 1) if label else image
        image[rng.integers(6)] += 1
    return images.astype(np.float32), labels


def test_training_learns_to_tell_lying_from_standing(rng):
    model = VisionTransformer(6, 6, 1, P=2, D=16, H=2, L=1, classes=2, rng=rng)
    optimizer = AdamW(model, lr=0.01, weight_decay=0.0)
    losses = [training_step(model, optimizer, *bars(rng, 32)) for _ in range(100)]
    assert abs(losses[0] - math.log(2)) < 0.1 and losses[-1] < 0.1
    images, labels = bars(rng, 200)
    assert (model(images).argmax(axis=-1) == labels).mean() > 0.97
    assert model.encoder[0].attention.weights.shape == (200, 2, 9, 9)


def test_a_step_clips_what_is_long(rng):
    model = model_of(rng)
    training_step(model, SGD(model, 0.0), rng.normal(size=(3, 4, 6, 3)), [0, 1, 2], max_norm=0.01)
    length = math.sqrt(sum((g**2).sum() for g in model.gradients().values()))
    assert math.isclose(length, 0.01, rel_tol=1e-9)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda x: split_patches(x, 4), ShapeError, "split_patches: 4 × 6 pixels cannot be cut into patches of 4 × 4"),
        (lambda x: split_patches(x, 0), ShapeError, "split_patches: 4 × 6 pixels cannot be cut into patches of 0 × 0"),
        (lambda x: split_patches(x[0], 2), ShapeError, r"split_patches: images has 3 axes \(4, 6, 3\) but needs 4: \(B, height, width, channels\)"),
        (lambda x: join_patches(x[0], 2, 4, 6), ShapeError, r"join_patches: patches are \(4, 6, 3\), but 4 × 6 pixels in patches of 2 × 2 are \(B, 6, 4·channels\)"),
        (lambda x: join_patches(x, 2, 4, 6), ShapeError, "join_patches: patches has 4 axes"),
        (lambda x: PatchEmbedding(2, 3, 5)(x.swapaxes(1, 3)), ShapeError, r"PatchEmbedding: images are \(7, 3, 6, 4\) with 4 channels, expected 3: channels come last"),
        (lambda x: PatchEmbedding(5, 3, 5)(x), ShapeError, "4 × 6 pixels cannot be cut into patches of 5 × 5"),
        (lambda x: PatchEmbedding(2, 3, 5)((255 * x).astype(np.uint8)), ValueError, r"PatchEmbedding: images hold uint8, the weights float32: convert the images first \(and divide by 255"),
        (lambda x: PatchEmbedding(2, 3, 5)(x.astype(float)), ValueError, "images hold float64, the weights float32"),
        (lambda x: VisionTransformer(**SIZE | {"P": 3}), ShapeError, "VisionTransformer: 4 × 6 pixels cannot be cut into patches of 3 × 3"),
        (lambda x: VisionTransformer(**SIZE)(x.swapaxes(1, 2)), ShapeError, r"VisionTransformer: images are \(7, 6, 4, 3\), expected \(B, 4, 6, 3\), channels last"),
        (lambda x: VisionTransformer(**SIZE)(x[0]), ShapeError, "VisionTransformer: images has 3 axes"),
        (lambda x: VisionTransformer(**SIZE | {"H": 3}), ShapeError, "D = 4 cannot be shared equally by H = 3 heads"),
        (lambda x: training_step(m := VisionTransformer(**SIZE), SGD(m, 0.1), x, [5] * 7), ValueError, r"target 5 is not in 0 to 4"),
        (lambda x: training_step(m := VisionTransformer(**SIZE), SGD(m, 0.1), x, [1] * 6), ShapeError, r"targets must have shape \(7,\)"),
    ],
)  # fmt: skip
def test_bad_input(call, kind, words):
    with pytest.raises(kind, match=words):
        call(np.ones((7, 4, 6, 3), np.float32))
