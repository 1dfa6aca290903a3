"""The safetensors files: against the safetensors package both ways, and files that are cut short or hostile."""

import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from course_lib.in_both.checkpoints import HEADER_LIMIT, read_safetensors
from course_lib.in_numpy import checkpoints as in_numpy
from course_lib.in_torch import checkpoints as in_torch

ARRAYS = {
    "h.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "double": np.array([[0.1], [-1e300]]),
    "half": np.array([0.5, -2], np.float16),
    "ids": np.array([[-(2**62)], [7]]),
    "small": np.array([-128, 127], np.int8),
    "bytes": np.array([0, 255], np.uint8),
    "mask": np.array([True, False]),
    "scalar": np.array(3.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
}


def assert_same(state, expected):
    assert set(state) == set(expected)
    for name, array in expected.items():
        array, given = np.asarray(array), np.asarray(state[name])
        assert (given.dtype, given.shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(given, array, err_msg=name)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.safetensors"


def test_what_the_package_writes_is_read(path):
    safetensors.numpy.save_file(ARRAYS, path, metadata={"format": "pt"})
    assert_same(in_numpy.load_state(path), ARRAYS)
    assert_same(in_torch.load_state(path), ARRAYS)


def test_the_package_reads_what_is_written(path):
    in_numpy.save_state(path, ARRAYS)
    assert_same(safetensors.numpy.load_file(path), ARRAYS)
    in_torch.save_state(path, {name: torch.from_numpy(a) for name, a in ARRAYS.items()})
    assert_same(safetensors.numpy.load_file(path), ARRAYS)
    assert not list(path.parent.glob("*.unfinished"))


def test_the_two_read_each_other(path):
    in_numpy.save_state(path, ARRAYS)
    state = in_torch.load_state(path)
    assert_same(state, ARRAYS)
    in_torch.save_state(path, state)
    assert_same(in_numpy.load_state(path), ARRAYS)


def test_transposed_views_are_written_as_they_look(path):
    matrix = np.arange(6.0).reshape(2, 3)
    in_numpy.save_state(path, {"a": matrix.T})
    assert_same(safetensors.numpy.load_file(path), {"a": matrix.T})
    in_torch.save_state(path, {"a": torch.from_numpy(matrix).T})
    assert_same(safetensors.numpy.load_file(path), {"a": matrix.T})


def test_bfloat16(path):
    numbers = torch.tensor([1.0, -3.140625, 1e30]).bfloat16()
    safetensors.torch.save_file({"a": numbers}, path)
    assert_same(in_numpy.load_state(path), {"a": numbers.float().numpy()})
    assert torch.equal(in_torch.load_state(path)["a"], numbers)
    in_torch.save_state(path, {"a": numbers})
    assert torch.equal(safetensors.torch.load_file(path)["a"], numbers)


def test_headers_of_every_length(path):
    for n in range(600, 660):  # 640 is 0x280: the first two bytes of some pickles
        in_numpy.save_state(path, {"a" * n: np.ones(2)})
        assert in_numpy.load_state(path)["a" * n].tolist() == [1, 1]
        assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0, (
            "the numbers start at a multiple of 8"
        )


def test_cut_short_anywhere(path):
    safetensors.numpy.save_file(ARRAYS, path)
    whole = path.read_bytes()
    for end in [*range(0, len(whole) - 1, 7), len(whole) - 1]:
        path.write_bytes(whole[:end])
        for load in (in_numpy.load_state, in_torch.load_state):
            with pytest.raises(ValueError, match=r"^a\.safetensors: "):
                load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="cut short or padded: the header describes"):
        read_safetensors(path)


class Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was opened')",)


def test_pickles_are_refused_unopened(path):
    for protocol in range(2, 6):
        path.write_bytes(pickle.dumps({"a": Trap()}, protocol))
        for load in (in_numpy.load_state, in_torch.load_state):
            with pytest.raises(
                ValueError, match=r"^a\.safetensors: this is a pickle, which can run any program"
            ):
                load(path)
    torch.save({"a": Trap()}, path)
    with pytest.raises(ValueError, match="this is a pickle"):
        read_safetensors(path)


def tensor(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
    "header, words",
    [
        (b"{", "not one of a safetensors file"),
        (b"[1]", "not one of a safetensors file"),
        (b'{"a": 1}', "not one of a safetensors file"),
        (b"\xff\xfe", "not one of a safetensors file"),
        (b"[" * 100_000, "not one of a safetensors file"),
        (
            b'{"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "a": {}}',
            "a name stands in it twice",
        ),
        ({"a": {"dtype": "F32", "shape": [1]}}, "'data_offsets'"),
        ({"a": tensor("F8_E4M3")}, "dtype 'F8_E4M3' is not one of F64, F32"),
        ({"a": tensor(dtype=["F32"])}, "not one of a safetensors file"),
        ({"a": tensor(shape=(-1, -1))}, "are not whole numbers from 0"),
        ({"a": tensor(shape=(1.0,))}, "are not whole numbers from 0"),
        ({"a": tensor(shape=(True,))}, "are not whole numbers from 0"),
        ({"a": tensor(offsets=(-4, 0))}, "are not whole numbers from 0"),
        ({"a": tensor(shape=(2,))}, r"a of shape \(2,\) in F32 does not fill bytes 0 to 4"),
        ({"a": tensor(shape=(10**30,), offsets=(0, 4 * 10**30))}, "the header describes"),
        ({"a": tensor(offsets=(4, 8)), "b": tensor(offsets=(8, 12))}, "leaves a gap before"),
        ({"a": tensor(), "b": tensor()}, "b of shape"),
        ({"a": tensor(offsets=(4, 0))}, "does not fill bytes 4 to 0"),
        ({}, "the header describes 0 bytes, the file has 4"),
    ],
)
def test_hostile_headers(header, words, path):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(ValueError, match=r"^a\.safetensors: .*" + words):
        read_safetensors(path)


@pytest.mark.parametrize("length", [10**6, HEADER_LIMIT + 1, 2**64 - 1])
def test_a_header_longer_than_the_file(length, path):
    path.write_bytes(length.to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="its header is not all there"):
        read_safetensors(path)


def test_a_failed_save_leaves_the_old_file(path):
    in_numpy.save_state(path, {"a": np.ones(2)})
    for save, bad in [(in_numpy.save_state, np.array([1j])), (in_torch.save_state, torch.tensor([1j]))]:
        with pytest.raises(
            ValueError, match=r"save_state: b holds .*complex.*, which safetensors cannot store"
        ):
            save(path, {"a": bad.real, "b": bad})
    assert in_numpy.load_state(path)["a"].tolist() == [1, 1]
