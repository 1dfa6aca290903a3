"""What my_gpt.py does as a program: it trains the GPT that its pieces are, or continues a sentence with GPT-2's weights."""

import argparse
import math
import sys

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.terminal import show_any_text

from .report import whose

__all__ = ["continue_text", "evaluate", "main", "train_and_write"]

C, D, H, L, STEPS, WARMUP = 32, 48, 4, 2, 600, 30


def main(space, arguments=None):
    """Run a file's pieces as a program; `python my_gpt.py --help` says what can be asked for.

    space: names → functions, `globals()` of the file. Ends with one sentence for a folder without GPT-2's files.
    """
    show_any_text()
    parser = argparse.ArgumentParser(
        description="Train the GPT in this file on the course's language and let it write."
    )
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of training (default {STEPS})")
    parser.add_argument(
        "--gpt2", metavar="FOLDER", help="continue a sentence with the weights of GPT-2 in this folder"
    )
    parser.add_argument(
        "--prompt", default="The river", help="the sentence to continue (default: %(default)s)"
    )
    parser.add_argument("--tokens", type=int, default=20, help="how many to write (default 20)")
    options = parser.parse_args(arguments)
    own, borrowed = whose(space)
    if borrowed:
        print(f"{len(own)} of {len(own + borrowed)} pieces are yours; borrowed: {', '.join(borrowed)}")
    try:
        if options.gpt2 is None:
            train_and_write(space, options.steps)
        else:
            print(continue_text(space, options.gpt2, options.prompt, options.tokens))
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "\nstopped\n")


def train_and_write(space, steps=STEPS):
    """Train the GPT whose functions are in `space` on the course's language, and print what it writes.

    space: names → functions, as `vars(course_lib.one_page)`; each step has 16 windows of C = 32 words. The loss is
    printed beside the lowest that any model can reach with as many words (`Grammar.window_floor`). Returns the trained
    parameters and the held-out loss, in nats. Raises ValueError for fewer than 31 steps: the rate rises for 30.
    """
    if steps <= WARMUP:
        raise ValueError(f"{steps} steps are too few: the learning rate rises for the first {WARMUP}")
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
            for loss in space["train"](P, H, tokens, rng, steps, warmup=WARMUP):
                bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
                bar.update()
        loss, floor = evaluate(space, P, H, held_out), english.window_floor(C)
        print(f"Loss on text it has not seen: {loss:.3f} nats a word. It began near ln {english.V} =")
        print(f"{math.log(english.V):.3f}, and no model gets below {floor:.3f}. Now the same numbers write")
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


def continue_text(space, folder, prompt, tokens=20, temperature=0.8, seed=0):
    """The prompt and what the `generate` in `space` writes after it with the weights of GPT-2 in `folder`.

    The folder holds config.json, vocab.json and model.safetensors, as `course_lib.data.gpt2.download` fetches them.
    Raises OSError or ValueError when they are missing or not a GPT-2's, and ValueError for an empty prompt or tokens < 0.
    """
    # here, since they need the package regex, and nothing else of this does
    from course_lib.data.gpt2 import read_tokenizer
    from course_lib.in_numpy.checkpoints import load_gpt2

    model, tokenizer = load_gpt2(folder), read_tokenizer(folder)
    if tokens < 0:
        raise ValueError(f"tokens: there must be 0 or more to write, got {tokens}")
    ids = tokenizer.encode(prompt)
    if not ids:
        raise ValueError("the prompt is empty: give the model at least one word to go on from")
    us = np.random.default_rng(seed).random(tokens)
    return tokenizer.decode(space["generate"](ids, us, model.state_dict(), model.config.H, temperature))
