"""A function of this process, as the judge calls it: what it gives, or why it gives nothing."""

import copy
import linecache
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .answers import Refused, plain
from .calls import unwritten
from .values import alike

__all__ = ["Reply", "local"]


@dataclass
class Reply:
    """What came of one call: a value, or why there is none."""

    value: object = None
    error: tuple = ()  # (name of the exception's class, its words)
    line: str = ""  # of the learner's code, where the error left it
    stub: str | None = None  # the name of what is not written yet
    unreached: bool = False  # the function's own `raise NotImplementedError` stands below a body
    changed: bool = False  # the arguments were changed
    interrupted: bool = False
    refused: str = ""  # the sentence for an answer of a kind that is never right


def local(function):
    """`call` for `judge`: the function is called here, and what it raises is caught."""

    def call(*arguments):
        before = copy.deepcopy(arguments)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = plain(function(*arguments))
        except Refused as error:
            return Reply(refused=str(error))
        except NotImplementedError as error:
            return _not_implemented(function, error)
        except KeyboardInterrupt as error:
            return Reply(interrupted=True, line=_line(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  the learner's
            return Reply(error=(type(error).__name__, _words(error)), line=_line(error))
        return Reply(value=value, changed=not alike(list(arguments), list(before)))

    return call


def _not_implemented(function, error):
    """A stub, a stub that the function calls, a `raise` left below a body, or an ordinary error."""
    found = unwritten(error)
    if found is None:
        return Reply(error=(type(error).__name__, _words(error)), line=_line(error))
    code, above = found
    own = code is getattr(function, "__code__", None)
    return Reply(unreached=True) if own and above else Reply(stub="" if own else code.co_name)


def _words(error):
    try:
        return str(error)[:500]
    except Exception:  # noqa: BLE001
        return ""


def _line(error):
    """The line of the learner's function at which the exception left it, where there is one."""
    frame = error.__traceback__.tb_next  # None where the call itself failed
    while frame and Path(frame.tb_frame.f_code.co_filename).parent == Path(__file__).parent:
        frame = frame.tb_next  # a check may stand between, as those of the autograd engine do
    return frame and linecache.getline(frame.tb_frame.f_code.co_filename, frame.tb_lineno).strip()[:120] or ""
