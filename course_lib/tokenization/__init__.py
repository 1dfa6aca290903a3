"""Text to token ids and back, three ways: whole words, single characters, and byte-pair encoding.

Each cures what ails the one before. Words are few ids a text, but every unseen word is unknown. Characters
need a small vocabulary, but many ids a text. Byte-pair encoding starts from the 256 bytes, so that no text
is unknown, and joins what often stands side by side, so that common words become one id.
"""

from course_lib.tokenization.byte_pair import BytePairTokenizer, Merge, read_ranks
from course_lib.tokenization.merges import learn_merges, unwatched
from course_lib.tokenization.patterns import PATTERNS, pieces, split_words
from course_lib.tokenization.words import END, PAD, START, UNKNOWN, CharTokenizer, Tokenizer, WordTokenizer

__all__ = [
    "END", "PAD", "PATTERNS", "START", "UNKNOWN", "BytePairTokenizer", "CharTokenizer", "Merge", "Tokenizer",
    "WordTokenizer", "learn_merges", "pieces", "read_ranks", "split_words", "unwatched",
]  # fmt: skip
