"""GPT: a stack of causal attention and feed-forward blocks that predicts the next token everywhere at once.

The model of Radford et al. 2019 (GPT-2), with the parameter names of its published checkpoints.

Long because the model of one paper stands in one place.
"""

import math

import numpy as np

from course_lib.in_numpy import generation
from course_lib.in_numpy.checks import checked_ids
from course_lib.in_numpy.embeddings import Embedding, unembed, unembed_backward
from course_lib.in_numpy.feed_forward import FeedForward
from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward
from course_lib.in_numpy.modules import STD, Linear, Module
from course_lib.in_numpy.multi_head import Attention, KVCache, merge_heads, split_heads
from course_lib.in_numpy.normalization import LayerNorm
from course_lib.in_numpy.one_token import next_logits
from course_lib.in_numpy.optim import descend
from course_lib.shapes import ShapeError

__all__ = [
    "GPT",
    "Block",
    "CausalSelfAttention",
    "parameter_count",
    "parameter_shapes",
    "training_step",
]


def parameter_shapes(config):
    """Dotted name → shape of every parameter of `GPT(config)`, without building it.

    >>> from course_lib.in_both.config import GPTConfig
    >>> parameter_shapes(GPTConfig(V=5, C=8, D=4, H=2, L=1))["h.0.attn.c_attn.weight"]
    (4, 12)
    """
    V, C, D, F = config.V, config.C, config.D, config.F
    shapes = {"wte.weight": (V, D), "wpe.weight": (C, D)}
    for i in range(config.L):
        shapes |= {f"h.{i}.ln_1.weight": (D,), f"h.{i}.ln_1.bias": (D,)}
        shapes |= {f"h.{i}.attn.c_attn.weight": (D, 3 * D), f"h.{i}.attn.c_attn.bias": (3 * D,)}
        shapes |= {f"h.{i}.attn.c_proj.weight": (D, D), f"h.{i}.attn.c_proj.bias": (D,)}
        shapes |= {f"h.{i}.ln_2.weight": (D,), f"h.{i}.ln_2.bias": (D,)}
        shapes |= {f"h.{i}.mlp.c_fc.weight": (D, F), f"h.{i}.mlp.c_fc.bias": (F,)}
        shapes |= {f"h.{i}.mlp.c_proj.weight": (F, D), f"h.{i}.mlp.c_proj.bias": (D,)}
    return shapes | {"ln_f.weight": (D,), "ln_f.bias": (D,)}


def parameter_count(config):
    """How many numbers a GPT of this size learns (the unembedding shares the embedding, so it adds none).

    >>> from course_lib.in_both.config import GPTConfig
    >>> parameter_count(GPTConfig())     # the smallest GPT-2
    124439808
    """
    return sum(math.prod(shape) for shape in parameter_shapes(config).values())


class CausalSelfAttention(Attention):
    """Multi-head attention over the past, with queries, keys and values made by one matrix `c_attn` (D, 3D).

    After a call `.weights` (B, H, T, S) holds the attention weights.
    Raises ShapeError when D is not divisible by H.

    >>> CausalSelfAttention(D=4, H=2)(np.ones((1, 3, 4), np.float32)).shape
    (1, 3, 4)
    """

    mixes = "c_proj"

    def __init__(self, D, H, rng=None, dtype=np.float32):
        super().__init__(D, H, causal=True)
        self.c_attn = Linear(D, 3 * D, rng=rng, dtype=dtype)
        self.c_proj = Linear(D, D, rng=rng, dtype=dtype)

    def forward(self, x, cache=None):
        """x (B, T, D), cache a KVCache of the tokens before x or None → (B, T, D)."""
        return self.attend(x, cache=cache)

    def project(self, x, source):
        """x (B, T, D) → q, k, v (B, H, T, K) each."""
        H, heads = self.H, split_heads(self.c_attn(x), 3 * self.H)  # (B, 3H, T, K)
        return heads[..., :H, :, :], heads[..., H : 2 * H, :, :], heads[..., 2 * H :, :, :]

    def project_backward(self, grads, crossed):
        """The gradients of q, k and v (B, H, T, K) each → that of x."""
        return self.c_attn.backward(merge_heads(np.concatenate(grads, axis=-3)))  # (B, 3H, T, K) → (B, T, D)


class Block(Module):
    """One layer of GPT-2: x + attention(norm(x)), then x + feed_forward(norm(x)).

    >>> from course_lib.in_both.config import GPTConfig
    >>> Block(GPTConfig(V=5, C=8, D=4, H=2, L=1))(np.ones((1, 3, 4), np.float32)).shape
    (1, 3, 4)
    """

    def __init__(self, config, rng=None, dtype=np.float32):
        super().__init__()
        self.ln_1 = LayerNorm(config.D, config.eps, dtype=dtype)
        self.attn = CausalSelfAttention(config.D, config.H, rng=rng, dtype=dtype)
        self.ln_2 = LayerNorm(config.D, config.eps, dtype=dtype)
        self.mlp = FeedForward(config.D, config.F, activation="gelu_tanh", rng=rng, dtype=dtype)

    def forward(self, x, cache=None):
        """x (B, T, D) → (B, T, D)."""
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))

    def backward(self, grad_output):
        """Gradient of the input: through each residual sum it comes back twice, directly and through the layer."""
        grad = grad_output + self.ln_2.backward(self.mlp.backward(grad_output))
        return grad + self.ln_1.backward(self.attn.backward(grad))


class GPT(Module):
    """The whole model: token ids in, logits for the next token at every position out.

    Weights start as normal(0, std), those that end a residual branch divided by √(2L) (GPT-2, §2.3). The
    published 0.02 is about 1/√(3D) for D = 768; a narrow model learns sooner with a larger one.
    The unembedding is the embedding `wte`, transposed.

    >>> from course_lib.in_both.config import GPTConfig
    >>> GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))([[1, 2, 3]]).shape
    (1, 3, 5)
    """

    def __init__(self, config, rng=None, dtype=np.float32, std=STD):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.config, self.dtype = config, dtype
        self.wte = Embedding(config.V, config.D, rng=rng, dtype=dtype)
        self.wpe = Embedding(config.C, config.D, rng=rng, dtype=dtype)
        self.h = [Block(config, rng, dtype) for _ in range(config.L)]
        self.ln_f = LayerNorm(config.D, config.eps, dtype=dtype)
        for p in self.state_dict().values():
            if p.ndim == 2:
                p *= std / STD  # the layers start theirs at STD
        for block in self.h:
            for layer in (block.attn.c_proj, block.mlp.c_proj):
                layer.params["weight"] /= math.sqrt(2 * config.L)

    def forward(self, ids, cache=None):
        """ids (B, T), cache from `new_cache` or None → logits (B, T, V). T counts the new tokens alone.

        Raises ShapeError when ids is not (B, T); ValueError for unknown ids, for no token at all and for more
        tokens than the context C.
        """
        ids = checked_ids("GPT", ids, self.config.V)
        if ids.ndim != 2:
            raise ShapeError(f"GPT: ids must be (B, T), got shape {ids.shape}; write [ids] for a single text")
        if ids.shape[1] == 0:
            raise ValueError("GPT: the text is empty; give at least one token id")
        start = 0 if cache is None else cache[0].length
        end = start + ids.shape[1]
        if end > self.config.C:
            raise ValueError(f"GPT: {end} tokens do not fit the context of C = {self.config.C}")
        if cache is not None and ids.shape == (1, 1):
            self.kept = None
            return next_logits(self, ids.item(), cache)[None, None]  # (1, 1, V)
        x = self.wte(ids) + self.wpe(np.arange(start, end))  # (B, T, D) + (T, D)
        for i, block in enumerate(self.h):
            x = block(x, None if cache is None else cache[i])  # (B, T, D)
        h = self.ln_f(x)  # (B, T, D)
        self.kept = h if cache is None else None
        return unembed(h, self.wte.params["weight"])  # (B, T, V)

    def backward(self, grad_logits):
        """Adds the gradient of every parameter; grad_logits (B, T, V). Token ids have no gradient to return.

        What forward kept, attention weights too, is used up on the way. Raises what `Module.recall` raises.
        """
        h = self.recall(grad_logits)  # (B, T, D)
        grad_x, grad_W_E = unembed_backward(grad_logits, h, self.wte.params["weight"])
        self.wte.add_grad("weight", grad_W_E)  # the embedding is used twice: here and at the bottom
        grad_x = self.ln_f.backward(grad_x)  # (B, T, D)
        for block in reversed(self.h):
            grad_x = block.backward(grad_x)
            block.forget()  # the attention weights too, so that their room is free for the rest of the step
        self.wpe.backward(grad_x.sum(axis=0))  # (T, D): all texts used the same positions
        self.wte.backward(grad_x)

    def new_cache(self, B):
        """Empty key-value caches for B texts, one for each block, to hand to `forward` again and again."""
        K = self.config.D // self.config.H
        return [KVCache(B, self.config.H, self.config.C, K, dtype=self.dtype) for _ in self.h]

    def generate(self, ids, new_tokens, **settings):
        """`generation.generate` with this model: ids (T,) or (B, T) → the text with `new_tokens` more."""
        return generation.generate(self, ids, new_tokens, **settings)


def training_step(model, optimizer, ids, targets, max_norm=1.0):
    """One step of training: forward, loss, backward, clip, update. Returns the loss before the update, in nats.

    ids, targets (B, T). `optimizer` holds `model`; gradients longer than max_norm are shrunk to it.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.optim import SGD
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> training_step(model, SGD(model, lr=0.1), [[1, 2, 3]], [[2, 3, 4]]) < 1.7
    True
    """
    return descend(model, optimizer, (ids,), targets, max_norm)


def add_gradients(model, ids, targets, weight=1.0):
    """Add `weight` times the gradient of the mean loss to the model's gradients; returns as much of the loss, in nats.

    ids, targets (B, T). A weight of 1/n is for one of n parts of a batch.

    >>> from course_lib.in_both.config import GPTConfig
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> add_gradients(model, [[1, 2, 3]], [[2, 3, 4]], weight=0.5) < 0.85
    True
    """
    logits = model(ids)  # (B, T, V)
    loss = weight * float(cross_entropy(logits, targets))
    grad = cross_entropy_backward(logits, targets)  # (B, T, V)
    model.backward(grad if weight == 1 else grad * grad.dtype.type(weight))
    return loss
