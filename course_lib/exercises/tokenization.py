"""Checks for the exercises of lesson 01_tokenization."""

from . import Wrong, exercise, expect, no_nan


@exercise
def check_count_pairs(count_pairs):
    """`count_pairs(ids)` → dict from (left, right) to how often the two stand side by side in the list."""

    def counted(ids):
        answer = count_pairs(list(ids))
        if not isinstance(answer, dict):
            raise Wrong(f"expected a dict from pair to count, got {_kind(answer)}")
        return {pair: n for pair, n in answer.items() if n != 0}

    pick(
        counted([4, 1, 2, 1, 2, 3]),
        {(4, 1): 1, (1, 2): 2, (2, 1): 1, (2, 3): 1},
        "the pairs of 4 1 2 1 2 3 come out wrong: take every token together with its right neighbour",
        [({(4, 1): 1, (1, 2): 2, (2, 1): 1}, "the last pair is missing"),
         ({(1, 2): 2, (2, 1): 1, (2, 3): 1}, "the first pair is missing"),
         ({(4, 1): 1, (2, 1): 1, (2, 3): 1}, "after a pair you moved on by two tokens: neighbouring pairs share a token"),
         ({(1, 4): 1, (1, 2): 3, (2, 3): 1}, "2 1 was counted as 1 2: left and right matter"),
         ({(4, 1): 1, (1, 2): 1, (2, 1): 1, (2, 3): 1}, "every pair has the count 1: the second time must add to the first"),
         ({(4, 1): 1, (1, 2): 2, (2, 1): 1, (2, 3): 1, (3, 4): 1}, "the last token was paired with the first"),
         ({4: 1, 1: 2, 2: 2, 3: 1}, "single tokens were counted, not pairs"),
         ({5: 2, 3: 3}, "left + right adds the two ids, where it joined letters: the key is the pair (left, right)"),
         ({"41": 1, "12": 2, "21": 1, "23": 1}, "the keys are strings: the key is the pair (left, right)")],
    )  # fmt: skip
    pick(counted([7, 7, 7]), {(7, 7): 2}, "7 7 7 holds the pair 7 7 twice: once on the left, once on the right")
    for ids in ([], [5]):
        pick(counted(ids), {}, f"{ids} has no neighbours, so no pairs")


@exercise
def check_merge_pair(merge_pair):
    """`merge_pair(ids, pair, new)` → a new list in which every `pair` of neighbours has become `new`."""

    def merged(ids, pair, new):
        mine = list(ids)
        answer = merge_pair(mine, pair, new)
        if mine != ids:
            raise Wrong("your function changed the list it was given: build a new one")
        return _list(answer)

    pick(
        merged([1, 2, 3, 1, 2], (1, 2), 9),
        [9, 3, 9],
        "merging 1 2 into 9 in the list 1 2 3 1 2 comes out wrong",
        [([9, 3, 1, 2], "only the first pair was merged, and the list has two"),
         ([9, 3], "the end of the list got lost"),
         ([9, 2, 3, 9, 2], "the right token of the pair is still there"),
         ([9, 9, 3, 9, 9], "both tokens were replaced: one new token stands for the two"),
         ([1, 2, 3, 1, 2], "nothing was merged: a pair is a tuple, and a list such as ids[i : i + 2] is never equal to a tuple"),
         ([9, 2, 3, 9], "the right token of the pair is still there: after a merge, move on by two"),
         ([9, 3, 9, 2], "the right token of the last pair is still there")],
    )  # fmt: skip
    pick(
        merged([2, 1, 3, 1], (1, 2), 9),
        [2, 1, 3, 1],
        "a list without the pair must stay as it is",
        [([9, 3, 1], "2 1 was merged, but the pair is 1 2: left and right matter"),
         ([2, 1, 3], "the last token got lost when it had no right neighbour")],
    )  # fmt: skip
    pick(
        merged([4, 4, 4], (4, 4), 9),
        [9, 4],
        "with 4 4 4, the left pair is merged first, and a token belongs to one pair only",
        [([4, 9], "4 4 4 was merged from the right: start on the left"),
         ([9, 9], "the middle token was used twice")],
    )  # fmt: skip
    pick(merged([], (1, 2), 9), [], "an empty list stays empty")


@exercise
def check_encode(encode):
    """`encode(ids, merges)`: merges is a dict from pair to new id, in the order learnt; → the merged list."""

    def encoded(ids, merges):
        mine = list(ids)
        answer = encode(mine, dict(merges))
        if mine != ids:
            raise Wrong("your function changed the list it was given: build a new one")
        return _list(answer)

    pick(
        encoded([1, 2, 3, 1, 2], {(1, 2): 256}),
        [256, 3, 256],
        "with a single merge, 1 2 → 256, the list 1 2 3 1 2 comes out wrong",
        [([256, 3, 1, 2], "the merge was used once, but its pair stands in the list twice"),
         ([1, 2, 3, 1, 2], "nothing was merged: merges.items() gives each pair with its new id, the dict alone only the pairs")],
    )  # fmt: skip
    pick(
        encoded([1, 2, 3], {(1, 2): 256, (256, 3): 257}),
        [257],
        "the second merge joins what the first has made: 1 2 3 should end as one token",
        [([256, 3], "256 3 is left, though a merge joins it: go through all merges, in the order learnt")],
    )  # fmt: skip
    pick(
        encoded([1, 2, 3], {(2, 3): 256, (1, 2): 257}),
        [1, 256],
        "with two merges that want the same token, the order is wrong",
        [([257, 3], "1 2 was merged before 2 3, which was learnt first: not the leftmost pair wins, nor the last learnt")],
    )  # fmt: skip
    pick(
        encoded([1, 2, 3, 1, 2], {(2, 3): 256, (1, 2): 257}),
        [1, 256, 257],
        "the merge learnt first must come first, even where another pair is more frequent in this text",
    )  # fmt: skip
    pick(encoded([], {(1, 2): 256}), [], "an empty text has no tokens")


@exercise
def check_pad_batch(pad_batch):
    """`pad_batch(rows, pad)` → the rows, filled up on the right to the longest one's length, and their lengths."""
    rows = [[5, 6, 7], [8], [9, 4]]
    answer = pad_batch([list(row) for row in rows], 0)
    if answer is None or not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong(f"expected two things, the batch and the lengths, got {_kind(answer)}")
    batch, lengths = answer
    widths = {len(row) for row in batch}
    if len(widths) > 1:
        raise Wrong(f"the rows have different lengths, {sorted(widths)}: a batch is a rectangle")
    if widths == {1}:
        raise Wrong("the rows were cut to the shortest: no token may be lost")
    expect(
        batch,
        [[5, 6, 7], [8, 0, 0], [9, 4, 0]],
        "the batch of 5 6 7, 8 and 9 4 with 0 as padding is wrong",
        [([[5, 6, 7], [0, 0, 8], [0, 9, 4]], "the padding stands on the left: fill up on the right"),
         ([[5, 6, 7], [8, 8, 8], [9, 4, 4]], "the last token was repeated: use the padding token"),
         ([[5, 6, 7], [8, 0, 0], [9, 0, 0]], "a token was overwritten by padding")],
    )  # fmt: skip
    expect(
        lengths,
        [3, 1, 2],
        "the lengths say how many tokens of each row are not padding",
        [([3, 3, 3], "the lengths count the padding too"), ([0, 2, 1], "the lengths count the padding only")],
    )  # fmt: skip
    batch, lengths = pad_batch([[3, 0], [0, 0, 0]], 9)
    expect(batch, [[3, 0, 9], [0, 0, 0]], "with 9 as padding the batch is wrong",
           [([[3, 0, 0], [0, 0, 0]], "padding was 9 this time, and 0 was used")])  # fmt: skip
    expect(lengths, [2, 3], "the lengths are wrong where 0 is an ordinary token: compare nothing with 0")
    mine = [[1, 2], [3]]
    pad_batch(mine, 0)
    if mine != [[1, 2], [3]]:
        raise Wrong("your function changed the rows it was given: build new ones")


def pick(answer, right, message, slips=()):
    """Raise Wrong unless `answer` equals `right`; a slip that it equals gives its own message."""
    if answer != right:
        no_nan([one for one in (answer.values() if isinstance(answer, dict) else answer) if isinstance(one, float)])
        raise Wrong(next((says for slip, says in slips if answer == slip), message))


def _list(answer):
    if answer is None or isinstance(answer, str | dict) or not hasattr(answer, "__iter__"):
        raise Wrong(f"expected a list of ids, got {_kind(answer)}")
    return list(answer)


def _kind(answer):
    return "nothing: is a return missing?" if answer is None else f"{type(answer).__name__}"
