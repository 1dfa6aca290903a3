"""Answers to the exercises of lesson 13_vision."""

import itertools
import math

import numpy as np


def sees_loop(widths, dilations):
    seen = 1
    for width, dilation in zip(widths, dilations):
        seen += (width - 1) * dilation
    return seen


def sees_recursive(widths, dilations):
    return 1 if not widths else sees_recursive(widths[1:], dilations[1:]) + (widths[0] - 1) * dilations[0]


def sees_set(widths, dilations):
    seen = {0}
    for width, dilation in zip(widths, dilations):
        seen = {at + tap * dilation for at in seen for tap in (0, width - 1)}
    return max(seen) - min(seen) + 1


def cut(image, P):
    h, w = image.shape
    return image.reshape(h // P, P, w // P, P).swapaxes(1, 2).reshape(-1, P * P)


def cut_loop(image, P):
    h, w = image.shape
    return [image[i : i + P, j : j + P].ravel() for i in range(0, h, P) for j in range(0, w, P)]


def cut_pixels(image, P):
    h, w = image.shape
    out = np.zeros((h // P * (w // P), P * P))
    for i in range(h):
        for j in range(w):
            out[i // P * (w // P) + j // P, i % P * P + j % P] = image[i, j]
    return out


def cut_split(image, P):
    h, w = image.shape
    return np.array([part.flatten() for band in np.vsplit(image, h // P) for part in np.hsplit(band, w // P)])


def cut_two(image, P):
    h, w = image.shape
    return image.reshape(h // 2, 2, w // 2, 2).swapaxes(1, 2).reshape(-1, 4)


def cut_float(image, P):
    h, w = image.shape
    return image.reshape(h / P, P, w / P, P).swapaxes(1, 2).reshape(-1, P * P)


def cut_none(image, P):
    rows = []
    return [rows.append(r) for r in image]


RIGHT = {
    "receptive_field": [sees_loop, sees_recursive, sees_set, lambda widths, dilations: 1 + sum((k - 1) * d for k, d in zip(widths, dilations)), lambda widths, dilations: float(1 + np.dot(np.array(widths, float) - 1, dilations))],
    "patches": [cut, cut_loop, cut_pixels, cut_split, lambda image, P: np.einsum("apbq->abpq", image.reshape(len(image) // P, P, -1, P)).reshape(-1, P**2)],
}

WRONG = {
    "receptive_field": [
        (lambda widths, dilations: sum((k - 1) * d for k, d in zip(widths, dilations)), "middle itself"), (lambda widths, dilations: sum(widths), "added up"), (lambda widths, dilations: math.prod(widths), "were multiplied"), (lambda widths, dilations: 1 + sum(k - 1 for k in widths), "dilations have no effect"),
        (lambda widths, dilations: 1 + sum(k * d - 1 for k, d in zip(widths, dilations)), "not k·d"), (lambda widths, dilations: 1 + sum((k - 1) * d for k in widths for d in dilations), "every width met"), (lambda widths, dilations: 1 + sum(k // 2 * d for k, d in zip(widths, dilations)), "to both sides"),
        (lambda widths, dilations: str(sees_loop(widths, dilations)), "text"), (lambda widths, dilations: 1 + sum((k - 1) * d for k, d in zip(widths, dilations[::-1])), "wrong layers"), (lambda widths, dilations: 1 + sum(2 * (k // 2) * d for k, d in zip(widths, dilations)), "odd widths alone"),
        (lambda widths, dilations: widths[0] + sum((k - 1) * d for k, d in zip(widths[1:], dilations[1:])), ""), (lambda widths, dilations: 1 + (widths - 1) * dilations, "lists do not calculate"), (lambda widths, dilations: max((k - 1) * d + 1 for k, d in zip(widths, dilations)), ""), (lambda widths, dilations: [1 + (k - 1) * d for k, d in zip(widths, dilations)], ""),
        (lambda widths, dilations: len({sum(s) for s in itertools.product(*[range(0, k * d, d) for k, d in zip(widths, dilations)])}), "gaps between the taps"),
        (lambda widths, dilations: 1 + sum((k - 1) * d + 1 for k, d in zip(widths, dilations)), "one more"), (lambda widths, dilations: 1 + sum((k + 1) * d for k, d in zip(widths, dilations)), "not (k + 1)"),
        (lambda widths, dilations: 1 + sum((k - 1) * (d - 1) for k, d in zip(widths, dilations)), "side by side"),
    ],
    "patches": [
        (cut_two, "do not fill"), (cut_float, "// gives a whole number"), (cut_none, "None"), (lambda image, P: image.reshape(-1, P * P), "follow each other"), (lambda image, P: cut(image.T, P), "rows and columns are swapped"), (lambda image, P: cut(image, P)[::-1], "backwards"), (lambda image, P: [image[i : i + P][j : j + P].ravel() for i in range(0, len(image), P) for j in range(0, image.shape[1], P)], "different"),
        (lambda image, P: cut(image, P).reshape(-1, P, P), "square still"), (lambda image, P: image.reshape(image.shape[0] // P, P, image.shape[1] // P, P).swapaxes(1, 2), "in a grid"), (lambda image, P: [image[i : i + P, j : j + P].ravel() for j in range(0, image.shape[1], P) for i in range(0, len(image), P)], "column by column"),
        (lambda image, P: [image[i : i + P, j : j + P].T.ravel() for i in range(0, len(image), P) for j in range(0, image.shape[1], P)], "are turned"), (lambda image, P: image.reshape(image.shape[0] // P, P, 6 // P, P).swapaxes(1, 2).reshape(-1, P * P), ""), (lambda image, P: cut(image, P).mean(1), "averaged"), (lambda image, P: cut(image, P).T, "a patch is a row: the answer is turned"),
        (lambda image, P: [image[i : i + P, j : j + P].ravel() for i in range(image.shape[0] - P + 1) for j in range(image.shape[1] - P + 1)], "overlap"),
        (lambda image, P: [[image[i : i + P, j : j + P].ravel() for j in range(0, image.shape[1], P)] for i in range(0, image.shape[0], P)], "in a grid"),
    ],
}  # fmt: skip
