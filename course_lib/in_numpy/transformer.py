"""The original transformer: an encoder that reads one text, a decoder that writes another while looking at it.

Around every part stands a residual sum and a layer norm. The paper norms after the sum (post-norm); nearly all
models since GPT-2 norm before the part (pre-norm), which leaves a straight way for the gradient.
Masks are boolean, **True = may attend**.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import checked_ids
from course_lib.in_numpy.embeddings import Embedding, lookup, lookup_backward, unembed, unembed_backward
from course_lib.in_numpy.feed_forward import FeedForward
from course_lib.in_numpy.modules import Module
from course_lib.in_numpy.multi_head import MultiHeadAttention
from course_lib.in_numpy.normalization import LayerNorm
from course_lib.in_numpy.optim import descend
from course_lib.in_numpy.positions import add_positions, sinusoidal_positions
from course_lib.shapes import check_shapes

__all__ = ["DecoderBlock", "EncoderBlock", "EncoderDecoder", "training_step"]


class EncoderBlock(Module):
    """Self-attention, then a feed-forward network; each in a residual sum with a layer norm.

    Vaswani et al. 2017, §3.1 and figure 1, left. Raises ShapeError when widths do not fit.

    >>> EncoderBlock(D=6, H=2)(np.ones((5, 3, 6), np.float32)).shape
    (5, 3, 6)
    """

    def __init__(self, D, H, F=None, activation="relu", pre_norm=False, eps=1e-5, rng=None, dtype=np.float32):
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = MultiHeadAttention(D, H, rng=rng, dtype=dtype)
        self.norm_1 = LayerNorm(D, eps, dtype=dtype)
        self.feed_forward = FeedForward(D, F, activation, rng=rng, dtype=dtype)
        self.norm_2 = LayerNorm(D, eps, dtype=dtype)

    def forward(self, x, mask=None):
        """x (..., S, D), mask as for `MultiHeadAttention` → (..., S, D)."""
        if self.pre_norm:
            x = x + self.attention(self.norm_1(x), mask=mask)
            return x + self.feed_forward(self.norm_2(x))
        x = self.norm_1(x + self.attention(x, mask=mask))
        return self.norm_2(x + self.feed_forward(x))

    def backward(self, grad):
        """Gradient of x; through a sum it comes back twice, directly and through the part."""
        if self.pre_norm:
            grad = grad + self.norm_2.backward(self.feed_forward.backward(grad))
            return grad + self.norm_1.backward(self.attention.backward(grad))
        grad = self.norm_2.backward(grad)
        grad = self.norm_1.backward(grad + self.feed_forward.backward(grad))
        return grad + self.attention.backward(grad)


class DecoderBlock(Module):
    """Causal self-attention, cross-attention to the encoder's output, then a feed-forward network.

    Vaswani et al. 2017, §3.1 and figure 1, right. Raises ShapeError when widths do not fit.

    >>> DecoderBlock(D=6, H=2)(np.ones((5, 3, 6), np.float32), np.ones((5, 4, 6), np.float32)).shape
    (5, 3, 6)
    """

    def __init__(self, D, H, F=None, activation="relu", pre_norm=False, eps=1e-5, rng=None, dtype=np.float32):
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = MultiHeadAttention(D, H, causal=True, rng=rng, dtype=dtype)
        self.norm_1 = LayerNorm(D, eps, dtype=dtype)
        self.cross_attention = MultiHeadAttention(D, H, rng=rng, dtype=dtype)
        self.norm_2 = LayerNorm(D, eps, dtype=dtype)
        self.feed_forward = FeedForward(D, F, activation, rng=rng, dtype=dtype)
        self.norm_3 = LayerNorm(D, eps, dtype=dtype)

    def forward(self, x, memory, mask=None, memory_mask=None):
        """x (..., T, D), memory (..., S, D) → (..., T, D); memory_mask says which of memory may be looked at."""
        if self.pre_norm:
            x = x + self.attention(self.norm_1(x), mask=mask)
            x = x + self.cross_attention(self.norm_2(x), memory, memory_mask)
            return x + self.feed_forward(self.norm_3(x))
        x = self.norm_1(x + self.attention(x, mask=mask))
        x = self.norm_2(x + self.cross_attention(x, memory, memory_mask))
        return self.norm_3(x + self.feed_forward(x))

    def backward(self, grad):
        """grad (..., T, D) → the gradients of x (..., T, D) and memory (..., S, D)."""
        if self.pre_norm:
            grad = grad + self.norm_3.backward(self.feed_forward.backward(grad))
            grad_queries, grad_memory = self.cross_attention.backward(grad)
            grad = grad + self.norm_2.backward(grad_queries)
            return grad + self.norm_1.backward(self.attention.backward(grad)), grad_memory
        grad = self.norm_3.backward(grad)
        grad = self.norm_2.backward(grad + self.feed_forward.backward(grad))
        grad_queries, grad_memory = self.cross_attention.backward(grad)
        grad = self.norm_1.backward(grad + grad_queries)
        return grad + self.attention.backward(grad), grad_memory


class EncoderDecoder(Module):
    """The whole model: token ids of a source and of the target so far → logits of the target's next tokens.

    One vocabulary V and one embedding for source, target and output (§3.4), embeddings times √D plus sinusoidal
    positions (§3.5), L encoder and L decoder blocks; with pre_norm one more norm after each stack.
    `pad` is the id that fills short texts: nothing attends to it in the source. Vaswani et al. 2017.

    >>> EncoderDecoder(V=9, C=8, D=6, H=2, L=1)([[1, 2, 3, 4]], [[5, 6]]).shape
    (1, 2, 9)
    """

    def __init__(
        self, V, C, D, H, L, F=None, activation="relu", pre_norm=False, eps=1e-5, pad=None, rng=None, dtype=np.float32
    ):  # fmt: skip
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.pad, self.table = pad, sinusoidal_positions(C, D)
        settings = {"activation": activation, "pre_norm": pre_norm, "eps": eps, "rng": rng, "dtype": dtype}
        self.embedding = Embedding(V, D, rng=rng, dtype=dtype)
        self.encoder = [EncoderBlock(D, H, F, **settings) for _ in range(L)]
        self.decoder = [DecoderBlock(D, H, F, **settings) for _ in range(L)]
        self.encoder_norm = LayerNorm(D, eps, dtype=dtype) if pre_norm else None
        self.decoder_norm = LayerNorm(D, eps, dtype=dtype) if pre_norm else None

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
        return x if self.encoder_norm is None else self.encoder_norm(x)

    def decode(self, target, memory, source):
        """target (B, T), memory (B, S, D) as `encode(source)` gave it → logits (B, T, V)."""
        target, x = self._embed("target", target, "B T")  # (B, T), (B, T, D)
        source = np.asarray(source)
        check_shapes(
            "EncoderDecoder", target=(target, "B T"), memory=(memory, "B S D"), source=(source, "B S")
        )
        for block in self.decoder:
            x = block(x, memory, memory_mask=self._mask(source))
        h = x if self.decoder_norm is None else self.decoder_norm(x)  # (B, T, D)
        self.kept = source, target, h
        return unembed(h, self.embedding.params["weight"])

    def backward(self, grad_logits):
        """Adds the gradient of every parameter; grad_logits (B, T, V). Token ids have no gradient to return."""
        source, target, h = self.recall(grad_logits)
        W_E = self.embedding.params["weight"]
        grad, grad_of_output = unembed_backward(grad_logits, h, W_E)
        grad = grad if self.decoder_norm is None else self.decoder_norm.backward(grad)  # (B, T, D)
        grad_memory = 0  # every decoder block looked at the same memory
        for block in reversed(self.decoder):
            grad, from_block = block.backward(grad)
            grad_memory = grad_memory + from_block  # (B, S, D)
        grad_source = grad_memory if self.encoder_norm is None else self.encoder_norm.backward(grad_memory)
        for block in reversed(self.encoder):
            grad_source = block.backward(grad_source)
        V, D = W_E.shape
        self.embedding.add_grad("weight", grad_of_output)  # the embedding is used three times
        self.embedding.add_grad("weight", lookup_backward(math.sqrt(D) * grad, target, V))
        self.embedding.add_grad("weight", lookup_backward(math.sqrt(D) * grad_source, source, V))

    def _embed(self, name, ids, axes):
        W_E = self.embedding.params["weight"]
        ids = checked_ids(f"EncoderDecoder: {name}", ids, len(W_E))
        check_shapes("EncoderDecoder", **{name: (ids, axes)})
        return ids, add_positions(lookup(W_E, ids) * math.sqrt(W_E.shape[1]), self.table)

    def _mask(self, source):
        return None if self.pad is None else (source != self.pad)[:, None, :]  # (B, 1, S), True = may attend


def training_step(model, optimizer, source, target, max_norm=1.0):
    """One step of training with teacher forcing: the decoder reads the true target, whatever it would have said.

    source (B, S), target (B, T), from its start token to its end token. Positions where the target is the
    model's `pad` do not count. Returns the loss before the update, in nats.

    >>> from course_lib.in_numpy.optim import SGD
    >>> model = EncoderDecoder(V=5, C=8, D=6, H=2, L=1)
    >>> training_step(model, SGD(model, lr=0.1), [[1, 2, 3]], [[0, 3, 2, 4]]) < 1.8
    True
    """
    target = checked_ids("training_step", target, len(model.embedding.params["weight"]))
    seen, predicted = target[:, :-1], target[:, 1:]  # (B, T − 1) each: from what is read, what comes next
    ignored = -100 if model.pad is None else model.pad
    return descend(model, optimizer, (source, seen), predicted, max_norm, ignored)
