"""The surnames are as the module says: 2,000 different ones, by frequency, of plain letters."""

import re

from course_lib.data import texts
from course_lib.data.surnames import SURNAMES


def test_there_are_2000_different_names_the_most_frequent_first():
    assert len(SURNAMES) == len(set(SURNAMES)) == 2000
    assert SURNAMES[:5] == ["Smith", "Johnson", "Williams", "Jones", "Brown"] and SURNAMES[-1] == "Reagan"


def test_a_name_is_a_capital_and_small_letters():
    assert all(re.fullmatch("[A-Z][a-z]+", name) for name in SURNAMES)
    assert {letter for name in SURNAMES for letter in name.lower()} == set("abcdefghijklmnopqrstuvwxyz")


def test_they_stand_one_a_line():
    assert texts.load("surnames") == "\n".join(SURNAMES) + "\n"
