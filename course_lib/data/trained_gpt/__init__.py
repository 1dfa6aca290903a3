"""One trained GPT, the same for all: its weights in float16, and the log of how they came about.

`make model` writes both files; tools/model.py says how. Whatever the course says of the trained model in words
and digits is said of this one. Nothing here needs PyTorch.
"""

import json
from importlib.resources import as_file, files

import numpy as np

from course_lib.in_both.checkpoints import read_safetensors
from course_lib.in_both.config import GPTConfig

__all__ = ["load", "log", "parameters"]

WEIGHTS, LOG = "weights.safetensors", "log.json"


def load(GPT):
    """The trained model, as an object of the class that you give: the GPT of `in_numpy.gpt` or of `in_torch.gpt`.

    Its parameters are float32 numbers that fit into float16. Its words are those of `Grammar(ENGLISH)`.

    >>> from course_lib.in_numpy.gpt import GPT
    >>> load(GPT)([[0]]).shape  # one text, one token, V scores for what comes next
    (1, 1, 98)
    """
    model, stored = GPT(GPTConfig(**log()["sizes"])), parameters()
    for name, p in model.state_dict().items():
        np.asarray(p)[...] = stored[name]  # the view of a torch tensor writes to the tensor
    return model


def parameters():
    """Every parameter of the model, dotted name → float32 array.

    >>> parameters()["h.0.attn.c_attn.weight"].shape  # (D, 3D)
    (64, 192)
    """
    with as_file(files(__name__) / WEIGHTS) as path:
        stored = read_safetensors(path)
    return {
        name: np.frombuffer(data, "<f2").astype(np.float32).reshape(shape)
        for name, (_, shape, data) in stored.items()
    }


def log():
    """How the model was made, and how good it is: a dict. Losses are in nats.

    sizes, recipe, std    of the model, of its training and of its first weights
    words                 id → word: what its tokens stand for
    text                  how many tokens it learnt from and was tested on, and the seeds of both
    made_with             versions, processor and threads: what may change the last digits
    loss                  of each step        held_out   [step, loss on the held-out text], in float64
    stored                of the weights in float16: their loss on the held-out text, and the floors there
    sentences             what it writes: seed, temperature and texts

    >>> sorted(log()["stored"])
    ['bigram', 'grammar', 'loss']
    """
    return json.loads((files(__name__) / LOG).read_text(encoding="utf-8"))
