"""The mark that counts: a student's functions, called in a sandbox, against values computed here.

Long because a mark is told in one place, from the cells to the reason.
"""

import contextlib
import copy
import hashlib
import itertools
import time

import numpy as np

from course_lib.exercises import Wrong
from course_lib.exercises.answers import CHANGED, NOTHING, kind, numbers_of, same, why_wrong
from course_lib.exercises.answers import plain as plain_form

from . import sandbox
from .sanitise import grade_id, is_test, parts, plain
from .worker import NOT_HERE, decode, encode

MOST_RESTARTS = 4  # cells in which statements may be left out, before whole cells with their copies are
MOST_REASON, MOST_NOTES = 800, 20  # characters, notes on what was left out


class Failed(Exception):
    """No value came back; `outcome` is crash, timeout, error, missing or empty."""

    def __init__(self, outcome, reason):
        super().__init__(reason)
        self.outcome = outcome


def grade_notebook(notebook, tasks, seed, sandboxed=True, notes=None):
    """{grade id: (outcome, reason)} for the tasks of a sanitised notebook.

    outcome: right · wrong · empty (an untouched stub) · missing · error · crash · timeout. The worker dies
    with a crash or a timeout; the next task gets a new one. The seed, a text or a number, decides the random
    inputs together with the task's name. `notes`, a list, gets what else was noticed; those that are in it
    already are quoted where they may be the reason.
    """
    notes = [] if notes is None else notes
    cells = [
        (grade_id(cell) or cell["id"], source)
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not is_test(cell)
        for source in parts(cell)
    ]
    hints = [note for note in notes if "given cell" in note or "added" in note]
    results, waiting, left_out = {}, list(tasks), [{} for _ in cells]
    while waiting:
        with sandbox.Worker(sandboxed) as worker:
            said = run_cells(worker, cells, left_out)
            if said is None:  # one of the cells ended it, and will be run without what did so
                continue
            while waiting:
                name = waiting.pop(0)
                digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
                outcome, reason = run_task(tasks[name], worker, np.random.default_rng(list(digest)))
                ended = outcome in ("crash", "timeout")
                if outcome in ("missing", "error") and ("NameError" in reason or outcome == "missing"):
                    reason = "; ".join([reason, *said, *hints])
                if outcome == "error" and "ModuleNotFoundError" in reason:
                    reason = f"{reason}; {NOT_HERE}"
                if outcome == "missing":  # because its cell did not come to an end, perhaps
                    outcome = next((one["outcome"] for one in left_out if one), outcome)
                results[name] = outcome, plain(reason, MOST_REASON)
                if ended:
                    break
    notes += [note for note in said if "left out" in note][:MOST_NOTES] if tasks else []
    return results


def run_cells(worker, cells, left_out):
    """What the worker says of cells that did not run whole; None if a cell ended it or did not come to an end.

    `left_out` then has what to do without the next time, for each cell: the statement that it had come to; after
    a second time all that follow; in the end the whole cell.
    """
    said, ends = [], {}  # the copies of a cell share its time: as many as one likes would take hours
    for place, ((name, source), out) in enumerate(zip(cells, left_out, strict=True)):
        reason = out.get("reason", "")
        if out.get("until") == -1:
            said.append(f"the cell {plain(name, 50)} was left out: {reason}")
            continue
        try:
            request = {"name": name, "source": source, "skip": out.get("skip", []), "until": out.get("until")}
            end = ends.setdefault(name, time.monotonic() + sandbox.SECONDS)
            reply = worker.ask(request, max(end - time.monotonic(), 0.001))
        except sandbox.Stopped as error:
            out["outcome"], out["reason"] = error.outcome, plain(error)
            if sum("reason" in one for one in left_out) > MOST_RESTARTS:
                rest = [one for (other, _), one in zip(cells[place:], left_out[place:], strict=True) if other == name]
                for one in rest:
                    one |= {"outcome": error.outcome, "reason": plain(error), "until": -1}
            elif "until" in out or error.at is None:
                out["until"] = -1
            elif "skip" in out:
                out["until"] = error.at
            else:
                out["skip"] = [error.at]
            return None
        words = reply.get("said")
        words = [plain(one) for one in words[:20]] if isinstance(words, list) else []
        said += [f"{one}: {reason}" if one.endswith("was left out") else one for one in words]
    return said


def run_task(task, worker, random):
    """(outcome, reason) of one task; the reason is "" when it is right."""
    asked = []  # (arguments, answer) of the last calls

    def function(*arguments):
        given = [encode(plain_form(argument)) for argument in arguments]
        try:
            reply = worker.ask(
                {"function": task.function, "arguments": given}, max(end - time.monotonic(), 0.001)
            )
        except sandbox.Stopped as error:
            raise Failed(error.outcome, f"{task.function}: {plain(error)}") from None
        if "stub" in reply:
            itself = reply["stub"] == task.function
            raise Failed("empty", "not written yet" + ("" if itself else f": {plain(reply['stub'], 50)}"))
        if "missing" in reply:
            like = f", but there is {plain(reply['like'], 50)}" if reply.get("like") else ""
            raise Failed("missing", f"there is no function {task.function}{like}")
        if "error" in reply:
            raise Failed("error", f"{task.function} {plain(reply['error'])}")
        if "refused" in reply:
            raise Wrong(plain(reply["refused"]))
        try:
            answer = decode(reply["value"])
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError, AttributeError):
            raise Wrong("what your function returns cannot be read") from None
        asked.append((copy.deepcopy(arguments), answer))
        del asked[:-3]  # large ones need not pile up
        if answer is None:
            raise Wrong(NOTHING)
        if reply.get("changed"):
            raise Wrong(CHANGED)
        return copy.deepcopy(answer)  # a check may do with it what it likes

    drawn = sorted((task.inputs(random) for _ in range(task.calls)), key=size)  # the smallest speaks first
    expected = [reference(task, arguments) for arguments in drawn]  # a failure here is ours: let it out
    end = time.monotonic() + sandbox.SECONDS  # for all calls together
    try:
        with np.errstate(all="ignore"):
            if task.check:
                checked(task, function, asked)
            for arguments, right in zip(drawn, expected, strict=True):
                answer = function(*copy.deepcopy(arguments))
                if not same(answer, right):
                    raise Wrong(told(task, arguments, answer, right))
    except Failed as error:
        return error.outcome, str(error)
    except Wrong as error:
        return "wrong", plain(error, MOST_REASON)
    return "right", ""


def reference(task, arguments):
    """The right answer, which shares no memory with the arguments: what is done to one leaves the other alone."""
    return copy.deepcopy(task.reference(*copy.deepcopy(arguments)))


def checked(task, function, asked):
    """Run the lesson's check; its Wrong gets the call that failed, where one is known."""
    try:
        return task.check.__wrapped__(function)
    except (Failed, NotImplementedError):
        raise
    except Wrong as error:
        words = str(error)
        if words in (NOTHING, CHANGED):
            raise
    except Exception:  # noqa: BLE001  # a check met an answer that it was not made for
        got = kind(asked[-1][1]) if asked else "nothing"
        raise Wrong(f"what your function returns has the wrong form: this is {got}") from None
    failed = ""
    for arguments, answer in asked:
        with contextlib.suppress(Exception):  # the check may ask for more than the reference can do
            right = reference(task, arguments)
            failed = failed if same(answer, right) else f". {called(task, arguments, answer, right)}"
    raise Wrong(words + failed)


def told(task, arguments, answer, right):
    """Why an answer to a random input is wrong, with the input, the answer and what was expected."""
    why = why_wrong(answer, right) or f"{task.function} gives a wrong value"
    return f"{why}. {called(task, arguments, answer, right)}"


def called(task, arguments, answer, right):
    """A call with its answer and the right one, in as many digits as it takes to see them differ."""
    inputs = ", ".join(shown(argument, 90) for argument in arguments)
    given, expected = next(
        (pair for pair in ([shown(value, 110, digits) for value in (answer, right)] for digits in (4, 8)) if pair[0] != pair[1]),
        (shown(answer, 110, 17), shown(right, 110, 17)),
    )
    return f"{task.function}({inputs}) gives {given}, right is {expected}"


def size(value):
    """How many numbers there are in a value."""
    if isinstance(value, tuple | list | dict):
        return sum(map(size, value))
    return np.size(value)


def shown(value, most=110, digits=4):
    """A value in few characters: numbers to 4 digits, the edges of a large array with its shape.

    >>> shown(np.arange(6).reshape(2, 3) / 3), shown({(1, 2): 3})
    ('[[0.0, 0.3333, 0.6667], [1.0, 1.333, 1.667]]', '{(1, 2): 3}')
    """
    if isinstance(value, str | bytes):
        return plain(repr(value[:most]), most)
    if isinstance(value, dict):
        items = [f"{shown(key, 40)}: {shown(value[key], 40, digits)}" for key in itertools.islice(value, 8)]
        return plain(f"{{{', '.join(items + ['…'] * (len(value) > 8))}}}", most)
    array = numbers_of(value)
    if isinstance(value, tuple) or (array is None and isinstance(value, list)):
        items = [shown(item, most // 2, digits) for item in value[:8]] + ["…"] * (len(value) > 8)
        ends = ("(", ",)" if len(value) == 1 else ")") if isinstance(value, tuple) else "[]"
        return plain(ends[0] + ", ".join(items) + ends[1], most)
    if array is None:
        return plain(kind(value), most)
    words = np.array2string(
        array, threshold=16, edgeitems=2, separator=", ", max_line_width=10**6,
        formatter={"float_kind": lambda x: str(float(f"{x:.{digits}g}")), "bool": str},
    )  # fmt: skip
    words = plain(words.replace("...", "…"), most)
    return f"an array of shape {array.shape}, {words}" if array.size > 16 and array.ndim > 1 else words
