"""How long a widget takes from the press of a key to the painted change, in JupyterLab and in a real browser.

Each key press is timed in the page: from its event to just after the next frame in which the change stands. That
wait for a frame is part of every number, and an empty row, a key that changes one word, shows how long it is on
this machine at this hour. A widget meets the bar of 16 ms at the 95th percentile, or 4 ms more than the empty
row's where that alone is above 12: then the machine was too busy to tell.
Beside them `ipywidgets.interact` draws the picture of AttentionView again, in the same notebook.
"""

import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.notebooks import opened
from tests.browser.run_lesson import BROWSERS, QUIET

BAR, ALLOWANCE = 16.0, 4.0
PRESSES, SLOW_PRESSES = 60, 20

# widget: how it is made, and the control whose arrow keys are pressed (None: the widget's own grid or map)
WIDGETS = {
    "AttentionView": ("widgets.AttentionView(words, q=rng.normal(size=(12, 8)), k=rng.normal(size=(12, 8)))", "temperature"),
    "SoftmaxTemperature": ("widgets.SoftmaxTemperature([2.0, 1.0, 0.2, -1.0])", "temperature"),
    "MatmulExplorer": ("widgets.MatmulExplorer(rng.normal(size=(6, 5)), rng.normal(size=(5, 6)))", None),
    "BPEExplorer": ("widgets.BPEExplorer(BytePairTokenizer.train(texts.load('the_lowest_shelf'), 556), text, 100)", "merges done"),
    "LayerNormExplorer": ("widgets.LayerNormExplorer([1.0, 3.0, 2.0, -1.0])", "x 1"),
    "DescentExplorer": ("widgets.DescentExplorer(['mat', 'hat', 'rat'], [0.1, 0.1, 0.7], 'mat')", "step"),
    "PositionExplorer": ("widgets.PositionExplorer(100, 32)", "position t"),
    "EmbeddingMap": ("widgets.EmbeddingMap(range(44), rng.normal(size=(44, 16)))", None),
    "DecisionBoundary": ("widgets.DecisionBoundary([[20, -20], [20, -20]], [-10, 30], [20, 20], -30, 'sigmoid')", "W₁₁"),
    "NextToken": ("widgets.NextToken(lambda ids: rng.normal(size=300), range(300), [0])", "temperature"),
}  # fmt: skip
START = """import numpy as np
from IPython.display import HTML
from ipywidgets import FloatSlider, interact
from course_lib import texts, widgets
from course_lib.tokenization import BytePairTokenizer
from course_lib.widgets import figures
from course_lib.widgets.live import softmax
rng = np.random.default_rng(0)
words = "the slowest reader found the newest words of all on that shelf".split()
text = "The slowest reader found the newest words"
scores = rng.normal(size=(12, 12))"""
INTERACT = """@interact(temperature=FloatSlider(value=5, min=1, max=10, step=0.1))
def show(temperature):
    return figures.heatmap({"weights": softmax(scores, temperature)}, words, words, limits=(0, 1))"""
EMPTY = """HTML('<input class="empty" data-lm-suppress-shortcuts="true" type="range" min="0" max="99"'
     ' oninput="this.nextSibling.textContent = this.value"><b>50</b>')"""

# Called once for a page: window.pressed(seconds) gives the milliseconds of the next key press.
TIMER = """() => {
    const painted = () => new Promise(done => requestAnimationFrame(() => {
        const channel = new MessageChannel(); // its message comes after the frame was drawn
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(0);
    }));
    window.times = [];
    addEventListener("keydown", event => {
        const from = event.timeStamp;
        if (!window.slow) { painted().then(at => times.push(at - from)); return; }
        const seen = new MutationObserver(() => {
            const image = window.slow.querySelector("img");
            if (!image || image === window.last) return;
            window.last = image;
            seen.disconnect();
            image.decode().then(painted).then(at => times.push(at - from));
        });
        seen.observe(window.slow, {childList: true, subtree: true, attributes: true});
    }, true);
}"""


def rows():
    """A row for the empty key, one for each widget, and one for `interact`."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        print("the widgets were not measured: no Chromium on PATH", file=sys.stderr)
        return
    cells = [START, EMPTY, *(made for made, _ in WIDGETS.values()), INTERACT]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        with opened(browser, Path(folder), cells) as (page, problems):
            if problems:
                raise RuntimeError("\n".join(problems))
            page.evaluate(TIMER)
            page.locator("input.empty").focus()
            empty = press(page, PRESSES)
            yield row("an empty key press", empty, None)
            bar = max(BAR, percentile(empty) + ALLOWANCE)
            for number, (name, (_, label)) in enumerate(WIDGETS.items(), start=2):
                widget = page.locator(".jp-CodeCell").nth(number).locator(".gbh")
                widget.scroll_into_view_if_needed()
                target = widget.get_by_label(label, exact=True) if label else widget.locator("[role=application]")
                target.focus()
                if name == "EmbeddingMap":  # locked, so that the keys move the word
                    page.keyboard.press("Enter")
                yield row(name, press(page, PRESSES), bar)
            cell = page.locator(".jp-CodeCell").nth(len(WIDGETS) + 2)
            cell.scroll_into_view_if_needed()
            cell.evaluate("cell => { window.slow = cell; window.last = cell.querySelector('img'); }")
            cell.locator(".noUi-handle, [role=slider]").first.focus()
            yield row("ipywidgets.interact, the same heat map", press(page, SLOW_PRESSES), None)
        browser.close()


def press(page, times):
    """Milliseconds of so many presses of the arrow keys, to and fro; the first three do not count."""
    page.evaluate("times.length = 0")
    for number in range(times + 3):
        page.keyboard.press("ArrowRight" if number % 4 < 2 else "ArrowLeft")
        page.wait_for_function(f"times.length > {number}")
        page.wait_for_timeout(random.uniform(20, 60))  # so that presses do not fall into step with the frames
    return page.evaluate("times")[3:]


def percentile(times, share=0.95):
    return sorted(times)[int(share * (len(times) - 1))]


def row(what, times, bar):
    p95 = percentile(times)
    median = statistics.median(times)
    return {"what": what, "median, ms": median, "p95, ms": p95, "bar, ms": bar, "met": bar is None or p95 <= bar}
