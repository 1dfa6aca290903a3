"""Checks for the exercises of lesson 03_positional_encoding."""

import numpy as np

from . import Wrong, exercise, expect, to_array


@exercise
def check_position_row(position_row):
    """`position_row(pos, D)` is row `pos` of the sinusoidal table: D numbers."""
    expect(
        position_row(0, 4),
        [0, 1, 0, 1],
        "position 0 has every angle 0: sines at the even indices give 0, cosines at the odd ones give 1",
        [([1, 0, 1, 0], "sine and cosine have changed places: the even indices hold the sines"),
         ([0, 0, 1, 1], "the sines stand together and the cosines after them: they should alternate")],
    )  # fmt: skip
    expect(
        position_row(1, 2),
        [np.sin(1), np.cos(1)],
        "with D = 2 there is one pair and its angle is the position itself",
        [
            ([np.sin(np.radians(1)), np.cos(np.radians(1))], "that is the sine of 1 degree: angles are in radians"),
            ([np.sin(1), np.cos(1e-4)],
             "a cosine shares the angle of the sine before it: do not raise the exponent for odd indices"),
            ([np.sin(1), np.cos(0.01)],
             "index 1 uses an exponent of its own: both members of a pair use the even index"),
        ],
    )  # fmt: skip
    expect(
        position_row(1, 4),
        [np.sin(1), np.cos(1), np.sin(0.01), np.cos(0.01)],
        "position 1, D = 4: the second pair's angle should be the position divided by the root of 10000",
        [
            ([np.sin(1), np.cos(1), np.sin(1e-4), np.cos(1e-4)],
             "the exponent is twice too large: it is the even index divided by D, not by D/2"),
            ([np.sin(1), np.cos(1), np.sin(0.1), np.cos(0.1)],
             "the exponent is half of what it should be: it is the even index divided by D"),
            ([np.sin(1), np.cos(1), np.sin(100), np.cos(100)],
             "the angle grows with the index: divide the position by the power of 10000"),
        ],
    )  # fmt: skip
    expect(position_row(7, 6), _row(7, 6), "position 7 of width 6 is wrong, though small cases are right")


@exercise
def check_rotate_pairs(rotate_pairs):
    """`rotate_pairs(x, angles)` turns pair i of x, entries 2i and 2i+1, by angles[i]; x has 2·len(angles) entries."""
    expect(rotate_pairs(np.array([3.0, 4.0]), np.array([0.0])), [3, 4], "an angle of 0 must leave x as it was")
    expect(
        rotate_pairs(np.array([1.0, 0.0]), np.array([np.pi / 2])),
        [0, 1],
        "a quarter turn takes (1, 0) to (0, 1)",
        [([0, -1], "that is a turn the other way: one of the two sines has the wrong sign"),
         ([0, 0], "the second member was turned with the new first one: both need the old values")],
    )
    halves = np.array([-3.0, 2.0, 1.0, 4.0])
    expect(
        rotate_pairs(np.array([1.0, 2.0, 3.0, 4.0]), np.array([np.pi / 2, 0.0])),
        [-2, 1, 3, 4],
        "with angles (90°, 0) only entries 0 and 1 may change",
        [(halves, "entry 0 was paired with entry 2: the pairs are neighbours, (0, 1) and (2, 3)"),
         ([-2, 3, 1, 4], "the first members stand together and the second ones after them: they should alternate")],
    )
    x = np.array([0.5, -1.5, 2.0, 0.25])
    before = x.copy()
    turned = to_array(rotate_pairs(x, np.array([0.3, 1.1])))
    if not np.array_equal(x, before):
        raise Wrong("the input was changed: build a new array")
    if not np.isclose(np.linalg.norm(turned), np.linalg.norm(x)):
        raise Wrong("a turn keeps the length of a vector; yours changed it")
    expect(turned, np.ravel(_turned(x.reshape(2, 2), [0.3, 1.1])), "two different angles at once come out wrong")


def _row(pos, D):
    pairs = [(np.sin(pos / 10000 ** (2 * i / D)), np.cos(pos / 10000 ** (2 * i / D))) for i in range(D // 2)]
    return np.ravel(pairs)


def _turned(pairs, angles):
    return [
        (a * np.cos(t) - b * np.sin(t), a * np.sin(t) + b * np.cos(t)) for (a, b), t in zip(pairs, angles, strict=True)
    ]
