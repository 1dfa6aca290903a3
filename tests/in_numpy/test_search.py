"""Greedy and beam search in NumPy: against the enumeration of all texts, and against a table made by hand."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.in_numpy.search import beam_search, greedy_search
from course_lib.in_numpy.transformer import EncoderDecoder
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, for_sizes, randomize

PAD, START, END = 0, 1, 2


def model_of(rng, V=5, C=8):
    model = EncoderDecoder(V=V, C=C, D=6, H=2, L=1, F=8, pre_norm=True, pad=PAD, dtype=np.float64)
    return randomize(model, rng)


def score(model, source, ids):
    """The log-probability of a text, all its tokens scored by one forward pass."""
    logits = model([source], [ids[:-1]])[0]
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return logs[np.arange(len(ids) - 1), ids[1:]].sum()


def all_texts(model, source, new_tokens):
    """Every text of so many tokens, cut after its first <end>, with its log-probability, likeliest first."""
    V = len(model.embedding.params["weight"])
    texts = set()
    for tail in product(range(V), repeat=new_tokens):
        texts.add((START, *(tail[: tail.index(END) + 1] if END in tail else tail)))
    return sorted(((list(ids), score(model, source, ids)) for ids in texts), key=lambda text: -text[1])


@for_sizes("ST", profile=SLOW, low=1, high=4)
def test_a_beam_that_drops_nothing_finds_every_text(sizes, rng):
    model = model_of(rng, V=4)
    source = rng.integers(1, 4, size=sizes["S"]).tolist()
    expected = all_texts(model, source, sizes["T"])
    found = beam_search(model, source, START, END, sizes["T"], width=4 ** sizes["T"])
    assert [ids for ids, _ in found] == [ids for ids, _ in expected]
    np.testing.assert_allclose([p for _, p in found], [p for _, p in expected], rtol=1e-10)
    np.testing.assert_allclose(np.exp([p for _, p in found]).sum(), 1, rtol=1e-10)


@for_sizes("BS", profile=SLOW, low=2, high=6)
def test_a_beam_of_one_is_greedy(sizes, rng):
    model = model_of(rng)
    source = rng.integers(1, 5, size=(sizes["B"], sizes["S"]))
    source[0, 1:] = PAD
    rows, lengths = greedy_search(model, source, START, END, 6), set()
    assert rows.dtype == np.int64 and rows.shape[0] == sizes["B"] and (rows[:, 0] == START).all()
    for row, one in zip(rows.tolist(), source, strict=True):
        [(ids, p)] = beam_search(model, one, START, END, 6, width=1)
        assert row == ids + [END] * (len(row) - len(ids))
        np.testing.assert_allclose(p, score(model, one, ids), rtol=1e-10)
        lengths.add(len(ids))
    assert rows.shape[1] == max(lengths)


@for_sizes("SW", profile=SLOW, low=1, high=5)
def test_scores_are_the_models_own(sizes, rng):
    model = model_of(rng)
    source = rng.integers(1, 5, size=sizes["S"])
    found = beam_search(model, source, START, END, 4, width=sizes["W"])
    assert len(found) == sizes["W"] and len({tuple(ids) for ids, _ in found}) == sizes["W"]
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)
    for ids, p in found:
        assert ids[0] == START and (len(ids) == 5 or ids[-1] == END) and END not in ids[1:-1]
        np.testing.assert_allclose(p, score(model, source, ids), rtol=1e-10)


class Table:
    """A model that knows the probability of each next token by heart; ids 3 … are words."""

    def __init__(self, after, V=5):
        self.after, self.V, self.encoded = after, V, 0
        self.embedding = SimpleNamespace(params={"weight": np.zeros((V, 1))})

    def encode(self, source):
        self.encoded += 1
        return np.zeros((*source.shape, 1))

    def decode(self, target, memory, source):
        assert len(target) == len(memory) == len(source)
        last = [[self.after[tuple(row[1:])].get(i, 1e-9) for i in range(self.V)] for row in target.tolist()]
        return np.log(np.array(last))[:, None]


# "3" looks best at first (0.5), but what follows it is unsure: 0.5 · 0.5 < 0.4 · 0.9.
GARDEN_PATH = {(): {3: 0.5, 4: 0.4, END: 0.1}, (3,): {3: 0.5, 4: 0.3, END: 0.2}, (4,): {3: 0.9, 4: 0.1},
               (4, 3): {END: 1.0}, (4, 4): {END: 1.0}, (3, 3): {END: 1.0}, (3, 4): {END: 1.0}}  # fmt: skip


def test_greedy_misses_what_a_beam_of_two_finds():
    model = Table(GARDEN_PATH)
    assert greedy_search(model, [[3]], START, END, 5).tolist() == [[START, 3, 3, END]]
    (best, p), (second, q) = beam_search(model, [3], START, END, 5, width=2)
    assert (best, second) == ([START, 4, 3, END], [START, 3, 3, END])
    np.testing.assert_allclose(np.exp([p, q]), [0.36, 0.25], rtol=1e-6)
    assert model.encoded == 2  # once a search


def test_a_text_that_has_ended_waits_and_can_win():
    model = Table({(): {END: 0.45, 3: 0.3, 4: 0.25}, (3,): {3: 0.6, END: 0.4}, (4,): {3: 0.6, END: 0.4}})
    model.after |= {(3, 3): {END: 1.0}, (4, 3): {END: 1.0}}
    found = beam_search(model, [3], START, END, 5, width=3)
    assert [ids for ids, _ in found] == [[START, END], [START, 3, 3, END], [START, 4, 3, END]]
    assert greedy_search(model, [[3], [4]], START, END, 5).tolist() == [[START, END]] * 2
    cut = beam_search(model, [3], START, END, 1, width=3)  # what has not ended is returned as it is
    assert [ids for ids, _ in cut] == [[START, END], [START, 3], [START, 4]]


def test_the_start_may_be_the_end_token():
    rng = np.random.default_rng(0)
    model = model_of(rng)
    [(ids, _)] = beam_search(model, [3, 4], END, END, 3, width=1)
    assert ids == greedy_search(model, [[3, 4]], END, END, 3)[0].tolist() and len(ids) > 1


@pytest.mark.parametrize(
    "search, source, settings, kind, words",
    [
        (greedy_search, [[3]], {"new_tokens": 0}, ValueError, "greedy_search: new_tokens must be 1 or more, got 0"),
        (beam_search, [3], {"new_tokens": 0}, ValueError, "beam_search: new_tokens must be 1 or more, got 0"),
        (beam_search, [3], {"new_tokens": 2, "width": 0}, ValueError, "beam_search: width must be 1 or more, got 0"),
        (greedy_search, [3], {"new_tokens": 2}, ShapeError, r"greedy_search: source has 1 axes .* needs 2: \(B, S\)"),
        (beam_search, [[3]], {"new_tokens": 2}, ShapeError, r"beam_search: source has 2 axes .* needs 1: \(S,?\)"),
        (greedy_search, [[5]], {"new_tokens": 2}, ValueError, r"greedy_search: id 5 at \(0, 0\) is not in 0 to 4"),
    ],
)  # fmt: skip
def test_bad_input(search, source, settings, kind, words):
    with pytest.raises(kind, match=words):
        search(model_of(np.random.default_rng(0)), source, START, END, **settings)


def test_a_text_longer_than_the_context():
    model = model_of(np.random.default_rng(0), C=3)
    model.embedding.params["weight"][END] = 0  # its logit stays 0, another is larger: no text ends
    with pytest.raises(ShapeError, match="positions 0 to 3 do not exist: C = 3"):
        greedy_search(model, [[3]], START, END, 9)
