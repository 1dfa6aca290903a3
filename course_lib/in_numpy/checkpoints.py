"""Saving and loading parameters as safetensors, and GPT-2 as Hugging Face stores it."""

import numpy as np

from course_lib.in_both.checkpoints import read_safetensors, write_safetensors
from course_lib.in_both.gpt2_layout import read_gpt2
from course_lib.in_numpy.gpt import GPT, parameter_shapes

__all__ = ["load_gpt2", "load_state", "save_state"]

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1",
    "BOOL": "?",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}


def load_state(path):
    """Every tensor of a safetensors file, name → array: what `load_state_dict` takes.

    BF16, which NumPy does not have, becomes float32 (the same numbers).
    Raises ValueError for a file that is a pickle, cut short or otherwise not as it says.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp(), "layer.safetensors")
    >>> save_state(path, {"bias": np.array([0.5, 1.5])})
    >>> load_state(path)
    {'bias': array([0.5, 1.5])}
    """
    state = {}
    for name, (dtype, shape, data) in read_safetensors(path).items():
        if dtype == "BF16":  # the upper half of a float32
            array = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            array = np.frombuffer(data, _DTYPES[dtype])
        state[name] = array.reshape(shape)
    return state


def save_state(path, state):
    """Write name → array, as `state_dict()` gives it, to a safetensors file.

    Raises ValueError for an array of a type that the format does not have. See `load_state` for an example.

    >>> save_state("nowhere.safetensors", {"a": np.array(["text"])})
    Traceback (most recent call last):
    ValueError: save_state: a holds <U4, which safetensors cannot store
    """
    for name, array in state.items():
        if array.dtype not in _NAMES:
            raise ValueError(f"save_state: {name} holds {array.dtype}, which safetensors cannot store")
    write_safetensors(
        path, {name: (_NAMES[array.dtype], array.shape, array.tobytes()) for name, array in state.items()}
    )


def load_gpt2(folder, dtype=np.float32):
    """A GPT with the sizes of `config.json` and the parameters of `model.safetensors` in the folder.

    The layout is Hugging Face's for GPT-2. Raises ShapeError that names every missing, unexpected and misshapen
    tensor, ValueError for another kind of model and for files that cannot be trusted or hold NaN, FileNotFoundError
    where there is no such file. Radford et al. 2019.
    """
    config, state = read_gpt2(folder, load_state, parameter_shapes)
    model = GPT(config, dtype=dtype)
    model.load_state_dict(state)
    return model
