"""Attention: every token looks at the others and takes a weighted average of what they say.

Everywhere in this file a mask is boolean and **True = may attend**, as in PyTorch's own
`scaled_dot_product_attention`. A query that may attend to nothing is defined, not NaN:
its weights, its output and its gradients are zero.
"""

import math

import torch
from torch import nn

from course_lib.in_torch.modules import Linear
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["AttentionHead", "causal_mask", "padding_mask", "scaled_dot_product_attention", "softmax"]


def softmax(x, temperature=1.0, axis=-1):
    """Turn scores into weights that are positive and add to 1 along the axis: e^(x/T) / Σ e^(x/T).

    x any shape → the same shape and dtype. Temperature 1 leaves the scores as they are; towards 0 the
    largest score takes all (argmax), towards infinity all get the same. A score of −∞ gets weight 0; a
    row of −∞ alone gets weights 0, 0, …
    Raises ValueError when x holds NaN or +∞, or the temperature is not a finite number above 0.

    >>> softmax(torch.tensor([0.0, math.log(3.0)]))
    tensor([0.2500, 0.7500])
    """
    if x.numel() and not (x.detach().amax(dim=axis) < math.inf).all():  # a NaN survives amax
        raise ValueError(f"softmax: x holds {_first(x, ~(x < math.inf))}; scores must be numbers below infinity")
    return _softmax(x, temperature, axis)


def causal_mask(T, S=None, device=None):
    """True where query t may attend to key s: to itself and to all before it, never to the future.

    Returns (T, S), bool, True = may attend. With S > T the first S − T keys come from a cache and the
    last query stands at the last key. Raises ValueError when S < T. Vaswani et al. 2017, §3.2.3.

    >>> causal_mask(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    S = T if S is None else S
    if S < T:
        raise ValueError(f"causal_mask: {T} queries but only {S} keys; every query needs its own key")
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def padding_mask(lengths, S):
    """True where the key is a token of its text, False where it is padding behind the text's end.

    lengths (B,) of how many tokens each text has → (B, 1, S), bool, True = may attend; the axis of
    size 1 stands for all queries. Combine with `causal_mask(T) & padding_mask(lengths, T)`.
    Raises ValueError for a length outside 0 … S.

    >>> padding_mask([1, 3], 3)[:, 0]
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    lengths = torch.as_tensor(lengths)
    if lengths.ndim != 1:
        raise ShapeError(f"padding_mask: lengths must be (B,), one number a text, got shape {tuple(lengths.shape)}")
    if ((lengths < 0) | (lengths > S)).any():
        raise ValueError(f"padding_mask: lengths {lengths.tolist()} must all be from 0 to S = {S}")
    return torch.arange(S, device=lengths.device) < lengths[:, None, None]  # (S,) < (B, 1, 1) → (B, 1, S)


def scaled_dot_product_attention(q, k, v, mask=None, scale=None, temperature=1.0):
    """softmax(q kᵀ / √K) v: each query's average of the values, weighted by how well the keys match.

    q (..., T, K), k (..., S, K), v (..., S, K_v), mask broadcastable to (..., T, S), bool, True = may attend
    → (output (..., T, K_v), weights (..., T, S)). scale is 1/√K unless given. Vaswani et al. 2017, eq. 1.
    Raises ShapeError when shapes do not fit; ValueError when q, k or v holds NaN or ±∞, when the mask is
    not boolean, and for a temperature that is not a finite number above 0.

    >>> output, weights = scaled_dot_product_attention(torch.ones(1, 4), torch.ones(2, 4), torch.tensor([[2.0], [4.0]]))
    >>> output, weights
    (tensor([[3.]]), tensor([[0.5000, 0.5000]]))
    """
    call = "scaled_dot_product_attention"
    check_shapes(call, q=(q, "... T K"), k=(k, "... S K"), v=(v, "... S K_v"))
    refuse_nan(call, q=q, k=k, v=v)
    check_mask(call, mask, (*q.shape[:-1], k.shape[-2]))
    scores = q @ k.mT * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)  # (..., T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = _softmax(scores, temperature, axis=-1)
    return weights @ v, weights  # (..., T, K_v), (..., T, S)


class AttentionHead(nn.Module):
    """One head: queries from x, keys and values from x too, or from another sequence `context`.

    Three projections without bias, `query`, `key` and `value`, (D, K) each. A causal head hides the
    future. After a call, `weights` holds the (..., T, S) weights of that call. Vaswani et al. 2017, §3.2.
    Raises ShapeError when widths differ from D; ValueError when a causal head is given a context.

    >>> AttentionHead(6, 2, causal=True)(torch.ones(5, 3, 6)).shape
    torch.Size([5, 3, 2])
    """

    def __init__(self, D, K, causal=False, generator=None):
        super().__init__()
        self.causal, self.weights = causal, None
        self.query = Linear(D, K, bias=False, generator=generator)
        self.key = Linear(D, K, bias=False, generator=generator)
        self.value = Linear(D, K, bias=False, generator=generator)

    def forward(self, x, context=None, mask=None):
        """x (..., T, D), context (..., S, D), mask (..., T, S) bool, True = may attend → (..., T, K)."""
        source = x if context is None else context  # (..., S, D)
        mask = with_causal_mask("AttentionHead", self.causal, x, context, mask)
        q, k, v = self.query(x), self.key(source), self.value(source)  # (..., T, K), (..., S, K), (..., S, K)
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        self.weights = weights.detach()
        return output


def with_causal_mask(call, causal, x, context, mask):
    """The caller's mask, with the future hidden if the head is causal: bool, True = may attend."""
    if not causal:
        return mask
    if context is not None:
        raise ValueError(f"{call}: a causal head cannot take a context: its tokens have no place in the query's order")
    hidden = causal_mask(x.shape[-2], device=x.device)
    return hidden if mask is None else hidden & mask


def check_mask(call, mask, shape):
    """Raise unless mask is None or a boolean tensor that broadcasts to shape (..., T, S)."""
    if mask is None:
        return
    if mask.dtype != torch.bool:
        raise ValueError(f"{call}: mask must be boolean, True = may attend, got {mask.dtype}")
    try:
        fits = torch.broadcast_shapes(mask.shape, shape) == torch.Size(shape)
    except RuntimeError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{call}: mask has shape {tuple(mask.shape)}, which does not fit the scores (..., T, S) = {tuple(shape)}"
        )


def refuse_nan(call, **tensors):
    """Raise ValueError that names the first tensor holding NaN or ±∞, and where."""
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor.detach()).all():
            raise ValueError(f"{call}: {name} holds {_first(tensor, ~torch.isfinite(tensor))}")


def _softmax(x, temperature, axis):
    """Softmax along the axis. A row of −∞ alone becomes zeros, and sends back zero gradients."""
    if not (temperature > 0 and math.isfinite(temperature)):
        raise ValueError(
            f"softmax: temperature must be a finite number above 0, got {temperature}; "
            "for the limit 0 take the largest score, argmax"
        )
    nothing = (x == -math.inf).all(dim=axis, keepdim=True)
    # torch's own softmax makes NaN of such a row, so it gets harmless scores first and zeros afterwards.
    return torch.softmax(x.masked_fill(nothing, 0.0) / temperature, dim=axis).masked_fill(nothing, 0.0)


def _first(x, bad):
    """"nan at [0, 2]": the first bad entry and its index."""
    at = bad.nonzero()[0].tolist()
    return f"{x[tuple(at)].item()} at {at}"
