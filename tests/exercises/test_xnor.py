"""Weights set by hand for XNOR: what the network answers decides, not which weights it has."""

import numpy as np
import pytest

from course_lib.exercises import Wrong
from course_lib.exercises.lesson_07 import check_xnor


def network(columns, c, w, b):
    """An answer: one column of W for each hidden unit."""
    return lambda: (np.array(columns, dtype=float).T, np.array(c), np.array(w), b)


DIFFERENCES = [[1, -1], [-1, 1]]  # max(0, x_1 − x_2) and max(0, x_2 − x_1)

RIGHT = {
    "XOR turned over": network(DIFFERENCES, [0, 0], [-1, -1], 1),
    "both off, both on": network([[-1, -1], [1, 1]], [1, -1], [1, 1], 0),
    "one unit bends": network([[1, 1], [1, 1]], [0, -1], [-1, 2], 1),
    "steeper": network([[3, -3], [-5, 5]], [0, 0], [-1 / 3, -1 / 5], 1),
    "a third, idle unit": network([*DIFFERENCES, [0, 0]], [0, 0, 1], [-1, -1, 1], np.array([0.0])),
    "lists": lambda: [[[1, -1], [-1, 1]], [0, 0], [-1, -1], 1],
}

WRONG = [
    (network(DIFFERENCES, [0, 0], [1, 1], 0), "this is XOR"),
    (network(DIFFERENCES, [0, 0], [-1, -1], 0), "1 too low"),
    (network(DIFFERENCES, [0, 0], [-1, -1], 2), "1 too high"),
    (network(DIFFERENCES, [0, 0], [-0.5, -0.5], 1), "half-way"),
    (network([[1, 1]], [-1], [1], 0), "this is AND"),
    (network([[-1, -1]], [1], [1], 0), "this is NOR"),
    (network([[1, 1], [1, 1]], [0, -1], [1, -1], 0), "this is OR"),
    (network([[1, 1]], [-1], [-1], 1), "this is NAND"),
    (network(DIFFERENCES, [2, 2], [-1, -1], 1), "no hidden unit bends"),
    (network(DIFFERENCES, [0, 0], [0, 0], 0.5), "no hidden unit bends"),
    (network(DIFFERENCES, [0, 0], [-2, -1], 1), "yours are 1, 0, -1, 1"),
    (network(DIFFERENCES, [np.nan, 0], [-1, -1], 1), "yours are nan"),
    (network(DIFFERENCES, [0], [-1, -1], 1), r"c has the shape \(2,\)"),
    (network(DIFFERENCES, [0, 0], [-1], 1), r"w has the shape \(2,\)"),
    (network(DIFFERENCES, [0, 0], [[-1], [-1]], 1), r"w has the shape \(2,\)"),
    (network(DIFFERENCES, [0, 0], [-1, -1], [1, 1]), "b is one number"),
    (network([[1], [-1]], [0, 0], [-1, -1], 1), "two rows"),
    (lambda: ([[1, -1], [-1]], [0, 0], [-1, -1], 1), "rows of equal length"),
    (lambda: ("W", [0, 0], [-1, -1], 1), "W is not an array"),
    (lambda: (np.eye(2), np.zeros(2), np.ones(2)), "four things"),
    (lambda: {"W": np.eye(2), "c": [0, 0], "w": [1, 1], "b": 0}, "four things"),
    (lambda: None, "return missing"),
    (lambda: 1 / 0, "stopped"),
    (lambda x: x, "stopped"),
]


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_any_weights_that_do_it_are_right(answer, capsys):
    check_xnor(answer)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize(("answer", "says"), WRONG)
def test_other_weights_get_one_sentence(answer, says):
    with pytest.raises(Wrong, match=says):
        check_xnor(answer)


def test_a_stub_is_not_written_and_a_raise_left_below_the_weights_is_named(capsys):
    def xnor():
        raise NotImplementedError

    check_xnor(xnor)
    assert capsys.readouterr().out == "not written yet\n"

    def xnor_with_raise():
        W = [[1, -1], [-1, 1]]
        raise NotImplementedError(W)

    with pytest.raises(Wrong, match="delete that line"):
        check_xnor(xnor_with_raise)
