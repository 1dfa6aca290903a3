"""Answers to the exercises of lesson 10_gpt."""

import math

import numpy as np


def flat(x):
    return x.reshape(-1, x.shape[-1])


def soft(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def norm(x, p, name, eps=1e-5):
    return p[name + ".weight"] * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + p[name + ".bias"]


def norm_back(grad, x, weight, eps=1e-5):
    s = np.sqrt(x.var(-1, keepdims=True) + eps)
    y = (x - x.mean(-1, keepdims=True)) / s
    g = grad * weight
    return (g - g.mean(-1, keepdims=True) - y * (g * y).mean(-1, keepdims=True)) / s, flat(grad * y).sum(0), flat(grad).sum(0)


def lin(x, p, name):
    return x @ p[name + ".weight"] + p[name + ".bias"]


def lin_back(grad, x, W):
    return grad @ W.T, flat(x).T @ flat(grad), flat(grad).sum(0)


def bend(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def slope(x):
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2)


def split(x, H):
    return x.reshape(*x.shape[:-1], H, x.shape[-1] // H).swapaxes(-2, -3)


def merge(x):
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], -1)


def heads(x, p, H, pre=""):
    q, k, v = (split(a, H) for a in np.split(lin(x, p, pre + "c_attn"), 3, axis=-1))
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    return q, k, v, soft(np.where(np.tri(x.shape[-2], dtype=bool), s, -np.inf))


def attn(x, p, H, pre="attn."):
    q, k, v, w = heads(x, p, H, pre)
    return lin(merge(w @ v), p, pre + "c_proj")


def attn_loop(x, p, H, pre="attn."):
    D, out = x.shape[-1], np.zeros_like(x)
    K, qkv = D // H, lin(x, p, pre + "c_attn")
    for b in range(len(x)):
        for h in range(H):
            q, k, v = (qkv[b, :, i * D + h * K : i * D + (h + 1) * K] for i in range(3))
            for t in range(x.shape[1]):
                out[b, t, h * K : (h + 1) * K] = soft(k[: t + 1] @ q[t] / K**0.5) @ v[: t + 1]
    return lin(out, p, pre + "c_proj")


def mlp(x, p, pre="mlp."):
    return lin(bend(lin(x, p, pre + "c_fc")), p, pre + "c_proj")


def block(x, p, H, a=attn):
    x = x + a(norm(x, p, "ln_1"), p, H)
    return x + mlp(norm(x, p, "ln_2"), p)


def block_each(x, p, H):
    return np.stack([block(one[None], p, H)[0] for one in x])


def block_below(x, p, H):
    below = lambda pre: {n[len(pre) :]: v for n, v in p.items() if n.startswith(pre)}
    for n, layer in (("ln_1", lambda z: attn(z, below("attn."), H, "")), ("ln_2", lambda z: mlp(z, below("mlp."), ""))):
        x = x + layer(norm(x, p, n))
    return x


def block_in_place(x, p, H):
    x += attn(norm(x, p, "ln_1"), p, H)
    x += mlp(norm(x, p, "ln_2"), p)
    return x


def back(grad, x, p, H, direct=(1, 1), y_at=None, pass_norm=False):
    a = norm(x, p, "ln_1")
    q, k, v, w = heads(a, p, H, "attn.")
    y = x + lin(merge(w @ v), p, "attn.c_proj")
    n = norm(y if y_at is None else x, p, "ln_2")
    z = lin(n, p, "mlp.c_fc")
    out = {}

    def keep(name, grads):
        out[name + ".weight"], out[name + ".bias"] = grads[1:]
        return grads[0]

    g = keep("mlp.c_proj", lin_back(grad, bend(z), p["mlp.c_proj.weight"]))
    g = keep("mlp.c_fc", lin_back(g * slope(z), n, p["mlp.c_fc.weight"]))
    g_norm = keep("ln_2", norm_back(g, y, p["ln_2.weight"]))
    grad = direct[1] * grad + (g if pass_norm else g_norm)
    g = split(keep("attn.c_proj", lin_back(grad, merge(w @ v), p["attn.c_proj.weight"])), H)
    g_s = g @ v.swapaxes(-1, -2)
    g_s = w * (g_s - (g_s * w).sum(-1, keepdims=True)) / math.sqrt(q.shape[-1])
    g = np.concatenate([merge(g_s @ k), merge(g_s.swapaxes(-1, -2) @ q), merge(w.swapaxes(-1, -2) @ g)], axis=-1)
    g = keep("attn.c_attn", lin_back(g, a, p["attn.c_attn.weight"]))
    g_norm = keep("ln_1", norm_back(g, x, p["ln_1.weight"]))
    return direct[0] * grad + (g if pass_norm else g_norm), out


def back_each(grad, x, p, H):
    parts = [back(g[None], one[None], p, H) for g, one in zip(grad, x)]
    return np.concatenate([one for one, _ in parts]), {n: sum(grads[n] for _, grads in parts) for n in p}


def below(P, i):
    pre = f"h.{i}."
    return {n[len(pre) :]: v for n, v in P.items() if n.startswith(pre)}


def how_many(P):
    return 1 + max(int(n.split(".")[1]) for n in P if n.startswith("h."))


def gpt(ids, P, H, body=block, positions=True, last=True, blocks=None):
    x = P["wte.weight"][ids]
    if positions:
        x = x + P["wpe.weight"][: x.shape[1]]
    for i in range(how_many(P) if blocks is None else blocks):
        x = body(x, below(P, i), H)
    if last:
        x = norm(x, P, "ln_f")
    return x @ P["wte.weight"].T


def gpt_while(ids, P, H):
    T, i = np.shape(ids)[1], 0
    x = np.take(P["wte.weight"], ids, axis=0) + np.take(P["wpe.weight"], np.arange(T), axis=0)
    while f"h.{i}.ln_1.weight" in P:
        x = block_below(x, below(P, i), H)
        i += 1
    return np.einsum("btd,vd->btv", norm(x, P, "ln_f"), P["wte.weight"])


def gpt_4_blocks(ids, P, H):
    return gpt(ids, P, H, blocks=12)


def gpt_back(grad, ids, P, H, embed=True, unembed=True, all_rows=True):
    xs = [P["wte.weight"][ids] + P["wpe.weight"][: ids.shape[1]]]
    for i in range(how_many(P)):
        xs.append(block(xs[-1], below(P, i), H))
    out, last = {}, norm(xs[-1], P, "ln_f")
    g, out["ln_f.weight"], out["ln_f.bias"] = norm_back(grad @ P["wte.weight"], xs[-1], P["ln_f.weight"])
    for i in reversed(range(how_many(P))):
        g, grads = back(g, xs[i], below(P, i), H)
        out.update({f"h.{i}.{n}": one for n, one in grads.items()})
    out["wpe.weight"] = np.zeros_like(P["wpe.weight"])
    out["wpe.weight"][: ids.shape[1]] = g.sum(axis=0)
    out["wte.weight"] = flat(grad).T @ flat(last) if unembed else np.zeros_like(P["wte.weight"])
    if embed:
        np.add.at(out["wte.weight"], ids, g)
    return out


def batch(tokens, starts, C):
    return np.array([tokens[s : s + C] for s in starts]), np.array([tokens[s + 1 : s + C + 1] for s in starts])


def batch_loop(tokens, starts, C):
    inputs, targets = [], []
    for s in starts:
        inputs.append([tokens[s + i] for i in range(C)])
        targets.append([tokens[s + i + 1] for i in range(C)])
    return inputs, targets


def batch_view(tokens, starts, C):
    windows = np.lib.stride_tricks.sliding_window_view(tokens, C + 1)[starts]
    return windows[:, :C].copy(), windows[:, 1:].copy()


def count_by_names(V, C, D, L):
    linear = lambda a, b: a * b + b
    each = 2 * D + linear(D, 3 * D) + linear(D, D) + 2 * D + linear(D, 4 * D) + linear(4 * D, D)
    return V * D + C * D + L * each + 2 * D


def count_loop(V, C, D, L):
    n = (V + C) * D
    for _ in range(L):
        for rows, columns in ((1, D), (1, D), (D, 3 * D), (1, 3 * D), (D, D), (1, D), (1, D), (1, D), (D, 4 * D), (1, 4 * D), (4 * D, D), (1, D)):
            n += rows * columns
    return n + D + D


def draw(logits, u, temperature=1.0):
    p = soft(logits / temperature)
    c = p.cumsum(axis=-1)
    return (c > np.asarray(u)[..., None]).argmax(axis=-1)


def draw_loop(logits, u, temperature=1.0):
    if np.ndim(logits) > 1:
        return [draw_loop(row, one, temperature) for row, one in zip(logits, u)]
    total = 0.0
    p = soft(logits / temperature)
    for i in range(len(p)):
        total += p[i]
        if total > u:
            return i
    return len(p) - 1


def draw_searched(logits, u, temperature=1.0):
    c = np.cumsum(soft(np.asarray(logits) / temperature), axis=-1).reshape(-1, np.shape(logits)[-1])
    found = [np.searchsorted(row / row[-1], one, side="right") for row, one in zip(c, np.ravel(u))]
    return np.array(found).reshape(np.shape(u))


def draw_choice(logits, u, temperature=1.0):
    return np.random.default_rng(0).choice(len(logits), p=soft(logits / temperature))


def write(ids, us, P, H, temperature=1.0, take=draw, cut=True, include=True, where=-1):
    text = list(ids)
    for u in us:
        seen = text[-len(P["wpe.weight"]) :] if cut else text
        text.append(int(take(gpt(np.array([seen]), P, H)[0, where], u, temperature)))
    return np.array(text if include else text[len(ids) :])


def write_concatenate(ids, us, P, H, temperature=1.0):
    ids, C = np.array(ids), P["wpe.weight"].shape[0]
    for u in us:
        logits = gpt_while(ids[None, -C:], P, H)[:, -1]
        ids = np.concatenate([ids, draw(logits, np.array([u]), temperature)])
    return ids


def write_recursive(ids, us, P, H, temperature=1.0):
    if len(us) == 0:
        return list(ids)
    nxt = draw(gpt(np.array([ids])[:, -len(P["wpe.weight"]) :], P, H)[0, -1], us[0], temperature)
    return write_recursive([*ids, int(nxt)], us[1:], P, H, temperature)


def write_buffer(ids, us, P, H, temperature=1.0):
    T, C = len(ids), len(P["wpe.weight"])
    text = np.zeros(T + len(us), dtype=int)
    text[:T] = ids
    for n, u in enumerate(us):
        text[T + n] = draw_loop(gpt(text[None, max(0, T + n - C) : T + n], P, H)[0][-1], u, temperature)
    return text


def write_append(ids, us, P, H, temperature=1.0):
    for u in us:
        ids.append(draw(gpt(np.array([ids]), P, H)[0, -1], u, temperature))
    return ids


def post(x, p, H):
    x = norm(x + attn(x, p, H), p, "ln_1")
    return norm(x + mlp(x, p), p, "ln_2")


def gpt_sorted(ids, P, H):
    x = P["wte.weight"][ids] + P["wpe.weight"][: ids.shape[1]]
    for i in sorted({name.split(".")[1] for name in P if name.startswith("h.")}):
        x = block(x, below(P, i), H)
    return norm(x, P, "ln_f") @ P["wte.weight"].T


def gpt_prefix(ids, P, H):
    x = P["wte.weight"][ids] + P["wpe.weight"][: ids.shape[1]]
    for i in range(how_many(P)):
        x = block(x, {name.split(".", 2)[2]: one for name, one in P.items() if name.startswith(f"h.{i}")}, H)
    return norm(x, P, "ln_f") @ P["wte.weight"].T


def batch_zeros(tokens, starts, C):
    inputs, targets = np.zeros((len(starts), C)), np.zeros((len(starts), C))
    for row, start in enumerate(starts):
        inputs[row], targets[row] = tokens[start : start + C], tokens[start + 1 : start + C + 1]
    return inputs, targets


RIGHT = {
    "block": [block, block_each, block_below, lambda x, p, H: block(x, p, H, attn_loop), lambda x, p, H: (y := x + attn(norm(x, p, "ln_1"), p, H)) + mlp(norm(y, p, "ln_2"), p)],
    "block_backward": [back, back_each, lambda *a: list(back(*a)), lambda *a: (back(*a)[0], dict(sorted(back(*a)[1].items()))), lambda grad, x, p, H: back(grad.copy(), np.asfortranarray(x), p, H)],
    "gpt": [gpt, gpt_while, lambda ids, P, H: gpt(ids, P, H, block_each), lambda ids, P, H: gpt(ids, P, H, lambda x, p, H: block(x, p, H, attn_loop)), lambda ids, P, H: np.concatenate([gpt(one[None], P, H) for one in ids])],
    "gpt_backward": [gpt_back, lambda *a: dict(reversed(gpt_back(*a).items())), lambda grad, ids, P, H: gpt_back(grad, np.array(ids), dict(P), H),
        lambda grad, ids, P, H: {n: sum(gpt_back(g[None], one[None], P, H)[n] for g, one in zip(grad, ids)) for n in P}, lambda grad, ids, P, H: {n: g for n, g in gpt_back(grad, ids, P, H).items()}],
    "get_batch": [batch, batch_loop, batch_view, lambda tokens, starts, C: [tokens[starts[:, None] + np.arange(C)], tokens[starts[:, None] + np.arange(1, C + 1)]],
        lambda tokens, starts, C: tuple(np.stack([tokens[s : s + C + 1] for s in starts])[:, i : C + i] for i in (0, 1))],
    "parameter_count": [count_by_names, count_loop, lambda V, C, D, L: (V + C) * D + L * (12 * D * D + 13 * D) + 2 * D, lambda V, C, D, L: float(count_by_names(V, C, D, L)), lambda V, C, D, L: np.int64(12 * L * D**2 + 13 * L * D + (V + C + 2) * D)],
    "next_token": [draw, draw_loop, draw_searched, lambda logits, u, temperature=1.0: (soft(logits / temperature).cumsum(-1) <= np.asarray(u)[..., None]).sum(-1),
        lambda logits, u, temperature=1.0: np.argmax(np.add.accumulate(soft(logits / temperature), axis=-1) - np.asarray(u)[..., None] > 0, axis=-1)],
    "generate": [write, write_concatenate, write_recursive, write_buffer, lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H, temperature, take=draw_searched)],
}  # fmt: skip

WRONG = {
    "block": [
        (post, "post-norm"), (lambda x, p, H: attn(norm(x, p, "ln_1"), p, H), ""), (lambda x, p, H: x + attn(norm(x, p, "ln_1"), p, H), "feed-forward network is missing"), (lambda x, p, H: x + mlp(norm(x, p, "ln_2"), p), "attention is missing"), (block_in_place, "changed what it was given"),
        (lambda x, p, H: x + attn(norm(x, p, "ln_1"), p, H) + mlp(norm(x, p, "ln_2"), p), "both layers get the same x"), (lambda x, p, H: (y := x + attn(x, p, H)) + mlp(y, p), "both norms"), (lambda x, p, H: (y := x + attn(norm(x, p, "ln_1"), p, H)) + mlp(norm(y, p, "ln_1"), p), "ln_1 stands twice"),
        (lambda x, p, H: (y := attn(norm(x, p, "ln_1"), p, H)) + mlp(norm(y, p, "ln_2"), p), "x is not added to the output of attention"), (lambda x, p, H: (y := x + mlp(norm(x, p, "ln_2"), p)) + attn(norm(y, p, "ln_1"), p, H), "comes first"), (lambda x, p, H: block(x, p, 1), "single head"),
        (lambda x, p, H: x + mlp(norm(x + attn(norm(x, p, "ln_1"), p, H), p, "ln_2"), p), "begins with the x of the start"), (lambda x, p, H: x + attn(norm(x, p, "ln1"), p, H), "in the dict"), (lambda x, p, H: (y := x + attn(norm(x, p, "ln_2"), p, H)) + mlp(norm(y, p, "ln_1"), p), "changed places"),
    ],
    "block_backward": [
        (lambda *a: back(*a, direct=(0, 1)), "first sum"), (lambda *a: back(*a, direct=(1, 0)), "second sum"), (lambda *a: back(*a, direct=(0, 0)), "direct ways"), (lambda *a: back(*a, pass_norm=True), ""), (lambda *a: back(*a, y_at="x"), "given the norm of x"), (lambda *a: back(*a)[0], "return 2 things"), (lambda *a: back(*a)[::-1], "another order"),
        (lambda *a: (back(*a)[0], {n: g for n, g in back(*a)[1].items() if "ln" not in n}), 'has no "ln_1.weight"'), (lambda grad, x, p, H: back(grad, x, p, 1), ""), (lambda *a: (back(*a)[0], {n.split(".", 1)[1]: g for n, g in back(*a)[1].items()}), "your dict has no"), (lambda *a: (2 * back(*a)[0], back(*a)[1]), ""),
        (lambda grad, x, p, H: (grad, p), ""), (lambda *a: (back(*a)[0], {n: g.T for n, g in back(*a)[1].items()}), "rows and columns are swapped"), (lambda *a: (back(*a)[0], [*back(*a)[1].values()]), "a dict is expected"),
    ],
    "gpt": [
        (gpt_sorted, "h.10 comes before h.2"), (gpt_prefix, "h.1 and h.10 begin alike"),
        (lambda *a: gpt(*a, positions=False), "positions are missing"), (lambda *a: gpt(*a, last=False), "ln_f, is missing"), (lambda *a: gpt(*a, blocks=1), "only the first block"), (lambda *a: gpt(*a, blocks=0), "blocks are missing"), (gpt_4_blocks, "in the dict"), (lambda *a: soft(gpt(*a)), "those are probabilities"),
        (lambda *a: gpt(*a)[:, -1], "last token's logits"), (lambda *a: gpt(*a).argmax(-1), "those are ids"), (lambda ids, P, H: gpt(ids, P, 1), "single head"), (lambda *a: gpt(*a, body=post), ""), (lambda ids, P, H: gpt(ids, {**P, "wte.weight": P["wte.weight"] * 2}, H), ""), (lambda ids, P, H: P["wte.weight"][ids] @ P["wte.weight"], ".T missing"),
        (lambda ids, P, H: gpt(ids, {**P, "wpe.weight": P["wpe.weight"][::-1]}, H), ""), (lambda ids, P, H: gpt(ids, P, H) / math.sqrt(P["wte.weight"].shape[1]), ""), (lambda ids, P, H: P["wte.weight"][ids] + P["wpe.weight"], "do not fit"), (lambda ids, P, H: gpt(ids, {n: v for n, v in P.items() if "wpe" not in n}, H), "in the dict"),
        (lambda ids, P, H: gpt(ids, P, H, blocks=how_many(P) - 1), "last block is missing"),
    ],
    "gpt_backward": [
        (lambda *a: gpt_back(*a, embed=False), "embedding the ids"), (lambda *a: gpt_back(*a, unembed=False), "from the unembedding"), (lambda *a: {n: g for n, g in gpt_back(*a).items() if n != "wpe.weight"}, "wpe.weight is missing"), (lambda *a: [*gpt_back(*a).values()], "a dict is expected"), (lambda *a: {n: -g for n, g in gpt_back(*a).items()}, ""),
        (lambda grad, ids, P, H: {n: g / ids.size for n, g in gpt_back(grad, ids, P, H).items()}, "number of tokens"), (lambda grad, ids, P, H: gpt_back(grad, ids, P, 1), ""), (lambda grad, ids, P, H: {**gpt_back(grad, ids, P, H), "wpe.weight": gpt_back(grad, ids, P, H)["wpe.weight"] / len(ids)}, "averaged over the texts"),
        (lambda grad, ids, P, H: {**gpt_back(grad, ids, P, H), "wpe.weight": gpt_back(grad, ids, P, H)["wpe.weight"][: ids.shape[1]]}, "unused rows"), (lambda *a: {n.replace("h.", "block."): g for n, g in gpt_back(*a).items()}, "your dict has no"), (lambda grad, ids, P, H: P, ""), (lambda *a: (gpt_back(*a), 0), "a dict is expected"),
    ],
    "get_batch": [
        (batch_zeros, "a float is no index"),
        (lambda tokens, starts, C: (batch(tokens, starts, C)[0],) * 2, "targets are the inputs"), (lambda tokens, starts, C: batch(tokens, starts, C)[::-1], "another order"), (lambda tokens, starts, C: (batch(tokens, starts, C)[0], tokens[starts + C]), "one target a window"), (lambda tokens, starts, C: tuple(x.T for x in batch(tokens, starts, C)), "a window is a row, (B, C)"),
        (lambda tokens, starts, C: batch(tokens, starts, C)[0], "return 2 things"), (lambda tokens, starts, C: (np.array([tokens[s : s + C] for s in starts]), np.array([tokens[s + 1 : s + C] for s in starts])), "shape should be"), (lambda tokens, starts, C: (tokens[starts], tokens[starts + 1]), ""), (lambda tokens, starts, C: (tokens[starts : starts + C], 0), "whole number"),
        (lambda tokens, starts, C: batch(tokens, starts, 3), ""), (lambda tokens, starts, C: (x := batch(tokens, starts, C)[0], np.roll(x, -1, axis=1)), "own first token"), (lambda tokens, starts, C: (np.array([tokens[s : s + C + 1] for s in starts]),) * 2, "hold C + 1 tokens"), (lambda tokens, starts, C: batch(tokens, starts[:1], C), ""),
        (lambda tokens, starts, C: (tokens[starts[:, None] + np.arange(C)], tokens[starts[:, None] + np.arange(C) - 1]), "the targets are one token earlier: the"),
    ],
    "parameter_count": [
        (lambda V, C, D, L: 2 * V * D + C * D + L * (12 * D * D + 13 * D) + 2 * D, "table stands twice"), (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + 13 * D), "after the last block is missing"), (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + 13 * D + 2 * D), "not in each"), (lambda V, C, D, L: V * D + L * (12 * D * D + 13 * D) + 2 * D, "table of positions"),
        (lambda V, C, D, L: V * D + C * D + 12 * D * D + 13 * D + 2 * D, "number of blocks"), (lambda V, C, D, L: V * D + C * D + L * 12 * D * D + 2 * D, ""), (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + 4 * D) + 2 * D, "biases of the linear layers"), (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + (D * D + 4 * D) + 4 * D) + 2 * D, ""),
        (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + 13 * D) + 10, ""), (lambda V, C, D, L: str(count_by_names(V, C, D, L)), "text"), (lambda V, C, D, L: L * (V * D + C * D + 12 * D * D + 13 * D + 2 * D), "multiplied by L"), (lambda V, C, D, L: V * D + C * D + L * (8 * D * D + 13 * D) + 2 * D, "matrices of attention"), (lambda V, C, D, L: count_by_names(V, C, D, L) + 1, ""),
        (lambda V, C, D, L: V * D + C * D + L * (12 * D * D + 9 * D) + 2 * D, "4D are missing"), (lambda V, C, D, L: C * D + L * (12 * D * D + 13 * D) + 2 * D, "table of the tokens"),
    ],
    "next_token": [
        (lambda *a: np.asarray(draw(*a), float), "a float is no index"),
        (lambda logits, u, temperature=1.0: logits.argmax(-1), "always taken"), (lambda logits, u, temperature=1.0: draw(logits, u), "temperature has no effect"), (lambda logits, u, temperature=1.0: draw(logits * temperature, u), "multiplied by the temperature"), (lambda logits, u, temperature=1.0: draw(logits, 1 - u, temperature), "1 − u"), (draw_choice, ""),
        (lambda logits, u, temperature=1.0: (soft(logits / temperature).cumsum(-1) >= np.asarray(u)[..., None]).argmax(-1), "larger than u"), (lambda logits, u, temperature=1.0: (soft(logits / temperature) > np.asarray(u)[..., None]).argmax(-1), "one by one"), (lambda logits, u, temperature=1.0: draw(logits, u, temperature) + 1, "the token after"), (lambda logits, u, temperature=1.0: soft(logits / temperature), "an axis too many"),
        (lambda logits, u, temperature=1.0: (soft(logits / temperature).cumsum(-1) > u).argmax(-1), ""), (lambda logits, u, temperature=1.0: draw(logits[0], u, temperature), ""), (lambda logits, u, temperature=1.0: soft(logits / temperature).cumsum(-1)[draw(logits, u, temperature)], "whole numbers are expected"), (lambda logits, u, temperature=1.0: (np.asarray(u) * np.shape(logits)[-1]).astype(int), "equally likely"),
        (lambda logits, u, temperature=1.0: np.random.choice(len(logits), p=soft(logits / temperature)), ""), (lambda logits, u, temperature=1.0: (soft(logits / temperature).cumsum() > u).argmax(), ""),
    ],
    "generate": [
        (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H, temperature, take=lambda z, u, t: z.argmax()), "most likely token"), (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H, temperature, include=False), "beginning is missing"), (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H), "temperature has no effect"), (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H, temperature, where=0), "first place"),
        (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, H, temperature, cut=False), "the model sees the last C tokens"), (lambda ids, us, P, H, temperature=1.0: write(ids, us[:-1], P, H, temperature), "one token is missing"), (lambda ids, us, P, H, temperature=1.0: write(ids, us[::-1], P, H, temperature), "in reverse"), (write_append, "an array has no .append"),
        (lambda ids, us, P, H, temperature=1.0: write(ids[-1:], us, P, H, temperature), ""), (lambda ids, us, P, H, temperature=1.0: gpt(np.array([ids]), P, H), ""), (lambda ids, us, P, H, temperature=1.0: write(ids, us[0], P, H, temperature), ""), (lambda ids, us, P, H, temperature=1.0: write(ids, us, P, 1, temperature), ""), (lambda ids, us, P, H, temperature=1.0: str(write(ids, us, P, H, temperature)), "a text"),
        (lambda ids, us, P, H, temperature=1.0: np.concatenate([ids, [int(draw(gpt(np.array([ids]), P, H)[0, -1], u, temperature)) for u in us]]).astype(int), "beginning alone"),
    ],
}  # fmt: skip
