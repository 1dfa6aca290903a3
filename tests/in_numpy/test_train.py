"""Training with NumPy: the same losses as PyTorch by the same recipe, and runs that stop and go on."""

import numpy as np
import pytest
import torch

from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT
from course_lib.in_numpy.train import evaluate, train
from course_lib.in_torch import gpt as torch_gpt
from course_lib.in_torch import train as torch_train
from course_lib.runs import Recipe, windows
from tests.helpers import randomize

SIZES = {"V": 7, "C": 6, "D": 8, "H": 2, "L": 2}
TOKENS = np.random.default_rng(0).integers(7, size=500)
HELD_OUT = np.random.default_rng(1).integers(7, size=100)
SETTINGS = {"steps": 9, "B": 4, "warmup": 2, "check_every": 4, "save_every": 3, "seed": 5}
RECIPE = Recipe(**SETTINGS)


def tiny(dtype=np.float32):
    return randomize(GPT(GPTConfig(**SIZES), dtype=dtype), np.random.default_rng(3))


def run(model=None, recipe=RECIPE, **settings):
    model = tiny() if model is None else model
    return model, train(model, TOKENS, HELD_OUT, recipe, progress=False, **settings)


def same_bits(one, other):
    for name, p in one.state_dict().items():
        np.testing.assert_array_equal(p, other.state_dict()[name], err_msg=name)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_same_run_as_in_torch(accumulate):
    recipe = Recipe(**SETTINGS, accumulate=accumulate)
    model = tiny(np.float64)
    twin = torch_gpt.GPT(GPTConfig(**SIZES)).double()
    twin.load_state_dict({name: torch.from_numpy(p.copy()) for name, p in model.state_dict().items()})
    history = run(model, recipe)[1]
    expected = torch_train.train(twin, TOKENS, HELD_OUT, recipe, progress=False)
    for what in ("loss", "held_out"):
        np.testing.assert_allclose(history[what], expected[what], rtol=1e-9, err_msg=what)
    for name, p in twin.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], p.numpy(), rtol=1e-6, atol=1e-9, err_msg=name)


def test_it_learns_to_the_floor_of_a_small_grammar():
    grammar = Grammar({"S": "2 a bank river | b bank cash | 0.5"})
    tokens, held_out = grammar.stream(4000, seed=0), grammar.stream(1000, seed=1)
    model = GPT(GPTConfig(V=grammar.V, C=8, D=16, H=2, L=1), np.random.default_rng(0), std=0.15)
    history = train(model, tokens, held_out, Recipe(steps=200, B=16, lr=1e-2, warmup=10), progress=False)
    oracle = -grammar.log_probabilities(windows(held_out, 8))[:, 1:].mean()
    assert oracle - 0.01 < history["held_out"][-1][1] < 1.02 * oracle < 0.8 * grammar.floors(1)[1]
    assert history["held_out"][-1][1] == evaluate(model, held_out, B=16)


@pytest.mark.parametrize("at", [2, 5])
def test_interrupted_and_resumed(at, tmp_path):
    def interrupt(step, history):
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder=tmp_path, on_step=interrupt)
    whole, expected = run()
    resumed, history = run(folder=tmp_path, resume=True)
    same_bits(resumed, whole)
    assert history == expected


def test_a_run_begun_in_torch_goes_on_in_numpy(tmp_path):
    twin = torch_gpt.GPT(GPTConfig(**SIZES))
    expected = torch_train.train(twin, TOKENS, HELD_OUT, RECIPE, tmp_path, progress=False)
    (tmp_path / "step_000009.json").unlink()
    model, history = run(folder=tmp_path, resume=True)
    assert history["loss"][:6] == expected["loss"][:6]
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    assert evaluate(model, HELD_OUT) == pytest.approx(expected["held_out"][-1][1], rel=1e-4)


def test_nan_stops_with_the_step_and_the_last_good_checkpoint(tmp_path):
    model = tiny()

    def spoil(step, history):
        if step == 4:
            model.wte.params["weight"][2] = np.nan

    with pytest.raises(FloatingPointError) as error:
        run(model, folder=tmp_path, on_step=spoil)
    assert str(error.value).startswith("step 5: ")
    assert str(error.value).endswith(f"; the last good checkpoint is step_000003 in {tmp_path}")


def test_bad_tokens():
    with pytest.raises(ValueError, match=r"train: id 7 at \(1,\) is not in 0 to 6 \(V = 7\)"):
        train(tiny(), [0, 7] * 9, HELD_OUT, RECIPE, progress=False)


def test_the_bar_goes_to_stdout(capsys):
    train(tiny(), TOKENS, HELD_OUT, RECIPE)
    output = capsys.readouterr()
    assert "9/9" in output.out and output.err == ""
