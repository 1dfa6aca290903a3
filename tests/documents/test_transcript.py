"""An altered digit is noticed: the proofs notice it where something is computed, the second transcription where not."""

import dataclasses

import pytest

from course_lib.documents import agrees, claims
from course_lib.documents.digits import leaves
from tests.documents import proofs
from tests.documents.altered import alter, digits
from tests.documents.proofs import MISTAKES
from tests.documents.transcript import numbers, stands_there

proofs.load()
PRINTED = [c for c in claims().values() if any(numbers(str(leaf)) for leaf in leaves(c.printed))]
UNCOMPUTED = [c for c in PRINTED if c.verdict == "given" or c.verdict == "erratum" and c.id not in MISTAKES]


def test_every_printed_number_stands_in_the_lines_that_its_claim_names():
    astray = [f"{c.id}, line {c.line}" for c in PRINTED if not stands_there(c)]
    assert astray == [], (
        "the numbers of these do not stand in that order in one of those places of transcript.txt"
    )


def altered(claim):
    return [alter(claim.printed, position) for position in digits(claim.printed)]


def test_an_altered_digit_of_what_nothing_computes_stands_no_longer_there():
    unnoticed = [
        f"{claim.id}, line {claim.line}: {other}"
        for claim in UNCOMPUTED for other in altered(claim) if stands_there(claim, other)
    ]  # fmt: skip
    assert unnoticed == [], "name fewer lines, those of these digits alone"


@pytest.mark.parametrize("id", [id for id in sorted(MISTAKES) if digits(claims()[id].printed)])
def test_an_altered_digit_of_an_erratum_is_not_what_the_mistake_gives(id):
    wrong = MISTAKES[id]()
    assert not any(agrees(wrong, other, id) for other in altered(claims()[id]))


def test_numbers_that_stand_elsewhere_or_in_another_order_are_not_there():
    one = dataclasses.replace(claims()["whitepaper.input.embeddings"], line="1, 92-94")
    assert stands_there(one)
    assert not stands_there(dataclasses.replace(one, line="92-93")), "a row short"
    assert not stands_there(one, one.printed[::-1]), "another order"
    assert not any(stands_there(one, other) for other in altered(one))
    twice = dataclasses.replace(one, line="92-94, 92-94")
    assert stands_there(dataclasses.replace(twice, printed=["0.5", "0.5"])), "in both places together"
    assert not stands_there(dataclasses.replace(twice, printed=["0.2", "0.4"]), ["0.5", "0.5"]), (
        "in one place alone"
    )
