"""Whatever speaks of a lesson names it in a form that shows when lessons are renumbered.

On a page or in a notebook's text that is a link whose words have the number of the lesson it leads to, as in
`[lesson 04](04_attention.ipynb)`; anywhere else it is the lesson's whole name, as in "lesson 04_attention".
"""

import json
import re
from pathlib import Path

import pytest

from course_lib.lessons import COMPANIONS, NAMES
from tests.notebooks.lessons import companions, notebooks, source
from tools.links import ROOT

FOLDERS = ["benchmarks", "binder", "course_lib", "docs", "notebooks", "tests", "tools"]
SUFFIXES = {".cff", ".ipynb", ".js", ".md", ".py", ".sh", ".toml", ".yml"}
NAME = re.compile(r"(?<![\w.-])(\d\d)_[a-z]\w+")  # 04_attention
BARE = re.compile(r"(?<![.\w])lessons?(?: |\n[ #]*)\d+\b", re.IGNORECASE)  # lesson 04, and nothing behind it
NUMBER = re.compile(r"(?<![\w.,:/-])0\d\b(?![.,:]\d)")  # "in 04"
LINK = re.compile(r"""\[([^\]]*)\]\(([^)\s]+)\)|<a href=["']([^"']+)["']>(.*?)</a>""")
TARGET = re.compile(r"(\d\d)_\w+\.ipynb")


def files():
    found = [path for path in ROOT.iterdir() if path.is_file()]
    found += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return sorted(path for path in found if path.suffix in SUFFIXES and path != Path(__file__))


def unknown_names(text):
    """Every name that has the form of a lesson's and the number of one, but is none."""
    names = {*NAMES, *(path.stem for path in companions())}
    for found in NAME.finditer(text):
        if int(found[1]) < len(NAMES) and found[0] not in names:
            yield f"there is no lesson {found[0]}"


def wrong_links(markdown):
    """Every link to a lesson whose words have another number, and every number of a lesson that is no link."""
    for words, target, other_target, other_words in LINK.findall(markdown):
        lesson, number = TARGET.search(target + other_target), re.search(r"\d+", words + other_words)
        if lesson and number and int(number[0]) != int(lesson[1]):
            yield f"{words + other_words!r} leads to {lesson[0]}"
    rest = LINK.sub("", markdown)
    for found in [*BARE.finditer(rest), *NUMBER.finditer(rest)]:
        yield f"{rest[max(0, found.start() - 30) : found.end()]!r} is a lesson's number without a link to it"


def offences(path):
    text = path.read_text(encoding="utf-8")
    yield from unknown_names(text)
    if path.suffix == ".md":
        yield from wrong_links(re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text))
    elif path in notebooks():
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "markdown":
                yield from wrong_links(source(cell))
            else:
                yield from bare(source(cell))
    else:
        yield from bare(text)


def bare(text):
    for found in BARE.finditer(text):
        yield f"{found[0]!r} lacks the lesson's name, as in lesson 04_attention"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_lessons_are_named_as_they_are_in_the_list(path):
    assert list(offences(path)) == []


@pytest.mark.parametrize("path", notebooks()[1:], ids=lambda path: path.stem)
def test_the_title_has_the_number_and_a_companion_the_title_of_its_lesson(path):
    def title(path):
        return source(json.loads(path.read_text(encoding="utf-8"))["cells"][0]).partition("\n")[0]

    assert title(path).startswith(f"# {int(path.stem[:2])} · ")
    if path.stem in COMPANIONS and COMPANIONS[path.stem] != NAMES[0]:  # whose title is the course's
        assert title(path) == title(ROOT / f"notebooks/{COMPANIONS[path.stem]}.ipynb") + ", checked"


def of_lessons():
    return sorted(path for path in files() if re.fullmatch(r"lesson_\d\d\.py", path.name))


@pytest.mark.parametrize("path", of_lessons(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_a_lesson_says_which_one_in_its_first_line(path):
    assert f"lesson {NAMES[int(path.stem[-2:])]}" in path.read_text(encoding="utf-8").partition("\n")[0]


WRONG = {
    "another name": (".py", "see 04_attentive", "there is no lesson 04_attentive"),
    "a number alone in code": (".py", "# as in lesson 04", "lacks the lesson's name"),
    "a number on the next line": (".py", "# as in lesson\n# 04, attention", "lacks the lesson's name"),
    "a link to another number": (".md", "[lesson 4](05_multi_head.ipynb)", "leads to 05_multi_head.ipynb"),
    "a link in HTML": (".md", "<a href='05_multi_head.ipynb'>lesson 04</a>", "leads to 05_multi_head.ipynb"),
    "a link to another name": (".md", "[this one](04_attentive.ipynb)", "there is no lesson 04_attentive"),
    "a number alone on a page": (".md", "as in lesson 4", "without a link"),
    "the second of two": (".md", "lessons [04](04_attention.ipynb) and 05", "without a link"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_reference_that_renumbering_would_break_is_noticed(wrong, tmp_path):
    suffix, text, says = WRONG[wrong]
    (tmp_path / f"page{suffix}").write_text(text, encoding="utf-8")
    (offence,) = offences(tmp_path / f"page{suffix}")
    assert says in offence
