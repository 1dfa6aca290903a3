"""The assignments: what students get holds no solution and runs up to its stubs, and the solutions are right."""

import json
import re

import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import v4

from course_lib.classroom import release as classroom
from course_lib.classroom.release import SOURCES, all_assignments, release
from course_lib.classroom.sanitise import grade_id, is_solution, is_test, text
from course_lib.classroom.tasks import TASKS
from course_lib.classroom.values import grade_notebook
from course_lib.lessons import NAMES


def source(name):
    return json.loads((SOURCES / name / f"{name}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """{name: released notebook} of all assignments."""
    folder = tmp_path_factory.mktemp("releases")
    return {
        name: json.loads((folder / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
        for name in release(folder)
    }


def solutions(notebook):
    """The lines of the worked solutions and the model answers of a source notebook."""
    for cell in filter(is_solution, notebook["cells"]):
        if cell["cell_type"] == "code":
            body = re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", text(cell), flags=re.DOTALL)
            assert len(body) == 1, f"{cell['id']}: one solution, between its two marks"
            yield from body[0].splitlines()
        else:
            yield from text(cell).splitlines()


def test_every_graded_cell_has_a_task():
    assert set(TASKS) == set(all_assignments())
    assert set(TASKS) <= set(NAMES), "an assignment has the name of a lesson"
    for name in TASKS:
        cells = source(name)["cells"]
        assert [grade_id(cell) for cell in cells if is_test(cell)] == list(TASKS[name])
        assert len({cell["id"] for cell in cells}) == len({grade_id(cell) for cell in cells}) == len(cells)
        points = sum(cell["metadata"]["nbgrader"].get("points", 0) for cell in cells)
        assert re.search(rf"^{points} points, about \d+ minutes", text(cells[0]), flags=re.MULTILINE)
        assert text(cells[-1]).count("Rubric:") == 1
        for cell in cells:
            assert cell["cell_type"] == "markdown" or cell["outputs"] == []


@pytest.mark.parametrize("name", all_assignments())
def test_no_solution_leaks(name, releases):
    student = "\n".join(text(cell) for cell in releases[name]["cells"])
    lines = [line.strip() for line in solutions(source(name)) if len(line.strip()) > 12]
    assert len(lines) > 1
    assert [line for line in lines if line in student] == []
    assert "SOLUTION" not in student
    assert "Rubric" not in student


def test_a_leak_would_be_noticed():
    name = all_assignments()[0]
    lines = [line.strip() for line in solutions(source(name)) if len(line.strip()) > 12]
    assert all(line in "\n".join(map(text, source(name)["cells"])) for line in lines)


@pytest.mark.parametrize("name", all_assignments())
def test_released_cells_run_up_to_their_stubs(name, releases, capsys):
    space = {}
    for cell in releases[name]["cells"]:
        if cell["cell_type"] == "code":
            exec(text(cell), space)  # noqa: S102
    assert capsys.readouterr().out == len(TASKS[name]) * "not written yet\n"


def test_an_unknown_assignment_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(RuntimeError, match="there is no assignment '04'; there are 01_tokenization, "):
        release(tmp_path, ["04"])


def test_what_could_not_be_graded_is_not_released(tmp_path, monkeypatch):
    (tmp_path / "sources" / "20_own").mkdir(parents=True)
    (tmp_path / "sources" / "20_own" / "20_own.ipynb").write_text(json.dumps(source("04_attention")))
    monkeypatch.setattr(classroom, "SOURCES", tmp_path / "sources")
    with pytest.raises(RuntimeError, match=r"20_own: test-softmax, .* add a Task of this name to TASKS\['20_own'\]"):
        release(tmp_path / "class")
    assert not (tmp_path / "class" / "release").exists()


def test_a_released_notebook_runs_in_jupyter(releases):
    notebook = v4.new_notebook(cells=[
        v4.new_code_cell(text(cell)) for cell in releases["04_attention"]["cells"] if cell["cell_type"] == "code"
    ])  # fmt: skip
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    said = [output.text for cell in notebook.cells for output in cell.outputs]
    assert said == 3 * ["not written yet\n"]


@pytest.mark.parametrize("name", all_assignments())
def test_worked_solutions_get_full_marks(name, sandboxed):
    assert set(grade_notebook(source(name), TASKS[name], seed=0).values()) == {("right", "")}


@pytest.mark.parametrize("name", all_assignments())
def test_random_inputs_vary_and_stay_with_their_seed(name):
    for task in TASKS[name].values():
        first, again, other = (repr(task.inputs(np.random.default_rng(seed))) for seed in (1, 1, 2))
        assert first == again
        assert len({repr(task.inputs(np.random.default_rng(seed))) for seed in range(20)}) > 3, other
