"""The exercises of lesson 03_positional_encoding: the table of positions, and adding it.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import positions

from .description import Case, Exercise, Slip, sizes
from .judge import check
from .on_paper import on_paper

# --- position_table


def _table(C, D, exponent=lambda i, D: 2 * i / D, base=10000.0, start=0, turn=1.0):
    """The table with a change: i counts the pairs from 0."""
    angles = turn * np.arange(start, C + start)[:, None] / base ** exponent(np.arange(D // 2), D)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(C, D)


def _halves(C, D):
    table = _table(C, D)
    return np.concatenate([table[:, ::2], table[:, 1::2]], axis=1)


def _own_exponents(C, D):
    """Every column with its own exponent, sines and cosines by turns."""
    angles = np.arange(C)[:, None] / 10000.0 ** (np.arange(D) / D)
    return np.where(np.arange(D) % 2 == 0, np.sin(angles), np.cos(angles))


def _columns_in_pairs(C, D):
    """The exponent 2j/D with the number j of the column, as a text prints it."""
    angles = np.arange(C)[:, None] / 10000.0 ** (2 * np.arange(D) / D)
    return np.where(np.arange(D) % 2 == 0, np.sin(angles), np.cos(angles))


def _by_rows(C, D):
    """Sines in even rows, cosines in odd ones."""
    t = np.arange(C)[:, None]
    angles = t / 10000.0 ** (np.arange(D) // 2 * 2 / D)
    return np.where(t % 2 == 0, np.sin(angles), np.cos(angles))


position_table = Exercise(
    name="position_table",
    lesson=3,
    text="""The sinusoidal table: a row for each position, sines and cosines by turns.

    C how many positions, counted from 0, D the width, even → (C, D). Columns 2i and 2i + 1
    are a pair: in row t they hold the sine and the cosine of one angle, t / 10000^(2i/D), in
    radians. The pairs are counted from i = 0.
    """,
    reference=lambda C, D: positions.sinusoidal_positions(C, D),
    cases=lambda rng: [
        Case((3, 2), hint="with D = 2 there is one pair, and its angle is the position itself"),
        Case((5, 6)),
        Case((2, 10)),
        Case((11, 8)),
        Case((1, 6), hint="the first position is 0"),
    ],
    draw=lambda rng: (int(rng.integers(1, 40)), 2 * int(rng.integers(1, 9))),
    axes=("=C", "=D"),
    slips=(
        Slip(_halves, "the sines fill the first half and the cosines the second: they take turns"),
        Slip(lambda C, D: _table(C, D)[:, np.arange(D) ^ 1],
             "sine and cosine are swapped: the sine goes to the even columns"),
        Slip(_own_exponents, "every column has its own exponent: a sine and its cosine share 2i/D"),
        Slip(_columns_in_pairs,
             "the exponent counts the columns: i is the number of the pair, so that 2i is the even column "
             "of both"),
        Slip(lambda C, D: _table(C, D, lambda i, D: i / D), "the exponent is 2i/D: the 2 is missing, or the base is 100"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 4 * i / D),
             "the exponent counts twice: i numbers the pairs, 0, 1, 2, …"),
        Slip(lambda C, D: _table(C, D, start=1), "the first position is 0, yours is 1"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 2 * (i + 1) / D),
             "the pairs are counted from 0: the first angle is the position itself"),
        Slip(lambda C, D: _table(C, D, base=1000.0), "the base is 10000, yours is 1000"),
        Slip(lambda C, D: _table(C, D, base=100000.0), "the base is 10000, yours is 100000"),
        Slip(lambda C, D: _table(C, D, lambda i, D: -2 * i / D),
             "the angle is divided by the power: yours is multiplied"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 2 * i // D),
             "// cuts the exponent to a whole number: 2i/D lies between 0 and 1"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 2 * i), "the exponent is divided by D"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 2 * i, turn=D),
             "the power was divided by D, and not the exponent: a bracket is missing, (2i / D)"),
        Slip(lambda C, D: _table(C, D, lambda i, D: 2 * i, turn=1 / D),
             "the angle was divided by D, and not the exponent: a bracket is missing, (2i / D)"),
        Slip(lambda C, D: _table(C, D, turn=2 * np.pi), "the angle was multiplied by 2π: t / 10000^(2i/D) is in radians already"),
        Slip(_by_rows, "the sines are in the even rows: even and odd are said of the columns"),
        Slip(lambda C, D: _table(C, D, lambda i, D: i / max(1, D // 2 - 1)),
             "i was divided by D/2 − 1, as some programs do: the exponent is 2i/D"),
        Slip(lambda C, D: _table(C, D)[:, ::-1], "the columns are in reverse order"),
        Slip(lambda C, D: _table(C, D, turn=np.pi / 180), "the angles are in radians: no degrees"),
        Slip(lambda C, D: _table(D, C if C % 2 == 0 else C + 1)[:, :C].T,
             "positions and columns are swapped: a position is a row"),
        Slip(lambda C, D: np.arange(C)[:, None] / 10000.0 ** (np.arange(D) // 2 * 2 / D),
             "those are the angles: take their sine and cosine"),
        Slip(lambda C, D: np.sin(np.arange(C)[:, None] / 10000.0 ** (np.arange(D) // 2 * 2 / D)),
             "there are only sines: the odd columns are cosines"),
        Slip(lambda C, D: _table(C, D) * (np.arange(D) % 2 == 0),
             "the odd columns are still 0: they hold the cosines"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- add_positions


def _draw_add(rng):
    B, T, D = sizes(rng, 3)
    start = int(rng.integers(0, 5))
    C = T + start + int(rng.integers(0, 4))
    return rng.normal(size=[(T, D), (B, T, D)][rng.integers(2)]), rng.normal(size=(C, D)), start


def _rows_from(first, x, table):
    return np.take(table, np.arange(first, first + x.shape[-2]), axis=0, mode="clip")


_START = "with `start`, the first token takes row start"

add_positions = Exercise(
    name="add_positions",
    lesson=3,
    text="""Adds to every token the row of its position.

    x (..., T, D), table (C, D) with C ≥ start + T, start a whole number, 0 unless given
    → (..., T, D), a new array. The first token takes row 0, the next one row 1, …;
    with `start`, the first token takes row start, the next one start + 1, …
    """,
    reference=lambda x, table, start=0: positions.add_positions(x, table, start),
    cases=lambda rng: [
        Case((np.array([[1.0, 2.0], [3.0, 5.0], [6.0, 8.0]]), rng.normal(size=(5, 2))),
             hint="start need not be given, and is 0"),
        Case((rng.normal(size=(3, 5)), rng.normal(size=(11, 5)), 0)),
        Case((rng.normal(size=(3, 5)), rng.normal(size=(11, 5)), 6), hint=_START),
        Case((rng.normal(size=(2, 3, 5)), rng.normal(size=(7, 5)), 2), hint="x comes as a batch, (B, T, D)"),
        Case((rng.normal(size=(2, 6, 3, 5)), rng.normal(size=(8, 5)), 5),
             hint="x may have any axes in front"),
    ],
    draw=_draw_add,
    axes=("... T D", "C D", ""),
    slips=(
        Slip(lambda x, table, start=0: x + table[: x.shape[-2]],
             "start has no effect: the first token takes row start of the table"),
        Slip(lambda x, table, start=0: x * table[start : start + x.shape[-2]],
             "the rows were multiplied: add them"),
        Slip(lambda x, table, start=0: table[start : start + x.shape[-2]] - x,
             "x was subtracted: add the two"),
        Slip(lambda x, table, start=0: x - table[start : start + x.shape[-2]],
             "the rows were subtracted: add them"),
        Slip(lambda x, table, start=0: x + table[start],
             "every token got the same row: token t takes row start + t"),
        Slip(lambda x, table, start=0: x + _rows_from(max(start - 1, 0), x, table),
             "with start, every token got the row before its own: the first token takes row start"),
        Slip(lambda x, table, start=0: x + _rows_from(start + 1, x, table),
             "every token got the row after its own: the first token takes row start, counted from 0"),
        Slip(lambda x, table, start=0: x + table[: x.shape[-2]] + start,
             "the number start was added: it says with which row of the table to begin"),
        Slip(lambda x, table, start=0: (x + _rows_from(start, x, table)) / 2, "the mean was taken: add the two"),
        Slip(lambda x, table, start=0: x + table[-x.shape[-2] :],
             "the last rows of the table were taken: the first token takes row start"),
        Slip(lambda x, table, start=0: np.concatenate([x, np.broadcast_to(table[start : start + x.shape[-2]], x.shape)], axis=-1),
             "the rows were put beside x: add them"),
        Slip(lambda x, table, start=0: x + (table[start : start + x.shape[-2]])[::-1],
             "the rows are in reverse order"),
        Slip(lambda x, table, start=0: np.broadcast_to(table[start : start + x.shape[-2]], x.shape),
             "x is gone: add the rows to x"),
        Slip(lambda x, table, start=0: x * np.sqrt(x.shape[-1]) + table[start : start + x.shape[-2]],
             "x was multiplied by √D, which is not asked for"),
    ),
    minutes=5,
)  # fmt: skip


# --- add_positions_backward


def _table_gradient(grad, C, start=0, total=np.sum):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + grad.shape[-2]] = total(grad.reshape(-1, *grad.shape[-2:]), axis=0)
    return out


def _reference_table_gradient(grad, C, start=0):
    layer = positions.LearnedPositions(C, grad.shape[-1], dtype=float)
    layer(np.zeros(grad.shape), start)
    layer.backward(grad)
    return layer.grads["weight"]


def _first_axis_alone(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + grad.shape[-2]] += grad.sum(axis=0)
    return out


def _tokens_added_up(grad, C, start=0):
    return _table_gradient(np.broadcast_to(grad.sum(axis=-2, keepdims=True), grad.shape), C, start)


def _draw_add_backward(rng):
    x, table, start = _draw_add(rng)
    return x, len(table), start


add_positions_backward = Exercise(
    name="add_positions_backward",
    lesson=3,
    text="""The gradient of the table that `add_positions` added. (That of x is grad itself.)

    grad (..., T, D) the gradient of the sum, C how many rows the table has, start a whole
    number, 0 unless given → (C, D). Token t took row start + t, in every text of a batch: so
    a row collects, by adding up, from all of them. An unused row is 0.
    """,
    reference=_reference_table_gradient,
    cases=lambda rng: [
        Case((rng.normal(size=(3, 2)), 5)),
        Case((rng.normal(size=(3, 5)), 11, 6), hint=_START),
        Case((rng.normal(size=(2, 3, 5)), 7, 0),
             hint="grad comes as a batch, (B, T, D), and all its texts use the same rows"),
        Case((rng.normal(size=(2, 6, 3, 5)), 8, 2), hint="grad may have any axes in front"),
    ],
    draw=_draw_add_backward,
    axes=("... T D", "=C", ""),
    slips=(
        Slip(lambda grad, C, start=0: _table_gradient(grad, C),
             "start has no effect: the first token took row start of the table"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, start, np.mean),
             "the texts of a batch were averaged: their gradients add up"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, start)[start : start + grad.shape[-2]],
             "the unused rows are missing: the gradient has the shape of the table, (C, D)"),
        Slip(lambda grad, C, start=0: grad,
             "that is the gradient of x: the table has one of its own, (C, D)"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, start) / grad.shape[-2],
             "the gradient was divided by T: the rows add up, and nothing divides"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, C - grad.shape[-2]),
             "the last rows of the table were taken: the first token took row start"),
        Slip(_first_axis_alone,
             "the first axis was added up, and in a single text (T, D) that is the tokens: add up the axes in front "
             "of the last two, however many there are"),
        Slip(lambda grad, C, start=0: _table_gradient(grad[..., ::-1, :], C, start),
             "the rows are in reverse order"),
        Slip(lambda grad, C, start=0: np.tile(grad.reshape(-1, grad.shape[-1]).sum(axis=0), (C, 1)),
             "the tokens were added up too: each position keeps its own row"),
        Slip(_tokens_added_up, "the tokens were added up too: each position keeps its own row"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, start, lambda x, axis: x[-1]),
             "only the last text counts: all of them add up"),
        Slip(lambda grad, C, start=0: _table_gradient(grad, C, start, lambda x, axis: x[0]),
             "only the first text counts: all of them add up"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip

EXERCISES = (position_table, add_positions, add_positions_backward)
check_position_table, check_add_positions, check_add_positions_backward = map(check, EXERCISES)

# --- on paper


def _row(t, D=4, **change):
    return _table(t + 1, D, **change)[t]


check_row_on_paper = on_paper(
    "the row of your position",
    _row,
    (17,),
    decimals=3,
    refuse=lambda t: None if isinstance(t, int) and 1 <= t <= 31 else "the day of a month is a whole number from 1 to 31",
    slips={
        "the angles were taken in degrees: they are in radians": lambda t: _row(t, turn=np.pi / 180),
        "sine and cosine change places: the sine comes first": lambda t: _row(t).reshape(2, 2)[:, ::-1].ravel(),
        "both sines came first: a sine and its cosine stand side by side": lambda t: _halves(t + 1, 4)[t],
        "the number of the column was taken for the number of the pair: a pair has one angle": lambda t: _columns_in_pairs(t + 1, 4)[t],
        "every column had an angle of its own: a pair shares one": lambda t: _own_exponents(t + 1, 4)[t],
        "that is the row before yours: positions are counted from 0": lambda t: _row(t - 1),
        "the second pair was divided by 10000: its divisor is 10000 to the power 2/4":
            lambda t: _row(t, exponent=lambda i, D: i),
    },
    step=lambda t: f"the two angles are {t} and {t / 100:.2f}, in radians",
)  # fmt: skip
