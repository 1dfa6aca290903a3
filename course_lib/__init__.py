"""The library of GPT by Hand: each piece of a GPT in NumPy and in PyTorch, with what checks it."""
