"""Weights set by hand for a head that looks back: where it looks decides, not which weights it has."""

import numpy as np
import pytest

from course_lib.exercises import Wrong
from course_lib.exercises.lesson_04 import check_look_back


def back(strength=20.0, shift=1, meaning=0.0):
    """Queries moved by `shift` places, keys as they are."""
    W_Q, W_K = np.zeros((9, 9)), np.zeros((9, 9))
    W_Q[3:, 3:] = strength * np.eye(6, k=-shift)
    W_K[3:, 3:] = np.eye(6)
    W_Q[:3, :3] = W_K[:3, :3] = meaning * np.eye(3)
    return W_Q, W_K


def narrow():
    """Places as angles in a plane: the query of place t points where the key of place t − 1 points."""
    angle = np.arange(6) * np.pi / 3
    keys = np.column_stack([np.cos(angle), np.sin(angle)])
    queries = 20 * np.column_stack([np.cos(angle - np.pi / 3), np.sin(angle - np.pi / 3)])
    return np.vstack([np.zeros((3, 2)), queries]), np.vstack([np.zeros((3, 2)), keys])


def one_number():
    """K = 2: the key of place s is (s, s²), and the query asks for the highest −(s − t + 1)²."""
    place = np.arange(6.0)
    queries, keys = np.column_stack([2 * (place - 1), -np.ones(6)]), np.column_stack([place, place**2])
    return 10 * np.vstack([np.zeros((3, 2)), queries]), np.vstack([np.zeros((3, 2)), keys])


def moved_keys():
    return back(shift=0)[0], np.vstack([np.zeros((3, 9)), np.eye(9)[4:], np.zeros((1, 9))])


def one_row_right():
    W_Q, W_K = np.zeros((9, 9)), np.eye(9)
    W_Q[4, 3] = 30
    W_K[:3] = 0
    return W_Q, W_K


RIGHT = [
    back,
    lambda: back(1000.0),
    narrow,
    one_number,
    moved_keys,
    lambda: [[[float(n) for n in row] for row in W] for W in back()],
]
WRONG = [
    (lambda: (np.zeros((9, 9)), np.zeros((9, 9))), "all alike"),
    (lambda: (np.eye(9) * 10, np.eye(9) * 10), "at itself"),
    (lambda: back(1.0, shift=0), "at itself"),
    (lambda: back(shift=-1), "place after"),
    (lambda: back()[::-1], "place after"),
    (lambda: back(1.0), "lead too small: token 1 gives 0.58"),
    (lambda: back(5.0), "lead too small"),
    (lambda: back(20.0, meaning=5.0), "what the words mean"),
    (lambda: back(shift=2), "place 1, counted from 0, gives"),
    (one_row_right, "in place 2"),
    (lambda: (back()[0][3:], back()[1][3:]), r"shape \(9, K\)"),
    (lambda: (np.ones((9, 2)), np.ones((9, 3))), "one width"),
    (lambda: back()[0], "two matrices"),
    (lambda: (back()[0] / 0.0, back()[1]), "NaN|too large"),
]


@pytest.mark.parametrize("answer", RIGHT)
def test_any_matrices_that_do_it_are_right(answer, capsys):
    check_look_back(answer)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize(("answer", "says"), WRONG)
def test_others_get_one_sentence(answer, says):
    with pytest.raises(Wrong, match=says) as caught:
        check_look_back(answer)
    assert "\n" not in str(caught.value) and not str(caught.value).endswith(".")


def test_a_stub_is_not_written(capsys):
    def look_back():
        raise NotImplementedError

    check_look_back(look_back)
    assert capsys.readouterr().out == "not written yet\n"
