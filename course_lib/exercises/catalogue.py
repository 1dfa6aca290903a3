"""Every exercise of the course by name, in the order of the lessons: those of the modules lesson_01, lesson_02 ….

>>> EXERCISES["softmax"].lesson
4
"""

from importlib import import_module
from pkgutil import iter_modules

from course_lib import exercises

__all__ = ["EXERCISES"]

EXERCISES = {
    exercise.name: exercise
    for module in sorted(module.name for module in iter_modules(exercises.__path__, f"{exercises.__name__}."))
    if module.rpartition(".")[2].startswith("lesson_")
    for exercise in import_module(module).EXERCISES
}
