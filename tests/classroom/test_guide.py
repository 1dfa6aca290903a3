"""Every command of the guide for lecturers, in its order, on a class of three."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from course_lib.classroom import collect, grade
from course_lib.exercises import Wrong
from course_lib.exercises.judge import judge
from course_lib.exercises.local import local
from tests.browser.run_lesson import listening, own_folders
from tests.exercises.soundness import offences

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "notebooks" / "assignments" / "README.md").read_text(encoding="utf-8")
NAME = "04_attention"
# Where a block of the guide needs what its text says has been done before.
BEFORE = {
    "nbgrader db student import": r"printf 'id,first_name,last_name,email\nada,Ada,Lovelace,\nbob,,,b@c.d\ndan,Dan,Brown,\n' >students.csv",
    "nbgrader db student remove": 'nbgrader db student add adda; mkdir -p "$COURSE/submitted/adda"',
    # Ada submits by the exchange, which knows her by the name under which she is logged in
    "nbgrader collect": (
        "mkdir ../ada; cd ../ada; nbgrader fetch_assignment 04_attention --course gpt-by-hand\n"
        "cp ../solved.ipynb 04_attention/04_attention.ipynb; nbgrader submit 04_attention --course gpt-by-hand\n"
        'for f in ../exchange/*/inbound/*; do mv "$f" "${f%/*}/ada+${f#*+}"; done; cd ../course'
    ),
}  # fmt: skip


def blocks(language=""):
    """The blocks of code in a language, in the order of the guide."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


def commands():
    """The blocks of commands; an extension needs a student who has been graded, so that it comes after `make grade`."""
    found = blocks()
    extension = next(block for block in found if "grant_extension" in block)
    found.remove(extension)
    found.insert(found.index(f"make grade ASSIGNMENT={NAME}\n") + 1, extension)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of what the guide's commands use, an environment of variables, and a function that runs a block in it."""
    folder = tmp_path_factory.mktemp("guide")
    copy, home = folder / "course", folder / "home"
    for name in ("course_lib", "tests", "tools", "notebooks/assignments"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    (copy / ".venv").symlink_to(Path(sys.prefix))
    # make does not look whether this .venv, which is another's, is up to date; lecturers have a browser and an exchange
    (folder / "bin").mkdir()
    (folder / "bin" / "make").write_text(f'#!/bin/sh\nexec {shutil.which("make")} -o venv "$@"\n')
    (folder / "bin" / "make").chmod(0o755)
    own = own_folders(folder / "jupyter")
    (folder / "exchange").mkdir(mode=0o777)
    (folder / "exchange").chmod(0o777)
    Path(own["JUPYTER_CONFIG_DIR"]).mkdir(parents=True)
    (Path(own["JUPYTER_CONFIG_DIR"]) / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(folder / 'exchange')!r}\nc.Exchange.cache = {str(folder / 'cache')!r}\n"
    )
    home.mkdir()
    environment = {**os.environ, **own, "HOME": str(home), "BROWSER": "true", "PYTHONPATH": str(copy)}
    environment.pop("COURSE", None)

    def run(block):
        script = f'set -e\n. .venv/bin/activate\nPATH="{folder / "bin"}:$PATH"\n{block}'
        done = subprocess.run(
            ["bash", "-c", script], cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return copy, environment, run


def assignment_of_ones_own(copy):
    """What the guide's pieces of Python make of the copied assignment."""
    description, check = blocks("python")
    path = copy / "notebooks" / "assignments" / "20_relu" / "20_relu.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    gone = [cell for cell in notebook["cells"] if "pre-norm" in cell["id"]]
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in gone]
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    cells["layer-norm"]["source"] = (
        "def relu(x):\n    ### BEGIN SOLUTION\n    return np.where(x > 0, x, 0 * x)\n    ### END SOLUTION\n"
    )
    cells["test-layer-norm"]["source"] = check
    for name in ("layer-norm", "test-layer-norm"):
        cells[name]["id"] = cells[name]["metadata"]["nbgrader"]["grade_id"] = name.replace(
            "layer-norm", "relu"
        )
    path.write_text(json.dumps(notebook), encoding="utf-8")
    (path.parent / "exercises.py").write_text(description, encoding="utf-8")


def test_the_guide_s_own_exercise_is_sound():
    """It is held to what holds the lessons' own."""
    space = {}
    exec(blocks("python")[0], space)  # noqa: S102
    (exercise,) = space["EXERCISES"]
    assert list(offences(exercise)) == []
    assert judge(exercise, local(lambda x: np.where(x > 0, x, 0))).outcome == "right"
    assert judge(exercise, local(abs)).sentence == "what is below 0 lost its sign: it becomes 0"


def test_the_guide_s_examples_tell_students_where_they_are(capsys):
    code = f"{blocks('python')[1]}"
    space = {"np": np, "relu": lambda x: np.maximum(x, 0)}
    exec(code, space)  # noqa: S102

    def relu(x):
        raise NotImplementedError

    exec(code, {**space, "relu": relu})  # noqa: S102
    assert capsys.readouterr().out == "right\nnot written yet\n"

    def relu(x):
        return x

    with pytest.raises(Wrong, match=r"relu\(\[\[-1\., {1,2}2\.\]\]\): it should be .*, yours is"):
        exec(code, {**space, "relu": relu})  # noqa: S102


def graded_by_the_grader(copy, environment, course):
    """Two submissions of the assignment of one's own: {student: (outcome, reason)}."""
    released = course / "release" / "20_relu"
    assert [path.name for path in released.iterdir()] == ["20_relu.ipynb"]
    for student, answer in (("ada", "np.maximum(x, 0)"), ("bob", "np.abs(x)")):
        notebook = json.loads((released / "20_relu.ipynb").read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["id"] == "relu":
                source = "".join(cell["source"])
                assert "raise NotImplementedError" in source and "where" not in source
                cell["source"] = f"def relu(x):\n    return {answer}"
        folder = course / "submitted" / student / "20_relu"
        folder.mkdir(parents=True)
        (folder / "20_relu.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "course_lib.classroom.grade", "20_relu"]
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    with open(course / "reports" / "20_relu.csv", newline="", encoding="utf-8-sig") as file:
        return {
            row["student"]: (row["outcome"], row["reason"])
            for row in csv.DictReader(file)
            if row["question"] == "test-relu"
        }


def hand_in(course, solved):
    """Dan's solution as Moodle gives it, Bob's in a folder of an unknown kind, and a broken archive."""
    archive = course / "downloaded" / NAME / "archive"
    for name in ("Dan Brown_4711_assignsubmission_file_", "B_bob"):
        (archive / name).mkdir(parents=True)
        (archive / name / f"{NAME}.ipynb").write_text(solution(course, solved), encoding="utf-8")
    (archive / "broken.zip").write_bytes(b"PK")


def solution(course, solved):
    """The released notebook with the worked solutions of its functions."""
    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for cell in released["cells"]:
        if cell["id"] in solved and cell["cell_type"] == "code":
            cell["source"] = solved[cell["id"]]
    return json.dumps(released)


def open_and_close(copy, environment, block):
    """`make mark` until Formgrader answers."""
    log = copy / "mark.log"
    with open(log, "w") as file:
        server = subprocess.Popen(
            ["bash", "-c", block.replace("make ", "make -o venv ")], cwd=copy, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            url, token = listening(server, Path(environment["JUPYTER_RUNTIME_DIR"]), log)
            page = (
                urllib.request.urlopen(f"{url}formgrader/gradebook?token={token}", timeout=60).read().decode()
            )
            assert "Manual Grading" in page
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


def test_every_command_of_the_guide_works_in_its_order(place, solved, sandboxed):
    copy, environment, run = place
    course = Path(environment["HOME"]) / "gpt-autumn"
    said = {}
    for block in commands():
        if block.startswith("export COURSE="):
            environment["COURSE"] = run(f'{block}\nprintf %s "$COURSE"')
            assert environment["COURSE"] == str(course)
        elif block.startswith("make mark"):
            open_and_close(copy, environment, block)
        else:
            if block.startswith("nbgrader collect"):
                (copy.parent / "solved.ipynb").write_text(solution(course, solved), encoding="utf-8")
            if block.startswith("make collect") and not said.get("make collect"):
                hand_in(course, solved)
            before = next((line for start, line in BEFORE.items() if block.startswith(start)), "")
            # the tests of the assignments run by themselves; here, whether the command finds them
            text = re.sub(r"(-m pytest \S+)", r"\1 --collect-only -q", block)
            key = " ".join(block.split()[:2])
            said[key] = said.get(key, "") + run(f"{before}\n{text}")
            if block.startswith("cp -r"):
                assignment_of_ones_own(copy)
    assert "20_relu" in said["make release"]
    assert graded_by_the_grader(copy, environment, course) == {
        "ada": ("right", ""), "bob": ("wrong", "what is below 0 lost its sign: it becomes 0"),
    }  # fmt: skip
    assert "    taken  Dan Brown_4711_assignsubmission_file_/04_attention.ipynb: dan" in said["make collect"]
    assert "    taken  B_bob/04_attention.ipynb: bob" in said["make collect"]
    assert "skipped  broken.zip: it is no zip file" in said["make collect"]
    assert "right 3" in said["make grade"]
    assert "adda" not in {path.name for path in (course / "submitted").iterdir()}
    with open(course / "marks.csv", newline="", encoding="utf-8") as file:
        marks = {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == NAME
        }
    assert marks == {"ada": 10, "bob": 10, "dan": 10}
    for student in marks:
        assert (course / "feedback" / student / NAME / f"{NAME}.html").exists()
    assert list((copy.parent / "exchange").glob("gpt-by-hand/feedback/*.html"))
    for force in ("", "--force"):  # refused, and nothing touched
        says = run(f"nbgrader autograde {NAME} {force} 2>&1 || true")
        assert (
            "`nbgrader autograde` runs submissions with your rights: use `make grade ASSIGNMENT=...`" in says
        )
        assert (course / "autograded" / "ada" / NAME / f"{NAME}.ipynb").exists()


def test_every_command_and_option_in_the_text_exists(capsys):
    helps = ""
    for program in (grade, collect):
        with pytest.raises(SystemExit):
            program.main(["--help"])
        helps += capsys.readouterr().out
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", GUIDE, flags=re.MULTILINE | re.DOTALL))
    options = {option for span in spans if "ARGS=" in span for option in re.findall(r"--[a-z-]+", span)}
    assert options >= {"--student", "--again", "--new-students", "--force", "--unsafe-no-sandbox", "--jobs"}
    assert [option for option in options if option not in helps] == []
    targets = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert {span.split()[1] for span in spans if span.startswith("make ")} <= targets
    apps = {span.split()[1] for span in spans if span.startswith("nbgrader ")}
    assert apps <= {"autograde", "zip_collect"}  # what not to use; all others stand in blocks, which run
