"""Multi-head attention in PyTorch against `nn.MultiheadAttention`; invariants; the cache; errors."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.in_torch.attention import causal_mask, padding_mask
from course_lib.in_torch.multi_head import KVCache, MultiHeadAttention, merge_heads, split_heads
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, for_sizes, ordinary_size, to_torch
from tests.invariants import (
    check_cached_equals_uncached,
    check_future_is_hidden,
    check_order_is_lost,
    check_padding_is_irrelevant,
)


def layer_of(sizes, rng, **settings):
    layer = MultiHeadAttention(sizes["H"] * sizes["K"], sizes["H"], **settings)
    return ordinary_size(layer, int(rng.integers(1000)))


def torchs_own(layer, D, H):
    """`nn.MultiheadAttention` with the same parameters: theirs are transposed, and stacked in one matrix."""
    theirs = nn.MultiheadAttention(D, H, batch_first=True).double()
    parts = layer.query, layer.key, layer.value
    state = {
        "in_proj_weight": torch.cat([p.weight.T for p in parts]),
        "in_proj_bias": torch.cat([p.bias for p in parts]),
        "out_proj.weight": layer.out.weight.T,
        "out_proj.bias": layer.out.bias,
    }
    theirs.load_state_dict(state)
    return theirs


@for_sizes("BTSHK", low=2, high=6)
def test_against_torch_multihead_attention(sizes, rng):
    B, T, S, H, D = (*(sizes[letter] for letter in "BTSH"), sizes["H"] * sizes["K"])
    x, context = rng.normal(size=(B, T, D)), rng.normal(size=(B, S, D))
    own = padding_mask(rng.integers(1, T + 1, size=B), T)
    other = padding_mask(rng.integers(1, S + 1, size=B), S)
    cases = {  # ours: (causal, context, mask); theirs: True = may NOT attend
        "self": (False, None, None, {}),
        "causal": (True, None, None, {"attn_mask": ~causal_mask(T)}),
        "padded": (False, None, own, {"key_padding_mask": ~own[:, 0]}),
        "causal and padded": (
            True,
            None,
            own,
            {"attn_mask": ~causal_mask(T), "key_padding_mask": ~own[:, 0]},
        ),
        "cross": (False, context, None, {}),
        "cross, padded": (False, context, other, {"key_padding_mask": ~other[:, 0]}),
    }
    for name, (causal, source, mask, their_settings) in cases.items():
        layer = layer_of(sizes, rng, causal=causal)
        theirs = torchs_own(layer, D, H)
        mine, torchs = to_torch(x), to_torch(x)
        keys, torch_keys = (torchs if source is None else to_torch(source) for _ in range(2))
        output = layer(mine, None if source is None else keys, mask)
        expected, weights = theirs(
            torchs, torch_keys, torch_keys, average_attn_weights=False, **their_settings
        )
        assert_parity(output, expected, name)
        assert_parity(layer.weights, weights, f"weights, {name}")
        output.square().sum().backward()
        expected.square().sum().backward()
        assert_parity(mine.grad, torchs.grad, f"gradient of x, {name}")
        if source is not None:
            assert_parity(keys.grad, torch_keys.grad, f"gradient of context, {name}")
        stacked = torch.cat([p.weight.grad.T for p in (layer.query, layer.key, layer.value)])
        assert_parity(stacked, theirs.in_proj_weight.grad, f"gradient of the projections, {name}")
        assert_parity(layer.out.weight.grad.T, theirs.out_proj.weight.grad, f"gradient of out, {name}")
        assert_parity(layer.out.bias.grad, theirs.out_proj.bias.grad, f"gradient of out's bias, {name}")


@for_sizes("BTHK", low=2)
def test_invariants(sizes, rng):
    x = rng.normal(size=(sizes["B"], sizes["T"], sizes["H"] * sizes["K"]))
    layer, causal = layer_of(sizes, rng), layer_of(sizes, rng, causal=True)
    lengths = rng.integers(1, sizes["T"], size=sizes["B"])

    def run(layer, x, **settings):
        with torch.no_grad():
            return layer(torch.from_numpy(x), **settings).numpy()

    check_future_is_hidden(lambda x: run(causal, x), x, rng)
    check_order_is_lost(lambda x: run(layer, x), x, rng)
    check_padding_is_irrelevant(lambda x, n: run(layer, x, mask=padding_mask(n, x.shape[1])), x, lengths, rng)


@for_sizes("BTHK", low=2)
def test_cached_equals_uncached(sizes, rng):
    B, T, H, K = (sizes[letter] for letter in "BTHK")
    layer = layer_of(sizes, rng, causal=True)

    def run(x, cache=None):
        with torch.no_grad():
            return layer(torch.from_numpy(x), cache=cache).numpy()

    x = rng.normal(size=(B, T, H * K))
    check_cached_equals_uncached(run, lambda: KVCache(B, H, T, K, torch.float64), x)


def test_a_text_of_padding_only_gives_the_bias_of_out():
    rng = np.random.default_rng(0)
    layer = layer_of({"H": 2, "K": 3}, rng)
    x = to_torch(rng.normal(size=(2, 4, 6)))
    output = layer(x, mask=padding_mask([4, 0], 4))
    output.sum().backward()
    assert torch.equal(output[1], layer.out.bias.expand(4, 6)) and (layer.weights[1] == 0).all()
    assert (x.grad[1] == 0).all() and not x.grad.isnan().any()


def test_weights_before_the_first_call():
    assert MultiHeadAttention(6, 2).weights is None


def test_errors():
    with pytest.raises(ShapeError, match="MultiHeadAttention: D = 6 cannot be shared equally by H = 4 heads"):
        MultiHeadAttention(6, 4)
    with pytest.raises(ShapeError, match="split_heads: D = 6 cannot be shared equally by H = 0 heads"):
        split_heads(torch.ones(5, 6), 0)
    layer, x = MultiHeadAttention(6, 2), torch.ones(3, 5, 6)
    with pytest.raises(
        ShapeError, match="MultiHeadAttention: x has width 6 but context has width 4; both must be D"
    ):
        layer(x, torch.ones(3, 5, 4))
    with pytest.raises(
        ShapeError, match=r"MultiHeadAttention: x has leading axes \(3,\) but context has leading axes \(2,\)"
    ):
        layer(x, torch.ones(2, 5, 6))
    with pytest.raises(
        ShapeError, match=r"mask is \(2, 1, 5, 5\), scores have \(..., T, S\) = \(3, 2, 5, 5\)"
    ):
        layer(x, mask=torch.ones(2, 5, 5).bool())
    with pytest.raises(ValueError, match="mask holds torch.float32, expected bool, True = may attend"):
        layer(x, mask=torch.ones(5, 5))
    with pytest.raises(ValueError, match="MultiHeadAttention: a causal layer looks at its own text"):
        MultiHeadAttention(6, 2, causal=True)(x, x)
    with pytest.raises(ValueError, match="a cache is for the layer's own text"):
        layer(x, x, cache=KVCache(3, 2, 5, 3))


def test_cache_errors_store_nothing():
    cache, k = KVCache(1, 2, 4, 3), torch.ones(1, 2, 3, 3)
    cache.append(k, k)
    with pytest.raises(ValueError, match="KVCache: 3 of C = 4 tokens are full, no room for 3 more"):
        cache.append(k, k)
    with pytest.raises(ShapeError, match="KVCache.append: k has width 2 but v has width 3"):
        cache.append(k[..., :2], k)
    assert cache.length == 3 and (cache.key[..., 3:, :] == 0).all()
    with pytest.raises(
        ValueError, match=r"KVCache: there is no backward through a cache; generate under torch.no_grad\(\)"
    ):
        MultiHeadAttention(6, 2, causal=True)(torch.ones(1, 1, 6), cache=cache)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    layer, x = MultiHeadAttention(6, 2, causal=True).to(dtype), torch.ones(3, 5, 6, dtype=dtype)
    with torch.no_grad():
        results = [
            layer(x),
            layer.weights,
            layer(x, cache=KVCache(3, 2, 5, 3, dtype)),
            merge_heads(split_heads(x, 2)),
        ]
    assert {r.dtype for r in results} == {dtype}
