"""Sentences about answers that are wrong in a way that every exercise knows: kind, shape, order, lost digits.

When an answer is right, `answers` says.

Long because the judge's questions about one answer stand together.
"""

from itertools import permutations

import numpy as np

from .answers import kind, numbers_of, same, single

__all__ = [
    "FLOAT_IDS",
    "another_order",
    "first_difference",
    "floats_for_ids",
    "form",
    "fractions",
    "rounded",
    "spell",
    "whole_numbers",
]

FLOAT_IDS = (
    "your numbers are right, but floats, as np.zeros makes them, and a float is no index: "
    "ids are whole numbers (dtype=int)"
)


def array_or_sentence(answer):
    """A plain answer as an array of numbers or truth values, or the sentence that says why it is none."""
    array = None if isinstance(answer, dict) else numbers_of(answer)
    if array is not None:
        return array
    if not isinstance(answer, list | tuple):
        return f"numbers are expected, yours is {a(answer)}"
    flat = list(_flat(answer))
    if texts := [one for one in flat if isinstance(one, str)]:
        return f"your answer holds the text {texts[0]!r:.20} where a number is expected"
    if any(one is None for one in flat):
        return "your answer holds None: append, extend, sort and the like return None, not the list"
    if any(isinstance(one, dict) for one in flat):
        return "your answer holds something else than numbers"
    return "the rows of your answer have different lengths"


def _flat(answer):
    for one in answer:
        if isinstance(one, list | tuple):
            yield from _flat(one)
        else:
            yield one


def a(answer):
    """What an answer is, with its article.

    >>> a([1, 2]), a(2.0), a(np.ones((2, 3)))
    ('a list', 'a number', 'an array of shape (2, 3)')
    """
    names = {"str": "a text", "NoneType": "nothing", "int": "a number", "float": "a number", "bytes": "bytes"}
    name = kind(answer)
    return names.get(name) or (
        name if name.startswith("an ") else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    )


def form(answer, right, letters, returns=()):
    """One sentence about the wrong kind or shape of an answer; None where its form is right.

    letters: size → letter, for shapes in the course's own words. returns: names of the parts.
    """
    if answer is None:
        return "your function returned nothing: is a return missing?"
    if isinstance(right, tuple):
        names = ", ".join(returns) or f"{len(right)} of them"
        if not isinstance(answer, tuple | list) or len(answer) != len(right):
            got = f"{len(answer)} things" if isinstance(answer, tuple | list) else a(answer)
            return f"return {len(right)} things, {names}; yours is {got}"
        for name, part, right_part in zip(returns or [""] * len(right), answer, right, strict=True):
            if (says := form(part, right_part, letters)) is not None:
                return f"{name}: {says}" if name else says
        return None
    if isinstance(right, dict):
        return _form_of_dict(answer, right, letters)
    if isinstance(right, str):
        return None if isinstance(answer, str) else f"a text is expected, yours is {a(answer)}"
    if isinstance(array := array_or_sentence(answer), str):
        several = isinstance(answer, tuple) and any(isinstance(one, np.ndarray) for one in answer)
        return f"one thing is expected, yours is {len(answer)}: return it alone" if several else array
    right = np.asarray(right)
    if array.shape != right.shape and not (array.size == right.size == 0):
        if right.ndim == 1 and isinstance(answer, list) and array.ndim == 1:
            return None  # a list of ids of the wrong length: its content says more
        said = f"the shape should be {spell(right.shape, letters)}, yours is {spell(array.shape, letters)}"
        if array.shape == (*right.shape[:-2], *right.shape[:-3:-1]):
            return f"{said}: rows and columns are swapped"
        if array.shape == right.shape[::-1] and len(set(right.shape)) == right.ndim:
            return f"{said}: .T turns round all axes, and x.swapaxes(-1, -2) the last two alone"
        if array.shape in [right.shape[:i] + right.shape[i + 1 :] for i in range(right.ndim)]:
            return f"{said}: an axis was added up, or one row of it taken"
        if right.shape in [array.shape[:i] + array.shape[i + 1 :] for i in range(array.ndim)]:
            return f"{said}: there is an axis too many"
        return said
    if array.size and right.dtype == bool and array.dtype != bool:
        return "True and False are expected, yours holds numbers: a comparison gives True and False"
    if array.size and array.dtype == bool and right.dtype != bool:
        return "numbers are expected, yours holds True and False"
    return None


def _form_of_dict(answer, right, letters):
    if not isinstance(answer, dict):
        return f"a dict is expected, yours is {a(answer)}"
    if right and all(isinstance(key, str) for key in right):  # the names of parameters
        for key in right:
            if key not in answer:
                return f'your dict has no "{key}"; its names are {", ".join(map(str, list(answer)[:4])) or "none"}'
            if (says := form(answer[key], right[key], letters)) is not None:
                return f'"{key}": {says}'
        if extra := [key for key in answer if key not in right]:
            return f'your dict has "{extra[0]}" too, which is not asked for'
    return None


def spell(shape, letters):
    """A shape in letters and numbers.

    >>> spell((3, 5), {3: "T", 5: "D"}), spell((), {}), spell((3, 10), {3: "T"})
    ('(T, D) = (3, 5)', 'a single number', '(T, 10)')
    """
    shape = tuple(int(n) for n in shape)
    if not shape:
        return "a single number"
    named = [letters.get(n, str(n)) for n in shape]
    if len(set(shape)) < len(shape):  # which of two equal sizes a letter means cannot be said
        return str(shape)
    words = f"({', '.join(named)}{',' * (len(shape) == 1)})"
    return f"{words} = {shape}" if all(n in letters for n in shape) else words


def another_order(answer, right, returns, equal):
    """A sentence where the parts of a right answer were returned in another order, else None."""
    if not isinstance(right, tuple) or not isinstance(answer, tuple | list) or len(answer) != len(right) > 1:
        return None
    for order in permutations(range(len(right))):
        if order != tuple(range(len(right))) and all(
            equal(answer[i], one) for i, one in zip(order, right, strict=True)
        ):
            return f"the parts are right and stand in another order: return {', '.join(returns)}"
    return None


def rounded(answer, right):
    """The sentence for an answer that is right and was rounded, cut, or kept in too few bits; else None."""
    pairs = list(_arrays(answer, right))
    wrong = [(a, b) for a, b in pairs if not same(a, b)]
    if not wrong or any(isinstance(a, str) or a.shape != b.shape or b.dtype.kind != "f" for a, b in wrong):
        return None
    if not all(np.isfinite(b).all() for _, b in wrong):
        return None
    scale = [np.abs(right).max() for _, right in wrong]
    if all(
        single(*one) and np.allclose(*one, rtol=1e-2, atol=1e-4 * most)
        for one, most in zip(wrong, scale, strict=True)
    ):
        return "your function returns floats of 32 bits or fewer: compute with 64, as the inputs are (no dtype=np.float32)"
    if all(_whole(a, b) for a, b in wrong):
        return (
            "your values are the right ones cut to whole numbers: an array made of whole numbers keeps no digits, "
            "make it one of floats (np.zeros(shape), dtype=float)"
        )
    for digits in range(7):
        if all(np.allclose(a, np.round(b, digits), rtol=1e-12, atol=1e-12) for a, b in wrong):
            return f"your values are right and rounded to {digits} digit{'s' * (digits != 1)}: return them unrounded"
    return None


def whole_numbers(answer, right):
    """Whether an answer holds whole numbers by type where the right one does not."""
    return any(
        not isinstance(a, str)
        and a.dtype.kind in "iu"
        and b.dtype.kind == "f"
        and bool((b != np.trunc(b)).any())
        for a, b in _arrays(answer, right)
    )


def fractions(answer, right):
    """Whether an answer holds fractions where whole numbers are right."""
    return any(
        not isinstance(a, str)
        and a.dtype.kind == "f"
        and b.dtype.kind in "iu"
        and bool((a != np.trunc(a)).any())
        for a, b in _arrays(answer, right)
    )


def floats_for_ids(answer, right):
    """Whether an answer holds floats where whole numbers are right.

    >>> floats_for_ids([1.0, 2.0], [1, 2]), floats_for_ids([1, 2], [1, 2]), floats_for_ids([0.5], [0.5])
    (True, False, False)
    """
    return any(
        not isinstance(a, str) and a.size > 0 and a.dtype.kind == "f" and b.dtype.kind in "iu"
        for a, b in _arrays(answer, right)
    )


def _whole(array, right):
    """Right values cut to whole numbers, and whole numbers by type: floats may be zeros for another reason."""
    return array.dtype.kind in "iu" and np.array_equal(array, np.trunc(right))


def _arrays(answer, right):
    """Pairs (array or sentence, right array) of all that is in an answer of the right form."""
    if isinstance(right, dict):
        if isinstance(answer, dict):
            for key in right:
                yield from _arrays(answer.get(key), right[key])
    elif isinstance(right, tuple):
        if isinstance(answer, tuple | list) and len(answer) == len(right):
            for a, b in zip(answer, right, strict=True):
                yield from _arrays(a, b)
    elif numbers_of(right) is not None:
        yield array_or_sentence(answer), np.asarray(right)


def first_difference(answer, right, equal, returns=()):
    """(where, answer's value, right value) of the first thing that differs, for a sentence.

    `equal` is the exercise's rule for a whole answer, which need not know the values of a dict.

    >>> first_difference({1: 2, 3: 5}, {1: 2, 3: 4}, equal=lambda answer, right: answer == {1: 2, 3: 4})
    ('3', array(5), array(4))
    """
    if isinstance(right, tuple) and isinstance(answer, tuple | list) and len(answer) == len(right):
        for name, a, b in zip(
            returns or [f"part {i + 1}" for i in range(len(right))], answer, right, strict=True
        ):
            if not equal(a, b):
                where, *values = first_difference(a, b, same)
                return f"{name}{where and ' '}{where}", *values
    if isinstance(right, dict) and isinstance(answer, dict):
        for key in right:
            if key not in answer:
                return f"{key!r}", "missing", right[key]
            if not same(answer[key], right[key]):
                where, *values = first_difference(answer[key], right[key], same)
                return f"{key!r}{where and ' '}{where}", *values
        for key in answer:
            if key not in right:
                return f"{key!r}", answer[key], "not there"
        return "the order", list(answer), list(right)
    array = array_or_sentence(answer)
    if isinstance(array, str) or isinstance(right, str):
        return "", answer, right
    right = np.asarray(right)
    if array.shape != right.shape or right.size <= 6:
        return "", array, right
    differs = ~np.isclose(array, right, rtol=1e-6, atol=1e-12, equal_nan=True)
    at = tuple(int(i) for i in np.argwhere(differs)[0]) if differs.any() else (0,) * right.ndim
    return f"entry {list(at)}", array[at], right[at]
