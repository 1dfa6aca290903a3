"""A text of your own, cut into tokens: to train a model on."""

from pathlib import Path

import numpy as np

from course_lib.tokenization import BytePairTokenizer, pieces, unwatched

__all__ = ["TextFile"]


class TextFile:
    """A text of your own, any UTF-8, in tokens of byte-pair encoding.

    `tokens` (T,) are there to train on, `held_out` is the last tenth of the text. The tokenizer learns from the
    part to train on. V is smaller than asked for when that has few pairs. `watch(steps, what)` goes through the
    steps of long work and may show how far it is, as tqdm does.
    Raises OSError when the file cannot be opened, ValueError when it is not UTF-8 or has no text.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "mine.txt")
    >>> _ = path.write_text("de nada " * 50, encoding="utf-8")
    >>> text = TextFile(path, vocabulary_size=260)
    >>> text.decode(text.held_out)
    'de nada de nada de nada de nada de nada '
    """

    def __init__(self, path, vocabulary_size=512, watch=unwatched):
        path = Path(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")  # a byte order mark is no text
        except OSError as error:
            raise OSError(f"{path} cannot be opened: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at place {error.start}; "
                "save it as UTF-8"
            ) from error
        if not text.strip():
            raise ValueError(f"{path} has no text in it")
        cut = len(text) - len(text) // 10
        self.tokenizer = BytePairTokenizer.train(text[:cut], vocabulary_size, watch=watch)
        self.V = self.tokenizer.vocabulary_size
        self.encode, self.decode = self.tokenizer.encode, self.tokenizer.decode
        self.tokens = self._tokens(text[:cut], watch)
        self.held_out = self._tokens(text[cut:])

    def _tokens(self, text, watch=unwatched):
        """The ids of a text, (T,), piece by piece: as a list, the ids of a large one would fill the memory."""
        parts = [np.array(self.encode(piece), int) for piece in watch(pieces(text), "encoding the text")]
        return np.concatenate([np.zeros(0, int), *parts])
