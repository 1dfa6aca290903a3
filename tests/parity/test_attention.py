"""Attention: NumPy against PyTorch, values and every gradient."""

import numpy as np
import torch

from course_lib.in_numpy import attention as in_numpy
from course_lib.in_torch import attention as in_torch
from tests.helpers import assert_parity, draw, for_sizes, to_torch


def random_mask(rng, *shape):
    """A boolean mask, True = may attend. Two keys are always allowed: a single one has weight 1 and no gradient."""
    mask = rng.random(shape) < 0.5
    mask[..., :2] = True
    return mask


def check_softmax(sizes, rng):
    x, grad_output = draw(rng, sizes, "BTS", "BTS")
    x *= 3
    x[0, 0, 0] = -np.inf
    for axis in (-1, -2, 0):
        for temperature in (1.0, 0.3, 4.0):
            tensor = to_torch(x)
            expected = in_torch.softmax(tensor, temperature, axis)
            probs = in_numpy.softmax(x, temperature, axis)
            assert_parity(probs, expected)
            expected.backward(torch.from_numpy(grad_output))
            grad = in_numpy.softmax_backward(grad_output, probs, temperature, axis)
            assert_parity(grad, tensor.grad)


@for_sizes("BTS", low=2)
def test_softmax(sizes, rng):
    check_softmax(sizes, rng)


def check_masks(sizes, rng):
    T, S = sizes["T"], sizes["T"] + sizes["S"]
    lengths = rng.integers(S + 1, size=sizes["B"])
    np.testing.assert_array_equal(in_numpy.causal_mask(T), in_torch.causal_mask(T).numpy())
    np.testing.assert_array_equal(in_numpy.causal_mask(T, S), in_torch.causal_mask(T, S).numpy())
    np.testing.assert_array_equal(
        in_numpy.padding_mask(lengths, S), in_torch.padding_mask(lengths, S).numpy()
    )


@for_sizes("BTS")
def test_masks(sizes, rng):
    check_masks(sizes, rng)


def check_scaled_dot_product_attention(sizes, rng):
    q, k, v, grad_output = draw(rng, sizes, "BHTK", "BHSK", "BHSV", "BHTV")
    masks = {
        "none": None,
        "one for all": random_mask(rng, sizes["T"], sizes["S"]),
        "one a text": random_mask(rng, sizes["B"], 1, 1, sizes["S"]),
        "a query may see nothing": np.arange(sizes["T"])[:, None] > np.zeros(sizes["S"]),
    }
    for name, mask in masks.items():
        for settings in ({}, {"scale": 0.7}):
            tensors = to_torch(q), to_torch(k), to_torch(v)
            torch_mask = None if mask is None else torch.from_numpy(mask)
            expected, expected_weights = in_torch.scaled_dot_product_attention(
                *tensors, torch_mask, **settings
            )
            output, weights = in_numpy.scaled_dot_product_attention(q, k, v, mask, **settings)
            assert_parity(output, expected, name)
            assert_parity(weights, expected_weights, name)
            expected.backward(torch.from_numpy(grad_output))
            grads = in_numpy.scaled_dot_product_attention_backward(grad_output, q, k, v, weights, **settings)
            for what, grad, tensor in zip("qkv", grads, tensors, strict=True):
                assert_parity(grad, tensor.grad, f"gradient of {what}, mask: {name}")


@for_sizes("BHTSKV", low=2)
def test_scaled_dot_product_attention(sizes, rng):
    check_scaled_dot_product_attention(sizes, rng)
