"""What makes a description sound, as sentences about what is wrong with one."""

import copy
import inspect
import re
import warnings
from itertools import combinations

import numpy as np

from course_lib.exercises import answers
from course_lib.exercises.description import bind
from course_lib.exercises.judge import SEED
from course_lib.exercises.values import alike, blurred


def outcome(function, arguments, needs):
    """What a wrong function gives for the arguments; an exception is an outcome too."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = answers.plain(function(*copy.deepcopy(arguments)))
        except Exception as error:  # noqa: BLE001  a slip may fail
            return "raised", type(error).__name__
    return "gave", blurred(value) if needs else value


def equal(exercise, a, b):
    if a[0] != b[0] or a[0] == "raised":
        return a == b
    same = exercise.same or answers.same
    try:
        return same(a[1], b[1]) or alike(a[1], b[1])
    except Exception:  # noqa: BLE001  a slip of another form is no right answer
        return False


def offences(exercise):
    """Sentences about an unsound description."""
    cases = exercise.cases(np.random.default_rng(SEED))
    again = exercise.cases(np.random.default_rng(SEED))
    yield from (f"case {i} differs from call to call" for i, (a, b) in enumerate(zip(cases, again, strict=True))
                if not all(map(same_argument, a.arguments, b.arguments)))  # fmt: skip
    for needs in {case.needs for case in cases} - {""}:
        if needs not in " ".join(exercise.text.split()):
            yield f"no text promises: {needs}"
    for name in inspect.signature(exercise.reference).parameters:
        if not re.search(rf"\b{name}\b", exercise.text):
            yield f"the text does not speak of {name}"
    if not any(not case.needs for case in cases):
        yield "there is no plain case"
    for slip in exercise.slips:
        if slip.needs not in {case.needs for case in cases}:
            yield f"no case tests {slip.needs!r}"
    for needs in {slip.needs for slip in exercise.slips}:
        asked = [case.arguments for case in cases if case.needs == needs]
        right = [outcome(exercise.reference, one, needs) for one in asked]
        yield from (f"the reference fails in a case: {error}" for kind, error in right if kind == "raised")
        slips = [slip for slip in exercise.slips if slip.needs == needs]
        gave = [[outcome(slip.answer, one, needs) for one in asked] for slip in slips]
        for slip, given in zip(slips, gave, strict=True):
            if all(equal(exercise, a, b) for a, b in zip(given, right, strict=True)):
                yield f"a slip is right: {slip.says}"
            if all(kind == "raised" for kind, _ in given):
                yield f"a slip raises everywhere ({given[0][1]}): {slip.says}"
        for (one, a), (two, b) in combinations(zip(slips, gave, strict=True), 2):
            if one.says != two.says and all(equal(exercise, x, y) for x, y in zip(a, b, strict=True)):
                yield f"two slips give the same: {one.says} | {two.says}"
        for slip in slips:  # a slip that stands for an extreme is right in every plain case
            if needs and not all(
                equal(exercise, outcome(slip.answer, case.arguments, ""), outcome(exercise.reference, case.arguments, ""))
                for case in cases if not case.needs
            ):  # fmt: skip
                yield f"a slip of an extreme is wrong in a plain case: {slip.says}"
    random = np.random.default_rng(1)
    for _ in range(20):
        arguments = exercise.draw(random)
        with np.errstate(all="raise", under="ignore"):
            if outcome(exercise.reference, arguments, "")[0] != "gave":
                yield "the reference fails in a draw"
    yield from sizes_offences(exercise, cases)
    for slip in exercise.slips:
        if slip.says.endswith(".") or "\n" in slip.says or not slip.says:
            yield f"the sentence of a slip is one line without a full stop at its end: {slip.says!r}"


def sizes_offences(exercise, cases):
    """Sizes of plain cases are pairwise different, and neither 4 nor a square, else a slip may hide in a size."""
    for i, case in enumerate(cases):
        sizes = {letter: n for letter, n in bind(exercise.axes, case.arguments).items() if letter != "..."}
        if case.needs or not sizes:
            continue
        values = list(sizes.values())
        if len(set(values)) < len(values) or any(n in (4, 9, 16) for n in values):
            yield f"sizes of a plain case differ, and none is 4, 9 or 16, but those of case {i} are {sizes}"


def same_argument(a, b):
    return alike(a, b)
