"""Train a GPT to predict the next token of a text: python -m course_lib.in_torch.train --help

The text is one long row of token ids. A step cuts B windows out of it anywhere, and every position of every
window is a guess that counts. Nothing random but the cuts happens, and they depend on the seed and the step
alone: a run that is stopped and goes on from its checkpoint ends with the same bits as one that was not.
Start it with `torchrun --nproc-per-node 2 -m course_lib.in_torch.train` to share each step among processes.
"""

import sys
from contextlib import nullcontext

if __name__ == "__main__":  # the program says something before PyTorch is loaded, which takes seconds
    from course_lib.terminal import begin

    begin("train: loading PyTorch")

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from course_lib.in_both.schedules import warmup_cosine
from course_lib.in_torch.checkpoints import load_state, save_state
from course_lib.in_torch.checks import checked_ids
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.optim import AdamW, clip_gradients
from course_lib.runs import LOOK, Run, batch, windows

__all__ = ["evaluate", "main", "train"]


@torch.no_grad()
def evaluate(model, tokens, B=256, most=None, watch=iter):
    """Mean loss of the model over the windows of a text (T,), in nats; B windows at a time.

    most   at most so many windows, spread evenly over the text (default: all).
    watch  goes through the parts of B windows and may show how far it is, as tqdm does.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_torch.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> 1.5 < evaluate(model, [0, 1, 2, 3, 4] * 9) < 1.8     # about ln 5: it knows nothing yet
    True
    """
    # (N, C + 1)
    rows = torch.as_tensor(windows(tokens, model.config.C, most), device=model.wte.weight.device)
    parts = watch(rows.split(B))
    losses = [cross_entropy(model(part[:, :-1]), part[:, 1:]).item() * len(part) for part in parts]
    return sum(losses) / len(rows)


def train(
    model, tokens, held_out, recipe, folder=None, resume=False, on_step=None, progress=True, bf16=False
):
    """Train the model in place; returns {"loss": one number a step, "held_out": [[step, loss], …]}, in nats.

    tokens, held_out  whole numbers (T,), to learn from and to be tested on. A look at the second takes as many
                      windows at a time as a step does, and of a long one only `LOOK` tokens, always the same.
    folder            where checkpoints go; `resume` goes on from the newest there, if there is one.
    on_step           called as on_step(step, history) after each step, to draw a curve or write a sample.
    progress          a bar on stdout.      bf16   multiply in bfloat16, keep the parameters as they are.
    Raises FloatingPointError, naming the step and the last checkpoint, when loss or gradients are not finite
    numbers; OSError when a checkpoint cannot be saved; ValueError when one is damaged or of another run.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_torch.gpt import GPT
    >>> from course_lib.runs import Recipe
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
    windows(held_out, C, most=1)  # raises, before the first step, when it is too short
    optimizer = AdamW(model, recipe.lr, (recipe.beta1, recipe.beta2), weight_decay=recipe.weight_decay)
    run = Run(model, optimizer, tokens, recipe, folder, resume, load_state, leads=rank == 0)
    parallel = DistributedDataParallel(model) if processes > 1 else model
    at_once = recipe.B // recipe.accumulate // processes  # windows in memory

    def look(watch):
        return evaluate(model, held_out, at_once, max(LOOK // C, 1), watch)

    for step in run.steps(progress):
        rows = batch(tokens, recipe, C, step)[rank::processes].to(device)  # (B / processes, C + 1)
        optimizer.lr = warmup_cosine(step, recipe.lr, recipe.warmup, recipe.steps)
        try:
            loss = _gradients(parallel, rows.chunk(recipe.accumulate), bf16)
            clip_gradients(model, recipe.max_norm)
        except ValueError as error:  # NaN or infinity, in the logits or in a gradient
            raise run.stop(step, error) from error
        optimizer.step()
        run.done(step, loss, look, save_state, on_step)
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


def main(words=None):
    """The command line, `python -m course_lib.in_torch.train`; returns the exit code."""
    from course_lib.in_torch import train_command  # which uses what stands above

    return train_command.main(words)


if __name__ == "__main__":
    sys.exit(main())
