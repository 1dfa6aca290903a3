"""Right and wrong answers to the exercise of lesson 11_inside_the_gpt."""

import torch

from course_lib.exercises.inside_the_gpt import check_parameter_count


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


def count_of_a_module(V, C, D, L):
    nn = torch.nn
    block = [nn.Linear(D, 3 * D), nn.Linear(D, D), nn.Linear(D, 4 * D), nn.Linear(4 * D, D), *[nn.LayerNorm(D)] * 2]
    one = sum(p.numel() for part in block for p in part.parameters())
    return nn.Embedding(V, D).weight.numel() + nn.Embedding(C, D).weight.numel() + L * one + 2 * D


RIGHT = [
    (check_parameter_count, count),
    (check_parameter_count, count_by_shapes),
    (check_parameter_count, count_of_a_module),
]  # fmt: skip

WRONG = [
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
]  # fmt: skip
