"""A training run without its mathematics: the recipe, the batches, and the checkpoints on disk.

A checkpoint is two files: step_000100.safetensors holds all parameters and the optimizer's memory,
step_000100.json all else, and the digest of the first. The JSON is written last, and each file is whole or
not there at all, so whatever moment a run ends at, the newest JSON names a checkpoint that is complete.
"""

import hashlib
import json
import math
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_lib.checkpoints import write_whole

__all__ = ["Recipe", "Run", "batch", "digest", "last_good", "load_checkpoint", "save_checkpoint", "windows"]

KEPT = 2  # checkpoints in a folder: the last, and the one before in case that is damaged


@dataclass(frozen=True)
class Recipe:
    """How to train: all settings but the model's sizes.

    B windows a step, worked through in `accumulate` equal parts, in memory one at a time. The learning rate rises to `lr` over `warmup` steps and falls to 0 in half a cosine; β₁, β₂ and the decay are AdamW's.
    The held-out text is looked at every `check_every` steps, a checkpoint saved every `save_every`.
    Raises ValueError for a number of steps, windows or parts below 1, or parts that do not divide B.

    >>> Recipe(steps=100, B=8, accumulate=3)
    Traceback (most recent call last):
    ValueError: Recipe: B = 8 windows cannot be cut into 3 equal parts
    """

    steps: int = 1000
    B: int = 64
    accumulate: int = 1
    lr: float = 5e-3
    warmup: int = 50
    beta1: float = 0.9
    beta2: float = 0.98
    weight_decay: float = 0.1
    max_norm: float = 1.0
    check_every: int = 100
    save_every: int = 100
    seed: int = 0

    def __post_init__(self):
        for name in ("steps", "B", "accumulate", "check_every", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"Recipe: {name} must be at least 1, got {getattr(self, name)}")
        if self.B % self.accumulate:
            raise ValueError(f"Recipe: B = {self.B} windows cannot be cut into {self.accumulate} equal parts")
        if not 0 <= self.warmup < self.steps:
            raise ValueError(f"Recipe: warmup must be from 0 to below {self.steps} steps, got {self.warmup}")


def batch(tokens, recipe, C, step):
    """The windows of one step, (B, C + 1), cut from anywhere: the first C of each go in, the last C are targets.

    They depend on the seed and the step alone, so a run that goes on later sees the same.

    >>> batch(np.arange(9), Recipe(B=2), C=3, step=0).shape
    (2, 4)
    """
    _check_length("batch", tokens, C)
    starts = np.random.default_rng([recipe.seed, step]).integers(len(tokens) - C, size=recipe.B)
    return tokens[starts[:, None] + np.arange(C + 1)]


def windows(tokens, C):
    """A text as windows (N, C + 1), side by side, that share one token: each token is a target once.

    >>> windows(np.arange(8), C=3)
    array([[0, 1, 2, 3],
           [3, 4, 5, 6]])
    """
    _check_length("windows", tokens, C)
    starts = np.arange(0, len(tokens) - C, C)
    return np.asarray(tokens)[starts[:, None] + np.arange(C + 1)]


def save_checkpoint(folder, facts, save_state):
    """Save what `facts["step"]` names: `save_state(path)` writes the tensors, facts (JSON) go beside them.

    Older checkpoints are deleted, but for the one before. Raises OSError that says what is still there.
    """
    folder, name = Path(folder), f"step_{facts['step']:06}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tensors = folder / f"{name}.safetensors"
        save_state(tensors)
        facts = facts | {"sha256": hashlib.sha256(tensors.read_bytes()).hexdigest()}
        write_whole(folder / f"{name}.json", [json.dumps(facts).encode()])
    except OSError as error:
        raise OSError(f"{name} could not be saved in {folder}: {error}; {last_good(folder)}") from error
    for path in _found(folder)[:-KEPT]:
        path.unlink()  # first the file that makes it a checkpoint
        path.with_suffix(".safetensors").unlink(missing_ok=True)


def load_checkpoint(folder, load_state):
    """The newest checkpoint of the folder: (facts, tensors), the second from `load_state(path)`.

    Raises FileNotFoundError when there is none, ValueError when it is damaged (it is not deleted).
    """
    found = _found(folder)
    if not found:
        raise FileNotFoundError(f"there is no checkpoint in {folder}")
    path = found[-1]
    tensors = path.with_suffix(".safetensors")
    try:
        facts = json.loads(path.read_bytes())
        if hashlib.sha256(tensors.read_bytes()).hexdigest() != facts["sha256"]:
            raise ValueError(f"{tensors.name} was cut short or changed after it was saved")
        return facts, load_state(tensors)
    except (OSError, ValueError, KeyError, TypeError) as error:
        before = f"to go on from {found[-2].stem}" if len(found) > 1 else "to start again"
        raise ValueError(
            f"{path.stem} in {folder} is damaged: {error}; delete {path.name} {before}"
        ) from error


def last_good(folder):
    """A sentence's end about the newest checkpoint, for errors.

    >>> last_good(None)
    'no checkpoint was asked for'
    """
    if folder is None:
        return "no checkpoint was asked for"
    found = _found(folder)
    return (
        f"the last good checkpoint is {found[-1].stem} in {folder}" if found else "there is no checkpoint yet"
    )


def digest(tokens):
    """A short name for a text, to notice when a run goes on with another.

    >>> digest(np.arange(3))
    'ab25350e'
    """
    return hashlib.sha256(np.asarray(tokens, np.int64).tobytes()).hexdigest()[:8]


class Run:
    """What happens around the steps of a run, in either framework: checkpoints, held-out losses, the bar.

    `history` is {"loss": one number a step, "held_out": [[step, loss], …]}. A run that resumes puts model and
    optimizer back as they were. Raises ValueError when the folder's checkpoint is of another run.
    """

    def __init__(self, model, optimizer, tokens, recipe, folder, resume, load_state, leads=True):
        self.model, self.optimizer, self.recipe, self.folder = model, optimizer, recipe, folder
        self.leads = leads  # of several processes one writes files and shows the bar
        self.same = {"sizes": asdict(model.config), "recipe": asdict(recipe), "text": digest(tokens)}
        self.history = {"loss": [], "held_out": []}
        if folder is not None and _found(folder):
            if not resume:
                raise ValueError(f"{folder} holds checkpoints of a run: resume it, or name another folder")
            facts, state = load_checkpoint(folder, load_state)
            _check_same(facts, self.same)
            self.history = facts["history"]
            self._restore(facts["step"], state)

    def steps(self, show):
        """Yield the number of each step still to do, from 0; `show` moves a bar on stdout (tqdm's)."""
        with _bar(self.recipe.steps, len(self.history["loss"]), show and self.leads) as bar:
            for step in range(len(self.history["loss"]), self.recipe.steps):
                yield step
                if bar is not None:
                    bar.set_postfix_str(f"loss {self.history['loss'][-1]:.3f}", refresh=False)
                    bar.update()

    def stop(self, step, error):
        """The error for a loss or gradient that is no finite number, to be raised."""
        return FloatingPointError(f"step {step + 1}: {error}; {last_good(self.folder)}")

    def done(self, step, loss, evaluate, save_state, on_step):
        """After a step: note its loss, and do what is due. The last step has everything due."""
        step, last = step + 1, step + 1 == self.recipe.steps
        self.history["loss"].append(loss)
        if not self.leads:
            return
        if last or step % self.recipe.check_every == 0:
            self.history["held_out"].append([step, evaluate()])
        if self.folder is not None and (last or step % self.recipe.save_every == 0):
            state = self._state(step)
            save_checkpoint(
                self.folder,
                self.same | {"step": step, "history": self.history},
                lambda path: save_state(path, state),
            )
        if on_step is not None:
            on_step(step, self.history)

    def _state(self, step):
        """Parameters and the optimizer's memory under one dict's names: "model.…", "m.…", "v.…"."""
        state = {f"model.{name}": p for name, p in self.model.state_dict().items()}
        for name, p in state.items():
            if not math.isfinite(float(abs(p).max())):
                raise self.stop(step - 1, f"{name} holds NaN or infinity")
        for memory in ("m", "v"):
            state |= {f"{memory}.{name}": x for name, x in getattr(self.optimizer, memory).items()}
        return state

    def _restore(self, step, state):
        parts = {"model": {}, "m": {}, "v": {}}
        for name, x in state.items():
            part, _, name = name.partition(".")
            parts[part][name] = x
        self.model.load_state_dict(parts["model"])
        for memory in ("m", "v"):
            for name, x in getattr(self.optimizer, memory).items():
                x[...] = parts[memory][name]
        self.optimizer.t = step


def _check_same(facts, now):
    """Raise ValueError that names what differs between a checkpoint's run and this one."""
    for what, own in now.items():
        was, own = (x if isinstance(x, dict) else {what: x} for x in (facts[what], own))
        for name, value in own.items():
            if was.get(name) != value:
                raise ValueError(
                    f"the checkpoint is of another run: its {name} is {was.get(name)}, this run's is {value}"
                )


def _bar(steps, start, show):
    if not show:
        return nullcontext()  # and tqdm need not be there
    from tqdm import tqdm

    return tqdm(total=steps, initial=start, file=sys.stdout, unit="step")


def _found(folder):
    """The JSON files of the folder's checkpoints, oldest first."""
    return sorted(Path(folder).glob("step_*.json"), key=lambda path: int(path.stem.removeprefix("step_")))


def _check_length(call, tokens, C):
    if len(tokens) <= C:
        raise ValueError(f"{call}: {len(tokens)} tokens are too few for one window of C + 1 = {C + 1}")
