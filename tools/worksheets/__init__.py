"""Worksheets to print: one for each lesson, with blanks, and a second with the answers, computed by the same code."""

import numpy as np

from . import lessons_01_to_07, lessons_08_to_13

__all__ = ["sheets"]


def sheets(seed=0):
    """Every sheet, with numbers drawn by this seed: another seed makes another sheet of the same tasks."""
    makers = lessons_01_to_07.SHEETS + lessons_08_to_13.SHEETS
    return [make(np.random.default_rng([seed, n])) for n, make in enumerate(makers)]
