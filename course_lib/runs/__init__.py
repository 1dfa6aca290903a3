"""A training run without its mathematics: the recipe, the windows cut from a text, and the checkpoints in a folder."""

from course_lib.runs.folder import (
    check_writable,
    checkpoints,
    last_good,
    load_checkpoint,
    newest_facts,
    save_checkpoint,
)
from course_lib.runs.recipe import LOOK, Recipe, batch, digest, windows
from course_lib.runs.run import Run, check_same

__all__ = [
    "LOOK", "Recipe", "Run", "batch", "check_same", "check_writable", "checkpoints", "digest", "last_good",
    "load_checkpoint", "newest_facts", "save_checkpoint", "windows",
]  # fmt: skip
