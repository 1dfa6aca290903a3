"""The pictures the course draws: every property that the lesson's argument rests on."""

import itertools

import numpy as np
import pytest

from course_lib.data.images import (
    HEIGHT,
    LABELS,
    NAMES,
    NEAREST,
    PAIRS,
    SHAPES,
    WIDTH,
    sets_of_six,
    shape_pixels,
)


@pytest.fixture(scope="module")
def drawn():
    return sets_of_six(200, np.random.default_rng(3), noise=0)[0][..., 0]  # (200, 6, HEIGHT, WIDTH)


def test_each_shape_beats_one_and_loses_to_the_other():
    wins = {pair for pair, label in zip(PAIRS, LABELS, strict=True) if label}
    assert set(PAIRS) == set(itertools.permutations(range(3), 2))
    for a, b in PAIRS:
        assert ((a, b) in wins) != ((b, a) in wins)
    assert sorted(a for a, _ in wins) == sorted(b for _, b in wins) == [0, 1, 2]  # and none is the strongest


@pytest.mark.parametrize("end", [0, 1])
def test_one_end_alone_tells_nothing(end):
    for label in (0, 1):
        shown = [pair[end] for pair, one in zip(PAIRS, LABELS, strict=True) if one == label]
        assert sorted(shown) == [0, 1, 2]


def test_all_shapes_are_equally_bright_and_different():
    assert {shape_pixels(name).sum() for name in NAMES} == {5}
    assert len(set(SHAPES.values())) == 3


def test_no_window_narrower_than_said_touches_both_shapes(drawn):
    lit = drawn.any(axis=(1, 2))  # (200, WIDTH) columns with a pixel in any picture of the set
    left, right = lit[:, : WIDTH // 2], lit[:, WIDTH // 2 :]
    last = np.array([np.flatnonzero(one)[-1] for one in left])
    first = np.array([np.flatnonzero(one)[0] for one in right]) + WIDTH // 2
    assert (first - last + 1).min() == NEAREST


def test_both_shapes_stand_where_they_should(drawn):
    for six in drawn:
        for picture, pair in zip(six, PAIRS, strict=True):
            for half, shape in zip(np.hsplit(picture, 2), pair, strict=True):
                rows, columns = (np.flatnonzero(half.any(axis=axis)) for axis in (1, 0))
                cut = half[rows[0] : rows[0] + 3, columns[0] : columns[0] + 3]
                np.testing.assert_array_equal(cut, shape_pixels(NAMES[shape]))
                # inside one cell
                assert rows[0] // 4 == rows[-1] // 4 and columns[0] // 4 == columns[-1] // 4


def test_every_place_is_used_and_by_both_ends_alike(drawn):
    for part in (slice(0, 12), slice(12, 24)):
        top = [np.flatnonzero(half.any(axis=1))[0] for half in drawn[:, 0, :, part]]
        side = [np.flatnonzero(half.any(axis=0))[0] for half in drawn[:, 0, :, part]]
        assert set(top) == {0, 4}
        assert set(side) == ({0, 4} if part.start == 0 else {4, 8})


def test_pictures_of_a_set_differ_in_nothing_but_the_shapes():
    images, labels = sets_of_six(4, np.random.default_rng(5), noise=0.1)
    assert images.shape == (4, 6, HEIGHT, WIDTH, 1) and images.dtype == np.float32
    np.testing.assert_array_equal(labels, [LABELS] * 4)
    for six in images:  # left shapes are equal in pictures 0 and 5, right shapes in 0 and 4
        assert PAIRS[0][0] == PAIRS[5][0] and PAIRS[0][1] == PAIRS[4][1]
        np.testing.assert_array_equal(six[0, :, :12], six[5, :, :12])
        np.testing.assert_array_equal(six[0, :, 12:], six[4, :, 12:])
    middle = images[:, :, :, 8:16, 0]
    np.testing.assert_array_equal(middle, np.repeat(middle[:, :1], 6, axis=1))
    assert 0.08 < middle[:, 0].std() < 0.12


def test_the_seed_decides_everything():
    first, second, other = (sets_of_six(2, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_score_for_each_end_never_gets_a_whole_set_right_nor_below_the_floor():
    """What the lesson argues about a network that sees one end at a time: its score is g(left) + h(right)."""
    rng = np.random.default_rng(0)
    left, right = np.transpose(PAIRS)
    for _ in range(2000):
        g, h = rng.normal(size=(2, 3)) * rng.choice([0.01, 1, 100])
        score = g[left] + h[right]
        signed = np.where(LABELS == 1, score, -score)
        assert (signed <= 0).any()
        assert np.logaddexp(0, -signed).mean() >= np.log(2) * (1 - 1e-12)
