"""What the descriptions of the exercises decide in an assignment: its stubs, model answers, given functions and checks.

`python -m tools.assignments` writes it into the notebooks of `notebooks/assignments`; titles, points and
questions stand there alone. A function that no description has, a lecturer's own, stays as it is.
"""

import ast
import json
import sys

from course_lib.classroom.sanitise import grade_id, is_solution, is_test, text
from course_lib.classroom.tasks import SOURCES, all_assignments, known
from course_lib.exercises.catalogue import EXERCISES
from course_lib.mine.file import PAGE, parts
from course_lib.mine.stub import stub

ANSWERS = parts(PAGE)  # piece → the course's own answer
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def updated(assignment, cells):
    """The cells of an assignment's notebook with the code that the descriptions decide."""
    own = known(assignment)
    lessons = {name: one for name, one in EXERCISES.items() if own[name] is one}
    return [{**cell, "source": source_of(cell, lessons)} for cell in cells]


def source_of(cell, lessons):
    """The source of one cell: a check, functions to be written, functions that are given, or what it is."""
    source, name = text(cell), grade_id(cell) or ""
    if cell["cell_type"] != "code":
        return source
    if is_test(cell):
        exercise = lessons.get(name.removeprefix("test-").replace("-", "_"))
        return check(exercise) if exercise else source
    make = answer if is_solution(cell) else ANSWERS.get
    lines = source.splitlines()
    for one in reversed(ast.parse(source).body):  # from below, so that the numbers of lines above stay
        if isinstance(one, ast.FunctionDef) and one.name in ANSWERS:
            # a comment, so no part of the function
            marked = lines[one.end_lineno : one.end_lineno + 1] == [f"    {END}"]
            lines[one.lineno - 1 : one.end_lineno + marked] = make(one.name).splitlines()
    return "\n".join(lines)


def answer(name):
    """A function to be written: the lesson's stub, and the course's answer between the marks that nbgrader knows."""
    head = stub(EXERCISES[name]).removesuffix("raise NotImplementedError").rstrip()
    body = ANSWERS[name].partition("\n")[2]  # below its `def`
    return f"{head}\n    {BEGIN}\n{body}\n    {END}"


def check(exercise):
    """The cell that tells students whether they are right, with the check of the lesson."""
    name = f"check_{exercise.name}"
    return f"from course_lib.exercises.lesson_{exercise.lesson:02} import {name}\n\n{name}({exercise.name})"


if __name__ == "__main__":
    for one in sys.argv[1:] or all_assignments():
        path = SOURCES / one / f"{one}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell, new in zip(notebook["cells"], updated(one, notebook["cells"]), strict=True):
            cell["source"] = new["source"].splitlines(keepends=True)
        written = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        path.write_text(written, encoding="utf-8", newline="\n")
