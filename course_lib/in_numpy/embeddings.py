"""From token ids to vectors and back: the lookup, its gradient, the tied unembedding, and nearness.

The embedding matrix W_E (V, D) holds one row a token. Looking up a row is multiplying by a one-hot
vector, only without the multiplications by zero.
"""

import numpy as np

from course_lib.in_numpy.checks import checked_ids
from course_lib.in_numpy.modules import STD, Module
from course_lib.shapes import ShapeError, check_shapes

__all__ = [
    "Embedding",
    "cosine_similarity",
    "lookup",
    "lookup_backward",
    "nearest",
    "one_hot",
    "unembed",
    "unembed_backward",
]


def one_hot(ids, V, dtype=np.float32):
    """A row of V zeros with a single 1, at the token's id. ids (...) → (..., V).

    Raises ShapeError for lists of unequal lengths, ValueError for ids that are not whole numbers in 0 … V−1.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    ids = checked_ids("one_hot", ids, V)
    return (ids[..., None] == np.arange(V)).astype(dtype)  # (..., 1) == (V,) → (..., V)


def lookup(W_E, ids):
    """Row `id` of W_E for every id: the same as one_hot(ids) @ W_E. W_E (V, D), ids (...) → (..., D).

    Raises ShapeError for lists of unequal lengths, ValueError for ids that are not whole numbers in 0 … V−1.

    >>> lookup(np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0])
    array([[3., 4.],
           [3., 4.],
           [1., 2.]])
    """
    V = check_shapes("lookup", W_E=(W_E, "V D"))["V"]
    return W_E[checked_ids("lookup", ids, V)]


def lookup_backward(grad_output, ids, V):
    """Gradient of `lookup` with respect to W_E: each row collects from every place where its id stood.

    grad_output (..., D), ids (...) → (V, D); rows of ids that do not occur stay 0.
    Raises ShapeError when grad_output has not one vector an id, and what `lookup` raises.

    >>> lookup_backward(np.array([[1.0], [10.0], [100.0]]), [2, 0, 2], 3)
    array([[ 10.],
           [  0.],
           [101.]])
    """
    ids = checked_ids("lookup_backward", ids, V)
    if grad_output.shape[:-1] != ids.shape:
        raise ShapeError(
            f"lookup_backward: grad_output {grad_output.shape} is not one vector for each of ids {ids.shape}"
        )
    grad_W_E = np.zeros((V, grad_output.shape[-1]), grad_output.dtype)
    # `grad_W_E[ids] += …` would keep only the last of equal ids, and np.add.at is slow:
    # sort the places so that equal ids stand side by side, then add up each run.
    order = np.argsort(ids, axis=None, kind="stable")  # (N,)
    rows, starts = np.unique(ids.ravel()[order], return_index=True)  # the ids that occur
    grad_rows = grad_output.reshape(ids.size, grad_output.shape[-1])[order]  # (N, D)
    grad_W_E[rows] = np.add.reduceat(grad_rows, starts, axis=0)
    return grad_W_E


def unembed(h, W_E):
    """One score (logit) for every token of the vocabulary: how well its embedding matches h. h @ W_Eᵀ.

    h (..., D), W_E (V, D) → (..., V). "Tied": the matrix that embeds also unembeds. Press & Wolf 2017.
    Raises ShapeError when the widths differ.

    >>> unembed(np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    array([1., 2., 3.])
    """
    check_shapes("unembed", h=(h, "... D"), W_E=(W_E, "V D"))
    rows = h.reshape(-1, h.shape[-1])  # (N, D): one large product instead of one a text
    return np.dot(rows, W_E.T).reshape(h.shape[:-1] + W_E.shape[:1])  # (N, D) @ (D, V) → (..., V)


def unembed_backward(grad_logits, h, W_E):
    """Gradients of `unembed` with respect to h and W_E.

    grad_logits (..., V), h (..., D), W_E (V, D) → (grad_h (..., D), grad_W_E (V, D)).
    Raises ShapeError when the shapes do not belong together.

    >>> unembed_backward(np.array([1.0, 0.0]), np.array([5.0]), np.array([[2.0], [3.0]]))[1]
    array([[5.],
           [0.]])
    """
    check_shapes("unembed_backward", grad_logits=(grad_logits, "... V"), h=(h, "... D"), W_E=(W_E, "V D"))
    grad_rows = grad_logits.reshape(-1, len(W_E))  # (N, V)
    rows = h.reshape(-1, h.shape[-1])  # (N, D)
    return (grad_rows @ W_E).reshape(h.shape), grad_rows.T @ rows  # (..., D), (V, N) @ (N, D)


def cosine_similarity(a, b):
    """The cosine of the angle between vectors: 1 same direction, 0 at right angles, −1 opposite.

    a (..., D), b (..., D) → (...), leading axes broadcast. The zero vector has no direction: defined as 0.
    Raises ShapeError when the widths differ.

    >>> cosine_similarity(np.array([3.0, 4.0]), np.array([4.0, 3.0])).round(12)
    np.float64(0.96)
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"cosine_similarity: a is {a.shape}, b is {b.shape}; both must end in one width D")
    lengths = np.sqrt((a * a).sum(axis=-1)) * np.sqrt((b * b).sum(axis=-1))  # |a| · |b|, (...)
    return (a * b).sum(axis=-1) / np.where(lengths > 0, lengths, 1)  # 0 / 1 for a zero vector


def nearest(W_E, id, k):
    """The k tokens whose embeddings point most nearly the same way as that of `id`, itself left out.

    W_E (V, D) → (ids (k,), cosines (k,)), nearest first; the smaller id first where cosines are equal.
    Raises ValueError unless 0 ≤ id < V and 1 ≤ k ≤ V − 1.

    >>> nearest(np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]]), 0, 1)[0]
    array([2])
    """
    V = check_shapes("nearest", W_E=(W_E, "V D"))["V"]
    id = int(checked_ids("nearest", id, V))
    if not 1 <= k <= V - 1:
        raise ValueError(f"nearest: k = {k}, but there are {V - 1} other tokens (V = {V})")
    cosines = cosine_similarity(W_E, W_E[id])  # (V,)
    order = np.argsort(-cosines, kind="stable")
    order = order[order != id][:k]
    return order, cosines[order]


class Embedding(Module):
    """The matrix `weight` (V, D) and its lookup; rows start at normal(0, 0.02), as in GPT-2.

    Raises what `lookup` raises.

    >>> Embedding(10, 4)([[1, 2, 3], [4, 5, 6]]).shape
    (2, 3, 4)
    """

    def __init__(self, V, D, rng=None, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.add_param("weight", rng.normal(0.0, STD, (V, D)).astype(dtype))

    def forward(self, ids):
        """ids (...) → (..., D)."""
        weight = self.params["weight"]
        self.kept = checked_ids("Embedding", ids, len(weight))
        return weight[self.kept]

    def backward(self, grad_output):
        """Collects the gradient of the matrix; ids are whole numbers, so there is no gradient to return."""
        ids = self.recall(grad_output)
        self.add_grad("weight", lookup_backward(grad_output, ids, len(self.params["weight"])))
