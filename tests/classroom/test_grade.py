"""Grading a class: marks in nbgrader's gradebook, a reason for each lost point, and runs that go on."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from nbgrader.api import Gradebook

from course_lib.classroom import grade, sandbox, tasks
from course_lib.classroom.release import nbgrader
from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.judge import SEED
from tests.classroom.conftest import ASSIGNMENT

pytestmark = [
    pytest.mark.usefixtures("sandboxed"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
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
    with open(course / "reports" / f"{ASSIGNMENT}.csv", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def run(course, *options):
    return grade.main([ASSIGNMENT, "--course", str(course), "--jobs", "2", *options])


def answers(solved, **others):
    return {
        key.replace("-", "_"): source for key, source in {**solved, **others}.items() if key != "question"
    }


def test_a_class_is_graded(course, solved, submission, submit, capsys):
    submit("ada", submission(**answers(solved), question="The dot product grows with K."))
    submit("bob", submission(**{**answers(solved), "softmax": "import os\nos._exit(0)"}))
    submit("cyd", b"<html>")
    submit("dan", submission())
    slow = "def causal_mask(T, S=None):\n    while True: pass"
    submit("eve", submission(**{**answers(solved), "causal_mask": slow}))
    (course / "submitted" / "ada" / ASSIGNMENT / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    before, sandbox.SECONDS = sandbox.SECONDS, 6
    try:
        assert run(course) == 0
    finally:
        sandbox.SECONDS = before
    nothing = dict.fromkeys([*FULL, "question"], 0)
    assert marks(course) == {
        "ada": {**FULL, "question": 0}, "cyd": nothing, "dan": nothing,
        "bob": {**nothing, "test-causal-mask": 2},  # what ends the process costs the function in its cell
        "eve": {**FULL, "test-causal-mask": 0, "question": 0},
    }  # fmt: skip
    table = {(row["student"], row["question"]): row for row in rows(course)}
    assert len(table) == 5 * 4
    outcome = {key: row["outcome"] for key, row in table.items() if key[1] == "test-causal-mask"}
    assert list(outcome.values()) == ["right", "right", "unreadable", "empty", "timeout"]
    assert all(row["reason"] for key, row in table.items() if float(row["points"]) < float(row["of"])
               and row["outcome"] != "to be marked by hand")  # fmt: skip
    assert table["bob", "test-softmax"]["outcome"] == "crash"
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
    assert grade.record(course, ASSIGNMENT, "ada")["seed"] == seeds["ada"]
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
    (page,) = (course / "feedback" / "eve" / ASSIGNMENT).iterdir()
    assert page.name == f"{ASSIGNMENT}.html"

    # nbgrader's exchange finds what it needs to hand feedback back
    kept = {
        path.name: path.read_text() for path in (course / "autograded" / "ada" / ASSIGNMENT).glob("*.txt")
    }
    assert kept == {"timestamp.txt": "2026-11-20 10:00:00 UTC"}
    with Gradebook(grade.database_of(course)) as gradebook:
        assert str(gradebook.find_submission(ASSIGNMENT, "ada").timestamp) == "2026-11-20 10:00:00"


def test_a_run_killed_in_the_middle_goes_on(course, solved, submission, submit):
    students = [f"s{i}" for i in range(8)]
    for i, student in enumerate(students):
        submit(student, submission(**answers(solved) if i % 2 else {}))
    command = [sys.executable, "-m", "course_lib.classroom.grade", ASSIGNMENT, "--course", str(course)]
    process = subprocess.Popen(
        [*command, "--jobs", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
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
        student: {**(FULL if i % 2 else dict.fromkeys(FULL, 0)), "question": 0}
        for i, student in enumerate(students)
    }
    assert len(rows(course)) == 8 * 4


def test_a_run_that_is_interrupted_says_that_it_goes_on(course, submission, submit):
    slow = "def softmax(scores, temperature=1.0):\n    while True: pass"
    for i in range(8):
        submit(f"s{i}", submission(**({"softmax": slow} if i else {})))
    command = [sys.executable, "-m", "course_lib.classroom.grade", ASSIGNMENT, "--course", str(course)]
    process = subprocess.Popen(
        [*command, "--jobs", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not list(course.glob("reports/*/*.json")) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate()
    assert len(list(course.glob("reports/*/*.json"))) < 8  # it has not gone on to the end
    assert process.returncode == 130
    assert "Traceback" not in words
    assert "stopping: what runs now" in words
    assert words.endswith("stopped: what has been graded is saved, and the same command goes on from there\n")
    assert [path.stem for path in course.glob("reports/*/*.json")] == ["s0"]


def give(course, student, **points):
    """Marks by hand, as Formgrader writes them."""
    with Gradebook(grade.database_of(course)) as gradebook:
        for name, score in points.items():
            found = gradebook.find_grade(name.replace("_", "-"), ASSIGNMENT, ASSIGNMENT, student)
            found.manual_score, found.needs_manual_grade = score, False
        gradebook.db.commit()


def test_marks_by_hand_are_named_and_asked_for_again_after_a_change(
    course, solved, submission, submit, capsys
):
    masked = "def causal_mask(T, S=None):\n    return np.ones((T, T), dtype=bool)"
    submit("ada", submission(**answers(solved, **{"causal-mask": masked}), question="The weights."))
    assert run(course) == 0
    assert "1 wait for a mark by hand: `make mark` opens them" in capsys.readouterr().out
    give(course, "ada", test_causal_mask=1, question=4)

    def found(*options):
        assert run(course, *options) == 0
        table = {row["question"]: row for row in rows(course)}
        return [
            [table[name][key] for key in ("points", "outcome", "reason")]
            for name in ("test-causal-mask", "question")
        ]

    for options in ([], ["--again"], ["--student", "ada"]):
        mask, question = found(*options)
        assert mask[:2] == ["1.0", "marked by hand"]
        assert mask[2].startswith("the grader says wrong: ")
        assert question == ["4.0", "marked by hand", ""]
    assert "ada: test-causal-mask: 1 of 2, marked by hand: the grader says wrong" in capsys.readouterr().out
    submit("ada", submission(**answers(solved), question="The weights and the gradients."))
    for options in ([], [], ["--again"]):
        assert found(*options) == [
            ["1.0", "to be marked again", "it was changed after you marked it; the grader says right"],
            ["4.0", "to be marked again", "it was changed after you marked it"],
        ]
    give(course, "ada", test_causal_mask=2, question=4)
    assert found() == [["2.0", "marked by hand", "the grader says right"], ["4.0", "marked by hand", ""]]


def test_what_needs_a_look_is_on_the_screen(course, submission, submit, capsys):
    lost = submission()
    for cell in lost["cells"]:
        cell["id"], cell["metadata"] = "a" + cell["id"], {}
    submit("ada", lost)
    submit("bob", b"<html>")
    folder = submit("cyd", submission())
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    with Gradebook(grade.database_of(course)) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-11-20 08:30:00 UTC")
    assert run(course) == 0
    out = capsys.readouterr().out
    assert "ada: look at the file: the cell softmax is missing; the cell causal-mask is missing;" in out
    assert "bob: unreadable: the file is no notebook: it is a web page" in out
    table = {(row["student"], row["question"]): row for row in rows(course)}
    assert table["bob", "question"]["outcome"] == "unreadable"
    assert table["cyd", "test-softmax"]["notes"] == "handed in 1.5 hours late"
    with Gradebook(grade.database_of(course)) as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "cyd", hours=2)
    assert run(course) == 0
    assert {row["notes"] for row in rows(course) if row["student"] == "cyd"} == {""}


def test_a_folder_of_no_class_is_named_and_nothing_is_made_there(tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(
            SystemExit, match=f"not been released in {folder}: run `make release` first, or name"
        ):
            grade.main([ASSIGNMENT, "--course", str(folder)])
    assert list(tmp_path.iterdir()) == []


def test_a_released_cell_without_an_exercise_is_named(course, submission, submit, monkeypatch):
    submit("ada", submission())
    others = {name: exercise for name, exercise in tasks.EXERCISES.items() if name != "softmax"}
    monkeypatch.setattr(tasks, "EXERCISES", others)
    with pytest.raises(SystemExit, match="04_attention: test-softmax could not be graded: .* described in"):
        run(course)


def test_an_exercise_of_ones_own_that_was_changed_is_graded_anew(
    course, solved, submission, submit, monkeypatch, tmp_path
):
    own = (
        "from dataclasses import replace\nfrom course_lib.exercises.lesson_04 import softmax\n"
        "EXERCISES = [replace(softmax, reference=lambda scores, temperature=1.0: {} * softmax.reference(scores, temperature))]\n"
    )
    path = tmp_path / "sources" / ASSIGNMENT / "exercises.py"
    path.parent.mkdir(parents=True)
    (path.parent / f"{ASSIGNMENT}.ipynb").write_text("{}")
    monkeypatch.setattr(tasks, "SOURCES", tmp_path / "sources")
    submit("ada", submission(**answers(solved)))
    for factor, points in ((1, 3), (1, 3), (2, 0), (1, 3)):
        path.write_text(own.format(factor))
        assert run(course) == 0
        assert marks(course)["ada"] == {**FULL, "test-softmax": points, "question": 0}


def test_a_mark_can_be_repeated(course, solved, submission, submit):
    """The seed is one of letters for each student, the reason for a lost point the same whenever it is graded."""
    cases = EXERCISES["softmax"].cases(np.random.default_rng(SEED))
    wrong = (  # wrong from the first random input on
        f"calls = []\n{solved['softmax'].replace('def softmax', 'def right')}\ndef softmax(scores, temperature=1.0):\n"
        f"    calls.append(1)\n    return right(scores, temperature) * (1 if len(calls) <= {len(cases) + 1} else 2)"
    )
    late = "def attention(q, k, v, mask=None):\n    return v[: len(q)]"
    for student in ("ada", "bob"):
        submit(student, submission(**{**answers(solved), "softmax": wrong, "attention": late}))

    def found(*options):
        assert run(course, *options) == 0
        return {(row["student"], row["question"]): (row["seed"], row["reason"]) for row in rows(course)}

    first = found()
    assert found("--again") == first
    assert re.fullmatch("[a-p]{10}", first["ada", "test-softmax"][0])
    assert first["ada", "test-softmax"][0] != first["bob", "test-softmax"][0]
    reasons = [first[who, "test-softmax"][1] for who in ("ada", "bob")]
    assert all("should be" in reason and "yours is" in reason for reason in reasons)
    assert reasons[0] != reasons[1]
    other = found("--seed", "bananas")
    assert {seed for seed, _ in other.values()} == {"bananas"}
    assert found("--seed", "bananas", "--again") == other
    assert found() == first  # without --seed each student has their own again


def test_the_secret_of_the_class_is_made_once_and_for_the_lecturer_alone(course, tmp_path, monkeypatch):
    seeds = [grade.seed_of(course, ASSIGNMENT, "ada") for _ in range(2)]
    assert seeds[0] == seeds[1]
    secret = course / "seeds_secret.txt"
    assert secret.stat().st_mode & 0o077 == 0
    assert [path.name for path in course.iterdir() if "secret" in path.name] == [secret.name]
    others = {grade.seed_of(course, a, s) for a, s in [("05_multi_head", "ada"), (ASSIGNMENT, "bob")]}
    other_class = tmp_path / "other"
    other_class.mkdir()
    others.add(grade.seed_of(other_class, ASSIGNMENT, "ada"))
    assert len(others | {seeds[0]}) == 4
    monkeypatch.setattr(os, "link", lambda *_: os.stat(course / "no hard links here"))
    assert grade.seed_of(course, ASSIGNMENT, "ada") == seeds[0]
    secret.unlink()
    assert grade.seed_of(course, ASSIGNMENT, "ada") == grade.seed_of(course, ASSIGNMENT, "ada") != seeds[0]
    assert secret.stat().st_mode & 0o077 == 0
    secret.write_text("")
    with pytest.raises(RuntimeError, match="holds no secret: delete it"):
        grade.seed_of(course, ASSIGNMENT, "ada")


def test_marks_by_hand_stay_when_only_the_seed_is_another(course, solved, submission, submit):
    submit("ada", submission(**answers(solved), question="The weights."))
    assert run(course) == 0
    give(course, "ada", question=4)
    for options in (["--seed", "x"], []):
        assert run(course, *options) == 0
        assert [row["outcome"] for row in rows(course) if row["question"] == "question"] == ["marked by hand"]


def test_a_copied_cell_a_changed_one_and_a_trial_without_end_are_on_the_screen(
    course, solved, submission, submit, capsys
):
    notebook = submission(**answers(solved))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    old = "def softmax(scores, temperature=1.0):\n    return scores"
    notebook["cells"].insert(0, {**cells["softmax"], "id": "copy", "source": old})
    cells["imports"]["source"] = "import numpy as np\nimport math"
    cells["attention"]["source"] += "\nwhile True: pass"
    submit("ada", notebook)
    before, sandbox.SECONDS = sandbox.SECONDS, 3
    try:
        assert run(course) == 0
    finally:
        sandbox.SECONDS = before
    assert marks(course)["ada"] == {**FULL, "question": 0}
    out = capsys.readouterr().out
    assert (
        "the cell softmax is there 2 times: they were run in their order, so that the last definition counts"
        in out
    )
    assert "the given cell imports was changed" in out
    assert "`while True: pass` in the cell attention was left out: no answer within 3 seconds" in out


def test_an_emptied_answer_is_empty(course, submission, submit):
    submit("ada", submission(softmax="", question="  "))
    assert run(course) == 0
    outcome = {row["question"]: row["outcome"] for row in rows(course)}
    assert outcome["test-softmax"] == "empty"
    assert outcome["question"] == "empty"


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
     ("", [], "which assignment\\? `make grade ASSIGNMENT=04_attention`; there are 01_tokenization, "),
     ("40_nothing", [], "there is no assignment '40_nothing'"),
     ("05_multi_head", [], "run `make release` first")],
)  # fmt: skip
def test_a_mistaken_call_says_what_is_wrong(assignment, options, words, course):
    with pytest.raises(SystemExit, match=words):
        grade.main([assignment, "--course", str(course), *options])


@pytest.mark.parametrize("text", [None, "", "\0", "T  ..", f"{39 * '9'}h/{21 * '9'}Z", "9" * 900])
def test_a_time_that_is_none_stops_nothing(text):
    assert grade.timestamp(text) is None
    assert str(grade.timestamp("2026-11-20 10:00:00.5 UTC")) == "2026-11-20 10:00:00.500000"
