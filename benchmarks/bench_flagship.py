"""Time to the floor: seconds of training, from nothing, until the held-out loss is near what the grammar itself scores.

The GPT of lesson 10_gpt in PyTorch, for three seeds; the same recipe in NumPy with two threads; the same sizes as
`transformers` builds them, in the same loop (nanoGPT is not on PyPI); and GPT on one page, by its own smaller recipe.
"""

import json
import math
import resource
import subprocess
import sys
import time

RUNS = [("torch", 0), ("torch", 1), ("torch", 2), ("numpy", 0), ("transformers", 0), ("one_page", 0)]
BARS = {"torch": 45, "one_page": 60}  # seconds; the others are there to compare
MEGABYTES = 700
TOKENS, HELD_OUT = 1_000_000, 20_000
WITHIN = 0.01  # of the grammar's own loss
NATS, LOOK = 0.2, 50  # GPT on one page: so near to the floor; looked at every so many steps


def rows():
    """One row for each run, in a process of its own."""
    for who, seed in RUNS:
        command = [sys.executable, "-m", __name__, who, str(seed)]
        yield json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run(who, seed):
    """Train once; returns the row."""
    start = time.perf_counter()
    seconds, loss, floor = one_page() if who == "one_page" else by_the_recipe(who, seed)
    reached = math.isfinite(seconds)
    near = f"{NATS} nats" if who == "one_page" else f"{WITHIN:.0%}"
    return {
        "what": f"{who} to within {near} of the floor, seed {seed}: {loss:.4f} of {floor:.4f}",
        "seconds": seconds if reached else time.perf_counter() - start,
        "reached": reached,
        "bar, s": BARS.get(who),
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # Linux counts in kilobytes
        "bar, MB": MEGABYTES,
        "loss": loss,
        "grammar": floor,
        "met": reached and seconds <= BARS.get(who, math.inf),
    }


def by_the_recipe(who, seed):
    """(seconds to the floor, held-out loss at the end, floor) of a run by the default recipe."""
    from course_lib.data.english import ENGLISH
    from course_lib.data.grammar import Grammar
    from course_lib.in_torch.train_options import SIZES
    from course_lib.runs import Recipe, windows

    grammar = Grammar(ENGLISH)
    tokens, held_out = grammar.stream(TOKENS, seed=1), grammar.stream(HELD_OUT, seed=2)
    floor = float(-grammar.log_probabilities(windows(held_out, SIZES["C"]))[:, 1:].mean())
    train, model, settings = CONTESTANTS[who](grammar.V, seed)
    reached, start = [], time.perf_counter()

    def look(step, history):
        if history["held_out"] and history["held_out"][-1][1] <= (1 + WITHIN) * floor:
            reached.append(time.perf_counter() - start)

    history = train(model, tokens, held_out, Recipe(seed=seed), on_step=look, progress=False, **settings)
    return min(reached, default=math.inf), history["held_out"][-1][1], floor


def in_torch(V, seed):
    """(train, model, settings) of ours in PyTorch."""
    import torch

    from course_lib.in_both.config import GPTConfig
    from course_lib.in_torch.gpt import GPT
    from course_lib.in_torch.train import train
    from course_lib.in_torch.train_options import SIZES, STD

    return train, GPT(GPTConfig(V=V, **SIZES), torch.Generator().manual_seed(seed), STD), {}


def in_numpy(V, seed):
    """(train, model, settings) of ours in NumPy, every batch shared between two threads."""
    import numpy as np

    from course_lib.in_both.config import GPTConfig
    from course_lib.in_numpy.gpt import GPT
    from course_lib.in_numpy.memory import reuse_freed_memory
    from course_lib.in_numpy.train import train
    from course_lib.in_torch.train_options import SIZES, STD

    reuse_freed_memory()
    return train, GPT(GPTConfig(V=V, **SIZES), np.random.default_rng(seed), std=STD), {"threads": 2}


def transformers(V, seed):
    """(train, model, settings) of `transformers`' GPT-2 in our loop, with the same start values' size."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from course_lib.in_both.config import GPTConfig
    from course_lib.in_torch.train import train
    from course_lib.in_torch.train_options import SIZES, STD

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.config = GPTConfig(V=V, **SIZES)
            self.model = GPT2LMHeadModel(
                GPT2Config(
                    vocab_size=V, n_positions=SIZES["C"], n_embd=SIZES["D"], n_layer=SIZES["L"], n_head=SIZES["H"],
                    initializer_range=STD, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
                    bos_token_id=0, eos_token_id=0, pad_token_id=0,
                )
            )  # fmt: skip
            self.wte = self.model.transformer.wte

        def forward(self, ids):
            return self.model(ids, use_cache=False).logits

    torch.manual_seed(seed)
    return train, Theirs(), {}


CONTESTANTS = {"torch": in_torch, "numpy": in_numpy, "transformers": transformers}


def one_page():
    """(seconds until it is within NATS, loss at the end, floor) of `python -m course_lib.one_page`, looks not counted."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from course_lib import one_page
    from course_lib.data.english import ENGLISH
    from course_lib.data.grammar import Grammar
    from course_lib.mine import program

    space, english, rng = vars(one_page), Grammar(ENGLISH), np.random.default_rng(0)
    tokens, held_out = english.stream(100_000, seed=1), english.stream(4_000, seed=2)
    floor, spent, reached = english.window_floor(program.C), 0.0, math.inf
    with threadpool_limits(1, "blas"):
        P = one_page.new_gpt(english.V, program.C, program.D, program.L, rng)
        before = time.perf_counter()
        steps = one_page.train(P, program.H, tokens, rng, program.STEPS, warmup=program.WARMUP)
        for step, _ in enumerate(steps, start=1):
            if step % LOOK == 0 or step == program.STEPS:
                spent += time.perf_counter() - before
                loss = program.evaluate(space, P, program.H, held_out)
                reached = min(reached, spent) if loss <= floor + NATS else reached
                before = time.perf_counter()
    return reached, loss, floor


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
