"""The widgets in JupyterLab, in a real browser: mouse, keyboard, two views of one model, light and dark."""

import io
import math
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from course_lib.widgets import LIVE
from course_lib.widgets.palette import LIGHT
from tests.browser.chromium import eventually
from tests.browser.notebooks import opened
from tests.browser.run_lesson import SETTLED
from tests.browser.test_render import CONTRAST
from tests.widgets.examples import EXAMPLES, START, control

CELLS = {
    "start": START,
    **{name: one.code for name, one in EXAMPLES.items()},
    "AttentionView": EXAMPLES["AttentionView"].code.replace("AttentionView(", "attention = AttentionView(") + "\nattention",
    "again": "attention",
    "cross": "AttentionView(['de', 'nada'], [[0.5, 0.5, 0], [0.1, 0.2, 0.7]], keys=['You', 'are', 'welcome'])",
    "train": "DecisionBoundary([[1.1, -0.9], [-0.8, 1.2]], [0.1, 0.05], [0.9, 1.1], -0.2)",
    "crowd": "EmbeddingMap([f'a warm word {i}' for i in range(30)], numbers(30, 2) ** 3)",
    "watch": (
        "weights = np.exp(numbers(99, 2, 3, 3)) * np.tri(3)\n"
        "looks = ((f'text {n}', look / look.sum(axis=-1, keepdims=True)) for n, look in enumerate(weights))\n"
        "floors, heads = {'blind guess': 3.0, 'floor': 1.0}, ['first', 'second']\n"
        "watch = WatchTraining(20, lambda: next(looks), ['You', 'are', 'welcome'], floors, heads)\nwatch"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    with opened(chromium, tmp_path_factory.mktemp("lab"), CELLS.values()) as (page, problems):
        yield page, problems


@pytest.fixture
def show(lab):
    """show("SoftmaxTemperature") gives the widget in the cell of that name, in sight and without the focus."""
    page, _ = lab

    def find(name):
        cell = page.locator(".jp-CodeCell").nth(list(CELLS).index(name))
        widget = cell.locator(".gbh")
        widget.scroll_into_view_if_needed()
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
        return widget

    return find


def cells(widget):
    return widget.locator("[data-cell]")


def says(widget):
    return widget.locator(".gbh-says").inner_text()


def slider(widget, label):
    return widget.get_by_label(label, exact=True)


def test_every_widget_is_there_and_nothing_went_wrong(lab, show):
    _, problems = lab
    assert problems == []
    for name in list(CELLS)[1:]:
        expect(show(name)).to_have_count(1)


@pytest.mark.parametrize("name", LIVE)
def test_the_control_that_the_bench_moves_is_there(name, show):
    expect(control(show(name), name)).to_have_count(1)


# What the heat map shows, read off its pixels: of each cell [its number, "" without one; its colour, [red, green, blue]].
# The number is the one that, drawn in the middle of an empty cell of that colour, gives the very same pixels.
READ = """widget => {
    const sheet = widget.querySelector("canvas[aria-hidden]"), from = sheet.getContext("2d");
    const origin = sheet.getBoundingClientRect(), px = x => Math.round(x * devicePixelRatio);
    const numbers = Array.from({length: 101}, (_, i) => (i / 100).toFixed(2));
    const scratch = new OffscreenCanvas(sheet.width, sheet.height).getContext("2d", {willReadFrequently: true});
    const draw = (text, colour, ink, width, height) => {
        scratch.fillStyle = `rgb(${colour})`;
        scratch.fillRect(0, 0, width, height);
        Object.assign(scratch, {fillStyle: ink, font: from.font, textAlign: "center", textBaseline: "middle"});
        scratch.fillText(text, width / 2, height / 2);
        return scratch.getImageData(0, 0, width, height).data;
    };
    return [...widget.querySelectorAll("[data-cell]")].map(cell => {
        const box = cell.getBoundingClientRect();
        const [left, right] = [box.left, box.right].map(x => px(x) - px(origin.left));
        const [top, bottom] = [box.top, box.bottom].map(y => px(y) - px(origin.top));
        const pixels = from.getImageData(left, top, right - left, bottom - top).data;
        const colour = [...pixels.slice(0, 3)], same = other => pixels.every((value, i) => value === other[i]);
        const shown = ["", ...numbers].flatMap(text => [[text, "#fff"], [text, "#000"]])
            .find(([text, ink]) => same(draw(text, colour, ink, right - left, bottom - top)));
        if (shown) return [shown[0], colour];
        return [pixels.some(value => value) ? "not a number" : "nothing", colour];
    });
}"""


def numbers(widget):
    """The numbers in the cells of a heat map; "nothing" where the sheet of colours is left open."""
    return [number for number, _ in widget.evaluate(READ)]


def shade(weight):
    """The colour of a weight in the heat maps on a light page, computed a second time."""
    ends = [[int(LIGHT[role][i : i + 2], 16) for i in (1, 3, 5)] for role in ("paper", "ink")]
    return [np.interp(weight, [0, 1], channel) for channel in zip(*ends, strict=True)]


def test_hover_previews_click_locks_escape_unlocks(lab, show):
    page, _ = lab
    widget = show("AttentionView")
    assert "Point at a cell" in says(widget)
    cells(widget).nth(1).hover()
    assert "You → are" in says(widget)
    page.mouse.move(0, 0)
    assert "Point at a cell" in says(widget)
    cells(widget).nth(1).click()
    page.mouse.move(0, 0)
    assert "You → are" in says(widget)
    cells(widget).nth(6).hover()
    assert "You → are" in says(widget)  # locked: hovering elsewhere changes nothing
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    assert "Point at a cell" in says(widget)
    cells(widget).nth(1).click()
    widget.get_by_role("button", name="Unlock").click()
    assert "Point at a cell" in says(widget)


def test_arrow_keys_move_the_cell_and_leave_the_notebook_alone(lab, show):
    page, _ = lab
    widget = show("AttentionView")
    slider(widget, "temperature").focus()
    page.keyboard.press("Shift+Tab")
    for _ in range(9):  # back to the first control, then forward to the grid, as a reader would
        if page.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
        page.keyboard.press("Tab")
    before = page.locator(".jp-Cell.jp-mod-active").evaluate("cell => cell.dataset.windowedListIndex")
    for key in ("PageUp", "Home"):
        page.keyboard.press(key)
    assert "You → You" in says(widget)
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert "welcome → are" in says(widget)
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    assert "welcome → You" in says(widget)  # a locked cell moves with the keys
    page.keyboard.press("Escape")
    after = page.locator(".jp-Cell.jp-mod-active").evaluate("cell => cell.dataset.windowedListIndex")
    assert before == after


def test_masks_scale_temperature_and_heads_change_the_weights(lab, show):
    page, _ = lab
    widget = show("AttentionView")
    masked = widget.locator("[data-cell].masked")
    first = numbers(widget)
    widget.get_by_label("causal mask").check()
    assert masked.count() == 6 and numbers(widget).count("nothing") == 6 and numbers(widget)[0] == "1.00"
    widget.get_by_label("padding mask").check()
    assert masked.count() == 7
    cells(widget).nth(1).hover()
    assert "masked" in says(widget) and "−∞" in says(widget)
    widget.get_by_label("causal mask").uncheck()
    widget.get_by_label("padding mask").uncheck()
    assert masked.count() == 0 and numbers(widget) == first
    widget.get_by_label("divide by √K").uncheck()
    assert numbers(widget) != first
    widget.get_by_label("divide by √K").check()
    temperature = slider(widget, "temperature")
    temperature.focus()
    assert temperature.get_attribute("aria-valuetext") == "1"
    page.keyboard.press("End")
    assert temperature.get_attribute("aria-valuetext") == "∞ (uniform)"
    assert set(numbers(widget)) == {"0.25"}
    page.keyboard.press("Home")
    assert sorted(set(numbers(widget))) == ["0.00", "1.00"]
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert numbers(widget) == first
    widget.get_by_role("button", name="head 1").click()
    assert numbers(widget) != first
    widget.get_by_role("button", name="head 0").click()
    assert numbers(widget) == first


def test_the_heat_map_shows_the_numbers_and_their_colours_at_every_zoom(lab, show):
    page, _ = lab
    widget = show("AttentionView")
    widget.locator("summary").click()
    weights = [float(text) for text in widget.locator("td").all_inner_texts()]
    inspector, sizes = page.context.new_cdp_session(page), []
    for zoom in (2, 1.25, 1):
        size = {"width": int(1300 - 100 * zoom), "height": 1400, "deviceScaleFactor": zoom, "mobile": False}
        inspector.send("Emulation.setDeviceMetricsOverride", size)
        page.wait_for_function("zoom => devicePixelRatio === zoom", arg=zoom)
        written = [f"{weight:.2f}" for weight in weights]
        assert eventually(page, lambda: numbers(widget), written) == written
        seen = widget.evaluate(READ)
        np.testing.assert_allclose([colour for _, colour in seen], [shade(w) for w in weights], atol=1.2)
        sizes.append(widget.locator("canvas[aria-hidden]").evaluate("sheet => sheet.width"))
    inspector.send("Emulation.clearDeviceMetricsOverride")
    np.testing.assert_allclose(np.array(sizes) / sizes[-1], [2, 1.25, 1], rtol=0.02)
    widget.locator("summary").click()


def test_the_chosen_row_is_framed_and_the_others_stay_readable(lab, show):
    page, _ = lab
    widget = show("AttentionView")

    def corner(cell):
        picture = Image.open(io.BytesIO(cells(widget).nth(cell).screenshot())).convert("RGB")
        return picture.getpixel((6, 6))

    paper = [tuple(colour) for _, colour in widget.evaluate(READ)]
    assert eventually(page, lambda: [corner(cell) for cell in range(8)], paper[:8]) == paper[:8]
    cells(widget).nth(1).hover()
    assert "inset" in cells(widget).nth(2).evaluate("cell => getComputedStyle(cell).boxShadow")
    assert corner(6) == paper[6] and corner(2) == paper[2]


def test_a_word_beside_the_lines_is_pointed_at_like_a_cell(lab, show):
    page, _ = lab
    widget = show("AttentionView")
    weights = np.array([float(n) for n in numbers(widget)]).reshape(4, 4)
    widget.locator("[data-query='2']").hover()
    best = ["You", "are", "welcome", "<pad>"][weights[2].argmax()]
    assert f"welcome → {best}" in says(widget)
    widget.locator("[data-key='1']").click()
    page.mouse.move(0, 0)
    assert "welcome → are" in says(widget)
    widget.get_by_role("button", name="Unlock").click()


def test_values_are_weighted_and_added(lab, show):
    widget = show("AttentionView")
    cells(widget).nth(6).click()  # are → welcome
    weights = np.array(
        [float(text) for text in widget.locator(".gbh-values > .cell:not([data-entry])").all_inner_texts()]
    )
    shown = [float(text.replace("−", "-")) for text in widget.locator(".gbh-values > .sum").all_inner_texts()]
    np.testing.assert_allclose(shown, weights @ [[1, 0], [0, 1], [2, -2], [0.5, 0.5]], atol=2e-4)
    widget.locator(".gbh-values > .sum").nth(1).hover()
    assert "Output of are, entry 1:" in says(widget)
    widget.get_by_role("group", name="values and output").focus()
    widget.page.keyboard.press("ArrowLeft")
    assert "Output of are, entry 0:" in says(widget)
    widget.page.keyboard.press("ArrowLeft")
    widget.page.keyboard.press("ArrowRight")
    assert "Output of are, entry 1:" in says(widget)
    widget.get_by_role("button", name="Unlock").click()


NUMBER = r"\(?−?[\d.]+\)?"
EQUAL = re.compile(
    rf"((?:{NUMBER}\s+[·+]\s+)+{NUMBER}|{NUMBER} / \([^)]+\)|{NUMBER} / √\d+)\s+=\s+(−?\d[\d.]*\d|−?\d)(?!\S*\s+[+·])"
)


def worked_out(text):
    """The value of a sum of products, or of a number over a sum in brackets."""
    if "√" in text:
        above, _, below = text.partition("/ √")
        return worked_out(above) / math.sqrt(float(below))
    if "/" in text:
        above, _, below = text.partition("/")
        return worked_out(above) / worked_out(below)
    factors = [[float(x.strip(" ()").replace("−", "-")) for x in term.split("·")] for term in text.split("+")]
    return sum(math.prod(term) for term in factors)


def test_what_stands_beside_an_equals_sign_is_equal(show):
    found = {"·": 0, "/ (": 0, "√": 0}
    for name, act in (("AttentionView", "hover"), ("MatmulExplorer", "hover"), ("AttentionSteps", "click")):
        widget = show(name)
        for cell in cells(widget).all()[: 40 if act == "click" else 4]:
            getattr(cell, act)()
            for left, right in EQUAL.findall(says(widget)):
                value, digits = float(right.replace("−", "-")), len(right.partition(".")[2])
                assert abs(worked_out(left) - value) <= 0.5 * 10**-digits, f"{left} = {right}"
                for sign in found:
                    found[sign] += sign in left
    assert min(found.values()) >= 2


def sheet(widget):
    """The numbers that AttentionSteps has written so far: dict from the name of a row to its texts."""
    return {
        row[0]: row[1:]
        for row in (one.split("\t") for one in widget.locator("tbody").inner_text().splitlines())
    }


def arrives(page, widget, where):
    """Whether the word that asks comes to stand there, as its name in the plane of the values says."""
    return eventually(page, widget.locator("text.own").text_content, where) == where


def test_a_query_meets_the_keys_and_its_output_is_reached_by_the_keyboard_alone(lab, show):
    page, _ = lab
    widget = show("AttentionSteps")
    slider(widget, "step").focus()
    page.keyboard.press("Home")
    assert not any(map(any, sheet(widget).values()))
    widget.get_by_role("button", name="Step").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert "1.5 · 3 + 1.5 · 0 + 0 · 0 = 4.5" in says(widget) and sheet(widget)["q · k"][:3] == [
        "0",
        "4.5",
        "",
    ]
    widget.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    assert sheet(widget)["q · k"][:2] == ["0", ""]
    slider(widget, "step").focus()
    page.keyboard.press("End")
    numbers = sheet(widget)
    assert numbers["weight"] == ["0.0324", "0.4352", "0.0324", "0.0324", "0.0324", "0.4352", "1"]
    assert [numbers[f"· {axis}"][-1] for axis in ("water", "money", "helper")] == [
        "0.6528",
        "0.2176",
        "0.1296",
    ]
    assert "0.4352 · 1 + 0.4352 · 0.5 = 0.6528" in says(widget)
    assert arrives(page, widget, "bank (0.65, 0.22)")
    swam = widget.get_by_role("button", name="swam, change it to took")
    swam.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "took"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert arrives(page, widget, "bank (0.22, 0.65)")
    assert [widget.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed")
            for name in ("we swam across to the bank", "we took cash to the bank")] == ["false", "true"]  # fmt: skip
    asks = slider(widget, "query of")
    asks.select_option("the")
    assert set(sheet(widget)["weight"][:6]) == {"0.1667"}
    asks.select_option("bank")
    widget.get_by_role("button", name="we swam across to the bank").click()
    cells(widget).first.click()
    assert slider(widget, "step").input_value() == "1"


# To the other end of the steps; gives where the word that asks stood before, and where it stands in the same moment.
JUMP = """widget => {
    const name = widget.querySelector("text.own"), slider = widget.querySelector("input[type=range]"), before = name.textContent;
    slider.value = slider.value === slider.max ? 0 : slider.max;
    slider.dispatchEvent(new Event("input"));
    return [before, name.textContent];
}"""


def test_arrows_glide_or_jump_where_nothing_is_to_move_or_the_reader_is_faster(lab, show):
    page, _ = lab
    widget, start, end = show("AttentionSteps"), "bank (0.50, 0.50)", "bank (0.65, 0.22)"
    slider(widget, "step").focus()
    page.keyboard.press("Home")
    assert arrives(page, widget, start)
    # what glided last is long over, by the page's own clock
    page.wait_for_function("over => performance.now() > over", arg=page.evaluate("performance.now()") + 600)
    assert widget.evaluate(JUMP) == [start, start] and arrives(page, widget, end)
    at_once = widget.evaluate(f"widget => [({JUMP})(widget), ({JUMP})(widget), ({JUMP})(widget)]")
    assert [now for _, now in at_once[1:]] == [end, start]  # the first may glide, the others follow at once
    page.emulate_media(reduced_motion="reduce")
    assert widget.evaluate(JUMP) == [start, end] and widget.evaluate(JUMP) == [end, start]
    page.emulate_media(reduced_motion="no-preference")


def test_two_views_of_one_model_stay_in_step_but_each_has_its_own_hover(show):
    second, first = show("again"), show("AttentionView")
    cells(first).nth(5).hover()
    assert "are → are" in says(first) and "Point at a cell" in says(second)
    cells(first).nth(5).click()
    first.get_by_label("causal mask").check()
    assert "are → are" in says(second) and second.get_by_label("causal mask").is_checked()
    assert numbers(second) == numbers(first)
    second.get_by_label("causal mask").uncheck()
    second.get_by_role("button", name="Unlock").click()
    assert not first.get_by_label("causal mask").is_checked()


def test_cross_attention_has_no_future_to_hide_and_hatches_a_weight_of_zero(show):
    widget = show("cross")
    assert cells(widget).count() == 6 and widget.get_by_label("causal mask").count() == 0
    assert widget.locator("[data-cell].masked").count() == 1
    widget.locator("summary").click()
    assert widget.locator("td").all_inner_texts() == [
        "0.5000",
        "0.5000",
        "masked",
        "0.1000",
        "0.2000",
        "0.7000",
    ]


def test_softmax_moves_with_logits_temperature_and_cuts(lab, show):
    page, _ = lab
    widget = show("SoftmaxTemperature")
    shares = widget.locator(".gbh-bars > .gbh-number:last-child, .gbh-bars > .gbh-track + .gbh-number")
    assert shares.all_inner_texts() == ["0.652", "0.240", "0.108"]
    assert "1.585 bits" in says(widget)
    slider(widget, "logit of B").focus()
    page.keyboard.press("End")
    assert shares.nth(1).inner_text() == "1.000"
    widget.get_by_role("button", name="Reset").click()
    assert shares.all_inner_texts() == ["0.652", "0.240", "0.108"]
    slider(widget, "top-k").focus()
    page.keyboard.press("ArrowLeft")
    assert shares.nth(2).inner_text() == "0.108 cut off" and "2 of 3" in says(widget)
    slider(widget, "temperature").focus()
    page.keyboard.press("End")
    assert shares.nth(0).inner_text() == "0.500"
    widget.get_by_role("button", name="Reset").click()


def test_matrix_product_writes_the_sum_out(show):
    widget = show("MatmulExplorer")
    assert "Row 0 of x meets column 0 of W" in says(widget)  # there is always one to read
    cells(widget).nth(2).hover()
    assert "Row 1 of x meets column 0 of W" in says(widget)
    assert "3 · 5 + (−4) · 6 = 15 + (−24) = −9" in re.sub(r"\s+", " ", says(widget))
    assert widget.locator(".used").all_inner_texts() == ["3", "−4", "5", "6"]


def test_merges_are_scrubbed_and_bytes_explained(lab, show):
    page, _ = lab
    widget = show("BPEExplorer")
    chips = widget.locator("[data-cell] > span")
    assert chips.all_inner_texts() == ["s", "low", "␣", "‹C3›", "‹B1›"]
    slider(widget, "merges done").focus()
    page.keyboard.press("Home")
    assert chips.all_inner_texts() == ["s", "l", "o", "w", "␣", "‹C3›", "‹B1›"]
    page.keyboard.press("ArrowRight")
    assert chips.all_inner_texts() == ["s", "lo", "w", "␣", "‹C3›", "‹B1›"]
    cells(widget).nth(4).hover()
    assert "byte C3, a single byte" in says(widget) and "ñ is the 2 bytes C3 B1" in says(widget)
    box = widget.get_by_label("text to encode")
    box.fill("low")
    box.press("Tab")
    page.keyboard.press("End")
    assert chips.all_inner_texts() == ["low"] and "3 characters · 3 bytes · 1 tokens" in widget.inner_text()


def test_a_row_is_normalized_while_it_moves(lab, show):
    page, _ = lab
    widget = show("LayerNormExplorer")
    outputs = widget.locator(".gbh-pair .gbh-number")
    first = outputs.all_inner_texts()
    assert first[::2] == ["−1.225", "1.225", "0.000"] == first[1::2]
    widget.get_by_role("button", name="Add 1").click()
    assert outputs.all_inner_texts() == first and "/ 3 = 3.0000" in says(widget)
    slider(widget, "scale γ 2").focus()
    page.keyboard.press("End")
    assert outputs.all_inner_texts()[2:4] == ["1.225", "6.124"]
    widget.get_by_role("button", name="Reset").click()
    widget.get_by_label("ε inside the root").uncheck()
    assert "σ + ε" in says(widget)


def test_descent_is_stepped_and_scrubbed(lab, show):
    page, _ = lab
    widget = show("DescentExplorer")
    assert "step 0: loss" in says(widget)
    widget.get_by_role("button", name="One step").click()
    assert "SGD, step 1:" in says(widget)
    slider(widget, "step").focus()
    page.keyboard.press("End")
    assert "SGD, step 200:" in says(widget) and "The last step" in says(widget)
    widget.get_by_role("button", name="Adam").click()
    adam = says(widget)
    slider(widget, "learning rate").focus()
    page.keyboard.press("ArrowRight")
    assert "Adam, step 200:" in says(widget) != adam


def test_positions_follow_their_sliders_and_a_click_on_the_table(lab, show):
    page, _ = lab
    widget = show("PositionExplorer")
    assert "At position 10" in says(widget) and "learned" not in widget.inner_text()
    slider(widget, "position t").focus()
    page.keyboard.press("Home")
    assert "sinusoidal 1.000, RoPE 1.000, at random 1.000" in says(widget)
    slider(widget, "pair i").focus()
    page.keyboard.press("Home")
    assert "= 1.0000 radians a position, once round in 6.3 positions" in says(widget)
    before = says(widget)
    width = widget.locator(".gbh-table").bounding_box()["width"]
    widget.locator(".gbh-table").click(position={"x": 0.508 * width, "y": 140})
    assert "Pair 3 turns" in says(widget) != before and "At position 30" in says(widget)
    slider(widget, "base").focus()
    page.keyboard.press("Home")
    assert "Pair 3 turns by 10^(−6/8)" in says(widget)


def test_a_word_shows_its_neighbours_is_locked_and_moved(lab, show):
    page, _ = lab
    widget = show("EmbeddingMap")
    near = widget.locator(".gbh-near", has_text="cosine").locator("> span:not(.head):visible")
    assert near.count() == 0
    widget.locator("[data-word='0'] circle").hover()
    assert near.all_inner_texts()[:2] == ["cat", "0.975"]
    widget.locator("[data-word='0'] circle").click()
    page.mouse.move(0, 0)
    assert "Locked" in says(widget) and near.nth(0).inner_text() == "cat"
    for _ in range(60):  # 60 times 2 % of the map's height, past rice
        page.keyboard.press("ArrowUp")
    assert near.nth(0).inner_text() != "cat" or near.nth(1).inner_text() != "0.975"
    widget.get_by_role("button", name="Put all back").click()
    assert near.all_inner_texts()[:2] == ["cat", "0.975"]
    x, y = (widget.locator("[data-word='0'] circle").bounding_box()[side] + 5 for side in "xy")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y - 150, steps=4)
    page.mouse.up()
    assert near.nth(1).inner_text() != "0.975" and "Locked" in says(widget)
    widget.get_by_role("button", name="Put all back").click()
    widget.get_by_role("button", name="Unlock").click()
    assert "Locked" not in says(widget)


def test_no_word_covers_another(show):
    boxes = (
        show("crowd")
        .locator("[data-word] text")
        .evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"
        )
    )
    left, top, right, bottom = np.transpose(boxes)
    for i, (a, b, c, d) in enumerate(boxes):  # two pixels of a line are its empty margin
        over = (left < c - 1) & (a < right - 1) & (top < d - 2) & (b < bottom - 2)
        assert list(np.flatnonzero(over)) == [i]


def test_a_word_that_moves_towards_h_becomes_likely(lab, show):
    page, _ = lab
    widget = show("EmbeddingMap")
    likely = widget.locator(".gbh-near", has_text="logit").locator("> span:not(.head)")
    p = np.exp([1.9, 1.6, -0.3, -0.8]) / np.exp([1.9, 1.6, -0.3, -0.8]).sum()
    first = [text for word, logit, share in zip(["rice", "soup", "cat", "dog"], ["1.900", "1.600", "−0.300", "−0.800"], p, strict=True)
             for text in (word, logit, f"{share:.3f}")]  # fmt: skip
    assert likely.all_inner_texts() == first
    widget.locator("[data-word='0'] circle").click()
    assert "h · dog = −0.800: probability 0.035, number 4 of 4" in says(widget)
    for _ in range(60):  # up is along h
        page.keyboard.press("ArrowUp")
    assert likely.all_inner_texts()[0] == "dog" and "number 1 of 4" in says(widget)
    widget.get_by_role("button", name="Put all back").click()
    assert likely.all_inner_texts() == first
    widget.get_by_role("button", name="Unlock").click()


def test_the_network_is_xor_until_a_weight_moves(lab, show):
    page, _ = lab
    widget = show("DecisionBoundary")
    assert "This network computes XOR" in says(widget)
    picture = "canvas => canvas.toDataURL()"
    before = widget.locator("canvas").nth(4).evaluate(picture)
    slider(widget, "b").focus()
    page.keyboard.press("End")
    assert "2 of 4 corners right" in says(widget)
    assert widget.locator("canvas").nth(4).evaluate(picture) != before
    widget.get_by_role("button", name="Reset").click()
    assert widget.locator("canvas").nth(4).evaluate(picture) == before


def test_each_shake_starts_from_the_weights_that_were_set(show):
    widget = show("DecisionBoundary")
    values = lambda: [float(dial.input_value()) for dial in widget.locator(".gbh-nine input").all()]
    set_ones = values()
    reach = float(slider(widget, "W₁₁").get_attribute("max"))
    for number in range(1, 31):
        widget.get_by_role("button", name="Shake").click()
        assert max(abs(a - b) for a, b in zip(values(), set_ones, strict=True)) <= 0.1 * reach + 0.05
        assert re.search(rf"survived \d+ of {number} shakes", says(widget))
    widget.get_by_role("button", name="Reset").click()
    assert values() == set_ones and "survived" not in says(widget)


def loss(widget):
    return float(re.search(r"4 [=≈] (\d\.\d{4});", says(widget))[1])


def test_nine_weights_are_trained_step_by_step_and_back(lab, show):
    page, _ = lab
    widget = show("train")
    values = lambda: [
        dial.get_attribute("aria-valuetext") for dial in widget.locator(".gbh-nine input").all()
    ]
    before, first = values(), loss(widget)
    widget.get_by_role("button", name="Step", exact=True).click()
    assert slider(widget, "step").input_value() == "1" and values() != before and loss(widget) < first
    slider(widget, "step").focus()
    page.keyboard.press("End")
    assert loss(widget) < 0.001 and "computes XOR" in says(widget)
    assert widget.get_by_role("button", name="Step", exact=True).get_attribute("aria-disabled") == "true"
    widget.get_by_role("button", name="Shake").click()  # from the trained weights
    assert slider(widget, "step").input_value() == "0" and "of 1 shakes" in says(widget)
    widget.get_by_role("button", name="Reset").click()
    assert values() == before and loss(widget) == first
    slider(widget, "step").fill("40")
    trained = values()
    slider(widget, "learning rate").focus()
    page.keyboard.press("Home")
    # the same steps with another rate
    assert slider(widget, "step").input_value() == "40" and values() != trained
    widget.get_by_role("button", name="Draw at random").click()
    assert (
        all(-1 <= float(value.replace("−", "-")) <= 1 for value in values())
        and slider(widget, "step").input_value() == "0"
    )
    slider(widget, "learning rate").focus()
    page.keyboard.press("ArrowRight")  # as it was at first
    widget.get_by_role("button", name="Reset").click()


def test_a_weight_shows_which_line_of_the_network_it_is(lab, show):
    page, _ = lab
    widget = show("train")
    chosen = widget.locator(".gbh-network .at")
    expect(chosen).to_have_count(0)
    slider(widget, "W₂₁").focus()
    assert chosen.all_text_contents() == ["W₂₁"]
    widths = lambda: [
        float(line.get_attribute("stroke-width")) for line in widget.locator(".gbh-network line").all()
    ]
    page.keyboard.press("End")
    assert max(widths()) == widths()[2]
    assert widget.locator(".gbh-network line").nth(2).get_attribute("class") == "plus"
    page.keyboard.press("Home")
    assert widget.locator(".gbh-network line").nth(2).get_attribute("class") == "minus"
    page.evaluate("document.activeElement.blur()")
    expect(chosen).to_have_count(0)
    widget.get_by_role("button", name="Reset").click()


def test_three_walks_down_a_valley_have_a_rate_each(lab, show):
    page, _ = lab
    widget = show("ValleyExplorer")
    table = lambda: widget.locator(".gbh-valley > .gbh-number:not(.head)").all_inner_texts()
    rates = lambda: table()[::5]
    assert rates() == ["0.08", "0.02", "0.5"] and "multiplies a by 1 − 0.08 · 1 = 0.92" in says(widget)
    widget.get_by_role("button", name="One step").click()
    assert table()[1:3] == ["8.28", "−1.2"] and "goes to −1.2 − 0.08 · (−24) = 0.72." in says(widget)
    slider(widget, "learning rate").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert rates() == ["0.101", "0.02", "0.5"] and "flies apart" in says(widget)
    page.keyboard.press("ArrowLeft")
    assert "it swings for ever" in says(widget)
    widget.get_by_role("button", name="momentum").click()
    assert slider(widget, "learning rate").get_attribute("aria-valuetext") == "0.02, of momentum"
    before = table()
    slider(widget, "momentum μ").focus()
    page.keyboard.press("ArrowLeft")
    slider(widget, "step").focus()
    page.keyboard.press("End")
    assert rates() == before[::5] and table()[9] != before[9]
    assert "The last step" in says(widget)
    slider(widget, "learning rate").focus()
    page.keyboard.press("End")  # whatever the rate, each number is one
    assert not re.search("NaN|Infinity|undefined", widget.inner_text())


@pytest.mark.parametrize(("name", "label"), [("train", "step"), ("ValleyExplorer", "step")])
def test_who_wants_no_motion_is_shown_the_end(name, label, lab, show):
    page, _ = lab
    widget = show(name)
    control = slider(widget, label)
    control.fill("0")
    page.emulate_media(reduced_motion="reduce")
    widget.get_by_role("button", name=re.compile("Train|Play")).click()
    assert control.input_value() == control.get_attribute("max")
    page.emulate_media(reduced_motion="no-preference")
    assert widget.get_by_role("button", name="Pause").count() == 0


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("BPEExplorer", "merges done"),
        ("DescentExplorer", "step"),
        ("PositionExplorer", "position t"),
        ("AttentionSteps", "step"),
        ("ValleyExplorer", "step"),
        ("train", "step"),
    ],
)
def test_a_long_slider_can_be_left_to_run(name, label, lab, show):
    page, _ = lab
    widget = show(name)
    control = slider(widget, label)
    control.focus()
    page.keyboard.press("Home")
    play = widget.get_by_role("button", name=re.compile("Train|Play"))
    play.click()
    page.wait_for_function("slider => Number(slider.value) >= 2", arg=control.element_handle())
    widget.get_by_role("button", name="Pause").click()
    assert play.is_visible()


def test_the_next_merge_that_changes_the_text_is_one_press_away(lab, show):
    page, _ = lab
    widget = show("BPEExplorer")
    widget.get_by_label("text to encode").fill("newest")
    slider(widget, "merges done").focus()
    page.keyboard.press("Home")
    chips = widget.locator("[data-cell] > span")
    seen = [chips.all_inner_texts()]
    step = widget.get_by_role("button", name="Next change")
    while step.get_attribute("aria-disabled") != "true":
        step.click()
        seen.append(chips.all_inner_texts())
        assert seen[-1] != seen[-2] and widget.locator(".fresh").count() > 0
    assert len(seen) > 2


@pytest.fixture
def whole(show):
    """The whole way, with the text that it began with."""
    widget = show("GPTView")
    widget.locator(".gbh-way").wait_for()
    box = widget.get_by_label("text", exact=True)
    box.fill("Anna swam")
    box.fill("Anna swam slowly across to the old bank and looked at the")
    page_words = widget.locator(".gbh-way-words > span")
    expect(page_words).to_have_count(13)
    return widget


def chances(widget):
    """The likeliest words and their probabilities."""
    words = widget.locator(".gbh-take").all_inner_texts()
    shares = widget.locator(".gbh-tokens .gbh-track + .gbh-number").all_inner_texts()
    return {word: float(share.split()[0]) for word, share in zip(words, shares, strict=True)}


def test_the_verb_decides_what_stands_at_the_bank(whole):
    water = {"waves", "boats", "sand", "reeds", "river"}
    assert water == {word for word, p in chances(whole).items() if p > 0.1}
    whole.get_by_label("text", exact=True).fill("Anna walked slowly across to the old bank and looked at the")
    assert water.isdisjoint(word for word, p in chances(whole).items() if p > 0.1)


def test_what_happens_stays_in_sight_on_the_way_down(lab, whole):
    page, _ = lab
    size = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 800})  # lower than the picture
    whole.locator(".gbh-way-row").last.scroll_into_view_if_needed()
    inside = """story => {
        const own = story.getBoundingClientRect(), panel = story.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
        return own.top >= panel.top - 1 && own.bottom <= panel.bottom;
    }"""
    assert whole.locator(".gbh-story").evaluate(inside)
    page.set_viewport_size(size)


def test_a_word_that_the_model_does_not_know_is_named_and_nothing_is_lost(whole):
    before, box = chances(whole), whole.get_by_label("text", exact=True)
    box.fill("Anna swims slowly across to the old bank and looked at the")
    told = whole.locator(".gbh-problem").first.inner_text()
    assert "knows 98 words" in told and "“swims” is none of them" in told
    assert chances(whole) == before and box.input_value().startswith("Anna swims")
    assert whole.locator(".gbh-way-words > span").all_inner_texts()[2] == "swam"
    box.fill("Anna swam slowly across to the old bank and looked at the ")
    assert whole.locator(".gbh-problem").first.inner_text() == "" and chances(whole) == before


def test_a_head_is_switched_off_and_on(lab, whole):
    page, _ = lab
    before = chances(whole)
    whole.get_by_label("block 1, head 0").uncheck()
    without = chances(whole)
    assert without != before
    page.keyboard.press("Space")  # the box has kept the focus
    assert chances(whole) == before


def test_the_way_is_walked_by_keys_and_by_mouse(lab, whole):
    page, _ = lab
    way = whole.get_by_role("application")
    way.focus()
    page.keyboard.press("PageUp")
    assert "A text is cut into tokens" in says(whole) and "place 12" in says(whole)
    page.keyboard.press("ArrowDown")
    assert "becomes 64 numbers" in says(whole)
    page.keyboard.press("ArrowLeft")
    assert "“at” at place 11" in says(whole)
    rows = whole.locator(".gbh-way-row:not([hidden])")
    folded = rows.count()
    page.keyboard.press("Enter")
    assert rows.count() == folded + 2 and page.evaluate("document.activeElement.role") == "application"
    page.keyboard.press("Enter")
    for _ in range(3):
        whole.get_by_role("button", name="Next step").click()
    assert "Head 2 of block 0" in says(whole)
    whole.locator("[data-row='weights.1.0'] .gbh-way-cells").hover(position={"x": 3, "y": 3})
    assert "Head 0 of block 1" in says(whole) and "weight of “<end>” in head 0" in says(whole)
    page.mouse.move(0, 0)
    assert "Head 2 of block 0" in says(whole)
    whole.locator("[data-row='x.1'] .gbh-way-cells").click(position={"x": 3, "y": 3})
    page.mouse.move(0, 0)
    assert "added to the vector of “<end>”" in says(whole)
    whole.get_by_label("which number").focus()
    before = says(whole)
    page.keyboard.press("ArrowRight")
    assert says(whole) != before


def test_everything_unfolds_and_every_number_is_told(whole):
    parts = whole.locator(".gbh-way-part")
    for part in parts.all():
        part.click()
        assert part.get_attribute("aria-expanded") == "true"
    rows = whole.locator(".gbh-way-row")
    assert rows.count() == whole.locator(".gbh-way-row:not([hidden])").count() == 44
    step = whole.get_by_role("button", name="Next step")
    whole.locator("summary").click()
    for _ in range(rows.count()):
        step.click()
        told = says(whole)
        assert len(told) > 30 and not re.search(
            "undefined|NaN|null", told + whole.locator(".gbh-numbers").inner_text()
        )
    whole.locator("summary").click()
    for part in parts.all():
        part.click()


def test_it_writes_on_and_marks_what_was_drawn(lab, whole):
    page, _ = lab
    drawn = whole.locator(".gbh-way-words > .drawn")
    next_word = whole.get_by_role("button", name="Write a word")
    next_word.focus()
    for number in range(1, 4):
        page.keyboard.press("Enter")
        expect(drawn).to_have_count(number)
        assert next_word.evaluate("button => button === document.activeElement")
    back = whole.get_by_role("button", name="Take one back")
    for number in (2, 1, 0):
        back.click()
        expect(drawn).to_have_count(number)
    assert back.get_attribute("aria-disabled") == "true"
    whole.locator(".gbh-take").first.click()
    expect(drawn).to_have_text([whole.locator(".gbh-way-words > span").last.inner_text()])
    sentence = whole.get_by_role("button", name="Write a sentence")
    sentence.click()
    sentence.wait_for()  # again, once the sentence has ended
    assert whole.locator(".gbh-way-words > span").last.inner_text() == "<end>"
    for _ in range(20):
        next_word.click()
    expect(whole.locator(".gbh-way-words > span")).to_have_count(32)
    assert "The model sees the last 32 tokens" in whole.inner_text()


WAITS = """import pathlib, time
from IPython.display import display
display(GPTView(trained, known, small=True))
while not pathlib.Path({!r}).exists():
    time.sleep(0.01)"""
AS_LAST_CELL = """async code => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.length - 1;
    await jupyterapp.commands.execute("notebook:insert-cell-below");
    notebook.activeCell.model.sharedModel.setSource(code);
    jupyterapp.commands.execute("notebook:run-cell");
}"""


def test_the_whole_way_is_there_while_cells_below_still_run(lab, whole, tmp_path):
    page, signal = lab[0], tmp_path / "go on"
    page.evaluate(AS_LAST_CELL, WAITS.format(str(signal)))
    cell = page.locator(".jp-CodeCell").last
    cell.locator(".gbh-way").wait_for()
    assert cell.locator(".jp-InputPrompt").first.inner_text() == "[*]:"
    signal.touch()
    expect(cell.locator(".jp-InputPrompt").first).not_to_have_text("[*]:")
    page.evaluate("jupyterapp.commands.execute('notebook:delete-cell')")


# A training of 20 steps that waits in the middle, so that the kernel is busy, until a file is there.
TRAINS = """import pathlib, time
def losses():
    for step in range(20):
        while step == 9 and not pathlib.Path({!r}).exists():
            time.sleep(0.01)
        yield 1 + 2 / (step + 1)
for _ in watch(losses()):
    pass"""
KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"


def test_a_training_is_watched_while_the_kernel_is_busy_and_played_afterwards(lab, show, tmp_path):
    page, problems = lab
    signal = tmp_path / "go on"
    widget = show("watch")
    look, curve = slider(widget, "look"), widget.locator("polyline").nth(1)
    assert look.get_attribute("aria-valuetext") == "before the first step" and not curve.get_attribute(
        "points"
    )
    assert widget.get_by_role("button", name="Play").get_attribute("aria-disabled") == "true"
    page.evaluate(f"code => {{ {KERNEL}.requestExecute({{code}}); }}", TRAINS.format(str(signal)))
    widget.get_by_text("After step 9 of 20 it writes").wait_for()
    widget.get_by_text("text 9", exact=True).wait_for()
    assert len(curve.get_attribute("points").split()) == 9
    look.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert look.get_attribute("aria-valuetext") == "after step 5 of 20"
    assert look.get_attribute("max") == "9"  # the training waits for the signal, and its cell has not ended
    assert "The last 5 batches cost 1.913 nats each, 0.913 above floor." in widget.inner_text()
    signal.touch()
    page.wait_for_function("slider => slider.max === '20'", arg=look.element_handle())
    assert look.get_attribute("aria-valuetext") == "after step 5 of 20"  # who looks back is left alone
    page.keyboard.press("End")
    assert (
        look.get_attribute("aria-valuetext") == "after step 20 of 20"
        and len(curve.get_attribute("points").split()) == 20
    )
    page.keyboard.press("Home")
    widget.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "slider => slider.getAttribute('aria-valuetext') === 'after step 20 of 20'", arg=look.element_handle()
    )
    widget.get_by_role("button", name="Play").wait_for()
    assert problems == []


def test_a_head_is_chosen_and_a_weight_is_told_as_it_was_and_as_it_is(lab, show):
    page, _ = lab
    widget = show("WatchTraining")
    before = says(widget)
    widget.get_by_role("button", name="second").click()
    assert (
        widget.get_by_role("button", name="second").get_attribute("aria-pressed") == "true"
        and says(widget) != before
    )
    widget.get_by_role("application").focus()
    for key in ("PageDown", "Home"):
        page.keyboard.press(key)
    assert "second: token 3, welcome, looks at" in says(widget) and "welcome → You: " in says(widget)
    page.keyboard.press("PageUp")
    page.keyboard.press("End")
    assert "You → welcome: masked" in says(widget)


def test_whatever_takes_the_focus_keeps_its_keys_from_jupyterlab(lab):
    page, _ = lab
    loose = page.locator(".gbh :is(a, button, input, select, textarea, summary, [tabindex])").evaluate_all(
        "all => all.filter(e => e.dataset.lmSuppressShortcuts !== 'true').map(e => e.outerHTML)"
    )
    assert loose == []


def test_whatever_is_drawn_or_moved_has_a_name(lab):
    page, _ = lab
    nameless = page.locator(".gbh :is(svg, input, button, [role])").evaluate_all(
        "all => all.filter(e => !e.getAttribute('aria-label') && !e.textContent.trim() && e.getAttribute('aria-hidden') !== 'true'"
        " && !e.closest('label')?.textContent.trim()).map(e => e.outerHTML.slice(0, 200))"
    )
    assert nameless == []
    assert page.locator(".gbh [id]").count() == 0


def test_arrow_keys_work_in_notebook_7_too(lab):
    page, _ = lab
    other = page.context.new_page()
    other.goto(page.url.replace("/lab/tree/", "/notebooks/"))
    widgets = [
        other.locator(".jp-CodeCell").nth(list(CELLS).index(n)).locator(".gbh")
        for n in ("AttentionView", "SoftmaxTemperature")
    ]
    for widget in widgets:  # the kernel still has their models
        slider(widget, "temperature").focus()
        before = slider(widget, "temperature").get_attribute("aria-valuetext")
        other.keyboard.press("ArrowLeft")
        assert slider(widget, "temperature").get_attribute("aria-valuetext") == "0.7" != before
        other.keyboard.press("ArrowRight")
    widgets[0].get_by_role("application").focus()
    other.keyboard.press("PageUp")
    other.keyboard.press("Home")
    other.keyboard.press("ArrowDown")
    assert "are → You" in says(widgets[0])
    other.close()


def test_readable_in_light_and_in_dark(lab):
    page, problems = lab
    page.mouse.move(0, 0)
    for theme in ("Light", "Dark", "Light"):
        page.evaluate(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})"
        )
        page.wait_for_function(f"document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
        page.wait_for_function(SETTLED)
        assert eventually(page, lambda: page.locator(".gbh, .gbh *").evaluate_all(CONTRAST), []) == [], theme
        found = Axe().run(page, {"include": [[".gbh"]]}).response["violations"]
        assert [
            (v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")
        ] == []
    assert problems == []
