"""The judge gives one verdict, whether a function is called here or in the sandbox."""

import copy
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import one_page
from course_lib.classroom import sandbox, worker
from course_lib.classroom.remote import Missing, mark, remote
from course_lib.exercises.answers import plain
from course_lib.exercises.calls import MADE, Made
from course_lib.exercises.judge import judge
from course_lib.exercises.local import local
from tests.exercises.test_descriptions import ANSWERS, EXERCISES, MODULES

unusable = sandbox.unusable()
needs_sandbox = pytest.mark.skipif(unusable is not None, reason=f"no sandbox: {unusable}")
NAMING = """
for _kind, _all in (("right", RIGHT), ("wrong", WRONG)):
    for _name, _functions in _all.items():
        for _i, _one in enumerate(_functions):
            globals()[f"{_kind}_{_name}_{_i}"] = _one if callable(_one) else _one[0]
"""


def alike(sentence):
    """A sentence without the line of code that it quotes, and without what only a traceback's place decides."""
    return re.sub(r" at `.*`", "", sentence)


@needs_sandbox
@pytest.mark.parametrize(
    "module, answers", zip(MODULES, ANSWERS, strict=True), ids=[module.__name__[-9:] for module in MODULES]
)
def test_the_sandbox_and_the_lesson_give_one_verdict(module, answers, capsys):
    with sandbox.Worker() as process:
        for name, source in (("answers", inspect.getsource(answers)), ("naming", NAMING)):
            assert process.ask({"name": name, "source": source}, 60) == {"said": []}
        for exercise in module.EXERCISES:
            for kind, functions in (("right", answers.RIGHT), ("wrong", answers.WRONG)):
                for i, one in enumerate(functions[exercise.name]):
                    function = one if callable(one) else one[0]
                    here = judge(exercise, local(function))
                    there = judge(
                        exercise,
                        remote(lambda request: process.ask(request, 60), f"{kind}_{exercise.name}_{i}"),
                    )
                    assert there.outcome == here.outcome == kind, (
                        f"{exercise.name}, {kind} answer {i}: {here}, {there}"
                    )
                    # what keeps something, or draws at random, is in another state there
                    if "another answer" in here.sentence or "random" in function.__code__.co_names:
                        continue
                    assert alike(there.sentence) == alike(here.sentence), (
                        f"{exercise.name}, {kind} answer {i}"
                    )


@needs_sandbox
def test_what_else_a_function_in_the_sandbox_may_be():
    source = """
def softmax(scores, temperature=1.0):
    raise NotImplementedError

def exponentials(scores):
    raise NotImplementedError

def helped(scores, temperature=1.0):
    return exponentials(scores)

def below(scores, temperature=1.0):
    weights = scores
    raise NotImplementedError

def hostile(scores, temperature=1.0):
    return type("Sly", (), {"__array__": lambda self, *a: print})()
"""
    exercise = EXERCISES["softmax"]
    with sandbox.Worker() as process:
        process.ask({"name": "cell", "source": source}, 60)

        def verdict(name):
            return judge(exercise, remote(lambda request: process.ask(request, 60), name))

        assert verdict("softmax").sentence == "not written yet"
        assert verdict("helped").sentence == "not written yet: exponentials"
        assert "delete that line" in verdict("below").sentence
        assert verdict("hostile").outcome == "wrong"
        with pytest.raises(Missing, match="there is no function sofmax, but there is softmax"):
            verdict("sofmax")


@needs_sandbox
@pytest.mark.parametrize(
    "source, outcome, reason",
    [
        (inspect.getsource(one_page.softmax), "right", ""),
        ("def softmax(scores, temperature=1.0):\n    raise NotImplementedError", "empty", "not written yet"),
        ("def softmax(scores, temperature=1.0):\n    return scores", "wrong", "temperature has no effect"),
        (
            "def sofmax(scores):\n    return scores",
            "missing",
            "there is no function softmax, but there is sofmax",
        ),
        ("import os\ndef softmax(scores):\n    os._exit(3)", "crash", "softmax: "),
        ("def softmax(scores):\n    while True: pass", "timeout", "softmax: "),
        (
            "def softmax(scores):\n    raise ValueError('a\\n\\x1b[31m' + 'b' * 9000)",
            "wrong",
            "ValueError: a",
        ),
    ],
    ids=lambda text: text[:12],
)
def test_a_mark_has_an_outcome_and_a_reason(source, outcome, reason):
    with sandbox.Worker() as process:
        process.ask({"name": "cell", "source": "import numpy as np\n" + source}, 60)
        given = mark(
            EXERCISES["softmax"],
            lambda request: process.ask(request, 1 if outcome == "timeout" else 60),
            [7, 7],
        )
    assert given[0] == outcome and reason in given[1]
    assert given[1].isprintable() and len(given[1]) <= 800


@pytest.mark.parametrize("name", MADE)
def test_a_function_can_be_sent(name):
    w, x = np.array([[0.5, -2.0, 3.0]]), np.array([[1.0, 0.25, -1.0]])
    sent = Made(name, w)
    there = worker.decode(worker.encode(sent))
    assert np.array_equal(there(x), sent(x)) and np.array_equal(copy.deepcopy(sent)(x), sent(x))
    assert repr(sent) == f"the function {name}"
    with pytest.raises(ValueError, match="choose one of squares"):
        worker.decode({"made": "softmax", "numbers": 1.0})


@pytest.mark.parametrize("name", EXERCISES)
def test_every_argument_survives_the_way(name):
    random = np.random.default_rng(5)
    cases = [case.arguments for case in EXERCISES[name].cases(np.random.default_rng(0))]
    for arguments in [*cases, *(EXERCISES[name].draw(random) for _ in range(5))]:
        for one in arguments:
            if isinstance(one, Made):
                continue
            there = worker.decode(worker.encode(plain(one)))
            assert type(there) is type(plain(one)) and worker.encode(there) == worker.encode(plain(one))


def test_the_worker_starts_without_the_course():
    """Both files that the sandbox has from the exercises need NumPy alone."""
    code = "import sys; sys.path.insert(0, 'course_lib/exercises'); import answers, calls; print([n for n in sys.modules if 'course' in n])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "[]\n"
