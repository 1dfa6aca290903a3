"""The assignments: what students get holds no solution and runs up to its stubs, and the solutions are right."""

import inspect
import json
import re

import pytest
from nbclient import NotebookClient
from nbformat import v4
from nbgrader.api import Gradebook

from course_lib.classroom import grade, tasks
from course_lib.classroom.release import release
from course_lib.classroom.sanitise import grade_id, is_solution, is_test, text
from course_lib.classroom.tasks import SOURCES, all_assignments, known, tasks_of
from course_lib.classroom.values import grade_notebook
from course_lib.exercises.catalogue import EXERCISES
from course_lib.lessons import NAMES
from course_lib.mine.stub import stub
from tools.assignments import updated

CAPSTONE = "capstone"


def source(name):
    return json.loads((SOURCES / name / f"{name}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder_of_releases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    assert release(folder) == all_assignments()
    return folder


@pytest.fixture(scope="module")
def releases(folder_of_releases):
    """{name: released notebook} of all assignments."""
    return {
        name: json.loads(
            (folder_of_releases / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
        )
        for name in all_assignments()
    }


def solutions(notebook):
    """The lines of the worked solutions and the model answers of a source notebook."""
    for cell in filter(is_solution, notebook["cells"]):
        if cell["cell_type"] == "code":
            bodies = re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", text(cell), flags=re.DOTALL)
            assert len(bodies) == text(cell).count("\ndef ") + 1, (
                f"{cell['id']}: each solution between its two marks"
            )
            yield from "\n".join(bodies).splitlines()
        else:
            yield from text(cell).splitlines()


def lines_to_hide(notebook):
    """Lines of solutions that are long enough to give something away, and that no given function has too."""
    given = "\n".join(text(cell) for cell in notebook["cells"] if cell["id"] == "given")
    return [
        line.strip() for line in solutions(notebook) if len(line.strip()) > 12 and line.strip() not in given
    ]


@pytest.mark.parametrize("name", all_assignments())
def test_points_names_and_rubric(name):
    cells = source(name)["cells"]
    own = (SOURCES / name / tasks.OWN).exists()
    assert own or name in NAMES, "an assignment has the name of a lesson, or exercises of its own"
    assert 1 <= len(tasks_of(name, cells)) <= 5
    assert len({cell["id"] for cell in cells}) == len({grade_id(cell) for cell in cells}) == len(cells)
    points = sum(cell["metadata"]["nbgrader"].get("points", 0) for cell in cells)
    assert re.search(rf"^{points} points, about \d+ minutes", text(cells[0]), flags=re.MULTILINE)
    said = [
        int(n)
        for cell in cells
        for n in re.findall(r"^\*\*\d\. .*\*\* \((\d+) points?\)", text(cell), flags=re.MULTILINE)
    ]
    assert sum(said) == points
    assert text(cells[-1]).count("Rubric:") == 1
    for cell in cells:
        assert cell["cell_type"] == "markdown" or cell["outputs"] == []


@pytest.mark.parametrize("name", all_assignments())
def test_the_sources_are_those_of_the_descriptions(name):
    cells = source(name)["cells"]
    assert [text(cell) for cell in updated(name, cells)] == [text(cell) for cell in cells], (
        "python -m tools.assignments"
    )
    asked = tasks_of(name, cells)
    for cell in filter(is_test, cells):
        exercise = asked[grade_id(cell)]
        if name != CAPSTONE and EXERCISES.get(exercise.name) is not exercise:
            continue  # a lecturer's own
        assert text(cell).endswith(f" import check_{exercise.name}\n\ncheck_{exercise.name}({exercise.name})")
        space = {exercise.name: lambda *arguments: None}
        exec(text(cell).partition("\n\n")[0], space)  # noqa: S102
        assert space[f"check_{exercise.name}"].exercise is exercise or name == CAPSTONE
        assert space[f"check_{exercise.name}"].exercise.text == exercise.text


def test_a_source_that_is_not_up_to_date_would_be_noticed():
    cells = source("05_multi_head")["cells"]
    for id in ("given", "split-heads", "test-split-heads"):
        old = [{**cell, "source": text(cell).replace("split_heads", "split").replace("scores", "s")} for cell in cells
               if cell["id"] == id]  # fmt: skip
        assert updated("05_multi_head", old) != old or id == "split-heads"
    old = [{**cell, "source": text(cell).replace("swapaxes(-2, -3)", "copy()")} for cell in cells]
    assert updated("05_multi_head", old) != old


@pytest.mark.parametrize("name", all_assignments())
def test_a_stub_says_what_its_description_says(name, releases):
    written = "\n\n\n".join(text(cell) for cell in releases[name]["cells"] if is_solution(cell))
    functions = re.findall(r"^def (\w+)", written, flags=re.MULTILINE)
    assert functions
    for function in functions:
        exercise = known(name)[function]
        if EXERCISES.get(function) is not exercise and function not in EXERCISES:  # the assignment's own
            assert name != CAPSTONE or " ".join(exercise.text.split()) in " ".join(written.split())
        else:
            assert stub(exercise) in written


def test_the_capstone_asks_for_all_that_a_gpt_needs():
    """All that its model answer of training calls is asked for, or is one of five helpers."""
    space = {}
    for cell in source(CAPSTONE)["cells"]:
        if cell["id"] == "imports" or is_solution(cell) and cell["cell_type"] == "code":
            exec(text(cell), space)  # noqa: S102
    needed, waiting = set(), ["training"]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            code = [space[name].__code__] if name in space else []
            while code:
                one = code.pop()
                code += [inner for inner in one.co_consts if inspect.iscode(inner)]
                waiting += [
                    used for used in one.co_names if used in space and inspect.isfunction(space[used])
                ]
                needed |= {"flat", "named", "below", "above", "blocks"} & set(one.co_names)
    asked = {name for name, value in space.items() if inspect.isfunction(value)}
    assert needed - asked == {"flat", "named", "below", "above", "blocks"}
    assert asked - needed == set()
    assert len(asked) > 30


@pytest.mark.parametrize("name", all_assignments())
def test_no_solution_leaks(name, releases):
    student = "\n".join(text(cell) for cell in releases[name]["cells"])
    lines = lines_to_hide(source(name))
    assert len(lines) > 1
    assert [line for line in lines if line in student] == []
    assert "SOLUTION" not in student
    assert "Rubric" not in student


def test_a_leak_would_be_noticed():
    name = all_assignments()[0]
    assert all(line in "\n".join(map(text, source(name)["cells"])) for line in lines_to_hide(source(name)))


@pytest.mark.parametrize("name", all_assignments())
def test_no_file_of_answers_is_handed_out(name, releases, folder_of_releases):
    assert [path.name for path in (folder_of_releases / "release" / name).iterdir()] == [f"{name}.ipynb"]


@pytest.mark.parametrize("name", all_assignments())
def test_released_cells_run_up_to_their_stubs(name, releases, capsys):
    space, checks = {}, 0
    for cell in releases[name]["cells"]:
        if cell["cell_type"] == "code":
            exec(text(cell), space)  # noqa: S102
            checks += len(re.findall(r"^(?:\w+\.)?check_\w+\(", text(cell), flags=re.MULTILINE))
    assert capsys.readouterr().out == checks * "not written yet\n"
    assert checks >= len(tasks_of(name, releases[name]["cells"]))


def test_an_unknown_assignment_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(RuntimeError, match="there is no assignment '04'; there are 01_tokenization, "):
        release(tmp_path, ["04"])


def test_what_could_not_be_graded_is_not_released(tmp_path, monkeypatch):
    (tmp_path / "sources" / "20_own").mkdir(parents=True)
    (tmp_path / "sources" / "20_own" / "20_own.ipynb").write_text(json.dumps(source("04_attention")))
    path = tmp_path / "sources" / "20_own" / "20_own.ipynb"
    path.write_text(path.read_text().replace("test-softmax", "test-soft"))
    monkeypatch.setattr(tasks, "SOURCES", tmp_path / "sources")
    with pytest.raises(
        RuntimeError, match=r"20_own: test-soft could not be graded: .* described in .*exercises.py"
    ):
        release(tmp_path / "class")
    (path.parent / "exercises.py").write_text("EXERCISES = 1 / 0")
    with pytest.raises(RuntimeError, match=r"exercises.py cannot be used: ZeroDivisionError"):
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
    cells = source(name)["cells"]
    results = grade_notebook(source(name), tasks_of(name, cells), seed=0)
    assert set(results.values()) == {("right", "")}


@pytest.mark.parametrize("name", all_assignments())
def test_a_release_without_any_work_earns_no_point(name, releases, folder_of_releases, sandboxed):
    """Handed in as it was released, also when only its checks were run: by way of nbgrader's gradebook."""
    folder = folder_of_releases / "submitted" / "idle" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(releases[name]))
    assert grade.main([name, "--course", str(folder_of_releases), "--jobs", "1"]) == 0
    with Gradebook(grade.database_of(folder_of_releases)) as gradebook:
        found = gradebook.find_submission_notebook(name, name, "idle")
        grades = {one.name: (one.score, one.max_score) for one in found.grades}
    assert len(grades) == len(tasks_of(name, releases[name]["cells"])) + 1
    assert {score for score, _ in grades.values()} == {0}
    assert all(most > 0 for _, most in grades.values())
    results = grade.record(folder_of_releases, name, "idle")["results"]
    assert {outcome for outcome, _ in results.values()} == {"empty"}
