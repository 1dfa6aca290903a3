"""Attention in PyTorch against torch's own kernel; invariants; errors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.in_torch.attention import (
    AttentionHead,
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
)
from course_lib.shapes import ShapeError
from tests.helpers import assert_inputs_kept, assert_parity, draw, for_sizes, ordinary_size, to_torch
from tests.invariants import check_future_is_hidden, check_order_is_lost, check_padding_is_irrelevant


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


@for_sizes("BTSD", low=2)
def test_a_head_against_torch_multihead_attention(sizes, rng):
    """torch's layer with one head is ours, with its output projection set to change nothing."""
    B, T, D = (sizes[letter] for letter in "BTD")
    x, context = draw(rng, sizes, "BTD", "BSD")
    own = padding_mask(rng.integers(1, T + 1, size=B), T)
    cases = {  # theirs: True = may NOT attend
        "self": (False, None, None, {}),
        "causal": (True, None, None, {"attn_mask": ~causal_mask(T)}),
        "causal and padded": (
            True,
            None,
            own,
            {"attn_mask": ~causal_mask(T), "key_padding_mask": ~own[:, 0]},
        ),
        "cross": (False, context, None, {}),
    }
    for name, (causal, source, mask, their_settings) in cases.items():
        head = AttentionHead(D, D, causal).double()
        for parameter in head.parameters():
            parameter.data = torch.from_numpy(rng.normal(size=(D, D)) / D**0.5)
        theirs = nn.MultiheadAttention(D, 1, bias=False, batch_first=True).double()
        stacked = torch.cat([p.weight.T for p in (head.query, head.key, head.value)])
        theirs.load_state_dict({"in_proj_weight": stacked, "out_proj.weight": torch.eye(D)})
        mine, torchs = to_torch(x), to_torch(x)
        keys = torchs if source is None else torch.from_numpy(source)
        output = head(mine, None if source is None else torch.from_numpy(source), mask)
        expected, weights = theirs(torchs, keys, keys, **their_settings)
        assert_parity(output, expected, name)
        assert_parity(head.weights, weights, f"weights, {name}")
        output.square().sum().backward()
        expected.square().sum().backward()
        assert_parity(mine.grad, torchs.grad, f"gradient of x, {name}")
        stacked = torch.cat([p.weight.grad.T for p in (head.query, head.key, head.value)])
        assert_parity(stacked, theirs.in_proj_weight.grad, f"gradient of the projections, {name}")


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
    with pytest.raises(ValueError, match="^scaled_dot_product_attention: temperature is"):
        scaled_dot_product_attention(one, one, one, temperature=temperature)


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
    with pytest.raises(
        ShapeError, match="AttentionHead: x has width 4 but context has width 3; both must be D"
    ):
        AttentionHead(4, 2)(one, torch.ones(5, 3))
    with pytest.raises(ValueError, match="AttentionHead: a causal layer looks at its own text"):
        AttentionHead(4, 2, causal=True)(one, one)
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


@pytest.mark.parametrize("causal", [False, True])
def test_a_head_checks_its_mask(causal):
    head, x = AttentionHead(4, 2, causal), torch.ones(2, 3, 4)
    with pytest.raises(ShapeError, match=r"mask is \(5, 3\), scores have \(..., T, S\) = \(2, 3, 3\)"):
        head(x, mask=torch.ones(5, 3).bool())
    with pytest.raises(ValueError, match="mask holds torch.float32, expected bool, True = may attend"):
        head(x, mask=torch.ones(3, 3))


@for_sizes("BTDK", low=2)
def test_invariants_of_a_head(sizes, rng):
    x, seed = draw(rng, sizes, "BTD"), int(rng.integers(1000))
    head, causal = (
        ordinary_size(AttentionHead(sizes["D"], sizes["K"], causal), seed) for causal in (False, True)
    )
    lengths = rng.integers(1, sizes["T"], size=sizes["B"])

    def padded(x, n):
        return head(torch.from_numpy(x), mask=padding_mask(n, x.shape[1])).detach().numpy()

    check_future_is_hidden(lambda x: causal(torch.from_numpy(x)).detach().numpy(), x, rng)
    check_order_is_lost(lambda x: head(torch.from_numpy(x)).detach().numpy(), x, rng)
    check_padding_is_irrelevant(padded, x, lengths, rng)


def test_weights_of_a_head_are_outside_the_graph():
    head = AttentionHead(4, 2, causal=True)
    head(torch.ones(3, 5, 4))
    assert head.weights.shape == (3, 5, 5) and not head.weights.requires_grad
    assert ((head.weights > 0) == causal_mask(5)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    q, head = torch.ones(2, 3, 4, dtype=dtype, requires_grad=True), AttentionHead(4, 2, causal=True).to(dtype)
    settings = {"scale": np.float64(0.3), "temperature": np.float64(2.0)}
    results = [*scaled_dot_product_attention(q, q, q, **settings), softmax(q, 2.0), head(q)]
    sum(r.sum() for r in results).backward()
    results += [head.weights, q.grad, *(p.grad for p in head.parameters())]
    assert {r.dtype for r in results} == {dtype}


@for_sizes("BTSKV", low=2)
def test_inputs_are_kept(sizes, rng):
    q, k, v = (torch.from_numpy(a) for a in draw(rng, sizes, "BTK", "BSK", "BSV"))
    mask = torch.from_numpy(rng.random((sizes["T"], sizes["S"])) < 0.5)
    assert_inputs_kept(lambda x: softmax(x, temperature=0.5), q)
    assert_inputs_kept(scaled_dot_product_attention, q, k, v, mask)
    assert_inputs_kept(lambda n: padding_mask(n, 9), torch.arange(9))
    assert_inputs_kept(AttentionHead(sizes["K"], sizes["V"]).double(), q, k, mask)


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
