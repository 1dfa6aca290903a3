"""One new token by the short way: the logits of the long one, for every place of a text, and what it refuses."""

import numpy as np
import pytest

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT
from tests.helpers import randomize


def model(dtype=np.float64, L=3):
    return randomize(GPT(GPTConfig(V=11, C=9, D=12, H=3, L=L), dtype=dtype), np.random.default_rng(4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("prompt", [0, 1, 4])
def test_it_gives_what_the_whole_model_gives(prompt, dtype):
    gpt, text = model(dtype), np.random.default_rng(1).integers(11, size=9)
    whole, weights = gpt(text[None])[0], [block.attn.weights for block in gpt.h]  # (T, V), L × (1, H, T, S)
    caches = gpt.new_cache(B=1)
    if prompt:
        gpt(text[None, :prompt], caches)
    for t in range(prompt, 9):
        logits = gpt(text[None, t : t + 1], caches)
        assert logits.shape == (1, 1, 11) and logits.dtype == dtype and caches[0].length == t + 1
        np.testing.assert_allclose(
            logits[0, 0], whole[t], rtol=1e-10 if dtype == np.float64 else 2e-4, atol=1e-5
        )
        for block, expected in zip(gpt.h, weights, strict=True):
            row = expected[:, :, t : t + 1, : t + 1]
            np.testing.assert_allclose(block.attn.weights, row, rtol=1e-4, atol=1e-6)


def test_no_backward_follows_it():
    gpt = model()
    gpt([[1, 2, 3]])
    gpt([[4]], gpt.new_cache(B=1))
    with pytest.raises(ValueError, match="each backward needs a forward of its own"):
        gpt.backward(np.zeros((1, 1, 11)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_what_is_not_finite_is_refused(value):
    gpt = model()
    gpt.h[1].attn.c_attn.params["weight"][0] = value
    with pytest.raises(ValueError, match="GPT: the logits hold NaN or infinity"):
        gpt([[1]], gpt.new_cache(B=1))


def test_a_full_cache_and_an_unknown_id_are_named():
    gpt = model()
    caches = gpt.new_cache(B=1)
    with pytest.raises(ValueError, match="id 11"):
        gpt([[11]], caches)
    gpt([list(range(9))], caches)
    with pytest.raises(ValueError, match="10 tokens do not fit the context of C = 9"):
        gpt([[1]], caches)
