"""Answers to the exercises of lesson 04_attention."""

import math

import numpy as np


def soft(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def soft_loop(scores, temperature=1.0):
    if scores.ndim > 1:
        return np.array([soft_loop(row, temperature) for row in scores])
    most = max(scores)
    powers = [math.exp((s - most) / temperature) for s in scores]
    return [p / sum(powers) for p in powers]


def soft_matrix(scores, temperature=1.0):
    z = scores / temperature
    z = z - np.max(z, axis=-1)[..., np.newaxis]
    total = np.exp(z) @ np.ones(z.shape[-1])
    return np.exp(z) / total[..., None]


def soft_sum_lost(scores, temperature=1.0):
    z = scores / temperature
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


def soft_max_lost(scores, temperature=1.0):
    z = scores / temperature
    e = np.exp(z - z.max(axis=-1))
    return e / e.sum(axis=-1, keepdims=True)


def soft_python_sum(scores, temperature=1.0):
    e = np.exp(scores / temperature)
    return e / sum(e)


def soft_python_max(scores, temperature=1.0):
    z = scores / temperature
    e = np.exp(z - max(z))
    return e / e.sum(axis=-1, keepdims=True)


def soft_changes(scores, temperature=1.0):
    scores /= temperature
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def soft_no_return(scores, temperature=1.0):
    e = np.exp(scores / temperature)
    e / e.sum(axis=-1, keepdims=True)


def soft_raise(scores, temperature=1.0):
    e = np.exp(scores / temperature)
    p = e / e.sum(axis=-1, keepdims=True)
    raise NotImplementedError


x = np.array([[1.0, 2.0, 3.0]])


def soft_notebook(scores, temperature=1.0):
    e = np.exp(x / temperature)
    return e / e.sum(axis=-1, keepdims=True)


def soft_none(scores, temperature=1.0):
    out = []
    return [[out.append(s) for s in row] for row in scores]


def soft_row_loop(scores, temperature=1.0):
    out = np.zeros_like(scores)
    for i in range(len(scores)):
        e = np.exp(scores[i] / temperature)
        out[i] = e / e.sum()
        return out


def wrong_soft(change):
    def softmax(scores, temperature=1.0):
        return change(scores / temperature)

    return softmax


def exp(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def shifted(z, by):
    e = np.exp(z - by)
    return e / e.sum(axis=-1, keepdims=True)


def mask_loop(T, S=None):
    S = S or T
    out = np.zeros((T, S), dtype=bool)
    for t in range(T):
        for s in range(S):
            if s <= t + S - T:
                out[t, s] = True
    return out


def mask_rows(T, S=None):
    S = T if S is None else S
    rows = []
    for t in range(T):
        seen = S - T + t + 1
        rows.append([True] * seen + [False] * (S - seen))
    return rows


def mask_strings(T, S=None):
    return [["True" if s <= t else "False" for s in range(S or T)] for t in range(T)]


def mask_ragged(T, S=None):
    return [[True] * (t + 1) for t in range(T)]


def attend(q, k, v, mask=None, scale=None, fill=-np.inf, axis=-1):
    s = q @ k.swapaxes(-1, -2) / (math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        s = np.where(mask, s, fill)
    w = soft(s, axis)
    return w @ v, w


def attend_loop(q, k, v, mask=None):
    if q.ndim > 2:
        pairs = [attend_loop(a, b, c, mask) for a, b, c in zip(q, k, v)]
        return np.array([one for one, _ in pairs]), np.array([one for _, one in pairs])
    T, S = len(q), len(k)
    w = np.zeros((T, S))
    for t in range(T):
        seen = [s for s in range(S) if mask is None or mask[t, s]]
        scores = np.array([sum(a * b for a, b in zip(q[t], k[s])) / len(q[t]) ** 0.5 for s in seen])
        powers = np.exp(scores - scores.max())
        w[t, seen] = powers / powers.sum()
    return w @ v, w


def attend_einsum(q, k, v, mask=None):
    s = np.einsum("...tk,...sk->...ts", q, k) * q.shape[-1] ** -0.5
    s = s if mask is None else s + np.where(mask, 0.0, -1e9)
    w = soft(s)
    return np.einsum("...ts,...sv->...tv", w, v), w


def attend_filled(q, k, v, mask=None):
    s = np.matmul(q, np.swapaxes(k, -2, -1)) / np.sqrt(k.shape[-1])
    if mask is not None:
        s[..., ~mask] = -1e10
    w = np.exp(s - np.max(s, axis=-1, keepdims=True))
    w /= np.sum(w, axis=-1, keepdims=True)
    return [w @ v, w]


def attend_renormalised(q, k, v, mask=None):
    s = q @ np.moveaxis(k, -1, -2) / np.sqrt(q.shape[-1])
    mask = np.ones(s.shape[-2:], bool) if mask is None else mask
    top = np.where(mask, s, -np.inf).max(axis=-1, keepdims=True)
    w = np.exp(np.minimum(s - top, 600)) * mask
    w = w / w.sum(axis=-1, keepdims=True)
    return w @ v, w


def attend_if(q, k, v, mask=None):
    s = q @ k.T / math.sqrt(q.shape[-1])
    if mask:
        s = s - np.inf
    return soft(s) @ v, soft(s)


def attend_inf(q, k, v, mask=None):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        s = s - np.inf * ~mask
    return soft(s) @ v, soft(s)


def attend_index(q, k, v, mask=None):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        s[mask] = -np.inf
    return soft(s) @ v, soft(s)


def attend_after(q, k, v, mask=None):
    w = attend(q, k, v)[1]
    if mask is not None:
        w = w * mask
    return w @ v, w


def attend_added(q, k, v, mask=None):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        s = s + mask
    return soft(s) @ v, soft(s)


def attend_own(q, k, v, mask=None):
    return attend(q, k, v, np.tri(q.shape[-2], k.shape[-2], dtype=bool))


def helper_no_return(z):
    e = np.exp(z)
    e / e.sum(axis=-1, keepdims=True)


def attend_helper(q, k, v, mask=None):
    return helper_no_return(q @ k.swapaxes(-1, -2)) @ v, None


def one_head(x, W_Q, W_K, W_V):
    return attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool))[0]


def head_steps(x, W_Q, W_K, W_V):
    if x.ndim > 2:
        return np.stack([head_steps(one, W_Q, W_K, W_V) for one in x])
    out = []
    for t in range(len(x)):
        past = x[: t + 1]
        out.append(attend(x[t : t + 1] @ W_Q, past @ W_K, past @ W_V)[0][0])
    return out


def attend_unshifted(q, k, v, mask=None):
    e = np.exp(q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])) * (1 if mask is None else mask)
    w = e / e.sum(axis=-1, keepdims=True)
    return w @ v, w


def attend_lowered(q, k, v, mask=None, far=-1e4):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    w = soft(s if mask is None else s + (1.0 - mask) * far)
    return w @ v, w


def attend_torch(q, k, v, mask=None):
    w = soft(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
    return w @ v, w


def attend_divided_late(q, k, v, mask=None):
    s = q @ k.swapaxes(-1, -2)
    w = soft(s if mask is None else np.where(mask, s, -np.inf)) / math.sqrt(q.shape[-1])
    return w @ v, w


def attend_len(q, k, v, mask=None):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(len(k))
    w = soft(s if mask is None else np.where(mask, s, -np.inf))
    return w @ v, w


def head_filled(x, W_Q, W_K, W_V, fill=-1e3, power=soft):
    s = x @ W_Q @ (x @ W_K).swapaxes(-1, -2) / math.sqrt(W_Q.shape[1])
    return power(np.where(np.tri(x.shape[-2]) > 0, s, fill)) @ (x @ W_V)


def unshifted(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


RIGHT = {
    "softmax": [
        soft_loop, soft_matrix, wrong_soft(soft),
        lambda scores, temperature=1.0: np.exp(scores / temperature - np.logaddexp.reduce(scores / temperature, axis=-1)[..., None]),
        lambda scores, temperature=1.0: (lambda e: (e.T / e.T.sum(axis=0)).T)(np.exp((scores - scores.max(-1, keepdims=True)) / temperature)),
    ],
    "causal_mask": [
        mask_loop, mask_rows, lambda T, S=None: np.tri(T, S or T, (S or T) - T, dtype=bool),
        lambda T, S=None: np.tril(np.ones((T, S or T)), (S or T) - T) == 1,
        lambda T, S=None: ~np.triu(np.ones((T, S or T), dtype=bool), 1 + (S or T) - T),
        lambda T, S=None: np.arange((S or T) - T, S or T)[:, None] >= np.arange(S or T),
    ],
    "attention": [lambda *a: attend_lowered(*a, far=-1e9) if len(a) > 3 else attend_lowered(*a), lambda *a: attend(*a, fill=-1e30) if len(a) > 3 else attend(*a), lambda *a: attend(*a, fill=np.finfo(float).min) if len(a) > 3 else attend(*a), attend, attend_loop, attend_einsum, attend_filled, attend_renormalised],
    "head": [lambda *a: head_filled(*a, fill=-1e9), lambda *a: head_filled(*a, fill=np.finfo(float).min), 
        one_head, head_steps,
        lambda x, W_Q, W_K, W_V: attend_einsum(np.einsum("...d,dk->...k", x, W_Q), x @ W_K, x @ W_V, mask_loop(x.shape[-2]))[0],
        lambda x, W_Q, W_K, W_V: attend_filled(np.dot(x, W_Q), np.dot(x, W_K), np.dot(x, W_V), np.tri(x.shape[-2]) > 0)[0],
        lambda x, W_Q, W_K, W_V: (soft(x @ W_Q @ (x @ W_K).swapaxes(-1, -2) / W_Q.shape[1] ** 0.5 - 1e12 * (1 - np.tri(x.shape[-2]))) @ x) @ W_V,
    ],
}  # fmt: skip

WRONG = {
    "softmax": [
        (lambda scores, temperature=1.0: 1 / (1 + np.exp(-scores / temperature)), "sigmoid"), (lambda scores, temperature=1.0: soft(soft(scores / temperature)), "taken twice"),
        (lambda scores, temperature=1.0: np.exp(scores) / np.exp(scores).sum(dim=-1, keepdims=True), "where PyTorch says dim"),
        (soft_sum_lost, "keepdims"), (soft_max_lost, "keepdims"), (soft_python_sum, "columns add to 1"), (soft_python_max, "compares its rows"), (soft_changes, "changed what it was given"),
        (soft_no_return, "is a return missing"), (soft_raise, "delete that line"), (soft_notebook, "scores has no effect"), (soft_none, "None"), (soft_row_loop, ""),
        (wrong_soft(lambda z: z / z.sum(axis=-1, keepdims=True)), "exponentials are missing"), (wrong_soft(np.exp), "not divided by their sum"),
        (wrong_soft(lambda z: np.exp(z) / np.exp(z).sum()), "whole array"), (wrong_soft(lambda z: soft(z, axis=0)), "columns add to 1"),
        (wrong_soft(lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)), "axis 1 is not the last one"), (wrong_soft(exp), "overflow, and"),
        (wrong_soft(lambda z: shifted(z, z.max())), "whole array was subtracted"), (wrong_soft(lambda z: shifted(z, z.mean(-1, keepdims=True))), "row's mean"),
        (wrong_soft(lambda z: shifted(z, z.min(-1, keepdims=True))), "smallest"), (wrong_soft(lambda z: shifted(z, z[..., :1])), "first score"),
        (wrong_soft(lambda z: shifted(z, z.max(axis=0))), "each column"), (wrong_soft(lambda z: exp(np.clip(z, -500, 500))), "clipped"),
        (wrong_soft(lambda z: exp(np.clip(z, None, 100))), ""), (wrong_soft(lambda z: np.nan_to_num(exp(z))), "NaN was replaced"),
        (wrong_soft(lambda z: np.where(np.isnan(exp(z)), 0.5, exp(z))), ""), (wrong_soft(lambda z: np.exp(z) / (np.exp(z).sum(-1, keepdims=True) + 1)), ""),
        (lambda scores, temperature=1.0: soft(scores), "no effect on the weights"), (lambda scores, temperature=1.0: soft(scores * temperature), "multiplied"),
        (lambda scores, temperature=1.0: soft(scores) / temperature, "divided the weights"), (lambda scores, temperature=1.0: soft(scores / 2), ""),
        (lambda scores, temperature=1.0: soft(scores / np.sqrt(temperature)), "root of the temperature"), (lambda scores, temperature=1.0: soft(scores - temperature), "no effect"),
        (wrong_soft(lambda z: np.round(soft(z), 4)), "rounded to 4"), (wrong_soft(lambda z: soft(z).astype(np.float32)), "32 bits"),
        (wrong_soft(lambda z: soft(z).astype(str)), "text"), (wrong_soft(lambda z: math.exp(z)), "takes one number"), (wrong_soft(lambda z: soft(z).T), ""),
        (wrong_soft(lambda z: soft(-z)), "sign is turned"), (wrong_soft(lambda z: 2**z / (2**z).sum(-1, keepdims=True)), "2 was raised"),
        (wrong_soft(lambda z: np.log(soft(z))), "those are logarithms"), (wrong_soft(lambda z: soft(z).argmax(-1)), ""), (wrong_soft(lambda z: soft(z) + 0j), "complex"),
        (lambda scores: soft(scores), "the check calls"),
    ],
    "causal_mask": [
        (lambda T, S=None: np.tri(T, S or T, (S or T) - T, dtype=bool).T, "rows and columns are swapped"),
        (mask_strings, "text"), (mask_ragged, "different lengths"), (lambda T, S=None: np.tri(T, S or T, (S or T) - T), "True and False"),
        (lambda T, S=None: np.triu(np.ones((T, S or T), bool), (S or T) - T), "swapped"), (lambda T, S=None: np.tri(T, S or T, dtype=bool), "first query was put at the first key"),
        (lambda T, S=None: ~np.tri(T, S or T, (S or T) - T, dtype=bool), "inverted"), (lambda T, S=None: np.tri(T, S or T, (S or T) - T - 1, dtype=bool), "itself"),
        (lambda T, S=None: np.tri(T, S or T, (S or T) - T + 1, dtype=bool), "one step into the future"), (lambda T, S=None: np.ones((T, S or T), bool), "everything is allowed"),
        (lambda T, S=None: np.arange(T)[:, None] <= np.arange(S or T), "swapped"), (lambda T, S=None: np.arange(T)[:, None] > np.arange(S or T), "itself"),
        (lambda T, S=None: np.arange(T)[:, None] < np.arange(S or T), "inverted"), (lambda T, S=None: np.arange(T)[:, None] + S - T >= np.arange(S), "S need not be given, and is T"),
        (lambda T, S=None: np.tri(T, dtype=bool), "S has no effect"), (lambda T, S: np.tri(T, S, S - T, dtype=bool), "the check calls"),
        (lambda T, S=None: np.where(np.tri(T, S or T, (S or T) - T), 0, -np.inf), "scores to add"), (lambda T, S=None: np.tri(S or T, T, dtype=bool), "queries are rows and keys columns: the"),
        (lambda T, S=None: np.ones(T, bool), ""), (lambda T, S=None: np.eye(T, S or T, (S or T) - T, dtype=bool), "itself alone"), (lambda T, S=None: np.tri(T, S, S - T, dtype=bool), ""),
    ],
    "attention": [
        (lambda *a: attend(*a, fill=-999.0) if len(a) > 3 else attend(*a), "such as −1000"), (lambda *a: attend(*a, fill=-1e5) if len(a) > 3 else attend(*a), "such as −1000"),
        (attend_lowered, "such as −1000"), (attend_unshifted, "0/0 is no weight"), (attend_divided_late, "weights were divided by √K"), (attend_len, "root of len(k)"), (attend_torch, "x.swapaxes(-2, -1)"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=2), "root of 4"), (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=q.shape[-1] ** 1 / 2), "brackets are missing"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=1), "not divided by √K"), (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=q.shape[-1]), "square root of K"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=len(k) ** 0.5), ""), (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=q.shape[-2] ** 0.5), "number of queries"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=v.shape[-1] ** 0.5), "width of the values"), (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=q.shape[-1] ** -0.5), "multiplied by √K"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, axis=-2), "the softmax runs over the queries: each"), (lambda q, k, v, mask=None: attend(q, k, v, mask, fill=0), "e⁰ = 1"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, fill=-100), "such as −1000"), (lambda q, k, v, mask=None: attend(q, k, v, mask, fill=-50), "such as −1000"),
        (lambda q, k, v, mask=None: attend(q, k, v), "mask has no effect"), (lambda q, k, v, mask=None: attend(q, k, v, mask is not None and ~mask), ""),
        (attend_index, "inverted"), (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=k.shape[1] ** 0.5), "k.shape[-1] always is"),
        (lambda q, k, v, mask=None: attend(q, k, v, mask, scale=q.shape[1] ** 0.5), "q.shape[-1] always is"),
        (attend_if, "want one True or False"), (attend_inf, "NaN"), (attend_after, "after the softmax"), (attend_added, "mask was added"), (attend_own, "causal mask of your own"),
        (attend_helper, "lack its return"), (lambda q, k, v, mask=None: attend(q, k, v, mask)[0], "return 2 things"), (lambda q, k, v, mask=None: attend(q, k, v, mask)[::-1], "another order"),
        (lambda q, k, v, mask=None: (soft(q @ k / math.sqrt(q.shape[-1])) @ v, 0), ".T missing"), (lambda q, k, v, mask=None: (soft(q * k) @ v, 0), "do not fit entry by entry"),
        (lambda q, k, v, mask=None: (soft(k @ q.T) @ v, 0), ".T missing"), (lambda q, k, v, mask=None: (soft(q @ k.T) * v, 0), "do not fit entry by entry"),
        (lambda q, k, v, mask=None: (soft(q @ k.T / math.sqrt(q.shape[-1])) @ v, soft(q @ k.T / math.sqrt(q.shape[-1]))), ""),
        (lambda q, k, v, mask=None: (attend(q, k, v, mask)[0], q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])), "second thing is the scores"),
        (lambda q, k, v, mask=None: attend(q, v, k, mask), ""), (lambda q, k, v, mask=None: (attend(q, k, v, mask)[1] @ k, attend(q, k, v, mask)[1]), ""),
        (lambda q, k, v, mask=None: attend(q, k, v, None if mask is None else ~mask, fill=-1e9), "inverted"),
    ],
    "head": [
        (head_filled, "such as −1000"), (lambda *a: head_filled(*a, fill=-1e5), "such as −1000"), (lambda *a: head_filled(*a, -np.inf, unshifted), "0/0 is no weight"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V)[0], "no mask"), (lambda x, W_Q, W_K, W_V: attend(x @ W_K, x @ W_Q, x @ W_V, np.tri(x.shape[-2], dtype=bool))[0], "swapped"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool)), "return the output alone"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x, np.tri(x.shape[-2], dtype=bool))[0], "x itself was averaged"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool), scale=1)[0], "not divided by √K"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool), scale=x.shape[-1] ** 0.5)[0], "divided by √D"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], dtype=bool).T)[0], "mask is turned"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q.T, x @ W_K.T, x @ W_V.T)[0], ".T"), (lambda x, W_Q, W_K, W_V: attend(W_Q @ x, W_K @ x, W_V @ x)[0], "matrix product does not fit"),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_K, np.tri(x.shape[-2], dtype=bool))[0], "keys were taken for values"),
        (lambda x, W_Q, W_K, W_V: one_head(x, W_Q, W_K, W_V) + x, ""), (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(len(x), dtype=bool))[0], ""),
        (lambda x, W_Q, W_K, W_V: x @ W_V, "no effect"), (lambda x, W_Q, W_K, W_V: one_head(x, W_Q, W_K, W_V).sum(axis=-2), ""),
        (lambda x, W_Q, W_K, W_V: attend(x @ W_Q, x @ W_K, x @ W_V, np.tri(x.shape[-2], k=1, dtype=bool))[0], "one step into the future"),
    ],
}  # fmt: skip
