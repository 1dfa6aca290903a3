"""The NumPy base class and the linear layer."""

import numpy as np
import pytest

from course_lib.in_numpy.modules import Linear, Module
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_inputs_kept, assert_module_gradients, draw, for_sizes, randomize


class Tower(Module):
    """A linear layer, a list of two, and a parameter of its own: every way to hold parameters."""

    def __init__(self, rng):
        super().__init__()
        self.add_param("shift", np.zeros(3))
        self.first = Linear(4, 3, rng=rng, dtype=np.float64)
        self.h = [Linear(3, 3, bias=False, rng=rng, dtype=np.float64) for _ in range(2)]

    def forward(self, x):
        x = self.first(x) + self.params["shift"]
        for layer in self.h:
            x = layer(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.h):
            grad = layer.backward(grad)
        self.grads["shift"] += grad.reshape(-1, 3).sum(axis=0)
        return self.first.backward(grad)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def tower(rng):
    return randomize(Tower(rng), rng)


NAMES = ["shift", "first.weight", "first.bias", "h.0.weight", "h.1.weight"]


def test_names_are_dotted_paths(tower):
    assert list(tower.state_dict()) == list(tower.gradients()) == NAMES
    assert tower.parameter_count() == 3 + 12 + 3 + 9 + 9


def test_state_dict_holds_the_arrays_themselves(tower):
    tower.state_dict()["h.1.weight"][0, 0] = 42
    assert tower.h[1].params["weight"][0, 0] == 42


def test_gradients_of_a_tower(tower, rng):
    assert_module_gradients(tower, rng, rng.normal(size=(2, 5, 4)))


@for_sizes("BTDF", profile=SLOW, high=4)
def test_linear_gradients(sizes, rng):
    for bias in (True, False):
        layer = randomize(Linear(sizes["D"], sizes["F"], bias=bias, dtype=np.float64), rng)
        for axes in ("BTD", "TD", "D"):
            assert_module_gradients(layer, rng, draw(rng, sizes, axes))


def test_linear_by_hand():
    layer = Linear(2, 3, dtype=np.float64)
    layer.load_state_dict({"weight": [[1, 2, 3], [4, 5, 6]], "bias": [10, 20, 30]})
    assert layer(np.array([1.0, 2.0])).tolist() == [19.0, 32.0, 45.0]


def test_backward_adds_and_zero_grad_clears(tower, rng):
    x, grad = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    tower(x)
    tower.backward(grad)
    once = {name: g.copy() for name, g in tower.gradients().items()}
    tower(x)
    tower.backward(grad)
    for name, g in tower.gradients().items():
        np.testing.assert_allclose(g, 2 * once[name], rtol=1e-12)
    held = tower.gradients()
    tower.zero_grad()
    assert all((g == 0).all() for g in held.values()), "cleared in place"


def test_weights_start_as_in_gpt_2(rng):
    layer = Linear(200, 300, rng=rng)
    assert layer.params["weight"].shape == (200, 300)
    assert abs(layer.params["weight"].std() - 0.02) < 3e-4
    assert (layer.params["bias"] == 0).all()
    assert (Linear(2, 3, rng=np.random.default_rng(1)).params["weight"] == Linear(2, 3, rng=np.random.default_rng(1)).params["weight"]).all()  # fmt: skip


def test_loading_copies_in_place_and_keeps_the_dtype():
    layer = Linear(2, 3)
    weight, given = layer.params["weight"], np.ones((2, 3))
    layer.load_state_dict({"weight": given, "bias": np.zeros(3)})
    assert layer.params["weight"] is weight and weight.dtype == np.float32 and (weight == 1).all()
    given[0, 0] = 5
    assert weight[0, 0] == 1


def test_loading_names_every_problem_and_then_loads_nothing(tower):
    before = {name: a.copy() for name, a in tower.state_dict().items()}
    state = {name: np.zeros_like(a) for name, a in before.items()}
    del state["shift"], state["h.0.weight"]
    state["first.weight"] = np.zeros((3, 4))
    state["h.7.weight"] = np.zeros((3, 3))
    with pytest.raises(ShapeError) as error:
        tower.load_state_dict(state)
    assert str(error.value) == (
        "Tower.load_state_dict: nothing loaded: missing shift (3,); missing h.0.weight (3, 3); "
        "unexpected h.7.weight (3, 3); first.weight has shape (3, 4), expected (4, 3)"
    )
    for name, a in tower.state_dict().items():
        assert (a == before[name]).all()


def test_loading_something_other_than_numbers_loads_nothing():
    layer = Linear(2, 1, dtype=np.float64)
    before = layer.params["weight"].copy()
    with pytest.raises((TypeError, ValueError)):
        layer.load_state_dict({"weight": np.zeros((2, 1)), "bias": np.array(["one"])})
    assert (layer.params["weight"] == before).all()


def test_wrong_width_names_both():
    with pytest.raises(ShapeError, match="Linear: x has width 3 but weight has width 4; both must be d_in"):
        Linear(4, 6)(np.zeros((5, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    layer = Linear(4, 6, dtype=dtype)
    y = layer(np.ones((2, 5, 4), dtype))
    grad_x = layer.backward(np.ones_like(y))
    arrays = (y, grad_x, *layer.state_dict().values(), *layer.gradients().values())
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


def test_no_token_at_all():
    layer = Linear(4, 6)
    assert layer(np.zeros((2, 0, 4), np.float32)).shape == (2, 0, 6)
    assert layer.backward(np.zeros((2, 0, 6), np.float32)).shape == (2, 0, 4)


def test_a_layer_without_maths_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        Module()(1)
    with pytest.raises(NotImplementedError, match="Module has no backward"):
        Module().backward(1)


@pytest.mark.parametrize("bias", [True, False])
def test_inputs_are_kept(rng, bias):
    layer = Linear(4, 6, bias, dtype=np.float64)
    x = rng.normal(size=(2, 5, 4))
    grad = rng.normal(size=(2, 5, 6))
    own = layer.state_dict().values()
    assert_inputs_kept(lambda x, *own: layer(x), x, *own)
    assert_inputs_kept(lambda g, x, *own: layer.backward(g), grad, x, *own)
