"""Answers to the exercises of lesson 07_feed_forward."""

import math

import numpy as np

ROOT = math.sqrt(2 / math.pi)


def linear_loop(x, W, b):
    if x.ndim > 1:
        return [linear_loop(row, W, b) for row in x]
    return [sum(x[d] * W[d, f] for d in range(len(x))) + b[f] for f in range(len(b))]


def linear_in_place(x, W, b):
    b += x @ W
    return b


def gelu(x):
    return 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)))


def gelu_loop(x):
    out = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        v = x[place]
        out[place] = v / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v * v * v)))
    return out


def gelu_sigmoid(x):
    u = 2 * ROOT * (x + 0.044715 * x**3)
    return x * np.where(u > 0, 1 / (1 + np.exp(-abs(u))), np.exp(-abs(u)) / (1 + np.exp(-abs(u))))


def gelu_list(x):
    return [0.5 * v * (1 + math.tanh(ROOT * (v + 0.044715 * v**3))) for v in x]


def bent(bend):
    return lambda x: 0.5 * x * (1 + bend(ROOT * (x + 0.044715 * x**3)))


def network(x, p, bend=gelu):
    h = bend(x @ p["c_fc.weight"] + p["c_fc.bias"])
    return h @ p["c_proj.weight"] + p["c_proj.bias"]


def network_rows(x, p):
    if x.ndim > 1:
        return np.array([network_rows(row, p) for row in x])
    hidden = gelu(np.array([x @ column for column in p["c_fc.weight"].T]) + p["c_fc.bias"])
    return sum(h * row for h, row in zip(hidden, p["c_proj.weight"])) + p["c_proj.bias"]


def network_if(x, p):
    z = x @ p["c_fc.weight"] + p["c_fc.bias"]
    if z < 0:
        z = 0
    return z @ p["c_proj.weight"] + p["c_proj.bias"]


RIGHT = {
    "linear": [
        lambda x, W, b: x @ W + b, linear_loop, lambda x, W, b: np.einsum("...d,df->...f", x, W) + b, lambda x, W, b: np.dot(x, W) + b,
        lambda x, W, b: np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1) @ np.vstack([W, b]), lambda x, W, b: (W.T @ x[..., None])[..., 0] + b,
    ],
    "gelu": [
        gelu, gelu_loop, gelu_sigmoid, lambda x: x * (np.tanh(ROOT * x * (1 + 0.044715 * x * x)) + 1) / 2,
        lambda x: np.vectorize(lambda v: 0.5 * v * (1.0 + math.tanh(ROOT * (v + 0.044715 * v**3))), otypes=[float])(x), lambda x: np.multiply(x, 0.5) + 0.5 * x * np.tanh(ROOT * (x + 0.044715 * np.power(x, 3))),
    ],
    "feed_forward": [
        network, network_rows, lambda x, p: np.dot(gelu_loop(np.dot(x, p["c_fc.weight"]) + p["c_fc.bias"]), p["c_proj.weight"]) + p["c_proj.bias"],
        lambda x, p: np.einsum("...f,fd->...d", gelu(np.einsum("...d,df->...f", x, p["c_fc.weight"]) + p["c_fc.bias"]), p["c_proj.weight"]) + p["c_proj.bias"],
        lambda x, p: (gelu_sigmoid(x @ p["c_fc.weight"] + p.get("c_fc.bias")) @ p["c_proj.weight"]) + p["c_proj.bias"],
    ],
}  # fmt: skip

WRONG = {
    "linear": [
        (lambda x, W, b: x @ W, "bias is missing"), (lambda x, W, b: W @ x + b, "x and W change places"), (lambda x, W, b: x @ W.T + b, "matrix product"), (lambda x, W, b: x * W + b, "do not fit"),
        (lambda x, W, b: x @ (W + b), "added to the weights"), (lambda x, W, b: x @ W * b, "bias multiplies"), (lambda x, W, b: np.maximum(x @ W + b, 0), "ReLU"), (lambda x, W, b: x @ W - b, "subtracted"),
        (lambda x, W, b: x @ W + b[:, None], ""), (lambda x, W, b: x @ W + b.sum(), "added up"), (linear_in_place, "changed what it was given"), (lambda x, W, b: (x @ W + b).sum(axis=-1), "an axis was added up"),
        (lambda x, W, b: (x @ W + b).astype(int), "whole numbers"), (lambda x, b, W: x @ W + b, ""),
        (lambda x, W, b: x @ W + b[0], "first bias"), (lambda x, W, b: 2 * (x @ W + b), "doubled"), (lambda x, W, b: np.array([row @ W + b for row in x]), "single row"),
    ],
    "gelu": [
        (lambda x: 0.5 * x * (1 + math.tanh(ROOT * (x + 0.044715 * x**3))), "takes one number"), (gelu_list, "takes one number"), (lambda x: max(0, x), "True or False"), (lambda x: np.maximum(0, x), "that is ReLU"),
        (lambda x: np.max(0, x), "whole number belongs"), (bent(lambda u: (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u))), "overflow"), (lambda x: x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3))), "½"),
        (lambda x: 0.5 * x * (1 + np.tanh(2 / math.pi * (x + 0.044715 * x**3))), "square root is meant"), (lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2) / math.pi * (x + 0.044715 * x**3))), "root is over both"),
        (lambda x: 0.5 * x * (1 + np.tanh(ROOT * x + 0.044715 * x**3)), "whole bracket"), (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**2))), "it is x³"), (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.44715 * x**3))), "a zero is missing"),
        (lambda x: 0.5 * x * 1 + np.tanh(ROOT * (x + 0.044715 * x**3)), "brackets are missing"), (lambda x: x / (1 + np.exp(-1.702 * x)), "short approximation"), (bent(np.tan), "tangent"),
        (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)) * 1j), "complex"), (lambda x: gelu(x).astype(np.float32), "32 bits"), (lambda x: 0.5 * x * (np.tanh(ROOT * (x + 0.044715 * x**3))), "1 in the bracket"),
        (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.0447 * x**3))), ""), (lambda x: 0.5 * x(1 + np.tanh(x)), "operator missing"), (lambda x: np.clip(gelu(x), None, 6), "values up to ±1000"),
        (lambda x: x / (1 + np.exp(-x)), "SiLU"), (lambda x: np.tanh(x), "tanh alone"), (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x) ** 3)), "whole bracket was cubed"),
        (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * 3 * x))), "3·x"), (lambda x: 0.5 * x * (1 + np.tanh(ROOT * (x - 0.044715 * x**3))), "subtracted"),
        (lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 * math.pi) * (x + 0.044715 * x**3))), "2·π"), (lambda x: 0.5 * (x + np.tanh(ROOT * (x + 0.044715 * x**3))), "added to x"),
        (lambda x: 0.5 * x + (1 + np.tanh(ROOT * (x + 0.044715 * x**3))), "½ x was added"), (lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2) * (x + 0.044715 * x**3))), "π is missing"),
    ],
    "feed_forward": [
        (lambda x, p: network(x, p, lambda z: np.maximum(0, z)), "ReLU"), (lambda x, p: network(x, p, lambda z: z), "GELU is missing"), (network_if, "True or False"),
        (lambda x, p: gelu(network(x, p, lambda z: z)), "after c_proj"), (lambda x, p: gelu(network(x, p)), "second GELU"), (lambda x, p: x + network(x, p), "residual"),
        (lambda x, p: gelu(x @ p["c_fc.weight"]) @ p["c_proj.weight"], "both biases"), (lambda x, p: gelu(x @ p["c_fc.weight"] + p["c_fc.bias"]) @ p["c_proj.weight"], "bias of c_proj"),
        (lambda x, p: network(x, {**p, "c_fc.bias": 0}), "bias of c_fc"), (lambda x, p: gelu(x @ p["c_fc.weight"] + p["c_proj.bias"]) @ p["c_proj.weight"] + p["c_fc.bias"], ""),
        (lambda x, p: gelu(x @ p["c_fc.weight"].T) @ p["c_proj.weight"].T, "matrix product"), (lambda x, p: p["c_proj.weight"] @ gelu(p["c_fc.weight"] @ x), "matrix product"), (lambda x, p: network(x, p, np.tanh), "tanh alone stands between the layers: it"), (lambda x, p: network(x, p, lambda z: np.clip(gelu(z), None, 6)), ""),
        (lambda x, p: gelu(x @ p["fc.weight"]), "in the dict"), (lambda x, p: gelu(x * p["c_fc.weight"] + p["c_fc.bias"]), "do not fit"), (lambda x, p: gelu(x @ p["c_fc.weight"] + p["c_fc.bias"]), "second layer"),
        (lambda x, p: network(gelu(x), p, lambda z: z), "before c_fc"),
        (lambda x, p: network(x, p, lambda z: gelu(gelu(z))), "twice"), (lambda x, p: network(x, p, np.tanh), "tanh alone"), (lambda x, p: network(x, p, lambda z: z / (1 + np.exp(-z))), "SiLU"),
        (lambda x, p: network(x, p) - 2 * p["c_proj.bias"], "c_proj was subtracted"), (lambda x, p: x @ p["c_fc.weight"] @ p["c_proj.weight"], "GELU and both biases"),
        (lambda x, p: gelu(x @ p["c_proj.weight"].T + p["c_fc.bias"]) @ p["c_fc.weight"].T + p["c_proj.bias"], "changed places"), (lambda x, p: gelu(x @ p["c_fc.weight"] + p["c_fc.bias"]) @ p["c_fc.weight"].T + p["c_proj.bias"], "used again"),
    ],
}  # fmt: skip
