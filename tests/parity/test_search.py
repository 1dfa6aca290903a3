"""Greedy and beam search: NumPy against PyTorch, the same texts and the same scores."""

import numpy as np

from course_lib.in_numpy import search as in_numpy
from course_lib.in_numpy.transformer import EncoderDecoder as NumpyModel
from course_lib.in_torch import search as in_torch
from course_lib.in_torch.transformer import EncoderDecoder as TorchModel
from tests.helpers import SLOW, for_sizes, make_twins


@for_sizes("BSVW", profile=SLOW, low=2)
def test_the_same_texts(sizes, rng):
    V = 2 * sizes["V"] + 3
    settings = {"V": V, "C": 9, "D": 8, "H": 2, "L": 1, "pre_norm": True, "pad": 0}
    ours, theirs = make_twins(NumpyModel(**settings, dtype=np.float64), TorchModel(**settings), rng)
    source = rng.integers(1, V, size=(sizes["B"], sizes["S"]))
    source[1, 1:] = 0
    rows = in_numpy.greedy_search(ours, source, 1, 2, 6)
    np.testing.assert_array_equal(rows, in_torch.greedy_search(theirs, source, 1, 2, 6))
    for row in source:
        found = in_numpy.beam_search(ours, row, 1, 2, 6, sizes["W"])
        expected = in_torch.beam_search(theirs, row, 1, 2, 6, sizes["W"])
        assert [ids for ids, _ in found] == [ids for ids, _ in expected]
        np.testing.assert_allclose([p for _, p in found], [p for _, p in expected], rtol=1e-10)
