"""The ledger against its proofs: every verdict holds, and would fail if a digit or the case were otherwise."""

import random
import re

import pytest

from course_lib.documents import LedgerError, agrees, check, claims, slips
from course_lib.documents.digits import leaves
from tests.documents import proofs
from tests.documents.altered import alter, digits, other_word, put
from tests.documents.proofs import CAUSES, MISTAKES, OTHERWISE, VALUES

proofs.load()
PROVABLE = [c for c in claims().values() if c.verdict in ("reproduced", "erratum")]
REPRODUCED = [c for c in PROVABLE if c.verdict == "reproduced"]
ERRATA = [c for c in PROVABLE if c.verdict == "erratum"]
STATEMENTS = [c for c in PROVABLE if c.statement_like]
# A number as a cause states it; what stands behind "section", or is a part of a name as in arXiv:1706.03762, is none.
NUMBER = re.compile(r"(?<!section )(?<![\w.:^])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?%?(?![\w^])")


def ids(chosen):
    return [c.id for c in chosen]


def proof(id, other=False):
    assert id in VALUES, f"no function in tests/documents/proofs is marked @value({id!r})"
    return VALUES[id](**(OTHERWISE[id] if other else {}))


def answers(claim):
    """What its proof answers, and what it answers in the other case, None where there is none."""
    return proof(claim.id), proof(claim.id, other=True) if claim.id in OTHERWISE else None


def checked(claim):
    """`check` as a notebook would call it, with what the proofs compute."""
    return check(claim.id, *answers(claim))


def test_every_provable_claim_has_a_proof_and_every_proof_a_claim():
    unproven, idle = set(ids(PROVABLE)) - set(VALUES), set(VALUES) - set(ids(PROVABLE))
    assert not unproven, "no function in tests/documents/proofs is marked @value for these"
    assert not idle, "functions are marked @value for these, which are no claims to compute"
    assert set(MISTAKES) <= set(ids(ERRATA))
    assert set(CAUSES) <= {c.id for c in claims().values() if c.because}


def test_a_slip_that_has_a_name_is_shared():
    alone = {name: one[0].id for name, one in slips().items() if one[0].slip and len(one) == 1}
    assert alone == {}, "only one claim names these: leave the name out, or spell it as the others do"


def test_every_numeric_erratum_reproduces_the_wrong_digits_or_says_why_not():
    silent = [c.id for c in ERRATA if digits(c.printed) and c.id not in MISTAKES and not c.no_mistake]
    assert silent == [], (
        "these need a function marked @mistake, or no_mistake says why no slip gives the digits"
    )
    both = [c.id for c in ERRATA if c.id in MISTAKES and c.no_mistake]
    assert both == [], "these have a function marked @mistake, and no_mistake says that there is none"


@pytest.mark.parametrize("claim", PROVABLE, ids=ids(PROVABLE))
def test_the_verdict_holds(claim):
    checked(claim)


@pytest.mark.parametrize("claim", STATEMENTS, ids=ids(STATEMENTS))
def test_a_statement_could_have_come_out_otherwise(claim):
    assert claim.id in OTHERWISE, (
        "its @value has no `otherwise`: arguments with which the function answers otherwise"
    )
    assert checked(claim).other


@pytest.mark.parametrize("id", sorted(MISTAKES))
def test_the_mistake_gives_the_printed_digits(id):
    assert agrees(MISTAKES[id](), claims()[id].printed, id)


# --- causes ------------------------------------------------------------------------------------------


def faults(text, printed, computed):
    """The numbers of a cause that nothing computes, and the computed ones that it does not state.

    Integers need not be computed, as they may be sizes; digits that the claim itself holds are checked with it.

    >>> faults("2 of 3 are 0.67, not 0.66.", ["0.66"], [2 / 3])
    []
    """
    stated = NUMBER.findall(text)
    idle = [float(number) for number in computed if not any(agrees(number, token) for token in stated)]
    needed = [token for token in stated if ("." in token or "%" in token) and token not in printed]
    return [token for token in needed if not any(agrees(number, token) for number in computed)] + idle


WITH_CAUSES = [c for c in claims().values() if c.because]


@pytest.mark.parametrize("claim", WITH_CAUSES, ids=ids(WITH_CAUSES))
def test_the_numbers_of_a_cause_are_computed(claim):
    own = [str(leaf) for side in (claim.printed, claim.correct) if side is not None for leaf in leaves(side)]
    computed = CAUSES[claim.id]() if claim.id in CAUSES else []
    wrong = faults(f"{claim.because} {claim.no_mistake}", own, list(computed))
    assert wrong == [], (
        "a function marked @cause returns every number that `because` and `no_mistake` state, and no other"
    )


@pytest.mark.parametrize(
    "text, computed, wrong",
    [
        ("It is 0.2093.", [0.20916], ["0.2093", 0.20916]),
        ("It is 0.2092, 12 times.", [0.20916], []),
        ("It is 0.2092, 12 times.", [0.20916, 12], []),
        ("It is 0.2092, 12 times.", [0.20916, 13], [13]),
        ("They are 92% of 1,500.", [0.917, 1500], []),
        ("They are 92%.", [], ["92%"]),
        ("See section 3.5, arXiv:1706.03762, with 10000^2.", [], []),
        ("It prints 0.5, no 0.6.", [0.6], []),
    ],
)
def test_a_wrong_number_in_a_cause_is_found(text, computed, wrong):
    assert faults(text, ["0.5"], computed) == wrong


# --- what is altered is noticed ----------------------------------------------------------------------


@pytest.mark.parametrize("claim", REPRODUCED, ids=ids(REPRODUCED))
def test_a_reproduced_claim_fails_when_one_printed_digit_is_altered(claim, monkeypatch):
    values, positions = answers(claim), digits(claim.printed)
    others = [alter(claim.printed, position) for position in positions] or [other_word(claim.printed)]
    for other in others:
        put(monkeypatch, claim, printed=other)
        with pytest.raises(LedgerError, match=re.escape(claim.id)):
            check(claim.id, *values)


@pytest.mark.parametrize("claim", ERRATA, ids=ids(ERRATA))
def test_an_erratum_fails_when_the_document_is_right(claim, monkeypatch):
    values = answers(claim)
    put(monkeypatch, claim, printed=claim.correct)
    with pytest.raises(LedgerError, match="this value does not"):
        check(claim.id, *values)


@pytest.mark.parametrize("claim", ERRATA, ids=ids(ERRATA))
def test_an_erratum_fails_for_a_wrong_correction(claim, monkeypatch):
    values, positions = answers(claim), digits(claim.correct)
    some = random.Random(claim.id).sample(positions, min(8, len(positions)))
    for other in [alter(claim.correct, position) for position in some] or [other_word(claim.correct)]:
        put(monkeypatch, claim, correct=other)
        with pytest.raises(LedgerError, match="this value does not"):
            check(claim.id, *values)
