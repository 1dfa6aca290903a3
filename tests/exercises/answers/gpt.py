"""Right and wrong answers to the exercises of lesson 10_gpt."""

import numpy as np
import torch

from course_lib.exercises.gpt import check_parameter_count, check_top_p, check_training_pairs


def pairs(tokens, C):
    n = (len(tokens) - 1) // C
    return tokens[: n * C].reshape(n, C), tokens[1 : n * C + 1].reshape(n, C)


def pairs_in_a_loop(tokens, C):
    starts = range(0, len(tokens) - C, C)
    return [list(tokens[s : s + C]) for s in starts], [list(tokens[s + 1 : s + C + 1]) for s in starts]


def pairs_apart(tokens, C):
    rows = tokens[: len(tokens) // (C + 1) * (C + 1)].reshape(-1, C + 1)
    return rows[:, :-1], rows[:, 1:]


def targets_by(change):
    """The right inputs, and targets that `change(inputs, tokens, C)` makes."""
    return lambda tokens, C: (pairs(tokens, C)[0], change(pairs(tokens, C)[0], tokens, C))


def count(V, C, D, L, tables=None, block=None, final=None):
    tables = (V + C) * D if tables is None else tables
    return tables + L * (12 * D**2 + 13 * D if block is None else block) + (2 * D if final is None else final)


def count_by_shapes(V, C, D, L):
    def norm():
        return D + D

    attention = D * 3 * D + 3 * D + D * D + D
    return V * D + C * D + sum(attention + D * 4 * D + 4 * D + 4 * D * D + D + 2 * norm() for _ in range(L)) + norm()


def with_block(block):
    return lambda V, C, D, L: count(V, C, D, L, block=block(D))


def top_p(probabilities, p, before=lambda sums, sizes: sums - sizes, order=lambda x: np.argsort(-x, kind="stable")):
    falling = order(probabilities)
    sizes = probabilities[falling]
    kept = np.zeros_like(probabilities)
    chosen = falling[before(np.cumsum(sizes), sizes) < p]
    kept[chosen] = probabilities[chosen]
    return kept / kept.sum()


def top_p_in_a_loop(probabilities, p):
    kept, total = [0.0] * len(probabilities), 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if total < p:
            kept[i], total = float(probabilities[i]), total + float(probabilities[i])
    return [one / total for one in kept]


def top_p_in_place(probabilities, p):
    probabilities[:] = top_p(probabilities, p)
    return probabilities


def top_p_strictly(probabilities, p):
    return top_p(probabilities, p + 1e-9)


def sums(change):
    return lambda probabilities, p: top_p(probabilities, p, before=change)


def pairs_by_windows(tokens, C):
    windows = np.lib.stride_tricks.sliding_window_view(tokens, C + 1)[::C]
    return windows[:, :-1], windows[:, 1:]


def count_of_a_module(V, C, D, L):
    nn = torch.nn
    block = [nn.Linear(D, 3 * D), nn.Linear(D, D), nn.Linear(D, 4 * D), nn.Linear(4 * D, D), *[nn.LayerNorm(D)] * 2]
    one = sum(p.numel() for part in block for p in part.parameters())
    return nn.Embedding(V, D).weight.numel() + nn.Embedding(C, D).weight.numel() + L * one + 2 * D


def top_p_in_torch(probabilities, p):
    sizes, order = torch.from_numpy(probabilities).sort(descending=True, stable=True)
    sizes = torch.where(sizes.cumsum(0) - sizes < p, sizes, 0)
    return torch.zeros_like(sizes).scatter(0, order, sizes / sizes.sum())



def sliding_windows(tokens, C):
    starts = np.arange(len(tokens) - C)[:, None] + np.arange(C)
    return tokens[starts], tokens[starts + 1]


RIGHT = [
    (check_training_pairs, pairs),
    (check_training_pairs, pairs_in_a_loop),
    (check_parameter_count, count),
    (check_parameter_count, count_by_shapes),
    (check_top_p, top_p),
    (check_top_p, top_p_in_a_loop),
    (check_training_pairs, pairs_by_windows),
    (check_parameter_count, count_of_a_module),
    (check_top_p, top_p_in_torch),
]  # fmt: skip

WRONG = [
    (check_training_pairs, sliding_windows, "begins where the last one ended"),
    (check_training_pairs, lambda tokens, C: pairs(tokens, C)[0], "two things"),
    (check_training_pairs, lambda tokens, C: None, "return missing"),
    (check_training_pairs, targets_by(lambda inputs, tokens, C: inputs), "repeat what it just read"),
    (check_training_pairs, targets_by(lambda inputs, tokens, C: np.roll(inputs, -1)), "np.roll"),
    (check_training_pairs, targets_by(lambda inputs, tokens, C: np.roll(tokens, 1)[: inputs.size].reshape(-1, C)), "wrong way"),
    (check_training_pairs, targets_by(lambda inputs, tokens, C: np.r_[0, tokens][: inputs.size].reshape(-1, C)), "wrong way"),
    (check_training_pairs, pairs_apart, "share one token"),
    (check_training_pairs, lambda tokens, C: tuple(part.T if len(part) > 1 else part for part in pairs(tokens, C)), "down the columns"),
    (check_training_pairs, lambda tokens, C: tuple(part[0] for part in pairs(tokens, C)), "shape"),
    (check_training_pairs, targets_by(lambda inputs, tokens, C: np.roll(inputs, -1, axis=1) if len(inputs) > 1 else tokens[None, 1:]), "for itself"),
    (check_training_pairs, lambda tokens, C: pairs(np.r_[tokens, 0] if len(tokens) == 12 else tokens, C), "shape"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, final=0), "after the last block"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, tables=V * D), "positions is missing"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, tables=(2 * V + C) * D), "once more"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, final=D), "2D numbers"),
    (check_parameter_count, with_block(lambda D: 12 * D * D), "9D and 4D"),
    (check_parameter_count, with_block(lambda D: 12 * D * D + 9 * D), "two layer norms of a block"),
    (check_parameter_count, with_block(lambda D: 12 * D * D + 4 * D), "biases are missing"),
    (check_parameter_count, with_block(lambda D: 11 * D * D + 12 * D), "fourth matrix"),
    (check_parameter_count, with_block(lambda D: 8 * D * D + 9 * D), "attention is missing"),
    (check_parameter_count, with_block(lambda D: 6 * D * D + 10 * D), "4D wide"),
    (check_parameter_count, with_block(lambda D: 12 * D * D + 11 * D), "each with a scale and a shift"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, min(L, 1)), "no effect"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, tables=max(L, 1) * (V + C) * D), "not in each block"),
    (check_parameter_count, lambda V, C, D, L: count(V, C, D, L, final=max(L, 1) * 2 * D), "norm stands once"),
    (check_parameter_count, lambda V, C, D, L: V * C * D, "two tables"),
    (check_top_p, lambda q, p: np.where(q >= p, q, 0) / np.where(q >= p, q, 0).sum(), "no token was left: p is"),
    (check_top_p, lambda x, p: top_p(x, p) * 0.75, "divide by its sum"),
    (check_top_p, sums(lambda sums, sizes: sums), "carries the sum over the line"),
    (check_top_p, lambda x, p: np.where(x == x.max(), x, 0), "carries the sum over the line"),
    (check_top_p, sums(lambda sums, sizes: sums - sizes - np.r_[0, sizes[:-1]]), "one token too many"),
    (check_top_p, lambda x, p: np.sort(top_p(x, p))[::-1], "in order of size"),
    (check_top_p, lambda x, p: top_p(x, p, order=lambda x: np.arange(len(x))), "most likely come first"),
    (check_top_p, lambda x, p: x, "nothing was taken away"),
    (check_top_p, lambda x, p: top_p(x, p, order=np.argsort) if len(x) < 3 else np.array([0.1, 0, 0.15, 0.25]) / 0.5, "sort the other way"),
    (check_top_p, top_p_in_place, "changed what it was given"),
    (check_top_p, lambda x, p: top_p(x, p) if len(x) == 4 else sums(lambda sums, sizes: sums)(x, p), "at least one always stays"),
    (check_top_p, top_p_strictly, "no second one"),
    (check_top_p, lambda x, p: None, "return missing"),
    (check_top_p, lambda x, p: top_p(x, p)[:2], "shape"),
]  # fmt: skip
