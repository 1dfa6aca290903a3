"""The other side of the sandbox: runs a student's cells, then calls their functions with what it is sent.

One JSON object a line comes in, one goes out. Started as a file of its own, with nothing of the course in
sight; `encode` and `decode` also serve the grader, which trusts nothing that it decodes.
"""

import difflib
import json
import os
import re
import sys

if __name__ == "__main__":
    sys.path.append(sys.argv[3])  # where NumPy lies

import numpy as np

MAX_ITEMS = 1_000_000  # numbers in one array


def encode(value):
    """A value as JSON can hold it: numbers, strings, None, lists, tuples, dicts and arrays of numbers.

    >>> encode(np.array([1.5, 2.5])), encode((1, "a"))
    ({'array': [1.5, 2.5], 'shape': [2], 'dtype': 'float64'}, {'tuple': [1, 'a']})
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        kind = {"b": "bool", "i": "int64", "u": "int64", "f": "float64"}.get(value.dtype.kind)
        if kind is None:
            raise TypeError(f"an array of {value.dtype}")
        return {"array": value.astype(kind).ravel().tolist(), "shape": list(value.shape), "dtype": kind}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    raise TypeError(type(value).__name__)


def decode(value):
    """The value behind `encode`'s form. Raises ValueError, TypeError or KeyError for anything else.

    >>> decode({"array": [1, 2], "shape": [2, 1], "dtype": "int64"})
    array([[1],
           [2]])
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(decode(item) for item in value["tuple"])
    if "dict" in value:
        return {decode(key): decode(item) for key, item in value["dict"]}
    items, shape, kind = value["array"], value["shape"], value["dtype"]
    if kind not in ("bool", "int64", "float64") or len(items) > MAX_ITEMS or len(shape) > 8:
        raise ValueError("no array of numbers")
    if not all(type(n) in (bool, int, float) for n in items) or not all(
        type(n) is int and n >= 0 for n in shape
    ):
        raise ValueError("no array of numbers")
    return np.array(items, dtype=kind).reshape(shape)


def describe(error):
    """An exception in one line; its own text may itself fail."""
    try:
        words = str(error)[:500]
    except BaseException:  # noqa: BLE001
        words = ""
    return f"{type(error).__name__}: {words}"


def run_cells(sources, space):
    """Run the cells one after another, as a notebook would; the error of each that failed, by its name."""
    errors = {}
    for name, source in sources:
        try:
            exec(compiled(source, name), space)  # noqa: S102
        except BaseException as error:  # noqa: BLE001
            errors[name] = describe(error)
    return errors


def compiled(source, name):
    """The code of a cell; lines that only a notebook knows, as %timeit, !ls or help?, are left out."""
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        return compile(re.sub(r"(?m)^(\s*)([%!?].*|[\w.]+\?+\s*)$", r"\1pass", source), name, "exec")


def answer(request, space):
    """The reply to one request: the value and the arguments that were changed, or why there is none."""
    name = request["function"]
    if not callable(space.get(name)):
        like = difflib.get_close_matches(name, [str(other) for other in space], 1)
        return {"missing": name, "like": "".join(like)}
    try:
        sent = request["arguments"]
        arguments = [decode(argument) for argument in sent]
        value = encode(space[name](*arguments))
        after = [encode(argument) for argument in arguments]
        return {"value": value, "changed": [[i, new] for i, new in enumerate(after) if new != sent[i]]}
    except NotImplementedError:
        return {"stub": True}
    except BaseException as error:  # noqa: BLE001
        return {"error": describe(error)}


def main(memory, file_size):
    """Serve until there is nothing left to read; the student's code sees neither pipe as its input or output."""
    import resource  # where there is none, as on Windows, there is no sandbox either

    requests, replies = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for limit, most in [
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64),
    ]:  # fmt: skip
        resource.setrlimit(limit, (most, most))
    space = {"__name__": "__main__", "display": print}
    for line in requests:
        request = json.loads(line)
        reply = (
            {"errors": run_cells(request["cells"], space)} if "cells" in request else answer(request, space)
        )
        try:
            words = json.dumps(reply)
        except BaseException as error:  # noqa: BLE001
            words = json.dumps({"error": describe(error)})
        replies.write(words + "\n")
        replies.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
