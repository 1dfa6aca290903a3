"""Every piece of the transformer in PyTorch: the same files and names as `course_lib.in_numpy`.

Import the piece you want: `from course_lib.in_torch.attention import softmax`.
"""
