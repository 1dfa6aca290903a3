"""A function in the sandbox, as the judge of the exercises calls it."""

import re

from course_lib.exercises.answers import plain
from course_lib.exercises.calls import Made
from course_lib.exercises.judge import judge
from course_lib.exercises.local import Reply

from . import sandbox, sanitise
from .worker import decode, encode

DRAWS = 20  # random calls of a mark, besides the cases of the lesson's check


class Missing(Exception):
    """There is no function of that name; the message is a sentence."""


def mark(exercise, ask, seed):
    """(outcome, reason) of one function in the sandbox: the lesson's cases, then random calls of its own seed.

    outcome: right · wrong · empty · missing · crash · timeout. The reason is one line that may be shown anywhere,
    "" when it is right. ask: as in `remote`, with the time that is left to it.
    """
    try:
        verdict = judge(exercise, remote(ask, exercise.name), DRAWS, seed, part=lambda name: part(ask, name))
    except Missing as error:
        return "missing", sanitise.plain(error)
    except sandbox.Stopped as error:
        return error.outcome, f"{exercise.name}: {sanitise.plain(error)}"
    return verdict.outcome, sanitise.plain(verdict.sentence, 800)


def part(ask, name):
    """`remote`, or None where the worker has no function of that name."""
    return None if "missing" in ask({"function": name, "arguments": []}) else remote(ask, name)


def remote(ask, name):
    """`call` for `exercises.judge.judge`: asks a worker for the values of its function `name`.

    ask: takes a request and returns the reply, as `sandbox.Worker.ask`; what it raises is let out. Raises Missing.
    Nothing of the course goes to the worker but the arguments, and what comes back is data.
    """

    def call(*arguments):
        sent = [encode(one if isinstance(one, Made) else plain(one)) for one in arguments]
        reply = ask({"function": name, "arguments": sent})
        if "missing" in reply:
            like = f", but there is {reply['like']}" if reply.get("like") else ""
            raise Missing(f"there is no function {name}{like}")
        if "stub" in reply:
            own = reply["stub"] == name
            return (
                Reply(unreached=True)
                if own and reply.get("above")
                else Reply(stub="" if own else str(reply["stub"])[:50])
            )
        if "refused" in reply:
            return Reply(refused=str(reply["refused"]))
        if "error" in reply:
            return Reply(**_error(str(reply["error"])))
        try:
            return Reply(value=plain(decode(reply["value"])), changed=bool(reply.get("changed")))
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError, AttributeError):
            return Reply(refused="what your function returns cannot be read")

    return call


def _error(said):
    """An exception in the worker's words, "stopped at `line` with Kind: words"."""
    found = re.fullmatch(
        r"stopped(?: at `(?P<line>.*)`)? with (?P<kind>\w+)(?:: (?P<words>.*))?", said, re.DOTALL
    )
    if found is None:
        return {"error": ("Exception", said)}
    return {"error": (found["kind"], found["words"] or ""), "line": found["line"] or ""}
