"""Activations and feed-forward networks in NumPy."""

import math

import numpy as np
import pytest

from course_lib.in_numpy import feed_forward
from course_lib.in_numpy.feed_forward import ACTIVATIONS, FeedForward, gelu, gelu_tanh, relu
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_module_gradients, draw, for_sizes, randomize


def test_activations_by_hand():
    for x in (-3.0, -0.5, 0.0, 1.0, 2.5):
        at = np.array([x])
        assert relu(at)[0] == max(x, 0)
        np.testing.assert_allclose(gelu(at)[0], x * (1 + math.erf(x / math.sqrt(2))) / 2, rtol=1e-13)
        u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        np.testing.assert_allclose(gelu_tanh(at)[0], x * (1 + math.tanh(u)) / 2, rtol=1e-12)


def test_the_two_gelus_are_close_and_not_the_same():
    x = np.linspace(-6, 6, 1001)
    apart = np.abs(gelu(x) - gelu_tanh(x)).max()
    assert 1e-4 < apart < 1e-3


def test_far_out_they_are_x_or_0():
    for name, (activate, backward) in ACTIVATIONS.items():
        x = np.array([-1000.0, 1000.0])
        assert activate(x).tolist() == [0, 1000], name
        assert backward(np.ones(2), x).tolist() == [0, 1], name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_of_the_activations(name):
    activate, backward = ACTIVATIONS[name]
    rng = np.random.default_rng(0)
    x, grad_output = 2 * rng.normal(size=(3, 50)), rng.normal(size=(3, 50))
    assert_gradient(lambda: float((activate(x) * grad_output).sum()), x, backward(grad_output, x))


def test_the_table_holds_every_activation():
    for name, pair in ACTIVATIONS.items():
        assert pair == (getattr(feed_forward, name), getattr(feed_forward, f"{name}_backward"))


def test_relu_has_no_slope_at_0():
    assert feed_forward.relu_backward(np.ones(1), np.zeros(1)).tolist() == [0]


@for_sizes("BTDF", profile=SLOW, high=4)
def test_gradients_of_the_networks(sizes, rng):
    D, F = sizes["D"], sizes["F"]
    for axes in ("BTD", "D"):
        for name in ACTIVATIONS:
            layer = randomize(FeedForward(D, F, name, dtype=np.float64), rng)
            assert_module_gradients(layer, rng, draw(rng, sizes, axes))


@for_sizes("BTDF", profile=SLOW, high=4)
def test_every_token_is_transformed_alone(sizes, rng):
    layer = randomize(FeedForward(sizes["D"], sizes["F"], dtype=np.float64), rng)
    x = draw(rng, sizes, "BTD")
    together = layer(x)
    for place in np.ndindex(x.shape[:2]):
        np.testing.assert_allclose(together[place], layer(x[place]), rtol=1e-10, atol=1e-13)


def test_sizes_and_names():
    shapes = {name: p.shape for name, p in FeedForward(6).state_dict().items()}
    assert shapes == {
        "c_fc.weight": (6, 24),
        "c_fc.bias": (24,),
        "c_proj.weight": (24, 6),
        "c_proj.bias": (6,),
    }
    assert list(FeedForward(6, bias=False).state_dict()) == ["c_fc.weight", "c_proj.weight"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x = np.array([[-1, 0, 2]], dtype)
    for activate, backward in ACTIVATIONS.values():
        assert activate(x).dtype == backward(x, x).dtype == dtype
    for layer in [FeedForward(3, activation=name, dtype=dtype) for name in ACTIVATIONS]:
        y = layer(x)
        assert {a.dtype for a in (y, layer.backward(y), *layer.gradients().values())} == {np.dtype(dtype)}


def test_whole_numbers_become_floats():
    for activate in (gelu, gelu_tanh):
        assert (activate(np.array([-1, 2])) == activate(np.array([-1.0, 2.0]))).all()


def test_bad_input():
    with pytest.raises(
        ValueError, match="^FeedForward: activation is 'tanh'; choose one of gelu, gelu_tanh, relu$"
    ):
        FeedForward(3, activation="tanh")
    with pytest.raises(ShapeError, match="x has width 3 but weight has width 4"):
        FeedForward(4)(np.ones((2, 3), np.float32))
