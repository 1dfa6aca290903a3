"""From token ids to vectors and back: the lookup, the tied unembedding, and nearness.

The embedding matrix W_E (V, D) holds one row a token. Looking up a row is multiplying by a one-hot
vector, only without the multiplications by zero.
"""

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.in_torch.checks import checked_ids
from course_lib.in_torch.modules import STD
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["Embedding", "cosine_similarity", "lookup", "nearest", "one_hot", "unembed"]


def one_hot(ids, V, dtype=torch.float32):
    """A row of V zeros with a single 1, at the token's id. ids (...) → (..., V).

    Raises ShapeError for lists of unequal lengths, ValueError for ids that are not whole numbers in 0 … V−1.

    >>> one_hot([2, 0], 3)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    return F.one_hot(checked_ids("one_hot", ids, V), V).to(dtype)


def lookup(W_E, ids):
    """Row `id` of W_E for every id: the same as one_hot(ids) @ W_E. W_E (V, D), ids (...) → (..., D).

    Raises ShapeError for lists of unequal lengths, ValueError for ids that are not whole numbers in 0 … V−1.

    >>> lookup(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 0])
    tensor([[3., 4.],
            [1., 2.]])
    """
    V = check_shapes("lookup", W_E=(W_E, "V D"))["V"]
    return F.embedding(checked_ids("lookup", ids, V, W_E.device), W_E)


def unembed(h, W_E):
    """One score (logit) for every token of the vocabulary: how well its embedding matches h. h @ W_Eᵀ.

    h (..., D), W_E (V, D) → (..., V). "Tied": the matrix that embeds also unembeds. Press & Wolf 2017.
    Raises ShapeError when the widths differ.

    >>> unembed(torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    tensor([1., 2., 3.])
    """
    check_shapes("unembed", h=(h, "... D"), W_E=(W_E, "V D"))
    return F.linear(h, W_E)  # (..., D) @ (D, V) → (..., V)


def cosine_similarity(a, b):
    """The cosine of the angle between vectors: 1 same direction, 0 at right angles, −1 opposite.

    a (..., D), b (..., D) → (...), leading axes broadcast. The zero vector has no direction: defined as 0.
    Raises ShapeError when the widths differ.

    >>> cosine_similarity(torch.tensor([3.0, 4.0]), torch.tensor([4.0, 3.0]))
    tensor(0.9600)
    """
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        shapes = f"a is {tuple(a.shape)}, b is {tuple(b.shape)}"
        raise ShapeError(f"cosine_similarity: {shapes}; both must end in one width D")
    lengths = a.square().sum(-1).sqrt() * b.square().sum(-1).sqrt()  # |a| · |b|, (...)
    return (a * b).sum(-1) / torch.where(lengths > 0, lengths, 1)  # 0 / 1 for a zero vector


def nearest(W_E, id, k):
    """The k tokens whose embeddings point most nearly the same way as that of `id`, itself left out.

    W_E (V, D) → (ids (k,), cosines (k,)), nearest first; the smaller id first where cosines are equal.
    Raises ValueError unless 0 ≤ id < V and 1 ≤ k ≤ V − 1.

    >>> nearest(torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]]), 0, 1)[0]
    tensor([2])
    """
    V = check_shapes("nearest", W_E=(W_E, "V D"))["V"]
    id = int(checked_ids("nearest", id, V))
    if not 1 <= k <= V - 1:
        raise ValueError(f"nearest: k = {k}, but there are {V - 1} other tokens (V = {V})")
    cosines = cosine_similarity(W_E, W_E[id])  # (V,)
    order = cosines.argsort(descending=True, stable=True)
    order = order[order != id][:k]
    return order, cosines[order]


class Embedding(nn.Module):
    """The matrix `weight` (V, D) and its lookup; rows start at normal(0, 0.02), as in GPT-2.

    Raises what `lookup` raises.

    >>> Embedding(10, 4)([[1, 2, 3], [4, 5, 6]]).shape
    torch.Size([2, 3, 4])
    """

    def __init__(self, V, D, generator=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(V, D))
        nn.init.normal_(self.weight, std=STD, generator=generator)

    def forward(self, ids):
        """ids (...) → (..., D)."""
        return F.embedding(checked_ids("Embedding", ids, len(self.weight), self.weight.device), self.weight)
