"""The benchmarks run and count as they say, on models too small to measure anything."""

import doctest
import itertools
import json
from functools import partial

import nbformat
import pytest

from benchmarks import __main__ as command
from benchmarks import bench_flagship, bench_generation, bench_lessons, bench_training, bench_widgets, measure
from benchmarks.measure import Row, interleaved
from course_lib.runs import Recipe

TINY = {"S": {"L": 1, "H": 1, "D": 2, "C": 4, "B": 1}}


@pytest.mark.parametrize("module", [measure, command, bench_lessons])
def test_the_examples_hold(module):
    failed, attempted = doctest.testmod(module)
    assert attempted and not failed


def test_contestants_take_turns(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.PAUSE", 0)
    order = []
    calls = {"a": lambda: order.append("a"), "b": [lambda: order.append("b0"), lambda: order.append("b1")]}
    seconds = interleaved(calls, rounds=3, warm_up=1)
    assert order == ["a", "b0", "a", "b1"] * 2
    assert [len(times) for times in seconds.values()] == [3, 3]


@pytest.mark.parametrize(
    ("ours", "ratio", "met"), [([1.0, 1.0, 1.0], 2.0, True), ([4.0, 1.0, 4.0], 0.5, False)]
)
def test_ratio_is_the_median_of_the_rounds(ours, ratio, met):
    summary = Row("", "", ours, [2.0, 2.0, 2.0], bar=1.0).summary()
    assert (summary["ratio"], summary["met"]) == (ratio, met)


@pytest.mark.parametrize("bench", [bench_training, bench_generation])
def test_rows_of_a_tiny_model(bench, monkeypatch):
    monkeypatch.setattr("benchmarks.measure.PAUSE", 0)
    monkeypatch.setattr(bench, "SIZES", TINY)
    if bench is bench_generation:
        monkeypatch.setattr(bench, "NEW_TOKENS", 3)
    rows = list(bench.rows(rounds=2))
    assert [len(row.ours) for row in rows] == [2] * (3 if bench is bench_training else 2)
    assert all(seconds > 0 for row in rows for seconds in (*row.ours, *row.theirs))


@pytest.mark.parametrize("who", ["torch", "numpy", "transformers", "one_page"])
def test_time_to_the_floor_is_told_for_every_contestant(who, monkeypatch):
    monkeypatch.setattr("course_lib.runs.Recipe", partial(Recipe, steps=2, B=2, warmup=1, check_every=1))
    monkeypatch.setattr("course_lib.mine.program.STEPS", 31)
    monkeypatch.setattr(bench_flagship, "TOKENS", 2_000)
    monkeypatch.setattr(bench_flagship, "HELD_OUT", 500)
    row = bench_flagship.run(who, 0)
    assert not row["reached"] and not row["met"] and row["seconds"] > 0  # nobody is there after two steps
    assert row["grammar"] < row["loss"] < 6 and f"{row['loss']:.4f}" in command.line(row)
    monkeypatch.setattr(bench_flagship, "WITHIN", 10)
    monkeypatch.setattr(bench_flagship, "NATS", 10)
    row = bench_flagship.run(who, 0)
    assert row["reached"] and row["met"] and row["seconds"] > 0


def test_the_command_prints_and_writes_every_row(monkeypatch, tmp_path, capsys):
    row = {"what": "01", "seconds": 2.04, "bar, s": 6, "MB": 101.2, "bar, MB": 450, "met": True}
    monkeypatch.setattr(bench_lessons, "rows", lambda: iter([row]))
    monkeypatch.setattr(command, "RESULT", tmp_path / "build" / "bench.json")
    monkeypatch.setattr("sys.argv", ["benchmarks", "lessons"])
    for name in ("OMP", "OPENBLAS", "MKL", "RAYON"):
        monkeypatch.setenv(f"{name}_NUM_THREADS", "1")  # set anew by the command, and put back afterwards
    command.main()
    assert "2.0 s of   6   101 MB of 450   met" in capsys.readouterr().out
    written = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert written["results"] == {"lessons": [row]} and written["machine"]["threads"] == 2


def test_a_lesson_is_compared_with_a_kernel_that_only_imports(monkeypatch, tmp_path):
    mark = tmp_path / "reached"
    marker = tmp_path / "marker.py"
    marker.write_text(f"open({str(mark)!r}, 'a').write('i')")
    later = f"open({str(mark)!r}, 'a').write('x')\nimport marker"  # an import that stands late counts too
    lesson = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in ("import numpy", later)]
    )
    nbformat.write(lesson, tmp_path / "01_x.ipynb")
    monkeypatch.setattr(bench_lessons, "lessons", lambda: [tmp_path / "01_x.ipynb"])
    (row,) = bench_lessons.rows()
    assert mark.read_text() == "ixi"  # what is not an import ran once, in the whole lesson alone
    assert row["bar, s"] == round(3 * row["imports alone, s"], 1) and row["seconds"] > 0 and row["MB"] > 20


def test_a_round_is_judged_by_the_empty_row_alone():
    slow = {name: [(99.0, 99.0)] * 25 for name in bench_widgets.EXAMPLES}
    assert bench_widgets.is_quiet(slow | {bench_widgets.EMPTY_ROW: [(9.0, 8.0)] * 48 + [(40.0, 8.0)] * 2})
    assert not bench_widgets.is_quiet({bench_widgets.EMPTY_ROW: [(9.0, 8.0)] * 40 + [(13.0, 8.0)] * 10})


def test_one_busy_round_does_not_decide():
    calm = [(8.0, 7.0)] * 23 + [(10.0, 9.0), (90.0, 9.0)]
    rounds = [calm, calm, [(50.0, 7.0)] * 25]
    row = bench_widgets.row("a widget", rounds, bar=16.0, busy=False)
    assert (row["median, ms"], row["p95, ms"], row["main thread p95, ms"]) == (8.0, 10.0, 9.0) and row["met"]
    assert row["rounds"] == 3
    assert not bench_widgets.row("a widget", [calm, rounds[2], rounds[2]], bar=16.0, busy=False)["met"]
    # its main thread took 7 ms
    assert bench_widgets.row("a widget", rounds[2:] * 3, bar=16.0, busy=True)["met"]


def test_an_unknown_benchmark_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "training", "speed"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no benchmark 'speed'; there are" in capsys.readouterr().err


def test_two_peers_do_the_same_work():
    size = TINY["S"]
    ids, targets = bench_training.batches(size)[0]
    losses = [make(size)(ids, targets) for make in (bench_training.numpy_step, bench_training.torch_step)]
    assert all(abs(a - b) < 0.1 for a, b in itertools.combinations(losses, 2)), losses
