"""Answers to the exercises of lesson 11_inside_the_gpt."""

import math

import numpy as np


def soft(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def norm(x, p, name):
    return p[name + ".weight"] * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) + p[name + ".bias"]


def bend(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def step(ids, P, H, past, place=None, grow=True, new_alone=False, look=True):
    S = past[0][0].shape[2] if past else 0
    x = P["wte.weight"][ids] + P["wpe.weight"][S if place is None else place]  # (B, D)
    B, D = x.shape
    longer, i = [], 0
    while f"h.{i}.ln_1.weight" in P:
        p = {n.removeprefix(f"h.{i}."): v for n, v in P.items()}
        qkv = norm(x, p, "ln_1") @ p["attn.c_attn.weight"] + p["attn.c_attn.bias"]
        q, k, v = (part.reshape(B, H, 1, D // H) for part in np.split(qkv, 3, axis=1))
        new = k, v
        if past and look:
            k, v = np.concatenate([past[i][0], k], axis=2), np.concatenate([past[i][1], v], axis=2)
        longer.append(new if new_alone else (k, v))
        y = soft(q @ k.swapaxes(2, 3) / math.sqrt(D // H)) @ v
        x = x + y.reshape(B, D) @ p["attn.c_proj.weight"] + p["attn.c_proj.bias"]
        h = bend(norm(x, p, "ln_2") @ p["mlp.c_fc.weight"] + p["mlp.c_fc.bias"])
        x = x + h @ p["mlp.c_proj.weight"] + p["mlp.c_proj.bias"]
        i += 1
    return norm(x, P, "ln_f") @ P["wte.weight"].T, longer if grow else past


def step_texts(ids, P, H, past):
    each = [step(ids[b : b + 1], P, H, [(k[b : b + 1], v[b : b + 1]) for k, v in past]) for b in range(len(ids))]
    layers = len(each[0][1])
    return np.concatenate([one for one, _ in each]), [tuple(np.concatenate([longer[i][j] for _, longer in each]) for j in (0, 1)) for i in range(layers)]


def step_grows(ids, P, H, past):
    logits, longer = step(ids, P, H, past)
    past[:] = longer
    return logits, past


def keep_loop(logits, k):
    if logits.ndim > 1:
        return np.array([keep_loop(row, k) for row in logits])
    least = sorted(logits, reverse=True)[k - 1]
    return [v if v >= least else -math.inf for v in logits]


def keep_partition(logits, k):
    out = logits.copy()
    out[out < np.partition(out, -k, axis=-1)[..., -k, None]] = -np.inf
    return out


def nucleus(probabilities, p, order=None):
    order = np.argsort(-probabilities, kind="stable") if order is None else order
    kept, total = np.zeros_like(probabilities), 0.0
    for i in order:
        kept[i] = probabilities[i]
        total += probabilities[i]
        if total >= p and p < 1:
            break
    return kept / kept.sum()


def nucleus_sorted(probabilities, p):
    pairs = sorted(enumerate(probabilities), key=lambda one: (-one[1], one[0]))
    kept, total = {}, 0
    for i, value in pairs:
        if total >= p and p < 1:
            break
        kept[i] = value
        total += value
    return [kept.get(i, 0) / sum(kept.values()) for i in range(len(probabilities))]


def nucleus_mask(probabilities, p):
    if p >= 1:
        return probabilities / probabilities.sum()
    order = np.argsort(-probabilities, kind="mergesort")
    before = np.concatenate([[0.0], np.cumsum(probabilities[order])[:-1]])
    mask = np.zeros(len(probabilities), bool)
    mask[order[before < p]] = True
    return np.where(mask, probabilities, 0) / probabilities[mask].sum()


def nucleus_search(probabilities, p):
    order = np.lexsort((np.arange(len(probabilities)), -probabilities))
    n = len(order) if p >= 1 else np.searchsorted(np.cumsum(probabilities[order]), p) + 1
    kept = np.zeros(len(probabilities))
    kept[order[:n]] = probabilities[order[:n]]
    return kept / kept.sum()


def nucleus_rank(probabilities, p):
    better = (probabilities[:, None] > probabilities) | ((probabilities[:, None] == probabilities) & (np.arange(len(probabilities))[:, None] < np.arange(len(probabilities))))
    before = (better * probabilities[:, None]).sum(axis=0)
    kept = np.where((before < p) | (p >= 1), probabilities, 0.0)
    return kept / kept.sum()


def nucleus_while(probabilities, p):
    order, total, n = np.argsort(-probabilities), 0, 0
    while total < p:
        total += probabilities[order[n]]
        n += 1
    kept = np.zeros_like(probabilities)
    kept[order[:n]] = probabilities[order[:n]]
    return kept / kept.sum()


def nucleus_integer(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    kept = np.zeros(len(probabilities), dtype=int)
    first = order[np.cumsum(probabilities[order]) - probabilities[order] < p]
    kept[first] = probabilities[first]
    return kept / kept.sum()


def share(probabilities, mask):
    return np.where(mask, probabilities, 0) / np.where(mask, probabilities, 0).sum()


def nucleus_argmax(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    n = np.argmax(np.cumsum(probabilities[order]) >= p) + 1
    return share(probabilities, np.isin(np.arange(len(probabilities)), order[:n]))


def nucleus_right(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    kept = order[: np.searchsorted(np.cumsum(probabilities[order]), p, side="right") + 1]
    return share(probabilities, np.isin(np.arange(len(order)), kept))


RIGHT = {
    "one_step": [step, step_texts, lambda *a: list(step(*a)), lambda ids, P, H, past: (step(ids, P, H, past)[0], tuple(step(ids, P, H, past)[1])), lambda ids, P, H, past: (lambda out: (out[0], [[k, v] for k, v in out[1]]))(step(ids, P, H, list(past)))],
    "top_k": [keep_loop, keep_partition, lambda logits, k: np.where(logits >= np.sort(logits)[..., -k][..., None], logits, -np.inf), lambda logits, k: np.where((logits[..., None, :] > logits[..., :, None]).sum(-1) < k, logits, -np.inf),
        lambda logits, k: logits + np.where(logits < -np.sort(-logits, axis=-1)[..., k - 1 : k], -np.inf, 0.0)],
    "top_p": [nucleus, nucleus_sorted, nucleus_mask, nucleus_search, nucleus_rank],
}  # fmt: skip

WRONG = {
    "one_step": [
        (lambda ids, P, H, past: step(ids, P, H, past, place=len(past)), "len(past), which is the number of blocks"),
        (lambda *a: step(*a, place=0), "stands at place 0"), (lambda *a: step(*a, grow=False), "did not grow"), (lambda *a: step(*a, new_alone=True), "only the new keys"), (lambda *a: step(*a, look=False), ""), (lambda *a: step(*a)[0], "return 2 things"), (lambda *a: step(*a)[::-1], ""), (step_grows, "changed what it was given"),
        (lambda ids, P, H, past: step(ids, P, 1, past), ""), (lambda *a: (soft(step(*a)[0]), step(*a)[1]), ""), (lambda *a: (step(*a)[0], [(v, k) for k, v in step(*a)[1]]), "changed places"), (lambda *a: (step(*a)[0][:, None], step(*a)[1]), "an axis too many"), (lambda ids, P, H, past: step(ids, P, H, []), "past has no effect"),
        (lambda ids, P, H, past: step(ids, P, H, past, place=past[0][0].shape[2]), "beyond the end"), (lambda *a: (step(*a)[0], step(*a)[1][::-1]), "in reverse"),
    ],
    "top_k": [
        (lambda logits, k: -np.sort(-logits, axis=-1)[..., :k], "in order"), (lambda logits, k: np.argsort(-logits, axis=-1)[..., :k], "those are ids"), (lambda logits, k: np.where(logits >= np.sort(logits)[..., -k, None], logits, 0.0), "became 0"), (lambda logits, k: np.where(logits > np.sort(logits)[..., -k, None], logits, -np.inf), "≥ keeps it"),
        (lambda logits, k: np.where(logits >= np.sort(logits)[-k], logits, -np.inf), ""), (lambda logits, k: np.where(logits <= np.sort(logits)[..., k - 1, None], logits, -np.inf), "least likely"), (lambda logits, k: np.where(np.argsort(np.argsort(-logits, kind="stable"), kind="stable") < k, logits, -np.inf), "ties with the k-th"),
        (lambda logits, k: np.where(logits >= np.sort(logits.ravel())[-k], logits, -np.inf), "each row has its own"), (lambda logits, k: np.where(logits >= np.sort(logits)[..., -k], logits, -np.inf), "keepdims"), (lambda logits, k: logits[..., :k], "first k tokens"), (lambda logits, k: np.where(logits >= k, logits, -np.inf), "compared with k itself"), (lambda logits, k: np.where(logits >= np.sort(logits)[..., -k, None], logits, -1e9), "large number below 0"),
        (lambda logits, k: np.where(logits >= np.sort(logits)[..., -k - 1, None], logits, -np.inf), "k + 1 tokens"),
    ],
    "top_p": [
        (nucleus_right, "one token too many"),
        (nucleus_while, ""), (nucleus_integer, ""), (nucleus_argmax, "argmax finds nothing"), (lambda probabilities, p: nucleus(probabilities, p, np.argsort(probabilities, kind="stable")), "least likely were kept first"), (lambda probabilities, p: nucleus(probabilities, p, np.arange(len(probabilities))), "order of the ids"),
        (lambda probabilities, p: share(probabilities, probabilities >= p), "each probability was compared with p: p"), (lambda probabilities, p: share(probabilities, probabilities >= 1 - p), "each probability was compared with 1 −"), (lambda probabilities, p: share(probabilities, probabilities >= p * probabilities.max()), "min-p"), (lambda probabilities, p: probabilities, "nothing was taken away"),
        (lambda probabilities, p: nucleus(probabilities, p) * 0.9, ""), (lambda probabilities, p: np.sort(nucleus(probabilities, p))[::-1], "keeps its place"), (lambda probabilities, p: share(probabilities, probabilities >= (s := np.sort(probabilities)[::-1])[np.argmax(np.cumsum(s) >= min(p, 0.9999999))]), "threshold"),
        (lambda probabilities, p: np.where(nucleus(probabilities, p) > 0, probabilities, 0), "divide by its sum"), (lambda probabilities, p: nucleus(probabilities, p, np.argsort(probabilities)[::-1]), "larger id"), (lambda probabilities, p: (nucleus(probabilities, p) > 0) / (nucleus(probabilities, p) > 0).sum(), "equally likely"),
        (lambda probabilities, p: share(probabilities, np.isin(np.arange(len(probabilities)), (o := np.argsort(-probabilities, kind="stable"))[np.cumsum(probabilities[o]) <= p])), "the token that carries the sum over"),
    ],
}  # fmt: skip
