"""Greedy and beam search in PyTorch: against the enumeration of all texts; no gradient, any device."""

from itertools import product

import pytest
import torch

from course_lib.in_torch.search import beam_search, greedy_search
from course_lib.in_torch.transformer import EncoderDecoder
from course_lib.shapes import ShapeError
from tests.helpers import ordinary_size

PAD, START, END = 0, 1, 2


@pytest.fixture
def model():
    return ordinary_size(EncoderDecoder(V=4, C=8, D=6, H=2, L=1, F=8, pre_norm=True, pad=PAD))


def score(model, source, ids):
    logs = model([source], [ids[:-1]])[0].log_softmax(-1)
    return logs[torch.arange(len(ids) - 1), list(ids[1:])].sum().item()


def test_a_beam_that_drops_nothing_finds_every_text(model):
    source = [3, 1, 2]
    texts = {
        (START, *(tail[: tail.index(END) + 1] if END in tail else tail))
        for tail in product(range(4), repeat=3)
    }
    expected = sorted((score(model, source, ids), list(ids)) for ids in texts)[::-1]
    found = beam_search(model, source, START, END, 3, width=64)
    assert [ids for ids, _ in found] == [ids for _, ids in expected]
    torch.testing.assert_close(
        torch.tensor(found and [p for _, p in found]), torch.tensor([p for p, _ in expected])
    )


def test_a_beam_of_one_is_greedy(model):
    source = torch.tensor([[3, 2, 1], [1, PAD, PAD], [2, 3, PAD], [3, 3, 3]])
    rows = greedy_search(model, source, START, END, 5)
    assert rows.dtype == torch.int64 and not rows.requires_grad
    for row, one in zip(rows.tolist(), source, strict=True):
        [(ids, p)] = beam_search(model, one, START, END, 5, width=1)
        assert row == ids + [END] * (len(row) - len(ids)) and abs(p - score(model, one.tolist(), ids)) < 1e-9


@pytest.mark.parametrize(
    "search, source, settings, kind, words",
    [
        (greedy_search, [[3]], {"new_tokens": 0}, ValueError, "greedy_search: new_tokens must be 1 or more, got 0"),
        (beam_search, [3], {"new_tokens": 2, "width": 0}, ValueError, "beam_search: width must be 1 or more, got 0"),
        (greedy_search, [3], {"new_tokens": 2}, ShapeError, r"greedy_search: source has 1 axes .* needs 2: \(B, S\)"),
        (beam_search, [[3]], {"new_tokens": 2}, ShapeError, r"beam_search: source has 2 axes .* needs 1: \(S,?\)"),
        (beam_search, [5], {"new_tokens": 2}, ValueError, r"beam_search: id 5 at \(0,\) is not in 0 to 3"),
    ],
)  # fmt: skip
def test_bad_input(model, search, source, settings, kind, words):
    with pytest.raises(kind, match=words):
        search(model, source, START, END, **settings)
