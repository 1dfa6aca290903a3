"""Which notebook checks which claim: each the one of its chapter, with computed values, and no other."""

import ast
import json
import re

from course_lib.documents import Claim, agrees, claims, sources
from course_lib.documents.digits import leaves
from tests.documents.transcript import numbers, transcript
from tests.documents.worked import CLAIM_OF
from tests.notebooks.lessons import FOLDER, companions, notebooks

ID = re.compile(r"[a-z0-9_.-]+")


def test_every_claim_says_where_it_stands_and_which_notebook_checks_it():
    names = {path.stem for path in notebooks()}
    for claim in claims().values():
        assert claim.chapter in names, f"{claim.id} belongs to a lesson or companion that does not exist"
        assert claim.id.split(".")[0] in sources() and ID.fullmatch(claim.id), claim.id
        assert claim.where and claim.statement, claim.id
        texts = all(isinstance(leaf, (str, bool)) for leaf in leaves(claim.printed) if leaf is not None)
        assert texts, f"{claim.id}: printed digits are texts, so that none is lost"


def test_every_document_is_named_where_a_reader_meets_them():
    first = FOLDER / "00_start_here.ipynb"
    last = FOLDER / "14_the_documents_checked.ipynb"
    front = FOLDER.parent / "README.md"
    for path in (first, last, front):
        text = " ".join(path.read_text(encoding="utf-8").split())
        assert [source.title for source in sources().values() if source.title not in text] == [], path.name


def test_the_numbers_in_the_words_of_the_index_stand_in_an_output_or_in_a_document():
    cells = json.loads((FOLDER / "14_the_documents_checked.ipynb").read_text(encoding="utf-8"))["cells"]
    words = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    code = [text for cell in cells if cell["cell_type"] == "code" for text in [*cell["source"], *texts(cell)]]
    shown = set(numbers(" ".join(code))) | {
        n for lines in transcript().values() for line in lines.values() for n in line
    }
    stated = {number for number in numbers(words) if "." in number or len(number) > 2}
    assert {one for one in stated - shown if not any(agrees(float(other), one) for other in shown)} == set()


def texts(cell):
    """What the outputs of a cell say in plain text."""
    return ["".join(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in cell["outputs"]]


QUOTED = re.compile(r'"([^"]+)"|(?<!\*)\*(?!Figure)([^*]+)\*(?!\*)')  # between quotation marks, or in italics
MOST_QUOTED = 12  # words


def long_quotations(text):
    """What is quoted in a text at greater length than the wording can matter: sentences stay the documents'.

    >>> long_quotations('"A few words" will do, *but whole sentences stay where somebody has once written them down for good and all*.')
    ['but whole sentences stay where somebody has once written them down for good and all']
    """
    quoted = ["".join(parts) for parts in QUOTED.findall(text)]
    return [words for words in quoted if len(re.findall(r"[\w']+", words)) > MOST_QUOTED]


def test_a_few_words_are_quoted_and_no_sentences():
    said = {claim.id: f"{claim.statement} {claim.because}" for claim in claims().values()}
    for path in companions():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                said[f"{path.stem}, {cell['id']}"] = "".join(cell["source"])
    assert {place: long for place, text in said.items() if (long := long_quotations(text))} == {}


def handed_over(path):
    """What a notebook hands to the ledger: pairs (id, expressions) that it checks, and the ids that it shows.

    `given`, `cite` and `remark` show; so does a name of the worked example.
    """
    checked, shown = [], []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "worked":
                shown += [CLAIM_OF[node.attr]] if node.attr in CLAIM_OF else []
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "check":
                checked += [
                    (ast.literal_eval(node.args[0]), [*node.args[1:], *(k.value for k in node.keywords)])
                ]
            elif name == "check_all":
                pairs = zip(node.args[0].keys, node.args[0].values, strict=True)
                checked += [(ast.literal_eval(id), getattr(value, "elts", [value])) for id, value in pairs]
            elif name in ("given", "cite", "remark"):
                shown += [ast.literal_eval(argument) for argument in node.args]
    return checked, shown


def is_typed(expression):
    """Whether an expression is written out, with no name and no call in it: `3`, `[1, 2]`, `2048 / 512`."""
    return not any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(expression))


def is_handed_back(id, expression):
    """Whether an expression is `given` of the very claim."""
    return isinstance(expression, ast.Call) and ast.unparse(expression).endswith(f"given({id!r})")


def coverage_faults(paths):
    """What is wrong between these notebooks and the ledger: unknown, unused, misplaced, repeated or typed."""
    faults, checks, shows = [], {}, {}
    for path in paths:
        checked, shown = handed_over(path)
        for id in [id for id, _ in checked] + shown:
            if id not in claims():
                faults.append(f"{path.stem} cites {id}, which the ledger does not hold")
        for id, expressions in checked:
            checks.setdefault(id, []).append(path.stem)
            if id in claims() and any(is_typed(e) or is_handed_back(id, e) for e in expressions):
                faults.append(
                    f"{path.stem} checks {id} with a value that is typed, or with what the ledger gave"
                )
        for id in shown:
            shows.setdefault(id, set()).add(path.stem)
    chapters = {path.stem for path in paths}
    for claim in claims().values():
        if claim.verdict in ("reproduced", "erratum"):
            if claim.id in checks and checks[claim.id] != [claim.chapter]:
                faults.append(f"{claim.id} belongs to {claim.chapter}, checked by {checks[claim.id]}")
            elif claim.chapter in chapters and claim.id not in checks:
                faults.append(f"{claim.chapter} does not check {claim.id}")
        elif claim.chapter in chapters and claim.chapter not in shows.get(claim.id, ()):
            faults.append(f"{claim.chapter} does not use {claim.id} ({claim.verdict})")
    return faults


def test_every_claim_is_checked_by_the_notebook_of_its_chapter_alone():
    faults = coverage_faults(notebooks())
    assert not faults, "\n".join(faults)


def lesson(tmp_path, name, *sources):
    path = tmp_path / f"{name}.ipynb"
    cells = [{"cell_type": "code", "source": [source]} for source in sources]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_the_coverage_check_finds_each_fault(tmp_path, monkeypatch):
    def claim(id, verdict):
        return Claim(id, "w", "03_x", "s", "1", verdict, "7")

    held = [
        claim("d.a", "reproduced"),
        claim("d.b", "given"),
        claim("d.c", "reproduced"),
        claim("d.r", "remark"),
    ]
    held = {c.id: c for c in held}
    monkeypatch.setitem(globals(), "claims", lambda: held)
    shown = "x = documents.given('d.b')\nremark('d.r')"
    good = lesson(tmp_path, "03_x", "check('d.a', y)\ncheck_all({'d.c': (y, z)})", shown)
    assert coverage_faults([good]) == []
    named = lesson(tmp_path, "03_x", "check('d.a', y)\ncheck_all({'d.c': y})", "x = worked.B; remark('d.r')")
    monkeypatch.setitem(CLAIM_OF, "B", "d.b")
    assert coverage_faults([named]) == []
    twice = lesson(tmp_path, "04_y", "check('d.a', y); given('d.none')")
    faults = coverage_faults([good, twice])
    assert any("checked by ['03_x', '04_y']" in fault for fault in faults)
    assert any("d.none" in fault for fault in faults)
    faults = coverage_faults([lesson(tmp_path, "03_x", "check('d.a', y)")])
    assert len(faults) == 3 and "d.b" in faults[0] and "d.c" in faults[1] and "d.r" in faults[2]
    for typed in ("1", "[1, -2]", "4 / 2", "given('d.a')", "documents.given('d.a')", "y, otherwise=2"):
        faults = coverage_faults(
            [lesson(tmp_path, "03_x", f"check('d.a', {typed}); check('d.c', given('d.b') + 1)", shown)]
        )
        assert len(faults) == 1 and "d.a with a value that is typed" in faults[0], typed
