"""The loader, `check` and its relatives, and what they show."""

import re
from html import unescape

import numpy as np
import pytest

from course_lib import documents
from course_lib.documents import (
    Claim,
    LedgerError,
    agrees,
    check,
    check_all,
    claims,
    counts,
    entries,
    shown,
    sources,
)
from course_lib.documents.digits import is_statement

SOURCE = "whitepaper"


def claim(id="whitepaper.d.x", printed="1", verdict="reproduced", **more):
    return Claim(id, "A > B", "c", "s <i>", printed, verdict, **{"line": "7", **more})


@pytest.fixture
def hold(monkeypatch):
    """A function that puts a claim into the ledger while a test runs, and gives its id."""

    def put(*args, **fields):
        one = claim(*args, **fields)
        monkeypatch.setitem(claims(), one.id, one)
        return one.id

    return put


# --- digits ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "computed, printed, agreed",
    [
        ("dog", "dog", (1, 1)),
        ("cat", "dog", (0, 1)),  # a word is right or wrong as a whole
        ("2(0)/4", "2(0)/4", (1, 1)),  # so is what is no number, digits in it or not
        ("2(1)/4", "2(0)/4", (0, 1)),
        (False, True, (0, 1)),
        ("1200", "1,200", (4, 4)),
        ("12.5", "1.25", (0, 3)),  # another size
        ("0.00000001", "0.0001", (0, 5)),
        ("0.0001", "0.00000001", (0, 9)),
        ("0.0", "0.0001", (0, 5)),
        ("-0.5", "0.5", (0, 2)),
        ("0.54030", "0.54995", (3, 6)),
        ("nan", "0.1", (0, 2)),
    ],
)
def test_digits_are_counted_up_to_the_first_that_is_wrong(computed, printed, agreed):
    assert shown.agreed(computed, printed) == agreed


# --- check -------------------------------------------------------------------------------------------


def test_a_statement_needs_the_other_case(hold):
    id = hold(printed=True)
    with pytest.raises(LedgerError, match="give otherwise="):
        check(id, True)
    with pytest.raises(LedgerError, match="the other case gives the same answer, True"):
        check(id, np.bool_(True), otherwise=np.bool_(True))
    with pytest.raises(LedgerError, match="this value does not"):
        check(id, False, otherwise=True)
    assert (
        repr(check(id, True, otherwise=np.bool_(False)))
        == "✓ whitepaper, B: agrees: yes (in the other case: no)"
    )
    words = hold(printed=["B", "1"], verdict="erratum", correct=["B", "C"], because="why")
    for same in (["B", "C"], ("B", "C"), np.array(["B", "C"])):
        with pytest.raises(LedgerError, match="the same answer, B C"):
            check(words, ["B", "C"], otherwise=same)
    line = "✗ whitepaper, B: B C, the document has B 1 (in the other case: C)"
    assert repr(check(words, ["B", "C"], otherwise=["C"])) == line
    assert not is_statement("50,257") and is_statement("50,257 tokens")


def test_digits_need_no_other_case_and_may_have_one(hold):
    id = hold(printed=["0.50", "2"])
    assert repr(check(id, [0.5, 2])) == "✓ whitepaper, B: 0.50 2, 4 of 4 digits"
    assert repr(check(id, [0.5, 2], [0.5, 3])).endswith("4 of 4 digits (in the other case: 0.50 3)")
    with pytest.raises(LedgerError, match="the same answer, 0.50 2"):
        check(id, [0.5, 2], [0.5001, 2])


def test_check_all_takes_a_pair_for_a_statement_and_an_array_for_digits(hold):
    statement, row = hold(printed=True), hold("whitepaper.d.y", printed=["1", "2"])
    found = check_all({statement: (True, False), row: (1, 2)})
    assert repr(found).splitlines() == [
        "✓ whitepaper, B · x: agrees: yes (in the other case: no)",
        "✓ whitepaper, B · y: 1 2, 2 of 2 digits",
    ]
    assert found._repr_html_().count("<details") == 2


def test_an_erratum_stands_open_with_every_digit_and_the_wrong_ones_marked(hold):
    wrong, right = [["0.99995", "-1.5"], ["2", "7"]], [["0.54030", "-1.5"], ["2", "7"]]
    id = hold(printed=wrong, verdict="erratum", correct=right, because="the <exponent> is wrong")
    found = check(id, [[0.5403023, -1.5], [2, 7]])
    html = found._repr_html_()
    assert repr(found) == "✗ whitepaper, B: 0.54030 -1.5 2 7, printed 0.99995 -1.5 2 7, 5 of 10 digits"
    assert "<details open" in html and "the &lt;exponent&gt; is wrong" in html and "s &lt;i&gt;" in html
    assert html.count("<u ") == 1 and ">99995</u>" in html and "0.54030     -1.5</td>" in html
    assert "whitepaper.d.x · A &gt; B, line 7" in html
    folded = check(hold(printed="0.5"), 0.5)._repr_html_()
    assert "<details style" in folded and "<u " not in folded


def test_a_long_matrix_leaves_only_the_count_in_the_line(hold):
    id = hold(printed=[["1", "2", "3", "4"]] * 2)
    assert repr(check(id, [[1, 2, 3, 4]] * 2)) == "✓ whitepaper, B: 8 of 8 digits"


def test_jupyter_shows_the_table_without_a_traceback(hold):
    with pytest.raises(LedgerError) as caught:
        check(hold(printed="4"), 3)
    (text,) = caught.value._render_traceback_()
    assert text.splitlines() == [
        "LedgerError: the ledger says reproduced, this value does not",
        "s <i>  (whitepaper.d.x)",
        "computed   printed   digits agreed",
        "3          4         0 of 1",
    ]


def test_every_verdict_has_its_function(hold):
    given, fact = hold(verdict="given"), hold("whitepaper.d.f", verdict="cited", source="a <book>")
    note = hold("whitepaper.d.r", printed=None, verdict="remark", because="to be said")
    for id in (given, fact, note):
        with pytest.raises(LedgerError, match="nothing to compute"):
            check(id, 1)
    with pytest.raises(LedgerError, match="is given, not cited"):
        documents.cite(given)
    with pytest.raises(LedgerError, match="is cited, not remark"):
        documents.remark(note, fact)
    with pytest.raises(LedgerError, match="has no claim 'whitepaper.nowhere.weights'.*attention.weights"):
        documents.given("whitepaper.nowhere.weights")
    assert documents.given(given) == 1.0 and documents.given(hold(printed=["a"])) == ["a"]
    assert repr(documents.cite(fact)) == "→ whitepaper, B: 1, an outside fact"
    assert "a &lt;book&gt;" in documents.cite(fact)._repr_html_()
    assert repr(documents.remark(note)) == "• whitepaper, B: s <i>"
    html = documents.remark(note)._repr_html_()
    assert "<details open" in html and "to be said" in html and "<i>" not in html


# --- the loader --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields, says",
    [
        ({"verdict": "close"}, "verdict 'close' is none of given, reproduced"),
        ({}, "verdict '' is none of"),
        ({"verdict": "erratum"}, "needs correct and because"),
        ({"verdict": "cited"}, "needs source"),
        ({"verdict": "remark"}, "needs because"),
        ({"verdict": "given", "slip": "x"}, "only an erratum has .* a slip"),
        ({"verdict": "given", "line": "12-"}, "line is a number, or as"),
        ({"verdict": "given", "line": ""}, "line is a number, or as"),
        ({"id": "whitepaper.attention.weights", "verdict": "given"}, "stands twice"),
        ({"verdict": "given", "cause": "a slip"}, r"d\.x in whitepaper\.toml: got an unexpected .* 'cause'"),
    ],
)
def test_a_faulty_ledger_is_refused(fields, says, monkeypatch):
    fields = {
        "id": "d.x",
        "where": "w",
        "chapter": "c",
        "statement": "s",
        "printed": "1",
        "line": 7,
        **fields,
    }
    read = entries.tomllib.loads
    monkeypatch.setattr(
        entries.tomllib, "loads",
        lambda text: {"claim": read(text)["claim"] + ([fields] if "whitepaper.attention.weights" in text else [])},
    )  # fmt: skip
    with pytest.raises(LedgerError, match=says):
        entries.claims.__wrapped__()


def test_every_document_of_the_ledger_is_named():
    assert {id.split(".")[0] for id in claims()} == set(sources())
    for source in sources().values():
        assert re.fullmatch(r"tokens are (rows|columns)", source.language) and source.title and source.about


def test_nothing_is_counted_twice():
    one = claim(printed=["0.5", "2"])
    twins = [claim(f"whitepaper.d.{n}", True, "erratum", correct=False, because="b", slip="s") for n in "ab"]
    alone = claim("whitepaper.d.z", "1.5", "erratum", correct="1.6", because="b")
    note = claim("whitepaper.d.r", verdict="remark", because="b")
    assert counts([one, *twins, alone, note]) == {
        "decimals": 2, "statements": 2, "slips": 2, "given": 0, "cited": 0, "remarks": 1,
    }  # fmt: skip


def test_the_line_of_every_claim_says_where_it_stands():
    for one in claims().values():
        assert unescape(shown.exactly(one)).startswith(one.where)


def test_lines_that_end_alike_say_more_of_their_names():
    ids = "whitepaper.queries.from_table", "whitepaper.keys.from_table", "whitepaper.attention.weights"
    lines = str(shown.Several([shown.Remark(claims()[id]) for id in ids])).splitlines()
    assert [line.partition(" · ")[2].partition(":")[0] for line in lines] == [
        "queries from table",
        "keys from table",
        "weights",
    ]
