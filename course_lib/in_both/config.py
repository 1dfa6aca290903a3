"""The sizes of a GPT."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

__all__ = ["GPTConfig"]


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT; the defaults are the smallest GPT-2's.

    V vocabulary, C context length, D model width, H heads, L blocks, F hidden width (4D unless given),
    eps the ε of every layer norm. Raises ValueError for a size below 1, D not divisible by H, eps ≤ 0.

    >>> GPTConfig(V=5, C=8, D=4, H=2, L=1).F
    16
    """

    V: int = 50257
    C: int = 1024
    D: int = 768
    H: int = 12
    L: int = 12
    F: int | None = None
    eps: float = 1e-5

    def __post_init__(self):
        if self.F is None:
            object.__setattr__(self, "F", 4 * self.D)  # the way to set a field of a frozen dataclass
        for letter in "VCDHLF":
            size = getattr(self, letter)
            if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
                raise ValueError(f"GPTConfig: {letter} must be a whole number of at least 1, got {size!r}")
        if self.D % self.H:
            raise ValueError(f"GPTConfig: D = {self.D} cannot be shared equally by H = {self.H} heads")
        if not isinstance(self.eps, Real) or not 0 < self.eps < math.inf:
            raise ValueError(f"GPTConfig: eps must be a number above 0, got {self.eps!r}")
