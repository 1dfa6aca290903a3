"""Every picture of the course on two pages, build/sheet/light.html and build/sheet/dark.html: make sheet

The drawings, the figures that the lessons store, and the live pictures, which live there too: from their stored state, or
where a lesson has none yet, not at all. Look at both pages after a change of the palette or of a picture.
"""

import json
from html import escape

from course_lib.lessons import NAMES
from course_lib.widgets import sources
from tools.drawings import DRAWINGS, FOLDER
from tools.links import ROOT

OUT = ROOT / "build/sheet"
GROUNDS = {"light": "#ffffff; color: #222", "dark": "#111111; color: #eee"}
PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>The pictures, {theme}</title>
<style>
:root {{ color-scheme: {theme}; }}
body {{ margin: 20px; font: 15px system-ui, sans-serif; background: {ground}; }}
section {{ display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; }}
figure {{ margin: 0; max-width: 920px; }} figure.live {{ width: 920px; }}
figcaption {{ font-size: 13px; }} img {{ max-width: 100%; }}
{style}
</style>
<script src="live.js" defer></script>
{sections}
</html>
"""


def drawings():
    """(name, HTML) of every drawing."""
    for name in DRAWINGS:
        yield name, f'<img src="{(FOLDER / f"{name}.svg").as_uri()}" alt="">'


def stored(name):
    """(cell, HTML) of every picture that the lesson stores; a live one has its state behind it."""
    notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            png = "".join(output.get("data", {}).get("image/png", "")).replace("\n", "")
            if png:
                live = output.get("metadata", {}).get(sources.STATE)
                alive = f"<div>{sources.page_element(live)}</div>" if live else ""
                yield cell["id"], f'<img src="data:image/png;base64,{png}" alt="">{alive}'


def section(title, pictures):
    """One heading and the pictures below it, each with its name."""
    shown = "".join(
        f"<figure{' class=live' if 'gbh-state' in html else ''}><figcaption>{escape(name)}</figcaption>{html}</figure>"
        for name, html in pictures
    )
    return f"<h2>{escape(title)}</h2><section>{shown}</section>"


def page_of(theme):
    """One page, "light" or "dark", with all pictures."""
    sections = [section("Drawings", drawings()), *(section(name, stored(name)) for name in NAMES)]
    return PAGE.format(
        theme=theme, ground=GROUNDS[theme], style=sources.style(), sections="\n".join(sections)
    )


def main():
    """Write both pages and the script that they load."""
    OUT.mkdir(parents=True, exist_ok=True)
    for theme in GROUNDS:
        (OUT / f"{theme}.html").write_text(page_of(theme), encoding="utf-8")
    for name, script in sources.page_scripts().items():
        (OUT / name).write_text(script, encoding="utf-8")
    print(f"every picture: {', '.join(str((OUT / f'{theme}.html').relative_to(ROOT)) for theme in GROUNDS)}")


if __name__ == "__main__":
    main()
