"""The checks themselves: each piece is broken on purpose, and the check that guards it must fail."""

import numpy as np
import pytest
import torch

from course_lib.in_numpy import attention, embeddings, modules, multi_head, positions
from course_lib.in_torch import modules as torch_modules
from tests import invariants
from tests.helpers import (
    assert_gradient,
    assert_gradients_parity,
    assert_inputs_kept,
    assert_parity,
    make_twins,
    randomize,
)
from tests.parity import test_attention, test_embeddings, test_modules, test_multi_head, test_positions

SIZES = {"B": 2, "T": 5, "S": 4, "H": 3, "K": 6, "V": 7, "D": 8, "C": 9, "F": 10}
CHECKS = [
    test_attention.check_softmax,
    test_attention.check_masks,
    test_attention.check_scaled_dot_product_attention,
    test_embeddings.check_lookup,
    test_embeddings.check_unembed,
    test_modules.check_linear,
    test_multi_head.check_split_and_merge,
    test_multi_head.check_multi_head,
    test_multi_head.check_cache,
    test_positions.check_sinusoidal,
    test_positions.check_learned_positions,
    test_positions.check_rope,
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_passes_when_nothing_is_broken(check, rng):
    check(SIZES, rng)


# Each breakage: the module and the name that is replaced, the check that must notice, and what the original becomes.
BROKEN = {}


def broken(module, name, check):
    def register(make):
        BROKEN[make.__name__] = (module, name, check, make)
        return make

    return register


def attend_with(change):
    """A scaled_dot_product_attention whose q, k, v, mask and scale pass through `change` first."""

    def make(original):
        def attend(q, k, v, mask=None, scale=None):
            return original(*change(q, k, v, mask, scale))

        return attend

    return make


SDPA = (attention, "scaled_dot_product_attention", test_attention.check_scaled_dot_product_attention)
SDPA_BACKWARD = (attention, "scaled_dot_product_attention_backward", SDPA[2])
ATTENTION = {
    "no √K": lambda q, k, v, mask, scale: (q, k, v, mask, 1.0 if scale is None else scale),
    "K for √K": lambda q, k, v, mask, scale: (q, k, v, mask, 1 / q.shape[-1] if scale is None else scale),
    "√T for √K": lambda q, k, v, mask, scale: (
        q,
        k,
        v,
        mask,
        q.shape[-2] ** -0.5 if scale is None else scale,
    ),
    "mask inverted": lambda q, k, v, mask, scale: (q, k, v, mask if mask is None else ~mask, scale),
    "mask forgotten": lambda q, k, v, mask, scale: (q, k, v, None, scale),
    "the caller's scale forgotten": lambda q, k, v, mask, scale: (q, k, v, mask, None),
    "values in the wrong order": lambda q, k, v, mask, scale: (q, k, v[..., ::-1, :], mask, scale),
}
for mistake, change in ATTENTION.items():
    BROKEN[mistake] = (*SDPA, attend_with(change))


@broken(*SDPA)
def softmax_over_the_queries(original):
    def attend(q, k, v, mask=None, scale=None):
        scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
        scores = scores if mask is None else np.where(mask, scores, -np.inf)
        weights = attention.softmax(scores, axis=-2)
        return weights @ v, weights

    return attend


@broken(*SDPA)
def an_all_masked_row_gets_equal_weights(original):
    def attend(q, k, v, mask=None, scale=None):
        _, weights = original(q, k, v, mask, scale)
        weights = np.where(weights.sum(axis=-1, keepdims=True) == 0, 1 / k.shape[-2], weights)
        return weights @ v, weights

    return attend


@broken(*SDPA_BACKWARD)
def scale_forgotten_on_the_way_back(original):
    return lambda g, q, k, v, weights, scale=None: original(g, q, k, v, weights, 1.0)


@broken(*SDPA_BACKWARD)
def gradient_of_values_one_part_in_a_billion_off(original):
    def backward(*args, **settings):
        grad_q, grad_k, grad_v = original(*args, **settings)
        return grad_q, grad_k, grad_v * (1 + 1e-9)

    return backward


@broken(attention, "softmax_backward", SDPA[2])
def softmax_backward_without_the_average(original):
    return lambda g, probs, temperature=1.0, axis=-1: probs * g / temperature


@broken(attention, "softmax", test_attention.check_softmax)
def softmax_always_over_the_last_axis(original):
    return lambda x, temperature=1.0, axis=-1: original(x, temperature)


@broken(attention, "softmax", test_attention.check_softmax)
def temperature_multiplied(original):
    return lambda x, temperature=1.0, axis=-1: original(x, 1 / temperature, axis)


@broken(attention, "causal_mask", test_attention.check_masks)
def a_token_may_not_see_itself(original):
    return lambda T, S=None: np.tri(T, S or T, (S or T) - T - 1, dtype=bool)


@broken(attention, "causal_mask", test_attention.check_masks)
def a_token_may_see_its_successor(original):
    return lambda T, S=None: np.tri(T, S or T, (S or T) - T + 1, dtype=bool)


@broken(attention, "causal_mask", test_attention.check_masks)
def first_query_at_the_first_key(original):
    return lambda T, S=None: np.tri(T, S or T, dtype=bool)


@broken(attention, "padding_mask", test_attention.check_masks)
def padding_mask_inverted(original):
    return lambda lengths, S: ~original(lengths, S)


@broken(attention, "padding_mask", test_attention.check_masks)
def padding_mask_one_token_late(original):
    return lambda lengths, S: original(np.minimum(np.asarray(lengths) + 1, S), S)


@broken(multi_head, "causal_mask", test_multi_head.check_multi_head)
def a_causal_head_that_sees_all(original):
    return lambda T, S=None: np.ones((T, S or T), bool)


@broken(multi_head, "split_heads", test_multi_head.check_split_and_merge)
def heads_split_without_the_transposition(original):
    return lambda x, H: x.reshape(*x.shape[:-2], H, x.shape[-2], -1)


@broken(multi_head, "split_heads", test_multi_head.check_multi_head)
def heads_take_every_h_th_feature(original):
    return lambda x, H: np.moveaxis(x.reshape(*x.shape[:-1], -1, H), -1, -3)


@broken(multi_head, "merge_heads", test_multi_head.check_multi_head)
def heads_merged_without_the_transposition(original):
    return lambda x: x.reshape(*x.shape[:-3], x.shape[-2], -1)


@broken(multi_head, "attend", test_multi_head.check_multi_head)
def width_of_the_model_under_the_root(original):
    return attend_with(lambda q, k, v, mask, _: (q, k, v, mask, (q.shape[-1] * q.shape[-3]) ** -0.5))(
        original
    )


class OneLate(multi_head.KVCache):
    """Overwrites the last stored token."""

    def append(self, k, v):
        self.length = max(0, self.length - 1)
        return super().append(k, v)


class Forgetful(multi_head.KVCache):
    """Remembers keys and gives the newest value for all of them."""

    def append(self, k, v):
        k, v = super().append(k, v)
        return k, np.broadcast_to(v[..., -1:, :], v.shape)


@broken(multi_head, "KVCache", test_multi_head.check_cache)
def cache_off_by_one(original):
    return OneLate


@broken(multi_head, "KVCache", test_multi_head.check_cache)
def cache_of_one_value(original):
    return Forgetful


@broken(multi_head, "causal_mask", test_multi_head.check_cache)
def causal_mask_that_forgets_the_cache(original):
    return lambda T, S=None: np.tri(T, S or T, dtype=bool)


@broken(embeddings, "lookup_backward", test_embeddings.check_lookup)
def equal_ids_overwrite_each_other(original):
    def backward(grad_output, ids, V):
        grad = np.zeros((V, grad_output.shape[-1]))
        grad[ids] += grad_output
        return grad

    return backward


@broken(embeddings, "unembed_backward", test_embeddings.check_unembed)
def unembedding_not_tied_on_the_way_back(original):
    return lambda g, h, W_E: (original(g, h, W_E)[0], np.zeros_like(W_E))


def table(exponent, first=np.sin, second=np.cos):
    def sinusoidal(C, D, base=10000.0):
        j = np.arange(D)
        angles = np.arange(C)[:, None] / base ** exponent(j, D)
        return np.where(j % 2 == 0, first(angles), second(angles))

    return lambda original: sinusoidal


TABLES = {
    "exponent j/D without pairs": table(lambda j, D: j / D),
    "exponent 2j/D": table(lambda j, D: 2 * j / D),
    "cosine with the next exponent": table(lambda j, D: 2 * ((j + 1) // 2) / D),
    "exponent i/D": table(lambda j, D: (j // 2) / D),
    "sine and cosine exchanged": table(lambda j, D: 2 * (j // 2) / D, np.cos, np.sin),
}
for mistake, make in TABLES.items():
    BROKEN[mistake] = (positions, "sinusoidal_positions", test_positions.check_sinusoidal, make)


@broken(positions, "apply_rope", test_positions.check_rope)
def rope_turns_the_other_way(original):
    return positions.apply_rope_backward


@broken(positions, "apply_rope_backward", test_positions.check_rope)
def rope_does_not_turn_back(original):
    return positions.apply_rope


@broken(positions, "apply_rope", test_positions.check_rope)
def rope_pairs_the_halves(original):
    def rope(x, *args, **settings):
        K = x.shape[-1]
        order = np.arange(K).reshape(2, -1).T.ravel()  # 0, K/2, 1, K/2 + 1, …
        return original(x[..., order], *args, **settings)[..., np.argsort(order)]

    return rope


@broken(positions, "_rows", test_positions.check_learned_positions)
def positions_always_from_the_start(original):
    return lambda call, x, table, start: original(call, x, table, 0)


class ReversedGradient(modules.Linear):
    """Gives the features' gradients in the wrong order."""

    def backward(self, grad_output):
        grad_x = super().backward(grad_output)
        return grad_x[..., ::-1].copy()


class NoBiasGradient(modules.Linear):
    """Leaves the bias where it is."""

    def backward(self, grad_output):
        grad_x = super().backward(grad_output)
        self.grads.get("bias", np.zeros(1)).fill(0)
        return grad_x


@broken(modules, "Linear", test_modules.check_linear)
def gradient_of_x_in_the_wrong_order(original):
    return ReversedGradient


@broken(modules, "Linear", test_modules.check_linear)
def gradient_of_the_bias_forgotten(original):
    return NoBiasGradient


@pytest.mark.parametrize("mistake", BROKEN)
def test_each_mistake_is_noticed(mistake, monkeypatch, rng):
    module, name, check, make = BROKEN[mistake]
    monkeypatch.setattr(module, name, make(getattr(module, name)))
    with pytest.raises(AssertionError):
        check(SIZES, rng)


def test_every_check_has_a_mistake_to_notice():
    assert {check for _, _, check, _ in BROKEN.values()} == set(CHECKS)


# The invariants, held against functions that break them.


def layer_of(rng, **settings):
    return randomize(multi_head.MultiHeadAttention(6, 2, dtype=np.float64, **settings), rng)


def test_a_layer_that_sees_the_future_is_noticed(rng):
    layer, x = layer_of(rng), rng.normal(size=(3, 5, 6))
    invariants.check_future_is_hidden(layer_of(rng, causal=True), x, rng)
    with pytest.raises(AssertionError, match="token 1 leaks"):
        invariants.check_future_is_hidden(layer, x, rng)
    see_one_ahead = np.tri(5, 5, 1, dtype=bool)
    with pytest.raises(AssertionError, match="token 1 leaks"):
        invariants.check_future_is_hidden(lambda x: layer(x, mask=see_one_ahead), x, rng)
    with pytest.raises(AssertionError, match="token 1 leaks"):  # an average over all, however faint
        invariants.check_future_is_hidden(lambda x: x + 1e-13 * x.mean(axis=-2, keepdims=True), x, rng)
    with pytest.raises(AssertionError, match="does not even change its own output"):
        invariants.check_future_is_hidden(np.zeros_like, x, rng)


def test_a_layer_that_knows_the_order_is_noticed(rng):
    layer, x = layer_of(rng), rng.normal(size=(3, 5, 6))
    with pytest.raises(AssertionError):
        invariants.check_order_is_lost(layer_of(rng, causal=True), x, rng)
    with pytest.raises(AssertionError):
        invariants.check_order_is_lost(lambda x: layer(positions.add_positions(x, np.eye(5, 6))), x, rng)
    with pytest.raises(AssertionError, match="all tokens look alike"):
        invariants.check_order_is_lost(np.zeros_like, x, rng)


def test_a_layer_that_reads_padding_is_noticed(rng):
    layer, x, lengths = layer_of(rng), rng.normal(size=(3, 5, 6)), [2, 5, 4]

    def masked(x, lengths):
        return layer(x, mask=attention.padding_mask(lengths, 5))

    invariants.check_padding_is_irrelevant(masked, x, lengths, rng)
    for wrong in (lambda x, n: layer(x), lambda x, n: masked(x, np.minimum(np.add(n, 1), 5))):
        with pytest.raises(AssertionError, match="padding leaks"):
            invariants.check_padding_is_irrelevant(wrong, x, lengths, rng)
    with pytest.raises(AssertionError, match="needs padding and tokens"):
        invariants.check_padding_is_irrelevant(masked, x, [5, 5, 5], rng)


def test_positions_that_are_not_relative_are_noticed(rng):
    q, k = rng.normal(size=(2, 6))
    table = positions.sinusoidal_positions(100, 6)
    with pytest.raises(AssertionError):
        invariants.check_scores_depend_on_offset(lambda x, t: x + table[t], q, k)
    with pytest.raises(AssertionError, match="who comes first"):
        invariants.check_scores_depend_on_offset(lambda x, t: x, q, k)
    with pytest.raises(AssertionError):
        turned_back = positions.apply_rope_backward  # keys turned the other way: the score shows t + s
        invariants.check_scores_depend_on_offset(positions.apply_rope, q, k, rotate_key=turned_back)
    with pytest.raises(AssertionError):
        invariants.check_length_is_kept(lambda x: x + table[: len(x)], rng.normal(size=(5, 6)))
    with pytest.raises(AssertionError, match="nothing was rotated"):
        invariants.check_length_is_kept(np.copy, rng.normal(size=(5, 6)))


@pytest.mark.parametrize("cache", [OneLate, Forgetful])
def test_a_broken_cache_is_noticed(cache, rng):
    layer, x = layer_of(rng, causal=True), rng.normal(size=(1, 4, 6))
    invariants.check_cached_equals_uncached(layer, lambda: multi_head.KVCache(1, 2, 4, 3, np.float64), x)
    with pytest.raises(AssertionError):
        invariants.check_cached_equals_uncached(layer, lambda: cache(1, 2, 4, 3, np.float64), x)


# The comparisons themselves.


def test_parity_refuses():
    one = np.array([1.0, 2.0])
    assert_parity(one * (1 + 1e-12), one)
    for wrong, words in [
        (one * (1 + 1e-9), "Not equal"),
        (one.astype(np.float32), "dtype float32, expected float64"),
        (one[None], r"shape \(1, 2\), expected \(2,\)"),
        (np.array([1.0, np.nan]), "nan"),
    ]:
        with pytest.raises(AssertionError, match=words):
            assert_parity(wrong, one)
    with pytest.raises(AssertionError, match="zeros only, which prove nothing"):
        assert_parity(np.zeros(2), np.zeros(2))


def test_gradients_of_two_models_that_differ_are_noticed(rng):
    ours, theirs = make_twins(modules.Linear(3, 2, dtype=np.float64), torch_modules.Linear(3, 2), rng)
    x, grad_output = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    ours(x)
    ours.backward(grad_output)
    theirs(torch.from_numpy(x)).backward(torch.from_numpy(grad_output))
    assert_gradients_parity(ours, theirs)
    for name, wrong, words in [
        ("weight", 1 + 1e-6, "weight"),
        ("bias", -1, "bias"),
        ("bias", 0, "bias is zero, which proves nothing"),
    ]:
        right = ours.grads[name].copy()
        ours.grads[name] *= wrong
        with pytest.raises(AssertionError, match=words):
            assert_gradients_parity(ours, theirs)
        ours.grads[name] = right
    with pytest.raises(AssertionError, match="name their parameters differently"):
        assert_gradients_parity(ours, torch_modules.Linear(3, 2, bias=False))


def test_finite_differences_refuse():
    x = np.array([1.0, 2.0])
    assert_gradient(lambda: float((x**3).sum()), x, 3 * x**2)
    for wrong in (3 * x**2 * (1 + 1e-5), 2 * x**2, np.zeros(2), (3 * x**2)[None]):
        with pytest.raises(AssertionError):
            assert_gradient(lambda: float((x**3).sum()), x, wrong)
    with pytest.raises(AssertionError, match="finite differences need float64"):
        assert_gradient(lambda: 0.0, x.astype(np.float32), x)


def test_a_changed_input_is_noticed():
    def scale_in_place(x, y):
        y *= 2

    for one in (np.ones(2), torch.ones(2)):
        assert_inputs_kept(lambda x, y: x + y, one, one)
        with pytest.raises(AssertionError, match="input 1 was changed"):
            scale = (np.zeros(2) if isinstance(one, np.ndarray) else torch.zeros(2)), one
            assert_inputs_kept(scale_in_place, *scale)
