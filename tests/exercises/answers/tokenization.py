"""Right and wrong answers to the exercises of lesson 01_tokenization."""

from collections import Counter
from functools import reduce
from itertools import pairwise, zip_longest

import numpy as np

from course_lib.exercises.tokenization import (
    check_count_pairs,
    check_encode,
    check_merge_pair,
    check_pad_batch,
)


def count_with_loop(ids):
    counts = {}
    for i in range(len(ids) - 1):
        pair = ids[i], ids[i + 1]
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def merge(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new if found else ids[i])
        i += 1 + found
    return merged


def merge_by_popping(ids, pair, new):
    merged = []
    for id in ids:
        if merged and (merged[-1], id) == pair:
            merged[-1] = new
        else:
            merged.append(id)
    return merged


def merge_in_place(ids, pair, new):
    ids[:] = merge(ids, pair, new)
    return ids


def merge_all_pairs(ids, pair, new):
    return [new for two in pairwise(ids) if two == pair] or ids


def merge_once(ids, pair, new):
    at = next((i for i, two in enumerate(pairwise(ids)) if two == pair), None)
    return ids if at is None else ids[:at] + [new] + ids[at + 2 :]


def merge_keeping(ids, pair, new):
    pairs = [*pairwise(ids), None]
    return [new if two == pair else id for id, two in zip(ids, pairs, strict=True)]


def merge_from_the_right(ids, pair, new):
    return merge(ids[::-1], pair[::-1], new)[::-1]


def merge_without_the_last(ids, pair, new):
    merged = merge(ids, pair, new)
    return merged[:-1] if ids and tuple(ids[-2:]) != pair else merged


def merge_comparing_with_a_list(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        found = ids[i : i + 2] == pair
        merged.append(new if found else ids[i])
        i += 1 + found
    return merged


def encode(ids, merges):
    for pair, new in merges.items():
        ids = merge(ids, pair, new)
    return ids


def encode_by_rank(ids, merges):
    ids = list(ids)
    while found := [pair for pair in pairwise(ids) if pair in merges]:
        pair = min(found, key=merges.get)
        ids = merge(ids, pair, merges[pair])
    return tuple(ids)


def encode_leftmost(ids, merges):
    ids, i = list(ids), 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in merges:
            ids[i : i + 2] = [merges[ids[i], ids[i + 1]]]
            i = max(i - 1, 0)
        else:
            i += 1
    return ids


def encode_most_frequent(ids, merges):
    while found := Counter(pair for pair in pairwise(ids) if pair in merges):
        pair = min(found, key=lambda pair: (-found[pair], merges[pair]))
        ids = merge(ids, pair, merges[pair])
    return ids


def encode_first_only(ids, merges):
    pair, new = next(iter(merges.items()))
    return merge(ids, pair, new)


def encode_in_place(ids, merges):
    ids[:] = encode(ids, merges)
    return ids


def encode_looping_over_the_dict(ids, merges):
    for pair, new in merges:
        ids = merge(ids, pair, new)
    return ids


def pad(rows, pad):
    longest = max(map(len, rows))
    return [row + [pad] * (longest - len(row)) for row in rows], [len(row) for row in rows]


def pad_array(rows, pad):
    lengths = np.array([len(row) for row in rows])
    batch = np.full((len(rows), lengths.max()), pad)
    for row, ids in zip(batch, rows, strict=True):
        row[: len(ids)] = ids
    return batch, lengths


def pad_in_place(rows, pad):
    lengths = [len(row) for row in rows]
    for row in rows:
        row += [pad] * (max(lengths) - len(row))
    return rows, lengths


def merge_recursively(ids, pair, new):
    if len(ids) < 2:
        return list(ids)
    if (ids[0], ids[1]) == pair:
        return [new, *merge_recursively(ids[2:], pair, new)]
    return [ids[0], *merge_recursively(ids[1:], pair, new)]


def pad_by_transposing(rows, pad):
    return list(zip(*zip_longest(*rows, fillvalue=pad), strict=True)), tuple(map(len, rows))



RIGHT = [
    (check_count_pairs, lambda ids: Counter(pairwise(ids))),
    (check_count_pairs, count_with_loop),
    (check_merge_pair, merge),
    (check_merge_pair, merge_by_popping),
    (check_encode, encode),
    (check_encode, encode_by_rank),
    (check_pad_batch, pad),
    (check_pad_batch, pad_array),
    (check_count_pairs, lambda ids: {two: [*pairwise(ids)].count(two) for two in pairwise(ids)}),
    (check_merge_pair, merge_recursively),
    (check_encode, lambda ids, merges: reduce(lambda left, one: merge(left, *one), merges.items(), ids)),
    (check_pad_batch, pad_by_transposing),
]  # fmt: skip

WRONG = [
    (check_count_pairs, lambda ids: Counter(pairwise(ids[:-1])), "last pair is missing"),
    (check_count_pairs, lambda ids: Counter(pairwise(ids[1:])), "first pair is missing"),
    (check_count_pairs, lambda ids: Counter(zip(ids[::2], ids[1::2], strict=False)), "moved on by two"),
    (check_count_pairs, lambda ids: Counter(tuple(sorted(two)) for two in pairwise(ids)), "left and right"),
    (check_count_pairs, lambda ids: dict.fromkeys(pairwise(ids), 1), "add to the first"),
    (check_count_pairs, lambda ids: Counter(zip(ids, ids[1:] + ids[:1], strict=True)), "paired with the first"),
    (check_count_pairs, Counter, "single tokens"),
    (check_count_pairs, lambda ids: Counter(left + right for left, right in pairwise(ids)), "adds the two ids"),
    (check_count_pairs, lambda ids: Counter(f"{left}{right}" for left, right in pairwise(ids)), "keys are strings"),
    (check_count_pairs, lambda ids: {two: "".join(map(str, ids)).count("{}{}".format(*two)) for two in pairwise(ids)}, "7 7 twice"),
    (check_count_pairs, lambda ids: [*pairwise(ids)], "dict from pair to count, got list"),
    (check_count_pairs, lambda ids: None, "return missing"),
    (check_count_pairs, lambda ids: {(left, right): 2 for left, right in pairwise(ids)}, "right neighbour"),
    (check_count_pairs, lambda ids: Counter(pairwise(ids)) if ids else {(): 1}, "has no neighbours"),
    (check_merge_pair, merge_once, "only the first pair"),
    (check_merge_pair, merge_in_place, "changed what it was given"),
    (check_merge_pair, merge_keeping, "right token of the pair is still there"),
    (check_merge_pair, lambda ids, pair, new: [new if id in pair else id for id in ids], "both tokens were replaced"),
    (check_merge_pair, lambda ids, pair, new: ids, "nothing was merged"),
    (check_merge_pair, merge_comparing_with_a_list, "never equal to a tuple"),
    (check_merge_pair, lambda ids, pair, new: [new if two == pair else two[0] for two in pairwise(ids)], "move on by two"),
    (check_merge_pair, lambda ids, pair, new: merge(ids[:-1], pair, new), "comes out wrong"),
    (check_merge_pair, lambda ids, pair, new: merge(ids, pair, new)[: len(ids) // 2], "end of the list got lost"),
    (check_merge_pair, lambda ids, pair, new: merge(merge(ids, pair, new), pair[::-1], new), "left and right matter"),
    (check_merge_pair, merge_without_the_last, "no right neighbour"),
    (check_merge_pair, merge_from_the_right, "from the right"),
    (check_merge_pair, lambda ids, pair, new: merge_all_pairs(ids, pair, new) if len(set(ids)) == 1 else merge(ids, pair, new), "used twice"),
    (check_merge_pair, lambda ids, pair, new: None, "return missing"),
    (check_merge_pair, lambda ids, pair, new: "939", "list of ids, got str"),
    (check_encode, lambda ids, merges: ids, "nothing was merged"),
    (check_encode, encode_looping_over_the_dict, "merges.items()"),
    (check_encode, lambda ids, merges: merge_once(ids, *next(iter(merges.items()))), "used once"),
    (check_encode, encode_first_only, "go through all merges"),
    (check_encode, encode_leftmost, "learnt first: not the leftmost"),
    (check_encode, lambda ids, merges: encode_by_rank(ids, {p: -n for p, n in merges.items()}), "comes out wrong"),
    (check_encode, lambda ids, merges: encode(ids, dict(sorted(merges.items()))), "learnt first: not the leftmost"),
    (check_encode, lambda ids, merges: encode(ids, dict(reversed(merges.items()))), "in the order learnt"),
    (check_encode, encode_most_frequent, "more frequent in this text"),
    (check_encode, encode_in_place, "changed what it was given"),
    (check_encode, lambda ids, merges: None, "return missing"),
    (check_encode, lambda ids, merges: merges, "list of ids, got dict"),
    (check_pad_batch, lambda rows, pad: ([[pad] * (max(map(len, rows)) - len(row)) + row for row in rows], [*map(len, rows)]), "on the left"),
    (check_pad_batch, lambda rows, pad: (rows, [*map(len, rows)]), "a rectangle"),
    (check_pad_batch, lambda rows, pad: ([row[: min(map(len, rows))] for row in rows], [*map(len, rows)]), "cut to the shortest"),
    (check_pad_batch, lambda rows, pad: ([row + row[-1:] * (max(map(len, rows)) - len(row)) for row in rows], [*map(len, rows)]), "last token was repeated"),
    (check_pad_batch, lambda rows, pad_id: (pad(rows, pad_id)[0], [max(map(len, rows))] * len(rows)), "count the padding too"),
    (check_pad_batch, lambda rows, pad_id: (pad(rows, pad_id)[0], [max(map(len, rows)) - len(row) for row in rows]), "the padding only"),
    (check_pad_batch, lambda rows, pad_id: (pad(rows, 0)[0], [*map(len, rows)]), "0 was used"),
    (check_pad_batch, lambda rows, pad_id: (pad(rows, pad_id)[0], [sum(id > 0 for id in row) for row in rows]), "compare nothing with 0"),
    (check_pad_batch, pad_in_place, "changed what it was given"),
    (check_pad_batch, lambda rows, pad_id: pad(rows, pad_id)[0], "two things, the batch and the lengths, got list"),
    (check_pad_batch, lambda rows, pad_id: None, "return missing"),
    (check_pad_batch, lambda rows, pad_id: pad([*rows, [1] * 5], pad_id), "shape"),
]  # fmt: skip
