"""The check for the exercise of lesson 09_back_propagation."""

import numpy as np

from . import Wrong, exercise, expect, to_array


@exercise
def check_rms_norm_backward(backward):
    """`backward(grad, x)` of y = x / r, r = √mean(x²) for each row: grad and x (N, D) → the gradient of x (N, D)."""
    x = np.array([[3.0, -3.0]])  # r = 3
    expect(
        backward(np.array([[1.0, 1.0]]), x),
        [[1 / 3, 1 / 3]],
        "for x = (3, −3) and a gradient of (1, 1) nothing comes back through r, so the answer is (1/3, 1/3)",
        [([[1.0, 1.0]], "nothing was divided: y is x divided by r, and here r is 3"),
         ([[3.0, 3.0]], "the gradient was multiplied by r: divide"),
         ([[1 / 9, 1 / 9]], "the gradient was divided by r twice, or by its square"),
         ([[0, 0]], "the mean was taken out, as in layer norm: RMS norm subtracts none")],
    )  # fmt: skip
    random = np.random.default_rng(8)
    grad, x = random.normal(size=(2, 3, 5))
    kept = grad.copy(), x.copy()
    answer = to_array(backward(grad, x))
    if not (np.array_equal(grad, kept[0]) and np.array_equal(x, kept[1])):
        raise Wrong("an input was changed: build new arrays")
    r = np.sqrt((x * x).mean(axis=1, keepdims=True))
    y = x / r
    along = (grad * y).mean(axis=1, keepdims=True)
    whole = (grad * y).mean()
    expect(
        answer,
        (grad - y * along) / r,
        "the gradient through r is wrong: nudging one entry changes r, and with it every entry of its row",
        [(grad / r, "r was treated as a constant: nudging an entry changes r too"),
         ((grad + y * along) / r, "the part through r has the wrong sign: a larger r makes y smaller"),
         ((grad - y * along * 5) / r, "the part through r is D times too large: r is the root of a mean, not of a sum"),
         ((grad - y * whole) / r, "the rows are mixed: each row has its own r"),
         ((grad - x * along) / r, "the part through r holds x where y belongs"),
         ((grad - grad.mean(axis=1, keepdims=True) - y * along) / r,
          "the mean was taken out, as in layer norm: RMS norm subtracts none")],
    )  # fmt: skip
