"""The exercises of lesson 06_layer_norm: layer norm, and where it stands.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_numpy import normalization

from .description import Case, Exercise, Made, Slip, sizes
from .judge import check
from .on_paper import on_paper

# --- layer_norm


def _norm(x, weight, bias, eps=1e-5, axis=-1, mean=np.mean, spread=np.mean, inside=True, root=np.sqrt):
    centred = x - mean(x, axis=axis, keepdims=True)
    variance = spread(centred * centred, axis=axis, keepdims=True)
    scale = root(variance + eps) if inside else root(variance) + eps
    return weight * centred / scale + bias


def _unbiased(x, axis, keepdims):
    return x.sum(axis=axis, keepdims=keepdims) / (x.shape[axis] - 1)


def _one_row_free(call, arguments):
    """Changing one row must not move another."""
    x, *others = arguments
    if x.ndim < 2 or len(x) < 2:
        return None
    other = x.copy()
    other[0] += np.arange(x.shape[-1]) ** 2
    before, after = np.asarray(call(x, *others)), np.asarray(call(other, *others))
    if before.shape == after.shape == x.shape and not np.allclose(before[1:], after[1:]):
        return "a change of one row moves another: each row has its own mean and its own variance, axis=-1"
    return None


def _draw_norm(rng):
    B, T, D = sizes(rng, 3)
    shape = [(T, D), (B, T, D)][rng.integers(2)]
    x = rng.normal(size=shape) * rng.uniform(0.2, 5, size=(*shape[:-1], 1)) + 1
    return x, rng.normal(size=D), rng.normal(size=D), float(rng.choice([1e-5, 0.1, 1.0]))


def _norm_cases(rng):
    def case(*shape, eps=(), hint=""):
        scale = np.geomspace(0.3, 5, shape[-2])[:, None] if len(shape) > 1 else 1.0
        return Case(
            (
                rng.normal(size=shape) * scale + 1,
                rng.normal(size=shape[-1]),
                rng.normal(size=shape[-1]),
                *eps,
            ),
            hint=hint,
        )

    return [
        Case(
            (np.array([[1.0, 5.0, 3.0], [2.0, 2.0, 8.0]]), np.ones(3), np.zeros(3)),
            hint="eps need not be given, and is 1e-5",
        ),
        case(2, 5, eps=(1e-5,), hint="weight and bias are not 1 and 0"),
        case(3, 7, eps=(0.5,), hint="eps is 0.5: it is added to the variance"),
        case(2, 5, 3, eps=(0.01,), hint="x comes as a batch, (B, T, D)"),
        case(6, eps=(1e-5,), hint="x may be a single row, (D,)"),
    ]


_CONSTANT = "a row of equal numbers becomes bias"

layer_norm = Exercise(
    name="layer_norm",
    lesson=6,
    text="""Every row brought to mean 0 and variance 1, then scaled by weight and shifted by bias.

    x (..., D), weight (D,), bias (D,), eps a number, 1e-5 unless given → (..., D).
    (x − mean) / √(variance + eps) · weight + bias: each row has its own mean and variance, and
    the variance is the mean of the squared differences from the mean, over D.
    Because of eps, a row of equal numbers becomes bias. x itself stays as it is.
    """,
    reference=lambda x, weight, bias, eps=1e-5: normalization.layer_norm(x, weight, bias, eps),
    cases=lambda rng: [*_norm_cases(rng), Case((np.array([[2.0, 2.0, 2.0], [1.0, 0.0, 5.0]]), np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, -1.0])), needs=_CONSTANT)],
    draw=_draw_norm,
    axes=("... D", "D", "D", ""),
    properties=(_one_row_free,),
    slips=(
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, axis=0),
             "each column was normalised: take mean and variance along the row, axis=-1"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, axis=None),
             "the whole array shares one mean and one variance: each row has its own"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, spread=_unbiased),
             "the variance was divided by D − 1: it is the mean of the squares, over D"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, spread=np.sum),
             "the squares were added up: the variance is their mean"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, root=lambda v: v),
             "the variance itself divides: take its root"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, root=lambda v: v / 2),
             "(…) ** 1/2 means (…) / 2: brackets are missing, or np.sqrt"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, inside=False),
             "eps was added after the root: it stands under it"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, 0.0), "eps is missing"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, 1e-5),
             "eps is given: yours is always 1e-5"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, bias, weight, eps),
             "weight and bias have changed places"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, 1.0, 0.0, eps), "weight and bias have no effect"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, 0.0, eps), "bias has no effect"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, 1.0, bias, eps), "weight has no effect"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (_norm(x, 1.0, 0.0, eps) + bias),
             "bias was multiplied by weight: it is added last"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) + bias,
             "the mean was not subtracted"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * x / np.sqrt(x.var(-1, keepdims=True) + eps) + bias,
             "the mean was not subtracted from x before dividing"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1, keepdims=True)) + bias,
             "nothing was divided: each row comes to variance 1"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, mean=np.median),
             "the median was subtracted: it is the mean"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (x - (m := x.mean(-1, keepdims=True))) / (abs(x - m).mean(-1, keepdims=True) + eps) + bias,
             "the mean of the absolute differences divides: take the root of the mean of the squares"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1, keepdims=True)) / (np.ptp(x, axis=-1, keepdims=True) / 2 + eps) + bias,
             "half the range divides: take the root of the mean of the squares"),
        Slip(lambda x, weight, bias, eps=1e-5: np.where(np.isnan(y := _norm(x, weight, bias, 0.0)), 0, y),
             "eps is missing"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps, axis=1),
             "axis=1 runs along a row only while x has two axes: axis=-1 always does"),
        Slip(lambda x, weight, bias, eps=1e-5: np.array([(row - row.mean()) / np.sqrt(row.var() + eps) * weight + bias for row in x]),
             "a loop over x gives the rows of a text, but the texts of a batch: work along the last axis, axis=-1"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1, keepdims=True)) / np.sqrt((x * x).mean(-1, keepdims=True) + eps) + bias,
             "the squares are those of x: the variance takes the squares of what is left once the mean is out"),
        Slip(lambda x, weight, bias, eps=1e-5: weight * (x - x.mean(-1, keepdims=True) + bias) / np.sqrt(x.var(-1, keepdims=True) + eps),
             "bias was divided and scaled too: it is added last"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, 1.0, 0.0, eps) + weight * bias,
             "weight multiplies the bias: it multiplies the normalised row"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(weight * x + bias, 1.0, 0.0, eps),
             "weight and bias came first: normalise, then scale and shift"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, weight, bias, eps * eps), "eps was squared: it is added as it is"),
        Slip(lambda x, weight, bias, eps=1e-5: _norm(x, 1.0, 0.0, eps) / weight + bias, "weight divides: it multiplies"),
    ),
    minutes=15,
)  # fmt: skip


# --- pre_norm


def _draw_pre_norm(rng):
    T, D = sizes(rng, 2)
    return rng.normal(size=(T, D)), Made("plus", rng.normal(size=D)), Made("times", rng.normal(size=D))


pre_norm = Exercise(
    name="pre_norm",
    lesson=6,
    text="""The residual step of GPT-2: x plus what the sublayer makes of the normalised x.

    x (..., D) → (..., D). norm and sublayer are functions, (..., D) → (..., D): call them.
    """,
    reference=lambda x, norm, sublayer: x + sublayer(norm(x)),
    cases=lambda rng: [
        Case((np.array([[1.0, 2.0, 3.0]]), Made("plus", [1.0, 0.5, 2.0]), Made("times", [3.0, 5.0, -1.0]))),
        Case((rng.normal(size=(5, 3)), Made("times", rng.normal(size=3)), Made("plus", rng.normal(size=3)))),
        Case((rng.normal(size=(2, 5, 3)), Made("plus", rng.normal(size=3)), Made("times", rng.normal(size=3)))),
    ],
    draw=_draw_pre_norm,
    axes=("... D", "", ""),
    slips=(
        Slip(lambda x, norm, sublayer: norm(x + sublayer(x)),
             "that is post-norm: the norm stands before the sublayer, inside the branch"),
        Slip(lambda x, norm, sublayer: sublayer(norm(x)), "x is not added: the residual sum is missing"),
        Slip(lambda x, norm, sublayer: x + sublayer(x), "the norm has no effect: the sublayer gets norm(x)"),
        Slip(lambda x, norm, sublayer: norm(x) + sublayer(norm(x)),
             "norm(x) was added: x itself is, so that it can pass unchanged"),
        Slip(lambda x, norm, sublayer: norm(x) + sublayer(x),
             "the norm stands on the direct way: it belongs before the sublayer"),
        Slip(lambda x, norm, sublayer: x + norm(sublayer(x)),
             "the norm stands behind the sublayer: it stands before it"),
        Slip(lambda x, norm, sublayer: norm(x + sublayer(norm(x))), "there is a second norm, over the sum"),
        Slip(lambda x, norm, sublayer: x + norm(x), "the sublayer is missing"),
        Slip(lambda x, norm, sublayer: x * sublayer(norm(x)), "x was multiplied: add"),
        Slip(lambda x, norm, sublayer: x - sublayer(norm(x)), "the sublayer was subtracted: add"),
        Slip(lambda x, norm, sublayer: sublayer(norm(x) + x),
             "the sum was given to the sublayer: it gets norm(x), and x is added afterwards"),
        Slip(lambda x, norm, sublayer: x + norm(x) + sublayer(norm(x)), "norm(x) was added as well: the sum has two terms"),
        Slip(lambda x, norm, sublayer: norm(sublayer(x)), "x is not added, and the norm stands behind the sublayer"),
        Slip(lambda x, norm, sublayer: x + sublayer(norm(norm(x))), "the norm was taken twice"),
        Slip(lambda x, norm, sublayer: 2 * x + sublayer(norm(x)), "x was added twice"),
        Slip(lambda x, norm, sublayer: x + norm(sublayer(norm(x))), "there is a second norm, behind the sublayer"),
    ),
    minutes=5,
)  # fmt: skip


# --- rms_norm


def _rms(x, weight, eps=1e-5, axis=-1, mean=np.mean, inside=True, root=np.sqrt):
    square = mean(x * x, axis=axis, keepdims=True)
    return weight * x / (root(square + eps) if inside else root(square) + eps)


def _draw_rms(rng):
    x, weight, _, eps = _draw_norm(rng)
    return x, weight, eps


rms_norm = Exercise(
    name="rms_norm",
    lesson=6,
    text="""Every row divided by its root mean square, then scaled by weight. No mean is subtracted.

    x (..., D), weight (D,), eps a number, 1e-5 unless given → (..., D).
    x / √(mean of x² + eps) · weight: the mean of the squares of each row, over D.
    """,
    reference=lambda x, weight, eps=1e-5: normalization.rms_norm(x, weight, eps),
    cases=lambda rng: [Case((c.arguments[0], c.arguments[1], *c.arguments[3:]), hint=c.hint.replace("weight and bias are not 1 and 0", "weight is not 1")) for c in _norm_cases(rng)]
    + [Case((np.array([[0.001, -0.002, 0.0005]]), np.ones(3)), hint="x is as small as the root of eps, which is 1e-5 unless given")],
    draw=_draw_rms,
    axes=("... D", "D", ""),
    properties=(_one_row_free,),
    slips=(
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, axis=0),
             "each column was normalised: take the mean along the row, axis=-1"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, axis=None),
             "the whole array shares one mean square: each row has its own"),
        Slip(lambda x, weight, eps=1e-5: normalization.layer_norm(x, weight, 0 * weight, eps),
             "the mean was taken out, as in layer norm: RMS norm subtracts none"),
        Slip(lambda x, weight, eps=1e-5: weight * x / np.sqrt(x.var(-1, keepdims=True) + eps),
             "the variance divides: take the mean of the squares of x itself"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, mean=np.sum),
             "the squares were added up: take their mean"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, root=lambda v: v),
             "the mean square itself divides: take its root"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, root=lambda v: v / 2),
             "(…) ** 1/2 means (…) / 2: brackets are missing, or np.sqrt"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, inside=False),
             "eps was added after the root: it stands under it"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, 0.0), "eps is missing"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight), "eps is given: yours is always 1e-5"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, 1.0, eps), "weight has no effect"),
        Slip(lambda x, weight, eps=1e-5: weight + _rms(x, 1.0, eps), "weight was added: it multiplies"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, 1.0, eps) / weight, "weight divides: it multiplies"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, axis=1),
             "axis=1 runs along a row only while x has two axes: axis=-1 always does"),
        Slip(lambda x, weight, eps=1e-5: weight * x / np.sqrt(x.mean(-1, keepdims=True) ** 2 + eps),
             "the mean was squared: square first, then take the mean"),
        Slip(lambda x, weight, eps=1e-5: _rms(x, weight, eps, root=lambda v: 1 / np.sqrt(v)), "the root multiplies: divide by it"),
        Slip(lambda x, weight, eps=1e-5: weight * x / np.linalg.norm(x, axis=-1, keepdims=True),
             "the length of the row divides: of the squares take the mean, not the sum, and add eps"),
        Slip(lambda x, weight, eps=1e-5: weight * x / (abs(x).mean(-1, keepdims=True) + eps),
             "the mean of the absolute values divides: take the root of the mean of the squares"),
        Slip(lambda x, weight, eps=1e-5: weight * x / abs(x).mean(-1, keepdims=True),
             "the mean of the absolute values divides: take the root of the mean of the squares, and add eps"),
    ),
    minutes=10,
    optional=True,
)  # fmt: skip

EXERCISES = (layer_norm, pre_norm, rms_norm)
check_layer_norm, check_pre_norm, check_rms_norm = map(check, EXERCISES)

# --- on paper


def _normalized(x, **change):
    return _norm(x, 1, 0, eps=0, **change)


check_row_on_paper = on_paper(
    "your normalised row",
    _normalized,
    ([2, 0, 1, 7],),
    decimals=2,
    refuse=lambda x: None if np.ptp(x) > 0 else "your entries are all equal: their standard deviation is 0",
    slips={
        "those are the deviations: divide them by the standard deviation": lambda x: x - x.mean(),
        "the mean was not subtracted": lambda x: x / x.std(),
        "the deviations were divided by the variance: its root is the standard deviation":
            lambda x: _normalized(x, root=lambda v: v),
        "the squares were divided by 3: the variance is their mean over all 4 entries":
            lambda x: _normalized(x, spread=_unbiased),
        "the mean size of the deviations was divided out: square them, take the mean, and then the root":
            lambda x: (x - x.mean()) / abs(x - x.mean()).mean(),
        "the squares were added up without dividing by 4": lambda x: _normalized(x, spread=np.sum),
        "the variance was taken of the row as it was: square the deviations":
            lambda x: (x - x.mean()) / np.sqrt((x * x).mean()),
        "the middle of the entries was subtracted in place of their mean":
            lambda x: _normalized(x, mean=np.median),
    },
    step=lambda x: f"the mean is {x.mean():g}, and the squares of the deviations add up to {((x - x.mean()) ** 2).sum():g}",
)  # fmt: skip
