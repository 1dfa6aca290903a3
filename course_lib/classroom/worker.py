"""The other side of the sandbox: runs a student's cells, then calls their functions with what it is sent.

One JSON object a line comes in, one goes out; before each statement of a cell its number goes out too. Started
as a file of its own, with nothing of the course in sight but the rules for answers and calls; `encode` and `decode`
also serve the grader, which trusts nothing that it decodes.

Long because the sandbox gets this file and next to no other.
"""

import __future__

import ast
import builtins
import collections
import difflib
import functools
import inspect
import json
import linecache
import os
import re
import sys

if __name__ == "__main__":
    sys.path.append(sys.argv[3])  # where NumPy lies
    sys.path.append(sys.argv[4])  # where the rule for answers lies

import numpy as np

if __name__ == "__main__":
    from answers import Refused, plain
    from calls import Made, unwritten

    sys.path.pop()
else:
    from course_lib.exercises.answers import Refused, plain
    from course_lib.exercises.calls import Made, unwritten

MOST_NUMBERS, DEEPEST = 1_000_000, 25  # numbers, or rows without any, in one array; forms in forms
ALIKE = 50  # keys of a dict with one hash: more of them were made to cost time
NOT_HERE = "when functions are graded, nothing is there but NumPy and Python's own library"
PYTHON_MAGICS = ("time", "timeit", "capture", "prun", "python", "python3")  # what they stand over is Python


def encode(value):
    """A plain answer as JSON can hold it.

    >>> encode(np.array([1.5, 2.5])), encode((1, "a"))
    ({'array': [1.5, 2.5], 'shape': [2], 'dtype': 'float64'}, {'tuple': [1, 'a']})
    """
    if isinstance(value, np.ndarray):
        return {"array": value.ravel().tolist(), "shape": list(value.shape), "dtype": str(value.dtype)}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, Made):  # a function among the arguments; no answer is one
        return {"made": value.name, "numbers": encode(value.numbers)}
    return {"bytes": value.decode("latin-1")} if isinstance(value, bytes) else value


def decode(value, depth=0):
    """The value behind `encode`'s form. Raises ValueError, TypeError or LookupError for anything else.

    >>> decode({"array": [1, 2], "shape": [2, 1], "dtype": "int64"})
    array([[1],
           [2]])
    """
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple([decode(item, depth + 1) for item in value["tuple"]])
    if "bytes" in value:
        return value["bytes"].encode("latin-1")
    if "made" in value:
        return Made(value["made"], decode(value["numbers"], depth + 1))
    if "dict" in value:
        pairs = [(decode(key, depth + 1), decode(item, depth + 1)) for key, item in value["dict"]]
        alike = collections.Counter(hash(key) for key, _ in pairs)
        if max(alike.values(), default=0) > ALIKE:
            raise ValueError("keys that collide")
        return dict(pairs)
    items, shape, kind = value["array"], value["shape"], value["dtype"]
    if kind not in ("bool", "int64", "float64") or len(items) > MOST_NUMBERS or len(shape) > 8:
        raise ValueError("no array of numbers")
    if not all(type(n) in (bool, int, float) for n in items) or not all(
        type(n) is int and 0 <= n <= MOST_NUMBERS for n in shape
    ):
        raise ValueError("no array of numbers")
    return np.array(items, dtype=kind).reshape(shape)


def describe(error, verb="stopped"):
    """An exception in one line, with the student's line that raised it; its own text may itself fail."""
    try:
        words = str(error)[:500]
    except BaseException:  # noqa: BLE001
        words = ""
    lines, trace = [], error.__traceback__
    while trace is not None and len(lines) < 1000:
        lines.append(linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        in_cell = trace.tb_frame.f_code.co_filename.startswith("<cell ")
        lines[-1] = lines[-1].strip()[:80] if in_cell else ""
        trace = trace.tb_next
    at = next(filter(None, reversed(lines)), "")
    return f"{verb}{f' at `{at}`' if at else ''} with {type(error).__name__}{words and ': '}{words}"


class Anything:
    """Stands for what only a notebook has, as get_ipython() or what `!ls` and %timeit give: every method, no items."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self

    __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __call__
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __call__
    __round__ = __call__

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __format__(self, form):
        return ""


def parsed(source, name):
    """(statements, flags, source) of a cell; the flags are what its `from __future__` lines ask for.

    Lines that only a notebook knows are left out: %timeit, !ls, help?; `x = !ls` gives x a stand-in. Raises
    SyntaxError where the rest is no Python.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        code = compile(source, name, "exec", flags, dont_inherit=True)
    except SyntaxError:
        magic = re.match(r"\s*%%(\w+)", source)
        if magic and magic[1] not in PYTHON_MAGICS:
            raise SyntaxError(f"a cell that begins with %%{magic[1]} is not run as Python") from None
        line = r"[%!](?:.*\\\n)*.*"
        source = re.sub(rf"(?m)^([ \t]*)(?:{line}|\?.*|[\w.]+\?+[ \t]*)$", r"\1pass", source)
        source = re.sub(rf"(?m)^([ \t]*[\w., \t\[\]]+=[ \t]*){line}$", r"\1get_ipython()", source)
        code = compile(source, name, "exec", flags, dont_inherit=True)
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    for feature in __future__.all_feature_names:
        flags |= code.co_flags & getattr(__future__, feature).compiler_flag
    return ast.parse(source, name).body, flags, source


def run_cell(name, source, space, skip=(), until=None, mark=lambda number: None):
    """Run a cell statement by statement, as a notebook does; sentences on what did not run.

    skip and until: statements that are left out, and the first of those that are all left out, because an
    earlier run did not come past them. A library that is not here is left out too, and what follows goes on.
    """
    said, file = [], f"<cell {name}>"
    try:
        statements, flags, source = parsed(source, file)
    except BaseException as error:  # noqa: BLE001
        return [f"the cell {name} {describe(error)}"]
    for number, statement in enumerate(statements):
        mark(number)
        line = (ast.get_source_segment(source, statement) or "").partition("\n")[0][:80]
        if number in skip or until is not None and number >= until:
            said.append(f"`{line}` in the cell {name} was left out")
            if until is not None and number >= until:
                return said
            continue
        try:
            code = compile(ast.Module([statement], []), file, "exec", flags, dont_inherit=True)
            result = eval(code, space)
            if code.co_flags & inspect.CO_COROUTINE:
                loop().run_until_complete(result)
        except ImportError as error:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                return [*said, f"the cell {name} {describe(error)}"]
            said.append(f"`{line}` in the cell {name} was left out: {NOT_HERE}")
        except BaseException as error:  # noqa: BLE001
            return [*said, f"the cell {name} {describe(error)}"]
    return said


@functools.cache
def loop():
    """The event loop in which a notebook's top-level await runs; made when it is needed."""
    import asyncio

    return asyncio.new_event_loop()


def answer(request, space):
    """The reply to one request: the value, whether the arguments were changed, or why there is none."""
    name = request["function"]
    if not callable(space.get(name)):
        known = [str(other) for other in space if not hasattr(builtins, str(other))]
        return {"missing": name, "like": "".join(difflib.get_close_matches(name, known, 1))}
    try:
        sent = request["arguments"]
        arguments = [decode(argument) for argument in sent]
        value = encode(plain(space[name](*arguments)))
    except NotImplementedError as error:
        found = unwritten(error)
        if found is None:
            return {"error": describe(error)}
        code, above = found
        own = code is getattr(space[name], "__code__", None)
        return {"stub": name if own else code.co_name, "above": above}
    except Refused as error:
        return {"refused": str(error)}
    except BaseException as error:  # noqa: BLE001
        return {"error": describe(error)}
    try:
        after = [
            encode(argument if isinstance(argument, Made) else plain(argument)) for argument in arguments
        ]
        changed = json.dumps(after) != json.dumps(sent)
    except BaseException:  # noqa: BLE001  # what it put there has no plain form
        changed = True
    return {"value": value, "changed": changed}


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

    def say(words):
        replies.write(f"{words}\n")
        replies.flush()

    space = {"__name__": "__main__", "display": print, "get_ipython": Anything()}
    for line in requests:
        request = json.loads(line)
        if "source" in request:
            reply = {"said": run_cell(space=space, mark=lambda number: say(f"at {number}"), **request)}
        else:
            reply = answer(request, space)
        try:
            words = json.dumps(reply)
        except BaseException as error:  # noqa: BLE001
            words = json.dumps({"error": describe(error)})
        say(words)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
