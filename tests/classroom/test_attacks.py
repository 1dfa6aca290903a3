"""Attacks over all assignments: each function gives answers made to look right, and gets no point for them.

The attacker knows the worked solution and tampers with what it gives, so that a point would be for the tampering.
Hundreds of such functions are graded in one sandbox; what ends a process or floods it has one of its own.
"""

import dataclasses
import json
import time

import numpy as np
import pytest

from course_lib.classroom import sandbox
from course_lib.classroom.sanitise import is_solution, text
from course_lib.classroom.tasks import SOURCES, all_assignments, tasks_of
from course_lib.classroom.values import grade_notebook
from course_lib.exercises.judge import DRAWS

pytestmark = pytest.mark.usefixtures("sandboxed")

TOOLS = '''
import copy, math, sys, types
import numpy as np

def num(change, value):
    """The value with a change made to each array or number in it."""
    if isinstance(value, dict):
        return {key: num(change, item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(num(change, item) for item in value)
    return change(value)

def over(args, filling):
    """Write over everything that an argument holds; the arguments."""
    for arg in args:
        if isinstance(arg, np.ndarray):
            arg[...] = filling
        elif isinstance(arg, list):
            arg[:] = [filling if not isinstance(item, list) else [filling] for item in arg]
        elif isinstance(arg, dict):
            for key in arg: arg[key] = filling
    return args

def zeros(value):
    return num(lambda x: np.asarray(x) * 0 if np.ndim(x) else 0, value)

def short(change):
    """A change that loses digits; whole numbers, which would lose none, become wrong ones."""
    def changed(x):
        less = change(np.asarray(x, dtype=float))
        return less if np.any(less != x) else np.asarray(x) + 1
    return changed

def entry(value, at):
    """The value with the first or the last number in it one too large."""
    flat = [0]
    num(lambda x: flat.append(flat[0]) or flat.__setitem__(0, flat[0] + np.size(x)), value)
    goal, seen = (0 if at == 0 else flat[0] - 1), [0]
    def change(x):
        x = np.array(x)
        if seen[0] <= goal < seen[0] + x.size:
            x = x if x.dtype != bool else x.astype(int)
            x.flat[goal - seen[0]] += 1
        seen[0] += x.size
        return x if x.ndim else x.item()
    return num(change, value) if flat[0] else [1]

def all_equal(base, value):
    class Yes(base):
        __eq__ = lambda self, other: True
        __ne__ = lambda self, other: False
        __hash__ = object.__hash__
        __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: True
        __array_ufunc__ = lambda self, *a, **k: True
        __bool__ = lambda self: True
    return Yes(value) if base is not np.ndarray else np.asarray(value, dtype=float).view(Yes)

class Faces(list):
    def __iter__(self): return iter([True])
    def __len__(self): return 10 ** 9

class Wrong(AssertionError): pass

def fail(error): raise error

def endless(value):
    while True: yield value

def itself():
    inside = []
    inside.append(inside)
    return inside

def nested(depth):
    inside = []
    for _ in range(depth): inside = [inside]
    return inside

async def later(value): return value

class Bomb(Exception):
    def __str__(self): raise SystemExit
    __repr__ = __str__

def remembered(args, right, seen={}):
    """The answer to the call before."""
    key = len(args), type(right)
    before, seen[key] = seen.get(key), right
    return zeros(right) if before is None else before
'''

# name: what is returned; `args` are the arguments themselves, `right` the right answer, `n` how often it was called
CHANGES = {
    "zeros over the input": "over(args, 0) and zeros(right)",
    "ones over the input": "over(args, 1) and num(lambda x: np.asarray(x) * 0 + 1, right)",
    "NaN over the input": "over(args, np.nan) and num(lambda x: np.asarray(x) * np.nan, right)",
    "infinity over the input": "over(args, np.inf) and num(lambda x: np.asarray(x) * 0 + np.inf, right)",
    "the input, written over": "over(args, 0)[0]",
    "all of the input": "args",
    "right, and the input spoilt": "over(args, 5) and (right if any(isinstance(a, (np.ndarray, list, dict)) and len(a) "
    "for a in args) else zeros(right))",
    "nothing": "None",
    "zeros": "zeros(right)",
    "NaN": "num(lambda x: np.asarray(x) * np.nan, right)",
    "infinity": "num(lambda x: np.asarray(x) * 0 + np.inf, right)",
    "the largest float": "num(lambda x: np.asarray(x) * 0 + sys.float_info.max, right)",
    "a little off": "num(lambda x: np.asarray(x) * 1.0001 + 1e-4, right)",
    "rounded": "num(short(lambda x: np.round(x, 3)), right)",
    "whole numbers": "num(short(np.trunc), right)",
    "32 bits": "num(short(lambda x: x.astype(np.float32)), right)",
    "16 bits": "num(short(lambda x: x.astype(np.float16)), right)",
    "32 bits in a list": "num(short(lambda x: x.astype(np.float32).tolist()), right)",
    "text": "num(lambda x: np.asarray(x).astype(str) if np.ndim(x) else f'{x} ', right)",
    "its repr": "repr(right)",
    "JSON": "'{\"value\": true}'",
    "bytes": "num(lambda x: np.asarray(x, dtype=float).tobytes(), right)",
    "complex": "num(lambda x: np.asarray(x) + 1j, right)",
    "an object equal to everything": "all_equal(object, ()) if False else all_equal(str, 'x')",
    "a list equal to everything": "all_equal(list, [1])",
    "a dict equal to everything": "all_equal(dict, {1: 1})",
    "a tuple equal to everything": "all_equal(tuple, (1, 2, 3, 4, 5))",
    "a number equal to everything": "num(lambda x: all_equal(float, 0.123), right)",
    "an array equal to everything": "num(lambda x: all_equal(np.ndarray, np.asarray(x) * 0 + 0.123), right)",
    "a list with two faces": "Faces()",
    "hidden under a mask": "num(lambda x: np.ma.array(np.asarray(x) * 0 + 0.123, mask=True), right)",
    "partly under a mask": "np.ma.masked_greater(np.arange(9.0), 3)",
    "a huge view": "np.broadcast_to(0.0, (10 ** 9,))",
    "a record array": "np.zeros(3, dtype=[('value', float), ('shape', int)])",
    "dates": "num(lambda x: np.asarray(x).astype('M8[s]') if np.ndim(x) else np.datetime64(0, 's'), right)",
    "an extra axis": "[right] if isinstance(right, (dict, tuple)) else np.asarray(right)[None]",
    "an empty one": "type(right)() if isinstance(right, (list, tuple)) else np.zeros(0)",
    "twice": "(right, right)",
    "right among others": "[0, right]",
    "the first number off": "entry(right, 0)",
    "the last number off": "entry(right, -1)",
    "a forged form": "{'array': [0.5], 'shape': [1], 'dtype': 'float64'}",
    "a forged reply": "{'value': right, 'changed': False}",
    "an endless generator": "endless(1)",
    "a list that holds itself": "itself()",
    "a deep list": "nested(50_000)",
    "a huge number": "10 ** 5000",
    "a type": "type(right)",
    "a module": "np",
    "the function": "fail",
    "a coroutine": "later(right)",
    "a set": "{1, 2, 3}",
    "keys that collide": "{i * (2 ** 61 - 1): 1 for i in range(500)}",
    "keys of tuples that collide": "{(i * (2 ** 61 - 1), 1): 1 for i in range(500)}",
    "an unhashable key": "{(1, (2, 3)): [{(4,): {5: 6}}]}",
    "a namesake of the grader's error": "fail(Wrong('right'))",
    "an exit": "fail(SystemExit(0))",
    "an interrupt": "fail(KeyboardInterrupt())",
    "a closed generator": "fail(GeneratorExit())",
    "the end of an iteration": "fail(StopIteration(right))",
    "a bomb as an error": "fail(Bomb())",
    "a stub that is none": "fail(NotImplementedError('right'))",
    "right the first time": "right if n == 1 else zeros(right)",
    "right in the lesson's cases": "right if n <= CASES[solve.__name__] else zeros(right)",
    "right every second time": "right if n % 2 else zeros(right)",
    "the answer before": "remembered(args, right)",
}  # fmt: skip

BATCH = (
    TOOLS
    + """
for name in NAMES:
    for number, change in enumerate(CHANGES):
        def attack(*args, solve=globals()[name], change=compile(change, name, 'eval'), count=[0]):
            count[0] += 1
            return eval(change, globals(), {'args': args, 'right': solve(*copy.deepcopy(args)), 'n': count[0]})
        globals()[f'{name}_{number}'] = types.FunctionType(
            attack.__code__, globals(), f'{name}_{number}', (attack.__defaults__ or ()), attack.__closure__)
        globals()[f'{name}_{number}'].__kwdefaults__ = {**attack.__kwdefaults__, 'count': [0]}
"""
)


def source(assignment):
    return json.loads((SOURCES / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))["cells"]


def solved(assignment):
    """{cell id: source} of the cells that run, with the worked solutions."""
    return {cell["id"]: text(cell) for cell in source(assignment)
            if cell["cell_type"] == "code" and (is_solution(cell) or cell["id"] in ("imports", "given"))}  # fmt: skip


TASKS = {assignment: tasks_of(assignment, source(assignment)) for assignment in all_assignments()}


def graded(cells, tasks, notes=None):
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": source} for name, source in cells.items()
    ]
    return grade_notebook({"cells": cells}, tasks, seed="attacks", notes=notes)


@pytest.mark.parametrize("assignment", all_assignments())
def test_no_tampered_answer_gets_a_point(assignment):
    tasks = TASKS[assignment].values()
    names = [task.name for task in tasks]
    changes = [*CHANGES.values(), "right"]  # the last is not tampered with, so that a point can be had
    many = {
        f"{task.name}: {change}": dataclasses.replace(task, name=f"{task.name}_{number}")
        for task in tasks for number, change in enumerate(CHANGES)
    }  # fmt: skip
    honest = {
        name: dataclasses.replace(task, name=f"{task.name}_{len(CHANGES)}")
        for name, task in TASKS[assignment].items()
    }
    # how often a lesson's check calls a function that is right: its cases, the first of them twice, and its draws
    calls = {task.name: len(task.cases(np.random.default_rng(0))) + 1 + DRAWS for task in tasks}
    wanted = f"NAMES, CHANGES, CASES = {names!r}, {changes!r}, {calls!r}\n"
    results = graded({**solved(assignment), "attacks": wanted + BATCH}, many | honest)
    assert {name: results[name] for name in honest} == dict.fromkeys(honest, ("right", ""))
    attacks = {name: result for name, result in results.items() if name not in honest}
    assert len(attacks) == len(names) * len(CHANGES)
    assert [name for name, (outcome, _) in attacks.items() if outcome == "right"] == []
    assert [name for name, (outcome, _) in attacks.items() if outcome == "missing"] == []
    assert all(reason and reason.isprintable() and len(reason) <= 800 for _, reason in attacks.values())


# What ends its process, floods the pipe, or looks around; it stands in the first cell of an assignment, below a
# function that is wrong. SECRET stands in the grader's environment.
SAY = "import os\ndef say(words):\n    for fd in range(3, 12):\n        try: os.write(fd, words)\n        except OSError: pass\n"
ALONE = {
    "replies beforehand": SAY + "say(b'{\"value\": 0}\\n' * 99)",
    "marks beforehand": SAY + "say(b'at 1\\n' * 99_999)",
    "marks without end": SAY + "while True: say(b'at 1\\n' * 9_999)",
    "a mark that is none": SAY + "say(b'at -1\\nat 1e9\\nat ' + b'9' * 99 + b'\\n')",
    "said by nobody": SAY + "say(b'{\"said\": 5}\\n{\"said\": [{\"a\": 1}, null]}\\n' + b'{\"said\": [' + b'\"x\",' * 9999 + b'1]}\\n')",
    "refused by nobody": SAY + "say(b'{\"refused\": {\"a\": []}}\\n{\"stub\": []}\\n{\"missing\": 1, \"like\": {}}\\n')",
    "unchanged, it says": SAY + "def NAME(*args):\n    say(b'{\"value\": 1, \"changed\": false}\\n' * 9)\n    return 1",
    "keys that collide": SAY + "def NAME(*args):\n    say(b'{\"value\": {\"dict\": [' + b','.join("
    "b'[%d,1]' % (i * (2 ** 61 - 1)) for i in range(60_000)) + b']}}\\n')",
    "a long line": SAY + "def NAME(*args):\n    while True: say(b'x' * 99_999)",
    "many parts": "def NAME(*args): return [[] for _ in range(400_000)]",
    "a long text": "def NAME(*args): return 'x' * 5_000_000",
    "all of the memory": "def NAME(*args):\n    a = []\n    while True: a.append(bytearray(9_000_000))",
    "a stack without end": "import faulthandler\ndef NAME(*args): faulthandler._stack_overflow()",
    "a signal to itself": "import os\ndef NAME(*args): os.kill(os.getpid(), 11)",
    "killed by itself": "import os\ndef NAME(*args): os.kill(os.getpid(), 9)",
    "stopped by itself": "import os\ndef NAME(*args): os.kill(os.getpid(), 19)",
    "an alarm": "import signal\nsignal.alarm(1)\ndef NAME(*args):\n    while True: pass",
    "neighbours that burn": "import threading\ndef burn():\n    while True: pass\n"
    "for _ in range(9):\n    try: threading.Thread(target=burn, daemon=True).start()\n    except RuntimeError: pass",
    "all descriptors closed": "import os\ndef NAME(*args):\n    os.closerange(0, 64)\n    while True: pass",
    "all descriptors used": "import os\nkeep = []\ntry:\n    while True: keep.append(os.pipe())\nexcept OSError: pass",
    "wide pipes": "import os, fcntl\nkeep = []\ntry:\n    while True:\n        keep.append(os.pipe())\n"
    "        fcntl.fcntl(keep[-1][1], 1031, 1 << 20)\n        os.write(keep[-1][1], bytes(1 << 20))\nexcept OSError: pass",
    "limits raised": "import resource\nfor limit in range(16):\n    try: resource.setrlimit(limit, (-1, -1))\n"
    "    except (OSError, ValueError): pass\ndef NAME(*args): return bytearray(2_000_000_000)",
    "Python anew": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print({})'])",
    "its own worker": "import os, sys\nos.execv(sys.executable, [sys.executable, '-I', '-S', '/worker.py', '9', '9', '/site', '/rule'])",
    "the rule for answers": "import sys\nfor module in list(sys.modules.values()):\n    for name in ('plain', 'encode', 'answer', 'json'):\n"
    "        if hasattr(module, name): setattr(module, name, lambda *a, **k: {'value': True})",
    "the namespace": "globals().clear()",
    "all modules": "import sys\nsys.modules.clear()",
    "no builtins": "import builtins\nvars(builtins).clear()",
    "a profiler": "import sys, threading\nsys.setprofile(lambda *a: 1 / 0)\nthreading.setprofile(lambda *a: 1 / 0)",
    "at the end": "import atexit, os\natexit.register(lambda: os.write(4, b'{\"value\": true}'))\nraise SystemExit",
    "an import hook": "import sys\nclass Find:\n    def find_spec(self, *a): raise SystemExit\nsys.meta_path.insert(0, Find())",
    "a marker of ours": "x = 1\n\n# --- further down in the notebook, in a cell of the same name:\n\ndef NAME(*args): return True",
    "the parent's environment": "def NAME(*args): raise Exception(open('/proc/1/environ').read())",
    "its own environment": "import os\ndef NAME(*args): raise Exception(str(dict(os.environ)))",
    "command lines": "import glob\ndef NAME(*args): raise Exception([open(f).read() for f in glob.glob('/proc/*/cmdline')])",
    "mounts": "def NAME(*args): raise Exception(open('/proc/self/mountinfo').read())",
    "the sandbox's memory": "import ctypes\nlibc = ctypes.CDLL(None)\ndef NAME(*args):\n"
    "    raise Exception([libc.ptrace(16, 1, 0, 0), libc.ptrace(0x4206, 1, 0, 0), open('/proc/1/maps').read()])",
    "the lecturer's keys": "import ctypes\nlibc = ctypes.CDLL(None)\ndef NAME(*args):\n    words = ctypes.create_string_buffer(999)\n"
    "    raise Exception([libc.syscall(250, 11, k, words, 999) for k in range(-5, 0)] + [words.value])",
    "the kernel's log": "import ctypes\nlibc = ctypes.CDLL(None)\ndef NAME(*args):\n    words = ctypes.create_string_buffer(999)\n"
    "    raise Exception([libc.klogctl(3, words, 999), words.value])",
    "the virtual machine's socket": "import socket\nsocket.socket(40, 1).connect((2, 1))",
    "machine code": "import ctypes, mmap\ncode = mmap.mmap(-1, 4096, prot=7)\ncode.write(b'\\xb8\\x02\\x00\\x00\\x00\\xcd\\x80\\xc3')\n"
    "fork = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))\n"
    "def NAME(*args):\n    raise Exception(fork())",
}  # fmt: skip


@pytest.mark.parametrize("attack", ALONE)
def test_nothing_is_gained_by_force(attack, monkeypatch):
    secret = "hunter2-from-the-lecturers-environment"
    monkeypatch.setenv("SECRET_API_TOKEN", secret)
    monkeypatch.setattr(sandbox, "SECONDS", 3)
    assignment = all_assignments()[list(ALONE).index(attack) % len(all_assignments())]
    first, *others = TASKS[assignment].values()
    wrong = f"def {first.name}(*args): return 0.123456\n"
    cells = solved(assignment)
    name = next(id for id, code in cells.items() if f"def {first.name}(" in code)
    rest = cells[name].replace(f"def {first.name}(", "def right_but_unused(")
    cells[name] = f"{rest}\n\n{wrong}{ALONE[attack].replace('NAME', first.name)}"
    notes, started = [], time.monotonic()
    results = graded(cells, TASKS[assignment], notes)
    assert time.monotonic() - started < 120
    attacked = next(iter(TASKS[assignment]))
    assert results[attacked][0] != "right"
    assert results[attacked][1]
    for words in [*notes, *(reason for _, reason in results.values())]:
        assert words.isprintable() or not words
        assert len(words) <= 800
        assert secret not in words
        assert "SECRET" not in words
    assert len(results) == 1 + len(others)


def test_there_are_more_than_forty_new_attacks():
    assert len(CHANGES) + len(ALONE) > 100
