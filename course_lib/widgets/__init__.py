"""Pictures of the lessons: arrays in, a figure and one sentence out; and live ones to explore. Needs no torch.

The live widgets are loaded when they are asked for, so that a lesson of figures starts without them:

>>> from course_lib.widgets import MatmulExplorer
>>> MatmulExplorer([[1, 2]], [[3], [4]])
Explorer of a matrix product: (1, 2) times (2, 1) gives (1, 1)
"""

import re
from importlib import import_module
from pathlib import Path

# class → file, of every subclass of Live that has its script beside it: read, not imported
LIVE = {
    name: path.stem
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.with_suffix(".js").exists()
    for name in re.findall(r"(?m)^class (\w+)\(Live\)", path.read_text(encoding="utf-8"))
}


def __getattr__(name):
    if name not in LIVE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LIVE[name]}"), name)
