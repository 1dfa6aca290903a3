"""The parts of `make site` that need no Sphinx: the reference, the descriptions, and the check of links."""

import json
import re

import pytest
import yaml

from tools import site
from tools.links import ROOT


def test_the_reference_has_what_is_public_and_nothing_else():
    page = site.reference(ROOT / "course_lib/in_numpy/attention.py")
    assert page.startswith("# course_lib.in_numpy.attention\n")
    assert "\n## softmax\n\n```python\nsoftmax(x, temperature=1.0, axis=-1)\n```\n" in page
    assert "\n```pycon\n>>> " in page
    assert "\n### " not in page
    assert "## _" not in page and ".__init__" not in page


def test_a_class_shows_its_bases():
    page = site.reference(ROOT / "course_lib/shapes.py")
    assert "class ShapeError(ValueError)" in page


def test_pictures_are_described_by_the_words_stored_with_them():
    output = {
        "output_type": "execute_result",
        "data": {"image/png": "x", "text/plain": ["Heat map,\n", ' "a"']},
    }
    notebook = {"cells": [{"metadata": {"tags": ["a"]}, "outputs": [output]}, {"metadata": {}}]}
    first, second = site.with_described_pictures(notebook)["cells"]
    assert first["metadata"] == {"tags": ["a"], "mystnb": {"image": {"alt": "Heat map, ”a”"}}}
    assert second["metadata"] == {}


def test_links_in_outputs_lead_to_pages():
    change = lambda text: site.LESSON_LINK.sub(r"\1\3.html", text)
    assert change("<a href='04_attention.ipynb'>") == "<a href='04_attention.html'>"
    assert change('<a href="04_attention.ipynb#scores">') == '<a href="04_attention.html#scores">'
    binder = '<a href="https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/notebooks/04_attention.ipynb">'
    assert change(binder) == binder


def test_a_code_cell_can_be_linked_to_as_in_jupyterlab():
    cells = [
        {"cell_type": "code", "id": "a-b", "metadata": {"tags": ["do"]}},
        {"cell_type": "markdown", "metadata": {}},
    ]
    first, second = site.with_named_cells({"cells": cells})["cells"]
    assert first["metadata"] == {"tags": ["do", "at-a-b"]} and second["metadata"] == {}
    page = '<div class="cell tag_do tag_at-a-b docutils container">'
    assert (
        site.with_places(page) == '<div id="cell-id=a-b" class="cell tag_do tag_at-a-b docutils container">'
    )
    assert "cell-id=a-b" in site.Links(site.with_places(page)).places
    change = lambda text: site.LESSON_LINK.sub(r"\1\3.html", text)
    assert (
        change("<a href='checked/98_x_checked.ipynb#cell-id=a-b'>")
        == "<a href='checked/98_x_checked.html#cell-id=a-b'>"
    )


def test_the_front_page_has_no_pictures_from_elsewhere():
    assert site.BUTTON.sub(r"[\1]", "[![Read](https://a/b.svg)](https://c)") == "[Read](https://c)"


def test_every_page_the_readme_links_is_on_the_site():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s:]+)\)", text)}
    assert {target for target in targets if not target.endswith(".ipynb")} <= {*site.PAGES, *site.FILES}


def slug(heading):
    """How a heading is called in a link, on GitHub and by myst_heading_anchors alike."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def markdown(path):
    """The Markdown of a page, or of the text cells of a notebook, without its blocks of code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.sub(r"(?ms)^( *```).*?^\1$", "", text)


def astray(folder):
    """Sentences about links of collected pages to what was not collected, or to headings that are not there."""
    for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.ipynb")]):
        if path.parent.name == "reference":  # docstrings, shown as they are
            continue
        for target in re.findall(r"(?m)(?:\]\(|^\[[^\]]+\]: +)([^)\s:]+)(?=[)\s])", markdown(path)):
            file, _, place = target.partition("#")
            found = (path.parent / file).resolve() if file else path
            if not found.exists():
                yield f"{path.name}: {target} is not on the site"
            elif place and slug(place) not in map(slug, re.findall(r"(?m)^#+ (.+)$", markdown(found))):
                yield f"{path.name}: {target} has no such heading"


def test_every_link_of_a_page_leads_to_what_is_collected(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "SOURCE", tmp_path)
    site.collect()
    assert list(astray(tmp_path)) == []
    guide = (tmp_path / "notebooks/assignments/README.md").read_text(encoding="utf-8")
    assert "(../../index.md#read-it-run-it)" in guide and "README.md#run-it" not in guide


def test_a_link_that_goes_astray_is_named(tmp_path):
    (tmp_path / "index.md").write_text("# Read it, run it\n", encoding="utf-8")
    page = "[a](README.md#run-it) [b](index.md#read-it-run-it) [c](#here) [d](https://a/b)\n[e]: gone/x.md\n```\n[f](no)\n```\n"
    cells = [
        {"cell_type": "markdown", "source": ["[g](../pyproject.toml)"]},
        {"cell_type": "code", "source": "[h](no)"},
    ]
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    (tmp_path / "lesson.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert list(astray(tmp_path)) == [
        "lesson.ipynb: ../pyproject.toml is not on the site",
        "page.md: README.md#run-it is not on the site",
        "page.md: #here has no such heading",
        "page.md: gone/x.md is not on the site",
    ]


@pytest.mark.parametrize(
    ("page", "text", "on_the_site"),
    [
        ("docs/page.md", "[a](../README.md)", "[a](../index.md)"),
        ("docs/page.md", "[a](README.md#b)", "[a](README.md#b)"),  # another README
        ("notebooks/assignments/README.md", "[a](../../README.md#b) c", "[a](../../index.md#b) c"),
        ("CONTRIBUTING.md", "[a]: README.md#b", "[a]: index.md#b"),
        ("CONTRIBUTING.md", "[a](notebooks/assignments/README.md)", "[a](notebooks/assignments/README.md)"),
        ("CONTRIBUTING.md", "[a](https://x/README.md)", "[a](https://x/README.md)"),
        ("README.md", "[a](README.md) and `README.md`", "[a](index.md) and `README.md`"),
    ],
)
def test_links_to_the_readme_lead_to_the_front_page(page, text, on_the_site):
    assert site.led_to_the_front(text, page) == on_the_site


DEAD = {
    '<a href="nowhere.html">x</a>': "page.html: nowhere.html does not exist",
    '<a href="other.html#nothing">x</a>': "page.html: other.html#nothing has no such place",
    '<a href="#nothing">x</a>': "page.html: #nothing has no such place",
    '<img alt="a" src="gone.png">': "page.html: gone.png does not exist",
    '<script src="https://cdn.example/x.js"></script>': "page.html: loads https://cdn.example/x.js from elsewhere",
    '<link rel="stylesheet" href="//fonts.example/x.css">': "page.html: loads //fonts.example/x.css from elsewhere",
    '<img src="data:image/png;base64,AAAA">': "page.html: 1 pictures have no description",
}


@pytest.mark.parametrize("html", DEAD)
def test_what_is_dead_is_named(html, tmp_path):
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    (tmp_path / "other.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    assert list(site.dead(tmp_path)) == [DEAD[html]]


def test_what_is_alive_is_left_alone(tmp_path):
    html = '<a href="a%20b/#there">x</a> <a href="https://example.org/x">x</a> <a href="mailto:a@b">x</a> <p id="p"><a href="#p">x</a>'
    (tmp_path / "a b").mkdir()
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    (tmp_path / "a b" / "index.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    assert list(site.dead(tmp_path)) == []


def test_the_workflows_run_what_the_readme_names():
    tests, pages = (
        yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
        for name in ("tests", "pages")
    )
    job = tests["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]} == {
        "ubuntu",
        "macos",
        "windows",
    }
    runs = [step.get("run", "") for step in job["steps"] + pages["jobs"]["build"]["steps"]]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for run in runs:
        if run.startswith("make "):
            assert f"\n{run.split()[1]}:" in makefile
    # Each step that Linux alone can take says so, and the pages are looked at before they are published.
    assert {step["if"] for step in job["steps"] if "sudo" in step.get("run", "")} == {"runner.os == 'Linux'"}
    steps = [step.get("run", step.get("uses")) for step in pages["jobs"]["build"]["steps"]]
    (look,) = [n for n, step in enumerate(steps) if "tests.browser.accessible build/site" in step]
    assert steps.index("make site PYTHON=python") < look < len(steps) - 1
    # Windows runs the commands of `make test` themselves.
    recipe = re.search(r"(?m)^test: venv\n((?:\t.+\n)+)", makefile)[1]
    for line in recipe.splitlines():
        assert line.strip().replace("$(PY)", "python").removesuffix(" $(ARGS)") in "\n".join(runs)
    assert set(pages["jobs"]["publish"]["permissions"]) == {"pages", "id-token"}
