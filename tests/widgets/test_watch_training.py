"""A training that is watched goes on as if it were not: looks are few, small, each one message, and never end it."""

from itertools import count

import numpy as np
import pytest

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT
from course_lib.in_numpy.train import train
from course_lib.runs import Recipe
from course_lib.widgets import WatchTraining
from course_lib.widgets.watch_training import LOOKS, POINTS

TOKENS = ["a", "b", "c"]


def watched(steps=40, first=0):
    """A training that was watched: its text counts the looks, its two heads move from the token before to the token itself."""
    looks = count(first + 1)

    def look():
        share = 1 / (number := next(looks))
        map = [[1, 0, 0], [share, 1 - share, 0], [0, share, 1 - share]]
        return f"text {number}", [map, np.tril(np.ones((3, 3))) / [[1], [2], [3]]]

    floors, heads = {"blind": 3.0, "floor": 1.0}, ["first", "second"]
    watch = WatchTraining(steps, look, ["You", "are", "welcome"], floors, heads)
    list(watch(1 + 2 / np.arange(1, steps + 1)))
    return watch


def still():
    return "a b", np.tri(3) / [[1], [2], [3]]


def maps(watch):
    """(looks, N, T, T), as the page has them."""
    T = len(watch.tokens)
    whole = np.zeros((len(watch.looks), len(watch.heads), T, T))
    whole[..., *np.tril_indices(T)] = np.frombuffer(watch.maps, "<f4").reshape(*whole.shape[:2], -1)
    return whole


def losses(watch):
    return np.frombuffer(watch.losses, "<f4")


def test_every_look_is_kept_as_it_was():
    watch = watched(steps=40)
    looks = len(watch.looks)
    assert watch.texts == [f"text {n}" for n in range(1, looks + 1)]
    for n, look in enumerate(maps(watch), start=1):
        np.testing.assert_allclose(
            look[0], [[1, 0, 0], [1 / n, 1 - 1 / n, 0], [0, 1 / n, 1 - 1 / n]], rtol=1e-6
        )
    np.testing.assert_allclose(losses(watch), 1 + 2 / np.arange(1, 41), rtol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 29, 600, 2500])
def test_looks_are_few_and_dense_at_first_and_the_curve_is_short(steps):
    watch = WatchTraining(steps, still, TOKENS, {})
    list(watch(np.arange(1.0, steps + 1)))
    assert watch.looks[0] == 0 and watch.looks[-1] == steps and len(watch.looks) <= LOOKS
    assert all(np.diff(watch.looks) > 0) and all(np.diff(np.diff(watch.looks)) >= -1)
    assert len(losses(watch)) == steps // watch.every <= POINTS
    first = np.arange(1.0, watch.every + 1).mean()
    np.testing.assert_allclose(losses(watch), first + watch.every * np.arange(len(losses(watch))))


def test_a_look_is_one_message(monkeypatch):
    told = []
    monkeypatch.setattr(WatchTraining, "send_state", lambda self, key=None: told.append(set(key)))
    watch = WatchTraining(100, still, TOKENS, {})
    told.clear()
    list(watch(np.ones(100)))
    assert len(told) == len(watch.looks) - 1 and all({"looks", "losses", "maps"} <= keys for keys in told[1:])


def test_training_by_the_library_is_the_same_with_and_without(tmp_path):
    tokens, recipe = np.arange(400) % 7, Recipe(steps=12, B=4, warmup=2, save_every=5)
    config = GPTConfig(V=7, C=8, D=12, H=3, L=2)
    alone, model = (GPT(config, np.random.default_rng(0), std=0.3) for _ in range(2))

    def look():
        model([[1, 2, 3]])
        return "", np.concatenate([block.attn.weights[0] for block in model.h])

    watch = WatchTraining(12, look, TOKENS, {"ln 7": np.log(7)})
    history = train(model, tokens, tokens, recipe, folder=tmp_path, on_step=watch.on_step, progress=False)
    assert history == train(alone, tokens, tokens, recipe, progress=False)
    np.testing.assert_allclose(losses(watch), history["loss"], rtol=1e-6)
    model([[1, 2, 3]])
    np.testing.assert_allclose(maps(watch)[-1, 3:], model.h[1].attn.weights[0], rtol=1e-6)
    # what is resumed was not watched from its beginning, and the curve is whole
    again = WatchTraining(12, look, TOKENS, {})
    again.on_step(11, {"loss": history["loss"][:11]})
    again.on_step(12, history)
    np.testing.assert_allclose(losses(again), history["loss"], rtol=1e-6)


def test_another_training_begins_afresh():
    watch = watched(steps=20, first=5)
    list(watch(np.full(7, 2.5)))
    assert watch.looks[0] == 0 and watch.looks[-1] <= 7 and set(losses(watch)) == {2.5}
    assert len(watch.texts) == len(watch.looks) == len(maps(watch))
    for step in range(1, 4):
        watch.on_step(step, {"loss": [3.5] * step})
    assert set(losses(watch)) == {3.5}


def test_a_look_that_fails_is_told_and_the_training_goes_on():
    asked = []

    def look():
        asked.append(1)
        if len(asked) == 4:
            raise RuntimeError("no more")
        return "a", np.eye(3)

    watch, told = WatchTraining(10, look, TOKENS, {}), []
    for step, _ in enumerate(watch(np.ones(10)), start=1):
        told += [(step, watch.error)] if watch.error else []
    assert told == [(3, "After step 3: RuntimeError: no more")] and watch.error == ""
    assert watch.looks == [0, 1, 2, *range(4, 11)] and len(maps(watch)) == 10


def test_a_loss_that_is_no_number_stays_in_the_recording():
    watch = WatchTraining(3, still, TOKENS, {"floor": 1})
    list(watch([2.0, np.nan, np.inf]))
    assert np.isnan(losses(watch)[1]) and len(losses(watch)) == 3
    assert watch._still()._repr_png_().startswith(b"\x89PNG")


def test_more_steps_than_were_told_are_not_shown():
    watch = WatchTraining(5, still, TOKENS, {})
    assert len(list(watch(np.ones(9)))) == 9
    assert len(losses(watch)) == 5 and watch.looks[-1] == 5


def test_the_still_shows_the_curve_its_floors_the_map_and_what_was_written():
    figure = watched(steps=40)._still().figure
    curve, head = figure.axes
    np.testing.assert_allclose(curve.lines[0].get_ydata(), 1 + 2 / np.arange(1, 41))
    assert [line.get_ydata()[0] for line in curve.lines[1:]] == [3, 1]
    assert [text.get_text() for text in curve.texts] == ["blind", "floor"] and head.get_title() == "first"
    shown = head.images[0].get_array()
    np.testing.assert_allclose(shown.filled(0), maps(watched(steps=40))[-1, 0])
    assert figure.get_supxlabel().splitlines()[0] == "after 0 steps: text 1"
