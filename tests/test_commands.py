"""No page names a command that nobody runs. Running them is for `python -m tests.commands`, which .ci/run calls."""

import re
import shlex
import sys
from importlib.machinery import PathFinder

import pytest

from tests import commands
from tests.commands import BY_CI, CLASSROOM, GUIDE, PAGES, RUN, SELECT, SERVE, Command
from tools.links import ROOT

NAMED = commands.all_named()
ON_GITHUB = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(".github/workflows/*.yml"))]
CI = "\n".join(
    [
        (ROOT / ".ci/run").read_text(encoding="utf-8"),
        *re.findall(r"(?m)^ +- run: (.+)$", "\n".join(ON_GITHUB)),
    ]
)
WARNED_OF = {"nbgrader autograde", "nbgrader zip_collect"}  # the guide says what to use in their place
# Lines of blocks that are no commands.
OTHER_LINES = {"https://YOUR-HUB/…": r"https://YOUR-HUB/.*", "a setting of nbgrader": r'r".*"'}


def missing(line):
    """Sentences about what a command refers to that is not there: a target, a module, a file."""
    words = shlex.split(line[commands.SET.match(line).end() :].replace("\\", "/"))
    target = next((word for word in words[1:] if "=" not in word and word[0] != "-"), "")
    if words[0] == "make" and f"\n{target}:" not in (ROOT / "Makefile").read_text(encoding="utf-8"):
        yield f"the Makefile has no {target}"
    if "-m" in words and not known(words[words.index("-m") + 1]):
        yield f"there is no module {words[words.index('-m') + 1]}"
    for word in re.split(r"[\s=]+", line.replace('"', "")):
        if re.match(r"(tests|notebooks|course_lib|tools|docs|benchmarks)/", word) and not list(
            ROOT.glob(word.rstrip(";"))
        ):
            yield f"there is no {word}"


def known(module):
    """Whether a module can be run with -m: a file of the course, or of a package that is installed."""
    file = ROOT / module.replace(".", "/")
    if (ROOT / module.partition(".")[0]).is_dir():
        return file.with_suffix(".py").exists() or (file / "__main__.py").exists()
    return PathFinder.find_spec(module.partition(".")[0]) is not None


@pytest.mark.parametrize("command", NAMED, ids=lambda command: f"{command.page}: {command.line}"[:80])
def test_a_command_is_run_by_ci(command):
    way, line = commands.how(command)
    if way == BY_CI and "apt install" in line:
        for package in line.partition("install ")[2].split():
            assert f"install {package} " in CI
    elif way == BY_CI:
        assert any(said.startswith(commands.folded(line)) for said in commands.folded(CI).splitlines())
    elif way == CLASSROOM:
        # tests/classroom/test_guide.py runs the blocks of the guide, one after the other
        in_blocks = {asked(one.line) for one in NAMED if one.page == GUIDE and one.block}
        assert asked(line) in in_blocks | WARNED_OF
    else:
        assert way in (RUN, SELECT, SERVE) and list(missing(line)) == []
        assert re.search(r"(?m)^\S*python -m tests\.commands$", CI)


def asked(line):
    """What a program is asked to do, without its options: "make grade" of "make grade ARGS=--again"."""
    return " ".join(line.split()[:2])


def test_every_line_of_a_block_is_a_command_or_known_to_be_none():
    for page in [*PAGES, GUIDE]:
        for _, language, block in commands.FENCE.findall((ROOT / page).read_text(encoding="utf-8")):
            for line in commands.lines(block) if language in commands.SHELL else ():
                assert commands.is_command(line) or any(
                    re.fullmatch(r, line) for r in OTHER_LINES.values()
                ), line


def test_no_entry_is_left_over():
    for pattern, _, _ in commands.OTHERWISE:
        assert any(re.fullmatch(pattern, command.line) for command in NAMED), pattern
    for word in commands.WORDS:
        assert any(word in command.line for command in NAMED), word


PAGE = """Run `make frobnicate`, or ``python -m course_lib.nothing --now``. A softmax of `x = 3` is `export const y`.

```
$ pip install another   # with a word about it
.venv/bin/python -m tests.gone \\
    --all
python -c "one
two"
```

1. In a list:

   ```sh
   nbgrader frobnicate
   # a comment
   PIP_EXTRA_INDEX_URL=https://a/b make lab
   ```

```python
make = "no command"
```
`make`, `torch.nn`, `.venv/bin/ruff check`, `jupyter lab
notebooks/gone.ipynb`
"""


def test_commands_are_found_wherever_they_stand():
    assert commands.named(PAGE, "page.md") == [
        Command("pip install another", "page.md", 1),
        Command(".venv/bin/python -m tests.gone --all", "page.md", 1),
        Command('python -c "one\ntwo"', "page.md", 1),
        Command("nbgrader frobnicate", "page.md", 2),
        Command("PIP_EXTRA_INDEX_URL=https://a/b make lab", "page.md", 2),
        Command("make frobnicate", "page.md"),
        Command("python -m course_lib.nothing --now", "page.md"),
        Command(".venv/bin/ruff check", "page.md"),
        Command("jupyter lab notebooks/gone.ipynb", "page.md"),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("make frobnicate", "the Makefile has no frobnicate"),
        ("python -m course_lib.nothing --now", "there is no module course_lib.nothing"),
        (".venv/bin/python -m nowhere.at.all", "there is no module nowhere.at.all"),
        ("pytest tests/test_gone.py", "there is no tests/test_gone.py"),
        ('make notebooks ARGS="notebooks/99_gone.ipynb"', "there is no notebooks/99_gone.ipynb"),
    ],
)
def test_what_is_not_there_is_named(line, why):
    assert list(missing(line)) == [why]
    assert commands.how(Command(line, "page.md"))[0] in (RUN, SELECT)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing was run: Windows has no bash of ours")
def test_a_command_that_fails_is_told(tmp_path):
    assert commands.ran("echo well", tmp_path, tmp_path) == ""
    assert commands.ran("echo badly; false", tmp_path, tmp_path) == "ended with 1\nbadly\n"
    assert commands.served("echo no server; exit 3", tmp_path, tmp_path).startswith(
        "JupyterLab did not start:\nno server"
    )
