"""Where nbgrader finds things. COURSE names the folder of one course: releases, submissions, gradebook."""

import os
from pathlib import Path

from course_lib.classroom.pages import secure

here = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()
c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(os.environ.get("COURSE", here / "build")).resolve())
c.CourseDirectory.source_directory = str(here / "notebooks" / "assignments")
c.CourseDirectory.course_id = "gpt-by-hand"
secure(c)  # a written answer is the student's own HTML: it could run code in the reader's browser
# What a learning-management system gives: files or zip files in COURSE/downloaded/04_attention/archive, named
# as in ada_04_attention.ipynb or, where a browser saved it twice, ada_04_attention (1).ipynb.
# Yours differ? The guide in notebooks/assignments says how to change the pattern.
c.FileNameCollectorPlugin.named_regexp = (
    r"(.*/)?(?P<student_id>\w[\w .-]*?)_(?P<file_id>\d\d_[a-z_]*[a-z])( ?\(\d+\))?\.ipynb"
)


def refuse(notebook, resources):
    raise RuntimeError(
        "`nbgrader autograde` runs submissions with your rights: use `make grade ASSIGNMENT=...`"
    )


c.Autograde.sanitize_preprocessors = [refuse]
