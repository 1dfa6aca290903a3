"""The files of the published GPT-2: where they lie, and its tokenizer. What is in them, `load_gpt2` reads.

Radford et al. 2019. Only `download` touches the network, and only when it is called.
"""

import json
import shutil
from pathlib import Path
from urllib.request import urlopen

from course_lib.tokenization import BytePairTokenizer

__all__ = ["FILES", "SOURCE", "download", "read_tokenizer"]

SOURCE = "https://huggingface.co/openai-community/gpt2/resolve/main"  # the smallest: 124 million parameters
FILES = ["config.json", "vocab.json", "model.safetensors"]  # the last has 550 MB


def download(folder, source=SOURCE):
    """Fetch the files of a GPT-2 that are not in the folder yet; returns the folder, a Path.

    source: an address that the names in FILES follow. A file is whole or not there at all.
    Raises OSError (urllib's URLError is one) when there is no network or no such file.
    """
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (folder / name).exists():
            continue
        unfinished = folder / f"{name}.unfinished"
        with urlopen(f"{source}/{name}") as answer, unfinished.open("wb") as file:
            shutil.copyfileobj(answer, file)
            expected, got = answer.headers.get("Content-Length"), file.tell()
        if expected is not None and got != int(expected):
            raise OSError(f"{name} broke off after {got} of {expected} bytes; call download again")
        unfinished.replace(folder / name)
    return folder


def read_tokenizer(folder):
    """The byte-pair tokenizer of the folder's `vocab.json`.

    The file writes each of the 256 bytes as one visible character. Raises ValueError when it is not a GPT-2's.
    """
    entries = json.loads(Path(folder, "vocab.json").read_text(encoding="utf-8"))
    special = {name: id for name, id in entries.items() if name == "<|endoftext|>"}
    byte_of = {character: byte for byte, character in enumerate(_characters())}
    try:
        ranks = {bytes(byte_of[c] for c in token): id for token, id in entries.items() if token not in special}
    except KeyError as error:
        raise ValueError(f"vocab.json: {error.args[0]!r} does not stand for a byte in a GPT-2's tokens") from None
    return BytePairTokenizer(ranks, pattern="gpt2", special_tokens=special)


def _characters():
    """One visible character for each byte: itself if it can be seen, otherwise the next from Ā on.

    >>> _characters()[ord("a")], _characters()[ord(" ")]
    ('a', 'Ġ')
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in visible]
    return [chr(byte if byte in visible else 256 + others.index(byte)) for byte in range(256)]
