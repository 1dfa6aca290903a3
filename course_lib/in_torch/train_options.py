"""The options of `course_lib.in_torch.train`, and what can be known to fail before the work begins."""

import math
import os
import stat
from argparse import BooleanOptionalAction
from dataclasses import fields, replace

import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_torch.gpt import parameter_count
from course_lib.in_torch.write import check_device
from course_lib.runs import Recipe, check_same, check_writable, checkpoints, newest_facts
from course_lib.terminal import Parser, name, number, whole

__all__ = ["HELD_OUT", "SIZES", "STD", "arguments", "prepare", "refuse_another_run"]

SIZES = {"C": 32, "D": 64, "H": 4, "L": 2}
STD = 0.1
VOCABULARY = 512
HELD_OUT = 20_000  # tokens of the grammar's language, to test on

COUNT, SIZE, SEED = whole(1), whole(1, 1_000_000), whole(0, 2**63 - 1)
FROM_0 = number("of at least 0", lambda x: 0 <= x < math.inf)
ABOVE_0 = number("above 0", lambda x: 0 < x < math.inf)
BELOW_1 = number("from 0 to below 1", lambda x: 0 <= x < 1)
OPTIONS = {  # a field of the recipe, a size, or std → what may be given, what it is
    "C": (SIZE, "context length, in tokens"),
    "D": (SIZE, "model width"),
    "H": (SIZE, "heads"),
    "L": (SIZE, "blocks"),
    "std": (ABOVE_0, "standard deviation of the first weights"),
    "steps": (COUNT, "steps of training"),
    "B": (SIZE, "windows a step, of all processes together"),
    "accumulate": (SIZE, "parts that a step's windows are worked through in"),
    "lr": (FROM_0, "highest learning rate"),
    "warmup": (whole(0), "steps until the learning rate is there"),
    "beta1": (BELOW_1, "how much AdamW remembers of the gradients"),
    "beta2": (BELOW_1, "how much AdamW remembers of their squares"),
    "weight_decay": (FROM_0, "AdamW's decay"),
    "max_norm": (ABOVE_0, "length that longer gradients are shrunk to"),
    "check_every": (COUNT, "steps between looks at the held-out text"),
    "save_every": (COUNT, "steps between checkpoints"),
    "seed": (SEED, "of the first weights and of the windows"),
}


def arguments(words):
    """The options, with `recipe` among them."""
    parser = Parser(
        prog="python -m course_lib.in_torch.train",
        description="Train a GPT on the course's own English, whose entropy is known, or on a text of yours. "
        "Stop it with Ctrl-C at any time; the same command with --resume goes on from the last checkpoint. "
        "python -m course_lib.in_torch.write lets the result write.",
    )
    parser.add_argument(
        "--text", type=name, help="a file to learn from, in UTF-8 (default: the course's grammar)"
    )
    parser.add_argument(
        "--vocabulary", type=whole(256, 1_000_000), help=f"tokens for --text (default: {VOCABULARY})"
    )
    parser.add_argument(
        "--folder", type=name, default="runs/gpt", help="where checkpoints go (default: runs/gpt)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint in the folder"
    )
    parser.add_argument(
        "--device", type=name, default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda or mps"
    )
    parser.add_argument("--bf16", action=BooleanOptionalAction, help="bfloat16 (default: on cuda)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    settings = SIZES | {"std": STD} | {field.name: field.default for field in fields(Recipe)}
    for key, value in settings.items():
        kind, what = OPTIONS[key]
        shown = f"{value}, or half of fewer than {2 * value} steps" if key == "warmup" else value
        parser.add_argument(
            "--" + key.replace("_", "-"), dest=key, type=kind, default=None if key == "warmup" else value,
            help=f"{what} (default: {shown})",
        )  # fmt: skip
    options = parser.parse_args(words)
    if options.vocabulary is not None and options.text is None:
        parser.error("--vocabulary: goes with --text alone, as the grammar has its own words")
    options.vocabulary = options.vocabulary or VOCABULARY
    if options.text is None and options.C >= HELD_OUT:
        parser.error(
            f"--C: must be below the {HELD_OUT:,} tokens that test what was learnt of the grammar, got {options.C}"
        )
    if options.D % options.H:
        parser.error(f"--H: {options.H} heads cannot share --D {options.D} equally")
    if options.B % options.accumulate:
        parser.error(
            f"--accumulate: --B {options.B} windows cannot be cut into {options.accumulate} equal parts"
        )
    if options.warmup is None:
        options.warmup = min(Recipe.warmup, options.steps // 2)
    if options.warmup >= options.steps:
        parser.error(f"--warmup: must be below --steps {options.steps}, got {options.warmup}")
    options.recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    return options


def prepare(options):
    """Raise in one sentence for whatever would fail later on; returns whether there is anything left to do."""
    folder, recipe = options.folder, options.recipe
    check_device(options.device)
    _check_memory(options)
    if options.text is not None:
        try:
            mode = os.stat(options.text).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise OSError(0, "it is no ordinary file")  # a pipe that nobody writes to would never open
            open(options.text, "rb").close()
        except OSError as error:
            raise OSError(f"--text: {options.text} cannot be opened: {error.strerror}") from error
    found = checkpoints(folder)
    if found and not options.resume:
        raise ValueError(f"{folder} holds checkpoints of a run: resume it, or name another folder")
    if options.resume and not found:
        raise ValueError(
            f"--resume: there is no checkpoint in {folder}; check --folder, or begin there without --resume"
        )
    try:
        check_writable(folder)
    except OSError as error:
        raise OSError(f"--folder: {error}; name another") from error
    if found:
        facts = newest_facts(folder)
        refuse_another_run(
            facts, {"recipe": vars(recipe), "sizes": {letter: getattr(options, letter) for letter in SIZES}}
        )
        return facts["step"] < recipe.steps
    return True


def _check_memory(options):
    """Refuse what cannot fit: weights, gradients and AdamW's two memories; of a part of a step the logits, the
    logarithms of their probabilities, and a gradient.
    """
    V = options.vocabulary
    config = GPTConfig(V, options.C, options.D, options.H, 1)
    one, two = parameter_count(config), parameter_count(replace(config, L=2))
    parameters = one + (options.L - 1) * (two - one)
    needed = 4 * 4 * parameters + 3 * 4 * options.B // options.accumulate * options.C * V  # bytes
    if options.device.startswith("cuda"):
        there = torch.cuda.get_device_properties(options.device).total_memory
    elif hasattr(os, "sysconf"):
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    else:
        there = math.inf  # Windows does not say
    smaller = "--D, --L, --C or --B" if options.text is None else "--vocabulary, --D, --L, --C or --B"
    if needed > there:
        raise ValueError(
            f"{parameters:,} parameters, and --B {options.B} windows in --accumulate {options.accumulate} parts, need "
            f"{needed / 2**30:,.0f} GiB, this machine has {there / 2**30:,.0f}: make {smaller} smaller"
        )


def refuse_another_run(facts, now):
    """Raise ValueError when the checkpoint is of another run than the one asked for; see `check_same`."""
    try:
        check_same(facts, now)
    except ValueError as error:
        raise ValueError(
            f"--resume: {error}; repeat the run's own options, or name another --folder"
        ) from error
