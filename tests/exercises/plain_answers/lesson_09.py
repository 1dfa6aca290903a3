"""Answers to the exercises of lesson 09_back_propagation."""

import math

import numpy as np

ROOT = math.sqrt(2 / math.pi)


def flat(x):
    return x.reshape(-1, x.shape[-1])


def soft(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def linear_back(grad, x, W):
    return grad @ W.T, flat(x).T @ flat(grad), flat(grad).sum(axis=0)


def linear_loop(grad, x, W):
    grad_x, grad_W, grad_b = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for place in np.ndindex(x.shape[:-1]):
        grad_x[place] = W @ grad[place]
        grad_W += np.outer(x[place], grad[place])
        grad_b += grad[place]
    return grad_x, grad_W, grad_b


def linear_einsum(grad, x, W):
    return np.einsum("...f,df->...d", grad, W), np.einsum("nd,nf->df", flat(x), flat(grad)), np.einsum("nf->f", flat(grad))


def linear_2(grad, x, W):
    return grad @ W.T, x.T @ grad, grad.sum(axis=0)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)))


def slope(x):
    t = np.tanh(ROOT * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * x**2)


def slope_sigmoid(x):
    u = 2 * ROOT * (x + 0.044715 * x**3)
    s = 1 / (1 + np.exp(-u))
    return s + x * s * (1 - s) * 2 * ROOT * (1 + 0.134145 * x**2)


def slope_loop(grad, x):
    out = np.empty_like(x)
    for i in np.ndindex(x.shape):
        v = x[i]
        u = ROOT * (v + 0.044715 * v**3)
        out[i] = grad[i] * (0.5 * (1 + math.tanh(u)) + 0.5 * v / math.cosh(u) ** 2 * ROOT * (1 + 3 * 0.044715 * v * v))
    return out


def network_back(grad, x, p, bend=slope, hidden=gelu, back=linear_back):
    z = x @ p["c_fc.weight"] + p["c_fc.bias"]
    grad_h, W2, b2 = back(grad, hidden(z), p["c_proj.weight"])
    grad_x, W1, b1 = back(grad_h * bend(z), x, p["c_fc.weight"])
    return grad_x, {"c_fc.weight": W1, "c_fc.bias": b1, "c_proj.weight": W2, "c_proj.bias": b2}


def norm_back(grad, x, weight, eps=1e-5):
    c = x - x.mean(axis=-1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=-1, keepdims=True) + eps)
    y = c / s
    g = grad * weight
    grad_x = (g - g.mean(axis=-1, keepdims=True) - y * (g * y).mean(axis=-1, keepdims=True)) / s
    return grad_x, flat(grad * y).sum(axis=0), flat(grad).sum(axis=0)


def norm_steps(grad, x, weight, eps=1e-5):  # every step of the forward, backwards
    D = x.shape[-1]
    mean = x.mean(-1)[..., None]
    c = x - mean
    variance = (c * c).mean(-1)[..., None]
    r = (variance + eps) ** -0.5
    g = grad * weight
    grad_c = g * r
    grad_r = (g * c).sum(-1)[..., None]
    grad_variance = grad_r * -0.5 * (variance + eps) ** -1.5
    grad_c = grad_c + grad_variance * 2 * c / D
    grad_mean = -grad_c.sum(-1)[..., None]
    return grad_c + grad_mean / D, (grad * c * r).reshape(-1, D).sum(0), grad.reshape(-1, D).sum(0)


def norm_jacobian(grad, x, weight, eps=1e-5):
    D = x.shape[-1]
    grad_x = np.zeros_like(x)
    grad_w, grad_b = np.zeros(D), np.zeros(D)
    for place in np.ndindex(x.shape[:-1]):
        c = x[place] - x[place].mean()
        s = np.sqrt(c @ c / D + eps)
        J = (np.eye(D) - 1 / D - np.outer(c, c) / (s * s * D)) / s
        grad_x[place] = J @ (grad[place] * weight)
        grad_w += grad[place] * c / s
        grad_b += grad[place]
    return [grad_x, grad_w, grad_b]


def norm_changed(part=lambda g, y, s, mean: (g - mean(g) - y * mean(g * y)) / s, weigh=lambda g, w: g * w, rest=lambda grad, y, w: (flat(grad * y).sum(0), flat(grad).sum(0))):
    def layer_norm_backward(grad, x, weight, eps=1e-5):
        mean = lambda z: z.mean(-1, keepdims=True)
        s = np.sqrt(x.var(-1, keepdims=True) + eps)
        y = (x - mean(x)) / s
        return part(weigh(grad, weight), y, s, mean), *rest(grad, y, weight)

    return layer_norm_backward


def soft_back(grad, probs):
    return probs * (grad - (grad * probs).sum(axis=-1, keepdims=True))


def soft_jacobian(grad, probs):
    J = probs[..., :, None] * (np.eye(probs.shape[-1]) - probs[..., None, :])
    return (J @ grad[..., None])[..., 0]


def soft_rows(grad, probs):
    if grad.ndim > 1:
        return np.stack([soft_rows(g, p) for g, p in zip(grad, probs)])
    return np.array([sum(grad[j] * probs[j] * ((i == j) - probs[i]) for j in range(len(grad))) for i in range(len(grad))])


def attend_back(grad, q, k, v, weights, back=soft_back, scale=None):
    g = back(grad @ v.swapaxes(-1, -2), weights) / (math.sqrt(q.shape[-1]) if scale is None else scale)
    return g @ k, g.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ grad


def attend_back_2(grad, q, k, v, weights):
    g = soft_back(grad @ v.T, weights) / math.sqrt(q.shape[-1])
    return g @ k, g.T @ q, weights.T @ grad


def attend_back_einsum(grad, q, k, v, weights):
    g = np.einsum("...tv,...sv->...ts", grad, v)
    g = weights * (g - np.einsum("...ts,...ts->...t", g, weights)[..., None]) * q.shape[-1] ** -0.5
    return np.einsum("...ts,...sk->...tk", g, k), np.einsum("...ts,...tk->...sk", g, q), np.einsum("...ts,...tv->...sv", weights, grad)


def attend_back_loop(grad, q, k, v, weights):
    if q.ndim > 2:
        parts = [attend_back_loop(*one) for one in zip(grad, q, k, v, weights)]
        return tuple(np.array([part[i] for part in parts]) for i in range(3))
    gq, gk, gv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for t in range(len(q)):
        g = soft_back(v @ grad[t], weights[t]) / q.shape[1] ** 0.5
        for s in range(len(k)):
            gq[t] += g[s] * k[s]
            gk[s] += g[s] * q[t]
            gv[s] += weights[t, s] * grad[t]
    return gq, gk, gv


def attend_back_delta(grad, q, k, v, weights):  # as flash attention does
    output = weights @ v
    delta = (grad * output).sum(-1, keepdims=True)
    g = weights * (grad @ np.moveaxis(v, -1, -2) - delta) / np.sqrt(k.shape[-1])
    return g @ k, np.moveaxis(g, -1, -2) @ q, np.moveaxis(weights, -1, -2) @ grad


def split(x, H):
    return x.reshape(*x.shape[:-1], H, x.shape[-1] // H).swapaxes(-2, -3)


def merge(x):
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], -1)


def layer_back(grad, x, p, H, mask=True, back=attend_back, order=(0, 1, 2), lin=linear_back):
    q, k, v = (split(a, H) for a in np.split(x @ p["c_attn.weight"] + p["c_attn.bias"], 3, axis=-1))
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    w = soft(np.where(np.tri(x.shape[-2]) > 0, s, -np.inf) if mask else s)
    grad_y, W2, b2 = lin(grad, merge(w @ v), p["c_proj.weight"])
    grads = back(split(grad_y, H), q, k, v, w)
    grad_x, W1, b1 = lin(np.concatenate([merge(grads[i]) for i in order], axis=-1), x, p["c_attn.weight"])
    return grad_x, {"c_attn.weight": W1, "c_attn.bias": b1, "c_proj.weight": W2, "c_proj.bias": b2}


def layer_parts(grad, x, p, H):
    D = x.shape[-1]
    W, b = p["c_attn.weight"], p["c_attn.bias"]
    q, k, v = (split(x @ W[:, i * D : (i + 1) * D] + b[i * D : (i + 1) * D], H) for i in range(3))
    s = q @ k.swapaxes(-1, -2) / np.sqrt(D // H) - 1e12 * (1 - np.tri(x.shape[-2]))
    w = soft(s)
    grads = attend_back_einsum(split(grad @ p["c_proj.weight"].T, H), q, k, v, w)
    grads = [merge(g) for g in grads]
    grad_x = sum(g @ W[:, i * D : (i + 1) * D].T for i, g in enumerate(grads))
    out = {"c_attn.weight": np.hstack([flat(x).T @ flat(g) for g in grads]), "c_attn.bias": np.hstack([flat(g).sum(0) for g in grads])}
    out["c_proj.weight"], out["c_proj.bias"] = flat(merge(w @ v)).T @ flat(grad), flat(grad).sum(0)
    return grad_x, out


RIGHT = {
    "linear_backward": [linear_back, linear_loop, linear_einsum,
        lambda grad, x, W: [np.dot(grad, W.T), np.tensordot(flat(x), flat(grad), (0, 0)), np.ones(len(flat(grad))) @ flat(grad)],
        lambda grad, x, W: ((W @ grad[..., None])[..., 0], (flat(grad).T @ flat(x)).T, grad.sum(axis=tuple(range(grad.ndim - 1))))],
    "gelu_backward": [lambda grad, x: grad * slope(x), lambda grad, x: grad * slope_sigmoid(x), slope_loop,
        lambda grad, x: grad / 2 * (1 + (t := np.tanh(ROOT * (x + 0.044715 * x**3)))) + grad * x / 2 * (1 + t) * (1 - t) * (ROOT + 0.134145 * ROOT * x * x),
        lambda grad, x: np.multiply(slope(x), grad).copy()],
    "feed_forward_backward": [network_back, lambda grad, x, p: network_back(grad, x, p, slope_sigmoid), lambda grad, x, p: network_back(grad, x, p, back=linear_loop),
        lambda grad, x, p: network_back(grad, x, p, back=linear_einsum), lambda grad, x, p: list(network_back(grad, x, p))],
    "layer_norm_backward": [norm_back, norm_steps, norm_jacobian, norm_changed(), norm_changed(lambda g, y, s, mean: (g - mean(g)) / s - y / s * mean(g * y))],
    "softmax_backward": [soft_back, soft_jacobian, soft_rows, lambda grad, probs: grad * probs - probs * np.einsum("...s,...s->...", grad, probs)[..., None],
        lambda grad, probs: probs * (grad - (grad[..., None, :] @ probs[..., :, None])[..., 0])],
    "attention_backward": [attend_back, attend_back_einsum, attend_back_loop, attend_back_delta, lambda *a: [*attend_back(*a, back=soft_jacobian)]],
    "causal_self_attention_backward": [layer_back, layer_parts, lambda *a: layer_back(*a, back=attend_back_delta), lambda *a: layer_back(*a, lin=linear_loop), lambda *a: layer_back(*a, back=attend_back_loop)],
}  # fmt: skip

WRONG = {
    "linear_backward": [
        (linear_2, ""), (lambda grad, x, W: (grad @ W, flat(x).T @ flat(grad), flat(grad).sum(0)), ".T missing"), (lambda grad, x, W: (grad @ W.T, flat(grad).T @ flat(x), flat(grad).sum(0)), "turned"),
        (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad), "still has the rows"), (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad.sum()), "single number"), (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), flat(grad).mean(0)), "gradient of b was averaged"),
        (lambda grad, x, W: (flat(x).T @ flat(grad), grad @ W.T, flat(grad).sum(0)), "another order"), (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad)), "return 3 things"), (lambda grad, x, W: (grad @ W.T, x @ grad, grad.sum(0)), "matrix product"),
        (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad.sum(axis=0)), "the gradient of b adds up over"), (lambda grad, x, W: (grad * W, x * grad, grad), "do not fit"), (lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad) / len(flat(x)), flat(grad).mean(0)), "W and b were averaged"),
        (lambda grad, x, W: (W.T, x.T, 1), ""), (lambda grad, x, W: (grad @ W.T, x.swapaxes(-1, -2) @ grad, flat(grad).sum(0)), "the gradient of W still has a"),
    ],
    "gelu_backward": [
        (lambda x, grad: grad * slope(x), "once grad and x change places"),
        (lambda grad, x: slope(x), "grad has no effect"), (lambda grad, x: grad * gelu(x), "GELU itself"), (lambda grad, x: grad * (x > 0), "slope of ReLU"), (lambda grad, x: grad * 0.5 * (1 + np.tanh(ROOT * (x + 0.044715 * x**3))), "tanh changes with x too"),
        (lambda grad, x: grad * 0.5 * x * (1 - np.tanh(ROOT * (x + 0.044715 * x**3)) ** 2) * ROOT * (1 + 3 * 0.044715 * x**2), "x in front changes too"),
        (lambda grad, x: grad * (0.5 * (1 + (t := np.tanh(ROOT * (x + 0.044715 * x**3)))) + 0.5 * x * (1 - t**2)), "slope of u is missing"), (lambda grad, x: grad * (0.5 * (1 + (t := np.tanh(ROOT * (x + 0.044715 * x**3)))) + 0.5 * x * (1 - t) * ROOT * (1 + 3 * 0.044715 * x**2)), "square is missing"),
        (lambda grad, x: grad * (0.5 * (1 + (t := np.tanh(ROOT * (x + 0.044715 * x**3)))) + 0.5 * x * (1 - t**2) * ROOT * (1 + 0.044715 * x**2)), "the 3 is missing"), (lambda grad, x: grad * (0.5 * (1 + (t := np.tanh(ROOT * (x + 0.044715 * x**3)))) + x * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * x**2)), "½ of the second"),
        (lambda grad, x: grad * (0.5 * (1 + math.tanh(x))), "takes one number"), (lambda grad, x: grad + slope(x), ""), (lambda grad, x: (grad * slope(x)).sum(), "an axis was added up"), (lambda x, grad: grad * slope(x), ""),
    ],
    "feed_forward_backward": [
        (lambda grad, x, p: network_back(grad, x, p, bend=lambda z: 1), "passed over"), (lambda grad, x, p: network_back(grad, x, p, bend=lambda z: z > 0), "slope of ReLU"), (lambda grad, x, p: network_back(grad, x, p, bend=lambda z: slope(gelu(z))), "taken at its output"),
        (lambda grad, x, p: network_back(grad, x, p, hidden=lambda z: z), "output of GELU"), (lambda grad, x, p: network_back(grad, x, p)[::-1], "another order"), (lambda grad, x, p: network_back(grad, x, p)[0], "return 2 things"), (lambda grad, x, p: network_back(grad, x, p, back=linear_2), ""),
        (lambda grad, x, p: (grad + network_back(grad, x, p)[0], network_back(grad, x, p)[1]), "residual"), (lambda grad, x, p: (network_back(grad, x, p)[0], {k.replace("c_", ""): v for k, v in network_back(grad, x, p)[1].items()}), 'has no "c_fc.weight"'),
        (lambda grad, x, p: (network_back(grad, x, p)[0], {k: v for k, v in network_back(grad, x, p)[1].items() if "bias" not in k}), 'has no "c_fc.bias"'), (lambda grad, x, p: network_back(grad, x, {**p, "c_fc.bias": 0}), "left out"),
        (lambda grad, x, p: (network_back(grad, x, p)[0], [*network_back(grad, x, p)[1].values()]), "a dict is expected"), (lambda grad, x, p: (grad @ p["c_proj.weight"], {}), ".T missing"),
        (lambda grad, x, p: (network_back(grad, x, p)[0], {k: v / len(flat(x)) for k, v in network_back(grad, x, p)[1].items()}), "averaged over the tokens"),
    ],
    "layer_norm_backward": [
        (norm_changed(lambda g, y, s, mean: g / s), "taken for constants"), (norm_changed(lambda g, y, s, mean: (g - y * mean(g * y)) / s), "through the mean is missing"), (norm_changed(lambda g, y, s, mean: (g - mean(g)) / s), "through the scale is missing"),
        (norm_changed(lambda g, y, s, mean: (g - mean(g) + y * mean(g * y)) / s), "wrong sign"), (norm_changed(lambda g, y, s, mean: g - mean(g) - y * mean(g * y)), "nothing was divided"), (norm_changed(lambda g, y, s, mean: (g - mean(g) - y * mean(g * y)) / s**2), "by the variance"),
        (norm_changed(weigh=lambda g, w: g), "weight has no part"), (lambda grad, x, weight, eps=1e-5: (norm_back(grad, x, 1, eps)[0] * weight, *norm_back(grad, x, weight, eps)[1:]), "before the means"), (norm_changed(rest=lambda grad, y, w: (grad * y, grad)), "still have the rows"),
        (lambda grad, x, weight, eps=1e-5: norm_back(grad, x, weight, 1e-5), "always 1e-5"), (lambda grad, x, weight, eps=1e-5: norm_back(grad, x, weight, eps)[0], "return 3 things"), (lambda grad, x, weight, eps=1e-5: (norm_back(grad, x, weight, eps)[0], flat(grad * x).sum(0), flat(grad).sum(0)), "not x itself"),
        (norm_changed(lambda g, y, s, mean: (g - g.sum(-1, keepdims=True) - y * mean(g * y)) / s), "added up where their mean"), (norm_changed(rest=lambda grad, y, w: (flat(grad * y).mean(0), flat(grad).mean(0))), "averaged"), (norm_changed(lambda g, y, s, mean: (g - g.mean(-1) - y * mean(g * y)) / s), "keepdims"),
        (norm_changed(rest=lambda grad, y, w: (flat(grad).sum(0), flat(grad * y).sum(0))), "another order"), (norm_changed(lambda g, y, s, mean: (g - g.mean() - y * (g * y).mean()) / s), ""), (norm_changed(rest=lambda grad, y, w: (flat(grad * y).sum(0), flat(grad * w).sum(0))), "bias is added after weight"),
    ],
    "softmax_backward": [
        (lambda grad, probs: grad * probs * (1 - probs), "diagonal"), (lambda grad, probs: grad * probs, "second part is missing"), (lambda grad, probs: probs * (grad - (grad * probs).sum(-1)), "keepdims"), (lambda grad, probs: probs * (grad - (grad * probs).sum()), "whole array"),
        (lambda grad, probs: probs * (grad - (grad * probs).sum(0)), "down the columns"), (lambda grad, probs: probs * (grad - grad.sum(-1, keepdims=True)), "sum is weighted"), (lambda grad, probs: probs * (grad - grad.mean(-1, keepdims=True)), "plain mean"), (lambda grad, probs: grad - (grad * probs).sum(-1, keepdims=True), "factor probs"),
        (lambda grad, probs: grad * probs - (grad * probs).sum(-1, keepdims=True), "brackets"), (lambda grad, probs: probs - grad, "gradient of the loss"), (lambda grad, probs: soft_back(grad, soft(probs)), "second softmax"), (lambda grad, probs: -soft_back(grad, probs), "sign is turned"), (lambda grad, probs: probs * (1 - probs), "grad has no effect"),
        (lambda grad, probs: (np.diag(probs) - np.outer(probs, probs)) @ grad, ""),
    ],
    "attention_backward": [
        (lambda *a: attend_back(*a, back=lambda grad, probs: grad * probs * (1 - probs)), "only the diagonal"),
        (attend_back_2, ""), (lambda *a: attend_back(*a, scale=1), "so are their gradients"), (lambda *a: attend_back(*a, back=lambda g, w: g), "passed over"), (lambda *a: attend_back(*a, back=lambda g, w: g * w), ""), (lambda *a: attend_back(*a)[::-1], "another order"), (lambda *a: attend_back(*a)[:2], "return 3 things"),
        (lambda grad, q, k, v, weights: attend_back(grad, q, k, v, weights, scale=q.shape[-1]), "square root of K"), (lambda *a: (attend_back(*a)[1], attend_back(*a)[0], attend_back(*a)[2]), "another order"), (lambda grad, q, k, v, weights: (grad @ k, grad @ q, weights @ grad), "matrix product"),
        (lambda grad, q, k, v, weights: (*attend_back(grad, q, k, v, weights)[:2], weights @ grad), "matrix product"), (lambda *a: attend_back(*a, scale=2), ""), (lambda grad, q, k, v, weights: (*attend_back(grad, q, k, v, weights)[:2], attend_back(grad, q, k, v, weights)[2] / math.sqrt(q.shape[-1])), "never met the scores"),
        (lambda *a: tuple(-g for g in attend_back(*a)), ""), (lambda *a: attend_back(*a, back=lambda g, w: w * (g - g.mean(-1, keepdims=True))), ""),
        (lambda grad, q, k, v, weights: (*(g * math.sqrt(q.shape[-1] / v.shape[-1]) for g in attend_back(grad, q, k, v, weights)[:2]), attend_back(grad, q, k, v, weights)[2]), "not by that of the values"),
    ],
    "causal_self_attention_backward": [
        (lambda *a: layer_back(*a, mask=False), "without the mask"), (lambda *a: layer_back(*a, order=(1, 0, 2)), "queries and keys"), (lambda *a: layer_back(*a, order=(0, 2, 1)), "keys and values"), (lambda *a: layer_back(*a, back=lambda *b: attend_back(*b, scale=1)), "not divided by √K"),
        (lambda *a: layer_back(*a, back=lambda *b: attend_back(*b, back=lambda g, w: g)), "passed over"), (lambda *a: layer_back(*a, lin=linear_2), ""), (lambda grad, x, p, H: layer_back(grad, x, p, 1), "single head"), (lambda *a: layer_back(*a)[0], "return 2 things"), (lambda *a: layer_back(*a)[::-1], "another order"),
        (lambda grad, x, p, H: (grad + layer_back(grad, x, p, H)[0], layer_back(grad, x, p, H)[1]), "residual"), (lambda grad, x, p, H: layer_back(grad, x, {**p, "c_attn.bias": 0 * p["c_attn.bias"]}, H), "left out"), (lambda *a: layer_back(*a, back=attend_back_2), ""),
        (lambda *a: (layer_back(*a)[0], {f"attn.{k}": v for k, v in layer_back(*a)[1].items()}), 'has no "c_attn.weight"'), (lambda grad, x, p, H: (grad @ p["c_proj.weight"].T, p), ""), (lambda *a: (layer_back(*a)[0] * 2, layer_back(*a)[1]), ""),
    ],
}  # fmt: skip
