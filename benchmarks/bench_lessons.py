"""What each lesson costs its reader: the kernel's peak memory, and seconds from its start to the last cell.

A lesson that trains has a bar in seconds. Any other is compared, in the same run, with a kernel that executes nothing but
the imports of all its cells, PyTorch's among them: what the machine does that moment weighs on both.
"""

import ast
import re
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from course_lib.lessons import TRAINING
from tests.notebooks.lessons import TIMEOUT, lessons

TIMES, MEGABYTES = 3, 450  # of a lesson without training: its time in kernels that only import, its memory
TRAINING_SECONDS, TRAINING_MEGABYTES = 90, 700


def rows():
    """A dict for every lesson: seconds, peak MB, bars, met."""
    for path in lessons():
        trains = path.stem in TRAINING
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        bare = [nbformat.from_dict(cell | {"source": imports(cell.source)}) for cell in cells]
        empty, _ = cost(bare, path.parent)
        seconds, megabytes = cost(cells, path.parent)
        bar = TRAINING_SECONDS if trains else TIMES * empty
        bar_megabytes = TRAINING_MEGABYTES if trains else MEGABYTES
        yield {
            "what": path.stem,
            "seconds": seconds,
            "imports alone, s": empty,
            "bar, s": round(bar, 1),
            "MB": megabytes,
            "bar, MB": bar_megabytes,
            "met": seconds <= bar and megabytes <= bar_megabytes,
        }


def imports(source):
    """The import statements of a cell, without all that stands between them.

    >>> imports("import math\\nx = math.pi\\nfrom math import tau")
    'import math\\nfrom math import tau'
    """
    kept = [one for one in ast.parse(source).body if isinstance(one, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, kept))


def cost(cells, folder):
    """(seconds, peak megabytes) of executing the cells in a fresh kernel that starts in `folder`. Linux only."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        status = Path(f"/proc/{client.km.provisioner.pid}/status").read_text()
    return seconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
