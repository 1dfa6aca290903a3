"""The parity checks of the layers can fail: each is shown a twin with one thing wrong, and notices it."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.in_numpy import gpt, losses, normalization, transformer
from tests.parity.test_gpt import check_attention
from tests.parity.test_losses import check_cross_entropy
from tests.parity.test_normalization import check_layer_norm, check_rms_norm
from tests.parity.test_transformer import check_blocks

SIZES = {"B": 2, "T": 3, "D": 5, "V": 4, "H": 4, "K": 7, "S": 6, "F": 8}


def changed(module, **wrong):
    """The module's functions, some of them replaced."""
    return SimpleNamespace(**{**vars(module), **wrong})


def epsilon_outside(x, weight, bias, eps, eps_inside):
    return normalization.layer_norm(x, weight, bias, eps, eps_inside=False)


def sample_variance(x, weight, bias, eps, eps_inside):
    scale = np.sqrt(x.var(axis=-1, keepdims=True, ddof=1) + eps)
    return (x - x.mean(axis=-1, keepdims=True)) / scale * weight + bias


def over_the_tokens(x, weight, bias, eps, eps_inside):
    y = normalization.layer_norm(x.swapaxes(-1, -2), None, None, eps, eps_inside).swapaxes(-1, -2)
    return y * weight + bias


def constant_scale_backward(grad_output, x, weight, eps, eps_inside):
    _, grad_weight, grad_bias = normalization.layer_norm_backward(grad_output, x, weight, eps, eps_inside)
    scale = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return grad_output * weight / scale, grad_weight, grad_bias


def mean_subtracted(x, weight, eps):
    return normalization.rms_norm(x - x.mean(axis=-1, keepdims=True), weight, eps)


def padding_in_the_mean(logits, targets, ignored):
    return losses.cross_entropy(logits, targets, ignored) * (np.asarray(targets) != ignored).mean()


def summed_backward(logits, targets, ignored):
    return losses.cross_entropy_backward(logits, targets, ignored) * (np.asarray(targets) != ignored).sum()


class HeadsFirst(gpt.CausalSelfAttention):
    """Cuts the features so that a head takes every H-th of them, not K in a row."""

    def forward(self, x, cache=None):
        D = x.shape[-1]
        order = np.arange(3 * D).reshape(3, D // self.H, self.H).swapaxes(1, 2).ravel()
        for name in ("weight", "bias"):
            self.c_attn.params[name][...] = self.c_attn.params[name][..., order]
        return super().forward(x, cache)


class KeysFirst(gpt.CausalSelfAttention):
    """Takes the first third of c_attn for the keys."""

    def forward(self, x, cache=None):
        D = x.shape[-1]
        order = np.r_[D : 2 * D, :D, 2 * D : 3 * D]
        for name in ("weight", "bias"):
            self.c_attn.params[name][...] = self.c_attn.params[name][..., order]
        return super().forward(x, cache)


class ForgetsTheValues(gpt.CausalSelfAttention):
    """Sends no gradient through the values."""

    def backward(self, grad_output):
        q, k, v, *rest = self.kept
        self.kept = q, k, np.zeros_like(v), *rest
        return super().backward(grad_output)


class NormsFirst(transformer.EncoderBlock):
    """Norms before each part where the paper norms after the sum."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings | {"pre_norm": True})


class OneWayBack(transformer.DecoderBlock):
    """Forgets the gradient that goes around the cross-attention."""

    def backward(self, grad):
        grad = self.norm_3.backward(grad)
        grad = self.norm_2.backward(grad + self.feed_forward.backward(grad))
        grad, grad_memory = self.cross_attention.backward(grad)
        grad = self.norm_1.backward(grad)
        return grad + self.attention.backward(grad), grad_memory


@pytest.mark.parametrize(
    "check, module, wrong",
    [
        (check_layer_norm, normalization, {"layer_norm": epsilon_outside}),
        (check_layer_norm, normalization, {"layer_norm": sample_variance}),
        (check_layer_norm, normalization, {"layer_norm": over_the_tokens}),
        (check_layer_norm, normalization, {"layer_norm_backward": constant_scale_backward}),
        (check_rms_norm, normalization, {"rms_norm": mean_subtracted}),
        (check_attention, gpt, {"CausalSelfAttention": HeadsFirst}),
        (check_attention, gpt, {"CausalSelfAttention": KeysFirst}),
        (check_attention, gpt, {"CausalSelfAttention": ForgetsTheValues}),
        (check_blocks, transformer, {"EncoderBlock": NormsFirst}),
        (check_blocks, transformer, {"DecoderBlock": OneWayBack}),
        (check_cross_entropy, losses, {"cross_entropy": padding_in_the_mean}),
        (check_cross_entropy, losses, {"cross_entropy_backward": summed_backward}),
    ],
    ids=lambda value: next(iter(value.values())).__name__ if isinstance(value, dict) else "",
)
def test_the_check_notices(check, module, wrong):
    check(SIZES, np.random.default_rng(0), module)
    with pytest.raises(AssertionError):
        check(SIZES, np.random.default_rng(0), changed(module, **wrong))
