"""Which head looks where: a number instead of an impression. Takes a GPT of either framework."""

import numpy as np

__all__ = ["clearest_head", "mean_weights"]


def mean_weights(model, ids, looks_from, looks_at):
    """How much each head gives, on average over the texts, to one token when it stands at another: (L, H).

    ids (B, T); looks_from, looks_at (B,): in each text the position that looks and the one looked at.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=3))
    >>> mean_weights(model, np.array([[1, 2, 3]]), [0], [0])     # the first token can look at itself alone
    array([[1., 1.],
           [1., 1.],
           [1., 1.]])
    """
    model(ids)
    rows = np.arange(len(ids))
    # (B, H) each
    weights = [np.asarray(block.attn.weights)[rows, :, looks_from, looks_at] for block in model.h]
    return np.stack([each.mean(axis=0) for each in weights]).astype(float)


def clearest_head(model, ids, looks_from, looks_at, kinds):
    """The head that gives most to the token asked for in texts of one kind: ((block, head), kind, mean weight).

    kinds (B,): a label for each text. One kind is enough: a head that knows it knows the others by its absence.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> model = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=3))
    >>> clearest_head(model, np.array([[1, 2], [1, 3]]), [0, 1], [0, 0], ["sure", "shared"])
    ((0, 0), 'sure', 1.0)
    """
    kinds, looks_from, looks_at = np.asarray(kinds), np.asarray(looks_from), np.asarray(looks_at)
    found = []
    for kind in np.unique(kinds):
        of_it = kinds == kind
        weights = mean_weights(model, ids[of_it], looks_from[of_it], looks_at[of_it])  # (L, H)
        block, head = np.unravel_index(weights.argmax(), weights.shape)
        found.append(((int(block), int(head)), str(kind), float(weights[block, head])))
    return max(found, key=lambda one: one[-1])
