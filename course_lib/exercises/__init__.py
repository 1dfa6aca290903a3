"""Checks for the lessons' exercises: each takes the learner's function and names the likely mistake.

A check raises `Wrong` with one sentence that points at the mistake without giving the answer away.
Only an untouched stub, which raises NotImplementedError, gets a plain "not written yet", so that a
lesson runs from top to bottom before its exercises are done. What can go wrong in any exercise (nothing
returned, an input changed, an exception, a wrong type, NaN) has its sentence here or in `answers`, whose rule
of what is right is the grader's too, not in each check.
"""

import copy
import functools
import linecache
import traceback

import numpy as np

from . import graded
from .answers import (
    CHANGED,
    NOT_A_NUMBER,
    NOTHING,
    Refused,
    close,
    few_digits,
    kind,
    numbers_of,
    plain,
    single,
)


class Wrong(AssertionError):
    """The learner's function gave a wrong answer; the message says what to look at."""

    def _render_traceback_(self):
        """What Jupyter shows instead of a traceback, whose lines would be the check's, not the learner's."""
        return [f"Wrong: {self}"]


def exercise(check):
    """Turn `check(function)`, which raises Wrong, into the check a lesson calls; it prints the outcome."""

    @functools.wraps(check)
    def run(function):
        if not callable(function):
            raise Wrong(f"give the check your function itself, without calling it: this is {kind(function)}")
        answers = []
        try:
            check(watched(function, answers))
        except NotImplementedError as error:
            *_, (frame, _) = traceback.walk_tb(error.__traceback__)
            itself = frame.f_code is getattr(function, "__code__", None)
            print("not written yet" if itself else f"not written yet: {frame.f_code.co_name}")
        except Wrong:
            raise
        except Exception as error:  # the check met an answer that it was not made for
            got = kind(answers[-1]) if answers else "nothing"
            raise Wrong(f"what your function returns has the wrong form: this is {got}") from error
        else:
            print("right")
            graded.warn(function)

    return run


def watched(function, answers):
    """The learner's function, with a Wrong for each mistake that has nothing to do with the exercise.

    Every answer is put into the list `answers`, in its plain form.
    """

    def call(*inputs):
        before = copy.deepcopy(inputs)
        try:
            answer = plain(function(*inputs))
        except NotImplementedError:
            raise
        except Refused as error:
            raise Wrong(str(error)) from None
        except KeyboardInterrupt as error:
            raise Wrong(f"you interrupted your function{_at(error)}: is there a loop that never ends?") from error
        except Exception as error:
            raise Wrong(_stopped(error)) from error
        if answer is None:
            raise Wrong(NOTHING)
        if not _same(inputs, before):
            raise Wrong(CHANGED)
        answers.append(answer)
        return answer

    return call


def _stopped(error):
    """A sentence that names the exception and where it left the learner's function."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if "Tensor" in what and "ndarray" in what:
        what += " (the check gives NumPy arrays: torch.from_numpy makes tensors of them)"
    return f"your function stopped{_at(error)} with {what}"


def _at(error):
    """The line of the learner's function at which the exception left it, where there is one."""
    frame = error.__traceback__.tb_next  # None where the call itself failed
    line = frame and linecache.getline(frame.tb_frame.f_code.co_filename, frame.tb_lineno).strip()
    return f" at `{line}`" if line else ""


def _same(a, b):
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b)
    return a is b or a == b


def expect(answer, right, message, slips=()):
    """Raise Wrong unless `answer` equals `right` to 6 digits.

    slips: pairs (value, message), the mistakes this case tells apart: the first whose value the
    answer equals gives its message instead.
    """
    answer, right = to_array(answer, nan=True), np.asarray(right)
    if answer.shape != right.shape:
        raise Wrong(f"expected the shape {right.shape}, got {answer.shape}")
    if close(answer, right) and not single(answer, right):
        return
    for slip, says in slips:
        if close(answer, slip):
            raise Wrong(says)
    no_nan(answer)
    raise Wrong(few_digits(answer, right) or message)


def to_array(answer, nan=False):
    """The learner's answer as an array of numbers; raises Wrong for anything else, for NaN unless `nan`."""
    array = numbers_of(answer)
    if array is None:
        parts = f" of {len(answer)} parts that do not fit together" if isinstance(answer, tuple | list) else ""
        raise Wrong(f"expected an array of numbers, got a {type(answer).__name__}{parts}")
    return array.astype(float) if nan else no_nan(array.astype(float))


def three(answer, names):
    """The answer; raises Wrong unless it is three things, which `names` says."""
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Wrong(f"return three things: {names}")
    return answer


def no_nan(array):
    """The array; raises Wrong if it holds NaN."""
    if np.isnan(array).any():
        raise Wrong(NOT_A_NUMBER)
    return array


def distribution(scores, axis=-1):
    """Softmax along an axis, for the right values and the slips of the checks."""
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
