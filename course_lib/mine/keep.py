"""Keeping a right answer in my_gpt.py, and taking one out.

One rule covers all cases: before anything is written, the new file is run as a fresh module and the same check judges
the function out of it. What leans on another cell, on a closure or on itself fails there, and the old file stays.
"""

import ast
import builtins
import copy

import numpy as np
from IPython import get_ipython

from course_lib.exercises.judge import SEED, judge, local

from .file import LESSON_OF, Mistake, locked, parts, place, put, read, without, write
from .report import forget
from .source import GIVEN, bound_by, bound_names, source_of, used_names
from .space import load

__all__ = ["keep", "keep_right_answer", "reset"]


def keep_right_answer(exercise, function):
    """What a check does with a right answer: keep it, and say in one line where it is or why it is not kept."""
    if exercise.name not in LESSON_OF or (path := place()) is None:
        return
    try:
        shell = get_ipython()
        namespace, cells = (shell.user_ns, shell.history_manager.input_hist_raw) if shell else ({}, [])
        keep(exercise, source_of(function, exercise.name, namespace, cells), path)
    except Mistake as error:
        print(f"not kept: {error}")
    except Exception as error:  # noqa: BLE001 - nothing here may cost a learner the word "right"
        print(f"not kept: {type(error).__name__}: {error}")
    else:
        print(f"kept as {exercise.name} in {path.name}")


def keep(exercise, code, path):
    """Put `code` into the file as the part of this exercise. Raises Mistake, and the file stays as it was."""
    with locked(path):
        old = read(path)
        load(old, path.name)  # a file with a mistake in it is not touched
        _clash(exercise.name, code, old)
        _lean(code, old)
        new = put(old, exercise.name, code)
        function = load(new, path.name)[exercise.name]
        verdict = judge(exercise, local(function))
        if verdict.outcome != "right":
            raise Mistake(f"taken out of the notebook it is not right any more: {verdict.sentence}")
        _fits(exercise, function)
        if new != old:
            write(path, new)
        forget()


def reset(name):
    """Take the part `name` out of my_gpt.py, so that the course's own stands in for it; says where the old one went.

    Raises ValueError when there is no such part.
    """
    path = place()
    if path is None:
        raise Mistake("nothing is kept here: MY_GPT is set to nowhere")
    with locked(path):
        text = read(path)
        if name not in parts(text):
            raise Mistake(f"there is no part {name} in {path.name}")
        backup = path.with_name(f"{path.stem}.bak.py")
        write(backup, f"{read(backup)}# %% {LESSON_OF.get(name, 0):02} {name}\n{parts(text)[name]}\n\n\n")
        write(path, without(text, name))
        forget()
    print(f"{name} is out of {path.name}; what stood there is at the end of {backup.name}")


def _fits(exercise, function):
    """Raise Mistake when the function gives lists where the pieces that call it count on arrays."""
    arguments = exercise.cases(np.random.default_rng(SEED))[0].arguments
    right, answer = (call(*copy.deepcopy(arguments)) for call in (exercise.reference, function))
    pairs = zip(right, answer, strict=True) if isinstance(right, tuple) else [(right, answer)]
    if any(isinstance(one, np.ndarray) and isinstance(other, list | tuple) for one, other in pairs):
        raise Mistake("it gives a list, and what is built on it needs an array: give back np.array(…)")


def _clash(name, code, text):
    """Raise Mistake when the code gives another meaning to a name that another part has."""
    ours = bound_by(code)
    for other, theirs in {"the head": text.partition("# %%")[0], **parts(text)}.items():
        if other == name:
            continue
        for bound, statement in bound_by(theirs).items():
            if bound == name:
                raise Mistake(
                    f"{name} stands in the part {other} too: put the line # %% {LESSON_OF[name]:02} {name} above it"
                )
            if ours.get(bound, statement) != statement:
                raise Mistake(f"{bound} means something else in the part {other}: call yours something else")


def _lean(code, text):
    """Raise Mistake when the code uses a name that neither it nor the head of the file has."""
    head = text.partition("# %%")[0]
    known = GIVEN | set(dir(builtins)) | (bound_names(ast.parse(head)) if head else set())
    missing = used_names(code) - known
    if missing:
        names = " and ".join(sorted(missing))
        raise Mistake(f"it leans on {names} from another cell: write that, or its import, in this one")
