"""Writes binder/requirements.txt, what the lessons need on Binder, out of requirements.txt: python -m tools.binder

Binder's own image brings Jupyter. The rest of what the lessons need, and what those packages need in turn, is pinned
to the versions that the course is tested with. The installed packages say what they need, so this runs in .venv.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.links import ROOT

LIST = ROOT / "binder/requirements.txt"
JUPYTER = {"jupyterlab", "ipykernel"}
HEAD = """\
# What the lessons need on Binder, where Jupyter is part of the image; the Python is in runtime.txt.
# Written out of requirements.txt by `python -m tools.binder`. PyTorch's own index has it without CUDA.
--extra-index-url https://download.pytorch.org/whl/cpu
"""


def python():
    """The Python of Binder's image, as "3.12"."""
    return (ROOT / "binder/runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")


def pins():
    """Dict from the name of each package in requirements.txt to its line."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(Requirement(line).name): line for line in lines if re.match(r"\w", line)}


def wanted():
    """The packages that the lessons import or show their pictures with, of pyproject.toml; Jupyter left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *extras["torch"], *extras["lessons"]]
    return {canonicalize_name(Requirement(text).name) for text in texts} - JUPYTER


def needed():
    """`wanted` and what these need in turn on Binder, as far as requirements.txt pins it."""
    machine = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python()}.0",
        "python_version": python(),
        "sys_platform": "linux",
        "extra": "",
    }
    found, left = set(), wanted()
    while left:
        name = left.pop()
        found.add(name)
        try:
            texts = requires(name) or []
        except PackageNotFoundError:  # of another system than this one
            continue
        for requirement in map(Requirement, texts):
            if requirement.marker is None or requirement.marker.evaluate(machine):
                left |= {canonicalize_name(requirement.name)} & pins().keys() - found
    return sorted(found)


def text():
    """What binder/requirements.txt should be."""
    return HEAD + "".join(pins()[name].partition(" ;")[0] + "\n" for name in needed())


if __name__ == "__main__":
    LIST.write_text(text(), encoding="utf-8", newline="\n")
