"""The GPT for one new token of each text: the same layers, with less work around them.

A text grows token by token, and each time only the newest one passes through the model; keys and values of all before
it lie in the cache. What a forward for T tokens does to keep its tensors in shape then costs as much as the sums
themselves, so this case has a way of its own. `GPT.forward` takes it; nothing else needs to know.
"""

from torch.nn import functional

__all__ = ["next_logits"]


def next_logits(model, ids, caches):
    """The logits (B, V) after one more token of B texts. model a GPT, ids (B,), caches a KVCache a block, longer after.

    >>> import torch
    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_torch.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1))
    >>> caches = model.new_cache(B=1)
    >>> with torch.no_grad():
    ...     next_logits(model, torch.tensor([3]), caches).shape, caches[0].length
    (torch.Size([1, 5]), 1)
    """
    B, place = len(ids), caches[0].length
    x = model.wte.weight[ids] + model.wpe.weight[place]  # (B, D)
    for block, cache in zip(model.h, caches, strict=True):
        attn = block.attn
        q, k, v = attn.c_attn(block.ln_1(x)).view(B, 3, attn.H, 1, -1).unbind(dim=1)  # (B, H, 1, K) each
        k, v = cache.append(k, v)  # (B, H, S, K)
        attn.keep(q, k, v)
        output = functional.scaled_dot_product_attention(q, k, v)  # (B, H, 1, K): one query may attend to all
        x = x + attn.c_proj(output.view(B, -1))  # (B, D)
        x = x + block.mlp(block.ln_2(x))
    return model.ln_f(x) @ model.wte.weight.T
