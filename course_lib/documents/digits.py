"""Digits as a document prints them, kept as texts, and whether a value has every one of them.

>>> agrees(0.54030230, "0.5403"), agrees(0.54030230, "0.99995")
(True, False)
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from os.path import commonprefix

import numpy as np


class LedgerError(AssertionError):
    """A value contradicts the ledger, or the ledger is asked for what it does not hold."""

    def _render_traceback_(self):
        """What Jupyter shows instead of a traceback, whose lines would be this module's, not the reader's."""
        return [f"LedgerError: {self}"]


def agrees(value, printed, id="this claim"):
    """Whether a value equals `printed` at every printed digit (words and booleans: exactly).

    Raises LedgerError that names `id` for a value of another form.
    """
    return as_digits(value, printed, id) == normalised(printed)


def leaves(printed):
    """The numbers, words or booleans of a nested list, in order.

    >>> leaves([["1", "2"], ["3"]])
    ['1', '2', '3']
    """
    return [leaf for one in printed for leaf in leaves(one)] if isinstance(printed, list) else [printed]


def is_statement(printed):
    """Whether something printed is decided by words or by true and false, not by digits.

    >>> is_statement(True), is_statement(["B", "C", "1"]), is_statement(["0.5", "12"])
    (True, True, False)
    """
    return not all(is_number(leaf) for leaf in leaves(printed))


def is_number(leaf):
    """Whether what is printed is a number: "50,257" and "65%" are, "2(0)/4" and True are not."""
    try:
        return not isinstance(leaf, bool) and decimal(leaf).is_finite()
    except InvalidOperation:
        return False


def decimal(text):
    """The number that a text stands for: "50,257" → 50257, "65%" → 65."""
    return Decimal(text.replace(",", "").replace("_", "").removesuffix("%"))


def as_digits(value, printed, id):
    """`value` written the way `printed` is: same nesting, same number of decimals."""
    if isinstance(printed, list):
        if isinstance(value, (str, bool)) or not hasattr(value, "__len__") or len(value) != len(printed):
            shape = np.shape(value) if not isinstance(value, str) else repr(value)
            raise LedgerError(f"{id} prints shape {np.shape(printed)}, the value has shape {shape}")
        return [as_digits(one, like, id) for one, like in zip(value, printed, strict=True)]
    if np.ndim(value) != 0:
        raise LedgerError(f"{id} prints one value here, not an array of shape {np.shape(value)}")
    if isinstance(printed, bool):
        if not isinstance(value, (bool, np.bool_)):
            raise LedgerError(f"{id} is a statement: give True or False, not {value!r}")
        return bool(value)
    if not is_number(printed):
        return str(value)
    if isinstance(value, (str, bool, np.bool_)):
        raise LedgerError(f"{id} prints the number {printed}: give a number, not {value!r}")
    return _round_like(value, printed)


def normalised(printed):
    """What `as_digits` gives for a right value: "50,257" → "50257"."""
    if isinstance(printed, list):
        return [normalised(one) for one in printed]
    return _plain(decimal(printed)) if is_number(printed) else printed


def _round_like(value, printed):
    """0.0886157, "0.0886" → "0.0886": as many decimals as printed, halves away from zero.

    Twelve significant digits are kept first, so that 1.60005 held as 1.6000499999999999 rounds as
    the decimal it stands for and float noise decides nothing.
    """
    exact = Decimal(int(value)) if isinstance(value, (int, np.integer)) else Decimal(f"{float(value):.12g}")
    if not exact.is_finite():
        return str(exact)
    if printed.endswith("%"):
        exact *= 100
    return _plain(exact.quantize(decimal(printed), rounding=ROUND_HALF_UP))


def _plain(number):
    return f"{abs(number) if number == 0 else number:f}"  # no "-0.0", no exponent


def rows_of(computed, printed):
    """Pairs (computed, printed) of one number or word, a list for each innermost row."""
    if not isinstance(printed, list):
        yield [(computed, printed)]
    elif not isinstance(printed[0], list):
        yield list(zip(computed, printed, strict=True))
    else:
        for c, p in zip(computed, printed, strict=True):
            yield from rows_of(c, p)


def agreed(computed, printed):
    """("0.54030", "0.99995") → (1, 6): digits that agree before the first that differs, of how many.

    What is no number counts as one, right or wrong as a whole.
    """
    if not is_number(printed):
        return int(computed == printed), 1
    right, total = _leading(computed, printed), sum(ch.isdigit() for ch in printed)
    return sum(ch.isdigit() for ch in printed[:right]), total


def _leading(computed, printed):
    """("0.54030", "0.54995") → 4: characters of `printed` before the first digit that is wrong.

    A number of another sign or size agrees in nothing, whatever its digits: 0.0001 is not nearly 0.00000001.
    """
    if not is_number(computed):
        return 0
    ours, theirs = decimal(computed), decimal(printed)
    if ours == theirs:
        return len(printed)
    if (ours < 0) != (theirs < 0) or 0 in (ours, theirs) or ours.adjusted() != theirs.adjusted():
        return 0
    return len(commonprefix([computed, printed]))


def marked(computed, printed):
    """`printed` cut in two: the leading part that agrees, and the rest, which does not."""
    if not is_number(printed):
        return [(show(printed), computed == printed)]
    cut = _leading(computed, printed)
    return [piece for piece in ((printed[:cut], True), (printed[cut:], False)) if piece[0]]


def show(leaf):
    """A leaf as it is written in a table."""
    return {True: "true", False: "false"}[leaf] if isinstance(leaf, bool) else str(leaf)
