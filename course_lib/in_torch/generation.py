"""Writing with a language model: from logits to a probability for every token, to one token, to a text."""

import torch

from course_lib.in_torch.attention import softmax
from course_lib.in_torch.checks import checked_ids
from course_lib.shapes import ShapeError, list_shape

__all__ = ["generate", "next_token_probabilities", "sample"]


def next_token_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    """Softmax of the logits, after the usual three ways to keep a model from unlikely tokens.

    logits (..., V) → probabilities (..., V). In this order:
    temperature  divides the logits: below 1 sharpens, above 1 flattens.
    top_k        keeps the k most likely tokens (and ties with the k-th). Fan, Lewis & Dauphin 2018.
    top_p        keeps the fewest tokens whose probabilities reach p. Holtzman et al. 2020, eq. 2–3.
    Raises ValueError when temperature ≤ 0, top_k is not from 1 to V or top_p is not in (0, 1].

    >>> next_token_probabilities(torch.tensor([0.5, 0.3, 0.2]).log(), top_k=2)
    tensor([0.6250, 0.3750, 0.0000])
    """
    V = logits.shape[-1]
    if top_k is not None:
        if not 1 <= top_k <= V:
            raise ValueError(f"next_token_probabilities: top_k must be from 1 to V = {V}, got {top_k}")
        kth_largest = logits.topk(top_k).values[..., -1:]  # (..., 1)
        logits = logits.masked_fill(logits < kth_largest, -torch.inf)  # (..., V)
    p = softmax(logits, temperature)  # (..., V)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"next_token_probabilities: top_p must be above 0 and at most 1, got {top_p}")
    if top_p is not None and top_p < 1:
        falling, order = p.sort(dim=-1, descending=True, stable=True)  # most likely first
        reached_before = falling.cumsum(-1) - falling  # what the more likely tokens hold together
        cut = reached_before >= top_p
        cut[..., 0] = False  # the first stays, also when float32 makes 0 of a tiny top_p
        falling = falling.masked_fill(cut, 0)
        p = torch.zeros_like(p).scatter(-1, order, falling / falling.sum(-1, keepdim=True))
    return p


def sample(probabilities, generator=None):
    """Draw one token id from each row.

    probabilities (..., V), generator a torch.Generator → ids (...).

    >>> sample(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    tensor([1, 0])
    """
    V = probabilities.shape[-1]
    drawn = torch.multinomial(probabilities.reshape(-1, V), 1, generator=generator)  # (rows, 1)
    return drawn.reshape(probabilities.shape[:-1])


def generate(
    model,
    ids,
    new_tokens,
    temperature=1.0,
    top_k=None,
    top_p=None,
    greedy=False,
    generator=None,
    stop=None,
    use_cache=True,
    on_token=None,
    lengths=None,
):
    """Extend a prompt by `new_tokens` tokens, one at a time, each drawn from the model's own prediction.

    ids (T,) or (B, T) → (T + n,) or (B, T + n), the prompt included.
    greedy     takes the most likely token; otherwise one is drawn with `generator` (default: torch's own).
    stop       an id that ends a row; the call returns early once every row has met it, shorter rows filled with it.
    use_cache  keeps the keys and values of the past, so each step feeds one token; same result, much slower without.
    on_token   called with the ids (B,) of each step, to print a text while it grows.
    lengths    (B,), for prompts of unequal length, padded behind: how many ids of each row are not padding, as
               `encode_batch` gives them. Row b holds lengths[b] + n tokens, then its padding; T is the longest length.
    Raises ShapeError for lists of unequal length, ValueError for an empty prompt, when T + new_tokens exceeds the
    context C, for lengths that are not from 1 to T, and what `next_token_probabilities` raises.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_torch.gpt import GPT
    >>> generate(GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1)), [1, 2], new_tokens=3).shape
    torch.Size([5])
    """
    try:
        ids = checked_ids("generate", ids, model.config.V, model.wte.weight.device)
    except ShapeError as error:  # a sentence that ends with "pad them to one length"
        raise ShapeError(f"{error}, and give what they had as `lengths`") from None
    if ids.ndim not in (1, 2):
        raise ShapeError(f"generate: ids must be (T,) or (B, T), got shape {tuple(ids.shape)}")
    prompt = torch.atleast_2d(ids)  # (B, T)
    B, T = prompt.shape
    if prompt.numel() == 0:
        raise ValueError("generate: the prompt is empty; give at least one token id")
    lengths = _lengths(lengths, B, T, prompt.device)  # (B,)
    T = int(lengths.max())
    prompt = prompt[:, :T]
    if new_tokens < 0:
        raise ValueError(f"generate: new_tokens must be 0 or more, got {new_tokens}")
    if T + new_tokens > model.config.C:
        raise ValueError(
            f"generate: {T} prompt tokens and {new_tokens} new ones do not fit the context of C = {model.config.C}"
        )
    # A row that is padded is padded further; every other row is written over.
    text = torch.cat([prompt, prompt[:, -1:].expand(B, new_tokens)], dim=1)  # (B, T + n)
    ended = torch.zeros(B, dtype=torch.bool, device=prompt.device)
    with torch.inference_mode():  # the text, made outside, stays an ordinary tensor that can be trained on
        cache = model.new_cache(B) if use_cache else None
        ragged, writing = bool((lengths < T).any()), True
        seen = 0  # tokens whose keys and values the cache holds
        for t in range(int(lengths.min()), T + new_tokens):
            logits = model(text[:, seen:t], cache)[:, -1]  # (B, V), what follows the last token
            if greedy:
                chosen = logits.argmax(dim=-1)  # (B,)
            else:
                chosen = sample(next_token_probabilities(logits, temperature, top_k, top_p), generator)
            seen = t if use_cache else 0
            if stop is not None:
                chosen = torch.where(ended, stop, chosen)
            if ragged:
                writing = (lengths <= t) & (t < lengths + new_tokens)  # (B,), else in the prompt or past n
                chosen = torch.where(writing, chosen, text[:, t])
            if stop is not None:
                ended |= (chosen == stop) & writing
            text[:, t] = chosen
            if on_token is not None:
                on_token(text[:, t])
            if stop is not None and (ended | (lengths + new_tokens <= t + 1)).all():
                text = text[:, : t + 1]
                break
    return text if ids.ndim == 2 else text[0]


def _lengths(lengths, B, T, device):
    """How many ids of each row are its prompt, (B,); without a word all T."""
    if lengths is None:
        return torch.full((B,), T, device=device)
    list_shape("generate", "lengths", lengths)
    try:
        given = torch.atleast_1d(torch.as_tensor(lengths, device=device))
        whole = not (given.is_floating_point() or given.is_complex() or given.dtype == torch.bool)
    except (TypeError, ValueError, RuntimeError):
        whole = False
    if not whole or given.shape != (B,) or given.min() < 1 or given.max() > T:
        raise ValueError(f"generate: lengths must be {B} whole numbers from 1 to {T}, got {lengths!r:.60}")
    return given.long()
