"""The page of the ledger: every claim once, filters that keep what fits, links to lessons that exist, safe HTML."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from course_lib import documents
from course_lib.documents import VERDICTS, claims, verdicts
from course_lib.documents.ledger import Ledger, crossed, digits, select


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
        return [re.search(r"\n(\S+) · ", row[0])[1] for row in self.rows if row]


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
        says, prints, why = rows[claim.id]
        assert says.startswith(claim.statement + "\n") and why == claim.because
        assert "→" in prints and prints == digits(claim)


def test_a_cause_that_changes_in_the_ledger_changes_on_the_page(monkeypatch):
    id = "shape-notes.overview.concepts"
    other = documents.Claim(**{**claims()[id].__dict__, "because": "<b>another</b> cause", "correct": "6"})
    monkeypatch.setitem(claims(), id, other)
    html = Ledger(select(chapter="00_start_here"))._repr_html_()
    assert "&lt;b&gt;another&lt;/b&gt; cause" in html and "3 → 6" in html


def test_links_lead_to_the_lessons_that_exist_and_to_no_others():
    companion = "checked/04_attention_checked.ipynb"
    page = Page(Ledger(claims().values(), ["04_attention.ipynb", companion, "99_none.ipynb"])._repr_html_())
    assert set(page.links) == {"04_attention.ipynb", companion}
    assert page.links.count("04_attention.ipynb") == len(select(chapter="04_attention"))
    assert page.links.count(companion) == len(select(chapter="04_attention_checked"))


def test_filters_keep_what_fits_all_of_them():
    chosen = select(verdict="erratum", document="whitepaper", chapter="04_attention_checked", word="PASTED")
    assert [claim.id for claim in chosen] == ["whitepaper.attention.keys_weights"]
    assert select() == list(claims().values())
    for claim in select(verdict="cited", document="lecture-notes"):
        assert claim.verdict == "cited" and claim.id.startswith("lecture-notes.")
    assert Page(Ledger(chosen)._repr_html_()).folders == 2  # few claims: open at once
    assert repr(Ledger(select(word="no such word"))) == "no claim fits"


@pytest.mark.parametrize("filters", [{"verdict": "wrong"}, {"document": "paper"}, {"chapter": "4"}])
def test_a_filter_that_fits_nothing_by_its_spelling_is_named(filters):
    with pytest.raises(ValueError, match="there are"):
        select(**filters)
    with pytest.raises(ValueError, match="lesson or document"):
        Ledger([], by="verdict")


def test_the_counts_add_up_to_the_ledger():
    for by in ("lesson", "document"):
        table = crossed(by)
        assert {v: sum(row[v] for row in table.values()) for v in VERDICTS} == verdicts()
    assert crossed()["04_attention"] == verdicts(select(chapter="04_attention"))


def test_the_summary_says_what_the_folders_say():
    text = repr(Ledger(claims().values(), by="document"))
    html = Ledger(claims().values(), by="document")._repr_html_()
    for line in text.splitlines():
        name, _, tally = line.partition(": ")
        assert f"<b>{name}</b>: {tally}" in unescape(html)


def test_what_is_printed_is_written_out_row_by_row():
    def claim(printed, correct=None):
        return documents.Claim("d.x", "w", "c", "s", printed, "erratum" if correct else "given", correct=correct)

    assert digits(claim([["1", "-2"], ["3", "4"]])) == "1  -2\n3  4"
    assert digits(claim([["1", "2"], ["3", "4"]], [["1", "5"], ["3", "4"]])) == "2 → 5"
    assert digits(claim(list("12345"), list("02468"))) == "1 → 0\n3 → 4\n4 → 6\n4 of 5 differ"
    assert digits(claim("C x 1", ["C", "1"])) == "C x 1 → C  1" and digits(claim(True)) == "true"
