"""The exercises of lesson 08_loss_and_gradient_descent: nudging, the loss, its gradient, AdamW.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import math

import numpy as np

from course_lib.in_both import schedules
from course_lib.in_numpy import losses, optim

from .answers import numbers_of, single
from .description import Case, Exercise, Made, Slip, sizes
from .judge import check
from .on_paper import on_paper

# --- numeric_gradient


def _nudged(f, x, h=1e-5, above=1, below=1, divide=2, keep=True):
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] = old + above * h
        up = f(x)
        x[place] = old - below * h
        out[place] = (up - f(x)) / (divide * h)
        if keep:
            x[place] = old
    return out


def _near(answer, right):
    """A difference quotient has its own error: 6 digits of the largest slope."""
    array, right = numbers_of(answer), np.asarray(right)
    if array is None or array.dtype.kind not in "iuf" or array.shape != right.shape:
        return False
    close = np.allclose(array, right, rtol=1e-6, atol=2e-7 * max(1.0, np.abs(right).max(initial=0)))
    return bool(close) and not single(array, right)


def _draw_numeric(rng):
    shape = sizes(rng, int(rng.integers(1, 4)), high=5)
    return Made(rng.choice(["squares", "waves"]), rng.normal(size=shape) * 3), rng.normal(size=shape)


numeric_gradient = Exercise(
    name="numeric_gradient",
    lesson=8,
    text="""The gradient of any function by nudging: how fast f grows when one entry of x grows.

    f a function (an array → a number), x an array of any shape, h the nudge, 1e-5 unless given
    → an array in the shape of x. For each entry: f with this entry raised by h, minus f with
    it lowered by h, over 2h. All other entries stay as they are, and so does x itself.
    """,
    reference=lambda f, x, h=1e-5: _nudged(f, x, h),
    cases=lambda rng: [
        Case((Made("squares", [1.0, 2.0]), np.array([3.0, 5.0]))),
        Case((Made("waves", [2.0, -3.0, 1.5]), np.array([0.3, 0.2, -1.0]), 1e-5)),
        Case((Made("waves", rng.normal(size=(2, 3)) * 3), rng.normal(size=(2, 3))),
             hint="x may have two axes"),
        Case((Made("squares", rng.normal(size=(2, 5, 3)) * 30), rng.normal(size=(2, 5, 3))),
             hint="x may have three axes"),
        Case((Made("waves", rng.normal(size=(3, 2)) * 3), rng.normal(size=(3, 2)), 0.25),
             hint="h is given, and large: 0.25"),
    ],
    draw=_draw_numeric,
    same=_near,
    axes=("", "", ""),
    slips=(
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, below=0, divide=1),
             "only one side was nudged, which is off by about h: take f(x + h) − f(x − h), over 2h"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, above=0, divide=1),
             "only one side was nudged, which is off by about h: take f(x + h) − f(x − h), over 2h"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, divide=1),
             "the two sides lie 2h apart: yours was divided by h"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, divide=1) * h,
             "nothing was divided: the difference over 2h is the slope"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, divide=1) * h * h / 2,
             "(…) / 2 * h multiplies by h: brackets are missing, / (2 * h)"),
        Slip(lambda f, x, h=1e-5: -_nudged(f, x, h),
             "the sign is turned round: the nudge upwards comes first"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, keep=False),
             "an entry was not put back after its nudge: all others stay as they are"),
        Slip(lambda f, x, h=1e-5: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h)),
             "all entries were nudged at once: one after the other"),
        Slip(lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * h),
             "all entries were nudged at once, which gives one number: nudge one after the other"),
        Slip(lambda f, x, h=1e-5: np.zeros(x.shape),
             "your gradient is 0 everywhere, so f has seen no nudge, or the same array twice: a = x is another name for "
             "one array, x.copy() makes a second, and x.flatten() is a copy already"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x), "h has no effect: it is given"),
        Slip(lambda f, x, h=1e-5: _nudged(f, x, h, below=0, divide=2),
             "only one side was nudged, and 2h divides"),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- cross_entropy


def _softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _picked(x, targets):
    return np.take_along_axis(x, np.asarray(targets)[..., None], axis=-1)[..., 0]


def _log_softmax(z, by=lambda z: z.max(axis=-1, keepdims=True)):
    z = z - by(z)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _loss(logits, targets, log_p=_log_softmax, total=np.mean):
    return total(-_picked(log_p(logits), targets))


def _draw_loss(rng):
    V, T, B = sizes(rng, 3)
    shape = [(T,), (B, T)][rng.integers(2)]
    logits = rng.normal(size=(*shape, V)) * 3 + rng.choice([0.0, 900.0], size=(*shape, 1))
    return logits, rng.integers(0, V, size=shape)


def _loss_cases(rng):
    p = np.array([[0.1, 0.2, 0.7]])
    return [
        Case((np.log(p), np.array([0])), hint="one prediction: −ln 0.1 is 2.303"),
        Case(
            (np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]]), np.array([2, 1])),
            hint="the loss is the mean over all predictions",
        ),
        Case((rng.normal(size=(5, 3)) * 2, np.array([1, 0, 2, 2, 1]))),
        Case(
            (rng.normal(size=(2, 5, 7)) * 2, rng.integers(0, 7, size=(2, 5))),
            hint="logits come as a batch, (B, T, V)",
        ),
    ]


_LOGITS = "logits up to ±3000, in each row at a level of its own"


def _far_logits():
    rows = [
        (np.array([[0.0, 2000.0, 0.0]]), np.array([1])),
        (np.array([[0.0, 2000.0, 5.0]]), np.array([2])),
        (np.array([[1000.0, 1002.0, 999.0], [-3000.0, -3001.0, -3000.5]]), np.array([0, 2])),
        (np.array([[3000.0, 2900.0, 0.0], [2.0, 1.0, 0.0]]), np.array([0, 1])),
        (np.array([[0.0, -800.0, -850.0]]), np.array([0])),  # here only 0 · ln 0 is no number
    ]
    return [Case(one, needs=_LOGITS) for one in rows]


cross_entropy = Exercise(
    name="cross_entropy",
    lesson=8,
    text="""The loss in nats: −ln of the right token's probability, on average over all predictions.

    logits (..., V), targets (...) ids of the right tokens → a number.
    The probabilities are the softmax of the logits. It holds for logits up to ±3000, in each
    row at a level of its own. A probability that is 0 by rounding has no logarithm: take
    log softmax = logit − ln Σ exp(logits), and not the logarithm of a softmax.
    """,
    reference=lambda logits, targets: losses.cross_entropy(logits, targets),
    cases=lambda rng: [*_loss_cases(rng), *_far_logits()],
    draw=_draw_loss,
    axes=("... V", "..."),
    slips=(
        Slip(lambda logits, targets: _loss(logits, targets, total=np.sum),
             "the losses were added up: take their mean"),
        Slip(lambda logits, targets: _loss(logits, targets, total=lambda x: x),
             "each prediction has its own loss: return the mean of all"),
        Slip(lambda logits, targets: -_loss(logits, targets), "the sign is missing: a loss is −ln p"),
        Slip(lambda logits, targets: _loss(logits, targets) / np.log(2),
             "those are bits, from log2: nats come from np.log"),
        Slip(lambda logits, targets: _loss(logits, targets) / np.log(10),
             "that is log10: np.log is the natural one"),
        Slip(lambda logits, targets: -_log_softmax(logits)[..., targets].mean(),
             "p[..., targets] takes the columns of all targets in every row: each row has its own target"),
        Slip(lambda logits, targets: -_log_softmax(logits).mean(),
             "all tokens count: the target says which one does"),
        Slip(lambda logits, targets: _loss(logits, logits.argmax(-1)),
             "that is the loss of the most likely token: the target says which one counts"),
        Slip(lambda logits, targets: _loss(logits, np.asarray(targets) - 1),
             "ids were counted from 1: id 0 is the first column"),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(_softmax(z, axis=0))),
             "the softmax runs down the columns: each row is one prediction"),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(np.exp(z) / np.exp(z).sum())),
             "the whole array shares one sum: each row has its own"),
        Slip(lambda logits, targets: -_picked(logits, targets).mean(),
             "the logit itself was taken: its softmax comes first"),
        Slip(lambda logits, targets: _loss(logits, targets, _softmax), "the logarithm is missing"),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: -_softmax(z)),
             "the logarithm is missing"),
        Slip(lambda logits, targets: 1 - _picked(_softmax(logits), targets).mean(),
             "1 − p is no surprise: take −ln p"),
        Slip(lambda logits, targets: np.exp(_loss(logits, targets)),
             "that is the perplexity: the loss is its logarithm"),
        Slip(lambda logits, targets: -np.log(_picked(_softmax(logits), targets).mean()),
             "the probabilities were averaged before the logarithm: average the losses"),
        Slip(lambda logits, targets: _loss(logits, targets, total=np.sum) / np.size(logits),
             "the sum was divided by all entries of the logits: divide by the number of predictions"),
        Slip(lambda logits, targets: _loss(logits, targets, total=np.sum) / len(logits),
             "the sum was divided by the number of texts: divide by the number of all predictions"),
        Slip(lambda logits, targets: np.square(_softmax(logits) - np.eye(logits.shape[-1])[targets]).mean(),
             "those are squared errors: the loss is −ln p"),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(_softmax(z))),
             "a small probability has become 0 before its logarithm: use logit − ln Σ "
             "exp(logits), after subtracting the largest", needs=_LOGITS),
        Slip(lambda logits, targets: -(_hot(logits, targets) * np.log(_softmax(logits))).sum(axis=-1).mean(),
             "a probability that has become 0 meets a 0 of the one-hot row, and 0 · ln 0 is no number: take the "
             "right token's logit − ln Σ exp(logits) alone", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(_softmax(z) + 1e-9)),
             "a small number in the logarithm hides that the probability has become 0: use "
             "logit − ln Σ exp(logits)", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(_softmax(z) + 1e-300)),
             "a small number in the logarithm hides that the probability has become 0: use "
             "logit − ln Σ exp(logits)", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(np.maximum(_softmax(z), 1e-15))),
             "a probability kept above a smallest number hides that it has become 0: use "
             "logit − ln Σ exp(logits)", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: np.log(np.exp(z) / np.exp(z).sum(-1, keepdims=True))),
             "large logits overflow: subtract each row's largest, and use logit − ln Σ "
             "exp(logits)", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: _log_softmax(z, lambda z: 0.0)),
             "large logits overflow: subtract each row's largest, and use logit − ln Σ "
             "exp(logits)", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: _log_softmax(z, lambda z: z.max())),
             "the largest logit of the whole array was subtracted, and a row far below it "
             "has the logarithm of 0: each row has its own", needs=_LOGITS),
        Slip(lambda logits, targets: _loss(logits, targets, lambda z: _log_softmax(z, lambda z: z.mean(axis=-1, keepdims=True))),
             "each row's mean was subtracted, and a logit far above it still overflows: "
             "subtract the largest", needs=_LOGITS),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- cross_entropy_backward


def _hot(logits, targets):
    return np.eye(logits.shape[-1])[np.asarray(targets)]


def _grad(logits, targets, p=_softmax, hot=_hot, n=lambda logits, targets: np.size(targets)):
    return (p(logits) - hot(logits, targets)) / n(logits, targets)


def _draw_loss_backward(rng):
    logits, targets = _draw_loss(rng)
    return logits - logits.max(axis=-1, keepdims=True), targets  # protection is not asked for here


cross_entropy_backward = Exercise(
    name="cross_entropy_backward",
    lesson=8,
    text="""The gradient of the mean loss with respect to the logits.

    logits (..., V), targets (...) ids of the right tokens → (..., V).
    For every prediction: its probabilities, minus 1 at the right token, all divided by
    the number of predictions.
    """,
    reference=lambda logits, targets: losses.cross_entropy_backward(logits, targets),
    cases=_loss_cases,
    draw=_draw_loss_backward,
    axes=("... V", "..."),
    slips=(
        Slip(lambda logits, targets: -_grad(logits, targets),
             "the sign is turned round: a step against this gradient would raise the loss"),
        Slip(lambda logits, targets: _grad(logits, targets, n=lambda *_: 1),
             "the loss is a mean, so each gradient is divided by the number of predictions"),
        Slip(lambda logits, targets: _grad(logits, targets, n=lambda logits, targets: len(logits)),
             "it was divided by the number of texts: divide by the number of all predictions"),
        Slip(lambda logits, targets: _grad(logits, targets, n=lambda logits, targets: logits.size),
             "it was divided by all entries of the logits: divide by the number of predictions"),
        Slip(lambda logits, targets: _grad(logits, targets, n=lambda logits, targets: logits.shape[-1]),
             "it was divided by V: divide by the number of predictions"),
        Slip(lambda logits, targets: _softmax(logits) / np.size(targets),
             "the 1 of the right token is not subtracted"),
        Slip(lambda logits, targets: _softmax(logits),
             "the 1 of the right token is not subtracted, and nothing is divided by the number of "
             "predictions"),
        Slip(lambda logits, targets: _grad(logits, targets, p=lambda z: z),
             "the logits were used as they are: their softmax comes first"),
        Slip(lambda logits, targets: _grad(logits, targets, p=lambda z: np.exp(z)),
             "the exponentials are not divided by their sum"),
        Slip(lambda logits, targets: _grad(logits, targets, p=lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
             "the softmax runs down the columns: each row is one prediction"),
        Slip(lambda logits, targets: _grad(logits, targets, p=lambda z: np.exp(z) / np.exp(z).sum()),
             "the whole array shares one sum: each row has its own"),
        Slip(lambda logits, targets: -_hot(logits, targets) / _softmax(logits) / np.size(targets),
             "that is the gradient for the probabilities: the logits lie before the softmax"),
        Slip(lambda logits, targets: _grad(logits, np.asarray(targets) - 1),
             "ids were counted from 1: id 0 is the first column"),
        Slip(lambda logits, targets: _grad(logits, logits.argmax(-1)),
             "the 1 is subtracted at the most likely token: the target says where"),
        Slip(lambda logits, targets: _grad(logits, targets, p=lambda z: np.log(_softmax(z))),
             "the logarithm of the softmax stands there: take the probabilities"),
        Slip(lambda logits, targets: _softmax(logits) - targets,
             "the ids themselves were subtracted: a 1 is subtracted, in the column of the id"),
        Slip(lambda logits, targets: _hot(logits, targets) * _grad(logits, targets),
             "only the right token has a gradient: all others have one too"),
        Slip(lambda logits, targets: (_softmax(logits) - 1) / np.size(targets),
             "1 was subtracted from every probability: it is subtracted at the right token alone"),
        Slip(lambda logits, targets: (_softmax(logits) - np.isin(np.arange(logits.shape[-1]), targets)) / np.size(targets),
             "p[..., targets] takes the columns of all targets in every row: each row has its own target"),
        Slip(lambda logits, targets: _softmax(logits) / np.size(targets) - _hot(logits, targets),
             "the 1 was subtracted after dividing: divide the difference"),
        Slip(lambda logits, targets: _softmax(logits) - _hot(logits, targets) / np.size(targets),
             "brackets are missing: the whole difference is divided"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- adamw_step


def _adamw(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01, *, new=True, first=True, second=True, square=True, root=np.sqrt,
           inside=False, sign=-1, decayed="w", power=True, mix=False, kept="raw"):  # fmt: skip
    g = grad + decay * w if decayed == "gradient" else grad
    m2 = ((1 - beta1) * m + beta1 * g) if mix else (beta1 * m + (1 - beta1) * g)
    v2 = ((1 - beta2) * v + beta2 * g * g) if mix else beta2 * v + (1 - beta2) * (g * g if square else g)
    a, b = (m2, v2) if new else (m, v)
    mh = a / (1 - beta1 ** (t if power else 1)) if first else a
    vh = b / (1 - beta2 ** (t if power else 1)) if second else b
    step = mh / (root(vh + eps) if inside else root(vh) + eps)
    out = w + sign * lr * step
    out = (
        out
        - {
            "w": lr * decay * w,
            "gradient": 0,
            "no": 0,
            "not lr": decay * w,
            "after": lr * decay * out,
            "plus": -lr * decay * w,
        }[decayed]
    )
    return (out, mh, vh) if kept == "corrected" else (out, m2, v2)


def _reference_adamw(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    """The library's optimizer, one parameter, brought to step t − 1."""

    class Model:
        def state_dict(self):
            return {"w": now}

        def gradients(self):
            return {"w": grad}

    now = np.array(w, dtype=float)
    optimizer = optim.AdamW(Model(), lr, (beta1, beta2), eps, decay)
    optimizer.t = t - 1
    optimizer.m, optimizer.v = {"w": np.array(m, dtype=float)}, {"w": np.array(v, dtype=float)}
    optimizer.step()
    return now, optimizer.m["w"], optimizer.v["w"]


def _changed(**how):
    return lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(
        w, grad, m, v, t, lr, beta1, beta2, eps, decay, **how
    )


def _draw_adamw(rng):
    shape = sizes(rng, int(rng.integers(1, 3)))
    w, grad, m = rng.normal(size=(3, *shape))
    settings = (0.8, 0.95, 1e-6, 0.1) if rng.integers(2) else ()
    return (
        w,
        grad,
        m * 0.3,
        rng.random(size=shape),
        int(rng.integers(1, 20)),
        float(rng.choice([0.1, 0.003])),
        *settings,
    )


def _adamw_cases(rng):
    zero = np.zeros(2)
    w, grad, m = rng.normal(size=(3, 3, 5))
    return [
        Case(
            (np.array([1.0, -2.0]), np.array([2.0, -0.5]), zero, zero, 1, 0.1, 0.9, 0.999, 1e-8, 0.0),
            hint="without decay the first step is as long as lr, against the gradient",
        ),
        Case(
            (
                np.array([1.0, -2.0]),
                np.array([2.0, -0.5]),
                np.array([0.3, -0.2]),
                np.array([0.5, 0.05]),
                3,
                0.05,
            )
        ),
        Case(
            (w, grad, 0.3 * m, rng.random((3, 5)), 7, 0.003, 0.8, 0.95, 1e-6, 0.1),
            hint="beta1, beta2, eps and decay are given",
        ),
        Case(
            (w, grad * 1e-7, 0 * m, 0 * m, 1, 0.02, 0.9, 0.999, 1e-6, 0.3),
            hint="the gradient is as small as eps",
        ),
        Case(
            (w, grad * 1e-8, 0 * m, 0 * m, 1, 0.02),
            hint="the gradient is as small as eps, which is 1e-8 unless given",
        ),
        Case(
            (np.array([1.0, 2.0, 3.0]), np.zeros(3), np.zeros(3), np.zeros(3), 2, 0.1),
            hint="the gradient is 0, so only the decay moves w",
        ),
    ]


adamw_step = Exercise(
    name="adamw_step",
    lesson=8,
    text="""One step of AdamW: every entry of w takes a step of its own size.

    w, grad, m, v arrays of one shape, t the number of this step, from 1, lr a number;
    beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.01 unless given → the new (w, m, v).
        m ← beta1·m + (1 − beta1)·grad, and v the same with beta2 and grad²
        m̂ = m / (1 − beta1^t), v̂ = v / (1 − beta2^t)
        w ← w − lr·decay·w − lr·m̂ / (√v̂ + eps), with the old w on the right
    Return m and v as they are before the correction by 1 − beta^t.
    """,
    reference=_reference_adamw,
    cases=_adamw_cases,
    draw=_draw_adamw,
    axes=(),
    returns=("w", "m", "v"),
    slips=(
        Slip(_changed(sign=1), "the step goes uphill: subtract it"),
        Slip(_changed(first=False), "m was not corrected: divide it by 1 − beta1^t for the step"),
        Slip(_changed(second=False), "v was not corrected: divide it by 1 − beta2^t for the step"),
        Slip(_changed(first=False, second=False),
             "m and v start at zero and are too small at first: divide them by 1 − beta^t for the step"),
        Slip(_changed(kept="corrected"), "the corrected m and v were returned: return the running means"),
        Slip(_changed(power=False), "the correction does not change with t: it is 1 − beta^t"),
        Slip(_changed(new=False), "the step used the old m and v: bring them up to date first"),
        Slip(_changed(mix=True),
             "the means are mixed the wrong way: beta times the old one, 1 − beta times the new"),
        Slip(_changed(square=False), "v is the mean of the squared gradient: a square is missing"),
        Slip(_changed(root=lambda v: v), "the step was divided by v̂: divide by its root"),
        Slip(_changed(inside=True), "eps stands under the root: it is added after it"),
        Slip(_changed(decayed="no"), "the decay is missing"),
        Slip(_changed(decayed="gradient"),
             "the decay was added to the gradient, as in Adam with L2: AdamW takes lr·decay·w off w itself"),
        Slip(_changed(decayed="not lr"), "the decay is multiplied by lr too"),
        Slip(_changed(decayed="after"), "the decay was taken off the w after the step: both start from the old w"),
        Slip(_changed(decayed="plus"), "the decay has the wrong sign: it shrinks w"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(w, grad, m, v, t, lr),
             "beta1, beta2, eps and decay have no effect: they may be given"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(w, grad, m, v, t, lr, beta1, beta2, 0.0, decay),
             "eps has no effect: it is added to the root"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(w, grad, m, v, t - 1 or 1e-9, lr, beta1, beta2, eps, decay),
             "t counts from 1 already: yours is one behind"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(w, grad, m, v, t + 1, lr, beta1, beta2, eps, decay),
             "t counts from 1 already: yours is one ahead"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: _adamw(w, grad, m, v, t, lr, beta1, beta1, eps, decay),
             "v has a pace of its own: beta2"),
        Slip(lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: (w - lr * decay * w - lr * grad, *_adamw(w, grad, m, v, t, lr, beta1, beta2, eps, decay)[1:]),
             "that is plain gradient descent: the step is m̂ / (√v̂ + eps)"),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- clip_gradients


def _length(grads):
    return math.sqrt(sum(float((g * g).sum()) for g in grads.values()))


def _scaled(grads, factor):
    return {name: g * factor for name, g in grads.items()}


def _clip(grads, max_norm):
    length = _length(grads)
    return _scaled(grads, min(1.0, max_norm / length) if length else 1.0), length


def _draw_clip(rng):
    grads = {
        name: rng.normal(size=sizes(rng, int(rng.integers(1, 3))))
        for name in ("wte.weight", "ln_f.bias", "h.0.bias")[: rng.integers(1, 4)]
    }
    return grads, _length(grads) * float(rng.choice([0.3, 0.9, 1.5]))


_STILL = "gradients that are 0 stay 0"

clip_gradients = Exercise(
    name="clip_gradients",
    lesson=8,
    text="""Shrinks all gradients by one factor, where their joint length exceeds max_norm.

    grads a dict of arrays, max_norm a number → (a dict of arrays with the same names, the joint
    length before). The joint length is the root of the sum of all squares, over all arrays.
    Where it is not above max_norm, they stay as they are, and gradients that are 0 stay 0.
    """,
    reference=lambda grads, max_norm: _clip(grads, max_norm),
    cases=lambda rng: [
        Case(({"w": np.array([3.0, 0.0]), "b": np.array([4.0])}, 1.0)),
        Case(({"w": np.array([3.0, 0.0]), "b": np.array([4.0])}, 10.0),
             hint="they are shorter than max_norm, and stay as they are"),
        Case(({"w": rng.normal(size=(2, 3)), "b": rng.normal(size=5) * 3, "c": rng.normal(size=(3, 2, 5))}, 2.5)),
        Case(({"w": np.array([3e-5, 0.0]), "b": np.array([4e-5])}, 1e-5),
             hint="the gradients are small: nothing is added to their length"),
        Case(({"w": np.zeros((2, 3)), "b": np.zeros(3)}, 1.0), needs=_STILL),
    ],
    draw=_draw_clip,
    returns=("the gradients", "the length"),
    slips=(
        Slip(lambda grads, max_norm: ({name: g * min(1, max_norm / _length({"": g})) for name, g in grads.items()}, _length(grads)),
             "each array was clipped by its own length: all share one"),
        Slip(lambda grads, max_norm: (_scaled(grads, max_norm / _length(grads)), _length(grads)),
             "shorter gradients were stretched: they stay as they are"),
        Slip(lambda grads, max_norm: ({name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}, _length(grads)),
             "each entry was clipped, which changes the direction: one factor shrinks all"),
        Slip(lambda grads, max_norm: (_clip(grads, max_norm)[0], _length(_clip(grads, max_norm)[0])),
             "the length after clipping was returned: the one before is asked for"),
        Slip(lambda grads, max_norm: (_clip(grads, max_norm)[0], min(_length(grads), max_norm)),
             "the length after clipping was returned: the one before is asked for"),
        Slip(lambda grads, max_norm: (_scaled(grads, min(1, max_norm / _length(grads) ** 2)), _length(grads) ** 2),
             "a root is missing: the length is the root of the sum of all squares"),
        Slip(lambda grads, max_norm: (_scaled(grads, min(1, max_norm / (s := sum(_length({"": g}) for g in grads.values())))), s),
             "the lengths were added: the joint length is the root of the sum of all squares"),
        Slip(lambda grads, max_norm: (dict(grads), _length(grads)), "nothing was clipped"),
        Slip(lambda grads, max_norm: (_scaled(grads, 1 / max(1, _length(grads) / max_norm) / max_norm), _length(grads)),
             "the factor is max_norm / length"),
        Slip(lambda grads, max_norm: (_scaled(grads, max_norm / _length(grads) if _length(grads) < max_norm else 1), _length(grads)),
             "the comparison is turned round: longer ones are shrunk"),
        Slip(lambda grads, max_norm: (_scaled(grads, np.minimum(1.0, np.divide(max_norm, _length(grads))) if _length(grads) else np.nan), _length(grads)),
             "0/0 is no number: gradients that are 0 stay 0", needs=_STILL),
    ),
    minutes=15,
    optional=True,
)  # fmt: skip


# --- warmup_cosine


def _schedule(step, peak, warmup, total, ahead=1, end="hold", turn=1.0, half=2.0):
    if step < warmup:
        return peak * (step + ahead) / warmup
    progress = (step - warmup) / (total - warmup)
    progress = min(progress, 1.0) if end == "hold" else progress
    return peak * (1 + math.cos(turn * math.pi * progress)) / half


_AFTER = "from step total on it is 0"

warmup_cosine = Exercise(
    name="warmup_cosine",
    lesson=8,
    text="""The learning rate at a step: a straight rise to the peak, then half a cosine down to 0.

    step from 0, peak a number, warmup and total numbers of steps → a number.
    Step 0 has peak / warmup already, step 1 twice that, step warmup − 1 the peak.
    Then it is peak · ½ (1 + cos(π·p)), where p grows evenly from 0 at step warmup to 1 at
    step total; from step total on it is 0. With warmup 0 there is no rise.
    """,
    reference=lambda step, peak, warmup, total: schedules.warmup_cosine(step, peak, warmup, total),
    cases=lambda rng: [
        Case((0, 3.0, 5, 20), hint="step 0 has peak / warmup"),
        Case((3, 3.0, 5, 20)),
        Case((4, 3.0, 5, 20), hint="step warmup − 1 has the peak"),
        Case((5, 3.0, 5, 20), hint="the cosine begins at step warmup, with the peak"),
        Case((9, 3.0, 5, 20)),
        Case((17, 0.7, 5, 20)),
        Case((20, 3.0, 5, 20), hint="it reaches 0 at step total"),
        Case((2, 0.5, 0, 10), hint="warmup is 0: there is no rise"),
        Case((27, 3.0, 5, 20), needs=_AFTER),
        Case((41, 3.0, 5, 20), needs=_AFTER),
    ],
    draw=lambda rng: (int(rng.integers(0, 60)), float(rng.uniform(0.1, 3)), int(rng.integers(0, 9)), int(rng.integers(10, 50))),
    slips=(
        Slip(lambda *a: _schedule(*a, ahead=0),
             "step 0 has peak / warmup, yours begins at 0: the first step would be none at all"),
        Slip(lambda *a: _schedule(*a, turn=2.0),
             "that is a whole turn of the cosine, back up to the peak: half of one goes down"),
        Slip(lambda *a: _schedule(*a, turn=0.5), "that is a quarter turn, which stops halfway: π at the end"),
        Slip(lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 + math.cos(180 * min((step - warmup) / (total - warmup), 1))) / 2,
             "180 stands for π: math.cos takes radians"),
        Slip(lambda *a: _schedule(*a, half=1.0), "the ½ is missing: 1 + cos begins at 2"),
        Slip(lambda step, peak, warmup, total: _schedule(step, peak, warmup, total + warmup),
             "the cosine is as long as total: it ends at step total, so it has total − warmup steps"),
        Slip(lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 + math.cos(math.pi * min(step / total, 1))) / 2,
             "the cosine counts from step 0: it begins at step warmup"),
        Slip(lambda step, peak, warmup, total: peak * (1 + math.cos(math.pi * min(step / total, 1))) / 2,
             "there is no rise at the start"),
        Slip(lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 - min((step - warmup) / (total - warmup), 1)),
             "it falls in a straight line: half a cosine is asked for"),
        Slip(lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak,
             "it stays at the peak: half a cosine leads down to 0"),
        Slip(lambda step, peak, warmup, total: _schedule(step, 1.0, warmup, total), "the peak has no effect"),
        Slip(lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 - math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2,
             "the cosine is turned round: it goes up"),
        Slip(lambda *a: _schedule(*a, end="goes on"),
             "after step total the cosine goes up again: from there on it is 0", needs=_AFTER),
    ),
    minutes=10,
)  # fmt: skip

EXERCISES = (
    numeric_gradient,
    cross_entropy,
    cross_entropy_backward,
    adamw_step,
    clip_gradients,
    warmup_cosine,
)
(check_numeric_gradient, check_cross_entropy, check_cross_entropy_backward, check_adamw_step, check_clip_gradients,
 check_warmup_cosine) = map(check, EXERCISES)  # fmt: skip


# --- on paper: the loss and its slopes for three logits of the reader's own, of which the first is true


def _p(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def _too_far(z):
    if np.ptp(z) > 9:
        return (
            "these logits lie so far apart that three decimals show little: keep them within 9 of each other"
        )
    return None


check_loss_on_paper = on_paper(
    "the loss in nats",
    lambda z: -np.log(_p(z)[0]),
    ([1, -1, 2],),
    refuse=_too_far,
    slips={
        "that is the probability of the true word: its logarithm is missing": lambda z: _p(z)[0],
        "that is in bits: take the natural logarithm": lambda z: -np.log2(_p(z)[0]),
        "that is the logarithm to base 10: take the natural one": lambda z: -np.log10(_p(z)[0]),
        "that is ln Σ eᶻ: the logit of the true word is to be taken off": lambda z: np.log(np.exp(z).sum()),
        "the first word is the true one: that is the loss of the second": lambda z: -np.log(_p(z)[1]),
        "the first word is the true one: that is the loss of the third": lambda z: -np.log(_p(z)[2]),
        "the exponentials are missing: logits are no probabilities": lambda z: -np.log(z[0] / z.sum()),
    },
    step=lambda z: f"the three exponentials add up to {np.exp(z).sum():.3f}",
)
check_slopes_on_paper = on_paper(
    "the row of the three slopes",
    lambda z: _p(z) - [1, 0, 0],
    ([1, -1, 2],),
    refuse=_too_far,
    slips={
        "these are the probabilities: 1 is still to be taken off that of the true word": _p,
        "1 was taken off all three: only the true word has it": lambda z: _p(z) - 1,
        "1 was taken off the logit: it is taken off the probability": lambda z: z - [1, 0, 0],
        "the first word is the true one": lambda z: _p(z) - [0, 0, 1],
        "there is one prediction, not three: nothing is divided by 3": lambda z: (_p(z) - [1, 0, 0]) / 3,
    },
    step=lambda z: f"the probability of the first word is {_p(z)[0]:.3f}",
)
