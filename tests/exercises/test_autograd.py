"""The autograd engine of lesson 09_back_propagation: its three checks, and its gradients beside PyTorch's."""

import math

import numpy as np
import pytest
import torch

from course_lib.exercises import Wrong, autograd
from course_lib.exercises.autograd import Value, check_backward, check_functions, check_value
from tests.exercises.soundness import offences

FUNCTIONS = autograd.power, autograd.exp, autograd.log, autograd.tanh


class Ours:
    """As a student writes it: other names inside, lists for tuples, the parents' slopes computed apart."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, list(parents), list(slopes)

    def __add__(self, other):
        if not isinstance(other, Ours):
            other = Ours(other)
        return Ours(data=self.data + other.data, parents=[self, other], slopes=[1, 1])

    def __mul__(self, other):
        if not isinstance(other, Ours):
            return self * Ours(other)
        return Ours(data=self.data * other.data, parents=[self, other], slopes=[other.data, self.data])

    __radd__, __rmul__ = __add__, __mul__


def by_counting(last):
    """Another way to go back: a Value hands on when all that was made of it has handed on."""
    waiting, uses, seen = [last], {}, []
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.append(value)
        for parent in value.parents:
            uses[parent] = uses.get(parent, 0) + 1
            waiting.append(parent)
    last.grad, ready = 1.0, [last]
    while ready:
        value = ready.pop()
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += value.grad * slope
            uses[parent] -= 1
            if not uses[parent]:
                ready.append(parent)


def times(value, slopes):
    class Other(Ours):
        def __mul__(self, other):
            other = other if isinstance(other, Ours) else Other(other)
            return value(self, other, slopes)

        def __add__(self, other):
            other = other if isinstance(other, Ours) else Other(other)
            return Other(self.data + other.data, (self, other), (1, 1))

        __radd__, __rmul__ = __add__, __mul__

    return Other


def recursive(last, first=True):
    last.grad = 1.0 if first else last.grad
    for parent, slope in zip(last.parents, last.slopes, strict=True):
        parent.grad += slope * last.grad
        recursive(parent, first=False)


def replacing(last):
    autograd.backward(last)
    for parent, slope in zip(last.parents, last.slopes, strict=True):
        parent.grad = slope


def of(function, data, slope):
    return tuple(
        (lambda x, *n: Value(data(x.data, *n), (x,), (slope(x.data, *n),))) if one is function else one
        for one in FUNCTIONS
    )


RIGHT = [
    (check_value, Value), (check_value, Ours),
    (check_backward, autograd.backward), (check_backward, by_counting),
    (check_functions, *FUNCTIONS),
    (check_functions, *of(autograd.power, lambda x, n: math.exp(n * math.log(x)), lambda x, n: n * x**n / x)),
    (check_functions, *of(autograd.tanh, math.tanh, lambda x: 1 / math.cosh(x) ** 2)),
]  # fmt: skip
WRONG = [
    (check_value, [times(lambda a, b, _: type(a)(a.data * b.data, (a, b), (a.data, b.data)), None)], "changed places"),
    (check_value, [times(lambda a, b, _: type(a)(a.data * b.data, (a, b), (1, 1)), None)], "are not 1"),
    (check_value, [times(lambda a, b, _: type(a)(a.data + b.data, (a, b), (b.data, a.data)), None)], "data"),
    (check_value, [times(lambda a, b, _: a.data * b.data, None)], "yours returns float"),
    (check_value, [times(lambda a, b, _: a.data * b.date, None)], "stopped at `return value(self, other, slopes)`"),
    (check_value, [times(lambda a, b, _: type(a)(a.data * b.data, (a, b.data), (b.data, a.data)), None)], "each parent is a Value"),
    (check_value, [times(lambda a, b, _: type(a)(a.data * b.data), None)], "parents"),
    (check_backward, [recursive], "before all had arrived"),
    (check_backward, [lambda last: None], "0"),
    (check_backward, [replacing], ""),
    (check_functions, of(autograd.power, pow, lambda x, n: x ** (n - 1)), "n is missing"),
    (check_functions, of(autograd.exp, math.exp, lambda x: 1.0), "exp itself"),
    (check_functions, of(autograd.log, math.log2, lambda x: 1 / x), ""),
    (check_functions, of(autograd.tanh, math.tanh, lambda x: 1 - math.tanh(x)), "a square is missing"),
    (check_functions, [*FUNCTIONS[:3], lambda x: Value(math.tanh(x.data), (x,), 1 - math.tanh(x.data) ** 2)], "(x,)"),
    (check_functions, [*FUNCTIONS[:3], lambda x: Value(math.tanh(x.data), x, (1 - math.tanh(x.data) ** 2,))], "(x,)"),
    (check_functions, [*FUNCTIONS[:3], lambda x: Value(math.tanh(x.data), (), (1 - math.tanh(x.data) ** 2,))], "parents"),
    (check_functions, [*FUNCTIONS[:3], lambda x: math.tanh(x.data)], "yours returns float"),
]  # fmt: skip


@pytest.mark.parametrize(
    "check", [check_value, check_backward, check_functions], ids=lambda check: check.exercise.name
)
def test_the_description_is_sound(check):
    assert list(offences(check.exercise)) == []


@pytest.mark.parametrize("case", RIGHT)
def test_right_steps_pass(case, capsys):
    check, *answer = case
    check(*answer)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize(("check", "answer", "says"), WRONG)
def test_wrong_steps_get_one_sentence(check, answer, says):
    with pytest.raises(Wrong) as caught:
        check(*answer)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_an_unwritten_step_is_named(capsys):
    class Stub(Value):
        def __mul__(self, other):
            """self · other."""
            raise NotImplementedError

    check_value(Stub)
    assert capsys.readouterr().out == "not written yet: __mul__\n"


def test_the_gradients_are_those_of_autograd():
    """A layer norm, a softmax and a logarithm of the same numbers, here one by one and there as an array."""
    x = np.random.default_rng(0).normal(size=5)

    def loss(x, exp, log, power):
        mean = sum(x) * 0.2
        scale = power(sum((one - mean) * (one - mean) for one in x) * 0.2 + 1e-5, -0.5)
        return log(sum(exp((one - mean) * scale) for one in x)) - (x[2] - mean) * scale

    values = [Value(one) for one in x]
    last = loss(values, autograd.exp, autograd.log, autograd.power)
    autograd.backward(last)
    tensor = torch.tensor(x, requires_grad=True)
    theirs = loss(tensor.unbind(), torch.exp, torch.log, torch.pow)
    theirs.backward()
    np.testing.assert_allclose(last.data, theirs.item(), rtol=1e-12)
    np.testing.assert_allclose([value.grad for value in values], tensor.grad, rtol=1e-10, atol=1e-14)
