"""A submission, rebuilt from the released notebook: of the student's file only the written answers are taken."""

import copy
import json
import os
import stat

from .written import pasted

MAX_FILE, MAX_CELL = 10_000_000, 100_000  # bytes of a notebook (pictures in outputs), characters of an answer
MAX_CELLS, MAX_PARTS = 5_000, 500_000  # cells of a notebook, brackets in its file: each costs memory to read
AGAIN = "\n\n# --- further down in the notebook, in a cell of the same name:\n\n"
FROM_EXCHANGE = ("timestamp.txt", "submission_secret.txt")  # written by nbgrader when a student submits
OF_THE_COURSE = ("my_gpt.py", "my_gpt.bak.py")  # of a lesson that was run beside the assignment
IN_ORDER = "run in their order, so that the last definition counts"


class Unreadable(ValueError):
    """There is no notebook to grade; the message says what was found instead."""


def read_submission(folder, name):
    """The bytes of `folder/name`, and notes on what else lies there.

    Raises Unreadable for a link, anything but a plain file, a file too large, or none of that name.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise Unreadable("the submitted folder is a link")
    expected = {name, *FROM_EXCHANGE, *OF_THE_COURSE}
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in expected)
    notes = [f"not looked at: {plain(', '.join(others))}"] if others else []
    try:
        return read_plain_file(folder / name), notes
    except FileNotFoundError:
        raise Unreadable(f"there is no {name}" + "".join(f" ({note})" for note in notes)) from None


def read_plain_file(path, most=MAX_FILE):
    """The bytes of a file that a student may have put there. Raises FileNotFoundError or Unreadable."""
    try:
        # NONBLOCK: a named pipe would otherwise wait for a writer; NOFOLLOW: a link could name any file
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read ({error.strerror}): is it a link?") from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path.name} is not a plain file")
        if status.st_size > most:
            raise Unreadable(f"{path.name} has {status.st_size:,} bytes, more than {most:,}")
        with open(file, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(file)


def sanitise(release, data):
    """(notebook, notes): the released notebook with the answers found in the bytes `data`.

    An answer is the source of a cell that the release marks as a solution, found by its grade id or else
    by its cell id; where a cell was copied or split, all of its parts in their order, so that the last definition
    counts as it does in a notebook. Everything else in the file is dropped, and named in the notes where that
    could matter. Raises Unreadable when the bytes are no notebook.
    """
    cells = submitted_cells(data)
    notebook, notes, used = copy.deepcopy(release), [], set()
    known = {cell["id"] for cell in release["cells"]} | {grade_id(cell) for cell in release["cells"]} - {None}
    for cell in notebook["cells"]:
        name = grade_id(cell) or cell["id"]
        found = found_cells(cells, cell)
        if not is_solution(cell):
            if cell["cell_type"] == "code" and any(changed(cell, cells[i]) for i in found):
                notes.append(f"the given cell {name} was changed: it is graded as it was handed out")
            continue
        if found and not any(grade_id(cells[i]) == name for i in found):
            notes.append(f"the cell {name} had lost its name and was found by its id")
        used.update(found)
        sources = [source_of(cells[i]) for i in found]
        stub = text(cell).strip()
        written = [source for source in sources if source and not blank(source) and source.strip() != stub]
        written = list(dict.fromkeys(reversed(written)))[::-1]  # the last of equal ones
        if not found:
            notes.append(f"the cell {name} is missing")
        if len(written) > 1:
            how = IN_ORDER if is_code(cell) else "put together"
            notes.append(f"the cell {name} is there {len(found)} times: they were {how}")
        if any(source is None for source in sources):
            notes.append(f"the cell {name} holds no text, or more than {MAX_CELL:,} characters")
        if sum(map(len, written)) > MAX_CELL:
            notes.append(f"the cell {name} is too long with all of its copies: the first were left out")
        while sum(map(len, written)) > MAX_CELL:
            written = written[1:]
        if written:
            cell["source"] = (AGAIN if is_code(cell) else "\n\n").join(written)
            for i in found if not is_code(cell) else ():
                kept, left_out = pasted(cells[i].get("attachments"))
                cell |= {"attachments": cell.get("attachments", {}) | kept} if kept else {}
                notes += [f"pictures in {name}, not taken: {plain(', '.join(left_out))}"] if left_out else []
    rest = [cell for i, cell in enumerate(cells) if i not in used]
    rest = [cell for cell in rest if not known & {cell.get("id"), grade_id(cell)}]
    if added := sum(is_code(cell) and bool(source_of(cell)) for cell in rest):
        notes.append(f"code cells that the student added, not taken: {added}")
    return notebook, notes


def needs_a_look(note):
    """Whether a note speaks of something that may have cost an honest student points."""
    costly = ("is missing", "is there", "given cell", "left out", "holds no text")
    return any(words in note for words in costly)


def found_cells(cells, cell):
    """Where in `cells` those stand that have the name of a cell of the release, or else its id."""
    alike = [i for i, other in enumerate(cells) if same_kind(cell, other)]
    named = [i for i in alike if grade_id(cell) and grade_id(cells[i]) == grade_id(cell)]
    return named or [i for i in alike if cells[i].get("id") == cell["id"]]


def changed(cell, other):
    """Whether the source of a submitted cell differs from the released one in more than blanks at the ends of lines."""
    texts = (text(cell), source_of(other) or "")
    before, after = ([line.rstrip() for line in one.strip().splitlines()] for one in texts)
    return before != after


def parts(cell):
    """The sources that `sanitise` put into a cell, each of which a notebook would run by itself."""
    return text(cell).split(AGAIN)


def is_code(cell):
    return cell.get("cell_type") == "code"


def submitted_cells(data):
    """The cells of a notebook given as bytes: dicts whose ids are strings. Raises Unreadable."""
    if not data.strip():
        raise Unreadable("the file is empty")
    brackets = sum(data.count(bracket) for bracket in (b"{", b"["))
    if brackets > MAX_PARTS:
        raise Unreadable(f"the file has {brackets:,} brackets, more than {MAX_PARTS:,}: clear the outputs")
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        what = "a web page" if data.lstrip()[:1] == b"<" else "not JSON"
        raise Unreadable(f"the file is no notebook: it is {what}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or notebook.get("nbformat") != 4:
        raise Unreadable("the file is no notebook of format 4")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"the notebook has {len(cells):,} cells, more than {MAX_CELLS:,}")
    return [{**cell, "id": cell_id(cell)} for cell in cells if isinstance(cell, dict)]


def cell_id(cell):
    """The id of a submitted cell, which Colab keeps in the metadata, or None."""
    metadata = cell.get("metadata")
    known = (cell.get("id"), metadata.get("id") if isinstance(metadata, dict) else None)
    return next((id for id in known if isinstance(id, str)), None)


def source_of(cell):
    """The text of a submitted cell; None when it is none, or too long."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or len(source) > MAX_CELL:
        return None
    return source.encode("utf-8", "replace").decode()  # half of a surrogate pair could not be written


def blank(source):
    """Nothing to be seen: spaces, also those without width, and comments of HTML."""
    rest, *comments = source.replace("&nbsp;", "").split("<!--")
    for comment in comments:
        hidden, end, after = comment.partition("-->")
        rest += after if end else hidden
    return not any(c.isprintable() and not c.isspace() for c in rest)


def text(cell):
    """The source of a cell of the release, which may be a list of lines."""
    return "".join(cell["source"])


def grade_id(cell):
    """nbgrader's name for a cell, or None."""
    return nbgrader(cell).get("grade_id") if isinstance(nbgrader(cell).get("grade_id"), str) else None


def nbgrader(cell):
    """What nbgrader says of a cell: {} for any other."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return about if isinstance(about, dict) else {}


def is_solution(cell):
    """The student writes here."""
    return bool(nbgrader(cell).get("solution"))


def is_test(cell):
    """A code cell whose points are given for what it tests."""
    about = nbgrader(cell)
    return cell["cell_type"] == "code" and bool(about.get("grade")) and not about.get("solution")


def same_kind(cell, other):
    """Both are code, or both are not: a written answer may have been turned into raw text."""
    return (cell["cell_type"] == "code") == (other.get("cell_type") == "code")


def plain(words, most=300):
    """Text from a student, fit for a table: one line, printable, not too long."""
    line = "".join(c if c.isprintable() else " " for c in str(words)[: 4 * most])
    line = " ".join(line.split())
    return line if len(line) <= most else line[: most - 1] + "…"
