"""What a lecturer reads after grading: a row for each question of each student, and a summary on the screen."""

import csv
import re
from collections import Counter

from .sanitise import needs_a_look, plain

MOST_NOTES = 2_000  # characters: a student decides how much there is to note
COLUMNS = ["student", "question", "points", "of", "outcome", "reason", "notes", "seed", "sandbox"]


def rows_of(gradebook, assignment, results):
    """The rows of the report, dicts with the keys COLUMNS, sorted by student."""
    rows = []
    for result in sorted(results, key=lambda result: result["student"]):
        student, ungraded = result["student"], result["outcome"] == "ungraded"
        about = {
            "student": student,
            "seed": result["seed"],
            "sandbox": "yes" if result["sandbox"] else "NO SANDBOX",
        }
        if ungraded:
            notes = plain("; ".join(result["notes"]), MOST_NOTES)
            rows.append({**about, "outcome": "ungraded", "reason": result["reason"], "notes": notes})
            continue
        late = gradebook.find_submission(assignment, student).total_seconds_late
        late = [f"handed in {late / 3600:.1f} hours late"] * bool(late)
        notes = plain("; ".join([*late, *result["notes"]]), MOST_NOTES)
        for grade in gradebook.find_submission_notebook(assignment, assignment, student).grades:
            outcome, reason = outcome_of(grade, result)
            rows.append({
                **about, "question": grade.name, "points": grade.score, "of": grade.max_score,
                "outcome": outcome, "reason": reason, "notes": notes,
            })  # fmt: skip
    return rows


def outcome_of(grade, result):
    """(outcome, reason) of a question in nbgrader's gradebook. A mark given by hand counts, and is named as one."""
    outcome, reason = result["results"].get(grade.name, ("", ""))
    if grade.manual_score is not None:
        says = f"the grader says {outcome}{reason and ': '}{reason}" if outcome else ""
        if not grade.needs_manual_grade:
            return "marked by hand", says
        return "to be marked again", "; ".join(["it was changed after you marked it"] + [says] * bool(says))
    if outcome:
        return outcome, reason
    if result["outcome"] == "unreadable":
        return "unreadable", result["reason"]
    return ("to be marked by hand", "") if grade.needs_manual_grade else ("empty", "no answer")


def write(path, rows):
    """The rows as CSV; the mark at its beginning tells spreadsheets that it is UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # a folder unpacked from an old zip file may have a name that is no UTF-8
    with open(path, "w", newline="", encoding="utf-8-sig", errors="backslashreplace") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({column: inert(value) for column, value in row.items()} for row in rows)


def inert(value):
    """A cell that no spreadsheet takes for a formula, also one that cuts lines at semicolons or tabs.

    >>> [inert(value) for value in ("=1+1", "-rf", "ada", "not -1; =A1", -1.5)]
    ["'=1+1", "'-rf", 'ada', "not -1;' =A1", -1.5]
    """
    if not isinstance(value, str):
        return value
    formula = r"[\s\"]*[=+\-@＝＋－＠]|[\t\r\n]"
    return re.sub(rf"(^|[;\t\r\n])(?={formula})", r"\1'", value)


def summary(rows, results, students=()):
    """Lines for the screen: counts, every row of the named students, and whose submission needs a look."""
    yield ", ".join(f"{outcome} {n}" for outcome, n in Counter(r["outcome"] for r in results).most_common())
    counts = {}
    for row in rows:
        if row.get("question"):
            counts.setdefault(row["question"], Counter())[row["outcome"]] += 1
    for question, outcomes in counts.items():
        yield f"{question:>32}  " + ", ".join(f"{outcome} {n}" for outcome, n in outcomes.most_common())
    for row in rows:
        if row["student"] in students and row.get("question"):
            reason = f"{row['reason'] and ': '}{row['reason']}"
            yield f"{plain(row['student'])}: {row['question']}: {row['points']:g} of {row['of']:g}, {row['outcome']}{reason}"
    for result in results:
        lost = [note for note in result["notes"] if needs_a_look(note)]
        if result["outcome"] != "graded":
            yield f"{plain(result['student'])}: {result['outcome']}: {result['reason']}"
        elif lost:
            yield f"{plain(result['student'])}: look at the file: {plain('; '.join(lost), MOST_NOTES)}"
    waiting = sum("to be marked" in row["outcome"] for row in rows)
    if waiting:
        yield f"{waiting} wait for a mark by hand: `make mark` opens them"
