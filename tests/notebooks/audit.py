"""How much of a lesson is about the documents: a lesson teaches, and what else they print has rooms of its own.

    python -m tests.notebooks.audit        # a row for each lesson: claims, and share of its words

The rules have the form of those in `lessons.py`: generators of sentences, one for every offence. Companions may check and name as
much as they like; the last lesson, which is about the documents, may name them.
"""

import ast
import json
import re

from course_lib.lessons import COMPANIONS, NAMES
from tests.notebooks.lessons import lessons, source, syntax

MOST_CLAIMS, MOST_WORDS = 10, 0.15
CHECKS = {"check", "check_all", "cite", "remark", "reproduces"}
CLAIM = re.compile(r"(whitepaper|threeb1b-summary|lecture-notes|attention-notes|shape-notes)\.[\w.]+")
NAMES_ONE = re.compile(
    r"whitepaper|(lecture|attention|shape) notes|3(Blue1Brown|B1B) summary|\bthe documents?\b", re.IGNORECASE
)


def is_check(cell):
    """Whether a code cell checks or cites."""
    calls = [node.func for node in ast.walk(syntax(source(cell))) if isinstance(node, ast.Call)]
    return any(getattr(call, "attr", getattr(call, "id", "")) in CHECKS for call in calls)


def claims_of(notebook):
    """The claims that the cells of a lesson check or cite."""
    strings = [
        node.value
        for cell in notebook["cells"] if cell["cell_type"] == "code" and is_check(cell)
        for node in ast.walk(syntax(source(cell))) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]  # fmt: skip
    return {string for string in strings if CLAIM.fullmatch(string)}


def words(cell):
    """How many words a cell has, with the text that it shows."""
    shown = [
        "".join(o.get("data", {}).get("text/plain") or o.get("text") or "") for o in cell.get("outputs", [])
    ]
    return len(" ".join([source(cell), *shown]).split())


def share(notebook):
    """The share of a lesson's words that stands in cells which check, or in prose which names a document."""
    cells = notebook["cells"]
    about = [
        c for c in cells if (NAMES_ONE.search(source(c)) if c["cell_type"] == "markdown" else is_check(c))
    ]
    return sum(map(words, about)) / max(1, sum(map(words, cells)))


def few_claims_are_checked(notebook, name):
    number = len(claims_of(notebook))
    if name not in COMPANIONS and number > MOST_CLAIMS:
        yield f"{number} claims are checked; a lesson keeps {MOST_CLAIMS}, its companion has the others"


def few_words_are_about_documents(notebook, name):
    if name not in {*COMPANIONS, NAMES[-1]} and (found := share(notebook)) > MOST_WORDS:
        yield f"{found:.0%} of the words check the documents or name one; at most {MOST_WORDS:.0%}"


RULES = [few_claims_are_checked, few_words_are_about_documents]


if __name__ == "__main__":
    for path in lessons():
        lesson = json.loads(path.read_text(encoding="utf-8"))
        print(f"{path.stem:30} {len(claims_of(lesson)):3} claims {share(lesson):4.0%}")
