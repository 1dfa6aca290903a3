"""What must hold for attention whatever its weights, as checks of a function of NumPy arrays.

Each takes the function to hold to it, so the same check judges NumPy, torch and the broken twins of
`tests/parity/test_meta.py`. Each also makes sure that it could have failed.
"""

import numpy as np

SAME = {"rtol": 1e-12, "atol": 0}


def check_future_is_hidden(layer, x, rng):
    """Changing token t changes the outputs from t on, and no bit of those before it. x (..., T, D)."""
    before = layer(x)
    for t in range(1, x.shape[-2]):
        changed = x.copy()
        changed[..., t:, :] += rng.normal(size=changed[..., t:, :].shape)
        after = layer(changed)
        np.testing.assert_array_equal(after[..., :t, :], before[..., :t, :], err_msg=f"token {t} leaks")
        moved = np.abs(after[..., t, :] - before[..., t, :]).max()
        assert moved > 1e-6, f"token {t} does not even change its own output"


def check_order_is_lost(layer, x, rng):
    """Without positions, attention to all is permutation-equivariant: shuffled tokens, shuffled outputs."""
    order = np.roll(np.arange(x.shape[-2]), 1)
    before, after = layer(x), layer(x[..., order, :])
    assert np.abs(before - before[..., order, :]).max() > 1e-6, "all tokens look alike: nothing to shuffle"
    np.testing.assert_allclose(after, before[..., order, :], rtol=1e-10, atol=1e-13)


def check_padding_is_irrelevant(layer, x, lengths, rng):
    """What stands behind the end of a text does not change the outputs within it. layer(x, lengths), x (B, T, D)."""
    before = layer(x, lengths)
    padding = np.arange(x.shape[1]) >= np.asarray(lengths)[:, None]  # (B, T)
    assert padding.any() and not padding.all(), "needs padding and tokens"
    changed = x.copy()
    changed[padding] = 100 * rng.normal(size=changed[padding].shape)
    after = layer(changed, lengths)
    np.testing.assert_allclose(after[~padding], before[~padding], err_msg="padding leaks", **SAME)


def check_scores_depend_on_offset(rotate, q, k, far=50, rotate_key=None):
    """RoPE: moving query and key by one and the same distance leaves their score; moving one alone does not."""

    def score(t, s):
        return float((rotate(q[None], [t]) @ (rotate_key or rotate)(k[None], [s]).T)[0, 0])

    for t, s in [(3, 0), (0, 3), (7, 6)]:
        assert abs(score(t, s) - score(t + far, s + far)) < 1e-9 * np.linalg.norm(q) * np.linalg.norm(k)
    assert abs(score(3, 0) - score(0, 3)) > 1e-6, "the score does not notice who comes first"
    assert abs(score(3, 0) - score(5, 0)) > 1e-6, "the score does not notice the distance"


def check_length_is_kept(rotate, x):
    """A rotation changes the direction of a vector and not its length."""
    np.testing.assert_allclose(np.linalg.norm(rotate(x), axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-12)
    assert np.abs(rotate(x) - x).max() > 1e-6, "nothing was rotated"


def check_cached_equals_uncached(layer, new_cache, x):
    """Tokens fed one by one, or in two lots, with a cache give what one pass over all gives. x (B, T, D)."""
    T = x.shape[-2]
    expected = layer(x)
    assert np.abs(expected[..., 1:, :] - expected[..., :1, :]).max() > 1e-6, (
        "all outputs alike: nothing to compare"
    )
    for lots in ([1] * T, [T - 1, 1], [1, T - 1]):
        cache, outputs, start = new_cache(), [], 0
        for n in lots:
            outputs.append(layer(x[..., start : start + n, :], cache=cache))
            start += n
        np.testing.assert_allclose(np.concatenate(outputs, axis=-2), expected, rtol=1e-10, atol=1e-12)
