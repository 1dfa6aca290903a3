"""Layer normalization and RMS normalization in NumPy."""

import numpy as np
import pytest

from course_lib.in_numpy.normalization import (
    LayerNorm,
    RMSNorm,
    layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_norm_backward,
)
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_module_gradients, draw, for_sizes, randomize


@for_sizes("BTD", low=2)
def test_layer_norm_gives_mean_0_and_variance_1(sizes, rng):
    x = 3 + 5 * draw(rng, sizes, "BTD")
    for eps_inside in (True, False):
        y = layer_norm(x, eps=0.0, eps_inside=eps_inside)
        np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-10)
        np.testing.assert_allclose((y * y).mean(axis=-1), 1, rtol=1e-10)


@for_sizes("BTD", low=2)
def test_rms_norm_gives_mean_square_1(sizes, rng):
    y = rms_norm(3 + 5 * draw(rng, sizes, "BTD"), eps=0.0)
    np.testing.assert_allclose((y * y).mean(axis=-1), 1, rtol=1e-10)


def test_where_epsilon_stands_by_hand():
    x = np.array([1.0, 3.0])  # μ = 2, σ = 1
    np.testing.assert_allclose(layer_norm(x, eps=3.0), [-0.5, 0.5], rtol=1e-15)  # 1 / √(1 + 3)
    # 1 / (1 + 3)
    np.testing.assert_allclose(layer_norm(x, eps=3.0, eps_inside=False), [-0.25, 0.25], rtol=1e-15)
    np.testing.assert_allclose(rms_norm(x, eps=4.0), [1 / 3, 1.0], rtol=1e-15)  # √((1 + 9)/2 + 4) = 3


def test_the_variance_divides_by_D():
    x = np.array([0.0, 0.0, 3.0])  # μ = 1, σ² = 6/3 = 2, where D − 1 would give 3
    np.testing.assert_allclose(layer_norm(x, eps=0.0), np.array([-1, -1, 2]) / np.sqrt(2), rtol=1e-15)


@for_sizes("BTD", profile=SLOW, low=2, high=4)
def test_each_token_is_normalized_alone(sizes, rng):
    x, weight, bias = draw(rng, sizes, "BTD", "D", "D")
    for normalize in (lambda x: layer_norm(x, weight, bias), lambda x: rms_norm(x, weight)):
        together = normalize(x)
        for place in np.ndindex(x.shape[:2]):
            np.testing.assert_allclose(together[place], normalize(x[place]), rtol=1e-13)


@for_sizes("BTD", profile=SLOW, low=2, high=4)
def test_gradients_of_the_functions(sizes, rng):
    x, grad, weight, bias = draw(rng, sizes, "BTD", "BTD", "D", "D")
    for w in (weight, None):
        for settings in (
            {"eps_inside": True},
            {"eps_inside": False},
            {"eps": 0.1},
            {"eps": 0.1, "eps_inside": False},
        ):

            def loss(w=w, settings=settings):
                return float((layer_norm(x, w, bias, **settings) * grad).sum())

            grad_x, grad_weight, grad_bias = layer_norm_backward(grad, x, w, **settings)
            assert_gradient(loss, x, grad_x, "x")
            assert_gradient(loss, bias, grad_bias, "bias")
            if w is not None:
                assert_gradient(loss, w, grad_weight, "weight")

        def loss(w=w):
            return float((rms_norm(x, w, 0.1) * grad).sum())

        grad_x, grad_weight = rms_norm_backward(grad, x, w, 0.1)
        assert_gradient(loss, x, grad_x, "x")
        if w is not None:
            assert_gradient(loss, w, grad_weight, "weight")


@for_sizes("BTD", profile=SLOW, low=2, high=4)
def test_gradients_of_the_layers(sizes, rng):
    D = sizes["D"]
    layers = (
        LayerNorm(D, 0.1, dtype=np.float64),
        LayerNorm(D, 0.1, False, np.float64),
        RMSNorm(D, 0.1, np.float64),
    )
    for layer in layers:
        for axes in ("BTD", "D"):
            assert_module_gradients(randomize(layer, rng), rng, draw(rng, sizes, axes))


def test_equal_features_become_0_and_stop_no_training():
    x = np.full((1, 3), 7.0)
    for eps_inside in (True, False):
        assert (layer_norm(x, eps_inside=eps_inside) == 0).all()
        grad_x, *_ = layer_norm_backward(np.array([[1.0, 2.0, 6.0]]), x, eps=0.5, eps_inside=eps_inside)
        scale = np.sqrt(0.5) if eps_inside else 0.5
        np.testing.assert_allclose(grad_x, np.array([[-2.0, -1.0, 3.0]]) / scale, rtol=1e-14)


def test_layers_start_as_the_plain_normalization():
    x = np.array([[1.0, 2.0, 4.0]], np.float32)
    assert (LayerNorm(3)(x) == layer_norm(x)).all()
    assert (RMSNorm(3)(x) == rms_norm(x)).all()
    assert list(LayerNorm(3).state_dict()) == ["weight", "bias"]
    assert list(RMSNorm(3).state_dict()) == ["weight"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x = np.array([[1, 2, 4]], dtype)
    for layer in (
        LayerNorm(3, dtype=dtype),
        LayerNorm(3, eps_inside=False, dtype=dtype),
        RMSNorm(3, dtype=dtype),
    ):
        y = layer(x)
        arrays = y, layer.backward(y), *layer.gradients().values(), *layer.state_dict().values()
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}


def test_whole_numbers_become_floats():
    assert layer_norm(np.array([1, 3]), eps=0).tolist() == [-1.0, 1.0]
    assert rms_norm(np.array([3, -3]), eps=0).tolist() == [1.0, -1.0]


def test_widths_that_do_not_fit():
    x, w = np.ones((2, 3)), np.ones(4)
    message = "^{}: x has width 3 but {} has width 4; both must be D"
    for call, name, use in [
        ("layer_norm", "weight", lambda: layer_norm(x, w)),
        ("layer_norm", "bias", lambda: layer_norm(x, None, w)),
        ("layer_norm_backward", "weight", lambda: layer_norm_backward(x, x, w)),
        ("rms_norm", "weight", lambda: rms_norm(x, w)),
        ("rms_norm_backward", "weight", lambda: rms_norm_backward(x, x, w)),
        ("LayerNorm", "weight", lambda: LayerNorm(4)(x)),
        ("rms_norm", "weight", lambda: RMSNorm(4)(x)),
    ]:
        with pytest.raises(ShapeError, match=message.format(call, name)):
            use()
    with pytest.raises(ShapeError, match="grad_output has leading axes"):
        layer_norm_backward(np.ones((3, 3)), x)
