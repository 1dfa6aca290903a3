"""Makes slides of each lesson out of its own cells: make slides, into build/slides. Nothing is executed, nothing is fetched.

`choose` takes from each section of a lesson what one looks at, a live picture, a drawing, a figure, a formula, numbers, a question or
an exercise, and gives the section's text as the speaker's notes (key S). nbconvert makes the slides, on reveal.js.
"""
