"""GPT: a stack of causal attention and feed-forward blocks that predicts the next token everywhere at once.

The model of Radford et al. 2019 (GPT-2), with the parameter names of its published checkpoints.
"""

import math

import torch
from torch import nn

from course_lib.in_torch import generation
from course_lib.in_torch.checks import checked_ids
from course_lib.in_torch.embeddings import Embedding, unembed
from course_lib.in_torch.feed_forward import FeedForward
from course_lib.in_torch.modules import STD, Linear
from course_lib.in_torch.multi_head import Attention, KVCache, split_heads
from course_lib.in_torch.normalization import LayerNorm
from course_lib.in_torch.one_token import next_logits
from course_lib.in_torch.optim import descend
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
    with torch.device("meta"):  # tensors with a shape and no memory
        return {name: tuple(p.shape) for name, p in GPT(config).named_parameters()}


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

    >>> CausalSelfAttention(D=4, H=2)(torch.ones(1, 3, 4)).shape
    torch.Size([1, 3, 4])
    """

    mixes = "c_proj"

    def __init__(self, D, H, generator=None):
        super().__init__(D, H, causal=True)
        self.c_attn = Linear(D, 3 * D, generator=generator)
        self.c_proj = Linear(D, D, generator=generator)

    def forward(self, x, cache=None):
        """x (B, T, D), cache a KVCache of the tokens before x or None → (B, T, D)."""
        return self.attend(x, cache=cache)

    def project(self, x, source):
        """x (B, T, D) → q, k, v (B, H, T, K) each."""
        return split_heads(self.c_attn(x), 3 * self.H).chunk(3, dim=-3)


class Block(nn.Module):
    """One layer of GPT-2: x + attention(norm(x)), then x + feed_forward(norm(x)).

    >>> from course_lib.in_both.config import GPTConfig
    >>> Block(GPTConfig(V=5, C=8, D=4, H=2, L=1))(torch.ones(1, 3, 4)).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, config, generator=None):
        super().__init__()
        self.ln_1 = LayerNorm(config.D, config.eps)
        self.attn = CausalSelfAttention(config.D, config.H, generator)
        self.ln_2 = LayerNorm(config.D, config.eps)
        self.mlp = FeedForward(config.D, config.F, activation="gelu_tanh", generator=generator)

    def forward(self, x, cache=None):
        """x (B, T, D) → (B, T, D)."""
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """The whole model: token ids in, logits for the next token at every position out.

    Weights start as normal(0, std), those that end a residual branch divided by √(2L) (GPT-2, §2.3). The
    published 0.02 is about 1/√(3D) for D = 768; a narrow model learns sooner with a larger one.
    The unembedding is the embedding `wte`, transposed.

    >>> from course_lib.in_both.config import GPTConfig
    >>> GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))([[1, 2, 3]]).shape
    torch.Size([1, 3, 5])
    """

    def __init__(self, config, generator=None, std=STD):
        super().__init__()
        self.config = config
        self.wte = Embedding(config.V, config.D, generator=generator)
        self.wpe = Embedding(config.C, config.D, generator=generator)
        self.h = nn.ModuleList(Block(config, generator) for _ in range(config.L))
        self.ln_f = LayerNorm(config.D, config.eps)
        with torch.no_grad():
            for p in self.parameters():
                if p.ndim == 2:
                    p *= std / STD  # the layers start theirs at STD
            for block in self.h:
                block.attn.c_proj.weight /= math.sqrt(2 * config.L)
                block.mlp.c_proj.weight /= math.sqrt(2 * config.L)

    def forward(self, ids, cache=None):
        """ids (B, T), cache from `new_cache` or None → logits (B, T, V). T counts the new tokens alone.

        Raises ShapeError when ids is not (B, T); ValueError for unknown ids, for no token at all and for more
        tokens than the context C.
        """
        ids = checked_ids("GPT", ids, self.config.V, self.wte.weight.device)
        if ids.ndim != 2:
            raise ShapeError(
                f"GPT: ids must be (B, T), got shape {tuple(ids.shape)}; write [ids] for a single text"
            )
        if ids.shape[1] == 0:
            raise ValueError("GPT: the text is empty; give at least one token id")
        start = 0 if cache is None else cache[0].length
        end = start + ids.shape[1]
        if end > self.config.C:
            raise ValueError(f"GPT: {end} tokens do not fit the context of C = {self.config.C}")
        if cache is not None and ids.shape[1] == 1:
            return next_logits(self, ids[:, 0], cache)[:, None]  # (B, 1, V)
        x = self.wte(ids) + self.wpe.weight[start:end]  # (B, T, D) + (T, D)
        for i, block in enumerate(self.h):
            x = block(x, None if cache is None else cache[i])  # (B, T, D)
        return unembed(self.ln_f(x), self.wte.weight)  # (B, T, V)

    def new_cache(self, B):
        """Empty key-value caches for B texts, one for each block, to hand to `forward` again and again."""
        W, K = self.wte.weight, self.config.D // self.config.H
        return [KVCache(B, self.config.H, self.config.C, K, dtype=W.dtype, device=W.device) for _ in self.h]

    def generate(self, ids, new_tokens, **settings):
        """`generation.generate` with this model: ids (T,) or (B, T) → the text with `new_tokens` more."""
        return generation.generate(self, ids, new_tokens, **settings)


def training_step(model, optimizer, ids, targets, max_norm=1.0):
    """One step of training: forward, loss, backward, clip, update. Returns the loss before the update, in nats.

    ids, targets (B, T). `optimizer` holds `model`; gradients longer than max_norm are shrunk to it.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_torch.optim import SGD
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> training_step(model, SGD(model, lr=0.1), [[1, 2, 3]], [[2, 3, 4]]) < 1.7
    True
    """
    return descend(model, optimizer, (ids,), targets, max_norm)
