"""Checks for the lessons' exercises: each takes the learner's function and names the likely mistake.

An exercise is described once (`description`), in the module of its lesson; `judge` reads the description, in a lesson
and in the grader alike. `answers` says when an answer is right, for all of them.
"""

__all__ = ["Wrong"]


class Wrong(AssertionError):
    """The learner's function gave a wrong answer; the message says what to look at."""

    def _render_traceback_(self):
        """What Jupyter shows instead of a traceback, whose lines would be the check's, not the learner's."""
        return [f"Wrong: {self}"]
