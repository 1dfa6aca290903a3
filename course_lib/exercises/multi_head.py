"""Checks for the exercises of lesson 05_multi_head."""

import numpy as np

from . import distribution, exercise, expect


@exercise
def check_split_heads(split_heads):
    """`split_heads(x, H)` cuts x (B, C, D) into H heads of width K = D/H: (B, H, C, K)."""
    x = np.arange(2 * 4 * 6).reshape(2, 4, 6)  # every number is unlike every other
    cut = x.reshape(2, 4, 2, 3)  # (B, C, H, K)
    expect(
        split_heads(x, 2),
        cut.swapaxes(1, 2),
        "each head should get its own features of every token, a row a token",
        [(x.reshape(2, 2, 4, 3), "a reshape alone keeps the numbers in their order, so tokens are cut apart: exchange axes"),
         (x.reshape(2, 4, 3, 2).transpose(0, 3, 1, 2),
          "head 0 got every second feature: it should get the first K, which stand together"),
         (cut.swapaxes(1, 2)[:, ::-1], "the heads stand in the wrong order: head 0 gets the first K features"),
         (cut.swapaxes(0, 2).swapaxes(1, 2).reshape(2, 2, 4, 3),
          "texts and heads have changed places: the batch axis stays in front")],
    )  # fmt: skip
    x = np.arange(3 * 4 * 6).reshape(3, 4, 6)
    expect(
        split_heads(x, 3),
        x.reshape(3, 4, 3, 2).swapaxes(1, 2),
        "three heads come out wrong, though two are right: does your function use H and the sizes of x?",
    )


@exercise
def check_merge_heads(merge_heads):
    """`merge_heads(x)` joins the heads of x (B, H, C, K) for every token: (B, C, H·K)."""
    x = np.arange(2 * 2 * 4 * 3).reshape(2, 2, 4, 3)
    expect(
        merge_heads(x),
        x.swapaxes(1, 2).reshape(2, 4, 6),
        "row t of a text should hold row t of head 0, then row t of head 1",
        [(x.reshape(2, 4, 6), "a reshape alone joins different tokens of one head: exchange axes first"),
         (x.transpose(0, 2, 3, 1).reshape(2, 4, 6),
          "the features of the heads alternate: each head's K features should stand together"),
         (x[:, ::-1].swapaxes(1, 2).reshape(2, 4, 6), "the heads stand in the wrong order: head 0 comes first"),
         (x.transpose(1, 2, 0, 3).reshape(2, 4, 6), "pieces of different texts were joined: the batch axis stays in front")],
    )  # fmt: skip
    x = np.arange(2 * 3 * 5 * 4).reshape(2, 3, 5, 4)
    expect(
        merge_heads(x),
        x.swapaxes(1, 2).reshape(2, 5, 12),
        "three heads come out wrong, though two are right: does your function use the sizes of x?",
    )


@exercise
def check_multi_head(multi_head):
    """`multi_head(x, W_Q, W_K, W_V, W_O, H)`: x (C, D), matrices (D, D) → (C, D); head h owns a stripe of columns."""
    rng = np.random.default_rng(5)
    x, (W_Q, W_K, W_V, W_O) = rng.normal(size=(5, 6)), rng.normal(size=(4, 6, 6)) / 2
    # One token: every weight is 1, so only the two products on the way of the values are left.
    value = x[:1] @ W_V
    expect(
        multi_head(x[:1], W_Q, W_K, W_V, W_O, 1),
        value @ W_O,
        "with a single token the weights are 1, and x goes through W_V and then W_O",
        [(value, "W_O is missing: the joined heads are multiplied by it"),
         (value @ W_O.T, "W_O was transposed: it is (in, out), from the right"),
         (x[:1] @ W_V.T @ W_O.T, "the matrices were transposed: they are (in, out), from the right")],
    )  # fmt: skip
    eye = np.eye(6)  # W_O that changes nothing: only the heads are left
    one = _heads(x, W_Q, W_K, W_V, 1)
    expect(
        multi_head(x, W_Q, W_K, W_V, eye, 1),
        one,
        "one head of full width comes out wrong: it is the attention of lesson 04_attention",
        [(_heads(x, W_Q, W_K, W_V, 1, width=1), "the scores were not divided by the root of K"),
         (_heads(x, W_Q, W_K, W_V, 1, axis=0), "the softmax runs over the queries: each query's weights should add to 1")],
    )  # fmt: skip
    right, K = _heads(x, W_Q, W_K, W_V, 2), 3
    pieces = [right[:, :K], right[:, K:]]
    expect(
        multi_head(x, W_Q, W_K, W_V, eye, 2),
        right,
        "one head is right and two are not: each head attends with its own K columns of Q, K and V",
        [(one, "two heads give what one gives: cut the width into H stripes before the softmax"),
         (_heads(x, W_Q, W_K, W_V, 2, width=6), "each head's scores are divided by the root of its own width K, not of D"),
         (np.hstack(pieces[::-1]), "the heads were joined in the wrong order"),
         (np.hstack(pieces[:1] * 2), "both halves hold head 0: does the loop use its head's columns?"),
         (_reshaped(x, W_Q, W_K, W_V), "tokens and heads got mixed: a reshape alone does not bring the heads to the front")],
    )  # fmt: skip
    expect(
        multi_head(x, W_Q, W_K, W_V, W_O, 3),
        _heads(x, W_Q, W_K, W_V, 3) @ W_O,
        "three heads with W_O come out wrong, though two without it are right",
    )


def _heads(x, W_Q, W_K, W_V, H, width=None, axis=-1):
    """The joined outputs of H heads (C, D); `width` and `axis` are there to make mistakes."""
    stripes = np.split(np.arange(x.shape[1]), H)
    scores = [(x @ W_Q[:, s]) @ (x @ W_K[:, s]).T / np.sqrt(width or len(s)) for s in stripes]
    return np.hstack([distribution(one, axis) @ (x @ W_V[:, s]) for one, s in zip(scores, stripes, strict=True)])


def _reshaped(x, W_Q, W_K, W_V):
    """Two heads cut by a reshape where axes should be exchanged, there and back."""
    q, k, v = ((x @ W).reshape(2, 5, 3) for W in (W_Q, W_K, W_V))  # (C, D) → (H, C, K), scrambled
    return (distribution(q @ k.swapaxes(1, 2) / np.sqrt(3), -1) @ v).reshape(5, 6)
