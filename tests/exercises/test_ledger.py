"""The check of lesson 12: right answers of any style are accepted, wrong ones get the message meant for them."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from course_lib.exercises import Wrong
from course_lib.exercises.ledger import check_agrees


def decimals(printed):
    return len(printed.partition(".")[2])


def with_decimal(value, printed):
    return Decimal(str(value)).quantize(Decimal(printed), rounding=ROUND_HALF_UP) == Decimal(printed)


RIGHT = [
    lambda value, printed: f"{value:.{decimals(printed)}f}" == printed,
    lambda value, printed: round(value, decimals(printed)) == float(printed),
    lambda value, printed: np.abs(value - float(printed)) < 0.5 * 10.0 ** -decimals(printed),
    with_decimal,
]
WRONG = [
    (lambda value, printed: value == printed, "compare numbers with numbers"),
    (lambda value, printed: value == float(printed), "round it to as many decimals"),
    (lambda value, printed: np.isclose(value, float(printed), atol=1e-6), "close is not equal"),
    (lambda value, printed: str(value).startswith(printed), "round, do not cut off"),
    (lambda value, printed: round(value, decimals(str(float(printed)))) == float(printed), "zeros at the end"),
    (lambda value, printed: abs(abs(value) - float(printed)) < 0.5 * 10.0 ** -decimals(printed), "the sign differs"),
    (lambda value, printed: "." in printed and f"{value:.{decimals(printed)}f}" == printed, "no decimals"),
    (lambda value, printed: f"{value:.{max(decimals(printed), 1)}f}" == printed, "no decimals"),
    (lambda value, printed: "." not in printed or f"{value:.{decimals(printed)}f}" == printed, "differ in size"),
    (lambda value, printed: None, "return missing"),
    (lambda value, printed: [True], "True or False"),
    (lambda value, printed: value - float(printed), "expected True or False|should be True"),
    (lambda value, printed: True, "close is not equal"),
]  # fmt: skip


@pytest.mark.parametrize("function", RIGHT)
def test_right_answers_are_accepted_in_any_style(function, capsys):
    check_agrees(function)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize("function, says", WRONG)
def test_wrong_answers_get_the_message_meant_for_them(function, says):
    with pytest.raises(Wrong, match=says):
        check_agrees(function)


def test_an_untouched_stub_is_not_an_error(capsys):
    def stub(*arguments):
        raise NotImplementedError

    check_agrees(stub)
    assert capsys.readouterr().out == "not written yet\n"
