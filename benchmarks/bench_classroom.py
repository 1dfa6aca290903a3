"""Grading a class: `make grade` against `nbgrader autograde`, which runs the same submissions without a sandbox."""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Row

ASSIGNMENT, STUDENTS = "04_attention", 12


def a_class(folder):
    """A course folder in which everybody has handed in the worked solution."""
    from course_lib.classroom.release import release
    from course_lib.classroom.tasks import SOURCES

    release(folder, [ASSIGNMENT])
    notebook = json.loads(
        (folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8")
    )
    solved = json.loads((SOURCES / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8"))
    answers = copy.deepcopy(notebook)
    for cell, worked in zip(answers["cells"], solved["cells"], strict=True):
        cell["source"] = worked["source"]
    for i in range(STUDENTS):
        place = folder / "submitted" / f"s{i}" / ASSIGNMENT
        place.mkdir(parents=True)
        (place / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(answers), encoding="utf-8")
    # elsewhere, so that nbgrader does not find our nbgrader_config.py, which forbids what is measured here
    shutil.copytree(SOURCES / ASSIGNMENT, folder / "source" / ASSIGNMENT)


def seconds_of(command, cwd):
    """Wall seconds of a command, for each student."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
    return (time.perf_counter() - start) / STUDENTS


def rows(rounds=2):
    """Seconds for each submission, start-up included; safety may not cost time."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        a_class(folder)
        grade = [sys.executable, "-m", "course_lib.classroom.grade", ASSIGNMENT, "--course", name, "--again"]
        stock = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--force"]
        for _ in range(rounds):
            ours.append(seconds_of(grade, Path.cwd()))
            theirs.append(seconds_of(stock, folder))
    yield Row(f"grading {STUDENTS} submissions, each", "nbgrader autograde", ours, theirs, 1.0)
