"""How the learning rate changes from step to step."""

import math

__all__ = ["warmup_cosine"]


def warmup_cosine(step, peak, warmup, total, floor=0.0):
    """Learning rate at `step` (from 0): a straight rise to `peak`, then half a cosine down to `floor`.

    Rises over `warmup` steps, reaches `floor` at step `total` and stays there. Loshchilov & Hutter 2017, eq. 5.
    Raises ValueError unless 0 ≤ warmup < total and step ≥ 0.

    >>> [warmup_cosine(step, peak=1.0, warmup=2, total=6) for step in (0, 1, 2, 4, 6)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    if not 0 <= warmup < total or step < 0:
        raise ValueError(
            f"warmup_cosine: need 0 ≤ warmup < total and step ≥ 0, got step = {step}, warmup = {warmup}, total = {total}"
        )
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min((step - warmup) / (total - warmup), 1.0)  # 0 at the peak, 1 at the end
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2
