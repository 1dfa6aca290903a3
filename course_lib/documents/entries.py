"""What the ledger holds: claims with their verdicts, and the five documents that make them."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .digits import LedgerError, is_number, is_statement, leaves

VERDICTS = ("given", "reproduced", "erratum", "cited", "remark")
NEEDS = {
    "given": ("printed",),
    "reproduced": ("printed",),
    "erratum": ("printed", "correct", "because"),
    "cited": ("printed", "source"),
    "remark": ("because",),
}
LINES = re.compile(r"\d+(-\d+)?(, \d+(-\d+)?)*")


@dataclass(frozen=True)
class Source:
    """One of the documents: its title, what the lessons call it, what kind of text it is."""

    id: str
    title: str  # as at its head; its first words where it has no title
    name: str
    kind: str
    language: str  # whether its tokens are rows or columns
    about: str


@dataclass(frozen=True)
class Claim:
    """One number, matrix or statement of a document, with its verdict."""

    id: str  # document.topic.name
    where: str  # headings that lead to it in the document
    chapter: str  # the lesson that checks it, or a lesson's companion, as 04_attention_checked
    statement: str  # what the document says, fairly
    printed: object = None  # digit strings, words or a boolean, possibly nested in lists
    verdict: str = ""
    line: str = ""  # where it stands in the text: "412", or "508-512, 757"
    correct: object = None  # erratum: the right value, in the same form
    because: str = ""  # erratum: how the wrong one came about; remark: what is to be said
    slip: str = ""  # erratum: a name that all claims with the same cause share
    source: str = ""  # cited: where the outside fact comes from
    no_mistake: str = field(default="", repr=False)  # erratum: why no slip reproduces the digits

    @property
    def document(self):
        """The `Source` that makes this claim."""
        return sources()[self.id.split(".")[0]]

    @property
    def statement_like(self):
        """Whether it is decided by words or by true and false, so that a check needs the other case."""
        return self.verdict in ("reproduced", "erratum") and is_statement(self.printed)


@cache
def sources():
    """The five documents, as a dict from id to `Source`.

    >>> sources()["whitepaper"].title
    'The Math Behind GPT Models (Rough Draft)'
    """
    entries = tomllib.loads((Path(__file__).parent / "sources.toml").read_text(encoding="utf-8"))
    return {id: Source(id, **entry) for id, entry in entries.items()}


@cache
def claims():
    """Every claim of the ledger, as a dict from id to `Claim`, in the order of the documents.

    Raises LedgerError for a repeated id, an unknown verdict, and a field that is missing or unknown.

    >>> claims()["whitepaper.attention.weights"].verdict
    'reproduced'
    """
    found = {}
    for path in sorted((Path(__file__).parent / "claims").glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["claim"]:
            claim = _claim(entry, path.name)
            if claim.id in found:
                raise LedgerError(f"{claim.id} stands twice in the ledger")
            found[claim.id] = claim
    return found


def _claim(entry, file):
    try:
        claim = Claim(**{**entry, "line": str(entry.get("line", ""))})
    except TypeError as error:  # "Claim.__init__() missing 1 required positional argument: 'where'"
        what = str(error).removeprefix("Claim.__init__() ")
        raise LedgerError(f"{entry.get('id', 'a claim')} in {file}: {what}") from None
    if claim.verdict not in VERDICTS:
        raise LedgerError(f"{claim.id}: the verdict {claim.verdict!r} is none of {', '.join(VERDICTS)}")
    missing = [name for name in NEEDS[claim.verdict] if getattr(claim, name) in (None, "")]
    if missing:
        raise LedgerError(f"{claim.id}: the verdict {claim.verdict!r} needs {' and '.join(missing)}")
    if (claim.correct is not None or claim.slip or claim.no_mistake) and claim.verdict != "erratum":
        raise LedgerError(f"{claim.id}: only an erratum has something correct, a slip, or no_mistake")
    if not LINES.fullmatch(claim.line):
        raise LedgerError(f"{claim.id}: line is a number, or as '508-512, 757', not {claim.line!r}")
    return claim


def claim(id):
    """The claim with this id; raises LedgerError that names close ids when there is none."""
    try:
        return claims()[id]
    except KeyError:
        near = [known for known in claims() if known.split(".")[-1] == id.split(".")[-1]]
        raise LedgerError(f"the ledger has no claim {id!r}; near: {near or 'nothing'}") from None


def verdicts(chosen=None):
    """How many claims have each verdict, over the whole ledger or the claims given."""
    chosen = [claim.verdict for claim in (claims().values() if chosen is None else chosen)]
    return {verdict: chosen.count(verdict) for verdict in VERDICTS}


def slips(chosen=None):
    """The distinct slips: dict from the name of a slip, or the id of a claim alone, to the claims that show it."""
    found = {}
    for claim in claims().values() if chosen is None else chosen:
        if claim.verdict == "erratum":
            found.setdefault(claim.slip or claim.id, []).append(claim)
    return found


def counts(chosen=None):
    """What the ledger amounts to, nothing counted twice.

    `decimals` are printed numbers with a decimal point that code recomputes, right or wrong ones; `statements`
    are decided by words or true and false, each with a case in which the same code answers otherwise; `slips` are
    causes of errata, however many errata a cause has.

    >>> list(counts())
    ['decimals', 'statements', 'slips', 'given', 'cited', 'remarks']
    """
    chosen = list(claims().values() if chosen is None else chosen)
    of = verdicts(chosen)
    computed = [claim for claim in chosen if claim.verdict in ("reproduced", "erratum")]
    numbers = [leaf for claim in computed for leaf in leaves(claim.printed) if is_number(leaf)]
    return {
        "decimals": sum("." in number for number in numbers),
        "statements": sum(claim.statement_like for claim in computed),
        "slips": len(slips(chosen)),
        "given": of["given"],
        "cited": of["cited"],
        "remarks": of["remark"],
    }
