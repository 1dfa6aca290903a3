"""Checks for the exercises of lesson 10_gpt."""

import numpy as np

from . import Wrong, exercise, expect, to_array


@exercise
def check_training_pairs(training_pairs):
    """`training_pairs(tokens, C)`: ids (N,) → inputs and targets, (windows, C) each, as many as fit side by side."""
    answer = training_pairs(np.array([3, 1, 4, 1]), 3)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong("return two things: the inputs and the targets")
    inputs, targets = answer
    expect(inputs, [[3, 1, 4]], "four tokens make one window of C = 3: its inputs are the first three")
    expect(
        targets,
        [[1, 4, 1]],
        "the target at each position is the token that comes next in the text",
        [([[3, 1, 4]], "the targets are the inputs: a model would learn to repeat what it just read"),
         ([[1, 4, 3]], "the last target is the first token again: np.roll brings round what should be new"),
         ([[0, 3, 1]], "the targets are shifted the wrong way: they are what comes next, not what came before"),
         ([[1, 3, 1]], "the targets are shifted the wrong way: they are what comes next, not what came before")],
    )  # fmt: skip
    tokens = np.arange(10, 20)
    inputs, targets = (to_array(part) for part in training_pairs(tokens, 3))
    starts = np.array([0, 3, 6])[:, None] + np.arange(3)
    if inputs.shape == (2, 3):
        raise Wrong("ten tokens make three windows of C = 3, yours are two: neighbours share one token, "
                    "the last target of one is the first input of the next")  # fmt: skip
    if inputs.shape == (7, 3):
        raise Wrong("ten tokens make three windows of C = 3, yours are seven: a window begins where the last one ended")
    expect(
        inputs,
        tokens[starts],
        "ten tokens make three windows of C = 3, which start at tokens 0, 3 and 6",
        [(tokens[starts].reshape(3, 3).T, "the windows run down the columns: each is a row")],
    )
    expect(
        targets,
        tokens[starts + 1],
        "one window alone is right, but with three some target is not the token that follows its input",
        [(np.roll(tokens[:9].reshape(3, 3), -1, axis=1),
          "each row was shifted for itself: the last target of a window lies in the next one")],
    )  # fmt: skip
    inputs, _ = training_pairs(np.arange(12), 3)
    expect(inputs, np.arange(9).reshape(3, 3), "twelve tokens make three windows of C = 3: the last has no twelfth target")


@exercise
def check_top_p(top_p):
    """`top_p(probabilities, p)`: (V,) → (V,), the fewest tokens that hold p together, scaled to sum 1."""
    probabilities = np.array([0.1, 0.5, 0.15, 0.25])
    before = probabilities.copy()
    answer = to_array(top_p(probabilities, 0.7), nan=True)
    if not np.array_equal(probabilities, before):
        raise Wrong("the probabilities were changed: build a new array")
    expect(
        answer,
        np.array([0, 0.5, 0, 0.25]) / 0.75,
        "of 0.1, 0.5, 0.15, 0.25 and p = 0.7 the second and the fourth stay, and only they",
        [([0, 0.5, 0, 0.25], "what is left no longer adds to 1: divide by its sum"),
         ([0, 1, 0, 0], "the set must reach p: the token that carries the sum over the line belongs to it"),
         ([0, 0.5, 0, 0], "the set must reach p: the token that carries the sum over the line belongs to it"),
         (np.array([0, 0.5, 0.15, 0.25]) / 0.9, "one token too many: stop as soon as the sum has reached p"),
         ([2 / 3, 1 / 3, 0, 0], "the answer is in order of size: each probability stays with its token"),
         (np.array([0.1, 0.5, 0.15, 0]) / 0.75, "the tokens were taken as they stand: the most likely come first"),
         (np.array([0.1, 0.5, 0.15, 0.25]), "nothing was taken away"),
         ([np.nan] * 4, "0/0 is NaN, no token was left: p is what those that stay hold together, not what each must have"),
         (np.array([0.1, 0, 0.15, 0.25]) / 0.5, "the least likely were taken first: sort the other way")],
    )  # fmt: skip
    expect(top_p(np.array([0.2, 0.8]), 0.5), [0, 1], "one token of 0.8 reaches p = 0.5 alone: at least one always stays",
           [([np.nan, np.nan], "no token was left, and zero was divided by zero: at least one always stays")])  # fmt: skip
    expect(top_p(np.array([0.25, 0.5, 0.25]), 0.5), [0, 1, 0], "a token of exactly p reaches p: it is enough alone",
           [(np.array([0.25, 0.5, 0]) / 0.75, "a token of exactly p reaches p: no second one is needed"),
            (np.array([0, 0.5, 0.25]) / 0.75, "a token of exactly p reaches p: no second one is needed")])  # fmt: skip
    expect(top_p(np.array([0.5, 0.25, 0.25]), 1.0), [0.5, 0.25, 0.25], "with p = 1 everything stays as it is")
