"""The ledger: every number the five documents print, and what running code says about it.

The claims live in `claims/<document>.toml`, one entry a claim, digits kept exactly as printed.
A lesson computes a value and hands it to `check`, which shows computed and printed digits side
by side and raises when the ledger's verdict does not hold. `given` hands out the documents'
inputs, so that no lesson retypes a number; `cite` shows an outside fact with its source.
"""

import tomllib
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import numpy as np

from . import tables

VERDICTS = ("given", "reproduced", "erratum", "cited")


class LedgerError(AssertionError):
    """A value contradicts the ledger, or the ledger is asked for what it does not hold."""

    def _render_traceback_(self):
        """What Jupyter shows instead of a traceback, whose lines would be this module's, not the reader's."""
        return [f"LedgerError: {self}"]


@dataclass(frozen=True)
class Claim:
    """One number, matrix or statement of a document, with its verdict."""

    id: str
    where: str  # headings that lead to it in the document
    chapter: str  # the lesson that checks it, or a lesson's companion, as 04_attention_checked
    statement: str  # what the document claims, in our words
    printed: object  # digit strings, words or a boolean, possibly nested in lists
    verdict: str
    correct: object = None  # erratum: the right value, in the same form
    because: str = ""  # erratum: how the wrong one came about
    source: str = ""  # cited: where the outside fact comes from
    no_mistake: str = field(default="", repr=False)  # erratum: why no slip reproduces the digits


@cache
def claims():
    """Every claim of the ledger, as a dict from id to `Claim`, in the order of the documents.

    Raises LedgerError for a repeated id, an unknown verdict, and a field that is missing or unknown.

    >>> claims()["whitepaper.attention.weights"].verdict
    'reproduced'
    """
    found = {}
    for path in sorted((Path(__file__).parent / "claims").glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["claim"]:
            try:
                claim = Claim(**entry)
            except TypeError as error:  # "Claim.__init__() missing 1 required positional argument: 'verdict'"
                what = str(error).removeprefix("Claim.__init__() ")
                raise LedgerError(f"{entry.get('id', 'a claim')} in {path.name}: {what}") from None
            needs = {"erratum": ("correct", "because"), "cited": ("source",)}.get(claim.verdict, ())
            if claim.verdict not in VERDICTS or any(getattr(claim, name) in (None, "") for name in needs):
                raise LedgerError(f"{claim.id}: verdict {claim.verdict!r} needs {needs or VERDICTS}")
            if claim.id in found:
                raise LedgerError(f"{claim.id} stands twice in the ledger")
            found[claim.id] = claim
    return found


def claim(id):
    """The claim with this id; raises LedgerError that names close ids when there is none."""
    try:
        return claims()[id]
    except KeyError:
        near = [known for known in claims() if known.split(".")[-1] == id.split(".")[-1]]
        raise LedgerError(f"the ledger has no claim {id!r}; near: {near or 'nothing'}") from None


def given(id):
    """The digits a claim prints, as a float array of the printed shape (a float for one number).

    >>> given("whitepaper.input.embeddings").shape
    (3, 4)
    """
    printed = np.array(claim(id).printed)
    if printed.dtype.kind != "U":
        return claim(id).printed
    try:
        numbers = np.vectorize(lambda text: float(_decimal(text)), otypes=[float])(printed)
    except InvalidOperation:
        return claim(id).printed  # words: tokens, names of axes
    return numbers if numbers.ndim else float(numbers)


def check(id, value):
    """Hold a computed value against the document, digit by digit; returns a table to display.

    `value` has the printed shape. A `reproduced` claim must equal every printed digit once rounded
    to as many decimals; an `erratum` must equal the correct digits and differ from the printed ones.
    Raises LedgerError, with the table in its message, when the verdict does not hold.
    """
    this = claim(id)
    if this.verdict not in ("reproduced", "erratum"):
        raise LedgerError(f"{id} is {this.verdict}: use given() or cite(), there is nothing to compute")
    computed = _as_digits(value, this.printed if this.verdict == "reproduced" else this.correct, id)
    right = agrees(value, this.printed, id)
    if this.verdict == "erratum":
        right = agrees(value, this.correct, id) and not right
    table = tables.Check(this, computed)
    if not right:
        raise LedgerError(f"the verdict in the last line does not hold for this value\n{table!r}")
    return table


def check_all(values):
    """`check` for a dict from id to value; returns one table with a row for each claim."""
    return tables.Summary([check(id, value) for id, value in values.items()])


def reproduces(id, value):
    """Whether a value has every digit the document prints, right or wrong: for repeating a mistake.

    >>> reproduces("whitepaper.softmax.probabilities", [0.652, 0.240, 0.108])
    True
    """
    return agrees(value, claim(id).printed, id)


def cite(*ids):
    """Show outside facts that no code here can compute, each with its source."""
    for id in ids:
        if claim(id).verdict != "cited":
            raise LedgerError(f"{id} is {claim(id).verdict}, not cited")
    return tables.Citations([claim(id) for id in ids])


def counts(chapter=None):
    """How many claims have each verdict, over the whole ledger or one chapter."""
    chosen = [c.verdict for c in claims().values() if chapter in (None, c.chapter)]
    return {verdict: chosen.count(verdict) for verdict in VERDICTS}


def agrees(value, printed, id="this claim"):
    """Whether a value equals `printed` at every printed digit (words and booleans: exactly).

    >>> agrees(0.54030230, "0.5403"), agrees(0.54030230, "0.99995")
    (True, False)
    """
    return _as_digits(value, printed, id) == _normalised(printed)


def _as_digits(value, printed, id):
    """`value` written the way `printed` is: same nesting, same number of decimals."""
    if isinstance(printed, list):
        if isinstance(value, (str, bool)) or not hasattr(value, "__len__") or len(value) != len(printed):
            shape = np.shape(value) if not isinstance(value, str) else repr(value)
            raise LedgerError(f"{id} prints shape {np.shape(printed)}, the value has shape {shape}")
        return [_as_digits(one, like, id) for one, like in zip(value, printed, strict=True)]
    if np.ndim(value) != 0:
        raise LedgerError(f"{id} prints one value here, not an array of shape {np.shape(value)}")
    if isinstance(printed, bool):
        if not isinstance(value, (bool, np.bool_)):
            raise LedgerError(f"{id} is a statement: give True or False, not {value!r}")
        return bool(value)
    if not _is_number(printed):
        return str(value)
    if isinstance(value, (str, bool, np.bool_)):
        raise LedgerError(f"{id} prints the number {printed}: give a number, not {value!r}")
    return _round_like(value, printed)


def _normalised(printed):
    if isinstance(printed, list):
        return [_normalised(one) for one in printed]
    return printed if isinstance(printed, bool) or not _is_number(printed) else _plain(_decimal(printed))


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
    return _plain(exact.quantize(_decimal(printed), rounding=ROUND_HALF_UP))


def _decimal(text):
    """"50,257" → Decimal(50257), "65%" → Decimal(65), "-0.9" → Decimal("-0.9")."""
    return Decimal(text.replace(",", "").replace("_", "").removesuffix("%"))


def _is_number(text):
    try:
        return _decimal(text).is_finite()
    except InvalidOperation:
        return False


def _plain(number):
    return f"{abs(number) if number == 0 else number:f}"  # no "-0.0", no exponent
