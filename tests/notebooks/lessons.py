"""How a lesson is stored: the rules, and the command that executes lessons and writes them in that form.

    python -m tests.notebooks.lessons                              # every lesson and every companion
    python -m tests.notebooks.lessons notebooks/04_attention.ipynb # one

A lesson that is executed twice is byte for byte the same file: cell ids are kept, metadata comes
from a short list, pictures carry no timestamps, and widgets leave nothing behind but what a live picture of ours needs to
live on a web page, in the metadata of its output. `problems` says what keeps a notebook from being in that form; the style of the writing has its own rules in `style.py`.
"""

import ast
import base64
import io
import json
import os
import re
import struct
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image

from course_lib.lessons import COMPANIONS, NAMES
from tests.notebooks.live_state import keep_close_states

FOLDER = Path(__file__).parents[2] / "notebooks"
TIMEOUT = 600  # seconds a cell may take
LARGEST = 1_000_000  # bytes a lesson may have

# The part of Jupyter's metadata that is the same whichever Python executes the lesson.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
READABLE_ID = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")  # words in lower case, joined by hyphens
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-.*)?")  # what Jupyter draws for a cell without an id
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Tags and comments that make nbval look away. In a lesson three cells may that are tagged as training; and the one
# that shows the versions on your own machine.
LOOKS_AWAY = re.compile(r"#\s*(NBVAL_|PYTEST_VALIDATE_)")
IGNORE, TRAINING, MOST_TRAINING = "nbval-ignore-output", "training", 3
MAY_DIFFER = [("00_start_here", "environment-code")]
# A cell with this tag draws what it measured, a time for instance. Its stored picture stays while its text
# stays the same; otherwise every run would store another.
MEASURED = "measured"


class LessonError(Exception):
    """A lesson that cannot be executed; says which one, at which cell, and why."""


def lessons():
    """The paths of all lessons, in the order of the chapters."""
    return [FOLDER / f"{name}.ipynb" for name in NAMES]


def companions():
    """The paths of the companions that exist, in the order of their lessons."""
    return sorted((FOLDER / "checked").glob("*.ipynb"))


def notebooks():
    """The paths of everything that is stored with its outputs: lessons and companions."""
    return lessons() + companions()


def folder_of(name):
    """Where a notebook of this name lies, and its links begin."""
    return FOLDER / "checked" if name in COMPANIONS else FOLDER


def source(cell):
    """A cell's text; the file keeps it as one string or as a list of lines."""
    return "".join(cell["source"])


def syntax(code):
    """The syntax tree of a cell; an empty one for what is not Python, which a rule of style reports."""
    try:
        return ast.parse(code)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


# --- the rules: each is a generator of sentences, one for every offence -----------------------------


def every_code_cell_ran_in_order(notebook, name):
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"code cells must have run from top to bottom as 1..{len(code)}, they say {counts}"


def what_shows_something_has_its_output(notebook, name):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not cell["outputs"] and shows_something(source(cell)):
            yield f"cell {cell['id']!r} shows something, but no output is stored (or write `_ = …`)"


def no_errors_or_warnings_are_stored(notebook, name):
    for cell, output in outputs(notebook):
        if output["output_type"] == "error":
            yield f"cell {cell['id']!r} stores an error: {output['ename']}: {output['evalue']}"
        elif output.get("name") == "stderr":
            yield f"cell {cell['id']!r} stores something on stderr: {''.join(output['text'])[:80]!r}"


def cell_ids_are_readable(notebook, name):
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    for id in ids:
        if not READABLE_ID.fullmatch(id) or RANDOM_ID.fullmatch(id):
            yield f"cell id {id!r} is not made of words in lower case, joined by hyphens"
    for id in sorted({id for id in ids if ids.count(id) > 1}):
        yield f"cell id {id!r} stands on {ids.count(id)} cells"


def metadata_is_on_the_list(notebook, name):
    if notebook["metadata"] != METADATA or (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        yield f"the metadata or format differs from what `make notebooks` writes: {notebook['metadata']}"
    for cell in notebook["cells"]:
        if cell["metadata"] != allowed_metadata(cell["metadata"]):
            yield f"cell {cell['id']!r} has metadata that is not on the list: {cell['metadata']}"


def no_widget_state_is_stored(notebook, name):
    for cell, output in outputs(notebook):
        if WIDGET_VIEW in output.get("data", {}):
            yield f"cell {cell['id']!r} stores the view of a widget, which is empty without a kernel"


def outputs_are_compared(notebook, name):
    training = 0
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        looking_away = [tag for tag in tags if re.match("nbval|raises", tag)]
        if TRAINING in tags and looking_away == [IGNORE]:
            training += 1
        elif looking_away and (name, cell["id"]) not in MAY_DIFFER or LOOKS_AWAY.search(source(cell)):
            yield f"cell {cell['id']!r} keeps its output from being compared"
    if training > MOST_TRAINING:
        yield f"{training} cells tagged as training may differ from run to run; a lesson has at most {MOST_TRAINING}"


RULES = [
    every_code_cell_ran_in_order,
    what_shows_something_has_its_output,
    no_errors_or_warnings_are_stored,
    cell_ids_are_readable,
    metadata_is_on_the_list,
    no_widget_state_is_stored,
    outputs_are_compared,
]


def problems(path, rules=RULES):
    """Every sentence that the rules have to say about the lesson at `path`."""
    text = Path(path).read_text(encoding="utf-8")
    notebook = json.loads(text)
    found = [problem for rule in rules for problem in rule(notebook, Path(path).stem)]
    if len(text.encode()) >= LARGEST:
        found.append(f"the file has {len(text.encode()):,} bytes; a lesson stays under {LARGEST:,}")
    return found


def outputs(notebook):
    """Pairs (cell, output) of everything the notebook stores."""
    return [(cell, output) for cell in notebook["cells"] for output in cell.get("outputs", [])]


def shows_something(code):
    """Whether running this code puts something on the page: its last line has a value, or it prints.

    >>> shows_something("x = 1"), shows_something("x = 1\\nx"), shows_something("values.append(1)")
    (False, True, False)
    """
    body = syntax(code).body
    silent = r"(assert_\w+|append|extend|update|backward|step|zero_grad|set_\w+)"
    for statement in body:
        if not isinstance(statement, ast.Expr) or isinstance(statement.value, ast.Constant | ast.Await):
            continue
        call = statement.value.func if isinstance(statement.value, ast.Call) else None
        called = getattr(call, "attr", getattr(call, "id", ""))  # the name after the last dot
        if called in ("print", "display") or statement is body[-1] and not re.fullmatch(silent, called):
            return True
    return False


def allowed_metadata(metadata):
    """The part of a cell's metadata that may be stored: tags, and whether the code starts out folded."""
    kept = {"tags": metadata["tags"]} if metadata.get("tags") else {}
    if metadata.get("jupyter", {}).get("source_hidden"):
        kept["jupyter"] = {"source_hidden": True}
    return kept


# --- the command ------------------------------------------------------------------------------------


def execute(path):
    """Run the lesson at `path` in its own folder and write it back in normal form.

    Returns whether the file changed. Raises LessonError, and leaves the file alone, when a cell has no
    id, fails, or takes longer than TIMEOUT.
    """
    path = Path(path)
    before = path.read_bytes()
    for position, cell in enumerate(json.loads(before)["cells"], start=1):
        if not cell.get("id"):
            raise LessonError(f"{path.name}: cell {position} has no id; give it a readable one")
    notebook = nbformat.reads(before.decode(), as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
    )
    client.reset_execution_trackers()
    os.environ["MY_GPT"] = ""  # a stored lesson shows the course's pieces, not those of who stores it
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                message = f"{error.ename}: {error.evalue}"
                raise LessonError(f"{path.name}: cell {cell.id!r} failed with {message}") from error
            except (CellTimeoutError, DeadKernelError) as error:
                raise LessonError(f"{path.name}: cell {cell.id!r} did not finish: {error}") from error
    stored = nbformat.reads(before.decode(), as_version=4)
    keep_measured_pictures(notebook, stored)
    keep_close_states(notebook, stored)
    after = (nbformat.writes(normalise(notebook)).rstrip("\n") + "\n").encode()
    if after != before:
        replace(path, after)
    return after != before


def normalise(notebook):
    """The executed notebook without what differs from one run or machine to the next; changes it in place."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(allowed_metadata(cell.metadata))
        if not cell.get("attachments", True):
            del cell["attachments"]  # empty, as some editors leave them
    for _, output in outputs(notebook):
        for part in (output.get("data", {}), output.get("metadata", {})):
            part.pop(WIDGET_VIEW, None)
        if "image/png" in output.get("data", {}):
            png = base64.b64decode(output.data["image/png"])
            output.data["image/png"] = base64.b64encode(without_notes(png)).decode()
    return notebook


def keep_measured_pictures(notebook, stored):
    """Put the stored picture back into every `measured` cell whose outputs otherwise stayed the same.

    A picture on another ground was drawn when the figures looked otherwise: it gives way to the new one.
    """
    before = {cell.id: cell.get("outputs", []) for cell in stored.cells}
    for cell in notebook.cells:
        old, new = before[cell.id], cell.get("outputs", [])
        if MEASURED in cell.metadata.get("tags", []) and texts(old) == texts(new):
            for stored_output, output in zip(old, new, strict=True):
                pngs = [one.get("data", {}).get("image/png") for one in (stored_output, output)]
                if all(pngs) and ground(pngs[0]) == ground(pngs[1]):
                    output.data["image/png"] = pngs[0]


def ground(png):
    """The colour of the first pixel of a picture in base64."""
    return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").getpixel((0, 0))


def texts(outputs):
    """For every output the kinds of content it has, and their text unless it is a picture."""
    return [
        {kind: kind == "image/png" or text for kind, text in output.get("data", output).items()}
        for output in outputs
    ]


def without_notes(png):
    """A PNG without its text and time chunks, where programs leave their version and the date."""
    kept, at = [png[:8]], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunk, at = png[at : at + 12 + length], at + 12 + length  # length, type, data, checksum
        if chunk[4:8] not in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"):
            kept.append(chunk)
    return b"".join(kept)


def replace(path, content):
    """Write the file in one step, so that an interruption leaves the old one or the new one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(content)
    os.chmod(file.name, path.stat().st_mode)
    os.replace(file.name, path)


def main(paths):
    failed = False
    for path in [Path(path) for path in paths] or notebooks():
        start = time.perf_counter()
        try:
            changed = execute(path)
        except LessonError as error:
            failed = True
            print(error, file=sys.stderr)
        else:
            seconds = time.perf_counter() - start
            print(f"{path.name}: {'rewritten' if changed else 'unchanged'} ({seconds:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
