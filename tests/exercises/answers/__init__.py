"""Answers to the exercises, a module for each of `course_lib.exercises`; `test_every_check.py` tries them all.

RIGHT holds pairs (check, function), which must be accepted; WRONG holds triples (check, function, part of the
message meant for it), as a regular expression.
"""
