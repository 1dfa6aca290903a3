"""Your own GPT, piece by piece, in one file: my_gpt.py.

Import this in a lesson, and every answer that a check calls right is kept in the file. `mine.softmax` is then yours
or, until it is, the course's. `mine.progress()` shows which is which; `mine.reset("softmax")` takes yours out again.
`mine.capstone()` runs the whole GPT that the pieces are beside the library.

>>> from course_lib import mine
>>> import numpy as np
>>> mine.softmax(np.zeros(2))
array([0.5, 0.5])
"""

from course_lib.exercises.judge import on_right

from .capstone import capstone
from .file import LESSON_OF, solution
from .keep import keep_right_answer, reset
from .program import main
from .report import bring, names, progress, take
from .space import borrow

__all__ = ["borrow", "bring", "capstone", "main", "progress", "reset", "solution", "take"]

if keep_right_answer not in on_right:
    on_right.append(keep_right_answer)


def __getattr__(name):
    if name not in LESSON_OF:
        raise AttributeError(f"the course has no piece called {name!r}")
    return names()[name]


def __dir__():
    return [*__all__, *LESSON_OF]
