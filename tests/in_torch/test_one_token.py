"""One new token by the short way: the logits and weights of the long one, for every place, and layers of one's own."""

import pytest
import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_torch.gpt import GPT


def model():
    generator = torch.Generator().manual_seed(4)
    return GPT(GPTConfig(V=11, C=9, D=12, H=3, L=3), generator, std=0.5).double()


def drawn(*shape):
    return torch.randint(11, shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("texts", [1, 2])
@pytest.mark.parametrize("prompt", [0, 1, 4])
@torch.no_grad()
def test_it_gives_what_the_whole_model_gives(prompt, texts):
    gpt, text = model(), drawn(texts, 9)
    whole, weights = gpt(text), [block.attn.weights for block in gpt.h]  # (B, T, V), L × (B, H, T, S)
    caches = gpt.new_cache(texts)
    if prompt:
        gpt(text[:, :prompt], caches)
    for t in range(prompt, 9):
        logits = gpt(text[:, t : t + 1], caches)
        assert caches[0].length == t + 1
        torch.testing.assert_close(logits[:, 0], whole[:, t], rtol=1e-10, atol=1e-12)
        for block, expected in zip(gpt.h, weights, strict=True):
            torch.testing.assert_close(
                block.attn.weights, expected[:, :, t : t + 1, : t + 1], rtol=1e-10, atol=1e-12
            )


@torch.no_grad()
def test_a_layer_put_in_place_of_another_is_used():
    gpt, text = model(), drawn(1, 9)
    gpt.h[1].attn.c_proj = torch.nn.Linear(12, 12, dtype=torch.float64)
    gpt.h[2].mlp = torch.nn.Identity()
    whole, caches = gpt(text), gpt.new_cache(1)
    for t in range(9):
        torch.testing.assert_close(gpt(text[:, t : t + 1], caches)[0, 0], whole[0, t], rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_a_full_cache_and_an_unknown_id_are_named():
    gpt = model()
    caches = gpt.new_cache(1)
    with pytest.raises(ValueError, match="id 11"):
        gpt([[11]], caches)
    gpt([list(range(9))], caches)
    with pytest.raises(ValueError, match="10 tokens do not fit the context of C = 9"):
        gpt([[1]], caches)
