"""What each lesson costs its reader: seconds from kernel start to the last cell, and the kernel's peak memory."""

import re
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from course_lib.lessons import TRAINING
from tests.notebooks.lessons import TIMEOUT, lessons

PLAIN_BAR, TRAINING_BAR = (6, 450), (90, 700)  # seconds, megabytes


def rows():
    """A dict for every lesson: seconds, peak MB, bars, met."""
    for path in lessons():
        seconds, megabytes = cost(path)
        bar_seconds, bar_megabytes = TRAINING_BAR if path.stem in TRAINING else PLAIN_BAR
        yield {
            "what": path.stem,
            "seconds": seconds,
            "bar, s": bar_seconds,
            "MB": megabytes,
            "bar, MB": bar_megabytes,
            "met": seconds <= bar_seconds and megabytes <= bar_megabytes,
        }


def cost(path):
    """(seconds, peak megabytes) of executing the lesson at `path` in a fresh kernel. Linux only."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(path.parent)}})
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        status = Path(f"/proc/{client.km.provisioner.pid}/status").read_text()
    return seconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
