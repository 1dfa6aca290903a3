"""Grading a class: marks in nbgrader's gradebook, a reason for each lost point, and runs that go on."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_lib.classroom import grade, sandbox
from course_lib.classroom.release import nbgrader
from tests.classroom.conftest import ASSIGNMENT

pytestmark = [pytest.mark.usefixtures("sandboxed"), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
ROOT = Path(__file__).parents[2]
FULL = {"test-softmax": 3, "test-causal-mask": 2, "test-attention": 5}


@pytest.fixture
def course(template, tmp_path):
    """A fresh course for each test."""
    return shutil.copytree(template, tmp_path / "course")


def marks(course):
    """{student: {question: points}} in the gradebook."""
    with Gradebook(grade.database_of(course)) as gradebook:
        return {
            submission.student.id: {g.name: g.score for n in submission.notebooks for g in n.grades}
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def rows(course):
    with open(course / "reports" / f"{ASSIGNMENT}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(course, *options):
    return grade.main([ASSIGNMENT, "--course", str(course), "--jobs", "2", *options])


def answers(solved, **others):
    return {key.replace("-", "_"): source for key, source in {**solved, **others}.items() if key != "question"}


def test_a_class_is_graded(course, solved, submission, submit, capsys):
    submit("ada", submission(**answers(solved), question="The dot product grows with K."))
    submit("bob", submission(**{**answers(solved), "softmax": "import os\nos._exit(0)"}))
    submit("cyd", b"<html>")
    submit("dan", submission())
    slow = "def causal_mask(T):\n    while True: pass"
    submit("eve", submission(**{**answers(solved), "causal_mask": slow}))
    (course / "submitted" / "ada" / ASSIGNMENT / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    before, sandbox.SECONDS = sandbox.SECONDS, 6
    try:
        assert run(course) == 0
    finally:
        sandbox.SECONDS = before
    nothing = dict.fromkeys([*FULL, "question"], 0)
    assert marks(course) == {
        "ada": {**FULL, "question": 0}, "bob": nothing, "cyd": nothing, "dan": nothing,
        "eve": {**FULL, "test-causal-mask": 0, "question": 0},
    }  # fmt: skip
    table = {(row["student"], row["question"]): row for row in rows(course)}
    assert len(table) == 5 * 4
    outcome = {key: row["outcome"] for key, row in table.items() if key[1] == "test-causal-mask"}
    assert list(outcome.values()) == ["right", "crash", "unreadable", "empty", "timeout"]
    assert all(row["reason"] for key, row in table.items() if float(row["points"]) < float(row["of"])
               and row["outcome"] != "to be marked by hand")  # fmt: skip
    assert table["ada", "question"]["outcome"] == "to be marked by hand"
    assert table["dan", "question"]["reason"] == "no answer"
    assert table["eve", "test-causal-mask"]["reason"] == "causal_mask: no answer within 6 seconds"
    assert "cyd: unreadable: the file is no notebook: it is a web page" in capsys.readouterr().out

    # a second run changes nothing, and costs nothing
    seeds = {row["student"]: row["seed"] for row in rows(course)}
    assert run(course) == 0
    assert {row["student"]: row["seed"] for row in rows(course) if row["student"] != "cyd"} == {
        student: seed for student, seed in seeds.items() if student != "cyd"
    }
    # a person's marks stay when one student is graded again
    with Gradebook(grade.database_of(course)) as gradebook:
        gradebook.find_grade("question", ASSIGNMENT, ASSIGNMENT, "ada").manual_score = 4
        gradebook.db.commit()
    assert run(course, "--student", "ada") == 0
    assert marks(course)["ada"] == {**FULL, "question": 4}
    assert str(grade.record(course, ASSIGNMENT, "ada")["seed"]) != seeds["ada"]
    assert len(rows(course)) == 5 * 4

    with pytest.raises(SystemExit, match="no submission of nobody"):
        run(course, "--student", "nobody")

    # a new submission is graded
    submit("dan", submission(**answers(solved)))
    assert run(course) == 0
    assert marks(course)["dan"] == {**FULL, "question": 0}

    # nbgrader's own autograding would run submissions without a sandbox: it is refused, and no mark is lost
    environment = {**os.environ, "COURSE": str(course)}
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--student", "dan", "--force"]
    stock = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert stock.returncode != 0
    assert "use `make grade ASSIGNMENT=...`" in stock.stderr
    assert marks(course)["dan"] == {**FULL, "question": 0}
    assert run(course) == 0
    assert (course / "autograded" / "dan" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").exists()

    # feedback is nbgrader's, and shows the reason but no solution
    assert nbgrader(course).generate_feedback(ASSIGNMENT, "eve")["success"]
    page = (course / "feedback" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "causal_mask: no answer within 6 seconds" in page
    assert "Rubric" not in page
    assert [path.name for path in (course / "feedback" / "eve" / ASSIGNMENT).iterdir()] == [f"{ASSIGNMENT}.html"]

    # nbgrader's exchange finds what it needs to hand feedback back
    kept = {path.name: path.read_text() for path in (course / "autograded" / "ada" / ASSIGNMENT).glob("*.txt")}
    assert kept == {"timestamp.txt": "2026-11-20 10:00:00 UTC"}
    with Gradebook(grade.database_of(course)) as gradebook:
        assert str(gradebook.find_submission(ASSIGNMENT, "ada").timestamp) == "2026-11-20 10:00:00"


def test_a_run_killed_in_the_middle_goes_on(course, solved, submission, submit):
    students = [f"s{i}" for i in range(8)]
    for i, student in enumerate(students):
        submit(student, submission(**answers(solved) if i % 2 else {}))
    command = [sys.executable, "-m", "course_lib.classroom.grade", ASSIGNMENT, "--course", str(course)]
    process = subprocess.Popen([*command, "--jobs", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(done := list(course.glob("reports/*/*.json"))) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path: path.read_text(encoding="utf-8") for path in done}
    assert 3 <= len(list(course.glob("reports/*/*.json"))) < 8
    assert run(course) == 0
    assert {path: path.read_text(encoding="utf-8") for path in kept} == kept
    assert marks(course) == {
        student: {**(FULL if i % 2 else dict.fromkeys(FULL, 0)), "question": 0} for i, student in enumerate(students)
    }
    assert len(rows(course)) == 8 * 4


def test_our_own_failure_gives_no_mark_and_stops_nobody(course, submission, submit, monkeypatch, capsys):
    for student in ("ada", "bob"):
        submit(student, submission())
    right = grade.sanitise

    def broken(release, data):
        monkeypatch.setattr(grade, "sanitise", right)
        raise OSError("disk on fire")

    monkeypatch.setattr(grade, "sanitise", broken)
    assert grade.main([ASSIGNMENT, "--course", str(course), "--jobs", "1"]) == 1
    assert "ungraded: the grader failed with OSError: disk on fire" in capsys.readouterr().out
    assert list(marks(course)) == ["bob"]
    assert run(course) == 0
    assert sorted(marks(course)) == ["ada", "bob"]


def test_grading_without_the_sandbox_is_written_down(course, submission, submit):
    submit("ada", submission())
    assert run(course, "--unsafe-no-sandbox") == 0
    assert {row["sandbox"] for row in rows(course)} == {"NO SANDBOX"}
    assert run(course) == 0
    assert {row["sandbox"] for row in rows(course)} == {"yes"}


@pytest.mark.parametrize(
    ("assignment", "options", "words"),
    [("04_attention", [], "nothing was submitted"),
     ("40_nothing", [], "there is no assignment '40_nothing'"),
     ("05_multi_head", [], "run `make release` first")],
)  # fmt: skip
def test_a_mistaken_call_says_what_is_wrong(assignment, options, words, course):
    with pytest.raises(SystemExit, match=words):
        grade.main([assignment, "--course", str(course), *options])
