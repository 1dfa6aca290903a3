"""`make grade ASSIGNMENT=04_attention`: marks from numbers, for every submission, whatever it holds.

Each submission is rebuilt from the release, its functions run in a sandbox, and the numbers that come back
are compared here. The marks go to nbgrader's gradebook. A run that was stopped goes on where it was.

Long because one command, its record and its resumption share what they know of a submission.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning

from course_lib.terminal import show_any_text

from . import report, sandbox
from .roster import class_list, database_of
from .sanitise import (
    FROM_EXCHANGE,
    Unreadable,
    grade_id,
    is_test,
    plain,
    read_plain_file,
    read_submission,
    sanitise,
)
from .tasks import all_assignments, own_text, tasks_of
from .values import grade_notebook


def seed_of(course, assignment, student):
    """What decides a student's random inputs: ten letters, the same whenever the assignment is graded.

    Nobody can tell them beforehand, since they are made with a secret of the class, which lies in the course's
    folder and is made where there is none. Letters alone, as a spreadsheet would make numbers of digits.
    """
    path = course / "seeds_secret.txt"
    if not path.exists():
        new = course / f"{path.name}.{secrets.token_hex(4)}"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(new, path)
        except FileExistsError:
            pass  # another `grade` was faster: its secret counts
        except OSError:  # a disk without hard links, of the network for example
            os.replace(new, path)
        new.unlink(missing_ok=True)
    secret = path.read_bytes().strip()
    if len(secret) < 16:
        raise RuntimeError(f"{path} holds no secret: delete it, and grade everybody again")
    digest = hmac.new(secret, f"{assignment}/{student}".encode(), "sha256").hexdigest()
    return digest[:10].translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))


def grade_student(course, assignment, student, release, sandboxed=True, again=False, seed=None):
    """(result, notebook) of one submission; never raises. The result is a dict that can be written as JSON.

    outcome: graded · unreadable (zero, with the reason) · ungraded (the fault is ours, no mark is written).
    The notebook is None where there is nothing to save: ungraded, or graded before in the same state.
    """
    started = time.monotonic()
    result = {
        "student": student, "outcome": "graded", "reason": "", "notes": [], "seed": seed,
        "sandbox": sandboxed, "digest": "", "results": {},
    }  # fmt: skip
    try:
        result["seed"] = seed or seed_of(course, assignment, student)
        try:
            data, result["notes"] = read_submission(
                course / "submitted" / student / assignment, f"{assignment}.ipynb"
            )
            state = json.dumps([release, own_text(assignment), sandboxed], sort_keys=True).encode() + data
            result["digest"] = hashlib.sha256(state).hexdigest()
            before = record(course, assignment, student)
            if (before.get("digest"), before.get("seed")) == (result["digest"], result["seed"]) and not again:
                return before, None
            notebook, notes = sanitise(release, data)
            result["notes"] += notes
            result["results"] = grade_notebook(
                notebook, tasks_of(assignment, release["cells"]), result["seed"], sandboxed, result["notes"]
            )
        except Unreadable as error:
            notebook, result["outcome"], result["reason"] = release, "unreadable", str(error)
            result["results"] = {
                grade_id(cell): ("unreadable", str(error)) for cell in release["cells"] if is_test(cell)
            }
    except Exception as error:  # noqa: BLE001
        notebook, result["outcome"] = None, "ungraded"
        result["reason"] = f"the grader failed with {type(error).__name__}: {plain(error)}"
    result["seconds"] = round(time.monotonic() - started, 2)
    return result, notebook


def save(course, assignment, result, notebook):
    """Marks to the gradebook, the notebook for feedback, and last of all the record that it is done."""
    student, database = result["student"], database_of(course)
    folder = course / "autograded" / student / assignment
    texts = exchanged(course / "submitted" / student / assignment)
    stamp = timestamp(texts.get("timestamp.txt"))
    same = result["digest"] and record(course, assignment, student).get("digest") == result["digest"]
    with warnings.catch_warnings(), Gradebook(database) as gradebook:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's way with its own objects
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(assignment, student, **({"timestamp": stamp} if stamp else {}))
        grades = gradebook.find_submission_notebook(assignment, assignment, student).grades
        marked = [g.name for g in grades if same and g.manual_score is not None and not g.needs_manual_grade]
    graded = with_outcomes(notebook, result["results"])
    about = {"notebook": assignment, "assignment": assignment, "student": student, "db_url": database}
    for preprocessor in (SaveAutoGrades(), AssignLatePenalties()):
        graded, _ = preprocessor.preprocess(graded, {"nbgrader": about})
    with Gradebook(database) as gradebook:
        for name in marked:  # nothing has changed: nbgrader need not ask for these marks again
            gradebook.find_grade(name, assignment, assignment, student).needs_manual_grade = False
        gradebook.db.commit()
    for name, text in texts.items():
        replace(folder / name, text)
    replace(folder / f"{assignment}.ipynb", nbformat.writes(graded))
    replace(record_of(course, assignment, student), json.dumps(result, indent=1))


def saved(course, assignment, result, notebook):
    """The result, saved if there is a notebook; ungraded where that failed."""
    try:
        if notebook is not None:
            save(course, assignment, result, notebook)
    except Exception as error:  # noqa: BLE001
        result["outcome"], result["reason"] = "ungraded", f"the marks could not be saved: {plain(error)}"
    return result


def with_outcomes(notebook, results):
    """The notebook with each task's outcome as the output of its cell, where nbgrader looks for marks."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        if is_test(cell):
            outcome, reason = results[grade_id(cell)]
            if outcome == "right":
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="right\n")]
            else:
                cell.outputs = [
                    nbformat.v4.new_output("error", ename=outcome, evalue=reason, traceback=[reason])
                ]
    return notebook


def record_of(course, assignment, student):
    """The file that says a student has been graded; beside nbgrader's folders, which go to the student."""
    return course / "reports" / assignment / f"{student}.json"


def record(course, assignment, student):
    """What an earlier run wrote down for the student; {} where there is nothing whole."""
    if not (course / "autograded" / student / assignment / f"{assignment}.ipynb").exists():
        return {}
    try:
        return json.loads(record_of(course, assignment, student).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def exchanged(folder):
    """{name: text} of the files that nbgrader's exchange puts beside a submission, and wants beside its feedback."""
    texts = {}
    for name in FROM_EXCHANGE:
        with contextlib.suppress(OSError, Unreadable):
            texts[name] = read_plain_file(folder / name, 1000).decode("utf-8", "replace")
    return texts


def timestamp(text):
    """The time that nbgrader noted, or None."""
    try:
        return parse_utc(text.strip()) if text else None
    except Exception:  # noqa: BLE001  what it raises for odd text is of many kinds, and a student can write the file
        return None


def replace(path, content):
    """Write a file, text or bytes, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(new, path)


def released(course, assignment):
    """The released notebook, which the gradebook must know. Raises SystemExit with what to do."""
    if assignment not in all_assignments():
        raise SystemExit(f"there is no assignment {assignment!r}; there are {', '.join(all_assignments())}")
    path = course / "release" / assignment / f"{assignment}.ipynb"
    try:
        notebook = nbformat.read(path, as_version=4)  # first, since a gradebook is made where there is none
        with Gradebook(database_of(course)) as gradebook:
            gradebook.find_notebook(assignment, assignment)
    except (MissingEntry, OSError):
        raise SystemExit(
            f"{assignment} has not been released in {course}: run `make release` first, "
            "or name the folder of your class with COURSE"
        ) from None
    try:
        tasks_of(assignment, notebook["cells"])
    except RuntimeError as error:
        raise SystemExit(str(error)) from None
    return notebook


def grade(
    course, assignment, jobs=1, students=None, sandboxed=True, again=False, seed=None, newcomers=False, log=None
):  # fmt: skip
    """Grade all submissions, or those of the named students; the results of everybody, one dict for each.

    Where the class has a list, ids that are not on it are named and left alone, unless newcomers are welcome.
    """
    release, listed, log = released(course, assignment), class_list(course), log or sys.stderr
    found = sorted(path.parent.name for path in course.glob(f"submitted/*/{assignment}"))
    strangers = [student for student in found if listed and student not in listed and not newcomers]
    for student in strangers:
        print(
            f"{plain(student)}: not graded, since no such id is on the class's list: rename the folder in "
            f"{course / 'submitted'}, or take new ids with ARGS=--new-students", file=log,
        )  # fmt: skip
    found = [student for student in found if student not in strangers]
    if unknown := set(students or ()) - set(found):
        raise SystemExit(f"no submission of {', '.join(sorted(unknown))} in {course / 'submitted'}")
    if not found:
        raise SystemExit(f"nothing was submitted: there is no {course / 'submitted' / '*' / assignment}")
    chosen = [student for student in found if not students or student in students]
    # each submission gets it as the reason that it is not graded
    with contextlib.suppress(RuntimeError, OSError):
        # before they are graded side by side, so that all have one secret
        _ = seed or seed_of(course, assignment, "")
    others = [record(course, assignment, student) for student in found if student not in chosen]
    results = [result for result in others if result]  # they stay in the report
    with ThreadPoolExecutor(jobs) as pool:
        futures = [
            pool.submit(grade_student, course, assignment, student, release, sandboxed, again, seed)
            for student in chosen
        ]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                results.append(saved(course, assignment, *future.result()))
                bar = "█" * (20 * done // len(chosen))
                print(f"\r{bar:░<20} {done} of {len(chosen)}", end="", file=log, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print("\nstopping: what runs now may take some seconds to end", file=log)
            raise
    print(file=log)
    return results


def main(arguments=None):
    """The command line; its status is 1 when somebody could not be graded."""
    show_any_text()  # names of students, and what they wrote
    parser = argparse.ArgumentParser(prog="grade", description=__doc__.partition("\n")[0])
    parser.add_argument("assignment", nargs="?", help="for example 04_attention")
    parser.add_argument(
        "--course", type=Path, default=os.environ.get("COURSE", "build"), help="default: build"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at a time")
    parser.add_argument("--student", action="append", help="only this one, again; may be repeated")
    parser.add_argument("--again", action="store_true", help="also what has been graded and not changed")
    parser.add_argument(
        "--new-students", action="store_true", help="also ids that are not on the class's list"
    )
    parser.add_argument("--seed", help="for the random inputs, in place of each student's own")
    parser.add_argument(
        "--unsafe-no-sandbox", action="store_true", help="run submissions with all your rights"
    )
    options = parser.parse_args(arguments)
    if not options.assignment:
        raise SystemExit(
            f"which assignment? `make grade ASSIGNMENT=04_attention`; there are {', '.join(all_assignments())}"
        )
    if not options.unsafe_no_sandbox and (reason := sandbox.unusable()):
        raise SystemExit(sandbox.ADVICE.format(reason=reason))
    course, started = Path(options.course).resolve(), time.monotonic()
    try:
        results = grade(
            course, options.assignment, options.jobs, options.student,
            not options.unsafe_no_sandbox, options.again or bool(options.student), options.seed, options.new_students,
        )  # fmt: skip
    except KeyboardInterrupt:
        print(
            "stopped: what has been graded is saved, and the same command goes on from there", file=sys.stderr
        )
        return 130
    path, seconds = course / "reports" / f"{options.assignment}.csv", time.monotonic() - started
    with Gradebook(database_of(course)) as gradebook:
        rows = report.rows_of(gradebook, options.assignment, results)
    report.write(path, rows)
    print("\n".join(report.summary(rows, results, options.student or ())))
    print(f"{seconds:.0f} s; every question and the reason for every lost point: {path}")
    return int(any(result["outcome"] == "ungraded" for result in results))


if __name__ == "__main__":
    sys.exit(main())
