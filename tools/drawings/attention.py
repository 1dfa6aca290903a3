"""Drawings of attention: one head as data flow, several heads, and how they are cut and joined."""

import numpy as np

from course_lib.data import worked
from course_lib.in_numpy.attention import scaled_dot_product_attention
from course_lib.in_numpy.multi_head import merge_heads, split_heads
from tools.drawings.svg import Drawing

PARTS = ["query", "key", "value"]


def head():
    """x → q, k, v → scores → weights → output, with the numbers of the worked example."""
    x = worked.X_PLACED  # (T, D)
    q, k, v = x @ worked.W_Q, x @ worked.W_K, x @ worked.W_V  # (T, K)
    scores = q @ k.T / np.sqrt(k.shape[-1])  # (T, S)
    output, weights = scaled_dot_product_attention(q, k, v)
    d = Drawing(
        480, 560, "A head of attention",
        "The rows x of three tokens become queries q, keys k and values v. Queries times keys, divided by the root of their "
        "width, are the scores; softmax makes weights of each row; weights times values are the output.",
    )  # fmt: skip
    cell, wide = (35, 22), 140
    lefts = [14, 170, 326]
    d.label(148, 53, "x", size=16, anchor="end", bold=True)
    d.label(330, 53, "(T, D)", "soft", 13, "start")
    d.grid(156, 20, x, "residual", (42, 22))
    d.arrow((240, 88), (240, 142))
    d.arrow((240, 88), (240, 104), (84, 104), (84, 142), role="query")
    d.arrow((240, 88), (240, 104), (396, 104), (396, 142), role="value")
    d.arrow((240, 88), (240, 142), role="key")
    for left, part, matrix, letter in zip(lefts, PARTS, (q, k, v), "qkv", strict=True):
        d.label(left + 62, 124, f"W_{{{letter.upper()}}}", part, 14, "end")
        d.grid(left, 146, matrix, part, cell)
        d.label(
            left + 6 + wide / 2,
            226,
            f"{letter}, (T, K)" if letter == "q" else f"{letter}, (S, K)",
            part,
            14,
            "start",
            bold=True,
        )
    d.arrow((70, 216), (70, 300), role="query")
    d.arrow((226, 216), (226, 252), (122, 252), (122, 300), role="key")
    d.label(136, 280, "q k^{T} / √K", size=15, anchor="start")
    d.grid(44, 304, scores, "line", cell)
    d.label(158, 338, "scores, (T, S)", "soft", 13, "start")
    d.arrow((96, 374), (96, 424), role="ink")
    d.label(108, 398, "softmax of each row", size=14, anchor="start")
    d.weights(44, 428, weights, cell)
    d.label(96, 510, "weights, (T, S)", "soft", 13)
    d.arrow((386, 216), (386, 428), role="value")
    d.label(232, 446, "weights · v", size=14)
    d.grid(316, 432, output, "value", cell)
    d.label(386, 514, "output, (T, K)", "soft", 13)
    d.arrow((153, 461), (312, 461), role="ink")
    d.label(240, 540, "each output row is a mixture of the rows of v", "soft", 13)
    return d


def multi_head():
    """Heads side by side, each on its own columns, joined and mixed by W_O."""
    H = 2
    x = worked.X_PLACED
    q, k, v = (split_heads(x @ W, H) for W in (worked.W_Q, worked.W_K, worked.W_V))  # (H, T, K)
    output, weights = scaled_dot_product_attention(q, k, v)
    T, D, K = *x.shape, q.shape[-1]
    assert merge_heads(output).shape == (T, D)
    d = Drawing(
        480, 526, "Heads side by side",
        f"x, {T} rows of {D} numbers, goes to {H} heads. Each makes queries, keys and values of width {K}, weights of its own "
        "and an output. The outputs are laid side by side and mixed by the matrix W_O.",
    )  # fmt: skip
    cell = (24, 18)
    d.grid(192, 18, x, "residual", cell, write=False)
    d.label(184, 45, "x", size=16, anchor="end", bold=True)
    d.label(298, 45, "(T, D)", "soft", 13, "start")
    for h in range(H):
        left = 12 + 236 * h
        d.frame(left, 102, 220, 256, "line", dashed=True)
        d.label(left + 18, 343, f"head {h}", anchor="start", bold=True)
        for n, (part, matrix) in enumerate(zip(PARTS, (q, k, v), strict=True)):
            at = left + 14 + 72 * n
            d.arrow((240, 76), (240, 88), (at + 24, 88), (at + 24, 130), role=part)
            d.grid(at, 134, matrix[h], part, cell, write=False)
            d.label(at + 24, 202, "qkv"[n], part, 15, bold=True)
        d.arrow((left + 38, 216), (left + 38, 246), role="query")
        d.arrow((left + 110, 216), (left + 110, 230), (left + 62, 230), (left + 62, 246), role="key")
        d.weights(left + 18, 250, weights[h], (24, 18), write=False)
        d.label(left + 18, 320, "weights, (T, S)", "soft", 12.5, "start")
        d.arrow((left + 94, 277), (left + 154, 277), role="ink")
        d.arrow((left + 182, 216), (left + 182, 246), role="value")
        d.grid(left + 158, 250, output[h], "value", cell, write=False)
        d.label(left + 182, 320, "(T, K)", "soft", 12.5)
        d.arrow((left + 182, 331), (left + 182, 372), (216 + 48 * h, 372), (216 + 48 * h, 386), role="value")
    d.grid(192, 390, merge_heads(output), "value", cell, write=False)
    d.label(184, 417, "side by side", "soft", 13, "end")
    d.label(298, 417, "(T, H·K) = (T, D)", "soft", 13, "start")
    d.arrow((240, 448), (240, 472), role="ink")
    d.label(252, 458, "W_{O} mixes the heads", size=14, anchor="start")
    d.box(180, 474, 120, 36, "output, (T, D)", "residual")
    return d


def split_and_merge():
    """Splitting is a reshape and a swap; a reshape alone mixes tokens up."""
    T, D, H = 3, 4, 2
    x = np.arange(T * D).reshape(T, D)
    right, wrong = split_heads(x, H), x.reshape(H, T, D // H)  # (H, T, K), both
    d = Drawing(
        480, 454, "Split the heads: reshape, then swap",
        f"A matrix of {T} tokens and {D} columns, each token in its own shade. Reshaped to (T, H, K) and with the first two axes "
        f"swapped, head 0 has the first {D // H} columns of every token. Reshaped to (H, T, K) at once, head 0 has both "
        "halves of the first token, and half of the second.",
    )  # fmt: skip
    cell, shade = (32, 26), np.repeat([0.05, 0.26, 0.72], D).reshape(T, D)

    def show(left, top, entries):
        """Entries in the shade of the token that they come from."""
        shades = shade.ravel()[entries]
        d.weights(left, top, shades, cell, write=False)
        for (i, j), entry in np.ndenumerate(entries):
            on = {0.05: "low", 0.26: "low", 0.72: "high"}[shades[i, j]]
            d.label(left + (j + 0.5) * cell[0], top + (i + 0.5) * cell[1], str(entry), size=13, ink=on)

    d.label(16 + 64, 20, "x, (T, D)", size=14, bold=True)
    show(16, 34, x)
    d.label(80, 126, "a shade a token", "soft", 13)
    d.label(176, 56, "reshape", "soft", 13)
    d.arrow((152, 73), (200, 73), role="ink")
    for t in range(T):
        show(208, 30 + 34 * t, right[0, t : t + 1])
        show(276, 30 + 34 * t, right[1, t : t + 1])
    d.label(274, 143, "(T, H, K)", "soft", 13)
    d.label(370, 56, "swap", "soft", 13)
    d.arrow((348, 73), (394, 73), role="ink")
    for h in range(H):
        show(402, 22 + 110 * h, right[h])
        d.label(434, 112 + 110 * h, f"head {h}", size=13, bold=True)
    d.label(434, 242, "(H, T, K)", "soft", 13)
    d.label(16, 196, "Merging goes the same way", "soft", 13, "start")
    d.label(16, 214, "back: swap, then reshape.", "soft", 13, "start")
    d.arrow((16, 264), (464, 264), role="line", head=False, width=1)
    d.label(16, 286, "Not the same: reshape to (H, T, K) at once", size=14, anchor="start", bold=True)
    show(16, 312, x)
    d.label(192, 334, "reshape", "soft", 13)
    d.arrow((152, 351), (232, 351), role="ink")
    for h in range(H):
        show(250 + 110 * h, 312, wrong[h])
        d.label(282 + 110 * h, 404, f"head {h}", size=13, bold=True)
    d.label(16, 434, "All shapes fit, and each head mixes tokens up.", "soft", 13, "start")
    return d
