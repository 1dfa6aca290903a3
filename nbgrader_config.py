"""Where nbgrader finds things. COURSE names the folder of one course: releases, submissions, gradebook."""

import os
from pathlib import Path

here = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()
c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(os.environ.get("COURSE", here / "build")).resolve())
c.CourseDirectory.source_directory = str(here / "notebooks" / "assignments")
c.CourseDirectory.course_id = "gpt-by-hand"
# A written answer is the student's own HTML: without this it could run code in the reader's browser.
c.HTMLExporter.sanitize_html = True
