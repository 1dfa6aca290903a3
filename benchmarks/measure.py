"""Timing that a busy neighbour spoils least: contestants take turns, and each round is compared with itself."""

import statistics
import time
from dataclasses import dataclass

__all__ = ["Row", "interleaved"]

# Seconds between two calls. The idle threads of one library go on looking for work for a while, and would
# slow the next library's down.
PAUSE = 0.1


def interleaved(calls, rounds, warm_up=2):
    """Seconds of every call, name → list: in each round each contestant runs once.

    calls: name → a function, or a list of functions that take turns from round to round.

    >>> [len(seconds) for seconds in interleaved({"a": int, "b": [str, list]}, rounds=3, warm_up=0).values()]
    [3, 3]
    """
    calls = {name: call if isinstance(call, list) else [call] for name, call in calls.items()}
    seconds = {name: [] for name in calls}
    for round in range(warm_up + rounds):
        for name, turns in calls.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            turns[round % len(turns)]()
            if round >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return seconds


@dataclass
class Row:
    """One line of the table: what we needed and what the peer needed for the same work, round by round.

    The ratio is theirs / ours: how many times as fast (or as small, for `unit` MB) as the peer we were.

    >>> Row("a step", "theirs", [1.0, 2.0, 4.0], [2.0, 2.0, 2.0], bar=1.0).summary()["ratio"]
    1.0
    """

    what: str
    peer: str
    ours: list
    theirs: list
    bar: float | None  # None: to compare
    unit: str = "ms"

    def summary(self):
        """The row as plain values, ready for JSON. Times in milliseconds, sizes in megabytes."""
        ratios = sorted(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))
        scale = 1000 if self.unit == "ms" else 1
        return {
            "what": self.what,
            "peer": self.peer,
            "ratio": statistics.median(ratios),
            "spread": [ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]],  # the middle half
            "bar": self.bar,
            "met": self.bar is None or statistics.median(ratios) >= self.bar,
            f"ours, {self.unit}": scale * statistics.median(self.ours),
            f"peer, {self.unit}": scale * statistics.median(self.theirs),
            "rounds": len(ratios),
        }
