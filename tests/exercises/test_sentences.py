"""Exceptions as NumPy and Python really raise them get a sentence, with the shapes in the course's letters."""

import math

import numpy as np
import pytest

from course_lib.exercises.sentences import explain

x, y = np.ones((2, 3)), np.ones((5, 3))
TWO, FIVE, NOTHING = [1, 2], 5, None
LETTERS = {2: "T", 3: "D", 5: "S"}


def deep(n):
    return deep(n + 1)


def late():
    return undefined_name  # noqa: F821


CASES = [
    (
        lambda: x - x.mean(axis=1),
        "(T, D) = (2, 3) and (T,) = (2,) do not fit entry by entry: a sum, mean or max has lost its axis",
    ),
    (lambda: np.where(np.ones(2, bool), x, 0.0), "keepdims=True"),
    (lambda: x * np.ones((3, 5)), "the matrix product is meant, it is @"),
    (lambda: np.ones((5, 2)) + np.ones(3), "axis by axis from the end"),
    (lambda: np.ones((2, 5)) + np.ones((5, 2)), "if the matrix product is meant"),
    (lambda: x * y, "that is a matrix product with .T"),
    (lambda: x + y, "so cut as many out of one as the other has"),
    (
        lambda: np.ones((2, 3)) + np.ones((3, 3)),
        "the rows are not equally many, so cut as many out of one as the other has; or, if the matrix product is meant",
    ),
    (lambda: np.ones((2, 3, 5)) + np.ones((2, 5, 3)), "is a transpose (.T) missing"),
    (lambda: x @ y, "rows of 3 (D) numbers meet columns of 5 (S)"),
    (lambda: np.dot(x, y), "rows of 3 (D) numbers meet columns of 5 (S)"),
    (lambda: x @ 2.0, "a single number, a function or None"),
    (lambda: x @ None, "a single number, a function or None"),
    (lambda: max(0, x), "want one True or False"),
    (lambda: 1 if x > 0 else 2, "want one True or False"),
    (lambda: math.exp(x), "takes one number and got an array"),
    (lambda: math.sqrt([1, 2]), "takes one number and got many"),
    (lambda: np.max(0, x), "np.maximum(0, z) compares"),
    (lambda: np.add(np.zeros(3, int), 0.5, out=np.zeros(3, int)), "make it one of floats"),
    (lambda: np.array([[1.0], [1.0, 2.0]]), "different sizes"),
    (lambda: x.reshape(2, 3 / 1), "// gives a whole number"),
    (lambda: np.arange(5)[1 : 4 / 2], "// gives a whole number"),
    (lambda: TWO[1.0], "// gives a whole number"),
    (lambda: range(4 / 2), "// gives a whole number"),
    (lambda: x[np.array([0.0, 1.0])], "array of floats cannot be an index"),
    (lambda: np.take_along_axis(x, np.zeros((2, 1)), -1), "array of floats cannot be an index"),
    (lambda: x.sum(axis=2), "there is no axis 2 in an array with 2 axes"),
    (lambda: x.transpose(0, 2, 1), "swapaxes(-1, -2) needs no count"),
    (lambda: x.reshape(4, 2), "6 numbers do not fill the shape (4, T)"),
    (lambda: x[5], "entry 5 was asked for, and axis 0 has 2 (T) entries"),
    (lambda: TWO[2], "beyond the end of a list"),
    (lambda: max([]), "something empty"),
    (lambda: np.zeros((0, 3)).max(axis=0), "a slice has cut everything away"),
    (lambda: y[np.ones(2, bool)], "a mask of 2 entries picks along an axis of 5"),
    (
        lambda: np.zeros(2).__setitem__(slice(None), np.zeros(3)),
        "does not fit into the place of shape (T,) = (2,)",
    ),
    (lambda: np.ones(3)[0, 1], "has an axis been lost"),
    (lambda: [a for a, b in [(1, 2, 3)]], "not equally many"),
    (lambda: {[1, 2]: 3}, "a pair is a tuple"),
    (lambda: [1].shape, "np.array(…) makes an array of it"),
    (lambda: NOTHING.shape, "lacks its return"),
    (lambda: x.append(1), "an array has no .append"),
    (lambda: NOTHING + 1.0, "None stands where"),
    (lambda: [1.0, 2.0] * 1.5, "lists do not calculate"),
    (lambda: [1.0] - [2.0], "lists do not calculate"),
    (lambda: x(1), "is an operator missing"),
    (lambda: FIVE(1), "is an operator missing"),
    (lambda: np.einsum("td,td->t", np.ones((2, 3, 5)), x), "letters of einsum"),
    (lambda: np.zeros(-1), "negative size"),
    (lambda: bytes([256]), "bytes() takes numbers up to 255"),
    (lambda: FIVE[0], "taken apart like a list"),
    (lambda: len(FIVE), "taken apart like a list"),
    (lambda: x**2 ^ 3, "^ is no power"),
    (lambda: np.searchsorted(x, 0.5), "a single row"),
    (lambda: np.split(np.arange(5), 2), "np.split was asked"),
    (lambda: np.float64(1.0)[0], "indexed like an array"),
    (lambda: np.concatenate([x, np.ones((2, 5))]), "equal sizes along all axes but one"),
    (lambda: x[np.arange(2), np.zeros((2, 5), int)], "do not fit together"),
    (lambda: math.sqrt + 1, "a function stands where"),
    (lambda: {"w": 1}["b"], "there is no 'b' in the dict; the one that is given has w"),
    (late, "is not defined: run the cell"),
    (lambda: attention(x), "spelled otherwise (in a lesson mine.attention is at hand)"),  # noqa: F821  of an earlier lesson
    (lambda: deep(0), "calls itself without end"),
    (lambda: 1 / 0, "divided by 0"),
    (lambda: b"\xc3".decode(), 'errors="replace"'),
    (lambda: deep(), "the check calls f(x)"),
    (lambda: x.max(dim=1), "where PyTorch says dim and keepdim"),
    (lambda: x.contiguous(), "as PyTorch's tensors may have"),
    (lambda: x.size(-1), "x.shape[-1] in NumPy"),
    (lambda: x @ "c_fc.weight", "p[name] is the array"),
    (
        lambda: np.einsum("...v,...d->vd", np.ones((2, 5, 3)), np.ones((2, 5, 2))),
        "does not add up the axes under ...",
    ),
    (lambda: np.add.at(np.zeros((5, 3)), np.arange(2), np.ones((2, 5))), "another shape than the places"),
    (lambda: "€".encode("latin-1"), "without a name is UTF-8"),
]


@pytest.mark.parametrize("call, says", CASES, ids=[says[:40] for _, says in CASES])
def test_an_exception_gets_a_sentence(call, says):
    with pytest.raises(BaseException) as caught:
        call()
    error = caught.value
    sentence = explain(type(error).__name__, str(error), LETTERS, ["w"], "f(x)")
    assert says in sentence
    assert "\n" not in sentence and not sentence.endswith(".") and "gufunc" not in sentence


def test_an_unknown_exception_keeps_its_words():
    assert explain("OSError", "the disk is full", {}) == "OSError: the disk is full"
    assert explain("AssertionError", "", {}) == "AssertionError"
