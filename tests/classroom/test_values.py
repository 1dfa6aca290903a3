"""What the grader makes of answers, and of those that were made to trouble it."""

import ast
import json
import os
import re
import sys
import time

import numpy as np
import pytest

from course_lib.classroom import grade, sandbox, values
from course_lib.classroom.remote import mark
from course_lib.classroom.tasks import known
from course_lib.classroom.values import grade_notebook
from course_lib.classroom.worker import Anything, decode, encode, run_cell
from course_lib.exercises import Wrong
from course_lib.exercises.answers import CHANGED
from course_lib.exercises.description import Case, Exercise
from course_lib.exercises.judge import check
from tests.classroom.conftest import living

EXERCISES = known("capstone")  # all of the lessons, and training


@pytest.mark.parametrize(
    "value",
    [1, 2.5, True, None, "a", [1, [2]], (1, "a"), {(1, 2): 3}, np.arange(6).reshape(2, 3), np.array([True]),
     np.zeros((0, 3)), np.array([np.inf, -0.0]), b"\xff\x00", [{"a": (b"", [])}]],
)  # fmt: skip
def test_values_survive_the_way(value):
    back = decode(json.loads(json.dumps(encode(value))))
    assert type(back) is type(value)
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
        {"bytes": "\u20ac"},
        {"bytes": 3},
        {},
        {"array": [1], "shape": [2**62, 0], "dtype": "float64"},
        {"array": [], "shape": [2**31 - 1, 0], "dtype": "float64"},  # a list of its rows takes 200 GB
        {"dict": [[i * (2**61 - 1), 1] for i in range(1000)]},  # one hash
    ],
    ids=range(18),
)
def test_forged_forms_are_refused(forged):
    with pytest.raises((ValueError, TypeError, LookupError, OverflowError, AttributeError)):
        decode(forged)


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
        {"refused": 7},
        {"value": {"dict": [[i * (2**61 - 1), 1] for i in range(30_000)]}},
        {"value": {"tuple": 9 * [{"array": [], "shape": [0], "dtype": "float64"}]}},
        {"value": {"bytes": "abc"}},
        {"value": {"array": [], "shape": [2**31 - 1, 0], "dtype": "int64"}},
        {"value": json.loads(300 * "[" + 300 * "]")},
        {"value": 10**400},
        {"value": float("inf")},
    ],
)
@pytest.mark.parametrize("name", EXERCISES)
def test_no_reply_troubles_the_grader(name, reply):
    outcome, reason = mark(EXERCISES[name], lambda request: reply, 0)
    assert outcome != "right"
    assert reason.isprintable() and 0 < len(reason) <= 800


NOT_HERE = "when functions are graded, nothing is there but NumPy and Python's own library"


@pytest.mark.parametrize(
    ("source", "said", "has"),
    [
        ("x = 1", [], {"x": 1}),
        ("x = 1\n1 / 0\nx = 2", ["the cell a stopped at `1 / 0` with ZeroDivisionError: division by zero"], {"x": 1}),
        ("%time\ny = 1\n!ls\ny?\n?y\n%timeit y", [], {"y": 1}),
        ("%%time\ny = 2", [], {"y": 2}),
        ("%%timeit -n 3\ny = 2", [], {"y": 2}),
        ("files = !ls\ny = 3\nfor f in files: pass", [], {"y": 3}),
        ("t = %timeit -o y\nz = t.average\ny = 4", [], {"y": 4}),
        ("files = !ls\nprint(len(files), files[0].strip())\nassert get_ipython()\ny = 4", [], {"y": 4}),
        ("t = %timeit -o y\nprint(f'{round(1e3 * t.average / 2, 1):.1f} ms')\ny = 4", [], {"y": 4}),
        ("a, b = !ls\ny = 4", ["stopped at `a, b = get_ipython()` with ValueError"], {}),
        ("!ls \\\n  -l\ny = 5", [], {"y": 5}),
        ("get_ipython().run_line_magic('matplotlib', 'inline')\ny = 6", [], {"y": 6}),
        ("z = 7\n% 4", [], {"z": 7}),
        ("z = (7\n% 4)", [], {"z": 3}),
        ("z = (3 if z else\n?)", ["the cell a stopped with SyntaxError"], {}),
        ("%%bash\necho", ["a cell that begins with %%bash is not run as Python"], {}),
        ("async def f(): return 8\ny = await f()", [], {"y": 8}),
        ("import asyncio\nawait asyncio.sleep(0)\ny = 9", [], {"y": 9}),
        ("async for _ in (): pass", ["TypeError"], {}),
        ("from __future__ import annotations\ndef f(x: nowhere): pass\ny = 10", [], {"y": 10}),
        ("import nowhere_at_all as n\ny = 11", [f"`import nowhere_at_all as n` in the cell a was left out: {NOT_HERE}"],
         {"y": 11}),
        ("try:\n    import nowhere_at_all\nexcept ImportError:\n    y = 12", [], {"y": 12}),
        ("def f(:\n", ["the cell a stopped with SyntaxError"], {}),
        ("x = '\0'", ["the cell a stopped with"], {}),
        ("raise SystemExit", ["the cell a stopped at `raise SystemExit` with SystemExit"], {}),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", ["with E"], {}),
        ("", [], {}),
    ],
)  # fmt: skip
def test_cells_run_as_in_a_notebook(source, said, has):
    space = {"get_ipython": Anything()}
    found = run_cell("a", source, space)
    assert len(found) == len(said)
    assert all(one in other for one, other in zip(said, found, strict=True))
    assert {name: space[name] for name in has} == has


@pytest.mark.parametrize(
    ("skip", "until", "said", "x"),
    [((), None, [], [1, 2, 3]), ([1], None, ["`x += [2]` in the cell a was left out"], [1, 3]),
     ([1], 2, ["`x += [2]` in the cell a was left out", "`x += [3]` in the cell a was left out"], [1])],
)  # fmt: skip
def test_statements_can_be_left_out(skip, until, said, x):
    space, marks = {}, []
    assert run_cell("a", "x = [1]\nx += [2]\nx += [3]", space, skip, until, marks.append) == said
    assert space["x"] == x
    assert marks == [0, 1, 2]


def graded(cells, tasks, notes=None, seed=0):
    """What the grader says of cells, given as {name: source}."""
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": source} for name, source in cells.items()
    ]
    return grade_notebook({"cells": cells}, tasks, seed=seed, notes=notes)


def of_one(name, reference, *shape):
    """An exercise on one array."""
    return Exercise(
        name, 4, "Something with x.", reference,
        cases=lambda rng: [Case((rng.normal(size=shape),)), Case((rng.normal(size=shape),))],
        draw=lambda rng: (rng.normal(size=shape),),
    )  # fmt: skip


DOUBLE = of_one("double", lambda x: 2 * x, 3)


def test_a_function_of_another_name_is_named(sandboxed):
    cells = {"a": "def softmaks(scores, temperature):\n    return scores", "b": "def g(:"}
    outcome, reason = graded(cells, {"test": EXERCISES["softmax"]})["test"]
    assert outcome == "missing"
    assert reason.startswith(
        "there is no function softmax, but there is softmaks; the cell b stopped with SyntaxError"
    )


def test_the_reason_shows_the_input_and_what_was_expected(sandboxed):
    assert graded({"a": "def double(x):\n    return 2 * x"}, {"test": DOUBLE})["test"] == ("right", "")
    outcome, reason = graded({"a": "def double(x):\n    return 3 * x"}, {"test": DOUBLE})["test"]
    assert outcome == "wrong"
    found = re.fullmatch(r"double\((.*)\): it should be (.*), yours is (.*)", reason)
    x, right, given = (np.array(ast.literal_eval(one)) for one in found.groups())
    assert np.allclose(given, 3 * x, rtol=1e-3)
    assert np.allclose(right, 2 * x, rtol=1e-3)
    assert graded({"a": "def double(x):\n    return 3 * x"}, {"test": DOUBLE})["test"] == (outcome, reason)


def test_what_only_a_random_input_shows_is_wrong_and_has_its_seed(sandboxed):
    """Who knows the lesson's cases and its draws knows nothing of those of a mark, which are the student's own."""
    x = np.random.default_rng(20170612).normal(size=(8, 3))  # the lesson's own
    source = f"import numpy as np\nSEEN = {x.tolist()}\ndef double(x):\n    return 2 * x if x.tolist() in SEEN else 3 * x"
    reasons = {seed: graded({"a": source}, {"test": DOUBLE}, seed=seed)["test"] for seed in ("a", "b", "a")}
    assert {outcome for outcome, _ in reasons.values()} == {"wrong"}
    assert reasons["a"] != reasons["b"]


VIEWS = {
    "the input itself": (lambda x: x, "def f(x):\n    x[...] = 0\n    return np.zeros(5)"),
    "a view of the input": (
        lambda x: x.reshape(5, 1),
        "def f(x):\n    x[...] = 0\n    return np.zeros((5, 1))",
    ),
    "part of a tuple": (
        lambda x: (x[:2], x[2:]),
        "def f(x):\n    x[...] = 0\n    return np.zeros(2), np.zeros(3)",
    ),
    "a reference that changes its input": (lambda x: np.multiply(x, 2, out=x), "def f(x):\n    return x"),
    "an answer that is the input": (lambda x: x + 1, "def f(x):\n    x += 1\n    return x"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_no_point_for_an_answer_written_over_the_input(name, sandboxed):
    reference, source = VIEWS[name]
    cells = {"a": f"import numpy as np\n{source}"}
    assert graded(cells, {"test": of_one("f", reference, 5)})["test"][0] == "wrong"


def test_an_input_that_is_changed_has_one_sentence_in_lesson_and_mark(sandboxed):
    source = (
        "import numpy as np\ndef softmax(s, t=1.0):\n    s -= s.max(axis=-1, keepdims=True)\n"
        "    e = np.exp(s / t)\n    return e / e.sum(axis=-1, keepdims=True)"
    )
    space = {}
    exec(source, space)  # noqa: S102
    with pytest.raises(Wrong, match=CHANGED):
        check(EXERCISES["softmax"])(space["softmax"])
    assert graded({"a": source}, {"test": EXERCISES["softmax"]})["test"] == ("wrong", CHANGED)
    emptied = {
        "a": "def encode(text, merges):\n    while merges: merges.popitem()\n    return list(text.encode())"
    }
    assert graded(emptied, {"test": EXERCISES["encode"]})["test"] == ("wrong", CHANGED)


@pytest.mark.parametrize(
    ("trial", "left_out"),
    [
        ("while True: pass", "`while True: pass` in the cell f was left out: no answer within 2 seconds"),
        (
            "import time\ntime.sleep(99)",
            "`time.sleep(99)` in the cell f was left out: no answer within 2 seconds",
        ),
        ("sum(range(10**15))", "`sum(range(10**15))` in the cell f was left out: no answer within 2 seconds"),
        (
            "import os\nos._exit(3)",
            "`os._exit(3)` in the cell f was left out: the process ended with status 3",
        ),
    ],
)
def test_a_trial_that_does_not_end_costs_no_points(trial, left_out, sandboxed, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 2)
    notes = []
    cells = {
        "f": f"def double(x):\n    return factor() * x\n{trial}\ndef factor():\n    return 2",
        "g": "y = 1",
    }
    assert graded(cells, {"test": DOUBLE}, notes)["test"] == ("right", "")
    assert notes == [left_out]


def test_a_cell_of_trials_that_do_not_end_is_left_out(sandboxed, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    notes = []
    cells = {"f": "def double(x):\n    return 2 * x\n" + 5 * "while True: pass\n", "g": "y = 1"}
    assert graded(cells, {"test": DOUBLE}, notes)["test"] == ("right", "")
    assert notes == 2 * ["`while True: pass` in the cell f was left out: no answer within 1 seconds"]
    silent = (
        "import os\ndef f():\n    for fd in range(3, 20):\n        try: os.write(fd, b'at 77\\n')\n"
        "        except OSError: pass\n    while True: pass\nf()"
    )
    outcome, reason = graded({"f": silent}, {"test": DOUBLE})["test"]
    assert outcome == "timeout"
    assert reason == "there is no function double; the cell f was left out: no answer within 1 seconds"


class Late:
    """A worker in which nothing ends in time; the clock goes on by what it was given."""

    def __init__(self):
        self.now, self.ends = 0.0, True

    def monotonic(self):
        return self.now

    def ask(self, request, seconds):
        self.now += seconds if self.ends else seconds / 2
        if self.ends:
            raise sandbox.Stopped("timeout", "late", 0)
        return {"said": []}


def test_many_copies_of_a_cell_cost_no_more_than_a_few(monkeypatch):
    late = Late()
    monkeypatch.setattr(values, "time", late)
    cells = [("f", f"while True: pass  # {i}") for i in range(1000)] + [("g", "y = 1")]
    left_out, starts = [{} for _ in cells], 0
    while values.run_cells(late, cells, left_out) is None:
        starts, late.ends = starts + 1, starts < 30
    assert starts < 30
    late = Late()
    monkeypatch.setattr(values, "time", late)
    late.ends = False
    assert values.run_cells(late, cells, [{} for _ in cells]) == []
    assert late.now < 2.1 * sandbox.SECONDS


def test_what_is_not_there_in_grading_is_named(sandboxed):
    cells = {"f": "import matplotlib.pyplot as plt\ndef double(x):\n    return 2 * x\nplt.plot([1])"}
    notes = []
    assert graded(cells, {"test": DOUBLE}, notes)["test"] == ("right", "")
    assert notes == [f"`import matplotlib.pyplot as plt` in the cell f was left out: {NOT_HERE}"]
    cells = {"f": "import torch\ndef double(x):\n    return 2 * torch.tensor(x)"}
    outcome, reason = graded(cells, {"test": DOUBLE})["test"]
    assert outcome == "wrong"
    assert reason.startswith(
        "your function stopped at `return 2 * torch.tensor(x)`: name 'torch' is not defined"
    )
    assert reason.endswith(f"; `import torch` in the cell f was left out: {NOT_HERE}")
    cells = {"f": "def double(x):\n    import torch\n    return 2 * torch.tensor(x)"}
    assert graded(cells, {"test": DOUBLE})["test"][1].endswith(f"No module named 'torch'; {NOT_HERE}")


def test_a_given_cell_that_was_changed_is_named_where_it_matters(sandboxed):
    notes = ["the given cell imports was changed: it is graded as it was handed out"]
    _, reason = graded({"f": "def double(x):\n    return math.prod([2, x])"}, {"test": DOUBLE}, notes)["test"]
    assert reason.startswith(
        "your function stopped at `return math.prod([2, x])`: name 'math' is not defined"
    )
    assert reason.endswith(f"; {notes[0]}")
    _, reason = graded({"f": "def double(x):\n    return x"}, {"test": DOUBLE}, notes)["test"]
    assert "given cell" not in reason


def test_a_sandbox_that_does_not_start_is_no_fault_of_the_student(monkeypatch):
    monkeypatch.setattr(sandbox, "command", lambda *_: ["sh", "-c", "exit 1"])
    with pytest.raises(sandbox.Stopped, match="status 1"):
        graded({"f": "x = 1"}, {"test": DOUBLE})


def test_nothing_of_a_worker_is_left(sandboxed):
    with sandbox.Worker() as worker:
        parents = living()
        own = {pid for pid, parent in parents.items() if worker.process.pid in (parent, parents.get(parent))}
        assert len(own) == 2  # Bubblewrap's first process in the sandbox, and Python
    end = time.monotonic() + 10
    while own & living().keys() and time.monotonic() < end:
        time.sleep(0.02)
    assert not own & living().keys()


def test_the_sandbox_shows_libraries_alone(sandboxed):
    """nbgrader's exchange lies in /usr/local/share: everybody's submissions would be in sight there."""
    known = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/lib64",
        "/usr/share/zoneinfo",
        f"{sys.base_prefix}/lib",
    ]
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
        assert worker.ask({"name": "tree", "source": tree}) == {"said": []}
        for top in ("/usr", "/etc", "/home", "/root", "/srv", "/opt", "/var", "/tmp"):
            seen += worker.ask({"function": "tree", "arguments": [top, known]})["value"]
    assert set(seen) <= {"/etc/ld.so.cache", os.path.realpath(sys.executable)}


def test_a_missing_sandbox_is_refused_with_the_fix(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt install bubblewrap") as stop:
        grade.main(["04_attention"])
    assert "it is not installed" in str(stop.value)


def test_a_sandbox_that_fails_is_refused_with_its_words(monkeypatch):
    monkeypatch.setattr(sandbox, "command", lambda *_: ["sh", "-c", "echo no namespaces >&2; exit 1"])
    assert sandbox.unusable() == "the process ended with status 1 (no namespaces)"
