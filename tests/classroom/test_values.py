"""What counts as equal, and what the grader makes of answers that were made to trouble it."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib.classroom import grade, sandbox
from course_lib.classroom.tasks import TASKS, Task
from course_lib.classroom.values import run_task, same
from course_lib.classroom.worker import compiled, decode, encode, run_cells

ROW = np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("answer", "right", "equal"),
    [
        (ROW, ROW, True),
        ([0.5, 0.5], ROW, True),
        (ROW.astype(np.float32), ROW, True),
        (ROW + 1e-4, ROW, False),
        (ROW[None], ROW, False),
        (ROW * np.nan, ROW, False),
        (ROW * np.nan, ROW * np.nan, False),
        ([], ROW, False),
        (0.5, np.float64(0.5), True),
        (None, ROW, False),
        ("right", ROW, False),
        ({}, ROW, False),
        ([1.0, 0.0], np.array([True, False]), False),
        ([True, False], np.array([True, False]), True),
        (np.array([1, 0]), np.array([True, False]), False),
        (True, np.float64(1), False),
        ([1, 2], [1, 2], True),
        ((1, 2), [1, 2], True),
        ([1, 2, 2], [1, 2], False),
        (([[1]], [1]), ([[1]], [1]), True),
        (([[1]],), ([[1]], [1]), False),
        ({(1, 2): 3}, {(1, 2): 3}, True),
        ({(1, 2): 3}, {(1, 2): 4}, False),
        ([], {}, False),
    ],
)
def test_same(answer, right, equal):
    assert same(answer, right) is equal


@pytest.mark.parametrize(
    "value",
    [1, 2.5, True, None, "a", [1, [2]], (1, "a"), {(1, 2): 3}, np.arange(6).reshape(2, 3), np.array([True]),
     np.zeros((0, 3)), np.array([np.inf, -0.0]), np.float64(0.1)],
)  # fmt: skip
def test_values_survive_the_way(value):
    back = decode(json.loads(json.dumps(encode(value))))
    assert type(back) is type(value) or isinstance(value, np.generic)
    assert np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


@pytest.mark.parametrize(
    "forged",
    [
        {"array": [1, 2], "shape": [3], "dtype": "float64"},
        {"array": [1], "shape": [1], "dtype": "object"},
        {"array": ["1"], "shape": [1], "dtype": "float64"},
        {"array": [[1]], "shape": [1], "dtype": "float64"},
        {"array": [1], "shape": [-1], "dtype": "float64"},
        {"array": [1], "shape": [1.0], "dtype": "float64"},
        {"array": [10**30], "shape": [1], "dtype": "int64"},
        {"array": [1], "shape": 9 * [1], "dtype": "float64"},
        {"array": 5, "shape": [1], "dtype": "float64"},
        {"dict": [[[1], 2]]},
        {"dict": [1]},
        {"tuple": 3},
        {},
    ],
)
def test_forged_forms_are_refused(forged):
    with pytest.raises((ValueError, TypeError, LookupError, OverflowError)):
        decode(forged)


class Says:
    """A worker that gives one reply to everything."""

    def __init__(self, reply):
        self.reply = reply

    def ask(self, request, seconds):
        return self.reply


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"value": None},
        {"value": {"array": [1], "shape": [2], "dtype": "float64"}},
        {"value": 1, "changed": 5},
        {"value": 1, "changed": [[99, 1]]},
        {"value": 1, "changed": [[0, {"array": [1], "shape": [1], "dtype": "float64"}]]},
        {"value": [[1], [1, 2]]},
        {"value": [{"dict": []}]},
        {"error": {"a": 1}},
        {"missing": 1},
        {"stub": False},
        {"value": 10**400},
        {"value": float("inf")},
    ],
)
@pytest.mark.parametrize("name", TASKS)
def test_no_reply_troubles_the_grader(name, reply):
    for task in TASKS[name].values():
        for errors in ({}, None, {"a": "b"}, 5):
            outcome, reason = run_task(task, Says(reply), np.random.default_rng(0), errors)
            assert outcome != "right"
            assert reason


def test_cells_run_as_in_a_notebook():
    space = {}
    errors = run_cells([("a", "x = 1"), ("b", "1 / 0"), ("c", "%time\ny = x\n!ls\ny?"), ("d", "z = 7\n% 4")], space)
    assert errors == {"b": "ZeroDivisionError: division by zero"}
    assert space["y"] == 1
    exec(compiled("z = (7\n% 4)", "e"), space)  # noqa: S102
    assert space["z"] == 3


def living():
    """{pid: parent's pid} of the processes of this machine that have not ended."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            status, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if status not in "ZX":
            found[int(pid)] = int(parent)
    return found


def test_a_function_of_another_name_is_named(sandboxed):
    cells = [["a", "def softmaks(scores, temperature):\n    return scores"], ["b", "def g(:"]]
    with sandbox.Worker() as worker:
        errors = worker.ask({"cells": cells})["errors"]
        outcome, reason = run_task(TASKS["04_attention"]["test-softmax"], worker, np.random.default_rng(0), errors)
    assert outcome == "missing"
    assert reason.startswith("there is no function softmax, but there is softmaks: the cell b raised SyntaxError")


def test_a_task_may_do_without_a_check(sandboxed):
    task = Task("double", lambda random: (random.normal(size=3),), lambda x: 2 * x)
    for factor, outcome in [(2, "right"), (3, "wrong")]:
        with sandbox.Worker() as worker:
            worker.ask({"cells": [["a", f"def double(x):\n    return {factor} * x"]]})
            assert run_task(task, worker, np.random.default_rng(0), {})[0] == outcome


def test_nothing_of_a_worker_is_left(sandboxed):
    with sandbox.Worker() as worker:
        worker.ask({"cells": []}, 30)
        parents = living()
        own = {pid for pid, parent in parents.items() if worker.process.pid in (parent, parents.get(parent))}
        assert len(own) == 2  # Bubblewrap's first process in the sandbox, and Python
    end = time.monotonic() + 10
    while own & living().keys() and time.monotonic() < end:
        time.sleep(0.02)
    assert not own & living().keys()


def test_the_sandbox_shows_libraries_alone(sandboxed):
    """nbgrader's exchange lies in /usr/local/share: everybody's submissions would be in sight there."""
    known = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/usr/share/zoneinfo", f"{sys.base_prefix}/lib"]
    tree = """import os
def tree(top, known):
    found = []
    for where, folders, files in os.walk(top):
        folders[:] = [name for name in folders if f"{where}/{name}" not in known]
        found += [f"{where}/{name}" for name in files]
    return found
"""
    seen = []
    with sandbox.Worker() as worker:
        assert worker.ask({"cells": [["tree", tree]]}) == {"errors": {}}
        for top in ("/usr", "/etc", "/home", "/root", "/srv", "/opt", "/var", "/tmp"):
            seen += worker.ask({"function": "tree", "arguments": [top, known]})["value"]
    assert set(seen) <= {"/etc/ld.so.cache", os.path.realpath(sys.executable)}


def test_a_missing_sandbox_is_refused_with_the_fix(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt install bubblewrap") as stop:
        grade.main(["04_attention"])
    assert "it is not installed" in str(stop.value)


def test_a_sandbox_that_fails_is_refused_with_its_words(monkeypatch):
    monkeypatch.setattr(sandbox, "command", lambda sandboxed: ["sh", "-c", "echo no namespaces >&2; exit 1"])
    monkeypatch.setattr(sandbox, "no_new_processes", lambda: b"")
    assert sandbox.unusable() == "the process ended with status 1 (no namespaces)"
