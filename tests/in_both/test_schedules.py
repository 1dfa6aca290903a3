"""The learning rate: its values by hand, and against torch's schedulers."""

import math
from itertools import pairwise

import pytest
import torch

from course_lib.in_both.schedules import warmup_cosine


def test_the_schedule_rises_in_a_line_and_falls_in_half_a_cosine():
    rates = [warmup_cosine(step, peak=2.0, warmup=4, total=24, floor=0.2) for step in range(40)]
    assert rates[:5] == [0.5, 1.0, 1.5, 2.0, 2.0]
    assert math.isclose(rates[14], (2.0 + 0.2) / 2), "half way down"
    assert all(a > b for a, b in pairwise(rates[4:25]))
    assert rates[24:] == [0.2] * 16
    assert warmup_cosine(0, peak=1.0, warmup=0, total=1) == 1.0


def test_the_schedule_against_torchs():
    peak, warmup, total, floor = 0.3, 5, 25, 0.01
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), peak)
    rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, warmup - 1)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total - warmup, floor)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])
    for step in range(total + 1):
        assert math.isclose(
            warmup_cosine(step, peak, warmup, total, floor), schedule.get_last_lr()[0], rel_tol=1e-9
        )
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("step, warmup, total", [(0, 5, 5), (0, -1, 5), (-1, 1, 5)])
def test_the_schedule_refuses_nonsense(step, warmup, total):
    words = f"need 0 ≤ warmup < total and step ≥ 0, got step = {step}, warmup = {warmup}, total = {total}"
    with pytest.raises(ValueError, match=f"^warmup_cosine: {words}$"):
        warmup_cosine(step, 1.0, warmup, total)
