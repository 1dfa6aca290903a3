"""How to train, and the windows that are cut from a text: to learn from, and to be tested on."""

import hashlib
from dataclasses import dataclass

import numpy as np

__all__ = ["LOOK", "Recipe", "batch", "digest", "windows"]

# tokens that one look at the held-out text guesses, at most: however long the text, it takes no longer
LOOK = 1 << 16


@dataclass(frozen=True)
class Recipe:
    """How to train: all settings but the model's sizes.

    B windows a step, worked through in `accumulate` equal parts, in memory one at a time. The learning rate
    rises to `lr` over `warmup` steps and falls to 0 in half a cosine; β₁, β₂ and the decay are AdamW's.
    The held-out text is looked at every `check_every` steps, a checkpoint saved every `save_every`.
    Raises ValueError for a number of steps, windows or parts below 1, or parts that do not divide B.

    >>> Recipe(steps=100, B=8, accumulate=3)
    Traceback (most recent call last):
    ValueError: Recipe: B = 8 windows cannot be cut into 3 equal parts
    """

    steps: int = 1000
    B: int = 64
    accumulate: int = 1
    lr: float = 5e-3
    warmup: int = 50
    beta1: float = 0.9
    beta2: float = 0.98
    weight_decay: float = 0.1
    max_norm: float = 1.0
    check_every: int = 100
    save_every: int = 100
    seed: int = 0

    def __post_init__(self):
        for name in ("steps", "B", "accumulate", "check_every", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"Recipe: {name} must be at least 1, got {getattr(self, name)}")
        if self.B % self.accumulate:
            raise ValueError(f"Recipe: B = {self.B} windows cannot be cut into {self.accumulate} equal parts")
        if not 0 <= self.warmup < self.steps:
            raise ValueError(f"Recipe: warmup must be from 0 to below {self.steps} steps, got {self.warmup}")


def batch(tokens, recipe, C, step):
    """The windows of one step, (B, C + 1), cut from anywhere: the first C of each go in, the last C are targets.

    They depend on the seed and the step alone, so a run that goes on later sees the same.

    >>> batch(np.arange(9), Recipe(B=2), C=3, step=0).shape
    (2, 4)
    """
    _check_length("batch", tokens, C)
    starts = np.random.default_rng([recipe.seed, step]).integers(len(tokens) - C, size=recipe.B)
    return tokens[starts[:, None] + np.arange(C + 1)]


def windows(tokens, C, most=None):
    """A text as windows (N, C + 1), side by side, that share one token: each token is a target once.

    With `most`, at most so many of them, spread evenly from the first to the last: the same ones each time.

    >>> windows(np.arange(8), C=3)
    array([[0, 1, 2, 3],
           [3, 4, 5, 6]])
    >>> windows(np.arange(20), C=3, most=3)[:, 0]
    array([ 0,  6, 15])
    """
    _check_length("windows", tokens, C)
    starts = np.arange(0, len(tokens) - C, C)
    if most is not None and most < len(starts):
        starts = starts[np.linspace(0, len(starts) - 1, most).astype(int)]
    return np.asarray(tokens)[starts[:, None] + np.arange(C + 1)]


def digest(tokens):
    """A short name for a text, to notice when a run goes on with another.

    >>> digest(np.arange(3))
    'ab25350e'
    """
    return hashlib.sha256(np.asarray(tokens, np.int64).tobytes()).hexdigest()[:8]


def _check_length(call, tokens, C):
    if len(tokens) <= C:
        given = "1 token is" if len(tokens) == 1 else f"{len(tokens)} tokens are"
        raise ValueError(f"{call}: {given} too few for one window of C + 1 = {C + 1}")
