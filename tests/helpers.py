"""What the library's tests share: unequal sizes, finite differences, and the comparison of two twins.

Every check here raises AssertionError; `tests/parity/test_meta.py` shows each of them raising.
"""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=20, deadline=None, derandomize=True, database=None)
SLOW = settings(QUICK, max_examples=5)


def for_sizes(letters, profile=QUICK, low=1, high=7):
    """Run a test with unequal sizes and a seeded generator: `test(sizes, rng)`.

    `sizes` is a dict, one letter → one number, no two alike, so that a transposition shows.
    """
    n = len(letters)
    numbers = st.lists(st.integers(low, high), min_size=n, max_size=n, unique=True)
    sizes = numbers.map(lambda drawn: dict(zip(letters, drawn, strict=True)))
    generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
    return lambda test: profile(given(sizes=sizes, rng=generators)(test))


def shape(sizes, letters):
    return tuple(sizes[letter] for letter in letters)


def draw(rng, sizes, *patterns):
    """Normal float64 arrays, one a pattern: draw(rng, sizes, "BTD", "BSD")."""
    arrays = [rng.normal(size=shape(sizes, letters)) for letters in patterns]
    return arrays[0] if len(arrays) == 1 else arrays


def finite_difference(f, x, step=1e-6):
    """The gradient of the scalar f() with respect to the float64 array x, which f reads: (f(x+h) − f(x−h)) / 2h."""
    assert x.dtype == np.float64, "finite differences need float64"
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + step
        above = f()
        x[i] = kept - step
        below = f()
        x[i] = kept
        grad[i] = (above - below) / (2 * step)
    return grad


def assert_gradient(f, x, grad, what="x"):
    """Hold a hand-written gradient against finite differences, which are good to about 8 digits."""
    expected = finite_difference(f, x)
    assert grad.shape == x.shape, f"gradient of {what} has shape {grad.shape}, {what} has {x.shape}"
    np.testing.assert_allclose(
        grad, expected, rtol=1e-6, atol=1e-7 * max(1.0, np.abs(expected).max()), err_msg=what
    )


def assert_module_gradients(module, rng, *inputs, **settings):
    """Hold a NumPy module's backward, for every input and every parameter, against finite differences."""
    grad_output = rng.normal(size=module(*inputs, **settings).shape)
    module.zero_grad()
    module(*inputs, **settings)
    grads = module.backward(grad_output)
    grads = grads if isinstance(grads, tuple) else (grads,)
    collected = {name: grad.copy() for name, grad in module.gradients().items()}

    def loss():
        return float((module(*inputs, **settings) * grad_output).sum())

    for i, (x, grad) in enumerate(zip(inputs, grads, strict=True)):
        assert_gradient(loss, x, grad, f"input {i}")
    for name, parameter in module.state_dict().items():
        assert_gradient(loss, parameter, collected[name], name)


def assert_inputs_kept(call, *inputs):
    """Hold a function of arrays or tensors to leaving them as they are."""
    before = [as_numpy(x).copy() for x in inputs]
    call(*inputs)
    for i, (x, kept) in enumerate(zip(inputs, before, strict=True)):
        np.testing.assert_array_equal(as_numpy(x), kept, err_msg=f"input {i} was changed")


def as_numpy(value):
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def assert_parity(actual, expected, what="value", rtol=1e-10):
    """Equal to ten digits, in shape and in dtype.

    An entry that is the small difference of large ones carries their rounding, so each is also allowed
    1e-13 of the largest. All zeros is no evidence, and refused: compare zeros with assert_array_equal.
    """
    actual, expected = as_numpy(actual), as_numpy(expected)
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    largest = np.abs(expected).max(initial=0)
    assert largest > 0 or not expected.size, f"{what}: expected zeros only, which prove nothing"
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-13 * largest, err_msg=what)


def to_torch(array):
    """A float64 leaf tensor that collects a gradient."""
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def randomize(module, rng):
    """Give every parameter of a NumPy module random values, biases too.

    A matrix is divided by √rows, so that what goes in and what comes out are of one size: larger scores saturate
    the softmax, and gradients that are differences of nearly equal numbers have no ten digits to compare.
    """
    for parameter in module.state_dict().values():
        parameter[...] = rng.normal(size=parameter.shape)
        if parameter.ndim == 2:
            parameter /= np.sqrt(len(parameter))
    return module


def ordinary_size(module, seed=0):
    """Give every parameter of a torch module normal values, biases too, in float64; returns the module."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.double().parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return module


def make_twins(numpy_module, torch_module, rng):
    """The same random parameters in both, float64, moved by name without a transpose."""
    randomize(numpy_module, rng)
    torch_module.double()
    torch_module.load_state_dict({name: torch.from_numpy(a) for name, a in numpy_module.state_dict().items()})
    return numpy_module, torch_module


def assert_gradients_parity(numpy_model, torch_model):
    """Hold the gradients that two whole models have collected against each other, to ten digits.

    Each may miss 1e-13 of the largest of all: the key's bias moves all scores of a query alike, so that its
    gradient is zero but for rounding.
    """
    parameters = dict(torch_model.named_parameters())
    gradients = numpy_model.gradients()
    assert list(gradients) == list(parameters), "the two name their parameters differently"
    largest = max(p.grad.abs().max().item() for p in parameters.values())
    for name, grad in gradients.items():
        assert np.abs(grad).max() > 0, f"gradient of {name} is zero, which proves nothing"
        theirs = parameters[name].grad
        np.testing.assert_allclose(grad, theirs, rtol=1e-10, atol=1e-13 * largest, err_msg=name)


def assert_module_parity(numpy_module, torch_module, rng, *inputs, numpy_settings=None, torch_settings=None):
    """Hold two modules with equal parameters against each other: output, every input gradient, every parameter's.

    Float inputs get gradients; integer inputs (token ids) do not. Settings are the keyword arguments of the call.
    """
    tensors = [to_torch(x) if np.asarray(x).dtype == np.float64 else torch.as_tensor(x) for x in inputs]
    output = numpy_module(*inputs, **(numpy_settings or {}))
    expected = torch_module(*tensors, **(torch_settings or {}))
    assert_parity(output, expected, "output")

    grad_output = rng.normal(size=output.shape)
    numpy_module.zero_grad()
    torch_module.zero_grad()
    grads = numpy_module.backward(grad_output)
    grads = grads if isinstance(grads, tuple) else (grads,)
    expected.backward(torch.from_numpy(grad_output))
    for i, (tensor, grad) in enumerate(zip(tensors, grads, strict=True)):
        if tensor.requires_grad:
            assert_parity(grad, tensor.grad, f"gradient of input {i}")
    parameters = dict(torch_module.named_parameters())
    gradients = numpy_module.gradients()
    assert list(gradients) == list(parameters), "the two name their parameters differently"
    largest = max(p.grad.abs().max().item() for p in parameters.values())
    for name, parameter in parameters.items():
        if parameter.grad.abs().max() < 1e-12 * largest:  # a gradient that is zero but for rounding
            np.testing.assert_allclose(gradients[name], 0, atol=1e-12 * largest, err_msg=name)
        else:
            assert_parity(gradients[name], parameter.grad, f"gradient of {name}")
