"""NextToken: a text grows token by token; the model runs in the kernel, everything after the logits in the browser."""

import numpy as np
from traitlets import Bytes, Int, List, Unicode, observe

from course_lib.shapes import ShapeError
from course_lib.widgets import figures
from course_lib.widgets.live import (
    Live,
    as_bytes,
    checked_array,
    checked_labels,
    checked_stop,
    script,
    softmax,
)

CALL = "NextToken"


class NextToken(Live):
    """Explore how a language model writes: logits → temperature → top-k, top-p → one token drawn, again and again.

    model    any function from ids (T,), a list of whole numbers, to the V logits of what follows.
    tokens   V labels, at most 2,000; ids: the prompt, not empty; context: how many of the last ids the model is given.
    A button (or Enter on it) draws a token and asks the model once; nothing else needs the kernel.
    Raises ShapeError and ValueError.

    >>> NextToken(lambda ids: [0.0, 1.0, 2.0], ["a", "b", "c"], [0])
    Next token of 3 after 'a'
    """

    _esm = script("next_token.js")
    tokens = List(Unicode()).tag(sync=True)
    # the text, and how many of it are the prompt
    ids, prompt = List(Int()).tag(sync=True), Int().tag(sync=True)
    logits = Bytes().tag(sync=True)  # (V,), what follows the ids
    error = Unicode().tag(sync=True)  # what the model raised, if it did
    answers = Int().tag(sync=True)  # rises with each answer, also where the logits stay the same
    stop, top_k, top_p = Int().tag(sync=True), Int().tag(sync=True), Int().tag(sync=True)

    def __init__(self, model, tokens, ids, context=None, temperature=1):
        tokens = [str(token) for token in tokens]
        tokens = checked_labels(CALL, "tokens", tokens, len(tokens), most=2000)
        ids = [int(id) for id in ids]
        if not ids or not all(0 <= id < len(tokens) for id in ids):
            raise ValueError(f"{CALL}: ids must be one or more from 0 to {len(tokens) - 1}, got {ids}")
        self._model, self._context, self._labels, self._ready = model, context, tokens, False
        logits = self._ask(ids)
        best = np.argsort(-logits, kind="stable")[:8]
        p = softmax(logits)
        super().__init__(
            figures.bars([tokens[i] for i in best], {"most likely next": p[best]}, "probability", high=1.12),
            f"Next token of {len(tokens)} after {' '.join(tokens[id] for id in ids)!r}",
            tokens=tokens, ids=ids, prompt=len(ids), logits=as_bytes(logits),
            stop=checked_stop(CALL, temperature), top_k=len(tokens), top_p=11,
        )  # fmt: skip
        self._ready = True

    def _ask(self, ids):
        given = ids if self._context is None else ids[-self._context :]
        logits = checked_array(CALL, "the model's logits", self._model(given), "V")
        if len(logits) != len(self._labels):
            raise ShapeError(
                f"{CALL}: the model gives {len(logits)} logits but there are {len(self._labels)} tokens"
            )
        return logits

    @observe("ids")
    def _grow(self, change):
        if not self._ready:  # the constructor sets the ids too, and has asked already
            return
        try:
            self.logits, self.error = as_bytes(self._ask(change.new)), ""
        except Exception as problem:  # noqa: BLE001 - the reader's model may raise anything, and the page should say it
            self.error = f"{type(problem).__name__}: {problem}"
        self.answers += 1
