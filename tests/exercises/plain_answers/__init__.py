"""Answers as students write them: RIGHT in many styles, WRONG by the plain mistake, never bent to reach a sentence.

Each file needs NumPy alone, so that a sandbox can run it. WRONG holds pairs of a function and a part of the sentence
that names its mistake; "" where the smallest failing call is all that can be said.
"""
