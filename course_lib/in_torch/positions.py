"""Where a token stands: sinusoidal, learned and rotary positions.

Attention alone cannot tell "dog bites man" from "man bites dog". Three ways to tell it:
add a fixed wave pattern, add a learned vector, or rotate queries and keys by an angle
that grows with the position.
"""

import math

import torch
from torch import nn

from course_lib.in_torch.checks import as_float
from course_lib.in_torch.modules import STD
from course_lib.shapes import ShapeError, check_shapes

__all__ = ["LearnedPositions", "add_positions", "apply_rope", "rope_angles", "sinusoidal_positions"]


def sinusoidal_positions(C, D, base=10000.0):
    """The table of waves that is added to the embeddings, one row a position, one column a feature.

    P[t, 2i] = sin(t / base^(2i/D)) and P[t, 2i+1] = cos(t / base^(2i/D)): a sine and its cosine share
    their exponent. Angles in radians. Returns (C, D), float64. Vaswani et al. 2017, §3.5.
    Raises ValueError when D is odd (every sine needs its cosine) or base is not a finite number above 0.

    >>> sinusoidal_positions(2, 4)[0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    angles = _angles("sinusoidal_positions", torch.arange(C), D, "D", base)  # (C, D/2)
    table = torch.empty(C, D, dtype=torch.float64)
    table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
    return table


def add_positions(x, table, start=0):
    """Add row t of the table to token t; with `start`, row start + t.

    x (..., T, D), table (C, D) → (..., T, D), in the dtype and on the device of x (whole numbers become floats).
    Raises ShapeError when the widths differ or the text is longer than the table.

    >>> add_positions(torch.zeros(2, 4), sinusoidal_positions(8, 4))[0]
    tensor([0., 1., 0., 1.])
    """
    x = as_float(x)
    return x + _rows("add_positions", x, table, start).to(x)


def rope_angles(positions, K, base=10000.0):
    """The angle, in radians, by which each pair of features turns at each position.

    positions: a number T (then 0 … T−1) or a tensor (T,) → (T, K/2), float64: position · base^(−2i/K).
    Raises ValueError when K is odd (features turn in pairs) or base is not a finite number above 0.
    Su et al. 2021 (RoFormer), §3.2.2.

    >>> rope_angles(3, 2).flatten().tolist()
    [0.0, 1.0, 2.0]
    """
    positions = torch.as_tensor(positions)
    positions = torch.arange(int(positions)) if positions.ndim == 0 else positions
    if positions.ndim != 1:
        raise ShapeError(f"rope_angles: positions must be a number or (T,), got {tuple(positions.shape)}")
    return _angles("rope_angles", positions, K, "K", base)


def apply_rope(x, positions=None, base=10000.0):
    """Turn every pair of features of token t by its angle, so that q·k depends on the distance alone.

    x (..., T, K) → (..., T, K), in the dtype and on the device of x (whole numbers become floats);
    positions (T,), by default 0 … T−1.
    Raises ValueError when K is odd, ShapeError when there is not one position a token.
    Su et al. 2021 (RoFormer), eq. 34.

    >>> apply_rope(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))[0]
    tensor([1., 0.])
    """
    x = as_float(x)
    T, K = (check_shapes("apply_rope", x=(x, "... T K"))[axis] for axis in "TK")
    angles = rope_angles(T if positions is None else positions, K, base)  # (T, K/2)
    if len(angles) != T:
        raise ShapeError(f"apply_rope: x has {T} tokens but positions has {len(angles)}")
    cos, sin = angles.cos().to(x), angles.sin().to(x)  # (T, K/2) each
    # Pairs are neighbours (0, 1), (2, 3), …, as in the paper; GPT-NeoX and Hugging Face's Llama pair i with i + K/2.
    even, odd = x.unflatten(-1, (K // 2, 2)).unbind(-1)  # (..., T, K/2) each
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)  # (..., T, K)


class LearnedPositions(nn.Module):
    """A table `weight` (C, D) of learned vectors: row t is added to token t. No row, no longer text.

    GPT-2 (Radford et al. 2019) calls it wpe; rows start at normal(0, 0.02).
    Raises ShapeError when the widths differ or the text is longer than C.

    >>> LearnedPositions(8, 4)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 4])
    """

    def __init__(self, C, D, generator=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(C, D))
        nn.init.normal_(self.weight, std=STD, generator=generator)

    def forward(self, x, start=0):
        """x (..., T, D) → x + weight[start : start + T]."""
        return x + _rows("LearnedPositions", x, self.weight, start)


def _rows(call, x, table, start):
    T = check_shapes(call, x=(x, "... T D"), table=(table, "C D"))["T"]
    C = table.shape[0]
    if not 0 <= start <= C - T:
        raise ShapeError(
            f"{call}: positions {start} to {start + T - 1} do not exist: C = {C}, so 0 to {C - 1}"
        )
    return table[start : start + T]  # (T, D)


def _angles(call, positions, width, letter, base):
    """positions (T,) → (T, width/2): position · base^(−2i/width), from fast turns to slow ones."""
    if width < 2 or width % 2:
        raise ValueError(f"{call}: {letter} = {width}, but features come in pairs: {letter} must be even")
    if not 0 < base < math.inf:
        raise ValueError(f"{call}: base is {base}, must be a finite number above 0")
    exponents = torch.arange(0, width, 2, dtype=torch.float64, device=positions.device) / width
    return positions[:, None] * base**-exponents  # (T, 1) · (width/2,) → (T, width/2)
