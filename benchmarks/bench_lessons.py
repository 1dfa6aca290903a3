"""What each lesson costs its reader: the kernel's peak memory, and seconds from its start to the last cell.

A lesson that trains has a bar in seconds. Any other is compared, in the same run, with a kernel that executes its first
cells alone, the imports: what the machine does that moment weighs on both.
"""

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
        empty, _ = cost(path, until="imports")
        seconds, megabytes = cost(path)
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


def cost(path, until=None):
    """(seconds, peak megabytes) of executing the lesson in a fresh kernel, up to the cell named `until`. Linux only."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(path.parent)}})
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            if cell.id == until:
                break
        seconds = time.perf_counter() - start
        status = Path(f"/proc/{client.km.provisioner.pid}/status").read_text()
    return seconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
