"""Multi-head attention: several heads side by side, each free to look for something else.

A head of width K = D/H sees only its slice of the queries, keys and values; the outputs are laid
next to each other again and mixed by one more matrix. Masks are boolean, **True = may attend**.
"""

import torch
from torch import nn
from torch.nn import functional

from course_lib.in_torch.attention import causal_mask, scaled_dot_product_attention
from course_lib.in_torch.checks import checked_mask
from course_lib.in_torch.modules import Linear
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["KVCache", "MultiHeadAttention", "merge_heads", "split_heads"]


def split_heads(x, H):
    """Cut every token's D features into H slices of width K = D/H, and let the heads come before the tokens.

    x (..., T, D) → (..., H, T, K), a view. Raises ShapeError when D is not divisible by H.

    >>> split_heads(torch.arange(8).reshape(2, 4), 2).tolist()
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    """
    if len(getattr(x, "shape", ())) < 2:
        check_shapes("split_heads", x=(x, "... T D"))
    D = x.shape[-1]
    if H < 1 or D % H:
        raise ShapeError(f"split_heads: D = {D} cannot be shared equally by H = {H} heads")
    return x.reshape(*x.shape[:-1], H, D // H).transpose(-2, -3)  # (..., T, H, K) → (..., H, T, K)


def merge_heads(x):
    """Undo `split_heads`: lay the heads' outputs next to each other again.

    x (..., H, T, K) → (..., T, D) with D = H·K.

    >>> merge_heads(torch.tensor([[[0, 1], [4, 5]], [[2, 3], [6, 7]]])).tolist()
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    if len(getattr(x, "shape", ())) < 3:
        check_shapes("merge_heads", x=(x, "... H T K"))
    return x.transpose(-2, -3).flatten(-2)  # (..., T, H, K) → (..., T, D)


class KVCache:
    """The keys and values of the tokens so far, so that generating one more token computes only its own.

    Room for C tokens of B texts, (B, H, C, K) each; `length` says how many are stored.

    >>> cache = KVCache(B=1, H=2, C=8, K=3)
    >>> k, v = cache.append(torch.ones(1, 2, 5, 3), torch.ones(1, 2, 5, 3))
    >>> k.shape, cache.length
    (torch.Size([1, 2, 5, 3]), 5)
    """

    def __init__(self, B, H, C, K, dtype=torch.float32, device=None):
        self.key = torch.zeros(B, H, C, K, dtype=dtype, device=device)
        self.value = torch.zeros_like(self.key)
        self.length = 0

    def append(self, k, v):
        """Store k and v (B, H, T, K) of T new tokens; return those of all tokens so far, (B, H, S, K).

        Raises ShapeError when B, H or K differ; ValueError when more than C tokens would be stored, and when
        a gradient is wanted: generate under `torch.no_grad()`.
        """
        if torch.is_grad_enabled() and (k.requires_grad or v.requires_grad):
            raise ValueError("KVCache: there is no backward through a cache; generate under torch.no_grad()")
        B, H, C, K = self.key.shape
        if not k.shape == v.shape == (B, H, *k.shape[2:3], K):
            check_shapes("KVCache.append", k=(k, "B H T K"), v=(v, "B H T K"), cache=(self.key, "B H C K"))
        end = self.length + k.shape[2]
        if end > C:
            raise ValueError(
                f"KVCache: {self.length} of C = {C} tokens are full, no room for {k.shape[-2]} more"
            )
        self.key[:, :, self.length : end] = k
        self.value[:, :, self.length : end] = v
        self.length = end
        return self.key[:, :, :end], self.value[:, :, :end]


class Attention(nn.Module):
    """What every attention layer does once it has queries, keys and values of its H heads of width K = D/H.

    A layer of this kind says in `project` how x becomes q, k and v, and names in `mixes` the layer that mixes the
    heads' results. Raises ShapeError when D is not divisible by H.
    """

    def __init__(self, D, H, causal):
        super().__init__()
        if H < 1 or D % H:
            raise ShapeError(f"{type(self).__name__}: D = {D} cannot be shared equally by H = {H} heads")
        self.H, self.causal, self._latest = H, causal, None

    def attend(self, x, context=None, mask=None, cache=None):
        """x (..., T, D), context (..., S, D) or None, mask (..., T, S) or None, cache a KVCache or None → (..., T, D)."""
        q, k, v = self.project(x, x if context is None else context)  # (..., H, T or S, K) each
        if cache is not None:
            k, v = cache.append(k, v)  # (B, H, S, K), S counts the tokens in the cache too
        T, S = q.shape[-2], k.shape[-2]
        triangle = self.causal and mask is None and T == S > 1  # what torch calls causal: it needs T = S
        if self.causal and T > 1 and not triangle:  # the last token may look at all
            mask = causal_mask(T, S, x.device) if mask is None else causal_mask(T, S, x.device) & mask
        # torch's own kernel is faster: it never stores the (T, S) weights, nor looks for NaN, which passes through
        output = functional.scaled_dot_product_attention(q, k, v, mask, is_causal=triangle)  # (..., H, T, K)
        self.keep(q, k, v, mask)
        return getattr(self, self.mixes)(merge_heads(output))

    def keep(self, q, k, v, mask=None):
        """Remember what the latest call looked at, from which `weights` is computed when asked for."""
        self._latest = (q.detach(), k.detach(), v.detach(), mask) if q.requires_grad else (q, k, v, mask)

    @property
    def weights(self):
        """The (..., H, T, S) weights of the latest call, computed when asked for; None before the first."""
        if self._latest is None:
            return None
        q, k, v, mask = self._latest
        if self.causal and mask is None:
            mask = causal_mask(q.shape[-2], k.shape[-2], q.device)
        return scaled_dot_product_attention(q, k, v, mask)[1]


class MultiHeadAttention(Attention):
    """H attention heads of width K = D/H, side by side, and the matrix `out` that mixes their results.

    The projections `query`, `key`, `value` and `out` are (D, D): head h reads columns hK … (h+1)K − 1.
    Self-attention, or cross-attention when a context is given. After a call, `weights` holds its
    (..., H, T, S) weights. Vaswani et al. 2017, §3.2.2.
    Raises ShapeError when D is not divisible by H or widths differ from D; ValueError when a causal layer is
    given a context, or a cache comes with one.

    >>> MultiHeadAttention(D=6, H=2, causal=True)(torch.ones(5, 3, 6)).shape
    torch.Size([5, 3, 6])
    """

    mixes = "out"

    def __init__(self, D, H, causal=False, bias=True, generator=None):
        super().__init__(D, H, causal)
        self.query = Linear(D, D, bias=bias, generator=generator)
        self.key = Linear(D, D, bias=bias, generator=generator)
        self.value = Linear(D, D, bias=bias, generator=generator)
        self.out = Linear(D, D, bias=bias, generator=generator)

    def forward(self, x, context=None, mask=None, cache=None):
        """x (..., T, D) → (..., T, D).

        context (..., S, D): where keys and values come from; x itself unless given.
        mask: bool, True = may attend; (T, S) or (B, T, S) for all heads alike, or (B, H, T, S).
        cache: a KVCache with the tokens before x. For generation: there is no backward through it.
        """
        call, source = "MultiHeadAttention", x if context is None else context  # (..., S, D)
        if context is not None and self.causal:
            raise ValueError(f"{call}: a causal layer looks at its own text; a context has no future to hide")
        if context is not None and cache is not None:
            raise ValueError(f"{call}: a cache is for the layer's own text, not for a context")
        check_shapes(call, x=(x, "... T D"), context=(source, "... S D"))
        if mask is not None:
            shape = (
                *x.shape[:-2],
                self.H,
                x.shape[-2],
                source.shape[-2] + (cache.length if cache is not None else 0),
            )
            mask = checked_mask(call, _for_all_heads(mask, x.ndim), shape, x.device)
        return self.attend(x, context, mask, cache)

    def project(self, x, source):
        """x (..., T, D), source (..., S, D) → q (..., H, T, K), k and v (..., H, S, K)."""
        projected = self.query(x), self.key(source), self.value(source)  # (..., T or S, D) each
        return [split_heads(p, self.H) for p in projected]


def _for_all_heads(mask, ndim):
    """A mask with as many axes as x (B, T, S) gets a head axis, (B, 1, T, S); others stay as they are."""
    if mask is None or ndim < 3 or mask.ndim != ndim:
        return mask
    return mask.unsqueeze(-3)
