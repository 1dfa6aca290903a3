"""The axis letters of the course, and the check that says in plain words when two shapes do not fit.

A pattern names the axes of an array from left to right: "T K" is one sequence, "... T K" is any
number of sequences (batch, heads, …) stacked in front. The same letter must have the same size
in every array of one call, and "..." must stand for the same axes.
"""

from functools import lru_cache

__all__ = ["AXES", "ShapeError", "check_shapes", "list_shape"]

AXES = {
    "B": "batch",
    "T": "tokens (queries)",
    "S": "tokens (keys)",
    "D": "model width",
    "H": "heads",
    "K": "width of one head",
    "F": "hidden width",
    "V": "vocabulary",
    "C": "context length",
}

_WORDS = {"B": "batch size", "T": "length", "S": "length", "C": "length", "H": "head count", "V": "size"}


class ShapeError(ValueError):
    """Arrays whose shapes do not fit together, or do not fit the function they were given to."""


def check_shapes(call, **arrays):
    """Hold the shapes of one call against their patterns and return the size of every axis.

    `call` is the name that errors begin with; every other argument is `name=(array, pattern)`, where
    array is anything with a `.shape`. Returns a dict: axis name → size, and "..." → the leading sizes.
    Raises ShapeError that names both arrays, the axis, what was expected and what was given.

    >>> class Array: shape = (2, 5, 4)
    >>> check_shapes("attention", q=(Array, "... T K"))
    {'...': (2,), 'T': 5, 'K': 4}
    """
    try:
        shapes = tuple([(name, pattern, array.shape) for name, (array, pattern) in arrays.items()])
    except AttributeError:
        name, array, pattern = next((n, a, p) for n, (a, p) in arrays.items() if not hasattr(a, "shape"))
        axes = _tuple(pattern.split())
        raise ShapeError(
            f"{call}: {name} is a {type(array).__name__}, not an array with axes {axes}"
        ) from None
    return dict(_sizes(call, shapes))


@lru_cache(maxsize=4096)  # a model asks the same again and again
def _sizes(call, arrays):
    """The sizes that `check_shapes` returns, from (name, pattern, shape) of every array."""
    arrays = [(name, pattern, tuple(shape)) for name, pattern, shape in arrays]  # torch has a type of its own
    sizes, first_seen = {}, {}
    for name, pattern, shape in arrays:
        axes = pattern.split()
        stacked = axes[0] == "..."
        n_leading = len(shape) - len(axes) + 1 if stacked else 0
        if n_leading < 0 or (not stacked and len(shape) != len(axes)):
            needed = f"at least {len(axes) - 1}" if stacked else len(axes)
            raise ShapeError(
                f"{call}: {name} has {len(shape)} axes {shape} but needs {needed}: {_tuple(axes)}"
            )
        if stacked:
            shape = (shape[:n_leading], *shape[n_leading:])  # one entry for all that "..." stands for
        for axis, size in zip(axes, shape, strict=True):
            if axis not in sizes:
                sizes[axis], first_seen[axis] = size, name
            elif sizes[axis] != size:
                raise ShapeError(_mismatch(call, arrays, axis, first_seen[axis], sizes[axis], name, size))
    return sizes


def list_shape(call, name, rows):
    """The shape that lists inside lists would have as an array; anything without a length has shape ().

    Raises ShapeError that gives the lengths when the lists are ragged.

    >>> list_shape("lookup", "ids", [[5, 1, 2], [0, 3, 3]])
    (2, 3)
    """
    if not isinstance(rows, (list, tuple)):
        return tuple(getattr(rows, "shape", ()))
    shapes = [list_shape(call, name, row) for row in rows]
    if len(set(shapes)) > 1:
        lengths = ", ".join("no list" if not shape else " × ".join(map(str, shape)) for shape in shapes)
        raise ShapeError(
            f"{call}: the lists in {name} have unequal lengths ({lengths}); pad them to one length"
        )
    return (len(rows), *(shapes[0] if shapes else ()))


def _mismatch(call, arrays, axis, first, first_size, second, second_size):
    expected = ", ".join(f"{name} {_tuple(pattern.split())}" for name, pattern, _ in arrays)
    got = ", ".join(f"{name} {shape}" for name, _, shape in arrays)
    word = "leading axes" if axis == "..." else _WORDS.get(axis, "width")
    must = "the same" if axis == "..." else axis + (f" ({AXES[axis]})" if axis in AXES else "")
    return (
        f"{call}: {first} has {word} {first_size} but {second} has {word} {second_size}; both must be {must}. "
        f"Expected {expected}; got {got}"
    )


def _tuple(axes):
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
