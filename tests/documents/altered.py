"""Claims with one thing altered, to see that a test notices."""

import dataclasses
import re

from course_lib.documents import claims
from course_lib.documents.digits import leaves

DIGIT = re.compile(r"\d")


def replaced(printed, index, leaf):
    """A copy of a nested list whose leaf number `index` is another."""
    counter = iter(range(10**6))

    def walk(node):
        if isinstance(node, list):
            return [walk(one) for one in node]
        return leaf if next(counter) == index else node

    return walk(printed)


def digits(printed):
    """(leaf, digit) positions of `printed` where one digit can be altered, in words such as 2(0+1)/4 too."""
    return [(i, m.start()) for i, leaf in enumerate(leaves(printed)) for m in DIGIT.finditer(str(leaf))]


def alter(printed, position):
    """`printed` with the digit at this position moved on by one (9 becomes 8)."""
    index, at = position
    leaf = leaves(printed)[index]
    digit = "8" if leaf[at] == "9" else str(int(leaf[at]) + 1)
    return replaced(printed, index, leaf[:at] + digit + leaf[at + 1 :])


def other_word(printed):
    """`printed` with its first word or its truth altered."""
    first = leaves(printed)[0]
    return replaced(printed, 0, not first if isinstance(first, bool) else first + "x")


def put(monkeypatch, claim, **fields):
    """Let the ledger hold this claim with other fields while a test runs."""
    monkeypatch.setitem(claims(), claim.id, dataclasses.replace(claim, **fields))
