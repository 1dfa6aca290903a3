"""Worksheets: a page for each lesson, blanks on the one and the same numbers as answers on the other."""

import re

import numpy as np
import pytest

from course_lib.lessons import NAMES
from tools.worksheets import sheets
from tools.worksheets.__main__ import write
from tools.worksheets.sheet import Sheet, Step, Table, page

SEEDS = pytest.mark.parametrize("seed", range(6))


def boxes(html, kind=None):
    return re.findall(
        r"<td class='?blank'?></td>" if kind == "blank" else r"<td class=answer>(.*?)</td>", html
    )


@SEEDS
def test_every_lesson_has_a_sheet_and_every_blank_an_answer(seed):
    made = sheets(seed)
    assert [sheet.lesson for sheet in made] == NAMES[1:14]
    for sheet in made:
        empty, filled = page(sheet, False, seed), page(sheet, True, seed)
        answers = boxes(filled)
        assert len(boxes(empty, "blank")) == len(answers) == sheet.blanks() >= 8, sheet.lesson
        assert boxes(filled, "blank") == boxes(empty) == [] and all(answers), sheet.lesson
        # what is asked in words, beside the numbers of its boxes, has an answer in words
        for step in sheet.steps:
            asks = step.words.count("?") > sum(table.blank is not False for table in step.tables)
            assert not asks or step.says, step.words
        assert not re.search(r"nan|inf\b|−0\.0+<|>-\d", filled), sheet.lesson


@SEEDS
def test_numbers_are_worth_working_with(seed):
    """No row of what is given is zero, and no two given tables of a sheet's first step are alike throughout."""
    for sheet in sheets(seed):
        for table in (table for step in sheet.steps for table in step.tables if table.blank is False):
            values = np.atleast_2d(np.asarray(table.values))
            assert values.dtype.kind == "U" or values.any(), f"{sheet.lesson}: {table.name} is zero"


def test_another_seed_draws_other_numbers_and_the_same_seed_the_same():
    one, same, other = ([page(sheet, True, 0) for sheet in sheets(seed)] for seed in (3, 3, 4))
    assert one == same and sum(a != b for a, b in zip(one, other, strict=True)) >= 11


def test_a_number_is_printed_as_it_is_read():
    table = Table("x", [-0.001, 2, True, "ab"])
    assert [table.text(value) for value in table.values] == ["0.00", "2", "True", "ab"]
    assert table.text(-2.5) == "−2.50"
    some = Table(
        "x", np.array([[1.5, 2.5]]), np.array([[False, True]]), 1, rows=("a",), columns=("b", "c")
    ).html(False)
    assert "1.5" in some and "2.5" not in some and some.count("blank") == 1
    hidden = Table("x", [1, 2], True, struck=[False, True])
    assert "<s>2</s>" in hidden.html(True) and "<s>1" not in hidden.html(True)
    assert "<s>" not in hidden.html(False)
    words = Step("Why?", says="So.")
    assert (
        "So." in words.html(True) and "So." not in words.html(False) and "class='line'" in words.html(False)
    )
    text = page(Sheet("04_attention", "A <b>", [Step("w", [])]), False, 0)
    assert "A &lt;b&gt;" in text


def test_they_are_printed(chromium, tmp_path):
    tab = chromium.new_page()
    paths = write(tab, tmp_path, sheets(), 0)
    assert [path.name for path in paths[:2]] == [
        f"01_tokenization{end}.pdf" for end in ("", "_answers")
    ] and len(paths) == 26
    for path in paths:
        printed = path.read_bytes()
        assert printed.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", printed)) == 1, (
            f"{path.name} is not one page"
        )
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 672, "height": 1000})  # what the margins leave of A4
    for path in paths:
        tab.goto(path.with_suffix(".html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 672, path
    tab.close()
