"""The linear layer with its weight as written on paper, (d_in, d_out), for x @ weight + bias.

`torch.nn.Linear` keeps the transpose. With this one, names and shapes of all parameters equal those of
`course_lib.in_numpy`, and they move either way without a transpose:
`numpy_layer.load_state_dict(torch_layer.state_dict())`, or back with `torch.from_numpy` on each array.
"""

import torch
from torch import nn

from course_lib.shapes import check_shapes

__all__ = ["Linear", "Module"]

STD = 0.02  # of the normal distribution that new weights are drawn from, as in GPT-2 (Radford et al. 2019)

Module = nn.Module


class Linear(nn.Module):
    """x @ weight + bias, with weight (d_in, d_out): column j holds what output j listens to.

    Weights start at normal(0, 0.02) and biases at 0, as in GPT-2.
    Raises ShapeError when x does not have width d_in.

    >>> Linear(4, 6)(torch.ones(2, 5, 4)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_in, d_out, bias=True, generator=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_in, d_out))
        self.bias = nn.Parameter(torch.zeros(d_out)) if bias else None
        nn.init.normal_(self.weight, std=STD, generator=generator)

    def forward(self, x):
        """x (..., d_in) → (..., d_out)."""
        try:
            return nn.functional.linear(x, self.weight.T, self.bias)
        except (RuntimeError, TypeError):  # torch noticed, but names no axes
            check_shapes("Linear", x=(x, "... d_in"), weight=(self.weight, "d_in d_out"))
            raise
