"""Slides: chosen from a lesson's own cells by a rule. How they look in a browser is for tests/browser/slides.py."""

import json
import re

import pytest

from course_lib.lessons import NAMES
from course_lib.widgets.sources import STATE
from tools.links import ROOT
from tools.slides.choose import FEWEST, MOST, as_slides, markdown, sections


def read(name):
    return json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))


def kinds(notebook):
    return [cell["metadata"]["slideshow"]["slide_type"] for cell in notebook["cells"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_slides_enough_and_not_too_many(name):
    slides = as_slides(read(name))
    # the first lesson shows the way and builds nothing
    assert (8 if name == NAMES[0] else FEWEST) <= kinds(slides).count("slide") <= MOST
    assert kinds(slides).count("notes") == kinds(slides).count("slide"), "each slide has the speaker's notes"
    first = slides["cells"][0]["source"]
    assert first.startswith("# ") and (name == NAMES[0] or "\n- " in first)
    headings = [
        cell["source"].splitlines()[0]
        for cell in slides["cells"]
        if cell["metadata"]["slideshow"]["slide_type"] == "slide"
    ]
    assert ("## Recap" in headings) == any(section.title == "Recap" for section in sections(read(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_live_picture_and_drawing_of_a_lesson_is_on_its_slides(name):
    lesson, slides = read(name), json.dumps(as_slides(read(name)))
    live = sum(
        STATE in output.get("metadata", {}) for cell in lesson["cells"] for output in cell.get("outputs", [])
    )
    assert slides.count("gbh-state") == live
    drawings = set(re.findall(r"\(drawings/[\w-]+\.svg\)", json.dumps(lesson)))
    assert drawings == set(re.findall(r"\(drawings/[\w-]+\.svg\)", slides))


@pytest.mark.parametrize("name", NAMES)
def test_no_slide_leads_to_a_page(name):
    words = "\n".join(
        cell["source"] for cell in as_slides(read(name))["cells"] if cell["cell_type"] == "markdown"
    )
    assert not re.findall(r"(?<!!)\[[^\]]+\]\((?!https?:)[^)\s]+\)", words)


def test_what_one_looks_at_comes_before_words_and_an_exercise_is_shown_without_its_check():
    stub = {"cell_type": "code", "metadata": {"tags": ["do"]}, "outputs": [], "id": "a",
            "source": "from x import y\n\ndef f(x):\n    raise NotImplementedError\n\n\ncheck_f(f)"}  # fmt: skip
    text = "## One\n\nSome words.\n\n$$x$$\n\n## Your turn: `f`\n\n★ · 5 minutes. Why. More of it. [a](b.ipynb)\n\n## Empty"
    lesson = {"cells": [markdown("# T\n\n**After**\n\n- a;\n- b."), markdown(text), stub]}
    found = sections(lesson)
    assert [section.title for section in found] == ["T", "One", "Your turn: `f`", "Empty"]
    assert [[one.kind for one in section.exhibits] for section in found] == [
        ["list"],
        ["formula"],
        [],
        ["exercise"],
    ]
    shown = [cell["source"] for cell in as_slides(lesson)["cells"]]
    assert shown[:5] == [
        "# T\n\nAfter this lesson you can\n\n- a;\n- b.",
        "**After**",
        "## One\n\n",
        "Some words.",
        "$$x$$",
    ]
    assert (
        "def f(x):\n    raise NotImplementedError" in shown and "★ · 5 minutes. Why. More of it. a" in shown
    )


def test_an_answer_stays_with_its_question():
    text = "**What comes out of it, and why is it so?**\n\n<details><summary>Answer</summary>\n\nThis.\n\nAnd that.</details>\n\nMore."
    cell = markdown("# T\n\n- a\n\n## Ask\n\n" + text)
    cell["metadata"]["tags"] = ["do"]
    (question,) = [one for one in sections({"cells": [cell]})[1].exhibits if one.kind == "question"]
    assert question.cells[0]["source"].endswith("And that.</details>")
