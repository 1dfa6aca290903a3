"""What an answer may be made of, and when it is right: one rule for the lessons' checks and for the grader.

`plain` brings whatever a function returned into a plain form, in a lesson and in the grader's sandbox, which
has this file and NumPy alone; `same` compares two plain answers. What sets them apart, `compare` says.
"""

import numbers
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import numpy as np

MOST_NUMBERS, MOST_ITEMS, DEEPEST = 1_000_000, 100_000, 20  # in one array, in one list, lists in lists

NOTHING = "your function returned nothing: is a return missing, or is it append, sort or np.add.at that it returns, which give None?"
CHANGED = "your function changed what it was given: build something new, or work on a copy"


class Refused(TypeError):
    """An answer of a kind that is never right; the message is the sentence for the learner."""


def plain(answer, depth=0):
    """The answer as None, bool, int, float, str, bytes, and lists, tuples, dicts and arrays of these.

    Arrays become bool, int64 or float64 and of no subclass, those without an axis become numbers, and whatever
    can be gone through becomes a list. Raises Refused for anything else, complex numbers and text in arrays too.

    >>> plain({np.int64(3): np.float32(0.5)}), plain(np.array(7)), plain(map(abs, [-1, 2]))
    ({3: 0.5}, 7, [1, 2])
    """
    if answer is None or type(answer) in (bool, float, str, bytes):
        return answer
    if depth > DEEPEST:
        raise Refused(f"the answer holds lists in lists, more than {DEEPEST} deep")
    if isinstance(answer, np.ma.MaskedArray) and np.ma.is_masked(answer):
        raise Refused(
            "the answer is a masked array that hides some of its entries: every entry has to be a number"
        )
    if isinstance(answer, type) or callable(answer) and not hasattr(answer, "__array__"):
        raise Refused(f"your function returned {kind(answer)}, not what it computed")
    if isinstance(answer, str):
        return str(answer)
    if hasattr(answer, "detach"):  # a torch tensor; torch itself need not be loaded
        answer = answer.detach().cpu().numpy()
    if hasattr(answer, "__array__"):
        return _plain_array(np.asarray(answer), depth)
    if isinstance(answer, numbers.Integral):
        return int(answer) if -(2**63) <= answer < 2**63 else _too_large(answer)
    if isinstance(answer, numbers.Complex) and not isinstance(answer, numbers.Real):
        raise Refused("expected real numbers, got complex ones")
    if isinstance(answer, bytearray | memoryview):
        return bytes(answer)
    if isinstance(answer, Mapping):
        return {plain(key, depth + 1): plain(answer[key], depth + 1) for key in _counted(answer)}
    if isinstance(answer, AbstractSet):
        raise Refused("your function returned a set, which has no order: return a list")
    if isinstance(answer, Iterable):
        items = [plain(item, depth + 1) for item in _counted(answer)]
        return tuple(items) if isinstance(answer, tuple) else items
    if hasattr(answer, "__float__"):
        return float(answer)
    if hasattr(answer, "__await__"):
        answer.close()  # or Python warns that it never ran
        raise Refused("your function is async, so that it returned a coroutine: leave out the async")
    raise Refused(f"what your function returns has the wrong form: this is {kind(answer)}")


def _plain_array(array, depth):
    """An array of numbers; objects are looked at one by one, and may be numbers or lists."""
    if array.dtype.kind == "O":
        items = plain(array.tolist(), depth + 1)
        flat = (
            np.asarray(items)
            if array.ndim == 0 or all(type(x) in (bool, int, float) for x in array.flat)
            else None
        )
        return items if flat is None or flat.ndim == 0 else flat
    if array.dtype.kind == "c":
        raise Refused("expected real numbers, got complex ones")
    if array.dtype.kind in "US":
        raise Refused("expected numbers, got an array of text")
    if array.dtype.kind not in "biuf":
        raise Refused(f"expected numbers, got an array of {array.dtype}")
    if max(array.size, *array.shape, 0) > MOST_NUMBERS:  # rows without numbers cost time and memory too
        raise Refused(f"the answer holds more than {MOST_NUMBERS:,} numbers or rows")
    if array.dtype.kind in "iu" and array.size and int(array.max()) >= 2**63:
        array = array.astype(float)
    array = array.astype({"b": bool, "f": np.float64}.get(array.dtype.kind, np.int64))  # a copy
    return array if array.ndim else array.item()


def _counted(items):
    """The items, one after another; Refused when they do not end."""
    for n, item in enumerate(items):
        if n == MOST_ITEMS:
            raise Refused(f"the answer holds more than {MOST_ITEMS:,} items: does it ever end?")
        yield item


def _too_large(number):
    try:
        return float(number)
    except OverflowError:
        raise Refused("the answer is a whole number of more than 300 digits") from None


def same(answer, right):
    """Whether a plain answer is right: equal in kind and shape, and in value to 6 digits.

    Lists, tuples and arrays are one kind; several things, a tuple, are never one array. Where booleans are asked
    for, numbers are wrong. What a Counter does not hold counts as 0. Numbers that 32-bit floats can hold are
    wrong where the right ones are no such numbers: so a mark does not depend on how the rounding falls.

    >>> same([1, 2], np.array([1.0, 2.0])), same({(1, 2): 3, (2, 2): 0}, Counter({(1, 2): 3}))
    (True, True)
    >>> same(float(np.float32(0.1)), 0.1)
    False
    """
    if isinstance(right, Counter) and isinstance(answer, dict):
        answer = {key: count for key, count in answer.items() if not same(count, 0)}
        right = {key: count for key, count in right.items() if count}
    if isinstance(right, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == right.keys()
            and all(same(answer[k], right[k]) for k in right)
        )
    if right is None or isinstance(right, str | bytes):
        return type(answer) is type(right) and answer == right
    if isinstance(right, tuple) or (numbers_of(right) is None and isinstance(right, list)):
        return (
            isinstance(answer, tuple | list) and len(answer) == len(right) and all(map(same, answer, right))
        )
    answer, right = numbers_of(answer), numbers_of(right)
    if answer is None or right is None or (right.dtype == bool and answer.dtype != bool and answer.size):
        return False
    return close(answer, right) and not np.isnan(answer).any() and not single(answer, right)


def close(a, b):
    """Equal shapes, and equal numbers to 6 digits; NaN equals NaN."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True)


def single(answer, right):
    """The numbers have only the digits of 32-bit floats, whatever their dtype, and the right ones have more.

    What 64-bit floats round away is no digit: 1 is as good as the 0.9999999999999998 of another order of sums.

    >>> single(1.0, 0.9999999999999998), single(float(np.float32(0.1)), 0.1)
    (False, True)
    """
    with np.errstate(all="ignore"):
        short = [np.array_equal(a, np.asarray(a).astype(np.float32), equal_nan=True) for a in (answer, right)]
    return (
        short[0] and not short[1] and not np.allclose(answer, right, rtol=1e-14, atol=1e-15, equal_nan=True)
    )


def numbers_of(value):
    """A plain value as an array of numbers; None where it is none."""
    if isinstance(value, bytes):
        value = list(value)
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def kind(answer):
    """What an answer is, for a message: its type, and the shape of an array.

    >>> kind([1, 2]), kind(np.ones((2, 3))), kind(None)
    ('list', 'an array of shape (2, 3)', 'nothing')
    """
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape}"
    return "nothing" if answer is None else type(answer).__name__
