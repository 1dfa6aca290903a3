"""Embeddings in PyTorch against torch's own functions, and the errors."""

import pytest
import torch
import torch.nn.functional as F

from course_lib.in_torch.embeddings import Embedding, cosine_similarity, lookup, nearest, one_hot, unembed
from course_lib.shapes import ShapeError
from tests.helpers import assert_inputs_kept, assert_parity, draw, for_sizes, shape, to_torch


@for_sizes("BTVD")
def test_against_torch(sizes, rng):
    W_E = to_torch(draw(rng, sizes, "VD"))
    ids = torch.from_numpy(rng.integers(sizes["V"], size=shape(sizes, "BT")))
    h = draw(rng, sizes, "BTD")
    assert_parity(lookup(W_E, ids), W_E[ids])
    assert_parity(lookup(W_E, ids.tolist()), W_E[ids])
    assert_parity(one_hot(ids, sizes["V"]), F.one_hot(ids, sizes["V"]).float())
    assert_parity(unembed(torch.from_numpy(h), W_E), torch.from_numpy(h) @ W_E.T)
    assert_parity(cosine_similarity(W_E, W_E[0]), F.cosine_similarity(W_E, W_E[0], dim=-1))
    layer = Embedding(sizes["V"], sizes["D"]).double()
    layer.load_state_dict({"weight": W_E})
    assert_parity(layer(ids), W_E[ids])


@for_sizes("BTVD")
def test_gradients_against_torch(sizes, rng):
    """The lookup's against F.embedding and the one-hot product; the unembedding's against the written-out product."""
    table, h, grad_logits = draw(rng, sizes, "VD", "BTD", "BTV")
    ids = torch.from_numpy(rng.integers(sizes["V"], size=shape(sizes, "BT")))
    W_E = to_torch(table)
    layer = Embedding(sizes["V"], sizes["D"]).double()
    vectors = lookup(W_E, ids), F.embedding(ids, W_E), one_hot(ids, sizes["V"], torch.float64) @ W_E
    mine, *others = (torch.autograd.grad(y, W_E, torch.from_numpy(h))[0] for y in vectors)
    layer(ids).backward(torch.from_numpy(h))
    for expected in (*others, layer.weight.grad):
        assert_parity(mine, expected)
    h = to_torch(h)
    ours, theirs = (
        torch.autograd.grad(y, (h, W_E), torch.from_numpy(grad_logits))
        for y in (unembed(h, W_E), torch.einsum("btd,vd->btv", h, W_E))
    )
    assert_parity(ours[0], theirs[0], "h")
    assert_parity(ours[1], theirs[1], "W_E")


def test_inputs_are_kept():
    W_E, ids = torch.arange(15.0).reshape(5, 3), torch.tensor([[1, 4], [0, 0]])
    assert_inputs_kept(lambda ids: one_hot(ids, 5), ids)
    assert_inputs_kept(lookup, W_E, ids)
    assert_inputs_kept(unembed, W_E[1:3], W_E)
    assert_inputs_kept(cosine_similarity, W_E, W_E[0])
    assert_inputs_kept(lambda W_E: nearest(W_E, 0, 1), W_E)
    assert_inputs_kept(Embedding(5, 3), ids)


def test_cosine_with_the_zero_vector_is_zero():
    assert cosine_similarity(torch.zeros(3), torch.ones(3)) == 0


def test_nearest_leaves_itself_out_and_puts_the_smaller_id_first():
    W_E = torch.tensor([[1.0, 0.0], [1.0, 0.1], [5.0, 0.5], [-1.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    assert nearest(W_E, 0, 4)[0].tolist() == [4, 1, 2, 3]


def test_weights_start_as_in_gpt_2():
    layer = Embedding(300, 200, generator=torch.Generator().manual_seed(0))
    assert abs(layer.weight.std().item() - 0.02) < 3e-4


@pytest.mark.parametrize(
    "ids, kind, words",
    [
        (
            [[1, 2, 3], [4]],
            ShapeError,
            "the lists in ids have unequal lengths (3, 1); pad them to one length",
        ),
        ([1, 7], ValueError, "id 7 at (1,) is not in 0 to 4 (V = 5)"),
        ([[0, 1], [2, -1]], ValueError, "id -1 at (1, 1) is not in 0 to 4 (V = 5)"),
        (5, ValueError, "id 5 is not in 0 to 4 (V = 5)"),
        ([1.0, 2.0], ValueError, "token ids must be whole numbers, got torch.float32"),
        ([True, False], ValueError, "token ids must be whole numbers, got torch.bool"),
        (["the"], ValueError, "token ids must be whole numbers, got ['the']"),
        (None, ValueError, "token ids must be whole numbers, got None"),
    ],
)
def test_ids_that_cannot_be_tokens(ids, kind, words):
    layer = Embedding(5, 2)
    calls = {
        "lookup": lambda: lookup(torch.zeros(5, 2), ids),
        "one_hot": lambda: one_hot(ids, 5),
        "Embedding": lambda: layer(ids),
    }
    for name, call in calls.items():
        with pytest.raises(kind) as error:
            call()
        assert str(error.value) == f"{name}: {words}"


def test_other_errors():
    with pytest.raises(ShapeError, match="unembed: h has width 3 but W_E has width 4; both must be D"):
        unembed(torch.zeros(2, 3), torch.zeros(5, 4))
    with pytest.raises(ShapeError, match=r"a is \(2, 3\), b is \(4,\); both must end in one width D"):
        cosine_similarity(torch.zeros(2, 3), torch.zeros(4))
    with pytest.raises(ValueError, match="nearest: k = 5, but there are 4 other tokens"):
        nearest(torch.ones(5, 2), 0, 5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    W_E = torch.ones(5, 3, dtype=dtype, requires_grad=True)
    h, layer = torch.ones(2, 3, dtype=dtype, requires_grad=True), Embedding(5, 3).to(dtype)
    results = [lookup(W_E, [1]), unembed(h, W_E), cosine_similarity(W_E, h[0]), nearest(W_E, 0, 2)[1]]
    results += [one_hot([1], 3, dtype), layer([1])]
    sum(r.sum() for r in results).backward()
    assert {r.dtype for r in (*results, W_E.grad, h.grad, layer.weight.grad)} == {dtype}


def test_no_token_at_all():
    assert lookup(torch.ones(5, 3), [[], []]).shape == (2, 0, 3)
