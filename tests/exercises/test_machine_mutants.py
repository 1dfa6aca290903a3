"""Right answers with one thing changed by a machine: none that other draws prove wrong may be called right."""

import ast
import copy
import inspect
import signal
from contextlib import contextmanager

import numpy as np
import pytest

from course_lib import one_page
from course_lib.exercises.answers import plain
from course_lib.exercises.answers import same as equal
from course_lib.exercises.judge import judge
from course_lib.exercises.local import local
from tests.exercises.test_descriptions import ANSWERS, EXERCISES, RIGHT, every_whole_one

SECONDS = 0.2  # of processor time: a changed loop may never end
SEEDS = range(1000, 1020)  # none of these is the judge's
SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"max": "min", "min": "max", "sum": "mean", "mean": "sum", "zeros": "ones", "zeros_like": "ones_like", "sin": "cos", "cos": "sin",
         "exp": "exp2", "argmax": "argmin", "argsort": "argmax", "sqrt": "square", "cumsum": "sort", "where": "multiply",
         "var": "std", "log": "log2", "floor": "ceil", "tri": "ones", "swapaxes": "reshape"}  # fmt: skip


def changes(tree):
    """Every way to change one thing of a function: (a copy of its tree, changed)."""
    nodes = list(ast.walk(tree))
    for i, node in enumerate(nodes):
        for change in _changes_of(node):
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[i])
            yield ast.fix_missing_locations(changed)


def _changes_of(node):
    def setting(**fields):
        return lambda other: [setattr(other, name, value) for name, value in fields.items()]

    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield setting(value=node.value + 1)
        yield setting(value=node.value - 1)
        yield setting(value=node.value * 1.25)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield setting(value=not node.value)
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
        yield setting(op=SWAPS[type(node.op)]())
    if isinstance(node, ast.BinOp):
        yield lambda other: [
            setattr(other, "left", copy.deepcopy(node.right)),
            setattr(other, "right", copy.deepcopy(node.left)),
        ]
        yield setting(op=ast.Add(), right=ast.Constant(0))  # the right side is dropped
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield setting(ops=[SWAPS[type(node.ops[0])]()])
    if isinstance(node, ast.UnaryOp):
        yield setting(op=ast.UAdd())
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield setting(attr=NAMES[node.attr])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield setting(attr="real")  # no transpose
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            yield lambda other, i=i: other.keywords.pop(i)
        if len(node.args) > 1:
            yield lambda other: other.args.reverse()
    if isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
        yield lambda other: other.elts.reverse()
    if isinstance(node, ast.Slice):
        yield setting(lower=node.upper, upper=node.lower)
    if isinstance(node, ast.FunctionDef | ast.While | ast.For | ast.If) and len(node.body) > 1:
        for i, statement in enumerate(node.body):
            if not isinstance(statement, ast.Return | ast.Assign):
                yield lambda other, i=i: other.body.pop(i)


def functions(name):
    """(tree of the expression or def, its namespace) of the right answers to an exercise."""
    page = ast.parse(inspect.getsource(one_page))
    yield (
        next(node for node in page.body if isinstance(node, ast.FunctionDef) and node.name == name),
        vars(one_page),
    )
    for module in ANSWERS:
        if name not in module.RIGHT:
            continue
        body = ast.parse(inspect.getsource(module)).body
        written = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
        (right,) = (
            node.value for node in body if isinstance(node, ast.Assign) and node.targets[0].id == "RIGHT"
        )
        answers = dict(zip((key.value for key in right.keys), right.values, strict=True))[name]
        for one in answers.elts:
            yield written.get(getattr(one, "id", None), one), vars(module)


def made(tree, space):
    """The function of a changed tree."""
    if isinstance(tree, ast.FunctionDef):
        space = dict(space)
        exec(compile(ast.Module([tree], []), "<mutant>", "exec"), space)  # noqa: S102
        return space[tree.name]
    return eval(compile(ast.Expression(tree), "<mutant>", "eval"), space)


@contextmanager
def limited():
    """Ends what never ends, as an exception of the function that runs."""
    if not hasattr(signal, "SIGVTALRM"):
        yield
        return

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, 0.05)  # and every later call after a moment
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def accepted(exercise, function):
    try:
        with limited():
            return judge(exercise, local(function)).outcome == "right"
    except TimeoutError:
        return False


def proven_wrong(exercise, function):
    """Arguments, drawn with other seeds, for which the function is wrong; None where there are none."""
    same = exercise.same or equal
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(3):
            arguments = exercise.draw(random)
            with np.errstate(all="ignore"):
                right = plain(exercise.reference(*copy.deepcopy(arguments)))
            with limited():
                reply = local(function)(*copy.deepcopy(arguments))
            if reply.error or reply.value is None or not same(reply.value, right):
                return arguments
    return None


@every_whole_one
@pytest.mark.filterwarnings("ignore")
def test_no_mutant_that_draws_prove_wrong_is_accepted(name, capsys):
    exercise, tried = EXERCISES[name], 0
    slow = exercise.minutes >= 20  # long functions, of which the course's own stands for all
    for tree, space in list(functions(name))[: 1 if slow else 5]:
        for changed in changes(tree):
            if ast.dump(changed) == ast.dump(tree):
                continue
            try:
                function = made(changed, space)
            except Exception:  # noqa: BLE001, S112  the change is no Python
                continue
            tried += 1
            if accepted(exercise, function):
                proof = proven_wrong(exercise, function)
                assert proof is None, f"{ast.unparse(changed)} is called right, and wrong for {proof}"
    assert tried >= 1


def test_a_mutant_that_is_wrong_is_proven_so():
    exercise = EXERCISES["softmax"]
    right = RIGHT["softmax"][0]
    assert proven_wrong(exercise, right) is None
    assert (
        proven_wrong(exercise, lambda scores, temperature=1.0: 2 * np.asarray(right(scores, temperature)))
        is not None
    )
