"""Layers that hold their parameters: a small twin of `torch.nn.Module` with a hand-written backward.

The rules every layer here keeps:
- `forward` keeps in `self.kept` what `backward` will need, and `backward` uses it up: each backward belongs to the
  latest forward, and a second one, or one without a forward, is refused;
- `backward(grad_output)` returns the gradient of the input and ADDS to the parameters' gradients
  (a parameter used twice collects from both places), so call `zero_grad()` before each step;
- a layer writes into no other: it calls it, and asks it to `add_grad`.
"""

import numpy as np

from course_lib.in_numpy.fast import sum_over_tokens
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["Linear", "Module"]

STD = 0.02  # of the normal distribution that new weights are drawn from, as in GPT-2 (Radford et al. 2019)


class Module:
    """Base class: parameters by name, their gradients, and child layers found among the attributes.

    The names are torch's: a list of layers kept as `self.h` holds the parameters "h.0.…", "h.1.…".

    >>> sorted(Linear(2, 3).state_dict())
    ['bias', 'weight']
    """

    def __init__(self):
        self.params, self.grads = {}, {}
        self.kept, self.output_shape = None, None  # of the latest forward

    def __call__(self, *args, **kwargs):
        output = self.forward(*args, **kwargs)
        self.output_shape = output.shape
        return output

    def forward(self, x):
        """The output of the layer; keeps in `self.kept` what backward needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_output):
        """The gradient of the input; adds to the gradients of the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def add_param(self, name, value):
        """Register a parameter, and its gradient of the same shape and dtype, at zero."""
        self.params[name], self.grads[name] = value, np.zeros_like(value)

    def add_grad(self, name, grad):
        """Add to the gradient of a parameter."""
        self.grads[name] += grad

    def recall(self, grad_output):
        """What the latest forward kept, once; `grad_output` is the gradient that backward was given.

        Raises ValueError when there is nothing, ShapeError when the gradient has not the shape of that forward's output.
        A gradient is an array of numbers and does not know its forward: after two forwards of equal shapes the backward
        of the first is not noticed, and goes wrong. Two forwards without a backward between them are no mistake: a loss
        is often only looked at.

        >>> layer = Linear(2, 3)
        >>> _ = layer.backward(layer(np.ones((5, 2), np.float32)))
        >>> layer.backward(np.ones((5, 3)))
        Traceback (most recent call last):
        ValueError: Linear: each backward needs a forward of its own, and there is no backward through a cache
        """
        name = type(self).__name__
        if self.kept is None:
            raise ValueError(
                f"{name}: each backward needs a forward of its own, and there is no backward through a cache"
            )
        if np.shape(grad_output) != self.output_shape:
            raise ShapeError(
                f"{name}: the gradient has shape {np.shape(grad_output)} but the latest forward gave "
                f"{self.output_shape}: backward belongs to the latest forward"
            )
        kept, self.kept = self.kept, None
        return kept

    def modules(self, prefix=""):
        """Yield this layer and every layer inside it as (dotted prefix, layer), in order of definition."""
        yield prefix, self
        for name, value in vars(self).items():
            children = enumerate(value) if isinstance(value, list) else [(None, value)]
            for i, child in children:
                if isinstance(child, Module):
                    yield from child.modules(f"{prefix}{name}." if i is None else f"{prefix}{name}.{i}.")

    def state_dict(self):
        """Every parameter under its dotted name. The arrays themselves, not copies."""
        return {prefix + name: value for prefix, m in self.modules() for name, value in m.params.items()}

    def gradients(self):
        """Every gradient under its parameter's dotted name. The arrays themselves, not copies."""
        return {prefix + name: grad for prefix, m in self.modules() for name, grad in m.grads.items()}

    def zero_grad(self):
        """Set every gradient back to zero, in place."""
        for grad in self.gradients().values():
            grad.fill(0)

    def forget(self):
        """Drop what forward kept for backward, in this layer and in every layer inside it."""
        for _, layer in self.modules():
            layer.drop()

    def drop(self):
        """Drop what this layer alone kept."""
        self.kept = None

    def parameter_count(self):
        """How many numbers the layer can learn.

        >>> Linear(4, 6).parameter_count()
        30
        """
        return sum(value.size for value in self.state_dict().values())

    def load_state_dict(self, state):
        """Copy a dict of arrays (or CPU tensors) into the parameters, in place and in their dtype.

        Raises ShapeError that lists every missing, unexpected and misshapen name; then nothing is loaded.
        """
        own = self.state_dict()
        new = {name: np.asarray(value) for name, value in state.items()}
        problems = [f"missing {name} {own[name].shape}" for name in own if name not in new]
        problems += [f"unexpected {name} {new[name].shape}" for name in new if name not in own]
        problems += [
            f"{name} has shape {new[name].shape}, expected {own[name].shape}"
            for name in own
            if name in new and new[name].shape != own[name].shape
        ]
        if problems:
            raise ShapeError(f"{type(self).__name__}.load_state_dict: nothing loaded: " + "; ".join(problems))
        converted = {name: new[name].astype(own[name].dtype, casting="same_kind") for name in own}
        for name, value in own.items():
            value[...] = converted[name]


class Linear(Module):
    """x @ weight + bias, with weight (d_in, d_out): column j holds what output j listens to.

    torch's own nn.Linear keeps the transpose (d_out, d_in); ours multiplies as written on paper.
    Weights start at normal(0, 0.02) and biases at 0, as in GPT-2.
    Raises ShapeError when x does not have width d_in.

    >>> Linear(4, 6)(np.ones((2, 5, 4), np.float32)).shape
    (2, 5, 6)
    """

    def __init__(self, d_in, d_out, bias=True, rng=None, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.add_param("weight", rng.normal(0.0, STD, (d_in, d_out)).astype(dtype))
        if bias:
            self.add_param("bias", np.zeros(d_out, dtype))

    def forward(self, x):
        """x (..., d_in) → (..., d_out)."""
        weight = self.params["weight"]
        try:
            self.kept = x.reshape(-1, x.shape[-1])  # (N, d_in): one row per token, so one large product
            y = np.dot(self.kept, weight)  # (N, d_out); what @ gives, faster where there is but one row
        except (AttributeError, IndexError, ValueError):  # NumPy noticed, but names no axes
            check_shapes("Linear", x=(x, "... d_in"), weight=(weight, "d_in d_out"))
            raise
        if "bias" in self.params:
            y += self.params["bias"]
        return y.reshape(x.shape[:-1] + weight.shape[1:])

    def backward(self, grad_output):
        """grad_output (..., d_out) → the gradient of x (..., d_in); collects those of weight and bias."""
        x = self.recall(grad_output)  # (N, d_in)
        rows = grad_output.reshape(-1, grad_output.shape[-1])  # (N, d_out)
        self.add_grad("weight", x.T @ rows)  # (d_in, N) @ (N, d_out)
        if "bias" in self.params:
            self.add_grad("bias", sum_over_tokens(rows))
        grad_x = rows @ self.params["weight"].T  # (N, d_out) @ (d_out, d_in)
        return grad_x.reshape(*grad_output.shape[:-1], grad_x.shape[-1])
