"""Binder's list installed into an empty environment, and lessons run from it as they are on Binder: Linux alone.

    python -m tests.on_binder               # with a Python of the version in binder/runtime.txt, if there is one
    python -m tests.on_binder python3.12    # with the one that is named

The list is resolved and installed by pip, the course by binder/postBuild. Jupyter is added, which Binder's image has
of its own. JupyterLab then opens lessons in Chromium and runs them, while server and kernels stay below the memory
that Binder promises. It takes minutes, so CI runs it and `make test` does not.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from course_lib.lessons import NAMES
from tests.browser import chromium
from tests.browser.notebooks import fresh_page
from tests.browser.run_lesson import jupyterlab, run
from tools import binder
from tools.links import ROOT

PROMISED = 1000  # MB
LESSONS = [name for name in NAMES if re.fullmatch(r"00_\w+|\d\d_attention|\d\d_gpt", name)]


def copy_of_the_course(folder):
    """What git keeps, as Binder has it: the tracked files as they are now."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode)


def install(python, env, course):
    """An environment with Binder's list, Jupyter, and the course; the version of its Python."""
    subprocess.run([python, "-m", "venv", env], check=True)
    pip = [env / "bin/python", "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    lines = (course / "binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    (index,) = (line.split()[1] for line in lines if line[0] == "-")
    try:
        urllib.request.urlopen(f"{index}/torch/", timeout=20).close()
    except OSError as error:
        print(f"left out {index} ({error}): pip takes what this machine's own settings find", flush=True)
        lines = [line for line in lines if line[0] != "-"]
    (env / "list.txt").write_text("\n".join(lines), encoding="utf-8")
    subprocess.run([*pip, "-r", env / "list.txt"], check=True)
    subprocess.run([*pip, *(binder.pins()[name] for name in sorted(binder.JUPYTER))], check=True)
    path = f"{env / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([course / "binder/postBuild"], cwd=course, check=True, env={**os.environ, "PATH": path})
    subprocess.run([env / "bin/python", "-m", "pip", "check"], check=True)
    tell = "import platform, torch; assert not torch.version.cuda, 'CUDA'; print(platform.python_version())"
    return subprocess.run(
        [env / "bin/python", "-c", tell], check=True, capture_output=True, text=True
    ).stdout.strip()


def peak(process):
    """The most memory that a process and those below it have held, in MB: the sum of what each held at its own peak."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        total += int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{one.pid}/status").read_text())[1]) / 1024
    return total


def main(python=None):
    """Install, run, measure; how many lessons failed."""
    wanted = python or f"python{binder.python()}"
    if python is None and subprocess.run([wanted, "-c", ""], check=False, capture_output=True).returncode:
        wanted = sys.executable
    assert len(LESSONS) == 3, LESSONS
    failed, start = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        env, course = Path(name, "env"), Path(name, "course")
        copy_of_the_course(course)
        version = install(wanted, env, course)
        print(f"installed with Python {version} ({time.monotonic() - start:.0f} s)", flush=True)
        browser = playwright.chromium.launch(executable_path=chromium.found(), args=chromium.QUIET)
        for lesson in LESSONS:
            with jupyterlab(course, dark=False, python=env / "bin/python") as address:
                page, problems = fresh_page(browser)
                path = course / "notebooks" / f"{lesson}.ipynb"
                problems += run(page, address(path.name), path, timeout=6 * chromium.PATIENCE)
                megabytes = peak(psutil.Process(address.server.pid))
                page.context.close()
            if megabytes > PROMISED:
                problems.append(f"more than the {PROMISED} MB that Binder promises")
            failed += bool(problems)
            print(
                f"{lesson}: {megabytes:.0f} MB at its peak, server and kernel together", *problems, sep="\n  "
            )
        browser.close()
    print(f"{len(LESSONS) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
