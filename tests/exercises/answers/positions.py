"""Right and wrong answers to the exercises of lesson 03_positional_encoding."""

import numpy as np

from course_lib.exercises.positions import check_position_row, check_rotate_pairs


def row_angles(pos, D):
    return pos / 10000 ** (np.arange(0, D, 2) / D)


def row(angle, sine=np.sin, cosine=np.cos):
    """A position row whose angle for index j is angle(pos, j, D)."""
    return lambda pos, D: [(sine, cosine)[j % 2](angle(pos, j, D)) for j in range(D)]


def right_angle(pos, j, D):
    return pos / 10000 ** ((j - j % 2) / D)


def row_with_numpy(pos, D):
    angles = pos / 10000 ** (np.arange(0, D, 2) / D)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(-1)


def turn(x, angles, sign=1, halves=False):
    pairs = x.reshape(2, -1).T if halves else x.reshape(-1, 2)
    a, b = pairs[:, 0], pairs[:, 1]
    c, s = np.cos(angles), sign * np.sin(angles)
    turned = np.stack([a * c - b * s, a * s + b * c], axis=1)
    return turned.T.ravel() if halves else turned.ravel()


def turn_in_place(x, angles):
    x[:] = turn(x, angles)
    return x


def turn_with_the_new_first_member(x, angles):
    y = x.copy()
    y[0::2] = y[0::2] * np.cos(angles) - y[1::2] * np.sin(angles)
    y[1::2] = y[0::2] * np.sin(angles) + y[1::2] * np.cos(angles)
    return y


def row_of_complex_numbers(pos, D):
    return (1j * np.exp(-1j * row_angles(pos, D))).view(float)


def turn_by_matrices(x, angles):
    matrices = [[[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]] for t in angles]
    return np.concatenate([matrix @ pair for matrix, pair in zip(matrices, x.reshape(-1, 2), strict=True)])


RIGHT = [
    (check_position_row, row(right_angle)),
    (check_position_row, row_with_numpy),
    (check_rotate_pairs, turn),
    (check_rotate_pairs, lambda x, angles: ((x[::2] + 1j * x[1::2]) * np.exp(1j * angles)).view(float)),
    (check_position_row, row_of_complex_numbers),
    (check_rotate_pairs, turn_by_matrices),
]  # fmt: skip
WRONG = [
    (check_position_row, row(right_angle, np.cos, np.sin), "changed places"),
    (check_position_row, lambda pos, D: np.concatenate([np.sin(row_angles(pos, D)), np.cos(row_angles(pos, D))]), "alternate"),
    (check_position_row, row(lambda pos, j, D: np.radians(right_angle(pos, j, D))), "radians"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** ((j + j % 2) / D)), "do not raise the exponent"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** (j / D)), "exponent of its own"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** (2 * (j - j % 2) / D)), "twice too large"),
    (check_position_row, row(lambda pos, j, D: pos / 10000 ** ((j - j % 2) / 2 / D)), "half of what"),
    (check_position_row, row(lambda pos, j, D: pos * 10000 ** ((j - j % 2) / D)), "divide the position"),
    (check_position_row, lambda pos, D: row(right_angle)(pos, D) + [0.0], "shape"),
    (check_position_row, lambda pos, D: None, "return missing"),
    (check_position_row, lambda pos, D: "abcd", "array of numbers"),
    (check_position_row, lambda pos, D: [np.zeros(D), 0], "a list of 2 parts that do not fit together"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles, sign=-1), "the other way"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles, halves=True), "neighbours"),
    (check_rotate_pairs, turn_in_place, "changed what it was given"),
    (check_rotate_pairs, lambda x, angles: turn(x, np.full_like(angles, angles[0])), "only entries 0 and 1"),
    (check_rotate_pairs, lambda x, angles: x + np.sin(np.repeat(angles, 2)), "quarter turn"),
    (check_rotate_pairs, turn_with_the_new_first_member, "both need the old values"),
    (check_rotate_pairs, lambda x, angles: turn(x, angles).reshape(-1, 2).T.ravel(), "they should alternate"),
    (check_rotate_pairs, lambda x, angles: x * 2, "angle of 0"),
]  # fmt: skip
