"""The exercises of lesson 01_tokenization: byte-pair encoding, from counting pairs to text and back.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

from collections import Counter
from itertools import pairwise, product

import numpy as np

from .description import Case, Exercise, Slip
from .judge import check
from .on_paper import on_paper


def _merged(ids, pair, new, step=2, first_only=False):
    out, i = [], 0
    while i < len(ids):
        hit = tuple(ids[i : i + 2]) == tuple(pair) and not (first_only and new in out)
        out.append(new if hit else ids[i])
        i += step if hit else 1
    return out


def _replaced_by(ids, pair, some):
    return [two for one in _merged(ids, pair, -1) for two in (some if one == -1 else [one])]


def _replaced(ids, pair, new):
    text = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new))
    return [int(one) for one in text.split()]


def _some_ids(rng, shortest=0):
    """Ids of one, two and three digits, so that pairs repeat and digits run together."""
    return rng.choice([1, 2, 11, 12, 21, 300], size=rng.integers(shortest, 23)).tolist()


def _some_text(rng, shortest=0):
    letters = list("aabA bcé€\n\t")
    return "".join(rng.choice(letters, size=rng.integers(shortest, 19)))


# --- count_pairs


def _count(ids):
    return dict(Counter(pairwise(ids)))


def _counts(answer, right):
    """Equal without order; a pair that is counted 0 times may be left out."""
    kept = isinstance(answer, dict) and {pair: n for pair, n in answer.items() if n != 0}
    return isinstance(answer, dict) and kept == right and all(type(n) in (int, float) for n in kept.values())


def _keys_are_pairs(call, arguments):
    keys = list(call(*arguments))
    if any(isinstance(key, str) for key in keys):
        return "the keys are texts: the key is the pair (left, right)"
    if any(isinstance(key, tuple) and any(isinstance(one, str) for one in key) for key in keys):
        return "the keys hold texts: the key is the pair (left, right), two whole numbers"
    return None


def _by_two(ids):
    return dict(Counter((ids[i], ids[i + 1]) for i in range(0, len(ids) - 1, 2)))


count_pairs = Exercise(
    name="count_pairs",
    lesson=1,
    text="""How often every pair of neighbours occurs in a list of ids.

    ids: a list of N whole numbers → a dict: (left, right) → how often the two are
    neighbours, in this order. A list of fewer than two ids has no pairs.
    Neighbouring pairs share a token: 7 7 7 holds the pair (7, 7) twice.
    """,
    reference=lambda ids: _count(ids),
    cases=lambda rng: [
        Case(([4, 1, 2, 1, 2, 3],)),
        Case(([7, 7, 7],), hint="7 7 7 holds the pair 7 7 twice, once on the left and once on the right"),
        Case(([12, 1, 2, 300, 12, 1],), hint="ids may have several digits"),
        Case(([300, 11],), hint="two ids are one pair"),
        Case(([],), hint="a list without neighbours has no pairs"),
        Case(([5],), hint="a list without neighbours has no pairs"),
    ],
    draw=lambda rng: (_some_ids(rng),),
    same=_counts,
    properties=(_keys_are_pairs,),
    slips=(
        Slip(lambda ids: _count(ids[:-1]),
             "the last pair is missing: the last left neighbour is at place N − 2"),
        Slip(lambda ids: _count(ids[1:]), "the first pair is missing"),
        Slip(_by_two, "after a pair you moved on by two tokens: neighbouring pairs share a token"),
        Slip(lambda ids: dict(Counter(tuple(sorted(p)) for p in pairwise(ids))),
             "(2, 1) was counted as (1, 2): left and right matter"),
        Slip(lambda ids: dict.fromkeys(pairwise(ids), 1),
             "every pair has the count 1: the second time must add to the first"),
        Slip(lambda ids: _count([*ids, *ids[:1]]), "the last token was paired with the first"),
        Slip(lambda ids: dict(Counter(ids)), "single tokens were counted, not pairs"),
        Slip(lambda ids: dict(Counter(product(ids, ids))),
             "every token was paired with every other one: only neighbours make a pair"),
        Slip(lambda ids: {(a, b): ids.count(a) for a, b in pairwise(ids)},
             "the left token was counted, wherever it occurs: count the two side by side"),
        Slip(lambda ids: {(a, b): ids.count(b) for a, b in pairwise(ids)},
             "the right token was counted, wherever it occurs: count the two side by side"),
        Slip(lambda ids: dict(Counter(pairwise(ids)) + Counter(pairwise(ids[::-1]))),
             "every pair was counted from both sides: (2, 1) counts only where the 2 is on the left"),
        Slip(lambda ids: dict(Counter(pairwise(sorted(ids)))), "the ids were sorted: the order of the list stays"),
        Slip(lambda ids: {pair: n for pair, n in _count(ids).items() if n > 1},
             "pairs that occur once are missing: they count too"),
        Slip(lambda ids: {pair: n for pair, n in _count(ids).items() if n == max(_count(ids).values())},
             "only the most frequent pairs are there: the counts of all are asked for"),
        Slip(lambda ids: {pair: n for pair, n in _count(ids).items() if pair[0] != pair[1]},
             "pairs of two equal tokens are missing: 7 7 7 holds the pair (7, 7) twice"),
        Slip(lambda ids: {pair: n if pair[0] != pair[1] else (n + 1) // 2 for pair, n in _count(ids).items()},
             "in 7 7 7 the pair (7, 7) was counted once: neighbouring pairs share a token"),
        Slip(lambda ids: {},
             "the dict stays empty: a pair that is met for the first time has to be put in, with the count 1"),
        Slip(lambda ids: dict(Counter(a + b for a, b in pairwise(ids))),
             "left + right adds the two ids, where it joined letters: the key is the pair (left, right)"),
        Slip(lambda ids: dict(Counter((int(a), int(b)) for a, b in pairwise("".join(map(str, ids))))),
             "the digits were paired: 12 is one token, not a 1 and a 2"),
        Slip(lambda ids: {(b, a): n for (a, b), n in _count(ids).items()},
             "left and right are swapped in every pair"),
        Slip(lambda ids: {pair: n - 1 for pair, n in _count(ids).items()},
             "every count is one too small: a pair that is met for the first time counts 1"),
        Slip(lambda ids: {pair: n + 1 for pair, n in _count(ids).items()},
             "every count is one too large: a pair that is met for the first time counts 1"),
    ),
    minutes=10,
)  # fmt: skip


# --- merge_pair


def _from_the_right(ids, pair, new):
    return _merged(ids[::-1], pair[::-1], new)[::-1]


def _always_two(ids, pair, new):
    out = []
    for i in range(0, len(ids), 2):
        out += [new] if tuple(ids[i : i + 2]) == pair else ids[i : i + 2]
    return out


def _next_unseen(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            out.append(new)
            i += 2
        out.extend(ids[i : i + 1])
        i += 1
    return out


def _right_kept(ids, pair, new):
    return [new if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair else ids[i] for i in range(len(ids))]


def _last_lost(ids, pair, new):
    out, i = [], 0
    while i < len(ids) - 1:
        hit = (ids[i], ids[i + 1]) == pair
        out.append(new if hit else ids[i])
        i += 2 if hit else 1
    return out


merge_pair = Exercise(
    name="merge_pair",
    lesson=1,
    text="""A new list of ids in which every `pair` of neighbours has become the one id `new`.

    ids: a list of whole numbers, pair: a tuple (left, right), new: a whole number → a list.
    Go from left to right; a token belongs to one pair only: in 4 4 4 the pair (4, 4) occurs
    once, and with new = 256 the result is 256 4. The list that was given stays as it is.
    """,
    reference=lambda ids, pair, new: _merged(ids, pair, new),
    cases=lambda rng: [
        Case(([1, 2, 3, 1, 2], (1, 2), 256)),
        Case(([2, 1, 3, 1], (1, 2), 256), hint="a list without the pair stays as it is"),
        Case(([4, 4, 4], (4, 4), 300),
             hint="4 4 4: the left pair is merged first, and a token belongs to one pair only"),
        Case(([3, 1, 2, 1, 2, 5, 6], (1, 2), 257), hint="two pairs are side by side"),
        Case(([1, 12, 21, 2, 1, 2, 11, 2], (1, 2), 256), hint="ids may have several digits"),
        Case(([1, 2], (1, 2), 256), hint="the pair is the whole list"),
        Case(([], (1, 2), 256), hint="an empty list stays empty"),
        Case(([1], (1, 2), 256), hint="one token has no neighbour"),
    ],
    draw=lambda rng: (_some_ids(rng), tuple(rng.choice([1, 2, 11, 12], size=2).tolist()), int(rng.integers(256, 400))),
    slips=(
        Slip(lambda ids, pair, new: _merged(ids, pair, new, first_only=True),
             "only the first pair was merged: the pair may occur several times"),
        Slip(_last_lost, "the last token gets lost when it belongs to no pair"),
        Slip(lambda ids, pair, new: [new if two == pair else two[0] for two in pairwise(ids)],
             "the right token of the pair is still there, and the last token of the list gets lost: "
             "after a merge move on by two, and mind the token without a right neighbour"),
        Slip(_right_kept, "the right token of the pair is still there: after a merge, move on by two"),
        Slip(lambda ids, pair, new: [new if one in pair else one for one in ids],
             "every 1 and every 2 was replaced: only the two side by side make the pair"),
        Slip(lambda ids, pair, new: [two for one in _merged(ids, pair, new) for two in ([new, new] if one == new else [one])],
             "both tokens were replaced: one new token stands for the two"),
        Slip(lambda ids, pair, new: list(ids),
             "nothing was merged: a pair is a tuple, and a list such as ids[i : i + 2] never equals a tuple"),
        Slip(lambda ids, pair, new: _merged(_merged(ids, pair, new), pair[::-1], new),
             "2 1 was merged too, and the pair is 1 2: left and right matter"),
        Slip(_from_the_right, "4 4 4 was merged from the right: start on the left"),
        Slip(_next_unseen,
             "after a merge the next token is copied without a look: it may begin a pair itself"),
        Slip(_always_two, "you always move on by two: where there is no pair, move on by one"),
        Slip(_replaced, "as text, 1 2 is found inside 11 2 and 1 21: compare ids, not their digits"),
        Slip(lambda ids, pair, new: _merged(ids, pair, 256), "the new id is given: it is not always 256"),
        Slip(lambda ids, pair, new: _merged(ids, pair, sum(pair)),
             "the two ids were added: the pair becomes the id `new`"),
        Slip(lambda ids, pair, new: _last_lost(ids, pair, new) + [ids[-1]],
             "the last token was appended once more, though a merge had taken it: append it only if the loop has not "
             "gone past it"),
        Slip(lambda ids, pair, new: _replaced_by(ids, pair, []), "the pair was deleted: the id `new` takes its place"),
        Slip(lambda ids, pair, new: _replaced_by(ids, pair, [*pair, new]),
             "the new id was put beside the pair: it takes the place of both tokens"),
        Slip(lambda ids, pair, new: [int(c) for c in "".join(map(str, ids)).replace(f"{pair[0]}{pair[1]}", str(new))],
             "the ids were joined to a text and taken apart digit by digit: compare ids, not their digits"),
        Slip(lambda ids, pair, new: _merged(ids, pair, pair),
             "the pair was put in: the pair becomes the id `new`"),
        Slip(lambda ids, pair, new: _merged(ids, pair, new, step=1),
             "the right token of the pair is still there: after a merge, move on by two"),
        Slip(lambda ids, pair, new: [one for i, one in enumerate(ids) if i == 0 or (ids[i - 1], one) != pair],
             "the right token was deleted and the left one is still itself: the pair becomes the id `new`"),
    ),
    minutes=15,
)  # fmt: skip


# --- train_bpe


def _learn(text, how_many, best=lambda counts: min(counts, key=lambda pair: (-counts[pair], pair)), first=256,
           units=lambda text: list(text.encode()), again=True, at_least=1, count=None):  # fmt: skip
    ids, merges, count = units(text), {}, count or _count
    counts = count(ids)
    for new in range(first, first + how_many):
        if again:
            counts = count(ids)
        counts = {pair: n for pair, n in counts.items() if pair not in merges} if not again else counts
        if max(counts.values(), default=0) < at_least:
            break
        pair = best(counts)
        ids, merges[pair] = _merged(ids, pair, new), new
    return merges


def _count_apart(ids):
    """Of pairs that overlap, as in 7 7 7, only the first counts."""
    counts, before = Counter(), None
    for i, pair in enumerate(pairwise(ids)):
        if before == (i - 1, pair):
            before = None
        else:
            counts[pair] += 1
            before = i, pair
    return counts


def _learn_words(text, how_many):
    words, merges = [list(word.encode()) for word in text.split()], {}
    for new in range(256, 256 + how_many):
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        words, merges[pair] = [_merged(word, pair, new) for word in words], new
    return merges


train_bpe = Exercise(
    name="train_bpe",
    lesson=1,
    text="""Learns byte-pair encoding: joins the most frequent pair of a text, again and again.

    text: str, how_many: merges to learn → a dict in the order learnt: (left, right) → new id.
    Begin with the bytes of the text in UTF-8, list(text.encode()); the first new id is 256,
    the next 257, and so on. Each merge takes the pair that is most frequent in the list as the
    merges before have left it; of equally frequent pairs the smaller counts, (1, 9) before
    (2, 3). When no pair is left, end early.
    """,
    reference=lambda text, how_many: _learn(text, how_many),
    cases=lambda rng: [
        Case(("abab", 1)),
        Case(("Hug hugs bug ", 3), hint="merges are learnt one after the other"),
        Case(("zyzy xwxw", 2), hint="of equally frequent pairs the smaller counts"),
        Case(("bananabandana", 7), hint="later merges join what earlier ones have made"),
        Case(("né né€", 5), hint="é is two bytes, € is three"),
        Case(("aaabab", 2), hint="neighbouring pairs share a token: aaa holds the pair aa twice"),
        Case(("ab", 3), hint="after one merge no pair is left"),
        Case(("", 2), hint="an empty text has no pairs"),
    ],
    draw=lambda rng: (_some_text(rng), int(rng.integers(1, 9))),
    same=lambda answer, right: isinstance(answer, dict) and list(answer.items()) == list(right.items()),
    slips=(
        Slip(lambda text, n: _learn(text, n, lambda counts: max(counts, key=counts.get)),
             "of equally frequent pairs you take the one met first: the smaller pair counts"),
        Slip(lambda text, n: _learn(text, n, lambda counts: max(counts, key=lambda pair: (counts[pair], pair))),
             "of equally frequent pairs you take the larger: the smaller pair counts"),
        Slip(lambda text, n: _learn(text, n, lambda counts: [pair for pair in counts if counts[pair] == max(counts.values())][-1]),
             "of equally frequent pairs you take the one met last: the smaller pair counts"),
        Slip(lambda text, n: _learn(text, n, min),
             "the smallest pair is taken: the most frequent comes first"),
        Slip(lambda text, n: _learn(text, n, max),
             "the largest pair is taken: the most frequent comes first"),
        Slip(lambda text, n: _learn(text, n, lambda counts: min(counts, key=lambda pair: (counts[pair], pair))),
             "the rarest pair is taken: the most frequent comes first"),
        Slip(lambda text, n: _learn(text, n, again=False),
             "the pairs were counted once: after each merge the list is another one, count again"),
        Slip(lambda text, n: {new: pair for pair, new in _learn(text, n).items()},
             "the dict is turned round: the pair is the key, the new id the value"),
        Slip(lambda text, n: _learn(text, n, first=0),
             "the new ids begin at 0, which are bytes: the first new id is 256"),
        Slip(lambda text, n: _learn(text, n, first=257),
             "the new ids begin at 257: the bytes are 0 to 255, so the first new id is 256"),
        Slip(lambda text, n: _learn(text, n, first=1),
             "the new ids begin at 1, which are bytes: the first new id is 256"),
        Slip(lambda text, n: _learn(text, n, units=lambda text: [ord(c) for c in text]),
             "characters were taken for bytes: text.encode() gives the bytes, and é has two"),
        Slip(lambda text, n: _learn(text, n, lambda counts: min(counts, key=counts.get)),
             "the rarest pair is taken: the most frequent comes first"),
        Slip(lambda text, n: _learn(text, n, at_least=2),
             "you stop when no pair occurs twice: end early only when no pair is left"),
        Slip(lambda text, n: {pair: 255 + n for pair in _learn(text, 1, lambda counts: max(counts, key=counts.get))},
             "the same pair is learnt again and again: after each merge count the merged list"),
        Slip(lambda text, n: {pair: 255 + n for pair in _learn(text, 1)},
             "the same pair is learnt again and again: after each merge count the merged list"),
        Slip(lambda text, n: _learn(text, n, first=max(text.encode(), default=0) + 1),
             "the new ids begin after the largest byte of this text: the first new id is 256, whatever the text"),
        Slip(lambda text, n: {pair: 256 + i for i, (pair, _) in enumerate(Counter(pairwise(text.encode())).most_common(n))},
             "the pairs were counted once: after each merge the list is another one, count again"),
        Slip(lambda text, n: _learn(text.replace(" ", ""), n), "the blanks are gone: a blank is a byte as any other"),
        Slip(lambda text, n: _learn(text.lower(), n), "capitals were made small: they are bytes of their own"),
        Slip(_learn_words, "the text was split at its blanks: a blank is a byte as any other, and a pair may hold one"),
        Slip(lambda text, n: _learn(text, n, count=_count_apart),
             "in aaa the pair aa was counted once: neighbouring pairs share a token"),
        Slip(lambda text, n: _learn(text, 1), "only one merge is learnt: how_many says how many"),
        Slip(lambda text, n: _learn(text, n - 1), "there is one merge too few"),
        Slip(lambda text, n: _learn(text, n + 1), "there is one merge too many"),
        Slip(lambda text, n: _learn(text, n, units=list),
             "the pairs are letters: text.encode() gives the bytes, which are numbers"),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- encode and decode


def _encode(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        ids = _merged(ids, pair, new)
    return ids


def _encode_by(text, merges, order):
    ids = list(text.encode())
    for pair in order(list(merges)):
        ids = _merged(ids, pair, merges[pair])
    return ids


def _encode_leftmost(text, merges):
    ids = list(text.encode())
    while hits := [pair for pair in pairwise(ids) if pair in merges]:
        ids = _merged(ids, hits[0], merges[hits[0]])
    return ids


def _encode_until_absent(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        if pair not in _count(ids):
            break
        ids = _merged(ids, pair, new)
    return ids


def _encode_counting(text, merges, first=256):
    ids = list(text.encode())
    for i, pair in enumerate(merges):
        ids = _merged(ids, pair, first + i)
    return ids


def _encode_characters(text, merges):
    ids = [ord(c) for c in text]
    for pair, new in merges.items():
        ids = _merged(ids, pair, new)
    return ids


def _encode_once(text, merges, merge):
    ids = list(text.encode())
    for pair, new in merges.items():
        ids = merge(ids, pair, new)
    return ids


_ABC = {(98, 99): 256, (97, 98): 257}
_TOWER = {(97, 98): 256, (256, 99): 257, (257, 257): 260}
_GAP = {(97, 98): 300, (99, 100): 256, (300, 256): 511}


def _encode_frequent(text, merges):
    ids = list(text.encode())
    while counts := {pair: n for pair, n in _count(ids).items() if pair in merges}:
        pair = max(counts, key=counts.get)
        ids = _merged(ids, pair, merges[pair])
    return ids


encode = Exercise(
    name="encode",
    lesson=1,
    text="""The ids of a text: its bytes in UTF-8, then every merge in the order learnt.

    text: str, merges: a dict in the order learnt, (left, right) → new id → a list of ids.
    A merge joins its pair wherever it occurs; the new id is the one that the dict gives.
    """,
    reference=_encode,
    cases=lambda rng: [
        Case(("abcab", {(97, 98): 256})),
        Case(("abcabc", _TOWER), hint="a later merge joins what an earlier one has made"),
        Case(("abc", _ABC), hint="two merges want the same token: the one learnt first has it"),
        Case(("abcab", _ABC),
             hint="the merge learnt first comes first, wherever it occurs and however rare it is"),
        Case(("abc bc bc", _ABC), hint="the merge learnt first comes first, however rare it is"),
        Case(("cab", {(97, 98): 256, (99, 97): 257}),
             hint="the merge learnt first comes first, wherever it occurs"),
        Case(("xyab", {(99, 100): 256, (97, 98): 257}),
             hint="a merge that does not occur comes before one that does"),
        Case(("abcd", _GAP), hint="the new ids are the ones given"),
        Case((" aA ab\n", {(97, 98): 256}), hint="capitals, blanks and line ends are bytes as any other"),
        Case(("né€", {(195, 169): 256, (226, 130): 257, (257, 172): 258}), hint="é is two bytes, € is three"),
        Case(("c\n\t\n", {(9, 10): 256}), hint="the ids of this text have one, two and three digits"),
        Case(("", _TOWER), hint="an empty text has no tokens"),
        Case(("ab", {}), hint="without merges the ids are the bytes"),
    ],
    draw=lambda rng: (_some_text(rng), _learn(_some_text(rng, 5), int(rng.integers(1, 8)))),
    slips=(
        Slip(lambda text, merges: _encode_once(text, merges, lambda *one: _merged(*one, first_only=True)),
             "each merge was used once: its pair may occur several times"),
        Slip(lambda text, merges: list(text.encode()),
             "nothing was merged: merging gives a new list, which has to be kept, and it is given the pair before the id; merges.items() holds both"),
        Slip(lambda text, merges: _encode_by(text, merges, lambda pairs: pairs[-1:]),
             "every merge began anew with the bytes: one merge goes on from the list that the one before has made"),
        Slip(lambda text, merges: _encode_by(text, merges, lambda pairs: pairs[-1:]) if merges else [],
             "every merge began anew with the bytes: one merge goes on from the list that the one before has made"),
        Slip(_encode_leftmost,
             "the leftmost pair was merged first: the merge learnt first comes first"),
        Slip(_encode_frequent,
             "the most frequent pair of this text was merged first: the merge learnt first comes first"),
        Slip(lambda text, merges: _encode_by(text, merges, lambda pairs: pairs[::-1]),
             "the merges were used in reverse: the one learnt first comes first"),
        Slip(lambda text, merges: _encode_by(text, merges, sorted),
             "the merges were used in the order of their pairs: the one learnt first comes first"),
        Slip(_encode_until_absent, "you stop at the first merge that does not occur: the next one may"),
        Slip(_encode_counting, "new ids were counted from 256: take the id that the dict gives"),
        Slip(_encode_characters,
             "characters were taken for bytes: text.encode() gives the bytes, and é has two"),
        Slip(lambda text, merges: _encode_by(text, merges, lambda pairs: pairs[:1]),
             "only the first merge was used: go through all of them"),
        Slip(lambda text, merges: _encode_once(text, merges, _right_kept),
             "the right token of a merged pair is still there: use your merge_pair"),
        Slip(lambda text, merges: _encode_by(text, {pair: 256 + i for i, pair in enumerate(merges)}, list),
             "new ids were counted from 256: take the id that the dict gives"),
        Slip(lambda text, merges: _encode_once(text, merges, _replaced),
             "as text, 9 10 is found inside 99 10: compare ids, not their digits"),
        Slip(lambda text, merges: _encode(text[::-1], merges), "the text was read backwards"),
        Slip(lambda text, merges: _encode(text.lower(), merges), "capitals were made small: they are bytes of their own"),
        Slip(lambda text, merges: _encode(text.strip(), merges),
             "what is blank at both ends is gone: blanks and line ends are bytes as any other"),
        Slip(lambda text, merges: [id for word in text.split() for id in _encode(word, merges)],
             "the text was split at its blanks, and they are gone: blanks and line ends are bytes as any other"),
    ),
    minutes=10,
)  # fmt: skip


def _tokens(merges):
    token = {id: bytes([id]) for id in range(256)}
    for (left, right), new in merges.items():
        token[new] = token[left] + token[right]
    return token


def _decode(ids, merges, errors="replace"):
    token = _tokens(merges)
    return b"".join(token[id] for id in ids).decode(errors=errors)


def _decode_flat(ids, merges):
    pairs = {new: pair for pair, new in merges.items()}
    return bytes(b for id in ids for one in pairs.get(id, (id,)) for b in [one % 256]).decode(
        errors="replace"
    )


def _decode_swapped(ids, merges):
    token = {id: bytes([id]) for id in range(256)}
    for (left, right), new in merges.items():
        token[new] = token[right] + token[left]
    return b"".join(token[id] for id in ids).decode(errors="replace")


def _decode_counting(ids, merges):
    return _decode(ids, {pair: 256 + i for i, pair in enumerate(merges)})


_PIECES = "bytes that are no whole character are shown as �"

decode = Exercise(
    name="decode",
    lesson=1,
    text="""The text of a list of ids.

    ids: a list of whole numbers, merges: a dict, (left, right) → new id, in the order learnt,
    so that a pair holds bytes and earlier ids only → str.
    An id up to 255 is a byte, every other one the bytes of its pair, left before right. The
    bytes of all ids together are UTF-8. A token may hold half a character, so join the bytes
    before you decode them; bytes that are no whole character are shown as �, which is what
    errors="replace" does.
    """,
    reference=lambda ids, merges: _decode(ids, merges),
    cases=lambda rng: [
        Case(([104, 105], {})),
        Case(([256, 99, 256], {(97, 98): 256}), hint="an id above 255 stands for the bytes of its pair"),
        Case(([260, 257, 97], _TOWER), hint="a pair may hold new ids itself"),
        Case(([511, 300], _GAP), hint="the new ids are the ones given"),
        Case(([110, 195, 169, 226, 256], {(130, 172): 256}),
             hint="a character may be spread over several tokens"),
        Case(([], _TOWER), hint="no ids, no text"),
        Case(([97, 226, 130], {}), needs=_PIECES),
        Case(([256, 98], {(97, 195): 256}), needs=_PIECES),
    ],
    draw=lambda rng: _some_coded(rng),
    slips=(
        Slip(lambda ids, merges: "".join(_tokens(merges)[id].decode(errors="replace") for id in ids),
             "each token was decoded by itself: a character may be spread over several, so join the bytes "
             "first"),
        Slip(lambda ids, merges: "".join(_tokens(merges)[id].decode("latin-1") for id in ids),
             "each byte became a character: the bytes of all together are UTF-8"),
        Slip(_decode_flat, "a pair was opened once: its parts may be pairs themselves"),
        Slip(_decode_swapped, "left and right are swapped in a pair"),
        Slip(_decode_counting, "new ids were counted from 256: take the id that the dict gives"),
        Slip(lambda ids, merges: _decode(ids, merges).encode(),
             "bytes were returned: decode() makes a text of them"),
        Slip(lambda ids, merges: "".join(map(chr, ids)),
             "each id became a character: an id above 255 stands for its pair"),
        Slip(lambda ids, merges: b" ".join(_tokens(merges)[id] for id in ids).decode(errors="replace"),
             "blanks were put between the tokens: a blank is a byte of its own"),
        Slip(lambda ids, merges: _decode(ids[::-1], merges), "the ids were read backwards"),
        Slip(lambda ids, merges: _decode([id for id in ids if id < 256], merges),
             "ids above 255 were left out: each stands for the bytes of its pair"),
        Slip(lambda ids, merges: "".join(map(str, ids)), "the ids were written out as numbers: each stands for bytes"),
        Slip(lambda ids, merges: _decode(ids, merges, "ignore"),
             'bytes that are no whole character were left out: errors="replace" shows them as �', needs=_PIECES),
        Slip(lambda ids, merges: _decode(ids, merges, "backslashreplace"),
             'bytes that are no whole character are shown as �: errors="replace"', needs=_PIECES),
    ),
    minutes=15,
)  # fmt: skip


def _some_coded(rng):
    merges = _learn(_some_text(rng, 5), int(rng.integers(1, 8)))
    return _encode(_some_text(rng), merges), merges


# --- pad_batch


def _padded(rows, pad, left=False, width=None):
    longest = max(map(len, rows), default=0) if width is None else width
    fill = [[pad] * (longest - len(row)) for row in rows]
    batch = [more + list(row) if left else list(row) + more for row, more in zip(rows, fill, strict=True)]
    return batch, [len(row) for row in rows]


def _some_rows(rng):
    rows = [rng.integers(0, 99, size=n).tolist() for n in rng.integers(1, 8, size=rng.integers(1, 7))]
    return rows, int(rng.integers(0, 9))


pad_batch = Exercise(
    name="pad_batch",
    lesson=1,
    text="""A batch as a rectangle: rows of ids filled up on the right, and how long each row was.

    rows: a list of lists of ids, pad: the id to fill up with → two things: the rows, all as
    long as the longest, and a list of the lengths that they had before.
    """,
    reference=lambda rows, pad: _padded(rows, pad),
    cases=lambda rng: [
        Case(([[5, 6, 7], [8], [9, 3]], 0)),
        Case(([[1, 2, 3, 4, 5, 6], [7, 0]], 9), hint="the longest row has six tokens, and the padding is 9"),
        Case(([[3, 0], [0, 0, 0, 0, 0], [1]], 0),
             hint="0 may be an ordinary token too: compare nothing with the padding"),
        Case(([[2, 3]], 7), hint="a single row needs no padding"),
    ],
    draw=_some_rows,
    returns=("batch", "lengths"),
    same=lambda answer, right: (
        isinstance(answer, tuple | list) and len(answer) == 2
        and [np.asarray(row).tolist() for row in answer[0]] == right[0] and np.asarray(answer[1]).tolist() == right[1]
        if not isinstance(right, list) else [np.asarray(one).tolist() for one in answer] == right
    ),
    slips=(
        Slip(lambda rows, pad: _padded(rows, pad, left=True),
             "the padding is on the left: fill up on the right"),
        Slip(lambda rows, pad: ([row[: min(map(len, rows))] for row in rows], [len(row) for row in rows]),
             "the rows were cut to the shortest: no token may be lost"),
        Slip(lambda rows, pad: ([list(row) for row in rows], [len(row) for row in rows]),
             "the rows have different lengths: a batch is a rectangle"),
        Slip(lambda rows, pad: ([row + [row[-1]] * (max(map(len, rows)) - len(row)) for row in rows], [len(row) for row in rows]),
             "the last token was repeated: fill up with the padding"),
        Slip(lambda rows, pad: (_padded(rows, pad)[0], [max(map(len, rows))] * len(rows)),
             "the lengths count the padding too"),
        Slip(lambda rows, pad: _padded(rows, pad)[0],
             "the lengths are missing: return two things, the rows and the list of their lengths"),
        Slip(lambda rows, pad: (_padded(rows, pad)[0], [max(map(len, rows)) - len(row) for row in rows]),
             "the lengths count the padding alone"),
        Slip(lambda rows, pad: _padded(rows, 0), "0 was used for padding: the padding is given"),
        Slip(lambda rows, pad: (_padded(rows, pad)[0], [sum(one != pad for one in row) for row in rows]),
             "tokens that equal the padding were not counted: take the length of the row"),
        Slip(lambda rows, pad: _padded(rows, pad, width=3),
             "every row was filled up to 3: the longest row of this batch decides"),
        Slip(lambda rows, pad: _padded(rows, pad, width=len(rows[0])),
             "the first row decided: the longest row does"),
        Slip(lambda rows, pad: _padded(rows, pad, width=len(rows)),
             "the number of rows decided: the longest row does"),
        Slip(lambda rows, pad: (list(zip(*_padded(rows, pad)[0])), [len(row) for row in rows]),
             "rows and columns are swapped: zip(*…) turns the rows of a batch into columns"),
        Slip(lambda rows, pad: _padded(rows, pad, width=max(map(len, rows)) + 1),
             "there is one column too many"),
    ),
    minutes=10,
    optional=True,
)  # fmt: skip

EXERCISES = (count_pairs, merge_pair, train_bpe, encode, decode, pad_batch)
check_count_pairs, check_merge_pair, check_train_bpe, check_encode, check_decode, check_pad_batch = map(
    check, EXERCISES
)

# --- on paper


def _worked(word, least=2, most=None):
    """The tokens of a word after merging while a pair stands in it `least` times, and how many merges that took."""
    ids, merges = list(word.encode()), 0
    while len(ids) > 1 and merges != most:
        pairs = _count(ids)
        pair = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[pair] < least:
            break
        ids, merges = _merged(ids, pair, 256 + merges), merges + 1
    return ids, merges


def _best(word):
    pairs = Counter(pairwise(word))
    return max(pairs, key=lambda pair: (pairs[pair], -ord(pair[0]), -ord(pair[1]))), max(pairs.values())


def _refuse_word(word):
    if not (word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 60):
        return "take a word or a name of 4 to 60 small letters from a to z"
    if _best(word)[1] < 2:
        return f"no pair of neighbours occurs twice in {word!r}: take a longer word"
    return None


check_tokens_on_paper = on_paper(
    "the number of tokens that are left",
    lambda word: len(_worked(word)[0]),
    ("mississippi",),
    decimals=0,
    refuse=_refuse_word,
    slips={
        "that is after the first merge: count again, as long as a pair occurs twice":
            lambda word: len(_worked(word, most=1)[0]),
        "those are the letters: a merge makes one token of two": len,
        "that is the number of merges": lambda word: _worked(word)[1],
        "that is how many different tokens are left: one that occurs twice counts twice":
            lambda word: len(set(_worked(word)[0])),
        "pairs that occurred once were joined too: stop before that": lambda word: len(_worked(word, least=1)[0]),
    },
    step=lambda word: "the first merge joins {} {}, which occurs {} times".format(*_best(word)[0], _best(word)[1]),
)  # fmt: skip
