"""Text to token ids and back, a word or a character at a time, and what all tokenizers share."""

from operator import index

from course_lib.tokenization.patterns import _text

__all__ = ["END", "PAD", "START", "UNKNOWN", "CharTokenizer", "Tokenizer", "WordTokenizer"]

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"


class Tokenizer:
    """What all tokenizers share: `tokens` (id → token), `special_tokens` (name → id), `vocabulary_size` (V)."""

    def __init__(self, tokens, special_tokens):
        self.tokens = tokens
        self.special_tokens = special_tokens
        self.vocabulary_size = max(tokens) + 1  # V: how many rows an embedding table needs

    def encode_batch(self, texts, context_length, *, start=False, end=False):
        """Texts as one rectangle of ids, (B, C), and how many of each row are not padding, (B,): two lists.

        `start` and `end` put <start> before and <end> after each text; rows are filled up to C with <pad>.
        Raises ValueError for no texts, an empty or too long text, or a special token the tokenizer lacks.

        >>> WordTokenizer("de nada").encode_batch(["de nada", "nada"], 4, start=True)
        ([[1, 3, 4, 0], [1, 4, 0, 0]], [3, 2])
        """
        if isinstance(texts, str):
            raise TypeError("encode_batch: texts is one str, expected a list of them")
        first = [self._special(START)] if start else []
        last = [self._special(END)] if end else []
        rows = [first + self.encode(text) + last for text in texts]
        lengths = [len(row) for row in rows]
        if not rows or 0 in lengths:
            what = f"text {lengths.index(0)} is empty" if rows else "no texts, expected at least one"
            raise ValueError(f"encode_batch: {what}")
        C, longest = index(context_length), max(lengths)
        if longest > C:
            number = lengths.index(longest)
            raise ValueError(
                f"encode_batch: text {number} has {longest} tokens, but the context length is {C}"
            )
        padding = [self._special(PAD)] if min(lengths) < C else []
        return [row + padding * (C - len(row)) for row in rows], lengths

    def _special(self, name):
        """The id of a special token."""
        if name not in self.special_tokens:
            raise ValueError(f"no special token {name!r} in this tokenizer, only {list(self.special_tokens)}")
        return self.special_tokens[name]

    def _look_up(self, ids):
        """The tokens of the ids: [0, 3] → ["<pad>", "You"]."""
        try:
            return [self.tokens[index(id)] for id in ids]
        except TypeError:
            raise TypeError(f"decode: expected a list of whole numbers, got {ids!r:.60}") from None
        except KeyError as error:
            raise ValueError(f"decode: no token has id {error}; V is {self.vocabulary_size}") from None


class WordTokenizer(Tokenizer):
    """One token for each word of a text; words are what white space separates, in order of first appearance.

    Special tokens get the first ids. A word the text did not have is an error, unless <unk> is among them.
    Raises ValueError for a text without words and for special tokens written in a text.

    >>> tokenizer = WordTokenizer("You are welcome")
    >>> tokenizer.encode("You are welcome"), tokenizer.decode([3, 4, 5])
    ([3, 4, 5], 'You are welcome')
    """

    joined_by = " "

    def __init__(self, text, special_tokens=(PAD, START, END)):
        names = _names(special_tokens)
        words = self.split(_text(text))
        if not words:
            raise ValueError(f"{type(self).__name__}: the text is empty, so there is no vocabulary")
        self._refuse_special(words, names)
        self.ids = {token: id for id, token in enumerate(dict.fromkeys([*names, *words]))}
        super().__init__(dict(enumerate(self.ids)), {name: self.ids[name] for name in names})

    def split(self, text):
        """The pieces that become tokens.

        >>> WordTokenizer("You are").split("You  are")
        ['You', 'are']
        """
        return text.split()

    def encode(self, text):
        """The ids of a text's words, a list (T,).

        Raises ValueError that names a word which is not in the vocabulary.

        >>> WordTokenizer("de nada", special_tokens=["<unk>"]).encode("de todo")
        [1, 0]
        """
        words = self.split(_text(text))
        self._refuse_special(words, self.special_tokens)
        unknown = self.special_tokens.get(UNKNOWN)
        ids = [self.ids.get(word, unknown) for word in words]
        if None in ids:
            word = words[ids.index(None)]
            raise ValueError(
                f"encode: {word!r} is no token; with <unk> among the special tokens it would be allowed"
            )
        return ids

    def decode(self, ids, *, skip_special=False):
        """The text of the ids (T,); `skip_special` leaves <pad> and its like out.

        Raises TypeError for ids that are not whole numbers, ValueError for ids no token has.

        >>> WordTokenizer("de nada").decode([1, 3, 4, 0], skip_special=True)
        'de nada'
        """
        tokens = self._look_up(ids)
        return self.joined_by.join(t for t in tokens if not (skip_special and t in self.special_tokens))

    def _refuse_special(self, words, names):
        if written := set(words) & set(names):
            raise ValueError(f"the text contains the special token {min(written)!r}, which no text may spell")


class CharTokenizer(WordTokenizer):
    """The same with characters for words: white space is kept, so every text it can encode comes back exactly.

    >>> CharTokenizer("nada").encode("dan")
    [5, 4, 3]
    """

    joined_by = ""

    def split(self, text):
        """The characters of a text.

        >>> CharTokenizer("a").split("de n")
        ['d', 'e', ' ', 'n']
        """
        return list(text)


def _names(special_tokens):
    """Special tokens as a list of names, each a str, none empty, none twice."""
    names = list(special_tokens)
    if isinstance(special_tokens, str) or not all(isinstance(name, str) and name for name in names):
        raise TypeError(f"special tokens are {special_tokens!r:.60}, expected a list of names")
    if len(set(names)) < len(names):
        raise ValueError(f"special tokens {names} name one twice")
    return names
