"""Where the course's programs meet a terminal: output of any text in any encoding, and errors of one sentence."""

import argparse
import os
import signal
import sys

__all__ = ["Parser", "begin", "forget_stdout", "name", "number", "show_any_text", "whole"]


def show_any_text():
    """Let stdout and stderr take every text, and show each line at once.

    A character that their encoding lacks, as on Windows when the output goes to a file, is written as "\\u010d".
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's has no encoding
            stream.reconfigure(errors="backslashreplace", line_buffering=True)


def begin(words):
    """The first act of a program, before it loads what takes seconds: say so, and let SIGTERM end it as Ctrl-C does."""
    show_any_text()
    signal.signal(signal.SIGTERM, _stop)
    sys.excepthook = _in_one_word
    if words:
        print(words)


def forget_stdout():
    """After a BrokenPipeError: nobody reads stdout any more, and Python should not fail once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Parser(argparse.ArgumentParser):
    """A parser that ends a wrong call in one sentence, which names the option, and exit code 2."""

    def error(self, message):
        self.exit(
            2,
            f"{self.prog.split('.')[-1]}: {message.removeprefix('argument ')}; --help lists what is possible\n",
        )


def whole(low, high=None):
    """The type of an option: a whole number from `low` to `high`.

    >>> whole(1)("0")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: must be a whole number of at least 1, got '0'
    """
    allowed = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
    return _type(int, allowed, lambda value: low <= value and (high is None or value <= high))


def number(allowed, fits):
    """The type of an option: a number that `fits`; `allowed` says which, as in "must be a number above 0".

    >>> number("from 0 to 1", lambda x: 0 <= x <= 1)("nan")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: must be a number from 0 to 1, got 'nan'
    """
    return _type(float, f"a number {allowed}", fits)


def name(text):
    """The type of an option that names something: any text but none at all.

    >>> name("")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: must not be empty
    """
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def _type(kind, allowed, fits):
    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"must be {allowed}, got {text!r:.60}")
        return value

    return read


def _stop(number, frame):
    raise KeyboardInterrupt(number)


def _in_one_word(kind, error, traceback):
    """Ctrl-C while Python still loads, or a reader that has gone: no reason to show where."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
    elif issubclass(kind, BrokenPipeError):
        forget_stdout()
    else:
        sys.__excepthook__(kind, error, traceback)
