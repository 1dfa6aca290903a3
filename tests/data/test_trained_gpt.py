"""The one trained model: it is what its log says, it writes what its log says, and the command makes such a model."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.data import trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import gpt as numpy_gpt
from course_lib.in_numpy import train as numpy_train
from course_lib.in_torch import gpt, train
from course_lib.runs import Recipe
from tools import model as command

ROOT = Path(__file__).parents[2]
LOG = trained_gpt.log()
TINY = {
    "recipe": Recipe(steps=6, B=4, warmup=2, check_every=3),
    "sizes": {"C": 8, "D": 12, "H": 3, "L": 1},
    "text": {"tokens": 3000, "seed": 1, "held_out": 400, "held_out_seed": 2},
    "sentences": {"seed": 5, "temperature": 1.0, "count": 3},
    "progress": False,
}
ELSEWHERE = {  # as on another processor: no wide instructions, one thread or two
    "one thread": {"OMP_NUM_THREADS": "1"},
    "two threads": {"OMP_NUM_THREADS": "2"},
    "an old processor": {
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}


@pytest.fixture(scope="module")
def english():
    return Grammar(ENGLISH)


@pytest.fixture(scope="module")
def held_out(english):
    return english.stream(LOG["text"]["held_out"], LOG["text"]["held_out_seed"])


def test_it_is_the_gpt_of_the_lesson(english):
    sizes = GPTConfig(V=english.V, C=32, D=64, H=4, L=2)
    assert GPTConfig(**LOG["sizes"]) == sizes and Recipe(**LOG["recipe"]) == Recipe()
    shapes = {name: p.shape for name, p in trained_gpt.parameters().items()}
    assert shapes == numpy_gpt.parameter_shapes(sizes)
    for p in trained_gpt.parameters().values():
        assert p.dtype == np.float32 and np.array_equal(p, p.astype(np.float16)) and np.isfinite(p).all()
    assert (Path(trained_gpt.__file__).parent / trained_gpt.WEIGHTS).stat().st_size < 225_000


def test_both_frameworks_load_the_same_model():
    ours, theirs = trained_gpt.load(numpy_gpt.GPT), trained_gpt.load(gpt.GPT)
    for name, p in theirs.state_dict().items():
        np.testing.assert_array_equal(p, ours.state_dict()[name])
        np.testing.assert_array_equal(p, trained_gpt.parameters()[name])
    ids = np.random.default_rng(0).integers(98, size=(3, 32))
    np.testing.assert_allclose(ours(ids), theirs(torch.from_numpy(ids)).detach(), rtol=0, atol=1e-4)


def test_loading_it_needs_no_torch():
    code = "import sys; from course_lib.data import trained_gpt; from course_lib.in_numpy.gpt import GPT; "
    code += "trained_gpt.load(GPT); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert found.stdout == "False\n"


@pytest.mark.parametrize("framework", [(numpy_gpt, numpy_train), (gpt, train)], ids=["numpy", "torch"])
def test_its_loss_is_the_one_in_the_log(framework, held_out):
    module, training = framework
    loss = training.evaluate(trained_gpt.load(module.GPT), held_out)
    assert abs(loss - LOG["stored"]["loss"]) < 0.51e-4, "every digit in the log"


def test_how_near_it_came_to_the_floor(english, held_out):
    stored = LOG["stored"]
    floors = command.floors(english, held_out, LOG["sizes"]["C"])
    assert floors == {"grammar": stored["grammar"], "bigram": stored["bigram"]}
    assert stored["grammar"] < stored["loss"] < 1.01 * stored["grammar"], (
        "within one hundredth of the grammar"
    )
    assert abs(LOG["held_out"][-1][1] - stored["loss"]) < 1e-3, "rounding to float16 cost next to nothing"
    assert len(LOG["loss"]) == Recipe().steps and LOG["held_out"][-1][0] == Recipe().steps
    assert LOG["loss"][0] > np.log(english.V) - 0.5 > np.mean(LOG["loss"][-50:]) + 3


def test_its_sentences_are_what_it_writes(english):
    said = LOG["sentences"]
    drawn = {name: said[name] for name in ("seed", "temperature", "count")}
    assert command.write(trained_gpt.load(numpy_gpt.GPT), english, **drawn) == said["texts"]
    assert np.mean([english.accepts(text) for text in said["texts"]]) >= 0.75


@pytest.mark.parametrize("environment", ELSEWHERE.values(), ids=ELSEWHERE)
def test_it_writes_the_same_elsewhere(environment):
    code = """
from course_lib.data import trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_numpy.gpt import GPT
import numpy as np
english, said = Grammar(ENGLISH), trained_gpt.log()["sentences"]
rows = trained_gpt.load(GPT).generate(np.zeros((said["count"], 1), int), 31, rng=np.random.default_rng(said["seed"]), stop=0)
print(*[english.decode(row[row != 0]) for row in rows], sep="\\n")
"""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True, capture_output=True, text=True, cwd=ROOT, env=os.environ | environment,
    )  # fmt: skip
    assert found.stdout.splitlines() == LOG["sentences"]["texts"]


def test_no_draw_was_close(english):
    """Between the number drawn and the nearest step of the cumulative sum lies far more than rounding changes."""
    said, nearest = LOG["sentences"], []
    rng, model = np.random.default_rng(said["seed"]), trained_gpt.load(numpy_gpt.GPT)
    rows = [[0, *english.encode(text), 0] for text in said["texts"]]
    for t in range(1, max(map(len, rows))):
        u = rng.random(len(rows))  # one number a row at every step, also for rows that have ended
        for row, number in zip(rows, u, strict=True):
            if t < len(row):
                z = model([row[:t]])[0, -1].astype(float)
                steps = np.cumsum(np.exp(z - z.max()) / np.exp(z - z.max()).sum())
                assert (steps > number).argmax() == row[t]
                nearest.append(np.abs(steps - number).min())
    assert min(nearest) > 2e-5


def test_the_command_writes_the_same_bytes_twice(tmp_path, english):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        log = command.make(folder, **TINY)
    for file in (trained_gpt.WEIGHTS, trained_gpt.LOG):
        first, second = ((folder / file).read_bytes() for folder in folders)
        assert first == second
    assert (
        log["sizes"]["D"] == 12 and len(log["loss"]) == 6 and [step for step, _ in log["held_out"]] == [3, 6]
    )
    assert set(log) == set(LOG) and len(log["sentences"]["texts"]) == 3


def test_what_the_command_wrote_can_be_loaded(tmp_path, monkeypatch, english):
    log = command.make(tmp_path, **TINY)
    monkeypatch.setattr(trained_gpt, "files", lambda _: tmp_path)
    model = trained_gpt.load(numpy_gpt.GPT)
    text = english.stream(TINY["text"]["held_out"], TINY["text"]["held_out_seed"])
    assert abs(numpy_train.evaluate(model, text) - log["stored"]["loss"]) < 0.51e-4
    assert command.write(model, english, **TINY["sentences"]) == log["sentences"]["texts"]


def test_both_files_are_installed_with_the_package():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data["course_lib.data.trained_gpt"] == ["*.json", "*.safetensors"]
