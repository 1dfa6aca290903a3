"""Right and wrong answers to the exercises of lesson 10_gpt."""

import numpy as np
import torch

from course_lib.exercises.gpt import check_top_p, check_training_pairs


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
    (check_top_p, top_p),
    (check_top_p, top_p_in_a_loop),
    (check_training_pairs, pairs_by_windows),
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
