"""What the notes for lecturers, docs/teaching, take from the lessons and their exercises: aims, times, and likely mistakes.

`tools.links` writes it between the marks of each page, and a test fails when it is not up to date.
"""

import json
import re
from importlib import import_module

from course_lib.lessons import NAMES, label

__all__ = ["PAGES", "parts"]

PAGES = [f"docs/teaching/{name}.md" for name in NAMES]
MOST = 2  # mistakes told of each exercise
STARS = {1: "★", 2: "★★", 3: "★★★"}


def exercises(name):
    """The exercises of a lesson, in the order in which it asks for them."""
    try:
        return list(import_module(f"course_lib.exercises.lesson_{name[:2]}").EXERCISES)
    except ModuleNotFoundError:
        return []


def on_paper(name):
    """The checks of what is worked out on paper in a lesson."""
    try:
        module = import_module(f"course_lib.exercises.lesson_{name[:2]}")
    except ModuleNotFoundError:
        return []
    return [one for one in vars(module).values() if hasattr(one, "what")]


def facts(root, name, time):
    """Aims and times: lines of Markdown. time: of the lesson, as its first cell says it."""
    notebook = json.loads((root / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    title = "".join(notebook["cells"][0]["source"])
    aims = re.findall(r"(?m)^- (.+)$", title.partition("\n**Time**")[0])
    asked = exercises(name)
    lines = [f"Lesson [{label(name)}](../../notebooks/{name}.ipynb), {time} for who works alone"]
    minutes = sum(one.minutes for one in asked if not one.optional)
    lines[0] += f", {minutes} of them for the exercises." if minutes else "."
    lines += ["", "Afterwards they can", "", *(f"- {aim}" for aim in aims)] if aims else []
    if asked:
        lines += ["", "| exercise | minutes | difficulty |", "| --- | --- | --- |"]
        lines += [
            f"| `{one.name}`{', optional' * one.optional} | {one.minutes} | {STARS[one.stars]} |"
            for one in asked
        ]
    return lines


def stumbles(name):
    """Sentences of the checks on likely mistakes: lines of Markdown."""
    lines = []
    for one in exercises(name):
        said = list(dict.fromkeys(slip.says for slip in one.slips))[:MOST]
        lines += [f"- `{one.name}`: *{'*; *'.join(said)}*"] if said else []
    for one in on_paper(name):
        lines.append(f"- {one.what}, on paper: *{'*; *'.join(list(one.slips)[:MOST])}*")
    told = "Some of the mistakes that the checks know, in the words in which they name them:"
    return [told, "", *lines] if lines else ["Nothing is checked here."]


def parts(root, times):
    """The generated texts of all pages: dict from the name in the marker to lines of Markdown."""
    made = {}
    for name in NAMES:
        made[f"facts-{name}"] = facts(root, name, times[name])
        made[f"stumbles-{name}"] = stumbles(name)
    return made
