"""my_gpt.py: where it lies, the parts it is made of, and how one of them is put in without losing anything.

The file is ordinary Python: a head, then a part for each piece under a line such as `# %% 04 softmax`, in the order
of the lessons, then what it does as a program. A part is replaced or put in; every other line stays as it is.
"""

import ast
import hashlib
import os
import re
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from course_lib import one_page
from course_lib.in_both.checkpoints import write_whole

__all__ = [
    "HEAD",
    "LESSON_OF",
    "PAGE",
    "Mistake",
    "locked",
    "parts",
    "place",
    "put",
    "read",
    "solution",
    "without",
    "write",
]

PAGE = Path(one_page.__file__).read_text(encoding="utf-8")
MARK = re.compile(r"^# %% (?:(\d\d) (\w+)|the end)[ \t]*$", flags=re.MULTILINE)
END = """# %% the end
if __name__ == "__main__":
    main(globals())
"""
HEAD = '''"""My GPT: the pieces that I wrote, in the order of the lessons. What is missing is the course's.

`python my_gpt.py` trains it and lets it write.
"""

import math

import numpy as np

from course_lib.mine import borrow, main

borrow(globals())


'''


class Mistake(ValueError):
    """What keeps my_gpt.py from being read, written or run, in one sentence."""


def parts(text):
    """Name → code, in the order of the file; the head and the end are no parts.

    >>> parts("x = 1\\n# %% 07 linear\\ndef linear(x, W, b): ...\\n# %% the end\\n")
    {'linear': 'def linear(x, W, b): ...'}
    """
    found = list(MARK.finditer(text))
    starts = [*(mark.start() for mark in found), len(text)]
    return {
        mark[2]: text[mark.end() : end].strip("\n")
        for mark, end in zip(found, starts[1:], strict=True)
        if mark[2]
    }


PATIENCE = 5  # seconds that a notebook waits for another that writes the file
LESSON_OF = {mark[2]: int(mark[1]) for mark in MARK.finditer(PAGE) if mark[2]}  # piece → its lesson, in order


def solution(check):
    """Print the course's own answer to the exercise of a check, `check_softmax` or its name, "softmax".

    It calls other pieces by their names alone; below it stands how a notebook gets those.

    Raises ValueError for what is no exercise.

    >>> solution("unembed")
    def unembed(h, W_E):
        return h @ W_E.T  # (..., D) @ (D, V) → (..., V)
    """
    name = getattr(check, "__name__", str(check)).removeprefix("check_")
    if name not in LESSON_OF:
        raise ValueError(
            f"solution: there is no exercise {name!r}; give it the check, as in solution(check_softmax)"
        )
    code = parts(PAGE)[name]
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    used = names & set(LESSON_OF) - {name}
    print(code)
    if used:
        print(
            f"# from other lessons, or from cells that have not run: {', '.join(f'mine.{piece}' for piece in sorted(used))}"
        )


def put(text, name, code):
    """The file's text with `code` as the part `name`: in the place of the old one, or where its lesson comes.

    >>> print(put("", "gelu", "def gelu(x): ...").partition("borrow(globals())")[2].strip())
    # %% 07 gelu
    def gelu(x): ...
    <BLANKLINE>
    <BLANKLINE>
    # %% the end
    if __name__ == "__main__":
        main(globals())
    """
    text = text or HEAD + END
    if not any(mark[2] is None for mark in MARK.finditer(text)):
        text = text.rstrip("\n") + "\n\n\n" + END
    text = without(text, name)
    order = list(LESSON_OF)
    later = {None, *order[order.index(name) :]}
    at = next(mark.start() for mark in MARK.finditer(text) if mark[2] in later)
    return f"{text[:at]}# %% {LESSON_OF[name]:02} {name}\n{code.strip()}\n\n\n{text[at:]}"


def without(text, name):
    """The file's text without the part `name`; the same text when there is none."""
    marks = list(MARK.finditer(text))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        if mark[2] == name:
            return text[: mark.start()] + (text[after.start() :] if after else "")
    return text


def place():
    """Where my_gpt.py lies or would lie; None when nothing is to be kept.

    $MY_GPT names the file, and "" means nowhere. Else it is MyDrive of Colab where that is mounted; else beside the
    nearest 00_start_here.ipynb, here or up to three folders above; else the current folder.
    """
    named = os.environ.get("MY_GPT")
    if named is not None:
        return Path(named).expanduser().absolute() if named else None
    drive = Path("/content/drive/MyDrive")
    if "google.colab" in sys.modules and drive.is_dir():
        return drive / "my_gpt.py"
    here = Path.cwd()
    for folder in [here, *here.parents[:3]]:
        for notebooks in (folder, folder / "notebooks"):
            if (notebooks / "00_start_here.ipynb").is_file():
                return notebooks / "my_gpt.py"
    return here / "my_gpt.py"


def read(path):
    """The file's text, "" when there is no file. Raises Mistake when it is not text in UTF-8 or cannot be opened."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Mistake(f"{path.name} is not UTF-8 in line {line}: save it as UTF-8") from error
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}") from error


def locked(path):
    """A context in which no other notebook writes the file. Raises Mistake when it stays locked for PATIENCE seconds."""
    if sys.platform == "emscripten":  # a browser knows no locks
        return nullcontext()
    from filelock import FileLock, Timeout

    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    try:
        return FileLock(Path(tempfile.gettempdir(), f"my_gpt_{name}.lock"), timeout=PATIENCE).acquire()
    except Timeout as error:
        raise Mistake(f"{path} is being written by another notebook: try again") from error


def write(path, text):
    """Write the file whole or not at all. Raises Mistake when it cannot be written."""
    try:
        write_whole(path, [text.encode()])
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}; MY_GPT can name another place") from error
