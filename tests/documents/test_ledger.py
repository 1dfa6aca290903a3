"""The ledger against its proofs: every verdict holds, and would fail if a digit were otherwise."""

import ast
import importlib
import json
import pkgutil
import random
import re

import numpy as np
import pytest

from course_lib import documents
from course_lib.documents import LedgerError, agrees, check, claims, given, ledger, tables
from tests.documents import proofs
from tests.documents.proofs import MISTAKES, VALUES
from tests.documents.worked import CLAIM_OF
from tests.notebooks.lessons import notebooks

for module in pkgutil.iter_modules(proofs.__path__, f"{proofs.__name__}."):
    importlib.import_module(module.name)  # importing a module of proofs fills the two registries

PROVABLE = [c for c in claims().values() if c.verdict in ("reproduced", "erratum")]
REPRODUCED = [c for c in PROVABLE if c.verdict == "reproduced"]
ERRATA = [c for c in PROVABLE if c.verdict == "erratum"]
DIGIT = re.compile(r"\d")


def ids(chosen):
    return [c.id for c in chosen]


def leaves(printed):
    """The innermost values of a nested list, in order."""
    if isinstance(printed, list):
        return [leaf for one in printed for leaf in leaves(one)]
    return [printed]


def replaced(printed, index, leaf):
    """A copy of a nested list whose leaf number `index` is another."""
    counter = iter(range(10**6))

    def walk(node):
        if isinstance(node, list):
            return [walk(one) for one in node]
        return leaf if next(counter) == index else node

    return walk(printed)


def altered_digits(printed):
    """(leaf, digit) positions of `printed` where one digit can be altered."""
    return [(i, m.start()) for i, leaf in enumerate(leaves(printed)) if isinstance(leaf, str)
            and documents._is_number(leaf) for m in DIGIT.finditer(leaf)]  # fmt: skip


def alter(printed, position):
    """`printed` with the digit at this position moved on by one (9 becomes 8)."""
    index, at = position
    leaf = leaves(printed)[index]
    digit = "8" if leaf[at] == "9" else str(int(leaf[at]) + 1)
    return replaced(printed, index, leaf[:at] + digit + leaf[at + 1 :])


def test_every_provable_claim_has_a_proof_and_every_proof_a_claim():
    unproven, idle = set(ids(PROVABLE)) - set(VALUES), set(VALUES) - set(ids(PROVABLE))
    assert not unproven, "no function in tests/documents/proofs is marked @value for these"
    assert not idle, "functions are marked @value for these, which are no claims to compute"
    assert set(MISTAKES) <= set(ids(ERRATA))


def test_every_numeric_erratum_reproduces_the_wrong_digits_or_says_why_not():
    silent = [c.id for c in ERRATA if altered_digits(c.printed) and c.id not in MISTAKES and not c.no_mistake]
    assert silent == [], "these need a function marked @mistake, or no_mistake says why no slip gives the digits"
    both = [c.id for c in ERRATA if c.id in MISTAKES and c.no_mistake]
    assert both == [], "these have a function marked @mistake, and no_mistake says that there is none"


@pytest.mark.parametrize("claim", PROVABLE, ids=ids(PROVABLE))
def test_the_verdict_holds(claim):
    check(claim.id, VALUES[claim.id]())


@pytest.mark.parametrize("id", sorted(MISTAKES))
def test_the_mistake_gives_the_printed_digits(id):
    assert agrees(MISTAKES[id](), claims()[id].printed, id)


@pytest.mark.parametrize("claim", REPRODUCED, ids=ids(REPRODUCED))
def test_a_reproduced_claim_fails_when_one_printed_digit_is_altered(claim, monkeypatch):
    value, positions = VALUES[claim.id](), altered_digits(claim.printed)
    sample = random.Random(claim.id).sample(positions, min(4, len(positions)))
    others = [alter(claim.printed, position) for position in sample]
    if not positions:  # words and statements: another word, the opposite
        first = leaves(claim.printed)[0]
        others = [replaced(claim.printed, 0, not first if isinstance(first, bool) else first + "x")]
    for other in others:
        monkeypatch.setitem(claims(), claim.id, documents.Claim(**{**claim.__dict__, "printed": other}))
        with pytest.raises(LedgerError, match=re.escape(claim.id)):
            check(claim.id, value)


def test_jupyter_shows_the_table_without_a_traceback():
    with pytest.raises(LedgerError) as caught:
        check("whitepaper.cross.depth", 3)
    (shown,) = caught.value._render_traceback_()
    assert shown.startswith("LedgerError: the verdict in the last line does not hold")
    assert shown.splitlines()[-2:] == ["3          4         0 of 1", "reproduced: every printed digit"]


@pytest.mark.parametrize("claim", ERRATA, ids=ids(ERRATA))
def test_an_erratum_fails_when_the_document_is_right(claim, monkeypatch):
    value = VALUES[claim.id]()
    monkeypatch.setitem(claims(), claim.id, documents.Claim(**{**claim.__dict__, "printed": claim.correct}))
    with pytest.raises(LedgerError, match="does not hold"):
        check(claim.id, value)


@pytest.mark.parametrize("claim", ERRATA, ids=ids(ERRATA))
def test_an_erratum_fails_for_a_wrong_correction(claim, monkeypatch):
    positions = altered_digits(claim.correct)
    first = leaves(claim.correct)[0]
    other = (
        alter(claim.correct, random.Random(claim.id).choice(positions)) if positions
        else replaced(claim.correct, 0, not first if isinstance(first, bool) else first + "x")
    )  # fmt: skip
    monkeypatch.setitem(claims(), claim.id, documents.Claim(**{**claim.__dict__, "correct": other}))
    with pytest.raises(LedgerError, match="does not hold"):
        check(claim.id, VALUES[claim.id]())


def test_every_claim_says_where_it_stands_and_which_notebook_checks_it():
    names = {path.stem for path in notebooks()}
    documents_ = {"whitepaper", "threeb1b-summary", "lecture-notes", "attention-notes", "shape-notes"}
    for claim in claims().values():
        assert claim.chapter in names, f"{claim.id} belongs to a lesson or companion that does not exist"
        assert claim.id.split(".")[0] in documents_ and re.fullmatch(r"[a-z0-9_.-]+", claim.id), claim.id
        assert claim.where and claim.statement, claim.id
        texts = all(isinstance(leaf, (str, bool)) for leaf in leaves(claim.printed))
        assert texts, f"{claim.id}: printed digits are texts, so that none is lost"
        assert (claim.correct is None) == (claim.verdict != "erratum"), claim.id


# --- which lesson checks which claim -------------------------------------------------------------


def cited_ids(path):
    """The ids a lesson hands to check, check_all, given and cite, or takes as `worked.…`: checked, shown."""
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
                checked += [ast.literal_eval(node.args[0])]
            elif name == "check_all":
                checked += [ast.literal_eval(key) for key in node.args[0].keys]
            elif name in ("given", "cite"):
                shown += [ast.literal_eval(argument) for argument in node.args]
    return checked, shown


def coverage_faults(paths):
    """What is wrong between these lessons and the ledger: unknown, unused, misplaced or repeated ids."""
    faults, checks, shows = [], {}, {}
    for path in paths:
        checked, shown = cited_ids(path)
        for id in checked + shown:
            if id not in claims():
                faults.append(f"{path.stem} cites {id}, which the ledger does not hold")
        for id in checked:
            checks.setdefault(id, []).append(path.stem)
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
        return documents.Claim(id, "w", "03_x", "s", "1", verdict)

    held = {c.id: c for c in [claim("d.a", "reproduced"), claim("d.b", "given"), claim("d.c", "reproduced")]}
    monkeypatch.setitem(globals(), "claims", lambda: held)
    good = lesson(tmp_path, "03_x", "check('d.a', 1)\ncheck_all({'d.c': 2})", "x = documents.given('d.b')")
    assert coverage_faults([good]) == []
    named = lesson(tmp_path, "03_x", "check('d.a', 1)\ncheck_all({'d.c': 2})", "x = worked.B")
    monkeypatch.setitem(CLAIM_OF, "B", "d.b")
    assert coverage_faults([named]) == []
    twice = lesson(tmp_path, "04_y", "check('d.a', 1); given('d.none')")
    faults = coverage_faults([good, twice])
    assert any("checked by ['03_x', '04_y']" in fault for fault in faults)
    assert any("d.none" in fault for fault in faults)
    faults = coverage_faults([lesson(tmp_path, "03_x", "check('d.a', 1)")])
    assert len(faults) == 2 and "d.b" in faults[0] and "d.c" in faults[1]


# --- the loader, check and the tables ------------------------------------------------------------


@pytest.mark.parametrize(
    "value, printed, same",
    [
        (0.07057112, "0.07057112", True),
        (0.070571124, "0.07057112", True),
        (0.070571126, "0.07057112", False),
        (1.6000499999999999, "1.6001", True),  # 1.60005 up to float noise: halves go away from zero
        (-1.60005, "-1.6001", True),
        (-1e-9, "0.", True),
        (50257, "50,257", True),
        (50256.4, "50,257", False),
        (0.652, "65%", True),
        (1e-6, "1e-6", True),
        (float("nan"), "0.1", False),
        (float("inf"), "0.1", False),
        ("You", "You", True),
        (np.bool_(True), True, True),
        (False, True, False),
    ],
)
def test_agreement_is_to_the_last_printed_digit(value, printed, same):
    assert agrees(value, printed) is same


@pytest.mark.parametrize(
    "value, says",
    [
        (np.zeros((2, 3)), "prints shape"),
        (np.zeros((3, 3, 1)), "one value here"),
        (np.zeros(3), "prints shape"),
        ("text", "prints shape"),
        (True, "prints shape"),
        ([["a"] * 3] * 3, "could not convert|number"),
        ([[True] * 3] * 3, "give a number"),
    ],
)
def test_a_value_of_the_wrong_form_is_named(value, says):
    with pytest.raises((LedgerError, ValueError), match=says):
        check("whitepaper.attention.weights", value)


def test_given_and_cite_and_check_refuse_the_wrong_verdict():
    of = {verdict: next(c.id for c in claims().values() if c.verdict == verdict) for verdict in documents.VERDICTS}
    for verdict in ("given", "cited"):
        with pytest.raises(LedgerError, match="nothing to compute"):
            check(of[verdict], 1)
    with pytest.raises(LedgerError, match="not cited"):
        documents.cite(of["given"])
    with pytest.raises(LedgerError, match="has no claim 'whitepaper.nowhere.weights'.*attention.weights"):
        given("whitepaper.nowhere.weights")
    assert of["cited"] and repr(documents.cite(of["cited"]))


@pytest.mark.parametrize(
    "fields, says",
    [
        ({"verdict": "close"}, "verdict 'close'"),
        ({"verdict": "erratum"}, "needs"),
        ({"verdict": "cited"}, "needs"),
        ({"id": "whitepaper.attention.weights", "verdict": "given"}, "stands twice"),
        ({}, r"d\.x in whitepaper\.toml: missing 1 required positional argument: 'verdict'"),
        ({"verdict": "given", "cause": "a slip"}, r"d\.x in whitepaper\.toml: got an unexpected .* 'cause'"),
    ],
)
def test_a_faulty_ledger_is_refused(fields, says, monkeypatch):
    fields = {"id": "d.x", "where": "w", "chapter": "c", "statement": "s", "printed": "1", **fields}
    read = documents.tomllib.loads
    monkeypatch.setattr(
        documents.tomllib, "loads",
        lambda text: {"claim": read(text)["claim"] + ([fields] if "whitepaper.attention.weights" in text else [])},
    )  # fmt: skip
    with pytest.raises(LedgerError, match=says):
        documents.claims.__wrapped__()


def test_the_table_shows_what_was_computed_beside_what_was_printed(monkeypatch):
    claim = documents.Claim(
        "d.x", "A > B", "c", "s", [["0.99995", "-1.5"], ["2", "7"]], "erratum",
        [["0.54030", "-1.5"], ["2", "7"]], "the <exponent> is wrong",
    )  # fmt: skip
    monkeypatch.setitem(claims(), "d.x", claim)
    table = check("d.x", [[0.5403023, -1.5], [2, 7]])
    text, html = repr(table), table._repr_html_()
    lines = text.splitlines()
    assert lines[0] == "s  (d.x)" and lines[1].split("   ")[0] == "computed"
    assert lines[2].split() == ["0.54030", "-1.5", "0.99995", "-1.5", "3", "of", "8"]
    assert lines[3].endswith("2 of 2") and lines[4] == "erratum: the <exponent> is wrong"
    assert "&lt;exponent&gt;" in html and html.count("<u ") == 1 and ">99995</u>" in html
    summary = repr(documents.check_all({"d.x": [[0.5403023, -1.5], [2, 7]]}))
    assert "5 of 10" in summary and "erratum: the <exponent>" in summary


@pytest.mark.parametrize(
    "computed, printed, lines",
    [
        ("dog", "dog", ["dog        dog       1 of 1"]),
        ("cat", "dog", ["cat        dog       0 of 1"]),  # a word is right or wrong as a whole
        (False, True, ["false      true      0 of 1"]),
        ("1200", "1,200", ["1200       1,200     4 of 4"]),
        ("12.5", "1.25", ["12.5       1.25      0 of 3"]),  # another size
        ("nan", "0.1", ["nan        0.1       0 of 2"]),
        ([["1", "-22"], ["333", "4"]], [["1", "-22"], ["3", "4"]],
         ["  1  -22     1  -22   3 of 3", "333    4     3    4   1 of 2"]),
    ],
)  # fmt: skip
def test_a_table_counts_digits_and_lines_them_up(computed, printed, lines):
    table = tables.Check(documents.Claim("d.x", "w", "c", "<s>", printed, "reproduced"), computed)
    assert repr(table).splitlines()[2:-1] == lines
    html = table._repr_html_()
    assert "<div>&lt;s&gt;  (d.x)</div>" in html
    right = all(line.split()[-3] == line.split()[-1] for line in lines)
    assert ("<u " in html) is not right


def test_counts_add_up_to_the_ledger():
    assert sum(documents.counts().values()) == len(claims())
    assert sum(documents.counts("04_attention").values()) == sum(c.chapter == "04_attention" for c in claims().values())


def test_a_cited_table_says_once_where_it_comes_from():
    table = repr(documents.cite("whitepaper.words.airplane"))
    assert table.count("NLPL word embeddings") == 1 and "seaplane" in table


def test_the_words_under_the_picture_of_all_lessons_are_those_of_the_ledger():
    (path,) = [path for path in notebooks() if path.stem == "14_the_documents_checked"]
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    by_lesson = ledger.crossed("lesson")  # a companion has a row of its own, as in the picture
    right, wrong = (max(by_lesson, key=lambda name: by_lesson[name][what]) for what in ("reproduced", "erratum"))
    right, wrong = (f"[lesson {name[:2]}]({name}.ipynb)" for name in (right, wrong))
    assert f"{right} has the most that are reproduced, {wrong} the most errata" in cells["by-lesson-says"]
