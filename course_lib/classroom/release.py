"""`make release`: the student versions, without solutions, in `build/release`, and nbgrader told of them."""

import argparse
import json
import os
import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from . import tasks
from .pages import secure


def nbgrader(course):
    """nbgrader's interface to the course in a folder, set up as `nbgrader_config.py` does for its programs."""
    # its gradebook is made with the program alembic, which lies beside this Python
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    config = Config()
    config.CourseDirectory.course_id = "gpt-by-hand"
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = str(tasks.SOURCES)
    secure(config)
    return NbGraderAPI(config=config)


def release(course, assignments=()):
    """Release the named assignments, or all; their names. Raises RuntimeError with what is wrong."""
    course.mkdir(parents=True, exist_ok=True)
    there_are = tasks.all_assignments()
    names, api = list(assignments) or there_are, nbgrader(course)
    for name in names:
        if name not in there_are:
            raise RuntimeError(f"there is no assignment {name!r}; there are {', '.join(there_are)}")
        source = json.loads((tasks.SOURCES / name / f"{name}.ipynb").read_text(encoding="utf-8"))
        tasks.tasks_of(name, source["cells"])  # what could not be graded is not handed out
    for name in names:
        outcome = api.generate_assignment(name, force=True, create=True)
        if not outcome["success"]:
            raise RuntimeError(f"{name}: {outcome.get('error')}\n{outcome.get('log')}")
    return names


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("assignments", nargs="*", help="default: all")
    parser.add_argument(
        "--course", type=Path, default=os.environ.get("COURSE", "build"), help="default: build"
    )
    options = parser.parse_args()
    course = Path(options.course).resolve()
    try:
        print(f"released into {course / 'release'}: {', '.join(release(course, options.assignments))}")
    except RuntimeError as error:
        sys.exit(str(error))
