"""Encoder and decoder blocks in PyTorch against `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`, and stacks of them."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.in_torch.attention import causal_mask, padding_mask
from course_lib.in_torch.optim import AdamW
from course_lib.in_torch.positions import sinusoidal_positions
from course_lib.in_torch.transformer import DecoderBlock, EncoderBlock, EncoderDecoder, training_step
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_parity, for_sizes, ordinary_size, to_torch

PAD = 0
NORMS = pytest.mark.parametrize("pre_norm", [False, True])


def attention_state(prefix, layer):
    parts = layer.query, layer.key, layer.value
    return {
        f"{prefix}.in_proj_weight": torch.cat([p.weight.T for p in parts]),
        f"{prefix}.in_proj_bias": torch.cat([p.bias for p in parts]),
        f"{prefix}.out_proj.weight": layer.out.weight.T,
        f"{prefix}.out_proj.bias": layer.out.bias,
    }


def torch_state(block):
    """The parameters of one of our blocks under the names, and in the orientation, of torch's layers."""
    state = attention_state("self_attn", block.attention)
    if hasattr(block, "cross_attention"):
        state |= attention_state("multihead_attn", block.cross_attention)
    network = block.feed_forward
    state |= {"linear1.weight": network.c_fc.weight.T, "linear1.bias": network.c_fc.bias}
    state |= {"linear2.weight": network.c_proj.weight.T, "linear2.bias": network.c_proj.bias}
    for name, p in block.named_parameters():
        if name.startswith("norm_"):
            state[name.replace("_", "")] = p
    return state


def torchs_own(block, kind, D, H, F, pre_norm):
    # training mode with dropout 0: in evaluation mode torch takes a fused path, which has no gradients
    theirs = kind(D, H, F, dropout=0.0, batch_first=True, norm_first=pre_norm, dtype=torch.float64)
    theirs.load_state_dict(torch_state(block))
    return theirs


@NORMS
@for_sizes("BTSF", low=2, high=6)
def test_against_torch_layers(pre_norm, sizes, rng):
    B, T, S, F = (sizes[letter] for letter in "BTSF")
    D, H = 6, 3
    x, memory = rng.normal(size=(B, T, D)), rng.normal(size=(B, S, D))
    own = padding_mask(rng.integers(1, T + 1, size=B), T)
    other = padding_mask(rng.integers(1, S + 1, size=B), S)

    block = ordinary_size(EncoderBlock(D, H, F, pre_norm=pre_norm), int(rng.integers(1000)))
    theirs = torchs_own(block, nn.TransformerEncoderLayer, D, H, F, pre_norm)
    for mask, their_settings in [(None, {}), (own, {"src_key_padding_mask": ~own[:, 0]})]:
        mine, torchs = to_torch(x), to_torch(x)
        output, expected = block(mine, mask), theirs(torchs, **their_settings)
        assert_parity(output, expected)
        output.pow(3).sum().backward()
        expected.pow(3).sum().backward()
        assert_parity(mine.grad, torchs.grad)

    block = ordinary_size(DecoderBlock(D, H, F, pre_norm=pre_norm), int(rng.integers(1000)))
    theirs = torchs_own(block, nn.TransformerDecoderLayer, D, H, F, pre_norm)
    mine, torchs = (to_torch(x), to_torch(memory)), (to_torch(x), to_torch(memory))
    output = block(*mine, memory_mask=other)
    expected = theirs(*torchs, tgt_mask=~causal_mask(T), memory_key_padding_mask=~other[:, 0])
    assert_parity(output, expected)
    output.pow(3).sum().backward()
    expected.pow(3).sum().backward()
    for a, b in zip(mine, torchs, strict=True):
        assert_parity(a.grad, b.grad)


@NORMS
@for_sizes("BTSVL", profile=SLOW, low=2, high=6)
def test_the_whole_model_against_torch_stacks(pre_norm, sizes, rng):
    B, T, S, V, L = (sizes[letter] for letter in "BTSVL")
    D, H, F = 6, 3, 5
    ours = ordinary_size(
        EncoderDecoder(V, 7, D, H, L, F, pre_norm=pre_norm, pad=PAD), int(rng.integers(1000))
    )
    layers = {"dropout": 0.0, "batch_first": True, "norm_first": pre_norm, "dtype": torch.float64}
    stacks = []
    for kind, stack, blocks, norm in [
        (nn.TransformerEncoderLayer, nn.TransformerEncoder, ours.encoder, ours.encoder_norm),
        (nn.TransformerDecoderLayer, nn.TransformerDecoder, ours.decoder, ours.decoder_norm),
    ]:
        final = None
        if pre_norm:
            final = nn.LayerNorm(D, dtype=torch.float64)
            final.load_state_dict(norm.state_dict())
        settings = {"enable_nested_tensor": False} if stack is nn.TransformerEncoder else {}
        stacks.append(stack(kind(D, H, F, **layers), L, final, **settings))
        for theirs, block in zip(stacks[-1].layers, blocks, strict=True):
            theirs.load_state_dict(torch_state(block))

    source, target = (torch.from_numpy(rng.integers(1, max(V, 2), size=(B, n))) for n in (S, T))
    source[0, -1] = PAD
    table, W_E = sinusoidal_positions(7, D), ours.embedding.weight
    padding = source == PAD
    encoder, decoder = stacks
    memory = encoder(W_E[source] * math.sqrt(D) + table[:S], src_key_padding_mask=padding)
    expected = decoder(
        W_E[target] * math.sqrt(D) + table[:T],
        memory,
        tgt_mask=~causal_mask(T),
        memory_key_padding_mask=padding,
    )
    assert_parity(ours(source, target), expected @ W_E.T)


def test_sizes_and_names():
    model = EncoderDecoder(V=11, C=5, D=6, H=2, L=2)
    names = list(model.state_dict())
    assert names[0] == "embedding.weight" and "table" not in names
    assert "encoder.1.attention.query.weight" in names and "decoder.0.cross_attention.out.bias" in names
    assert model.decoder[0].feed_forward.c_fc.weight.shape == (6, 24)


@NORMS
def test_training_learns_to_turn_words_around(pre_norm):
    start, end = 1, 2
    model = EncoderDecoder(
        V=8, C=8, D=16, H=2, L=1, pre_norm=pre_norm, pad=PAD, generator=torch.Generator().manual_seed(0)
    )
    source = torch.tensor([[3, 4, 5], [5, 3, 4], [6, 7, PAD], [7, 3, PAD]])
    target = torch.tensor(
        [[start, 5, 4, 3, end], [start, 4, 3, 5, end], [start, 7, 6, end, PAD], [start, 3, 7, end, PAD]]
    )
    optimizer = AdamW(model, lr=0.01, weight_decay=0.0)
    losses = [training_step(model, optimizer, source, target) for _ in range(200)]
    assert abs(losses[0] - math.log(8)) < 0.3 and losses[-1] < 0.02
    with torch.no_grad():
        text = torch.full((4, 1), start)
        for _ in range(4):
            text = torch.cat([text, model(source, text)[:, -1:].argmax(dim=-1)], dim=1)
    assert (text[target != PAD] == target[target != PAD]).all()


def test_bad_input():
    model = EncoderDecoder(V=7, C=6, D=4, H=2, L=1)
    for source, target, kind, words in [
        ([1, 2], [[3]], ShapeError, r"EncoderDecoder: source has 1 axes \(2,\) but needs 2: \(B, S\)"),
        ([[1], [2]], [[3]], ShapeError, "target has batch size 1 but memory has batch size 2"),
        ([[1]], [[-3]], ValueError, r"EncoderDecoder: target: id -3 at \(0, 0\) is not in 0 to 6"),
        ([[1] * 7], [[3]], ShapeError, "positions 0 to 6 do not exist: C = 6"),
    ]:
        with pytest.raises(kind, match=words):
            model(np.array(source), target)
