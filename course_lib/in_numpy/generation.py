"""Writing with a language model: from logits to a probability for every token, to one token, to a text."""

import numpy as np

from course_lib.in_numpy.attention import softmax
from course_lib.in_numpy.checks import checked_ids
from course_lib.shapes import ShapeError, list_shape

__all__ = ["generate", "next_token_probabilities", "sample"]


def next_token_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    """Softmax of the logits, after the usual three ways to keep a model from unlikely tokens.

    logits (..., V) → probabilities (..., V). In this order:
    temperature  divides the logits: below 1 sharpens, above 1 flattens.
    top_k        keeps the k most likely tokens (and ties with the k-th). Fan, Lewis & Dauphin 2018.
    top_p        keeps the fewest tokens whose probabilities reach p. Holtzman et al. 2020, eq. 2–3.
    Raises ValueError when temperature ≤ 0, top_k is not from 1 to V or top_p is not in (0, 1].

    >>> next_token_probabilities(np.log(np.array([0.5, 0.3, 0.2])), top_k=2)
    array([0.625, 0.375, 0.   ])
    """
    V = logits.shape[-1]
    if top_k is not None:
        if not 1 <= top_k <= V:
            raise ValueError(f"next_token_probabilities: top_k must be from 1 to V = {V}, got {top_k}")
        kth_largest = np.partition(logits, V - top_k, axis=-1)[..., V - top_k, None]  # (..., 1)
        logits = np.where(logits >= kth_largest, logits, -np.inf)  # (..., V)
    p = softmax(logits, temperature)  # (..., V)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"next_token_probabilities: top_p must be above 0 and at most 1, got {top_p}")
    if top_p is not None and top_p < 1:
        order = np.argsort(-p, axis=-1, kind="stable")  # most likely first
        falling = np.take_along_axis(p, order, axis=-1)  # (..., V)
        reached_before = np.cumsum(falling, axis=-1) - falling  # what the more likely tokens hold together
        kept = reached_before < top_p
        kept[..., 0] = True  # the first stays, also when float32 makes 0 of a tiny top_p
        falling = np.where(kept, falling, 0)
        np.put_along_axis(p, order, falling / falling.sum(axis=-1, keepdims=True), axis=-1)
    return p


def sample(probabilities, rng):
    """Draw one token id from each row: the first whose cumulative probability passes a uniform number.

    probabilities (..., V), rng a NumPy Generator → ids (...).

    >>> sample(np.array([[0.0, 1.0], [1.0, 0.0]]), np.random.default_rng(0))
    array([1, 0])
    """
    cumulative = np.cumsum(probabilities, axis=-1, dtype=float)  # (..., V), rising to 1
    u = rng.random(cumulative.shape[:-1])[..., None] * cumulative[..., -1:]  # (..., 1)
    return (cumulative > u).argmax(axis=-1)


def generate(
    model,
    ids,
    new_tokens,
    temperature=1.0,
    top_k=None,
    top_p=None,
    greedy=False,
    rng=None,
    stop=None,
    use_cache=True,
    on_token=None,
    lengths=None,
):
    """Extend a prompt by `new_tokens` tokens, one at a time, each drawn from the model's own prediction.

    ids (T,) or (B, T) → (T + n,) or (B, T + n), the prompt included.
    greedy     takes the most likely token; otherwise one is drawn with `rng` (default: a new one, so each call differs).
    stop       an id that ends a row; the call returns early once every row has met it, shorter rows filled with it.
    use_cache  keeps the keys and values of the past, so each step feeds one token; same result, much slower without.
    on_token   called with the ids (B,) of each step, to print a text while it grows.
    lengths    (B,), for prompts of unequal length, padded behind: how many ids of each row are not padding, as
               `encode_batch` gives them. Row b holds lengths[b] + n tokens, then its padding; T is the longest length.
    Raises ShapeError for lists of unequal length, ValueError for an empty prompt, when T + new_tokens exceeds the
    context C, for lengths that are not from 1 to T, and what `next_token_probabilities` raises.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> generate(GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1)), [1, 2], new_tokens=3).shape
    (5,)
    """
    try:
        ids = checked_ids("generate", ids, model.config.V).astype(int)
    except ShapeError as error:  # a sentence that ends with "pad them to one length"
        raise ShapeError(f"{error}, and give what they had as `lengths`") from None
    if ids.ndim not in (1, 2):
        raise ShapeError(f"generate: ids must be (T,) or (B, T), got shape {ids.shape}")
    prompt = np.atleast_2d(ids)  # (B, T)
    B, T = prompt.shape
    if prompt.size == 0:
        raise ValueError("generate: the prompt is empty; give at least one token id")
    lengths = _lengths(lengths, B, T)  # (B,)
    T = int(lengths.max())
    prompt = prompt[:, :T]
    if new_tokens < 0:
        raise ValueError(f"generate: new_tokens must be 0 or more, got {new_tokens}")
    if T + new_tokens > model.config.C:
        raise ValueError(
            f"generate: {T} prompt tokens and {new_tokens} new ones do not fit the context of C = {model.config.C}"
        )
    rng = np.random.default_rng() if rng is None else rng
    # A row that is padded is padded further; every other row is written over.
    text = np.concatenate([prompt, np.repeat(prompt[:, -1:], new_tokens, axis=1)], axis=1)  # (B, T + n)
    ended = np.zeros(B, bool)
    cache = model.new_cache(B) if use_cache else None
    seen = 0  # tokens whose keys and values the cache holds
    for t in range(lengths.min(), T + new_tokens):
        logits = model(text[:, seen:t], cache)[:, -1]  # (B, V), what follows the last token
        if greedy:
            chosen = logits.argmax(axis=-1)  # (B,)
        else:
            chosen = sample(next_token_probabilities(logits, temperature, top_k, top_p), rng)
        seen = t if use_cache else 0
        writing = (lengths <= t) & (t < lengths + new_tokens)  # (B,), else in the prompt or past n
        if stop is not None:
            chosen = np.where(ended, stop, chosen)
            ended |= writing & (chosen == stop)
        text[:, t] = chosen = np.where(writing, chosen, text[:, t])
        if on_token is not None:
            on_token(chosen)
        if stop is not None and (ended | (lengths + new_tokens <= t + 1)).all():
            text = text[:, : t + 1]
            break
    return text if ids.ndim == 2 else text[0]


def _lengths(lengths, B, T):
    """How many ids of each row are its prompt, (B,); without a word all T."""
    if lengths is None:
        return np.full(B, T)
    list_shape("generate", "lengths", lengths)
    given = np.atleast_1d(lengths)
    if given.shape != (B,) or given.dtype.kind not in "iu" or given.min() < 1 or given.max() > T:
        raise ValueError(f"generate: lengths must be {B} whole numbers from 1 to {T}, got {lengths!r:.60}")
    return given.astype(int)
