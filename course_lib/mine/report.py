"""What is whose: the names in force, the map of what is built, and the file's way home and back."""

import html
import inspect
import os
import sys
from pathlib import Path

from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.judge import judge, local

from .file import Mistake, parts, place, read, write
from .space import load

__all__ = ["Progress", "bring", "forget", "names", "progress", "take"]

_seen = {}  # the names, the text they come from, and the cell in which the file was looked at


def names():
    """The names of my_gpt.py, or the course's where there is no file. Raises Mistake when the file has one.

    The file is looked at once a cell, or at every call outside a notebook.
    """
    cell = _cell()
    if cell is None or _seen.get("cell") != cell:
        path = place()
        text = read(path) if path else ""
        if _seen.get("text") != text:
            _seen.update(space=_told(load(text, path.name if path else "my_gpt.py")), text=text)
        _seen["cell"] = cell
    return _seen["space"]


def _told(space):
    """The same names; what says nothing of itself says what its exercise asks for, so that help(mine.softmax) tells it."""
    for name, exercise in EXERCISES.items():
        if not getattr(space.get(name), "__doc__", "") and callable(space.get(name)):
            space[name].__doc__ = inspect.cleandoc(exercise.text)
    return space


def forget():
    """Look at the file again at the next use."""
    _seen.clear()


def _cell():
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell and shell.execution_count


def progress():
    """The map of what is built: every piece with whose it is, and whether it is right, judged now by its own check.

    ✓ yours and right · ✗ yours, and wrong since it was changed · – the course's, until you write yours.
    Raises Mistake when my_gpt.py cannot be run.
    """
    path = place()
    text = read(path) if path else ""
    space, own = load(text, path.name if path else "my_gpt.py"), parts(text)
    verdicts = {name: judge(EXERCISES[name], local(space[name])) for name in own if name in EXERCISES}
    return Progress(verdicts, path, _lasting(path))


class Progress:
    """What `progress()` shows: as text, and as a table in a notebook."""

    def __init__(self, verdicts, path, warning=""):
        self.path, self.warning = path, warning
        self.verdicts = verdicts  # piece of yours → what its check says now
        self.right = [name for name, verdict in verdicts.items() if verdict.outcome == "right"]
        self.lessons = {}
        for name, exercise in EXERCISES.items():
            self.lessons.setdefault(exercise.lesson, []).append(name)

    def sign(self, name):
        return "–" if name not in self.verdicts else "✓" if name in self.right else "✗"

    def sentences(self):
        """What stands below the map: how many, and what is wrong."""
        yield f"{len(self.right)} of {len(EXERCISES)} pieces are yours" + (
            f", in {self.path}" if self.path else ""
        )
        for name, verdict in self.verdicts.items():
            if name not in self.right:
                yield f"{name} is wrong since it was changed: {verdict.sentence}"
        if self.warning:
            yield self.warning

    def __repr__(self):
        rows = [
            f"{lesson:02}  " + "  ".join(f"{self.sign(name)} {name}" for name in names)
            for lesson, names in self.lessons.items()
        ]
        return "\n".join([*rows, *self.sentences()])

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{lesson:02}</th><td style='text-align:left'>"
            + " &nbsp; ".join(f"{self.sign(name)}&nbsp;<code>{name}</code>" for name in names)
            + "</td></tr>"
            for lesson, names in self.lessons.items()
        )
        return f"<table>{rows}</table>" + "".join(f"<p>{html.escape(text)}</p>" for text in self.sentences())


def _lasting(path):
    """A sentence for a place that is gone when the kernel stops; "" for one that lasts."""
    if path and sys.platform == "emscripten" and not path.is_relative_to("/drive"):
        return "This browser keeps no files: take my_gpt.py home with mine.take() before you close the page"
    if path and "google.colab" in sys.modules and not path.is_relative_to("/content/drive"):
        return (
            "Colab forgets this file when it stops: take it home with mine.take(), or mount your Drive first"
        )
    if path and "BINDER_SERVICE_HOST" in os.environ:
        return "Binder forgets this file when it stops: take it home with mine.take()"
    return ""


def take():
    """Take my_gpt.py home: a download in Colab, elsewhere a link to it. Raises Mistake when there is no file yet."""
    path = place()
    if path is None or not path.exists():
        raise Mistake("there is no my_gpt.py yet: it is made by the first right answer")
    if "google.colab" in sys.modules:
        sys.modules["google.colab"].files.download(str(path))
        return None
    from IPython.display import FileLink

    return FileLink(os.path.relpath(path), result_html_prefix="Right-click, then save: ")


def bring(path=None):
    """Bring a my_gpt.py from elsewhere: upload it in Colab, else give its path, or learn where to put it.

    What stood in its place is kept as my_gpt.bak.py. Raises Mistake when what is brought cannot be run.
    """
    here = place()
    if here is None:
        raise Mistake("nothing is kept here: MY_GPT is set to nowhere")
    if path is not None:
        text = read(Path(path))
        if not text:
            raise Mistake(f"there is nothing in {path}")
    elif "google.colab" in sys.modules:
        uploaded = sys.modules["google.colab"].files.upload()
        if not uploaded:
            return
        text = next(iter(uploaded.values())).decode("utf-8-sig").replace("\r\n", "\n")
    else:
        print(f"put your file at {here}, by dragging it into the file browser; then mine.progress() shows it")
        return
    load(text)
    if old := read(here):
        write(here.with_name(f"{here.stem}.bak.py"), old)
    write(here, text)
    forget()
    print(f"{len(set(parts(text)) & set(EXERCISES))} pieces of yours are in {here}")


def whose(space):
    """(own, borrowed) pieces of a file's names, in the order of the lessons."""
    borrowed = space.get("borrowed", {})
    own = [name for name in EXERCISES if borrowed and space[name] is not borrowed[name]]
    return own, [name for name in EXERCISES if borrowed and name not in own]
