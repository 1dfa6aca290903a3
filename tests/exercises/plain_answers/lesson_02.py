"""Answers to the exercises of lesson 02_embeddings."""

import math

import numpy as np


def embed_loop(W_E, ids):
    if np.ndim(ids) == 0:
        return W_E[int(ids)]
    return np.array([embed_loop(W_E, one) for one in ids])


def grads_loop(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    for place in np.ndindex(ids.shape):
        G[ids[place]] += grad[place]
    return G


def grads_at(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    np.add.at(G, ids, grad)
    return G


def grads_integer(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]), dtype=int)
    for place in np.ndindex(ids.shape):
        G[ids[place]] = G[ids[place]] + grad[place]
    return G


def grads_integer_add(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]), dtype=int)
    for place in np.ndindex(ids.shape):
        G[ids[place]] += grad[place]
    return G


def grads_fancy(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    G[ids] += grad
    return G


def grads_set(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    G[ids] = grad
    return G


def grads_two(grad, ids, V):
    G = np.zeros((V, 2))
    for id, row in zip(ids, grad):
        G[id] += row
    return G


def grads_none(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    return np.add.at(G, ids, grad)


def grads_in_loop(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    for place in np.ndindex(ids.shape):
        G[ids[place]] += grad[place]
        return G


def flat(x):
    return x.reshape(-1, x.shape[-1])


def cosine_loop(a, b):
    dot = aa = bb = 0
    for x, y in zip(a, b):
        dot += x * y
        aa += x * x
        bb += y * y
    return dot / math.sqrt(aa) / math.sqrt(bb)


def cosines(W_E, id):
    n = W_E / np.linalg.norm(W_E, axis=1, keepdims=True)
    return n @ n[id]


def nearest_plain(W_E, id, k):
    c = np.round(cosines(W_E, id), 12)
    c[id] = -np.inf
    return np.argsort(-c, kind="stable")[:k]


def nearest_sorted(W_E, id, k):
    def cos(i):
        return round(float(W_E[i] @ W_E[id] / math.sqrt((W_E[i] @ W_E[i]) * (W_E[id] @ W_E[id]))), 10)

    return sorted((i for i in range(len(W_E)) if i != id), key=lambda i: (-cos(i), i))[:k]


def nearest_take(W_E, id, k):
    c, found = np.round(cosines(W_E, id), 9).tolist(), []
    c[id] = -2
    while len(found) < k:
        best = c.index(max(c))
        found.append(best)
        c[best] = -3
    return found


def nearest_zero(W_E, id, k):
    c = cosines(W_E, id)
    c[id] = 0
    return np.argsort(-c)[:k]


def grads_by_place(grad, ids, V):
    out = np.zeros((V, grad.shape[-1]))
    for i, row in enumerate(grad):
        out[i] += row
    return out


def nearest_turned(W_E, id, k):
    c = W_E @ W_E[id] / np.linalg.norm(W_E, axis=1)
    order = np.argsort(c.round(9), kind="stable")[::-1]
    return order[order != id][:k]


def grads_text_by_text(grad, ids, V):
    out = np.zeros((V, grad.shape[-1]))
    for i in range(len(ids)):
        out[ids[i]] = out[ids[i]] + grad[i]
    return out


RIGHT = {
    "embed": [
        lambda W_E, ids: W_E[ids], lambda W_E, ids: [W_E[i] for i in ids], embed_loop, lambda W_E, ids: np.take(W_E, ids, axis=0),
        lambda W_E, ids: np.eye(len(W_E))[ids] @ W_E,
        lambda W_E, ids: (np.asarray(ids)[..., None] == np.arange(len(W_E))).astype(float) @ W_E,
    ],
    "embed_backward": [
        grads_loop, grads_at,
        lambda grad, ids, V: flat(np.eye(V)[ids]).T @ flat(grad),
        lambda grad, ids, V: np.array([flat(grad)[ids.ravel() == v].sum(axis=0) for v in range(V)]),
        lambda grad, ids, V: np.stack([np.bincount(ids.ravel(), flat(grad)[:, d], minlength=V) for d in range(grad.shape[-1])], axis=1),
    ],
    "unembed": [
        lambda h, W_E: h @ W_E.T, lambda h, W_E: np.einsum("...d,vd->...v", h, W_E), lambda h, W_E: np.dot(h, W_E.T),
        lambda h, W_E: np.stack([(h * row).sum(axis=-1) for row in W_E], axis=-1), lambda h, W_E: np.inner(h, W_E),
    ],
    "unembed_backward": [
        lambda grad, h, W_E: (grad @ W_E, flat(grad).T @ flat(h)),
        lambda grad, h, W_E: (grad @ W_E, np.tensordot(flat(grad), flat(h), axes=(0, 0))),
        lambda grad, h, W_E: [np.einsum("...v,vd->...d", grad, W_E), (flat(h).T @ flat(grad)).T],
        lambda grad, h, W_E: (np.dot(grad, W_E), sum(np.outer(g, x) for g, x in zip(flat(grad), flat(h)))),
        lambda grad, h, W_E: (grad @ W_E, (grad[..., :, None] * h[..., None, :]).reshape(-1, len(W_E), h.shape[-1]).sum(axis=0)),
    ],
    "cosine": [
        cosine_loop, lambda a, b: a @ b / (np.linalg.norm(a) * np.linalg.norm(b)),
        lambda a, b: np.dot(a / np.linalg.norm(a), b / np.linalg.norm(b)),
        lambda a, b: sum(a * b) / math.sqrt(sum(a**2) * sum(b**2)), lambda a, b: np.array(a @ b / np.sqrt(a @ a * (b @ b))),
    ],
    "nearest": [
        nearest_plain, nearest_sorted, nearest_take,
        lambda W_E, id, k: [i for i in np.argsort(-np.round(cosines(W_E, id), 12), kind="stable") if i != id][:k],
        lambda W_E, id, k: np.lexsort((np.arange(len(W_E)), -np.round(np.where(np.arange(len(W_E)) == id, -9, cosines(W_E, id)), 10)))[:k],
    ],
}  # fmt: skip

WRONG = {
    "embed": [
        (lambda W_E, ids: W_E[ids] * math.sqrt(W_E.shape[1]), "multiplied by √D"),
        (lambda W_E, ids: W_E[:, ids], ""), (lambda W_E, ids: W_E.T[ids], ""), (lambda W_E, ids: W_E[ids - 1], "counted from 1"),
        (lambda W_E, ids: W_E[ids + 1], ""), (lambda W_E, ids: W_E[ids].sum(axis=-2), "added up"),
        (lambda W_E, ids: W_E[ids].mean(axis=-2), "averaged"), (lambda W_E, ids: np.eye(len(W_E))[ids], "one-hot rows"),
        (lambda W_E, ids: ids @ W_E, ""), (lambda W_E, ids: W_E @ ids, ""), (lambda W_E, ids: W_E[ids].T, "rows and columns are swapped"),
        (lambda W_E, ids: np.array([W_E[i] for i in range(len(ids))]), ""),
        (lambda W_E, ids: W_E[ids].astype(int), "cut to whole numbers"), (lambda W_E, ids: np.round(W_E[ids], 1), "rounded to 1 digit"),
        (lambda W_E, ids: W_E[ids.astype(float)], "array of floats cannot be an index"), (lambda W_E, ids: W_E[np.unique(ids)], "every id was looked up once"),
        (lambda W_E, ids: W_E(ids), "called like a function"), (lambda W_E, ids: W_E[ids].ravel(), ""),
        (lambda W_E, ids: W_E[ids[0]], ""), (lambda W_E, ids: W_E[ids].astype(np.float32), "32 bits"),
    ],
    "embed_backward": [
        (grads_text_by_text, "within a text"), (lambda grad, ids, V: grads_at(grad, ids, V) / ids.size, "number of tokens"),
        (grads_by_place, "the place in the text"),
        (grads_integer, "whole numbers alone"), (grads_integer_add, "array of whole numbers"), (grads_fancy, "collects from all"),
        (grads_set, "collects from all"), (grads_two, ""), (grads_none, "is a return missing"), (grads_in_loop, "inside the loop"),
        (lambda grad, ids, V: np.eye(V)[ids] @ grad, ""), (lambda grad, ids, V: grads_at(grad, ids, V).T, "shape of the table"),
        (lambda grad, ids, V: grads_at(grad, ids, V) / grad.shape[-2], "divided by T"),
        (lambda grad, ids, V: grads_at(grad, ids, ids.max() + 1), "above the largest id"),
        (lambda grad, ids, V: grads_at(grad, ids, V)[ids], "rows of the tokens"), (lambda grad, ids, V: grad[ids], ""),
        (lambda grad, ids, V: np.array([flat(grad)[ids.ravel() == v].mean(axis=0) if (ids == v).any() else 0 * flat(grad)[0] for v in range(V)]), "averaged"),
        (lambda grad, ids, V: grads_at(np.ones_like(grad), ids, V), "were counted"), (lambda grad, ids, V: grad.sum(axis=0), ""),
        (lambda grad, ids, V: np.zeros((V, grad.shape[-1])), ""),
    ],
    "unembed": [
        (lambda h, W_E: h @ W_E.T / W_E.shape[1], "divided by D"), (lambda h, W_E: h @ W_E.T - np.log(np.exp(h @ W_E.T).sum(-1, keepdims=True)), "logarithms of probabilities"),
        (lambda h, W_E: h @ W_E, ".T missing"), (lambda h, W_E: W_E @ h, ""), (lambda h, W_E: W_E.T @ h, ".T missing"),
        (lambda h, W_E: h * W_E, ""), (lambda h, W_E: W_E @ h.T, ""), (lambda h, W_E: h @ W_E.T / math.sqrt(h.shape[-1]), "divided by √D"),
        (lambda h, W_E: np.exp(h @ W_E.T) / np.exp(h @ W_E.T).sum(-1, keepdims=True), "those are probabilities"),
        (lambda h, W_E: (h @ W_E.T).argmax(-1), "most likely token"), (lambda h, W_E: h @ W_E.T / np.linalg.norm(W_E, axis=1), "divided by their lengths"),
        (lambda h, W_E: W_E[h], ""), (lambda h, W_E: (h @ W_E.T).max(-1), "that is the largest score: return the"), (lambda h, W_E: (h[..., None, :] * W_E), "the products are not added up: a"),
    ],
    "unembed_backward": [
        (lambda grad, h, W_E: (-grad @ W_E, -flat(grad).T @ flat(h)), "sign is turned"),
        (lambda grad, h, W_E: (flat(grad).T @ flat(h), grad @ W_E), "another order"), (lambda grad, h, W_E: (grad @ W_E, flat(h).T @ flat(grad)), "turned"),
        (lambda grad, h, W_E: (grad @ W_E, grad.T @ h), ""), (lambda grad, h, W_E: (grad @ W_E.T, flat(grad).T @ flat(h)), ".T"),
        (lambda grad, h, W_E: grad @ W_E, "return 2 things"), (lambda grad, h, W_E: (grad @ W_E, grad.swapaxes(-1, -2) @ h), "batch axis"),
        (lambda grad, h, W_E: (grad @ W_E, flat(grad).T @ flat(h) / len(flat(h))), "averaged over the tokens"),
        (lambda grad, h, W_E: (grad @ W_E, flat(grad).T @ flat(np.ones_like(h))), "h has no part"),
        (lambda grad, h, W_E: (W_E.T @ grad, flat(grad).T @ flat(h)), ""), (lambda grad, h, W_E: (grad @ W_E, grad * h), "do not fit entry by entry"),
        (lambda grad, h, W_E: (grad @ W_E, np.outer(grad, h)), "shape should be"), (lambda grad, h, W_E: (h, W_E), ""),
    ],
    "cosine": [
        (lambda a, b: 100 * a @ b / np.linalg.norm(a) / np.linalg.norm(b), "no percentage"), (lambda a, b: np.corrcoef(a, b)[0, 1], "correlation"),
        (lambda a, b: np.mean(a * b) / np.linalg.norm(a) / np.linalg.norm(b), "their sum"), (lambda a, b: a @ b / np.sqrt(a @ a + b @ b), "under one root"),
        (lambda a, b: a @ b / math.sqrt(sum(a) ** 2 * sum(b) ** 2), "added up and then squared"), (lambda a, b: a @ b / np.linalg.norm(a @ b), "over its own size"),
        (lambda a, b: a @ b, "that is the dot product"), (lambda a, b: a @ b / np.linalg.norm(a), "length of a"), (lambda a, b: a @ b / np.linalg.norm(b), "length of b"),
        (lambda a, b: a @ b / np.linalg.norm(a) * np.linalg.norm(b), "bracket"), (lambda a, b: a @ b / (a @ a * (b @ b)), "roots are missing"),
        (lambda a, b: a @ b / (np.linalg.norm(a) + np.linalg.norm(b)), "lengths were added"), (lambda a, b: np.linalg.norm(a - b), "distance between"),
        (lambda a, b: a @ b / np.linalg.norm(a * b), "length of the product"), (lambda a, b: round(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), 2), "rounded to 2"),
        (lambda a, b: abs(a @ b) / (np.linalg.norm(a) * np.linalg.norm(b)), "sign is lost"), (lambda a, b: a @ b / (math.sqrt(a**2) * math.sqrt(b**2)), "takes one number"),
        (lambda a, b: f"{a @ b / (np.linalg.norm(a) * np.linalg.norm(b))}", "text"), (lambda a, b: a * b / (np.linalg.norm(a) * np.linalg.norm(b)), "not added up"),
        (lambda a, b: 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), "1 − cosine"), (lambda a, b: np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))), "that is the angle"),
        (lambda a, b: a @ b / 25, ""), (lambda a, b: a @ b / len(a), "divided by D"), (lambda a, b: a @ b / (sum(abs(a)) * sum(abs(b))), "entries were added up"),
        (lambda a, b: int(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))), "whole"),
    ],
    "nearest": [
        (lambda W_E, id, k: np.argsort(-np.delete(cosines(W_E, id), id), kind="stable")[:k], "has moved up"), (lambda W_E, id, k: nearest_plain(W_E, id, k - 1), "too few"),
        (nearest_turned, "turns equal ones round"), (lambda W_E, id, k: np.argsort(-(W_E @ W_E[id] / np.linalg.norm(W_E)), kind="stable")[1 : k + 1], "one and the same number"),
        (nearest_zero, "set to 0"), (lambda W_E, id, k: np.argsort(-cosines(W_E, id), kind="stable")[:k], "itself comes first"),
        (lambda W_E, id, k: np.argsort(-cosines(W_E, id), kind="stable")[1 : k + 1], "first was dropped"),
        (lambda W_E, id, k: np.argsort(cosines(W_E, id), kind="stable")[:k], "farthest come first"),
        (lambda W_E, id, k: [i for i in np.argsort(-(W_E @ W_E[id]), kind="stable") if i != id][:k], "compare cosines"),
        (lambda W_E, id, k: [i for i in np.argsort(np.linalg.norm(W_E - W_E[id], axis=1), kind="stable") if i != id][:k], "distance between points"),
        (lambda W_E, id, k: nearest_plain(W_E, id, k)[::-1], "comes last"), (lambda W_E, id, k: nearest_plain(W_E, id, len(W_E) - 1), "all tokens"),
        (lambda W_E, id, k: nearest_plain(W_E / np.linalg.norm(W_E, axis=1), id, k), "keepdims"),
        (lambda W_E, id, k: np.sort(cosines(W_E, id))[::-1][1 : k + 1], "those are the cosines"), (lambda W_E, id, k: sorted(nearest_plain(W_E, id, k)), "sorted by number"),
        (lambda W_E, id, k: nearest_plain(W_E, id, 3), ""), (lambda W_E, id, k: W_E[nearest_plain(W_E, id, k)], "shape should be"),
        (lambda W_E, id, k: np.argpartition(-np.where(np.arange(len(W_E)) == id, -9, cosines(W_E, id)), min(k, len(W_E) - 1))[:k], ""),
    ],
}  # fmt: skip
