"""Every piece of the transformer in NumPy, each forward with its backward beside it.

Import the piece you want: `from course_lib.in_numpy.attention import softmax`.
"""
