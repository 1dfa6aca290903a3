"""What the front door says is true: links from one address, times from the lessons, counts from what is there."""

import json
import re
import runpy
import shlex
import sys
import tomllib
from functools import cache
from types import ModuleType
from urllib.parse import unquote

import pytest
import yaml
from packaging.requirements import Requirement
from PIL import Image

from course_lib.lessons import COMPANIONS, NAMES
from tests.notebooks.lessons import companions, notebooks
from tests.notebooks.live_state import stored
from tools import links, picture
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


URL = "https://github.com/some-one/some.course"
# What a link, a badge or a command says of the repository, wherever it leads.
OF_THE_REPOSITORY = re.compile(
    r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)/main|colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/main"
    r"|github\.com/([\w.-]+/[\w.-]+)(?![\w.-])|//([\w-]+\.github\.io/[\w.-]+)"
)
# Addresses in prose that stand for one's own, and links to other people's repositories.
NOT_OURS = {"owner/name", "containers/bubblewrap"}


def repositories(text):
    """The repositories that a text leads to, as "owner/name", other people's left out."""
    found = {next(filter(None, groups)) for groups in OF_THE_REPOSITORY.findall(unquote(text))}
    return {name.replace(".github.io", "") for name in found} - NOT_OURS


WRITTEN = [*PAGES, "notebooks/assignments/README.md", "CITATION.cff", "pyproject.toml"]
WRITTEN += [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
WRITTEN += [
    path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "notebooks/checked").glob("*.ipynb"))
]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with the files that `make address` writes, as `links` then sees the course; the files by name."""
    for name in WRITTEN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(links, "ROOT", tmp_path)
    links.main("")  # whatever the course has
    return lambda: {name: (tmp_path / name).read_text(encoding="utf-8") for name in WRITTEN}


def test_without_an_address_nothing_leads_to_a_repository(course):
    files = course()
    assert {name: repositories(text) for name, text in files.items() if repositories(text)} == {}
    assert "[![" not in files["README.md"]
    assert "repository-code" not in files["CITATION.cff"] and "project.urls" not in files["pyproject.toml"]
    assert "git+" not in "".join(files.values()) and "| open |" not in files["README.md"]


def test_an_address_is_put_in_everywhere_and_taken_out_again(course):
    without = course()
    links.main(f"{URL}/")
    files = course()
    changed = {name for name in WRITTEN if files[name] != without[name]}
    lessons = {name for name in WRITTEN if name.endswith(".ipynb")}
    assert changed == {"README.md", "docs/open_online.md", "CITATION.cff", "pyproject.toml", *lessons}
    assert all(repositories(files[name]) == {"some-one/some.course"} for name in changed)
    assert files["pyproject.toml"].count("some-one") == 1
    assert yaml.safe_load(files["CITATION.cff"])["repository-code"] == URL
    badges = re.findall(r"^\[!\[(.+?)\].*\]\((.+)\)$", files["README.md"], re.MULTILINE)
    assert [name for name, _ in badges] == ["Run it here", "Open in Binder", "Open in Colab", "Read"]
    lessons = {name for name in lessons if "/checked/" not in name}
    opened = re.findall(r"(?:blob/main|lab/tree)/(notebooks/\w+\.ipynb)", files["README.md"])
    assert set(opened) == lessons and len(opened) == 2 * len(lessons) + 2  # the table, and two buttons
    links.main(URL)
    assert course() == files
    links.main("https://github.com/another/one")
    assert repositories("".join(course().values())) == {"another/one"}
    links.main("")
    assert course() == without


@pytest.mark.parametrize(
    "url",
    ["github.com/a/b", "https://github.com/a", "https://github.com/a/b/c", 'https://github.com/a/b"', "x"],
)
def test_what_is_no_address_is_refused_and_nothing_is_written(url, course):
    before = course()
    with pytest.raises(
        SystemExit, match=r"is not the address of a repository, as https://github.com/owner/name$"
    ):
        links.main(url)
    assert course() == before


@pytest.mark.parametrize("url", ["", URL])
def test_the_web_pages_have_buttons_where_they_lead_somewhere(url, monkeypatch):
    for name, value in {"COURSE_ADDRESS": url, "COURSE_SITE": "", "COURSE_LIB": "course_lib"}.items():
        monkeypatch.setenv(name, value)
    options = runpy.run_path(str(ROOT / "docs/site/conf.py"))["html_theme_options"]
    assert options.get("repository_url", "") == url
    assert ("launch_buttons" in options, "use_repository_button" in options) == (bool(url), bool(url))


def test_the_address_stands_in_one_place():
    generated = [links.MARKED.sub("", text(page)) for page in PAGES]
    others = [path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")]
    assert not [part for part in generated + others if repositories(part)]
    assert text("pyproject.toml").count("https://github.com/") == bool(links.address())


def test_links_follow_the_address(monkeypatch):
    monkeypatch.setattr(links, "address", lambda: "https://github.com/someone/some-course")
    lesson = "04_attention"
    opens = links.binder(lesson)
    assert "/gh/someone/some-course/main?urlpath=lab/tree/notebooks/04_attention.ipynb" in opens
    assert links.colab(lesson).endswith("github/someone/some-course/blob/main/notebooks/04_attention.ipynb")
    assert "repo=https://github.com/someone/some-course&" in unquote(links.puller(lesson))
    assert "urlpath=lab/tree/some-course/notebooks/04_attention.ipynb" in unquote(links.puller(lesson))
    assert links.site() == "https://someone.github.io/some-course/"


class Shell:
    """Notes what a cell asks IPython for."""

    def __init__(self):
        self.asked = []

    def run_line_magic(self, name, line):
        self.asked.append((name, line))


def test_the_cell_for_colab_installs_the_course_there_and_does_nothing_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(links, "address", lambda: URL)
    shell, cell = Shell(), tmp_path / "cell.py"
    cell.write_text("\n".join(links.colab_cell()), encoding="utf-8")
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    runpy.run_path(cell, {"get_ipython": lambda: shell})
    assert shell.asked == []
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    runpy.run_path(cell, {"get_ipython": lambda: shell})
    ((magic, line),) = shell.asked
    assert magic == "pip"
    install, quiet, what = shlex.split(line)
    assert (install, quiet) == ("install", "-q")
    wanted = Requirement(what)
    assert (wanted.name, wanted.url) == (PROJECT["name"], f"git+{URL}")
    # What else Colab has, in versions of its own, is left alone.
    assert wanted.extras == {"colab"}
    assert [Requirement(text).name for text in PROJECT["optional-dependencies"]["colab"]] == ["anywidget"]


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_every_notebook_has_that_cell_and_make_links_leaves_it_alone(path, tmp_path):
    (tmp_path / path.name).write_bytes(path.read_bytes())
    links.write_colab_cell(tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes(), "run `make links`"


def test_make_links_puts_a_new_address_into_that_cell_and_changes_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "04_attention.ipynb"
    path.write_bytes((ROOT / f"notebooks/{path.name}").read_bytes())
    before = json.loads(path.read_text(encoding="utf-8"))["cells"]
    monkeypatch.setattr(links, "address", lambda: "https://github.com/someone/some-course")
    links.write_colab_cell(path)
    after = json.loads(path.read_text(encoding="utf-8"))["cells"]
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [cell["id"] for cell in changed] == ["colab"]
    assert "git+https://github.com/someone/some-course'" in "".join(changed[0]["source"])


@pytest.mark.parametrize(
    "name, first", [("04_attention", "# 4 · Attention"), ("98_new", "**Time** about 30 minutes.")]
)
def test_a_lesson_without_its_time_or_its_line_is_named(name, first, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    notebook = {"cells": [{"source": [first]}]}
    (tmp_path / f"notebooks/{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setattr(links, "ROOT", tmp_path)
    with pytest.raises(
        SystemExit,
        match=f"^{name}.ipynb: its first cell says no .*, or course_lib/lessons.py does not name it$",
    ):
        links.lessons()


def test_the_table_names_every_lesson_with_its_time():
    table = "\n".join(made()["lessons"])
    for name, time in links.lessons().items():
        row = next(row for row in table.splitlines() if f"(notebooks/{name}.ipynb)" in row)
        assert f"| {time} |" in row and "minutes" not in row


def test_the_code_of_the_readme_runs():
    (code,) = re.findall(r"```python\n(.*?)```", text("README.md"), re.DOTALL)
    names = {}
    exec(code, names)  # noqa: S102
    assert names["output"].shape == (3, 4) and names["weights"].shape == (3, 3)


def test_a_lesson_ends_with_links_to_its_neighbours():
    for before, name, after in zip(NAMES, NAMES[1:], [*NAMES[2:], None], strict=False):
        cells = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        linked = re.findall(r"\]\((\w+)\.ipynb\)", "".join(cells[-1]["source"]).splitlines()[-1])
        assert linked == [before, *filter(None, [after]), NAMES[0]], (
            f"Back, Next and Map at the end of {name}"
        )


@pytest.mark.parametrize("path", companions(), ids=lambda path: path.stem)
def test_a_lesson_and_its_companion_link_each_other(path):
    lesson = COMPANIONS[path.stem]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    linked = re.findall(r"\]\((\S+)\.ipynb\)", "".join(cells[-1]["source"]).splitlines()[-1])
    assert linked == [f"../{name}" for name in (lesson, NAMES[-1], NAMES[0])], (
        "Lesson, All claims and Map at its end"
    )
    assert f"(checked/{path.name})" in (ROOT / f"notebooks/{lesson}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(page):
    targets = [target for target in TARGET.findall(text(page)) if "://" not in target]
    assert not [
        target for target in targets if not ((ROOT / page).parent / target.partition("#")[0]).exists()
    ]


def test_the_front_door_is_short_and_its_picture_small():
    assert len(links.MARKED.sub("", text("README.md")).splitlines()) <= 117  # and what is generated
    pictures = re.findall(r'(?:src|srcset)="(docs/[^"]+)"', text("README.md"))
    assert sorted(pictures) == [
        f"docs/picture{part}" for part in ("-dark.png", "-dark.webp", "-light.webp", ".png")
    ]
    for name in pictures:
        assert (ROOT / name).stat().st_size <= 400_000


def test_the_citation_agrees_with_the_package():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation.get("repository-code", "") == links.address()
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["abstract"] == PROJECT["description"]
    assert f"## {PROJECT['version']}" in text("CHANGELOG.md")


@pytest.mark.parametrize("theme", picture.THEMES)
def test_the_moving_picture_is_that_of_lesson_04(theme):
    moving = Image.open(ROOT / f"docs/picture-{theme}.webp")
    assert moving.info["xmp"].decode() == picture.made_from(), "run `make picture`"
    assert moving.is_animated and moving.n_frames > len(picture.STORY) and moving.info["loop"] == 0
    for frame in (0, moving.n_frames // 2, moving.n_frames - 1):
        moving.seek(frame)
        shown = moving.convert("RGB")
        assert "#{:02x}{:02x}{:02x}".format(*shown.getpixel((3, 3))) == picture.THEMES[theme]["paper"]
        assert len(shown.getcolors(1 << 20)) > 50  # words and arrows, not an empty card


def test_the_moving_picture_comes_to_water_in_the_first_sentence_and_to_money_in_the_second():
    words = stored(*picture.LESSON)["state"]["words"]
    steps = [number for what, number, _ in picture.STORY if what == "step"]
    assert (
        [sentence[-1] for sentence in words] == ["bank", "bank"] and "swam" in words[0] and "cash" in words[1]
    )
    assert steps == list(range(2 * len(words[0]) + 5))  # all of them, none left out
    assert [number for what, number, _ in picture.STORY if what == "sentence"] == [1, 0]


def test_an_old_moving_picture_is_noticed(monkeypatch):
    now = picture.made_from()
    live = stored(*picture.LESSON)
    live["state"]["words"][0][1] = "dived"
    monkeypatch.setattr(picture, "stored", lambda *place: live)
    assert picture.made_from() != now
    monkeypatch.undo()
    monkeypatch.setattr(picture, "STORY", picture.STORY[1:])
    assert picture.made_from() != now
