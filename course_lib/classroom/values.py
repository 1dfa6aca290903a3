"""The mark that counts: a student's functions, called in a sandbox, against values computed here."""

import hashlib
import time

from . import sandbox
from .remote import mark
from .sanitise import grade_id, is_test, parts, plain
from .worker import NOT_HERE

MOST_RESTARTS = 4  # cells in which statements may be left out, before whole cells with their copies are
MOST_REASON, MOST_NOTES = 800, 20  # characters, notes on what was left out


def grade_notebook(notebook, tasks, seed, sandboxed=True, notes=None):
    """{grade id: (outcome, reason)} for the tasks, {grade id: Exercise}, of a sanitised notebook.

    outcome: right · wrong · empty (an untouched stub) · missing · crash · timeout. The worker dies with a
    crash or a timeout; the next task gets a new one. The seed, a text or a number, decides the random
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
                outcome, reason = mark(tasks[name], in_time(worker), list(digest))
                ended = outcome in ("crash", "timeout")
                if outcome == "missing" or "is not defined" in reason:
                    reason = "; ".join([reason, *said, *hints])
                if "ModuleNotFoundError" in reason and NOT_HERE not in reason:
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
                rest = [
                    one
                    for (other, _), one in zip(cells[place:], left_out[place:], strict=True)
                    if other == name
                ]
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


def in_time(worker):
    """The worker's `ask`, with the seconds that all calls of one function have together."""
    end = time.monotonic() + sandbox.SECONDS
    return lambda request: worker.ask(request, max(end - time.monotonic(), 0.001))
