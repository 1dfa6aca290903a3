"""The whitepaper's output layer, losses and gradient descent, worked out in NumPy."""

import numpy as np

from tests.documents.proofs import given, mistake, value
from tests.documents.proofs.whitepaper_gpt import softmax


def cross_entropy(p, y):
    return -np.sum(y * np.log(p))


def slopes(f, x, step=1e-6):
    """Central differences of f at x, one for each entry."""
    nudges = step * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + n) - f(x - n)) / (2 * step) for n in nudges]).reshape(x.shape)


# --- the output layer ----------------------------------------------------------------------------


def random_output_layer(rng):
    width, vocabulary = (int(size) for size in given("whitepaper.output_layer.sizes"))
    return rng.normal(size=(width, vocabulary))  # (4, 10000)


@value("whitepaper.output_layer.logits_shape")
def logits_shape():
    """Three positions of width 4 through the linear layer, the sizes named."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 4)) @ random_output_layer(rng)  # (3, 4) @ (4, V) → (3, V)
    return [{3: "sequence_length", 10000: "V"}[size] for size in logits.shape]


@value("whitepaper.output_layer.probabilities")
def output_probabilities():
    rng = np.random.default_rng(0)
    p = softmax(rng.normal(size=(3, 4)) @ random_output_layer(rng))  # (3, V)
    return bool(np.all((p > 0) & (p < 1)) and np.allclose(p.sum(axis=-1), 1))


@value("whitepaper.output_layer.de_nada")
def two_words_from_equal_rows():
    """Do any of several random output layers pick different words for the printed, equal rows?"""
    rng = np.random.default_rng(0)
    decoder_output = np.tile([-1.7888543, 1.7888543, 0.0, 0.0], (3, 1))  # (3, 4), as printed
    words = [np.argmax(decoder_output @ random_output_layer(rng), axis=-1) for _ in range(5)]
    return any(first != second for first, second, _ in words)


# --- losses and gradients ------------------------------------------------------------------------


@value("whitepaper.loss.logits_are_log_probabilities")
def logits_are_log_probabilities():
    z = np.array([2.0, -1.0, 0.5, 3.0])
    return bool(np.ptp(z - np.log(softmax(z))) < 1e-12)  # one constant for all


@value("whitepaper.loss.gradient_sign")
def gradient_sign():
    """Nudge each logit up and compare the loss's change with the sign of its gradient."""
    y, z = given("whitepaper.loss.target"), np.log(given("whitepaper.loss.bad_prediction"))
    changes = [cross_entropy(softmax(z + 1e-3 * e), y) - cross_entropy(softmax(z), y) for e in np.eye(4)]
    return bool(np.all(np.sign(changes) == np.sign(softmax(z) - y)))


def longest_chain(tokens, layers, recurrent):
    """Number of steps that must wait for one another in a stack of causal layers."""
    steps = [0] * tokens
    for _ in range(layers):
        new = []
        for t in range(tokens):
            waits_for = steps[: t + 1] + (new[-1:] if recurrent else [])  # the layer below; the step before
            new.append(1 + max(waits_for))
        steps = new
    return max(steps)


@value("whitepaper.loss.through_time")
def unrolls_along_the_sequence():
    """Does the chain of dependent steps grow with the sequence? In a recurrent network, yes."""
    assert longest_chain(50, layers=3, recurrent=True) > longest_chain(5, layers=3, recurrent=True)
    return longest_chain(50, layers=3, recurrent=False) > longest_chain(5, layers=3, recurrent=False)


@value("whitepaper.loss.good_loss")
def good_loss():
    return cross_entropy(given("whitepaper.loss.good_prediction"), given("whitepaper.loss.target"))


@value("whitepaper.loss.bad_loss")
def bad_loss():
    return cross_entropy(given("whitepaper.loss.bad_prediction"), given("whitepaper.loss.target"))


@value("whitepaper.loss.only_the_true_word")
def only_the_true_word():
    p, true = softmax(np.random.default_rng(0).normal(size=10000)), 17
    return bool(np.isclose(cross_entropy(p, np.eye(10000)[true]), -np.log(p[true])))


@value("whitepaper.descent.gradient_formula")
def gradient_formula():
    y, z = given("whitepaper.loss.target"), np.array([0.3, -1.2, 0.8, 2.0])
    return bool(np.allclose(slopes(lambda z: cross_entropy(softmax(z), y), z), softmax(z) - y, atol=1e-8))


@value("whitepaper.descent.gradient")
def gradient():
    return given("whitepaper.loss.bad_prediction") - given("whitepaper.loss.target")  # P - y


@value("whitepaper.descent.step_on_weights")
def weight_gradient_is_logit_gradient():
    """Z = h W: is dL/dW, each column of it, the one number dL/dZ_i?"""
    rng, y = np.random.default_rng(0), given("whitepaper.loss.target")
    h, w = rng.normal(size=3), rng.normal(size=(3, 4))
    by_weight = slopes(lambda w: cross_entropy(softmax(h @ w), y), w)  # (3, 4)
    by_logit = softmax(h @ w) - y  # (4,)
    assert np.allclose(by_weight, np.outer(h, by_logit), atol=1e-8)
    return bool(np.allclose(by_weight, by_logit))


# --- one step by hand ----------------------------------------------------------------------------


@value("whitepaper.descent.update_factors")
def update_factors():
    return [[given("whitepaper.descent.learning_rate"), g] for g in gradient()]


@value("whitepaper.descent.update_sizes")
def update_sizes():
    mat, hat, _, rat = np.abs(given("whitepaper.descent.learning_rate") * gradient())
    return [mat, hat, rat]


@value("whitepaper.descent.updated_probabilities")
def step_on_the_logits():
    """The gradient belongs to the logits, here log P: step there, then softmax."""
    logits = np.log(given("whitepaper.loss.bad_prediction"))
    return softmax(logits - given("whitepaper.descent.learning_rate") * gradient())


@mistake("whitepaper.descent.updated_probabilities")
def step_on_the_probabilities():
    return given("whitepaper.loss.bad_prediction") - given("whitepaper.descent.learning_rate") * gradient()


@value("whitepaper.descent.wrong_words_fall", "whitepaper.cross_entropy.others_fall")
def wrong_words_fall():
    return bool(np.all(step_on_the_logits()[1:] < given("whitepaper.loss.bad_prediction")[1:]))


@value("whitepaper.descent.sum_is_not_one")
def sum_is_not_one():
    return not np.isclose(given("whitepaper.descent.updated_probabilities").sum(), 1, rtol=0, atol=1e-12)


@value("whitepaper.descent.softmax_renormalises")
def softmax_renormalises():
    p = given("whitepaper.descent.updated_probabilities")
    return bool(np.allclose(softmax(p), p / p.sum(), atol=0.005))


@value("whitepaper.descent.step_on_logits")
def step_lowers_the_loss():
    p = step_on_the_logits()
    return bool(np.isclose(p.sum(), 1) and cross_entropy(p, given("whitepaper.loss.target")) < bad_loss())


# --- the script ----------------------------------------------------------------------------------


@value("whitepaper.descent.script_start")
def logits_of_the_prediction():
    return np.log(given("whitepaper.loss.bad_prediction"))


@mistake("whitepaper.descent.script_start")
def probabilities_for_logits():
    return softmax(logits_of_the_prediction())


def learning_rate_of(before, after, slope):
    return (before - after) / slope


@value("whitepaper.descent.script_learning_rate")
def learning_rate_of_the_text():
    """From mat's worked step: 0.1 becomes 0.19 for a gradient of -0.9."""
    after = given("whitepaper.descent.updated_probabilities")[0]
    return learning_rate_of(given("whitepaper.loss.bad_prediction")[0], after, gradient()[0])


@mistake("whitepaper.descent.script_learning_rate")
def learning_rate_of_the_script():
    """From mat's first printed row: 0.1 becomes 0.10792622 for a gradient of 0.20737772 - 1."""
    slope = given("whitepaper.descent.probabilities_0")[0] - 1
    before = given("whitepaper.descent.script_start")[0]
    return learning_rate_of(before, given("whitepaper.descent.weights_0")[0], slope)


@value("whitepaper.descent.script_last_printed")
def last_printed():
    iterations = range(int(given("whitepaper.descent.script_iterations")))
    return max(i for i in iterations if i % int(given("whitepaper.descent.script_print_every")) == 0)


def script(last):
    """The script up to iteration `last`: its weights after the step, its probabilities before it."""
    weights = given("whitepaper.descent.script_start")
    y = np.eye(4)[int(given("whitepaper.descent.script_true_class"))]
    for _ in range(last + 1):
        p = softmax(weights)
        weights = weights - given("whitepaper.descent.script_learning_rate") * (p - y)
    return weights, p


@value("whitepaper.descent.weights_0")
def weights_0():
    return script(0)[0]


@value("whitepaper.descent.probabilities_0")
def probabilities_0():
    return script(0)[1]


@value("whitepaper.descent.weights_1990")
def weights_1990():
    return script(1990)[0]


@value("whitepaper.descent.probabilities_1990")
def probabilities_1990():
    return script(1990)[1]


@value("whitepaper.descent.final_probabilities")
def final_probabilities():
    return softmax(script(1999)[0])


@value("whitepaper.descent.rows_belong_together")
def rows_belong_together():
    of_the_weights = softmax(given("whitepaper.descent.weights_0"))
    return bool(np.allclose(of_the_weights, given("whitepaper.descent.probabilities_0"), rtol=0, atol=1e-4))


# --- What is Cross Entropy Loss ------------------------------------------------------------------


@value("whitepaper.cross_entropy.extra_bits")
def loss_of_a_perfect_prediction_is_zero():
    """Nothing is paid extra for assuming the true distribution: is the cross-entropy 0?"""
    p = np.array([0.5, 0.25, 0.25])
    return bool(np.isclose(cross_entropy(p, p), 0))


@value("whitepaper.cross_entropy.unit")
def unit_of_the_natural_logarithm():
    """The base in which the printed loss of probability 0.1 is a logarithm: 2 for bits, e for nats."""
    base = 0.1 ** (-1 / given("whitepaper.loss.bad_loss"))
    return "nats" if np.isclose(base, np.e, atol=0.01) else "bits" if np.isclose(base, 2, atol=0.01) else base
