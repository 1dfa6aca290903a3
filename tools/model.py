"""Trains the GPT that the course brings along, by the recipe of lesson 10_gpt, and logs how it went.

    make model          (or: python -m tools.model)

Two runs on one machine write the same bytes. So that other machines come close, whatever makes them differ is
kept small: NumPy draws the first weights, which makes them the same everywhere, and training is done in float64 on
one thread. A thousand steps enlarge its rounding, but from 1e-16 on. Last, the weights are rounded to float16.
"""

import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from course_lib.data import trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import gpt as numpy_gpt
from course_lib.in_numpy.checkpoints import save_state
from course_lib.in_numpy.train import evaluate
from course_lib.in_torch import gpt
from course_lib.in_torch.train import train
from course_lib.runs import Recipe, windows

FOLDER = Path(trained_gpt.__file__).parent
SIZES, STD = {"C": 32, "D": 64, "H": 4, "L": 2}, 0.1
TEXT = {"tokens": 1_000_000, "seed": 1, "held_out": 20_001, "held_out_seed": 2}
SENTENCES = {"seed": 0, "temperature": 1.0, "count": 8}


def make(folder, recipe=Recipe(), sizes=SIZES, text=TEXT, sentences=SENTENCES, progress=True):  # noqa: B008
    """Train a GPT on the course's English and write its weights and its log into the folder; returns the log.

    The arguments are what the log keeps of them. Raises what `Recipe`, `GPTConfig` and `train` raise.
    """
    english = Grammar(ENGLISH)
    learn = english.stream(text["tokens"], text["seed"])
    held_out = english.stream(text["held_out"], text["held_out_seed"])
    config = GPTConfig(V=english.V, **sizes)
    start = numpy_gpt.GPT(config, np.random.default_rng(recipe.seed), dtype=float, std=STD)
    model = gpt.GPT(config).double()
    model.load_state_dict({name: torch.from_numpy(p) for name, p in start.state_dict().items()})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        history = train(model, learn, held_out, recipe, progress=progress)
    finally:
        torch.set_num_threads(threads)
    half = {name: p.numpy().astype("<f2") for name, p in model.state_dict().items()}
    stored = numpy_gpt.GPT(config)
    stored.load_state_dict({name: p.astype(np.float32) for name, p in half.items()})
    log = {
        "sizes": asdict(config),
        "words": english.words,
        "recipe": asdict(recipe),
        "std": STD,
        "text": text,
        "made_with": made_with(),
        "loss": [round(loss, 5) for loss in history["loss"]],
        "held_out": [[step, round(loss, 5)] for step, loss in history["held_out"]],
        "stored": {"loss": round(evaluate(stored, held_out), 4), **floors(english, held_out, config.C)},
        "sentences": sentences | {"texts": write(stored, english, **sentences)},
    }
    folder = Path(folder)
    save_state(folder / trained_gpt.WEIGHTS, half)
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in log.items()]
    (folder / trained_gpt.LOG).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
    return log


def made_with():
    """What decides the last digits of a training, besides its recipe."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    kernel = {"machine": platform.machine(), "kernel": torch.backends.cpu.get_cpu_capability()}
    return versions | kernel | {"threads": 1, "dtype": "float64"}


def floors(english, tokens, C):
    """The losses of who knows the grammar, and of who knows its pairs of words, on the windows of a text."""
    rows = windows(tokens, C)  # (N, C + 1)
    after = np.array([english.next_token([id]) for id in range(english.V)])  # (V, V)
    grammar = -english.log_probabilities(rows)[:, 1:].mean()
    bigram = -np.log(after[rows[:, :-1], rows[:, 1:]]).mean()
    return {"grammar": round(float(grammar), 4), "bigram": round(float(bigram), 4)}


def write(model, english, seed, temperature, count):
    """So many sentences by a NumPy GPT, from <end> to <end>, drawn with the seed."""
    start, rng = np.zeros((count, 1), int), np.random.default_rng(seed)  # 0 is <end>
    rows = model.generate(start, model.config.C - 1, temperature=temperature, rng=rng, stop=0)
    return [english.decode(row[row != 0]) for row in rows]


def main():
    log = make(FOLDER)
    print(*log["sentences"]["texts"], sep="\n")
    print(
        "held-out loss {loss}, of the grammar itself {grammar}, of its pairs {bigram}".format(**log["stored"])
    )


if __name__ == "__main__":
    sys.exit(main())
