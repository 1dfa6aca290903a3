"""Multi-head attention: NumPy against PyTorch, values, every gradient and the cache."""

import numpy as np
import torch

from course_lib.in_numpy import multi_head as in_numpy
from course_lib.in_torch import multi_head as in_torch
from tests.helpers import assert_module_parity, assert_parity, for_sizes, make_twins
from tests.parity.test_attention import random_mask


def both(mask):
    return {"numpy_settings": {"mask": mask}, "torch_settings": {"mask": torch.from_numpy(mask)}}


def check_split_and_merge(sizes, rng):
    B, T, H = sizes["B"], sizes["T"], sizes["H"]
    for shape in ((B, T, H * sizes["K"]), (T, H * sizes["K"])):
        x = rng.normal(size=shape)
        heads = in_numpy.split_heads(x, H)
        assert_parity(heads, in_torch.split_heads(torch.from_numpy(x), H))
        assert_parity(in_numpy.merge_heads(heads), x)
        assert_parity(in_numpy.merge_heads(heads), in_torch.merge_heads(torch.from_numpy(heads.copy())))


@for_sizes("BTHK")
def test_split_and_merge(sizes, rng):
    check_split_and_merge(sizes, rng)


def check_multi_head(sizes, rng):
    B, T, S, H, D = (*(sizes[letter] for letter in "BTSH"), sizes["H"] * sizes["K"])
    x, context = rng.normal(size=(B, T, D)), rng.normal(size=(B, S, D))
    for causal in (False, True):
        for bias in (False, True):
            twins = make_twins(
                in_numpy.MultiHeadAttention(D, H, causal, bias, dtype=np.float64),
                in_torch.MultiHeadAttention(D, H, causal, bias),
                rng,
            )
            assert_module_parity(*twins, rng, x)
            assert_parity(twins[0].weights, twins[1].weights, "weights")
            assert_module_parity(*twins, rng, x[0])
            for mask in (random_mask(rng, T, T), random_mask(rng, B, T, T), random_mask(rng, B, H, T, T)):
                assert_module_parity(*twins, rng, x, **both(mask))
            assert_parity(twins[0].weights, twins[1].weights, "weights")
            if not causal:
                assert_module_parity(*twins, rng, x, context)
                assert_module_parity(*twins, rng, x, context, **both(random_mask(rng, B, 1, S)))


@for_sizes("BTSHK", low=2, high=6)
def test_multi_head(sizes, rng):
    check_multi_head(sizes, rng)


def check_cache(sizes, rng):
    B, T, H, K = (sizes[letter] for letter in "BTHK")
    D, C = H * K, T + 5
    ours, theirs = make_twins(
        in_numpy.MultiHeadAttention(D, H, causal=True, dtype=np.float64),
        in_torch.MultiHeadAttention(D, H, causal=True),
        rng,
    )
    cache, torch_cache = in_numpy.KVCache(B, H, C, K, np.float64), in_torch.KVCache(B, H, C, K, torch.float64)
    for n in (T, 1, 3, 1):  # the prompt, a token, several, a token
        x = rng.normal(size=(B, n, D))
        with torch.no_grad():
            assert_parity(ours(x, cache=cache), theirs(torch.from_numpy(x), cache=torch_cache), f"{n} more")
        assert_parity(ours.weights, theirs.weights, "weights")
        assert cache.length == torch_cache.length
    assert cache.length == C


@for_sizes("BTHK")
def test_cache(sizes, rng):
    check_cache(sizes, rng)
