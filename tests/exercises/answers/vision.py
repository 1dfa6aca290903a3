"""Right and wrong answers to the exercises of lesson 13_vision."""

import math

import numpy as np

from course_lib.exercises.vision import check_patches, check_receptive_field


def field(widths, dilations):
    return 1 + sum((k - 1) * d for k, d in zip(widths, dilations, strict=True))


def field_by_marking(widths, dilations):
    seen = {0}
    for k, d in zip(widths, dilations, strict=True):
        seen = {place + d * tap for place in seen for tap in range(k)}
    return len(range(min(seen), max(seen) + 1))


def cut(image, P):
    height, width = image.shape
    return image.reshape(height // P, P, width // P, P).swapaxes(1, 2).reshape(-1, P * P)


def cut_with_loops(image, P):
    height, width = image.shape
    corners = [(i, j) for i in range(0, height, P) for j in range(0, width, P)]
    return [[image[i + r, j + c] for r in range(P) for c in range(P)] for i, j in corners]


def grid(image, P):
    height, width = image.shape
    return image.reshape(height // P, P, width // P, P).swapaxes(1, 2)


RIGHT = [
    (check_receptive_field, field),
    (check_receptive_field, field_by_marking),
    (check_receptive_field, lambda w, d: np.int64(np.dot(np.array(w, int) - 1, np.array(d, int)) + 1)),
    (check_patches, cut),
    (check_patches, cut_with_loops),
    (check_patches, lambda x, P: np.concatenate([np.hsplit(b, x.shape[1] // P) for b in np.vsplit(x, x.shape[0] // P)]).reshape(-1, P * P)),
]  # fmt: skip

WRONG = [
    (check_receptive_field, lambda w, d: field(w, d) - 1, "the middle itself is missing"),
    (check_receptive_field, lambda w, d: sum(w), "added up"),
    (check_receptive_field, lambda w, d: math.prod(w), "multiplied"),
    (check_receptive_field, lambda w, d: max(w), "the second layer made no difference"),
    (check_receptive_field, lambda w, d: 1 + 2 * len(w), "every layer was given width 3"),
    (check_receptive_field, lambda w, d: 1 + (w[0] - 1) * len(w), "the width of the first"),
    (check_receptive_field, lambda w, d: 1 + (w[-1] - 1) * len(w), "the width of the last"),
    (check_receptive_field, lambda w, d: field(w, [1] * len(w)), "dilations have no effect"),
    (check_receptive_field, lambda w, d: field([k * s for k, s in zip(w, d)], [1] * len(w)), r"\(k − 1\)·d"),
    (check_receptive_field, lambda w, d: field(w, [1] * len(w)) if max(d, default=1) == 1 else 1 + sum(k * s for k, s in zip(w, d)) - w[0], "dilations come out wrong"),
    (check_receptive_field, lambda w, d: 1 + sum(k - 1 for k in w) * max(d, default=1), "multiplied: each layer"),
    (check_receptive_field, lambda w, d: field(w, d[::-1]), "wrong layers"),
    (check_receptive_field, lambda w, d: field(w, d) if w else 0, "without any layer"),
    (check_receptive_field, lambda w, d: [field(w, d)], "one number"),
    (check_receptive_field, lambda w, d: None, "return missing"),
    (check_patches, lambda x, P: x.reshape(-1, P * P), "follow each other in the file"),
    (check_patches, lambda x, P: grid(x, P).swapaxes(0, 1).reshape(-1, P * P), "column by column"),
    (check_patches, lambda x, P: grid(x, P).swapaxes(2, 3).reshape(-1, P * P), "inside each patch are turned"),
    (check_patches, lambda x, P: cut(x.T, P), "rows and columns are swapped"),
    (check_patches, lambda x, P: cut(x, P)[:, ::-1], "inside each patch are backwards"),
    (check_patches, lambda x, P: cut(x, P)[::-1], "listed backwards"),
    (check_patches, grid, "in a grid"),
    (check_patches, lambda x, P: cut(x, P)[:, :4], "expected the shape"),
    (check_patches, lambda x, P: cut(x, P)[[0, 1, 2, 4, 3, 5]] if P > 2 else cut(x, P), "another size"),
    (check_patches, lambda x, P: cut(x, P).T, "expected the shape"),
    (check_patches, lambda x, P: cut(x, P)[[0, 1, 2, 3, 5, 4]], "wrong places"),
    (check_patches, lambda x, P: None, "return missing"),
]  # fmt: skip
