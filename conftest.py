"""What holds for every test, those that nbval makes of the lessons included."""

import os
import signal
import threading

import pytest

from tests.notebooks.live_state import apart, states

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    # begun in the background of a script, where Ctrl + C is ignored, and by all that is started from here as well
    signal.signal(signal.SIGINT, signal.default_int_handler)

# nothing is kept, and mine.softmax is the course's: stored outputs are the same for everybody
os.environ["MY_GPT"] = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval has run and compared a cell: the stored states of live pictures are close to what the code gives."""
    yield
    # no cell of a lesson, or not compared
    if getattr(item, "test_outputs", None) is None or not item.options["check"]:
        return
    stored, fresh = states(item.cell.outputs), states(item.test_outputs)
    if stored:  # tests/widgets/test_lessons.py asks for it where a live picture stands
        assert len(stored) == len(fresh), (
            f"{len(stored)} live pictures are stored, the code shows {len(fresh)}"
        )
    for one, other in zip(stored, fresh, strict=False):
        assert (problem := apart(one, other)) is None, problem
