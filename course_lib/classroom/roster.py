"""The class's list: the students of nbgrader's gradebook, where `nbgrader db student import` has put them."""

from nbgrader.api import Gradebook


def database_of(course):
    return f"sqlite:///{course / 'gradebook.db'}"


def class_list(course):
    """The ids of the class, a set; empty where no list was imported, which would have given names or addresses."""
    if not (course / "gradebook.db").exists():  # nbgrader would make an empty one
        return set()
    with Gradebook(database_of(course)) as gradebook:
        students = gradebook.students
        named = any(student.first_name or student.last_name or student.email for student in students)
        return {student.id for student in students} if named else set()
