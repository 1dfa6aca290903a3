"""The learner's own GPT, in one file: what the file does as a program."""

from .program import main

__all__ = ["main"]
