"""Each widget around a model of our own making: bytes at an offset, several views, and nothing left behind."""

import base64

import pytest

from course_lib.widgets import LIVE, GPTView
from tests.widgets.examples import example

# window.show() renders one more view of a stand-in for anywidget's model and gives its cleanup.
SET_UP = """async ([source, css, state]) => {
    for (const [name, value] of Object.entries(state)) {
        if (value?.bytes === undefined) continue;
        const text = atob(value.bytes), buffer = new Uint8Array(text.length + 12).fill(7);
        for (let i = 0; i < text.length; i++) buffer[i + 5] = text.charCodeAt(i);
        state[name] = new DataView(buffer.buffer, 5, text.length); // as it comes: inside a larger message
    }
    window.heard = new Map();
    const each = names => names.split(" ").map(name => name.replace("change:", ""));
    window.model = {
        get: name => state[name],
        set: (name, value) => { state[name] = value; heard.get(name)?.forEach(act => act()); },
        saved: 0,
        save_changes() { this.saved += 1; },
        on: (names, act) => each(names).forEach(name => heard.set(name, (heard.get(name) ?? new Set()).add(act))),
        off: (names, act) => each(names).forEach(name => heard.get(name)?.delete(act)),
    };
    const { default: widget } = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    document.documentElement.removeAttribute("style");
    document.body.replaceChildren();
    document.body.appendChild(document.createElement("style")).textContent = css;
    window.show = () => widget.render({ model, el: document.body.appendChild(document.createElement("div")) });
}"""

NUMBERS = """([name, given, text]) => {
    const numbers = new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
    globalThis.gptByHand = { [name]: { given, numbers } };
}"""


# The lowest contrast of a widget's own texts with what is behind them; hatched cells have no text.
CONTRAST = """all => {
    const rgb = text => text.match(/[\\d.]+/g).map(Number);
    const lit = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => {
        const colour = rgb(getComputedStyle(e).backgroundColor);
        return colour.length === 4 && colour[3] === 0 ? behind(e.parentElement) : colour;
    };
    const ratio = e => {
        const style = getComputedStyle(e);
        const two = [lit(rgb(e instanceof SVGElement ? style.fill : style.color)), lit(behind(e))].sort();
        return (two[1] + 0.05) / (two[0] + 0.05);
    };
    const written = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    return all.filter(e => written(e) && !e.closest(".masked")).map(e => [ratio(e), e.outerHTML.slice(0, 120)])
        .filter(([r]) => r < 4.5);
}"""


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    page.clock.install()  # timers go off when a test says so
    page.emulate_media(reduced_motion="reduce")  # what glides jumps, so that two views are never on the way
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text))
    yield page
    page.close()


@pytest.fixture(params=LIVE)
def model(request, page):
    """The page with a model of the example in tests/widgets, and no view yet."""
    widget = example(request.param)
    own = {name for name in widget.keys if not name.startswith("_") and name not in ("comm", "layout")}
    state = {
        name: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in ((name, getattr(widget, name)) for name in own)
        if isinstance(value, (bytes, bool, int, float, str, list))
    }
    page.evaluate(SET_UP, [str(widget._esm), str(widget._css), state])
    page.evaluate(
        "text => { window.typed = text; }", "Anna swam slowly" if request.param == "GPTView" else "low"
    )
    if isinstance(widget, GPTView):  # the numbers that it would ask the kernel for are in the page already
        numbers = base64.b64encode(widget._numbers).decode()
        page.evaluate(NUMBERS, [widget.model, widget._given, numbers])
    yield page
    assert page.problems == []


def test_a_view_cleans_up_after_itself_and_leaves_the_others_alone(model):
    model.evaluate("window.ends = [show(), show()]")
    listening = "[...heard.values()].reduce((sum, acts) => sum + acts.size, 0)"
    both = model.evaluate(listening)
    assert both > 0 and both % 2 == 0
    model.evaluate("ends[0]()")
    assert model.evaluate(listening) == both / 2
    model.evaluate("ends[1]()")
    assert model.evaluate(listening) == 0


def test_two_views_show_the_same_without_saying_anything_to_the_kernel(model):
    model.evaluate("window.ends = [show(), show()]")
    first, second = model.locator(".gbh").evaluate_all("all => all.map(view => view.innerHTML)")
    assert first == second and "NaN" not in first and "undefined" not in first
    assert model.evaluate("model.saved") == 0


def test_every_picture_says_what_it_is(model):
    model.evaluate("show()")
    silent = "all => all.filter(e => !e.getAttribute('aria-label') && !e.closest('[aria-hidden]')).map(e => e.outerHTML)"
    assert model.locator(".gbh :is(svg, canvas[role], [role=application])").evaluate_all(silent) == []


SHOWN = """view => [...view.innerHTML.split("<"), ...[...view.querySelectorAll("input")].map(e => `${e.value} ${e.checked}`),
    ...[...view.querySelectorAll("canvas")].map(e => e.toDataURL())]"""
CHANGE = """input => {
    if (input.type === "checkbox") { input.click(); return; }
    input.value = input.type === "text" ? window.typed : input.min;
    input.dispatchEvent(new Event("input"));
}"""


def test_what_is_done_in_one_view_is_seen_in_the_other(model):
    model.evaluate("window.ends = [show(), show()]")
    first, second = model.locator(".gbh").all()
    before = first.evaluate(SHOWN)
    for control in first.locator("input").all():
        control.evaluate(CHANGE)
        assert first.evaluate(SHOWN) == second.evaluate(SHOWN)
    for cell in first.locator("[data-cell], [data-word] circle").all()[:1]:
        cell.click()
        assert first.evaluate(SHOWN) == second.evaluate(SHOWN)
    assert first.evaluate(SHOWN) != before


def test_a_key_on_a_button_leaves_the_focus_in_the_picture(model):
    model.evaluate("window.ends = [show()]")
    # lock something, and move it where it can be moved
    for host in model.locator(".gbh [role=application]").all():
        host.focus()
        for key in ("Enter", "ArrowUp"):
            model.keyboard.press(key)
    pressed = 0
    for button in model.query_selector_all(".gbh button:visible"):
        button.focus()
        model.keyboard.press("Enter")
        model.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert model.evaluate("document.activeElement.closest('.gbh') !== null"), button.inner_text()
        pressed += 1
    assert pressed or model.locator(".gbh button").count() == 0


def test_the_kernel_hears_once_of_many_changes(model):
    model.evaluate("show()")
    lock = "host => host.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))"
    saved = f"""() => {{
        document.querySelectorAll(".gbh input").forEach({CHANGE});
        document.querySelectorAll(".gbh [role=application]").forEach({lock});
        return model.saved;
    }}"""
    assert model.evaluate(saved) == 0
    model.clock.run_for(10_000)  # ms; the reader pauses, and nothing more is to come
    assert model.evaluate("model.saved") == 1


# What hosts of notebooks say of themselves, in light and in dark: an attribute of <html> or <body>, and their colours.
COLAB = "--jp-layout-color1: white; --jp-content-font-color1: black; --jp-ui-font-color1: var(--colab-primary-text-color);"
THEMES = {
    "none": ({}, {}),
    "Colab, light": ({"theme": "light", "style": COLAB + "--colab-primary-text-color: #212121"}, {}),
    "Colab, dark": ({"theme": "dark", "style": COLAB + "--colab-primary-text-color: #d5d5d5"}, {}),
    "VS Code, dark": ({"style": "--vscode-editor-foreground: #d4d4d4"}, {"class": "vscode-dark"}),
    "VS Code, light": ({"style": "--vscode-editor-foreground: #000"}, {"class": "vscode-light"}),
    "JupyterLab, light": ({"style": "--jp-ui-font-color1: rgb(0, 0, 0)"}, {"data-jp-theme-light": "true"}),
    "JupyterLab, dark": (
        {"style": "--jp-ui-font-color1: rgb(255, 255, 255)"},
        {"data-jp-theme-light": "false"},
    ),
    "our pages, dark": ({"data-theme": "dark"}, {}),
}
WEAR = """([html, body]) => [[document.documentElement, html], [document.body, body]].forEach(([element, wanted]) => {
    for (const name of [...element.getAttributeNames()]) element.removeAttribute(name);
    for (const [name, value] of Object.entries(wanted)) element.setAttribute(name, value);
})"""
PAINTED = "all => all.map(canvas => canvas.toDataURL())"


@pytest.mark.parametrize("theme", THEMES)
def test_ink_and_paper_come_from_one_theme(model, theme):
    model.evaluate(WEAR, THEMES[theme])
    model.evaluate("window.ends = [show()]")
    assert model.locator(".gbh, .gbh *").evaluate_all(CONTRAST) == []
    paper = model.locator(".gbh").evaluate("view => getComputedStyle(view).backgroundColor")
    assert (max(int(x) for x in paper[4:-1].split(",")) < 128) == ("dark" in theme)


def test_a_page_that_turns_dark_turns_its_pictures(model):
    model.evaluate(WEAR, THEMES["none"])
    model.evaluate("window.ends = [show()]")
    frame = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    model.evaluate(frame)
    light = model.locator(".gbh canvas").evaluate_all(PAINTED)
    model.evaluate(WEAR, THEMES["our pages, dark"])
    model.evaluate(frame)
    turned = model.locator(".gbh canvas").evaluate_all(PAINTED)
    model.evaluate("ends[0](); document.querySelector('.gbh').remove(); window.ends = [show()]")
    model.evaluate(frame)
    assert turned == model.locator(".gbh canvas").evaluate_all(PAINTED)  # as if it had always been dark
    changed = [one != other for one, other in zip(light, turned, strict=True)]
    assert any(changed) or not changed
    assert model.locator(".gbh, .gbh *").evaluate_all(CONTRAST) == []
    model.evaluate(WEAR, THEMES["none"])


def test_a_picture_is_a_card(model):
    model.evaluate("window.ends = [show()]")
    card = model.locator(".gbh")
    assert (
        card.get_attribute("role") == "group"
        and card.get_attribute("aria-label") == card.locator(".gbh-title").inner_text()
    )
    order = card.evaluate("card => [...card.children].slice(0, 3).map(part => part.className)")
    assert order == ["gbh-title", "gbh-try", "gbh-controls"]
    assert len(card.locator(".gbh-try").inner_text().split()) > 5


@pytest.mark.parametrize("width", [320, 460, 600, 900])
def test_no_number_is_cut_off_however_little_room_there_is(model, width):
    model.evaluate("width => { document.body.style.width = `${width}px`; window.ends = [show()]; }", width)
    cut = """all => all.filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 100))"""
    assert (
        model.locator(
            ".gbh-number, .gbh-value, .gbh-matrix > div, .gbh-values > .cell, .gbh-sheet :is(th, td)"
        ).evaluate_all(cut)
        == []
    )
    outside = """card => [...card.querySelectorAll(".gbh-number, .gbh-value, .gbh-says p")].filter(e => e.offsetParent
        && e.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5).map(e => e.outerHTML.slice(0, 100))"""
    assert model.locator(".gbh").evaluate(outside) == []
    over = """card => {
        const boxes = [...card.querySelectorAll(".gbh-number")].filter(e => e.offsetParent && e.textContent).map(e => e.getBoundingClientRect());
        const bars = [...card.querySelectorAll(".gbh-track, .gbh-signed")].filter(e => e.offsetParent).map(e => e.getBoundingClientRect());
        return boxes.filter(a => bars.some(b => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
    }"""
    assert model.locator(".gbh").evaluate(over) == 0  # a number never lies over its bar
    model.evaluate("document.body.removeAttribute('style')")


def test_nothing_moves_while_numbers_change(model):
    """In a wide card sliders and keys change numbers, and the card stays as high as it was."""
    model.evaluate("() => { document.body.style.width = '900px'; window.ends = [show()]; }")
    card, heights = model.locator(".gbh"), set()
    tokens = card.locator(".gbh-chips").count() > 0  # a row of tokens has as many lines as it needs
    look = lambda: heights.add(round(card.bounding_box()["height"]))
    look()
    for end in ("max", "min"):
        for slider in card.locator("input[type=range]:visible").all() if not tokens else []:
            slider.evaluate("(e, end) => { e.value = e[end]; e.dispatchEvent(new Event('input')); }", end)
            look()
    for host in card.locator("[role=application]").all():
        host.focus()
        for key in ("ArrowDown", "End", "Enter", "ArrowRight", "Escape"):
            model.keyboard.press(key)
            if not card.locator("[aria-expanded=true]").count():  # what Enter unfolds needs room
                look()
    assert len(heights) == 1, heights
    model.evaluate("document.body.removeAttribute('style')")


def test_what_has_the_focus_has_a_whole_frame(model):
    """Nothing that scrolls cuts the frame off."""
    model.evaluate("() => { document.body.style.width = '900px'; window.ends = [show()]; }")
    model.keyboard.press("Tab")  # from here on the browser frames what is focused
    cut = """e => {
        const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(e), reach = parseFloat(outlineWidth) + parseFloat(outlineOffset);
        if (outlineStyle === "none" || reach < 2) return "no frame";
        const own = e.getBoundingClientRect();
        for (let box = e.parentElement; box && !box.matches(".gbh"); box = box.parentElement) {
            if (getComputedStyle(box).overflowX === "visible") continue;
            const room = box.getBoundingClientRect(), free = [own.left - room.left, own.top - room.top, room.right - own.right, room.bottom - own.bottom];
            if (Math.min(...free) < reach - 0.5) return `cut off by ${box.className}`;
        }
        return "";
    }"""
    for part in model.query_selector_all(".gbh :is(button, input, select, summary, [tabindex]):visible"):
        part.focus()
        assert part.evaluate(cut) == "", part.evaluate("e => e.outerHTML.slice(0, 100)")
    model.evaluate("document.body.removeAttribute('style')")


def test_colours_that_are_numbers_stay_where_the_system_sets_the_colours(model):
    model.emulate_media(forced_colors="active", reduced_motion="reduce")
    model.evaluate("window.ends = [show()]")
    same = """card => [...card.querySelectorAll(".gbh-track > .now, .gbh-signed > .plus, .gbh-signed > .minus, .gbh-swatch")]
        .filter(e => getComputedStyle(e).backgroundColor === getComputedStyle(card).backgroundColor).length"""
    assert model.locator(".gbh").evaluate(same) == 0
    model.emulate_media(forced_colors="none", reduced_motion="reduce")
