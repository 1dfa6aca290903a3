"""Writes what the front door says about the course: badges, links, the table of lessons, and all counts.

    python -m tools.links       (or: make links)

The repository's address stands in pyproject.toml alone, under [project.urls]; times stand in the lessons, and
numbers are counted where they live. In README.md and docs/*.md the text between `<!-- links: name -->` and
`<!-- end -->` is written by `parts()[name]`, and in every lesson the cell `colab` by `colab_cell()`; a test
fails when they are not up to date.
"""

import importlib
import json
import pkgutil
import re
import tomllib
from pathlib import Path
from urllib.parse import quote

from course_lib.lessons import LESSONS, NAMES

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "docs/open_online.md"]
PLACEHOLDER = "THE-ADDRESS-IS-NOT-KNOWN-YET"
FIRST = NAMES[0]
BRANCH = "main"
MARKED = re.compile(r"(<!-- links: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TIME = re.compile(r"\*\*Time\*\* about (.+?)[,.]")


def address():
    """The public address of the repository, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].rstrip("/")


def lessons():
    """Dict from the name of each lesson that exists to the time it takes, as its first cell says it."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        title = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        said = TIME.search(title)
        if not said or path.stem not in NAMES:
            raise SystemExit(
                f"{path.name}: its first cell says no '**Time** about …', or course_lib/lessons.py does not name it"
            )
        found[path.stem] = said[1].replace(" minutes", " min")
    return found


# --- links ------------------------------------------------------------------------------------------


def slug():
    """ "https://github.com/owner/name" → "owner/name"."""
    return "/".join(address().split("/")[-2:])


def binder(lesson):
    """Opens the lesson in JupyterLab on mybinder.org."""
    return f"https://mybinder.org/v2/gh/{slug()}/{BRANCH}?urlpath=lab/tree/notebooks/{lesson}.ipynb"


def colab(lesson):
    """Opens the lesson in Google Colab."""
    return f"https://colab.research.google.com/github/{slug()}/blob/{BRANCH}/notebooks/{lesson}.ipynb"


def colab_cell():
    """The lines of the cell that fetches the course in Colab, where a lesson comes alone; see docs/open_online.md."""
    return [
        "# Colab has no copy of the course: this fetches one. Anywhere else the cell does nothing.",
        "import sys",
        'if "google.colab" in sys.modules:',
        f"    get_ipython().run_line_magic('pip', \"install -q 'gpt-by-hand[colab] @ git+{address()}'\")",
    ]


def puller(lesson):
    """For a JupyterHub with nbgitpuller: brings the repository up to date, then opens the lesson."""
    page = quote(f"lab/tree/{slug().split('/')[1]}/notebooks/{lesson}.ipynb", safe="")
    repository = quote(address(), safe="")
    return f"https://YOUR-HUB/hub/user-redirect/git-pull?repo={repository}&branch={BRANCH}&urlpath={page}"


def site():
    """Where GitHub Pages puts the course for reading."""
    owner, name = slug().split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


# --- counts -----------------------------------------------------------------------------------------


def lists(package, *names):
    """How many entries the lists of these names have in all modules of a package of tests."""
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
    contents = [vars(importlib.import_module(module.name)) for module in modules]
    return sum(len(module.get(name, ())) for module in contents for name in names)


def numbers():
    """What the course is checked with: dict from what is counted to how many there are."""
    from course_lib.documents import counts  # the rest of this module needs nothing but Python

    verdicts = counts()
    found = {
        "claims": sum(verdicts.values()),
        **verdicts,
        "right": lists("tests.exercises.answers", "RIGHT"),
        "wrong": lists("tests.exercises.answers", "WRONG"),
        "broken": lists("tests.parity", "BROKEN"),
    }
    if (ROOT / "tests/classroom").is_dir():
        found["attacks"] = lists("tests.classroom", "IN_A_CELL", "ENDLESS", "FILES")
    return found


# --- the parts --------------------------------------------------------------------------------------


def parts():
    """The generated texts: dict from the name in the marker to lines of Markdown."""
    n = numbers()
    times = lessons()
    waiting = [f"*The repository has no public address yet, so links with {PLACEHOLDER} lead nowhere.*", ""]
    return {
        "badges": [
            *(waiting if PLACEHOLDER in address() else []),
            f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder(FIRST)})",
            f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab(FIRST)})",
            f"[![Read](https://img.shields.io/badge/read-online-0072B2)]({site()})",
        ],
        "lessons": [
            "| lesson | what you build | time | open |",
            "| --- | --- | --- | --- |",
            *(
                f"| [{name.replace('_', ' ')}](notebooks/{name}.ipynb) | {builds} | {times[name]} "
                f"| [Binder]({binder(name)}) · [Colab]({colab(name)}) |"
                for name, builds, *_ in LESSONS
            ),
        ],
        "numbers": [
            "| what | how many |",
            "| --- | --- |",
            f"| claims of the five documents, each with a verdict | {n['claims']} |",
            f"| … reproduced to the last printed digit | {n['reproduced']} |",
            f"| … **errata**, each with its cause | {n['erratum']} |",
            f"| … inputs, and outside facts with their sources | {n['given']} + {n['cited']} |",
            f"| wrong answers to exercises, each rejected with the message meant for it | {n['wrong']} |",
            f"| right answers in other styles, all accepted | {n['right']} |",
            f"| pieces of the library broken on purpose, to see the suite fail | {n['broken']} |",
            *(
                [f"| submissions that try to cheat the grader or to stop it | {n['attacks']} |"]
                if "attacks" in n
                else []
            ),
        ],
        "puller": ["```", puller(FIRST), "```"],
        "colab": ["```python", *colab_cell(), "```"],
        "image": [
            "```",
            "jupyter-repo2docker --no-run --target-repo-dir /srv/gpt-by-hand --image-name gpt-by-hand \\",
            f"  {address()}",
            "```",
        ],
    }


def written(text, made):
    """`text` with every marked part replaced by the one in `made`."""
    return MARKED.sub(lambda found: found[1] + "\n".join([*made[found[2]], ""]) + found[3], text)


def write_colab_cell(path):
    """Give the cell `colab` of the lesson at `path` its lines; nothing else in the file changes."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "colab"]
    cell["source"] = "\n".join(colab_cell()).splitlines(keepends=True)
    # The form in which nbformat writes a notebook.
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def main():
    """Write every page, the cells for Colab, and the address into CITATION.cff."""
    made = parts()
    for page in PAGES:
        path = ROOT / page
        path.write_text(written(path.read_text(encoding="utf-8"), made), encoding="utf-8")
    for path in [*(ROOT / f"notebooks/{name}.ipynb" for name in lessons()), *ROOT.glob("notebooks/checked/*.ipynb")]:
        write_colab_cell(path)
    path = ROOT / "CITATION.cff"
    text = re.sub(r"(?m)^(repository-code|url): .*", rf'\1: "{address()}"', path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    print(", ".join(f"{number} {what}" for what, number in numbers().items()))


if __name__ == "__main__":
    main()
