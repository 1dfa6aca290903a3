"""Answers to the exercises of lesson 05_multi_head."""

import math

import numpy as np


def soft(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def split(x, H):
    *front, T, D = x.shape
    return x.reshape(*front, T, H, D // H).swapaxes(-2, -3)


def split_loop(x, H):
    K = x.shape[-1] // H
    return np.stack([x[..., h * K : (h + 1) * K] for h in range(H)], axis=-3)


def split_4(x, H):
    B, T, D = x.shape
    return x.reshape(B, T, H, D // H).swapaxes(1, 2)


def merge(x):
    x = np.swapaxes(x, -2, -3)
    return x.reshape(*x.shape[:-2], -1)


def merge_loop(x):
    return np.concatenate([x[..., h, :, :] for h in range(x.shape[-3])], axis=-1)


def merge_4(x):
    B, H, T, K = x.shape
    return x.transpose(0, 2, 1, 3).reshape(B, T, H * K)


def layer(x, p, H, mask=True, scale=None, cut=split, join=merge, order=(0, 1, 2), out=True):
    qkv = x @ p["c_attn.weight"] + p["c_attn.bias"]
    parts = np.split(qkv, 3, axis=-1)
    q, k, v = (cut(parts[i], H) for i in order)
    s = q @ k.swapaxes(-1, -2) / (math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask:
        s = np.where(np.tri(x.shape[-2]) > 0, s, -np.inf)
    y = join(soft(s) @ v)
    return y @ p["c_proj.weight"] + p["c_proj.bias"] if out else y


def layer_cut_first(x, p, H):
    q, k, v = np.split(split(x @ p["c_attn.weight"] + p["c_attn.bias"], H), 3, axis=-1)
    s = np.where(np.tri(x.shape[-2]) > 0, q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]), -np.inf)
    return merge(soft(s) @ v) @ p["c_proj.weight"] + p["c_proj.bias"]


def layer_tuple(x, p, H):
    qkv = np.split(x @ p["c_attn.weight"] + p["c_attn.bias"], 3, axis=-1)
    both = [split(one, H) for one in qkv], None
    return both.swapaxes(-2, -3).reshape(x.shape) @ p["c_proj.weight"]


def layer_loop(x, p, H):
    if x.ndim > 2:
        return np.array([layer_loop(one, p, H) for one in x])
    T, D = x.shape
    K = D // H
    qkv = x @ p["c_attn.weight"] + p["c_attn.bias"]
    q, k, v = qkv[:, :D], qkv[:, D : 2 * D], qkv[:, 2 * D :]
    out = np.zeros((T, D))
    for h in range(H):
        columns = slice(h * K, (h + 1) * K)
        for t in range(T):
            w = soft(k[: t + 1, columns] @ q[t, columns] / K**0.5)
            out[t, columns] = w @ v[: t + 1, columns]
    return out @ p["c_proj.weight"] + p["c_proj.bias"]


def layer_3h(x, p, H):
    heads = split(x @ p["c_attn.weight"] + p["c_attn.bias"], 3 * H)
    q, k, v = heads[..., :H, :, :], heads[..., H : 2 * H, :, :], heads[..., 2 * H :, :, :]
    s = np.einsum("...tk,...sk->...ts", q, k) / np.sqrt(k.shape[-1]) - 1e9 * (1 - np.tri(x.shape[-2]))
    return merge_loop(soft(s) @ v) @ p["c_proj.weight"] + p["c_proj.bias"]


def layer_einsum(x, p, H):
    D = x.shape[-1]
    W, b = p["c_attn.weight"], p["c_attn.bias"]
    q, k, v = (split_loop(np.einsum("...d,de->...e", x, W[:, i * D : (i + 1) * D]) + b[i * D : (i + 1) * D], H) for i in range(3))
    s = q @ np.moveaxis(k, -1, -2) * (D // H) ** -0.5
    s = np.where(~np.triu(np.ones(s.shape[-2:], bool), 1), s, -1e30)
    return np.dot(merge(soft(s) @ v), p["c_proj.weight"]) + p["c_proj.bias"]


def layer_by_heads(x, p, H):
    D, out = x.shape[-1], p["c_proj.bias"]
    K = D // H
    for h in range(H):
        q, k, v = (x @ p["c_attn.weight"][:, c : c + K] + p["c_attn.bias"][c : c + K] for c in (h * K, D + h * K, 2 * D + h * K))
        s = np.where(np.tri(x.shape[-2], dtype=bool), q @ k.swapaxes(-1, -2) / math.sqrt(K), -np.inf)
        out = out + soft(s) @ v @ p["c_proj.weight"][h * K : (h + 1) * K]
    return out


def rope_loop(x, positions=None):
    x = np.array(x, dtype=float)
    *_, T, K = x.shape
    positions = range(T) if positions is None else positions
    for t, where in enumerate(positions):
        for i in range(K // 2):
            angle = where / 10000 ** (2 * i / K)
            a, b = x[..., t, 2 * i].copy(), x[..., t, 2 * i + 1].copy()
            x[..., t, 2 * i] = a * math.cos(angle) - b * math.sin(angle)
            x[..., t, 2 * i + 1] = a * math.sin(angle) + b * math.cos(angle)
    return x


def rope(x, positions=None, sign=1, base=10000.0, first=0, new=False, halves=False):
    K = x.shape[-1]
    positions = np.arange(x.shape[-2]) if positions is None else np.asarray(positions)
    angle = sign * (positions + first)[:, None] / base ** (np.arange(0, K, 2) / K)
    y = np.empty_like(x)
    one, two = (slice(0, K // 2), slice(K // 2, K)) if halves else (slice(0, K, 2), slice(1, K, 2))
    a, b = x[..., one], x[..., two]
    y[..., one] = a * np.cos(angle) - b * np.sin(angle)
    y[..., two] = (y[..., one] if new else a) * np.sin(angle) + b * np.cos(angle)
    return y


def rope_two_halves(x, positions=None):
    y = rope(x, positions)
    return np.concatenate([y[..., ::2], y[..., 1::2]], axis=-1)


def rope_complex(x, positions=None):
    K = x.shape[-1]
    positions = np.arange(x.shape[-2]) if positions is None else np.array(positions)
    pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * np.outer(positions, 10000.0 ** (-2 * np.arange(K // 2) / K)))
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)


def rope_matrix(x, positions=None):
    T, K = x.shape[-2:]
    positions = np.arange(T) if positions is None else positions
    R = np.zeros((T, K, K))
    for t in range(T):
        for i in range(0, K, 2):
            c, s = math.cos(positions[t] / 10000 ** (i / K)), math.sin(positions[t] / 10000 ** (i / K))
            R[t, i : i + 2, i : i + 2] = [[c, -s], [s, c]]
    return np.einsum("tij,...tj->...ti", R, x)


def rope_swap(x, positions=None):
    K = x.shape[-1]
    positions = np.arange(x.shape[-2]) if positions is None else positions
    angles = np.repeat(np.outer(positions, 10000.0 ** (-np.arange(0, K, 2) / K)), 2, axis=-1)
    turned = np.empty_like(x)
    turned[..., 0::2], turned[..., 1::2] = -x[..., 1::2], x[..., 0::2]
    return x * np.cos(angles) + turned * np.sin(angles)


def layer_filled(x, p, H, fill=-1e3, add=0, power=soft):
    q, k, v = (split(part, H) for part in np.split(x @ p["c_attn.weight"] + p["c_attn.bias"], 3, axis=-1))
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    w = power(np.where(np.tri(x.shape[-2]) > 0, s, s * (1 if add else 0) + (add or fill)))
    return merge(w @ v) @ p["c_proj.weight"] + p["c_proj.bias"]


RIGHT = {
    "split_heads": [
        split, split_loop, lambda x, H: np.moveaxis(x.reshape(*x.shape[:-1], H, -1), -2, -3),
        lambda x, H: np.array(np.split(x, H, axis=-1)).swapaxes(0, -3) if x.ndim == 3 else split(x, H),
        lambda x, H: np.einsum("...thk->...htk", x.reshape(*x.shape[:-1], H, x.shape[-1] // H)),
    ],
    "merge_heads": [
        merge, merge_loop, lambda x: np.moveaxis(x, -3, -2).reshape(*x.shape[:-3], x.shape[-2], x.shape[-3] * x.shape[-1]),
        lambda x: np.block([x[..., h, :, :] for h in range(x.shape[-3])]), lambda x: np.einsum("...htk->...thk", x).reshape(*x.shape[:-3], x.shape[-2], -1),
    ],
    "causal_self_attention": [lambda x, p, H: layer_filled(x, p, H, -1e9), lambda x, p, H: layer_filled(x, p, H, add=-1e9), lambda x, p, H: layer_filled(x, p, H, np.finfo(float).min), layer, layer_loop, layer_3h, layer_einsum, layer_by_heads],
    "apply_rope": [rope_loop, rope, rope_complex, rope_matrix, rope_swap],
}  # fmt: skip

WRONG = {
    "split_heads": [
        (lambda x, H: x.reshape(x.shape[0], 4, H, 6 // H).swapaxes(1, 2), ""), (lambda x, H: x.reshape(*x.shape[:-2], H, x.shape[-2], -1), "reshape straight"),
        (lambda x, H: x.reshape(*x.shape[:-1], H, -1), "after the tokens"), (lambda x, H: x.reshape(*x.shape[:-1], -1, H).swapaxes(-2, -3), "K heads of width H"),
        (lambda x, H: x.reshape(*x.shape[:-1], H, x.shape[-1] / H), "// gives a whole number"), (lambda x, H: split(x, H).swapaxes(-1, -2), "T and K are swapped"),
        (lambda x, H: x.reshape(H, x.shape[0], -1), "reshape straight"),
        (split_4, "names on the left"), (lambda x, H: np.split(x, H, axis=0), ""), (lambda x, H: np.array(np.split(x, H, axis=-1)), "before the batch"),
        (lambda x, H: x.reshape(*x.shape[:-1], H, 3).swapaxes(-2, -3), "do not fill the shape"), (lambda x, H: np.stack([x[..., h::H] for h in range(H)], axis=-3), "every H-th column"),
        (lambda x, H: split(x, 2), ""), (lambda x, H: x, ""),
    ],
    "merge_heads": [
        (lambda x: x.reshape(x.shape[1], -1), "mixes tokens"), (lambda x: x.swapaxes(-2, -3).reshape(*x.shape[:-2], -1), "order from before"),
        (merge_4, "names on the left"), (lambda x: x.reshape(*x.shape[:-3], x.shape[-2], -1), "mixes tokens"), (lambda x: x.swapaxes(-2, -3), "axis of their own"),
        (lambda x: x.swapaxes(1, 2).reshape(2, x.shape[2], -1), ""), (lambda x: x.sum(axis=-3), "added up"), (lambda x: x.mean(axis=-3), "averaged"),
        (lambda x: x.reshape(*x.shape[:-3], -1, x.shape[-1]), "below each other"), (lambda x: x.swapaxes(-1, -2).reshape(*x.shape[:-3], x.shape[-2], -1), "wrong two axes"),
        (lambda x: np.concatenate(list(x), axis=-1), ""), (lambda x: merge_loop(x[..., ::-1, :, :]), "reverse"), (lambda x: x.ravel(), ""), (lambda x: x.transpose(0, 2, 1, 3), "transpose was given"),
        (lambda x: np.moveaxis(x, -3, -1).reshape(*x.shape[:-3], x.shape[-2], -1), "woven into each other"),
    ],
    "causal_self_attention": [
        (layer_filled, "such as −1000"), (lambda x, p, H: layer_filled(x, p, H, add=-1e4), "such as −1000"),
        (lambda x, p, H: layer_filled(x, p, H, -np.inf, power=lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)), "0/0 is no weight"),
        (lambda x, p, H: layer(x, p, H, cut=lambda x, H: x.reshape(*x.shape[:-2], H, x.shape[-2], -1), join=lambda y: y.reshape(*y.shape[:-3], y.shape[-2], -1)), "cut and put together"),
        (lambda x, p, H: layer(x, p, H, mask=False), "no mask"), (lambda x, p, H: layer(x, p, H, scale=1), "not divided by √K"), (lambda x, p, H: layer(x, p, H, scale=math.sqrt(x.shape[-1])), "divided by √D"),
        (lambda x, p, H: layer(x, p, H, order=(1, 0, 2)), "queries and keys are swapped"), (lambda x, p, H: layer(x, p, H, order=(0, 2, 1)), "keys and values"),
        (lambda x, p, H: layer(x, p, H, out=False), "c_proj is missing"), (lambda x, p, H: layer(x, p, 1), "single head"), (lambda x, p, H: layer(x, p, H) - p["c_proj.bias"], "bias of c_proj"),
        (lambda x, p, H: x + layer(x, p, H), "residual"), (lambda x, p, H: layer(x, p, H, join=lambda y: y.reshape(*y.shape[:-3], y.shape[-2], -1)), "put together by a reshape"),
        (lambda x, p, H: layer(x, p, H, cut=lambda x, H: x.reshape(*x.shape[:-2], H, x.shape[-2], -1)), "cut by a reshape"), (lambda x, p, H: layer(x, p, H, scale=math.sqrt(H)), "√H"),
        (lambda x, p, H: x @ p["c_attn"] + p["c_proj"], "in the dict"), (lambda x, p, H: layer(x, {**p, "c_proj.weight": p["c_proj.weight"].T}, H), "transposed"),
        (lambda x, p, H: layer(x, {**p, "c_attn.bias": 0}, H), "bias of c_attn"), (lambda x, p, H: x @ p["c_attn.weight"].T, "matrix product"), (lambda x, p, H: layer(x, p, H, cut=split_4), "names on the left"),
        (layer_cut_first, "told apart"), (layer_tuple, "take one of them"),
        (lambda x, p, H: (layer(x, p, H), None), "one thing is expected"),
    ],
    "apply_rope": [
        (lambda x, positions=None: rope(x, positions, -1), "other way"), (lambda x, positions=None: rope(x), "positions have no effect"), (lambda x, positions=None: rope(x, positions, new=True), "new first one"),
        (lambda x, positions=None: rope(x, positions, halves=True), "first half"), (lambda x, positions=None: rope(x, positions, first=1), "first position is 0"),
        (lambda x, positions=None: rope(x, positions, base=1000.0), "yours is 1000"), (lambda x, positions=None: rope(x, positions, sign=math.pi / 180), "radians"),
        (rope_two_halves, "two halves"),
        (lambda x, positions: rope(x, positions), "the check calls"), (lambda x, positions=None: np.round(rope(x, positions), 3), "rounded to 3"),
        (lambda x, positions=None: x, ""), (lambda x, positions=None: rope(x.astype(int), positions), "whole numbers"),
        (lambda x, positions=None: rope(x, len(x) if positions is None else positions), ""), (lambda x, positions=None: x * np.cos(np.arange(len(x))), "keepdims"),
    ],
}  # fmt: skip
