"""The checkpoints of a run, in a folder.

A checkpoint is two files: step_000100.safetensors holds all parameters and the optimizer's memory,
step_000100.json all else, and the digest of the first. The JSON is written last, and each file is whole or
not there at all, so whatever moment a run ends at, the newest JSON names a checkpoint that is complete.
Whatever else lies in the folder is left alone.
"""

import hashlib
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from course_lib.in_both.checkpoints import write_whole

__all__ = ["check_writable", "checkpoints", "last_good", "load_checkpoint", "newest_facts", "save_checkpoint"]

KEPT = 2  # checkpoints in a folder: the last, and the one before in case that is damaged
FACTS = {"sizes": dict, "recipe": dict, "text": str, "step": int, "history": dict, "sha256": str}


def checkpoints(folder):
    """The JSON files of the folder's checkpoints, oldest first: those that `save_checkpoint` names so, no others.

    >>> checkpoints("a folder that is not there")
    []
    """
    if not os.path.isdir(folder):
        return []
    numbered = []
    for path in Path(folder).glob("step_*.json"):
        number = path.stem.removeprefix("step_")  # or "000050 copy", as a file manager might name it
        if number.isdecimal() and path.name == f"{_name(int(number))}.json" and path.is_file():
            numbered.append((int(number), path))
    return [path for _, path in sorted(numbered)]


def save_checkpoint(folder, facts, save_state):
    """Save what `facts["step"]` names: `save_state(path)` writes the tensors, facts (JSON) go beside them.

    Older checkpoints are deleted, but for the one before. Raises OSError that says what is still there.
    """
    folder, name = Path(folder), _name(facts["step"])
    tensors = folder / f"{name}.safetensors"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_state(tensors)
        write_whole(folder / f"{name}.json", [json.dumps(facts | {"sha256": _sha256(tensors)}).encode()])
    except OSError as error:
        with suppress(OSError):  # without its JSON it is no checkpoint, and the disk may be full
            tensors.unlink(missing_ok=True)
        raise OSError(f"{name} could not be saved in {folder}: {error}; {last_good(folder)}") from error
    for path in checkpoints(folder)[:-KEPT]:
        with suppress(OSError):  # an old one that cannot be deleted is no reason to stop
            path.unlink()  # first the file that makes it a checkpoint
            path.with_suffix(".safetensors").unlink(missing_ok=True)


def load_checkpoint(folder, load_state):
    """The newest checkpoint of the folder: (facts, tensors), the second from `load_state(path)`.

    Raises FileNotFoundError when there is none, ValueError when it is damaged (it is not deleted).
    """
    facts = newest_facts(folder)
    with _damage_named(folder) as path:
        tensors = path.with_suffix(".safetensors")
        if _sha256(tensors) != facts["sha256"]:
            raise ValueError(f"{tensors.name} was cut short or changed after it was saved")
        return facts, load_state(tensors)


def newest_facts(folder):
    """What the newest checkpoint's JSON says: sizes, recipe, text, step, history. Raises as `load_checkpoint` does."""
    with _damage_named(folder) as path:
        facts = json.loads(path.read_bytes())
        for name, kind in FACTS.items():
            if type(facts.get(name)) is not kind:
                raise ValueError(f"its {name} is missing, or not what was saved")
        history = facts["history"]
        complete = isinstance(history.get("held_out"), list) and len(history["loss"]) == facts["step"]
        if not complete or path.stem != _name(facts["step"]):
            raise ValueError("its history is not that of its steps")
        return facts


def last_good(folder):
    """A sentence's end about the newest checkpoint, for errors.

    >>> last_good(None)
    'no checkpoint was asked for'
    """
    if folder is None:
        return "no checkpoint was asked for"
    found = checkpoints(folder)
    return (
        f"the last good checkpoint is {found[-1].stem} in {folder}" if found else "there is no checkpoint yet"
    )


def check_writable(folder):
    """Make the folder, and try to write in it: before the work, as it would be lost after.

    Raises OSError that says why not.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"nothing can be saved in {folder}: {error.strerror}") from error


@contextmanager
def _damage_named(folder):
    """Give the newest checkpoint's JSON, and raise ValueError that names it when what is done with it fails."""
    found = checkpoints(folder)
    if not found:
        raise FileNotFoundError(f"there is no checkpoint in {folder}")
    path = found[-1]
    try:
        yield path
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        before = f"to go on from {found[-2].stem}" if len(found) > 1 else "to start again"
        raise ValueError(
            f"{path.stem} in {folder} is damaged: {error}; delete {path.name} {before}"
        ) from error


def _name(step):
    return f"step_{step:06}"


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
