"""Checks for the lessons' exercises: each takes the learner's function and names the likely mistake.

A check raises `Wrong` with one sentence that points at the mistake without giving the answer away.
Only an untouched stub, which raises NotImplementedError, gets a plain "not written yet", so that a
lesson runs from top to bottom before its exercises are done.
"""

import functools

import numpy as np


class Wrong(AssertionError):
    """The learner's function gave a wrong answer; the message says what to look at."""


def exercise(check):
    """Turn `check(function)`, which raises Wrong, into the check a lesson calls; it prints the outcome."""

    @functools.wraps(check)
    def run(function):
        try:
            check(function)
        except NotImplementedError:
            print("not written yet")
        else:
            print("right")

    return run


def expect(answer, right, message, slips=()):
    """Raise Wrong unless `answer` equals `right` to 6 digits.

    slips: pairs (value, message), the mistakes this case tells apart: the first whose value the
    answer equals gives its message instead.
    """
    answer, right = to_array(answer), np.asarray(right)
    if answer.shape != right.shape:
        raise Wrong(f"expected the shape {right.shape}, got {answer.shape}")
    if close(answer, right):
        return
    for slip, says in slips:
        if close(answer, slip):
            raise Wrong(says)
    raise Wrong(message)


def to_array(answer):
    """The learner's answer as an array of numbers; raises Wrong for anything else."""
    if answer is None:
        raise Wrong("your function returned nothing: is a return missing?")
    try:
        array = np.asarray(answer)
        return array if array.dtype == bool else array.astype(float)
    except (TypeError, ValueError):
        raise Wrong(f"expected an array of numbers, got {type(answer).__name__}") from None


def close(a, b):
    """Equal shapes, and equal numbers to 6 digits."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-12)
