"""The worked example: "You are welcome", "de nada", through embeddings, attention, heads, norm, network and loss.

The numbers are the whitepaper's own inputs, which the lessons follow from step to step; tokens are rows, weights
are (in, out). T = 3 tokens, width D = 4, hidden width F = 6. Nothing that is computed from them stands here,
but for two sums, which the whitepaper goes on with as it rounded them. Arrays cannot be written to.

>>> (X @ W_Q).shape, W_1.shape
((3, 4), (4, 6))
"""

import numpy as np

ENGLISH, SPANISH = ["You", "are", "welcome"], ["<start>", "de", "nada"]


def _fixed(*rows):
    array = np.array(rows, dtype=float)
    array.flags.writeable = False
    return array


# 02: a vector for each word, (T, D).
X = _fixed([0.1, 0.2, -0.1, 0.4], [-0.3, 0.5, 0.1, -0.2], [0.4, -0.3, 0.2, 0.1])
Y = _fixed([0.0, 0.0, 0.0, 0.0], [-0.2, 0.4, 0.3, 0.1], [0.5, -0.1, -0.4, 0.3])

# 03: the same with their positions added, rounded as the whitepaper prints them, (T, D).
X_PLACED = _fixed([0.1, 1.2, -0.1, 1.4], [0.5415, 1.49995, 0.1001, 0.8], [1.3093, 0.6998, 0.2002, 1.1])
Y_PLACED = _fixed([0.0, 1.0, 0.0, 1.0], [0.6415, 1.39995, 0.3001, 1.1], [1.4093, 0.8998, -0.3998, 1.3])

# 04: what makes queries, keys and values, (D, D); and three logits for the softmax.
W_Q = _fixed([1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0])
W_K = _fixed([0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1])
W_V = _fixed([1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0], [1, 0, 0, 1])
LOGITS = _fixed(2.0, 1.0, 0.2)

# 05: the output of a second head (T, D), and what mixes the two heads, (2D, D).
HEAD_2 = _fixed([1.5, 0.8, 1.2, 2.0], [1.6, 0.9, 1.1, 2.1], [1.4, 0.7, 1.3, 1.9])
W_O = _fixed(
    [0.37738326, 0.83274845, 0.37280978, 0.14584743],
    [0.28706851, 0.29072609, 0.69116998, 0.20106682],
    [0.26764653, 0.12058646, 0.82634382, 0.60818759],
    [0.44329703, 0.44255810, 0.89811744, 0.24551412],
    [0.91863230, 0.40029736, 0.17636762, 0.06896409],
    [0.41921272, 0.04953830, 0.77792527, 0.43545290],
    [0.14791365, 0.66822966, 0.48313699, 0.94127396],
    [0.11604641, 0.51794357, 0.62942357, 0.76420883],
)

# 06: scale and shift of the layer norm, and its ε.
GAMMA_BETA, EPSILON = _fixed(1, 0), 1e-6

# 07: the feed-forward network, (D, F), (F,), (F, D), (D,).
W_1 = _fixed(
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    [0.7, 0.8, 0.9, 1.0, 1.1, 1.2],
    [1.3, 1.4, 1.5, 1.6, 1.7, 1.8],
    [1.9, 2.0, 2.1, 2.2, 2.3, 2.4],
)
B_1 = _fixed(0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
W_2 = _fixed(
    [0.1, 0.7, 1.3, 1.9],
    [0.2, 0.8, 1.4, 2.0],
    [0.3, 0.9, 1.5, 2.1],
    [0.4, 1.0, 1.6, 2.2],
    [0.5, 1.1, 1.7, 2.3],
    [0.6, 1.2, 1.8, 2.4],
)
B_2 = _fixed(0.01, 0.02, 0.03, 0.04)

# 08: four classes, the right one, a good and a bad prediction of it, and the learning rate.
CLASSES = ["mat", "hat", "bat", "rat"]
ONE_HOT = _fixed([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])
TARGET = _fixed(1, 0, 0, 0)
GOOD, BAD = _fixed(0.7, 0.1, 0.1, 0.1), _fixed(0.1, 0.1, 0.1, 0.7)
LEARNING_RATE = 0.1
