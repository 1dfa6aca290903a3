"""What one exercise is: its text, its cases, and the likely mistakes, each written as a wrong function.

The same description makes the check of a lesson (`judge.check`), is what the grader draws its inputs from, and
gives a stub its text. A lecturer's own exercise is written in the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .calls import Made

__all__ = ["PARAMETERS", "Case", "Exercise", "Made", "Slip", "bind", "random_parameters", "sizes"]


@dataclass(frozen=True)
class Case:
    """The arguments of one call. A plain case says what the function is; an extreme tests one promise alone.

    arguments  a tuple, in the order of the function's parameters.
    needs      "" for a plain case, else the promise that this case tests: words that stand in the text.
    hint       what the case is about, for an answer that is wrong here, right in all simpler cases, and
               explained by no slip; that of the first case, for one that is right in some other.
    """

    arguments: tuple
    needs: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Slip:
    """A likely mistake: `answer` makes it, and `says` is the sentence for who gives the same answers.

    Without `needs` the slip must give a learner's answer in every plain case, else in every extreme of that promise.
    """

    answer: Callable
    says: str
    needs: str = ""


@dataclass(frozen=True)
class Exercise:
    """All that a check, a grader and a stub need to know.

    name        of the function; its check is check_<name>.
    lesson      its number.
    text        what is asked, shapes by letters: the stub's docstring.
    reference   a right function; its parameters have the names that the text uses.
    cases       (rng) → list of Case, the simplest first. The check always calls it with the same seed.
    draw        (rng) → arguments of one random call, sizes unequal: what the grader adds.
    axes        the axes of each argument, as in `course_lib.shapes`; "=V" for the size V itself, "" for the rest.
    returns     names of what is returned, where it is more than one thing.
    slips       likely mistakes.
    properties  (call, arguments) → a sentence or None; asked only where no slip explains a wrong answer.
    same        (answer, right) → bool, where equality is not closeness.
    ids         what is whole in the right answer is used as an index, so that floats such as 2.0 are wrong there.
    graded      False for what no value can decide.
    parts       exercises whose functions this one is made of, in order: where it is wrong and no slip says why, the
                first of them that is wrong by itself is named.
    """

    name: str
    lesson: int
    text: str
    reference: Callable
    cases: Callable
    draw: Callable
    axes: tuple = ()
    returns: tuple = ()
    slips: tuple = ()
    properties: tuple = ()
    same: Callable | None = None
    ids: bool = False
    minutes: int = 10
    stars: int = 1
    optional: bool = False
    graded: bool = True
    parts: tuple = ()


# The axes of GPT-2's parameters, by the last two parts of their names.
PARAMETERS = {
    "wte.weight": "V D", "wpe.weight": "C D",
    "c_attn.weight": "D 3D", "c_attn.bias": "3D", "attn.c_proj.weight": "D D", "attn.c_proj.bias": "D",
    "c_fc.weight": "D F", "c_fc.bias": "F", "mlp.c_proj.weight": "F D", "mlp.c_proj.bias": "D",
    "ln_1.weight": "D", "ln_1.bias": "D", "ln_2.weight": "D", "ln_2.bias": "D", "ln_f.weight": "D", "ln_f.bias": "D",
}  # fmt: skip


def bind(axes, arguments):
    """The size of every letter, from the arguments of a call. Sizes of leading axes are under "...".

    >>> bind(("... T D", ""), (np.zeros((2, 3, 5)), 1))
    {'T': 3, 'D': 5, '...': (2,)}
    """
    sizes = {}
    for pattern, argument in zip(axes, arguments, strict=False):
        if pattern.startswith("="):
            sizes[pattern[1:]] = argument
            continue
        named = argument.items() if isinstance(argument, dict) else [(None, argument)]
        for name, array in named:
            letters = (
                pattern if name is None else PARAMETERS.get(".".join(name.split(".")[-2:]), "")
            ).split()
            shape = np.shape(array) if letters else ()
            own = [letter for letter in letters if letter != "..."]
            at = len(shape) - len(own)
            sizes |= {letter: n for letter, n in zip(own, shape[at:], strict=False) if len(letter) == 1}
            if at and letters:
                sizes["..."] = shape[:at]
    return sizes


def sizes(rng, how_many, low=2, high=8):
    """Sizes that all differ, for a draw."""
    return rng.choice(np.arange(low, high), size=how_many, replace=False).tolist()


def random_parameters(rng, shapes):
    """A dict of arrays of these shapes; every vector and every matrix is full of unequal numbers."""
    return {
        name: rng.normal(size=shape) / np.sqrt(shape[0]) + (len(shape) == 1 and name.endswith("weight"))
        for name, shape in shapes.items()
    }
