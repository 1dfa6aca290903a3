"""PositionExplorer: the table of sines, one of its waves, a pair that turns, and dot products against distance."""

import numpy as np
from traitlets import Bool, Bytes, Int, List, Unicode

from course_lib.shapes import ShapeError
from course_lib.widgets import stills
from course_lib.widgets.live import Live, as_bytes, checked_array, script

CALL = "PositionExplorer"
BASES = [10, 100, 1000, 10000, 100000, 1000000]


class PositionExplorer(Live):
    """Explore C positions of D features: sinusoidal table, the turn of one pair, similarity against distance.

    base: one of 10, 100, … 1,000,000.   learned: a table (C, D) of your own, drawn beside the other two schemes, and
    `name`, what it is called: a table that was never trained is not learned.
    q, k: the vectors (D,) that RoPE turns, all ones unless given.  C from 8 to 400, D even, from 2 to 128.
    Raises ShapeError and ValueError.

    >>> PositionExplorer(64, 16)
    Explorer of 64 positions with 16 features
    """

    _esm = script("position_explorer.js")
    sizes = List(Int()).tag(sync=True)  # C, D
    learned, q, k = (Bytes().tag(sync=True) for _ in range(3))  # (C, D) or empty, (D,), (D,)
    has_learned, name = Bool().tag(sync=True), Unicode().tag(sync=True)
    base, position, pair = (Int().tag(sync=True) for _ in range(3))  # base: the place in BASES

    def __init__(self, C=100, D=32, base=10000, learned=None, q=None, k=None, name="your table"):
        if not (8 <= C <= 400 and 2 <= D <= 128 and D % 2 == 0):
            raise ValueError(f"{CALL}: C = {C} must be from 8 to 400, D = {D} even and from 2 to 128")
        if base not in BASES:
            raise ValueError(
                f"{CALL}: base {base} is not a stop of the slider ({', '.join(map(str, BASES))})"
            )
        q = checked_array(CALL, "q", np.ones(D) if q is None else q, "D")
        k = checked_array(CALL, "k", np.ones(D) if k is None else k, "D")
        if len(q) != D or len(k) != D:
            raise ShapeError(f"{CALL}: q has width {len(q)} and k has width {len(k)}; both must be D = {D}")
        if learned is not None and checked_array(CALL, "learned", learned, "C D").shape != (C, D):
            raise ShapeError(f"{CALL}: learned has shape {np.shape(learned)}, expected (C, D) = ({C}, {D})")
        angles = np.arange(C)[:, None] / base ** (np.arange(0, D, 2) / D)  # (C, D/2)
        table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(C, D)
        cosines, sines = np.cos(angles), np.sin(angles)
        along = q[::2] * k[::2] + q[1::2] * k[1::2]  # (D/2,)
        across = q[::2] * k[1::2] - q[1::2] * k[::2]
        turned = (cosines @ along) + sines @ across  # (C,)
        distances = {"sinusoidal": table @ table[0], "RoPE": turned}
        if learned is not None:
            distances[name] = np.asarray(learned) @ np.asarray(learned)[0]
        at, pair = min(10, C - 1), min(2, D // 2 - 1)
        super().__init__(
            stills.positions(table, at, pair, {name: dots / (dots[0] or 1) for name, dots in distances.items()}),
            f"Explorer of {C} positions with {D} features",
            sizes=[int(C), int(D)], learned=as_bytes([] if learned is None else learned), q=as_bytes(q), k=as_bytes(k),
            has_learned=learned is not None, name=str(name), base=BASES.index(base), position=at, pair=pair,
        )  # fmt: skip
