"""WatchTraining: a model learns while you look on: its loss, what it writes, and where its heads look, step by step."""

import math

import numpy as np
from traitlets import Bytes, Float, Int, List, Unicode

from course_lib.shapes import ShapeError
from course_lib.widgets.live import Live, as_bytes, checked_array, checked_labels, script
from course_lib.widgets.training_still import training_still

CALL = "WatchTraining"
LOOKS, POINTS = 30, 1000  # at most, of the model and of the curve, however long the training is


class WatchTraining(Live):
    """Watch a model learn, and let it play again: its loss beside known floors, a text of its own, and maps of its heads.

    steps   how many steps the training has; what comes after them is not shown.
    look    a function that gives (text, weights) of the model as it is when called: what it writes, and where its N
            heads look on one sentence of T tokens, (N, T, T), causal. It is called at most 30 times, often at first and
            then more and more seldom, and first of all here, so that a mistake in it shows before the training.
    tokens  T labels, at most 24, of that sentence; heads: N labels, at most 16; floors: dict name → nats, at most 4.
    Pass the losses of a training through it, `for loss in watch(losses)`, or give `train` its `watch.on_step`. A look is
    one message to the page; no step waits for it. Raises ShapeError, ValueError; what goes wrong later is told in the
    picture, and the training goes on.

    >>> watch = WatchTraining(4, lambda: ("a b", [[[1, 0], [0.5, 0.5]]]), ["a", "b"], {"ln 2": 0.693})
    >>> list(watch([0.9, 0.8, 0.7, 0.7])), watch.looks
    ([0.9, 0.8, 0.7, 0.7], [0, 1, 2, 3, 4])
    >>> watch
    A training of 4 steps, watched up to step 4: ln 2
    """

    _esm = script("watch_training.js")
    tokens, heads = List(Unicode()).tag(sync=True), List(Unicode()).tag(sync=True)
    floors, floor_names = List(Float()).tag(sync=True), List(Unicode()).tag(sync=True)
    steps = Int().tag(sync=True)
    every = Int().tag(sync=True)  # how many steps a point of the curve is the mean of
    losses = Bytes().tag(sync=True)  # one number for each so many steps
    looks = List(Int()).tag(sync=True)  # after how many steps
    texts = List(Unicode()).tag(sync=True)  # what it wrote then
    maps = Bytes().tag(sync=True)  # (looks, N, T·(T+1)/2): of each head the rows up to the diagonal
    error = Unicode().tag(sync=True)  # what a look raised, if it did
    # what the reader sets
    head, at = Int().tag(sync=True), Int(-1).tag(sync=True)  # at: which look is shown, −1 the newest
    locked = List(Int()).tag(sync=True)  # [] or [row, column]

    def __init__(self, steps, look, tokens, floors, heads=None, head=0):
        if steps < 1:
            raise ValueError(f"{CALL}: steps is {steps}, must be 1 or more")
        self._look, self._all = look, []  # every loss so far
        tokens = checked_labels(CALL, "tokens", tokens, len(tokens), most=24)
        text, weights = self._ask(tokens, heads)
        heads = [f"head {h}" for h in range(len(weights))] if heads is None else [str(name) for name in heads]
        if not 0 <= head < len(heads):
            raise ValueError(f"{CALL}: head is {head}, there are heads 0 to {len(heads) - 1}")
        if len(floors) > 4 or not all(0 < height < math.inf for height in floors.values()):
            raise ValueError(f"{CALL}: floors are at most 4 heights above 0, got {floors}")
        # the closer, the earlier
        self._due = {max(i, round(steps * (i / (LOOKS - 1)) ** 2)) for i in range(LOOKS)}
        self._due = {step for step in self._due if step <= steps}
        super().__init__(
            None, None, tokens=tokens, heads=heads, head=head, steps=steps, every=math.ceil(steps / POINTS),
            floor_names=list(map(str, floors)), floors=list(map(float, floors.values())),
            looks=[0], texts=[text], maps=_lower(weights),
        )  # fmt: skip

    def __call__(self, losses):
        """Yield the losses of a training from its first step on, and look at the model between them."""
        self._begin()
        for step, loss in enumerate(losses, start=1):
            self._note(step, [float(loss)])
            yield loss

    def on_step(self, step, history):
        """What `train` of either framework calls after each step, with {"loss": one number a step, …}."""
        if step <= len(self._all):
            self._begin()  # another training
        self._note(step, history["loss"][len(self._all) :])

    def _begin(self):
        """Forget the last training: what there is now is before the first step."""
        self._all = []
        if len(self.looks) > 1:
            self._see(0)

    def _note(self, step, losses):
        self._all += losses
        if step in self._due:
            self._see(step)

    def _see(self, step):
        """Look at the model, and tell the page in one message."""
        try:
            text, weights = self._ask(self.tokens, self.heads)
        except Exception as problem:  # noqa: BLE001 - a training of an hour must not end for a picture of it
            self.error = f"After step {step}: {type(problem).__name__}: {problem}"
            return
        before = (self.looks, self.texts, self.maps) if step else ([], [], b"")
        whole = len(self._all) - len(self._all) % self.every
        with self.hold_sync():
            self.losses = as_bytes(np.reshape(self._all[:whole], (-1, self.every)).mean(axis=1))
            self.texts, self.maps = [*before[1], text], before[2] + _lower(weights)
            self.error, self.looks = "", [*before[0], step]

    def _ask(self, tokens, heads):
        """What the model writes, and its weights (N, T, T); one head may come as (T, T)."""
        text, weights = self._look()
        weights = np.asarray(weights)
        weights = checked_array(CALL, "weights", weights, "N T T" if weights.ndim != 2 else "T T")
        weights = weights.reshape(-1, *weights.shape[-2:])
        N, T = len(weights) if heads is None else len(heads), len(tokens)
        if weights.shape != (N, T, T) or N > 16:
            raise ShapeError(
                f"{CALL}: look gives weights {weights.shape}, expected ({min(N, 16)}, {T}, {T}), a map for each head"
            )
        if np.triu(weights, 1).any():
            raise ValueError(f"{CALL}: a head looks at a later token; only causal heads can be shown")
        return str(text), weights

    def __repr__(self):
        return f"A training of {self.steps} steps, watched up to step {self.looks[-1]}: {', '.join(self.floor_names)}"

    def _repr_mimebundle_(self, **options):
        self._picture = self._still()  # of what there is now
        return super()._repr_mimebundle_(**options)

    def _still(self):
        T, floors = len(self.tokens), dict(zip(self.floor_names, self.floors, strict=True))
        shown = np.zeros((T, T))
        shown[np.tril_indices(T)] = np.frombuffer(self.maps, "<f4").reshape(
            len(self.looks), len(self.heads), -1
        )[-1, self.head]
        wrote = dict(zip(self.looks, self.texts, strict=True))
        return training_still(
            self.steps, self._all[: self.steps], floors, shown, self.tokens, self.heads[self.head], wrote
        )


def _lower(weights):
    """The rows of each map up to the diagonal, (N, T·(T+1)/2), as float32 bytes."""
    return as_bytes(weights[:, *np.tril_indices(weights.shape[-1])])
