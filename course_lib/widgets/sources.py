"""The scripts and the style of the live pictures, put together: for a notebook, and for a web page without a kernel.

There is no build step beyond this: files stand one after the other, and on a web page each widget's file is the body of
a function of its own. Needs nothing but Python, so that the web pages are made without what the course needs.
"""

import base64
import json
import re
from pathlib import Path

from course_lib.widgets import LIVE
from course_lib.widgets.palette import DARK, LIGHT, SERIES, css

HERE = Path(__file__).parent
# How JupyterLab and Notebook 7, VS Code, Colab and our web pages say that they are dark.
DARK_PAGES = [
    '[data-jp-theme-light="false"]',
    "body.vscode-dark",
    "body.vscode-high-contrast",
    'html[theme="dark"]',
    'html[data-theme="dark"]',
]
STATE = "gpt-by-hand"  # the name under which an output's metadata holds the state of a live picture

MODELS = {"trained_gpt": HERE.parent / "data/trained_gpt"}  # what a picture can be told by name

__all__ = [
    "MODELS",
    "STATE",
    "model_script",
    "page_element",
    "page_scripts",
    "script",
    "stored_model",
    "style",
]


def script(name):
    """The source of a widget as a module: what all share, then its own, `name` behind its parts `name_….js`.

    >>> script("matmul_explorer.js").endswith("export default { render };\\n")
    True
    """
    return "\n".join([_read("live.js"), _own(name)])


def style():
    """The style sheet of all widgets, with the palette in front, for light pages and for dark ones.

    >>> "--gbh-query: #2049c8;" in style()
    True
    """
    dark = ", ".join(f"{page} .gbh" for page in DARK_PAGES)
    return "\n".join(
        [
            css(LIGHT, ".gbh", SERIES["light"]),
            css(DARK, dark, SERIES["dark"]),
            f"{dark} {{ color-scheme: dark; }}",
            _read("live.css"),
        ]
    )


def page_scripts():
    """Classic scripts by file name, which a page opened from a file may load too.

    A page loads "live.js"; that brings every live picture on it to life and loads what these need from beside itself: a
    script for each kind of picture, and the models that they name.

    >>> sorted(page_scripts())[:2], any("export" in text for text in page_scripts().values())
    (['attention_steps.js', 'attention_view.js'], False)
    """
    shared = _read("live.js")
    names = ", ".join(re.findall(r"(?m)^(?:const|function) (\w+)", shared))
    files = json.dumps(LIVE)
    scripts = {
        "live.js": "\n".join(
            ["(() => {", shared, f"const SHARED = {{ {names} }}, FILES = {files};", _read("page.js"), "})();"]
        )
    }
    for name, file in LIVE.items():
        body = _as_body(_own(f"{file}.js"))
        own = f"globalThis.gptByHand.{name} = ({{ {_used(names, body)} }}) => {{\n{body}\n}};"
        scripts[f"{file}.js"] = own
    return {file: _short(text) for file, text in scripts.items()} | {
        f"{name}.js": model_script(name) for name in MODELS
    }


def stored_model(name):
    """A model by its name: ({sizes, words, shapes}, the bytes of its numbers in float16, in the order of the shapes).

    >>> given, numbers = stored_model("trained_gpt")
    >>> given["sizes"]["D"], given["words"][:2], len(numbers)
    (64, ['<end>', '('], 216832)
    """
    log = json.loads((MODELS[name] / "log.json").read_text(encoding="utf-8"))
    file = (MODELS[name] / "weights.safetensors").read_bytes()
    start = 8 + int.from_bytes(file[:8], "little")  # behind the length of the header and the header
    header = json.loads(file[8:start])
    header.pop("__metadata__", None)
    tensors = dict(sorted(header.items()))
    numbers = b"".join(
        file[start + begin : start + end] for begin, end in (t["data_offsets"] for t in tensors.values())
    )
    shapes = [[tensor, about["shape"]] for tensor, about in tensors.items()]
    return {"sizes": log["sizes"], "words": log["words"], "shapes": shapes, "half": True}, numbers


def model_script(name):
    """The script that gives a page a model by its name; a picture that names it has it loaded, once a page.

    >>> model_script("trained_gpt")[:53]
    '(globalThis.gptByHand ??= {})["trained_gpt"] = {"give'
    """
    given, numbers = stored_model(name)
    model = {"given": given, "numbers": base64.b64encode(numbers).decode()}
    return f"(globalThis.gptByHand ??= {{}})[{json.dumps(name)}] = {json.dumps(model, ensure_ascii=False)};\n"


def page_element(live):
    """The HTML that stands after a live picture's PNG and holds its state, which may be any text.

    live: what `Live` stores, {"widget": its class, "state": its traits}.

    >>> page_element({"widget": "AttentionView", "state": {"tokens": ["</script>"]}})
    '<script type="application/json" class="gbh-state">{"widget": "AttentionView", "state": {"tokens": ["\\\\u003c/script>"]}}</script>'
    """
    text = json.dumps(live, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" class="gbh-state">{text}</script>'


def _own(name):
    """The file of a widget, and before it those of its parts."""
    parts = sorted(path.name for path in HERE.glob(f"{Path(name).stem}_*.js"))
    return "\n".join(_read(file) for file in [*parts, name])


def _used(names, body):
    """Those of the names that stand in the text; its own may be called like one that it does not use."""
    words = set(re.findall(r"\w+", body)) - set(re.findall(r"(?m)^(?:const|function) (\w+)", body))
    return ", ".join(name for name in names.split(", ") if name in words)


def _short(source):
    """A script without indentation and without the lines that are comments alone."""
    lines = re.sub(r"(?ms)^ */\*\*.*?\*/$", "", source).splitlines()
    return "\n".join(line for line in map(str.strip, lines) if line and not line.startswith("//")) + "\n"


def _read(name):
    return (HERE / name).read_text(encoding="utf-8")


def _as_body(module):
    """A module's text as the body of a function that returns its default export."""
    return re.sub(r"(?m)^export default ", "return ", re.sub(r"(?m)^export const ", "const ", module))
