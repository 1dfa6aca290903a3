"""Cross-entropy in PyTorch against `F.cross_entropy`, and the errors."""

import math

import pytest
import torch
import torch.nn.functional as F

from course_lib.in_torch.losses import bits, cross_entropy, perplexity
from course_lib.shapes import ShapeError
from tests.helpers import assert_parity, draw, for_sizes, shape, to_torch


@for_sizes("BTV", low=2)
def test_against_torch(sizes, rng):
    x = 3 * draw(rng, sizes, "BTV")
    targets = torch.from_numpy(rng.integers(sizes["V"], size=shape(sizes, "BT")))
    targets[0, 1] = 1  # one that counts
    for ignored in (-100, 0):
        targets[0, 0] = ignored
        ours, theirs = to_torch(x), to_torch(x)
        loss = cross_entropy(ours, targets, ignored)
        expected = F.cross_entropy(theirs.flatten(0, 1), targets.flatten(), ignore_index=ignored)
        assert_parity(loss, expected)
        loss.backward()
        expected.backward()
        assert_parity(ours.grad, theirs.grad)


def test_lists_and_narrow_integers_are_ids_too():
    logits = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    expected = cross_entropy(logits, torch.tensor([1, 0]))
    assert (
        cross_entropy(logits, [1, 0])
        == cross_entropy(logits, torch.tensor([1, 0], dtype=torch.int32))
        == expected
    )


@pytest.mark.parametrize(
    "logits, targets, kind, words",
    [
        (torch.zeros(2, 3), [0], ShapeError, "logits have shape (2, 3), so targets must have shape (2,) (one id for each row of V scores), not (1,)"),
        (torch.zeros(2, 3), [[0, 1, 2], [0]], ShapeError, "the lists in targets have unequal lengths (3, 1)"),
        (torch.zeros(()), 0, ShapeError, "logits have shape ()"),
        (torch.zeros(2, 3), [0.0, 1.0], ValueError, "targets must be whole numbers (token ids), got torch.float32"),
        (torch.zeros(2, 3), [True, False], ValueError, "targets must be whole numbers (token ids), got torch.bool"),
        (torch.zeros(2, 3), [0, 3], ValueError, "target 3 is not in 0 to 2 (V = 3)"),
        (torch.zeros(2, 3), [0, -1], ValueError, "target -1 is not in 0 to 2 (V = 3)"),
        (torch.zeros(2, 3), [-100, -100], ValueError, "no position counts (a target of -100 is ignored)"),
        (torch.tensor([[0, math.nan], [1, 2]]), [0, 0], ValueError, "the largest logit of a position is nan"),
        (torch.tensor([[0, math.inf], [1, 2]]), [0, 0], ValueError, "the largest logit of a position is inf"),
        (torch.full((1, 2), -math.inf), [0], ValueError, "the largest logit of a position is -inf"),
    ],
)  # fmt: skip
def test_bad_input(logits, targets, kind, words):
    with pytest.raises(kind) as error:
        cross_entropy(logits, targets)
    assert str(error.value).startswith(f"cross_entropy: {words}")


def test_what_is_ignored_may_hold_anything():
    logits = torch.tensor([[math.nan, math.inf], [0.0, 0.0]], requires_grad=True)
    loss = cross_entropy(logits, [-100, 1])
    torch.testing.assert_close(loss.item(), math.log(2), rtol=1e-6, atol=0)
    loss.backward()
    assert logits.grad.tolist() == [[0, 0], [0.5, -0.5]]


def test_perplexity_and_bits():
    loss = cross_entropy(torch.zeros(1, 8, dtype=torch.float64), [3])
    torch.testing.assert_close(perplexity(loss), 8.0, rtol=1e-13, atol=0)
    torch.testing.assert_close(bits(loss), 3.0, rtol=1e-13, atol=0)
