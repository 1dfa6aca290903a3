"""A sentence for every exception that a beginner's function raises, with the shapes in the course's letters.

`explain` takes what is left of an exception when it comes from another process too: its kind and its words.

Long because each kind of exception has its sentence, and they are tried in one order.
"""

import re

from .compare import spell

__all__ = ["explain"]

KEEPDIMS = "a sum, mean or max has lost its axis there: keepdims=True keeps it, with size 1, and x[..., None] adds one"


def explain(kind, words, letters, given=(), call=""):
    """One sentence that says what an exception means, without a full stop.

    kind, words  the name of the exception's class, and its text.
    letters      size → letter of an axis, for the call that failed.
    given        names of a dict's entries, for a KeyError. call: "attention(q, k, v)", as the check calls it.

    >>> explain("ValueError", "operands could not be broadcast together with shapes (2,3) (2,) ", {2: "T", 3: "D"})
    '(T, D) = (2, 3) and (T,) = (2,) do not fit entry by entry: a sum, mean or max has lost its axis there: keepdims=True keeps it, with size 1, and x[..., None] adds one'
    """
    words = " ".join(words.split())
    if (
        "Tensor" in words
        and "ndarray" in words
        or words.startswith("expected Tensor")
        or "must be Tensor" in words
    ):
        return f"{kind}: {words} (the check gives NumPy arrays: torch.from_numpy makes tensors of them)"
    for pattern, say in RULES:
        if (found := re.search(pattern, words)) is not None:
            return say(found, letters)
    if kind == "KeyError":
        names = ", ".join(map(str, given))
        return f"there is no {words} in the dict{names and '; the one that is given has '}{names}"
    if kind == "NameError":
        # Imported here, since its descriptions import the judge, which imports this module.
        from .catalogue import EXERCISES

        name = words.partition("'")[2].partition("'")[0]
        lent = f" (in a lesson mine.{name} is at hand)" if name in EXERCISES else ""
        return f"{words}: run the cell that defines it, or is it spelled otherwise{lent}"
    if kind == "TypeError" and "argument" in words and call:
        return f"{words}; the check calls {call}"
    if kind == "RecursionError":
        return "your function calls itself without end"
    if kind == "ZeroDivisionError":
        return "a number was divided by 0"
    if kind == "MemoryError":
        return "more memory was asked for than there is: is a size far too large"
    if kind == "UnicodeEncodeError":
        return f"{words}: this encoding lacks the character, and text.encode() without a name is UTF-8, which has all"
    if kind == "UnicodeDecodeError":
        return f'{words}: these bytes are no whole text, and bytes.decode("utf-8", errors="replace") shows them as one'
    return f"{kind}: {words}" if words else kind


def _shapes(words):
    return [tuple(int(n) for n in re.findall(r"\d+", shape)) for shape in re.findall(r"\(([\d, ]*)\)", words)]


def _broadcast(found, letters):
    shapes = _shapes(found.group(1))
    if len(shapes) > 2:  # in-place, or np.where: the two that do not fit
        shapes = [one for one in shapes if one] or shapes
    a, b = (*shapes[:2], (), ())[:2]
    said = f"{spell(a, letters)} and {spell(b, letters)} do not fit entry by entry"
    if len(a) != len(b):
        long, short = (a, b) if len(a) > len(b) else (b, a)
        if short and short == long[: len(short)] or short == long[-1 - len(short) : -1]:
            return f"{said}: {KEEPDIMS}"
        if len(short) == 1 and short[0] in long:
            return f"{said}: {KEEPDIMS}"
    if len(a) == len(b) == 2 and a[1] == b[0] == b[1]:
        return (
            f"{said}: the rows are not equally many, so cut as many out of one as the other has; "
            "or, if the matrix product is meant, it is @ and not *"
        )
    if len(a) == len(b) == 2 and a[1] == b[0]:
        return f"{said}: if the matrix product is meant, it is @ and not *"
    if len(a) == len(b) >= 2 and a[-2:] == b[:-3:-1]:
        return f"{said}: is a transpose (.T) missing, or one too many"
    if len(a) == len(b) >= 2 and a[-1] == b[-1] and len(a) == 2:
        return (
            f"{said}: the rows are not equally many, so cut as many out of one as the other has; "
            "or, if every row of one belongs with every row of the other, that is a matrix product with .T"
        )
    return f"{said}: sizes must be equal, or one of them 1, axis by axis from the end"


def _product(found, letters):
    right, left = int(found.group(1)), int(found.group(2))
    return _inner(left, right, letters)


def _inner(left, right, letters):
    left, right = (f"{n} ({letters[n]})" if n in letters else str(n) for n in (left, right))
    return (
        f"a matrix product does not fit: rows of {left} numbers meet columns of {right}, and the two must be equal: "
        "is a .T missing, is the order of the two turned round, or were rows cut where columns are meant"
    )


def _too_few(found, letters):
    return (
        "a matrix product met a single number, a function or None where an array belongs: "
        "was a function not called, or does a helper lack its return"
    )


RULES = [
    (r"ufunc 'bitwise_xor' not supported|unsupported operand type\(s\) for \^",
     lambda *_: "^ is no power in Python: x**3 is"),
    (r"object too deep for desired array",
     lambda *_: "a function for a single row, as np.searchsorted or np.bincount, got an array with more axes"),
    (
        r"indexing arrays could not be broadcast together with shapes (.*)",
        lambda found, letters: f"the arrays used as indices do not fit together, "
        f"{' and '.join(spell(one, letters) for one in _shapes(found.group(1)))}: "
        "np.take_along_axis picks along the last axis, whatever stands in front",
    ),
    (r"array is not broadcastable to correct shape",
     lambda *_: "what is to be added at these places has another shape than the places: take every size from the arrays themselves"),
    (r"unexpected keyword argument '(dim|keepdim)'",
     lambda *_: "NumPy says axis and keepdims where PyTorch says dim and keepdim"),
    (r"ufunc '\w+' did not contain a loop with signature matching types.*(?:StrDType|<U)",
     lambda *_: "a text stands where numbers belong: to walk through a dict gives its names, and p[name] is the array"),
    (r"output has more dimensions than subscripts given in einstein sum",
     lambda *_: "einsum does not add up the axes under ...: they stand in the answer too, so bring x into two axes first, "
                "x.reshape(-1, x.shape[-1])"),
    (r"operands could not be broadcast together with (?:remapped )?shapes (.*)", _broadcast),
    (r"shape mismatch: objects cannot be broadcast to a single shape\.? *(.*)", _broadcast),
    (r"matmul.*\(size (\d+) is different from (\d+)\)", _product),
    (r"shapes \(.*\) and \(.*\) not aligned: (\d+) \(dim \d+\) != (\d+)",
     lambda found, letters: _inner(int(found.group(1)), int(found.group(2)), letters)),
    (r"matmul: Input operand \d does not have enough dimensions", _too_few),
    (r"truth value of an array with more than one element is ambiguous",
     lambda *_: "if, while, and, or, not, max() and min() want one True or False, and an array holds many: "
                "np.where, np.maximum or a mask decide entry by entry"),
    (r"only (?:0-dimensional|length-1|size-1) arrays can be converted",
     lambda *_: "a function of `math`, or float(), takes one number and got an array: "
                "np.exp, np.log, np.sqrt, np.tanh take arrays"),
    (r"must be real number, not (?:list|ndarray|tuple)",
     lambda *_: "a function of `math` takes one number and got many: np.exp, np.log, np.sqrt, np.tanh take arrays"),
    (r"only integer scalar arrays can be converted to a scalar index",
     lambda *_: "an array stands where one whole number belongs, an axis, a size or an end of a slice: "
                "x[places] takes many rows at once, np.maximum(0, z) compares, and np.max(0, z) takes z for an axis"),
    (r"Cannot cast ufunc .* from dtype\('float\d+'\) to dtype\('u?int\d+'\)",
     lambda *_: "floats cannot be added in place to an array of whole numbers: make it one of floats (dtype=float)"),
    (r"inhomogeneous|setting an array element with a sequence",
     lambda *_: "parts of different sizes were put into one array: rows of unequal lengths, or something that is "
                "several things, as the pair that attention returns"),
    (r"'(?:numpy\.)?(?:float\d*)' object cannot be interpreted as an integer|slice indices must be integers|must be integers or slices, not float|only integers, slices",
     lambda *_: "a size or an index must be a whole number, and / gives a float: // gives a whole number"),
    (r"arrays used as indices must be of integer|must be an integer array",
     lambda *_: "an array of floats cannot be an index: ids and positions are whole numbers"),
    (r"[Aa]xis (-?\d+) is out of bounds for array of dimension (\d+)",
     lambda found, _: f"there is no axis {found.group(1)} in an array with {found.group(2)} axes: count from the end, "
                      "axis=-1 is the last of any array"),
    (r"axes don't match array|axes don't match",
     lambda *_: "transpose was given another number of axes than the array has: swapaxes(-1, -2) needs no count"),
    (r"cannot reshape array of size (\d+) into shape \(?([\d, ]+)\)?",
     lambda found, letters: f"{found.group(1)} numbers do not fill the shape "
                            f"{spell(tuple(map(int, re.findall(r'[0-9]+', found.group(2)))), letters)}: "
                            "take every size from the arrays themselves"),
    (r"view size is not compatible", lambda *_: "torch's view needs the numbers in order: reshape does without"),
    (r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
     lambda found, letters: f"entry {found.group(1)} was asked for, and axis {found.group(2)} has {found.group(3)} "
                            f"{'(' + letters[int(found.group(3))] + ') ' if int(found.group(3)) in letters else ''}"
                            "entries, counted from 0"),
    (r"(list|tuple|string) index out of range",
     lambda found, _: f"an entry beyond the end of a {found.group(1)} was asked for: its last index is its length − 1"),
    (r"(?:pop from empty list|(?:max|min)\(\)? .*empty sequence|(?:max|min)\(\) (?:arg|iterable).*empty)",
     lambda *_: "something empty was asked for its largest, smallest or last: what is right for an empty list"),
    (r"zero-size array to reduction operation",
     lambda *_: "the largest or smallest of an empty array was asked for: a slice has cut everything away"),
    (r"boolean index did not match .*axis (\d+); size of axis is (\d+) but size of .*is (\d+)",
     lambda found, _: f"a mask of {found.group(3)} entries picks along an axis of {found.group(2)}: "
                      "np.where(mask, …, …) fits it to the array"),
    (r"could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))",
     lambda found, letters: f"an array of shape {spell(_shapes(found.group(1))[0], letters)} does not fit into the place of "
                            f"shape {spell(_shapes(found.group(2))[0], letters)}"),
    (r"too many indices for array: array is (\d+)-dimensional, but (\d+) were indexed",
     lambda found, _: f"{found.group(2)} indices were given for an array with {found.group(1)} axes: "
                      "has an axis been lost, by a sum, or by taking one row"),
    (r"(?:too many|not enough) values to unpack",
     lambda *_: "names on the left and things on the right are not equally many: an array may have axes in front, "
                "and x.shape[-1] takes one size from the end"),
    (r"'(?:Made|function|builtin_function_or_method|method)'|not '?Made'?",
     lambda *_: "a function stands where a value belongs: call it, as in norm(x)"),
    (r"all the input array dimensions except for the concatenation axis must match",
     lambda *_: "arrays that are put together must have equal sizes along all axes but one"),
    (r"array split does not result in an equal division",
     lambda *_: "np.split was asked for parts of unequal size: is the axis right"),
    (r"invalid index to scalar variable",
     lambda *_: "a single number was indexed like an array: has an axis been lost"),
    (r"bytes must be in range\(0, 256\)",
     lambda *_: "bytes() takes numbers up to 255, and a new id is 256 or more: it stands for the bytes of its pair"),
    (r"'(?:numpy\.)?(int|float)\d*' object is not (?:subscriptable|iterable)|cannot unpack non-iterable (int|float)|type '(int|float)' has no len",
     lambda *_: "a single number was taken apart like a list: is one level of brackets, or .items(), missing"),
    (r"unhashable type: '(\w+)'",
     lambda found, _: f"a {found.group(1)} cannot be the key of a dict: a pair is a tuple, (left, right)"),
    (r"'(?:numpy\.)?(list|tuple|int|float|str|NoneType|dict|ndarray)' object has no attribute '(\w+)'",
     lambda found, _: f"{_a(found.group(1))} has no .{found.group(2)}" + (
         ": a helper that lacks its return gives None" if found.group(1) == "NoneType" else
         ": np.array(…) makes an array of it" if found.group(1) == "list" else
         ": who returns two things gives a tuple, so take one of them, output, weights = … or […][0]"
         if found.group(1) == "tuple" else
         ", as PyTorch's tensors may have: the check gives NumPy arrays" if found.group(1) == "ndarray" else "")),
    (r"'NoneType'", lambda *_: "None stands where a value belongs: is it the default of an argument, does a helper lack its return, or was append taken for the list"),
    (r"can't multiply sequence by non-int|unsupported operand type\(s\) for .*'(?:list|tuple)'",
     lambda *_: "lists do not calculate: np.array(…) makes an array, which does"),
    (r"'(?:numpy\.)?ndarray' object is not callable",
     lambda *_: "an array was called like a function: is an operator missing in front of a bracket, as in a(b + c)"),
    (r"'(\w+)' object is not callable",
     lambda found, _: f"{_a(found.group(1))} was called like a function: is an operator missing in front of a bracket"
                      + (", or is it x.size(-1), which is x.shape[-1] in NumPy" if found.group(1) == "int" else "")),
    (r"einstein sum subscripts string (?:contains too many|.*has too many) subscripts|operand has more dimensions than subscripts",
     lambda *_: "the letters of einsum and the axes of its arrays are not equally many: ... stands for axes in front"),
    (r"index of a negative|negative dimensions are not allowed",
     lambda *_: "an array of negative size was asked for"),
    (r"dictionary changed size during iteration",
     lambda *_: "a dict must not change while you walk through it: list(d.items()) makes a copy to walk through"),
]  # fmt: skip


def _a(name):
    names = {
        "int": "a number",
        "ndarray": "an array",
        "float": "a number",
        "str": "a text",
        "NoneType": "None",
        "builtin_function_or_method": "a function",
    }
    return names.get(name, f"{'an' if name[0] in 'aeiou' else 'a'} {name}")
