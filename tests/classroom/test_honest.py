"""Honest answers in as many styles: full marks, or the very sentence that the lesson's check has told the student."""

import dataclasses
import re

import pytest

from course_lib.classroom.values import grade_notebook
from course_lib.exercises import Wrong
from course_lib.exercises.answers import CHANGED, NOTHING
from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.description import Case, Exercise
from course_lib.exercises.judge import check

pytestmark = pytest.mark.usefixtures("sandboxed")

SOFTMAX = "x = scores / temperature\n    e = np.exp(x - x.max(-1, keepdims=True))\n    "
PAIRS = "out = {}\n    for p in zip(ids, ids[1:]):\n        out[p] = out.get(p, 0) + 1\n    "
CE = (
    "logits = logits.reshape(-1, logits.shape[-1])\n    targets = np.ravel(targets)\n"
    "    z = logits - logits.max(1, keepdims=True)\n    z = z - np.log(np.exp(z).sum(1, keepdims=True))\n    "
)
HEADS = "*B, C, D = x.shape\n    y = x.reshape(*B, C, H, D // H).swapaxes(-2, -3)\n    "
NORM = "m = x.mean(-1, keepdims=True)\n    y = weight * (x - m) / np.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + eps) + bias\n    "
TURN = (
    "def NAME(x, positions=None):\n    T, K = x.shape[-2:]\n    t = np.arange(T) if positions is None else np.asarray(positions)\n"
    "    z = (x[..., ::2] + 1j * x[..., 1::2]) * np.exp(1j * t[:, None] / 10000 ** (np.arange(0, K, 2) / K))\n    "
)
ATTEND = "def NAME(q, k, v, mask=None):\n    mask = np.True_ if mask is None else mask\n    "
TOP_P = "order = np.argsort(-probabilities, kind='stable')\n    total = np.cumsum(probabilities[order])\n    "
FEW_DIGITS = "floats of 32 bits or fewer: compute with 64"
ONE = "the shape should be a single number, yours is (1,)"

# style: (function, source with NAME for its name, and what check and grader say: "" is right)
STYLES = {
    # --- 01: dicts and lists of ids
    "a dict": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return out", ""),
    "a Counter": ("count_pairs", "from collections import Counter\ndef NAME(ids): return Counter(zip(ids, ids[1:]))", ""),
    "a defaultdict": ("count_pairs", ("from collections import defaultdict\ndef NAME(ids):\n    d = defaultdict(int)\n"
                      "    for i in range(len(ids) - 1): d[ids[i], ids[i + 1]] += 1\n    return d"), ""),
    "np.unique": ("count_pairs", ("def NAME(ids):\n    if len(ids) < 2: return {}\n"
                  "    p, n = np.unique(np.stack([ids[:-1], ids[1:]], axis=1), axis=0, return_counts=True)\n"
                  "    return {tuple(a): b for a, b in zip(p, n)}"), ""),
    "zero counts": ("count_pairs", ("def NAME(ids):\n    out = {(a, b): 0 for a in ids for b in ids}\n"
                    "    for p in zip(ids, ids[1:]): out[p] += 1\n    return out"), ""),
    "counts as floats": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return {{p: float(n) for p, n in out.items()}}", ""),
    "counts as 0-d arrays": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return {{p: np.array(n) for p, n in out.items()}}", ""),
    "keys in a string": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return {{f'{{a}}{{b}}': n for (a, b), n in out.items()}}",
                         "the keys are texts"),
    "a list of pairs": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return list(out.items())", "a dict is expected"),
    "recursion": ("merge_pair", ("def NAME(ids, pair, new):\n    if len(ids) < 2: return list(ids)\n"
                  "    if tuple(ids[:2]) == pair: return [new] + NAME(ids[2:], pair, new)\n"
                  "    return ids[:1] + NAME(ids[1:], pair, new)"), ""),
    "an array of ids": ("merge_pair", ("def NAME(ids, pair, new):\n    out, i = [], 0\n    while i < len(ids):\n"
                        "        hit = tuple(ids[i:i + 2]) == pair\n        out.append(new if hit else ids[i])\n"
                        "        i += 1 + hit\n    return np.array(out, dtype=int)"), ""),
    "a generator": ("merge_pair", ("def NAME(ids, pair, new):\n    i = 0\n    while i < len(ids):\n"
                    "        hit = tuple(ids[i:i + 2]) == pair\n        yield new if hit else ids[i]\n        i += 1 + hit"), ""),
    "a deque": ("merge_pair", ("from collections import deque\ndef NAME(ids, pair, new):\n    out = deque()\n    for t in ids:\n"
                "        if out and (out[-1], t) == pair: out[-1] = new\n        else: out.append(t)\n    return out"), ""),
    "in place": ("merge_pair", ("def NAME(ids, pair, new):\n    i = 0\n    while i < len(ids) - 1:\n"
                 "        if (ids[i], ids[i + 1]) == pair: ids[i:i + 2] = [new]\n        i += 1\n    return ids"), CHANGED),
    "a helper inside": ("encode", ("def NAME(text, merges):\n    def merge(ids, pair, new):\n        out = []\n        for t in ids:\n"
                        "            if out and (out[-1], t) == pair: out[-1] = new\n            else: out.append(t)\n        return out\n"
                        "    ids = list(text.encode())\n    for pair, new in merges.items(): ids = merge(ids, pair, new)\n    return ids"), ""),
    "a dict emptied": ("encode", "def NAME(text, merges):\n    while merges: merges.popitem()\n    return list(text.encode())", CHANGED),
    "OrderedDict": ("train_bpe", ("from collections import Counter, OrderedDict\ndef NAME(text, how_many):\n    ids, out = list(text.encode()), OrderedDict()\n"
                    "    for new in range(256, 256 + how_many):\n        n = Counter(zip(ids, ids[1:]))\n        if not n: break\n"
                    "        best = max(sorted(n), key=n.get)\n        out[best], merged = new, []\n        for t in ids:\n"
                    "            if merged and (merged[-1], t) == best: merged[-1] = new\n            else: merged.append(t)\n"
                    "        ids = merged\n    return out"), ""),
    "bytes all along": ("decode", ("def NAME(ids, merges):\n    back = {new: pair for pair, new in merges.items()}\n"
                        "    def full(i): return bytes([i]) if i < 256 else b''.join(map(full, back[i]))\n"
                        "    return b''.join(map(full, ids)).decode('utf-8', 'replace')"), ""),
    "tuples of tuples": ("pad_batch", ("def NAME(rows, pad):\n    n = max(map(len, rows), default=0)\n"
                         "    return tuple(tuple(r) + (pad,) * (n - len(r)) for r in rows), tuple(map(len, rows))"), ""),
    "zip_longest": ("pad_batch", ("from itertools import zip_longest\ndef NAME(rows, pad):\n"
                    "    return [list(r) for r in zip(*zip_longest(*rows, fillvalue=pad))], [len(r) for r in rows]"), ""),
    "a NamedTuple": ("pad_batch", ("from typing import NamedTuple\nclass Batch(NamedTuple):\n    rows: list\n    lengths: list\n"
                     "def NAME(rows, pad):\n    n = max(map(len, rows), default=0)\n"
                     "    return Batch([r + [pad] * (n - len(r)) for r in rows], [len(r) for r in rows])"), ""),
    "arrays for both": ("pad_batch", ("def NAME(rows, pad):\n    out = np.full((len(rows), max(map(len, rows), default=0)), pad)\n"
                        "    for i, r in enumerate(rows): out[i, :len(r)] = r\n    return out, np.array([len(r) for r in rows])"), ""),
    "floats for ids": ("pad_batch", ("def NAME(rows, pad):\n    out = np.full((len(rows), max(map(len, rows), default=0)), float(pad))\n"
                       "    for i, r in enumerate(rows): out[i, :len(r)] = r\n    return out, [len(r) for r in rows]"), ""),
    # --- 02 and 03: vectors, single numbers
    "np.add.at": ("embed_backward", "def NAME(grad, ids, V):\n    out = np.zeros((V, grad.shape[-1]))\n    np.add.at(out, ids, grad)\n    return out", ""),
    "one-hot": ("embed_backward", "def NAME(grad, ids, V): return np.eye(V)[np.ravel(ids)].T @ grad.reshape(-1, grad.shape[-1])", ""),
    "a Python float": ("cosine", ("import math\ndef NAME(a, b):\n    dot = lambda x, y: sum(p * q for p, q in zip(x, y))\n"
                       "    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))"), ""),
    "a 0-d array": ("cosine", "def NAME(a, b): return np.array(a @ b / np.linalg.norm(a) / np.linalg.norm(b))", ""),
    "an array of one": ("cosine", "def NAME(a, b): return np.array([a @ b / np.linalg.norm(a) / np.linalg.norm(b)])",
                        ONE),
    "a 32-bit number": ("cosine", "def NAME(a, b): return np.float32(a @ b / np.linalg.norm(a) / np.linalg.norm(b))", FEW_DIGITS),
    "a longdouble": ("cosine", ("def NAME(a, b):\n    a, b = a.astype(np.longdouble), b.astype(np.longdouble)\n"
                     "    return a @ b / np.sqrt((a @ a) * (b @ b))"), ""),
    "a Decimal": ("cosine", ("from decimal import Decimal\ndef NAME(a, b):\n"
                  "    return Decimal(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))"), ""),
    "an f-string": ("cosine", "def NAME(a, b): return f'{a @ b / np.linalg.norm(a) / np.linalg.norm(b):.6f}'",
                    "a text"),
    "argsort": ("nearest", ("def NAME(W, id, k):\n    n = W / np.linalg.norm(W, axis=1, keepdims=True)\n    c = n @ n[id]\n"
                "    c[id] = -np.inf\n    return np.argsort(-c)[:k]"), ""),
    "sorted": ("nearest", ("def NAME(W, id, k):\n    n = W / np.linalg.norm(W, axis=1, keepdims=True)\n"
               "    return sorted((i for i in range(len(W)) if i != id), key=lambda i: -(n[i] @ n[id]))[:k]"), ""),
    "math and a list": ("position_table", ("import math\ndef NAME(C, D):\n    return [[f(t / 10000 ** (2 * i / D)) for i in range(D // 2)"
                        " for f in (math.sin, math.cos)] for t in range(C)]"), ""),
    "a list of NumPy's numbers": ("position_table", ("def NAME(C, D):\n    return [[f(t / 10000 ** (2 * i / D)) for i in range(D // 2)"
                                  " for f in (np.sin, np.cos)] for t in range(C)]"), ""),
    "complex on the way": ("apply_rope", f"{TURN}out = np.empty_like(x)\n    out[..., ::2], out[..., 1::2] = z.real, z.imag\n    return out", ""),
    "complex to the end": ("apply_rope", f"{TURN}return np.stack([z.real + 0j, z.imag], -1).reshape(x.shape)", "expected real numbers, got complex ones"),
    # --- 04: arrays
    "plain NumPy": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)", ""),
    "a matrix": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}y = e / e.sum(-1, keepdims=True)\n    return np.asmatrix(y) if y.ndim == 2 else y", ""),
    "a masked array": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return np.ma.array(e / e.sum(-1, keepdims=True))", ""),
    "32 bits": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(np.float32)",
                FEW_DIGITS),
    "32 bits all along": ("softmax", ("def NAME(scores, temperature=1.0):\n    x = scores.astype('f') / np.float32(temperature)\n"
                          "    e = np.exp(x - x.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)"), FEW_DIGITS),
    "32 bits in a list": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype('f').tolist()",
                          FEW_DIGITS),
    "rounded": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return np.round(e / e.sum(-1, keepdims=True), 4)", "rounded to 4 digits"),
    "objects": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(object)", ""),
    "text": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(str)", "array of text"),
    "a list of arrays": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return list(e / e.sum(-1, keepdims=True))", ""),
    "a map": ("softmax", ("def NAME(scores, temperature=1.0):\n    if scores.ndim > 1: return map(lambda row: NAME(row, temperature), scores)\n"
              "    e = np.exp((scores - scores.max()) / temperature)\n    return e / e.sum()"), ""),
    "an iterator": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return iter(e / e.sum(-1, keepdims=True))", ""),
    "Fortran's order": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return np.asfortranarray(e / e.sum(-1, keepdims=True))", ""),
    "a print for a return": ("softmax", f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}print(e / e.sum(-1, keepdims=True))", NOTHING),
    "in place, subtracted": ("softmax", ("def NAME(scores, temperature=1.0):\n    scores -= scores.max(-1, keepdims=True)\n"
                             "    e = np.exp(scores / temperature)\n    return e / e.sum(-1, keepdims=True)"), CHANGED),
    "a copy changed": ("softmax", ("def NAME(scores, temperature=1.0):\n    scores = scores.copy()\n    scores -= scores.max(-1, keepdims=True)\n"
                       "    e = np.exp(scores / temperature)\n    return e / e.sum(-1, keepdims=True)"), ""),
    "async": ("softmax", f"async def NAME(scores, temperature=1.0):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)", "leave out the async"),
    "a callable": ("softmax", ("class S:\n    def __call__(self, scores, temperature=1.0):\n        x = scores / temperature\n"
                   "        e = np.exp(x - x.max(-1, keepdims=True))\n        return e / e.sum(-1, keepdims=True)\nNAME = S()"), ""),
    "its own array class": ("softmax", (f"class A:\n    def __init__(self, x): self.x = x\n    def __array__(self, dtype=None, copy=None): return self.x\n"
                            f"def NAME(scores, temperature=1.0):\n    {SOFTMAX}return A(e / e.sum(-1, keepdims=True))"), ""),
    "its own class": ("softmax", "class Out: pass\ndef NAME(scores, temperature=1.0): return Out()", "wrong form: this is Out"),
    "partial": ("softmax", (f"from functools import partial\ndef soft(power, scores, temperature=1.0):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)\n"
                "NAME = partial(soft, 1)"), ""),
    "np.tri": ("causal_mask", "def NAME(T, S=None): return np.tri(T, S or T, (S or T) - T, dtype=bool)", ""),
    "a list of booleans": ("causal_mask", "def NAME(T, S=None): return [[s <= t + (S or T) - T for s in range(S or T)] for t in range(T)]", ""),
    "NumPy's booleans": ("causal_mask", "def NAME(T, S=None): return [[np.bool_(s <= t + (S or T) - T) for s in range(S or T)] for t in range(T)]", ""),
    "booleans as objects": ("causal_mask", "def NAME(T, S=None): return np.tri(T, S or T, (S or T) - T, dtype=bool).astype(object)", ""),
    "a mask of ones": ("causal_mask", "def NAME(T, S=None): return np.tri(T, S or T, (S or T) - T)", "True and False"),
    "minus a billion": ("attention", (f"{ATTEND}s = q @ k.swapaxes(-1, -2) / np.sqrt(k.shape[-1]) + np.where(mask, 0, -1e9)\n"
                        "    e = np.exp(s - s.max(-1, keepdims=True))\n    w = e / e.sum(-1, keepdims=True)\n    return w @ v, w"), ""),
    "einsum": ("attention", (f"{ATTEND}s = np.einsum('...tk,...sk->...ts', q, k) / k.shape[-1] ** 0.5\n    s = np.where(mask, s, -np.inf)\n"
               "    e = np.exp(s - s.max(-1, keepdims=True))\n    w = e / e.sum(-1, keepdims=True)\n    return np.einsum('...ts,...sk->...tk', w, v), w"), ""),
    "np.ma": ("attention", (f"{ATTEND}s = q @ k.swapaxes(-1, -2) / np.sqrt(k.shape[-1])\n    s = np.ma.array(s, mask=~np.broadcast_to(mask, s.shape))\n"
              "    e = np.ma.exp(s - s.max(-1, keepdims=True))\n    w = (e / e.sum(-1, keepdims=True)).filled(0)\n    return w @ v, w"), ""),
    "the output alone": ("attention", (f"{ATTEND}s = np.where(mask, q @ k.swapaxes(-1, -2) / np.sqrt(k.shape[-1]), -np.inf)\n"
                         "    e = np.exp(s - s.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True) @ v"), "return 2 things"),
    # --- 05 to 11
    "a view": ("split_heads", f"def NAME(x, H):\n    {HEADS}return y", ""),
    "np.split": ("split_heads", "def NAME(x, H): return np.stack(np.split(x, H, axis=-1), axis=-3)", ""),
    "nested lists": ("merge_heads", ("def NAME(x):\n    if x.ndim > 3: return [NAME(part) for part in x]\n"
                     "    return [[v for h in range(x.shape[0]) for v in x[h, c]] for c in range(x.shape[1])]"), ""),
    "a reshape alone": ("split_heads", "def NAME(x, H):\n    *B, C, D = x.shape\n    return x.reshape(*B, H, C, D // H)", "a reshape straight to"),
    "np.var": ("layer_norm", ("def NAME(x, weight, bias, eps=1e-5):\n    return weight * (x - x.mean(-1, keepdims=True))"
               " / np.sqrt(x.var(-1, keepdims=True) + eps) + bias"), ""),
    "32 bits in the norm": ("layer_norm", f"def NAME(x, weight, bias, eps=1e-5):\n    {NORM}return y.astype(np.float32)", FEW_DIGITS),
    "a power": ("gelu", "def NAME(x): return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))", ""),
    "vectorised": ("gelu", ("import math\nf = np.vectorize(lambda v: 0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3))))\n"
                   "def NAME(x): return f(x)"), ""),
    "a helper of its own": ("feed_forward", ("def wide(x): return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))\n"
                            "def NAME(x, p): return wide(x @ p['c_fc.weight'] + p['c_fc.bias']) @ p['c_proj.weight'] + p['c_proj.bias']"), ""),
    "matrices all along": ("linear", ("def NAME(x, W, b):\n    m = np.asmatrix\n    if x.ndim < 2: return (m(x) * m(W) + b).A1\n"
                           "    return [NAME(r, W, b) for r in x] if x.ndim > 2 else m(x) * m(W) + b"), ""),
    "a nudge of its own": ("numeric_gradient", ("def NAME(f, x, h=1e-5):\n    g = np.zeros(x.shape)\n    for i in range(x.size):\n"
                           "        e = np.zeros(x.size)\n        e[i] = h\n        e = e.reshape(x.shape)\n"
                           "        g.flat[i] = (f(x + e) - f(x - e)) / (2 * h)\n    return g"), ""),
    "one side": ("numeric_gradient", ("def NAME(f, x, h=1e-5):\n    g = np.zeros(x.shape)\n    for i in np.ndindex(x.shape):\n"
                 "        y = x.copy()\n        y[i] += h\n        g[i] = (f(y) - f(x)) / h\n    return g"), "side"),
    "a NumPy number": ("cross_entropy", f"def NAME(logits, targets):\n    {CE}return -z[np.arange(len(z)), targets].mean()", ""),
    "a list of one loss": ("cross_entropy", f"def NAME(logits, targets):\n    {CE}return [-z[np.arange(len(z)), targets].mean()]", ONE),
    "a gradient without care for overflow": ("cross_entropy_backward", ("def NAME(logits, targets):\n    e = np.exp(logits)\n"
                                             "    return (e / e.sum(-1, keepdims=True) - np.eye(logits.shape[-1])[targets]) / np.size(targets)"), ""),
    "a NamedTuple of three": ("adamw_step", ("from typing import NamedTuple\nclass New(NamedTuple):\n    w: object\n    m: object\n    v: object\n"
                              "def NAME(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):\n"
                              "    m, v = m + (1 - beta1) * (grad - m), v + (1 - beta2) * (grad ** 2 - v)\n"
                              "    return New(w * (1 - lr * decay) - lr * (m / (1 - beta1 ** t)) / (np.sqrt(v / (1 - beta2 ** t)) + eps), m, v)"), ""),
    "in another order": ("adamw_step", ("def NAME(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):\n"
                         "    m, v = m + (1 - beta1) * (grad - m), v + (1 - beta2) * (grad ** 2 - v)\n"
                         "    return m, v, w * (1 - lr * decay) - lr * (m / (1 - beta1 ** t)) / (np.sqrt(v / (1 - beta2 ** t)) + eps)"), "another order"),
    "a Jacobian": ("softmax_backward", ("def NAME(grad, probs):\n    J = probs[..., None] * np.eye(probs.shape[-1]) - probs[..., None] * probs[..., None, :]\n"
                   "    return (J @ grad[..., None])[..., 0]"), ""),
    "einsum for all three": ("linear_backward", ("def NAME(grad, x, W):\n    return (np.einsum('...f,df->...d', grad, W), np.einsum('nd,nf->df', x.reshape(-1, len(W)), grad.reshape(-1, W.shape[1])),\n"
                             "            grad.reshape(-1, W.shape[1]).sum(0))"), ""),
    "views of the tokens": ("get_batch", ("def NAME(tokens, starts, C):\n    return (np.stack([tokens[i:i + C] for i in starts]),\n"
                            "            np.stack([tokens[i + 1:i + C + 1] for i in starts]))"), ""),
    "a dict of both": ("get_batch", ("def NAME(tokens, starts, C):\n    return {'x': np.stack([tokens[i:i + C] for i in starts]),\n"
                       "            'y': np.stack([tokens[i + 1:i + C + 1] for i in starts])}"), "return 2 things"),
    "lists of windows": ("get_batch", ("def NAME(tokens, starts, C):\n    return [tokens[i:i + C] for i in starts], [tokens[i + 1:i + C + 1] for i in starts]"), ""),
    "a float for a count": ("parameter_count", "def NAME(V, C, D, L): return 1.0 * ((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)", ""),
    "np.int32 for a count": ("parameter_count", "def NAME(V, C, D, L): return np.int32((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)", ""),
    "a list of a count": ("parameter_count", "def NAME(V, C, D, L): return np.array([(V + C) * D + L * (12 * D * D + 13 * D) + 2 * D])", ONE),
    "a Fraction for a count": ("parameter_count", ("from fractions import Fraction\n"
                               "def NAME(V, C, D, L): return Fraction((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)"), ""),
    "cumsum": ("top_p", (f"def NAME(probabilities, p):\n    {TOP_P}"
               "keep = order[: np.searchsorted(total, p - 1e-12) + 1]\n    out = np.zeros_like(probabilities)\n    out[keep] = probabilities[keep]\n"
               "    return out / out.sum()"), ""),
    "in place, top p": ("top_p", (f"def NAME(probabilities, p):\n    {TOP_P}"
                        "probabilities[order[np.searchsorted(total, p - 1e-12) + 1:]] = 0\n    return probabilities / probabilities.sum()"), CHANGED),
}  # fmt: skip


def name_of(style):
    return "f_" + re.sub(r"\W", "_", style)


@pytest.fixture(scope="module")
def marks():
    """{style: (outcome, reason)}: all of them graded in one sandbox, each function under a name of its own."""
    cells = [{"cell_type": "code", "id": "imports", "metadata": {}, "source": "import numpy as np"}]
    tasks = {}
    for style, (function, source, _) in STYLES.items():
        cells.append(
            {
                "cell_type": "code",
                "id": name_of(style),
                "metadata": {},
                "source": source.replace("NAME", name_of(style)),
            }
        )
        tasks[style] = dataclasses.replace(EXERCISES[function], name=name_of(style))
    return grade_notebook({"cells": cells}, tasks, seed="honest")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # np.matrix
def test_lesson_and_mark_say_the_same(style, marks, capsys):
    function, source, says = STYLES[style]
    space, name = {}, name_of(style)
    exec("import numpy as np\n" + source.replace("NAME", name), space)  # noqa: S102
    outcome, reason = marks[style]
    try:
        check(dataclasses.replace(EXERCISES[function], name=name))(space[name])
    except Wrong as error:
        assert says and says in str(error)
        assert outcome == "wrong"
        # where code is no cell, its line cannot be quoted
        assert (
            re.sub(" at `.*?`", "", str(error))[:799]
            == re.sub(" at `.*?`", "", reason).removesuffix("…")[:799]
        )
    else:
        assert says == ""
        assert capsys.readouterr().out.endswith("right\n")
        assert (outcome, reason) == ("right", "")


def test_there_are_eighty_over_all_lessons():
    assert len(STYLES) >= 80
    assert {EXERCISES[function].lesson for function, _, _ in STYLES.values()} == set(range(1, 12))


OTHERS = {
    "at the top": "import torch\ndef NAME(x): return torch.tensor(x) * 2",
    "of a name": "from torch import tensor\ndef NAME(x): return tensor(x) * 2",
    "inside": "def NAME(x):\n    import torch.nn as nn\n    return nn.Identity()(x) * 2",
    "in a helper": "import torch as t\ndef helper(x): return t.tensor(x)\ndef NAME(x): return [helper(x) * 2 for _ in 'a'][0]",
    "in a class": "import torch\nclass A:\n    def __call__(self, x): return torch.tensor(x) * 2\nNAME = A()",
}
NONE = {
    "a library beside the function": "import torch\ndef NAME(x): return x * 2\ntorch.manual_seed(0)",
    "Python's own": "import math, functools\ndef NAME(x): return math.prod([2, x])",
    "partial": "import functools, operator\nNAME = functools.partial(operator.mul, 2)",
    "caught": "try:\n    import torch\nexcept ImportError:\n    torch = None\ndef NAME(x): return x * 2",
}


@pytest.mark.parametrize("style", [*OTHERS, *NONE])
def test_an_assignments_check_tells_of_libraries_that_grading_lacks(style, capsys):
    """And the mark says it in the same words; where the function does not need it, nothing is lost."""
    source = (OTHERS | NONE)[style].replace("NAME", "double")

    double = Exercise(
        "double", 4, "Twice x (T,).", lambda x: 2 * x,
        cases=lambda rng: [Case((rng.normal(size=2),))], draw=lambda rng: (rng.normal(size=3),),
    )  # fmt: skip
    given = {"assignment": 'import numpy as np\nGRADED_WITH = ["numpy"]\n', "lesson": "import numpy as np\n"}
    said = {}
    for place, first in given.items():
        space = {"__name__": "__main__"}
        exec(first + source, space)  # noqa: S102
        check(double)(space["double"])
        said[place] = capsys.readouterr().out
    assert said["lesson"] == "right\n"
    words = "nothing is there but NumPy and Python's own library"
    assert said["assignment"] == "right\n" + (
        f"(but it uses torch: when functions are graded, {words})\n" if style in OTHERS else ""
    )
    cells = [
        {"cell_type": "code", "id": "a", "metadata": {}, "source": one}
        for one in (given["assignment"], source)
    ]
    outcome, reason = grade_notebook({"cells": cells}, {"test": double}, seed=0)["test"]
    assert (outcome == "right") == (style in NONE)
    assert style in NONE or words in reason
