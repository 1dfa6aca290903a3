"""The shape check: it says which array, which axis, what was expected and what was given."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib.shapes import AXES, ShapeError, check_shapes, list_shape


def array(*shape):
    return np.zeros(shape)


def test_sizes_of_every_axis_come_back():
    sizes = check_shapes("f", q=(array(2, 3, 5, 4), "... T K"), k=(array(2, 3, 6, 4), "... S K"))
    assert sizes == {"...": (2, 3), "T": 5, "K": 4, "S": 6}


def test_three_dots_may_stand_for_no_axis():
    assert check_shapes("f", x=(array(4), "... D")) == {"...": (), "D": 4}


def test_an_axis_of_size_zero_is_an_axis():
    assert check_shapes("f", x=(array(0, 4), "T D")) == {"T": 0, "D": 4}


def test_two_widths_that_should_be_one():
    with pytest.raises(ShapeError) as error:
        check_shapes("attention", q=(array(5, 4), "... T K"), k=(array(6, 3), "... S K"))
    assert str(error.value) == (
        "attention: q has width 4 but k has width 3; both must be K (width of one head). "
        "Expected q (..., T, K), k (..., S, K); got q (5, 4), k (6, 3)"
    )


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"x": (array(4), "B T D")}, "f: x has 1 axes (4,) but needs 3: (B, T, D)"),
        ({"x": (array(4), "... T D")}, "f: x has 1 axes (4,) but needs at least 2: (..., T, D)"),
        ({"x": (array(2, 3), "D")}, "f: x has 2 axes (2, 3) but needs 1: (D,)"),
        ({"x": ([1, 2], "D")}, "f: x is a list, not an array with axes (D,)"),
        ({"x": (array(2, 5, 4), "... T D"), "y": (array(3, 5, 4), "... T D")}, "x has leading axes (2,) but y has leading axes (3,)"),
        ({"x": (array(5, 4), "... T D"), "y": (array(1, 5, 4), "... T D")}, "leading axes () but y has leading axes (1,)"),
        ({"x": (array(5, 5), "T S"), "y": (array(6, 2), "S D")}, "x has length 5 but y has length 6; both must be S (tokens (keys))"),
        ({"x": (array(4, 3), "D D")}, "x has width 4 but x has width 3"),
        ({"x": (array(4), "d_in"), "w": (array(3), "d_in")}, "both must be d_in. Expected"),
    ],
)  # fmt: skip
def test_messages(arrays, words):
    with pytest.raises(ShapeError) as error:
        check_shapes("f", **arrays)
    assert words in str(error.value)


def test_a_shape_error_is_a_value_error():
    assert issubclass(ShapeError, ValueError)


def test_the_letters_of_the_course():
    assert list(AXES) == list("BTSDHKFVC")


@pytest.mark.parametrize(
    "rows, expected", [(5, ()), ([], (0,)), ([1, 2], (2,)), ([[1, 2], (3, 4), [5, 6]], (3, 2))]
)
def test_shape_of_lists(rows, expected):
    assert list_shape("f", "ids", rows) == expected


def test_lists_may_hold_arrays():
    assert list_shape("f", "ids", [array(2, 3), array(2, 3)]) == (2, 2, 3)


@pytest.mark.parametrize(
    "rows, lengths",
    [
        ([[1, 2, 3], [4]], "(3, 1)"),
        ([1, [2, 3]], "(no list, 2)"),
        ([[[1], [1]], [[1, 2], [3, 4]]], "(2 × 1, 2 × 2)"),
        ([array(3), array(2)], "(3, 2)"),
    ],
)
def test_ragged_lists_are_refused_with_their_lengths(rows, lengths):
    with pytest.raises(ShapeError) as error:
        list_shape("lookup", "ids", rows)
    assert (
        str(error.value) == f"lookup: the lists in ids have unequal lengths {lengths}; pad them to one length"
    )


def test_shapes_import_nothing():
    code = (
        "import sys; before = set(sys.modules); import course_lib.shapes; "
        "print(sorted(set(sys.modules) - before - {'course_lib', 'course_lib.shapes'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
