"""The files of the published GPT-2: where they lie, and its tokenizer. What is in them, `load_gpt2` reads.

Radford et al. 2019. Only `download` touches the network, and only when it is called.
"""

import json
import sys
from contextlib import nullcontext
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from course_lib.in_both.checkpoints import read_safetensors
from course_lib.in_both.gpt2_layout import gpt2_sizes, gpt2_weights
from course_lib.tokenization import BytePairTokenizer

__all__ = ["FILES", "SOURCE", "download", "read_tokenizer"]

SOURCE = "https://huggingface.co/openai-community/gpt2/resolve/main"  # the smallest: 124 million parameters
FILES = ["config.json", "vocab.json", "model.safetensors"]  # the last has 550 MB
TIMEOUT = 60  # seconds without a byte


def download(folder, source=SOURCE, progress=True):
    """Fetch the files of a GPT-2 that are not in the folder yet; returns the folder, a Path.

    source: an address that the names in FILES follow. progress: a bar on stdout for each file (needs tqdm).
    A file is kept when it is whole and what its name says; otherwise nothing is left of it.
    Raises OSError (urllib's URLError is one) when there is no network, no such file, or nothing comes for a minute,
    ValueError when something else came.
    """
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    checks = {
        "config.json": gpt2_sizes,
        "vocab.json": read_tokenizer,
        "model.safetensors": lambda folder: read_safetensors(gpt2_weights(folder)),
    }
    for name in FILES:
        if (folder / name).exists():
            continue
        with TemporaryDirectory(prefix="unfinished-", dir=folder) as unfinished:
            _fetch(f"{source}/{name}", Path(unfinished, name), progress)
            try:
                checks[name](unfinished)
            except ValueError as error:
                raise ValueError(
                    f"download: {source} sent something else, which is not kept: {error}"
                ) from None
            Path(unfinished, name).replace(folder / name)
    return folder


def _fetch(address, path, progress):
    """Write what the address sends to a file, part by part."""
    got = 0
    try:
        with urlopen(address, timeout=TIMEOUT) as answer, path.open("wb") as file:
            expected = answer.headers.get("Content-Length")
            with _bar(path.name, expected) if progress else nullcontext() as bar:
                while part := answer.read(1 << 18):
                    got += file.write(part)
                    if bar:
                        bar.update(len(part))
    except TimeoutError:
        raise TimeoutError(f"{path.name}: nothing came for {TIMEOUT} s; call download again") from None
    except HTTPException as error:
        raise OSError(f"{path.name} broke off: {error!r}; call download again") from None
    if expected is not None and got != int(expected):
        raise OSError(f"{path.name} broke off after {got} of {expected} bytes; call download again")


def _bar(name, size):
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext()
    return tqdm(total=size and int(size), desc=name, unit="B", unit_scale=True, file=sys.stdout)


def read_tokenizer(folder):
    """The byte-pair tokenizer of the folder's `vocab.json`.

    The file writes each of the 256 bytes as one visible character. Raises ValueError when it is not a GPT-2's.
    """
    try:
        entries = json.loads(Path(folder, "vocab.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"vocab.json: not JSON: {error}") from None
    if not isinstance(entries, dict) or not all(type(id) is int for id in entries.values()):
        raise ValueError("vocab.json: not the vocabulary of a GPT-2, which gives each token a whole number")
    special = {name: id for name, id in entries.items() if name == "<|endoftext|>"}
    byte_of = {character: byte for byte, character in enumerate(_characters())}
    try:
        ranks = {
            bytes(byte_of[c] for c in token): id for token, id in entries.items() if token not in special
        }
    except KeyError as error:
        raise ValueError(
            f"vocab.json: {error.args[0]!r} does not stand for a byte in a GPT-2's tokens"
        ) from None
    try:
        return BytePairTokenizer(ranks, pattern="gpt2", special_tokens=special)
    except ValueError as error:
        raise ValueError(f"vocab.json: {error}") from None


def _characters():
    """One visible character for each byte: itself if it can be seen, otherwise the next from Ā on.

    >>> _characters()[ord("a")], _characters()[ord(" ")]
    ('a', 'Ġ')
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in visible]
    return [chr(byte if byte in visible else 256 + others.index(byte)) for byte in range(256)]
