"""How a lesson is written: short cells, prose between them, a sentence under every figure, live links.

The rules have the form of those in `lessons.py`: generators of sentences, one for every offence.
"""

import ast
import re
from itertools import pairwise
from statistics import median
from urllib.parse import unquote

from tests.notebooks.lessons import folder_of, source, syntax
from tools.links import colab_cell

MEDIAN_LINES, MOST_LINES = 6, 25
WORDS_PER_LINE = 5
DO, MOST_CELLS_BETWEEN = "do", 14
TORCH = "torch"  # the tag of cells that need PyTorch
BARE, MOST_BARE = re.compile(r"[\s(){}\[\],:'\"\w-]*?(True|False)[\s(){}\[\],]*"), 7  # one output in so many
REACHES_OUT = re.compile(
    r"https?://|\burllib|\brequests\b|urlretrieve|torch\.hub|from_pretrained|hf_hub_download|load_dataset|\bpip\b"
)
QUESTION = re.compile(
    r"^\*\*(\d)\.\*\* .+\?\n\n<details><summary>Answer</summary>(.+)</details>$", re.MULTILINE
)
# [text](target) · href="target" · [text]: target
LINK = re.compile(r"""\]\(([^)\s]+)|(?:href|src)=["']([^"']+)|^\[[^\]]+\]: (\S+)""", re.MULTILINE)


def code_cells(notebook):
    """All but the cell for Colab, which imports and reaches out, and has a rule of its own."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["id"] != "colab"]


def lines(cell):
    return len(source(cell).splitlines())


def the_cell_for_colab_comes_first(notebook, name):
    cell = next((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), {})
    folded = {"jupyter": {"source_hidden": True}, "tags": ["remove-cell"]}
    if cell.get("id") != "colab" or (cell["metadata"], cell["outputs"]) != (folded, []):
        yield "the first code cell is 'colab', folded, without output, left out of the web pages"
    elif source(cell).splitlines() != colab_cell():
        yield "cell 'colab' is not the one that `make links` writes"


def cells_are_short(notebook, name):
    middle = median(lines(cell) for cell in code_cells(notebook))
    if middle > MEDIAN_LINES:
        yield f"half of the code cells have {middle:g} lines or more; the median may be {MEDIAN_LINES}"
    for cell in code_cells(notebook):
        if lines(cell) > MOST_LINES:
            yield f"cell {cell['id']!r} has {lines(cell)} lines; at most {MOST_LINES} are read in one go"


def prose_stands_between_code(notebook, name):
    cells = notebook["cells"]
    for first, second, third in zip(cells, cells[1:], cells[2:], strict=False):
        if all(cell["cell_type"] == "code" for cell in (first, second, third)):
            yield f"cell {third['id']!r} is the third code cell in a row"


def code_is_plain_python(notebook, name):
    for cell in code_cells(notebook):
        try:
            ast.parse(source(cell))
        except SyntaxError:
            yield f"cell {cell['id']!r} is not plain Python; a lesson has no % or ! lines"


def one_cell_imports(notebook, name):
    """What needs PyTorch may stand in a second one, tagged so that a lesson can go on without it."""
    importing = [
        cell
        for cell in code_cells(notebook)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(syntax(source(cell))))
    ]
    plain = [cell["id"] for cell in importing if TORCH not in cell["metadata"].get("tags", [])]
    if len(plain) != 1 or len(importing) > 2:
        ids = [cell["id"] for cell in importing]
        yield f"a lesson has one cell of imports, and may have another tagged torch; this one has {ids}"


def code_stays_on_this_machine(notebook, name):
    for cell in code_cells(notebook):
        if "sys.path" in source(cell):
            yield f"cell {cell['id']!r} touches sys.path"
        if REACHES_OUT.search(source(cell)):
            yield f"cell {cell['id']!r} downloads something"


def figures_are_described(notebook, name):
    cells = [*notebook["cells"], {"cell_type": "markdown", "id": "end", "source": "", "outputs": []}]
    for cell, following in pairwise(cells):
        if not any(is_picture(output) for output in cell.get("outputs", [])):
            continue
        first = source(following).partition("\n")[0]
        said = re.fullmatch(r"\*Figure: (.+\.)\*|\*Figure:\* (.+\.)", first)
        words = next(filter(None, said.groups())).split() if said else []
        if following["cell_type"] != "markdown" or len(words) < 6:
            yield f"cell {cell['id']!r} shows a figure; the next cell begins with `*Figure: one sentence.*`"
        elif re.search(r"[.!?] [A-Z]", " ".join(words)):
            yield f"cell {following['id']!r} describes its figure in more than one sentence"


def drawings_are_described(notebook, name):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for words, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)", source(cell)):
                if len(words.split()) < 6:
                    yield f"cell {cell['id']!r} shows {target} and hardly says what it is: ![a sentence](…)"
                if not re.fullmatch(r"(\.\./)?drawings/\w+\.svg", target):
                    yield f"cell {cell['id']!r} shows {target}, which is none of the drawings that `make drawings` writes"


def is_picture(output):
    data = output.get("data", {})
    return "image/png" in data or "image/svg+xml" in data or "<svg" in "".join(data.get("text/html", ""))


def headings_are_in_order(notebook, name):
    text = "\n\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = re.findall(r"(?m)^(#{1,6}) (.+)", re.sub(r"(?ms)^```.*?^```", "", text))
    levels = [(len(marks), title) for marks, title in found]
    if [level for level, _ in levels].count(1) != 1 or levels[0][0] != 1:
        yield "a lesson has one heading of the first level, its title"
    for (above, _), (level, title) in pairwise(levels):
        if level > above + 1:
            yield f"heading {title!r} has level {level} below one of level {above}"


def tables_have_headers(notebook, name):
    for cell in notebook["cells"]:
        html = source(cell) if cell["cell_type"] == "markdown" else ""
        for part in [
            html,
            *("".join(out.get("data", {}).get("text/html", "")) for out in cell.get("outputs", [])),
        ]:
            for table in re.findall(r"(?s)<table.*?</table>", part):
                if "<th" not in table:
                    yield f"cell {cell['id']!r} has a table without headers"


def links_lead_somewhere(notebook, name):
    for cell in notebook["cells"]:
        html = ["".join(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", [])]
        if cell["cell_type"] == "markdown":
            html.append(prose(source(cell), keep_links=True))
        for target in LINK.findall("\n".join(html)):
            path = unquote("".join(target).partition("#")[0])
            if path and not re.match(r"[a-z]+:", path) and not (folder_of(name) / path).exists():
                yield f"cell {cell['id']!r} links to {path}, which does not exist"


def prose_outweighs_code(notebook, name):
    markdown = [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    words = sum(len(prose(text).split()) for text in markdown)
    code = sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for cell in code_cells(notebook)
        for line in source(cell).splitlines()
    )
    if words < WORDS_PER_LINE * code:
        yield f"{words} words of prose for {code} lines of code; a lesson has {WORDS_PER_LINE} words a line"


def there_is_something_to_do(notebook, name):
    """From the first cell to the last; held by all that tag what the reader does, so by no companion."""
    cells = notebook["cells"]
    at = [n for n, cell in enumerate(cells) if DO in cell["metadata"].get("tags", [])]
    for before, after in pairwise([-1, *at, len(cells)]):
        if at and after - before - 1 > MOST_CELLS_BETWEEN:
            where = f"follow {cells[before]['id']!r}" if before >= 0 else "stand at the beginning"
            yield f"{after - before - 1} cells {where} with nothing to do; at most {MOST_CELLS_BETWEEN}"


def few_outputs_are_verdicts(notebook, name):
    """Numbers before verdicts: an output that is only True or False is the exception."""
    texts = ["".join(o.get("data", {}).get("text/plain") or o.get("text") or "")
             for cell in notebook["cells"] for o in cell.get("outputs", [])]  # fmt: skip
    texts = [text.strip() for text in texts if text.strip()]
    bare = [text for text in texts if len(text) < 60 and BARE.fullmatch(text)]
    if MOST_BARE * len(bare) > len(texts) and len(bare) > 1:
        yield f"{len(bare)} of {len(texts)} outputs are only True or False: show values; at most one in {MOST_BARE}"


def exercises_have_hints(notebook, name):
    for above, cell in pairwise(notebook["cells"]):
        if (
            cell["cell_type"] == "code"
            and "raise NotImplementedError" in source(cell)
            and "check_" in source(cell)
        ):
            hints = re.findall(r"<details><summary>(.*?)</summary>.+?</details>", source(above))
            if not 1 <= len(hints) <= 3 or hints != [f"Hint {n + 1}" for n in range(len(hints))]:
                yield f"cell {cell['id']!r} is an exercise; above it stand Hint 1 to at most Hint 3, folded, not {hints}"


def questions_have_answers(notebook, name):
    for cell in notebook["cells"]:
        text = source(cell)
        if cell["cell_type"] != "markdown" or not text.startswith("**Check yourself**\n"):
            continue
        found = QUESTION.findall(text)
        if (
            [int(n) for n, _ in found] != [*range(1, len(found) + 1)]
            or len(found) != text.count("<details>")
            or not found
        ):
            yield f"cell {cell['id']!r} asks; its questions are numbered from 1, and each ends with its folded answer"
        for n, answer in found:
            if len(answer.split()) < 20:
                yield f"answer {n} in cell {cell['id']!r} is a verdict without its reason"


def prose(markdown, keep_links=False):
    """The words one reads: markdown without code blocks, displayed formulas, tags and targets of links.

    >>> prose("See [the map](00.ipynb): $$x^2$$ done.").split()
    ['See', '[the', 'map]:', 'done.']
    """
    markdown = re.sub(r"(?s)```.*?```|\$\$.*?\$\$", " ", markdown)
    return markdown if keep_links else re.sub(r"(?s)<[^>]+>|(?<=\])\([^)]*\)", "", markdown)


RULES = [
    the_cell_for_colab_comes_first,
    code_is_plain_python,
    cells_are_short,
    prose_stands_between_code,
    one_cell_imports,
    code_stays_on_this_machine,
    figures_are_described,
    drawings_are_described,
    headings_are_in_order,
    tables_have_headers,
    links_lead_somewhere,
    prose_outweighs_code,
    there_is_something_to_do,
    few_outputs_are_verdicts,
    exercises_have_hints,
    questions_have_answers,
]
