"""The capstone: its training is right in any style, a mistake of the loop is named, and else the first wrong piece."""

import inspect
import json
import re

import numpy as np
import pytest

from course_lib import one_page
from course_lib.classroom import sandbox
from course_lib.classroom.remote import mark
from course_lib.classroom.sanitise import text
from course_lib.classroom.tasks import SOURCES
from course_lib.exercises import Wrong, capstone
from course_lib.exercises.capstone import EXERCISES, check_training, training
from course_lib.exercises.judge import judge
from course_lib.exercises.local import local
from tests.exercises.soundness import offences

unusable = sandbox.unusable()
needs_sandbox = pytest.mark.skipif(unusable is not None, reason=f"no sandbox: {unusable}")
NOTEBOOK = json.loads((SOURCES / "capstone" / "capstone.ipynb").read_text(encoding="utf-8"))
(LOOP,) = [text(cell) for cell in NOTEBOOK["cells"] if "def training(" in text(cell)]
LOOP = LOOP[LOOP.index("def training(") :]
PAGE = inspect.getsource(one_page).partition("# %% 10 new_gpt")[0]


def names(*changes):
    """What a notebook holds with the page's functions and the loop, each change a pair of old and new text."""
    code = f"{PAGE}\n\n{LOOP}"
    for old, new in changes:
        assert code.count(old) == 1, f"{old!r} stands {code.count(old)} times"
        code = code.replace(old, new)
    return code


def space_of(code):
    space = {}
    exec(code, space)  # noqa: S102
    return space


def verdict(exercise, code):
    space = space_of(code)
    return judge(
        exercise, local(space[exercise.name]), part=lambda name: local(space[name]) if name in space else None
    )


RIGHT = {
    "the model answer": [],
    "an array of losses": [("return losses", "return np.array(losses)")],
    "a generator": [("losses.append(cross_entropy(logits, targets))", "yield cross_entropy(logits, targets)"),
                    ("    return losses\n", "")],
    "caches of the whole forward": [("logits = gpt(inputs, P, H)", "logits = np.stack([gpt(row[None], P, H)[0] for row in inputs])")],
    "gradients text by text": [
        ("grads = gpt_backward(cross_entropy_backward(logits, targets), inputs, P, H)",
         ("slope = cross_entropy_backward(logits, targets)\n        many = [gpt_backward(slope[i:i + 1], inputs[i:i + 1], P, H) "
          "for i in range(len(inputs))]\n        grads = {name: sum(one[name] for one in many) for name in P}")),
    ],
    "32-bit step numbers": [("t + 1, lr", "np.int32(t + 1), lr")],
    "lists of arrays": [("P, losses = dict(P), []", "P, losses = {name: np.array(x) for name, x in P.items()}, []")],
}  # fmt: skip
WRONG = {
    "not cut": ([("clip_gradients(grads, 1.0)", "(grads, 0)")], "the gradients were not cut"),
    "peak all the time": ([("lr = warmup_cosine(t, peak, warmup, len(starts))", "lr = peak")], "learning rate is peak all the time"),
    "rate of the next step": ([("lr = warmup_cosine(t,", "lr = warmup_cosine(t + 1,")], "that of the step after"),
    "decay forgotten": ([("beta2=0.98, decay=0.1", "beta2=0.98")], "weight decay is adamw_step's default"),
    "beta2 forgotten": ([("beta2=0.98, decay=0.1", "decay=0.1")], "beta2 is adamw_step's default"),
    "m and v anew": ([("grads, _ = clip", "m, v = ({name: 0 * x for name, x in P.items()} for _ in range(2))\n        grads, _ = clip"),
                      ("v[name], t + 1, lr", "v[name], 1, lr")], "m and v begin anew"),
    "nothing is learned": ([("P[name], m[name], v[name] = adamw_step", "_, m[name], v[name] = adamw_step")], "nothing is learned"),
    "targets are inputs": ([("inputs, targets = get_batch(", "inputs, _ = inputs, targets = get_batch("), ("logits = gpt(inputs, P, H)", "targets = inputs\n        logits = gpt(inputs, P, H)")],
                           "the targets are one token later"),
    "one batch": ([("get_batch(tokens, row,", "get_batch(tokens, starts[0],")], "the first batch is used in every step"),
    "uphill": ([("gpt_backward(cross_entropy_backward(logits, targets),", "gpt_backward(-cross_entropy_backward(logits, targets),")], "uphill"),
    "P is changed": ([("P, losses = dict(P), []", "losses = []")], "changed what it was given"),
    "the last loss alone": ([("return losses", "return losses[-1]")], "the shape should be"),
    "steps from 0": ([("v[name], t + 1, lr", "v[name], t, lr")], ""),
    "nothing returned": ([("    return losses\n", "")], "is a return missing"),
    "GELU": ([("np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))", "np.tanh(math.sqrt(2 / math.pi) * (x + 0.44715 * x * x * x))")],
             "gelu is the first of its parts that is not right: the factor is 0.044715"),
    "norm backward": ([("grad_x = (grad_y - grad_y.mean(axis=-1, keepdims=True) -", "grad_x = (grad_y -")], "layer_norm_backward is the first of its parts"),
    "attention backward": ([("weights) / math.sqrt(q.shape[-1])  # (..., T, S)", "weights)")], "attention_backward is the first of its parts"),
    "a helper": ([("return {prefix + name: x", "return {name + prefix: x")], "block_backward is the first of its parts"),
    "the table": ([('grads["wte.weight"] = grad_wte + ', 'grads["wte.weight"] = ')], "gpt_backward is the first of its parts"),
}  # fmt: skip


def test_the_descriptions_are_sound():
    assert list(offences(training)) == []


@pytest.mark.parametrize("style", RIGHT)
def test_right_answers_are_accepted_in_any_style(style):
    assert verdict(training, names(*RIGHT[style])).sentence == ""


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_answers_get_the_message_meant_for_them(mistake):
    changes, says = WRONG[mistake]
    given = verdict(training, names(*changes))
    assert given.outcome == "wrong"
    assert says in given.sentence


def test_most_mistakes_have_a_sentence():
    assert sum(bool(says) for _, says in WRONG.values()) >= 0.9 * len(WRONG)


@pytest.mark.parametrize("whole", EXERCISES[:2], ids=lambda exercise: exercise.name)
def test_the_model_and_its_gradients_name_a_wrong_piece_too(whole):
    given = verdict(whole, names(*WRONG["GELU"][0]))
    assert given.sentence.startswith("gelu is the first of its parts that is not right: ")
    assert verdict(whole, names()).outcome == "right"


def test_the_parts_are_all_that_the_page_needs():
    """In the order of the lessons, and every exercise that the model answer calls, itself or by another."""
    parts = [one.name for one in training.parts]
    assert parts == [name for name in capstone.PIECES if name in parts]
    space, seen, waiting = space_of(names()), set(), ["training"]
    while waiting:
        codes = [space[waiting.pop()].__code__]
        while codes:
            code = codes.pop()
            codes += [one for one in code.co_consts if inspect.iscode(one)]
            new = {name for name in code.co_names if inspect.isfunction(space.get(name))} - seen
            seen |= new
            waiting += new
    assert set(parts) == seen & set(capstone.PIECES)


def test_the_notebook_s_check_finds_the_pieces_beside_the_function(capsys):
    space = space_of(names(*WRONG["GELU"][0]))
    with pytest.raises(Wrong, match="gelu is the first of its parts"):
        check_training(space["training"])
    check_training(space_of(names())["training"])
    assert capsys.readouterr().out == "right\n"


def test_two_right_implementations_agree_far_beyond_the_tolerance():
    arguments = training.cases(np.random.default_rng(3))[-1].arguments
    ours = np.array(space_of(names())["training"](*arguments))
    assert len(ours) == 20
    assert ours[-1] < 0.8 * ours[0]  # it has learned something
    np.testing.assert_allclose(ours, training.reference(*arguments), rtol=1e-11)


@needs_sandbox
@pytest.mark.parametrize("mistake", ["", "not cut", "GELU", "norm backward", "steps from 0", "the table"])
def test_the_grader_says_the_same(mistake):
    """20 steps in 64-bit floats fit well into the seconds of a function."""
    changes = WRONG[mistake][0] if mistake else []
    code = names(*changes)
    with sandbox.Worker() as process:
        process.ask({"name": "cell", "source": code}, 60)
        calls = []

        def ask(request):
            calls.append(request)
            return process.ask(request, 60)

        outcome, reason = mark(training, ask, [7])
    here = verdict(training, code)
    assert outcome == here.outcome
    assert re.sub(" at `.*?`", "", reason) == re.sub(" at `.*?`", "", here.sentence)
    assert mistake or len(calls) == 3 + 1 + 20
