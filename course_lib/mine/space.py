"""The names of my_gpt.py when it runs: the course's pieces first, then the learner's own in their places."""

import linecache

from course_lib import one_page

from .file import HEAD, LESSON_OF, PAGE, Mistake

__all__ = ["Names", "borrow", "load"]


def borrow(space):
    """Put all the course's pieces into a file's names; what the file defines below takes their place.

    space: `globals()` of the file. So pieces of one's own call borrowed ones, and the other way round.
    """
    kept = {name: space.get(name) for name in ("__doc__", "__name__", "__file__")}
    page = PAGE[: PAGE.index("# %% the end")]
    exec(compile(page, one_page.__file__, "exec"), space)  # noqa: S102 - the course's own file
    space |= kept
    space["borrowed"] = {name: space[name] for name in LESSON_OF}
    space["mine"] = Names(space)


class Names:
    """`mine.softmax` inside my_gpt.py: the file's own names."""

    def __init__(self, space):
        self._space = space

    def __getattr__(self, name):
        try:
            return self._space[name]
        except KeyError:
            raise AttributeError(f"there is no {name} in my_gpt.py") from None


def load(text, name="my_gpt.py"):
    """Run the file's text as a fresh module; returns its names. Raises Mistake that names the line which fails."""
    text = text or HEAD
    space = {"__name__": "my_gpt", "__file__": name}
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name  # for the lines in messages
    try:
        exec(compile(text, name, "exec"), space)  # noqa: S102 - the learner's own file
    except SyntaxError as error:
        raise Mistake(f"{name} has a mistake in line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise Mistake(f"{name} has a mistake in line {_line(error, name)}: {_words(error)}") from error
    return space


def _line(error, name):
    trace, line = error.__traceback__, "?"
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _words(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
