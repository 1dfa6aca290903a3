"""Honest answers in as many styles: full marks, or the very sentence that the lesson's check has told the student."""

import dataclasses
import re

import numpy as np
import pytest

from course_lib.classroom.tasks import TASKS, Task
from course_lib.classroom.values import grade_notebook
from course_lib.exercises import Wrong, exercise, expect
from course_lib.exercises.answers import CHANGED, FEW_DIGITS, NOTHING

pytestmark = pytest.mark.usefixtures("sandboxed")

SOFTMAX = "x = scores / temperature\n    e = np.exp(x - x.max(-1, keepdims=True))\n    "
PAIRS = "out = {}\n    for p in zip(ids, ids[1:]):\n        out[p] = out.get(p, 0) + 1\n    "
CE = "z = logits - logits.max(1, keepdims=True)\n    z = z - np.log(np.exp(z).sum(1, keepdims=True))\n    "
HEADS = "B, C, D = x.shape\n    y = x.reshape(B, C, H, D // H).transpose(0, 2, 1, 3)\n    "
NORM = "m = x.mean(-1, keepdims=True)\n    y = gamma * (x - m) / np.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + eps) + beta\n    "

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
                         "the keys are strings"),
    "a list of pairs": ("count_pairs", f"def NAME(ids):\n    {PAIRS}return list(out.items())", "expected a dict"),
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
    "a helper inside": ("encode", ("def NAME(ids, merges):\n    def merge(ids, pair, new):\n        out = []\n        for t in ids:\n"
                        "            if out and (out[-1], t) == pair: out[-1] = new\n            else: out.append(t)\n        return out\n"
                        "    for pair, new in merges.items(): ids = merge(ids, pair, new)\n    return ids"), ""),
    "a dict emptied": ("encode", "def NAME(ids, merges):\n    while merges: merges.popitem()\n    return list(ids)", CHANGED),
    "tuples of tuples": ("pad_batch", ("def NAME(rows, pad):\n    n = max(map(len, rows))\n"
                         "    return tuple(tuple(r) + (pad,) * (n - len(r)) for r in rows), tuple(map(len, rows))"), ""),
    "zip_longest": ("pad_batch", ("from itertools import zip_longest\ndef NAME(rows, pad):\n"
                    "    return [list(r) for r in zip(*zip_longest(*rows, fillvalue=pad))], [len(r) for r in rows]"), ""),
    "a NamedTuple": ("pad_batch", ("from typing import NamedTuple\nclass Batch(NamedTuple):\n    rows: list\n    lengths: list\n"
                     "def NAME(rows, pad):\n    n = max(map(len, rows))\n"
                     "    return Batch([r + [pad] * (n - len(r)) for r in rows], [len(r) for r in rows])"), ""),
    "arrays for both": ("pad_batch", ("def NAME(rows, pad):\n    out = np.full((len(rows), max(map(len, rows))), pad)\n"
                        "    for i, r in enumerate(rows): out[i, :len(r)] = r\n    return out, np.array([len(r) for r in rows])"), ""),
    "floats for ids": ("pad_batch", ("def NAME(rows, pad):\n    out = np.full((len(rows), max(map(len, rows))), float(pad))\n"
                       "    for i, r in enumerate(rows): out[i, :len(r)] = r\n    return out, [len(r) for r in rows]"), ""),
    # --- 02 and 03: vectors, single numbers
    "np.add.at": ("lookup_gradient", "def NAME(grad, ids, V):\n    out = np.zeros((V, grad.shape[1]))\n    np.add.at(out, ids, grad)\n    return out", ""),
    "one-hot": ("lookup_gradient", "def NAME(grad, ids, V): return np.eye(V)[ids].T @ grad", ""),
    "a Python float": ("cosine", ("import math\ndef NAME(a, b):\n    dot = lambda x, y: sum(p * q for p, q in zip(x, y))\n"
                       "    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))"), ""),
    "a 0-d array": ("cosine", "def NAME(a, b): return np.array(a @ b / np.linalg.norm(a) / np.linalg.norm(b))", ""),
    "an array of one": ("cosine", "def NAME(a, b): return np.array([a @ b / np.linalg.norm(a) / np.linalg.norm(b)])",
                        "expected the shape (), got (1,)"),
    "a 32-bit number": ("cosine", "def NAME(a, b): return np.float32(a @ b / np.linalg.norm(a) / np.linalg.norm(b))", FEW_DIGITS),
    "a longdouble": ("cosine", ("def NAME(a, b):\n    a, b = a.astype(np.longdouble), b.astype(np.longdouble)\n"
                     "    return a @ b / np.sqrt((a @ a) * (b @ b))"), ""),
    "a Decimal": ("cosine", ("from decimal import Decimal\ndef NAME(a, b):\n"
                  "    return Decimal(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))"), ""),
    "an f-string": ("cosine", "def NAME(a, b): return f'{a @ b / np.linalg.norm(a) / np.linalg.norm(b):.6f}'",
                    "expected an array of numbers, got a str"),
    "argsort": ("nearest", ("def NAME(W, id, k):\n    n = W / np.linalg.norm(W, axis=1, keepdims=True)\n    c = n @ n[id]\n"
                "    c[id] = -np.inf\n    return np.argsort(-c)[:k]"), ""),
    "sorted": ("nearest", ("def NAME(W, id, k):\n    n = W / np.linalg.norm(W, axis=1, keepdims=True)\n"
               "    return sorted((i for i in range(len(W)) if i != id), key=lambda i: -(n[i] @ n[id]))[:k]"), ""),
    "math and a list": ("position_row", ("import math\ndef NAME(pos, D):\n    return [f(pos / 10000 ** (2 * i / D)) for i in range(D // 2)"
                        " for f in (math.sin, math.cos)]"), ""),
    "a list of NumPy's numbers": ("position_row", ("def NAME(pos, D):\n    return [f(pos / 10000 ** (2 * i / D)) for i in range(D // 2)"
                                  " for f in (np.sin, np.cos)]"), ""),
    "complex on the way": ("rotate_pairs", ("def NAME(x, angles):\n    z = (x[::2] + 1j * x[1::2]) * np.exp(1j * angles)\n"
                           "    out = np.empty_like(x)\n    out[::2], out[1::2] = z.real, z.imag\n    return out"), ""),
    "complex to the end": ("rotate_pairs", ("def NAME(x, angles):\n    z = (x[::2] + 1j * x[1::2]) * np.exp(1j * angles)\n"
                           "    return np.stack([z.real + 0j, z.imag], 1).ravel()"), "expected real numbers, got complex ones"),
    # --- 04: arrays
    "plain NumPy": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)", ""),
    "a matrix": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return np.asmatrix(e / e.sum(-1, keepdims=True))", ""),
    "a masked array": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return np.ma.array(e / e.sum(-1, keepdims=True))", ""),
    "32 bits": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(np.float32)",
                FEW_DIGITS),
    "32 bits all along": ("softmax", ("def NAME(scores, temperature):\n    x = scores.astype('f') / np.float32(temperature)\n"
                          "    e = np.exp(x - x.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)"), FEW_DIGITS),
    "32 bits in a list": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype('f').tolist()",
                          FEW_DIGITS),
    "rounded": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return np.round(e / e.sum(-1, keepdims=True), 4)", "rounded to 4 digits"),
    "objects": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(object)", ""),
    "text": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return (e / e.sum(-1, keepdims=True)).astype(str)", "array of text"),
    "a list of arrays": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return list(e / e.sum(-1, keepdims=True))", ""),
    "a map": ("softmax", ("def NAME(scores, temperature):\n    def row(s):\n        e = np.exp((s - s.max()) / temperature)\n        return e / e.sum()\n"
              "    return map(row, scores)"), ""),
    "an iterator": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return iter(e / e.sum(-1, keepdims=True))", ""),
    "Fortran's order": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}return np.asfortranarray(e / e.sum(-1, keepdims=True))", ""),
    "a print for a return": ("softmax", f"def NAME(scores, temperature):\n    {SOFTMAX}print(e / e.sum(-1, keepdims=True))", NOTHING),
    "in place, subtracted": ("softmax", ("def NAME(scores, temperature):\n    scores -= scores.max(-1, keepdims=True)\n"
                             "    e = np.exp(scores / temperature)\n    return e / e.sum(-1, keepdims=True)"), CHANGED),
    "a copy changed": ("softmax", ("def NAME(scores, temperature):\n    scores = scores.copy()\n    scores -= scores.max(-1, keepdims=True)\n"
                       "    e = np.exp(scores / temperature)\n    return e / e.sum(-1, keepdims=True)"), ""),
    "async": ("softmax", f"async def NAME(scores, temperature):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)", "leave out the async"),
    "a callable": ("softmax", ("class S:\n    def __call__(self, scores, temperature):\n        x = scores / temperature\n"
                   "        e = np.exp(x - x.max(-1, keepdims=True))\n        return e / e.sum(-1, keepdims=True)\nNAME = S()"), ""),
    "its own array class": ("softmax", (f"class A:\n    def __init__(self, x): self.x = x\n    def __array__(self, dtype=None, copy=None): return self.x\n"
                            f"def NAME(scores, temperature):\n    {SOFTMAX}return A(e / e.sum(-1, keepdims=True))"), ""),
    "its own class": ("softmax", "class Out: pass\ndef NAME(scores, temperature): return Out()", "wrong form: this is Out"),
    "partial": ("softmax", (f"from functools import partial\ndef soft(power, scores, temperature):\n    {SOFTMAX}return e / e.sum(-1, keepdims=True)\n"
                "NAME = partial(soft, 1)"), ""),
    "np.tri": ("causal_mask", "def NAME(T): return np.tri(T, dtype=bool)", ""),
    "a list of booleans": ("causal_mask", "def NAME(T): return [[s <= t for s in range(T)] for t in range(T)]", ""),
    "NumPy's booleans": ("causal_mask", "def NAME(T): return [[np.bool_(s <= t) for s in range(T)] for t in range(T)]", ""),
    "booleans as objects": ("causal_mask", "def NAME(T): return np.tri(T, dtype=bool).astype(object)", ""),
    "a mask of ones": ("causal_mask", "def NAME(T): return np.tril(np.ones((T, T)))", "True and False"),
    "minus a billion": ("attention", ("def NAME(q, k, v, mask):\n    s = q @ k.T / np.sqrt(k.shape[1]) + np.where(mask, 0, -1e9)\n"
                        "    e = np.exp(s - s.max(1, keepdims=True))\n    return e / e.sum(1, keepdims=True) @ v"), ""),
    "einsum": ("attention", ("def NAME(q, k, v, mask):\n    s = np.einsum('tk,sk->ts', q, k) / k.shape[1] ** 0.5\n    s[~mask] = -np.inf\n"
               "    e = np.exp(s - s.max(1, keepdims=True))\n    return np.einsum('ts,sk->tk', e / e.sum(1, keepdims=True), v)"), ""),
    "np.ma": ("attention", ("def NAME(q, k, v, mask):\n    s = np.ma.array(q @ k.T / np.sqrt(k.shape[1]), mask=~mask)\n"
              "    e = np.ma.exp(s - s.max(1, keepdims=True))\n    return (e / e.sum(1, keepdims=True)).filled(0) @ v"), ""),
    # --- 05 to 10
    "a view": ("split_heads", f"def NAME(x, H):\n    {HEADS}return y", ""),
    "np.split": ("split_heads", "def NAME(x, H): return np.stack(np.split(x, H, axis=-1), axis=1)", ""),
    "nested lists": ("merge_heads", "def NAME(x): return [[[v for h in range(x.shape[1]) for v in b[h, c]] for c in range(x.shape[2])] for b in x]", ""),
    "a reshape alone": ("split_heads", "def NAME(x, H):\n    B, C, D = x.shape\n    return x.reshape(B, H, C, D // H)", "a reshape alone keeps"),
    "np.var": ("layer_norm", ("def NAME(x, gamma, beta, eps):\n    return gamma * (x - x.mean(-1, keepdims=True))"
               " / np.sqrt(x.var(-1, keepdims=True) + eps) + beta"), ""),
    "32 bits in the norm": ("layer_norm", f"def NAME(x, gamma, beta, eps):\n    {NORM}return y.astype(np.float32)", FEW_DIGITS),
    "erf by hand": ("gelu", "def NAME(z): return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z ** 3)))", ""),
    "vectorised": ("gelu", ("import math\nf = np.vectorize(lambda v: 0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3))))\n"
                   "def NAME(z): return f(z)"), ""),
    "np.maximum": ("feed_forward", "def NAME(x, W_1, b_1, W_2, b_2): return np.maximum(x @ W_1 + b_1, 0) @ W_2 + b_2", ""),
    "matrices all along": ("feed_forward", ("def NAME(x, W_1, b_1, W_2, b_2):\n    m = np.asmatrix\n"
                           "    return m(np.maximum(m(x) * m(W_1) + b_1, 0)) * m(W_2) + b_2"), ""),
    "a NumPy number": ("cross_entropy", f"def NAME(logits, targets):\n    {CE}return -z[np.arange(len(z)), targets].mean()", ""),
    "a list of one loss": ("cross_entropy", f"def NAME(logits, targets):\n    {CE}return [-z[np.arange(len(z)), targets].mean()]",
                           "expected the shape (), got (1,)"),
    "a gradient without care for overflow": ("cross_entropy_backward", ("def NAME(logits, targets):\n    e = np.exp(logits)\n"
                                             "    return (e / e.sum(1, keepdims=True) - np.eye(logits.shape[1])[targets]) / len(targets)"), ""),
    "views of the tokens": ("training_pairs", ("def NAME(tokens, C):\n    n = (len(tokens) - 1) // C * C\n"
                            "    return tokens[:n].reshape(-1, C), tokens[1:n + 1].reshape(-1, C)"), ""),
    "a dict of both": ("training_pairs", ("def NAME(tokens, C):\n    n = (len(tokens) - 1) // C * C\n"
                       "    return {'x': tokens[:n].reshape(-1, C), 'y': tokens[1:n + 1].reshape(-1, C)}"), "return two things"),
    "lists of windows": ("training_pairs", ("def NAME(tokens, C):\n    s = range(0, len(tokens) - C, C)\n"
                         "    return [tokens[i:i + C] for i in s], [tokens[i + 1:i + C + 1] for i in s]"), ""),
    "a float for a count": ("parameter_count", "def NAME(V, C, D, L): return 1.0 * ((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)", ""),
    "np.int32 for a count": ("parameter_count", "def NAME(V, C, D, L): return np.int32((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)", ""),
    "a Fraction for a count": ("parameter_count", ("from fractions import Fraction\n"
                               "def NAME(V, C, D, L): return Fraction((V + C) * D + L * (12 * D * D + 13 * D) + 2 * D)"), ""),
    "cumsum": ("top_p", ("def NAME(probabilities, p):\n    order = np.argsort(-probabilities, kind='stable')\n    total = np.cumsum(probabilities[order])\n"
               "    keep = order[: np.searchsorted(total, p - 1e-12) + 1]\n    out = np.zeros_like(probabilities)\n    out[keep] = probabilities[keep]\n"
               "    return out / out.sum()"), ""),
    "in place, top p": ("top_p", ("def NAME(probabilities, p):\n    order = np.argsort(-probabilities)\n    total = np.cumsum(probabilities[order])\n"
                        "    probabilities[order[np.searchsorted(total, p - 1e-12) + 1:]] = 0\n    return probabilities / probabilities.sum()"), CHANGED),
}  # fmt: skip

BY_FUNCTION = {task.function: task for tasks in TASKS.values() for task in tasks.values()}


def name_of(style):
    return "f_" + re.sub(r"\W", "_", style)


@pytest.fixture(scope="module")
def marks():
    """{style: (outcome, reason)}: all of them graded in one sandbox, each function under a name of its own."""
    cells = [{"cell_type": "code", "id": "imports", "metadata": {}, "source": "import numpy as np"}]
    tasks = {}
    for style, (function, source, _) in STYLES.items():
        cells.append({"cell_type": "code", "id": name_of(style), "metadata": {}, "source": source.replace("NAME", name_of(style))})
        tasks[style] = dataclasses.replace(BY_FUNCTION[function], function=name_of(style))
    return grade_notebook({"cells": cells}, tasks, seed="honest")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # np.matrix
def test_lesson_and_mark_say_the_same(style, marks, capsys):
    function, source, says = STYLES[style]
    space = {}
    exec("import numpy as np\n" + source.replace("NAME", "answer"), space)  # noqa: S102
    outcome, reason = marks[style]
    try:
        BY_FUNCTION[function].check(space["answer"])
    except Wrong as error:
        assert says and says in str(error)
        assert outcome == "wrong"
        assert str(error).replace("answer", name_of(style)) in reason or str(error) in reason
    else:
        assert says == ""
        assert capsys.readouterr().out.endswith("right\n")
        assert (outcome, reason) == ("right", "")


def test_there_are_sixty_over_all_assignments():
    assert len(STYLES) >= 60
    assert {function for function, _, _ in STYLES.values()} >= {next(iter(tasks.values())).function for tasks in TASKS.values()}

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

    @exercise
    def check_double(double):
        expect(double(np.array([1.5, 2])), [3, 4], "twice 1.5 is 3")

    given = {"assignment": 'import numpy as np\nGRADED_WITH = ["numpy"]\n', "lesson": "import numpy as np\n"}
    said = {}
    for place, first in given.items():
        space = {"__name__": "__main__"}
        exec(first + source, space)  # noqa: S102
        check_double(space["double"])
        said[place] = capsys.readouterr().out
    assert said["lesson"] == "right\n"
    words = "nothing is there but NumPy and Python's own library"
    assert said["assignment"] == "right\n" + (f"(but it uses torch: when functions are graded, {words})\n" if style in OTHERS else "")
    cells = [{"cell_type": "code", "id": "a", "metadata": {}, "source": one} for one in (given["assignment"], source)]
    task = Task("double", lambda random: (random.normal(size=2),), lambda x: 2 * x, check_double)
    outcome, reason = grade_notebook({"cells": cells}, {"test": task}, seed=0)["test"]
    assert (outcome == "right") == (style in NONE)
    assert style in NONE or words in reason
