"""How long a widget takes from the press of a key to the painted change, in JupyterLab and in a real browser.

Each key press is timed in the page: from its event to just after the next frame in which the change stands, so
handler, style, layout and paint are in every number; what other threads of the browser then still do, to turn the
painted layers into pixels, is not: a page cannot see its end. A screen shows a frame every 16.7 ms, and a reader
waits up to that long for one that is ready; Chromium is started without that clock, so that a frame is made as
soon as something has changed and the numbers are the work alone. The bar is 16 ms at the 95th percentile: the
change makes the next frame of a screen. Beside it stands the time that the page's main thread computed for each
press, in processor time, which a busy machine hardly changes. Two things are in it, and in every row, that are not
the widget's: what JupyterLab does at any key, and the browser's own frame. An empty row, a key that changes one
word, shows how much.

The allowance for a noisy run: rows take turns in rounds, and a round begins and ends with the empty row. Where the
95th percentile of that is above 12 ms, the machine had other work, and the whole round is left out, whatever the
widgets did in it. The bench goes on until five quiet rounds are found, or ten in all. What a row prints is the
median over the quiet rounds of each round's own median and 95th percentile, so that one busy second does not
decide. If no round was quiet, the bar is held against the computing of the main thread in all of them instead, and
every row says so.

Beside them `ipywidgets.interact` draws the picture of AttentionView again, in the same notebook.

A widget tells the kernel of a change when the reader pauses; that is after the frame and not in these numbers.
"""

import math
import random
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.notebooks import opened
from tests.widgets.examples import EXAMPLES, START, control

BAR, QUIET = 16.0, 12.0  # ms, of the widgets and of the empty row
WHOLE_MODEL = {"GPTView": 33.0}  # two frames of a screen: behind the key a whole model runs
ROUNDS, MOST_ROUNDS, PRESSES, SLOW_PRESSES = 5, 10, 25, 7
AT_ONCE = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]  # frames when they are ready, not at 60 Hz

EMPTY_ROW, INTERACT_ROW = "an empty key press", "ipywidgets.interact, the same heat map"
OURS = """from IPython.display import HTML
from ipywidgets import FloatSlider, interact
from course_lib.widgets import figures
from course_lib.widgets.live import softmax
scores = numbers(12, 12)"""
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
    path = chromium.found()
    if path is None:
        print("the widgets were not measured: no Chromium on PATH", file=sys.stderr)
        return
    cells = [f"{START}\n{OURS}", EMPTY, *(one.timed or one.code for one in EXAMPLES.values()), INTERACT]
    rounds = []  # of each: row → [(milliseconds to the paint, of the main thread)]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*chromium.QUIET, *AT_ONCE])
        with opened(browser, Path(folder), cells) as (page, problems):
            if problems:
                raise RuntimeError("\n".join(problems))
            page.evaluate(TIMER)
            inspector = page.context.new_cdp_session(page)
            # computing, not waiting for a core
            inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
            while sum(map(is_quiet, rounds)) < ROUNDS and len(rounds) < MOST_ROUNDS:
                rounds.append({name: [] for name in (EMPTY_ROW, *EXAMPLES, INTERACT_ROW)})
                for number, name in [*enumerate(rounds[-1], start=1), (1, EMPTY_ROW)]:
                    cell = page.locator(".jp-CodeCell").nth(number)
                    cell.scroll_into_view_if_needed()
                    page.evaluate("window.slow = null")
                    if name == INTERACT_ROW:
                        cell.evaluate(
                            "cell => { window.slow = cell; window.last = cell.querySelector('img'); }"
                        )
                    focus(cell, name)
                    presses = SLOW_PRESSES if name == INTERACT_ROW else PRESSES
                    rounds[-1][name] += press(page, inspector, presses)
        browser.close()
    quiet = list(filter(is_quiet, rounds))
    print(f"{len(quiet)} of {len(rounds)} rounds were quiet", file=sys.stderr)
    for name in rounds[0]:
        pressed = [one[name] for one in quiet or rounds]
        yield row(name, pressed, WHOLE_MODEL.get(name, BAR) if name in EXAMPLES else None, busy=not quiet)


def is_quiet(one):
    """Whether the machine had nothing else to do in a round, by the empty row at its begin and its end."""
    return percentile([painted for painted, _ in one[EMPTY_ROW]]) <= QUIET


def focus(cell, name):
    """Put the focus on what is to hear the keys; a word of the map is locked, so that they move it."""
    if name not in EXAMPLES:
        cell.locator("input.empty, .noUi-handle").first.focus()
        return
    widget = cell.locator(".gbh")
    control(widget, name).focus()
    if name == "EmbeddingMap" and not widget.get_by_role("button", name="Unlock").is_visible():
        cell.page.keyboard.press("Enter")


def press(page, inspector, times):
    """(ms to the paint, ms of the main thread) of so many presses, after three more: of the arrow keys, or Enter."""
    computed = []
    page.wait_for_timeout(300)  # whatever is under way comes to its end
    page.evaluate("times.length = 0")
    button = page.evaluate("document.activeElement.matches('button')")
    for number in range(times + 3):
        page.wait_for_timeout(random.uniform(20, 60))
        before = main_thread(inspector)
        page.keyboard.press("Enter" if button else "ArrowRight" if number % 4 < 2 else "ArrowLeft")
        page.wait_for_timeout(60)
        computed.append(main_thread(inspector) - before)
        page.wait_for_function(f"times.length > {number}", polling=20)
    return list(zip(page.evaluate("times"), computed, strict=True))[3:]


def main_thread(inspector):
    """Milliseconds that the page's main thread has computed since the measuring began."""
    metrics = inspector.send("Performance.getMetrics")["metrics"]
    return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def percentile(times, share=0.95):
    """The smallest of the times that so large a share of them does not exceed."""
    return sorted(times)[math.ceil(share * len(times)) - 1]


def row(what, rounds, bar, busy):
    """What the command prints: to the paint and of the main thread, and the verdict. rounds: of each, its presses."""

    def typical(statistic, which):
        return statistics.median(statistic([press[which] for press in one]) for one in rounds)

    found = {
        "median, ms": typical(statistics.median, 0),
        "p95, ms": typical(percentile, 0),
        "main thread, ms": typical(statistics.median, 1),
        "main thread p95, ms": typical(percentile, 1),
    }
    judged = "main thread p95, ms" if busy else "p95, ms"
    verdict = {"bar, ms": bar, "judged": judged, "met": bar is None or found[judged] <= bar}
    return {"what": what, **found, **verdict, "rounds": len(rounds)}
