"""Every word of docs/glossary.md is used from the lesson on that introduces it; before, a link leads there.

Prose alone is read: no code, no formulas, and no words of a link to a lesson, which are its name. A paragraph that links to the
lesson may use its words.
"""

import json
import re
from typing import NamedTuple

import pytest

from course_lib.lessons import NAMES
from tests.notebooks.lessons import lessons, source
from tools.links import ROOT

ROW = re.compile(
    r"\| \*\*(.+?)\*\*(.*?) \| (.+) \| \[(\d\d)\]\(\.\./notebooks/(\w+)\.ipynb#cell-id=([\w-]+)\) \|"
)
NO_PROSE = re.compile(r"(?s)```.*?```|\$\$.*?\$\$|`[^`\n]*`|\$[^$\n]+\$|<code>.*?</code>")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")

# A word that means something else there, or is explained by its own sentence: (word, lesson) → why no link is needed.
OTHERWISE = {
    ("attention", "01_tokenization"): "its sentence says what it does: every token looks at every other",
    ("key", "01_tokenization"): "the parameter of Python's min, and the keys of a keyboard",
    ("key", "02_embeddings"): "the keys of a keyboard",
    ("value", "02_embeddings"): "the singular value decomposition has its name from mathematics",
    ("value", "03_positional_encoding"): "what a function gives",
    ("score", "02_embeddings"): "a word's score, which the lesson itself names a logit",
}


class Term(NamedTuple):
    """A word with its other forms, the sentence about it, and the lesson and cell that introduce it."""

    word: str
    forms: list
    says: str
    lesson: str
    cell: str

    def used_in(self, text):
        """Where the word stands in `text`, with or without the s of a plural."""
        forms = "|".join(map(re.escape, self.forms))
        return re.search(rf"(?<![\w-])(?:{forms})s?(?!\w)", text, re.IGNORECASE)


def terms(page):
    """The rows of the table; AssertionError at a row that is not in its form."""
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    found = []
    for row in rows:
        parts = ROW.fullmatch(row)
        assert parts, f"not a row of the glossary: {row}"
        word, forms, says, _, lesson, cell = parts.groups()
        found.append(Term(word, [word, *forms.split(", ")[1:]], says, lesson, cell))
    return found


GLOSSARY = terms((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))


def cells(path):
    """Dict from the id of a text cell to its Markdown."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: source(cell) for cell in found if cell["cell_type"] == "markdown"}


def too_early(name, texts, otherwise=OTHERWISE):
    """Tuples (word, cell) for every word that lesson `name` uses before it is introduced, without a link."""
    later = [term for term in GLOSSARY if term.lesson > name and (term.word, name) not in otherwise]
    for cell, text in texts.items():
        for paragraph in re.split(r"\n\s*\n", NO_PROSE.sub(" ", text)):
            linked = [target for _, target in LINK.findall(paragraph)]
            words = LINK.sub(
                lambda link: " " if re.search(r"\d\d_\w+\.ipynb", link[2]) else link[1], paragraph
            )
            for term in later:
                if term.used_in(words) and not any(term.lesson in target for target in linked):
                    yield term.word, cell


def test_the_glossary_is_in_order_and_names_each_word_once():
    words = [term.word.lower() for term in GLOSSARY]
    assert len(words) >= 60 and words == sorted(set(words))
    forms = [form.lower() for term in GLOSSARY for form in term.forms]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.word)
def test_the_cell_that_introduces_a_word_has_it(term):
    assert term.lesson in NAMES
    text = cells(ROOT / f"notebooks/{term.lesson}.ipynb")[term.cell]
    assert term.used_in(text), f"{term.cell} does not say {term.word}"


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_no_word_is_used_before_the_lesson_that_introduces_it(path):
    assert list(too_early(path.stem, cells(path))) == []


@pytest.mark.parametrize("word, name", OTHERWISE)
def test_an_exception_is_needed(word, name):
    rest = {key: why for key, why in OTHERWISE.items() if key != (word, name)}
    assert word in dict(too_early(name, cells(ROOT / f"notebooks/{name}.ipynb"), rest))


TEXTS = {
    "plain": ("The softmax does it.", ["softmax"]),
    "a plural in capitals": ("*Queries* and **Logits**.", ["query", "logit"]),
    "the words of another link": ("As a [softmax](https://example.org) does.", ["softmax"]),
    "a link to another lesson": ("The softmax of [08](08_loss_and_gradient_descent.ipynb).", ["softmax"]),
    "a link in another paragraph": ("See [04](04_attention.ipynb).\n\nThe softmax.", ["softmax"]),
    "a link beside it": ("The softmax, which [04](04_attention.ipynb) builds.", []),
    "the word is the link": ("The [softmax](04_attention.ipynb).", []),
    "code and formulas": ("`softmax(x)` and $softmax(x)$ and\n```\nsoftmax\n```", []),
    "a longer word": ("The softmaximum of a queryable header.", []),
    "introduced before": ("A token of the vocabulary.", []),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_word_too_early_is_noticed(case, tmp_path):
    text, words = TEXTS[case]
    path = tmp_path / "01_tokenization.ipynb"
    path.write_text(
        json.dumps({"cells": [{"cell_type": "markdown", "id": "says", "source": text}]}), encoding="utf-8"
    )
    found = too_early(path.stem, cells(path))
    assert sorted(found) == sorted((word, "says") for word in words)
