"""The page of the ledger: every claim once, filters that keep what fits, links to lessons that exist, safe HTML."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from course_lib import documents
from course_lib.documents import claims, counts, slips, sources, verdicts
from course_lib.documents.ledger import Ledger, cells, crossed, digits, select
from tests.notebooks.lessons import notebooks


class Page(HTMLParser):
    """Reads a page of folders: rows as lists of cell texts, links, and whether every tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.links, self.open, self.folders = [], [], [], 0
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        elif tag == "a":
            self.links.append(dict(attributes)["href"])
        elif tag == "details":
            self.folders += "open" in dict(attributes)
        if tag == "br":
            self.handle_data("\n")
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.rows[-1][-1] += data

    @property
    def ids(self):
        return [re.search(r"\n(\S+) · ", row[1])[1] for row in self.rows if row]


@pytest.mark.parametrize("by", ["lesson", "document"])
def test_the_page_holds_every_claim_once(by):
    page = Page(Ledger(claims().values(), by=by)._repr_html_())
    assert sorted(page.ids) == sorted(claims())
    assert page.links == [] and page.folders == 0


def test_every_erratum_stands_there_with_its_cause_and_what_is_right():
    page = Page(Ledger(select(verdict="erratum"))._repr_html_())
    rows = {id: row for id, row in zip(page.ids, filter(None, page.rows), strict=True)}
    assert len(rows) == verdicts()["erratum"]
    for claim in select(verdict="erratum"):
        mark, says, prints, why = rows[claim.id]
        assert mark == "✗" and says.startswith(claim.statement + "\n") and why == claim.because
        assert prints == digits(claim) and ("→" in prints) is not isinstance(claim.printed, bool)


def put(monkeypatch, id, printed="1", verdict="given", **fields):
    claim = documents.Claim(id, "A > B", "04_attention", "s", printed, verdict, **fields)
    monkeypatch.setitem(claims(), id, claim)
    return claim


def test_errata_of_one_slip_stand_together_and_count_once(monkeypatch):
    for n, slip in enumerate(("one", "two", "one")):
        put(monkeypatch, f"shape-notes.x.y{n}", "3", "erratum", correct="6", because="<b>why</b>", slip=slip)
    ledger = Ledger(select(word="<b>why"))
    html = ledger._repr_html_()
    assert [id[-1] for id in Page(html).ids] == ["0", "2", "1"]
    assert "2 slips in 3 places" in html and "&lt;b&gt;why&lt;/b&gt;" in html and "3 → 6" in html
    assert repr(ledger) == "shape notes, “Transformers”: 2 slips"


def notebook(path, **cells_):
    path.parent.mkdir(exist_ok=True)
    found = [
        {"cell_type": "code", "id": id.replace("_", "-"), "source": [source]} for id, source in cells_.items()
    ]
    path.write_text(
        json.dumps(
            {"cells": [{"cell_type": "markdown", "id": "title", "source": "'shape-notes.x.y'"}, *found]}
        )
    )


def test_links_lead_to_the_cell_that_names_the_claim_and_else_to_its_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two = put(monkeypatch, "shape-notes.x.y"), put(monkeypatch, "shape-notes.x.z")
    notebook(tmp_path / "98_other.ipynb", early="check('shape-notes.x.y', 1)")
    notebook(
        tmp_path / "04_attention.ipynb",
        broken="def f(:",
        the_check="check('shape-notes.x.y', 1)",
        later="'shape-notes.x.y'",
    )
    paths = ["98_other.ipynb", "04_attention.ipynb"]
    assert cells(paths) == {"shape-notes.x.y": "04_attention.ipynb#cell-id=the-check"}
    page = Page(Ledger([one, two], paths)._repr_html_())
    assert page.links == ["04_attention.ipynb#cell-id=the-check", "04_attention.ipynb"]
    assert Page(Ledger([one, two], paths[:1])._repr_html_()).links == []


def test_every_claim_of_the_index_has_a_link_to_a_cell_or_to_what_gives_its_numbers():
    paths = [path for path in notebooks() if path.is_file()]
    found = cells(map(str, paths))
    without = [claim.id for claim in claims().values() if claim.id not in found and claim.verdict != "given"]
    assert not without, f"no cell uses {without}; only the worked example's inputs are used by another name"


def test_filters_keep_what_fits_all_of_them():
    chosen = select(verdict="erratum", document="whitepaper", word="ROOT")
    assert chosen and all(c.verdict == "erratum" and c.id.startswith("whitepaper.") for c in chosen)
    assert all("root" in f"{c.id} {c.statement} {c.because}".lower() for c in chosen)
    assert select() == list(claims().values())
    assert Page(Ledger(chosen[:1])._repr_html_()).folders == 2  # few claims: open at once
    assert repr(Ledger(select(word="no such word"))) == "no claim fits"


@pytest.mark.parametrize("filters", [{"verdict": "wrong"}, {"document": "paper"}, {"chapter": "4"}])
def test_a_filter_that_fits_nothing_by_its_spelling_is_named(filters):
    with pytest.raises(ValueError, match="there are"):
        select(**filters)
    with pytest.raises(ValueError, match="lesson or document"):
        Ledger([], by="verdict")


def test_the_counts_of_the_documents_add_up_to_those_of_the_ledger():
    assert list(crossed()) == list(sources())
    shared = [one for one in slips().values() if len({claim.id.split(".")[0] for claim in one}) > 1]
    assert shared == [], "a slip that two documents share would be counted in each"
    for what, number in counts().items():
        assert sum(row[what] for row in crossed().values()) == number, what


def test_the_summary_says_what_the_folders_say():
    text = repr(Ledger(claims().values(), by="document"))
    html = Ledger(claims().values(), by="document")._repr_html_()
    for line in text.splitlines():
        name, _, tally = line.partition(": ")
        assert f"<b>{name}</b>: {tally}" in unescape(html)


def test_what_is_printed_is_written_out_row_by_row():
    def claim(printed, correct=None):
        return documents.Claim(
            "d.x", "w", "c", "s", printed, "erratum" if correct else "given", correct=correct
        )

    assert digits(claim([["1", "-2"], ["3", "4"]])) == "1  -2\n3  4"
    assert digits(claim([["1", "2"], ["3", "4"]], [["1", "5"], ["3", "4"]])) == "2 → 5"
    assert digits(claim(list("12345"), list("02468"))) == "1 → 0\n3 → 4\n4 → 6\n4 of 5 differ"
    assert digits(claim("C x 1", ["C", "1"])) == "C x 1 → C  1"
    assert digits(claim(True)) == "" == digits(claim(None))
