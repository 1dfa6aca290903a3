"""The judge of all exercises: one function's answers against one description, in a lesson and in the grader.

Plain cases speak together: a slip is named only if it gives the learner's answer in every one of them. Each extreme
tests one promise of the text, and speaks only when the plain cases are right. What no slip explains gets the
smallest failing call with its numbers.

Long because a verdict is found in one order, read from top to bottom.
"""

import copy
import inspect
import warnings
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from . import Wrong, answers, compare, graded
from .answers import CHANGED, NOTHING, kind, plain
from .description import Exercise, bind
from .local import local
from .sentences import explain
from .values import alike, another, blurred, holds, in_one_line, shown, without_error

__all__ = ["Verdict", "check", "judge", "on_right"]

SEED, DRAWS = 20170612, 8  # the cases of a description are the same for everybody; so are a lesson's draws
on_right = []  # called with (exercise, function) after a check has printed "right"


@dataclass(frozen=True)
class Verdict:
    """outcome: right · wrong · empty (not written yet). sentence: "" when right; neither full stop nor line break."""

    outcome: str
    sentence: str = ""


class _Found(Exception):
    """A verdict, from inside."""


def check(exercise, call_of=local):
    """The check of a lesson: takes the learner's function and prints right, or not written yet.

    Raises Wrong, with one sentence, for a wrong answer. `call_of(function)` is what is judged, where that is not the
    function itself but what its answer does. A whole exercise, as you may write one yourself:

    >>> from course_lib.exercises.description import Case, Slip
    >>> double = Exercise(
    ...     "double", 4, "Twice x (T,), entry by entry.", reference=lambda x: 2 * x,
    ...     cases=lambda rng: [Case((np.array([1.0, 3.0]),)), Case((rng.normal(size=5),))],
    ...     draw=lambda rng: (rng.normal(size=rng.integers(1, 9)),),
    ...     slips=(Slip(lambda x: x + 2, "2 was added: multiply"), Slip(lambda x: x * x, "that is the square")),
    ... )
    >>> check(double)(lambda x: x + x)
    right
    >>> judge(double, local(lambda x: x + 2)).sentence, judge(double, local(lambda x: 3 * x)).sentence
    ('2 was added: multiply', 'double([1., 3.]): it should be [2., 6.], yours is [3., 9.]')
    """

    def run(function):
        if not callable(function):
            raise Wrong(f"give the check your function itself, without calling it: this is {kind(function)}")
        beside = getattr(function, "__globals__", {})
        verdict = judge(
            exercise, call_of(function), part=lambda name: local(beside[name]) if name in beside else None
        )
        if verdict.outcome == "wrong":
            raise Wrong(verdict.sentence)
        print(verdict.sentence or "right")
        if verdict.outcome == "right":
            graded.warn(function)
            for call in on_right:
                call(exercise, function)

    run.__name__ = run.__qualname__ = f"check_{exercise.name}"
    run.__doc__ = exercise.text
    run.exercise = exercise
    return run


def judge(exercise: Exercise, call, draws=DRAWS, seed=SEED, part=lambda name: None):
    """The verdict on a function. `call(*arguments)` → Reply: `local(function)`, or one that asks another process.

    draws, seed: how many random calls follow the cases, and their seed. part: name → `call` of the function of that
    name beside this one, or None where there is none.
    """
    try:
        return _Judge(exercise, call, part).verdict(draws, seed)
    except _Found as found:
        return Verdict(*found.args)


class _Judge:
    """One judgement; its state is what has been called so far."""

    def __init__(self, exercise, call, part):
        self.exercise, self.call, self.part = exercise, call, part

    def equal(self, answer, right):
        """Whether an answer is right; an exercise's own rule need not be made for answers of every form."""
        return self.equal_in_value(answer, right) and not self.floats_for_ids(answer, right)

    def floats_for_ids(self, answer, right):
        return self.exercise.ids and compare.floats_for_ids(answer, right)

    def equal_in_value(self, answer, right):
        try:
            return bool((self.exercise.same or answers.same)(answer, right))
        except Exception:  # noqa: BLE001
            return False

    def verdict(self, draws, seed):
        cases = self.exercise.cases(np.random.default_rng(SEED))
        self.plain_cases([case for case in cases if not case.needs])
        for needs in dict.fromkeys(case.needs for case in cases if case.needs):
            self.extremes([case for case in cases if case.needs == needs], needs)
        random = np.random.default_rng(seed)
        for _ in range(draws):
            arguments = self.exercise.draw(random)
            reply, right = self.ask(arguments), self.right(arguments)
            if not self.fits(reply, right):
                self.last_resort([(arguments, reply, right)])
        return Verdict("right")

    # --- asking

    def ask(self, arguments):
        """The reply to one call; what has nothing to do with the exercise ends the judgement here."""
        reply = self.call(*copy.deepcopy(arguments))
        if reply.unreached:
            raise _Found(
                "wrong",
                "your function is written, and its last line still raises NotImplementedError: delete that line",
            )
        if reply.stub is not None:
            other = reply.stub not in ("", self.exercise.name)
            raise _Found("empty", f"not written yet: {reply.stub}" if other else "not written yet")
        at = f" at `{reply.line}`" if reply.line else ""
        if reply.interrupted:
            raise _Found("wrong", f"you interrupted your function{at}: is there a loop that never ends?")
        if reply.refused:
            raise _Found("wrong", reply.refused)
        if not reply.error and reply.value is None:
            raise _Found("wrong", NOTHING)
        if reply.changed:
            raise _Found("wrong", CHANGED)
        return reply

    def right(self, arguments):
        with np.errstate(all="ignore"):
            return plain(self.exercise.reference(*copy.deepcopy(arguments)))

    def fits(self, reply, right):
        return not reply.error and self.equal(reply.value, right)

    # --- the two kinds of cases

    def plain_cases(self, cases):
        asked = [(case.arguments, self.ask(case.arguments), self.right(case.arguments)) for case in cases]
        first, again = asked[0][1], self.ask(asked[0][0])
        if without_error(first, again) and not alike(first.value, again.value):
            self.wrong(
                "your function gives another answer when it is called again with the same arguments: it keeps something "
                "from one call to the next (a list or dict as default, or outside the function), or draws at random"
            )
        failed = [one for one in asked if not self.fits(*one[1:])]
        if not failed:
            return
        self.same_for_all(failed)
        self.slips(asked, failed, "")
        hint = next(case.hint for case, one in zip(cases, asked, strict=True) if one is failed[0])
        some_right = len(failed) < len(asked)  # then it is what is special in this case that went wrong
        hint = self.left_out(failed, hint if some_right or asked[0] is not failed[0] else "")
        self.last_resort(failed, hint, asked)

    def extremes(self, cases, needs):
        asked = [(case.arguments, self.ask(case.arguments), self.right(case.arguments)) for case in cases]
        failed = [one for one in asked if not self.fits(*one[1:])]
        if failed:
            self.slips(asked, failed, needs)
            self.last_resort(failed, f"this must hold too: {needs}")

    # --- finding the sentence

    def left_out(self, failed, hint):
        """The hint for a call that leaves arguments out: it speaks of them only where they are what goes wrong.

        That is so where the answer is right with the default given, or in all calls that give more than this one.
        """
        arguments, _, right = failed[0]
        parameters = list(inspect.signature(self.exercise.reference).parameters.values())[len(arguments) :]
        given = arguments
        for name, default in [(one.name, one.default) for one in parameters if one.default is not None]:
            given = (*given, default)
            if self.fits(self.call(*copy.deepcopy(given)), right):
                says = f"{name} need not be given, and is {f'{default}'.replace('e-0', 'e-')}"
                return hint if hint.startswith(says) else says
        elsewhere = any(len(others) > len(arguments) for others, _, _ in failed)
        return "" if elsewhere and "need not be given" in hint else hint

    def same_for_all(self, failed):
        """Mistakes that every exercise knows: parts in another order, rounding, too few bits."""
        values = [(reply.value, right) for _, reply, right in failed if not reply.error]
        for says in (
            lambda *one: compare.another_order(*one, self.exercise.returns, self.equal),
            compare.rounded,
            lambda *one: (
                compare.FLOAT_IDS if self.equal_in_value(*one) and self.floats_for_ids(*one) else None
            ),
        ):
            found = [says(*one) for one in values]
            if values and len(values) == len(failed) and all(found):
                self.wrong(found[-1])

    def slips(self, asked, failed, needs):
        """Name the first slip that explains every answer; where both raise the same, that is an answer too.

        If there is none, and the first failing call gave something, the first that explains all that was returned:
        a later call that stops is a second mistake.
        """
        if all(reply.error for _, reply, _ in failed):
            return
        slips = [slip for slip in self.exercise.slips if slip.needs == needs]
        returned = [] if failed[0][1].error else [one for one in asked if not one[1].error]
        for among in filter(None, (asked, returned)):
            for slip in slips:
                if all(self.explains(slip, arguments, reply) for arguments, reply, _ in among):
                    self.wrong(slip.says)

    def explains(self, slip, arguments, reply):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                mistaken = plain(slip.answer(*copy.deepcopy(arguments)))
            except Exception as error:  # noqa: BLE001  a mistake may fail
                return bool(reply.error) and reply.error[0] == type(error).__name__
        if reply.error:
            return False
        rough = slip.needs or holds(reply.value, np.isnan)
        value, mistaken = (blurred(one) if rough else one for one in (reply.value, mistaken))
        return self.equal(value, mistaken) or alike(value, mistaken)

    def last_resort(self, failed, hint="", asked=()):
        """An exception, a wrong form, an argument without effect, or the smallest failing call with its numbers.

        asked: all plain cases, where one of them failed. Where none did, every argument has its effect and its place.
        """
        self.first_wrong_part()
        if asked:
            self.changed_places(failed)
        arguments, reply, right = failed[0]
        letters = self.letters(arguments)
        if reply.error:
            call = f"{self.exercise.name}({', '.join(self.parameters())})"
            # a wrong number of arguments is that of the check's own call only where no line of the learner's was reached
            said = explain(*reply.error, letters, self.names(arguments), "" if reply.line else call)
            at = f" at `{reply.line}`" if reply.line else ""
            if ".transpose(-" in reply.line:
                said += (
                    " (x.transpose(-2, -1) swaps two axes in PyTorch; in NumPy that is x.swapaxes(-2, -1))"
                )
            self.wrong(f"{hint}{hint and ': '}your function stopped{at}: {said}")
        if (says := compare.form(reply.value, right, letters, self.exercise.returns)) is not None:
            self.wrong(says)
        for ask in self.exercise.properties:
            if (says := ask(lambda *arguments: self.ask(arguments).value, arguments)) is not None:
                self.wrong(says)
        strange = holds(reply.value, lambda x: ~np.isfinite(x)) and not holds(
            right, lambda x: ~np.isfinite(x)
        )
        if asked and not strange and (name := self.without_effect(failed)) is not None:
            self.wrong(f"{name} has no effect: your answer is the same whatever it is")
        replies = [one for _, one, _ in asked]
        if (
            len(replies) > 1
            and without_error(*replies)
            and all(alike(replies[0].value, one.value) for one in replies)
        ):
            self.wrong(
                "your answer is always the same: does it use a name of the notebook in place of its arguments?"
            )
        if compare.whole_numbers(reply.value, right):
            self.wrong(
                "your answer holds whole numbers alone: what is written into an array of whole numbers is cut, "
                "and np.zeros(shape) makes one of floats"
            )
        if compare.fractions(reply.value, right):
            self.wrong("whole numbers are expected, as ids are, and yours have digits behind the point")
        if strange and holds(reply.value, np.isnan):
            hint = hint or "your answer holds NaN, from 0/0, ∞ − ∞, 0 · ∞, or a logarithm or root below 0"
        elif strange:
            hint = (
                hint
                or "your answer holds ∞, from a division by 0, a logarithm of 0, or an exponential too large"
            )
        self.wrong(f"{hint}{hint and ': '}{self.numbers(*failed[0])}")

    def first_wrong_part(self):
        """Name the first function that this one is made of and that is wrong by itself."""
        for exercise in self.exercise.parts:
            call = self.part(exercise.name)
            verdict = judge(exercise, call) if call else Verdict("right")
            if verdict.outcome == "wrong":
                self.wrong(f"{exercise.name} is the first of its parts that is not right: {verdict.sentence}")

    def changed_places(self, failed):
        """Name two arrays that stand in each other's places: once they change places, every answer is right."""
        names = self.parameters()

        def right_after(i, j):
            for arguments, _, right in failed:
                swapped = list(arguments)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                if not self.fits(self.call(*copy.deepcopy(swapped)), right):
                    return False
            return True

        arrays = [i for i, one in enumerate(failed[0][0]) if isinstance(one, np.ndarray)]
        for i, j in combinations(arrays, 2):
            if right_after(i, j):
                self.wrong(
                    f"your answer is right once {names[i]} and {names[j]} change places, in the body or in the "
                    f"brackets behind the name: the check calls {self.exercise.name}({', '.join(names)})"
                )

    def without_effect(self, failed):
        """The name of an argument that may change without changing the answer, though it should."""
        first, last = failed[0], failed[-1]
        for i, name in enumerate(self.parameters()[: len(last[0])]):
            if self.no_effect(i, *last) and (i >= len(first[0]) or self.no_effect(i, *first)):
                return name
        return None

    def no_effect(self, i, arguments, reply, right):
        """Whether another argument i would have to change the answer, and does not."""
        other = another(arguments[i])
        if other is None or reply.error:
            return False
        changed = (*arguments[:i], other, *arguments[i + 1 :])
        try:
            if self.equal(self.right(changed), right):
                return False
        except Exception:  # noqa: BLE001  the reference refuses this change
            return False
        asked = self.ask(changed)
        return not asked.error and alike(asked.value, reply.value)

    def numbers(self, arguments, reply, right):
        """The failing call, what it should give, and what it gives."""
        letters = self.letters(arguments)
        where, got, wanted = compare.first_difference(reply.value, right, self.equal, self.exercise.returns)
        said = ", ".join(
            shown(argument, letters, name)
            for name, argument in zip(self.parameters(), arguments, strict=False)
        )
        values = [in_one_line(wanted), in_one_line(got)]
        if values[0] == values[1]:
            values = [in_one_line(wanted, 10), in_one_line(got, 10)]
        return f"{self.exercise.name}({said}): {where or 'it'} should be {values[0]}, yours is {values[1]}"

    def parameters(self):
        return list(inspect.signature(self.exercise.reference).parameters)

    def letters(self, arguments):
        sizes = bind(self.exercise.axes, arguments)
        found = {}
        for letter, size in sizes.items():
            if letter != "..." and size > 1:
                found[size] = "" if size in found else letter
        return {size: letter for size, letter in found.items() if letter}

    def names(self, arguments):
        return [key for one in arguments if isinstance(one, dict) for key in list(one)[:6]]

    def wrong(self, sentence):
        raise _Found("wrong", " ".join(sentence.split()))
