"""Cross-entropy: NumPy against PyTorch, value and gradient."""

from course_lib.in_numpy import losses as in_numpy
from course_lib.in_torch import losses as in_torch
from tests.helpers import assert_parity, draw, for_sizes, shape, to_torch


def check_cross_entropy(sizes, rng, numpy=in_numpy):
    logits = 3 * draw(rng, sizes, "BTV")
    targets = rng.integers(sizes["V"], size=shape(sizes, "BT"))
    targets[0, 1] = 1  # one that counts
    for ignored in (-100, 0):
        targets[0, 0] = ignored
        tensor = to_torch(logits)
        expected = in_torch.cross_entropy(tensor, targets, ignored)
        assert_parity(numpy.cross_entropy(logits, targets, ignored), expected)
        expected.backward()
        assert_parity(numpy.cross_entropy_backward(logits, targets, ignored), tensor.grad)


@for_sizes("BTV", low=2)
def test_cross_entropy(sizes, rng):
    check_cross_entropy(sizes, rng)


def test_perplexity_and_bits():
    for loss in (0.0, 0.3, 2.5, 10.8):
        assert_parity(in_numpy.perplexity(loss), in_torch.perplexity(loss))
        assert in_numpy.bits(loss) == in_torch.bits(loss)
