"""What the front door says is true: links from one address, times from the lessons, counts from what is there."""

import json
import re
import struct
import tomllib
from functools import cache
from urllib.parse import unquote

import pytest
import yaml

from tools import links
from tools.links import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = [*links.PAGES, "CONTRIBUTING.md", "CHANGELOG.md"]
TARGET = re.compile(r"\]\(([^)\s]+)\)")
made = cache(links.parts)


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", links.PAGES)
def test_what_is_generated_is_up_to_date(page):
    assert links.written(text(page), made()) == text(page), "run `make links`"


def test_every_part_is_used_and_an_old_one_is_noticed():
    used = {name for page in links.PAGES for _, name, _ in links.MARKED.findall(text(page))}
    assert used == set(made())
    assert links.written("a <!-- links: badges -->\nold\n<!-- end --> b", {"badges": ["new"]}) == (
        "a <!-- links: badges -->\nnew\n<!-- end --> b"
    )


def test_the_address_stands_in_one_place():
    owner = links.slug()
    generated = [links.MARKED.sub("", text(page)) for page in PAGES]
    others = [path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")]
    assert not [part for part in generated + others if owner in part]
    assert text("pyproject.toml").count(owner) == 1


def test_links_follow_the_address(monkeypatch):
    monkeypatch.setattr(links, "address", lambda: "https://github.com/someone/some-course")
    lesson = "04_attention"
    assert "/gh/someone/some-course/main?urlpath=lab/tree/notebooks/04_attention.ipynb" in links.binder(
        lesson
    )
    assert links.colab(lesson).endswith("github/someone/some-course/blob/main/notebooks/04_attention.ipynb")
    assert "repo=https://github.com/someone/some-course&" in unquote(links.puller(lesson))
    assert "urlpath=lab/tree/some-course/notebooks/04_attention.ipynb" in unquote(links.puller(lesson))
    assert links.site() == "https://someone.github.io/some-course/"
    assert links.PLACEHOLDER not in str(links.parts())


def test_the_table_names_every_lesson_with_its_time():
    table = "\n".join(made()["lessons"])
    for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        assert f"(notebooks/{path.name})" in table
    assert "| 90 min | [Binder](" in table  # lesson 04


def test_a_lesson_ends_with_links_to_its_neighbours():
    names = list(links.BUILDS)
    for before, name, after in zip(names, names[1:], [*names[2:], None], strict=False):
        cells = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        linked = re.findall(r"\]\((\w+)\.ipynb\)", "".join(cells[-1]["source"]).splitlines()[-1])
        assert linked == [before, *filter(None, [after]), names[0]], f"Back, Next and Map at the end of {name}"


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(page):
    targets = [target for target in TARGET.findall(text(page)) if "://" not in target]
    assert not [
        target for target in targets if not ((ROOT / page).parent / target.partition("#")[0]).exists()
    ]


def test_the_front_door_is_short_and_its_picture_small():
    assert len(text("README.md").splitlines()) <= 150
    picture = (ROOT / "docs/picture.png").read_bytes()
    assert len(picture) < 100_000
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 2 * height


def test_the_citation_agrees_with_the_package():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["repository-code"] == links.address()
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["abstract"] == PROJECT["description"]
    assert f"## {PROJECT['version']}" in text("CHANGELOG.md")


def test_the_picture_shows_what_lesson_04_says():
    from tools.picture import SENTENCES, attend

    (swam, looks), (cash, _) = (attend(sentence.split()) for sentence in SENTENCES)
    assert swam[0] > 0.6 and cash[1] > 0.6
    assert looks.argmax() == 1  # swam
