"""Drawings of a computation graph, of a feed-forward network and of an image cut into patches."""

import numpy as np

from course_lib.data.images import sets_of_six
from course_lib.in_numpy.feed_forward import relu, relu_backward
from course_lib.in_numpy.vision import split_patches
from tools.drawings.svg import Drawing, number


def graph_numbers(x=2.0, w=-0.5, b=2.5, y=3.0):
    """Values and gradients of (relu(x·w + b) − y)², by the chain rule from the back: two dicts by name."""
    p = x * w
    z = p + b
    h = float(relu(np.array(z)))
    e = h - y
    values = {"x": x, "w": w, "p": p, "b": b, "z": z, "h": h, "y": y, "e": e, "loss": e**2}
    grad = {"loss": 1.0}
    grad["e"] = grad["loss"] * 2 * e
    grad["h"], grad["y"] = grad["e"], -grad["e"]
    grad["z"] = float(relu_backward(np.array(grad["h"]), np.array(z)))
    grad["p"] = grad["b"] = grad["z"]
    grad["x"], grad["w"] = grad["p"] * w, grad["p"] * x
    return values, grad


def graph():
    """A computation graph: values above the edges, gradients below."""
    values, grad = graph_numbers()
    d = Drawing(
        480, 286, "A computation graph, forward and back",
        "x times w, plus b, through ReLU, minus y, squared, is the loss. Beside every edge stands its value, and below that the "
        "gradient of the loss with respect to it, found from the right to the left.",
    )  # fmt: skip
    row = 118
    spots = {"p": (92, "×"), "z": (172, "+"), "h": (250, "relu"), "e": (330, "−"), "loss": (400, "²")}

    def numbers(name, x, above, below):
        d.label(x, above, number(values[name]), size=12.5)
        d.label(x, below, number(grad[name]), "gradient", 12.5, bold=True)

    for name, y in (("x", 44), ("w", 192)):
        d.box(8, y - 14, 28, 28, name, bold=True)
        d.arrow((37, y), (92, y), (92, row - 14 if y < row else row + 14))
        numbers(name, 62, y - 13, y + 15)
    for name, at in (("b", 172), ("y", 330)):
        d.box(at - 14, 210, 28, 28, name, bold=True)
        d.arrow((at, 209), (at, row + 14))
        numbers(name, at + 29, 172, 190)
    for name, (x, sign) in spots.items():
        half = 21 if name == "h" else 13
        following = {"p": 159, "z": 229, "h": 317, "e": 387, "loss": 472}[name]
        d.arrow((x + half, row), (following - 1, row))
        numbers(name, (x + half + following) / 2 - 2, row - 14, row + 16)
        if name == "h":
            d.box(x - 21, row - 14, 42, 28, sign, "ink", size=13, bold=True)
        else:
            d.plus(x, row, sign, "ink")
    d.label(441, row - 34, "loss", size=13, bold=True)
    d.arrow((20, 266), (70, 266))
    d.label(78, 266, "values", size=13, anchor="start")
    d.arrow((230, 266), (180, 266), role="gradient")
    d.label(238, 266, "gradients of the loss", "gradient", 13, "start", bold=True)
    return d


def bank():
    """The row of *bank* after *swam*, W_1, the two hidden units, W_2, and what they write."""
    token = np.array([0.65, 0.22, 0.13, 0, 0])
    asks = np.array([[1, -1], [-1, 1], [0, 0], [0, 0], [0, 0]])  # (D, F)
    writes = np.array([[0, 0, 0, 2, 0], [0, 0, 0, 0, 2]])  # (F, D)
    h = relu(token @ asks)
    return token, asks, h, writes, h @ writes


def feed_forward():
    """A token through a feed-forward network, each matrix above the row that it makes."""
    token, asks, h, writes, written = bank()
    d = Drawing(
        480, 316, "A feed-forward network: a column asks, a row answers",
        "The row of bank, water 0.65 and money 0.22, meets two columns: more water than money, and more money than water. The first "
        "unit is 0.43, the second 0. The first row of the second matrix is written, 0.86 of shore, and added to the row of bank.",
    )  # fmt: skip
    wide, high, row = 36, 22, 190
    left, middle, right = 10, 204, 290  # of the token, of the units, of what is written

    def names(x, y):
        for n, name in enumerate(("water", "money", "helper", "shore", "branch")):
            d.label(x + wide * (n + 0.5), y - 16 * (1 - n % 2), name, "soft", 11.5)

    d.label(middle + wide, 16, "W_{1}: a column asks", size=13, bold=True)
    d.grid(middle, 32, asks, digits=0)
    d.frame(middle, 32, wide, 5 * high, round=2)
    d.label(right + 2.5 * wide, 78, "W_{2}: a row answers", size=13, bold=True)
    names(right, 122)
    d.grid(right, 134, writes, digits=0)
    d.frame(right, 134, 5 * wide, high, round=2)
    names(left, row - 12)
    d.grid(left, row, [token], "residual")
    d.grid(middle, row, [h], "ink")
    d.grid(right, row, [written])
    d.label(middle + wide, row + 36, "ReLU", "soft", 12)
    d.label(left + wide, row + 36, "bank", size=13, bold=True)
    at, sum_at = right + 2.5 * wide, row + 50
    d.arrow((at, row + high + 2), (at, sum_at - 14))
    d.arrow(
        (left + 2.5 * wide, row + high + 2),
        (left + 2.5 * wide, sum_at),
        (at - 14, sum_at),
        role="residual",
        width=2.4,
    )
    d.plus(at, sum_at)
    d.arrow((at, sum_at + 14), (at, sum_at + 36))
    d.grid(right, sum_at + 38, [token + written], "residual")
    return d


def patches():
    """A picture, its patches, each a row, and the tokens that they become."""
    P = 4
    image = sets_of_six(1, np.random.default_rng(0))[0][0, :1].clip(0, 1)  # (1, height, width, 1)
    _, height, width, _ = image.shape
    rows = split_patches(image, P)[0]  # (N, P·P)
    N = len(rows)
    d = Drawing(
        480, 480, "An image as a text of patches",
        f"A picture of {height} × {width} pixels is cut into {N} patches of {P} × {P}. Each patch is laid out as a row of {P * P} "
        "numbers; one matrix makes a token of each row, and a position is added.",
    )  # fmt: skip
    size = 15
    left, top = (480 - size * width) / 2, 38
    d.label(left, 20, f"image, {height} × {width} pixels, cut into N = {N} patches", "soft", 13, "start")
    d.weights(left, top, image[0, :, :, 0], (size, size), write=False)
    for n in range(N):
        i, j = divmod(n, width // P)
        d.frame(left + j * P * size, top + i * P * size, P * size, P * size, "residual", round=0)
    d.arrow((240, 166), (240, 196), role="ink")
    d.label(252, 180, "each patch becomes a row", "soft", 13, "start")
    cell = (12, 17)
    d.weights(26, 204, rows, cell, write=False)
    d.label(26 + 6 * P * P, 424, "patches, (N, P·P)", "soft", 13)
    for n in range(N):
        d.label(20, 204 + 17 * (n + 0.5), str(n), "soft", 11, "end")
    d.arrow((226, 306), (300, 306), role="ink")
    d.label(263, 290, "times W", size=13)
    d.label(263, 326, "+ position", size=13)
    d.grid(310, 204, np.zeros((N, 6)), "residual", (24, 17), write=False)
    d.label(382, 424, "tokens, (N, D)", "soft", 13)
    d.label(240, 456, "From here on it is a text: T = N tokens of width D.", "soft", 13)
    return d
