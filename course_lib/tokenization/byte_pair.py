"""Byte-level byte-pair encoding: from single bytes to the tokens that training joined.

Long because it is one class, and its encoding has a way of its own for long words.
"""

import base64
import hashlib
import json
from collections import Counter
from heapq import heapify, heappop, heappush
from operator import add, index
from pathlib import Path
from typing import NamedTuple

import regex

from course_lib.in_both.checkpoints import write_whole
from course_lib.tokenization.merges import learn_merges, unwatched
from course_lib.tokenization.patterns import _COMPILED, _text, pieces, split_words
from course_lib.tokenization.words import Tokenizer, _names

__all__ = ["BytePairTokenizer", "Merge", "read_ranks"]

LARGEST_VOCABULARY = 1_000_000


class Merge(NamedTuple):
    """One rule that training learnt: the two tokens joined, what they make, its id, how often they stood together."""

    pair: tuple[bytes, bytes]
    token: bytes
    id: int
    count: int | None  # in the training text; None when the ranks came from a file that does not say


_CACHE_SIZE = 1 << 16  # words
_LONGEST_CACHED = 1000  # characters


class BytePairTokenizer(Tokenizer):
    """Byte-level byte-pair encoding, as GPT-2 and GPT-4 have it. Radford et al. 2019, §2.2.

    ranks: token, as bytes → id, first the 256 bytes in any order, then each token that a merge makes, in the order
    learnt. special_tokens: name → id, beyond the ranks. `merges` tells how each token came about.
    Raises ValueError for ranks that no training can have made.

    >>> tokenizer = BytePairTokenizer.train("low lower lowest", vocabulary_size=259)
    >>> [(merge.token, merge.count) for merge in tokenizer.merges]
    [(b'lo', 3), (b'low', 3), (b' low', 2)]
    >>> tokenizer.encode("low slow"), tokenizer.decode([257, 32, 115, 257])
    ([257, 32, 115, 257], 'low slow')
    """

    def __init__(self, ranks, pattern="gpt2", special_tokens=(), counts=None):
        split_words("", pattern)  # raises when there is no such pattern
        tokens = sorted(ranks, key=ranks.get)
        single_bytes = [bytes([byte]) for byte in range(256)]
        in_order = [ranks[token] for token in tokens] == list(range(len(ranks)))
        if not in_order or sorted(tokens[:256]) != single_bytes:
            raise ValueError("ranks must be 0, 1, 2 … without a gap, and the first 256 tokens the 256 bytes")
        self.pattern = pattern
        self.ranks = {token: id for id, token in enumerate(tokens)}
        self._byte_ids = bytes(ranks[byte] for byte in single_bytes)  # GPT-2's own bytes are not in order
        self._made = {}  # pair of tokens → the token they make, each token as the character chr(id)
        self._pairs = {}  # the same the other way
        self._cache = {}  # word → its ids
        self.merges = []
        counts = [None] * (len(tokens) - 256) if counts is None else counts
        for token, count in zip(tokens[256:], counts, strict=True):
            pair = self._merge(self._start(token))  # earlier merges leave it in the two that this one joins
            if len(pair) != 2:
                raise ValueError(f"token {ranks[token]}, {token!r:.60}, is not two earlier tokens joined")
            new = chr(ranks[token])
            self._made[pair], self._pairs[new] = new, pair
            left, right = map(ord, pair)
            self.merges.append(Merge((tokens[left], tokens[right]), token, ranks[token], count))
        special_tokens = dict(special_tokens)
        names = {id: name.encode() for name, id in zip(_names(special_tokens), special_tokens.values())}
        if len(names) < len(special_tokens) or any(
            type(id) is not int or not len(tokens) <= id < LARGEST_VOCABULARY for id in names
        ):
            raise ValueError(
                f"special tokens {special_tokens} need an id of their own each, from {len(tokens)} on"
            )
        super().__init__(dict(enumerate(tokens)) | names, special_tokens)

    @classmethod
    def train(cls, text, vocabulary_size, *, pattern="gpt2", special_tokens=(), watch=unwatched):
        """Learn from a text. V counts the 256 bytes, the merges and the special tokens, which get the last ids.

        `watch(steps, what)` goes through the steps of long work and may show how far it is, as tqdm does.
        V comes out smaller when the text runs out of pairs. Raises ValueError for an empty text or too small a V.

        >>> BytePairTokenizer.train("aaab", 259, special_tokens=["<end>"]).special_tokens
        {'<end>': 258}
        """
        names = _names(special_tokens)
        smallest = 256 + len(names)
        if not smallest <= index(vocabulary_size) <= LARGEST_VOCABULARY:
            raise ValueError(
                f"train: vocabulary_size is {vocabulary_size}, expected {smallest} (256 bytes and "
                f"{len(names)} special tokens) to {LARGEST_VOCABULARY}"
            )
        split_words("", pattern)  # raises when there is no such pattern
        words = Counter()
        for piece in watch(pieces(_whole_characters(text), pattern), "counting words"):
            words.update(split_words(piece, pattern))
        if not words:
            raise ValueError("train: the text is empty, there is nothing to learn from")
        learnt = learn_merges({w.encode(): n for w, n in words.items()}, vocabulary_size - smallest, watch)
        tokens = [bytes([byte]) for byte in range(256)]
        for (left, right), _ in learnt:
            tokens.append(tokens[left] + tokens[right])
        return cls(
            {token: id for id, token in enumerate(tokens)},
            pattern,
            {name: len(tokens) + i for i, name in enumerate(names)},
            [count for _, count in learnt],
        )

    def encode(self, text, *, allowed_special=(), disallowed_special="all", errors="replace"):
        """The ids of a text, a list (T,), the same as `tiktoken` gives with these ranks.

        Special tokens in the text become their ids only where `allowed_special` names them (or is "all"). Others are
        an error, lest a stranger's text steer the model; disallowed_special=() spells them out as ordinary text.
        Half a surrogate pair is no character and has no UTF-8. It becomes U+FFFD, as in `tiktoken`;
        errors="surrogatepass" keeps it (give the same to `decode`), errors="strict" raises.

        >>> tokenizer = BytePairTokenizer.train("de nada", 258, special_tokens=["<end>"])
        >>> tokenizer.encode("de<end>", allowed_special="all")
        [100, 101, 257]
        """
        text = _whole_characters(text, errors)
        names = set(self.special_tokens)
        allowed = names if allowed_special == "all" else _names(allowed_special)
        refused = names - set(allowed) if disallowed_special == "all" else _names(disallowed_special)
        for name in allowed:
            self._special(name)  # raises when there is none
        for name in sorted(refused):
            if name in text:
                raise ValueError(
                    f"encode: the text contains the special token {name!r}; allowed_special={{{name!r}}} "
                    "encodes it as one, disallowed_special=() as ordinary text"
                )
        if not allowed:
            return self._encode_ordinary(text)
        longest_first = sorted(allowed, key=len, reverse=True)
        ids = []
        for part in regex.split("(" + "|".join(map(regex.escape, longest_first)) + ")", text):
            ids += [self.special_tokens[part]] if part in allowed else self._encode_ordinary(part)
        return ids

    def decode(self, ids, *, errors="replace"):
        """The text of the ids (T,). Bytes that are not UTF-8, which a model may well produce, become U+FFFD.

        errors="strict" raises UnicodeDecodeError instead, "surrogatepass" undoes the same of `encode`.
        Raises TypeError for ids that are not whole numbers, ValueError for ids no token has.

        >>> BytePairTokenizer.train("de nada", 257).decode([195, 177, 195])
        'ñ\ufffd'
        """
        return b"".join(self._look_up(ids)).decode("utf-8", errors)

    def steps(self, text):
        """Every state of a text while it is encoded: single bytes first, then after each merge that changes something.

        Yields lists of tokens, as bytes.

        >>> for tokens in BytePairTokenizer.train("low lower", 258).steps("slow"): print(*tokens)
        b's' b'l' b'o' b'w'
        b's' b'lo' b'w'
        b's' b'low'
        """
        words = [self._start(word.encode()) for word in split_words(_whole_characters(text), self.pattern)]
        yield [self.tokens[ord(character)] for word in words for character in word]
        for pair, new in self._made.items():
            if any(pair in word for word in words):
                words = [word.replace(pair, new) for word in words]
                yield [self.tokens[ord(character)] for word in words for character in word]

    def save(self, path):
        """Write the ranks to `path`, one line a token as `tiktoken` does, and the rest to the same name + ".json".

        Each file is whole or as it was. The second has a fingerprint of both, by which `load` tells whether
        either was cut short, changed or swapped: by accident, as anybody can compute a new one.
        """
        path = Path(path)
        ranks = b"".join(b"%s %d\n" % (base64.b64encode(token), id) for token, id in self.ranks.items())
        about = {
            "pattern": self.pattern,
            "special_tokens": self.special_tokens,
            "counts": [merge.count for merge in self.merges],
        }
        about["sha256"] = _fingerprint(ranks, about)
        write_whole(path, [ranks])
        write_whole(_json_beside(path), [json.dumps(about).encode(), b"\n"])

    @classmethod
    def load(cls, path):
        """Read what `save` wrote. Raises ValueError for files that were cut short, changed, or do not belong together.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "small.tiktoken")
        >>> BytePairTokenizer.train("low lower", 258).save(path)
        >>> BytePairTokenizer.load(path).encode("slow")
        [115, 257]
        """
        path = Path(path)
        try:
            about = json.loads(_json_beside(path).read_bytes())
            if about.pop("sha256") != _fingerprint(path.read_bytes(), about):
                raise ValueError("the file or its .json was changed since, or they do not belong together")
            if not all(count is None or type(count) is int for count in about["counts"]):
                raise ValueError("a count is not a whole number")
            return cls(read_ranks(path), **about)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"{path.name}: not what save wrote, nothing loaded: {error}") from error

    def _encode_ordinary(self, text):
        """A text without special tokens → ids; words are remembered, as most come again."""
        ids = []
        for word in _COMPILED[self.pattern].findall(text):
            word_ids = self._cache.get(word)
            if word_ids is None:
                word_ids = [*map(ord, self._merge(self._start(word.encode("utf-8", "surrogatepass"))))]
                if len(self._cache) == _CACHE_SIZE:
                    self._cache.clear()
                if len(word) < _LONGEST_CACHED:
                    self._cache[word] = word_ids
            ids += word_ids
        return ids

    def _start(self, word):
        """The bytes of a word before any merge, as a str with one character, chr(id), for each token."""
        return word.translate(self._byte_ids).decode("latin-1")

    def _merge(self, word):
        """ "slow" → "sā": in a word of chr(id), join what the merge learnt first joins, until no merge is left."""
        made = self._made
        while new := min(filter(None, map(made.get, map(add, word, word[1:]))), default=None):
            shorter = word.replace(self._pairs[new], new)
            if len(word) - len(shorter) < len(word) // 8:  # looking at all pairs for so few is not worth it
                return self._merge_by_heap(shorter)
            word = shorter
        return word

    def _merge_by_heap(self, word):
        """The same in n · log n, for a word of n tokens: each join looks at the two pairs it makes, not at all.

        A heap holds the pairs that make a token, learnt first and leftmost on top; `before` and `after` say which
        tokens are neighbours, as a joined one leaves a gap.
        """
        made, n = self._made, len(word)
        tokens, before, after = list(word), list(range(-1, n - 1)), list(range(1, n + 1))
        heap = [(new, at) for at, new in enumerate(map(made.get, map(add, word, word[1:]))) if new]
        heapify(heap)
        while heap:
            new, left = heappop(heap)
            right = after[left]
            # one of the two was joined meanwhile
            if right == n or made.get(tokens[left] + tokens[right]) != new:
                continue
            tokens[left], tokens[right] = new, ""  # "" joined with anything is no pair
            previous, following = before[left], after[right]
            after[left] = following
            if following < n:
                before[following] = left
                if pair := made.get(new + tokens[following]):
                    heappush(heap, (pair, left))
            if previous >= 0 and (pair := made.get(tokens[previous] + new)):
                heappush(heap, (pair, previous))
        return "".join(tokens)


def read_ranks(path):
    """Token, as bytes → id, from a file such as `tiktoken` uses: on each line a token in base64 and its id.

    Raises ValueError that names the first line which is not the token that comes next.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "two.tiktoken")
    >>> _ = path.write_text("bG8= 0\\nbG93 1\\n")
    >>> read_ranks(path)
    {b'lo': 0, b'low': 1}
    """
    ranks = {}
    for number, line in enumerate(Path(path).read_bytes().splitlines()):
        try:
            token, id = line.split(b" ")
            token = base64.b64decode(token, validate=True)
        except ValueError:
            raise ValueError(f"line {number + 1}: {line!r:.60} is not a token in base64 and its id") from None
        if id != b"%d" % number or token in ranks:
            raise ValueError(f"line {number + 1}: {line!r:.60} has not id {number}, or a token seen before")
        ranks[token] = number
    return ranks


def _whole_characters(text, errors="replace"):
    r"""Join surrogate pairs, replace single halves: "\ud83d\ude00" → "😀", "\ud83d" → "\ufffd"."""
    if errors not in ("replace", "surrogatepass", "strict"):
        raise ValueError(f"errors is {errors!r}, expected 'replace', 'surrogatepass' or 'strict'")
    try:
        _text(text).encode("utf-8", "surrogatepass" if errors == "surrogatepass" else "strict")
    except UnicodeEncodeError:
        if errors == "strict":
            raise
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _fingerprint(ranks, about):
    return hashlib.sha256(ranks + json.dumps(about).encode()).hexdigest()


def _json_beside(path):
    return path.with_name(path.name + ".json")
