"""Writes what the front door says about the course: badges, links, the table of lessons, and all counts.

    python -m tools.links                                    (or: make links)
    python -m tools.links https://github.com/owner/name      (or: make address URL=https://github.com/owner/name)
    python -m tools.links ""                                 (or: make address URL=)

The repository's address stands in pyproject.toml alone, under [project.urls]; without one there is no badge, and no
link that would need it. Times stand in the lessons, and numbers are counted where they live. In README.md and docs/*.md the text between `<!-- links: name -->` and
`<!-- end -->` is written by `parts()[name]`, and in every lesson the cell `colab` by `colab_cell()`; a test
fails when they are not up to date.
"""

import importlib
import json
import pkgutil
import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote

from course_lib.lessons import LESSONS, NAMES
from tools import teaching

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "docs/open_online.md", *teaching.PAGES]
FIRST = NAMES[0]
BRANCH = "main"
MARKED = re.compile(r"(<!-- links: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")
URLS = re.compile(r"\n\[project\.urls\]\n(?:[^\[\n].*\n)*")
TIME = re.compile(r"\*\*Time\*\* about (.+?)[,.]")


def address():
    """The public address of the repository, from pyproject.toml, or "" while it has none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("Repository", "")


def with_address(text, url):
    """The text of pyproject.toml with `url` as the address of the repository, or with none where it is ""."""
    text = URLS.sub("", text)
    urls = f'\n[project.urls]\nRepository = "{url}"\n' if url else ""
    return text.replace("\n[project.optional-dependencies]", urls + "\n[project.optional-dependencies]")


def checked(url):
    """`url` without a slash at its end; SystemExit where it is no address of a repository."""
    url = url.strip().rstrip("/").removesuffix(".git")
    if url and not ADDRESS.fullmatch(url):
        raise SystemExit(f"URL={url} is not the address of a repository, as https://github.com/owner/name")
    return url


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
    """The address that opens the lesson in JupyterLab on mybinder.org."""
    return f"https://mybinder.org/v2/gh/{slug()}/{BRANCH}?urlpath=lab/tree/notebooks/{lesson}.ipynb"


def colab(lesson):
    """Opens the lesson in Google Colab."""
    return f"https://colab.research.google.com/github/{slug()}/blob/{BRANCH}/notebooks/{lesson}.ipynb"


def colab_cell():
    """The lines of the cell that fetches the course in Colab, where a lesson comes alone; see docs/open_online.md."""
    if not address():
        return [
            "# In Colab this cell fetches the course, once it has a public address. Anywhere else it does nothing."
        ]
    return [
        "# Colab has no copy of the course: this fetches one. Anywhere else the cell does nothing.",
        "import sys",
        'if "google.colab" in sys.modules:',
        f"    get_ipython().run_line_magic('pip', \"install -q 'gpt-by-hand[colab] @ git+{address()}'\")",
    ]


def puller(lesson):
    """For a JupyterHub with nbgitpuller: brings the repository up to date, then opens the lesson."""
    name = slug().split("/")[1] if address() else "gpt-by-hand"
    page = quote(f"lab/tree/{name}/notebooks/{lesson}.ipynb", safe="")
    repository = quote(address(), safe="") or "YOUR-REPOSITORY"
    return f"https://YOUR-HUB/hub/user-redirect/git-pull?repo={repository}&branch={BRANCH}&urlpath={page}"


def site():
    """Where GitHub Pages puts the course for reading."""
    owner, name = slug().split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def here(lesson):
    """Opens the lesson as a notebook in the page, without a server."""
    return f"{site()}lite/lab/index.html?path={lesson}.ipynb"


# --- counts -----------------------------------------------------------------------------------------


def lists(package, *names):
    """How many entries the lists of these names have in all modules of a package of tests."""
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
    contents = [vars(importlib.import_module(module.name)) for module in modules]
    return sum(len(module.get(name, ())) for module in contents for name in names)


def answers(kind):
    """How many answers to all exercises the tests hold: RIGHT or WRONG, lists by the name of the exercise."""
    package = importlib.import_module("tests.exercises.plain_answers")
    modules = [
        importlib.import_module(f"{package.__name__}.{one.name}")
        for one in pkgutil.iter_modules(package.__path__)
    ]
    return [len(held) for module in modules for held in getattr(module, kind).values()]


def numbers():
    """What the course is checked with: dict from what is counted to how many there are."""
    from course_lib.documents import counts  # the rest of this module needs nothing but Python

    found = {
        **counts(),
        "right": sum(answers("RIGHT")) + len(answers("RIGHT")),  # the course's own answer to each is one more
        "wrong": sum(answers("WRONG")),
        "broken": lists("tests.parity", "BROKEN"),
    }
    if (ROOT / "tests/classroom").is_dir():
        found["attacks"] = lists("tests.classroom", "IN_A_CELL", "ENDLESS", "FILES")
    return found


# --- the parts --------------------------------------------------------------------------------------


BINDER = [
    "The button in the README opens JupyterLab at the first lesson, and every lesson has its own link in the table",
    "there. The first build takes minutes, later ones start in seconds.",
]
COLAB = [
    "Colab opens a single notebook without the files beside it. So the first code cell of every lesson fetches the",
    "course, when it runs in Colab, and with it the one package that Colab lacks, anywidget, which the live widgets",
    "need. NumPy, PyTorch and matplotlib are Colab's own. Anywhere else the cell does nothing; JupyterLab shows it",
    "folded, and the pages to read leave it out. It is this one:",
]
COLAB_THEN = [
    "Run it first: a minute passes until the course is there. Run it again when Colab has given you a fresh machine.",
    "anywidget itself tells Colab to allow live widgets. The map of the first lesson has no links in Colab, as the other",
    "lessons are not there: open them from the table of the README.",
]
HERE = [
    "[Open the first lesson]({}): nothing is installed, and nobody else sees what you write.",
]
# The same while the course has no address.
WAITING = {
    "here": [
        "The web pages and these notebooks are built from the course's folder: `make lite`, then `make site`, and any web server for",
        "`build/site`. Where the course has a public address, its pages have them already.",
    ],
    "binder": [
        "Binder builds from a public repository, and this one has no public address yet. Where you have put the course,",
        "`make address URL=https://github.com/owner/name` with its address adds a button and a link for each lesson.",
    ],
    "colab": [
        "Colab opens a single notebook and has to fetch the course from its public address, which is not there yet.",
        "`make address URL=https://github.com/owner/name` adds the links, and to each lesson the cell that fetches it.",
    ],
}


def badges():
    """The buttons at the top of the README: none while nothing is there to be opened."""
    if not address():
        return []
    return [
        f"[![Run it here](https://img.shields.io/badge/run-here-009E73)]({here(FIRST)})",
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder(FIRST)})",
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab(FIRST)})",
        f"[![Read](https://img.shields.io/badge/read-online-0072B2)]({site()})",
    ]


def table(times):
    """The table of the lessons, with links that open them where there is an address; times is what `lessons` gives."""
    builds = {lesson.name: lesson.builds for lesson in LESSONS}
    rows = [["lesson", "what you build", "time", "open"], ["---"] * 4]
    for name, time in times.items():
        opens = (
            f"[here]({here(name)}) · [Binder]({binder(name)}) · [Colab]({colab(name)})" if address() else ""
        )
        rows.append([f"[{name.replace('_', ' ')}](notebooks/{name}.ipynb)", builds[name], time, opens])
    return [f"| {' | '.join(row if address() else row[:3])} |" for row in rows]


def writes():
    """What the model writes before and after its training, out of the stored outputs of the first lesson."""
    cells = json.loads((ROOT / f"notebooks/{FIRST}.ipynb").read_text(encoding="utf-8"))["cells"]
    said = {
        cell["id"]: "".join("".join(out.get("text", "")) for out in cell.get("outputs", [])) for cell in cells
    }
    before, after = (said[name].splitlines() for name in ("goal-before", "goal-after"))
    return [f"> {line}  " for line in [*before[1:2], *after]]  # two spaces end a line of Markdown


def parts():
    """The generated texts: dict from the name in the marker to lines of Markdown."""
    n = numbers()
    return {
        **teaching.parts(ROOT, lessons()),
        "badges": badges(),
        "writes": writes(),
        "lessons": table(lessons()),
        "numbers": [
            "| what | how many |",
            "| --- | --- |",
            f"| decimals of five documents, recomputed to the last printed digit | {n['decimals']} |",
            f"| … and statements in them, each with a case in which the same code answers otherwise | {n['statements']} |",
            f"| … distinct slips found in them, each with its cause | {n['slips']} |",
            f"| … remarks, where no code can decide: never counted as checked | {n['remarks']} |",
            f"| wrong answers to exercises, all rejected, at least seven of ten with the mistake in words | {n['wrong']} |",
            f"| right answers in other styles, all accepted | {n['right']} |",
            f"| pieces of the library broken on purpose, to see the suite fail | {n['broken']} |",
            *(
                [f"| submissions that try to cheat the grader or to stop it | {n['attacks']} |"]
                if "attacks" in n
                else []
            ),
        ],
        "here": [line.format(here(FIRST)) for line in HERE] if address() else WAITING["here"],
        "binder": BINDER if address() else WAITING["binder"],
        "colab": [*COLAB, "", "```python", *colab_cell(), "```", "", *COLAB_THEN]
        if address()
        else WAITING["colab"],
        "puller": ["```", puller(FIRST), "```"],
        "image": [
            "```",
            f"jupyter-repo2docker --no-run --target-repo-dir /srv/gpt-by-hand --image-name gpt-by-hand {address() or '.'}",
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


def write_citation(path):
    """Put the address into CITATION.cff, behind the licence, or take it out."""
    text = re.sub(r"(?m)^repository-code: .*\n", "", path.read_text(encoding="utf-8"))
    if address():
        text = re.sub(r"(?m)^license: .*\n", rf'\g<0>repository-code: "{address()}"\n', text)
    path.write_text(text, encoding="utf-8", newline="\n")


def main(url=None):
    """Take down a new address, if one is given; write every page, the cells for Colab, and CITATION.cff."""
    if url is not None:
        path = ROOT / "pyproject.toml"
        changed = with_address(path.read_text(encoding="utf-8"), checked(url))
        path.write_text(changed, encoding="utf-8", newline="\n")
    made = parts()
    for page in PAGES:
        path = ROOT / page
        path.write_text(written(path.read_text(encoding="utf-8"), made), encoding="utf-8", newline="\n")
    for path in [
        *(ROOT / f"notebooks/{name}.ipynb" for name in lessons()),
        *ROOT.glob("notebooks/checked/*.ipynb"),
    ]:
        write_colab_cell(path)
    write_citation(ROOT / "CITATION.cff")
    print(", ".join(f"{number} {what}" for what, number in numbers().items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
