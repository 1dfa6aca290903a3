"""Where PyTorch is missing, in a browser for instance, the cells tagged torch are left out and the lesson goes on."""

import ast
import json
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.lessons import TIMEOUT, lessons, source, syntax

HIDDEN = "import sys\nsys.modules['torch'] = None  # importing it fails"


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_a_lesson_goes_on_without_torch(path):
    notebook = nbformat.read(path, as_version=4)
    left_out = {"torch", "training"}
    code = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not left_out & set(cell.metadata.get("tags", []))
    ]
    notebook.cells = [nbformat.v4.new_code_cell(HIDDEN), *code]
    # raises CellExecutionError with the cell and its error
    NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(path.parent)}}).execute()


def test_cells_with_the_tag_need_torch():
    """The tag is no way to leave out what could run: each such cell names PyTorch, or something a cell like it made."""
    for path in lessons():
        made = {"torch"}
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if "torch" in cell["metadata"].get("tags", []):
                assert any(re.search(rf"\b{name}\b", source(cell)) for name in made), (
                    f"{path.stem}: {cell['id']}"
                )
                made |= bound(syntax(source(cell)))


def bound(tree):
    """The names that a cell binds: what it imports from PyTorch, what it assigns, its functions and classes."""
    nodes = list(ast.walk(tree))
    imported = [
        node for node in nodes if isinstance(node, ast.ImportFrom) and node.module.startswith("torch")
    ]
    return (
        {alias.name for node in imported for alias in node.names}
        | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    )
