"""`make release`: the student versions, without solutions, in `build/release`, and nbgrader told of them."""

import argparse
import os
import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

SOURCES = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"


def release(course, assignments=()):
    """Release the named assignments, or all; their names. Raises RuntimeError with nbgrader's log on failure."""
    course.mkdir(parents=True, exist_ok=True)
    names = list(assignments) or sorted(path.stem for path in SOURCES.glob("*/*.ipynb"))
    # nbgrader makes its gradebook with the program alembic, which lies beside this Python
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    config = Config()
    config.CourseDirectory.course_id = "gpt-by-hand"
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = str(SOURCES)
    api = NbGraderAPI(config=config)
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
