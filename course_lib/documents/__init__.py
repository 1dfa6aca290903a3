"""The ledger: what five documents about transformers print, and what running code says about it.

`sources.toml` names the documents. The claims live in `claims/<document>.toml`, one entry a claim, digits
kept exactly as printed. A notebook computes a value and hands it to `check`, which shows one line with what
was computed, and behind it what the document prints; it raises when the ledger's verdict does not hold.
`given` hands out the documents' inputs, so that no notebook retypes a number; `cite` shows an outside fact with its
source, and `remark` what is to be said of a text where no code can decide.
"""

import numpy as np

from . import shown
from .digits import LedgerError, agrees, as_digits, decimal, is_statement, leaves
from .entries import VERDICTS, Claim, Source, claim, claims, counts, slips, sources, verdicts

__all__ = [
    "VERDICTS",
    "Claim",
    "LedgerError",
    "Source",
    "agrees",
    "check",
    "check_all",
    "cite",
    "claim",
    "claims",
    "counts",
    "given",
    "remark",
    "reproduces",
    "slips",
    "sources",
    "verdicts",
]


def given(id):
    """The digits a claim prints, as a float array of the printed shape (a float for one number).

    >>> given("whitepaper.input.embeddings").shape
    (3, 4)
    """
    printed = claim(id).printed
    if printed is None or is_statement(printed):
        return printed  # words: tokens, names of axes
    numbers = np.vectorize(lambda text: float(decimal(text)), otypes=[float])(np.array(printed))
    return numbers if numbers.ndim else float(numbers)


def check(id, value, otherwise=None):
    """Hold a computed value against the document, digit by digit; shows one line, and a table behind it.

    `value` has the printed shape. A `reproduced` claim must equal every printed digit once rounded to as many
    decimals; an `erratum` must equal the correct digits and differ from the printed ones. Where the document prints
    no digits but says something, a check says nothing unless it could have come out otherwise: `otherwise` is what
    the same code gives in a case where the answer is another. Raises LedgerError, with the table in its
    message, when the verdict does not hold, and when `otherwise` is missing or no other answer.

    >>> check("whitepaper.softmax.percent", [0.6524, 0.2400, 0.1076])
    ✓ whitepaper, Softmax: 65% 24% 11%, 6 of 6 digits
    """
    this = claim(id)
    if this.verdict not in ("reproduced", "erratum"):
        raise LedgerError(
            f"{id} is {this.verdict}: there is nothing to compute; use given(), cite() or remark()"
        )
    computed = as_digits(value, this.printed if this.verdict == "reproduced" else this.correct, id)
    right = agrees(value, this.printed, id) if this.verdict == "reproduced" else _is_erratum(value, this)
    if not right:
        table = shown.Check(this, computed).as_text()
        raise LedgerError(f"the ledger says {this.verdict}, this value does not\n{table}")
    return shown.Check(this, computed, _other(this, computed, otherwise))


def _is_erratum(value, this):
    """Whether a value is what is correct and not what is printed, which may have another form."""
    try:
        printed = agrees(value, this.printed, this.id)
    except LedgerError:
        printed = False
    return agrees(value, this.correct, this.id) and not printed


def _other(this, computed, otherwise):
    """The other answer as texts, in the digits of the claim; raises LedgerError where it is none."""
    if otherwise is None:
        if this.statement_like:
            raise LedgerError(
                f"{this.id} is a statement: give otherwise=, what the same code answers in a case where it is otherwise"
            )
        return None
    try:
        otherwise = as_digits(otherwise, this.printed, this.id)
    except LedgerError:
        pass  # an answer of another shape or kind is another answer
    other, same = ([str(leaf) for leaf in leaves(_listed(answer))] for answer in (otherwise, computed))
    if other == same:
        raise LedgerError(
            f"{this.id}: the other case gives the same answer, {' '.join(other)}, so it decides nothing"
        )
    return other


def _listed(answer):
    """Arrays and tuples as nested lists."""
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    return [_listed(one) for one in answer] if isinstance(answer, list | tuple) else answer


def check_all(values):
    """`check` for a dict from id to value, a line each; a statement has a pair, (value, otherwise).

    >>> p = [0.6524, 0.2400, 0.1076]
    >>> check_all({"whitepaper.softmax.probabilities": p, "whitepaper.softmax.percent": p})
    ✓ whitepaper, Softmax · probabilities: 0.65 0.24 0.11, 9 of 9 digits
    ✓ whitepaper, Softmax · percent: 65% 24% 11%, 6 of 6 digits
    """
    found = []
    for id, value in values.items():
        paired = claim(id).statement_like and isinstance(value, tuple) and len(value) == 2
        found.append(check(id, *value) if paired else check(id, value))
    return shown.Several(found)


def reproduces(id, value):
    """Whether a value has every digit the document prints, right or wrong: for repeating a mistake.

    >>> reproduces("whitepaper.softmax.probabilities", [0.652, 0.240, 0.108])
    True
    """
    return agrees(value, claim(id).printed, id)


def cite(*ids):
    """Show outside facts that no code here can compute, each with its source."""
    return shown.Several([shown.Citation(_of(id, "cited")) for id in ids])


def remark(*ids):
    """Show what is to be said of a place in a document where no code can decide; never counted as checked."""
    return shown.Several([shown.Remark(_of(id, "remark")) for id in ids])


def _of(id, verdict):
    if claim(id).verdict != verdict:
        raise LedgerError(f"{id} is {claim(id).verdict}, not {verdict}")
    return claim(id)
