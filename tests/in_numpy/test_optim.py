"""Optimizers in NumPy: updates by hand, the schedule, clipping, bad settings."""

import math

import numpy as np
import pytest

from course_lib.in_numpy.modules import Linear
from course_lib.in_numpy.optim import SGD, AdamW, clip_gradients


@pytest.fixture
def model():
    model = Linear(2, 1, dtype=np.float64)
    model.load_state_dict({"weight": [[1.0], [-2.0]], "bias": [0.5]})
    return model


def set_gradients(model, *numbers):
    model.grads["weight"][:], model.grads["bias"][:] = [[numbers[0]], [numbers[1]]], numbers[2]


def values(model):
    return [*model.params["weight"].ravel(), *model.params["bias"]]


def test_sgd_by_hand(model):
    set_gradients(model, 10.0, 20.0, 0.0)
    SGD(model, lr=0.1, weight_decay=2.0).step()
    np.testing.assert_allclose(values(model), [1 - 0.1 * 12, -2 - 0.1 * 16, 0.5 - 0.1 * 1], rtol=1e-14)


def test_momentum_by_hand(model):
    optimizer = SGD(model, lr=0.1, momentum=0.5)
    for _ in range(2):
        set_gradients(model, 1.0, 0.0, 0.0)
        optimizer.step()
    assert math.isclose(values(model)[0], 1 - 0.1 * 1 - 0.1 * 1.5, rel_tol=1e-14)


def test_the_first_step_of_adam_is_lr_long_whatever_the_gradient(model):
    set_gradients(model, 1e-3, -50.0, 7.0)
    AdamW(model, lr=0.01, weight_decay=0.0).step()
    np.testing.assert_allclose(values(model), [0.99, -1.99, 0.49], rtol=1e-6)


def test_weight_decay_stays_out_of_the_gradient(model):
    AdamW(model, lr=0.1, weight_decay=0.5).step()  # gradients 0: only the decay moves
    np.testing.assert_allclose(values(model), [0.95, -1.9, 0.475], rtol=1e-14)


def test_both_find_the_bottom_of_a_bowl(model):
    for make in (
        lambda: SGD(model, 0.1),
        lambda: SGD(model, 0.05, 0.9),
        lambda: AdamW(model, 0.05, weight_decay=0),
    ):
        model.load_state_dict({"weight": [[1.0], [-2.0]], "bias": [0.5]})
        optimizer = make()
        for _ in range(400):
            a, b, c = values(model)
            set_gradients(model, 2 * (a - 3), 4 * (b + 1), 2 * c)
            optimizer.step()
        np.testing.assert_allclose(values(model), [3, -1, 0], atol=1e-3)


def test_parameters_are_changed_in_place_and_gradients_left_alone(model):
    for optimizer in (SGD(model, 0.1, 0.9, 0.1), AdamW(model, 0.1)):
        held, grads = model.params["weight"], model.gradients()
        set_gradients(model, 1.0, 2.0, 3.0)
        before = held.copy()
        optimizer.step()
        optimizer.step()
        assert model.params["weight"] is held and (held != before).all()
        assert [*grads["weight"].ravel(), *grads["bias"]] == [1, 2, 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    model = Linear(2, 3, dtype=dtype)
    for optimizer in (SGD(model, 0.1, 0.9, 0.1), AdamW(model)):
        optimizer.step()
        optimizer.step()
        held = [vars(optimizer).get(name, {}) for name in ("velocity", "m", "v")]
        arrays = [*model.state_dict().values(), *(a for state in held for a in state.values())]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda m: SGD(m, -0.1), "SGD: lr must be at least 0 and below inf, got -0.1"),
        (lambda m: SGD(m, math.nan), "SGD: lr must be at least 0 and below inf, got nan"),
        (lambda m: SGD(m, 0.1, momentum=1), "SGD: momentum must be at least 0 and below 1, got 1"),
        (
            lambda m: SGD(m, 0.1, weight_decay=-1),
            "SGD: weight_decay must be at least 0 and below inf, got -1",
        ),
        (lambda m: AdamW(m, lr=math.inf), "AdamW: lr must be at least 0 and below inf, got inf"),
        (lambda m: AdamW(m, betas=(1.0, 0.9)), "AdamW: beta1 must be at least 0 and below 1, got 1.0"),
        (lambda m: AdamW(m, betas=(0.9, -0.1)), "AdamW: beta2 must be at least 0 and below 1, got -0.1"),
        (lambda m: AdamW(m, eps=-1e-8), "AdamW: eps must be at least 0 and below inf, got -1e-08"),
        (lambda m: AdamW(m, weight_decay=-1), "AdamW: weight_decay must be at least 0 and below inf, got -1"),
        (lambda m: clip_gradients(m, 0), "clip_gradients: max_norm must be above 0, got 0"),
        (lambda m: clip_gradients(m, math.nan), "clip_gradients: max_norm must be above 0, got nan"),
    ],
)
def test_bad_settings(model, make, words):
    with pytest.raises(ValueError) as error:
        make(model)
    assert str(error.value) == words


def test_clipping_by_hand(model):
    set_gradients(model, 2.0, 3.0, 6.0)  # 4 + 9 + 36 = 7²
    assert clip_gradients(model, 7.5) == 7.0
    assert [*model.grads["weight"].ravel(), *model.grads["bias"]] == [2, 3, 6], "short enough: left alone"
    assert clip_gradients(model, 3.5) == 7.0
    np.testing.assert_allclose(
        [*model.grads["weight"].ravel(), *model.grads["bias"]], [1, 1.5, 3], rtol=1e-14
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_named(model, bad):
    set_gradients(model, 1.0, 1.0, bad)
    with pytest.raises(ValueError, match="^clip_gradients: the gradient of bias holds NaN or infinity$"):
        clip_gradients(model, 1.0)
    assert model.grads["weight"].ravel().tolist() == [1, 1]
