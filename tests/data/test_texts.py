"""The texts that come with the course are plain, and are there once it is installed."""

import tomllib
from pathlib import Path

import pytest

from course_lib.data import texts

ROOT = Path(__file__).parents[2]


def test_the_text_is_short_plain_prose():
    text = texts.load("the_lowest_shelf")
    assert 3000 < len(text) < 6000
    assert text.isascii() and text == text.strip() + "\n"
    assert all("\n" not in paragraph for paragraph in text.strip().split("\n\n"))


def test_a_text_that_is_not_there_is_named_with_those_that_are():
    for name in ("other", "../documents/claims/whitepaper", "the_lowest_shelf.txt"):
        with pytest.raises(ValueError, match="no text '.*', only .*the_lowest_shelf"):
            texts.load(name)


def test_texts_are_installed_with_the_package():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data["course_lib.data.texts"] == ["*.txt"]
