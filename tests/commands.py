"""The commands that README, CONTRIBUTING, docs/ and the guide name, read off the pages, and how CI runs each of them.

    python -m tests.commands            # runs those that are run as they stand, in a fresh copy of the repository
    python -m tests.commands --list     # lists all, with how each is run

A command that a page names is run as it stands and must end well, unless `OTHERWISE` says how else. So a new command
is run without being entered anywhere; one that needs a server, minutes, or words put in is entered there.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from course_lib import documents
from tests.browser.chromium import PATIENCE
from tests.browser.run_lesson import listening, own_folders
from tests.on_binder import copy_of_the_course
from tools.links import ROOT

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
GUIDE = "notebooks/assignments/README.md"
FENCE = re.compile(r"(?ms)^( *)```(\w*)[^\n]*\n(.*?)^\1```")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
SHELL = {"", "sh", "bash", "shell", "console", "bat", "powershell"}
SET = re.compile(r"(?:\w+=(?:\"[^\"]*\"|'[^']*'|\S*) +)*")  # VARIABLE=value in front of a command
# fmt: off
PROGRAMS = {
    ".", "apt", "apt-get", "bash", "brew", "cd", "conda", "cp", "curl", "docker", "git", "jupyter", "make", "mamba", "mkdir",
    "mv", "nbgrader", "npm", "npx", "pip", "pip3", "pipx", "podman", "py", "pytest", "python", "python3", "rm", "ruff", "sh",
    "source", "sudo", "torchrun", "uv", "wget",
}
# fmt: on


class Command(NamedTuple):
    """A command, the page that names it, and the number of its block there, 0 within the text."""

    line: str
    page: str
    block: int = 0


def program(line):
    """The word of a line that names the program, without its folder: ".venv/bin/python -m x" → "python"."""
    words = line[SET.match(line).end() :].split()
    return re.split(r"[/\\]", words[0])[-1].removesuffix(".exe") if words else ""


def is_command(line):
    """Whether a text is a command: it begins with a program of this environment or of PROGRAMS, and has more to say."""
    name = program(line)
    if line.startswith("."):  # .venv\\Scripts\\activate, .venv/bin/python, . .venv/bin/activate
        return bool(re.match(r"\.venv[/\\]\w|\. \S", line))
    if name == "export":
        return bool(re.match(r"export \w+=", line))
    known = name in PROGRAMS or Path(sysconfig.get_path("scripts"), name).is_file()
    return known and (" " in line.strip() or "=" in line)


def lines(block):
    """The lines of a block: comments and prompts gone, and what goes on behind a \\ or within quotes as one."""
    whole = ""
    for line in block.splitlines():
        whole = f"{whole}\n{line}" if whole else line.strip().removeprefix("$ ")
        if whole.endswith(" \\"):
            continue
        whole = re.sub(r"\s*\\\n\s*", " ", whole)
        if (whole.count('"') - whole.count('\\"')) % 2 == 0:
            bare = re.sub(r"(^|\s+)#.*$", "", whole)
            if bare:
                yield bare
            whole = ""


def named(text, page):
    """The commands that a page names: in its blocks of no language or a shell's, and between its backticks."""
    found = []
    for number, (_, language, block) in enumerate(FENCE.findall(text), start=1):
        if language in SHELL:
            found += [Command(line, page, number) for line in lines(block) if is_command(line)]
    for _, span in SPAN.findall(FENCE.sub("", text)):
        line = " ".join(span.split())
        if is_command(line):
            found.append(Command(line, page))
    return list(dict.fromkeys(found))


def all_named():
    """The commands of all pages."""
    return [
        command
        for page in [*PAGES, GUIDE]
        for command in named((ROOT / page).read_text(encoding="utf-8"), page)
    ]


# --- how each is run --------------------------------------------------------------------------------

# What stands for something else on a page, and what it stands for here.
A_CLAIM = next(id for id, claim in documents.claims().items() if claim.verdict == "reproduced")
WORDS = {"the.id": A_CLAIM, "the_name": "softmax", "NN_name": "04_attention"}
RUN, SERVE, SELECT, BY_CI, CLASSROOM = "run", "serve", "select", "ci", "classroom"
# What the command is, how it is run, and what is run in its place.
OTHERWISE = [
    # A server is started, answers, and is ended with Ctrl + C.
    (r"make (lab|mark)|.* make lab|make lab ARGS=.*", SERVE, ""),
    (r"jupyter lab .*", SERVE, r"\g<0> --allow-root"),  # as the Makefile does where the user is root
    # `make test` runs what pytest runs; here it must find something to run.
    (r"(\.venv/bin/python -m )?pytest .*", SELECT, ""),
    # They take minutes, and are lines of .ci/run; or a network, and are a line of a workflow.
    (
        r"make (test|site|lite|slides|worksheets|outside)|python -m tests\.on_binder|\S+ -m tests\.browser\.\w+ build/(site|slides)",
        BY_CI,
        "",
    ),
    (r"(sudo )?apt install [a-z ]+", BY_CI, ""),
    # All of it takes half an hour, and tests/test_benchmarks.py runs the parts on tiny models.
    (r"make bench|make bench ARGS=classroom", RUN, "make bench ARGS=memory"),
    # A text of one's own, and a model that is trained in seconds.
    (
        r"python -m course_lib\.in_torch\.train --text mine\.txt .*",
        RUN,
        r"cat course_lib/data/texts/*.txt >mine.txt; \g<0> --vocabulary 300 --C 16 --D 16 --H 2 --L 1 --B 8 --steps 20 --warmup 2",
    ),
    # A Docker is needed for the rest of it.
    (r"jupyter-repo2docker --no-run (.*) (?:https://\S+|\.)", RUN, r"jupyter-repo2docker --no-build \1 ."),
    # The beginning of another command, to say where options go.
    (r"pip install", RUN, "pip install -r requirements.txt"),
    # Windows' words for what other systems call otherwise.
    (r"py -3\.11 -m venv \.venv", RUN, "python -m venv .venv-by-hand"),
    (r"\.venv\\Scripts\\activate", RUN, ". .venv-by-hand/bin/activate"),
    # They need the folder of a class with submissions in it: tests/classroom goes through the guide.
    (r"(make (release|collect|grade)|nbgrader|cp|mv|rm|export|python -c) ?[\s\S]*", CLASSROOM, ""),
]


def how(command):
    """(how a command is run, the line that is run)."""
    for pattern, way, instead in OTHERWISE:
        found = re.fullmatch(pattern, command.line)
        if found:
            line = found.expand(instead) if instead else command.line
            break
    else:
        way, line = RUN, command.line
    for word, meant in WORDS.items():
        line = line.replace(word, meant)
    return way, line


def folded(line):
    """A line without the folder of .venv and `sudo`, as it is compared with those of .ci/run."""
    return line.replace(".venv/bin/", "").removeprefix("sudo ")


def shell(line, course, path, **more):
    """A process that runs the line in the copy of the course."""
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "BROWSER": "true", **more}
    return subprocess.Popen(
        ["bash", "-c", line],
        cwd=course,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ran(line, course, path):
    """What went wrong with a line that has to end well, or ""."""
    process = shell(line, course, path)
    said, _ = process.communicate()
    return "" if process.returncode == 0 else f"ended with {process.returncode}\n{said[-3000:]}"


def served(line, course, path):
    """What went wrong with a line that has to start a JupyterLab and end with Ctrl + C, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        own = own_folders(Path(folder))
        log = Path(folder, "log")
        process = shell(f"({line}) >{shlex.quote(str(log))} 2>&1", course, path, COURSE=folder, **own)
        try:
            url, token = listening(process, Path(own["JUPYTER_RUNTIME_DIR"]), log)
            urllib.request.urlopen(f"{url}lab/tree/notebooks/00_start_here.ipynb?token={token}").close()
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return ""


def main(*options):
    """Run, print, and say how many failed."""
    commands, failed, done = all_named(), 0, set()
    if options == ("--list",):
        for command in commands:
            way, line = how(command)
            print(
                f"{way:9} {command.page}: {command.line}" + (f"  →  {line}" if line != command.line else "")
            )
        return 0
    # a program in the background ignores Ctrl + C, and so do its children
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as name:
        course = Path(name, "course")
        copy_of_the_course(course)
        usual = path = course / ".venv/bin"
        subprocess.run(["make", "venv"], cwd=course, check=True, stdout=subprocess.DEVNULL)
        block = None
        for command in commands:
            if block != (command.page, command.block):
                block, path = (command.page, command.block), usual
            way, line = how(command)
            if way in (BY_CI, CLASSROOM) or (way, line, path) in done:
                continue
            done.add((way, line, path))
            start = time.monotonic()
            if way == SERVE:
                wrong = served(line, course, path)
            else:
                wrong = ran(f"{line} --collect-only -q" if way == SELECT else line, course, path)
            if activates := re.fullmatch(r"\. (\S+)/activate", line):
                path = course / activates[1]
            failed += bool(wrong)
            verdict = f"failed: {wrong}" if wrong else "ended well"
            print(f"{command.page}: {line}: {verdict} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{len(done) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
