"""Checks for the exercises of lesson 08_loss_and_gradient_descent."""

import numpy as np

from . import Wrong, close, exercise, expect, three, to_array


@exercise
def check_cross_entropy(cross_entropy):
    """`cross_entropy(logits, targets)`: logits (N, V), targets (N,) of ids → the mean loss in nats, one number."""
    sure = np.log([[0.1, 0.1, 0.1, 0.7]])
    expect(
        cross_entropy(sure, np.array([0])),
        -np.log(0.1),
        "one prediction whose true word has the probability 0.1 must cost 2.303 nats",
        [(np.log(0.1), "the loss is negative: a minus sign is missing"),
         (-np.log2(0.1), "that is the loss in bits: the course counts in nats, with the natural logarithm"),
         (-np.log(0.1) / 4, "the loss was divided by the size of the vocabulary: it is a mean over predictions"),
         (-sure.sum(), "the losses of all words were added: only the true word counts"),
         (0.1, "that is the probability of the true word: the loss is minus its logarithm"),
         (-np.log(0.7), "that is the loss of the most likely word: the target says which word counts")],
    )  # fmt: skip
    lifted = sure + 3.0  # the same prediction: a softmax does not see a constant
    expect(
        cross_entropy(lifted, np.array([0])),
        -np.log(0.1),
        "adding 3 to every logit must not change the loss",
        [(-lifted[0, 0], "the logit was taken for a log-probability: subtract the logarithm of the sum of exponentials")],
    )
    logits = np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]])
    targets = np.array([2, 1])
    each = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], targets]
    down = np.log(np.exp(logits).sum(axis=0))[targets] - logits[[0, 1], targets]
    expect(
        cross_entropy(logits, targets),
        each.mean(),
        "two predictions come out wrong: each has its own softmax and its own target, and the loss is their mean",
        [(each.sum(), "the losses were added: take their mean"),
         (down.mean(), "the softmax runs down the columns: each row is one prediction"),
         ((np.log(np.exp(logits).sum()) - logits[[0, 1], targets]).mean(),
          "one sum serves the whole matrix: each row has its own")],
    )  # fmt: skip
    with np.errstate(all="ignore"):
        large = to_array(cross_entropy(np.array([[1000.0, 0.0]]), np.array([1])), nan=True)
    if not close(large, 1000.0):
        raise Wrong("a logit of 1000 overflows: subtract the row's largest logit before the exponential")


@exercise
def check_cross_entropy_backward(backward):
    """`backward(logits, targets)`: logits (N, V), targets (N,) → the gradient of the mean loss, (N, V)."""
    p = np.array([0.1, 0.1, 0.1, 0.7])
    y = np.array([1.0, 0, 0, 0])
    expect(
        backward(np.log(p)[None], np.array([0])),
        [p - y],
        "for the very wrong prediction the gradient is −0.9, 0.1, 0.1, 0.7",
        [([y - p], "the sign is turned round: a step against this gradient would raise the loss"),
         ([p], "the 1 of the true word is not subtracted"),
         ([-y / p], "that is the gradient for the probabilities: the logits lie before the softmax"),
         ([np.log(p) - y], "the logits were used as they are: their softmax comes first")],
    )  # fmt: skip
    logits = np.array([[2.0, 1.0, 0.2], [0.0, 3.0, 1.0]])
    targets = np.array([2, 1])
    before = logits.copy()
    answer = to_array(backward(logits, targets))
    if not np.array_equal(logits, before):
        raise Wrong("the logits were changed: build a new array")
    minus = np.eye(3)[targets]
    e = np.exp(logits)
    expect(
        answer,
        (e / e.sum(axis=1, keepdims=True) - minus) / 2,
        "two predictions come out wrong, though one alone is right",
        [(e / e.sum(axis=1, keepdims=True) - minus,
          "the loss is a mean over the predictions, so each row's gradient is divided by their number"),
         ((e / e.sum(axis=0) - minus) / 2, "the softmax runs down the columns: each row is one prediction"),
         ((e / e.sum() - minus) / 2, "the whole matrix shares one sum: each row has its own")],
    )  # fmt: skip


@exercise
def check_adam_step(adam_step):
    """`adam_step(p, g, m, v, t, lr)` → the new (p, m, v), arrays of one shape; β₁ = 0.9, β₂ = 0.999, ε = 1e-8."""
    p, g, zero = np.array([1.0, 1.0]), np.array([2.0, -0.5]), np.zeros(2)
    kept = p.copy(), g.copy()
    new_p, new_m, new_v = _three(adam_step(p, g, zero.copy(), zero.copy(), 1, 0.1))
    if not (np.array_equal(p, kept[0]) and np.array_equal(g, kept[1])):
        raise Wrong("the parameter or its gradient was changed in place: return new arrays")
    if close(new_m, g) and close(new_v, g * g):
        raise Wrong("the corrected m and v were returned: return the running means, and divide by 1 − βᵗ for the step alone")
    expect(
        new_m, 0.1 * g, "m is wrong after the first step: 0.9 of the old mean and 0.1 of the gradient",
        [(0.9 * g, "m takes 0.9 of the gradient and 0.1 of the old mean: it is the other way round"),
         (g, "m added the whole gradient, as momentum does: Adam takes a tenth of it")],
    )  # fmt: skip
    expect(
        new_v, 0.001 * g * g, "v is wrong after the first step: 0.999 of the old mean and 0.001 of the squared gradient",
        [(0.001 * g, "v is the mean of the squared gradient: a square is missing"),
         (0.999 * g * g, "v takes 0.999 of the new square and 0.001 of the old mean: it is the other way round"),
         (0.1 * g * g, "v has a pace of its own: β₂ = 0.999")],
    )  # fmt: skip
    sign, tiny = np.sign(g), 0.1 * 0.1 * g / np.sqrt(0.001 * g * g)
    expect(
        new_p,
        p - 0.1 * g / (np.abs(g) + 1e-8),
        "the first step of Adam is as long as the learning rate, against the sign of the gradient",
        [(p + 0.1 * sign, "the parameter went uphill: subtract the step"),
         (p - tiny, "m and v start at zero and are too small at first: divide them by 1 − βᵗ"),
         (p - 0.1 * sign / 0.001**0.5, "v was not corrected: divide it by 1 − β₂ᵗ too"),
         (p - 0.1 * sign * 0.1, "m was not corrected: divide it by 1 − β₁ᵗ too"),
         (p - 0.1 / g, "the step was divided by v: divide by its root"),
         (p - 0.1 * g, "v has no part in the step: divide by its root")],
    )  # fmt: skip
    m, v, t = np.array([0.3, -0.2]), np.array([0.5, 0.04]), 3
    m2, v2 = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    new_p, *_ = _three(adam_step(p, g, m.copy(), v.copy(), t, 0.1))
    expect(
        new_p,
        p - 0.1 * (m2 / (1 - 0.9**t)) / (np.sqrt(v2 / (1 - 0.999**t)) + 1e-8),
        "the third step is wrong, though the first is right: look at t, and at where m and v come from",
        [(p - 0.1 * (m2 / 0.1) / (np.sqrt(v2 / 0.001) + 1e-8), "the correction does not change with t: it is 1 − βᵗ"),
         (p - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8),
          "the step used the old m and v: bring them up to date first"),
         (p - 0.1 * sign, "the old m and v have no influence: they are running means")],
    )  # fmt: skip
    still, *_ = _three(adam_step(p, zero.copy(), zero.copy(), zero.copy(), 1, 0.1))
    if np.isnan(still).any():
        raise Wrong("a gradient of 0 gives 0/0: ε belongs in the denominator, after the root")
    expect(still, p, "a gradient of 0 must leave the parameter where it is")
    small = np.full(2, 1e-8)
    new_p, *_ = _three(adam_step(p, small, zero.copy(), zero.copy(), 1, 0.1))
    expect(
        new_p, p - 0.05, "with a gradient as small as ε the step is half as long: ε is added to the root",
        [(p - 0.1 * 1e-8 / np.sqrt(1e-16 + 1e-8), "ε stands under the root: it is added after it"),
         (p - 0.1, "ε is missing, or far too small")],
    )  # fmt: skip


def _three(answer):
    return [to_array(one, nan=True) for one in three(answer, "the new p, m and v")]
