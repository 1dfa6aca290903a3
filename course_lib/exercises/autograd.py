"""An autograd engine in three steps, for lesson 09_back_propagation: optional, judged in the lesson, not kept.

A `Value` is one number that remembers what it was made of; `backward` walks from the last one to the first. What
stands below is the course's own engine, and the checks of the learner's three steps. A class that grows over three
cells is no single part of my_gpt.py, and nothing in a GPT calls it, so it stays in its lesson.

Long because the engine, its checks and the likely mistakes of its three steps stand together.

>>> x = Value(3.0)
>>> y = x * x + 2 * x
>>> backward(y)
>>> y.data, x.grad
(15.0, 8.0)
"""

import math

from .answers import Refused
from .description import Case, Exercise, Slip
from .judge import check

__all__ = [
    "Value",
    "backward",
    "check_backward",
    "check_functions",
    "check_value",
    "exp",
    "log",
    "power",
    "tanh",
]


# --- the engine: step 1


class Value:
    """A number, and the numbers that it was made of.

    parents: the Values it was made of. slopes: for each parent, how fast this number grows when the parent does.
    """

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.parents, self.slopes = parents, slopes

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * (power(other, -1) if isinstance(other, Value) else 1 / other)

    __radd__, __rmul__ = __add__, __mul__  # 2 + x and 2 * x


# --- step 2


def backward(last):
    """Fill in `grad` of every Value that `last` was made of, directly or not: the slope of last with respect to it."""
    order, seen = [], set()

    def visit(value):
        if value not in seen:
            seen.add(value)
            for parent in value.parents:
                visit(parent)
            order.append(value)  # after all that it was made of

    visit(last)
    last.grad = 1.0
    for value in reversed(order):
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += slope * value.grad


# --- step 3


def power(x, n):
    """x to the power of the number n."""
    return Value(x.data**n, (x,), (n * x.data ** (n - 1),))


def exp(x):
    """e to the power of x."""
    return Value(math.exp(x.data), (x,), (math.exp(x.data),))


def log(x):
    """The natural logarithm of x."""
    return Value(math.log(x.data), (x,), (1 / x.data,))


def tanh(x):
    """The hyperbolic tangent of x."""
    return Value(math.tanh(x.data), (x,), (1 - math.tanh(x.data) ** 2,))


# --- the checks: a learner's class or function, used on a few formulas, gives numbers, and these are judged

FORMULAS = {
    "a + b": lambda a, b: a + b,
    "a * b": lambda a, b: a * b,
    "a * a": lambda a, b: a * a,
    "2 * a": lambda a, b: 2 * a,
    "a * b + a": lambda a, b: a * b + a,
    "s * s, with s = a + b": lambda a, b: (s := a + b) * s,
    "s * s + s * a, with s = a * b": lambda a, b: (s := a * b) * s + s * a,
    "t * a, with s = a + b and t = s * s + s": lambda a, b: ((s := a + b) * s + s) * a,
}
PAIRS = [(2.0, 3.0), (-0.5, 4.0), (1.5, -2.0)]
FUNCTIONS = {"power": power, "exp": exp, "log": log, "tanh": tanh}


def _read(value):
    """The data of a learner's Value, the data of its parents, and its slopes."""
    if not all(hasattr(value, name) for name in ("data", "parents", "slopes")):
        raise Refused(
            f"a Value is expected, Value(data, parents, slopes), and yours returns {type(value).__name__}"
        )
    for name in ("parents", "slopes"):
        if not isinstance(getattr(value, name), tuple | list):
            raise Refused(
                f"the {name} stand in a tuple, and one thing alone makes a tuple with a comma: (x,)"
            )
    if not all(hasattr(parent, "data") for parent in value.parents):
        raise Refused("each parent is a Value, and a plain number is none")
    return value.data, [parent.data for parent in value.parents], list(value.slopes)


def _made(Value):
    return lambda formula, a, b: _read(FORMULAS[formula](Value(a), Value(b)))


def _slopes(backward):
    def slopes(formula, a, b):
        a, b = Value(a), Value(b)
        backward(FORMULAS[formula](a, b))
        return a.grad, b.grad

    return slopes


def _applied(functions):
    return lambda name, x, n: _read(functions[name](*[Value(x), n][: 1 + (name == "power")]))


def _like(sums, products):
    """A Value with other slopes; each is given the numbers of both sides."""

    class Mistaken(Value):
        def __add__(self, other):
            other = other if isinstance(other, Value) else Mistaken(other)
            return Mistaken(self.data + other.data, (self, other), sums(self.data, other.data))

        def __mul__(self, other):
            other = other if isinstance(other, Value) else Mistaken(other)
            return Mistaken(self.data * other.data, (self, other), products(self.data, other.data))

        __radd__, __rmul__ = __add__, __mul__

    return _made(Mistaken)


def _recursive(last, first=True):
    """Each Value hands on what it has as soon as something arrives, and again with the next."""
    last.grad = 1.0 if first else last.grad
    for parent, slope in zip(last.parents, last.slopes, strict=True):
        parent.grad += slope * last.grad
        _recursive(parent, first=False)


def _unordered(last):
    last.grad, waiting = 1.0, [last]
    while waiting:
        value = waiting.pop()
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += slope * value.grad
            waiting.append(parent)


def _direct(last):
    """Only the parents of the last one get a gradient."""
    for parent, slope in zip(last.parents, last.slopes, strict=True):
        parent.grad += slope


def _in_order(replace=False, start=1.0, use_slopes=True):
    def walk(last):
        order = []

        def visit(value):
            if value not in order:
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(last)
        last.grad = start
        for value in reversed(order):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                new = (slope if use_slopes else 1.0) * value.grad
                parent.grad = new if replace else parent.grad + new

    return walk


_value = Exercise(
    name="Value",
    lesson=9,
    text="formula, a, b → (the result's data, the data of its parents, its slopes).",
    reference=lambda formula, a, b: _made(Value)(formula, a, b),
    cases=lambda rng: [Case((formula, *pair)) for formula in list(FORMULAS)[:5] for pair in PAIRS],
    draw=lambda rng: (str(rng.choice(list(FORMULAS)[:5])), *rng.normal(size=2).tolist()),
    returns=("data", "the data of the parents", "the slopes"),
    slips=(
        Slip(_like(lambda a, b: (1.0, 1.0), lambda a, b: (a, b)),
             "the slopes of a product have changed places: a · b grows with a as fast as b is large"),
        Slip(_like(lambda a, b: (a, b), lambda a, b: (b, a)),
             "the slopes of a sum are both 1: it grows as fast as either part"),
        Slip(_like(lambda a, b: (1.0, 1.0), lambda a, b: (1.0, 1.0)),
             "the slopes of a product are not 1: a · b grows with a as fast as b is large"),
    ),
)  # fmt: skip

_backward = Exercise(
    name="backward",
    lesson=9,
    text="formula, a, b → the slopes of the formula for a and b.",
    reference=lambda formula, a, b: _slopes(backward)(formula, a, b),
    cases=lambda rng: [Case((formula, *pair)) for formula in FORMULAS for pair in PAIRS],
    draw=lambda rng: (str(rng.choice(list(FORMULAS))), *rng.normal(size=2).tolist()),
    returns=("the grad of a", "the grad of b"),
    slips=(
        Slip(_slopes(_in_order(replace=True)), "a Value that is used twice gets a gradient from both: add it with +="),
        *(Slip(_slopes(walk), "a Value was left before all had arrived at it: go through them from the last to the first, "
               "each after everything that was made of it") for walk in (_recursive, _unordered)),
        Slip(_slopes(_in_order(start=0.0)), "all gradients are 0: the last Value grows with itself, its grad is 1"),
        Slip(_slopes(_in_order(use_slopes=False)), "the slopes are not used: multiply along each path"),
        Slip(_slopes(_direct), "only the parents of the last Value have a gradient: go on to their parents"),
    ),
)  # fmt: skip


def _but(**changed):
    return _applied({**FUNCTIONS, **changed})


def _with(value, slope):
    return lambda x, *n: Value(value(x.data, *n), (x,), (slope(x.data, *n),))


_functions = Exercise(
    name="function",
    lesson=9,
    text="name, x, n → (the data, the parents' data, the slopes) of a function; n is the exponent of power.",
    reference=lambda name, x, n: _applied(FUNCTIONS)(name, x, n),
    cases=lambda rng: [Case((name, x, n)) for name in FUNCTIONS for x, n in [(2.0, 3), (0.5, -1), (1.7, 0.5)]],
    draw=lambda rng: (str(rng.choice(list(FUNCTIONS))), float(rng.uniform(0.2, 3)), int(rng.integers(-2, 4))),
    returns=("data", "the data of the parents", "the slopes"),
    slips=(
        Slip(_but(power=_with(pow, lambda x, n: x ** (n - 1))), "the slope of a power is n · x to the n − 1: n is missing"),
        Slip(_but(power=_with(pow, lambda x, n: n * x**n)), "the slope of a power has one factor x less than the power"),
        Slip(_but(exp=_with(math.exp, lambda x: 1.0)), "the slope of exp is exp itself"),
        Slip(_but(exp=_with(math.exp, lambda x: x)), "the slope of exp is exp itself"),
        Slip(_but(log=_with(math.log, math.log)), "the slope of log at x is 1 / x"),
        Slip(_but(log=_with(math.log10, lambda x: 1 / x)), "that is the logarithm to base 10: math.log is the natural one"),
        Slip(_but(tanh=_with(math.tanh, lambda x: 1 - math.tanh(x))), "the slope of tanh is 1 − tanh²: a square is missing"),
        Slip(_but(tanh=_with(math.tanh, lambda x: 1 - x * x)), "the slope of tanh is 1 − tanh², not 1 − x²"),
    ),
)  # fmt: skip


def _check(exercise, through):
    def run(*answer):
        check(exercise)(through(*answer))

    run.exercise = exercise
    return run


check_value = _check(_value, _made)
check_backward = _check(_backward, _slopes)
check_functions = _check(
    _functions, lambda *functions: _applied(dict(zip(FUNCTIONS, functions, strict=True)))
)
