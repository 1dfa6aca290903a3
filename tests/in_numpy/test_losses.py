"""Cross-entropy, perplexity and bits in NumPy."""

import math

import numpy as np
import pytest

from course_lib.in_numpy.losses import bits, cross_entropy, cross_entropy_backward, perplexity
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, draw, for_sizes, shape


def test_by_hand():
    logits = np.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(
        cross_entropy(logits, [0, 2]), -(math.log(0.5) + math.log(0.8)) / 2, rtol=1e-14
    )
    np.testing.assert_allclose(cross_entropy(logits, [0, -100]), math.log(2), rtol=1e-14)
    expected = np.array([[-0.5, 0.25, 0.25], [0.1, 0.1, -0.2]]) / 2
    np.testing.assert_allclose(cross_entropy_backward(logits, [0, 2]), expected, rtol=1e-13)


@for_sizes("BTV", profile=SLOW, low=2, high=4)
def test_gradient(sizes, rng):
    logits, targets = draw(rng, sizes, "BTV"), rng.integers(sizes["V"], size=shape(sizes, "BT"))
    for ignored in (-100, 0):
        targets[0, 0] = ignored
        targets[0, 1] = 1
        grad = cross_entropy_backward(logits, targets, ignored)
        assert_gradient(lambda: float(cross_entropy(logits, targets, ignored)), logits, grad)  # noqa: B023
        assert (grad[0, 0] == 0).all() and (grad[0, 1] != 0).all()


def test_leaves_its_input_alone():
    logits = np.array([[1.0, 2.0]])
    cross_entropy(logits, [0])
    cross_entropy_backward(logits, [0])
    assert logits.tolist() == [[1.0, 2.0]]


def test_the_loss_at_the_start_is_ln_V():
    np.testing.assert_allclose(
        cross_entropy(np.zeros((2, 3, 50)), np.zeros((2, 3), int)), math.log(50), rtol=1e-14
    )


def test_huge_logits():
    assert cross_entropy(np.array([[1e308, -1e308 / 2]]), [0]) == 0
    assert cross_entropy(np.array([[1000.0, 0.0]]), [1]) == 1000
    assert cross_entropy(np.array([[0.0, -np.inf]]), [0]) == 0, (
        "a token ruled out may stand beside the target"
    )
    assert cross_entropy(np.array([[0.0, -np.inf]]), [1]) == np.inf


def test_whole_numbers_become_floats():
    np.testing.assert_allclose(cross_entropy([[0, 0]], [1]), math.log(2), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    logits = np.array([[1, 2], [3, 4]], dtype)
    for targets in ([0, 1], [0, -100]):
        assert cross_entropy(logits, targets).dtype == dtype
        assert cross_entropy_backward(logits, targets).dtype == dtype


@pytest.mark.parametrize(
    "logits, targets, kind, words",
    [
        (np.zeros((2, 3)), [0], ShapeError, "logits have shape (2, 3), so targets must have shape (2,) (one id for each row of V scores), not (1,)"),
        (np.zeros((2, 3)), [[0, 1, 2], [0]], ShapeError, "the lists in targets have unequal lengths (3, 1)"),
        (np.zeros(()), 0, ShapeError, "logits have shape ()"),
        (np.zeros((2, 3)), [0.0, 1.0], ValueError, "targets must be whole numbers (token ids), got float64"),
        (np.zeros((2, 3)), [True, False], ValueError, "targets must be whole numbers (token ids), got bool"),
        (np.zeros((2, 3)), [0, 3], ValueError, "target 3 is not in 0 to 2 (V = 3)"),
        (np.zeros((2, 3)), [0, -1], ValueError, "target -1 is not in 0 to 2 (V = 3)"),
        (np.zeros((2, 3)), [-100, -100], ValueError, "no position counts (a target of -100 is ignored)"),
        (np.array([[0, np.nan], [1, 2]]), [0, 0], ValueError, "the largest logit of a position is nan"),
        (np.array([[0, np.inf], [1, 2]]), [0, 0], ValueError, "the largest logit of a position is inf"),
        (np.full((1, 2), -np.inf), [0], ValueError, "the largest logit of a position is -inf"),
    ],
)  # fmt: skip
def test_bad_input(logits, targets, kind, words):
    for call in (cross_entropy, cross_entropy_backward):
        with pytest.raises(kind) as error:
            call(logits, targets)
        assert str(error.value).startswith(f"{call.__name__}: {words}")


def test_what_is_ignored_may_hold_anything():
    logits = np.array([[np.nan, np.inf], [0.0, 0.0]])
    np.testing.assert_allclose(cross_entropy(logits, [-100, 1]), math.log(2), rtol=1e-14)
    assert cross_entropy_backward(logits, [-100, 1]).tolist() == [[0, 0], [0.5, -0.5]]


def test_perplexity_and_bits():
    for V in (1, 2, 8, 50257):
        np.testing.assert_allclose(perplexity(math.log(V)), V, rtol=1e-13)
        np.testing.assert_allclose(2 ** bits(math.log(V)), V, rtol=1e-13)
    assert bits(np.float32(0)) == 0 and type(bits(np.float32(0))) is float
