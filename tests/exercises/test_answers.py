"""One rule for what an answer may be made of and for when it is right, in lessons and in the grader."""

import array
import decimal
import enum
import fractions
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest
import torch

from course_lib.exercises import Wrong
from course_lib.exercises.answers import CHANGED, MOST_NUMBERS, NOTHING, Refused, plain, same
from course_lib.exercises.description import Case, Exercise
from course_lib.exercises.judge import check, judge
from course_lib.exercises.local import local

ROWS = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])
PAIRS = Counter({(1, 2): 3, (2, 1): 1})


class Rows:
    def __array__(self, dtype=None, copy=None):
        return ROWS


class Whole(enum.IntEnum):
    three = 3


class Late:
    """As what an async function returns; a coroutine itself would complain in the processes that do not take it."""

    def __await__(self):
        yield

    def close(self):
        pass


def endless():
    while True:
        yield 1


def deep():
    nested = []
    for _ in range(100):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (ROWS.tolist(), ROWS),
        (tuple(map(tuple, ROWS)), ROWS),
        (list(ROWS), ROWS),
        (iter(ROWS), ROWS),
        (map(list, ROWS), ROWS),
        (zip([1, 2], [3, 4], strict=True), [[1, 3], [2, 4]]),
        ((row for row in ROWS), ROWS),
        (deque(ROWS), ROWS),
        (np.asmatrix(ROWS), ROWS),
        (np.ma.array(ROWS), ROWS),
        (np.ma.array(ROWS, mask=False), ROWS),
        (np.asfortranarray(ROWS), ROWS),
        (ROWS.astype(np.longdouble), ROWS),
        (ROWS.astype(">f8"), ROWS),
        (ROWS.astype(object), ROWS),
        ([[np.float64(x) for x in row] for row in ROWS], ROWS),
        ([[np.array(x) for x in row] for row in ROWS], ROWS),
        ([[decimal.Decimal(str(x)) for x in row] for row in ROWS], ROWS),
        (torch.tensor(ROWS, requires_grad=True), ROWS),
        ([torch.tensor(row) for row in ROWS], ROWS),
        (Rows(), ROWS),
        (ROWS + 1e-9, ROWS),
        (np.array(0.25), 0.25),
        (np.float64(0.25), 0.25),
        (np.float32(0.25), 0.25),  # all of its digits are there
        (fractions.Fraction(1, 3), 1 / 3),
        (3.0, 3),
        (np.uint8(3), 3),
        (Whole.three, 3),
        (True, 1),
        (range(3), [0, 1, 2]),
        (np.array([0, 1, 2], dtype=np.float16), [0, 1, 2]),
        (array.array("i", [0, 1, 2]), [0, 1, 2]),
        (b"\x00\x01\x02", [0, 1, 2]),
        (bytearray(b"\x00\x01\x02"), [0, 1, 2]),
        ({"a": 1}.values(), [1]),
        ([], np.zeros(0)),
        ([True, False], np.array([True, False])),
        (np.array([True, False], dtype=object), np.array([True, False])),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (np.array([[1, 2], [3]], dtype=object), [[1, 2], [3]]),
        (([[1]], np.array([1])), ([[1]], [1])),
        (namedtuple("Batch", "rows lengths")([[1]], [1]), ([[1]], [1])),
        (dict(PAIRS), PAIRS),
        ({**PAIRS, (7, 7): 0, (8, 8): 0.0}, PAIRS),
        ({(np.int64(1), np.int64(2)): np.int64(3), (2.0, 1.0): 1.0}, PAIRS),
        ({(1, 2): np.array(3), (2, 1): 1}, PAIRS),
        (defaultdict(int, PAIRS), PAIRS),
        (OrderedDict(PAIRS), PAIRS),
        ({"a": 0.0}, {"a": 0}),
        (np.str_("words"), "words"),
        (None, None),
        ([float("inf"), -1], np.array([np.inf, -1])),
    ],
)
def test_right_in_any_form(answer, right):
    answer = plain(answer)
    assert same(answer, right)
    assert same(plain(answer), right)  # plain already


def verdict(answer, right):
    """The judge's, on a function that gives this answer where this is right."""
    exercise = Exercise(
        "given", 4, "", lambda x: right, cases=lambda rng: [Case((1,))], draw=lambda rng: (3,)
    )
    return judge(exercise, local(lambda x: answer))


@pytest.mark.parametrize(
    ("answer", "right", "says"),
    [
        (None, ROWS, NOTHING),
        (ROWS.T, ROWS, "the shape should be (2, 3), yours is (3, 2): rows and columns are swapped"),
        (np.ones((2, 3, 5)).T, np.ones((2, 3, 5)), ".T turns round all axes"),
        (ROWS.tolist()[0], ROWS, "the shape should be (2, 3), yours is (3,)"),
        (np.array([0.5]), 0.5, "the shape should be a single number, yours is (1,)"),
        ([[1, 2], [3]], ROWS, "the rows of your answer have different lengths"),
        ("0.5", 0.5, "numbers are expected, yours is a text"),
        ([None, 1.0], np.ones(2), "your answer holds None"),
        ({}, ROWS, "numbers are expected, yours is a dict"),
        (ROWS, PAIRS, "a dict is expected, yours is an array of shape (2, 3)"),
        ({"a": 1}, {"a": 0}, "'a' should be 0, yours is 1"),
        ({}, {"a": 0}, 'your dict has no "a"'),
        (ROWS * np.nan, ROWS, "NaN"),
        (ROWS + 1e-4, ROWS, "should be"),
        (ROWS[::-1], ROWS, "should be"),
        (ROWS.astype(np.float32), ROWS, "32 bits or fewer"),
        (ROWS.astype(np.float32).tolist(), ROWS, "32 bits or fewer"),
        (ROWS.astype(np.float16), ROWS, "32 bits or fewer"),
        (np.float32(1 / 3), 1 / 3, "32 bits or fewer"),
        (np.round(ROWS / 3, 2), ROWS / 3, "rounded to 2 digits"),
        (np.array([1, 2]), np.array([1.5, 2.5]), "cut to whole numbers"),
        (np.array([1, 0]), np.array([True, False]), "True and False are expected"),
        (([1], [[1, 2]]), ([[1, 2]], [1]), "stand in another order"),
        ([[[1]]], ([[1]], [1]), "return 2 things"),
        (ROWS, ([0.1, 0.2, 0.7], [0.3, 0.3, 0.4]), "return 2 things"),
        (([1], [[1, 2, 3]]), ([1], [[1, 2]]), "the shape should be (1, 2), yours is (1, 3)"),
        (1, "1", "a text is expected, yours is a number"),
    ],
)
def test_wrong_with_a_reason(answer, right, says):
    assert not same(plain(answer), plain(right))
    given = verdict(answer, right)
    assert given.outcome == "wrong"
    assert says in given.sentence


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (1j, "expected real numbers, got complex ones"),
        (ROWS + 0j, "expected real numbers, got complex ones"),
        ([0.5, 1j], "expected real numbers, got complex ones"),
        (ROWS.astype(str), "expected numbers, got an array of text"),
        (ROWS.astype("S"), "expected numbers, got an array of text"),
        (np.zeros(2, "M8[s]"), r"expected numbers, got an array of datetime64\[s\]"),
        ({1, 2}, "a set, which has no order: return a list"),
        (frozenset([1]), "a set, which has no order"),
        (Late(), "leave out the async"),
        (print, "your function returned builtin_function_or_method, not what it computed"),
        (lambda: 1, "your function returned function, not"),
        (np.ndarray, "your function returned type, not"),
        (object(), "wrong form: this is object"),
        (np.ma.array(ROWS, mask=ROWS > 0.5), "a masked array that hides some"),
        (endless(), "does it ever end"),
        (np.zeros(MOST_NUMBERS + 1), "more than 1,000,000 numbers"),
        (np.zeros((MOST_NUMBERS + 1, 0)), "more than 1,000,000 numbers or rows"),
        (deep(), "more than 20 deep"),
        (10**400, "more than 300 digits"),
        (np.array([object()]), "wrong form: this is object"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_never_right_has_a_sentence(answer, says):
    with pytest.raises(Refused, match=says):
        plain(answer)


def test_a_list_that_holds_itself_is_refused():
    inside = []
    inside.append(inside)
    with pytest.raises(Refused, match="more than 20 deep"):
        plain(inside)


def test_the_plain_form_is_a_copy():
    answer = ROWS.copy()
    kept = plain(answer)
    answer[...] = 0
    assert same(kept, ROWS)


def test_single_precision_is_refused_however_the_rounding_falls():
    """For 200 draws each answer in 32 bits is refused: none slips through, so no mark depends on the seed."""
    for seed in range(200):
        right = np.random.default_rng(seed).normal(size=(2, 3))
        assert not same(plain(right.astype(np.float32)), right)
        assert same(right + 0, right)


check_half = check(Exercise(
    "half", 4, "Half of x (T,).", lambda x: x / 2,
    cases=lambda rng: [Case((np.array([0.1, 0.7]),)), Case((np.array([0.3, 0.21, 0.9]),))], draw=lambda rng: (rng.normal(size=2),),
))  # fmt: skip


@pytest.mark.parametrize(
    ("half", "says"),
    [
        (lambda x: x.astype(np.float32) / 2, "32 bits or fewer"),
        (lambda x: (x / 2).astype(str), "array of text"),
        (lambda x: np.round(x / 2, 1), "rounded to 1 digit:"),
        (lambda x: None, NOTHING),
        (lambda x: np.divide(x, 2, out=x), CHANGED),
        (lambda x: {0.05, 0.35}, "has no order"),
    ],
)
def test_a_lessons_check_says_it_too(half, says):
    with pytest.raises(Wrong, match=says):
        check_half(half)


@pytest.mark.parametrize(
    "half", [lambda x: map(float, x / 2), lambda x: np.asmatrix(x / 2).A1, lambda x: list(x / 2)]
)
def test_a_lessons_check_takes_any_form(half, capsys):
    check_half(half)
    assert capsys.readouterr().out == "right\n"


def test_what_a_generator_raises_is_the_functions():
    def unwritten(x):
        yield from ()
        raise NotImplementedError

    def fails(x):
        yield 1 / 0

    with pytest.raises(Wrong, match="delete that line"):  # something stands above it
        check_half(unwritten)
    with pytest.raises(Wrong, match="your function stopped at .*: a number was divided by 0"):
        check_half(fails)
