"""What the course is installed from agrees with itself, and a Python that will not do gets one sentence."""

import ast
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.notebooks.lessons import notebooks
from tools import binder

ROOT = Path(__file__).parents[1]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
LINES = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
PINS = {
    requirement.name.lower(): requirement
    for requirement in map(Requirement, (line for line in LINES if line[0].isalnum()))
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def version(name):
    (pin,) = PINS[name].specifier
    assert pin.operator == "=="
    return pin.version


def test_the_core_needs_little():
    assert [Requirement(text).name for text in PROJECT["dependencies"]] == ["numpy", "regex"]


@pytest.mark.parametrize(
    "text", [*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)]
)
def test_every_dependency_is_pinned_within_its_range(text):
    wanted = Requirement(text)
    if wanted.name == PROJECT["name"]:  # an extra that includes others
        assert wanted.extras <= set(EXTRAS)
    else:
        assert wanted.specifier.contains(version(wanted.name))


def test_requirements_are_exact_and_end_in_the_course_itself():
    assert LINES[-1] == "-e ."
    assert not [line for line in LINES[:-1] if not re.fullmatch(r"#.*|[\w-]+==[\w.]+( ; .+)?", line)]
    assert not [name for name in PINS if name.startswith("nvidia")]


# --- Binder -----------------------------------------------------------------------------------------

BINDER = binder.LIST.read_text(encoding="utf-8").splitlines()


def on_binder():
    """The names of the packages that Binder installs."""
    return {Requirement(line).name for line in BINDER if line[0].isalnum()}


def test_binder_has_what_the_lessons_need_in_the_same_versions():
    assert binder.python() in ("3.11", "3.12", "3.13")
    assert [line for line in BINDER if line[0] == "-"] == [f"--extra-index-url {CPU_INDEX}"]
    asked = [line for line in BINDER if line[0].isalnum()]
    assert set(asked) <= {line.partition(" ;")[0] for line in LINES}
    needed = {
        Requirement(text).name for text in [*PROJECT["dependencies"], *EXTRAS["torch"], *EXTRAS["lessons"]]
    }
    assert needed - {"jupyterlab", "ipykernel"} <= on_binder()  # Binder brings its own Jupyter
    assert "PIP_EXTRA_INDEX_URL=" + CPU_INDEX in (ROOT / "docs/install.md").read_text(encoding="utf-8")


def test_binder_has_no_tools_for_tests_or_grading():
    tools = {Requirement(text).name for text in EXTRAS["tests"] + EXTRAS["classroom"]} - {PROJECT["name"]}
    assert not tools & on_binder() and "jupyterlab" not in on_binder()
    assert sum(line[0].isalnum() for line in BINDER) < 60


def test_binders_list_is_written_out_of_requirements():
    if sys.platform != "linux":
        pytest.skip(
            "binder/requirements.txt was not written anew: what is installed here is not what Linux needs"
        )
    assert binder.LIST.read_text(encoding="utf-8") == binder.text(), "run `python -m tools.binder`"


def test_the_lessons_import_nothing_that_binder_lacks():
    code = "\n".join(
        "".join(cell["source"])
        for path in notebooks()
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    )
    used = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            used |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used.add(node.module.split(".")[0])
    assert {"numpy", "torch"} <= used
    assert used - sys.stdlib_module_names <= on_binder() | {"course_lib", "IPython"}


def test_binder_builds_its_image_from_our_files():
    if importlib.util.find_spec("repo2docker") is None:
        pytest.skip("Binder's recipe was not tried: jupyter-repo2docker is not installed (Windows has none)")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    dockerfile, said = result.stdout, result.stderr
    assert f"Building conda environment for python={binder.python()}" in said + dockerfile
    packages = dockerfile.index(
        '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    )
    # nothing from conda-forge, where nobody has looked for our versions
    assert "env update" not in dockerfile
    root, reader = dockerfile.rindex("USER root"), dockerfile.rindex("USER ${NB_USER}")
    assert packages < root < reader < dockerfile.index("RUN ./binder/postBuild")  # the reader's, not root's


def test_post_build_installs_the_course_alone():
    text = (ROOT / "binder/postBuild").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\nset -eu\n")
    assert "pip install --no-deps --editable ." in text


# --- tools/venv.sh ----------------------------------------------------------------------------------

# A Python that answers as this one does, except that it says it is older, lacks a module, or only pretends
# to make an environment and to install; what it was asked to do is written to `asked`.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") echo venv >>asked && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
"-m pip") echo pip >>asked && [ ! -e no-network ] ;;
*) exec {python} -c 'import sys; {before}; exec(sys.argv[1])' "$2" ;;
esac
"""
GOOD = "pass"
OLD = "sys.version_info = (3, 9, 2)"
WITHOUT_VENV = 'sys.modules["ensurepip"] = None'


class Course:
    """A folder with the files that `tools/venv.sh` reads, and a PATH of its own to put Pythons on."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tools").mkdir()
        (folder / "bin").mkdir()
        for name in ("tools/venv.sh", "requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        for name in ("cat", "cp", "dirname", "mkdir", "mv", "rm", "touch"):
            (folder / "bin" / name).symlink_to(shutil.which(name))

    def put(self, name, before):
        """Put a Python on the PATH that runs `before` first."""
        path = self.folder / "bin" / name
        path.write_text(PYTHON.format(python=shlex.quote(sys.executable), before=before))
        path.chmod(0o755)
        return path

    def run(self, **environment):
        """Run the script; its exit status and the lines it wrote."""
        result = subprocess.run(
            ["/bin/sh", self.folder / "tools/venv.sh"],
            env={"PATH": str(self.folder / "bin"), **environment},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return result.returncode, result.stdout.splitlines()

    def asked(self):
        """What the Pythons were asked to do since the last call of this method."""
        path = self.folder / "asked"
        lines = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def course(tmp_path):
    if sys.platform == "win32":
        pytest.skip(
            "tools/venv.sh was not tried: it is for systems with /bin/sh, and the README says what Windows does"
        )
    return Course(tmp_path)


def test_no_python_ends_in_one_sentence(course):
    status, (line,) = course.run()
    assert status == 1
    assert line.startswith("This course needs Python 3.11 or newer, but python3 cannot be run: install one")


def test_an_old_python_ends_in_one_sentence(course):
    course.put("python3", OLD)
    status, (line,) = course.run()
    assert status == 1
    assert line.startswith("This course needs Python 3.11 or newer, but ") and " is 3.9: install one" in line


def test_a_missing_venv_module_ends_in_one_sentence(course):
    course.put("python3", WITHOUT_VENV)
    course.put("python", OLD)
    status, (line,) = course.run()
    assert status == 1
    assert "lacks the venv module: add it (on Debian or Ubuntu: sudo apt install python3-venv)" in line


def test_a_launcher_with_nothing_behind_it_is_passed_over(course):
    launcher = course.folder / "bin" / "python3.12"
    launcher.write_text("#!/bin/sh\necho 'python3.12: command not found' >&2\nexit 127\n")
    launcher.chmod(0o755)
    course.put("python3", OLD)
    course.put("python3.13", WITHOUT_VENV)
    course.put("python3.11", GOOD)
    status, lines = course.run()
    assert status == 0
    assert lines[-1] == "The environment in .venv is ready."
    assert course.asked() == ["venv", "pip"]


def test_the_named_python_is_taken_and_no_other(course):
    course.put("python3", GOOD)
    status, (line,) = course.run(PYTHON=str(course.put("an old one", OLD)))
    assert status == 1
    assert " is 3.9: install one" in line
    status, (line,) = course.run(PYTHON="python4")
    assert status == 1
    assert "but python4 cannot be run" in line
    status, _ = course.run(PYTHON=str(course.put("a new one", GOOD)))
    assert status == 0


def test_a_false_success_and_news_from_others_are_off(course):
    course.put("python3", GOOD)
    course.run()
    off = json.loads((course.folder / ".venv/etc/jupyter/labconfig/page_config.json").read_text())
    unwanted = "@jupyter/nbgrader:validate-assignment", "@jupyterlab/apputils-extension:announcements"
    assert off == {"disabledExtensions": dict.fromkeys(unwanted, True)}


def test_nothing_is_installed_twice(course):
    course.put("python3", GOOD)
    assert course.run()[0] == 0
    assert course.asked() == ["venv", "pip"]
    assert course.run() == (0, ["The environment in .venv is up to date."])
    assert course.asked() == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "tools/venv.sh"])
def test_a_change_of_what_is_installed_is_installed_once(course, name):
    course.put("python3", GOOD)
    course.run()
    course.asked()
    with open(course.folder / name, "a") as file:
        file.write("# changed\n")
    assert course.run()[0] == 0
    assert course.asked() == ["pip"]
    assert course.run()[0] == 0
    assert course.asked() == []


def test_a_failed_installation_is_made_anew_next_time(course):
    course.put("python3", GOOD)
    (course.folder / "no-network").touch()
    status, lines = course.run()
    assert status == 1
    assert lines[-1].startswith("Installing requirements.txt into .venv")
    course.asked()
    (course.folder / "no-network").unlink()
    assert course.run()[0] == 0
    assert course.asked() == ["venv", "pip"]
    assert course.run()[0] == 0
    assert course.asked() == []


def test_an_environment_whose_python_is_gone_is_made_anew(course):
    course.put("python3", GOOD)
    course.run()
    course.asked()
    (course.folder / ".venv/bin/python").unlink()
    assert course.run()[0] == 0
    assert course.asked() == ["venv", "pip"]
