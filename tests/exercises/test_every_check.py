"""What every check has in common: a sentence for each mistake that has nothing to do with its exercise."""

import copy
import importlib
import inspect
import pkgutil
import traceback
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import course_lib.exercises
from course_lib.exercises import Wrong
from tests.conftest import CASES as NAMES
from tests.conftest import exercises
from tests.exercises import answers


def modules(package):
    return [importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]


CHECKS = {
    name: check
    for module in modules(course_lib.exercises)
    for name, check in vars(module).items()
    if name.startswith("check_") and not hasattr(check, "exercise")  # those of a description: test_descriptions.py
}
CASES = modules(answers)
VARIANTS = Counter(check.__name__ for module in CASES for check, _ in module.RIGHT)
MUTANTS = Counter(check.__name__ for module in CASES for check, _, _ in module.WRONG)
ANSWERS = {check.__name__: function for module in CASES for check, function in reversed(module.RIGHT)}


def right_answer(name):
    """The first right answer to an exercise."""
    if name not in ANSWERS:
        pytest.fail(f"{name} has no right answer yet: add three to RIGHT in tests/exercises/answers")
    return ANSWERS[name]


def message(name, function):
    """The check's message to a wrong function: one sentence, without our own doings in it."""
    with np.errstate(all="ignore"), pytest.raises(Wrong) as caught:
        CHECKS[name](function)
    says = str(caught.value)
    assert says and "\n" not in says and "course_lib" not in says and not says.endswith(".")
    return says


def with_numbers(change, answer):
    """The answer with `change` applied to every array or number in it."""
    if isinstance(answer, dict):
        return {key: with_numbers(change, one) for key, one in answer.items()}
    if isinstance(answer, tuple) or isinstance(answer, list) and any(np.ndim(one) for one in answer):
        return type(answer)(with_numbers(change, one) for one in answer)
    return [change(one) for one in answer] if isinstance(answer, list) else change(answer)


def spoil(value):
    """Changes an array or a list where it stands; says whether there was one."""
    if isinstance(value, np.ndarray):
        value[...] = ~value if value.dtype == bool else value + 1
    elif isinstance(value, list):
        value.append(value[0] if value else 0)
    elif isinstance(value, dict):
        value.clear()
    return isinstance(value, np.ndarray | list | dict)


every_check = pytest.mark.parametrize("name", CHECKS)


@every_check
def test_has_mutants_and_variants(name):
    assert MUTANTS[name] >= 5, f"{name} has {MUTANTS[name]} wrong answers in WRONG of tests/exercises/answers, it needs 5"
    assert VARIANTS[name] >= 3, f"{name} has {VARIANTS[name]} right answers in RIGHT of tests/exercises/answers, it needs 3"


@every_check
def test_untouched_stub_gets_one_plain_line(name, capsys):
    def stub(*inputs):
        raise NotImplementedError

    CHECKS[name](stub)
    assert capsys.readouterr().out == "not written yet\n"


def test_a_stub_that_the_answer_calls_is_named(capsys):
    def my_softmax(scores):
        raise NotImplementedError

    CHECKS["check_attention"](lambda q, k, v, mask: my_softmax(q @ k.T) @ v)
    assert capsys.readouterr().out == "not written yet: my_softmax\n"


@every_check
def test_nothing_returned(name):
    assert "is a return missing?" in message(name, lambda *inputs: None)


@every_check
def test_exception_names_its_line_and_itself(name):
    def divides(*inputs):
        return 1 / 0

    assert message(name, divides) == "your function stopped at `return 1 / 0` with ZeroDivisionError: division by zero"

    def asserts(*inputs):
        raise AssertionError

    assert message(name, asserts) == "your function stopped at `raise AssertionError` with AssertionError"


@every_check
def test_interrupted_loop(name):
    def runs_on(*inputs):
        raise KeyboardInterrupt

    asks = "you interrupted your function at `raise KeyboardInterrupt`: is there a loop that never ends?"
    assert message(name, runs_on) == asks


@every_check
def test_wrong_number_of_arguments(name):
    many = 1 + max(len(inspect.signature(right_answer(name)).parameters), 7)
    function = eval(f"lambda {', '.join(f'a{i}' for i in range(many))}: 0")
    assert "missing" in message(name, function)


@every_check
@pytest.mark.parametrize(
    "answer",
    ["abcd", object(), {"a": "b"}, [[1.0], [1.0, 2.0]], 1j, {1, 2}, print],
    ids=lambda answer: type(answer).__name__,  # an id with an address in it differs from process to process
)
def test_wrong_type(name, answer):
    message(name, lambda *inputs: answer)


@every_check
@pytest.mark.parametrize("shape", [(), (0,), (3,), (1, 1, 1, 1, 1)], ids=str)
def test_wrong_shape(name, shape):
    if name != "check_agrees" or shape:  # its answer is one number, and 1 is True
        message(name, lambda *inputs: np.full(shape, 0.987))


@every_check
def test_nan(name):
    with np.errstate(all="ignore"):
        says = message(name, lambda *inputs: with_numbers(lambda one: one * np.nan, right_answer(name)(*inputs)))
    assert "NaN" in says


@every_check
def test_changed_inputs(name, capsys):
    for place in range(len(inspect.signature(right_answer(name)).parameters)):
        seen = []

        def function(*inputs, place=place, seen=seen):
            answer = right_answer(name)(*copy.deepcopy(inputs))
            seen.append(place < len(inputs) and spoil(inputs[place]))
            return answer

        try:
            CHECKS[name](function)
        except Wrong as error:
            assert seen[-1] and "changed what it was given" in str(error)
        else:  # numbers and strings cannot be changed
            assert seen and not any(seen)


@every_check
def test_torch_answer_is_as_good(name, capsys):
    def tensor(one):
        return torch.as_tensor(np.array(one)).requires_grad_(np.asarray(one).dtype == float)

    CHECKS[name](lambda *inputs: with_numbers(tensor, right_answer(name)(*inputs)))
    assert capsys.readouterr().out == "right\n"


@every_check
def test_not_a_function(name):
    assert "without calling it: this is an array of shape (2,)" in message(name, np.zeros(2))


def test_torch_function_on_an_array_gets_a_hint():
    def function(x, t):  # on a line of its own: the message quotes it
        return torch.softmax(x / t, dim=-1)

    assert "torch.from_numpy makes tensors" in message("check_softmax", function)


def test_complex_numbers_are_named():
    right = right_answer("check_softmax")
    assert message("check_softmax", lambda x, t: right(x, t) + 0j) == "expected real numbers, got complex ones"


def test_single_precision_is_told_from_a_mistake():
    right = right_answer("check_softmax")
    assert "64-bit" in message("check_softmax", lambda x, t: (right(x, t) * (1 + 1e-5)).astype(np.float32))


def test_jupyter_shows_the_sentence_and_no_traceback():
    error = Wrong("the mask is inverted")
    assert error._render_traceback_() == ["Wrong: the mask is inverted"]
    assert "the mask is inverted" in "".join(traceback.format_exception(error))


def test_the_summary_counts_what_failed_too():
    wrong, right = (SimpleNamespace(nodeid=f"a.py{test}1]") for _, test in NAMES.values())
    assert exercises({"passed": [wrong, right, right], "failed": [wrong]}) == (
        "mutants: 1 of 2 rejected, variants: 2 of 2 accepted"
    )
    assert exercises({"passed": [SimpleNamespace(nodeid="b.py::test_other")]}) == ""


def test_the_counted_tests_have_these_names():
    for _, test in NAMES.values():
        assert callable(globals()[test.strip(":[")])


@pytest.mark.parametrize("check, function", [case for module in CASES for case in module.RIGHT])
def test_right_answers_are_accepted_in_any_style(check, function, capsys):
    check(function)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize("check, function, says", [case for module in CASES for case in module.WRONG])
def test_wrong_answers_get_the_message_meant_for_them(check, function, says):
    with np.errstate(all="ignore"), pytest.raises(Wrong, match=says) as caught:
        check(function)
    assert "your function stopped" not in str(caught.value)  # that message quotes its line, and with it what it should say
