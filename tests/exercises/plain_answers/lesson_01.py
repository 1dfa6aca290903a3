"""Answers to the exercises of lesson 01_tokenization."""

from collections import Counter, OrderedDict, defaultdict
from functools import reduce
from itertools import pairwise, zip_longest

import numpy as np


def count_loop(ids):
    counts = {}
    for i in range(len(ids) - 1):
        pair = (ids[i], ids[i + 1])
        if pair not in counts:
            counts[pair] = 0
        counts[pair] += 1
    return counts


def count_default(ids):
    counts = defaultdict(int)
    for left, right in zip(ids, ids[1:]):
        counts[left, right] += 1
    return counts


def count_unique(ids):
    if len(ids) < 2:
        return {}
    pairs, n = np.unique(np.stack([ids[:-1], ids[1:]], axis=1), axis=0, return_counts=True)
    return {tuple(pair): count for pair, count in zip(pairs, n)}  # keys and values are NumPy's


def count_all(ids):
    return {(a, b): sum(p == (a, b) for p in pairwise(ids)) for a in set(ids) for b in set(ids)}  # with zeros


def count_kept(ids, counts={}):
    for pair in pairwise(ids):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


outside = Counter()


def count_global(ids):
    for pair in pairwise(ids):
        outside[pair] += 1
    return outside


def count_no_first(ids):
    counts = {}
    for pair in pairwise(ids):
        if pair in counts:
            counts[pair] += 1
        else:
            counts[pair] = 0
    return counts


def count_in_loop(ids):
    counts = {}
    for pair in pairwise(ids):
        counts[pair] = counts.get(pair, 0) + 1
        return counts


def count_off(ids):
    counts = {}
    for i in range(len(ids)):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def count_short(ids):
    counts = {}
    for i in range(len(ids) - 2):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def count_skip(ids):
    counts, i = {}, 0
    while i < len(ids) - 1:
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
        i += 2
    return counts


def count_lists(ids):
    counts = {}
    for i in range(len(ids) - 1):
        counts[ids[i : i + 2]] = counts.get(ids[i : i + 2], 0) + 1
    return counts


def merge_loop(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def merge_back(ids, pair, new):
    def step(out, one):
        if out and (out[-1], one) == pair and out[-1] is not new:
            return (*out[:-1], new)
        return (*out, one)

    return list(reduce(step, ids, ()))


def merge_recursive(ids, pair, new):
    if len(ids) < 2:
        return ids[:]
    if (ids[0], ids[1]) == pair:
        return [new] + merge_recursive(ids[2:], pair, new)
    return ids[:1] + merge_recursive(ids[1:], pair, new)


def merge_iterator(ids, pair, new):
    left, right = pair
    out = []
    for one in ids:
        if out and out[-1] == left and one == right:
            out[-1] = new
        else:
            out.append(one)
    return np.array(out, dtype=int)


def merge_generator(ids, pair, new):
    def pieces():
        skip = False
        for i, one in enumerate(ids):
            if skip:
                skip = False
            elif list(ids[i : i + 2]) == list(pair):
                skip = True
                yield new
            else:
                yield one

    return tuple(pieces())


def merge_in_place(ids, pair, new):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new]
        i += 1
    return ids


def merge_replace(ids, pair, new):
    text = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new))
    return [int(one) for one in text.split()]


def merge_blanks(ids, pair, new):
    text = " " + " ".join(map(str, ids)) + " "
    return [int(one) for one in text.replace(f" {pair[0]} {pair[1]} ", f" {new} ").split()]


def merge_bytes(ids, pair, new):
    return list(bytes(ids).replace(bytes(pair), bytes([new])))


def merge_no_else(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            out.append(new)
            i += 2
        out.extend(ids[i : i + 1])
        i += 1
    return out


def merge_two(ids, pair, new):
    out = []
    for i in range(0, len(ids), 2):
        if tuple(ids[i : i + 2]) == pair:
            out.append(new)
        else:
            out += ids[i : i + 2]
    return out


def merge_list(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if ids[i : i + 2] == pair:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def merge_first(ids, pair, new):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return ids[:i] + [new] + ids[i + 2 :]
    return ids


def merge_step(ids, pair, new):
    out = []
    for i in range(len(ids)):
        if tuple(ids[i : i + 2]) == pair:
            out.append(new)
        else:
            out.append(ids[i])
    return out


def merge_last(ids, pair, new):
    out, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def merge_over(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


grown = []


def merge_outside(ids, pair, new):
    i = 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            grown.append(new)
            i += 2
        else:
            grown.append(ids[i])
            i += 1
    return grown


def bpe(text, how_many, key=lambda counts, pair: (-counts[pair], pair), best=min, first=256, ids=None):
    ids = list(text.encode()) if ids is None else ids
    merges = {}
    for i in range(how_many):
        counts = count_loop(ids)
        if not counts:
            break
        pair = best(counts, key=lambda pair: key(counts, pair))
        merges[pair] = first + i
        ids = merge_loop(ids, pair, first + i)
    return merges


def bpe_sorted(text, how_many):
    ids, merges = list(bytearray(text, "utf-8")), OrderedDict()
    while len(merges) < how_many and len(ids) > 1:
        (pair, _), *_ = sorted(Counter(pairwise(ids)).items(), key=lambda item: (-item[1], item[0]))
        merges[pair] = 256 + len(merges)
        ids = merge_loop(ids, pair, merges[pair])
    return merges


def bpe_recursive(text, how_many):
    def more(ids, merges):
        counts = count_default(ids)
        if len(merges) == how_many or not counts:
            return merges
        most = max(counts.values())
        pair = min(pair for pair in counts if counts[pair] == most)
        new = 256 + len(merges)
        return more(merge_recursive(ids, pair, new), {**merges, pair: new})

    return more(list(text.encode("utf-8")), {})


def bpe_numpy(text, how_many):
    ids, merges = np.frombuffer(text.encode(), dtype=np.uint8).astype(int).tolist(), {}
    for new in np.arange(256, 256 + how_many):
        counts = count_loop(ids)
        if counts:
            pair = sorted(sorted(counts), key=counts.get, reverse=True)[0]
            merges[pair] = new
            ids = merge_loop(ids, pair, new)
    return merges


def bpe_list_key(text, how_many):
    ids, merges = list(text.encode()), {}
    for new in range(256, 256 + how_many):
        counts = count_unique(ids)
        if len(counts) == 0:
            return merges
        best = max(counts.values())
        pair = sorted(p for p, n in counts.items() if n == best)[0]
        merges[int(pair[0]), int(pair[1])] = new
        ids = merge_iterator(ids, pair, new).tolist()
    return merges


def bpe_frozen(text, how_many):
    ids, merges = list(text.encode()), {}
    counts = count_loop(ids)
    for new in range(256, 256 + how_many):
        if not counts:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        del counts[pair]
        merges[pair] = new
        ids = merge_loop(ids, pair, new)
    return merges


def bpe_unmerged(text, how_many):
    ids, merges = list(text.encode()), {}
    for new in range(256, 256 + how_many):
        counts = count_loop(ids)
        if not counts:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        merges[pair] = new
        merge_loop(ids, pair, new)
    return merges


def bpe_no_break(text, how_many):
    ids, merges = list(text.encode()), {}
    for new in range(256, 256 + how_many):
        counts = count_loop(ids)
        pair = max(counts, key=counts.get)
        merges[pair] = new
        ids = merge_loop(ids, pair, new)
    return merges


def encode_loop(text, merges):
    ids = list(text.encode())
    for pair in merges:
        ids = merge_loop(ids, pair, merges[pair])
    return ids


def encode_rank(text, merges):  # as minbpe does: the pair that was learnt first, while there is one
    ids = list(text.encode())
    while len(ids) > 1:
        pair = min(pairwise(ids), key=lambda pair: merges.get(pair, float("inf")) if pair not in merges else list(merges).index(pair))
        if pair not in merges:
            break
        ids = merge_loop(ids, pair, merges[pair])
    return ids


def encode_break(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        if pair not in pairwise(ids):
            break
        ids = merge_loop(ids, pair, new)
    return ids


def encode_forgets(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        merge_loop(ids, pair, new)
    return ids


def encode_enumerated(text, merges):
    ids = list(text.encode())
    for i, pair in enumerate(merges):
        ids = merge_loop(ids, pair, 256 + i)
    return ids


def encode_replace(text, merges):
    ids = " ".join(str(b) for b in text.encode())
    for (a, b), new in merges.items():
        ids = ids.replace(f"{a} {b}", str(new))
    return [int(one) for one in ids.split()]


def encode_greedy(text, merges):
    ids, i = list(text.encode()), 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in merges:
            ids[i : i + 2] = [merges[ids[i], ids[i + 1]]]
            i = 0
        else:
            i += 1
    return ids


def encode_return_early(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        ids = merge_loop(ids, pair, new)
        return ids


def encode_items(text, merges):
    ids = list(text.encode())
    for pair, new in merges:
        ids = merge_loop(ids, pair, new)
    return ids


def encode_from(units, order=list):
    def encode(text, merges):
        ids = units(text)
        for pair in order(merges):
            ids = merge_loop(ids, pair, merges[pair])
        return ids

    return encode


def table(merges, size=256):
    token = {i: bytes([i]) for i in range(size)}
    for (a, b), new in merges.items():
        token[new] = token[a] + token[b]
    return token


def decode_recursive(ids, merges):
    pairs = {new: pair for pair, new in merges.items()}

    def bytes_of(id):
        return bytes([id]) if id < 256 else bytes_of(pairs[id][0]) + bytes_of(pairs[id][1])

    return b"".join(map(bytes_of, ids)).decode("utf-8", "replace")


def decode_undo(ids, merges):
    ids = list(ids)
    for pair, new in reversed(merges.items()):
        ids = [part for id in ids for part in (pair if id == new else (id,))]
    return bytes(ids).decode(errors="replace")


def decode_bytearray(ids, merges):
    token, out = table(merges), bytearray()
    for id in ids:
        out += token[id]
    return str(out, "utf-8", errors="replace")


def decode_once(ids, merges):
    pairs = {new: pair for pair, new in merges.items()}
    flat = []
    for id in ids:
        flat.extend(pairs.get(id, [id]))
    return bytes(flat).decode(errors="replace")


def decode_sum(ids, merges):
    token = table(merges)
    return reduce(bytes.__add__, (token[id] for id in ids), b"").decode("utf8", errors="replace")


def pad_loop(rows, pad):
    n = 0
    for row in rows:
        if len(row) > n:
            n = len(row)
    out = []
    for row in rows:
        row = list(row)
        while len(row) < n:
            row.append(pad)
        out.append(row)
    return out, [len(row) for row in rows]


def pad_array(rows, pad):
    lengths = np.array([len(row) for row in rows])
    out = np.full((len(rows), lengths.max()), pad)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out, lengths


def pad_in_place(rows, pad):
    lengths = [len(row) for row in rows]
    for row in rows:
        row += [pad] * (max(lengths) - len(row))
    return rows, lengths


def count_every_two(ids):
    counts = {}
    for a in ids:
        for b in ids:
            counts[a, b] = counts.get((a, b), 0) + 1
    return counts


def count_left(ids):
    return {(ids[i], ids[i + 1]): ids.count(ids[i]) for i in range(len(ids) - 1)}


def count_never_put(ids):
    counts = {}
    for pair in zip(ids, ids[1:]):
        if pair in counts:
            counts[pair] += 1
    return counts


def merge_by_one(ids, pair, new):
    merged = []
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            merged.append(new)
        else:
            merged.append(ids[i])
    return merged


def merge_index(ids, pair, new):
    ids = list(ids)
    while pair in zip(ids, ids[1:]):
        i = ids.index(pair[0])
        ids[i : i + 2] = [new]
    return ids


def bpe_only_twice(text, how_many):
    ids, merges = list(text.encode()), {}
    for new in range(256, 256 + how_many):
        counts = Counter(pairwise(ids))
        if not counts or max(counts.values()) == 1:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge_loop(ids, pair, new)
        merges[pair] = new
    return merges


def bpe_list(text, how_many):
    return list(bpe(text, how_many).items())


def encode_anew(text, merges):
    ids = list(text.encode())
    out = []
    for pair, new in merges.items():
        out = merge_loop(ids, pair, new)
    return out


def merge_last_again(ids, pair, new):
    merged, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    merged.append(ids[-1])
    return merged


def encode_frequent(text, merges):
    ids = list(text.encode())
    while True:
        counts = Counter(pair for pair in pairwise(ids) if pair in merges)
        if not counts:
            return ids
        pair = max(counts, key=counts.get)
        ids = merge_loop(ids, pair, merges[pair])


def bpe_words(text, how_many):
    words, merges = [list(word.encode()) for word in text.split()], {}
    for new in range(256, 256 + how_many):
        counts = Counter()
        for word in words:
            counts.update(pairwise(word))
        if not counts:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        merges[pair] = new
        words = [merge_loop(word, pair, new) for word in words]
    return merges


def pad_zeros(rows, pad):
    batch = np.zeros((len(rows), max(map(len, rows))))
    batch[:] = pad
    for i, row in enumerate(rows):
        batch[i, : len(row)] = row
    return batch, [len(row) for row in rows]


def pad_zipped(rows, pad):
    return list(zip_longest(*rows, fillvalue=pad)), [len(row) for row in rows]


RIGHT = {
    "count_pairs": [
        count_loop, count_default, count_unique, count_all,
        lambda ids: Counter(zip(ids, ids[1:])),
        lambda ids: {pair: list(pairwise(ids)).count(pair) for pair in set(pairwise(ids))},
    ],
    "merge_pair": [merge_loop, merge_back, merge_recursive, merge_iterator, merge_generator],
    "train_bpe": [bpe, bpe_sorted, bpe_recursive, bpe_numpy, bpe_list_key],
    "encode": [
        encode_loop, encode_rank,
        lambda text, merges: reduce(lambda ids, one: merge_loop(ids, *one), merges.items(), list(bytes(text, "utf-8"))),
        lambda text, merges: np.array(encode_loop(text, merges)),
        lambda text, merges: tuple(encode_loop(text, {pair: new for pair, new in merges.items()})),
    ],
    "decode": [
        decode_recursive, decode_undo, decode_bytearray, decode_sum,
        lambda ids, merges: b"".join([table(merges)[id] for id in ids]).decode("utf-8", errors="replace"),
    ],
    "pad_batch": [
        pad_zeros,
        pad_loop, pad_array,
        lambda rows, pad: ([row + [pad] * (max(map(len, rows)) - len(row)) for row in rows], list(map(len, rows))),
        lambda rows, pad: [[tuple(row) + (pad,) * (max(map(len, rows)) - len(row)) for row in rows], [*map(len, rows)]],
        lambda rows, pad: (np.array([np.pad(row, (0, max(map(len, rows)) - len(row)), constant_values=pad) for row in rows]), [len(r) for r in rows]),
    ],
}  # fmt: skip

WRONG = {
    "count_pairs": [
        (lambda ids: dict(Counter(pairwise(sorted(ids)))), "were sorted"), (lambda ids: Counter(pairwise(ids)) + Counter(pairwise(ids[::-1])), "from both sides"),
        (lambda ids: {pair: n for pair, n in Counter(pairwise(ids)).items() if n > 1}, "occur once are missing"),
        (lambda ids: {pair: n for pair, n in Counter(pairwise(ids)).items() if pair[0] != pair[1]}, "two equal tokens"),
        (count_every_two, "only neighbours"), (count_left, "left token was counted"), (count_never_put, "dict stays empty"),
        (count_kept, "another answer when it is called again"),
        (count_global, "another answer when it is called again"),
        (count_no_first, "one too small"),
        (count_in_loop, "is a return missing"),
        (count_off, "beyond the end"),
        (count_short, "last pair is missing"),
        (count_skip, "share a token"),
        (count_lists, "pair is a tuple"),
        (lambda ids: Counter(pairwise("".join(map(str, ids)))), "keys hold texts"),
        (lambda ids: Counter((int(a), int(b)) for a, b in pairwise("".join(map(str, ids)))), "12 is one token"),
        (lambda ids: Counter(ids), "single tokens"),
        (lambda ids: set(pairwise(ids)), "a set, which has no order"),
        (lambda ids: list(pairwise(ids)), "a dict is expected"),
        (lambda ids: {pair: 1 for pair in pairwise(ids)}, "second time must add"),
        (lambda ids: Counter(a + b for a, b in pairwise(ids)), "adds the two ids"),
        (lambda ids: Counter(f"{a},{b}" for a, b in pairwise(ids)), "keys are texts"),
        (lambda ids: Counter(tuple(sorted(pair)) for pair in pairwise(ids)), "left and right matter"),
        (lambda ids: Counter((b, a) for a, b in pairwise(ids)), "swapped"),
        (lambda ids: Counter(pairwise(ids[1:])), "first pair is missing"),
        (lambda ids: Counter(zip(ids, ids)), ""),
        (lambda ids: {str(pair): n for pair, n in Counter(pairwise(ids)).items()}, "keys are texts"),
        (lambda ids: len(set(pairwise(ids))), "a dict is expected"),
    ],
    "merge_pair": [
        (merge_last_again, "once more"), (lambda ids, pair, new: [i for i in merge_loop(ids, pair, -1) if i != -1], "was deleted"),
        (merge_by_one, "last token of the list gets lost"), (merge_index, ""),
        (merge_in_place, "changed what it was given"), (merge_replace, "as text"), (merge_blanks, "without a look"),
        (merge_bytes, "a new id is 256 or more"), (merge_no_else, "without a look"), (merge_two, "move on by one"), (merge_list, "nothing was merged"),
        (merge_first, "only the first pair"), (merge_step, "right token of the pair"), (merge_last, "last token"),
        (merge_over, "beyond the end"), (merge_outside, "another answer when it is called again"),
        (lambda ids, pair, new: [new if one in pair else one for one in ids], "only the two side by side"),
        (lambda ids, pair, new: merge_loop(ids, pair, 256), "not always 256"),
        (lambda ids, pair, new: merge_loop(ids, pair, 9), ""),
        (lambda ids, pair, new: merge_loop(ids[::-1], pair[::-1], new)[::-1], "start on the left"),
        (lambda ids, pair, new: merge_loop(ids, pair, pair), "pair was put in"),
        (lambda ids, pair, new: merge_loop(ids, pair, str(new)), "text"),
        (lambda ids, pair, new: print(ids), "is a return missing"),
    ],
    "train_bpe": [
        (bpe_words, "split at its blanks"),
        (lambda text, n: {pair: 256 + i for i, (pair, _) in enumerate(Counter(pairwise(text.encode())).most_common(n))}, "counted once"),
        (lambda text, n: bpe(text.replace(" ", ""), n), "blanks are gone"), (lambda text, n: bpe(text.lower(), n), "made small"),
        (bpe_only_twice, "no pair occurs twice"), (bpe_list, "a dict is expected"),
        (bpe_frozen, "count again"), (bpe_unmerged, "again and again"),
        (lambda text, n: bpe(text, n, key=lambda counts, pair: counts[pair], best=max), "met first"),
        (lambda text, n: bpe(text, n, key=lambda counts, pair: (counts[pair], pair), best=max), "take the larger"),
        (lambda text, n: bpe(text, n, key=lambda counts, pair: counts[pair]), "rarest"),
        (lambda text, n: bpe(text, n, first=0), "begin at 0"), (lambda text, n: bpe(text, n, first=257), "begin at 257"),
        (lambda text, n: bpe(text, n, ids=[ord(c) for c in text]), "taken for bytes"),
        (lambda text, n: bpe(text, n, ids=list(text)), "pairs are letters"),
        (lambda text, n: list(bpe(text, n)), "dict is expected"),
        (lambda text, n: {new: pair for pair, new in bpe(text, n).items()}, "turned round"),
        (lambda text, n: bpe(text, n + 1), "too many"), (lambda text, n: bpe(text, n - 1), "too few"),
        (lambda text, n: bpe(text, 1), "only one merge"),
        (bpe_no_break, "met first"),  # and it stops where no pair is left, which is a second mistake
        (lambda text, n: bpe(text, n, key=lambda counts, pair: pair), "smallest pair is taken"),
        (lambda text, n: bpe(text, n, ids=list(text.split())), ""), (lambda text, n: bpe(text.lower(), n), "capitals were made small: they are bytes"), (lambda text, n: bpe(text.strip(), n), ""),
        (lambda text, n: bpe(text, n, ids=list(text.encode("utf-16"))), ""),
    ],
    "encode": [
        (encode_frequent, "most frequent pair of this text"),
        (lambda text, merges: encode_loop(text.lower(), merges), "made small"), (lambda text, merges: encode_loop(text.strip(), merges), "both ends is gone"),
        (lambda text, merges: [id for word in text.split() for id in encode_loop(word, merges)], "split at its blanks"),
        (encode_anew, "began anew with the bytes"),
        (encode_break, "stop at the first merge"), (encode_forgets, "has to be kept"), (encode_enumerated, "the id that the dict gives"),
        (encode_replace, "inside 99 10"), (encode_greedy, "leftmost"), (encode_return_early, "return"), (encode_items, ".items(), missing"),
        (encode_from(lambda text: list(text.encode()), lambda merges: list(merges)[::-1]), "reverse"),
        (encode_from(lambda text: list(text.encode()), sorted), "order of their pairs"),
        (encode_from(lambda text: [ord(c) for c in text]), "taken for bytes"),
        (encode_from(list), ""),
        (lambda text, merges: text.encode(), "nothing was merged: merging gives a new"),
        (lambda text, merges: list(text.encode()), "has to be kept"),
        (lambda text, merges: [merges[pair] for pair in pairwise(text.encode()) if pair in merges], ""),
        (lambda text, merges: merge_loop(text, *list(merges.items())[0]), ""),
    ],
    "decode": [
        (lambda ids, merges: decode_undo(ids, merges).strip(), "yours is 'Aé'"),
        (decode_once, "stands for the bytes of its pair"),
        (lambda ids, merges: "".join(table(merges)[id].decode(errors="replace") for id in ids), "join the bytes first"),
        (lambda ids, merges: "".join(table(merges)[id].decode() for id in ids), "errors="),
        (lambda ids, merges: b"".join(table(merges)[id] for id in ids).decode(), "errors="),
        (lambda ids, merges: b"".join(table(merges)[id] for id in ids).decode(errors="ignore"), "left out"),
        (lambda ids, merges: b"".join(table(merges)[id] for id in ids), "bytes were returned"),
        (lambda ids, merges: "".join(map(chr, ids)), "each id became a character"),
        (lambda ids, merges: b"".join(table(merges)[id] for id in ids).decode("latin-1"), "became a character"),
        (lambda ids, merges: bytes(ids).decode(errors="replace"), "stands for the bytes"),
        (lambda ids, merges: str(ids), ""),
        (lambda ids, merges: [table(merges)[id] for id in ids], "a text is expected"),
        (lambda ids, merges: b" ".join(table(merges)[id] for id in ids).decode(errors="replace"), "blanks"),
        (lambda ids, merges: b"".join(table(merges, 128)[id] for id in ids).decode(errors="replace"), ""),
        (lambda ids, merges: b"".join(table({pair: 256 + i for i, pair in enumerate(merges)})[id] for id in ids).decode(errors="replace"), ""),
        (lambda ids, merges: b"".join(table(merges)[id] for id in reversed(ids)).decode(errors="replace"), "backwards"),
    ],
    "pad_batch": [
        (pad_zipped, "rows and columns are swapped"),
        (pad_in_place, "changed what it was given"),
        (lambda rows, pad: (pad_loop(rows, pad)[1], pad_loop(rows, pad)[0]), "another order"),
        (lambda rows, pad: pad_loop(rows, pad)[0], "lengths are missing"),
        (lambda rows, pad: (pad_loop(rows, 0)[0], [len(r) for r in rows]), "padding is given"),
        (lambda rows, pad: ([row + [pad] * (3 - len(row)) for row in rows], [len(row) for row in rows]), "filled up to 3"),
        (lambda rows, pad: ([row + [pad] * (len(rows[0]) - len(row)) for row in rows], [len(row) for row in rows]), "first row decided"),
        (lambda rows, pad: ([row + [pad] * (len(rows) - len(row)) for row in rows], [len(row) for row in rows]), "number of rows"),
        (lambda rows, pad: ([[pad] * (max(map(len, rows)) - len(row)) + row for row in rows], [len(row) for row in rows]), "on the left"),
        (lambda rows, pad: ([list(row).extend([pad]) for row in rows], [len(row) for row in rows]), ""),
        (lambda rows, pad: (pad_loop(rows, pad)[0], [len(row) for row in pad_loop(rows, pad)[0]]), "count the padding too"),
        (lambda rows, pad: (pad_loop(rows, pad)[0], [sum(x != pad for x in row) for row in rows]), "length of the row"),
        (lambda rows, pad: ([row[: min(map(len, rows))] for row in rows], [len(row) for row in rows]), "cut to the shortest"),
        (lambda rows, pad: (np.array(rows), [len(row) for row in rows]), "unequal lengths"),
    ],
}  # fmt: skip
