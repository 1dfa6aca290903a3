"""GPT-2 as Hugging Face lays it out in a folder: the sizes, the file of weights, and the names in it."""

import json
import math
from pathlib import Path

from course_lib.in_both.checkpoints import match_shapes
from course_lib.in_both.config import GPTConfig

__all__ = ["gpt2_names", "gpt2_sizes", "gpt2_weights", "read_gpt2"]


def read_gpt2(folder, load_state, parameter_shapes):
    """What the folder holds, checked: (GPTConfig, name → tensor), for a framework's `load_gpt2`.

    load_state(path) reads a file of weights, parameter_shapes(config) says which ones there must be.
    Raises ShapeError that names every missing, unexpected and misshapen tensor, ValueError for another kind of
    model and for files that cannot be trusted or hold NaN, FileNotFoundError where there is no such file.
    """
    config = GPTConfig(**gpt2_sizes(folder))
    state = gpt2_names(load_state(gpt2_weights(folder)))
    output = state.pop("lm_head.weight", None)  # the embedding once more
    if config.L > len(state):
        raise ValueError(
            f"load_gpt2: config.json asks for {config.L} blocks, the file has {len(state)} tensors"
        )
    match_shapes("load_gpt2", parameter_shapes(config), {name: tuple(x.shape) for name, x in state.items()})
    for name, x in state.items():
        if not math.isfinite(float(abs(x).max())):
            raise ValueError(
                f"load_gpt2: nothing loaded: {name} holds NaN or infinity, so every text would be noise"
            )
    same = (
        output is None or output.shape == state["wte.weight"].shape and (output == state["wte.weight"]).all()
    )
    if not same:
        raise ValueError(
            "load_gpt2: lm_head.weight is not wte.weight; the course's GPT uses one matrix for both"
        )
    return config, state


def gpt2_sizes(folder):
    """The sizes in a GPT-2 `config.json`, under the course's letters: what to make a `GPTConfig` of.

    Raises ValueError when the file is not a GPT-2's, a size is missing, or it asks for what the course's GPT
    does not do (another activation, for one).
    """
    path = Path(folder, "config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"config.json: not JSON: {error}") from None
    if not isinstance(config, dict) or config.get("model_type") != "gpt2":
        raise ValueError("config.json: not the configuration of a GPT-2 (model_type must be 'gpt2')")
    fixed = {
        "activation_function": "gelu_new",  # our gelu_tanh
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    }
    for name, needed in fixed.items():
        if config.get(name, needed) != needed:
            raise ValueError(f"config.json: {name} is {config[name]!r}, the course's GPT has {needed!r}")
    letters = {"V": "vocab_size", "C": "n_positions", "D": "n_embd", "H": "n_head", "L": "n_layer"}
    missing = [name for name in letters.values() if name not in config]
    if missing:
        raise ValueError(f"config.json: {', '.join(missing)} missing")
    sizes = {letter: config[name] for letter, name in letters.items()}
    return sizes | {"F": config.get("n_inner"), "eps": config.get("layer_norm_epsilon", 1e-5)}


def gpt2_weights(folder):
    """The path of the one file in the folder that holds a GPT-2's parameters.

    Raises FileNotFoundError that says what lies there instead.
    """
    path = Path(folder, "model.safetensors")
    if not path.exists():
        found = sorted(
            file.name for pattern in ("*.safetensors", "*.bin") for file in path.parent.glob(pattern)
        )
        what = f"only {', '.join(found[:4])}" if found else "nor another file of weights"
        why = (
            "; a .bin is a pickle, which can run any program, and weights in several files are not read"
            if found
            else ""
        )
        raise FileNotFoundError(f"{path.parent} has no model.safetensors, {what}{why}")
    return path


def gpt2_names(tensors):
    """The same tensors under the names of the course's GPT: no "transformer." in front, no stored masks.

    >>> list(gpt2_names({"transformer.wte.weight": 1, "h.0.attn.bias": 2}))
    ['wte.weight']
    """
    names = {name: name.removeprefix("transformer.") for name in tensors}
    masks = (".attn.bias", ".attn.masked_bias")  # the triangle of ones, which older files carry along
    return {names[name]: tensor for name, tensor in tensors.items() if not name.endswith(masks)}
