"""Ids that are not on the class's list, and what a spreadsheet must not take for a formula."""

import csv

import pytest
from nbgrader.api import Gradebook

from course_lib.classroom import grade, report
from course_lib.classroom.roster import class_list, database_of
from tests.classroom.conftest import ASSIGNMENT

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def students(course):
    with Gradebook(database_of(course)) as gradebook:
        return {student.id for student in gradebook.students}


def test_who_is_not_on_the_list_is_named_before_anything_is_written(
    course, submission, submit, sandboxed, capsys
):
    assert class_list(course) == {}  # nobody has imported one
    with Gradebook(database_of(course)) as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="L\u00f6ve Lace")
        gradebook.add_student("bob", email="b@c.d")
    assert class_list(course) == {"ada": {"adal\u00f6velace", "l\u00f6velaceada"}, "bob": set()}
    for student in ("ada", "adda"):
        submit(student, submission())
    assert grade.main([ASSIGNMENT, "--course", str(course)]) == 0
    said = capsys.readouterr().err
    assert "adda: not graded, since no such id is on the class's list" in said.partition("█")[0]
    assert students(course) == {"ada", "bob"}
    assert not (course / "autograded" / "adda").exists()
    with pytest.raises(SystemExit, match="no submission of adda"):
        grade.main([ASSIGNMENT, "--course", str(course), "--student", "adda"])
    capsys.readouterr()
    assert grade.main([ASSIGNMENT, "--course", str(course), "--new-students"]) == 0
    assert "not graded" not in capsys.readouterr().err
    assert students(course) == {"ada", "bob", "adda"}


FORMULAS = ["=1+1", "@SUM(1)", "+49", "-rf", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1+1", '"=1', "\tx"]


@pytest.mark.parametrize(
    "text", [*FORMULAS, *(f"not right; {text}" for text in FORMULAS[:5]), "a\t=1", "a\r\n-1"]
)
def test_no_cell_of_the_report_is_a_formula(text, tmp_path):
    report.write(tmp_path / "a.csv", [{"student": text, "reason": text, "points": -1.5}])
    with open(tmp_path / "a.csv", newline="", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert row["points"] == "-1.5"
    for cell in (row["student"], row["reason"]):
        assert cell.replace("'", "") == text  # an apostrophe, and nothing lost
        for piece in cell.replace("\r", ";").replace("\n", ";").replace("\t", ";").split(";"):
            assert piece.strip(' "')[:1] not in tuple("=+-@\uff1d")


def test_no_name_and_no_number_of_notes_troubles_the_report(tmp_path):
    result = {
        "student": "ad\udce4\x1b[2J",
        "outcome": "ungraded",
        "reason": "",
        "notes": 999 * ["the cell f is missing"],
    }
    rows = report.rows_of(None, ASSIGNMENT, [{**result, "seed": "a", "sandbox": True}])
    report.write(tmp_path / "a.csv", rows)
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert "ad\\udce4" in text
    assert len(text) < 3000
    for outcome in ("ungraded", "graded"):
        (_, line) = report.summary(rows, [{**result, "outcome": outcome}])
        assert line.isprintable()
        assert len(line) < 3000


@pytest.mark.parametrize(
    "text", ["ada", "o'neil", "softmax gives [0.5, -0.5], expected [1, 0]", "x = 1; y", "K\u2013V", ""]
)
def test_other_cells_stay_as_they_are(text):
    assert report.inert(text) == text
