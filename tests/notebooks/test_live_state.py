"""The state of live pictures in stored outputs: compared with a tolerance, kept when close, left alone by nbval."""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from course_lib.widgets import AttentionView, DecisionBoundary, MatmulExplorer
from course_lib.widgets.sources import STATE
from tests.notebooks.lessons import execute, problems
from tests.notebooks.live_state import apart, keep_close_states, states
from tests.notebooks.test_lessons import lesson, read

eye = np.eye(2)


def boundary(w=1.0, **changes):
    live = DecisionBoundary(eye, [0, 0], [w, 20], 0).stored()
    return {"widget": live["widget"], "state": live["state"] | changes}


def test_what_another_processor_adds_in_another_order_is_close():
    product = lambda x: MatmulExplorer([[x, 200.0]], [[1], [1]]).stored()
    assert apart(boundary(), boundary(1 + 1e-5)) is None
    assert apart(product(1.0), product(1.0 + 1e-5)) is None
    assert apart(product(0.0), product(1e-9)) is None  # beside 200


FARTHER = {
    "a number": (boundary(), boundary(1.1), "state.base: [1.0, 0.0"),
    "an array": (MatmulExplorer([[1.0]], [[1]]).stored(), MatmulExplorer([[1.01]], [[1]]).stored(), "state.a.float32"),
    "a shape": (MatmulExplorer([[1.0]], [[1]]).stored(), MatmulExplorer([[1.0], [1]], [[1]]).stored(), "state.a.float32"),
    "a whole number": (boundary(step=100), boundary(step=101), "state.step: 100 is stored, and the code gives 101"),
    "a text": (boundary(), boundary(activation="sigmoid"), "state.activation: 'relu' is stored"),
    "another trait": (boundary(), boundary(more=1), "threshold, weights and the code gives activation, base, rate, shakes, step, steps, threshold, weights, more"),
    "another widget": (boundary(), MatmulExplorer(eye, eye).stored(), "widget: 'DecisionBoundary' is stored"),
    "a mask": (AttentionView(["a", "b"], half := eye / 2 + 0.25).stored(),
               AttentionView(["a", "b"], half, mask=eye == 1).stored(), "state.scores.float32"),
}  # fmt: skip


@pytest.mark.parametrize("case", FARTHER)
def test_what_differs_is_named(case):
    stored, fresh, sentence = FARTHER[case]
    assert sentence in apart(stored, fresh) and apart(stored, stored) is None


def test_masked_scores_are_close_to_each_other():
    live = AttentionView(["a", "b"], eye).stored()
    assert apart(live, live) is None


def notebook(*lives):
    outputs = [
        nbformat.v4.new_output("display_data", {"text/plain": "x"}, metadata={STATE: live}) for live in lives
    ]
    cell = nbformat.v4.new_code_cell("show()", id="show", outputs=outputs)
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_close_state_is_kept_and_another_replaced():
    fresh = notebook(boundary(1 + 1e-5), boundary(2.0))
    keep_close_states(fresh, notebook(boundary(), boundary()))
    assert states(fresh.cells[0].outputs) == [boundary(), boundary(2.0)]
    fresh = notebook(boundary(1 + 1e-5))
    keep_close_states(fresh, notebook())  # nothing is stored yet
    assert states(fresh.cells[0].outputs) == [boundary(1 + 1e-5)]


MAKES = "from course_lib.widgets import MatmulExplorer", "MatmulExplorer([[1.5, 2]], [[3], [4]])"


def test_an_executed_lesson_stores_the_state_and_keeps_it(tmp_path):
    path = lesson(tmp_path / "98_lesson.ipynb", *MAKES)
    execute(path)
    assert execute(path) is False and problems(path) == []
    (output,) = read(path)["cells"][1]["outputs"]
    assert output["metadata"] == {STATE: MatmulExplorer([[1.5, 2]], [[3], [4]]).stored()}


def test_a_stored_state_is_compared_when_a_lesson_is_tested(tmp_path):
    path = lesson(tmp_path / "good.ipynb", *MAKES)
    execute(path)
    for name, x in {"close": 1.5 + 1e-6, "altered": 1.6}.items():
        changed = read(path)
        changed["cells"][1]["outputs"][0]["metadata"][STATE] = MatmulExplorer([[x, 2]], [[3], [4]]).stored()
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(changed), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rf",
        "--nbval",
        "-p",
        "conftest",
        f"--rootdir={tmp_path}",
        tmp_path,
    ]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "1 failed, 5 passed" in result.stdout, result.stdout + result.stderr
    assert "altered.ipynb::Cell 1" in result.stdout and "state.a.float32" in result.stdout
