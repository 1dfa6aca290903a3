"""Right and wrong answers to the exercise of lesson 14_the_documents_checked."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from course_lib.exercises.ledger import check_agrees


def decimals(printed):
    return len(printed.partition(".")[2])


def with_decimal(value, printed):
    return Decimal(str(value)).quantize(Decimal(printed), rounding=ROUND_HALF_UP) == Decimal(printed)


RIGHT = [
    (check_agrees, lambda value, printed: f"{value:.{decimals(printed)}f}" == printed),
    (check_agrees, lambda value, printed: round(value, decimals(printed)) == float(printed)),
    (check_agrees, lambda value, printed: np.abs(value - float(printed)) < 0.5 * 10.0 ** -decimals(printed)),
    (check_agrees, with_decimal),
]  # fmt: skip
WRONG = [
    (check_agrees, lambda value, printed: value == printed, "compare numbers with numbers"),
    (check_agrees, lambda value, printed: value == float(printed), "round it to as many decimals"),
    (check_agrees, lambda value, printed: np.isclose(value, float(printed), atol=1e-6), "close is not equal"),
    (check_agrees, lambda value, printed: str(value).startswith(printed), "round, do not cut off"),
    (check_agrees, lambda value, printed: round(value, decimals(str(float(printed)))) == float(printed), "zeros at the end"),
    (check_agrees, lambda value, printed: abs(abs(value) - float(printed)) < 0.5 * 10.0 ** -decimals(printed), "the sign differs"),
    (check_agrees, lambda value, printed: "." in printed and f"{value:.{decimals(printed)}f}" == printed, "no decimals"),
    (check_agrees, lambda value, printed: f"{value:.{max(decimals(printed), 1)}f}" == printed, "no decimals"),
    (check_agrees, lambda value, printed: "." not in printed or f"{value:.{decimals(printed)}f}" == printed, "differ in size"),
    (check_agrees, lambda value, printed: None, "return missing"),
    (check_agrees, lambda value, printed: [True], "True or False"),
    (check_agrees, lambda value, printed: value - float(printed), "expected True or False|should be True"),
    (check_agrees, lambda value, printed: True, "close is not equal"),
]  # fmt: skip
