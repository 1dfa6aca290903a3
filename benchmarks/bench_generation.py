"""256 tokens, one after the other, with a cache of keys and values: ours against `transformers`."""

from functools import partial

import numpy as np
import torch

from benchmarks.bench_training import SIZES, V, config, transformers_gpt2
from benchmarks.measure import Row, interleaved
from course_lib.in_numpy import gpt as in_numpy
from course_lib.in_torch import gpt as in_torch

BARS = {"NumPy": {"S": 4.5, "M": 3.5}, "torch": {"S": 2.3, "M": 1.9}}
NEW_TOKENS = 256
PROMPT = 8


def rows(rounds=7):
    """Two rows for each size: the most likely token each time, so that no random numbers are drawn."""
    prompt = np.random.default_rng(0).integers(0, V, PROMPT)
    C = PROMPT + NEW_TOKENS
    for name, size in SIZES.items():
        peer = transformers_generation(transformers_gpt2(size, C).eval(), prompt)
        models = {
            "NumPy": in_numpy.GPT(config(size, C), np.random.default_rng(0)),
            "torch": in_torch.GPT(config(size, C)).eval(),
        }
        for who, model in models.items():
            calls = {"ours": partial(model.generate, prompt, NEW_TOKENS, greedy=True), "theirs": peer}
            seconds = interleaved(calls, rounds, warm_up=1)
            what = f"{who} generation of {NEW_TOKENS} tokens, {name}"
            yield Row(what, "transformers", seconds["ours"], seconds["theirs"], BARS[who][name])


def transformers_generation(model, prompt):
    """A function that generates as many tokens with `transformers`, from the same prompt."""
    model.generation_config.eos_token_id = None  # nothing ends the text early
    ids = torch.from_numpy(prompt)[None]

    def run():
        text = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
        )
        assert text.shape[1] == PROMPT + NEW_TOKENS

    return run
