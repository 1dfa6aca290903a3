"""Softmax, masks, scaled dot-product attention and one head in NumPy."""

import numpy as np
import pytest

from course_lib.in_numpy.attention import (
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
    scaled_dot_product_attention_backward,
    softmax,
    softmax_backward,
)
from course_lib.shapes import ShapeError
from tests.helpers import (
    SLOW,
    assert_gradient,
    assert_inputs_kept,
    draw,
    for_sizes,
)


@for_sizes("BTS")
def test_softmax_is_a_distribution(sizes, rng):
    x = 5 * draw(rng, sizes, "BTS")
    for axis in range(3):
        probs = softmax(x, axis=axis)
        assert (probs > 0).all()
        np.testing.assert_allclose(probs.sum(axis=axis), 1, rtol=1e-12)
        np.testing.assert_allclose(softmax(x + 100, axis=axis), probs, rtol=1e-10)


@for_sizes("BTS", profile=SLOW, low=2, high=4)
def test_gradient_of_softmax(sizes, rng):
    x, grad_output = draw(rng, sizes, "BTS", "BTS")
    for axis in range(3):
        for temperature in (1, 0.5, 3):
            grad = softmax_backward(grad_output, softmax(x, temperature, axis), temperature, axis)
            assert_gradient(lambda: float((softmax(x, temperature, axis) * grad_output).sum()), x, grad)  # noqa: B023


def test_temperature_divides_the_scores():
    x = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(softmax(x, temperature=2), softmax(x / 2), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_limits_of_the_temperature(dtype):
    x = np.array([1.0, 3.0, 2.0, -np.inf], dtype)
    for cold in (1e-3, 1e-50, 1e-310):
        assert softmax(x, temperature=cold).tolist() == [0, 1, 0, 0], "towards 0: argmax"
    np.testing.assert_allclose(softmax(x, temperature=1e9), [1 / 3, 1 / 3, 1 / 3, 0], rtol=1e-6)
    assert softmax(np.array([2, 2], dtype), temperature=1e-50).tolist() == [0.5, 0.5], "a tie stays a tie"


@pytest.mark.parametrize("temperature", [0, 0.0, -1, float("nan"), float("inf")])
def test_temperatures_that_are_none(temperature):
    words = "temperature is .*, must be a finite number above 0"
    one = np.ones((2, 2))
    with pytest.raises(ValueError, match=f"^softmax: {words}"):
        softmax(one, temperature)
    with pytest.raises(ValueError, match=f"^softmax_backward: {words}"):
        softmax_backward(one, one, temperature)


def test_softmax_of_huge_scores_and_of_none():
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]
    assert softmax(np.array([1e308, -1e308])).tolist() == [1.0, 0.0]
    assert softmax(np.full((2, 3), -np.inf)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert softmax(np.zeros((2, 0))).shape == (2, 0)
    assert softmax([0, 0]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("bad, word", [(np.nan, "NaN"), (np.inf, "inf")])
def test_softmax_says_where_the_bad_score_is(bad, word):
    x = np.full((2, 3), -np.inf)
    x[1, 2] = bad
    with pytest.raises(ValueError, match=rf"^softmax: x holds {word} at \(1, 2\)$"):
        softmax(x)


@for_sizes("BTSKV", profile=SLOW, low=2)
def test_inputs_are_kept(sizes, rng):
    q, k, v, grad_output = draw(rng, sizes, "BTK", "BSK", "BSV", "BTV")
    mask = rng.random((sizes["T"], sizes["S"])) < 0.5
    weights = scaled_dot_product_attention(q, k, v, mask)[1]
    assert_inputs_kept(lambda x: softmax(x, temperature=0.5), q)
    assert_inputs_kept(lambda g, probs: softmax_backward(g, probs, temperature=0.5), weights + 1, weights)
    assert_inputs_kept(scaled_dot_product_attention, q, k, v, mask)
    assert_inputs_kept(scaled_dot_product_attention_backward, grad_output, q, k, v, weights)
    assert_inputs_kept(lambda n: padding_mask(n, 9), rng.integers(9, size=4))


def test_softmax_backward_wants_one_shape():
    with pytest.raises(
        ShapeError, match=r"grad_output has leading axes \(2,\) but probs has leading axes \(3,\)"
    ):
        softmax_backward(np.zeros(2), np.zeros(3))


@for_sizes("TS")
def test_causal_mask_entry_by_entry(sizes, rng):
    T, past = sizes["T"], sizes["S"]
    mask = causal_mask(T, past + T)
    assert mask.dtype == bool and mask.shape == (T, past + T)
    for t in range(T):
        for s in range(past + T):
            assert mask[t, s] == (s <= past + t)
    assert (causal_mask(T) == mask[:, past:]).all()


def test_masks_refuse_nonsense():
    with pytest.raises(
        ValueError, match="causal_mask: 3 queries but only 2 keys; every query needs its own key"
    ):
        causal_mask(3, 2)
    with pytest.raises(
        ValueError, match=r"padding_mask: lengths \[2, 5\] must be whole numbers from 0 to S = 4"
    ):
        padding_mask([2, 5], 4)
    for bad in (-1, 1.5, float("nan"), True):
        with pytest.raises(ValueError, match=rf"padding_mask: lengths \[{bad}\] must be whole numbers"):
            padding_mask([bad], 4)
    with pytest.raises(ShapeError, match=r"padding_mask: lengths must be \(B,\), got shape \(\)"):
        padding_mask(3, 4)


def test_padding_mask():
    assert padding_mask([0, 2, 3], 3)[:, 0].tolist() == [[False] * 3, [True, True, False], [True] * 3]
    assert padding_mask([], 3).shape == (0, 1, 3)


@for_sizes("BTSKV", profile=SLOW, low=2, high=6)
def test_gradients_of_attention(sizes, rng):
    q, k, v, grad_output = draw(rng, sizes, "BTK", "BSK", "BSV", "BTV")
    some = rng.random((sizes["B"], sizes["T"], sizes["S"])) < 0.6
    some[0, 0] = False  # a query that may attend to nothing
    for mask in (None, some):
        for settings in ({}, {"scale": 0.3}):

            def loss():
                return float((scaled_dot_product_attention(q, k, v, mask, **settings)[0] * grad_output).sum())  # noqa: B023

            _, weights = scaled_dot_product_attention(q, k, v, mask, **settings)
            grads = scaled_dot_product_attention_backward(grad_output, q, k, v, weights, **settings)
            for what, x, grad in zip("qkv", (q, k, v), grads, strict=True):
                assert_gradient(loss, x, grad, what)


def test_attention_by_hand():
    """One query, scores 2 and 0 after √4: weights e²/(e² + 1) and 1/(e² + 1)."""
    q = np.array([[4.0, 0.0, 0.0, 0.0]])
    k = np.array([[1.0, 9.0, 9.0, 9.0], [0.0, 9.0, 9.0, 9.0]])
    v = np.array([[1.0], [0.0]])
    output, weights = scaled_dot_product_attention(q, k, v)
    np.testing.assert_allclose(weights, [[np.exp(2) / (np.exp(2) + 1), 1 / (np.exp(2) + 1)]], rtol=1e-12)
    np.testing.assert_allclose(output, weights[:, :1], rtol=1e-12)


def test_a_query_that_may_attend_to_nothing_is_zero():
    rng = np.random.default_rng(0)
    q, k, v, grad_output = (rng.normal(size=(2, n, 4)) for n in (3, 5, 5, 3))
    mask = np.ones((3, 5), bool)
    mask[1] = False
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    grad_q, grad_k, grad_v = scaled_dot_product_attention_backward(grad_output, q, k, v, weights)
    assert (output[:, 1] == 0).all() and (weights[:, 1] == 0).all() and (grad_q[:, 1] == 0).all()
    without = scaled_dot_product_attention(q[:, [0, 2]], k, v)
    assert (np.delete(output, 1, axis=1) == without[0]).all(), "the others do not notice"
    expected = scaled_dot_product_attention_backward(grad_output[:, [0, 2]], q[:, [0, 2]], k, v, without[1])
    np.testing.assert_allclose(grad_k, expected[1], rtol=1e-12)
    np.testing.assert_allclose(grad_v, expected[2], rtol=1e-12)


@pytest.mark.parametrize("bad, word", [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("name", "qkv")
def test_the_argument_that_holds_nan_is_named(name, bad, word):
    arrays = {n: np.ones((2, 3, 4)) for n in "qkv"}
    arrays[name][1, 2, 0] = bad
    for mask in (None, np.eye(3, dtype=bool), np.zeros((3, 3), bool)):
        with pytest.raises(
            ValueError, match=rf"^scaled_dot_product_attention: {name} holds {word} at \(1, 2, 0\)$"
        ):
            scaled_dot_product_attention(**arrays, mask=mask)


@pytest.mark.filterwarnings("ignore:overflow")
def test_scores_that_overflow_are_named():
    huge = np.full((2, 2), 1e30, np.float32)
    with pytest.raises(ValueError, match="the products of q and k are too large for float32"):
        scaled_dot_product_attention(huge, huge, huge)


@pytest.mark.parametrize(
    "mask, kind, words",
    [
        (np.ones((5, 3), bool), ShapeError, r"mask is \(5, 3\), scores have \(..., T, S\) = \(2, 3, 5\)"),
        (np.ones((4, 2, 3, 5), bool), ShapeError, r"mask is \(4, 2, 3, 5\), scores have"),
        (np.ones((3, 5)), ValueError, "mask holds float64, expected bool, True = may attend"),
        (np.ones((3, 5), int), ValueError, "mask holds int64, expected bool"),
    ],
)
def test_masks_that_do_not_fit(mask, kind, words):
    with pytest.raises(kind, match=words):
        scaled_dot_product_attention(np.ones((2, 3, 4)), np.ones((2, 5, 4)), np.ones((2, 5, 4)), mask)


def test_widths_that_differ_are_named():
    with pytest.raises(
        ShapeError, match=r"q has width 4 but k has width 3; both must be K \(width of one head\)"
    ):
        scaled_dot_product_attention(np.ones((5, 4)), np.ones((6, 3)), np.ones((6, 2)))
    with pytest.raises(ShapeError, match="k has length 6 but v has length 7; both must be S"):
        scaled_dot_product_attention(np.ones((5, 4)), np.ones((6, 4)), np.ones((7, 2)))
    with pytest.raises(ShapeError, match="weights has length 5"):
        scaled_dot_product_attention_backward(*(np.ones((6, 4)),) * 4, np.ones((5, 6)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    q = np.ones((2, 3, 4), dtype)
    output, weights = scaled_dot_product_attention(q, q, q, np.eye(3, dtype=bool), np.float64(0.3))
    results = [*scaled_dot_product_attention_backward(output, q, q, q, weights, np.float64(0.3))]
    for temperature in (1, 0.5, np.float64(2.0)):
        results += [softmax(q, temperature), softmax_backward(q, q, temperature)]
    assert {r.dtype for r in (output, weights, *results)} == {np.dtype(dtype)}


def test_whole_numbers_become_floats():
    q = np.array([[1, 0], [0, 1]])
    expected = scaled_dot_product_attention(q.astype(float), q.astype(float), q.astype(float))
    for result, value in zip(scaled_dot_product_attention(q, q, q), expected, strict=True):
        assert result.dtype == np.float64 and (result == value).all()


def test_no_keys_and_no_queries():
    output, weights = scaled_dot_product_attention(np.ones((3, 4)), np.ones((0, 4)), np.ones((0, 2)))
    assert output.tolist() == [[0, 0]] * 3 and weights.shape == (3, 0)
    assert scaled_dot_product_attention(np.ones((0, 4)), np.ones((3, 4)), np.ones((3, 2)))[0].shape == (0, 2)
