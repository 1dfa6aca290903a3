"""Right and wrong answers to the exercises of lesson 07_feed_forward."""

import math

import numpy as np

from course_lib.exercises.feed_forward import check_equal_network, check_feed_forward, check_gelu


def relu(z):
    return np.maximum(z, 0)


def feed_forward(x, w_1, b_1, w_2, b_2, bend=relu):
    return bend(x @ w_1 + b_1) @ w_2 + b_2


def feed_forward_with_loops(x, w_1, b_1, w_2, b_2):
    out = []
    for row in x:
        hidden = [max(0.0, sum(v * w for v, w in zip(row, column)) + b) for column, b in zip(w_1.T, b_1)]
        out.append([sum(h * w for h, w in zip(hidden, column)) + b for column, b in zip(w_2.T, b_2)])
    return out


def needs_others(x, *weights):
    return feed_forward(x - x.mean(axis=0) * (len(x) == 1), *weights)


def feed_forward_in_place(x, w_1, b_1, w_2, b_2):
    x[:] = feed_forward(x, w_1, b_1, w_2, b_2)
    return x


ROOT = math.sqrt(2 / math.pi)


def gelu(x, root=ROOT, power=3, factor=0.044715, half=0.5, one=1):
    return half * x * (one + np.tanh(root * (x + factor * x**power)))


def gelu_with_sigmoid(x):
    return x / (1 + np.exp(-2 * ROOT * (x + 0.044715 * x * x * x)))


def exact_gelu(x):
    return x * np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2)(x)


def network(columns, c, w, b):
    """An answer of the last exercise: one column of W for each hidden unit."""
    return lambda: (np.array(columns, dtype=float).T, np.array(c), np.array(w), b)


DIFFERENCES = [[1, -1], [-1, 1]]  # max(0, x_1 − x_2) and max(0, x_2 − x_1)

RIGHT = [
    (check_feed_forward, feed_forward),
    (check_feed_forward, feed_forward_with_loops),
    (check_feed_forward, lambda x, a, b, c, d: np.einsum("tf,fd->td", (z := np.einsum("td,df->tf", x, a) + b) * (z > 0), c) + d),
    (check_gelu, gelu),
    (check_gelu, gelu_with_sigmoid),
    (check_gelu, lambda x: np.vectorize(lambda v: float(gelu(np.float64(v))))(x)),
    (check_equal_network, network(DIFFERENCES, [0, 0], [-1, -1], 1)),
    (check_equal_network, network([[-1, -1], [1, 1]], [1, -1], [1, 1], 0)),
    (check_equal_network, network([[1, 1], [1, 1]], [0, -1], [-1, 2], 1)),
    (check_equal_network, lambda: ([[2.0, -2.0, 0], [-2.0, 2.0, 0]], [0, 0, 1], [-0.5, -0.5, 1], np.array([0.0]))),
]  # fmt: skip

WRONG = [
    (check_feed_forward, lambda *a: feed_forward(*a, bend=lambda z: z), "without ReLU"),
    (check_feed_forward, lambda *a: relu(feed_forward(*a, bend=lambda z: z)), "came after the second layer"),
    (check_feed_forward, lambda *a: relu(feed_forward(*a)), "a second time"),
    (check_feed_forward, lambda x, *w: feed_forward(relu(x), *w, bend=lambda z: z), "before the first layer"),
    (check_feed_forward, lambda x, a, b, c, d: feed_forward(x, a, 0, c, d), "first bias is missing"),
    (check_feed_forward, lambda x, a, b, c, d: (relu(x @ a) + b) @ c + d, "added after ReLU"),
    (check_feed_forward, lambda x, a, b, c, d: feed_forward(x, a, b, c, 0), "second bias is missing"),
    (check_feed_forward, lambda *a: feed_forward(*a, bend=lambda z: np.minimum(z, 0)), "negative half was kept"),
    (check_feed_forward, lambda *a: feed_forward(*a, bend=np.abs), "changed their sign"),
    (check_feed_forward, lambda *a: feed_forward(*a, bend=np.tanh), "widen, add"),
    (check_feed_forward, lambda x, a, b, c, d: relu(x @ a + b), "shape"),
    (check_feed_forward, lambda *a: None, "return missing"),
    (check_feed_forward, feed_forward_in_place, "changed what it was given"),
    (check_feed_forward, needs_others, "one token alone"),
    (check_gelu, lambda x: gelu(x, half=1), "one half is missing"),
    (check_gelu, lambda x: 0.5 * (1 + np.tanh(ROOT * (x + 0.044715 * x**3))), "x in front"),
    (check_gelu, lambda x: gelu(x, one=0), "1 before the tanh"),
    (check_gelu, lambda x: gelu(x, root=1), r"factor √\(2/π\)"),
    (check_gelu, lambda x: gelu(x, root=math.sqrt(math.pi / 2)), "upside down"),
    (check_gelu, lambda x: gelu(x, root=2 / math.pi), "under a root"),
    (check_gelu, lambda x: gelu(x, factor=0), "term with x³ is missing"),
    (check_gelu, lambda x: gelu(x, power=2), "cubed"),
    (check_gelu, lambda x: 0.5 * x * (1 + np.tanh(ROOT * x + 0.044715 * x**3)), "bracket"),
    (check_gelu, exact_gelu, "exact GELU"),
    (check_gelu, lambda x: x / (1 + np.exp(-1.702 * x)), "rougher formula"),
    (check_gelu, relu, "has a corner"),
    (check_gelu, lambda x: gelu(x, factor=0.44715), "compare each factor"),
    (check_gelu, lambda x: gelu(x) if x.ndim == 1 else gelu(x).mean(axis=0) + 0 * x, "each number alone"),
    (check_equal_network, network(DIFFERENCES, [0, 0], [1, 1], 0), "this is XOR"),
    (check_equal_network, network(DIFFERENCES, [0, 0], [-1, -1], 0), "1 too low"),
    (check_equal_network, network([[1, 1]], [-1], [1], 0), "this is AND"),
    (check_equal_network, network([[-1, -1]], [1], [1], 0), "this is NOR"),
    (check_equal_network, network(DIFFERENCES, [2, 2], [-1, -1], 1), "no hidden unit is ever cut"),
    (check_equal_network, network(DIFFERENCES, [0, 0], [-2, -1], 1), "yours are 1, 0, -1, 1"),
    (check_equal_network, network(DIFFERENCES, [0], [-1, -1], 1), r"c has the shape \(2,\)"),
    (check_equal_network, network(DIFFERENCES, [0, 0], [-1], 1), r"w has the shape \(2,\)"),
    (check_equal_network, network(DIFFERENCES, [0, 0], [-1, -1], [1, 1]), "b is one number"),
    (check_equal_network, network([[1], [-1]], [0, 0], [-1, -1], 1), "two rows"),
    (check_equal_network, lambda: None, "return missing"),
    (check_equal_network, lambda: (np.eye(2), np.zeros(2), np.ones(2)), "four things"),
]  # fmt: skip
