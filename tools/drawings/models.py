"""Drawings of what is built from the pieces: the block, the GPT, and the transformer of 2017."""

from course_lib.data import trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_numpy.generation import next_token_probabilities
from course_lib.in_numpy.gpt import GPT
from tools.drawings.svg import Drawing


def block():
    """A block with its residual stream, normed before the parts and after them."""
    d = Drawing(
        480, 440, "A block: pre-norm and post-norm",
        "Left, pre-norm: the residual stream runs straight down; attention and the feed-forward network each read a normed copy "
        "and add what they found. Right, post-norm: the parts read the stream itself, and the stream is normed after each sum.",
    )  # fmt: skip
    for left, name in ((12, "pre-norm (GPT)"), (250, "post-norm (2017)")):
        stream, branch = left + 58, left + 164
        d.label(left + 108, 20, name, bold=True)
        d.label(stream, 46, "x", size=16, bold=True)
        for top, part in ((76, "attention"), (242, "feed-forward")):
            if left < 100:
                d.arrow((stream, top - 18), (stream, top + 112), role="residual", width=5, head=False)
                d.arrow((stream, top), (branch, top), (branch, top + 20))
                d.box(branch - 55, top + 22, 110, 28, "layer norm")
                d.arrow((branch, top + 52), (branch, top + 64))
                d.box(branch - 55, top + 66, 110, 32, part, "ink", bold=True)
                d.arrow((branch, top + 100), (branch, top + 125), (stream + 15, top + 125))
                d.arrow((stream, top + 138), (stream, top + 150), role="residual", width=5, head=False)
                d.plus(stream, top + 125)
            else:
                d.arrow((stream, top - 18), (stream, top + 74), role="residual", width=5, head=False)
                d.arrow((stream, top), (branch, top), (branch, top + 20))
                d.box(branch - 55, top + 22, 110, 32, part, "ink", bold=True)
                d.arrow((branch, top + 56), (branch, top + 86), (stream + 15, top + 86))
                d.plus(stream, top + 86)
                d.arrow((stream, top + 99), (stream, top + 114), role="residual", width=5, head=False)
                d.box(stream - 55, top + 115, 110, 28, "layer norm")
                d.arrow((stream, top + 144), (stream, top + 150), role="residual", width=5, head=False)
        d.arrow((stream, 388), (stream, 412), role="residual", width=5)
        d.label(stream + 16, 412, "to the next block", "soft", 13, "start")
    d.arrow((240, 14), (240, 426), role="line", head=False, width=1)
    return d


def gpt():
    """The whole GPT with its shapes, from a text to what the trained model says comes next."""
    grammar, model = Grammar(ENGLISH), trained_gpt.load(GPT)
    text = "Anna swam quickly across to the"
    logits = model([grammar.encode(f"<end> {text}")])[0, -1]  # (V,)
    chances = next_token_probabilities(logits)
    best = chances.argsort()[::-1][:3]
    L = model.config.L
    d = Drawing(
        480, 640, "The whole GPT",
        f"From top to bottom: token ids, embeddings plus positions, {L} blocks of attention and feed-forward on the residual "
        "stream, a last norm, the unembedding, logits, and probabilities for the next token.",
    )  # fmt: skip
    middle, shapes = 190, 380

    def step(y, text, shape, role="line", high=32):
        d.box(middle - 100, y, 200, high, text, role)
        d.label(shapes, y + high / 2, shape, "soft", 13, "start")

    def down(start, end, role="residual"):
        d.arrow((middle, start), (middle, end), role=role, width=3 if role == "residual" else 1.6)

    d.label(middle, 22, text, size=13)
    d.arrow((middle, 34), (middle, 50))
    step(52, "token ids", "(B, T)")
    down(86, 104, "soft")
    step(106, "rows of the table W_{E}", "(B, T, D)", "residual")
    down(140, 160)
    d.plus(middle, 174)
    d.box(16, 158, 104, 32, "positions")
    d.arrow((122, 174), (175, 174))
    d.label(shapes, 174, "(T, D)", "soft", 13, "start")
    d.arrow((middle, 188), (middle, 236), role="residual", width=3, head=False)
    d.frame(56, 208, 300, 232, "soft", dashed=True)
    d.label(66, 226, "block,", "soft", 13, "start")
    d.label(66, 244, f"L = {L} times", "soft", 13, "start")
    for top, part, inside, shape in (
        (234, "attention", "weights", "(B, H, T, T)"),
        (338, "feed-forward", "hidden", "(B, T, F)"),
    ):
        d.arrow((middle, top - 8), (middle, top + 66), role="residual", width=3, head=False)
        d.arrow((middle, top + 4), (300, top + 4), (300, top + 14), head=False)
        d.box(246, top + 14, 100, 22, "layer norm", size=12.5)
        d.box(246, top + 42, 100, 26, part, "ink", size=12.5, bold=True)
        d.arrow((300, top + 70), (300, top + 79), (middle + 15, top + 79))
        d.plus(middle, top + 79)
        d.label(shapes, top + 46, inside, "soft", 13, "start")
        d.label(shapes, top + 64, shape, "soft", 13, "start")
    d.arrow((middle, 326), (middle, 336), role="residual", width=3, head=False)
    down(430, 458)
    step(460, "layer norm", "(B, T, D)", "residual")
    down(494, 512, "soft")
    step(514, "unembed: times W_{E}^{T}", "(B, T, V)")
    down(548, 566, "soft")
    d.label(middle + 10, 556, "softmax", "soft", 12, "start")
    for n, id in enumerate(best):
        d.label(96, 580 + 20 * n, grammar.words[id], size=13, anchor="end")
        d.weights(104, 572 + 20 * n, [[chances[id]]], (44, 17))
        d.box(152, 573 + 20 * n, max(2, 180 * chances[id]), 15, "", "ink")
    d.label(shapes, 600, "(B, T, V)", "soft", 13, "start")
    return d


def encoder_decoder():
    """The transformer of 2017: two stacks, and the keys and values that go from one to the other."""
    d = Drawing(
        480, 520, "Encoder and decoder",
        "Left the encoder: its blocks see the whole source. Right the decoder: masked self-attention over what is written so "
        "far, then cross-attention, whose queries come from the decoder and whose keys and values come from the encoder.",
    )  # fmt: skip
    left, right = 100, 350
    for middle, name, text in ((left, "encoder", "You are welcome"), (right, "decoder", "<start> de")):
        d.label(middle, 20, name, bold=True)
        d.box(middle - 78, 34, 156, 30, text, size=13)
        d.arrow((middle, 66), (middle, 82), role="residual", width=3)
        d.box(middle - 78, 84, 156, 30, "embed + positions", "residual", size=13)
    d.frame(10, 134, 180, 182, "soft", dashed=True)
    d.frame(260, 134, 180, 262, "soft", dashed=True)
    d.label(20, 150, "L blocks", "soft", 12.5, "start")
    d.label(270, 150, "L blocks", "soft", 12.5, "start")
    parts = [(left, 164, "self-attention\nsees all of it"), (left, 250, "feed-forward")]
    parts += [
        (right, 164, "self-attention\nmasked: no future"),
        (right, 250, "cross-attention\nto the source"),
        (right, 336, "feed-forward"),
    ]
    for middle, top, text in parts:
        d.arrow((middle, 116 if top == 164 else top - 38), (middle, top - 2), role="residual", width=3)
        d.box(middle - 76, top, 152, 46, text, "ink", size=13)
    d.arrow((left, 298), (left, 338), role="residual", width=3)
    d.box(left - 84, 340, 168, 46, "what the encoder says\n(B, S, D)", "residual", size=13)
    d.arrow((186, 356), (216, 356), (216, 266), (272, 266), role="key", width=2)
    d.arrow((186, 370), (236, 370), (236, 284), (272, 284), role="value", width=2)
    d.label(206, 252, "k", "key", 15, bold=True)
    d.label(246, 304, "v", "value", 15, bold=True)
    d.label(right + 14, 230, "q", "query", 15, "start", bold=True)
    d.arrow((right, 384), (right, 418), role="residual", width=3)
    d.box(right - 78, 420, 156, 30, "unembed, softmax", size=13)
    d.arrow((right, 452), (right, 472))
    d.label(right, 486, "de nada", bold=True)
    d.label(right, 505, "(B, T, V)", "soft", 12.5)
    d.label(18, 428, "Each part is added to", "soft", 13, "start")
    d.label(18, 446, "the stream and normed,", "soft", 13, "start")
    d.label(18, 464, "as in any block.", "soft", 13, "start")
    return d


def cache():
    """What is computed for one more word, without a cache of keys and values and with one."""
    grammar, model = Grammar(ENGLISH), trained_gpt.load(GPT)
    words = ["<end>", "Anna", "swam", "slowly", "across"]
    model([grammar.encode(" ".join(words))])
    weights, T = model.h[1].attn.weights[0, 0], len(words)  # (T, T), of one head
    computed = T * (T + 1) // 2
    d = Drawing(
        480, 276, "The cache of keys and values",
        f"The row of the {T}th token is computed. Without a cache the queries, keys, values and weights of all {T} tokens are "
        f"computed again. With a cache the keys and values of the {T - 1} before are kept: one query, one key, one value and one "
        "row of weights are computed.",
    )  # fmt: skip
    top, high, wide = 66, 28, 26
    last = top + (T - 1) * high

    def head(left, title):
        d.label(left + 91, 20, title, bold=True)
        for n, (part, role) in enumerate(zip("qkv", ("query", "key", "value"), strict=True)):
            d.label(left + 32 * n + wide / 2, 48, part, role, 15, bold=True)
        d.label(left + 142, 48, "weights", "soft", 13)

    for t, word in enumerate(words):
        d.label(64, top + (t + 0.5) * high, word, size=13, anchor="end", bold=t == T - 1)
    head(76, "without a cache")
    for n, role in enumerate(("query", "key", "value")):
        d.grid(76 + 32 * n, top, [[""]] * T, role, (wide, high))
    allowed = [[s <= t for s in range(T)] for t in range(T)]
    d.weights(178, top, weights, (16, high), write=False, allowed=allowed)
    head(280, "with a cache")
    for n, role in enumerate(("query", "key", "value")):
        d.grid(280 + 32 * n, last, [[""]], role, (wide, high))
    d.frame(310, top, 62, last - top - 3, "soft", dashed=True)
    d.label(341, (top + last) / 2, "kept", "soft", 13)
    d.weights(382, last, weights[-1:], (16, high), write=False)
    for left, sums in ((167, (f"{3 * T} rows and {computed} weights", "are computed")),
                       (371, (f"3 rows and {T} weights are", f"computed, {2 * (T - 1)} rows read"))):  # fmt: skip
        for n, line in enumerate(sums):
            d.label(left, last + high + 26 + 20 * n, line, size=13)
    return d
