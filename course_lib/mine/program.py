"""What a file of pieces does as a program: it trains the GPT that the pieces are, and lets it write."""

import math
import sys

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar

__all__ = ["evaluate", "main"]

C, D, H, L, STEPS = 32, 48, 4, 2, 600


def main(space, steps=STEPS):
    """Train the GPT whose functions are in `space` on the course's language, and print what it writes.

    space: names → functions, as `vars(course_lib.one_page)`; each step has 16 windows of C = 32 words. The loss is
    printed beside the lowest that any model can reach with as many words (`Grammar.window_floor`). Returns the trained
    parameters and the held-out loss, in nats. Raises ValueError for fewer than 31 steps: the rate rises for 30.
    """
    if steps < 31:
        raise ValueError(f"main: {steps} steps are too few: the learning rate rises for the first 30")
    english, rng = Grammar(ENGLISH), np.random.default_rng(0)
    tokens, held_out = english.stream(100_000, seed=1), english.stream(4_000, seed=2)
    P = space["new_gpt"](english.V, C, D, L, rng)

    def write(temperature):
        ids = space["generate"]([0], np.random.default_rng(3).random(24), P, H, temperature)
        print(f"  at temperature {temperature}: {english.decode(ids[1:])}")

    # The matrices are small: a second thread gains nothing, and beside a busy process two cost four times as much.
    with threadpool_limits(1, "blas"):
        print(f"{sum(x.size for x in P.values()):,} numbers, drawn at random. They write")
        write(1)
        with tqdm(total=steps, file=sys.stdout, unit="step", mininterval=0.5) as bar:
            for loss in space["train"](P, H, tokens, rng, steps):
                bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
                bar.update()
        loss, floor = evaluate(space, P, H, held_out), english.window_floor(C)
        print(f"Loss on text it has not seen: {loss:.3f} nats a word, from ln {english.V} = {math.log(english.V):.3f}")
        print(f"at the start; no model gets below {floor:.3f}. Now the same numbers write")
        for temperature in (0.5, 1, 2):
            write(temperature)
    return P, loss


def evaluate(space, P, H, tokens):
    """Mean loss, in nats, of the `gpt` in `space` on tokens (N,), cut into windows that stand side by side.

    >>> from course_lib import one_page
    >>> P = one_page.new_gpt(5, 8, 4, 1, np.random.default_rng(0))
    >>> 1.5 < evaluate(vars(one_page), P, 2, np.arange(200) % 5) < 1.8     # about ln 5: it knows nothing yet
    True
    """
    context = len(P["wpe.weight"])
    inputs, targets = space["get_batch"](tokens, np.arange(0, len(tokens) - context, context), context)
    return float(space["cross_entropy"](space["gpt"](inputs, P, H), targets))
