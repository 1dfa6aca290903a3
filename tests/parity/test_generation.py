"""From logits to probabilities to a text: NumPy against PyTorch."""

import numpy as np
import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import generation as in_numpy
from course_lib.in_numpy.gpt import GPT as NumpyGPT
from course_lib.in_torch import generation as in_torch
from course_lib.in_torch.gpt import GPT as TorchGPT
from tests.helpers import SLOW, assert_parity, draw, for_sizes, make_twins


@for_sizes("BTV")
def test_probabilities(sizes, rng):
    logits = 3 * draw(rng, sizes, "BTV")
    for top_k in (None, 1, sizes["V"]):
        for top_p in (None, 0.3, 0.8, 1.0):
            settings = {"temperature": float(rng.uniform(0.2, 3)), "top_k": top_k, "top_p": top_p}
            expected = in_torch.next_token_probabilities(torch.from_numpy(logits), **settings)
            assert_parity(in_numpy.next_token_probabilities(logits, **settings), expected, str(settings))


@for_sizes("BTV", profile=SLOW, low=2)
def test_greedy_texts(sizes, rng):
    settings = {"V": 10 * sizes["V"], "C": sizes["T"] + 9, "D": 8, "H": 2, "L": 2}
    twins = NumpyGPT(GPTConfig(**settings), dtype=np.float64), TorchGPT(GPTConfig(**settings))
    ours, theirs = make_twins(*twins, rng)
    prompt = rng.integers(settings["V"], size=(sizes["B"], sizes["T"]))
    stop = int(ours.generate(prompt, 3, greedy=True)[0, -1])
    for choices in ({}, {"stop": stop}, {"use_cache": False}):
        text = ours.generate(prompt, 9, greedy=True, **choices)
        assert text.dtype == np.int64
        np.testing.assert_array_equal(text, theirs.generate(prompt, 9, greedy=True, **choices))


@for_sizes("BTV", profile=SLOW, low=2)
def test_greedy_texts_after_prompts_of_unequal_length(sizes, rng):
    settings = {"V": 10 * sizes["V"], "C": sizes["T"] + 9, "D": 8, "H": 2, "L": 2}
    twins = NumpyGPT(GPTConfig(**settings), dtype=np.float64), TorchGPT(GPTConfig(**settings))
    ours, theirs = make_twins(*twins, rng)
    ours.state_dict()["wpe.weight"][...] *= 5  # so that what comes next depends on what came before
    ours.state_dict()["ln_f.bias"][...] = 0
    theirs.load_state_dict({name: torch.from_numpy(a) for name, a in ours.state_dict().items()})
    lengths = rng.integers(1, sizes["T"] + 1, size=sizes["B"])
    prompt = rng.integers(settings["V"], size=(sizes["B"], sizes["T"]))  # padding may hold anything
    for choices in ({}, {"use_cache": False}):
        text = ours.generate(prompt, 9, greedy=True, lengths=lengths, **choices)
        np.testing.assert_array_equal(
            text, theirs.generate(prompt, 9, greedy=True, lengths=lengths, **choices)
        )
        for row, ids, length in zip(text, prompt, lengths, strict=True):
            np.testing.assert_array_equal(row[: length + 9], ours.generate(ids[:length], 9, greedy=True))
