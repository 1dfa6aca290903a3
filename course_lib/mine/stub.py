"""The cell of an exercise: its function without a body, then the check, then where the course's answer is.

`python -m course_lib.mine.stub softmax` prints it, to be put into a lesson; a test holds the lessons to it.
"""

import inspect
import sys
import textwrap

from course_lib import one_page
from course_lib.exercises.catalogue import EXERCISES

__all__ = ["cell", "stub"]

WIDTH = 92  # characters of a line, so that a cell shows it whole


def stub(exercise):
    """The function that is to be written: the signature of the worked solution, the exercise's text, no body.

    >>> print(stub(EXERCISES["pre_norm"]).partition('"')[0].strip())
    def pre_norm(x, norm, sublayer):
    """
    signature = inspect.signature(getattr(one_page, exercise.name))
    lines = [line for one in inspect.cleandoc(exercise.text).split("\n\n") for line in ["", *_wide(one)]][1:]
    text = f'"""{lines[0]}"""' if len(lines) == 1 else "\n".join([f'"""{lines[0]}', *lines[1:], '"""'])
    body = textwrap.indent(f"{text}\nraise NotImplementedError", "    ")
    return f"def {exercise.name}{signature}:\n{body}"


def _wide(paragraph):
    """Its lines; broken anew where one is too long for a cell."""
    lines = paragraph.splitlines()
    return lines if max(map(len, lines)) <= WIDTH else textwrap.wrap(paragraph, WIDTH)


def cell(exercise):
    """The whole cell of a lesson.

    >>> print(cell(EXERCISES["pre_norm"]).partition("NotImplementedError")[2].strip())
    check_pre_norm(pre_norm)
    # solution(check_pre_norm)
    """
    check = f"check_{exercise.name}"
    return f"{stub(exercise)}\n\n\n{check}({exercise.name})\n# solution({check})"


if __name__ == "__main__":
    for name in sys.argv[1:] or EXERCISES:
        print(cell(EXERCISES[name]), end="\n\n\n")
