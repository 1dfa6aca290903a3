"""Right and wrong answers to the weights that are set by hand in lesson 04_attention."""

import numpy as np

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
    (check_look_back, back),
    (check_look_back, lambda: back(1000.0)),
    (check_look_back, narrow),
    (check_look_back, one_number),
    (check_look_back, moved_keys),
    (check_look_back, lambda: [[[float(n) for n in row] for row in W] for W in back()]),
]
WRONG = [
    (check_look_back, lambda: (np.zeros((9, 9)), np.zeros((9, 9))), "all alike"),
    (check_look_back, lambda: (np.eye(9) * 10, np.eye(9) * 10), "at itself"),
    (check_look_back, lambda: back(1.0, shift=0), "at itself"),
    (check_look_back, lambda: back(shift=-1), "place after"),
    (check_look_back, lambda: back()[::-1], "place after"),
    (check_look_back, lambda: back(1.0), "lead too small: token 1 gives 0.58"),
    (check_look_back, lambda: back(5.0), "lead too small"),
    (check_look_back, lambda: back(20.0, meaning=5.0), "what the words mean"),
    (check_look_back, lambda: back(shift=2), "place 1, counted from 0, gives"),
    (check_look_back, one_row_right, "in place 2"),
    (check_look_back, lambda: (back()[0][3:], back()[1][3:]), r"shape \(9, K\)"),
    (check_look_back, lambda: (np.ones((9, 2)), np.ones((9, 3))), "one width"),
    (check_look_back, lambda: back()[0], "two matrices"),
    (check_look_back, lambda: (back()[0] / 0.0, back()[1]), "NaN|too large"),
]
