"""Where nbgrader finds things. COURSE names the folder of one course: releases, submissions, gradebook."""

import os
from pathlib import Path

from course_lib.classroom.pages import secure

here = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()
c = get_config()  # noqa: F821
course = Path(os.environ.get("COURSE", here / "build")).resolve()
course.mkdir(parents=True, exist_ok=True)  # nbgrader cannot make a gradebook in a folder that is not there
c.CourseDirectory.root = str(course)
c.CourseDirectory.source_directory = str(here / "notebooks" / "assignments")
c.CourseDirectory.course_id = "gpt-by-hand"
secure(c)  # submissions are not run, and written answers, the students' own HTML, do nothing in your browser
