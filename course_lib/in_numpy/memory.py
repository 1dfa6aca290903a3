"""Keep big arrays' memory for the next big array, instead of giving it back to the system each time.

A training step makes and drops the same large arrays again and again. On Linux the C library hands
each of them back to the system, and the system then delivers the next one page by page, all zeroed: for plain
NumPy that costs as much as the mathematics. No result changes; only the time does.
"""

import ctypes
import sys

__all__ = ["reuse_freed_memory"]

# From glibc's malloc.h: M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD, see `man mallopt`.
_SETTINGS = {-1: 2**31 - 1, -2: 2**26, -3: 2**30}  # never trim the heap · grow by 64 MB · map only above 1 GB


def reuse_freed_memory():
    """Ask the C library to keep freed memory for this process. True where it did, False where it cannot.

    Call it once, before training with NumPy. Works with glibc (most of Linux); elsewhere nothing happens.
    The process then keeps its largest size until it ends.

    >>> reuse_freed_memory() in (True, False)
    True
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(what, value) == 1 for what, value in _SETTINGS.items())
