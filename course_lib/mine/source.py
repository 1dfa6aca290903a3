"""The text of a function that stands in a notebook's cell, with what it uses of the same cell."""

import ast
import builtins
import dis
import linecache
import re
import types

from .file import LESSON_OF, Mistake

__all__ = ["GIVEN", "bound_by", "bound_names", "source_of", "used_names"]

GIVEN = {"math", "np", "mine", *LESSON_OF, *dir(builtins)}  # what every part of the file may use


def source_of(function, name, namespace, cells=()):
    """The code to keep as the part `name`: the statement that makes the function, and what it uses of its cell.

    function   what the check was given.
    namespace  the notebook's names.
    cells      the notebook's cells so far as they were typed; needed for a cell that begins with %%time.
    Raises Mistake that says why the function cannot be kept.
    """
    if getattr(function, "__code__", None) is None:
        raise Mistake(f"it is {type(function).__name__}, not a function of its own: write def {name}(…)")
    cell = _cell_of(function, cells)
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        raise Mistake("its cell holds more than Python: move it to a cell of its own") from None
    statement, own_name = _statement_of(function, name, namespace, tree)
    needed = _with_what_it_uses(statement, tree)
    for part in needed:
        _refuse(part, name, own_name)
    code = ""
    for part in needed:
        apart = "\n\n\n" if isinstance(part, ast.FunctionDef | ast.ClassDef) else "\n"
        code += (apart if code else "") + _text(part, cell)
    return code if own_name == name else f"{code}\n\n\n{name} = {own_name}"


def used_names(code):
    """The global names that a statement's code, and every function in it, looks up.

    >>> sorted(used_names("def f(x, y=start):\\n    return [np.exp(z) for z in x]"))
    ['np', 'start']
    """

    def visit(code):
        for instruction in dis.get_instructions(code):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield instruction.argval
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from visit(constant)

    module = compile(code, "part", "exec")
    return set(visit(module)) - bound_names(ast.parse(code))


def bound_names(tree):
    """The names that the top-level statements of a module bind.

    >>> sorted(bound_names(ast.parse("import numpy as np, math\\na, (b, c) = 1, (2, 3)\\ndef f(): d = 1")))
    ['a', 'b', 'c', 'f', 'math', 'np']
    """
    return {name for statement in tree.body for name in _bound(statement)}


def bound_by(code):
    """Name → the statement that binds it last, spelled in one way, for every top-level name of a part.

    >>> bound_by("from math import tanh  # one number")
    {'tanh': 'from math import tanh'}
    """
    return {name: ast.unparse(statement) for statement in ast.parse(code).body for name in _bound(statement)}


def _bound(statement):
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()


def _cell_of(function, cells):
    file = function.__code__.co_filename
    if file in linecache.cache and ("ipykernel" in file or "ipython-input" in file):
        return "".join(linecache.getlines(file))
    if "timed" in file:  # run by %%time or %%timeit: IPython does not remember the text
        for cell in reversed(cells):
            first, _, rest = cell.lstrip().partition("\n")
            if first.startswith("%%time") and re.search(
                rf"\b{re.escape(function.__code__.co_name)}\b|lambda", rest
            ):
                return rest
    if str(function.__module__).startswith("course_lib"):
        raise Mistake("it is the course's own function: write yours in the cell")
    raise Mistake("it does not stand in a cell of this notebook")


def _statement_of(function, name, namespace, tree):
    """The top-level statement that makes the function, and the name it is bound to there."""
    line = function.__code__.co_firstlineno
    around = next((part for part in tree.body if _first_line(part) <= line <= part.end_lineno), None)
    if around is not None and function.__name__ in _bound(around):
        return around, function.__name__
    names = [other for other, value in namespace.items() if value is function]
    for statement in reversed(tree.body):  # a lambda, or what a decorator made: the name is bound to it last
        for other in sorted(names, key=lambda other: other != name):
            if other in _bound(statement):
                return statement, other
    if isinstance(around, ast.Expr):
        raise Mistake(f"it has no name: write def {name}(…)")
    if around is not None:
        raise Mistake("it stands inside another statement: begin its def at the left margin")
    raise Mistake("its text was not found in its cell")


def _first_line(statement):
    return min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])


def _with_what_it_uses(statement, tree):
    """The statement and, before it, those of the same cell that it uses by name, in the order of the cell."""
    makers = {}
    for other in tree.body:
        for name in _bound(other):
            makers.setdefault(name, []).append(other)
    needed, waiting = [], [statement]
    while waiting:
        part = waiting.pop()
        if part in needed:
            continue
        needed.append(part)
        code = ast.unparse(part)
        for name in sorted(used_names(code)):
            own = [maker for maker in makers.get(name, []) if maker is not statement]
            if name in LESSON_OF and own:
                raise Mistake(
                    f"{name} stands in the same cell, and has a part of its own: give it a cell of its own"
                )
            waiting += own
    return sorted(needed, key=lambda part: part.lineno)


def _refuse(part, name, own_name):
    """Raise Mistake for a statement that would do harm in a file where many parts stand together."""
    if isinstance(part, ast.ImportFrom) and any(alias.name == "*" for alias in part.names):
        raise Mistake(f"from {part.module} import * would change names of other parts: write np.exp")
    modules = [part.module or ""] if isinstance(part, ast.ImportFrom) else []
    modules += [alias.name for alias in part.names] if isinstance(part, ast.Import) else []
    if any(module.split(".")[0] == "course_lib" and module != "course_lib.mine" for module in modules):
        raise Mistake("it leans on the library: write it yourself, or leave the course's in its place")
    taken = _bound(part) & set(dir(builtins))
    if taken:
        raise Mistake(f"{min(taken)} is a name of Python's own: call yours something else")
    pieces = _bound(part) & set(LESSON_OF) - {name, own_name}
    if pieces:
        raise Mistake(f"{min(pieces)} has a part of its own: give it a cell of its own")


def _text(statement, cell):
    """The statement's own lines with its decorators, and the comments right above it."""
    lines = cell.splitlines()
    first = _first_line(statement) - 1
    while first > 0 and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : statement.end_lineno])
