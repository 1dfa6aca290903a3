"""Writes notebooks/drawings/*.svg: make drawings. With ARGS=--sheet also build/drawings.html, which shows all of them.

The sheet shows each drawing on a light and on a dark page, as wide as it likes to be and as wide as a phone lets it.
"""

import sys
from html import escape

from tools.drawings import DRAWINGS, FOLDER
from tools.links import ROOT

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>The drawings</title>
<style>
body {{ margin: 0; font: 15px system-ui, sans-serif; }}
section {{ display: grid; grid-template-columns: 1fr 1fr; }}
section > div {{ padding: 20px; display: flex; gap: 20px; align-items: start; flex-wrap: wrap; }}
.light {{ background: #fff; color-scheme: light; }}
.dark {{ background: #111; color: #eee; color-scheme: dark; }}
b {{ flex-basis: 100%; }}
img {{ max-width: 100%; height: auto; }}
.phone {{ width: 350px; }}
</style>
{sections}
</html>
"""


def sheet():
    """Every drawing on one page, light and dark, wide and narrow."""
    sections = []
    for name in DRAWINGS:
        source = (FOLDER / f"{name}.svg").resolve().as_uri()
        both = f'<img src="{source}" alt=""><img class="phone" src="{source}" alt="">'
        sides = "".join(
            f'<div class="{side}"><b>{escape(name)}</b>{both}</div>' for side in ("light", "dark")
        )
        sections.append(f"<section>{sides}</section>")
    return PAGE.format(sections="\n".join(sections))


def main(arguments):
    """Write the drawings, remove those that no function draws any more, and make the sheet if it is asked for."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if path.stem not in DRAWINGS:
            path.unlink()
    for name, draw in DRAWINGS.items():
        (FOLDER / f"{name}.svg").write_bytes(draw().svg().encode())
    print(f"{len(DRAWINGS)} drawings in {FOLDER.relative_to(ROOT)}")
    if "--sheet" in arguments:
        path = ROOT / "build/drawings.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sheet(), encoding="utf-8")
        print(f"all of them on one page: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
