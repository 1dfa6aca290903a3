"""Right and wrong answers to the exercises of lesson 05_multi_head."""

import numpy as np

from course_lib.exercises.multi_head import check_merge_heads, check_multi_head, check_split_heads
from course_lib.in_numpy import attention, multi_head
from tests.exercises.answers.attention import attend_with_loops, softmax


def split(x, H):
    B, C, D = x.shape
    return x.reshape(B, C, H, D // H).transpose(0, 2, 1, 3)


def merge(x):
    B, H, C, K = x.shape
    return x.transpose(0, 2, 1, 3).reshape(B, C, H * K)


def layer(x, W_Q, W_K, W_V, W_O, H, scale=None, axis=-1, order=1, only=None):
    """Multi-head attention with a loop over heads; the keywords make mistakes."""
    K, outputs = x.shape[1] // H, []
    for h in range(H):
        s = slice(h * K, (h + 1) * K) if only is None else slice(0, K)
        scores = (x @ W_Q[:, s]) @ (x @ W_K[:, s]).T / (K**0.5 if scale is None else scale)
        outputs.append(softmax(scores, axis=axis) @ (x @ W_V[:, s]))
    return np.concatenate(outputs[::order], axis=1) @ W_O


def layer_by_library(x, W_Q, W_K, W_V, W_O, H):
    q, k, v = (multi_head.split_heads(x @ W, H) for W in (W_Q, W_K, W_V))
    return multi_head.merge_heads(attention.scaled_dot_product_attention(q, k, v)[0]) @ W_O


def layer_by_sums(x, W_Q, W_K, W_V, W_O, H):
    everything = np.ones((len(x), len(x)), dtype=bool)
    stripes = np.split(np.arange(x.shape[1]), H)
    return sum(
        attend_with_loops(x @ W_Q[:, s], x @ W_K[:, s], x @ W_V[:, s], everything) @ W_O[s] for s in stripes
    )


def layer_reshaped(x, W_Q, W_K, W_V, W_O, H):
    q, k, v = ((x @ W).reshape(H, len(x), -1) for W in (W_Q, W_K, W_V))
    return attention.scaled_dot_product_attention(q, k, v)[0].reshape(x.shape) @ W_O


def heads_of_two(x, *matrices_and_H):
    """Right, but for two heads at the most."""
    return layer(x, *matrices_and_H[:-1], min(matrices_and_H[-1], 2))


RIGHT = [
    (check_split_heads, split),
    (check_split_heads, lambda x, H: np.stack(np.split(x, H, axis=-1), axis=1)),
    (check_split_heads, multi_head.split_heads),
    (check_merge_heads, merge),
    (check_merge_heads, lambda x: np.concatenate(list(x.swapaxes(0, 1)), axis=-1)),
    (check_merge_heads, multi_head.merge_heads),
    (check_multi_head, layer),
    (check_multi_head, layer_by_library),
    (check_multi_head, layer_by_sums),
]

WRONG = [
    (check_split_heads, lambda x, H: x.reshape(len(x), H, x.shape[1], -1), "reshape alone"),
    (check_split_heads, lambda x, H: x.reshape(*x.shape[:2], -1, H).transpose(0, 3, 1, 2), "every second feature"),
    (check_split_heads, lambda x, H: split(x, H)[:, ::-1], "wrong order"),
    (check_split_heads, lambda x, H: x.reshape(*x.shape[:2], H, -1).transpose(2, 0, 1, 3), "changed places"),
    (check_split_heads, lambda x, H: x.reshape(*x.shape[:2], H, -1), r"shape \(2, 2, 4, 3\), got \(2, 4, 2, 3\)"),
    (check_split_heads, lambda x, H: split(x, H).swapaxes(2, 3), "shape"),
    (check_split_heads, lambda x, H: split(x, 2), "shape"),
    (check_split_heads, lambda x, H: np.sort(split(x, H), axis=-1)[..., ::-1], "its own features"),
    (check_split_heads, lambda x, H: split(x, H)[:, ::1 if H == 2 else -1], "three heads"),
    (check_split_heads, lambda x, H: None, "return missing"),
    (check_merge_heads, lambda x: x.reshape(len(x), x.shape[2], -1), "reshape alone"),
    (check_merge_heads, lambda x: x.transpose(0, 2, 3, 1).reshape(len(x), x.shape[2], -1), "alternate"),
    (check_merge_heads, lambda x: merge(x[:, ::-1]), "wrong order"),
    (check_merge_heads, lambda x: x.transpose(1, 2, 0, 3).reshape(len(x), x.shape[2], -1), "different texts"),
    (check_merge_heads, lambda x: x.sum(axis=1), "shape"),
    (check_merge_heads, lambda x: x.transpose(0, 2, 1, 3), "shape"),
    (check_merge_heads, lambda x: merge(x) + 1, "row t of head 0"),
    (check_merge_heads, lambda x: merge(x[:, :: 1 if x.shape[1] == 2 else -1]), "three heads"),
    (check_multi_head, lambda *a: layer(*a[:4], np.eye(6), a[5]), "W_O is missing"),
    (check_multi_head, lambda *a: layer(*a[:4], a[4].T, a[5]), "W_O was transposed"),
    (check_multi_head, lambda x, *a: layer(x, *(W.T for W in a[:4]), a[4]), "matrices were transposed"),
    (check_multi_head, lambda *a: layer(*a[:4], a[3], a[5]), "goes through W_V and then W_O"),
    (check_multi_head, lambda *a: layer(*a, scale=1), "not divided by the root"),
    (check_multi_head, lambda *a: layer(*a, axis=0) if len(a[0]) > 1 else layer(*a), "over the queries"),
    (check_multi_head, lambda *a: layer(a[0], a[2], a[1], *a[3:]), "one head of full width"),
    (check_multi_head, lambda *a: layer(*a[:5], 1), "two heads give what one gives"),
    (check_multi_head, lambda *a: layer(*a, scale=6**0.5), "not of D"),
    (check_multi_head, lambda *a: layer(*a, order=-1), "wrong order"),
    (check_multi_head, lambda *a: layer(*a, only=0), "head 0"),
    (check_multi_head, layer_reshaped, "tokens and heads got mixed"),
    (check_multi_head, heads_of_two, "three heads"),
    (check_multi_head, lambda *a: layer(*a)[0], "shape"),
]  # fmt: skip
