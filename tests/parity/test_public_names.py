"""A file in both frameworks has the same public names in both; NumPy adds its backwards."""

import importlib
import inspect
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
PROGRAMS = {"train_command", "train_options", "write"}  # command lines, which PyTorch's side alone has
FILES = {
    folder: sorted(
        path.stem for path in (ROOT / folder).glob("*.py") if path.stem not in PROGRAMS | {"__init__"}
    )
    for folder in ("in_numpy", "in_torch")
}
PAIRS = sorted(set(FILES["in_numpy"]) & set(FILES["in_torch"]))


def check_public_names(numpy_names, torch_names):
    forward = [name for name in numpy_names if not name.endswith("_backward")]
    torch_names = [name for name in torch_names if name != "main"]  # a command line is no piece
    assert forward == torch_names, f"in one alone: {sorted(set(forward) ^ set(torch_names))}"
    backward = [name for name in numpy_names if name.endswith("_backward")]
    lost = [name for name in backward if name.removesuffix("_backward") not in forward]
    assert not lost, f"the backward of nothing: {lost}"


def test_every_file_in_torch_has_its_twin():
    assert set(FILES["in_torch"]) == set(PAIRS)
    assert all((ROOT / "in_torch" / f"{name}.py").exists() for name in PROGRAMS)
    assert {"attention", "embeddings", "modules", "positions"} <= set(PAIRS)


@pytest.mark.parametrize("file", PAIRS)
def test_both_have_the_same_public_names(file):
    numpy_file, torch_file = (
        importlib.import_module(f"course_lib.{folder}.{file}") for folder in ("in_numpy", "in_torch")
    )
    check_public_names(numpy_file.__all__, torch_file.__all__)
    for module in (numpy_file, torch_file):
        for name in module.__all__:
            assert inspect.getdoc(getattr(module, name)), f"{module.__name__}.{name} has no docstring"


@pytest.mark.parametrize(
    "numpy_names, torch_names, words",
    [
        (["softmax"], ["softmax", "causal_mask"], r"in one alone: \['causal_mask'\]"),
        (["softmax", "causal_mask"], ["softmax"], r"in one alone: \['causal_mask'\]"),
        (["softmax", "lookup_backward"], ["softmax"], r"the backward of nothing: \['lookup_backward'\]"),
    ],
)
def test_a_name_in_one_alone_is_noticed(numpy_names, torch_names, words):
    with pytest.raises(AssertionError, match=words):
        check_public_names(numpy_names, torch_names)
    check_public_names(["softmax", "softmax_backward"], ["softmax"])
