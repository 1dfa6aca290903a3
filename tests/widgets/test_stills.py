"""The stills of live pictures show what their captions name, where nothing runs."""

import numpy as np
import pytest

from course_lib.in_numpy import losses, optim
from course_lib.in_numpy.modules import Module
from course_lib.widgets import (
    AttentionView,
    DecisionBoundary,
    DescentExplorer,
    PositionExplorer,
    figures,
    palette,
    stills,
)
from tests.widgets.test_figures import NASTY


def titles(widget):
    return [axis.get_title() for axis in widget._picture.figure.axes]


def test_a_product_shows_three_matrices_and_the_sum_of_its_first_entry():
    picture = stills.product(np.array([[1, -2.0], [0, 4]]), np.array([[3], [0.5]]), ["x", "W", "q"])
    axes = picture.figure.axes
    assert [axis.get_title() for axis in axes] == ["x", "W", "q"]
    assert [text.get_text() for text in axes[0].texts][:4] == ["1", "−2", "0", "4"]
    assert picture.figure.get_supxlabel() == "1 · 3  +  −2 · 0.5  =  2"
    assert axes[2].title.get_color() == palette.LIGHT["query"]


def test_positions_are_shown_as_a_table_waves_a_turn_and_distances():
    widget = PositionExplorer(20, 8, learned=np.eye(20, 8), name="one-hot")
    assert titles(widget) == [
        "the table",
        "the pair at position 10",
        "indices 4 and 5",
        "similarity against distance",
    ]
    legend = widget._picture.figure.axes[3].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["sinusoidal", "RoPE", "one-hot"]
    sines, turned, _ = (line.get_ydata() for line in widget._picture.figure.axes[3].lines[:3])
    np.testing.assert_allclose(sines, turned, atol=1e-12)  # both sum the cosines of the same angles


def test_descent_shows_the_loss_of_both_optimizers():
    start, target = np.array([0.1, 0.5, -0.3]), 2
    widget = DescentExplorer(["a", "b", "c"], start, target, rate=0.3, steps=40)
    drawn = {text.get_text(): line.get_ydata() for text, line in
             zip(widget._picture.figure.legends[0].get_texts(), widget._picture.figure.axes[0].lines, strict=True)}  # fmt: skip
    for name, make in {
        "SGD": optim.SGD,
        "Adam": lambda point, lr: optim.AdamW(point, lr=lr, weight_decay=0),
    }.items():
        point, expected = Module(), []
        point.add_param("z", start.copy())
        optimizer = make(point, lr=0.3)
        for _ in range(41):
            expected.append(losses.cross_entropy(point.params["z"][None], [target]))
            point.grads["z"][:] = losses.cross_entropy_backward(point.params["z"][None], [target])[0]
            optimizer.step()
        np.testing.assert_allclose(drawn[name], expected, rtol=1e-6)


def test_many_keys_leave_room_for_one_head_whose_digits_can_be_read():
    uniform = np.full((4, 12, 12), 1 / 12)
    assert titles(AttentionView(range(12), uniform, head=2)) == ["head 2"]
    assert titles(AttentionView(range(4), np.full((4, 4, 4), 0.25))) == [f"head {h}" for h in range(4)]


def test_the_network_is_shown_with_its_hidden_units():
    assert titles(DecisionBoundary(np.eye(2), [0, 0], [1, 1], 0))[:3] == ["h₁", "h₂", "output y"]


def test_panels_that_do_not_fit_beside_each_other_stand_below():
    wide = figures.heatmap({str(i): np.eye(12) for i in range(3)}, range(12), range(12)).figure
    assert len({axis.get_subplotspec().rowspan.start for axis in wide.axes}) == 3
    assert wide.get_size_inches()[0] < figures.WIDEST + 1
    narrow = figures.heatmap({str(i): np.eye(3) for i in range(3)}, range(3), range(3)).figure
    assert len({axis.get_subplotspec().rowspan.start for axis in narrow.axes}) == 1


@pytest.mark.parametrize("turn", range(0, len(NASTY), 5))
def test_any_text_can_be_a_name(turn, recwarn):
    names = (NASTY[turn:] + NASTY[:turn])[:3]
    assert stills.product(np.eye(2), np.eye(2), names)._repr_png_().startswith(b"\x89PNG")
    assert (
        stills.positions(np.eye(4), 1, 0, dict.fromkeys(names, np.ones(4)))
        ._repr_png_()
        .startswith(b"\x89PNG")
    )
    laid = stills.values_laid([names], np.full((1, 3), 1 / 3), np.eye(3)[None], names, 2)
    assert laid._repr_png_().startswith(b"\x89PNG")
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("x", [0.5415, 3, -0.00001, 100])
def test_a_number_has_as_few_decimals_as_say_it(x):
    assert stills._number(x) == {0.5415: "0.5415", 3: "3", -0.00001: "0", 100: "100"}[x]


def test_weighted_values_are_laid_tip_to_tail_to_where_the_word_moves():
    weights, v = np.array([[0.5, 0.25, 0.25]]), np.array([[[1, 0, 9], [0, 1, 9], [-1, 0, 9]]], dtype=float)
    (axis,) = stills.values_laid([["a", "b", "c"]], weights, v, ["x", "y", "z"], 1).figure.axes
    arrows = [(note.xyann, note.xy) for note in axis.texts if note.arrowprops]
    expected = [
        ((0, 0), (0.5, 0)),
        ((0.5, 0), (0.5, 0.25)),
        ((0.5, 0.25), (0.25, 0.25)),
        ((0, 0), (0.25, 0.25)),
        ((0, 1), (0.25, 0.25)),
    ]
    np.testing.assert_allclose(arrows, expected)
    assert [text.get_text() for text in axis.texts if text.get_text()] == [
        "0.5000 · a",
        "0.2500 · b",
        "0.2500 · c",
        "b",
    ]
