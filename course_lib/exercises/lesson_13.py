"""The exercises of lesson 13_vision: how far a convolution sees, cutting an image into patches, and what they cost."""

import numpy as np

from course_lib.in_numpy import vision

from .description import Case, Exercise, Slip
from .judge import check
from .on_paper import on_paper

# --- receptive_field


def _sees(widths, dilations, start=1, span=lambda k, d: (k - 1) * d):
    return start + sum(span(k, d) for k, d in zip(widths, dilations, strict=False))


def _strides(widths, dilations):
    seen = jump = 1
    for k, d in zip(widths, dilations, strict=False):
        jump *= d
        seen += (k - 1) * jump
    return seen


def _inputs(widths, dilations):
    """How many inputs a neuron depends on, without the gaps."""
    seen = {0}
    for k, d in zip(widths, dilations, strict=False):
        seen = {at + tap * d for at in seen for tap in range(k)}
    return len(seen)


def _draw_field(rng):
    n = int(rng.integers(0, 6))
    return rng.integers(2, 8, size=n).tolist(), rng.integers(1, 6, size=n).tolist()


receptive_field = Exercise(
    name="receptive_field",
    lesson=13,
    text="""The span that one output sees: from the first input it depends on to the last, both counted.

    widths, dilations two lists of equally many whole numbers, an entry for each convolution
    → a whole number. The taps of a window of width k with dilation d stand d apart: the gaps
    between them count as well. Without any layer an output is its input, and sees 1.
    """,
    reference=lambda widths, dilations: _sees(widths, dilations),
    cases=lambda rng: [
        Case(([3], [1]), hint="one convolution of width 3 sees 3 inputs"),
        Case(([3, 3], [1, 1]),
             hint="two convolutions of width 3: draw the triangle and count the inputs at its base"),
        Case(([6, 3, 8], [1, 1, 1]), hint="widths 6, 3 and 8 come out wrong"),
        Case(([3, 5], [2, 5]), hint="dilations: with dilation 5, the taps of a window stand 5 apart"),
        Case(([2, 7, 3], [3, 2, 6]), hint="dilations differ from layer to layer"),
        Case(([], []), hint="without any layer an output sees 1"),
    ],
    draw=_draw_field,
    slips=(
        Slip(lambda widths, dilations: _sees(widths, dilations, start=0),
             "the middle itself is missing: a layer adds to the one input you start with"),
        Slip(lambda widths, dilations: sum(widths),
             "the widths were added up, but neighbouring windows overlap"),
        Slip(lambda widths, dilations: int(np.prod(widths)),
             "the widths were multiplied, but neighbouring windows overlap"),
        Slip(lambda widths, dilations: _sees(widths, [1] * len(widths)), "the dilations have no effect"),
        Slip(_strides, "the dilations were multiplied up, as strides are: each layer has its own alone"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: k * d - 1),
             "a window of width k with dilation d spans (k − 1)·d + 1 inputs, not k·d"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: k * d),
             "a window of width k with dilation d spans (k − 1)·d + 1 inputs, and a layer adds (k − 1)·d"),
        Slip(lambda widths, dilations: _sees(widths[1:], dilations[1:], widths[0] if widths else 1),
             "the first dilation was forgotten"),
        Slip(lambda widths, dilations: _sees(widths, dilations[::-1]),
             "the dilations went to the wrong layers"),
        Slip(lambda widths, dilations: 1 + sum((k - 1) * d for k in widths for d in dilations),
             "every width met every dilation: each layer has one of each"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: k // 2 * d),
             "a window reaches to both sides: yours counts one"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: k // 2 * d * 2),
             "k // 2 on each side is right for odd widths alone: a window of width k adds (k − 1)·d"),
        Slip(lambda widths, dilations: _sees([3] * len(widths), dilations),
             "every layer was given width 3: each has its own"),
        Slip(lambda widths, dilations: 1 + sum(k - 1 for k in widths[:-1]) + (widths[-1] - 1) * max(dilations) if widths else 1,
             "only the last layer got a dilation, the largest: each has its own"),
        Slip(lambda widths, dilations: max([1, *((k - 1) * d + 1 for k, d in zip(widths, dilations, strict=False))]),
             "that is the widest single layer: all layers add up"),
        Slip(lambda widths, dilations: _inputs(widths, dilations),
             "those are the inputs that count: the gaps between the taps belong to the span too"),
        Slip(lambda widths, dilations: _sees(widths, dilations) + len(widths),
             "each layer adds (k − 1)·d, and yours one more"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: (k + 1) * d),
             "a layer adds (k − 1)·d, not (k + 1)·d"),
        Slip(lambda widths, dilations: _sees(widths, dilations, span=lambda k, d: (k - 1) * (d - 1)),
             "a layer adds (k − 1)·d: with dilation 1 the taps stand side by side, 1 apart"),
    ),
    minutes=10,
    optional=True,
)  # fmt: skip


# --- patches


def _patches(image, P):
    return vision.split_patches(image[None, :, :, None], P)[0]


def _draw_patches(rng):
    P, a, b = rng.choice([1, 2, 3, 5], size=3, replace=False).tolist()
    return rng.normal(size=(P * a, P * b)), P


patches = Exercise(
    name="patches",
    lesson=13,
    text="""An image as square patches: a row for each patch, in reading order.

    image (h, w), P a side that divides both → (h/P · w/P, P²). A row holds the P² pixels of its
    patch, in reading order too: row by row, from left to right.
    """,
    reference=lambda image, P: _patches(image, P),
    cases=lambda rng: [
        Case((np.arange(24.0).reshape(4, 6), 2),
             hint="compare patch 0 of arange(24).reshape(4, 6) with what you cut by hand"),
        Case((rng.normal(size=(15, 6)), 3), hint="the patches are 3 × 3"),
        Case((rng.normal(size=(10, 15)), 5), hint="the patches are 5 × 5"),
        Case((rng.normal(size=(3, 8)), 1), hint="a patch may be one pixel"),
    ],
    draw=_draw_patches,
    slips=(
        Slip(lambda image, P: image.reshape(-1, P * P),
             "each row holds pixels that follow each other in the file, not a square"),
        Slip(lambda image, P: _patches(image.T, P),
             "rows and columns are swapped, of the patches and inside them"),
        Slip(lambda image, P: _turned(image, P, 1),
             "the patches are listed column by column: read them like a text, row by row"),
        Slip(lambda image, P: _turned(image, P, 2),
             "the pixels inside each patch are turned: read them row by row"),
        Slip(lambda image, P: _patches(image, P)[::-1], "the patches are listed backwards"),
        Slip(lambda image, P: _patches(image, P)[:, ::-1], "the pixels inside each patch are backwards"),
        Slip(lambda image, P: image.reshape(image.shape[0] // P, P, -1, P).swapaxes(1, 2),
             "the patches stand in a grid: make one list of them, each a row of P² pixels"),
        Slip(lambda image, P: _patches(image, P).reshape(-1, P, P),
             "each patch is a square still: make a row of its P² pixels"),
        Slip(lambda image, P: _patches(image, P).T, "a patch is a row: the answer is turned"),
        Slip(lambda image, P: _patches(image, P).mean(axis=1), "each patch was averaged: keep its pixels"),
        Slip(lambda image, P: np.array([image[i : i + P, j : j + P].ravel() for i in range(len(image) - P + 1) for j in range(image.shape[1] - P + 1)]),
             "the patches overlap: the next one begins P pixels further"),
        Slip(lambda image, P: _patches(image, P).reshape(image.shape[0] // P, image.shape[1] // P, -1),
             "the patches stand in a grid: make one list of them"),
    ),
    minutes=15,
    optional=True,
)  # fmt: skip


def _turned(image, P, how):
    cut = image.reshape(image.shape[0] // P, P, -1, P)  # (h/P, P, w/P, P)
    order = {1: (2, 0, 1, 3), 2: (0, 2, 3, 1)}[how]
    return cut.transpose(order).reshape(-1, P * P)


EXERCISES = (receptive_field, patches)
check_receptive_field, check_patches = map(check, EXERCISES)


# --- on paper: the scores of a picture of the reader's own


def _tokens(height, width, P):
    return height // P * (width // P)


def _no_such_patches(height, width, P):
    if not all(isinstance(side, int) and side > 0 for side in (height, width, P)):
        return "height, width and P are whole numbers of pixels"
    if height % P or width % P:
        return f"P must divide both sides: {height} × {width} pixels cannot be cut into squares of {P} × {P}"
    return None if _tokens(height, width, P) > 1 else "that is a single patch: take a smaller P"


check_scores_on_paper = on_paper(
    "the number of scores of one head",
    lambda height, width, P: _tokens(height, width, P) ** 2,
    example=(12, 20, 4),
    decimals=0,
    refuse=_no_such_patches,
    slips={
        "that is how many tokens there are, and each has a score with each": _tokens,
        "every pixel was a token: a patch has P · P of them": lambda height, width, P: (height * width) ** 2,
        "the pixels were divided by P once: a patch is P high and P wide":
            lambda height, width, P: (height * width // P) ** 2,
        "each pair was counted once: t has a score with s, and s one with t": lambda height, width, P: (
            (n := _tokens(height, width, P)) * (n - 1) // 2),
        "a token has a score with itself too": lambda height, width, P: (n := _tokens(height, width, P)) * (n - 1),
        "rows and columns of patches multiply to the number of tokens, they do not add":
            lambda height, width, P: (height // P + width // P) ** 2,
    },
    step=lambda height, width, P: f"{width // P} patches stand side by side",
)  # fmt: skip
