"""`make release`: the student versions, without solutions, in `build/release`, and nbgrader told of them."""

import argparse
import json
import os
import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from .pages import secure
from .tasks import without_task

SOURCES = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"


def nbgrader(course):
    """nbgrader's interface to the course in a folder, set up as `nbgrader_config.py` does for its programs."""
    # its gradebook is made with the program alembic, which lies beside this Python
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    config = Config()
    config.CourseDirectory.course_id = "gpt-by-hand"
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = str(SOURCES)
    secure(config)
    return NbGraderAPI(config=config)


def release(course, assignments=()):
    """Release the named assignments, or all; their names. Raises RuntimeError with what is wrong."""
    course.mkdir(parents=True, exist_ok=True)
    names, api = list(assignments) or all_assignments(), nbgrader(course)
    for name in names:
        if name not in all_assignments():
            raise RuntimeError(f"there is no assignment {name!r}; there are {', '.join(all_assignments())}")
        source = json.loads((SOURCES / name / f"{name}.ipynb").read_text(encoding="utf-8"))
        if cells := without_task(name, source["cells"]):
            raise RuntimeError(
                f"{name}: {', '.join(cells)} could not be graded: add a Task of this name to "
                f"TASKS[{name!r}] in course_lib/classroom/tasks.py"
            )
    for name in names:
        outcome = api.generate_assignment(name, force=True, create=True)
        if not outcome["success"]:
            raise RuntimeError(f"{name}: {outcome.get('error')}\n{outcome.get('log')}")
    return names


def all_assignments():
    """The names of the assignments there are."""
    return sorted(path.stem for path in SOURCES.glob("*/*.ipynb"))


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
