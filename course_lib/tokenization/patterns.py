"""How a text is cut into the words that byte-pair encoding works on, and a long one into pieces."""

import regex  # like re, and also knows \p{L}, any letter of any script, and \p{N}, any digit

__all__ = ["PATTERNS", "pieces", "split_words"]

# How byte-pair encoding cuts a text into words, which merges never cross. A doubled ++ or ?+ matches the same as
# a single one, and is faster because it never gives back what it took. A letter that Unicode added after `tiktoken`
# was built is a letter here already, and no letter there: only such text may be cut differently.
PATTERNS = {
    # "I'll pay  50000!" → "I" "'ll" " pay" " " " 50000" "!"     (Radford et al. 2019)
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s+(?!\S)|\s+",
    # "I'll pay  50000!" → "I" "'ll" " pay" " " " " "500" "00" "!": digits by threes, also 'LL   (cl100k_base)
    "gpt4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s",
    # the whole text is one word
    "none": r"(?s:.+)",
}
_COMPILED = {name: regex.compile(pattern) for name, pattern in PATTERNS.items()}


def split_words(text, pattern="gpt2"):
    """Cut a text into the words that byte-pair encoding works on; joined together they are the text.

    Raises ValueError when `pattern` is not a key of PATTERNS.

    >>> split_words("You're welcome!")
    ['You', "'re", ' welcome', '!']
    """
    if pattern not in PATTERNS:
        raise ValueError(f"pattern {pattern!r} is not one of {', '.join(PATTERNS)}")
    return _COMPILED[pattern].findall(_text(text))


_BETWEEN_WORDS = regex.compile(r"(?<=\p{L})[ \n]")  # in every pattern but "none" a word ends between the two


def pieces(text, pattern="gpt2", size=1 << 20):
    """Cut a long text into pieces of about `size` characters that have the words of the whole, as a list.

    So a long text can be worked through bit by bit. Where no letter is followed by a space or a new line, and
    with the pattern "none", pieces are longer.

    >>> pieces("you are welcome", size=4)
    ['you are', ' welcome']
    """
    found, start = [], 0
    while start < len(text):
        cut = None if pattern == "none" else _BETWEEN_WORDS.search(text, start + size)
        end = cut.start() if cut else len(text)
        found.append(text[start:end])
        start = end
    return found


def _text(text):
    if not isinstance(text, str):
        raise TypeError(f"text is a {type(text).__name__}, expected a str")
    return text
