"""What a call needs on both sides of the sandbox: functions that can be sent there, and telling what is unwritten.

The sandbox has this file beside the rule for answers, and NumPy alone.
"""

import dis

import numpy as np

__all__ = ["MADE", "Made", "unwritten"]

MADE = {
    "squares": lambda x, w: float((w * x * x).sum()),
    "waves": lambda x, w: float(np.sin((w * x).sum())),
    "times": lambda x, w: x * w,
    "plus": lambda x, w: x + w,
}


class Made:
    """A function that can be sent to another process: a name from a short list, and its numbers.

    squares  the sum of the squares, weighted            (an array → a number)
    waves    the sine of the weighted sum                (an array → a number)
    times    every entry times its number                (an array → an array)
    plus     every entry plus its number                 (an array → an array)

    >>> Made("squares", [1.0, 2.0])(np.array([3.0, 1.0]))
    11.0
    """

    def __init__(self, name, numbers):
        if name not in MADE:
            raise ValueError(f"Made: there is no {name!r}; choose one of {', '.join(MADE)}")
        self.name, self.numbers = name, np.array(numbers, dtype=float)

    def __call__(self, x):
        return MADE[self.name](np.asarray(x, dtype=float), self.numbers)

    def __repr__(self):
        return f"the function {self.name}"


def unwritten(error):
    """(code, whether a body stands above) of the `raise` that a NotImplementedError came from.

    None where it came from no `raise` of Python code, as from inside a library.
    """
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    raised = any(
        one.offset == trace.tb_lasti and one.opname == "RAISE_VARARGS" for one in dis.get_instructions(code)
    )
    lines = {line for _, line in dis.findlinestarts(code) if line}
    above = any(code.co_firstlineno < line < trace.tb_lineno for line in lines)
    return (code, above) if raised else None
