"""Checks for the exercises of lesson 13_vision."""

import numpy as np

from . import Wrong, exercise, expect, to_array


@exercise
def check_receptive_field(receptive_field):
    """`receptive_field(widths, dilations)`: inputs that one output sees after one convolution for each list entry."""
    if to_array(receptive_field([3], [1])).shape != ():
        raise Wrong("expected one number: how many inputs in a row the output sees")
    expect(
        receptive_field([3], [1]),
        3,
        "one convolution of width 3 sees 3 inputs",
        [(2, "the middle itself is missing: a layer adds to the one input you start with")],
    )
    expect(
        receptive_field([3, 3], [1, 1]),
        5,
        "two convolutions of width 3: draw the triangle and count the inputs at its base",
        [(6, "the widths were added up, but neighbouring windows overlap"),
         (9, "the widths were multiplied, but neighbouring windows overlap"),
         (3, "the second layer made no difference: its window covers 3 outputs of the first")],
    )  # fmt: skip
    expect(
        receptive_field([5, 3, 9], [1, 1, 1]),
        15,
        "widths 5, 3 and 9 come out wrong: what does each layer add?",
        [(7, "every layer was given width 3: each has its own"),
         (13, "every layer was given the width of the first: each has its own"),
         (25, "every layer was given the width of the last: each has its own")],
    )  # fmt: skip
    expect(
        receptive_field([3, 5], [1, 4]),
        19,
        "dilations come out wrong: with dilation 4, the taps of a window stand 4 apart",
        [(7, "the dilations have no effect"),
         (23, "a window of width k with dilation d spans (k − 1)·d + 1 inputs, not k·d"),
         (22, "a window of width k with dilation d spans (k − 1)·d + 1 inputs, not k·d"),
         (25, "the sum of the widths was multiplied: each layer has its own dilation"),
         (13, "the dilations went to the wrong layers")],
    )  # fmt: skip
    expect(receptive_field([], []), 1, "without any layer an output is its input, and sees 1")


@exercise
def check_patches(patches):
    """`patches(image, P)`: image (height, width) → (N, P·P), patch by patch in reading order."""
    image = np.arange(24.0).reshape(4, 6)
    right = np.array([[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11],
                      [12, 13, 18, 19], [14, 15, 20, 21], [16, 17, 22, 23]])  # fmt: skip
    answer = to_array(patches(image, 2))
    if answer.shape == (2, 3, 2, 2):
        raise Wrong("the patches are right if they stand in a grid: make one list of N of them, each a row of P·P pixels")
    expect(
        answer,
        right,
        "the pixels are in the wrong places: compare patch 0 of arange(24).reshape(4, 6) with what you cut by hand",
        [(image.reshape(6, 4), "each row holds 4 pixels that follow each other in the file, not a square of 2 × 2"),
         (right[[0, 3, 1, 4, 2, 5]], "the patches are listed column by column: read them like a text, row by row"),
         (right[:, [0, 2, 1, 3]], "the pixels inside each patch are turned: read them row by row"),
         (right[[0, 3, 1, 4, 2, 5]][:, [0, 2, 1, 3]], "rows and columns are swapped, of the patches and inside them"),
         (right[:, ::-1], "the pixels inside each patch are backwards"),
         (right[::-1], "the patches are listed backwards")],
    )  # fmt: skip
    tall = np.arange(54.0).reshape(9, 6)
    expect(patches(tall, 3), [tall[i : i + 3, j : j + 3].ravel() for i in (0, 3, 6) for j in (0, 3)],
           "another size comes out wrong: use P and the image's height and width")  # fmt: skip
