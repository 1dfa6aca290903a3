"""Embeddings: NumPy against PyTorch, values and gradients."""

import numpy as np
import torch

from course_lib.in_numpy import embeddings as in_numpy
from course_lib.in_torch import embeddings as in_torch
from tests.helpers import assert_module_parity, assert_parity, draw, for_sizes, make_twins, shape, to_torch


def check_lookup(sizes, rng):
    W_E, grad_output = draw(rng, sizes, "VD", "BTD")
    ids = rng.integers(sizes["V"], size=shape(sizes, "BT"))
    tensor = to_torch(W_E)
    expected = in_torch.lookup(tensor, ids)
    assert_parity(in_numpy.lookup(W_E, ids), expected)
    expected.backward(torch.from_numpy(grad_output))
    assert_parity(in_numpy.lookup_backward(grad_output, ids, sizes["V"]), tensor.grad)


@for_sizes("BTVD")
def test_lookup(sizes, rng):
    check_lookup(sizes, rng)


@for_sizes("BTVD")
def test_embedding_layer(sizes, rng):
    ids = rng.integers(sizes["V"], size=shape(sizes, "BT"))
    twins = make_twins(
        in_numpy.Embedding(sizes["V"], sizes["D"], dtype=np.float64),
        in_torch.Embedding(sizes["V"], sizes["D"]),
        rng,
    )
    assert_module_parity(*twins, rng, ids)


def check_unembed(sizes, rng):
    h, W_E, grad_logits = draw(rng, sizes, "BTD", "VD", "BTV")
    tensors = to_torch(h), to_torch(W_E)
    expected = in_torch.unembed(*tensors)
    assert_parity(in_numpy.unembed(h, W_E), expected)
    expected.backward(torch.from_numpy(grad_logits))
    grads = in_numpy.unembed_backward(grad_logits, h, W_E)
    for what, grad, tensor in zip(("h", "W_E"), grads, tensors, strict=True):
        assert_parity(grad, tensor.grad, what)


@for_sizes("BTVD")
def test_unembed(sizes, rng):
    check_unembed(sizes, rng)


@for_sizes("TVD", low=2)
def test_nearness(sizes, rng):
    W_E = draw(rng, sizes, "VD")
    ids = rng.integers(sizes["V"], size=sizes["T"])
    assert_parity(in_numpy.one_hot(ids, sizes["V"]), in_torch.one_hot(ids, sizes["V"]))
    cosines = in_numpy.cosine_similarity(W_E[ids], W_E[0])
    assert_parity(cosines, in_torch.cosine_similarity(torch.from_numpy(W_E[ids]), torch.from_numpy(W_E[0])))
    found, nearness = in_numpy.nearest(W_E, int(ids[0]), sizes["V"] - 1)
    expected, expected_nearness = in_torch.nearest(torch.from_numpy(W_E), int(ids[0]), sizes["V"] - 1)
    assert found.tolist() == expected.tolist()
    assert_parity(nearness, expected_nearness)
