"""The mark that counts: a student's functions, called in a sandbox, against values computed here."""

import time

import numpy as np

from course_lib.exercises import Wrong

from . import sandbox
from .sanitise import grade_id, is_test, plain, text
from .worker import decode, encode


class Failed(Exception):
    """No value came back; `outcome` is crash, timeout, error or missing."""

    def __init__(self, outcome, reason):
        super().__init__(reason)
        self.outcome = outcome


def grade_notebook(notebook, tasks, seed, sandboxed=True):
    """{grade id: (outcome, reason)} for the tasks of a sanitised notebook.

    outcome: right · wrong · empty (an untouched stub) · missing · error · crash · timeout. The worker dies
    with a crash or a timeout; the next task gets a new one.
    """
    cells = [
        (grade_id(cell) or cell["id"], text(cell))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not is_test(cell)
    ]
    results, waiting = {}, list(tasks)
    while waiting:
        with sandbox.Worker(sandboxed) as worker:
            try:
                loaded = worker.ask({"cells": cells})
            except sandbox.Stopped as error:
                reason = f"the cells did not run to their end: {plain(error)}"
                return {**results, **{name: (error.outcome, reason) for name in waiting}}
            while waiting:
                name = waiting.pop(0)
                random = np.random.default_rng([seed, *name.encode()])
                results[name] = run_task(tasks[name], worker, random, loaded.get("errors"))
                if results[name][0] in ("crash", "timeout"):
                    break
    return results


def run_task(task, worker, random, errors):
    """(outcome, reason) of one task; the reason is "" when it is right."""
    def function(*arguments):
        request = {"function": task.function, "arguments": [encode(argument) for argument in arguments]}
        try:
            reply = worker.ask(request, max(end - time.monotonic(), 0.001))
        except sandbox.Stopped as error:
            raise Failed(error.outcome, f"{task.function}: {plain(error)}") from None
        if "stub" in reply:
            raise NotImplementedError
        if "missing" in reply:
            why = "; ".join(
                f"the cell {plain(k, 50)} raised {plain(v)}" for k, v in dict(errors or {}).items()
            )
            other = f", but there is {plain(reply['like'], 50)}" if reply.get("like") else ""
            raise Failed("missing", f"there is no function {task.function}{other}{why and ': '}{why}")
        if "error" in reply:
            raise Failed("error", f"{task.function} raised {plain(reply['error'])}")
        try:
            for i, after in reply.get("changed", []):  # so that a check sees what was done to its arguments
                arguments[i][... if isinstance(arguments[i], np.ndarray) else slice(None)] = decode(after)
            return decode(reply["value"])
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
            raise Wrong("the answer is neither a number nor an array, a list or a dict of numbers") from None

    drawn = [task.inputs(random) for _ in range(task.calls)]
    expected = [task.reference(*arguments) for arguments in drawn]  # a failure here is ours: let it out
    end = time.monotonic() + sandbox.SECONDS  # for all calls together
    try:
        with np.errstate(all="ignore"):
            if task.check:
                task.check.__wrapped__(function)
            for arguments, right in zip(drawn, expected, strict=True):
                if not same(function(*arguments), right):
                    shapes = ", ".join(str(np.shape(a)) if np.ndim(a) else plain(a, 60) for a in arguments)
                    raise Wrong(f"{task.function} gives a wrong value for random inputs ({plain(shapes)})")
    except NotImplementedError:
        return "empty", "not written yet"
    except Failed as error:
        return error.outcome, str(error)
    except Wrong as error:
        return "wrong", plain(error)
    except Exception as error:  # noqa: BLE001  # a check met an answer that it was not made for
        return "wrong", f"the answer cannot be compared ({type(error).__name__})"
    return "right", ""


def same(answer, right):
    """Equal in kind, shape and value to 5 digits. Lists, tuples and arrays are one kind; NaN equals nothing."""
    if isinstance(right, dict):
        return isinstance(answer, dict) and answer == right
    if isinstance(right, tuple):
        return (
            isinstance(answer, tuple | list) and len(answer) == len(right) and all(map(same, answer, right))
        )
    if isinstance(answer, dict | str | type(None)):
        return False
    answer, right = np.asarray(answer), np.asarray(right)
    if answer.shape != right.shape or answer.dtype.kind not in "biuf":
        return False
    if (answer.dtype == bool) != (right.dtype == bool):
        return False
    return bool(np.allclose(answer, right, rtol=1e-5, atol=1e-8))
