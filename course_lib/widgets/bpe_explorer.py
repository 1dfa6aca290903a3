"""BPEExplorer: a text falls into tokens while the merges are scrubbed through in the order they were learnt."""

from traitlets import Bytes, Int, List, Unicode

from course_lib.widgets import figures
from course_lib.widgets.live import Live, as_bytes, script

CALL = "BPEExplorer"
MOST_MERGES, LONGEST = 5000, 400


class BPEExplorer(Live):
    """Type a text and scrub through a byte-pair tokenizer's merges; each token shows its bytes, id and merge.

    tokenizer  a `BytePairTokenizer` of at most 5,000 merges; special tokens stay text.
    text       what stands in the box at first, at most 400 characters.   merges: how many are done (default: all).
    Raises TypeError for what is no such tokenizer, ValueError for the rest.

    >>> from course_lib.tokenization import BytePairTokenizer
    >>> BPEExplorer(BytePairTokenizer.train("low lower lowest", 259), "slow")
    Explorer of 3 merges on the text 'slow'
    """

    _esm = script("bpe_explorer.js")
    byte_ids = List(Int()).tag(sync=True)  # the id of each byte
    pairs = Bytes().tag(sync=True)  # (M, 3): left id, right id, the id they make, in the order learnt
    counts = List(Int()).tag(sync=True)  # how often each pair stood in the training text; empty if unknown
    pattern = Unicode().tag(sync=True)
    text, merges = Unicode().tag(sync=True), Int().tag(sync=True)
    locked = List(Int()).tag(sync=True)  # [] or [0, token]

    def __init__(self, tokenizer, text="", merges=None):
        try:
            rules, ranks, pattern = list(tokenizer.merges), tokenizer.ranks, tokenizer.pattern
        except AttributeError:
            raise TypeError(f"{CALL}: expected a BytePairTokenizer, got {type(tokenizer).__name__}") from None
        if len(rules) > MOST_MERGES:
            raise ValueError(f"{CALL}: {len(rules)} merges; at most {MOST_MERGES} can be scrubbed through")
        if len(text) > LONGEST:
            raise ValueError(f"{CALL}: the text has {len(text)} characters; at most {LONGEST} can be shown")
        merges = len(rules) if merges is None else merges
        if not 0 <= merges <= len(rules):
            raise ValueError(f"{CALL}: merges is {merges}, must be from 0 to {len(rules)}")
        ids = tokenizer.encode(text, disallowed_special=())
        shown = [tokenizer.tokens[id] for id in ids] or [b" "]
        pairs = [[ranks[rule.pair[0]], ranks[rule.pair[1]], rule.id] for rule in rules]
        super().__init__(
            figures.token_rows({"all merges": shown}),
            f"Explorer of {len(rules)} merges on the text {text!r}",
            byte_ids=[ranks[bytes([byte])] for byte in range(256)], pairs=as_bytes(pairs), pattern=pattern,
            counts=[] if any(rule.count is None for rule in rules) else [int(rule.count) for rule in rules],
            text=text, merges=merges,
        )  # fmt: skip
