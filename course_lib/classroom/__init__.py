"""What nbgrader lacks: submissions made safe to read, a sandbox, and marks that come from numbers.

`sanitise` rebuilds a submission from the released notebook; `sandbox` starts `worker`, which holds the
student's functions, in an empty world; `tasks` says what each function must compute; `grade` compares and
hands the marks to nbgrader. Authoring, gradebook, marking by hand, feedback and export stay nbgrader's.
"""
