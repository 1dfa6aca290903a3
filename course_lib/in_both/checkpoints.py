"""Parameters in a file: the safetensors format.

A safetensors file is 8 bytes that say how long the header is (little-endian), the header, which is JSON
(name → dtype, shape, where its bytes lie), and then the bytes of all tensors, one after the other. Nothing in it
can be executed. A pickle (`.bin`, `.pt`) can run any program when it is opened, so none is opened here.
"""

import json
import math
import os
from pathlib import Path

from course_lib.shapes import ShapeError

__all__ = [
    "DTYPE_BYTES",
    "match_shapes",
    "read_safetensors",
    "write_safetensors",
    "write_whole",
]

DTYPE_BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
HEADER_LIMIT = 100_000_000  # bytes, the format's own


def read_safetensors(path):
    """Name → (dtype, shape, bytes) of every tensor in the file; dtype is one of `DTYPE_BYTES`.

    Raises ValueError when the file is a pickle, is cut short, or says anything about its bytes that is not so.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "two.safetensors")
    >>> write_safetensors(path, {"a": ("U8", (2,), bytes([7, 8]))})
    >>> {name: (dtype, shape, bytes(data)) for name, (dtype, shape, data) in read_safetensors(path).items()}
    {'a': ('U8', (2,), b'\\x07\\x08')}
    """
    path = Path(path)
    with path.open("rb") as file:
        content = bytearray(os.fstat(file.fileno()).st_size)
        file.readinto(content)

    def refuse(why):
        raise ValueError(f"{path.name}: {why}")

    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > HEADER_LIMIT or 8 + length > len(content):
        if content.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
            refuse("this is a pickle, which can run any program when it is opened; only safetensors is read")
        refuse("not a safetensors file, or one that was cut short: its header is not all there")
    try:
        header = json.loads(content[8 : 8 + length], object_pairs_hook=_no_name_twice)
        header.pop("__metadata__", None)
        entries = {name: _entry(described) for name, described in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        refuse(f"its header is not one of a safetensors file: {error}")
    data, end_of_last = memoryview(content)[8 + length :], 0
    tensors = {}
    for name, (dtype, shape, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if begin != end_of_last or end - begin != math.prod(shape) * DTYPE_BYTES[dtype]:
            refuse(
                f"{name} of shape {shape} in {dtype} does not fill bytes {begin} to {end}, or leaves a gap before"
            )
        tensors[name], end_of_last = (dtype, shape, data[begin:end]), end
    if end_of_last != len(data):
        refuse(f"cut short or padded: the header describes {end_of_last} bytes, the file has {len(data)}")
    return tensors


def write_safetensors(path, tensors):
    """Write name → (dtype, shape, bytes) to a file that is whole or not there at all.

    Raises ValueError when a tensor's bytes do not fill its shape. See `read_safetensors` for an example.

    >>> write_safetensors("nowhere.safetensors", {"a": ("F32", (2,), bytes(4))})
    Traceback (most recent call last):
    ValueError: a of shape (2,) in F32 needs 8 bytes, got 4
    """
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in tensors.items():
        needed = math.prod(shape) * DTYPE_BYTES[dtype]
        if len(data) != needed:
            raise ValueError(f"{name} of shape {shape} in {dtype} needs {needed} bytes, got {len(data)}")
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + needed]}
        end += needed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers start at a multiple of 8
    write_whole(path, [len(text).to_bytes(8, "little"), text, *(data for _, _, data in tensors.values())])


def write_whole(path, parts):
    """Write bytes, part by part, to a file that is whole or as it was: it is renamed once all is on the disk.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "word")
    >>> write_whole(path, [b"de ", b"nada"])
    >>> path.read_bytes()
    b'de nada'
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:  # a full disk should not stay full of half a file
        unfinished.unlink(missing_ok=True)
        raise


def match_shapes(call, expected, given):
    """Raise ShapeError that lists every missing, unexpected and misshapen name; both are dicts name → shape.

    >>> match_shapes("load_gpt2", {"a": (2,), "b": (3,)}, {"a": (2, 1), "c": (4,)})
    Traceback (most recent call last):
    course_lib.shapes.ShapeError: load_gpt2: nothing loaded: missing b (3,); unexpected c (4,); a has shape (2, 1), \
expected (2,)
    """
    problems = [f"missing {name} {shape}" for name, shape in expected.items() if name not in given]
    problems += [f"unexpected {name} {shape}" for name, shape in given.items() if name not in expected]
    problems += [
        f"{name} has shape {given[name]}, expected {shape}"
        for name, shape in expected.items()
        if name in given and given[name] != shape
    ]
    if problems:
        raise ShapeError(f"{call}: nothing loaded: {'; '.join(problems)}")


def _entry(described):
    """One tensor of the header, as (dtype, shape, begin, end), with every number a whole one from 0."""
    dtype, shape, (begin, end) = described["dtype"], tuple(described["shape"]), described["data_offsets"]
    if dtype not in DTYPE_BYTES:
        raise ValueError(f"dtype {dtype!r} is not one of {', '.join(DTYPE_BYTES)}")
    if any(type(number) is not int or number < 0 for number in (*shape, begin, end)):
        raise ValueError(f"shape {shape} or bytes {begin} to {end} are not whole numbers from 0")
    return dtype, shape, begin, end


def _no_name_twice(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands in it twice")
    return dict(pairs)
