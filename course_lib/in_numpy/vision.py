"""An image as a text of patches: the vision transformer, an encoder that says what a picture shows.

Images are (B, height, width, channels), channels last, as pictures are stored and drawn; torch's convolutions want
channels first. A patch is P × P pixels. The N = (height / P) · (width / P) patches of an image, row by row, are its
tokens, and what follows is the encoder of a text.
"""

import numpy as np

from course_lib.in_numpy.modules import Linear, Module
from course_lib.in_numpy.normalization import LayerNorm
from course_lib.in_numpy.optim import descend
from course_lib.in_numpy.positions import LearnedPositions
from course_lib.in_numpy.transformer import EncoderBlock
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["PatchEmbedding", "VisionTransformer", "join_patches", "split_patches", "training_step"]


def split_patches(images, P):
    """Cut every image into patches of P × P pixels, each laid out as one row: its pixels in reading order.

    images (B, height, width, channels) → (B, N, P·P·channels). Dosovitskiy et al. 2021, §3.1.
    Raises ShapeError when images have other axes or P does not divide height and width.

    >>> split_patches(np.arange(8).reshape(1, 2, 4, 1), 2).tolist()
    [[[0, 1, 4, 5], [2, 3, 6, 7]]]
    """
    check_shapes("split_patches", images=(images, "B height width channels"))
    B, height, width, channels = images.shape
    rows, columns = _grid("split_patches", height, width, P)
    pixels = images.reshape(B, rows, P, columns, P, channels)
    patches = pixels.swapaxes(2, 3)  # (B, rows, columns, P, P, channels)
    return patches.reshape(B, rows * columns, P * P * channels)


def join_patches(patches, P, height, width):
    """Undo `split_patches`: lay the patches next to each other again.

    patches (B, N, P·P·channels) → (B, height, width, channels). No pixel is in two patches, so this is the backward
    of `split_patches` too. Raises ShapeError when the patches are not those of such an image.

    >>> join_patches(np.array([[[0, 1, 4, 5], [2, 3, 6, 7]]]), 2, 2, 4)[0, :, :, 0].tolist()
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    B, N, size = check_shapes("join_patches", patches=(patches, "B N size")).values()
    rows, columns = _grid("join_patches", height, width, P)
    if N != rows * columns or size % (P * P):
        raise ShapeError(
            f"join_patches: patches are {tuple(patches.shape)}, but {height} × {width} pixels in patches of "
            f"{P} × {P} are (B, {rows * columns}, {P * P}·channels)"
        )
    channels = size // (P * P)
    pixels = patches.reshape(B, rows, columns, P, P, channels)
    images = pixels.swapaxes(2, 3)  # (B, rows, P, columns, P, channels)
    return images.reshape(B, height, width, channels)


class PatchEmbedding(Module):
    """Every patch times one matrix `projection` (P·P·channels, D), plus its bias: images become tokens.

    The same as a convolution whose kernel and stride are both P. Dosovitskiy et al. 2021, eq. 1.
    Raises ShapeError when P does not divide height and width or the channels differ; ValueError when images do not
    hold the dtype of the weights.

    >>> PatchEmbedding(P=2, channels=3, D=5)(np.ones((7, 4, 6, 3), np.float32)).shape
    (7, 6, 5)
    """

    def __init__(self, P, channels, D, rng=None, dtype=np.float32):
        super().__init__()
        self.P, self.channels = P, channels
        self.projection = Linear(P * P * channels, D, rng=rng, dtype=dtype)

    def forward(self, images):
        """images (B, height, width, channels) → (B, N, D)."""
        images = np.asarray(images)
        _check_images("PatchEmbedding", images, self.channels, self.projection.params["weight"].dtype)
        self.kept = images.shape[1:3]
        return self.projection(split_patches(images, self.P))

    def backward(self, grad_output):
        """grad_output (B, N, D) → the gradient of the images; the projection collects its own."""
        height, width = self.recall(grad_output)
        return join_patches(self.projection.backward(grad_output), self.P, height, width)


class VisionTransformer(Module):
    """Patches, learned positions, L encoder blocks (pre-norm), the mean over all patches, one score a class.

    Dosovitskiy et al. 2021, with the mean over patches in place of their class token (appendix D.3 finds both
    equally good) and GELU in its tanh form. With positions=False the model sees a bag of patches without an order.
    After a call `encoder[i].attention.weights` (B, H, N, N) says which patch looked at which.
    Raises ShapeError when P does not divide height and width, or images have another size than the model.

    >>> VisionTransformer(4, 6, 3, P=2, D=8, H=2, L=1, classes=5)(np.ones((7, 4, 6, 3), np.float32)).shape
    (7, 5)
    """

    def __init__(
        self, height, width, channels, P, D, H, L, classes, F=None, positions=True, eps=1e-5, rng=None, dtype=np.float32
    ):  # fmt: skip
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        rows, columns = _grid("VisionTransformer", height, width, P)
        self.size = height, width, channels
        self.patches = PatchEmbedding(P, channels, D, rng=rng, dtype=dtype)
        self.positions = LearnedPositions(rows * columns, D, rng=rng, dtype=dtype) if positions else None
        settings = {"activation": "gelu_tanh", "pre_norm": True, "eps": eps, "rng": rng, "dtype": dtype}
        self.encoder = [EncoderBlock(D, H, F, **settings) for _ in range(L)]
        self.norm = LayerNorm(D, eps, dtype=dtype)
        self.head = Linear(D, classes, rng=rng, dtype=dtype)

    def forward(self, images):
        """images (B, height, width, channels) → logits (B, classes)."""
        images = np.asarray(images)
        _check_size("VisionTransformer", images, self.size)
        x = self.patches(images)  # (B, N, D)
        x = x if self.positions is None else self.positions(x)
        for block in self.encoder:
            x = block(x)
        self.kept = x.shape
        return self.head(self.norm(x).mean(axis=1))  # (B, N, D) → (B, D) → (B, classes)

    def backward(self, grad_logits):
        """grad_logits (B, classes) → the gradient of the images; every layer collects its own."""
        shape = self.recall(grad_logits)  # (B, N, D)
        grad = self.head.backward(grad_logits)[:, None]  # (B, 1, D), of the mean
        grad = grad / shape[1]  # every patch is 1/N of the mean
        grad = self.norm.backward(np.broadcast_to(grad, shape))  # (B, N, D)
        for block in reversed(self.encoder):
            grad = block.backward(grad)
        grad = grad if self.positions is None else self.positions.backward(grad)
        return self.patches.backward(grad)


def training_step(model, optimizer, images, labels, max_norm=1.0):
    """One step of training: forward, loss, backward, clip, update. Returns the loss before the update, in nats.

    images (B, height, width, channels), labels (B,): the number of the right class. `optimizer` holds `model`;
    gradients longer than max_norm are shrunk to it.

    >>> from course_lib.in_numpy.optim import SGD
    >>> model = VisionTransformer(4, 6, 1, P=2, D=8, H=2, L=1, classes=3)
    >>> training_step(model, SGD(model, lr=0.1), np.ones((2, 4, 6, 1), np.float32), [0, 2]) < 1.3
    True
    """
    return descend(model, optimizer, (images,), labels, max_norm)


def _grid(call, height, width, P):
    """How many patches stand below each other and side by side."""
    if P < 1 or height % P or width % P:
        raise ShapeError(f"{call}: {height} × {width} pixels cannot be cut into patches of {P} × {P}")
    return height // P, width // P


def _check_images(call, images, channels, dtype):
    check_shapes(call, images=(images, "B height width channels"))
    if images.shape[-1] != channels:
        raise ShapeError(
            f"{call}: images are {tuple(images.shape)} with {images.shape[-1]} channels, expected {channels}: "
            "channels come last"
        )
    if images.dtype != dtype:
        raise ValueError(
            f"{call}: images hold {images.dtype}, the weights {dtype}: convert the images first "
            "(and divide by 255 where pixels are whole numbers from 0 to 255)"
        )


def _check_size(call, images, size):
    check_shapes(call, images=(images, "B height width channels"))
    if images.shape[1:] != size:
        expected = ", ".join(map(str, size))
        raise ShapeError(f"{call}: images are {tuple(images.shape)}, expected (B, {expected}), channels last")
