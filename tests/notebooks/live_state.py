"""The state of live pictures in stored outputs, which nbval leaves alone since it is metadata: here it is compared.

Numbers may differ by a thousandth, of themselves or of the largest beside them, for another processor adds in another
order; whatever else differs, the lesson was changed and not executed again. `make notebooks` keeps a stored state that is
this close, so that a lesson executed elsewhere is the same file.
"""

import base64
import json

import numpy as np

from course_lib.widgets.sources import STATE
from tools.links import ROOT

CLOSE = 1e-3


def states(outputs):
    """What the outputs of a cell hold of live pictures, in their order."""
    return [output["metadata"][STATE] for output in outputs if STATE in output.get("metadata", {})]


def stored(lesson, cell):
    """The state of the live picture that a cell of a lesson stores: stored("04_attention", "live-attention")."""
    notebook = json.loads((ROOT / f"notebooks/{lesson}.ipynb").read_text(encoding="utf-8"))
    (live,) = states(next(one for one in notebook["cells"] if one["id"] == cell)["outputs"])
    return live


def apart(stored, fresh, where="state"):
    """The first place where two states are not close and how, as a sentence; None where there is none.

    >>> apart({"head": 0, "x": [1, 2.0]}, {"head": 0, "x": [1, 2.001]})
    >>> apart({"head": 0, "x": [1, 2.0]}, {"head": 0, "x": [1, 2.1]})
    'state.x: [1, 2.0] is stored, and the code gives [1, 2.1]'
    """
    if isinstance(stored, dict) and isinstance(fresh, dict):
        if stored.keys() != fresh.keys():
            return f"{where} has {', '.join(stored)} and the code gives {', '.join(fresh)}"
        return next(filter(None, (apart(stored[key], fresh[key], f"{where}.{key}") for key in stored)), None)
    if where.endswith(".float32"):
        same = close(_floats(stored), _floats(fresh))
    elif _is_numbers(stored) and _is_numbers(fresh):
        same = close(np.array(stored, dtype=float), np.array(fresh, dtype=float))
    else:
        same = stored == fresh
    return None if same else f"{where}: {_short(stored)} is stored, and the code gives {_short(fresh)}"


def close(stored, fresh):
    """Whether two arrays have one shape and differ by a thousandth at most; infinities must be equal."""
    if stored.shape != fresh.shape:
        return False
    finite = np.abs(stored[np.isfinite(stored)])
    return np.allclose(fresh, stored, rtol=CLOSE, atol=CLOSE * (finite.max() if finite.size else 1))


def keep_close_states(notebook, stored):
    """Put the stored state back into every output whose new one is close to it; changes `notebook`."""
    before = {cell["id"]: states(cell.get("outputs", [])) for cell in stored["cells"]}
    for cell in notebook["cells"]:
        old = before.get(cell["id"], [])
        new = [output for output in cell.get("outputs", []) if STATE in output.get("metadata", {})]
        if len(old) == len(new):
            for state, output in zip(old, new, strict=True):
                if apart(state, output["metadata"][STATE]) is None:
                    output["metadata"][STATE] = state
    return notebook


def _floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4").astype(float)


def _is_numbers(value):
    """A number, or a list of numbers alone, of which one at least is no whole number: those are choices and sizes."""
    numbers = value if isinstance(value, list) else [value]
    return all(isinstance(one, int | float) for one in numbers) and any(
        isinstance(one, float) for one in numbers
    )


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
