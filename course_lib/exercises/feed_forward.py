"""Checks for the exercises of lesson 07_feed_forward."""

import math

import numpy as np

from . import Wrong, exercise, expect, to_array

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@exercise
def check_feed_forward(feed_forward):
    """`feed_forward(x, W_1, b_1, W_2, b_2)`: x (T, D), W_1 (D, F), b_1 (F,), W_2 (F, D), b_2 (D,) → (T, D)."""
    random = np.random.default_rng(7)
    x, w_1, w_2 = random.normal(size=(5, 3)), random.normal(size=(3, 4)), random.normal(size=(4, 3))
    b_1, b_2 = np.array([0.5, -0.5, 1.0, -1.0]), np.array([0.3, -0.2, 0.1])
    before = x.copy()
    answer = to_array(feed_forward(x, w_1, b_1, w_2, b_2))
    if not np.array_equal(x, before):
        raise Wrong("the input was changed: put the results into new arrays")
    z = x @ w_1 + b_1
    a = np.maximum(z, 0)
    expect(
        answer,
        a @ w_2 + b_2,
        "the output is wrong: widen, add the first bias, cut at 0, narrow, add the second bias",
        [(z @ w_2 + b_2, "without ReLU the two layers are one: it stands between them"),
         (np.maximum(z @ w_2 + b_2, 0), "ReLU came after the second layer: it stands between the two"),
         (np.maximum(a @ w_2 + b_2, 0), "ReLU came a second time, after the second layer: the output may be negative"),
         (np.maximum(x, 0) @ w_1 @ w_2 + b_1 @ w_2 + b_2, "ReLU came before the first layer: it stands between the two"),
         (np.maximum(x @ w_1, 0) @ w_2 + b_2, "the first bias is missing"),
         ((np.maximum(x @ w_1, 0) + b_1) @ w_2 + b_2, "the first bias was added after ReLU: it moves the place of the bend"),
         (a @ w_2, "the second bias is missing"),
         (np.minimum(z, 0) @ w_2 + b_2, "the negative half was kept: ReLU keeps the positive one"),
         (np.abs(z) @ w_2 + b_2, "negative values changed their sign: ReLU replaces them by 0")],
    )  # fmt: skip
    expect(feed_forward(x[:1], w_1, b_1, w_2, b_2), a[:1] @ w_2 + b_2,
           "one token alone comes out wrong: no token may need the others")  # fmt: skip


@exercise
def check_gelu(gelu):
    """`gelu(x)`: GELU by GPT-2's tanh formula, for an array of any shape."""
    x = np.array([-3.0, -1.0, -0.2, 0.0, 0.4, 1.0, 2.5])
    root = math.sqrt(2 / math.pi)
    u = root * (x + 0.044715 * x**3)

    def half(u):
        return x / 2 * (1 + np.tanh(u))

    expect(
        gelu(x),
        half(u),
        "the values are wrong: compare each factor with the formula",
        [(2 * half(u), "the factor one half is missing: for large x, GELU should be nearly x"),
         ((1 + np.tanh(u)) / 2, "the factor x in front is missing"),
         (x / 2 * np.tanh(u), "the 1 before the tanh is missing"),
         (half(x + 0.044715 * x**3), "the factor √(2/π) inside the tanh is missing"),
         (half(math.sqrt(math.pi / 2) * (x + 0.044715 * x**3)), "the root is upside down: √(2/π), which is below 1"),
         (half(2 / math.pi * (x + 0.044715 * x**3)), "2/π stands under a root"),
         (half(root * x), "the term with x³ is missing"),
         (half(root * (x + 0.044715 * x**2)), "x is cubed inside the tanh, not squared"),
         (half(root * x + 0.044715 * x**3), "√(2/π) multiplies both terms: a bracket is missing"),
         (x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2, "this is the exact GELU: the tanh formula differs in the fourth decimal"),
         (x / (1 + np.exp(-1.702 * x)), "this is the rougher formula with a sigmoid: use the one with tanh"),
         (np.maximum(x, 0), "this is ReLU, which has a corner: GELU is smooth")],
    )  # fmt: skip
    table = np.array([[-1.0, 2.0], [0.5, -0.5]])
    expect(gelu(table), table / 2 * (1 + np.tanh(root * (table + 0.044715 * table**3))),
           "a table comes out wrong: the formula acts on each number alone")  # fmt: skip


@exercise
def check_equal_network(equal_network):
    """`equal_network()` returns W (2, F), c (F,), w (F,), b: max(0, x W + c) · w + b is 1 where x_1 = x_2, else 0."""
    parts = equal_network()
    if parts is None or not hasattr(parts, "__len__") or len(parts) != 4:
        raise Wrong("expected four things, W, c, w and b: `return W, c, w, b`")
    w_hidden, c, w, b = map(to_array, parts)
    if w_hidden.ndim != 2 or len(w_hidden) != 2:
        raise Wrong(f"W takes two inputs, so it has two rows: expected (2, F), got {w_hidden.shape}")
    units = w_hidden.shape[1]
    for name, bias in (("c", c), ("w", w)):
        if bias.shape != (units,):
            raise Wrong(f"W has {units} columns, one a hidden unit, so {name} has the shape ({units},), not {bias.shape}")
    if b.size != 1:
        raise Wrong(f"b is one number, yours has the shape {b.shape}")
    sums = CORNERS @ w_hidden + c
    if not ((sums > 0).any(axis=0) & (sums < 0).any(axis=0)).any():
        raise Wrong("no hidden unit is ever cut at 0 on the four inputs, so the network is linear: one must bend between them")
    outputs = np.maximum(0, sums) @ w + b.item()
    expect(
        outputs,
        [1.0, 0.0, 0.0, 1.0],
        f"for (0,0), (0,1), (1,0), (1,1) the outputs should be 1, 0, 0, 1; yours are {', '.join(f'{y:g}' for y in outputs)}",
        [([0, 1, 1, 0], "this is XOR: 1 where the two differ. You want the opposite"),
         ([0, -1, -1, 0], "the output is 1 too low everywhere: what is b for?"),
         ([0, 0, 0, 1], "this is AND: two zeros are equal as well"),
         ([1, 0, 0, 0], "this is NOR: two ones are equal as well")],
    )  # fmt: skip
