"""One course for the tests of the classroom, with one assignment released, and what submissions are made of."""

import copy
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from course_lib.classroom import sandbox
from course_lib.classroom.release import release
from course_lib.classroom.tasks import SOURCES

ASSIGNMENT = "04_attention"


@pytest.fixture(autouse=True, scope="session")
def not_on_windows():
    if sys.platform == "win32":
        pytest.skip("grading was not tested: it is for Linux")


@pytest.fixture(scope="session")
def sandboxed():
    """Skips where Bubblewrap cannot be used, and says why."""
    if reason := sandbox.unusable():
        pytest.skip(f"no sandbox here: {reason}")


def living():
    """{pid: parent's pid} of the processes of this machine that have not ended."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            status, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if status not in "ZX":
            found[int(pid)] = int(parent)
    return found


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A course folder in which one assignment has been released, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    release(folder, [ASSIGNMENT])
    return folder


@pytest.fixture(scope="module")
def course(template, tmp_path_factory):
    """A course folder in which the assignment has been released."""
    return shutil.copytree(template, tmp_path_factory.mktemp("course") / "course")


@pytest.fixture(scope="session")
def released(template):
    """The released notebook."""
    return json.loads((template / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def solved():
    """{cell id: source} of the worked solutions."""
    notebook = json.loads((SOURCES / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8"))
    return {
        cell["id"]: "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["metadata"]["nbgrader"]["solution"]
    }


@pytest.fixture
def submission(released):
    """A function: the released notebook with other sources in the named cells."""

    def make(**sources):
        notebook = copy.deepcopy(released)
        for cell in notebook["cells"]:
            if (name := cell["id"].replace("-", "_")) in sources:
                cell["source"] = sources[name]
        return notebook

    return make


@pytest.fixture
def submit(course):
    """A function that puts a submission, a notebook or bytes, where nbgrader collects them."""

    def put(student, content, name=f"{ASSIGNMENT}.ipynb"):
        folder = course / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
        return folder

    return put
