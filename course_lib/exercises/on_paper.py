"""What is worked out on paper, with numbers (or a text) of the reader's own: the check takes the typed result."""

import numpy as np

from . import Wrong
from .compare import a

__all__ = ["on_paper"]


def on_paper(what, value, example, decimals=3, refuse=lambda *own: None, slips=None, step=None):
    """A check that takes what the reader typed and the numbers it was worked out from: check(typed, *own).

    what      the asked number in words: "the weight of the first score".
    value     (*own) → the number, or a row of numbers.
    example   numbers of the reader's own as they may be, a tuple of arguments; theirs have the same shapes. An
              argument may also be a text.
    decimals  how many are asked for. Paper rounds on the way, so the last one may be off by one.
    refuse    (*own) → a sentence where these numbers will not do ("the scores are all equal"), else None.
    slips     sentence → (*own) → what comes out of that mistake.
    step      (*own) → a sentence with the first step's number, for a result that no slip explains.

    The check prints *right* with more digits, or *nothing typed yet* for None; it raises Wrong with one sentence.

    >>> check = on_paper(
    ...     "the weight of the first score", lambda scores: np.exp(scores[0]) / np.exp(scores).sum(), ([1, 0, 2],),
    ...     slips={"the scores were divided by their sum, without e": lambda scores: scores[0] / scores.sum()},
    ...     step=lambda scores: f"e to the first score is {np.exp(scores[0]):.3f}",
    ... )
    >>> check(None, [1, 0, 2]), check(0.245, [1, 0, 2])
    nothing typed yet
    right: 0.24473
    (None, None)
    >>> for typed in (0.333, 0.24, 0.7, "a quarter"):
    ...     try:
    ...         check(typed, [1, 0, 2])
    ...     except Wrong as wrong:
    ...         print(wrong)
    0.333 is not the weight of the first score: the scores were divided by their sum, without e
    0.24 is right as far as it goes: give 3 decimals
    0.7 is not the weight of the first score: e to the first score is 2.718
    type a number: this is a text
    """
    slips = slips or {}

    def run(typed, *own):
        if typed is None:
            print("nothing typed yet")
            return
        own = _own(own, example)
        if (sentence := refuse(*own)) is not None:
            raise Wrong(sentence)
        right = _evaluated(value, own)
        answer = _numbers(typed, "type a number" if right.ndim == 0 else "type the numbers as a row, [ , ]")
        if right.ndim == 0 and answer.shape == (1,):
            answer = answer[0]  # a row of one number is that number
        if answer.shape != right.shape:
            raise Wrong(
                f"what is asked for, {what}, has the size of {_size(right)}; you typed {_size(answer)}"
            )
        if _agree(answer, right, decimals):
            print(f"right: {_shown(right, decimals)}")
            return
        raise Wrong(_why_not(typed, answer, right, own))

    def _why_not(typed, answer, right, own):
        said = f"{typed} is not {what}"
        for sentence, mistake in slips.items():
            made = _evaluated(mistake, own)
            if _agree(answer, made, decimals) and not _agree(made, right, decimals):
                return f"{said}: {sentence}"
        if any(_agree(answer, np.round(right, fewer), decimals + 2) for fewer in range(1, decimals)):
            return f"{typed} is right as far as it goes: give {decimals} decimals"
        if _agree(-answer, right, decimals):
            return f"{said}: its sign is turned round"
        if (
            right.ndim
            and (wrong := np.flatnonzero(np.abs(answer - right) > _room(decimals))).size < right.size
        ):
            return f"{said}: number {wrong[0] + 1} of them is not right yet"
        return f"{said}: {step(*own)}" if step else said

    run.what, run.value, run.example, run.decimals = what, value, example, decimals
    run.slips, run.step, run.refuse = slips, step, refuse
    return run


def _room(decimals):
    """How far a result may be off: by one in the last decimal; a whole number not at all."""
    return 1.0000001 * 10.0**-decimals if decimals else 0.5


def _agree(one, other, decimals):
    return one.shape == other.shape and bool((np.abs(one - other) <= _room(decimals)).all())


def _evaluated(function, own):
    with np.errstate(all="ignore"):
        return np.asarray(function(*own), dtype=float)


def _own(own, example):
    """The reader's numbers as the example has them: whole numbers stay whole, rows become arrays."""
    if len(own) != len(example):
        raise Wrong(
            f"give the check your result and then your own numbers, as in check(typed, {_call(example)})"
        )
    out = []
    for given, model in zip(own, example, strict=True):
        if isinstance(model, str):
            if not isinstance(given, str):
                raise Wrong(f"a text of your own is asked for, like {model!r}; yours is {a(given)}")
            out.append(given)
            continue
        array, shape = _numbers(given, "your own numbers must be numbers"), np.shape(model)
        if array.shape != shape:
            raise Wrong(f"your own numbers must look like {model!r}; yours are {given!r}")
        whole = np.issubdtype(np.asarray(model).dtype, np.integer) and not shape
        out.append(int(array) if whole and array == np.round(array) else array if shape else float(array))
    return out


def _call(example):
    return ", ".join(repr(one) for one in example)


def _numbers(typed, otherwise):
    try:
        array = np.asarray(typed)
    except ValueError:
        array = None
    if array is None or array.dtype.kind not in "iuf":
        raise Wrong(f"{otherwise}: this is {a(typed)}")
    if not np.isfinite(array).all():
        raise Wrong(f"{otherwise}: {typed} is none that can be written down")
    return array.astype(float)


def _size(array):
    return "one number" if array.ndim == 0 else f"{' × '.join(map(str, array.shape))} numbers"


def _shown(array, decimals):
    """Two digits more than were asked for; whole numbers, asked for without decimals, as such."""
    return (
        np.round(array).astype(int).tolist()
        if decimals == 0
        else (np.round(array, decimals + 2) + 0.0).tolist()
    )
