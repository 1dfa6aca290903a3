"""Records the moving picture at the top of README.md in Chromium: make picture

It is the live picture of lesson 04_attention, `live-values`, from the state that the lesson stores: "bank" asks, its weighted values are
laid tip to tail, and it moves to water or to money. docs/picture-light.webp and docs/picture-dark.webp move; docs/picture.png
and docs/picture-dark.png are what stands there for readers who want nothing to move. What they were recorded from is
written into them, so that a test knows an old one.
"""

import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from course_lib.widgets import palette, sources
from tests.browser import chromium
from tests.notebooks.live_state import stored
from tools.links import ROOT

DOCS = ROOT / "docs"
THEMES = {"light": palette.LIGHT, "dark": palette.DARK}
LESSON = ("04_attention", "live-values")
FRAME, GLIDE = 65, 520  # ms: of a frame while something glides, and of a whole glide
SHARP = 1.5  # pixels of the picture in one of the page
# What is done, and how many ms it then stands: a step, or one of the two sentences.
STORY = [
    *[
        ("step", 0, 900),
        ("step", 1, 300),
        ("step", 2, 900),
        ("step", 3, 300),
        ("step", 4, 300),
        ("step", 5, 300),
    ],
    *[
        ("step", 6, 900),
        ("step", 7, 900),
        ("step", 8, 900),
        ("step", 9, 1500),
        ("step", 10, 300),
        ("step", 11, 700),
    ],
    *[("step", 12, 300), ("step", 13, 300), ("step", 14, 300), ("step", 15, 900), ("step", 16, 2400)],
    *[("sentence", 1, 2400), ("sentence", 0, 1600)],
]
PAGE = """<!doctype html><html data-theme="{theme}"><meta charset="utf-8"><style>
{style}
body {{ margin: 0; width: 760px; background: {paper}; }}
.gbh.gbh {{ border: 0; border-radius: 0; margin: 0; padding: 14px 20px 10px; max-width: none; font-family: system-ui, sans-serif; }}
.gbh-title, .gbh-try, .gbh-says p + p {{ display: none; }}
.gbh .gbh-controls {{ border: 0; margin: 0 0 4px; padding: 0; justify-content: center; font-size: 22px; }}
.gbh-controls > :not([aria-pressed=true]) {{ display: none; }}
.gbh-controls > button[aria-pressed=true] {{ border: 0; box-shadow: none; padding: 0; font-weight: 600; }}
.gbh .gbh-says {{ min-height: 0; text-align: center; font-size: 15px; }}
.still {{ width: 400px; }} .still :is(.gbh-sheet, .gbh-says, .gbh-two > svg:first-child) {{ display: none; }}
</style><img alt=""><div>{state}</div><script src="live.js"></script></html>"""


def made_from():
    """A fingerprint of all that decides what the picture shows: the lesson's numbers, the script, the colours, the story."""
    script = (Path(sources.__file__).parent / "attention_steps.js").read_text(encoding="utf-8")
    what = [stored(*LESSON), script, palette.LIGHT, palette.DARK, STORY, PAGE]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def opened(browser, folder, theme):
    """A page with the live picture alone, whose time stands still until it is told to run."""
    state = sources.page_element(stored(*LESSON))
    html = PAGE.format(theme=theme, style=sources.style(), paper=THEMES[theme]["paper"], state=state)
    (folder / "page.html").write_text(html, encoding="utf-8")
    page = browser.new_context(
        offline=True, device_scale_factor=SHARP, viewport={"width": 760, "height": 700}
    ).new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto((folder / "page.html").as_uri())
    page.locator(".gbh").wait_for()
    return page


def act(page, what, number):
    """Do one thing of the story, as a reader would, and leave the glide to the clock."""
    if what == "step":
        page.locator("input[type=range]").evaluate(
            "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }", number
        )
    else:
        page.locator(".gbh-controls > button[aria-pressed]").nth(number).evaluate("button => button.click()")


def look(page):
    """What the page shows now."""
    return Image.open(io.BytesIO(page.locator(".gbh").screenshot())).convert("RGB")


def recorded(page):
    """The frames of the whole story, [picture, ms] each; one that stands is one frame."""
    frames = []
    for what, number, rest in STORY:
        act(page, what, number)
        for _ in range(GLIDE // FRAME):
            page.clock.run_for(FRAME)
            add(frames, look(page), FRAME)
        frames[-1][1] += rest
    return frames


def add(frames, picture, ms):
    """One more frame, or the last one for longer where nothing has changed."""
    if frames and frames[-1][0].tobytes() == picture.tobytes():
        frames[-1][1] += ms
    else:
        frames.append([picture, ms])


def still(page):
    """Both sentences side by side, each with its values laid tip to tail."""
    page.evaluate("document.body.classList.add('still')")
    halves = []
    for number in (0, 1):
        act(page, "sentence", number)
        page.clock.run_for(2 * GLIDE)
        halves.append(look(page))
    whole = Image.new("RGB", (sum(half.width for half in halves), halves[0].height))
    whole.paste(halves[0], (0, 0))
    whole.paste(halves[1], (halves[0].width, 0))
    return whole


def save(theme, frames, whole):
    """Write a theme's two files, each with what it was recorded from."""
    pictures, times = zip(*frames, strict=True)
    note = made_from().encode()
    moving = DOCS / f"picture-{theme}.webp"
    pictures[0].save(
        moving,
        save_all=True,
        append_images=pictures[1:],
        duration=list(times),
        loop=0,
        lossless=True,
        quality=60,
        method=4,
        kmin=9999,
        kmax=10000,  # no frame is stored whole but the first
        xmp=note,
    )
    name = "picture.png" if theme == "light" else f"picture-{theme}.png"
    whole.quantize(128).save(DOCS / name, optimize=True)
    for path in (moving, DOCS / name):
        print(
            f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB, {len(frames) if path == moving else 1} frames, {sum(times) / 1000:.1f} s"
        )


def main():
    """Record both themes."""
    path = chromium.found()
    if path is None:
        sys.exit(
            "the picture is recorded in Chromium, and there is none on PATH (on Debian: apt install chromium)"
        )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, script in sources.page_scripts().items():
            (Path(folder) / name).write_text(script, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=chromium.QUIET)
        for theme in THEMES:
            page = opened(browser, Path(folder), theme)
            frames = recorded(page)
            save(theme, frames, still(page))
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
