"""What happens around the steps of a run, in either framework."""

import math
import sys
from contextlib import nullcontext
from dataclasses import asdict

from course_lib.runs.folder import check_writable, checkpoints, last_good, load_checkpoint, save_checkpoint
from course_lib.runs.recipe import digest

__all__ = ["Run", "check_same"]

MAY_CHANGE = ("check_every", "save_every")  # no bit of a run depends on them
WHY = {
    "steps": ": the learning rate falls to 0 over all steps, so that a longer run is another from the start"
}


class Run:
    """What happens around the steps of a run, in either framework: checkpoints, held-out losses, the bar.

    `history` is {"loss": one number a step, "held_out": [[step, loss], …]}. A run that resumes puts model and
    optimizer back as they were. Raises ValueError when the folder's checkpoint is of another run, OSError when
    nothing can be saved in the folder.
    """

    def __init__(self, model, optimizer, tokens, recipe, folder, resume, load_state, leads=True):
        self.model, self.optimizer, self.recipe, self.folder = model, optimizer, recipe, folder
        self.leads = leads  # of several processes one writes files and shows the bar
        self.same = {"sizes": asdict(model.config), "recipe": asdict(recipe), "text": digest(tokens)}
        self.history, self.bar = {"loss": [], "held_out": []}, None
        if folder is not None and checkpoints(folder):
            if not resume:
                raise ValueError(f"{folder} holds checkpoints of a run: resume it, or name another folder")
            facts, state = load_checkpoint(folder, load_state)
            check_same(facts, self.same)
            self.history = facts["history"]
            try:
                self._restore(facts["step"], state)
            except (KeyError, RuntimeError) as error:
                raise ValueError(
                    f"{checkpoints(folder)[-1].stem} in {folder} is of no such model: {error}"
                ) from error
        if folder is not None and leads:
            check_writable(folder)

    def steps(self, show):
        """Yield the number of each step still to do, from 0; `show` moves a bar on stdout (tqdm's)."""
        with _bar(self.recipe.steps, len(self.history["loss"]), show and self.leads) as self.bar:
            for step in range(len(self.history["loss"]), self.recipe.steps):
                yield step
                if self.bar is not None:
                    self.bar.set_postfix_str(f"loss {self.history['loss'][-1]:.3f}", refresh=False)
                    self.bar.update()

    def stop(self, step, error):
        """The error for a loss or gradient that is no finite number, to be raised."""
        return FloatingPointError(f"step {step + 1}: {error}; {last_good(self.folder)}")

    def done(self, step, loss, evaluate, save_state, on_step):
        """After a step: note its loss, and do what is due. The last step has everything due.

        `evaluate(watch)` looks at the held-out text, `save_state(path, state)` writes tensors.
        """
        step, last = step + 1, step + 1 == self.recipe.steps
        self.history["loss"].append(loss)
        if not self.leads:
            return
        if last or step % self.recipe.check_every == 0:
            self.history["held_out"].append([step, evaluate(self._watched)])
        if self.folder is not None and (last or step % self.recipe.save_every == 0):
            self._tell("saving")
            state = self._state(step)
            save_checkpoint(
                self.folder,
                self.same | {"step": step, "history": self.history},
                lambda path: save_state(path, state),
            )
        if on_step is not None:
            on_step(step, self.history)

    def _watched(self, parts):
        """The parts of the held-out text, with a word on the bar at every tenth of them."""
        for i, part in enumerate(parts):
            if i % math.ceil(len(parts) / 10) == 0:
                self._tell(f"looking at the held-out text, {i / len(parts):.0%}")
            yield part

    def _tell(self, what):
        if self.bar is not None:
            self.bar.set_postfix_str(what)

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


def check_same(facts, now):
    """Raise ValueError that names what differs between a checkpoint's run and this one, by the facts in `now`.

    >>> check_same({"recipe": {"B": 8, "save_every": 5}}, {"recipe": {"B": 8, "save_every": 9}})
    >>> check_same({"sizes": {"D": 8}}, {"sizes": {"D": 4}})
    Traceback (most recent call last):
    ValueError: the checkpoint is of another run: its D is 8, this run's is 4
    """
    for what, own in now.items():
        was, own = (x if isinstance(x, dict) else {what: x} for x in (facts[what], own))
        for name, value in own.items():
            if was.get(name) != value and name not in MAY_CHANGE:
                raise ValueError(
                    f"the checkpoint is of another run: its {name} is {was.get(name)}, "
                    f"this run's is {value}{WHY.get(name, '')}"
                )


def _bar(steps, start, show):
    if not show:
        return nullcontext()  # and tqdm need not be there
    from tqdm import tqdm

    return tqdm(total=steps, initial=start, file=sys.stdout, unit="step")
