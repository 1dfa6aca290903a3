"""Every description is sound, and the judge accepts right answers, rejects wrong ones and names their mistake."""

import importlib
import inspect
import pkgutil
import re
import traceback
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import course_lib.exercises
from course_lib import one_page
from course_lib.exercises import Wrong, judge
from course_lib.exercises.local import local
from tests.conftest import CASES as NAMES
from tests.conftest import exercises
from tests.exercises import plain_answers
from tests.exercises.soundness import offences

FOUND = sorted(
    one.name for one in pkgutil.iter_modules(course_lib.exercises.__path__) if one.name.startswith("lesson_")
)
ALL = {name: importlib.import_module(f"course_lib.exercises.{name}") for name in FOUND}
# the first has a task on paper, and nothing to write
LESSONS = [name for name in FOUND if ALL[name].EXERCISES]
MODULES = [ALL[name] for name in LESSONS]
EXERCISES = {exercise.name: exercise for module in MODULES for exercise in module.EXERCISES}
ANSWERS = [importlib.import_module(f"{plain_answers.__name__}.{name}") for name in LESSONS]
RIGHT = {name: functions for module in ANSWERS for name, functions in module.RIGHT.items()}
WRONG = {name: cases for module in ANSWERS for name, cases in module.WRONG.items()}


def lacks(name):
    """What an exercise still lacks, each with the file that it goes to."""
    file = f"lesson_{EXERCISES[name].lesson:02}.py"
    page, part = inspect.getsource(one_page), f"# %% {EXERCISES[name].lesson:02} {name}"
    check = getattr(ALL[file[:-3]], f"check_{name}", None)
    has = {
        f"check_{name}, below EXERCISES in course_lib/exercises/{file}": getattr(check, "exercise", None) is EXERCISES[name],
        f"its worked solution below {part!r} in course_lib/one_page.py": hasattr(one_page, name) and f"\n{part}\n" in page,
        f"five right answers, RIGHT[{name!r}], in tests/exercises/plain_answers/{file}": len(RIGHT.get(name, ())) >= 5,
        f"eight wrong ones, WRONG[{name!r}], in tests/exercises/plain_answers/{file}": len(WRONG.get(name, ())) >= 8,
    }  # fmt: skip
    return [part for part, is_there in has.items() if not is_there]


every_exercise = pytest.mark.parametrize("name", EXERCISES)
every_whole_one = pytest.mark.parametrize("name", [name for name in EXERCISES if not lacks(name)])
UNKNOWN = re.compile(r"stopped.*: (\w*Error|Exception)\b")  # an exception in its own words
NUMBERS = re.compile(r"should be .*, yours is ")


def verdict(name, function):
    return judge.judge(EXERCISES[name], local(function))


@every_exercise
def test_the_description_is_sound(name):
    found = list(offences(EXERCISES[name]))
    assert not found, "\n".join(found)


@every_exercise
def test_it_has_all_of_its_parts(name):
    assert not lacks(name), "\n".join(["still to be written:", *lacks(name)])


@every_whole_one
def test_right_answers_of_all_styles_pass(name, record_property):
    functions = [getattr(one_page, name), *RIGHT[name]]
    record_property("answers", len(functions))
    assert [verdict(name, function).sentence for function in functions] == [""] * len(functions)


@every_whole_one
def test_wrong_answers_get_one_sentence(name, capsys, record_property):
    record_property("answers", len(WRONG[name]))
    named = 0
    for i, (function, says) in enumerate(WRONG[name]):
        given = verdict(name, function)
        assert given.outcome == "wrong", f"wrong answer {i} ({says}) is accepted"
        assert says in given.sentence, f"wrong answer {i}"
        assert (
            "\n" not in given.sentence
            and not given.sentence.endswith(".")
            and "course_lib" not in given.sentence
        )
        assert "gufunc" not in given.sentence and "could not be broadcast" not in given.sentence
        named += bool(says) or not NUMBERS.search(given.sentence) and not UNKNOWN.search(given.sentence)
    assert named >= 0.7 * len(WRONG[name]), (
        f"{named} of {len(WRONG[name])} wrong answers get a sentence of their own: the others need a slip, or a hint"
    )


def test_seven_of_ten_mistakes_are_named_and_no_exception_is_opaque():
    """Over all exercises; what is not named gets the smallest failing call with its numbers."""
    cases = [(name, function, says) for name, cases in WRONG.items() for function, says in cases]
    unknown, meant_for_another = [], []
    for name, function, says in cases:
        sentence = verdict(name, function).sentence
        if not says and sentence in {slip.says for slip in EXERCISES[name].slips}:
            meant_for_another.append((name, sentence))
        if not says and (NUMBERS.search(sentence) or UNKNOWN.search(sentence)):
            unknown.append((name, sentence))
    assert len(unknown) <= 0.3 * len(cases)
    assert sum(bool(UNKNOWN.search(sentence)) for _, sentence in unknown) <= 0.02 * len(cases)
    assert len(meant_for_another) <= 0.02 * len(cases), meant_for_another
    assert len(cases) > 900


def test_the_summary_counts_what_failed_too():
    def report(test, *properties):
        return SimpleNamespace(nodeid=f"a.py{test}_of_all_styles[1]", user_properties=list(properties))

    wrong, right = (test for _, test in NAMES.values())
    passed = [report(wrong), report(wrong, ("answers", 8)), report(right, ("answers", 6))]
    assert exercises({"passed": passed, "failed": [report(wrong, ("answers", 9))]}) == (
        "wrong answers: 9 of 18 rejected, right ones: 6 of 6 accepted"
    )
    assert exercises({"passed": [SimpleNamespace(nodeid="b.py::test_other", user_properties=[])]}) == ""
    for test in (wrong, right):
        assert sum(name.startswith(test.removeprefix("::")) for name in globals()) == 1


# --- what has nothing to do with the exercise


@every_exercise
def test_a_stub_is_not_written_yet(name, capsys):
    def stub(*arguments):
        """What is asked."""
        raise NotImplementedError

    judge.check(EXERCISES[name])(stub)
    assert capsys.readouterr().out == "not written yet\n"


@every_exercise
def test_a_stub_that_the_answer_calls_is_named(name, capsys):
    def helper():
        raise NotImplementedError("yet")

    judge.check(EXERCISES[name])(lambda *arguments: helper())
    assert capsys.readouterr().out == "not written yet: helper\n"


@every_whole_one
def test_a_raise_left_below_the_body(name):
    def written(*arguments):
        value = getattr(one_page, name)(*arguments)
        print(value)
        raise NotImplementedError

    assert "delete that line" in verdict(name, written).sentence


def test_an_error_of_a_library_is_no_stub():
    def whole(scores, temperature=1.0):
        return torch.softmax(torch.tensor([[1, 2]]), dim=-1)  # torch has none for whole numbers

    given = verdict("softmax", whole)
    assert given.outcome == "wrong" and "NotImplementedError" in given.sentence


@every_whole_one
def test_who_listens_is_told_of_what_is_right(name, capsys, monkeypatch):
    told = []
    monkeypatch.setattr(
        judge, "on_right", [lambda exercise, function: told.append((exercise.name, function))]
    )
    judge.check(EXERCISES[name])(getattr(one_page, name))
    with pytest.raises(Wrong):
        judge.check(EXERCISES[name])(lambda *arguments: "no")
    assert capsys.readouterr().out == "right\n"
    assert told == [(name, getattr(one_page, name))]


@every_exercise
def test_nothing_an_exception_and_an_interruption(name):
    def divides(*arguments):
        return 1 / 0

    def runs_on(*arguments):
        raise KeyboardInterrupt

    def ends(*arguments):
        raise SystemExit("gone")

    assert "is a return missing" in verdict(name, lambda *arguments: None).sentence
    assert (
        verdict(name, divides).sentence
        == "your function stopped at `return 1 / 0`: a number was divided by 0"
    )
    assert "is there a loop that never ends" in verdict(name, runs_on).sentence
    assert "SystemExit" in verdict(name, ends).sentence
    assert "without calling it" in wrong(name, np.zeros(2))


def wrong(name, function):
    with pytest.raises(Wrong) as caught:
        judge.check(EXERCISES[name])(function)
    return str(caught.value)


@every_exercise
@pytest.mark.parametrize(
    "answer",
    [
        "abcd",
        object(),
        {"a": "b"},
        [[1.0], [1.0, 2.0]],
        1j,
        {1, 2},
        print,
        b"a",
        [None],
        (),
        [{}],
        np.array("x"),
        np.nan,
        (1, 2, 3, 4),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_answers_of_a_wrong_kind(name, answer):
    given = verdict(name, lambda *arguments: answer)
    assert given.outcome == "wrong" and given.sentence and "\n" not in given.sentence


@every_exercise
@pytest.mark.parametrize("shape", [(), (0,), (3,), (1, 1, 1, 1, 1)], ids=str)
def test_answers_of_a_wrong_shape(name, shape):
    assert verdict(name, lambda *arguments: np.full(shape, 0.987)).outcome == "wrong"


@every_exercise
def test_changed_arguments(name):
    """Whatever can be changed in place is noticed, though the value is right."""
    for place in range(len(inspect.signature(EXERCISES[name].reference).parameters)):
        spoilt = []

        def function(*arguments, place=place, spoilt=spoilt):
            value = EXERCISES[name].reference(*arguments)
            value = (
                tuple(np.array(one) if isinstance(one, np.ndarray) else one for one in value)
                if isinstance(value, tuple)
                else value
            )
            value = np.array(value) if isinstance(value, np.ndarray) else value  # no view of an argument
            spoilt.append(place < len(arguments) and spoil(arguments[place]))
            return value

        given = verdict(name, function)
        if any(spoilt):
            assert "changed what it was given" in given.sentence
        else:
            assert given.outcome == "right"


def spoil(argument):
    """Changes an array, a list or a dict where it stands; says whether it was one that holds anything."""
    if isinstance(argument, np.ndarray) and argument.size:
        argument.flat[0] = ~argument.flat[0] if argument.dtype == bool else argument.flat[0] + 1
    elif isinstance(argument, list) and argument:
        argument.append(argument[0])
    elif isinstance(argument, dict) and argument:
        argument.popitem()
    else:
        return False
    return True


@every_exercise
def test_lost_digits_memory_and_chance(name):
    right = EXERCISES[name].reference
    sample = right(*EXERCISES[name].draw(np.random.default_rng(0)))
    if isinstance(sample, np.ndarray | np.floating):
        sample = np.asarray(sample)
        if sample.dtype.kind == "f" and EXERCISES[name].same is None:
            assert (
                verdict(name, lambda *arguments: np.asarray(right(*arguments), np.float32)).outcome == "wrong"
            )
            assert verdict(name, lambda *arguments: np.round(right(*arguments), 2)).outcome == "wrong"
            assert (
                verdict(name, lambda *arguments: np.asarray(right(*arguments)).astype(int)).outcome == "wrong"
            )
            assert (
                verdict(name, lambda *arguments: np.asarray(right(*arguments)).astype(str)).outcome == "wrong"
            )
            assert verdict(name, lambda *arguments: right(*arguments) * np.nan).outcome == "wrong"
    calls = []

    def remembers(*arguments):
        calls.append(right(*arguments))
        return calls[-1] if len(calls) == 1 else calls[-2]

    assert verdict(name, remembers).outcome == "wrong"


@every_exercise
def test_a_torch_answer_is_as_good(name):
    right = EXERCISES[name].reference

    def tensor(one):
        one = np.array(one)
        return torch.as_tensor(one).requires_grad_(one.dtype == float)

    def answer(*arguments):
        value = right(*arguments)
        if isinstance(value, tuple):
            return tuple(tensor(one) if isinstance(one, np.ndarray) else one for one in value)
        return tensor(value) if isinstance(value, np.ndarray | float) else value

    assert verdict(name, answer).sentence == ""


@every_exercise
def test_a_wrong_number_of_arguments(name):
    function = eval("lambda a, b, c, d, e, f, g, h, i, j, k, l, m: 0")
    given = verdict(name, function)
    assert (
        given.outcome == "wrong"
        and "missing" in given.sentence
        and f"the check calls {name}(" in given.sentence
    )


def test_jupyter_shows_the_sentence_and_no_traceback():
    error = Wrong("the mask is inverted")
    assert error._render_traceback_() == ["Wrong: the mask is inverted"]
    assert "the mask is inverted" in "".join(traceback.format_exception(error))


def test_torch_on_an_array_gets_a_hint():
    def function(scores, temperature=1.0):
        return torch.softmax(scores / temperature, dim=-1)

    assert "torch.from_numpy makes tensors" in verdict("softmax", function).sentence


def attends_to_batches(q, k, v, mask=None):
    scores = np.einsum("btk,bsk->bts", q, k) / np.sqrt(q.shape[-1])
    weights = one_page.softmax(scores if mask is None else np.where(mask, scores, -np.inf))
    return weights @ v, weights


@pytest.mark.parametrize(
    "name, function",
    [
        ("attention", attends_to_batches),
        ("layer_norm", lambda x, weight, bias, eps=1e-5: (x - x.mean(-1)) / np.sqrt(x.var(-1) + eps) * weight + bias),
        ("rms_norm", lambda x, weight, eps=1e-5: weight * x / np.sqrt((x * x).mean(-1) + eps)),
    ],
)  # fmt: skip
def test_what_need_not_be_given_is_no_hint_for_another_mistake(name, function):
    assert "need not be given" not in verdict(name, function).sentence


@pytest.mark.parametrize(
    "name, function, says",
    [
        ("causal_mask", lambda T, S: np.tri(T, S, S - T, dtype=bool), "S need not be given, and is T: your function stopped"),
        ("apply_rope", lambda x, positions=None: one_page.apply_rope(x, np.arange(1, x.shape[-2] + 1) if positions is None else positions), "positions need not be given"),
        ("softmax", lambda scores, temperature=2.0: one_page.softmax(scores, temperature), "temperature need not be given, and is 1.0: softmax("),
        ("layer_norm", lambda x, weight, bias, eps=1e-3: one_page.layer_norm(x, weight, bias, eps), "eps need not be given, and is 1e-5: layer_norm("),
    ],
)  # fmt: skip
def test_a_default_that_is_another_one_is_named(name, function, says):
    assert verdict(name, function).sentence.startswith(says)


def clips_each(grads, max_norm):
    clipped = {name: one * min(1, max_norm / np.linalg.norm(one)) for name, one in grads.items()}
    return clipped, one_page.clip_gradients(clipped, 1e9)[1]


def keeps_above(logits, targets):
    chosen = np.take_along_axis(one_page.softmax(logits), np.asarray(targets)[..., None], axis=-1)
    return -np.log(np.maximum(chosen, 1e-12)).mean()


def gives_up(ids, merges):
    try:
        return one_page.decode(ids, merges).encode().decode("ascii")
    except UnicodeError:
        return "?"


@pytest.mark.parametrize(
    "name, function", [("clip_gradients", clips_each), ("cross_entropy", keeps_above), ("decode", gives_up)]
)
def test_nothing_is_said_to_have_no_effect_that_has_one(name, function):
    sentence = verdict(name, function).sentence
    assert sentence and "no effect" not in sentence and "always the same" not in sentence


def test_arrays_in_each_others_places_are_named():
    sentence = verdict(
        "softmax_backward", lambda probs, grad: one_page.softmax_backward(grad, probs)
    ).sentence
    assert "once grad and probs change places" in sentence


@pytest.mark.parametrize("name", [name for name, one in EXERCISES.items() if one.ids])
def test_floats_are_no_ids(name):
    def floats(*arguments):
        value = getattr(one_page, name)(*arguments)
        parts = value if isinstance(value, tuple) else (value,)
        parts = tuple(np.asarray(part, float) for part in parts)
        return parts if isinstance(value, tuple) else parts[0]

    assert "a float is no index" in verdict(name, floats).sentence


@pytest.mark.parametrize("fill", [-1e9, -1e30, -np.inf, np.finfo(float).min, -50.0, -999.0, -1e4, -1e5])
@pytest.mark.parametrize("added", [False, True])
def test_a_mask_is_judged_alike_wherever_it_stands(fill, added):
    """A hidden score may become any number far enough below the scores that the texts promise, and no higher one."""

    def attend(q, k, v, mask=None):
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        with np.errstate(all="ignore"):
            hidden = scores + fill if added else fill
        weights = one_page.softmax(scores if mask is None else np.where(mask, scores, hidden))
        return weights @ v, weights

    def head(x, W_Q, W_K, W_V):
        return attend(x @ W_Q, x @ W_K, x @ W_V, one_page.causal_mask(x.shape[-2]))[0]

    def layer(x, p, H):
        parts = np.split(one_page.linear(x, p["c_attn.weight"], p["c_attn.bias"]), 3, axis=-1)
        q, k, v = (one_page.split_heads(part, H) for part in parts)
        heads, _ = attend(q, k, v, one_page.causal_mask(x.shape[-2]))
        return one_page.linear(one_page.merge_heads(heads), p["c_proj.weight"], p["c_proj.bias"])

    def cross(y, x, W_Q, W_K, W_V, allowed):
        return attend(y @ W_Q, x @ W_K, x @ W_V, allowed)[0]

    answers = {"attention": attend, "head": head, "causal_self_attention": layer, "cross_attention": cross}
    given = {name: verdict(name, function).outcome for name, function in answers.items()}
    assert set(given.values()) == {"right" if fill <= -1e9 else "wrong"}, given
