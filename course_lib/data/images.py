"""Pictures that the course draws itself: two small shapes, far apart, and the question which of them wins.

It is the game of rock, paper, scissors: each shape beats one of the two others and loses to the other, so no shape is the
strongest. A picture is 8 × 24 pixels, one channel, channels last. One shape stands in the 8 columns at the left end, the
other in the 8 at the right end, and a window that touches both has at least 11 columns.
"""

import numpy as np

HEIGHT, WIDTH, CELL = 8, 24, 4  # of a picture; a shape fills the upper left of a cell of 4 × 4 pixels
SHAPES = {  # five pixels each, so that brightness gives nothing away
    "plus": (".#.", "###", ".#."),
    "cross": ("#.#", ".#.", "#.#"),
    "corner": ("#..", "#..", "###"),
}
NAMES = tuple(SHAPES)  # each beats the next, and the last beats the first
# (left, right) of a set of six; first three: left wins
PAIRS = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)]
LABELS = np.array([1, 1, 1, 0, 0, 0])  # the class of each: 1 where the left shape beats the right one
NEAREST = 11  # columns of the narrowest window that can touch both shapes


def shape_pixels(name):
    """A shape as a (3, 3) array of zeros and ones.

    >>> shape_pixels("corner")[0]
    array([1., 0., 0.], dtype=float32)
    """
    return np.array([[pixel == "#" for pixel in row] for row in SHAPES[name]], dtype=np.float32)


def sets_of_six(count, rng, noise=0.05):
    """Draw `count` sets of six pictures that differ in nothing but the shapes: every pair of two different ones.

    Returns images (count, 6, 8, 24, 1) in float32 and their classes (count, 6): 1 where the left shape beats the right.
    In a set, the two places and the noise (standard deviation `noise`, around 0) are drawn once. Either end shows every
    shape in one picture of each class, so one end alone tells nothing.

    >>> images, labels = sets_of_six(5, np.random.default_rng(0))
    >>> images.shape, labels[0].tolist()
    ((5, 6, 8, 24, 1), [1, 1, 1, 0, 0, 0])
    """
    pixels = np.stack([shape_pixels(name) for name in NAMES])
    background = rng.normal(0, noise, size=(count, 1, HEIGHT, WIDTH, 1)).astype(np.float32)
    images = np.repeat(background, 6, axis=1)  # (count, 6, HEIGHT, WIDTH, 1)
    for six in images:
        rows, columns = _place(rng), _place(rng)
        columns = columns[0], WIDTH - 2 * CELL + columns[1]
        for picture, pair in zip(six, PAIRS, strict=True):
            for shape, row, column in zip(pair, rows, columns, strict=True):
                picture[row : row + 3, column : column + 3, 0] += pixels[shape]
    return images, np.tile(LABELS, (count, 1))


def _place(rng):
    """Where two shapes start, along one side of the picture: in the first or the second cell."""
    return CELL * rng.integers(2, size=2)
