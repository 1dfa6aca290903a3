"""Answers to the exercises of lesson 03_positional_encoding."""

import math

import numpy as np


def table_loop(C, D):
    rows = []
    for t in range(C):
        row = []
        for i in range(D // 2):
            angle = t / 10000 ** (2 * i / D)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return rows


def table_steps(C, D):
    out = np.empty((C, D))
    angles = np.outer(np.arange(C), 10000.0 ** (-np.arange(0, D, 2) / D))
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles)
    return out


def table_complex(C, D):
    waves = np.exp(1j * np.arange(C)[:, None] / 10000 ** (np.arange(0, D, 2) / D))
    return np.stack([waves.imag, waves.real], axis=2).reshape(C, D)


def table_log(C, D):
    frequency = np.exp(-math.log(10000) * (np.arange(D) // 2 * 2) / D)
    phase = (np.arange(D) % 2) * math.pi / 2
    return np.sin(np.arange(C)[:, None] * frequency + phase)


def table_integer(C, D):
    out = np.zeros((C, D), dtype=int)
    for t in range(C):
        for i in range(D // 2):
            out[t, 2 * i] = math.sin(t / 10000 ** (2 * i / D))
            out[t, 2 * i + 1] = math.cos(t / 10000 ** (2 * i / D))
    return out


def table_column(C, D):
    out = np.zeros((C, D))
    for t in range(C):
        for i in range(D):
            angle = t / 10000 ** (2 * i / D)
            out[t, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
    return out


def table_own(C, D):
    out = np.zeros((C, D))
    for t in range(C):
        for i in range(D):
            out[t, i] = math.sin(t / 10000 ** (i / D)) if i % 2 == 0 else math.cos(t / 10000 ** (i / D))
    return out


def table_return(C, D):
    out = np.zeros((C, D))
    for t in range(C):
        for i in range(D // 2):
            out[t, 2 * i] = math.sin(t / 10000 ** (2 * i / D))
            out[t, 2 * i + 1] = math.cos(t / 10000 ** (2 * i / D))
        return out


def add_loop(x, table, start=0):
    out = np.array(x)
    for t in range(x.shape[-2]):
        out[..., t, :] += table[start + t]
    return out


def add_in_place(x, table, start=0):
    x += table[start : start + x.shape[-2]]
    return x


def back_loop(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    for text in grad.reshape(-1, *grad.shape[-2:]):
        for t, row in enumerate(text):
            out[start + t] += row
    return out


def back_pad(grad, C, start=0):
    while grad.ndim > 2:
        grad = grad.sum(axis=0)
    return np.pad(grad, ((start, C - start - len(grad)), (0, 0)))


def back_stack(grad, C, start=0):
    total = grad.sum(axis=tuple(range(grad.ndim - 2)))
    T, D = total.shape
    return np.vstack([np.zeros((start, D)), total, np.zeros((C - start - T, D))])


def back_no_batch(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + grad.shape[-2]] = grad
    return out


def back_first_axis(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + grad.shape[-2]] = grad.sum(axis=0)
    return out


def back_len(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + len(grad)] = grad
    return out


def table_no_bracket(C, D):
    out = np.zeros((C, D))
    for t in range(C):
        for i in range(0, D, 2):
            out[t, i], out[t, i + 1] = math.sin(t / 10000**i / D), math.cos(t / 10000**i / D)
    return out


def back_first_of_all(grad, C, start=0):
    out = np.zeros((C, grad.shape[-1]))
    out[start : start + grad.shape[-2]] += grad.sum(0)
    return out


def table_rows(C, D):
    out = np.zeros((C, D))
    for t in range(C):
        for j in range(D):
            out[t, j] = (math.sin if t % 2 == 0 else math.cos)(t / 10000 ** (j // 2 * 2 / D))
    return out


def table_turns(C, D):
    angles = 2 * math.pi * np.arange(C)[:, None] / 10000 ** (np.arange(0, D, 2) / D)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(C, D)


RIGHT = {
    "position_table": [table_loop, table_steps, table_complex, table_log,
        lambda C, D: np.fromfunction(lambda t, j: np.where(j % 2 == 0, np.sin(t / 1e4 ** (j / D)), np.cos(t / 1e4 ** ((j - 1) / D))), (C, D))],
    "add_positions": [
        add_loop, lambda x, table, start=0: x + table[start : start + x.shape[-2]],
        lambda x, table, start=0: x + table[start:][: x.shape[-2]],
        lambda x, table, start=0: np.add(x, np.take(table, np.arange(start, start + x.shape[-2]), axis=0)),
        lambda x, table, start=0: x + np.array([table[start + t] for t in range(x.shape[-2])]),
    ],
    "add_positions_backward": [
        back_loop, back_pad, back_stack,
        lambda grad, C, start=0: np.eye(C)[:, start : start + grad.shape[-2]] @ grad.reshape(-1, *grad.shape[-2:]).sum(0),
        lambda grad, C, start=0: np.array([grad[..., t - start, :].reshape(-1, grad.shape[-1]).sum(0) if 0 <= t - start < grad.shape[-2] else np.zeros(grad.shape[-1]) for t in range(C)]),
    ],
}  # fmt: skip

WRONG = {
    "position_table": [
        (table_rows, "said of the columns"), (table_turns, "multiplied by 2π"), (lambda C, D: table_steps(C, D)[:, ::-1], "in reverse"),
        (table_no_bracket, "a bracket is missing"),
        (table_integer, "whole numbers"), (table_column, "exponent counts the columns"), (table_own, "own exponent"), (table_return, ""),
        (lambda C, D: np.hstack([table_steps(C, D)[:, ::2], table_steps(C, D)[:, 1::2]]), "first half"),
        (lambda C, D: np.sin(np.arange(C)[:, None] / 10000 ** (np.arange(D) // 2 * 2 / D)), "only sines"),
        (lambda C, D: table_steps(C + 1, D)[1:], "first position is 0"), (lambda C, D: table_steps(D, C + C % 2).T[:C], "positions and columns"),
        (lambda C, D: math.sin(np.arange(C)), "takes one number"), (lambda C, D: np.sin(np.arange(C) / 10000 ** (np.arange(D) / D)), "do not fit"),
        (lambda C, D: np.round(table_steps(C, D), 4), "rounded to 4"), (lambda C, D: table_steps(C, D).astype(np.float32), "32 bits"),
        (lambda C, D: table_steps(C, D).astype(str), "text"), (lambda C, D: table_steps(C, 6), ""),
        (lambda C, D: np.stack([np.cos(a := np.outer(np.arange(C), 1e4 ** (-np.arange(0, D, 2) / D))), np.sin(a)], -1).reshape(C, D), "swapped"),
        (lambda C, D: np.stack([np.sin(a := np.outer(np.arange(C), 1e3 ** (-np.arange(0, D, 2) / D))), np.cos(a)], -1).reshape(C, D), "yours is 1000"),
        (lambda C, D: np.stack([np.sin(a := np.outer(np.arange(C), 1e4 ** (np.arange(0, D, 2) / D))), np.cos(a)], -1).reshape(C, D), "multiplied"),
        (lambda C, D: np.stack([np.sin(a := np.outer(np.arange(C), 1e4 ** (-np.arange(D // 2) / D))), np.cos(a)], -1).reshape(C, D), "the 2 is missing"),
        (lambda C, D: np.zeros((C, D / 2)), "// gives a whole number"),
    ],
    "add_positions": [
        (lambda x, table, start=0: x + table[: x.shape[-2]] + start, "number start was added"),
        (lambda x, table, start=0: x + table[max(start - 1, 0) :][: x.shape[-2]], "row before its own"),
        (add_in_place, "changed what it was given"), (lambda x, table, start=0: x + table, ""), (lambda x, table, start=0: x + table[: x.shape[-2]], "start has no effect"),
        (lambda x, table, start=0: x + table[: len(x)], ""), (lambda x, table, start=0: x + table[start : start + len(x)], ""),
        (lambda x, table, start=0: x + table[start], "same row"), (lambda x, table, start=0: x * table[start : start + x.shape[-2]], "multiplied"),
        (lambda x, table, start=0: x + table[start : x.shape[-2]], ""), (lambda x, table, start=0: x + table[start : start + x.shape[1]], ""),
        (lambda x, table, start: x + table[start : start + x.shape[-2]], "missing 1 required"), (lambda x, table: x + table[: x.shape[-2]], "the check calls"),
        (lambda x, table, start=0: np.concatenate([x, np.broadcast_to(table[start : start + x.shape[-2]], x.shape)], -1), "beside x"),
        (lambda x, table, start=0: x + table[start + 1 : start + 1 + x.shape[-2]], ""), (lambda x, table, start=0: x + table[start : start + x.shape[-2]].T, ""),
        (lambda x, table, start=0: (x + table[start : start + x.shape[-2]]).sum(axis=0), ""), (lambda x, table, start=0: x + start, "table has no effect"),
    ],
    "add_positions_backward": [
        (lambda grad, C, start=0: back_loop(grad, C, start) / grad.shape[-2], "divided by T"), (lambda grad, C, start=0: back_loop(grad, C, C - grad.shape[-2]), "last rows"),
        (back_first_of_all, "in a single text (T, D) that is the tokens"),
        (back_no_batch, ""), (back_first_axis, "the first axis was added up, and"), (back_len, ""), (lambda grad, C, start=0: grad, "gradient of x"),
        (lambda grad, C, start=0: back_loop(grad, C), "start has no effect"), (lambda grad, C, start=0: back_loop(grad, C, start)[start : start + grad.shape[-2]], "unused rows"),
        (lambda grad, C, start=0: grad.sum(axis=0), ""), (lambda grad, C, start=0: back_loop(grad, C, start) * grad.shape[-2] * grad.shape[-1] / grad.size, "averaged"),
        (lambda grad, C, start=0: back_loop(grad, grad.shape[-2], start), ""), (lambda grad, C, start=0: back_loop(grad, C, start).T, "swapped"),
        (lambda grad, C, start=0: np.ones((C, grad.shape[-1])), "grad has no effect"), (lambda grad, C, start=0: back_loop(grad[..., ::-1, :], C, start), "reverse"),
        (lambda grad, C, start=0: (grad, back_loop(grad, C, start)), ""), (lambda grad, C, start=0: np.tile(grad.reshape(-1, grad.shape[-1]).sum(0), (C, 1)), "added up too"),
    ],
}  # fmt: skip
