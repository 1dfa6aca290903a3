"""Right and wrong answers to the exercises of lesson 02_embeddings."""

import numpy as np
import torch

from course_lib.exercises.embeddings import check_cosine, check_lookup_gradient, check_nearest


def add_at(grad, ids, V):
    gradient = np.zeros((V, grad.shape[1]))
    np.add.at(gradient, ids, grad)
    return gradient


def with_loops(grad, ids, V):
    gradient = [[0.0] * grad.shape[1] for _ in range(V)]
    for row, id in zip(grad, ids, strict=True):
        for d, number in enumerate(row):
            gradient[id][d] += number
    return gradient


def filled(rows_of, grad, V):
    gradient = np.zeros((V, grad.shape[1]))
    for row, value in rows_of:
        gradient[row] = value
    return gradient


def last_wins(grad, ids, V):
    gradient = np.zeros((V, grad.shape[1]))
    gradient[ids] += grad
    return gradient


def first_wins(grad, ids, V):
    return last_wins(grad[::-1], ids[::-1], V)


def averaged(grad, ids, V):
    return add_at(grad, ids, V) / np.maximum(np.bincount(ids, minlength=V), 1)[:, None]


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def nearest(W_E, id, k, score=cosine, leave_out=True, falling=True):
    scores = [score(row, W_E[id]) for row in W_E]
    order = np.argsort(scores, kind="stable")
    order = order[::-1] if falling else order
    return (order[order != id] if leave_out else order)[:k]


def nearest_by_product(W_E, id, k):
    unit = W_E / np.sqrt((W_E**2).sum(axis=1, keepdims=True))
    cosines = unit @ unit[id]
    cosines[id] = -np.inf
    return np.argsort(-cosines)[:k].tolist()


def deleted_first(W_E, id, k):
    cosines = np.array([cosine(row, W_E[id]) for row in W_E])
    return np.argsort(-np.delete(cosines, id))[:k]


def nearest_by_sorting(W_E, id, k):
    others = [other for other in range(len(W_E)) if other != id]
    return sorted(others, key=lambda other: cosine(W_E[other], W_E[id]), reverse=True)[:k]



RIGHT = [
    (check_lookup_gradient, add_at),
    (check_lookup_gradient, with_loops),
    (check_lookup_gradient, lambda grad, ids, V: np.eye(V)[ids].T @ grad),
    (check_cosine, cosine),
    (check_cosine, lambda a, b: sum(x * y for x, y in zip(a, b, strict=True)) / (sum(a * a) * sum(b * b)) ** 0.5),
    (check_nearest, nearest),
    (check_nearest, nearest_by_product),
    (check_cosine, lambda a, b: torch.cosine_similarity(torch.from_numpy(a), torch.from_numpy(b), dim=0)),
    (check_nearest, nearest_by_sorting),
]  # fmt: skip

WRONG = [
    (check_lookup_gradient, lambda grad, ids, V: filled(enumerate(grad), grad, V), "in row 0"),
    (check_lookup_gradient, lambda grad, ids, V: np.repeat(grad.sum(axis=0)[None], V, axis=0), "every row got"),
    (check_lookup_gradient, lambda grad, ids, V: add_at(grad, ids if len(ids) == 1 else np.arange(len(ids)), V), "order of the text"),
    (check_lookup_gradient, last_wins, "only the last counts"),
    (check_lookup_gradient, first_wins, "only the first counts"),
    (check_lookup_gradient, averaged, "was averaged"),
    (check_lookup_gradient, lambda grad, ids, V: grad, "expected the shape"),
    (check_lookup_gradient, lambda grad, ids, V: None, "return missing"),
    (check_lookup_gradient, lambda grad, ids, V: add_at(grad[:3], ids[:3], V), "40 tokens"),
    (check_lookup_gradient, lambda grad, ids, V: -add_at(grad, ids, V), "all other rows 0"),
    (check_cosine, lambda a, b: a @ b, "the dot product: divide"),
    (check_cosine, lambda a, b: a @ b / np.linalg.norm(a) * np.linalg.norm(b), "multiplies by c"),
    (check_cosine, lambda a, b: a @ b / (len(a) * len(b)), "len counts entries"),
    (check_cosine, lambda a, b: a @ b / np.linalg.norm(a), "one length only"),
    (check_cosine, lambda a, b: a @ b / (a @ a * (b @ b)), "were squared"),
    (check_cosine, lambda a, b: a @ b / np.linalg.norm([a, b]), "put together"),
    (check_cosine, lambda a, b: np.arccos(cosine(a, b)), "radians"),
    (check_cosine, lambda a, b: np.degrees(np.arccos(cosine(a, b))), "degrees"),
    (check_cosine, lambda a, b: 1 - cosine(a, b), "one minus"),
    (check_cosine, lambda a, b: np.linalg.norm(a - b), "distance between the two points"),
    (check_cosine, lambda a, b: a @ b / (a.sum() * b.sum()), "sums of the entries"),
    (check_cosine, lambda a, b: abs(cosine(a, b)), "sign was lost"),
    (check_cosine, lambda a, b: max(cosine(a, b), 0), "cut off at 0"),
    (check_cosine, lambda a, b: a @ b / 25, "longer or shorter"),
    (check_cosine, lambda a, b: cosine(a[:2], b[:2]), "more than two"),
    (check_cosine, lambda a, b: a * b, "expected the shape"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k, leave_out=False), "itself is among"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k + 1, leave_out=False), "expected 3 ids, got 4"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k, falling=False), "the farthest"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k)[::-1], "nearest should come first"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k, score=np.dot), "not dot products"),
    (check_nearest, lambda W_E, id, k: np.argsort(-(W_E @ W_E[id]))[1 : k + 1], "wins over the token itself"),
    (check_nearest, lambda W_E, id, k: nearest(W_E, id, k, lambda a, b: -np.linalg.norm(a - b)), "nearest points"),
    (check_nearest, deleted_first, "moved up by one"),
    (check_nearest, lambda W_E, id, k: [cosine(W_E[i], W_E[id]) for i in nearest(W_E, id, k)], "those are the cosines"),
    (check_nearest, lambda W_E, id, k: [0, 4, 1], "expected the shape"),
    (check_nearest, lambda W_E, id, k: np.ones(k), "come out wrong"),
]  # fmt: skip
