"""Where a function will be graded there are NumPy and Python's own library alone: a check says what else it uses.

An assignment says so in a cell that is given, `GRADED_WITH = ["numpy"]`; a lesson does not, and may use anything.
"""

import dis
import functools
import sys
import types


def warn(function):
    """Print a line when the function uses a library that is not there when it is graded."""
    if others := missing(function):
        print(
            f"(but it uses {', '.join(others)}: when functions are graded, "
            "nothing is there but NumPy and Python's own library)"
        )


def missing(function):
    """The libraries that a function uses, itself or by the functions that it calls, and that are not there.

    [] outside of an assignment.

    >>> space = {"GRADED_WITH": ["numpy"]}
    >>> exec("import math, torch.nn as nn\\ndef f(x): return math.exp(nn.ReLU(x))", space)
    >>> missing(space["f"])
    ['torch']
    """
    if isinstance(function, functools.partial):
        function = function.func
    if not isinstance(function, types.FunctionType):
        function = type(function).__call__
    space = getattr(function, "__globals__", {})
    allowed = space.get("GRADED_WITH")
    if not isinstance(allowed, list):
        return []
    roots, seen, waiting = set(), set(), [function.__code__]
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        roots |= {root(one.argval) for one in dis.get_instructions(code) if one.opname == "IMPORT_NAME"}
        for value in [space[name] for name in code.co_names if name in space]:
            if isinstance(value, types.FunctionType) and value.__globals__ is space:
                waiting.append(value.__code__)
            else:
                name = (
                    value.__name__
                    if isinstance(value, types.ModuleType)
                    else getattr(value, "__module__", None)
                )
                roots |= {root(name)} if isinstance(name, str) else set()
    return sorted(roots - {*allowed, "__main__", ""} - sys.stdlib_module_names)


def root(name):
    """The library that a module belongs to."""
    return name.partition(".")[0]
