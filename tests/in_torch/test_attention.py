"""Attention in PyTorch against torch's own kernel; invariants; errors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.in_torch.attention import (
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
)
from course_lib.shapes import ShapeError
from tests.helpers import assert_inputs_kept, assert_parity, draw, for_sizes, to_torch


@for_sizes("BHTSKV", low=2)
def test_against_torch_attention(sizes, rng):
    arrays = draw(rng, sizes, "BHTK", "BHSK", "BHSV")
    mask = torch.from_numpy(rng.random((sizes["B"], 1, sizes["T"], sizes["S"])) < 0.6)
    mask[..., :2] = True  # with a single key the weight is 1 and has no gradient
    nothing = mask.clone()
    nothing[0, 0, 0] = False  # torch, too, answers zeros for a query that may attend to nothing
    for allowed, scale in [(None, None), (mask, None), (nothing, None), (mask, 0.3)]:
        ours, theirs = [to_torch(a) for a in arrays], [to_torch(a) for a in arrays]
        output, weights = scaled_dot_product_attention(*ours, allowed, scale)
        expected = F.scaled_dot_product_attention(*theirs, attn_mask=allowed, scale=scale)
        assert_parity(output, expected)
        assert_parity(weights @ ours[2], expected)
        output.square().sum().backward()
        expected.square().sum().backward()
        for what, mine, torchs in zip("qkv", ours, theirs, strict=True):
            assert_parity(mine.grad, torchs.grad, f"gradient of {what}")


@for_sizes("BTK", low=2)
def test_causal_against_torch_attention(sizes, rng):
    arrays = draw(rng, sizes, "BTK", "BTK", "BTK")
    ours, theirs = [to_torch(a) for a in arrays], [to_torch(a) for a in arrays]
    output, _ = scaled_dot_product_attention(*ours, causal_mask(sizes["T"]))
    expected = F.scaled_dot_product_attention(*theirs, is_causal=True)
    assert_parity(output, expected)
    output.square().sum().backward()
    expected.square().sum().backward()
    for what, mine, torchs in zip("qkv", ours, theirs, strict=True):
        assert_parity(mine.grad, torchs.grad, f"gradient of {what}")


@for_sizes("BTS")
def test_softmax_against_torch(sizes, rng):
    scores, grad_output = (torch.from_numpy(a) for a in draw(rng, sizes, "BTS", "BTS"))
    for axis, letter in enumerate("BTS"):
        for temperature in (1.0, 0.3):
            ours, theirs = to_torch(scores.numpy()), to_torch(scores.numpy())
            probs, expected = softmax(ours, temperature, axis), torch.softmax(theirs / temperature, dim=axis)
            assert_parity(probs, expected)
            probs.backward(grad_output)
            expected.backward(grad_output)
            if sizes[letter] > 1:  # a single score has weight 1, and no gradient
                assert_parity(ours.grad, theirs.grad, "gradient")


def test_a_query_that_may_attend_to_nothing_is_zero():
    q, k, v = (
        torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(i), requires_grad=True) for i in range(3)
    )
    mask = torch.ones(3, 3, dtype=torch.bool)
    mask[1] = False
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    output.sum().backward()
    assert (output[:, 1] == 0).all() and (weights[:, 1] == 0).all() and (q.grad[:, 1] == 0).all()
    assert not any(x.grad.isnan().any() for x in (q, k, v))
    assert softmax(torch.full((2, 3), -torch.inf)).tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_limits_of_the_temperature(dtype):
    x = torch.tensor([1.0, 3.0, 2.0, -torch.inf], dtype=dtype)
    for cold in (1e-3, 1e-50, 1e-310):
        assert softmax(x, temperature=cold).tolist() == [0, 1, 0, 0], "towards 0: argmax"
    torch.testing.assert_close(
        softmax(x, temperature=1e9), torch.tensor([1 / 3, 1 / 3, 1 / 3, 0], dtype=dtype)
    )
    assert softmax(torch.tensor([2.0, 2.0], dtype=dtype), temperature=1e-50).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_temperatures_that_are_none(temperature):
    one = torch.ones(2, 2)
    with pytest.raises(ValueError, match="^softmax: temperature is .*, must be a finite number above 0"):
        softmax(one, temperature)


@pytest.mark.parametrize("bad, word", [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("name", "qkv")
def test_the_argument_that_holds_nan_is_named(name, bad, word):
    tensors = {n: torch.ones(2, 3, 4) for n in "qkv"}
    tensors[name][1, 2, 0] = bad
    for mask in (None, torch.eye(3).bool(), torch.zeros(3, 3).bool()):
        with pytest.raises(
            ValueError, match=rf"^scaled_dot_product_attention: {name} holds {word} at \(1, 2, 0\)$"
        ):
            scaled_dot_product_attention(**tensors, mask=mask)


@pytest.mark.parametrize("bad, word", [(np.nan, "NaN"), (np.inf, "inf")])
def test_softmax_says_where_the_bad_score_is(bad, word):
    scores = torch.full((2, 3), -torch.inf)
    scores[1, 2] = bad
    with pytest.raises(ValueError, match=rf"^softmax: x holds {word} at \(1, 2\)$"):
        softmax(scores)


def test_scores_that_overflow_are_named():
    huge = torch.full((2, 2), 1e30)
    with pytest.raises(ValueError, match="the products of q and k are too large for torch.float32"):
        scaled_dot_product_attention(huge, huge, huge)


@pytest.mark.parametrize(
    "mask, kind, words",
    [
        (torch.ones(5, 3).bool(), ShapeError, r"mask is \(5, 3\), scores have \(..., T, S\) = \(2, 3, 5\)"),
        (torch.ones(4, 2, 3, 5).bool(), ShapeError, r"mask is \(4, 2, 3, 5\), scores have"),
        (torch.ones(3, 5), ValueError, "mask holds torch.float32, expected bool, True = may attend"),
    ],
)
def test_masks_that_do_not_fit(mask, kind, words):
    with pytest.raises(kind, match=words):
        scaled_dot_product_attention(torch.ones(2, 3, 4), torch.ones(2, 5, 4), torch.ones(2, 5, 4), mask)


def test_other_errors():
    one = torch.ones(5, 4)
    with pytest.raises(
        ShapeError, match=r"q has width 4 but k has width 3; both must be K \(width of one head\)"
    ):
        scaled_dot_product_attention(one, torch.ones(6, 3), torch.ones(6, 2))
    with pytest.raises(ValueError, match="causal_mask: 3 queries but only 2 keys"):
        causal_mask(3, 2)
    with pytest.raises(
        ValueError, match=r"padding_mask: lengths \[2, 5\] must be whole numbers from 0 to S = 4"
    ):
        padding_mask([2, 5], 4)
    for bad in (-1, 1.5, float("nan"), True):
        with pytest.raises(ValueError, match=rf"padding_mask: lengths \[{bad}\] must be whole numbers"):
            padding_mask([bad], 4)
    with pytest.raises(ShapeError, match="k has length 6 but v has length 7; both must be S"):
        scaled_dot_product_attention(one, torch.ones(6, 4), torch.ones(7, 2))
    with pytest.raises(ShapeError, match=r"padding_mask: lengths must be \(B,\), got shape \(\)"):
        padding_mask(3, 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    q = torch.ones(2, 3, 4, dtype=dtype, requires_grad=True)
    results = [*scaled_dot_product_attention(q, q, q, scale=np.float64(0.3)), softmax(q, 2.0)]
    sum(r.sum() for r in results).backward()
    assert {r.dtype for r in (*results, q.grad)} == {dtype}


@for_sizes("BTSKV", low=2)
def test_inputs_are_kept(sizes, rng):
    q, k, v = (torch.from_numpy(a) for a in draw(rng, sizes, "BTK", "BSK", "BSV"))
    mask = torch.from_numpy(rng.random((sizes["T"], sizes["S"])) < 0.5)
    assert_inputs_kept(lambda x: softmax(x, temperature=0.5), q)
    assert_inputs_kept(scaled_dot_product_attention, q, k, v, mask)
    assert_inputs_kept(lambda n: padding_mask(n, 9), torch.arange(9))


def test_whole_numbers_become_floats():
    q = torch.tensor([[1, 0], [0, 1]])
    assert_parity(
        scaled_dot_product_attention(q, q, q)[0],
        scaled_dot_product_attention(q.float(), q.float(), q.float())[0],
    )


def test_no_keys_and_no_queries():
    output, weights = scaled_dot_product_attention(torch.ones(3, 4), torch.ones(0, 4), torch.ones(0, 2))
    assert output.tolist() == [[0, 0]] * 3 and weights.shape == (3, 0)
    assert scaled_dot_product_attention(torch.ones(0, 4), torch.ones(3, 4), torch.ones(3, 2))[0].shape == (
        0,
        2,
    )
