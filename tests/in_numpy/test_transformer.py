"""Encoder and decoder blocks and the encoder-decoder in NumPy: gradients, what may be seen, training."""

import math

import numpy as np
import pytest

from course_lib.in_numpy.attention import padding_mask
from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward
from course_lib.in_numpy.optim import AdamW
from course_lib.in_numpy.transformer import DecoderBlock, EncoderBlock, EncoderDecoder, training_step
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_module_gradients, for_sizes, randomize
from tests.invariants import check_future_is_hidden, check_order_is_lost, check_padding_is_irrelevant

PAD = 0
NORMS = pytest.mark.parametrize("pre_norm", [False, True])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def model_of(rng, pre_norm, pad=PAD):
    model = EncoderDecoder(
        V=7, C=6, D=4, H=2, L=2, F=5, pre_norm=pre_norm, eps=0.1, pad=pad, dtype=np.float64
    )
    return randomize(model, rng)


@NORMS
@for_sizes("BTSF", profile=SLOW, high=4)
def test_gradients_of_the_blocks(pre_norm, sizes, rng):
    D, H = 4, 2
    x, memory = (rng.normal(size=(sizes["B"], sizes[n], D)) for n in "TS")
    settings = {"activation": "gelu_tanh", "pre_norm": pre_norm, "eps": 0.1, "dtype": np.float64}
    block = randomize(EncoderBlock(D, H, sizes["F"], **settings), rng)
    mask = padding_mask(rng.integers(1, sizes["T"] + 1, size=sizes["B"]), sizes["T"])
    assert_module_gradients(block, rng, x, mask=mask)
    block = randomize(DecoderBlock(D, H, sizes["F"], **settings), rng)
    memory_mask = padding_mask(rng.integers(1, sizes["S"] + 1, size=sizes["B"]), sizes["S"])
    assert_module_gradients(block, rng, x, memory, mask=mask, memory_mask=memory_mask)


@NORMS
def test_gradient_of_every_parameter(pre_norm, rng):
    model = model_of(rng, pre_norm)
    source, target, predicted = (rng.integers(1, 7, size=(2, n)) for n in (4, 3, 3))
    source[1, 2:], predicted[0, 2] = PAD, PAD
    model.zero_grad()
    model.backward(cross_entropy_backward(model(source, target), predicted, PAD))
    for name, parameter in model.state_dict().items():
        grad = model.gradients()[name].copy()
        assert_gradient(
            lambda: float(cross_entropy(model(source, target), predicted, PAD)), parameter, grad, name
        )


@NORMS
def test_what_the_blocks_may_see(pre_norm, rng):
    x, memory = rng.normal(size=(2, 3, 5, 6))
    encoder = randomize(EncoderBlock(6, 3, pre_norm=pre_norm, dtype=np.float64), rng)
    check_order_is_lost(encoder, x, rng)
    check_padding_is_irrelevant(lambda x, lengths: encoder(x, padding_mask(lengths, 5)), x, [5, 2, 1], rng)
    decoder = randomize(DecoderBlock(6, 3, pre_norm=pre_norm, dtype=np.float64), rng)
    check_future_is_hidden(lambda x: decoder(x, memory), x, rng)
    order = np.roll(np.arange(5), 2)
    np.testing.assert_allclose(decoder(x, memory[:, order]), decoder(x, memory), rtol=1e-9, atol=1e-12)
    assert np.abs(decoder(x, 2 * memory) - decoder(x, memory)).max() > 1e-3


@NORMS
def test_padding_of_the_source_is_irrelevant(pre_norm, rng):
    model = model_of(rng, pre_norm)
    source, target = np.array([[1, 2, 3]]), np.array([[4, 5]])
    padded = np.array([[1, 2, 3, PAD, PAD]])
    np.testing.assert_allclose(model(padded, target), model(source, target), rtol=1e-12)
    blind = model_of(np.random.default_rng(0), pre_norm, pad=None)
    assert np.abs(blind(padded, target) - blind(source, target)).max() > 1e-3, (
        "padding matters where none is named"
    )


def test_the_order_of_the_source_matters(rng):
    model = model_of(rng, False)
    assert np.abs(model([[1, 2, 3]], [[4]]) - model([[3, 2, 1]], [[4]])).max() > 1e-3


def test_encode_once_decode_often(rng):
    model = model_of(rng, True)
    source, target = rng.integers(1, 7, size=(2, 3, 4))
    memory = model.encode(source)
    for T in range(1, 5):
        expected = model(source, target)[:, :T]
        np.testing.assert_allclose(model.decode(target[:, :T], memory, source), expected, rtol=1e-10)


@NORMS
def test_training_learns_to_turn_words_around(pre_norm):
    start, end = 1, 2
    model = EncoderDecoder(V=8, C=8, D=16, H=2, L=1, pre_norm=pre_norm, pad=PAD, rng=np.random.default_rng(0))
    source = np.array([[3, 4, 5], [5, 3, 4], [6, 7, PAD], [7, 3, PAD]])
    target = np.array(
        [[start, 5, 4, 3, end], [start, 4, 3, 5, end], [start, 7, 6, end, PAD], [start, 3, 7, end, PAD]]
    )
    optimizer = AdamW(model, lr=0.01, weight_decay=0.0)
    losses = [training_step(model, optimizer, source, target) for _ in range(200)]
    assert abs(losses[0] - math.log(8)) < 0.3 and losses[-1] < 0.02
    text = np.full((4, 1), start)
    for _ in range(4):
        text = np.concatenate([text, model(source, text)[:, -1:].argmax(axis=-1)], axis=1)
    assert (text[target != PAD] == target[target != PAD]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@NORMS
def test_dtype_is_kept(pre_norm, dtype):
    model = EncoderDecoder(V=7, C=6, D=4, H=2, L=1, pre_norm=pre_norm, pad=PAD, dtype=dtype)
    optimizer = AdamW(model)
    training_step(model, optimizer, [[1, 2, PAD]], [[3, 4, PAD]])
    arrays = model([[1]], [[2]]), *model.state_dict().values(), *model.gradients().values()
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    "source, target, kind, words",
    [
        ([1, 2], [[3]], ShapeError, r"EncoderDecoder: source has 1 axes \(2,\) but needs 2: \(B, S\)"),
        ([[1, 2]], [3], ShapeError, r"EncoderDecoder: target has 1 axes \(1,\) but needs 2: \(B, T\)"),
        ([[1], [2]], [[3]], ShapeError, "target has batch size 1 but memory has batch size 2"),
        ([[1, 7]], [[3]], ValueError, r"EncoderDecoder: source: id 7 at \(0, 1\) is not in 0 to 6"),
        ([[1]], [[-3]], ValueError, r"EncoderDecoder: target: id -3 at \(0, 0\) is not in 0 to 6"),
        ([[1] * 7], [[3]], ShapeError, "positions 0 to 6 do not exist: C = 6"),
    ],
)
def test_bad_input(source, target, kind, words, rng):
    with pytest.raises(kind, match=words):
        model_of(rng, False)(source, target)
