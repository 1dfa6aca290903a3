"""The task of lesson 00_start_here: how probable two words are, one after the other."""

from .on_paper import on_paper


def _refused(first, second):
    if not (0 < first < 1 and 0 < second < 1):
        return f"take two numbers between 0 and 1; yours are {first:g} and {second:g}"
    return None


check_two_words_on_paper = on_paper(
    "the probability of both words",
    lambda first, second: first * second,
    (0.21, 0.9),
    refuse=_refused,
    slips={
        "the two were added: only the texts that have the first word can go on with the second": lambda first, second: first + second,
        "that is the mean of the two": lambda first, second: (first + second) / 2,
        "that is how probable the first word is, whatever follows": lambda first, second: first,
        "that is how probable the second word is once the first is there": lambda first, second: second,
        "that is the first word with another one after it": lambda first, second: first * (1 - second),
        "that is the one divided by the other: take a share of a share": lambda first, second: first / second,
    },
    step=lambda first, second: f"of 1,000 texts {1000 * first:.0f} have the first word",
)  # fmt: skip


EXERCISES = ()
