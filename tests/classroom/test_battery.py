"""Submissions that try to get points they did not earn, to stop the batch, to get out, or to look elsewhere.

Each takes part in an assignment beside honest ones. None gets a point, none takes long, none leaves a trace;
and whatever honest people do in a notebook, prints and warnings included, costs them nothing.
"""

import copy
import json
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib.classroom import sandbox
from course_lib.classroom.grade import grade_student
from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.judge import DRAWS, SEED
from tests.classroom.conftest import ASSIGNMENT

ROOT = Path(__file__).parents[2]
STUB = "def softmax(scores, temperature=1.0):\n    "
ZEROS = "def softmax(scores, temperature=1.0):\n    return np.zeros_like(scores)\n"

RIGHT = (
    "def softmax(scores, temperature=1.0):\n    x = np.asarray(scores) / temperature\n"
    "    e = np.exp(x - x.max(axis=-1, keepdims=True))\n    p = e / e.sum(axis=-1, keepdims=True)\n"
)
CASES = EXERCISES["softmax"].cases(np.random.default_rng(SEED))
DRAWN = np.random.default_rng(SEED)
SEEN = [
    np.asarray(one[0]).tolist()
    for one in [
        *(case.arguments for case in CASES),
        *(EXERCISES["softmax"].draw(DRAWN) for _ in range(DRAWS)),
    ]
]

# Attacks that stand in the cell of the first function; FOLDER is the course, ROOT the course's sources,
# PORT a server of the grader's machine. The functions after it stay untouched stubs.
IN_A_CELL = {
    # --- make a wrong answer look right
    "testing is patched": ZEROS + "np.testing.assert_allclose = np.allclose = np.isclose = lambda *a, **k: True",
    "array_equal is patched": ZEROS + "np.array_equal = np.all = lambda *a, **k: True",
    "builtins are patched": ZEROS + "import builtins\nbuiltins.all = builtins.isinstance = lambda *a: True",
    "builtins are deleted": ZEROS + "import builtins\nfor name in ('len', 'type', 'callable'): delattr(builtins, name)",
    "json is patched": ZEROS + "import json\njson.dumps = lambda *a, **k: '{\"value\": true}'",
    "equal to everything": "class Yes:\n    def __eq__(self, other): return True\n"
    "    __array__ = __float__ = None\n    shape = (2, 3)\ndef softmax(scores, temperature=1.0): return Yes()",
    "an array equal to everything": "class Yes(np.ndarray):\n    def __eq__(self, other): return True\n"
    "    def __array_ufunc__(self, *a, **k): return True\n"
    "def softmax(scores, temperature=1.0): return np.zeros_like(scores).view(Yes)",
    "a float with another face": "class F(float):\n    def __repr__(self): return '[0.5]'\n"
    "def softmax(scores, temperature=1.0): return [[F() for s in row] for row in scores]",
    "a list with two faces": "class L(list):\n    def __iter__(self): return iter([True])\n"
    "def softmax(scores, temperature=1.0): return L()",
    "nan": STUB + "return np.full_like(scores, np.nan)",
    "infinity": STUB + "return np.full_like(scores, np.inf)",
    "the input comes back": STUB + "return scores",
    "the input is changed": STUB + "scores[:] = 0\n    return scores",
    "objects": STUB + "return scores.astype(object)",
    "dates": STUB + "return np.zeros(scores.shape, 'M8[s]')",
    "complex": STUB + "return scores + 1j",
    "a string": STUB + "return 'right'",
    "true": STUB + "return True",
    "a forged form": STUB + "return {'array': [0.5], 'shape': [1], 'dtype': 'object'}",
    "a list that holds itself": STUB + "a = []\n    a.append(a)\n    return a",
    "a deep list": STUB + "a = []\n    for _ in range(100000): a = [a]\n    return a",
    "an endless integer": STUB + "return 10 ** 100000",
    "a coroutine": "async " + ZEROS,
    "a generator": STUB + "yield scores",
    "a type": "softmax = np.ndarray",
    "known answers": f"SEEN = {SEEN!r}\n{RIGHT}    return p if np.asarray(scores).tolist() in SEEN else np.zeros_like(scores)",
    "right as often as the lesson's check asks": f"calls = []\n{RIGHT}    calls.append(1)\n"
    f"    return p if len(calls) <= {len(CASES) + 1 + DRAWS} else np.zeros_like(scores)",
    # --- forge the conversation
    "replies on every descriptor": ZEROS + "import os\nfor fd in range(3, 20):\n    for _ in range(99):\n"
    "        try: os.write(fd, b'{\"value\": {\"array\": [1], \"shape\": [1], \"dtype\": \"bool\"}}\\n')\n"
    "        except OSError: break",
    "points on every descriptor": "import os\nfor fd in range(3, 20):\n"
    "    try: os.write(fd, b'{\"outcome\": \"right\", \"points\": 3, \"errors\": {}}\\n')\n    except OSError: pass",
    "a flood on every descriptor": "import os\nfor fd in range(3, 20):\n    try:\n"
    "        while True: os.write(fd, b'x' * 65536)\n    except OSError: pass",
    "deep JSON": "import os\nfor fd in range(3, 20):\n"
    "    try: os.write(fd, b'[' * 60000 + b'\\n')\n    except OSError: pass",
    "no text": "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'\\xff\\x00\\n')\n    except OSError: pass",
    "closed descriptors": "import os\nos.closerange(0, 99)",
    "eaten requests": "import os\nos.set_blocking(3, False)\nfor fd in range(3, 9):\n"
    "    try: os.read(fd, 9999999)\n    except OSError: pass",
    "the worker is replaced": ZEROS + "import sys\nmain = sys.modules['__main__']\n"
    "main.encode = lambda value: True\nmain.answer = lambda *a: {'value': True}",
    "the frames are read": "import sys\ndef softmax(scores, temperature=1.0):\n    frame = sys._getframe()\n"
    "    while frame:\n        for name in ('right', 'reference', 'expected', 'task'):\n"
    "            if name in frame.f_locals: return frame.f_locals[name]\n        frame = frame.f_back",
    "the memory is searched": "import gc\ndef softmax(scores, temperature=1.0):\n"
    "    found = [o for o in gc.get_objects() if isinstance(o, np.ndarray) and o.shape == scores.shape]\n"
    "    return found[-1] if found else None",
    "a trace function": ZEROS + "import sys\nsys.settrace(lambda *a: a[0].f_locals.update(right=0))",
    "a kernel's reply": "get_ipython().kernel.session.send(None, 'execute_reply', {'status': 'ok'})",
    "a kernel's magic": "%%bash\necho right",
    "nbgrader is asked": "import os\nif os.environ.get('NBGRADER_EXECUTION'):\n    softmax = lambda *a: True",
    # --- stop the batch
    "exit in the cell": "import sys\nsys.exit(0)",
    "exit in the function": STUB + "raise SystemExit(0)",
    "hard exit in the cell": "import os\nos._exit(0)",
    "hard exit in the function": STUB + "import os\n    os._exit(0)",
    "kill the parent": "import os\nos.kill(os.getppid(), 9)",
    "kill everybody": "import os\nfor pid in (-1, 0, 1, *range(2, 99999)):\n"
    "    try: os.kill(pid, 9)\n    except OSError: pass",
    "interrupt": "raise KeyboardInterrupt",
    "generator exit": STUB + "raise GeneratorExit",
    "segmentation fault": STUB + "import ctypes\n    ctypes.string_at(0)",
    "endless recursion": STUB + "return softmax(scores, temperature)",
    "all memory": STUB + "return np.ones((200_000, 200_000))",
    "memory bit by bit": STUB + "a = []\n    while True: a.append(bytearray(10_000_000))",
    "a huge answer": STUB + "return np.zeros(900_000)",
    "a fork bomb": "import os\nwhile True: os.fork()",
    "a thread bomb": "import threading, time\nfor _ in range(3000):\n"
    "    try: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n    except Exception: break",
    "processes": "import subprocess, os\nos.system('touch /tmp/escaped')\nsubprocess.run(['sh', '-c', 'true'])",
    "another program": "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo right'])",
    "a full disk": "for n in range(9):\n    open(f'/tmp/{n}', 'wb').write(bytes(9_000_000))",
    "a loud cell": ZEROS + "for _ in range(200): print('x' * 1_000_000)",
    "an error with a bomb": "class E(Exception):\n    def __str__(self): raise SystemExit\n" + STUB + "raise E",
    "a formula as an error": STUB + "raise ValueError('=cmd|calc!A1\\n\\x1b[31m<script>alert(1)</script>')",
    "a stub that is none": STUB + "raise NotImplementedError('right')",
    # --- look elsewhere, get out
    "the library": "from course_lib.in_numpy.attention import softmax",
    "the library by its path": "import sys\nsys.path.insert(0, ROOT)\nfrom course_lib.in_numpy.attention import softmax",
    "the exercises": "from course_lib.exercises.lesson_04 import softmax as it\nsoftmax = it.reference",
    "the page": "from course_lib.one_page import softmax",
    "torch": "import torch\nsoftmax = lambda s, t=1.0: torch.softmax(torch.tensor(s / t), -1).numpy()",
    "scipy": "from scipy.special import softmax as soft\nsoftmax = lambda s, t=1.0: soft(s / t, axis=-1)",
    "the source notebook": "import json\nfor cell in json.load(open(ROOT + '/notebooks/assignments/04_attention/"
    "04_attention.ipynb'))['cells']:\n    if cell['id'] == 'softmax': exec(''.join(cell['source']))",
    "another student": "import json\nfor cell in json.load(open(FOLDER + '/submitted/honest/04_attention/"
    "04_attention.ipynb'))['cells']:\n    if cell['id'] == 'softmax': exec(''.join(cell['source']))",
    "the gradebook": "import sqlite3\nbook = sqlite3.connect(FOLDER + '/gradebook.db')\n"
    "book.execute('update grade set auto_score = 100')\nbook.commit()",
    "nbgrader's own way": "from nbgrader.api import Gradebook\nGradebook('sqlite:///' + FOLDER + '/gradebook.db')",
    "a file outside": "import os\nos.makedirs(FOLDER, exist_ok=True)\nopen(FOLDER + '/escaped', 'w').write('x')",
    "a file in the sources": "open(ROOT + '/escaped', 'w').write('x')",
    "a shadow numpy": "for where in ('', '/tmp/', '/', '/site/', FOLDER + '/'):\n"
    "    try: open(where + 'numpy.py', 'w').write('x')\n    except OSError: pass",
    "NumPy is overwritten": "open(np.__file__, 'w').write('x')",
    "Python is overwritten": "import os\nopen(os.__file__, 'a').write('x')",
    "the worker is overwritten": "open('/worker.py', 'w').write('x')",
    "around through proc": "import os\nfor pid in (1, os.getppid()):\n"
    "    open(f'/proc/{pid}/root' + FOLDER + '/escaped', 'w').write('x')",
    "a mount": "import ctypes\nc = ctypes.CDLL(None)\nassert c.unshare(0x10000000) == 0\n"
    "assert c.mount(b'/', b'/tmp', None, 4096, None) == 0",
    "the network": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2).send(b'x')",
    "the network by name": "import urllib.request\nurllib.request.urlopen(f'http://localhost:{PORT}', timeout=2)",
    "a datagram": "import socket\nsocket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))",
    "an abstract socket": "import socket\nsocket.socket(1).connect(f'\\0classroom-{PORT}')",
    "pip": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'six'])",
}  # fmt: skip

# Attacks that end only when the grader ends them.
ENDLESS = {
    "a loop in the cell": "while True: pass",
    "a loop in the function": STUB + "while True: pass",
    "a sleep": STUB + "import time\n    time.sleep(999)",
    "deaf to signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "an error that never ends": "class E(Exception):\n    def __str__(self):\n        while True: pass\n" + STUB + "raise E",
    "drops without end": "import os, time\nwhile True:\n    for fd in range(3, 9):\n"
    "        try: os.write(fd, b' ')\n        except OSError: pass\n    time.sleep(0.01)",
}  # fmt: skip


def changed(change):
    """A file made of the released notebook by `change(cells by id, notebook)`."""

    def make(released):
        notebook = copy.deepcopy(released)
        change({cell["id"]: cell for cell in notebook["cells"]}, notebook)
        return notebook

    return make


def replaced_tests(cells, notebook):
    for name in ("test-softmax", "test-causal-mask", "test-attention"):
        cells[name].update(source="1")
        cells[name]["metadata"]["nbgrader"].update(points=100, locked=False, solution=True)


def outputs_forged(cells, notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "execute_result", "data": {"text/plain": "100"}, "metadata": {}}
            ]


def all_skipped(cells, notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "remove-cell"]


def made_tasks(cells, notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"] = {"grade_id": "test-softmax", "task": True, "points": 50, "grade": True}


def named_as_a_test(cells, notebook):
    cells["softmax"]["metadata"]["nbgrader"]["grade_id"] = "test-softmax"
    cells["softmax"]["source"] = "pass"


# Attacks that are whole files: bytes, or made of the released notebook.
FILES = {
    "empty file": b"",
    "web page": b"<html>404</html>",
    "not text": bytes(range(256)),
    "deep": 200_000 * b"[",
    "only a number": b"100",
    "cut off": lambda released: json.dumps(released).encode()[:-50],
    "another format": changed(lambda cells, notebook: notebook.update(nbformat=3)),
    "another kernel": changed(lambda cells, notebook: notebook["metadata"].update(kernelspec={"name": "bash"})),
    "no cells": changed(lambda cells, notebook: notebook["cells"].clear()),
    "tests replaced": changed(replaced_tests),
    "a test removed": changed(lambda cells, notebook: notebook["cells"].remove(cells["test-softmax"])),
    "outputs forged": changed(outputs_forged),
    "skip-execution": changed(all_skipped),
    "all cells twice": changed(lambda cells, notebook: notebook["cells"].extend(copy.deepcopy(notebook["cells"]))),
    "all cells made tasks": changed(made_tasks),
    "a solution named as a test": changed(named_as_a_test),
    "no source": changed(lambda cells, notebook: cells["softmax"].update(source=None)),
    "NUL in a source": changed(lambda cells, notebook: cells["softmax"].update(source="x = '\0'")),
    "a huge cell": changed(lambda cells, notebook: cells["softmax"].update(source=50_000 * "x = 1\n")),
}  # fmt: skip

# What honest people write around a right answer; ANSWER stands for it.
HONEST = {
    "as it is": "ANSWER",
    "prints": "ANSWER\nprint(softmax(np.ones((2, 3)), 1.0))",
    "prints to stderr": "import sys\nprint('note', file=sys.stderr)\nANSWER",
    "prints much": "ANSWER\nfor i in range(20_000): print('row', i)",
    "prints in the function": "def softmax(scores, temperature=1.0):\n    print('called', scores)\n"
    "    e = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)\n"
    "    return e / e.sum(axis=-1, keepdims=True)",
    "warns": "import warnings\nwarnings.warn('look')\nANSWER",
    "logs": "import logging\nlogging.basicConfig(level=0)\nlogging.getLogger().warning('look')\nANSWER",
    "divides by zero on the way": "ANSWER\nnp.array([1.0]) / np.array([0.0])",
    "a bare value at the end": "ANSWER\nsoftmax(np.ones((1, 2)), 1.0)",
    "a false value at the end": "ANSWER\n0",
    "magics": "%matplotlib inline\nANSWER\n%timeit softmax(np.ones((2, 2)), 1.0)\n!ls\nsoftmax?",
    "display": "ANSWER\ndisplay(softmax(np.ones((1, 2)), 1.0))",
    "a trial that fails afterwards": "ANSWER\nsoftmax('nonsense', 1.0)",
    "asserts": "ANSWER\nassert np.allclose(softmax(np.zeros((1, 2)), 1.0), 0.5)",
    "a helper beside it": "def shifted(x):\n    return x - x.max(axis=-1, keepdims=True)\n\n"
    "def softmax(scores, temperature=1.0):\n    e = np.exp(shifted(scores / temperature))\n"
    "    return e / e.sum(axis=-1, keepdims=True)",
    "lists and loops": "import math\ndef softmax(scores, temperature=1.0):\n    if np.ndim(scores) > 1:\n"
    "        return [softmax(row, temperature) for row in scores]\n    top = max(scores)\n"
    "    e = [math.exp((s - top) / temperature) for s in scores]\n    return [x / sum(e) for x in e]",
    "float32": "def softmax(scores, temperature=1.0):\n"
    "    x = ((scores - scores.max(axis=-1, keepdims=True)) / temperature).astype(np.float64)\n"
    "    return (np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)).tolist()",
    "a default value": "def softmax(scores, temperature=1.0, *, axis=-1):\n    x = scores / temperature\n"
    "    e = np.exp(x - np.max(x, axis=axis, keepdims=True))\n    return e / e.sum(axis=axis, keepdims=True)",
    "a class": "class Softmax:\n    def __call__(self, scores, temperature=1.0):\n        x = scores / temperature\n"
    "        e = np.exp(x - x.max(axis=-1, keepdims=True))\n        return e / e.sum(axis=-1, keepdims=True)\n"
    "softmax = Softmax()",
    "type hints": "from __future__ import annotations\nANSWER",
    "as a program": "ANSWER\nif __name__ == '__main__':\n    softmax(np.ones((2, 2)), 1.0)",
    "threads": "from concurrent.futures import ThreadPoolExecutor\nANSWER\n"
    "with ThreadPoolExecutor(2) as pool: list(pool.map(len, ['a']))",
    "a file of its own": "ANSWER\nopen('notes.txt', 'w').write('x')\nopen('notes.txt').read()",
    "a short sleep": "import time\ntime.sleep(0.2)\nANSWER",
    "other imports": "import numpy\nfrom numpy import exp\nimport sys, os, re, random, itertools\nANSWER",
    "Windows line ends": "ANSWER\r\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    """(port, the list of what reached it): a server in reach of everything on this machine but the sandbox."""
    reached, tcp, udp, unix = (
        [],
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(type=socket.SOCK_DGRAM),
        None,
    )
    udp.bind(tcp.getsockname())
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(f"\0classroom-{tcp.getsockname()[1]}")
    unix.listen()

    def serve(one, wait):
        while True:
            try:
                reached.append(wait(one))
            except OSError:
                return

    pairs = [(tcp, socket.socket.accept), (unix, socket.socket.accept), (udp, lambda one: one.recv(9))]
    for pair in pairs:
        threading.Thread(target=serve, args=pair, daemon=True).start()
    yield tcp.getsockname()[1], reached
    for one, _ in pairs:
        one.close()


def state(folder):
    """Every file in the folder with its content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def place(course, released, solved, server, sandboxed):
    """The course with an honest submission; at the end everything is as it was, and nobody was reached."""
    port, reached = server
    folder = course / "submitted" / "honest" / ASSIGNMENT
    folder.mkdir(parents=True)
    notebook = copy.deepcopy(released)
    for cell in notebook["cells"]:
        cell["source"] = solved.get(cell["id"], cell["source"])
    (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook))
    before = state(course)
    yield f"FOLDER, ROOT, PORT = {str(course)!r}, {str(ROOT)!r}, {port}\n"
    after = state(course)
    assert {path for path in before if after.get(path) != before[path]} == set(), "a file was changed"
    assert not [path for path in after if path.name == "escaped"]
    assert not os.path.exists("/tmp/escaped")
    assert not (ROOT / "escaped").exists()
    assert reached == []


def outcomes(course, released, student):
    """{grade id: outcome} of a graded student, and the result."""
    started = time.monotonic()
    result, notebook = grade_student(course, ASSIGNMENT, student, released)
    assert result["outcome"] in ("graded", "unreadable"), result["reason"]
    assert notebook is not None
    assert time.monotonic() - started < 4 * sandbox.SECONDS + 5
    assert set(result["results"]) == {"test-softmax", "test-causal-mask", "test-attention"}
    return {name: outcome for name, (outcome, _) in result["results"].items()}, result


@pytest.mark.parametrize("name", IN_A_CELL)
def test_attack_in_a_cell_gets_nothing(name, place, course, released, submission, submit):
    source = IN_A_CELL[name] if IN_A_CELL[name].startswith("%") else place + IN_A_CELL[name]
    submit("attacker", submission(softmax=source))
    marks, result = outcomes(course, released, "attacker")
    assert "right" not in marks.values()
    assert all(len(reason) < 900 and reason.isprintable() for _, reason in result["results"].values())
    assert all(reason for _, reason in result["results"].values())


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_attack_is_ended(name, place, course, released, submission, submit, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 2)
    submit("attacker", submission(softmax=place + ENDLESS[name]))
    marks, _ = outcomes(course, released, "attacker")
    assert marks["test-softmax"] == "timeout"
    assert "right" not in marks.values()


@pytest.mark.parametrize("name", FILES)
def test_file_that_is_an_attack_gets_nothing(name, place, course, released, submit):
    content = FILES[name](released) if callable(FILES[name]) else FILES[name]
    submit("attacker", content)
    marks, result = outcomes(course, released, "attacker")
    assert "right" not in marks.values()
    assert all(reason for _, reason in result["results"].values())


@pytest.mark.parametrize("name", HONEST)
def test_honest_submission_loses_nothing(name, place, course, released, solved, submission, submit):
    sources = {key.replace("-", "_"): source for key, source in solved.items()}
    sources["softmax"] = HONEST[name].replace("ANSWER", solved["softmax"])
    submit("honest-too", submission(**sources))
    marks, result = outcomes(course, released, "honest-too")
    assert set(marks.values()) == {"right"}, result["results"]


def test_other_files_are_not_used(place, course, released, submission, submit):
    folder = submit("attacker-with-files", submission(softmax=ZEROS))
    for name in ("numpy.py", "json.py", "sitecustomize.py", "usercustomize.py", "course_lib.py", "x.pth"):
        (folder / name).write_text("import os; os._exit(0)")
    marks, result = outcomes(course, released, "attacker-with-files")
    assert marks == {"test-softmax": "wrong", "test-causal-mask": "empty", "test-attention": "empty"}
    assert "numpy.py" in result["notes"][0]


def test_one_function_that_kills_takes_no_points_from_the_others(
    course, released, solved, submission, submit, place
):
    sources = {key.replace("-", "_"): source for key, source in solved.items()}
    sources["causal_mask"] = "def causal_mask(T):\n    import os\n    os._exit(3)"
    submit("half", submission(**sources))
    marks, result = outcomes(course, released, "half")
    assert marks == {"test-softmax": "right", "test-causal-mask": "crash", "test-attention": "right"}
    assert result["results"]["test-causal-mask"][1] == "causal_mask: the process ended with status 3"


@pytest.mark.parametrize("name", ["the source notebook", "another student", "the library"])
def test_without_the_sandbox_the_same_attack_succeeds(name, place, course, released, submission, submit):
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    submit("attacker", submission(softmax=path + place + IN_A_CELL[name]))
    result, _ = grade_student(course, ASSIGNMENT, "attacker", released, sandboxed=False)
    assert result["results"]["test-softmax"] == ("right", "")
    assert result["sandbox"] is False
    result, _ = grade_student(course, ASSIGNMENT, "attacker", released)
    assert result["results"]["test-softmax"][0] != "right"


def test_the_battery_is_large():
    assert len(IN_A_CELL) + len(ENDLESS) + len(FILES) >= 100
