"""The class's list: the students of nbgrader's gradebook, where `nbgrader db student import` has put them."""

import unicodedata

from nbgrader.api import Gradebook


def database_of(course):
    return f"sqlite:///{course / 'gradebook.db'}"


def class_list(course):
    """{id: names} of the class, each name without spaces, first or last name first; {} where no list was imported."""
    if not (course / "gradebook.db").exists():  # nbgrader would make an empty one
        return {}
    with Gradebook(database_of(course)) as gradebook:
        listed = [(s.id, s.first_name or "", s.last_name or "", s.email) for s in gradebook.students]
    if not any(first or last or email for _, first, last, email in listed):  # they come from grading
        return {}
    return {id: {flat(first + last), flat(last + first)} - {""} for id, first, last, _ in listed}


def flat(name):
    """A name without what systems change in it.

    >>> flat("Zoe\u0308 O'Neil")
    'zoëoneil'
    """
    return "".join(c for c in unicodedata.normalize("NFC", name).casefold() if c.isalnum())
