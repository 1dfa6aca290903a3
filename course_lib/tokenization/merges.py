"""Byte-pair encoding's training: which pairs of tokens to join, from how often words stand in a text."""

from collections import defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise

__all__ = ["learn_merges", "unwatched"]


def unwatched(steps, what):
    """Go through `steps` and show nothing: what long work does unless it is handed tqdm, or its like, as `watch`.

    >>> list(unwatched([1, 2], "counting"))
    [1, 2]
    """
    return iter(steps)


def learn_merges(word_counts, how_many, watch=unwatched):
    """Byte-pair encoding's training: join the most frequent pair of neighbours, again and again.

    word_counts: word, as bytes → how often it stands in the text. Returns a list of
    ((left id, right id), count), at most `how_many`: fewer when every word has become one token. Ids below 256 are
    bytes; merge number m makes id 256 + m. Of equally frequent pairs the one with the smaller ids goes first, left
    id before right. Sennrich, Haddow and Birch 2016, §3.2.

    >>> learn_merges({b"low": 5, b"lower": 2}, 2)  # l is 108, o is 111, w is 119
    [((108, 111), 7), ((256, 119), 7)]
    """
    # A word is held as a str with one character for each token: chr(id). A pair is then a str of two.
    words = [word.decode("latin-1") for word in word_counts]  # bytes → characters 0 … 255
    counts = list(word_counts.values())
    pair_count = defaultdict(int)  # pair → how often it stands in the text
    words_with = defaultdict(set)  # pair → numbers of the words it stood in at some time
    for number, word in enumerate(words):
        for left, right in pairwise(word):
            pair_count[left + right] += counts[number]
            words_with[left + right].add(number)
    queue = [(-count, pair) for pair, count in pair_count.items()]
    heapify(queue)  # smallest first: the most frequent pair, then the one with the smaller ids
    merges = []
    for id in watch(range(256, 256 + how_many), "learning tokens"):
        # it lost some to another merge: queue it again
        while queue and -queue[0][0] != pair_count[queue[0][1]]:
            _, pair = heappop(queue)
            if pair_count[pair]:
                heappush(queue, (-pair_count[pair], pair))
        if not queue:
            break
        count, pair = heappop(queue)
        left, right = pair
        new = chr(id)
        merges.append(((ord(left), ord(right)), -count))
        new_pairs = set()
        for number in words_with.pop(pair):
            count = counts[number]
            word = words[number] = words[number].replace(pair, new)
            at = word.find(new)
            while at >= 0:  # "xlry" is now "xNy": xl and ry are one fewer, xN and Ny one more
                if at > 0:
                    before = word[at - 1]
                    pair_count[(right if before == new else before) + left] -= count
                    pair_count[before + new] += count
                    new_pairs.add(before + new)
                    words_with[before + new].add(number)
                after = word[at + 1 : at + 2]
                if after and after != new:  # NN is counted once, from its right half
                    pair_count[right + after] -= count
                    pair_count[new + after] += count
                    new_pairs.add(new + after)
                    words_with[new + after].add(number)
                at = word.find(new, at + 1)
        pair_count[pair] = 0
        for pair in new_pairs:
            heappush(queue, (-pair_count[pair], pair))
    return merges
