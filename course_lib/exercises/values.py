"""Values, for the judge: whether two are alike, another of the same kind, and one in few words."""

import numpy as np

from . import answers, compare

__all__ = ["alike", "another", "blurred", "holds", "in_one_line", "shown", "without_error"]


def alike(a, b):
    """Equal in every bit that shows; NaN equals NaN."""
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list):
        return isinstance(b, tuple | list) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape
        return both and np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")
    if isinstance(a, float) and isinstance(b, float):
        return a == b or np.isnan(a) and np.isnan(b)
    return a is b or type(a) is type(b) and (a == b or not isinstance(a, int | str | bool | bytes | set))


NOT_FINITE = 98765.4321  # no right answer


def blurred(value):
    """The value with one number for all that is not finite: among extremes, NaN and the infinities are one thing."""
    if isinstance(value, tuple):
        return tuple(map(blurred, value))
    if isinstance(value, dict):
        return {key: blurred(item) for key, item in value.items()}
    array = None if isinstance(value, dict) else answers.numbers_of(value)
    if array is None or array.dtype.kind != "f":
        return value
    return np.where(np.isfinite(array), array, NOT_FINITE)


def without_error(*replies):
    """Whether all replies came with a value."""
    return not any(reply.error for reply in replies)


def another(argument):
    """Something else of the same kind, to see whether it matters; None where there is none."""
    if isinstance(argument, np.ndarray) and argument.dtype == bool:
        return np.ones_like(argument)
    if isinstance(argument, np.ndarray) and argument.dtype.kind == "f" and argument.size:
        return argument[..., ::-1] * 0.7 + 0.1
    if isinstance(argument, float):
        return argument * 0.7 + 0.1
    if isinstance(argument, dict):
        others = {key: another(value) for key, value in argument.items()}
        return {key: argument[key] if other is None else other for key, other in others.items()}
    return None


def holds(value, test):
    """Whether a test of arrays, as np.isnan, is true of any number in a plain answer."""
    if isinstance(value, dict):
        return any(holds(one, test) for one in value.values())
    array = answers.numbers_of(value)
    if array is None:
        return isinstance(value, tuple | list) and any(holds(one, test) for one in value)
    return array.dtype.kind == "f" and bool(test(array).any())


def in_one_line(value, precision=4):
    """A value in one line; a text in quotes, so that blanks and what cannot be printed are seen.

    >>> in_one_line("a "), in_one_line(np.array([0.5])), in_one_line("missing")
    ("'a '", '[0.5]', 'missing')
    """
    # the two are words of `compare.first_difference`, and no answer's
    if isinstance(value, str) and value not in ("missing", "not there"):
        value = repr(value)
    if isinstance(value, np.ndarray | float | np.floating):
        text = np.array2string(
            np.asarray(value), precision=precision, separator=", ", threshold=40, max_line_width=10_000
        )
        value = " ".join(text.split())
    text = str(value)
    return text if len(text) <= 160 else text[:157] + "…"


def shown(argument, letters, name):
    """An argument of the failing call: its numbers where they are few, else its shape."""
    if isinstance(argument, np.ndarray) and argument.size > 12:
        return f"{name} of shape {compare.spell(argument.shape, letters)}"
    if isinstance(argument, dict) and any(isinstance(one, np.ndarray) for one in argument.values()):
        return f"{name} with {', '.join(list(argument)[:3])}, …"
    if isinstance(argument, list) and any(isinstance(one, tuple) for one in argument):  # pairs of arrays
        return f"{name} of {len(argument)} pair{'s' * (len(argument) != 1)}"
    return repr(argument) if isinstance(argument, str) else in_one_line(argument)
