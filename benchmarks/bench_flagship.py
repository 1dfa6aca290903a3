"""The GPT of lesson 10_gpt: seconds until it is within 1 % of what the grammar itself scores, for three seeds."""

import json
import resource
import subprocess
import sys
import time

SEEDS = (0, 1, 2)
SECONDS, MEGABYTES = 45, 700  # the bars
WITHIN = 0.01


def rows():
    """One row for each seed, each run in a process of its own."""
    for seed in SEEDS:
        command = [sys.executable, "-m", __name__, str(seed)]
        yield json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run(seed):
    """Train once by the default recipe; returns the row."""
    import torch

    from course_lib.data.english import ENGLISH
    from course_lib.data.grammar import Grammar
    from course_lib.in_both.config import GPTConfig
    from course_lib.in_torch.gpt import GPT
    from course_lib.in_torch.train import evaluate, train
    from course_lib.in_torch.train_options import SIZES, STD
    from course_lib.runs import Recipe, windows

    grammar = Grammar(ENGLISH)
    tokens, held_out = grammar.stream(1_000_000, seed=1), grammar.stream(20_000, seed=2)
    oracle = -grammar.log_probabilities(windows(held_out, SIZES["C"]))[:, 1:].mean()
    recipe = Recipe(seed=seed)
    model = GPT(GPTConfig(V=grammar.V, **SIZES), torch.Generator().manual_seed(seed), STD)
    start, reached = time.perf_counter(), []

    def look(step, history):
        if history["held_out"] and history["held_out"][-1][1] <= (1 + WITHIN) * oracle:
            reached.append(time.perf_counter() - start)

    train(model, tokens, held_out, recipe, on_step=look, progress=False)
    seconds = time.perf_counter() - start
    loss, bigram = evaluate(model, held_out), grammar.floors(1)[1]
    gap = loss / oracle - 1
    return {
        "what": f"GPT to the grammar's floor, seed {seed}: +{gap:.2%}",
        "seconds": reached[0] if reached else seconds,
        "bar, s": SECONDS,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # Linux counts in kilobytes
        "bar, MB": MEGABYTES,
        "whole run, s": seconds,
        "tokens/s": recipe.steps * recipe.B * SIZES["C"] / seconds,
        "loss": loss,
        "grammar": oracle,
        "gap": gap,
        "share of the way from bigrams": (bigram - loss) / (bigram - oracle),
        "met": gap <= WITHIN and reached[0] <= SECONDS,
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
