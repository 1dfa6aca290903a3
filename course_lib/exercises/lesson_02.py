"""The exercises of lesson 02_embeddings: from ids to vectors and back, and their gradients.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import embeddings

from .description import Case, Exercise, Slip, sizes
from .judge import check
from .on_paper import on_paper


def _some_ids(rng, V, shape):
    """Ids in which at least one occurs twice."""
    ids = rng.integers(0, V, size=shape)
    ids.flat[-1] = ids.flat[0]
    return ids


# --- embed

embed = Exercise(
    name="embed",
    lesson=2,
    text="""Looks up every id: its row of the table, its vector.

    W_E (V, D), ids (..., T) whole numbers from 0 to V − 1 → (..., T, D).
    """,
    reference=lambda W_E, ids: embeddings.lookup(W_E, ids),
    cases=lambda rng: [
        Case((np.array([[0.1, 0.2], [1.1, 1.2], [2.1, 2.2]]), np.array([2, 0, 2, 1, 1]))),
        Case((rng.normal(size=(7, 3)), np.array([[6, 0, 6, 2, 5]])), hint="ids come as a batch, (B, T)"),
        Case((rng.normal(size=(11, 3)), _some_ids(rng, 11, (2, 6, 5))),
             hint="ids may have any axes in front"),
    ],
    draw=lambda rng: _draw_embed(rng),
    axes=("V D", "... T"),
    slips=(
        Slip(lambda W_E, ids: W_E[:, ids % W_E.shape[1]],
             "columns were taken: the vector of a token is a row of the table"),
        Slip(lambda W_E, ids: W_E[ids - 1], "ids were counted from 1: row 0 is the vector of id 0"),
        Slip(lambda W_E, ids: W_E[ids].sum(axis=-2),
             "the vectors of the tokens were added up: each token keeps its own"),
        Slip(lambda W_E, ids: W_E[ids].mean(axis=-2),
             "the vectors of the tokens were averaged: each token keeps its own"),
        Slip(lambda W_E, ids: np.eye(len(W_E))[ids], "those are the one-hot rows: multiply them by W_E"),
        Slip(lambda W_E, ids: W_E[ids].swapaxes(-1, -2), "T and D are swapped: a token is a row"),
        Slip(lambda W_E, ids: W_E[np.unique(ids)],
             "every id was looked up once: the text has a row for every token"),
        Slip(lambda W_E, ids: W_E[ids] * np.sqrt(W_E.shape[1]),
             "the vectors were multiplied by √D, which is not asked for"),
        Slip(lambda W_E, ids: W_E[ids] / np.linalg.norm(W_E[ids], axis=-1, keepdims=True),
             "the vectors were divided by their lengths: the row of the table stays as it is"),
        Slip(lambda W_E, ids: W_E[np.sort(ids, axis=-1)],
             "the ids were sorted: the order of the tokens stays"),
    ),
    minutes=5,
)  # fmt: skip


def _draw_embed(rng):
    V, D, T, B = sizes(rng, 4, high=9)
    shape = [(T,), (B, T), (2, B, T)][rng.integers(3)]
    return rng.normal(size=(V, D)), rng.integers(0, V, size=shape)


# --- embed_backward


def _scattered(grad, ids, V, add=True, scale=1.0, dtype=float):
    G = np.zeros((V, grad.shape[-1]), dtype)
    for id, row in zip(np.ravel(ids), grad.reshape(-1, grad.shape[-1]) * scale, strict=True):
        G[id] = G[id] + row if add else row
    return G


def _text_by_text(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    for some, rows in zip(ids, grad, strict=True):
        G[some] += rows
    return G


def _by_place(grad, ids, V):
    G = np.zeros((V, grad.shape[-1]))
    for place, row in enumerate(grad):
        G[place] += row
    return G


def _draw_embed_backward(rng):
    V, D, T, B = sizes(rng, 4, high=9)
    shape = [(T,), (B, T)][rng.integers(2)]
    return rng.normal(size=(*shape, D)), _some_ids(rng, V, shape), V


embed_backward = Exercise(
    name="embed_backward",
    lesson=2,
    text="""The gradient of the table that `embed` looked up.

    grad (..., T, D) the gradient of what was looked up, ids (..., T), V how many rows the
    table has → (V, D). Every row collects the gradients, by adding them up, from all places
    where its id occurs; a row whose id does not occur is 0.
    """,
    reference=lambda grad, ids, V: embeddings.lookup_backward(grad, ids, V),
    cases=lambda rng: [
        Case((np.array([[1.0, 2.0, 0.5], [3.0, 5.0, -1.0]]), np.array([5, 0]), 7)),
        Case((rng.normal(size=(6, 3)), np.array([1, 0, 1, 1, 7, 0]), 10),
             hint="an id that occurs in several places collects from all"),
        Case((rng.normal(size=(2, 5, 3)), _some_ids(rng, 7, (2, 5)), 7),
             hint="grad comes as a batch, (B, T, D)"),
    ],
    draw=_draw_embed_backward,
    axes=("... T D", "... T", "=V"),
    slips=(
        Slip(lambda grad, ids, V: _scattered(grad, ids, V, add=False),
             "only the last place of an id counts: a row collects from all (G[ids] += grad adds once an id,"
             " np.add.at each time)"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V) / np.maximum(np.bincount(np.ravel(ids), minlength=V), 1)[:, None],
             "the gradients of an id were averaged: they add up"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V, scale=1 / grad.shape[-2]),
             "the gradient was divided by T: nothing in a lookup divides"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V)[: np.max(ids) + 1],
             "the rows above the largest id are missing: the table has V rows"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V)[ids],
             "those are the rows of the tokens: the gradient of the table is (V, D)"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V).T,
             "the gradient has the shape of the table, (V, D)"),
        Slip(lambda grad, ids, V: _scattered(grad, ids, V, scale=1 / np.size(ids)),
             "the gradient was divided by the number of tokens: nothing in a lookup divides"),
        Slip(_text_by_text,
             "within a text only the last place of an id counts: G[ids] += grad adds once an id, np.add.at each time"),
        Slip(_by_place, "the place in the text was taken for the row: the row is the id at that place"),
        Slip(lambda grad, ids, V: _scattered(grad, V - 1 - np.asarray(ids), V), "the rows are in reverse order"),
        Slip(lambda grad, ids, V: _scattered(np.ones_like(grad), ids, V),
             "occurrences were counted: add the gradients"),
        Slip(lambda grad, ids, V: np.add.at(G := np.zeros((V, grad.shape[-1])), np.ravel(ids)[:1], grad.reshape(-1, grad.shape[-1])[:1]) or G,
             "only the first token counts: is the return inside the loop?"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- unembed


def _draw_unembed(rng):
    V, D, T, B = sizes(rng, 4, high=9)
    shape = [(D,), (T, D), (B, T, D)][rng.integers(3)]
    return rng.normal(size=shape), rng.normal(size=(V, D))


unembed = Exercise(
    name="unembed",
    lesson=2,
    text="""A score for every token of the vocabulary, its logit.

    h (..., D), W_E (V, D) → (..., V). The logit of a token is the dot product of h with its
    row of the table.
    """,
    reference=embeddings.unembed,
    cases=lambda rng: [
        Case((np.array([1.0, -2.0]), np.array([[3.0, 0.5], [1.0, 1.0], [0.0, 2.0]]))),
        Case((rng.normal(size=(5, 3)), rng.normal(size=(7, 3))), hint="h has one row a token, (T, D)"),
        Case((rng.normal(size=(2, 5, 3)), rng.normal(size=(7, 3))), hint="h comes as a batch, (B, T, D)"),
    ],
    draw=_draw_unembed,
    axes=("... D", "V D"),
    slips=(
        Slip(lambda h, W_E: np.exp(h @ W_E.T) / np.exp(h @ W_E.T).sum(axis=-1, keepdims=True),
             "those are probabilities: the logits come before the softmax"),
        Slip(lambda h, W_E: h @ W_E.T / np.sqrt(W_E.shape[1]),
             "the logits were divided by √D: attention does that, the unembedding does not"),
        Slip(lambda h, W_E: h @ W_E.T / W_E.shape[1], "the logits were divided by D, which is not asked for"),
        Slip(lambda h, W_E: h @ W_E.T - np.log(np.exp(h @ W_E.T).sum(axis=-1, keepdims=True)),
             "those are logarithms of probabilities: the logits come before the softmax"),
        Slip(lambda h, W_E: h @ W_E.T / np.linalg.norm(W_E, axis=1),
             "the rows were divided by their lengths: a logit is the dot product alone"),
        Slip(lambda h, W_E: h @ (W_E / np.linalg.norm(W_E, axis=1, keepdims=True)).T / np.linalg.norm(h, axis=-1, keepdims=True),
             "those are cosines: a logit is the dot product alone"),
        Slip(lambda h, W_E: (h @ W_E.T).argmax(axis=-1),
             "that is the most likely token: return the scores of all"),
        Slip(lambda h, W_E: W_E @ h.T if h.ndim < 3 else W_E @ h.swapaxes(-1, -2),
             "the answer is turned: a row of the answer belongs to a token, (..., V)"),
        Slip(lambda h, W_E: (h @ W_E.T).max(axis=-1), "that is the largest score: return the scores of all"),
        Slip(lambda h, W_E: h[..., None, :] * W_E,
             "the products are not added up: a dot product is one number"),
        Slip(lambda h, W_E: -(h @ W_E.T), "the sign is turned round"),
    ),
    minutes=5,
)  # fmt: skip


# --- unembed_backward


def _draw_unembed_backward(rng):
    h, W_E = _draw_unembed(rng)
    return rng.normal(size=(*h.shape[:-1], len(W_E))), h, W_E


def _unembed_backward(grad, h, W_E):
    rows, hs = grad.reshape(-1, grad.shape[-1]), h.reshape(-1, h.shape[-1])
    return grad @ W_E, rows.T @ hs


unembed_backward = Exercise(
    name="unembed_backward",
    lesson=2,
    text="""The gradients of logits = h @ W_E.T.

    grad (..., V) the gradient of the logits, h (..., D), W_E (V, D)
    → two things: the gradient of h (..., D), and the gradient of W_E (V, D).
    The table is used for every token, so its gradient adds up over all axes in front.
    """,
    reference=lambda grad, h, W_E: embeddings.unembed_backward(grad, h, W_E),
    cases=lambda rng: [
        Case((rng.normal(size=(2, 5)), rng.normal(size=(2, 3)), rng.normal(size=(5, 3)))),
        Case((rng.normal(size=(2, 6, 5)), rng.normal(size=(2, 6, 3)), rng.normal(size=(5, 3))),
             hint="h comes as a batch, (B, T, D)"),
        Case((rng.normal(size=7), rng.normal(size=3), rng.normal(size=(7, 3))),
             hint="h may be a single vector, (D,)"),
    ],
    draw=_draw_unembed_backward,
    axes=("... V", "... D", "V D"),
    returns=("the gradient of h", "the gradient of W_E"),
    slips=(
        Slip(lambda grad, h, W_E: (grad @ W_E, _unembed_backward(grad, h, W_E)[1].T),
             "the gradient of W_E is turned: it has the shape of W_E, (V, D)"),
        Slip(lambda grad, h, W_E: (grad @ W_E, _unembed_backward(grad, h, W_E)[1] / (h.size // h.shape[-1])),
             "the gradient of W_E was averaged over the tokens: it adds up"),
        Slip(lambda grad, h, W_E: (grad @ W_E, grad.swapaxes(-1, -2) @ h),
             "the gradient of W_E still has a batch axis: it adds up over all axes in front"),
        Slip(lambda grad, h, W_E: (grad @ W_E, _unembed_backward(grad, h, W_E)[1] / (1 if h.ndim < 3 else len(h))),
             "the gradient of W_E was averaged over the texts of the batch: it adds up"),
        Slip(lambda grad, h, W_E: tuple(-one for one in _unembed_backward(grad, h, W_E)),
             "the sign is turned round: a gradient is not yet the step against it"),
        Slip(lambda grad, h, W_E: (grad @ W_E / W_E.shape[1], _unembed_backward(grad, h, W_E)[1]),
             "the gradient of h was divided by D"),
        Slip(lambda grad, h, W_E: (grad @ W_E, _unembed_backward(grad, h * 0 + 1, W_E)[1]),
             "h has no part in the gradient of W_E"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- cosine and nearest


def _draw_cosine(rng):
    D = rng.integers(2, 9)
    return rng.normal(size=D) * 3, rng.normal(size=D)


def _length(x):
    return np.sqrt((x * x).sum(axis=-1))


cosine = Exercise(
    name="cosine",
    lesson=2,
    text="""The cosine of the angle between two vectors: their dot product over both lengths.

    a (D,), b (D,) → a number: 1 for the same direction, 0 at right angles, −1 for opposite ones.
    """,
    reference=embeddings.cosine_similarity,
    cases=lambda rng: [
        Case((np.array([3.0, 5.0]), np.array([12.0, -7.0]))),
        Case((rng.normal(size=7) * 3, rng.normal(size=7))),
        Case((np.array([1.0, 2.0, 2.0]), np.array([-2.0, -4.0, -4.0])),
             hint="opposite directions have the cosine −1"),
    ],
    draw=_draw_cosine,
    axes=("D", "D"),
    slips=(
        Slip(lambda a, b: a @ b, "that is the dot product: divide it by both lengths"),
        Slip(lambda a, b: a @ b / _length(a), "only the length of a was divided out: b has one too"),
        Slip(lambda a, b: a @ b / _length(b), "only the length of b was divided out: a has one too"),
        Slip(lambda a, b: a @ b / ((a @ a) * (b @ b)),
             "the squares of the lengths were divided out: roots are missing"),
        Slip(lambda a, b: a @ b / (_length(a) + _length(b)),
             "the lengths were added: the product of both is divided out"),
        Slip(lambda a, b: a @ b / _length(a) * _length(b), "a bracket is missing: a / b * c multiplies by c"),
        Slip(lambda a, b: a @ b / _length(a * b),
             "that is the length of the product of the two: take the length of each"),
        Slip(lambda a, b: 1 - a @ b / _length(a) / _length(b), "that is a distance, 1 − cosine"),
        Slip(lambda a, b: _length(a - b),
             "that is the distance between the two points: the cosine looks at directions alone"),
        Slip(lambda a, b: np.arccos(np.clip(a @ b / _length(a) / _length(b), -1, 1)),
             "that is the angle: its cosine is asked for"),
        Slip(lambda a, b: abs(a @ b / _length(a) / _length(b)),
             "the sign is lost: opposite directions have the cosine −1"),
        Slip(lambda a, b: a @ b / (abs(a).sum() * abs(b).sum()),
             "the entries were added up: a length is the root of the sum of the squares"),
        Slip(lambda a, b: a @ b / abs(a.sum() * b.sum()),
             "the entries were added up and then squared: square each entry, add up, and take the root"),
        Slip(lambda a, b: a @ b / abs(a @ b),
             "that is the dot product over its own size: divide it by the length of a and that of b"),
        Slip(lambda a, b: 100 * a @ b / _length(a) / _length(b), "a cosine goes from −1 to 1: it is no percentage"),
        Slip(lambda a, b: np.degrees(np.arccos(np.clip(a @ b / _length(a) / _length(b), -1, 1))),
             "that is the angle, in degrees: its cosine is asked for"),
        Slip(lambda a, b: np.mean(a * b) / _length(a) / _length(b),
             "the mean of the products was taken: the dot product is their sum"),
        Slip(lambda a, b: np.corrcoef(a, b)[0, 1], "that is the correlation: no mean is subtracted in a cosine"),
        Slip(lambda a, b: a @ b / np.sqrt(a @ a + b @ b),
             "the squares of the lengths were added under one root: the product of both lengths is divided out"),
        Slip(lambda a, b: (1 + a @ b / _length(a) / _length(b)) / 2,
             "the cosine was moved into the range from 0 to 1: it goes from −1 to 1"),
        Slip(lambda a, b: a @ b / len(a), "the dot product was divided by D: divide it by both lengths"),
        Slip(lambda a, b: a * b / _length(a) / _length(b),
             "the products are not added up: the dot product is one number"),
    ),
    minutes=10,
    optional=True,
)  # fmt: skip


def _cosines(W_E, id):
    return W_E @ W_E[id] / _length(W_E) / _length(W_E[id])


def _first(values, id, k, without=True):
    order = np.argsort(-values, kind="stable")
    return (order[order != id] if without else order)[:k]


def _larger_id_first(W_E, id, k):
    order = np.argsort(_cosines(W_E, id).round(12), kind="stable")[::-1]
    return order[order != id][:k]


def _draw_nearest(rng):
    V, D = int(rng.integers(5, 16)), int(rng.choice([2, 3, 5]))
    return (
        rng.normal(size=(V, D)) * rng.uniform(0.5, 3, size=(V, 1)),
        int(rng.integers(V)),
        int(rng.integers(1, V)),
    )


def _nearest_cases(rng):
    W = rng.normal(size=(11, 3)) * rng.uniform(0.3, 4, size=(11, 1))
    twins = np.array([[3.0, 1.0], [1.0, 2.0], [6.0, 2.0], [-1.0, 1.0], [2.0, 1.0], [12.0, 4.0], [-3.0, -1.0]])
    return [
        Case((np.array([[1.0, 0.0], [0.5, 0.1], [0.2, 3.0], [-2.0, -1.0], [9.0, 9.0]]), 0, 3)),
        Case((W, 5, 3), hint="long vectors stand beside short ones"),
        Case((W, 0, 10), hint="k = V − 1 asks for all others, those that point the other way too"),
        Case((rng.normal(size=(901, 3)), 7, 300), hint="three hundred of nine hundred, nearest first"),
        Case(
            (twins, 2, 3),
            hint="some vectors point in the very same direction: the smaller id first, and the token itself left out",
        ),
    ]


nearest = Exercise(
    name="nearest",
    lesson=2,
    text="""The k tokens whose vectors point most nearly the same way as that of `id`, by cosine.

    W_E (V, D), id a whole number, k from 1 to V − 1 → ids (k,), nearest first.
    The token itself is left out. Of equal cosines the smaller id comes first.
    """,
    reference=lambda W_E, id, k: embeddings.nearest(W_E, id, k)[0],
    cases=_nearest_cases,
    draw=_draw_nearest,
    axes=("V D", "", ""),
    ids=True,
    slips=(
        Slip(lambda W_E, id, k: _first(_cosines(W_E, id), id, k, without=False),
             "the token itself comes first: leave it out"),
        Slip(lambda W_E, id, k: _first(W_E @ W_E[id], id, k),
             "a long vector wins over one that points the right way: compare cosines, not dot products"),
        Slip(lambda W_E, id, k: _first(-_length(W_E - W_E[id]), id, k),
             "the distance between points decides: compare directions, by cosine"),
        Slip(lambda W_E, id, k: _first(-_cosines(W_E, id), id, k),
             "the farthest come first: sort from the largest cosine down"),
        Slip(lambda W_E, id, k: _first(_cosines(W_E, id), id, k)[::-1],
             "the nearest comes last: the other way round"),
        Slip(lambda W_E, id, k: _first(np.where(np.arange(len(W_E)) == id, 0, _cosines(W_E, id)), -1, k),
             "the cosine of the token itself was set to 0: whoever points the other way lies below that, "
             "take −∞"),
        Slip(lambda W_E, id, k: _first(abs(_cosines(W_E, id)), id, k),
             "the sign is lost: who points the opposite way is farthest"),
        Slip(lambda W_E, id, k: _first(_cosines(W_E, id), -1, k + 1)[1:],
             "the first was dropped, and that need not be the token itself: another may point in the very "
             "same direction"),
        Slip(lambda W_E, id, k: _first(W_E @ W_E[id], -1, k + 1)[1:],
             "a long vector wins over one that points the right way, since all rows were divided by one and the same "
             "number or by none: divide each row by its own length"),
        Slip(lambda W_E, id, k: np.argsort(_cosines(W_E, id), kind="stable")[-k:],
             "the nearest comes last, and the token itself is among them: sort from the largest cosine down and "
             "leave it out"),
        Slip(_larger_id_first,
             "of equal cosines the smaller id comes first: to turn the order round with [::-1] turns equal ones round "
             "too, so sort the negative cosines with kind=\"stable\""),
        Slip(lambda W_E, id, k: np.sort(_cosines(W_E, id))[::-1][1 : k + 1],
             "those are the cosines: the ids are asked for"),
        Slip(lambda W_E, id, k: _first((W_E / _length(W_E.T)) @ (W_E / _length(W_E.T))[id], id, k),
             "the columns were divided by their lengths: a vector is a row, axis=1"),
        Slip(lambda W_E, id, k: _first(_cosines(W_E, id), id, len(W_E)),
             "all tokens are returned: k of them are asked for"),
        Slip(lambda W_E, id, k: _first(np.delete(_cosines(W_E, id), id), -1, k),
             "once the token itself is deleted from the cosines, every later one has moved up: its place is no longer its id"),
        Slip(lambda W_E, id, k: _first(_cosines(W_E, id), id, k - 1), "one token too few: k are asked for"),
        Slip(lambda W_E, id, k: _first(-abs(W_E - W_E[id]).sum(axis=1), id, k),
             "the distance between points decides: compare directions, by cosine"),
        Slip(lambda W_E, id, k: np.sort(_first(_cosines(W_E, id), id, k)),
             "the ids are sorted by number: the nearest comes first"),
    ),
    minutes=15,
    stars=2,
    optional=True,
)  # fmt: skip

EXERCISES = (embed, embed_backward, unembed, unembed_backward, cosine, nearest)
check_embed, check_embed_backward, check_unembed, check_unembed_backward, check_cosine, check_nearest = map(
    check, EXERCISES
)

# --- on paper

check_cosine_on_paper = on_paper(
    "the cosine of your two vectors",
    lambda a, b: a @ b / _length(a) / _length(b),
    ([1, 2, -2], [3, 0, 4]),
    decimals=2,
    refuse=lambda a, b: None if _length(a) and _length(b) else "a vector of zeros has no direction: take another",
    slips={
        "that is the dot product: divide it by both lengths": lambda a, b: a @ b,
        "only the length of the first was divided out": lambda a, b: a @ b / _length(a),
        "only the length of the second was divided out": lambda a, b: a @ b / _length(b),
        "the squares of the lengths were divided out: their roots are the lengths": lambda a, b: a @ b / (a @ a) / (b @ b),
        "the lengths were added up: the product of both is divided out": lambda a, b: a @ b / (_length(a) + _length(b)),
        "the sizes of the entries were added up: a length is the root of the sum of their squares":
            lambda a, b: a @ b / abs(a).sum() / abs(b).sum(),
        "the signs of the entries were lost": lambda a, b: abs(a) @ abs(b) / _length(a) / _length(b),
    },
    step=lambda a, b: f"the dot product is {a @ b:g}, and the first vector has the length √{a @ a:g}",
)  # fmt: skip
