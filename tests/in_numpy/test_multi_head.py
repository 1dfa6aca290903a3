"""Multi-head attention and its cache in NumPy."""

import numpy as np
import pytest

from course_lib.in_numpy.attention import causal_mask, padding_mask, scaled_dot_product_attention
from course_lib.in_numpy.multi_head import KVCache, MultiHeadAttention, merge_heads, split_heads
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_module_gradients, for_sizes, randomize
from tests.invariants import (
    check_cached_equals_uncached,
    check_future_is_hidden,
    check_order_is_lost,
    check_padding_is_irrelevant,
)


def layer_of(sizes, rng, **settings):
    D = sizes["H"] * sizes["K"]
    return randomize(MultiHeadAttention(D, sizes["H"], dtype=np.float64, **settings), rng)


@for_sizes("BTHK")
def test_split_heads_entry_by_entry(sizes, rng):
    B, T, H, K = (sizes[letter] for letter in "BTHK")
    x = rng.normal(size=(B, T, H * K))
    heads = split_heads(x, H)
    assert heads.shape == (B, H, T, K)
    for h in range(H):
        assert (heads[:, h] == x[:, :, h * K : (h + 1) * K]).all()
    assert (merge_heads(heads) == x).all()


@for_sizes("BTHK")
def test_heads_are_single_heads_side_by_side(sizes, rng):
    K, H = sizes["K"], sizes["H"]
    layer = layer_of(sizes, rng, causal=True, bias=False)
    x = rng.normal(size=(sizes["B"], sizes["T"], H * K))
    outputs = []
    for h in range(H):
        columns = slice(h * K, (h + 1) * K)
        q, k, v = (x @ one.params["weight"][:, columns] for one in (layer.query, layer.key, layer.value))
        outputs.append(scaled_dot_product_attention(q, k, v, causal_mask(sizes["T"]))[0])
    expected = np.concatenate(outputs, axis=-1) @ layer.out.params["weight"]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-10, atol=1e-12)


@for_sizes("BTSHK", profile=SLOW, high=5)
def test_gradients(sizes, rng):
    B, T, S, D = (*(sizes[letter] for letter in "BTS"), sizes["H"] * sizes["K"])
    x, context = rng.normal(size=(B, T, D)), rng.normal(size=(B, S, D))
    for causal in (False, True):
        layer = randomize(MultiHeadAttention(D, sizes["H"], causal, dtype=np.float64), rng)
        assert_module_gradients(layer, rng, x)
        assert_module_gradients(layer, rng, x, mask=padding_mask(rng.integers(T + 1, size=B), T))
    layer = randomize(MultiHeadAttention(D, sizes["H"], bias=False, dtype=np.float64), rng)
    assert_module_gradients(layer, rng, x, context, mask=padding_mask(rng.integers(S + 1, size=B), S))


@for_sizes("BTHK", low=2)
def test_invariants(sizes, rng):
    x = rng.normal(size=(sizes["B"], sizes["T"], sizes["H"] * sizes["K"]))
    layer, causal = layer_of(sizes, rng), layer_of(sizes, rng, causal=True)
    lengths = rng.integers(1, sizes["T"], size=sizes["B"])
    check_future_is_hidden(causal, x, rng)
    check_order_is_lost(layer, x, rng)
    check_padding_is_irrelevant(lambda x, n: layer(x, mask=padding_mask(n, x.shape[1])), x, lengths, rng)


@for_sizes("BTHK", low=2)
def test_cached_equals_uncached(sizes, rng):
    B, T, H, K = (sizes[letter] for letter in "BTHK")
    layer = layer_of(sizes, rng, causal=True)
    x = rng.normal(size=(B, T, H * K))
    check_cached_equals_uncached(layer, lambda: KVCache(B, H, T, K, np.float64), x)


def test_cache_with_padding_behind_the_prompt():
    """A mask over all keys so far hides what the cache holds for padding."""
    rng = np.random.default_rng(0)
    layer = randomize(MultiHeadAttention(6, 2, causal=True, dtype=np.float64), rng)
    prompt, token = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 1, 6))
    cache = KVCache(2, 2, 5, 3, np.float64)
    layer(prompt, cache=cache)
    mask = padding_mask([4, 2], 5)
    mask[:, :, 4] = True  # the new token
    output = layer(token, mask=mask, cache=cache)
    short = layer(np.concatenate([prompt[1:, :2], token[1:]], axis=1))
    np.testing.assert_allclose(output[1], short[0, 2:], rtol=1e-12)


def test_mask_shapes_and_the_head_axis():
    rng = np.random.default_rng(0)
    layer, x = MultiHeadAttention(6, 2, rng=rng), rng.normal(size=(3, 5, 6)).astype(np.float32)
    for mask, axes in [
        (rng.random((5, 5)) < 0.5, ()),
        (rng.random((3, 5, 5)) < 0.5, 1),
        (rng.random((3, 2, 5, 5)) < 0.5, ()),
    ]:
        mask |= np.eye(5, dtype=bool)
        layer(x, mask=mask)
        expected = np.broadcast_to(np.expand_dims(mask, axes), (3, 2, 5, 5))
        assert ((layer.weights > 0) == expected).all()


def test_errors():
    with pytest.raises(ShapeError, match="MultiHeadAttention: D = 6 cannot be shared equally by H = 4 heads"):
        MultiHeadAttention(6, 4)
    with pytest.raises(ShapeError, match="split_heads: D = 6 cannot be shared equally by H = 0 heads"):
        split_heads(np.ones((5, 6)), 0)
    layer, x = MultiHeadAttention(6, 2), np.ones((3, 5, 6), np.float32)
    with pytest.raises(
        ShapeError, match="MultiHeadAttention: x has width 6 but context has width 4; both must be D"
    ):
        layer(x, np.ones((3, 5, 4)))
    with pytest.raises(
        ShapeError, match=r"MultiHeadAttention: x has leading axes \(3,\) but context has leading axes \(2,\)"
    ):
        layer(x, np.ones((2, 5, 6)))
    with pytest.raises(
        ShapeError, match=r"mask is \(2, 1, 5, 5\), scores have \(..., T, S\) = \(3, 2, 5, 5\)"
    ):
        layer(x, mask=np.ones((2, 5, 5), bool))
    with pytest.raises(ValueError, match="MultiHeadAttention: a causal layer looks at its own text"):
        MultiHeadAttention(6, 2, causal=True)(x, x)
    with pytest.raises(ValueError, match="a cache is for the layer's own text"):
        layer(x, x, cache=KVCache(3, 2, 5, 3))
    with pytest.raises(ValueError, match="holds NaN at"):
        layer(np.full_like(x, np.nan))


def test_cache_errors_store_nothing():
    cache = KVCache(1, 2, 4, 3)
    k = np.ones((1, 2, 3, 3), np.float32)
    cache.append(k, k)
    with pytest.raises(ValueError, match="KVCache: 3 of C = 4 tokens are full, no room for 3 more"):
        cache.append(k, k)
    with pytest.raises(ShapeError, match="KVCache.append: k has width 2 but v has width 3"):
        cache.append(k[..., :2], k)
    with pytest.raises(ShapeError, match="KVCache.append: k has batch size 2 but cache has batch size 1"):
        cache.append(np.ones((2, 2, 1, 3)), np.ones((2, 2, 1, 3)))
    assert cache.length == 3 and (cache.key[..., 3:, :] == 0).all()


def test_no_backward_through_a_cache():
    layer, x = MultiHeadAttention(6, 2, causal=True), np.ones((1, 2, 6), np.float32)
    layer(x, cache=KVCache(1, 2, 4, 3))
    with pytest.raises(ValueError, match="MultiHeadAttention: .* there is no backward through a cache"):
        layer.backward(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    layer, x = MultiHeadAttention(6, 2, causal=True, dtype=dtype), np.ones((3, 5, 6), dtype)
    grad = layer.backward(layer(x))
    cached = layer(x, cache=KVCache(3, 2, 5, 3, dtype))
    assert {a.dtype for a in (grad, cached, layer.weights, *layer.gradients().values())} == {np.dtype(dtype)}
