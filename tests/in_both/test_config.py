"""The sizes of a GPT: the published defaults, and what is no size."""

import math

import pytest

from course_lib.in_both.config import GPTConfig


def test_the_defaults_are_the_smallest_gpt_2s():
    defaults = {"V": 50257, "C": 1024, "D": 768, "H": 12, "L": 12, "F": 4 * 768, "eps": 1e-5}
    assert vars(GPTConfig()) == defaults


@pytest.mark.parametrize(
    "sizes, words",
    [
        ({"H": 5}, "D = 4 cannot be shared equally by H = 5 heads"),
        ({"L": 0}, "L must be a whole number of at least 1, got 0"),
        ({"V": 2.0}, "V must be a whole number of at least 1, got 2.0"),
        ({"C": True}, "C must be a whole number of at least 1, got True"),
        ({"F": -1}, "F must be a whole number of at least 1, got -1"),
        ({"eps": 0}, "eps must be a number above 0, got 0"),
        ({"eps": math.nan}, "eps must be a number above 0, got nan"),
    ],
)
def test_bad_sizes(sizes, words):
    with pytest.raises(ValueError) as error:
        GPTConfig(**{"V": 7, "C": 6, "D": 4, "H": 2, "L": 1} | sizes)
    assert str(error.value) == f"GPTConfig: {words}"
