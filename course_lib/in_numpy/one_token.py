"""The GPT for one new token of one text: the same mathematics on vectors, about half the work around it.

A text grows token by token, and each time only the newest one passes through the model; keys and values of all before
it lie in the cache. What a forward for B texts of T tokens does to keep its arrays in shape then costs as much as the
sums themselves, so this case has a way of its own. `GPT.forward` takes it; nothing else needs to know.
"""

import math

import numpy as np

from course_lib.in_numpy.feed_forward import gelu_tanh

__all__ = ["next_logits"]


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is refused at the end
def next_logits(model, id, caches):
    """The logits (V,) after one more token. model a GPT, id its number, caches a KVCache a block, longer afterwards.

    Raises ValueError when a logit is not a finite number.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> caches = model.new_cache(B=1)
    >>> next_logits(model, 3, caches).shape, caches[0].length
    ((5,), 1)
    """
    W_E, place = model.wte.params["weight"], caches[0].length
    x = W_E[id] + model.wpe.params["weight"][place]  # (D,)
    for block, cache in zip(model.h, caches, strict=True):
        H = block.attn.H
        # (1, H, 1, K) each
        q, k, v = _linear(block.attn.c_attn, _norm(block.ln_1, x)).reshape(3, 1, H, 1, -1)
        k, v = cache.append(k, v)  # (1, H, S, K)
        weights = _softmax(q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]))  # (1, H, 1, S)
        block.attn.keep(weights)
        x = x + _linear(block.attn.c_proj, (weights @ v).ravel())  # (D,)
        x += _linear(block.mlp.c_proj, gelu_tanh(_linear(block.mlp.c_fc, _norm(block.ln_2, x))))
    logits = W_E.dot(_norm(model.ln_f, x))  # (V,)
    if not np.isfinite(logits).all():
        raise ValueError("GPT: the logits hold NaN or infinity: the parameters are too large or no numbers")
    return logits


def _linear(layer, x):
    y = x.dot(layer.params["weight"])  # (D_in,) · (D_in, D_out)
    y += layer.params["bias"]
    return y


def _norm(layer, x):
    centred = x - x.sum() / x.dtype.type(len(x))
    centred /= math.sqrt(centred.dot(centred) / len(x) + layer.eps)  # one number: no array is needed for it
    centred *= layer.params["weight"]
    centred += layer.params["bias"]
    return centred


def _softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
