"""Sinusoidal, learned and rotary positions in NumPy."""

import math

import numpy as np
import pytest

from course_lib.in_numpy.attention import scaled_dot_product_attention
from course_lib.in_numpy.multi_head import MultiHeadAttention
from course_lib.in_numpy.positions import (
    LearnedPositions,
    add_positions,
    apply_rope,
    apply_rope_backward,
    rope_angles,
    sinusoidal_positions,
)
from course_lib.shapes import ShapeError
from tests.helpers import (
    SLOW,
    assert_gradient,
    assert_inputs_kept,
    assert_module_gradients,
    draw,
    for_sizes,
    randomize,
)
from tests.invariants import check_length_is_kept, check_order_is_lost, check_scores_depend_on_offset


def test_sinusoidal_entry_by_entry():
    C, D = 11, 6
    table = sinusoidal_positions(C, D)
    for t in range(C):
        for j in range(D):
            angle = t / 10000 ** (2 * (j // 2) / D)  # features 2i and 2i+1 share the exponent 2i/D
            expected = math.sin(angle) if j % 2 == 0 else math.cos(angle)
            assert abs(table[t, j] - expected) < 1e-14


def test_moving_on_is_a_rotation_of_the_table():
    """P[t + 1] is the same linear function of P[t] at every t: what makes relative positions easy to learn."""
    table = sinusoidal_positions(40, 8)
    step = np.linalg.lstsq(table[:-1], table[1:], rcond=None)[0]  # (D, D)
    np.testing.assert_allclose(table[:-1] @ step, table[1:], atol=1e-9)


@for_sizes("CD", low=2)
def test_products_of_sinusoidal_rows_depend_on_their_distance_alone(sizes, rng):
    C, D = 4 * sizes["C"], 2 * sizes["D"]
    table = sinusoidal_positions(C, D)
    products = table @ table.T  # (C, C): row t times row s
    for distance in range(C):
        expected = np.cos(distance * 10000.0 ** (-2 * np.arange(D // 2) / D)).sum()
        np.testing.assert_allclose(np.diagonal(products, distance), expected, rtol=1e-10, atol=1e-12)
    assert abs(products[0, 1] - products[0, 2]) > 1e-6, "the product does not notice the distance"


@for_sizes("TD", low=3)
def test_with_positions_the_order_is_known(sizes, rng):
    T, D = sizes["T"], 2 * sizes["D"]
    x = rng.normal(size=(2, T, D))
    head = randomize(MultiHeadAttention(D, 1, dtype=np.float64), rng)
    learned = randomize(LearnedPositions(T, D, dtype=np.float64), rng)
    check_order_is_lost(head, x, rng)
    for layer in (
        lambda x: head(add_positions(x, sinusoidal_positions(T, D))),
        lambda x: head(learned(x)),
        lambda x: scaled_dot_product_attention(apply_rope(x), apply_rope(x), x)[0],
    ):
        with pytest.raises(AssertionError, match="Not equal"):
            check_order_is_lost(layer, x, rng)


def test_sinusoidal_is_float64_and_adding_keeps_the_dtype():
    table = sinusoidal_positions(8, 4)
    assert table.dtype == np.float64
    for dtype in (np.float32, np.float64):
        assert add_positions(np.zeros((5, 4), dtype), table).dtype == dtype


@for_sizes("BTD")
def test_adding(sizes, rng):
    x = draw(rng, sizes, "BTD")
    table = rng.normal(size=(sizes["T"] + 4, sizes["D"]))
    assert (add_positions(x, table) == x + table[: sizes["T"]]).all()
    assert (add_positions(x, table, start=3) == x + table[3 : 3 + sizes["T"]]).all()


@pytest.mark.parametrize("start", [-1, 4])
def test_text_beyond_the_table(start):
    with pytest.raises(
        ShapeError, match=rf"add_positions: positions {start} to {start + 4} do not exist: C = 8, so 0 to 7"
    ):
        add_positions(np.zeros((5, 2)), np.zeros((8, 2)), start)
    with pytest.raises(ShapeError, match="LearnedPositions: positions 0 to 8 do not exist: C = 8"):
        LearnedPositions(8, 2)(np.zeros((9, 2)))


def test_widths_that_differ():
    with pytest.raises(
        ShapeError, match="add_positions: x has width 3 but table has width 4; both must be D"
    ):
        add_positions(np.zeros((5, 3)), sinusoidal_positions(8, 4))


@pytest.mark.parametrize("D", [3, 0, 1, -2])
def test_odd_widths(D):
    with pytest.raises(ValueError, match=f"sinusoidal_positions: D = {D}, but features come in pairs"):
        sinusoidal_positions(4, D)
    with pytest.raises(ValueError, match=f"rope_angles: K = {D}, but features come in pairs"):
        rope_angles(4, D)


@pytest.mark.parametrize("base", [0, -1.0, float("nan"), float("inf")])
def test_bases_that_are_none(base):
    with pytest.raises(
        ValueError, match=f"sinusoidal_positions: base is {base}, must be a finite number above 0"
    ):
        sinusoidal_positions(4, 2, base)
    with pytest.raises(ValueError, match=f"rope_angles: base is {base}, must be a finite number above 0"):
        apply_rope(np.ones((4, 2)), base=base)


def test_a_single_vector_has_no_position():
    for layer in (LearnedPositions(8, 4), apply_rope, lambda x: add_positions(x, np.zeros((8, 4)))):
        with pytest.raises(ShapeError, match=r"x has 1 axes \(4,\) but needs at least 2: \(..., T, [DK]\)"):
            layer(np.zeros(4))


def test_whole_numbers_become_floats():
    x, table = np.array([[1, 0], [2, 3]]), sinusoidal_positions(2, 2)
    for call in (apply_rope, apply_rope_backward, lambda x: add_positions(x, table)):
        assert call(x).dtype == np.float64 and (call(x) == call(x.astype(float))).all()


@for_sizes("BTD", profile=SLOW, high=4)
def test_gradients_of_learned_positions(sizes, rng):
    layer = randomize(LearnedPositions(sizes["T"] + 3, sizes["D"], dtype=np.float64), rng)
    for start in (0, 3):
        assert_module_gradients(layer, rng, draw(rng, sizes, "BTD"), start=start)
    assert_module_gradients(layer, rng, draw(rng, sizes, "TD"))


@for_sizes("TK")
def test_rope_is_a_rotation_of_complex_numbers(sizes, rng):
    T, K = sizes["T"], 2 * sizes["K"]
    x = rng.normal(size=(2, T, K))
    pairs = x[..., 0::2] + 1j * x[..., 1::2]  # (2, T, K/2)
    turned = pairs * np.exp(1j * np.arange(T)[:, None] * 10000.0 ** (-2 * np.arange(K // 2) / K))
    rotated = apply_rope(x)
    np.testing.assert_allclose(rotated[..., 0::2], turned.real, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(rotated[..., 1::2], turned.imag, rtol=1e-9, atol=1e-13)


@for_sizes("TK", low=2)
def test_rope_invariants(sizes, rng):
    q, k = rng.normal(size=(2, 2 * sizes["K"]))
    check_scores_depend_on_offset(apply_rope, q, k)
    check_length_is_kept(apply_rope, rng.normal(size=(3, sizes["T"], 2 * sizes["K"])))


@for_sizes("BTK", profile=SLOW, high=4)
def test_gradient_of_rope(sizes, rng):
    shape = sizes["B"], sizes["T"], 2 * sizes["K"]
    x = rng.normal(size=shape)
    grad_output = rng.normal(size=shape)
    positions = rng.integers(50, size=sizes["T"])
    grad = apply_rope_backward(grad_output, positions, base=300.0)
    assert_gradient(lambda: float((apply_rope(x, positions, base=300.0) * grad_output).sum()), x, grad)


def test_positions_of_rope_default_to_counting():
    x = np.random.default_rng(0).normal(size=(2, 5, 4))
    assert (apply_rope(x) == apply_rope(x, np.arange(5))).all()
    assert (apply_rope(x)[:, 0] == x[:, 0]).all(), "position 0 stays"
    assert (apply_rope(x)[:, 3:] == apply_rope(x[:, 3:], [3, 4])).all(), "as with a cache"


def test_rope_wants_one_position_a_token():
    with pytest.raises(ShapeError, match="apply_rope: x has 5 tokens but positions has 3"):
        apply_rope(np.zeros((5, 4)), np.arange(3))
    with pytest.raises(ShapeError, match=r"rope_angles: positions must be a number or \(T,\), got \(2, 5\)"):
        apply_rope(np.zeros((5, 4)), np.zeros((2, 5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    layer, x = LearnedPositions(8, 4, dtype=dtype), np.ones((2, 5, 4), dtype)
    grad = layer.backward(layer(x))
    results = [layer(x), grad, layer.grads["weight"], apply_rope(x), apply_rope_backward(x)]
    assert {r.dtype for r in results} == {np.dtype(dtype)}


def test_weights_start_as_in_gpt_2():
    weight = LearnedPositions(300, 200, rng=np.random.default_rng(0)).params["weight"]
    assert weight.shape == (300, 200) and abs(weight.std() - 0.02) < 3e-4


def test_inputs_are_kept():
    x, grad, table = np.random.default_rng(0).normal(size=(3, 2, 5, 4))
    layer = LearnedPositions(8, 4, dtype=np.float64)
    assert_inputs_kept(add_positions, x, table[0])
    assert_inputs_kept(apply_rope, x, np.arange(5))
    assert_inputs_kept(apply_rope_backward, grad, np.arange(5))
    assert_inputs_kept(lambda x, weight: layer(x), x, layer.params["weight"])
    assert_inputs_kept(lambda g, x, weight: layer.backward(g), grad, x, layer.params["weight"])
