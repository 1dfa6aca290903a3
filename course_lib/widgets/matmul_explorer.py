"""MatmulExplorer: an entry of a matrix product, with the row and the column it comes from."""

from traitlets import Bytes, Int, List, Unicode

from course_lib.shapes import ShapeError
from course_lib.widgets import stills
from course_lib.widgets.live import Live, as_bytes, checked_array, script

CALL = "MatmulExplorer"
MOST = 12  # rows or columns that fit on a page


class MatmulExplorer(Live):
    """Explore `a @ b`: choose an entry of the product and see its row, its column and the sum with numbers.

    a (n, m), b (m, p), at most 12 rows and columns each; names: how to call the three matrices.
    Hover or arrow keys preview, click or Enter locks, Esc unlocks. Raises ShapeError, ValueError.

    >>> MatmulExplorer([[1, 2], [3, 4]], [[5], [6]], names=("x", "W", "q"))
    Explorer of a matrix product: (2, 2) times (2, 1) gives (2, 1)
    """

    _esm = script("matmul_explorer.js")
    a, b = Bytes().tag(sync=True), Bytes().tag(sync=True)  # (n, m), (m, p)
    sizes = List(Int()).tag(sync=True)  # n, m, p
    names = List(Unicode()).tag(sync=True)
    locked = List(Int()).tag(sync=True)  # [] or [row, column] of the product

    def __init__(self, a, b, names=("A", "B", "A B")):
        a, b = checked_array(CALL, "a", a, "n m"), checked_array(CALL, "b", b, "m p")
        if a.shape[1] != b.shape[0]:
            raise ShapeError(
                f"{CALL}: a row of a has {a.shape[1]} entries but a column of b has {b.shape[0]}"
            )
        if max(*a.shape, *b.shape) > MOST:
            raise ValueError(
                f"{CALL}: {a.shape} times {b.shape}; at most {MOST} rows and columns can be shown"
            )
        if len(names) != 3:
            raise ValueError(f"{CALL}: names are for a, b and the product, got {len(names)} of them")
        sizes = [*a.shape, b.shape[1]]
        super().__init__(
            stills.product(a, b, names),
            f"Explorer of a matrix product: {a.shape} times {b.shape} gives {(len(a), b.shape[1])}",
            a=as_bytes(a), b=as_bytes(b), sizes=[int(size) for size in sizes], names=[str(n) for n in names],
        )  # fmt: skip
