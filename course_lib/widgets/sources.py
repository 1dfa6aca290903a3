"""The scripts and the style of the live pictures, put together: for a notebook, and for a web page without a kernel.

There is no build step beyond this: files stand one after the other, and on a web page each widget's file is the body of
a function of its own. Needs nothing but Python, so that the web pages are made without what the course needs.
"""

import json
import re
from pathlib import Path

from course_lib.widgets import LIVE
from course_lib.widgets.palette import DARK, LIGHT, SERIES, css

HERE = Path(__file__).parent
# How JupyterLab and Notebook 7, VS Code, Colab and our web pages say that they are dark.
DARK_PAGES = ['[data-jp-theme-light="false"]', "body.vscode-dark", "body.vscode-high-contrast", 'html[theme="dark"]', 'html[data-theme="dark"]']
STATE = "gpt-by-hand"  # the name under which an output's metadata holds the state of a live picture

__all__ = ["STATE", "page_element", "page_script", "script", "style"]


def script(name):
    """The source of a widget as a module: what all share, then its own.

    >>> script("matmul_explorer.js").endswith("export default { render };\\n")
    True
    """
    return "\n".join(_read(file) for file in ("live.js", name))


def style():
    """The style sheet of all widgets, with the palette in front, for light pages and for dark ones.

    >>> "--gbh-query: #2049c8;" in style()
    True
    """
    dark = ", ".join(f"{page} .gbh" for page in DARK_PAGES)
    return "\n".join([css(LIGHT, ".gbh", SERIES["light"]), css(DARK, dark, SERIES["dark"]), f"{dark} {{ color-scheme: dark; }}", _read("live.css")])


def page_script():
    """One classic script, which a page opened from a file may load too: it brings every live picture on it to life.

    >>> "export" in page_script() or "import " in page_script()
    False
    """
    widgets = "\n".join(f"WIDGETS.{name} = () => {{\n{_as_body(_read(f'{file}.js'))}\n}};" for name, file in LIVE.items())
    return "\n".join(["(() => {", _read("live.js"), "const WIDGETS = {};", widgets, _read("page.js"), "})();", ""])


def page_element(live):
    """The HTML that stands after a live picture's PNG and holds its state, which may be any text.

    live: what `Live` stores, {"widget": its class, "state": its traits}.

    >>> page_element({"widget": "AttentionView", "state": {"tokens": ["</script>"]}})
    '<script type="application/json" class="gbh-state">{"widget": "AttentionView", "state": {"tokens": ["\\\\u003c/script>"]}}</script>'
    """
    text = json.dumps(live, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" class="gbh-state">{text}</script>'


def _read(name):
    return (HERE / name).read_text(encoding="utf-8")


def _as_body(module):
    """A module's text as the body of a function that returns its default export."""
    return re.sub(r"(?m)^export default ", "return ", re.sub(r"(?m)^export const ", "const ", module))
