"""The numbers of the documents, line by line, as a program read them: a second transcription beside the ledger's.

    python -m tests.documents.transcript whitepaper=whitepaper.md shape-notes=shapes.md …

writes `transcript.txt` anew, for who has the texts. The ledger was typed and read over by people; this was extracted. So a
digit of the ledger that is altered, by a slip of the keyboard or in a merge, no longer stands in the lines which its claim
names. It does not prove that the text is what its author meant.
"""

import re
import sys
from functools import cache
from itertools import chain
from pathlib import Path

from course_lib.documents.digits import leaves

FILE = Path(__file__).parent / "transcript.txt"
NUMBER = re.compile(r"\d[\d,_]*(?:\.\d*)?(?:e-?\d+)?")
# addresses and names of pictures have digits of their own
LINK = re.compile(r"!?\[\[.*?\]\]|\]\([^)\s]*\)|https?://\S+")


def numbers(text):
    """The numbers of a text in their order, without signs, thousands' commas and per cent.

    >>> numbers("-0.25 of 50,257 tokens in a 3x4 matrix [see](https://a.b/17)")
    ['0.25', '50257', '3', '4']
    """
    return [
        found.rstrip(".,_").replace(",", "").replace("_", "") for found in NUMBER.findall(LINK.sub(" ", text))
    ]


@cache
def transcript():
    """Dict from document to dict from line to the numbers that stand in it."""
    found = {}
    for row in FILE.read_text(encoding="utf-8").splitlines():
        place, *some = row.split()
        document, _, line = place.partition(":")
        found.setdefault(document, {})[int(line)] = some
    return found


def places(claim):
    """The numbers of each place that a claim names: a list for "508-512" and one for "757"."""
    lines = transcript()[claim.id.split(".")[0]]
    for place in claim.line.split(", "):
        first, _, last = place.partition("-")
        yield [number for line in range(int(first), int(last or first) + 1) for number in lines.get(line, [])]


def stands_there(claim, printed=None):
    """Whether the numbers that a claim prints stand in one of its places in that order, or else in all of them together.

    printed: what is looked for in place of what the claim prints, and no more widely than that stands there.
    """
    own, looked_for = (
        [number for leaf in leaves(some) for number in numbers(str(leaf))]
        for some in (claim.printed, claim.printed if printed is None else printed)
    )
    each = list(places(claim))
    if any(is_subsequence(own, place) for place in each):
        return any(is_subsequence(looked_for, place) for place in each)
    return is_subsequence(looked_for, chain(*each))


def is_subsequence(some, all_):
    """Whether `some` can be had from `all_` by leaving out.

    >>> is_subsequence("ace", "abcde"), is_subsequence("aec", "abcde")
    (True, False)
    """
    rest = iter(all_)
    return all(one in rest for one in some)


def main(*texts):
    rows = []
    for document, path in (text.split("=", 1) for text in texts):
        for line, text in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), start=1):
            if found := numbers(text):
                rows.append(" ".join([f"{document}:{line}", *found]))
    FILE.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
