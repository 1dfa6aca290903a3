"""Train a GPT to predict the next token of a text: python -m course_lib.in_torch.train --help

The text is one long row of token ids. A step cuts B windows out of it anywhere, and every position of every
window is a guess that counts. Nothing random but the cuts happens, and they depend on the seed and the step
alone: a run that is stopped and goes on from its checkpoint ends with the same bits as one that was not.
Start it with `torchrun --nproc-per-node 2 -m course_lib.in_torch.train` to share each step among processes.
"""

import argparse
import os
import sys
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.data.text_file import TextFile
from course_lib.in_torch.checkpoints import load_state, save_state
from course_lib.in_torch.checks import checked_ids
from course_lib.in_torch.gpt import GPT, GPTConfig, parameter_count
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.optim import AdamW, clip_gradients, warmup_cosine
from course_lib.runs import Recipe, Run, batch, last_good, windows
from course_lib.tokenization import END

__all__ = ["evaluate", "train"]


@torch.no_grad()
def evaluate(model, tokens, B=256):
    """Mean loss of the model over all windows of a text (T,), in nats; B windows at a time.

    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> 1.5 < evaluate(model, [0, 1, 2, 3, 4] * 9) < 1.8     # about ln 5: it knows nothing yet
    True
    """
    rows = torch.as_tensor(windows(tokens, model.config.C), device=model.wte.weight.device)  # (N, C + 1)
    losses = [cross_entropy(model(part[:, :-1]), part[:, 1:]).item() * len(part) for part in rows.split(B)]
    return sum(losses) / len(rows)


def train(
    model, tokens, held_out, recipe, folder=None, resume=False, on_step=None, progress=True, bf16=False
):
    """Train the model in place; returns {"loss": one number a step, "held_out": [[step, loss], …]}, in nats.

    tokens, held_out  whole numbers (T,), to learn from and to be tested on.
    folder            where checkpoints go; `resume` goes on from the newest there, if there is one.
    on_step           called as on_step(step, history) after each step, to draw a curve or write a sample.
    progress          a bar on stdout.      bf16   multiply in bfloat16, keep the parameters as they are.
    Raises FloatingPointError, naming the step and the last checkpoint, when loss or gradients are not finite
    numbers; OSError when a checkpoint cannot be saved; ValueError when one is damaged or of another run.

    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> recipe = Recipe(steps=3, B=2, warmup=0)
    >>> history = train(model, [0, 1, 2, 3, 4] * 9, [0, 1, 2] * 9, recipe, progress=False)
    >>> len(history["loss"]), [step for step, _ in history["held_out"]]
    (3, [3])
    """
    C, V, device = model.config.C, model.config.V, model.wte.weight.device
    tokens = checked_ids("train", tokens, V)
    rank, processes = (distributed.get_rank(), distributed.get_world_size()) if _shared() else (0, 1)
    if recipe.B % (recipe.accumulate * processes):
        raise ValueError(
            f"train: B = {recipe.B} windows cannot be cut into {recipe.accumulate} parts "
            f"for each of {processes} processes"
        )
    optimizer = AdamW(model, recipe.lr, (recipe.beta1, recipe.beta2), weight_decay=recipe.weight_decay)
    run = Run(model, optimizer, tokens, recipe, folder, resume, load_state, leads=rank == 0)
    parallel = DistributedDataParallel(model) if processes > 1 else model
    for step in run.steps(progress):
        rows = batch(tokens, recipe, C, step)[rank::processes].to(device)  # (B / processes, C + 1)
        optimizer.lr = warmup_cosine(step, recipe.lr, recipe.warmup, recipe.steps)
        try:
            loss = _gradients(parallel, rows.chunk(recipe.accumulate), bf16)
            clip_gradients(model, recipe.max_norm)
        except ValueError as error:  # NaN or infinity, in the logits or in a gradient
            raise run.stop(step, error) from error
        optimizer.step()
        run.done(step, loss, lambda: evaluate(model, held_out), save_state, on_step)
    return run.history


def _shared():
    return distributed.is_available() and distributed.is_initialized()


def _gradients(model, parts, bf16):
    """Add up the gradients of the parts of a batch; returns the mean loss of all processes' parts."""
    model.zero_grad()
    total = 0.0
    for i, part in enumerate(parts):  # (B / accumulate / processes, C + 1)
        waits = _shared() and i < len(parts) - 1  # the processes add their gradients in the last part
        with model.no_sync() if waits else nullcontext():
            with torch.autocast(part.device.type, torch.bfloat16, enabled=bf16):
                loss = cross_entropy(model(part[:, :-1]), part[:, 1:]) / len(parts)
            loss.backward()
        total += loss.detach()
    if _shared():
        distributed.all_reduce(total)
        total /= distributed.get_world_size()
    return total.item()


HELP = {
    "C": "context length, in tokens",
    "D": "model width",
    "H": "heads",
    "L": "blocks",
    "std": "standard deviation of the first weights",
    "steps": "steps of training",
    "B": "windows a step, of all processes together",
    "accumulate": "parts that a step's windows are worked through in",
    "lr": "highest learning rate",
    "warmup": "steps until the learning rate is there",
    "beta1": "how much AdamW remembers of the gradients",
    "beta2": "how much AdamW remembers of their squares",
    "weight_decay": "AdamW's decay",
    "max_norm": "length that longer gradients are shrunk to",
    "check_every": "steps between looks at the held-out text",
    "save_every": "steps between checkpoints",
    "seed": "of the first weights and of the windows",
}
SIZES = {"C": 32, "D": 64, "H": 4, "L": 2}
STD = 0.1


def _arguments(words):
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.in_torch.train",
        description="Train a GPT on the course's own English, whose entropy is known, or on a text of yours. "
        "Stop it with Ctrl-C at any time; --resume goes on from the last checkpoint.",
    )
    parser.add_argument("--text", help="a file to learn from, in UTF-8 (default: the course's grammar)")
    parser.add_argument("--vocabulary", type=int, default=512, help="tokens for --text (default: 512)")
    parser.add_argument("--folder", default="runs/gpt", help="where checkpoints go (default: runs/gpt)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint in the folder"
    )
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu or cuda"
    )
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, help="bfloat16 (default: on cuda)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    settings = SIZES | {"std": STD} | {field.name: field.default for field in fields(Recipe)}
    for name, value in settings.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(
            option, dest=name, type=type(value), default=value, help=f"{HELP[name]} (default: {value})"
        )
    return parser.parse_args(words)


def _write(model, corpus, held_out, seed):
    """A text by the model: a sentence of the grammar's language, or how the held-out text might go on."""
    C = model.config.C
    generator = torch.Generator(model.wte.weight.device).manual_seed(seed)
    if isinstance(corpus, Grammar):
        ids = model.generate([corpus.ids[END]], C - 1, stop=corpus.ids[END], generator=generator).tolist()
        return corpus.decode(ids[1:]).removesuffix(END).strip()
    return corpus.decode(model.generate(held_out[: C // 2], C - C // 2, generator=generator).tolist())


def _run(options):
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    if options.text is None:
        corpus = Grammar(ENGLISH)
        tokens, held_out = corpus.stream(1_000_000, seed=1), corpus.stream(20_000, seed=2)
    else:
        corpus = TextFile(options.text, options.vocabulary)
        tokens, held_out = corpus.tokens, corpus.held_out
    config = GPTConfig(V=corpus.V, **{name: getattr(options, name) for name in SIZES})
    model = GPT(config, torch.Generator().manual_seed(recipe.seed), options.std).to(options.device)
    first = not _shared() or distributed.get_rank() == 0
    rows = windows(held_out, config.C)  # the first look, so that a text that is too short is noticed now
    floor = None
    if first:
        print(
            f"{parameter_count(config):,} parameters, {len(tokens):,} tokens, {len(rows):,} held-out windows"
        )
        if isinstance(corpus, Grammar):
            unigram, bigram = corpus.floors(1)
            floor = -corpus.log_probabilities(rows)[
                :, 1:
            ].mean()  # of who knows the grammar, on the same tokens
            print(f"floors in nats: unigram {unigram:.4f}, bigram {bigram:.4f}, the grammar here {floor:.4f}")

    def on_step(step, history):
        if not history["held_out"] or history["held_out"][-1][0] != step:
            return
        loss = history["held_out"][-1][1]
        gap = "" if floor is None else f", {loss / floor - 1:.2%} above the grammar"
        message = f"step {step}: held-out loss {loss:.4f}{gap}\n  {_write(model, corpus, held_out, step)!r}"
        print(message) if options.quiet else tqdm.write(message, file=sys.stdout)

    bf16 = options.device.startswith("cuda") if options.bf16 is None else options.bf16
    train(model, tokens, held_out, recipe, options.folder, options.resume, on_step, not options.quiet, bf16)
    if first and options.text is not None:
        corpus.tokenizer.save(Path(options.folder, "tokenizer.tiktoken"))


def main(words=None):
    """The command line; returns the exit code."""
    options = _arguments(words)
    processes = "RANK" in os.environ and "WORLD_SIZE" in os.environ  # torchrun started this one
    if options.device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it, to be deterministic
        torch.use_deterministic_algorithms(True)
    if processes:
        if options.device == "cuda":
            options.device = f"cuda:{os.environ['LOCAL_RANK']}"
            torch.cuda.set_device(options.device)
        distributed.init_process_group("nccl" if options.device.startswith("cuda") else "gloo")
    try:
        _run(options)
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ntrain: stopped; {last_good(options.folder)}, --resume goes on from there", file=sys.stderr)
        return 130
    finally:
        if processes:
            distributed.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
