"""Training: it learns, and survives kills in a step and in a save, full disks, damaged files and NaN."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_torch import train as training
from course_lib.in_torch.gpt import GPT
from course_lib.in_torch.losses import cross_entropy
from course_lib.in_torch.train import evaluate, train
from course_lib.runs import Recipe, windows

ROOT = Path(__file__).parents[2]
TINY = GPTConfig(V=7, C=6, D=8, H=2, L=1)
TOKENS = np.random.default_rng(0).integers(7, size=500)
HELD_OUT = np.random.default_rng(1).integers(7, size=100)
RECIPE = Recipe(steps=9, B=4, warmup=2, check_every=4, save_every=3, seed=5)


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order, in this process as in those that are killed."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny():
    return GPT(TINY, torch.Generator().manual_seed(3), std=0.1)


def run(model=None, recipe=RECIPE, **settings):
    model = tiny() if model is None else model
    return model, train(model, TOKENS, HELD_OUT, recipe, progress=False, **settings)


def same_bits(one, other):
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def stems(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def in_another_process(code, *words):
    """Run the code after this module's names; returns the finished process."""
    code = f"from tests.in_torch.test_train import *; torch.set_num_threads(1)\n{code}"
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_learns_to_the_floor_of_a_small_grammar():
    grammar = Grammar({"S": "2 a bank river | b bank cash | 0.5"})
    tokens, held_out = grammar.stream(4000, seed=0), grammar.stream(1000, seed=1)
    model = GPT(GPTConfig(V=grammar.V, C=8, D=16, H=2, L=1), torch.Generator().manual_seed(0), std=0.15)
    history = train(model, tokens, held_out, Recipe(steps=200, B=16, lr=1e-2, warmup=10), progress=False)
    oracle = -grammar.log_probabilities(windows(held_out, 8))[:, 1:].mean()
    assert len(history["loss"]) == 200 and [step for step, _ in history["held_out"]] == [100, 200]
    assert oracle - 0.01 < history["held_out"][-1][1] < 1.02 * oracle < 0.8 * grammar.floors(1)[1]
    assert history["held_out"][-1][1] == evaluate(model, held_out, B=16)


def test_evaluation_is_the_mean_over_every_target():
    model, rows = tiny(), torch.from_numpy(windows(HELD_OUT, 6))
    whole = cross_entropy(model(rows[:, :-1]), rows[:, 1:]).item()
    assert evaluate(model, HELD_OUT, B=3) == pytest.approx(whole, rel=1e-6)
    assert evaluate(model, HELD_OUT, B=1000) == pytest.approx(whole, rel=1e-6)


def test_a_look_takes_few_windows_of_a_long_text_and_no_more_at_a_time_than_a_step(monkeypatch):
    monkeypatch.setattr(training, "LOOK", 30)  # five windows of C = 6
    forward, shapes = GPT.forward, []

    def noted(model, ids, cache=None):
        shapes.append((torch.is_grad_enabled(), tuple(ids.shape)))
        return forward(model, ids, cache)

    monkeypatch.setattr(GPT, "forward", noted)
    recipe = Recipe(**{**RECIPE.__dict__, "accumulate": 2})
    _, history = run(recipe=recipe)
    looks = [shape for trains, shape in shapes if not trains]
    assert looks == [(2, 6), (2, 6), (1, 6)] * 3
    assert [step for step, _ in history["held_out"]] == [4, 8, 9]


def test_a_sample_of_windows_is_spread_over_the_text_and_always_the_same():
    text = np.arange(1001)
    few = windows(text, 10, most=7)
    assert few.shape == (7, 11) and (few == windows(text, 10, most=7)).all()
    assert few[0, 0] == 0 and few[-1, -1] == 1000 and set(np.diff(few[:, 0])) <= {160, 170}
    assert (windows(text, 10, most=100) == windows(text, 10)).all()
    model = tiny()
    rows = torch.from_numpy(windows(HELD_OUT, 6, most=3))
    expected = cross_entropy(model(rows[:, :-1]), rows[:, 1:]).item()
    assert evaluate(model, HELD_OUT, most=3) == pytest.approx(expected, rel=1e-6)


def test_looking_is_watched():
    seen = []

    def watch(parts):
        for part in parts:
            seen.append(len(part))
            yield part

    evaluate(tiny(), HELD_OUT, B=5, watch=watch)
    assert seen == [5, 5, 5, 1]


def test_one_seed_one_run():
    one, losses = run()
    other, again = run()
    same_bits(one, other)
    assert losses == again and len(losses["loss"]) == 9
    changed = run(recipe=Recipe(**{**RECIPE.__dict__, "seed": 6}))[1]
    assert losses["loss"] != changed["loss"]


def test_parts_add_up_to_the_whole_batch():
    whole = run()[1]["loss"]
    parts = run(recipe=Recipe(**{**RECIPE.__dict__, "accumulate": 4}))[1]["loss"]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_checkpoints_do_not_change_the_run(tmp_path):
    seen = []
    saved, history = run(folder=tmp_path, on_step=lambda step, h: seen.append((step, h["loss"][-1])))
    same_bits(saved, run()[0])
    assert seen == list(enumerate(history["loss"], start=1))
    assert stems(tmp_path) == [
        "step_000006.json", "step_000006.safetensors", "step_000009.json", "step_000009.safetensors",
    ]  # fmt: skip


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("at", [1, 3, 5, 8])
def test_interrupted_and_resumed(at, tmp_path):
    def interrupt(step, history):
        if step == at:
            raise Stopped

    with pytest.raises(Stopped):
        run(folder=tmp_path, on_step=interrupt)
    whole, expected = run()
    resumed, history = run(folder=tmp_path, resume=True)
    same_bits(resumed, whole)
    assert history == expected
    again, history = run(folder=tmp_path, resume=True)  # nothing left to do
    same_bits(again, whole)
    assert history == expected


KILLED_IN_A_STEP = """
import os
step, steps = training.AdamW.step, []
def half_a_step(optimizer):
    steps.append(1)
    if len(steps) == 5:  # some parameters have moved, others not
        optimizer.m.pop("ln_f.weight")
        try: step(optimizer)
        except KeyError: os.kill(os.getpid(), 9)
    step(optimizer)
training.AdamW.step = half_a_step
run(folder=sys.argv[1])
"""
KILLED_IN_A_SAVE = """
import os
from course_lib.in_both import checkpoints
from course_lib.runs import folder
write = checkpoints.write_whole
def half_a_file(path, parts):
    if path.name == sys.argv[2]:
        content = b"".join(parts)
        with open(path.with_name(path.name + ".unfinished"), "wb") as file:
            file.write(content[: len(content) // 2]); file.flush()
            os.kill(os.getpid(), 9)
    write(path, parts)
checkpoints.write_whole = folder.write_whole = half_a_file
run(folder=sys.argv[1])
"""


@pytest.mark.parametrize(
    "code, words",
    [
        (KILLED_IN_A_STEP, []),
        (KILLED_IN_A_SAVE, ["step_000006.safetensors"]),
        (KILLED_IN_A_SAVE, ["step_000006.json"]),
    ],
)
def test_killed_and_resumed(code, words, tmp_path):
    killed = in_another_process(code, tmp_path, *words)
    assert killed.returncode == -9, killed.stderr
    assert "step_000003.json" in stems(tmp_path) and "step_000006.json" not in stems(tmp_path)
    resumed, history = run(folder=tmp_path, resume=True)
    whole, expected = run()
    same_bits(resumed, whole)
    assert history == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_is_full(tmp_path):
    """A limit on the size of files stands for the disk: the system refuses the write in the middle."""
    run(recipe=RECIPE, folder=tmp_path / "whole")
    size = (tmp_path / "whole" / "step_000006.safetensors").stat().st_size
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fill(step, history):
    if step == 4: resource.setrlimit(resource.RLIMIT_FSIZE, ({size // 2}, {size // 2}))
try: run(folder=sys.argv[1], on_step=fill)
except OSError as error: print(error)
"""
    folder = tmp_path / "full"
    process = in_another_process(code, folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(f"step_000006 could not be saved in {folder}: [Errno {errno.EFBIG}]")
    assert process.stdout.endswith(f"; the last good checkpoint is step_000003 in {folder}\n")
    assert stems(folder) == ["step_000003.json", "step_000003.safetensors"]  # and nothing half written
    same_bits(run(folder=folder, resume=True)[0], run()[0])


def test_a_damaged_checkpoint(tmp_path):
    run(folder=tmp_path)
    tensors, facts = tmp_path / "step_000009.safetensors", tmp_path / "step_000009.json"
    content = tensors.read_bytes()
    kept = {path: path.read_bytes() for path in tmp_path.glob("step_000006.*")}
    middle = len(content) // 2
    for bad in (content[:-1], content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :], b""):
        tensors.write_bytes(bad)
        with pytest.raises(ValueError) as error:
            run(folder=tmp_path, resume=True)
        assert str(error.value) == (
            f"step_000009 in {tmp_path} is damaged: step_000009.safetensors was cut short or changed after "
            "it was saved; delete step_000009.json to go on from step_000006"
        )
    tensors.unlink()
    with pytest.raises(ValueError, match="step_000009 in .* is damaged: .*No such file"):
        run(folder=tmp_path, resume=True)
    tensors.write_bytes(content)
    for bad in (b"", b"{", b"[]", b"{}"):
        facts.write_bytes(bad)
        with pytest.raises(
            ValueError, match="step_000009 in .* is damaged: .*; delete step_000009.json to go on"
        ):
            run(folder=tmp_path, resume=True)
    assert all(path.read_bytes() == content for path, content in kept.items())
    whole = json.loads(kept[tmp_path / "step_000006.json"])
    for name in ("sizes", "recipe", "text", "step", "history", "sha256"):
        facts.write_text(json.dumps({key: value for key, value in whole.items() if key != name}))
        with pytest.raises(ValueError, match=f"step_000009 in .* is damaged: its {name} is missing"):
            run(folder=tmp_path, resume=True)
    facts.write_text(json.dumps(whole))  # of another step
    with pytest.raises(
        ValueError, match="step_000009 in .* is damaged: its history is not that of its steps"
    ):
        run(folder=tmp_path, resume=True)
    facts.unlink()
    same_bits(run(folder=tmp_path, resume=True)[0], run()[0])


STRAY = [
    "step_000003 copy.json", "step_000003 (1).json", "step_by_step.json", "step_.json", "step_3.json", "step_-00003.json",
    "step_0000009.json", "step_٠٠٠٠٠٩.json", "step_1e5.json", "._step_000009.json", "step_000012.json.unfinished", "notes.txt",
]  # fmt: skip


def test_stray_files_are_left_alone(tmp_path):
    for name in STRAY:
        (tmp_path / name).write_text("not ours")
    (tmp_path / "step_000099.json").mkdir()
    saved, history = run(folder=tmp_path)
    resumed, again = run(folder=tmp_path, resume=True)
    same_bits(saved, resumed)
    assert history == again
    assert all((tmp_path / name).read_text() == "not ours" for name in STRAY)


def test_an_unwritable_folder_is_noticed_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("x" * 300)):
        with pytest.raises(OSError, match="nothing can be saved in "):
            run(folder=folder, on_step=lambda step, history: pytest.fail("a step was done"))


def test_a_checkpoint_of_another_run(tmp_path):
    run(folder=tmp_path)
    with pytest.raises(ValueError, match="holds checkpoints of a run: resume it, or name another folder"):
        run(folder=tmp_path)
    other = Recipe(**{**RECIPE.__dict__, "lr": 0.5})
    with pytest.raises(ValueError, match=r"is of another run: its lr is 0.005, this run's is 0.5"):
        run(recipe=other, folder=tmp_path, resume=True)
    longer = Recipe(**{**RECIPE.__dict__, "steps": 20})
    with pytest.raises(
        ValueError, match="its steps is 9, this run's is 20: the learning rate falls to 0 over"
    ):
        run(recipe=longer, folder=tmp_path, resume=True)
    with pytest.raises(ValueError, match="is of another run: its text is"):
        train(tiny(), TOKENS[:-1], HELD_OUT, RECIPE, tmp_path, resume=True, progress=False)
    with pytest.raises(ValueError, match="is of another run: its D is 8, this run's is 4"):
        run(GPT(GPTConfig(V=7, C=6, D=4, H=2, L=1)), folder=tmp_path, resume=True)


def test_how_often_to_look_and_to_save_may_change(tmp_path):
    def interrupt(step, history):
        if step == 4:
            raise Stopped

    with pytest.raises(Stopped):
        run(folder=tmp_path, on_step=interrupt)
    often = Recipe(**{**RECIPE.__dict__, "check_every": 1, "save_every": 2})
    resumed, history = run(recipe=often, folder=tmp_path, resume=True)
    same_bits(resumed, run()[0])
    assert [step for step, _ in history["held_out"]] == [4, 5, 6, 7, 8, 9]
    assert "step_000008.json" in stems(tmp_path)


def spoil(model, name="wte.weight"):
    def at_step_four(step, history):
        if step == 4:
            dict(model.named_parameters())[name].data[2] = float("nan")

    return at_step_four


def test_nan_stops_with_the_step_and_the_last_good_checkpoint(tmp_path):
    model = tiny()
    with pytest.raises(FloatingPointError) as error:
        run(model, folder=tmp_path, on_step=spoil(model))
    assert str(error.value) == (
        "step 5: cross_entropy: the largest logit of a position is nan; "
        f"the last good checkpoint is step_000003 in {tmp_path}"
    )
    same_bits(run(folder=tmp_path, resume=True)[0], run()[0])
    model = tiny()
    with pytest.raises(FloatingPointError, match="^step 5: .*; no checkpoint was asked for$"):
        run(model, on_step=spoil(model))


def test_nan_is_never_saved(tmp_path, monkeypatch):
    step = training.AdamW.step

    def overflow(optimizer):
        step(optimizer)
        if optimizer.t == 6:
            dict(optimizer.model.named_parameters())["ln_f.bias"].data[0] = float("inf")

    monkeypatch.setattr(training.AdamW, "step", overflow)
    with pytest.raises(
        FloatingPointError, match=r"^step 6: model.ln_f.bias holds NaN or infinity; .* step_000003"
    ):
        run(folder=tmp_path)


def test_bfloat16_keeps_the_parameters_in_float32():
    exact, rounded = run()[1]["loss"], run(bf16=True)
    assert all(p.dtype == torch.float32 for p in rounded[0].parameters())
    np.testing.assert_allclose(rounded[1]["loss"], exact, rtol=0.02)
    assert rounded[1]["loss"] != exact


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_a_gpu():
    _, history = run(tiny().cuda())
    np.testing.assert_allclose(history["loss"], run()[1]["loss"], rtol=1e-3)
    run(tiny().cuda(), bf16=True)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"B": 6, "accumulate": 4}, "B = 6 windows cannot be cut into 4 equal parts"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"warmup": 9}, "warmup must be from 0 to below 9 steps, got 9"),
    ],
)
def test_bad_recipes(settings, words):
    with pytest.raises(ValueError) as error:
        Recipe(**{**RECIPE.__dict__, **settings})
    assert str(error.value) == f"Recipe: {words}"


def test_bad_tokens():
    with pytest.raises(ValueError, match=r"train: id 7 at \(1,\) is not in 0 to 6 \(V = 7\)"):
        train(tiny(), [0, 7] * 9, HELD_OUT, RECIPE, progress=False)
    with pytest.raises(ValueError, match=r"batch: 6 tokens are too few for one window of C \+ 1 = 7"):
        train(tiny(), [0] * 6, HELD_OUT, RECIPE, progress=False)
    with pytest.raises(ValueError, match=r"windows: 1 token is too few for one window of C \+ 1 = 7"):
        train(tiny(), TOKENS, [0], RECIPE, on_step=lambda *_: pytest.fail("a step was done"), progress=False)
