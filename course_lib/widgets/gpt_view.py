"""GPTView: the whole way from a text to its next word, through a GPT that runs in the browser."""

import numpy as np
from traitlets import Bool, Bytes, Dict, Int, List, Unicode

from course_lib.widgets import stills
from course_lib.widgets.live import TEMPERATURES, Live, script, softmax
from course_lib.widgets.sources import MODELS, stored_model

CALL = "GPTView"


class GPTView(Live):
    """Follow a text through a GPT: words → vectors → attention and network, block after block → the next word.

    model    a GPT of `in_numpy`; words: its V words, id → word, of which word 0 stands between two texts.
    text     words separated by spaces; small: without what unfolds, for a first look.
    unfolded what is unfolded at first: "start", "look.0" and "think.0" of block 0, and so on, "end".
    A notebook gets the model's numbers with the picture. Of the model that the course brings along only the name is
    stored, and web pages have it from a file of their own; of any other model they show the picture alone.
    Heads can be switched off; the text is typed, drawn or taken. Raises ValueError for a word that the model does not know.

    >>> from course_lib.data import trained_gpt
    >>> from course_lib.in_numpy.gpt import GPT
    >>> GPTView(trained_gpt.load(GPT), trained_gpt.log()["words"], "Anna swam")
    The way of 'Anna swam' through a GPT of 2 blocks: next comes slowly 0.47, quickly 0.46
    """

    _esm = script("gpt_view.js")
    model = Unicode().tag(sync=True)  # the name of a stored model, or "" for any other
    _given = Dict().tag(sync=True)  # for a page with a kernel, and not stored
    _numbers = Bytes().tag(sync=True)
    small = Bool().tag(sync=True)
    # what the reader sets
    text = Unicode().tag(sync=True)  # what is typed
    written = List(Int()).tag(sync=True)  # the ids that follow it
    row = Unicode().tag(sync=True)  # the step looked at
    token = Int().tag(sync=True)  # the token looked at, −1 for the last
    head = Int().tag(sync=True)
    off = List(Int()).tag(sync=True)  # block · H + head of those switched off
    unfolded = List(Unicode()).tag(sync=True)
    stop, top_k, top_p = Int().tag(sync=True), Int().tag(sync=True), Int().tag(sync=True)

    def __init__(
        self,
        model,
        words,
        text="Anna swam slowly across to the old bank and looked at the",
        small=False,
        unfolded=(),
    ):
        config, words = model.config, [str(word) for word in words]
        if len(words) != config.V:
            raise ValueError(f"{CALL}: {len(words)} words, but the model has V = {config.V}")
        ids = [0, *_ids(text, words)]
        if len(ids) > config.C:
            raise ValueError(
                f"{CALL}: the text has {len(ids) - 1} words; the model sees at most {config.C - 1}"
            )
        parts = ["start", *(f"{part}.{i}" for i in range(config.L) for part in ("look", "think")), "end"]
        for part in unfolded:
            if part not in parts:
                raise ValueError(f"{CALL}: {part!r} cannot be unfolded; there are {', '.join(parts)}")
        given, numbers, name = _given(model, words)
        steps, p = _steps(model, ids)
        best = np.argsort(-p, kind="stable")[:2]
        super().__init__(
            stills.whole_way(steps, [words[id] for id in ids], {words[id]: p[id] for id in np.argsort(-p, kind="stable")[:8]}),
            f"The way of {text!r} through a GPT of {config.L} blocks: next comes "
            + ", ".join(f"{words[id]} {p[id]:.2f}" for id in best),
            model=name, _given=given, _numbers=numbers, small=small, text=text, row="ids", token=-1, unfolded=list(unfolded),
            stop=TEMPERATURES.index(1), top_k=config.V, top_p=11,
        )  # fmt: skip

    def stored(self):
        """The widget as JSON, or None for a model without a name: a web page has no numbers of it."""
        return super().stored() if self.model else None


def _steps(model, ids):
    """The way in steps, ({name: (T, D) vectors or (H, T) weights of the last token}, the probabilities (V,) after it)."""
    x = model.wte.params["weight"][ids] + model.wpe.params["weight"][: len(ids)]  # (T, D)
    steps = {"word + place": x}
    for i, block in enumerate(model.h):
        x = x + block.attn(block.ln_1(x[None]))[0]
        steps[f"block {i}: where each head looks"] = block.attn.weights[0, :, -1]  # (H, T)
        steps[f"+ attention {i}"] = x
        x = x + block.mlp(block.ln_2(x[None]))[0]
        steps[f"+ network {i}"] = x
    return steps, softmax(model.wte.params["weight"] @ model.ln_f(x[-1:])[0])


def _ids(text, words):
    """The ids of a text's words; ValueError for one that is not among `words`."""
    ids = {word: id for id, word in enumerate(words)}
    for word in text.split():
        if word not in ids:
            raise ValueError(f"{CALL}: the model knows {len(words)} words, and {word!r} is none of them")
    return [ids[word] for word in text.split()]


def _given(model, words):
    """What the browser gets: (about the model, its numbers as bytes, its name or "")."""
    state = {name: np.asarray(p) for name, p in sorted(model.state_dict().items())}
    half = b"".join(np.ascontiguousarray(p, "<f2").tobytes() for p in state.values())
    sizes = {letter: getattr(model.config, letter) for letter in ("V", "C", "D", "H", "L", "F", "eps")}
    given = {
        "sizes": sizes,
        "words": words,
        "shapes": [[name, list(p.shape)] for name, p in state.items()],
        "half": True,
    }
    for name in MODELS:
        if (given, half) == stored_model(name):
            return given, half, name
    single = b"".join(np.ascontiguousarray(p, "<f4").tobytes() for p in state.values())
    return {**given, "half": False}, single, ""
