"""Which exercise a graded cell asks for: the cell `test-causal-mask` marks the function `causal_mask`.

No more has to be said: what is asked, the cases, the random inputs and the right values stand in the description of
the exercise. One that no lesson has stands in `exercises.py` beside the notebook of its assignment, in a list
EXERCISES, and is written as the lessons' own are. That file holds right answers and is not released.
"""

from pathlib import Path

from course_lib.exercises.catalogue import EXERCISES

from .sanitise import grade_id, is_test

SOURCES = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
OWN = "exercises.py"


def all_assignments():
    """The names of the assignments there are."""
    return sorted(path.stem for path in SOURCES.glob("*/*.ipynb"))


def own_text(assignment):
    """What its own exercises.py says, "" where there is none."""
    path = SOURCES / assignment / OWN
    return path.read_text(encoding="utf-8") if path.exists() else ""


def known(assignment):
    """{name: Exercise} of all that an assignment may ask for. Raises RuntimeError when its own file cannot be run.

    >>> known("04_attention")["softmax"].lesson
    4
    """
    path, text = SOURCES / assignment / OWN, own_text(assignment)
    if not text:
        return EXERCISES
    space = {"__name__": path.stem}
    try:
        exec(compile(text, path, "exec"), space)  # noqa: S102 - the lecturer's own file
        return EXERCISES | {exercise.name: exercise for exercise in space["EXERCISES"]}
    except Exception as error:
        raise RuntimeError(f"{path} cannot be used: {type(error).__name__}: {error}") from error


def tasks_of(assignment, cells):
    """{name of a graded cell: its Exercise}, for the cells of an assignment's notebook.

    Raises RuntimeError that names the cells whose exercise there is not.
    """
    asked = {
        name: name.removeprefix("test-").replace("-", "_") for name in map(grade_id, filter(is_test, cells))
    }
    there_are = {name: one for name, one in known(assignment).items() if one.graded}
    if missing := [name for name, function in asked.items() if function not in there_are]:
        raise RuntimeError(
            f"{assignment}: {', '.join(missing)} could not be graded: a graded cell has the name of its function, as "
            f"test-causal-mask, and what no lesson asks for is described in {SOURCES / assignment / OWN}"
        )
    return {name: there_are[function] for name, function in asked.items()}
