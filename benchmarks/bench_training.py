"""One training step of a GPT: ours in PyTorch against `transformers`, ours in NumPy against ours in PyTorch.

Each as its user runs it. For NumPy that is after `reuse_freed_memory()`, as its documentation asks; PyTorch runs as
it comes. The setting holds for a whole process, peer included, so every race has a process of its own.
"""

import json
import subprocess
import sys

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.measure import Row, interleaved
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import gpt as in_numpy
from course_lib.in_numpy import optim as numpy_optim
from course_lib.in_numpy.memory import reuse_freed_memory
from course_lib.in_numpy.parallel import Parallel
from course_lib.in_torch import gpt as in_torch
from course_lib.in_torch import optim as torch_optim

SIZES = {  # L blocks, H heads, D width, C context, B texts in a batch
    "S": {"L": 4, "H": 4, "D": 128, "C": 64, "B": 32},
    "M": {"L": 6, "H": 6, "D": 192, "C": 128, "B": 16},
}
V = 256
LEARNING_RATE = 1e-4


def batches(size, how_many=4):
    """Random ids and their targets, (B, C) each, as in any training: the cost does not depend on what they say."""
    text = np.random.default_rng(0).integers(0, V, (how_many, size["B"], size["C"] + 1))
    return [(np.ascontiguousarray(ids[:, :-1]), np.ascontiguousarray(ids[:, 1:])) for ids in text]


def config(size, C=None):
    """The GPTConfig for one of SIZES."""
    return GPTConfig(V=V, C=C or size["C"], D=size["D"], H=size["H"], L=size["L"])


def numpy_step(size):
    """A function that trains the NumPy GPT by one step on a batch."""
    model = in_numpy.GPT(config(size), np.random.default_rng(0))
    optimizer = numpy_optim.AdamW(model, lr=LEARNING_RATE)
    return lambda ids, targets: in_numpy.training_step(model, optimizer, ids, targets)


def parallel_step(size):
    """The same step, the batch shared between two threads."""
    model = in_numpy.GPT(config(size), np.random.default_rng(0))
    optimizer, parallel = numpy_optim.AdamW(model, lr=LEARNING_RATE), Parallel(model, threads=2)

    def step(ids, targets):
        model.zero_grad()
        loss = parallel.add_gradients(ids, targets)
        numpy_optim.clip_gradients(model, 1.0)
        optimizer.step()
        return loss

    return step


def torch_step(size):
    """A function that trains the PyTorch GPT by one step on a batch."""
    model = in_torch.GPT(config(size))
    optimizer = torch_optim.AdamW(model, lr=LEARNING_RATE)
    return lambda ids, targets: in_torch.training_step(model, optimizer, ids, targets)


def transformers_step(size):
    """The same step by `transformers` and `torch.optim`, without dropout."""
    model = transformers_gpt2(size, size["C"]).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)

    def step(ids, targets):
        optimizer.zero_grad()
        # what we call targets, it makes itself from labels: the last of the C places goes untrained
        ids = torch.from_numpy(ids)
        loss = model(ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def transformers_gpt2(size, C):
    """`transformers`' GPT-2 of this size, with random weights and no dropout."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=V, n_positions=C, n_embd=size["D"], n_layer=size["L"], n_head=size["H"],
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, pad_token_id=0,
            loss_type="ForCausalLMLoss",
        )
    )  # fmt: skip


RACES = {  # what: ours, the peer's name, the peer, the bars of S and M
    "torch training step": (torch_step, "transformers", transformers_step, {"S": 1.25, "M": 1.18}),
    "NumPy training step, batch shared": (
        parallel_step,
        "our torch step",
        torch_step,
        {"S": 0.85, "M": 0.85},
    ),
    "NumPy training step, one model": (numpy_step, "our torch step", torch_step, {"S": None, "M": None}),
}


def rows(rounds=15):
    """Three rows for each size; the last has no bar: it shows what sharing gains."""
    for name, size in SIZES.items():
        for what, (_, peer, _, bars) in RACES.items():
            command = [sys.executable, "-m", __name__, what, json.dumps(size), str(rounds)]
            seconds = json.loads(
                subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            )
            yield Row(f"{what}, {name}", peer, seconds["ours"], seconds["theirs"], bars[name])


def race(what, size, rounds):
    """Seconds of every step, {"ours": …, "theirs": …}: two peers alone, so that two thread pools share the cores."""
    ours, _, theirs, _ = RACES[what]
    if ours is not torch_step:
        reuse_freed_memory()
    steps = {"ours": ours(size), "theirs": theirs(size)}
    data = batches(size)
    calls = {
        who: [lambda step=step, batch=batch: step(*batch) for batch in data] for who, step in steps.items()
    }
    return interleaved(calls, rounds)


if __name__ == "__main__":
    what, size, rounds = sys.argv[1:]
    print(json.dumps(race(what, json.loads(size), int(rounds))))
