"""The parts of `make site` that need no Sphinx: what is collected, the pages of live pictures, and the check of links."""

import json
import re
import runpy
import struct

import pytest
import yaml

from course_lib.lessons import COMPANIONS, NAMES
from course_lib.widgets.sources import STATE
from tools import links, share
from tools.links import ROOT
from tools.site import notebooks as nb
from tools.site import pages
from tools.site.__main__ import EXTRAS, LESSON_LINK
from tools.site.dead import Links, dead


def test_pictures_are_described_by_the_words_stored_with_them():
    output = {
        "output_type": "execute_result",
        "data": {"image/png": "x", "text/plain": ["Heat map,\n", ' "a"']},
    }
    notebook = {"cells": [{"metadata": {"tags": ["a"]}, "outputs": [output]}, {"metadata": {}}]}
    first, second = nb.with_described_pictures(notebook)["cells"]
    assert first["metadata"] == {"tags": ["a"], "mystnb": {"image": {"alt": "Heat map, ”a”"}}}
    assert second["metadata"] == {}


def test_links_in_outputs_lead_to_pages():
    change = lambda text: LESSON_LINK.sub(r"\1\3.html", text)
    assert change("<a href='04_attention.ipynb'>") == "<a href='04_attention.html'>"
    assert change('<a href="04_attention.ipynb#scores">') == '<a href="04_attention.html#scores">'
    binder = '<a href="https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/notebooks/04_attention.ipynb">'
    assert change(binder) == binder
    lite = '<a href="../lite/lab/index.html?path=04_attention.ipynb">'
    assert change(lite) == lite


def test_a_code_cell_can_be_linked_to_as_in_jupyterlab():
    cells = [
        {"cell_type": "code", "id": "a-b", "metadata": {"tags": ["do"]}},
        {"cell_type": "markdown", "metadata": {}},
    ]
    first, second = nb.with_named_cells({"cells": cells})["cells"]
    assert first["metadata"] == {"tags": ["do", "at-a-b"]} and second["metadata"] == {}
    page = '<div class="cell tag_do tag_at-a-b docutils container">'
    assert (
        nb.ids_as_places(page) == '<div id="cell-id=a-b" class="cell tag_do tag_at-a-b docutils container">'
    )
    assert "cell-id=a-b" in Links(nb.ids_as_places(page)).places
    change = lambda text: LESSON_LINK.sub(r"\1\3.html", text)
    assert (
        change("<a href='checked/04_attention_checked.ipynb#cell-id=a-b'>")
        == "<a href='checked/04_attention_checked.html#cell-id=a-b'>"
    )


def test_the_front_page_has_no_pictures_from_elsewhere():
    assert pages.BUTTON.sub(r"[\1]", "[![Read](https://a/b.svg)](https://c)") == "[Read](https://c)"


def test_every_page_the_readme_links_is_on_the_site():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s:]+)\)", text)}
    assert {target for target in targets if not target.endswith(".ipynb")} <= {
        *pages.ABOUT,
        *pages.TEACHING,
        *pages.FILES,
        "docs/glossary.md",
    } | {
        path.relative_to(ROOT).as_posix()
        for one in ("picture*", "teaching/*")
        for path in (ROOT / "docs").glob(one)
    }


def lesson(name):
    return json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))


def test_every_kind_of_live_picture_has_a_page_of_its_own():
    pictures = nb.pictures()
    assert len({one["page"] for one in pictures}) == len({one["title"] for one in pictures}) == len(pictures)
    for one in pictures:
        output = nb.stored(one, {one["lesson"]: lesson(one["lesson"])})
        assert output["metadata"][STATE]["widget"] == one["widget"]
        assert nb.still(output).startswith(b"\x89PNG")
        assert 40 < len(one["says"]) < 160 and one["says"].endswith(".") and len(one["try"]) >= 2


def test_the_picture_for_sharing_shows_what_the_lesson_says():
    weights = share.weights()
    assert weights.sum(axis=1).round(9).tolist() == [1] * 6
    assert weights[5].round(3).tolist() == [0.032, 0.435, 0.032, 0.032, 0.032, 0.435]


def test_a_picture_that_no_lesson_holds_is_named():
    with pytest.raises(LookupError, match="04_attention holds no Nothing"):
        nb.stored({"lesson": "04_attention", "widget": "Nothing"}, {"04_attention": lesson("04_attention")})
    with pytest.raises(LookupError):
        nb.stored(
            {**nb.pictures()[1], "cell": "gone"},
            {nb.pictures()[1]["lesson"]: lesson(nb.pictures()[1]["lesson"])},
        )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What is collected, in a folder of its own."""
    folder, patch = tmp_path_factory.mktemp("site") / "source", pytest.MonkeyPatch()
    patch.setattr(pages, "SOURCE", folder)
    pages.collect()
    yield folder
    patch.undo()


def test_lessons_companions_and_pictures_are_collected_with_their_states(source):
    names = {path.stem for path in source.glob("notebooks/*.ipynb")} | {
        path.stem for path in source.glob("notebooks/checked/*.ipynb")
    }
    assert {*NAMES} <= names and {path.stem for path in ROOT.glob("notebooks/checked/*.ipynb")} <= names
    assert names <= {*NAMES, *COMPANIONS}
    for one in nb.pictures():
        page = (source / f"play/{one['page']}.ipynb").read_text(encoding="utf-8")
        assert "gbh-state" in page and f"../notebooks/{one['lesson']}.ipynb" in page and one["title"] in page
        assert (source / f"play/{one['page']}.png").exists()
    front = json.loads((source / "index.ipynb").read_text(encoding="utf-8"))
    assert "gbh-state" in json.dumps(front["cells"][1]) and "og:description" in front["metadata"]
    assert not re.search(
        r"<!-- here: ", "".join(path.read_text(encoding="utf-8") for path in source.glob("*.*p*nb"))
    )


def test_the_menu_has_lessons_first_and_the_rest_folded(source):
    text = json.loads((source / "index.ipynb").read_text(encoding="utf-8"))["cells"][2]["source"]
    menu = "".join(re.findall(r"(?s)```\{toctree\}.*?```", text))
    places = [
        menu.index(part) for part in ("play", "glossary", *NAMES, "checked", "teach", "library", "about")
    ]
    assert places == sorted(places) and "reference/" not in menu and "notebooks/checked" not in menu
    assert "reference/course_lib/index" in (source / "library.md").read_text(encoding="utf-8")


def test_a_lesson_links_to_what_has_been_built_and_to_nothing_else(tmp_path):
    assert not any(
        "lite" in link or "slides" in link or "worksheets" in link
        for link in pages.extras("04_attention", tmp_path).values()
    )
    answers = "worksheets/04_attention" + "_answers.pdf"
    for file in (
        "lite/files/04_attention.ipynb",
        "slides/04_attention.html",
        "worksheets/04_attention.pdf",
        answers,
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    links = pages.extras("04_attention", tmp_path)
    assert links["Run this lesson here"] == "lite/lab/index.html?path=04_attention.ipynb"
    assert {
        "slides/04_attention.html",
        "worksheets/04_attention.pdf",
        answers,
    } < set(links.values())


def test_the_picture_for_sharing_has_the_size_that_such_places_ask_for():
    picture = (ROOT / "docs/site/_static/share.png").read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (1200, 630) and len(picture) < 300_000


DEAD = {
    '<a href="nowhere.html">x</a>': "page.html: nowhere.html does not exist",
    '<a href="other.html#nothing">x</a>': "page.html: other.html#nothing has no such place",
    '<a href="#nothing">x</a>': "page.html: #nothing has no such place",
    '<img alt="a" src="gone.png">': "page.html: gone.png does not exist",
    '<script src="https://cdn.example/x.js"></script>': "page.html: loads https://cdn.example/x.js from elsewhere",
    '<link rel="stylesheet" href="//fonts.example/x.css">': "page.html: loads //fonts.example/x.css from elsewhere",
    '<img src="data:image/png;base64,AAAA">': "page.html: 1 pictures have no description",
}


def test_links_to_notebooks_of_the_browser_and_to_the_public_address_are_followed(tmp_path):
    (tmp_path / "lite/lab").mkdir(parents=True)
    (tmp_path / "lite/files").mkdir()
    (tmp_path / "lite/lab/index.html").write_text('<a href="not/ours">', encoding="utf-8")
    (tmp_path / "lite/files/a.ipynb").touch()
    home = [("https://a.example/site/", tmp_path), ("https://code.example/blob/main/", tmp_path / "lite")]
    good = [
        '<a href="lite/lab/index.html?path=a.ipynb">x</a>', '<a href="https://a.example/site/lite/lab/index.html?path=a.ipynb">x</a>',
        '<a href="https://code.example/blob/main/files/a.ipynb">x</a>', '<meta property="og:image" content="https://a.example/site/lite/files/a.ipynb">',
    ]  # fmt: skip
    bad = [line.replace("a.ipynb", "b.ipynb") for line in good] + [
        '<meta property="og:image" content="/lite/gone.png">'
    ]
    (tmp_path / "page.html").write_text("".join(good), encoding="utf-8")
    assert list(dead(tmp_path, home)) == []
    (tmp_path / "page.html").write_text("".join(bad), encoding="utf-8")
    assert len(list(dead(tmp_path, home))) == 5


@pytest.mark.parametrize("html", DEAD)
def test_what_is_dead_is_named(html, tmp_path):
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    (tmp_path / "other.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    assert list(dead(tmp_path)) == [DEAD[html]]


def test_what_is_alive_is_left_alone(tmp_path):
    html = '<a href="a%20b/#there">x</a> <a href="https://example.org/x">x</a> <a href="mailto:a@b">x</a> <p id="p"><a href="#p">x</a>'
    (tmp_path / "a b").mkdir()
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    (tmp_path / "a b" / "index.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    assert list(dead(tmp_path)) == []


def test_the_workflows_run_what_the_readme_names():
    tests, published, outside = (
        yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
        for name in ("tests", "pages", "outside")
    )
    job = tests["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]} == {
        "ubuntu",
        "macos",
        "windows",
    }
    runs = [step.get("run", "") for step in job["steps"] + published["jobs"]["build"]["steps"]]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for run in [*runs, outside["jobs"]["ask"]["steps"][-1]["run"]]:
        if run.startswith("make "):
            assert f"\n{run.split()[1]}:" in makefile
    # Each step that Linux alone can take says so, and the pages are looked at before they are published.
    assert {step["if"] for step in job["steps"] if "sudo" in step.get("run", "")} == {"runner.os == 'Linux'"}
    steps = [step.get("run", step.get("uses")) for step in published["jobs"]["build"]["steps"]]
    (look,) = [n for n, step in enumerate(steps) if "tests.browser.accessible build/site" in step]
    assert steps.index("make site PYTHON=python") < look < len(steps) - 1
    # What the pages link to is built before them.
    built = [steps.index(f"make {name} PYTHON=python") for name in (*EXTRAS, "site")]
    assert max(built) == built[-1]
    # Windows runs the commands of `make test` themselves.
    recipe = re.search(r"(?m)^test: venv\n((?:\t.+\n)+)", makefile)[1]
    for line in recipe.splitlines():
        assert line.strip().replace("$(PY)", "python").removesuffix(" $(ARGS)") in "\n".join(runs)
    assert set(published["jobs"]["publish"]["permissions"]) == {"pages", "id-token"}
    # What others have taken away fails no change of ours.
    assert set(outside[True]) == {"schedule", "workflow_dispatch"}  # YAML's `on` is True
    (weekly,) = outside[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", weekly["cron"])


def test_only_what_starts_a_machine_or_answers_anything_is_not_asked(monkeypatch):
    for name in ("COURSE_LIB", "COURSE_SITE", "COURSE_ADDRESS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("tools.links.slug", lambda: "owner/name")
    ignored = runpy.run_path(str(ROOT / "docs/site/conf.py"))["linkcheck_ignore"]
    asked = [links.site(), "https://arxiv.org/abs/1706.03762", "https://github.com/owner/name"]
    for link in (links.binder("04_attention"), links.colab("04_attention"), *asked):
        assert any(re.match(pattern, link) for pattern in ignored) == (link not in asked), link
