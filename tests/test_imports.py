"""Which way imports point in `course_lib`, read from its sources and tried in fresh interpreters.

Two implementations that import each other share their mistakes and then agree, and a NumPy lesson that
loads torch is slow to start: so directions are rules. Small packages that break them show that they bite.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each part of the library may import from the others, anywhere in its sources.
MAY_USE = {
    "course_lib": set(),  # the package itself
    "shapes": set(),
    "lessons": set(),
    "terminal": set(),
    "tokenization": {"in_both", "shapes"},
    "in_both": {"shapes"},
    "data": {"in_both", "shapes", "tokenization"},
    "runs": {"in_both", "shapes"},
    "mine": {
        "data",
        "tokenization",
        "exercises",
        "in_numpy",
        "in_both",
        "one_page",
        "shapes",
        "runs",
        "terminal",
    },
    "one_page": {"mine"},
    "classroom": {"in_numpy", "in_both", "exercises", "shapes", "terminal"},
    "documents": set(),
    "in_numpy": {"in_both", "shapes", "runs"},
    "in_torch": {"in_both", "shapes", "runs", "data", "terminal", "tokenization"},
    "widgets": {"shapes", "lessons"},
    "exercises": {"in_numpy", "in_both", "shapes", "runs"},
}
# Large packages that only one part of the library may load when it is imported.
LOADED_BY = {"torch": "in_torch", "matplotlib": "widgets"}


def offences(root):
    """Sentences about imports in `root/course_lib` that point the wrong way."""
    files = {}  # part of the library → its source files
    for path in sorted((root / "course_lib").rglob("*.py")):
        files.setdefault(part_of(name_of(path, root)), []).append(path)
    for part, paths in files.items():
        if part not in MAY_USE:
            yield f"say in MAY_USE what course_lib.{part} may import"
            continue
        for path in paths:
            for used in sorted({part_of(name) for name in imported(path, root)} - {part, "course_lib", ""}):
                if used not in MAY_USE[part]:
                    yield f"{path.relative_to(root)} imports {used}"
        modules = loaded([name_of(path, root) for path in paths], root)
        for package, owner in LOADED_BY.items():
            if package in modules and part != owner:
                yield f"importing {part} loads {package}"
        for used in sorted({part_of(module) for module in modules} - {part, "course_lib", ""}):
            if used not in MAY_USE[part]:
                yield f"importing {part} loads {used}"


def name_of(path, root):
    """A source file's dotted name, as in course_lib.in_numpy.attention."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def part_of(module):
    """The part of the library a dotted name belongs to; "" for a module that is not ours.

    >>> part_of("course_lib.in_numpy.attention"), part_of("course_lib"), part_of("numpy")
    ('in_numpy', 'course_lib', '')
    """
    names = module.split(".")
    return "" if names[0] != "course_lib" else names[min(1, len(names) - 1)]


def imported(path, root):
    """Every dotted name that the source file imports, also inside functions."""
    package = name_of(path, root).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            # an alias is a module (from .. import shapes) or something in one (from ..shapes import AXES)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def loaded(modules, root):
    """The names in `sys.modules` after a new interpreter has imported the modules from `root`."""
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import {', '.join(modules)}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_imports_point_the_right_way():
    assert list(offences(ROOT)) == []


def test_the_library_was_found():
    found = {name_of(path, ROOT) for path in (ROOT / "course_lib").rglob("*.py")}
    assert {"course_lib.in_numpy.attention", "course_lib.in_torch.attention", "course_lib.documents"} <= found
    assert "torch" in loaded(["course_lib.in_torch.attention"], ROOT)
    assert "matplotlib" in loaded(["course_lib.widgets.figures"], ROOT)


@pytest.mark.parametrize(
    ("file", "source", "sentence"),
    [
        ("__init__.py", "from . import shapes", "__init__.py imports shapes"),
        ("shapes.py", "import course_lib.documents", "shapes.py imports documents"),
        ("documents/__init__.py", "from ..shapes import AXES", "documents/__init__.py imports shapes"),
        ("in_numpy/gpt.py", "from course_lib.in_torch import gpt", "in_numpy/gpt.py imports in_torch"),
        ("in_numpy/gpt.py", "from course_lib import in_torch", "in_numpy/gpt.py imports in_torch"),
        ("in_numpy/gpt.py", "from .. import in_torch", "in_numpy/gpt.py imports in_torch"),
        ("in_numpy/gpt.py", "def f():\n    from ..in_torch import gpt", "in_numpy/gpt.py imports in_torch"),
        ("in_numpy/gpt.py", "__import__('course_lib.in_torch')", "importing in_numpy loads in_torch"),
        ("in_numpy/gpt.py", "import torch", "importing in_numpy loads torch"),
        ("in_numpy/gpt.py", "try:\n    import matplotlib\nexcept ImportError:\n    pass", "loads matplotlib"),
        ("in_torch/gpt.py", "import course_lib.in_numpy", "in_torch/gpt.py imports in_numpy"),
        ("in_torch/gpt.py", "import torch, matplotlib", "importing in_torch loads matplotlib"),
        ("widgets/figures.py", "import torch, matplotlib", "importing widgets loads torch"),
        ("widgets/figures.py", "from course_lib.in_numpy import gpt", "widgets/figures.py imports in_numpy"),
        ("plots.py", "", "say in MAY_USE what course_lib.plots may import"),
    ],
)
def test_an_import_that_points_the_wrong_way_is_noticed(file, source, sentence, tmp_path):
    good = {
        "course_lib/__init__.py": "",
        "course_lib/shapes.py": "AXES = {}",
        "course_lib/documents/__init__.py": "",
        "course_lib/in_numpy/__init__.py": "",
        "course_lib/in_numpy/gpt.py": "from course_lib.shapes import AXES",
        "course_lib/in_torch/__init__.py": "",
        "course_lib/in_torch/gpt.py": "import torch\nfrom ..shapes import AXES",
        "course_lib/widgets/__init__.py": "",
        "course_lib/widgets/figures.py": "import matplotlib",
        "torch.py": "",  # a stand-in that loads at once
        "matplotlib.py": "",
    }
    for name, text in good.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(offences(tmp_path)) == []
    (tmp_path / "course_lib" / file).write_text(good.get(f"course_lib/{file}", "") + "\n" + source)
    assert any(sentence in offence for offence in offences(tmp_path))
