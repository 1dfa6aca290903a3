"""The lessons keep the rules of `lessons.py`, `style.py` and `audit.py`, and each rule notices when one does not."""

import copy
import json

import pytest

from course_lib.lessons import COMPANIONS, NAMES
from tests.notebooks import audit, lessons, style
from tests.notebooks.lessons import METADATA, WIDGET_VIEW, problems
from tools.links import colab_cell

RULES = lessons.RULES + style.RULES + audit.RULES


def test_the_notebooks_are_the_lessons_of_the_list():
    assert sorted(lessons.FOLDER.glob("*.ipynb")) == lessons.lessons(), "against course_lib/lessons.py"


def test_every_companion_is_one_of_a_lesson_and_no_two_notebooks_share_a_name():
    names = [path.stem for path in lessons.notebooks()]
    assert {path.stem for path in lessons.companions()} <= set(COMPANIONS) and lessons.companions()
    assert len(set(names)) == len(names) and not set(COMPANIONS) & set(NAMES)
    assert all(path.parent == lessons.folder_of(path.stem) for path in lessons.notebooks())


@pytest.mark.parametrize("path", lessons.notebooks(), ids=lambda path: path.stem)
def test_lesson_keeps_the_rules(path):
    offences = problems(path, RULES)
    assert not offences, "\n".join(offences)


@pytest.mark.parametrize("path", lessons.notebooks(), ids=lambda path: path.stem)
def test_stripped_lesson_is_noticed(path, tmp_path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    problem, *_ = found(tmp_path, notebook)
    assert problem.startswith("code cells must have run from top to bottom")


# --- each rule can fail -----------------------------------------------------------------------------

WORDS = "This sentence stands here because a lesson explains every line of its code in some words of prose. "


def markdown(id, text):
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}


def code(id, text, count, *outputs):
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": id,
        "metadata": {},
        "outputs": list(outputs),
        "source": text,
    }


def shown(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


GOOD = {
    "cells": [
        markdown("title", "# A lesson\n\n" + 4 * WORDS),
        {
            **code("colab", "\n".join(colab_cell()), 1),
            "metadata": {"jupyter": {"source_hidden": True}, "tags": ["remove-cell"]},
        },
        code("imports", "import math", 2),
        markdown("root-comes", "And a root."),
        code("root", "math.sqrt(4)", 3, shown(**{"text/plain": "2.0"})),
        markdown("picture-comes", "Here it is, and [the start](00_start_here.ipynb) is where you came from."),
        code("picture", "picture(4)", 4, shown(**{"image/png": "iVBORw0KGgo=", "text/plain": "a picture"})),
        markdown("picture-says", "*Figure: the root of four, drawn as a square of side two.*\n\nAnd more."),
    ],
    "metadata": METADATA,
    "nbformat": 4,
    "nbformat_minor": 5,
}


def found(folder, notebook, name="98_lesson"):
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return problems(path, RULES)


def test_good_lesson_has_no_problems(tmp_path):
    assert found(tmp_path, GOOD) == []


def cell(id, /, **changes):
    """A change that gives the named cell other fields."""
    return lambda notebook: next(c for c in notebook["cells"] if c["id"] == id).update(changes)


def after(id, *cells):
    """A change that puts cells behind the named one."""

    def insert(notebook):
        at = [c["id"] for c in notebook["cells"]].index(id) + 1
        notebook["cells"][at:at] = cells

    return insert


def trained(n):
    """The good lesson with n more cells of a training whose output is not compared."""
    notebook = copy.deepcopy(GOOD)
    for k in range(n):
        more = code(f"train-{chr(97 + k)}", "1 + 1", 5 + k, shown(**{"text/plain": "2"}))
        more["metadata"] = {"tags": ["training", "nbval-ignore-output"]}
        notebook["cells"] += [more, markdown(f"text-{chr(97 + k)}", WORDS)]
    return notebook


def asks(question, answer="Because " + WORDS + WORDS):
    """A change that puts a question behind the root."""
    text = f"**Check yourself**\n\n{question}\n\n<details><summary>Answer</summary>{answer}</details>"
    return after("root", markdown("check-yourself", text))


def stub(hints):
    """A change that puts an exercise behind the last cell, with these hints above it."""
    text = "".join(f"\n<details><summary>{hint}</summary>Look.</details>" for hint in hints)
    exercise = "def f():\n    raise NotImplementedError\n\n\ncheck_f(f)"
    return after("picture-says", markdown("task", f"Write it.\n{text}"), code("stub", exercise, 5))


PNG = GOOD["cells"][6]["outputs"]
BROKEN = {
    "not executed": (cell("root", execution_count=None), "1..4"),
    "executed out of order": (cell("picture", execution_count=5), "1..4"),
    "output stripped": (cell("root", outputs=[]), "no output is stored"),
    "printed output stripped": (cell("root", source="print(1)\nx = 1", outputs=[]), "no output is stored"),
    "error": (
        cell(
            "root", outputs=[{"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}]
        ),
        "stores an error: ValueError: no",
    ),
    "stderr": (
        cell("root", outputs=[{"output_type": "stream", "name": "stderr", "text": "W"}]),
        "stderr: 'W'",
    ),
    "random id": (cell("root", id="1f5c9d3e"), "'1f5c9d3e' is not made of words"),
    "random long id": (cell("root", id="1f5c9d3e-77ab-4c1e-9d3e-1f5c9d3e77ab"), "is not made of words"),
    "capitals in an id": (cell("root", id="Root_1"), "'Root_1' is not made of words"),
    "id twice": (cell("root", id="picture"), "'picture' stands on 2 cells"),
    "metadata of the notebook": (
        lambda notebook: notebook["metadata"].update(widgets={}),
        "metadata or format",
    ),
    "another kernel": (
        lambda notebook: notebook["metadata"]["kernelspec"].update(name="mine"),
        "metadata or format",
    ),
    "Python's version": (
        lambda nb: nb["metadata"]["language_info"].update(version="3.12.1"),
        "metadata or format",
    ),
    "metadata of a cell": (
        cell("root", metadata={"execution": {"iopub.status.busy": "12:00"}}),
        "not on the list",
    ),
    "widget view": (
        cell("root", outputs=[shown(**{WIDGET_VIEW: {"model_id": "1"}})]),
        "the view of a widget",
    ),
    "nbval told to look away": (
        cell("root", metadata={"tags": ["nbval-ignore-output"]}),
        "from being compared",
    ),
    "nbval told to skip": (cell("root", metadata={"tags": ["nbval-skip"]}), "from being compared"),
    "nbval told in a comment": (cell("root", source="# NBVAL_SKIP\nmath.sqrt(4)"), "from being compared"),
    "too large": (cell("root", outputs=[shown(**{"text/plain": 1_000_000 * "x"})]), "stays under 1,000,000"),
    "no cell for Colab": (cell("colab", id="colab-2"), "the first code cell is 'colab'"),
    "another address in the cell for Colab": (
        cell("colab", source="\n".join(colab_cell()).replace("Colab", "Elsewhere")),
        "not the one that `make links` writes",
    ),
    "more in the cell for Colab": (
        cell("colab", source="\n".join([*colab_cell(), "%pip install pandas"])),
        "not the one that `make links` writes",
    ),
    "the cell for Colab unfolded": (cell("colab", metadata={}), "the first code cell is 'colab'"),
    "long cells": (
        lambda notebook: [
            c.update(source=7 * "x = 1\n") for c in notebook["cells"] if c["cell_type"] == "code"
        ],
        "the median may be 6",
    ),
    "a very long cell": (cell("root", source=26 * "x = 1\n"), "has 26 lines"),
    "three code cells in a row": (
        after("imports", code("more", "x = 1", 3)),
        "'more' is the third code cell",
    ),
    "magic": (cell("root", source="%timeit 1"), "not plain Python"),
    "no imports": (cell("imports", source="x = 1"), "this one has []"),
    "imports twice": (cell("picture", source="import os\npicture(4)"), "['imports', 'picture']"),
    "import inside a function": (
        cell("picture", source="def f():\n    from math import pi\n\nf()"),
        "['imports', 'picture']",
    ),
    "sys.path": (cell("root", source="math.sys.path.append('..')"), "touches sys.path"),
    "download": (cell("root", source="x = 'https://example.org/data.csv'"), "downloads something"),
    "download of a model": (cell("root", source="x = GPT.from_pretrained('gpt2')"), "downloads something"),
    "another cell that installs": (
        cell("root", source="get_ipython().run_line_magic('pip', 'install pandas')"),
        "'root' downloads something",
    ),
    "no description": (cell("picture-says", source="And more words."), "'picture' shows a figure"),
    "drawing without words": (
        after("root", markdown("drawn", "![A head.](drawings/head.svg)")),
        "cell 'drawn' shows drawings/head.svg and hardly says what it is",
    ),
    "picture that no command draws": (
        after("root", markdown("drawn", "![One head of attention from top to bottom.](../docs/picture.png)")),
        "cell 'drawn' shows ../docs/picture.png, which is none of the drawings",
    ),
    "drawing that is not there": (
        after("root", markdown("drawn", "![One head of attention from top to bottom.](drawings/hand.svg)")),
        "cell 'drawn' links to drawings/hand.svg, which does not exist",
    ),
    "description too short": (cell("picture-says", source="*Figure: a root.*"), "'picture' shows a figure"),
    "description too long": (
        cell("picture-says", source="*Figure: the root of four is drawn here. It is a square.*"),
        "more than one sentence",
    ),
    "description elsewhere": (after("picture", markdown("between", "Look.")), "'picture' shows a figure"),
    "code after the figure": (after("picture", code("next", "x = 1", 4)), "'picture' shows a figure"),
    "figure at the end": (
        after("picture-says", code("last", "picture(5)", 4, *PNG)),
        "'last' shows a figure",
    ),
    "svg in html": (
        after("picture-says", code("last", "m", 4, shown(**{"text/html": "<svg></svg>"}))),
        "'last' shows a figure",
    ),
    "a heading too deep": (
        cell("picture-comes", source="### Here"),
        "heading 'Here' has level 3 below one of level 1",
    ),
    "two titles": (cell("picture-comes", source="# Here"), "one heading of the first level"),
    "no title": (cell("title", source=4 * WORDS), "one heading of the first level"),
    "a table without headers in the text": (
        cell("picture-comes", source="<table><tr><td>1</td></tr></table>"),
        "'picture-comes' has a table without headers",
    ),
    "a table without headers": (
        cell("root", outputs=[shown(**{"text/html": "<table><tr><td>1</td></tr></table>"})]),
        "'root' has a table without headers",
    ),
    "dead link": (
        cell("picture-comes", source="See [there](99_nowhere.ipynb)."),
        "99_nowhere.ipynb, which does not",
    ),
    "dead link to a place": (
        cell("picture-comes", source="See [there](99_nowhere.ipynb#x)."),
        "99_nowhere.ipynb",
    ),
    "dead link in html": (cell("picture-comes", source="<a href='99_no.ipynb'>x</a>"), "99_no.ipynb"),
    "dead reference": (cell("picture-comes", source="See [x].\n\n[x]: 99_no.ipynb"), "99_no.ipynb"),
    "dead link in an output": (
        cell("root", outputs=[shown(**{"text/html": '<a href="99_no.ipynb">x</a>'})]),
        "99_no.ipynb",
    ),
    "little prose": (
        lambda notebook: [
            cell("title", source="# A lesson")(notebook),
            cell("root", source=20 * "x = 1\n")(notebook),
        ],
        "a lesson has 5 words a line",
    ),
    "four trainings that may differ": (
        lambda notebook: notebook.update(trained(4)),
        "4 cells tagged as training",
    ),
    "a training that is skipped": (
        cell("root", metadata={"tags": ["training", "nbval-skip"]}),
        "'root' keeps its output from being compared",
    ),
    "a training told in a comment": (
        cell("root", source="# NBVAL_SKIP\nmath.sqrt(4)", metadata={"tags": ["training"]}),
        "'root' keeps its output from being compared",
    ),
    "nothing to do for long": (
        lambda notebook: [
            cell("title", metadata={"tags": ["do"]})(notebook),
            after("title", *(markdown(f"text-{chr(97 + n)}", "Words.") for n in range(9)))(notebook),
            cell("picture-says", metadata={"tags": ["do"]})(notebook),
        ],
        "15 cells follow 'title' with nothing to do",
    ),
    "nothing to do at first": (
        lambda notebook: [
            after("title", *(markdown(f"text-{chr(97 + n)}", "Words.") for n in range(14)))(notebook),
            cell("picture-says", metadata={"tags": ["do"]})(notebook),
        ],
        "cells stand at the beginning with nothing to do",
    ),
    "verdicts": (
        lambda notebook: [
            cell("root", outputs=[shown(**{"text/plain": "(True, False)"}), shown(**{"text/plain": "True"})])(
                notebook
            ),
        ],
        "2 of 3 outputs are only True or False: show values",
    ),
    "two cells of imports": (
        after("imports", code("more", "import torch", 3)),
        "may have another tagged torch; this one has ['imports', 'more']",
    ),
    "an exercise without hints": (stub([]), "'stub' is an exercise"),
    "an exercise with four hints": (stub([f"Hint {n}" for n in (1, 2, 3, 4)]), "'stub' is an exercise"),
    "an exercise whose hints are not in order": (stub(["Hint 2", "Hint 1"]), "'stub' is an exercise"),
    "eleven claims": (
        cell("root", source=f"check_all({ {f'whitepaper.a.b{n}': 1 for n in range(11)} })"),
        "11 claims are checked; a lesson keeps 10",
    ),
    "a lesson about a document": (
        cell("title", source=f"# A lesson\n\nThe lecture notes say so. {4 * WORDS}"),
        "of the words check the documents or name one; at most 15%",
    ),
    "a question without a number": (asks("**Why?**"), "'check-yourself' asks"),
    "a question with another number": (asks("**2.** Why?"), "'check-yourself' asks"),
    "an answer without its reason": (asks("**1.** Why?", "Yes."), "answer 1 in cell 'check-yourself'"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_each_rule_can_fail(broken, tmp_path):
    change, sentence = BROKEN[broken]
    notebook = copy.deepcopy(GOOD)
    change(notebook)
    assert any(sentence in problem for problem in found(tmp_path, notebook))


@pytest.mark.parametrize(
    "change", [asks("**1.** Why?"), stub(["Hint 1"]), stub(["Hint 1", "Hint 2", "Hint 3"])]
)
def test_the_new_form_has_no_problems(change, tmp_path):
    notebook = copy.deepcopy(GOOD)
    change(notebook)
    assert [
        problem
        for problem in found(tmp_path, notebook)
        if "stores" not in problem and "output" not in problem
    ] == []


def test_every_rule_was_seen_to_fail():
    seen = set()
    for change, _ in BROKEN.values():
        notebook = copy.deepcopy(GOOD)
        change(notebook)
        seen |= {rule for rule in RULES if list(rule(notebook, "98_lesson"))}
    assert seen == set(RULES)


def test_of_a_training_three_cells_may_differ_and_one_named_cell(tmp_path):
    notebook = copy.deepcopy(GOOD)
    cell("root", id="environment-code", metadata={"tags": ["nbval-ignore-output"]})(notebook)
    assert found(tmp_path, notebook, "00_start_here") == []
    assert len(found(tmp_path, notebook, "04_attention")) == 1
    assert found(tmp_path, trained(3)) == []


def test_links_begin_where_the_notebook_lies(tmp_path):
    notebook = copy.deepcopy(GOOD)
    (away,) = found(tmp_path, notebook, "04_attention_checked")
    assert "links to 00_start_here.ipynb, which does not exist" in away
    cell("picture-comes", source="As in [the start](../00_start_here.ipynb).")(notebook)
    assert found(tmp_path, notebook, "04_attention_checked") == []
    assert len(found(tmp_path, notebook, "04_attention")) == 1
