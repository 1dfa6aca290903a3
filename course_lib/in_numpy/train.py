"""Train the NumPy GPT by the same recipe as the PyTorch one: the same windows, schedule, clipping and AdamW.

Its checkpoints have the same names and shapes, so a run begun in one framework can go on in the other.
"""

from functools import partial

import numpy as np

from course_lib.in_both.schedules import warmup_cosine
from course_lib.in_numpy.checkpoints import load_state, save_state
from course_lib.in_numpy.checks import checked_ids
from course_lib.in_numpy.gpt import add_gradients
from course_lib.in_numpy.losses import cross_entropy
from course_lib.in_numpy.optim import AdamW, clip_gradients
from course_lib.in_numpy.parallel import Parallel
from course_lib.runs import LOOK, Run, batch, windows

__all__ = ["evaluate", "train"]


def evaluate(model, tokens, B=256, most=None, watch=iter):
    """Mean loss of the model over the windows of a text (T,), in nats; B windows at a time.

    most   at most so many windows, spread evenly over the text (default: all).
    watch  goes through the parts of B windows and may show how far it is, as tqdm does.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> 1.5 < evaluate(model, [0, 1, 2, 3, 4] * 9) < 1.8     # about ln 5: it knows nothing yet
    True
    """
    rows = windows(tokens, model.config.C, most)  # (N, C + 1)
    parts = watch([rows[i : i + B] for i in range(0, len(rows), B)])
    losses = [cross_entropy(model(part[:, :-1]), part[:, 1:]) * len(part) for part in parts]
    return float(sum(losses) / len(rows))


def train(model, tokens, held_out, recipe, folder=None, resume=False, on_step=None, progress=True, threads=1):
    """Train the model in place; returns {"loss": one number a step, "held_out": [[step, loss], …]}, in nats.

    tokens, held_out  whole numbers (T,), to learn from and to be tested on. A look at the second takes as many
                      windows at a time as a step does, and of a long one only `LOOK` tokens, always the same.
    folder            where checkpoints go; `resume` goes on from the newest there, if there is one.
    on_step           called as on_step(step, history) after each step, to draw a curve or write a sample.
    progress          a bar on stdout (needs tqdm).
    threads           how many share every batch, see `parallel`: as many as there are cores. Losses may differ in
                      their last digits with it, since sums are made in another order.
    Raises FloatingPointError, naming the step and the last checkpoint, when loss or gradients are not finite
    numbers; OSError when a checkpoint cannot be saved; ValueError when one is damaged or of another run.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> from course_lib.runs import Recipe
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> recipe = Recipe(steps=3, B=2, warmup=0)
    >>> history = train(model, [0, 1, 2, 3, 4] * 9, [0, 1, 2] * 9, recipe, progress=False)
    >>> len(history["loss"]), [step for step, _ in history["held_out"]]
    (3, [3])
    """
    tokens, C = checked_ids("train", tokens, model.config.V), model.config.C
    windows(held_out, C, most=1)  # raises, before the first step, when it is too short
    optimizer = AdamW(model, recipe.lr, (recipe.beta1, recipe.beta2), weight_decay=recipe.weight_decay)
    run = Run(model, optimizer, tokens, recipe, folder, resume, load_state)
    parallel = Parallel(model, threads) if threads != 1 else None
    add = parallel.add_gradients if parallel else partial(add_gradients, model)

    def look(watch):
        return evaluate(model, held_out, recipe.B // recipe.accumulate, max(LOOK // C, 1), watch)

    for step in run.steps(progress):
        rows = batch(tokens, recipe, C, step)  # (B, C + 1)
        optimizer.lr = warmup_cosine(step, recipe.lr, recipe.warmup, recipe.steps)
        try:
            model.zero_grad()
            parts = np.split(rows, recipe.accumulate)  # (B / accumulate, C + 1) each
            loss = sum(add(part[:, :-1], part[:, 1:], 1 / len(parts)) for part in parts)
            clip_gradients(model, recipe.max_norm)
        except ValueError as error:  # NaN or infinity, in the logits or in a gradient
            raise run.stop(step, error) from error
        optimizer.step()
        run.done(step, loss, look, save_state, on_step)
    return run.history
