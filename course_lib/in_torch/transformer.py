"""The original transformer: an encoder that reads one text, a decoder that writes another while looking at it.

Around every part stands a residual sum and a layer norm. The paper norms after the sum (post-norm); nearly all
models since GPT-2 norm before the part (pre-norm), which leaves a straight way for the gradient.
Masks are boolean, **True = may attend**.
"""

import math

import torch
from torch import nn

from course_lib.in_torch.checks import checked_ids
from course_lib.in_torch.embeddings import Embedding, lookup, unembed
from course_lib.in_torch.feed_forward import FeedForward
from course_lib.in_torch.multi_head import MultiHeadAttention
from course_lib.in_torch.normalization import LayerNorm
from course_lib.in_torch.optim import descend
from course_lib.in_torch.positions import add_positions, sinusoidal_positions
from course_lib.shapes import check_shapes

__all__ = ["DecoderBlock", "EncoderBlock", "EncoderDecoder", "training_step"]


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward network; each in a residual sum with a layer norm.

    Vaswani et al. 2017, §3.1 and figure 1, left. Raises ShapeError when widths do not fit.

    >>> EncoderBlock(D=6, H=2)(torch.ones(5, 3, 6)).shape
    torch.Size([5, 3, 6])
    """

    def __init__(self, D, H, F=None, activation="relu", pre_norm=False, eps=1e-5, generator=None):
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = MultiHeadAttention(D, H, generator=generator)
        self.norm_1 = LayerNorm(D, eps)
        self.feed_forward = FeedForward(D, F, activation, generator=generator)
        self.norm_2 = LayerNorm(D, eps)

    def forward(self, x, mask=None):
        """x (..., S, D), mask as for `MultiHeadAttention` → (..., S, D)."""
        if self.pre_norm:
            x = x + self.attention(self.norm_1(x), mask=mask)
            return x + self.feed_forward(self.norm_2(x))
        x = self.norm_1(x + self.attention(x, mask=mask))
        return self.norm_2(x + self.feed_forward(x))


class DecoderBlock(nn.Module):
    """Causal self-attention, cross-attention to the encoder's output, then a feed-forward network.

    Vaswani et al. 2017, §3.1 and figure 1, right. Raises ShapeError when widths do not fit.

    >>> DecoderBlock(D=6, H=2)(torch.ones(5, 3, 6), torch.ones(5, 4, 6)).shape
    torch.Size([5, 3, 6])
    """

    def __init__(self, D, H, F=None, activation="relu", pre_norm=False, eps=1e-5, generator=None):
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = MultiHeadAttention(D, H, causal=True, generator=generator)
        self.norm_1 = LayerNorm(D, eps)
        self.cross_attention = MultiHeadAttention(D, H, generator=generator)
        self.norm_2 = LayerNorm(D, eps)
        self.feed_forward = FeedForward(D, F, activation, generator=generator)
        self.norm_3 = LayerNorm(D, eps)

    def forward(self, x, memory, mask=None, memory_mask=None):
        """x (..., T, D), memory (..., S, D) → (..., T, D); memory_mask says which of memory may be looked at."""
        if self.pre_norm:
            x = x + self.attention(self.norm_1(x), mask=mask)
            x = x + self.cross_attention(self.norm_2(x), memory, memory_mask)
            return x + self.feed_forward(self.norm_3(x))
        x = self.norm_1(x + self.attention(x, mask=mask))
        x = self.norm_2(x + self.cross_attention(x, memory, memory_mask))
        return self.norm_3(x + self.feed_forward(x))


class EncoderDecoder(nn.Module):
    """The whole model: token ids of a source and of the target so far → logits of the target's next tokens.

    One vocabulary V and one embedding for source, target and output (§3.4), embeddings times √D plus sinusoidal
    positions (§3.5), L encoder and L decoder blocks; with pre_norm one more norm after each stack.
    `pad` is the id that fills short texts: nothing attends to it in the source. Vaswani et al. 2017.

    >>> EncoderDecoder(V=9, C=8, D=6, H=2, L=1)([[1, 2, 3, 4]], [[5, 6]]).shape
    torch.Size([1, 2, 9])
    """

    def __init__(
        self, V, C, D, H, L, F=None, activation="relu", pre_norm=False, eps=1e-5, pad=None, generator=None
    ):
        super().__init__()
        self.pad = pad
        # nothing to learn or to save
        self.register_buffer("table", sinusoidal_positions(C, D), persistent=False)
        settings = {"activation": activation, "pre_norm": pre_norm, "eps": eps, "generator": generator}
        self.embedding = Embedding(V, D, generator=generator)
        self.encoder = nn.ModuleList(EncoderBlock(D, H, F, **settings) for _ in range(L))
        self.decoder = nn.ModuleList(DecoderBlock(D, H, F, **settings) for _ in range(L))
        self.encoder_norm = LayerNorm(D, eps) if pre_norm else nn.Identity()
        self.decoder_norm = LayerNorm(D, eps) if pre_norm else nn.Identity()

    def forward(self, source, target):
        """source (B, S), target (B, T) → logits (B, T, V): position t predicts token t + 1 of the target.

        Raises ShapeError for ids that are not (B, S) and (B, T) or longer than C, ValueError for unknown ids.
        """
        return self.decode(target, self.encode(source), source)

    def encode(self, source):
        """source (B, S) → memory (B, S, D)."""
        source, x = self._embed("source", source, "B S")  # (B, S), (B, S, D)
        for block in self.encoder:
            x = block(x, self._mask(source))
        return self.encoder_norm(x)

    def decode(self, target, memory, source):
        """target (B, T), memory (B, S, D) as `encode(source)` gave it → logits (B, T, V)."""
        target, x = self._embed("target", target, "B T")  # (B, T), (B, T, D)
        source = torch.as_tensor(source, device=x.device)
        check_shapes(
            "EncoderDecoder", target=(target, "B T"), memory=(memory, "B S D"), source=(source, "B S")
        )
        for block in self.decoder:
            x = block(x, memory, memory_mask=self._mask(source))
        return unembed(self.decoder_norm(x), self.embedding.weight)

    def _embed(self, name, ids, axes):
        W_E = self.embedding.weight
        ids = checked_ids(f"EncoderDecoder: {name}", ids, len(W_E), W_E.device)
        check_shapes("EncoderDecoder", **{name: (ids, axes)})
        return ids, add_positions(lookup(W_E, ids) * math.sqrt(W_E.shape[1]), self.table)

    def _mask(self, source):
        return None if self.pad is None else (source != self.pad)[:, None, :]  # (B, 1, S), True = may attend


def training_step(model, optimizer, source, target, max_norm=1.0):
    """One step of training with teacher forcing: the decoder reads the true target, whatever it would have said.

    source (B, S), target (B, T), from its start token to its end token. Positions where the target is the
    model's `pad` do not count. Returns the loss before the update, in nats.

    >>> from course_lib.in_torch.optim import SGD
    >>> model = EncoderDecoder(V=5, C=8, D=6, H=2, L=1)
    >>> training_step(model, SGD(model, lr=0.1), [[1, 2, 3]], [[0, 3, 2, 4]]) < 1.8
    True
    """
    target = checked_ids("training_step", target, len(model.embedding.weight), model.embedding.weight.device)
    seen, predicted = target[:, :-1], target[:, 1:]  # (B, T − 1) each: from what is read, what comes next
    ignored = -100 if model.pad is None else model.pad
    return descend(model, optimizer, (source, seen), predicted, max_norm, ignored)
