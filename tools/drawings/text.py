"""Drawings of what enters a model: bytes, tokens, rows of a table, batches, targets."""

import numpy as np

from course_lib.data import worked
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_numpy.embeddings import one_hot as one_hot_rows
from course_lib.tokenization import BytePairTokenizer
from tools.drawings.svg import Drawing, number

SENTENCE = ["Anna", "swam", "quickly", "across", "to", "the"]


def tokens_and_bytes():
    """Characters, the bytes of each, and the tokens that merges make of them."""
    text, learnt_from = "el niño", "el niño el niño un niño el año"
    tokenizer = BytePairTokenizer.train(learnt_from, 256 + 5)
    ids, cell, left, top = tokenizer.encode(text), 42, 82, 20
    d = Drawing(
        440, 212, "Characters, bytes, tokens",
        f"The {len(text)} characters of “{text}” are {len(text.encode())} bytes in UTF-8, since ñ takes two. Merges that "
        f"were learnt join them to {len(ids)} tokens with the ids {', '.join(map(str, ids))}.",
    )  # fmt: skip
    for y, word in ((top + 16, "characters"), (top + 76, "bytes"), (top + 142, "tokens"), (top + 171, "ids")):
        d.label(10, y, word, "soft", 13, anchor="start")
    at = left
    for character in text:
        size = len(character.encode())
        d.box(at + 3, top, cell * size - 6, 32, "␣" if character == " " else character, bold=True)
        for n, byte in enumerate(character.encode()):
            middle = at + (n + 0.5) * cell
            d.arrow((middle, top + 34), (middle, top + 62))
            d.label(middle, top + 76, str(byte), size=13)
        at += cell * size
    at = left
    for id in ids:
        size = len(tokenizer.tokens[id])
        shown = tokenizer.tokens[id].decode(errors="replace").replace(" ", "␣")
        d.arrow(
            (at + 5, top + 93),
            (at + 5, top + 99),
            (at + cell * size - 5, top + 99),
            (at + cell * size - 5, top + 93),
            head=False,
        )
        d.arrow((at + cell * size / 2, top + 100), (at + cell * size / 2, top + 124))
        d.box(at + 3, top + 126, cell * size - 6, 32, shown, "ink", bold=True)
        d.label(at + cell * size / 2, top + 171, str(id), size=13)
        at += cell * size
    return d


def one_hot():
    """A row with a single 1 times the table picks a row of the table."""
    words, id = [*worked.ENGLISH, *worked.SPANISH], 1
    table = np.concatenate([worked.X, worked.Y])  # (V, D)
    V, D = table.shape
    picks = one_hot_rows([id], V)  # (1, V)
    d = Drawing(
        480, 272, "A one-hot row picks a row of the table",
        f"The one-hot row of the word “{words[id]}”, its only 1 in place {id}, times a table of {V} rows and {D} columns "
        f"is row {id} of the table.",
    )  # fmt: skip
    d.label(96, 70, "one-hot, (1, V)", "soft", 13)
    d.weights(18, 86, picks, cell=(26, 24), digits=0)
    for i in range(V):
        d.label(18 + 26 * (i + 0.5), 121, str(i), "soft", 12)
    d.label(194, 98, "×", size=18)
    x, y = 290, 38
    d.label(x + 84, 22, "table W_{E}, (V, D)", "soft", 13)
    d.grid(x, y, [[""] * D if i == id else map(number, row) for i, row in enumerate(table)], cell=(42, 24))
    for i, word in enumerate(words):
        d.label(
            x - 8, y + 24 * (i + 0.5), f"{word}  {i}", "ink" if i == id else "soft", 13, "end", bold=i == id
        )
    d.grid(x, y + 24 * id, table[[id]], "residual", cell=(42, 24))
    d.arrow((x + 84, y + 24 * V + 6), (x + 84, y + 24 * V + 30), role="residual")
    d.label(x - 12, y + 24 * V + 46, "x = ", anchor="end", bold=True)
    d.grid(x, y + 24 * V + 34, picks @ table, "residual", cell=(42, 24))
    d.label(x + 84, y + 24 * V + 72, "(1, D)", "soft", 13)
    return d


def batch():
    """B texts of T tokens with D numbers each."""
    x = np.stack([worked.X, worked.Y])  # (B, T, D)
    names, cell = [worked.ENGLISH, worked.SPANISH], (46, 28)
    B, T, D = x.shape
    d = Drawing(
        440, 236, "B × T × D",
        f"A batch of B = {B} texts, drawn as sheets one behind the other. Each has T = {T} rows, one a token, and D = {D} columns.",
    )  # fmt: skip
    for b in reversed(range(B)):
        left, top = 104 + 96 * b, 106 - 62 * b
        # The sheet in front hides the first two entries of the last row behind it.
        shown = [[number(n) for n in row] for row in x[b]]
        shown[-1] = ["", "", *shown[-1][2:]] if b else shown[-1]
        d.grid(left, top, shown, "residual", cell)
        if b:
            d.label(left + cell[0] * D / 2, top - 13, " ".join(names[b]), "soft", 13)
            continue
        for t, name in enumerate(names[b]):
            d.label(left - 8, top + cell[1] * (t + 0.5), name, size=13, anchor="end")
        bottom, right = top + cell[1] * T, left + cell[0] * D
        d.arrow((22, top + 2), (22, bottom - 2))
        d.label(22, bottom + 12, "T", bold=True)
        d.arrow((left + 2, bottom + 16), (right - 2, bottom + 16))
        d.label(right + 12, bottom + 16, "D", bold=True)
        d.arrow((right + 14, bottom - 4), (right + 104, bottom - 62))
        d.label(right + 116, bottom - 68, "B", bold=True)
    d.label(16, 40, "a row: one token,", "soft", 13, "start")
    d.label(16, 58, "D numbers", "soft", 13, "start")
    d.arrow((126, 66), (126, 103))
    return d


def shifted_targets():
    """Inputs above the same tokens one place on, and what each place may see."""
    tokens = Grammar(ENGLISH).encode(" ".join([*SENTENCE, "other"]))
    T, cell, left = len(tokens) - 1, 66, 66
    words = [*SENTENCE, "other"]
    d = Drawing(
        480, 282, "Inputs and shifted targets",
        f"A row of T = {T} input tokens above a row of targets, which are the same tokens one place on. From each place all "
        "inputs up to it are seen, what comes later is hatched.",
    )  # fmt: skip
    for n in range(T):
        x = left + n * cell
        d.box(x + 2, 18, cell - 4, 30, words[n], size=12.5)
        d.label(x + cell / 2, 60, str(tokens[n]), "soft", 12)
        d.arrow((x + cell / 2, 70), (x + cell / 2, 92))
        d.box(x + 2, 94, cell - 4, 30, words[n + 1], "ink", size=12.5)
        d.label(x + cell / 2, 136, str(tokens[n + 1]), "soft", 12)
    d.label(8, 33, "inputs", size=13, anchor="start", bold=True)
    d.label(8, 109, "targets", size=13, anchor="start", bold=True)
    d.label(left + T * cell / 2, 162, "what each target is predicted from", "soft", 13)
    mask = np.tril(np.ones((T, T), bool))
    d.weights(left, 174, 0.12 * mask, (cell, 16), write=False, allowed=mask)
    for t in range(T):
        d.label(left - 8, 174 + 16 * (t + 0.5), words[t + 1], "soft", 12, "end")
    return d
