"""Checks for the exercises of lesson 02_embeddings."""

import numpy as np

from . import Wrong, exercise, expect, to_array


@exercise
def check_lookup_gradient(lookup_gradient):
    """`lookup_gradient(grad, ids, V)`: grad (T, D), a row for each token; ids (T,) → the gradient of W_E, (V, D)."""
    grad = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    expect(
        lookup_gradient(grad[:1], np.array([2]), 4),
        [[0, 0], [0, 0], [1, 2], [0, 0]],
        "a single token of id 2: row 2 should hold its gradient and all other rows 0",
        [([[1, 2], [0, 0], [0, 0], [0, 0]], "the gradient is in row 0: it belongs to the row of the token's id"),
         ([[1, 2]] * 4, "every row got the gradient: only the row that was looked up has one")],
    )  # fmt: skip
    expect(
        lookup_gradient(grad, np.array([3, 0, 1]), 4),
        [[10, 20], [100, 200], [0, 0], [1, 2]],
        "three different ids: each row should hold the gradient of the token with that id",
        [([[1, 2], [10, 20], [100, 200], [0, 0]], "the rows stand in the order of the text: put each where its id says")],
    )  # fmt: skip
    expect(
        lookup_gradient(grad, np.array([2, 0, 2]), 4),
        [[10, 20], [0, 0], [101, 202], [0, 0]],
        "id 2 stands twice in the text: its row comes out wrong",
        [([[10, 20], [0, 0], [100, 200], [0, 0]],
          "of two tokens with one id only the last counts: a repeated id must collect both"),
         ([[10, 20], [0, 0], [1, 2], [0, 0]],
          "of two tokens with one id only the first counts: a repeated id must collect both"),
         ([[10, 20], [0, 0], [50.5, 101], [0, 0]], "a repeated id was averaged: its gradients add up")],
    )  # fmt: skip
    many = np.random.default_rng(0).integers(5, size=40)
    rows = np.random.default_rng(1).normal(size=(40, 3))
    expect(
        lookup_gradient(rows, many, 5),
        [rows[many == id].sum(axis=0) for id in range(5)],
        "a text of 40 tokens comes out wrong, though short ones are right",
    )


@exercise
def check_cosine(cosine):
    """`cosine(a, b)` of two vectors (D,) → one number."""
    a, b = np.array([3.0, 4.0]), np.array([4.0, 3.0])
    expect(
        cosine(a, b),
        0.96,
        "the cosine of (3, 4) and (4, 3) is their dot product divided by both lengths",
        [(24.0, "that is the dot product: divide it by both lengths (a / b * c divides by b and multiplies by c)"),
         (6.0, "len counts entries: the length of a vector is the root of its dot product with itself"),
         (4.8, "the dot product was divided by one length only: there are two vectors"),
         (24 / 625, "the lengths were squared: take the root of each sum of squares"),
         (24 / np.sqrt(50), "the dot product was divided by the length of the two put together"),
         (np.arccos(0.96), "that is the angle in radians: its cosine is asked for"),
         (np.degrees(np.arccos(0.96)), "that is the angle in degrees: its cosine is asked for"),
         (1 - 0.96, "that is one minus the cosine, a distance: near vectors should get a large number"),
         (np.sqrt(2), "that is the distance between the two points: the cosine looks at directions alone"),
         (24 / 49, "the lengths are sums of the entries here: a length is the root of the sum of squares")],
    )  # fmt: skip
    expect(
        cosine(a, -b),
        -0.96,
        "vectors that point away from each other should have a negative cosine",
        [(0.96, "the sign was lost: opposite directions should give a negative number"),
         (0, "a negative cosine was cut off at 0: it may go down to −1")],
    )  # fmt: skip
    expect(cosine(10 * a, b / 7), 0.96, "making a vector longer or shorter must not change the cosine")
    a, b = np.random.default_rng(2).normal(size=(2, 7))
    expect(
        cosine(a, b),
        a @ b / np.sqrt((a @ a) * (b @ b)),
        "vectors with more than two entries come out wrong",
    )


@exercise
def check_nearest(nearest):
    """`nearest(W_E, id, k)`: the ids (k,) of the tokens with the largest cosine to `id`, itself left out."""
    W_E = np.array([[1.0, 0.0], [0.8, 0.6], [0.9, 0.1], [-1.0, 0.0], [2.0, 1.0], [6.0, 20.0]])
    answer = to_array(nearest(W_E, 2, 3))
    if answer.shape == (4,):
        raise Wrong("expected 3 ids, got 4: is the token itself among them?")
    lengths = np.linalg.norm(W_E, axis=1)
    cosines = W_E @ W_E[2] / (lengths * lengths[2])
    expect(
        answer,
        [0, 4, 1],
        "the three tokens nearest to token 2, the nearest first, come out wrong",
        [([2, 0, 4], "the token itself is among its neighbours: leave it out"),
         ([3, 5, 1], "those are the farthest: sort from the largest cosine down"),
         ([1, 4, 0], "the right three, but the nearest should come first"),
         ([5, 4, 0], "a long vector wins over one that points the right way: compare cosines, not dot products"),
         ([4, 0, 2], "a long vector wins over the token itself: compare cosines, not dot products"),
         ([0, 1, 4], "those are the nearest points: compare directions, by the cosine"),
         ([0, 3, 1], "the ids behind the token have moved up by one: leave it out after sorting, not before"),
         (cosines[[0, 4, 1]], "those are the cosines: their ids are asked for")],
    )  # fmt: skip
    random = np.random.default_rng(3).normal(size=(30, 4))
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    order = [id for id in np.argsort(-(unit @ unit[7])) if id != 7]
    expect(nearest(random, 7, 10), order[:10], "ten neighbours among thirty tokens come out wrong")
