"""An image as a text of patches: the vision transformer, an encoder that says what a picture shows.

Images are (B, height, width, channels), channels last, as pictures are stored and drawn; torch's convolutions want
channels first. A patch is P × P pixels. The N = (height / P) · (width / P) patches of an image, row by row, are its
tokens, and what follows is the encoder of a text.
"""

import torch
from torch import nn

from course_lib.in_torch.modules import Linear
from course_lib.in_torch.normalization import LayerNorm
from course_lib.in_torch.optim import descend
from course_lib.in_torch.positions import LearnedPositions
from course_lib.in_torch.transformer import EncoderBlock
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["PatchEmbedding", "VisionTransformer", "join_patches", "split_patches", "training_step"]


def split_patches(images, P):
    """Cut every image into patches of P × P pixels, each laid out as one row: its pixels in reading order.

    images (B, height, width, channels) → (B, N, P·P·channels). Dosovitskiy et al. 2021, §3.1.
    Raises ShapeError when images have other axes or P does not divide height and width.

    >>> split_patches(torch.arange(8).reshape(1, 2, 4, 1), 2).tolist()
    [[[0, 1, 4, 5], [2, 3, 6, 7]]]
    """
    check_shapes("split_patches", images=(images, "B height width channels"))
    B, height, width, channels = images.shape
    rows, columns = _grid("split_patches", height, width, P)
    pixels = images.reshape(B, rows, P, columns, P, channels)
    patches = pixels.transpose(2, 3)  # (B, rows, columns, P, P, channels)
    return patches.reshape(B, rows * columns, P * P * channels)


def join_patches(patches, P, height, width):
    """Undo `split_patches`: lay the patches next to each other again.

    patches (B, N, P·P·channels) → (B, height, width, channels).
    Raises ShapeError when the patches are not those of such an image.

    >>> join_patches(torch.tensor([[[0, 1, 4, 5], [2, 3, 6, 7]]]), 2, 2, 4)[0, :, :, 0].tolist()
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
    images = pixels.transpose(2, 3)  # (B, rows, P, columns, P, channels)
    return images.reshape(B, height, width, channels)


class PatchEmbedding(nn.Module):
    """Every patch times one matrix `projection` (P·P·channels, D), plus its bias: images become tokens.

    The same as a convolution whose kernel and stride are both P. Dosovitskiy et al. 2021, eq. 1.
    Raises ShapeError when P does not divide height and width or the channels differ; ValueError when images do not
    hold the dtype of the weights.

    >>> PatchEmbedding(P=2, channels=3, D=5)(torch.ones(7, 4, 6, 3)).shape
    torch.Size([7, 6, 5])
    """

    def __init__(self, P, channels, D, generator=None):
        super().__init__()
        self.P, self.channels = P, channels
        self.projection = Linear(P * P * channels, D, generator=generator)

    def forward(self, images):
        """images (B, height, width, channels) → (B, N, D)."""
        weight = self.projection.weight
        images = torch.as_tensor(images, device=weight.device)
        _check_images("PatchEmbedding", images, self.channels, weight.dtype)
        return self.projection(split_patches(images, self.P))


class VisionTransformer(nn.Module):
    """Patches, learned positions, L encoder blocks (pre-norm), the mean over all patches, one score a class.

    Dosovitskiy et al. 2021, with the mean over patches in place of their class token (appendix D.3 finds both
    equally good) and GELU in its tanh form. With positions=False the model sees a bag of patches without an order.
    After a call `encoder[i].attention.weights` (B, H, N, N) says which patch looked at which.
    Raises ShapeError when P does not divide height and width, or images have another size than the model.

    >>> VisionTransformer(4, 6, 3, P=2, D=8, H=2, L=1, classes=5)(torch.ones(7, 4, 6, 3)).shape
    torch.Size([7, 5])
    """

    def __init__(
        self, height, width, channels, P, D, H, L, classes, F=None, positions=True, eps=1e-5, generator=None
    ):
        super().__init__()
        rows, columns = _grid("VisionTransformer", height, width, P)
        self.size = height, width, channels
        self.patches = PatchEmbedding(P, channels, D, generator)
        self.positions = LearnedPositions(rows * columns, D, generator) if positions else nn.Identity()
        settings = {"activation": "gelu_tanh", "pre_norm": True, "eps": eps, "generator": generator}
        self.encoder = nn.ModuleList(EncoderBlock(D, H, F, **settings) for _ in range(L))
        self.norm = LayerNorm(D, eps)
        self.head = Linear(D, classes, generator=generator)

    def forward(self, images):
        """images (B, height, width, channels) → logits (B, classes)."""
        images = torch.as_tensor(images, device=self.head.weight.device)
        _check_size("VisionTransformer", images, self.size)
        x = self.positions(self.patches(images))  # (B, N, D)
        for block in self.encoder:
            x = block(x)
        return self.head(self.norm(x).mean(dim=1))  # (B, N, D) → (B, D) → (B, classes)


def training_step(model, optimizer, images, labels, max_norm=1.0):
    """One step of training: forward, loss, backward, clip, update. Returns the loss before the update, in nats.

    images (B, height, width, channels), labels (B,): the number of the right class. `optimizer` holds `model`;
    gradients longer than max_norm are shrunk to it.

    >>> from course_lib.in_torch.optim import SGD
    >>> model = VisionTransformer(4, 6, 1, P=2, D=8, H=2, L=1, classes=3)
    >>> training_step(model, SGD(model, lr=0.1), torch.ones(2, 4, 6, 1), [0, 2]) < 1.3
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
