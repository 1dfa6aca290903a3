"""Notebooks as the web pages show them: live pictures with their states, pictures with their words, cells with their places."""

import base64
import copy
import re
import tomllib

from course_lib.widgets import sources
from tools.links import ROOT

__all__ = ["as_page", "ids_as_places", "page_of_picture", "pictures", "still"]

CELL = re.compile(r'<div class="(cell\b[^"]*?) tag_at-([\w-]+)')  # what `with_named_cells` has named
PICTURES = ROOT / "docs/site/pictures.toml"


def as_page(notebook):
    """The notebook with all that a page needs beside its stored outputs."""
    return with_named_cells(with_states(with_described_pictures(notebook)))


def with_described_pictures(notebook):
    """The notebook with the words beside each stored picture as its description, for who cannot see it."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data and "text/plain" in data:
                alt = " ".join("".join(data["text/plain"]).split()).replace('"', "”")
                cell["metadata"] = {**cell["metadata"], "mystnb": {"image": {"alt": alt}}}
    return notebook


def with_named_cells(notebook):
    """The notebook with the id of each code cell as a tag, which becomes a class of its part of the page: see CELL."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            tags = [*cell["metadata"].get("tags", []), f"at-{cell['id']}"]
            cell["metadata"] = {**cell["metadata"], "tags": tags}
    return notebook


def ids_as_places(page):
    """A page whose code cells can be linked to as in JupyterLab, by #cell-id=…"""
    return CELL.sub(r'<div id="cell-id=\2" class="\1 tag_at-\2', page)


def with_states(notebook):
    """The notebook with each live picture followed by its state, in HTML, as another output of its cell."""
    for cell in notebook["cells"]:
        shown = []
        for output in cell.get("outputs", []):
            shown.append(output)
            if live := output.get("metadata", {}).pop(sources.STATE, None):
                data = {"text/html": sources.page_element(live)}
                shown.append({"output_type": "display_data", "data": data, "metadata": {}})
        if cell["cell_type"] == "code":
            cell["outputs"] = shown
    return notebook


# --- a page for each live picture -------------------------------------------------------------------


def pictures():
    """What docs/site/pictures.toml says of the live pictures that have a page: dicts, the one for the front page first."""
    return tomllib.loads(PICTURES.read_text(encoding="utf-8"))["picture"]


def stored(picture, notebooks):
    """A copy of the output that holds this live picture: of its lesson. LookupError where the lesson has none.

    notebooks: dict from the name of a lesson to its notebook.
    """
    for cell in notebooks[picture["lesson"]]["cells"]:
        for output in cell.get("outputs", []):
            live = output.get("metadata", {}).get(sources.STATE, {})
            if live.get("widget") == picture["widget"] and cell["id"] == picture.get("cell", cell["id"]):
                return copy.deepcopy(output)
    raise LookupError(
        f"{picture['lesson']} holds no {picture['widget']}: docs/site/pictures.toml says it does"
    )


def still(output):
    """The bytes of the PNG of an output."""
    return base64.b64decode("".join(output["data"]["image/png"]))


def page_of_picture(output, above, below, **metadata):
    """A notebook of one live picture between two texts; metadata is what sphinxext-opengraph reads."""
    shown = {"cell_type": "code", "id": "picture", "source": "# not shown", "metadata": {"tags": ["remove-input"]},
             "outputs": [output], "execution_count": None}  # fmt: skip
    texts = [
        {"cell_type": "markdown", "id": f"text-{n}", "metadata": {}, "source": text}
        for n, text in enumerate((above, below))
    ]
    return {"cells": [texts[0], shown, texts[1]], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
