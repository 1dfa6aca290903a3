"""Only the answers of a submission are taken; whatever else it holds does no harm and is named."""

import copy
import json
import os

import pytest

from course_lib.classroom.sanitise import (
    AGAIN,
    MAX_CELLS,
    MAX_FILE,
    MAX_PARTS,
    Unreadable,
    needs_a_look,
    parts,
    plain,
    read_submission,
    sanitise,
)

STUB = "def f(x):\n    raise NotImplementedError()"


def cell(id, source, **nbgrader):
    metadata = {"nbgrader": {"grade_id": id, **nbgrader}} if nbgrader else {}
    return {"cell_type": "code", "id": id, "metadata": metadata, "outputs": [], "source": source}


RELEASE = {
    "cells": [
        cell("imports", "import numpy as np", solution=False, grade=False),
        cell("f", STUB, solution=True, grade=False),
        cell("test-f", "check(f)", solution=False, grade=True, points=3),
        {
            **cell("question", "YOUR ANSWER HERE", solution=True, grade=True, points=4),
            "cell_type": "markdown",
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
IN_ORDER = "they were run in their order, so that the last definition counts"
ANSWER = "def f(x):\n    return x"


def taken(change):
    """The source of f, and the notes, after `change` has been made to an answered submission."""
    notebook = copy.deepcopy(RELEASE)
    notebook["cells"][1]["source"] = ANSWER
    change(notebook["cells"])
    result, notes = sanitise(RELEASE, json.dumps(notebook).encode())
    assert [c["id"] for c in result["cells"]] == [c["id"] for c in RELEASE["cells"]]
    assert [c for c in result["cells"] if c["id"] not in ("f", "question")] == [
        RELEASE["cells"][i] for i in (0, 2)
    ]
    assert {**result["cells"][1], "source": ""} == {**RELEASE["cells"][1], "source": ""}
    return result["cells"][1]["source"], " | ".join(notes)


def renamed(cells):
    cells[1]["metadata"] = {}


def saved_by_colab(cells):
    for one in cells:
        one["metadata"] = {"id": one.pop("id"), "outputId": "x"}


def renamed_with_another_id(cells):
    cells[1].update(metadata={}, id="abc")


def doubled(cells):
    cells.insert(1, {**cells[1], "id": "copy", "source": STUB})


def answered_twice(cells):
    cells.append({**cells[1], "id": "copy", "source": "f = 1"})


def too_long_together(cells):
    cells[1]["source"] = 60_000 * "a"
    cells.append({**cells[1], "id": "copy", "source": 60_000 * "#"})


def tagged(cells):
    cells[1]["metadata"]["tags"] = ["skip-execution"]
    cells[1]["metadata"]["nbgrader"].update(points=1000, locked=True, solution=False)


def rewritten_test_cell(cells):
    cells[2].update(source="pass", metadata={"nbgrader": {"grade_id": "test-f", "points": 1000}})


@pytest.mark.parametrize(
    ("change", "source", "note"),
    [
        (lambda cells: None, ANSWER, ""),
        (lambda cells: cells.reverse(), ANSWER, ""),
        (tagged, ANSWER, ""),
        (rewritten_test_cell, ANSWER, "the given cell test-f was changed: it is graded as it was handed out"),
        (lambda cells: cells.append(cells[2]), ANSWER, ""),
        (lambda cells: cells.pop(2), ANSWER, ""),
        (lambda cells: cells[0].update(source="import evil"), ANSWER,
         "the given cell imports was changed: it is graded as it was handed out"),
        (lambda cells: cells[0].update(source="import numpy as np  \r\n"), ANSWER, ""),
        (lambda cells: cells[0].update(source=["import numpy as np\n"]), ANSWER, ""),
        (lambda cells: cells[1].update(source=ANSWER.splitlines(True)), ANSWER, ""),
        (renamed, ANSWER, "the cell f had lost its name and was found by its id"),
        (saved_by_colab, ANSWER,
         "the cell f had lost its name and was found by its id | the cell question had lost its name and was found by its id"),
        (renamed_with_another_id, STUB, "the cell f is missing | code cells that the student added, not taken: 1"),
        (doubled, ANSWER, ""),  # one of the two is the untouched stub
        (answered_twice, f"{ANSWER}{AGAIN}f = 1", f"the cell f is there 2 times: {IN_ORDER}"),
        (lambda cells: cells.insert(0, {**cells[1], "id": "copy", "source": "f = 1"}), f"f = 1{AGAIN}{ANSWER}",
         f"the cell f is there 2 times: {IN_ORDER}"),
        (lambda cells: cells.extend(2 * [cells[1]]), ANSWER, ""),
        (too_long_together, 60_000 * "#", (f"the cell f is there 2 times: {IN_ORDER} | "
         "the cell f is too long with all of its copies: the first were left out")),
        (lambda cells: cells[1].update(source="  \n"), STUB, ""),
        (lambda cells: cells.append(cell("own", "import evil")), ANSWER,
         "code cells that the student added, not taken: 1"),
        (lambda cells: cells.clear(), STUB, "the cell f is missing | the cell question is missing"),
        (lambda cells: cells.extend([1, None, "x", []]), ANSWER, ""),
        (lambda cells: cells[1].update(source=5), STUB, "the cell f holds no text, or more than 100,000 characters"),
        (lambda cells: cells[1].update(source=[5]), STUB, "the cell f holds no text, or more than 100,000 characters"),
        (lambda cells: cells[1].update(source=None), STUB, "the cell f holds no text, or more than 100,000 characters"),
        (lambda cells: cells[1].update(source=100_001 * "#"), STUB,
         "the cell f holds no text, or more than 100,000 characters"),
        (lambda cells: cells[1].update(source="\ud800"), "?", ""),
        (lambda cells: cells[1].update(cell_type="markdown"), STUB, "the cell f is missing"),
        (lambda cells: cells[1].update(metadata=7), ANSWER, "the cell f had lost its name and was found by its id"),
        (lambda cells: cells[1].update(metadata={"nbgrader": {"grade_id": []}}), ANSWER,
         "the cell f had lost its name and was found by its id"),
    ],
)  # fmt: skip
def test_the_answer_is_found_and_nothing_else_taken(change, source, note):
    assert taken(change) == (source, note)


def test_what_may_have_cost_points_needs_a_look():
    notebook = copy.deepcopy(RELEASE)
    notebook["cells"][0]["source"] = "import math"
    notebook["cells"] += [
        {**notebook["cells"][1], "source": "f = 1"},
        {**notebook["cells"][1], "source": "f = 2"},
    ]
    notebook["cells"].pop(3)
    _, notes = sanitise(RELEASE, json.dumps(notebook).encode())
    assert len(notes) == 3
    assert all(map(needs_a_look, notes))
    assert not needs_a_look("not looked at: numpy.py")


def test_what_is_noted_of_a_cell_does_not_grow_with_its_copies():
    notebook = copy.deepcopy(RELEASE)
    notebook["cells"] += [{**notebook["cells"][1], "source": f"{i}{100 * 'x'}"} for i in range(2000)]
    result, notes = sanitise(RELEASE, json.dumps(notebook).encode())
    assert len(notes) == 2
    assert parts(result["cells"][1])[-1].startswith("1999x")


def test_each_part_of_a_copied_cell_is_run_by_itself_and_all_parts_of_a_text_are_kept():
    notebook = copy.deepcopy(RELEASE)
    notebook["cells"][3]["source"] = "First."
    notebook["cells"] += [{**notebook["cells"][3], "source": "Second."}, {**notebook["cells"][1], "source": "f = 1"},
                          {**notebook["cells"][1], "source": "f = 2"}]  # fmt: skip
    result, _ = sanitise(RELEASE, json.dumps(notebook).encode())
    assert parts(result["cells"][1]) == ["f = 1", "f = 2"]
    assert result["cells"][3]["source"] == "First.\n\nSecond."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"<!DOCTYPE html><title>Log in</title>", "a web page"),
        (b"%PDF-1.7", "not JSON"),
        (json.dumps(RELEASE).encode()[:-9], "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"\x80abc", "not JSON"),
        (100_000 * b"[", "not JSON"),
        (b"[]", "format 4"),
        (b"null", "format 4"),
        (b"7", "format 4"),
        (b"{}", "format 4"),
        (b'{"nbformat": 3, "cells": []}', "format 4"),
        (b'{"nbformat": 4, "cells": {}}', "format 4"),
        (b'{"nbformat": 4, "cells": [' + MAX_CELLS * b"{}," + b"{}]}", "has 5,001 cells, more than 5,000"),
        (b'{"nbformat": 4, "cells": [' + MAX_PARTS * b"{}," + b"{}]}", "brackets, more than 500,000: clear"),
        (
            b'{"nbformat": 4, "cells": [], "x": [' + MAX_PARTS * b"[]," + b"[]]}",
            "brackets, more than 500,000: clear",
        ),
    ],
)
def test_what_is_no_notebook_has_a_reason(data, reason):
    with pytest.raises(Unreadable, match=reason):
        sanitise(RELEASE, data)


def fifo(folder):
    os.mkfifo(folder / "a.ipynb")


def link(folder):
    (folder / "a.ipynb").symlink_to(__file__)


def large(folder):
    with open(folder / "a.ipynb", "wb") as file:
        file.truncate(MAX_FILE + 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: None, "there is no a.ipynb$"),
        (lambda folder: (folder / "a (1).ipynb").touch(), r"there is no a.ipynb \(not looked at: a \(1\).ipynb\)"),
        (lambda folder: (folder / "a.ipynb").mkdir(), "plain file|cannot be read"),
        (fifo, "not a plain file"),
        (link, "cannot be read .*: is it a link"),
        (large, "more than 10,000,000"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(make, reason, tmp_path):
    make(tmp_path)
    with pytest.raises(Unreadable, match=reason):
        read_submission(tmp_path, "a.ipynb")


def test_a_folder_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "a.ipynb").touch()
    (tmp_path / "me").symlink_to("victim")
    with pytest.raises(Unreadable, match="folder is a link"):
        read_submission(tmp_path / "me", "a.ipynb")


def test_other_files_are_named(tmp_path):
    # the last come from a lesson
    for name in ("a.ipynb", "numpy.py", "timestamp.txt", "my_gpt.py", "my_gpt.bak.py"):
        (tmp_path / name).write_text("x")
    assert read_submission(tmp_path, "a.ipynb") == (b"x", ["not looked at: numpy.py"])


def test_a_students_words_become_one_plain_line():
    assert plain("a\x1b[31m\n\tb\u202e") == "a [31m b"
    assert len(plain(1000 * "x")) == 300
