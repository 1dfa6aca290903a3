"""Where a token stands: sinusoidal, learned and rotary positions.

Attention alone cannot tell "dog bites man" from "man bites dog". Three ways to tell it:
add a fixed wave pattern, add a learned vector, or rotate queries and keys by an angle
that grows with the position.
"""

import math

import numpy as np

from course_lib.in_numpy.checks import as_float
from course_lib.in_numpy.modules import STD, Module
from course_lib.shapes import ShapeError, check_shapes

__all__ = [
    "LearnedPositions",
    "add_positions",
    "apply_rope",
    "apply_rope_backward",
    "rope_angles",
    "sinusoidal_positions",
]


def sinusoidal_positions(C, D, base=10000.0):
    """The table of waves that is added to the embeddings, one row a position, one column a feature.

    P[t, 2i] = sin(t / base^(2i/D)) and P[t, 2i+1] = cos(t / base^(2i/D)): a sine and its cosine share
    their exponent. Angles in radians. Returns (C, D), float64. Vaswani et al. 2017, §3.5.
    Raises ValueError when D is odd (every sine needs its cosine) or base is not a finite number above 0.

    >>> sinusoidal_positions(2, 4).round(4)
    array([[0.    , 1.    , 0.    , 1.    ],
           [0.8415, 0.5403, 0.01  , 1.    ]])
    """
    angles = _angles("sinusoidal_positions", np.arange(C), D, "D", base)  # (C, D/2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(C, D)  # (C, D/2, 2) → (C, D)


def add_positions(x, table, start=0):
    """Add row t of the table to token t; with `start`, row start + t.

    x (..., T, D), table (C, D) → (..., T, D), in the dtype of x (whole numbers become floats).
    Raises ShapeError when the widths differ or the text is longer than the table.

    >>> add_positions(np.zeros((2, 4)), sinusoidal_positions(8, 4))[0]
    array([0., 1., 0., 1.])
    """
    x = as_float(x)
    return x + _rows("add_positions", x, table, start).astype(x.dtype)


def rope_angles(positions, K, base=10000.0):
    """The angle, in radians, by which each pair of features turns at each position.

    positions: a number T (then 0 … T−1) or an array (T,) → (T, K/2), float64: position · base^(−2i/K).
    Raises ValueError when K is odd (features turn in pairs) or base is not a finite number above 0.
    Su et al. 2021 (RoFormer), §3.2.2.

    >>> rope_angles(3, 2)
    array([[0.],
           [1.],
           [2.]])
    """
    positions = np.arange(positions) if np.ndim(positions) == 0 else np.asarray(positions)
    if positions.ndim != 1:
        raise ShapeError(f"rope_angles: positions must be a number or (T,), got {positions.shape}")
    return _angles("rope_angles", positions, K, "K", base)


def apply_rope(x, positions=None, base=10000.0):
    """Turn every pair of features of token t by its angle, so that q·k depends on the distance alone.

    x (..., T, K) → (..., T, K), in the dtype of x (whole numbers become floats);
    positions (T,), by default 0 … T−1.
    Raises ValueError when K is odd, ShapeError when there is not one position a token.
    Su et al. 2021 (RoFormer), eq. 34.

    >>> apply_rope(np.array([[1.0, 0.0], [1.0, 0.0]])).round(4)
    array([[1.    , 0.    ],
           [0.5403, 0.8415]])
    """
    return _rotate("apply_rope", x, positions, base, direction=1)


def apply_rope_backward(grad_output, positions=None, base=10000.0):
    """Gradient of `apply_rope`: turn back by the same angles (a rotation's transpose is its inverse).

    grad_output (..., T, K) → (..., T, K). Raises what `apply_rope` raises.

    >>> apply_rope_backward(apply_rope(np.ones((2, 4)))).round(10)[1]
    array([1., 1., 1., 1.])
    """
    return _rotate("apply_rope_backward", grad_output, positions, base, direction=-1)


class LearnedPositions(Module):
    """A table `weight` (C, D) of learned vectors: row t is added to token t. No row, no longer text.

    GPT-2 (Radford et al. 2019) calls it wpe; rows start at normal(0, 0.02).
    Raises ShapeError when the widths differ or the text is longer than C.

    >>> LearnedPositions(8, 4)(np.zeros((2, 5, 4), np.float32)).shape
    (2, 5, 4)
    """

    def __init__(self, C, D, rng=None, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.add_param("weight", rng.normal(0.0, STD, (C, D)).astype(dtype))

    def forward(self, x, start=0):
        """x (..., T, D) → x + weight[start : start + T]."""
        rows = _rows("LearnedPositions", x, self.params["weight"], start)  # (T, D)
        self.kept = slice(start, start + len(rows))
        return x + rows

    def backward(self, grad_output):
        """The gradient of x is grad_output itself; each row of the table collects it over the batch."""
        rows, (T, D) = self.recall(grad_output), grad_output.shape[-2:]
        self.grads["weight"][rows] += grad_output.reshape(-1, T, D).sum(axis=0)  # (B, T, D) → (T, D)
        return grad_output


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
    frequencies = base ** -(np.arange(0, width, 2) / width)  # (width/2,): 1, base^(−2/width), …
    return positions[:, None] * frequencies  # (T, 1) · (width/2,) → (T, width/2)


def _rotate(call, x, positions, base, direction):
    x = as_float(x)
    T, K = (check_shapes(call, x=(x, "... T K"))[axis] for axis in "TK")
    angles = rope_angles(T if positions is None else positions, K, base)  # (T, K/2)
    if len(angles) != T:
        raise ShapeError(f"{call}: x has {T} tokens but positions has {len(angles)}")
    cos = np.cos(angles).astype(x.dtype)  # (T, K/2)
    sin = (direction * np.sin(angles)).astype(x.dtype)
    # Pairs are neighbours (0, 1), (2, 3), …, as in the paper; GPT-NeoX and Hugging Face's Llama pair i with i + K/2.
    even, odd = x[..., 0::2], x[..., 1::2]  # (..., T, K/2) each
    turned = [even * cos - odd * sin, even * sin + odd * cos]
    return np.stack(turned, axis=-1).reshape(x.shape)  # (..., T, K/2, 2) → (..., T, K)
