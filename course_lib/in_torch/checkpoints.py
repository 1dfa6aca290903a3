"""Saving and loading parameters as safetensors, and GPT-2 as Hugging Face stores it."""

import torch

from course_lib.in_both.checkpoints import read_safetensors, write_safetensors
from course_lib.in_both.gpt2_layout import read_gpt2
from course_lib.in_torch.gpt import GPT, parameter_shapes

__all__ = ["load_gpt2", "load_state", "save_state"]

_DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def load_state(path):
    """Every tensor of a safetensors file, name → CPU tensor: what `load_state_dict` takes.

    Raises ValueError for a file that is a pickle, cut short or otherwise not as it says.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp(), "layer.safetensors")
    >>> save_state(path, {"bias": torch.tensor([0.5, 1.5])})
    >>> load_state(path)
    {'bias': tensor([0.5000, 1.5000])}
    """
    return {
        name: torch.frombuffer(bytearray(data), dtype=_DTYPES[dtype]).reshape(shape)
        if data
        else torch.empty(shape, dtype=_DTYPES[dtype])
        for name, (dtype, shape, data) in read_safetensors(path).items()
    }


def save_state(path, state):
    """Write name → tensor, as `state_dict()` gives it, to a safetensors file.

    Raises ValueError for a tensor of a type that the format does not have. See `load_state` for an example.

    >>> save_state("nowhere.safetensors", {"a": torch.tensor([1j])})
    Traceback (most recent call last):
    ValueError: save_state: a holds torch.complex64, which safetensors cannot store
    """
    for name, tensor in state.items():
        if tensor.dtype not in _NAMES:
            raise ValueError(f"save_state: {name} holds {tensor.dtype}, which safetensors cannot store")

    def stored(tensor):
        flat = tensor.detach().cpu().contiguous().flatten()
        return _NAMES[tensor.dtype], tuple(tensor.shape), flat.view(torch.uint8).numpy().tobytes()

    write_safetensors(path, {name: stored(tensor) for name, tensor in state.items()})


def load_gpt2(folder):
    """A GPT with the sizes of `config.json` and the parameters of `model.safetensors` in the folder.

    The layout is Hugging Face's for GPT-2. Raises ShapeError that names every missing, unexpected and misshapen
    tensor, ValueError for another kind of model and for files that cannot be trusted or hold NaN, FileNotFoundError
    where there is no such file. Radford et al. 2019.
    """
    config, state = read_gpt2(folder, load_state, parameter_shapes)
    model = GPT(config)
    model.load_state_dict(state)
    return model
