"""Live pictures on a web page: from a file, without a kernel, without a network."""

import base64
import json

import pytest

from course_lib import widgets
from course_lib.widgets import LIVE
from course_lib.widgets.live import Live
from course_lib.widgets.sources import MODELS, STATE, page_element, page_scripts, style
from tests.browser.accessible import in_every_setting
from tests.browser.alive import answers_keys, answers_mouse, opened, problems
from tests.notebooks.lessons import lessons
from tests.notebooks.live_state import states
from tests.widgets.examples import example
from tools.links import ROOT

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Live pictures</title>
<style>html[data-theme=dark] body {{ background: #121212; color: #eee }} body {{ margin: 8px }} {style}</style>
<script src="live.js" defer></script><main><h1>Live pictures</h1>{pictures}</main></html>"""


def page_of(folder, *lives):
    """A page as `make site` makes them: of each picture its PNG and, in the element after it, its state."""
    png = base64.b64encode(example("MatmulExplorer")._picture._repr_png_()).decode()
    pictures = "".join(
        f'<div class="cell_output"><img alt="A picture." src="data:image/png;base64,{png}" style="max-width: 100%">'
        f'<div class="output text_html">{page_element(live)}</div></div>'
        for live in lives
    )
    path = folder / "page.html"
    path.write_text(PAGE.format(style=style(), pictures=pictures), encoding="utf-8")
    for name, script in page_scripts().items():
        (folder / name).write_text(script, encoding="utf-8")
    return path


@pytest.fixture
def show(chromium, tmp_path):
    """show(*lives) opens a page of them and gives it with its errors."""
    pages = []

    def make(*lives):
        page, errors = opened(chromium, page_of(tmp_path, *lives))
        pages.append(page)
        return page, errors

    yield make
    for page in pages:
        page.context.close()


@pytest.mark.parametrize("name", LIVE)
def test_a_picture_lives_on_a_page(name, show):
    page, errors = show(example(name).stored())
    assert page.locator(".gbh").count() == 1 and not page.locator("img").is_visible()
    assert list(problems(page)) == [] and errors == []


def test_all_pictures_on_one_page_can_be_read_by_everybody(show):
    page, errors = show(*(example(name).stored() for name in LIVE))
    assert page.locator(".gbh").count() == len(LIVE)
    assert list(in_every_setting(page)) == [] and errors == []


def test_a_picture_that_cannot_live_stays_a_picture_and_the_others_live(show):
    broken = {"widget": "MatmulExplorer", "state": {}}
    page, errors = show(broken, {"widget": "Unknown", "state": {}}, example("MatmulExplorer").stored())
    assert page.locator(".gbh").count() == 1
    assert [image.is_visible() for image in page.locator("img").all()] == [True, True, False]
    assert len(errors) == 2 and any("MatmulExplorer stays a picture" in error for error in errors)
    assert "3 live pictures are stored and 1 live" in list(problems(page))


def test_without_scripts_the_picture_is_there(chromium, tmp_path):
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(page_of(tmp_path, example("MatmulExplorer").stored()).as_uri())
    assert page.locator("img").is_visible()
    page.context.close()


def test_a_picture_that_is_dead_is_noticed(show):
    page, _ = show(example("SoftmaxTemperature").stored())
    page.evaluate(
        "document.querySelectorAll('.gbh').forEach(view => { view.replaceWith(view.cloneNode(true)); })"
    )
    view = page.locator(".gbh")
    page.evaluate("document.querySelectorAll('.gbh input').forEach(input => { input.disabled = true; })")
    assert not answers_keys(page, view)
    page.evaluate("document.querySelectorAll('.gbh input').forEach(input => { input.remove(); })")
    assert not answers_mouse(page, view)


def test_what_stands_in_a_picture_is_data(show):
    nasty = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = 1"><!--'
    live = example("AttentionView").stored()
    live["state"] |= {"query_labels": [nasty, *"bcd"], "key_labels": [nasty, *"bcd"]}
    page, errors = show(live)
    assert page.title() == "Live pictures" and errors == []
    assert page.locator(".gbh").get_by_text(nasty, exact=True).count() >= 2


def test_the_scripts_are_small_and_classic():
    scripts = page_scripts()
    models = {f"{name}.js" for name in MODELS}
    assert {"live.js", "gpt_view.js", *models} < set(scripts)
    largest = max(len(text.encode()) for name, text in scripts.items() if name not in {"live.js", *models})
    assert len(scripts["live.js"].encode()) + largest <= 60_000
    lines = [line for text in scripts.values() for line in text.splitlines()]
    assert not any(line.startswith(("import ", "export ")) for line in lines)


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_the_scripts_that_a_lesson_loads_are_small(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kinds = {live["widget"] for cell in cells for live in states(cell.get("outputs", []))}
    loaded = {"live.js"} | {f"{getattr(widgets, kind).__module__.rpartition('.')[2]}.js" for kind in kinds}
    assert sum(len(page_scripts()[name].encode()) for name in loaded) <= 120_000


def test_a_page_loads_what_its_pictures_need_and_a_model_once(show):
    page, errors = show(example("GPTView").stored(), example("GPTView").stored())
    loads = page.locator("head script[src]").evaluate_all(
        "all => all.map(script => script.src.split('/').at(-1))"
    )
    assert sorted(loads) == ["gpt_view.js", "live.js", "trained_gpt.js"] and errors == []
    assert page.locator(".gbh-way").count() == 2


def test_a_long_text_that_is_unfolded_is_no_wider_than_a_phone(show):
    live = example("GPTView").stored()
    parts = ["start", "look.0", "think.0", "look.1", "think.1", "end"]
    live["state"] |= {"text": "the dogs ( from the farm ) are hungry . " * 4, "unfolded": parts}
    page, errors = show(live)
    assert page.locator(".gbh-way-words > span").count() == 32
    assert list(problems(page)) == [] and errors == []


def test_who_wants_no_motion_gets_a_sentence_at_once(show):
    page, errors = show(example("GPTView").stored())
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Write a sentence").click()
    words = page.locator(".gbh-way-words > span").all_inner_texts()
    assert words[-1] == "<end>" or len(words) == 32
    assert page.get_by_role("button", name="Write a sentence").is_visible() and errors == []


def test_a_model_that_cannot_be_loaded_leaves_the_picture(chromium, tmp_path):
    path = page_of(tmp_path, example("GPTView").stored(), example("MatmulExplorer").stored())
    (tmp_path / "trained_gpt.js").unlink()
    page, errors = opened(chromium, path)
    assert [image.is_visible() for image in page.locator("img").all()] == [True, False]
    assert any("trained_gpt.js cannot be loaded" in error for error in errors)
    page.context.close()


def test_a_state_is_what_the_widget_sends(tmp_path):
    for name in LIVE:
        widget = example(name)
        assert isinstance(widget, Live)
        data, metadata = widget._repr_mimebundle_()
        assert metadata[STATE] == widget.stored() and STATE not in data
        sent = {
            trait: value for trait, value in widget.get_state().items() if trait in metadata[STATE]["state"]
        }
        stored = metadata[STATE]["state"]
        assert metadata[STATE]["widget"] == name and stored.keys() == sent.keys()
        for trait, value in stored.items():
            is_array = isinstance(value, dict)
            assert (base64.b64decode(value["float32"]) if is_array else value) == sent[trait], trait


def test_a_wide_figure_is_scrolled_on_a_phone_before_it_is_too_small(chromium, tmp_path):
    wide, small = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='300'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='300'/>",
    )
    figures = "".join(
        f'<div class="cell_output"><img alt="A figure." src="data:image/svg+xml,{text}"></div>'
        for text in (wide, small)
    )
    static = ROOT / "docs/site/_static"
    text = f"""<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Figures</title>
        <style>{(static / "site.css").read_text()} .bd-article img {{ max-width: 100%; }}</style>
        <main class="bd-article">{figures}</main><script>{(static / "site.js").read_text()}</script></html>"""
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = chromium.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.locator(".gbh-wide").wait_for()
    assert [figure.bounding_box()["width"] for figure in page.locator("img").all()] == [580, 300]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.cell_output').scrollLeft > 0")
    page.context.close()


def test_a_training_still_to_come_says_what_it_needs(show):
    whole, begun = example("WatchTraining").stored(), example("WatchTraining").stored()
    begun["state"] |= {name: begun["state"][name][:1] for name in ("looks", "texts")}
    page, errors = show(whole, begun)
    first, second = page.locator(".gbh-try").all_inner_texts()
    assert "Let it play" in first and "needs the notebook and its kernel" in second and errors == []
