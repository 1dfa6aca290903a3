"""The whitepaper's output layer, losses and gradient descent, worked out in NumPy."""

import numpy as np
import torch

from tests.documents.proofs import cause, given, mistake, value
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


@value("whitepaper.output_layer.logits_shape", otherwise={"positions": 1})
def logits_shape(positions=3):
    """Three positions of width 4 through the linear layer, the sizes named."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(positions, 4)) @ random_output_layer(rng)  # (3, 4) @ (4, V) → (3, V)
    return [{3: "sequence_length", 10000: "V"}.get(size, "1") for size in logits.shape]


@value("whitepaper.output_layer.probabilities", otherwise={"last": lambda z: z})
def output_probabilities(last=softmax):
    rng = np.random.default_rng(0)
    p = last(rng.normal(size=(3, 4)) @ random_output_layer(rng))  # (3, V)
    return bool(np.all((p > 0) & (p < 1)) and np.allclose(p.sum(axis=-1), 1))


# --- losses and gradients ------------------------------------------------------------------------


def shares_of_squares(z):
    """Another way from scores to probabilities."""
    return z * z / (z * z).sum()


@value("whitepaper.loss.logits_are_log_probabilities", otherwise={"normalise": shares_of_squares})
def logits_are_log_probabilities(normalise=softmax):
    z = np.array([2.0, -1.0, 0.5, 3.0])
    return bool(np.ptp(z - np.log(normalise(z))) < 1e-12)  # one constant for all


@value("whitepaper.loss.gradient_sign", otherwise={"true": 3})
def gradient_sign(true=0):
    """Nudge each logit up: has the change of mat's loss the sign of the gradient, p - y? Not for the y of another word."""
    target, z = given("whitepaper.loss.target"), np.log(given("whitepaper.loss.bad_prediction"))
    changes = [
        cross_entropy(softmax(z + 1e-3 * e), target) - cross_entropy(softmax(z), target) for e in np.eye(4)
    ]
    return bool(np.all(np.sign(changes) == np.sign(softmax(z) - np.eye(4)[true])))


@cause("whitepaper.loss.direction_of_the_gradient")
def losses_after_a_step():
    y, z = given("whitepaper.loss.target"), np.log(given("whitepaper.loss.bad_prediction"))
    return [cross_entropy(softmax(z - rate * (softmax(z) - y)), y) for rate in (0, 0.1, 1)] + [0.1, 1]


def recurrent(x, state):
    """Three layers of a recurrent network, a token at a time. x (T, D), state (D, D)."""
    for _ in range(3):
        h, rows = torch.zeros(x.shape[-1]), []
        for row in x:
            h = torch.tanh(row + h @ state)
            rows.append(h)
        x = torch.stack(rows)
    return x


def attentive(x, state):
    """Three layers of causal attention with a residual sum."""
    for _ in range(3):
        scores = (x @ state @ x.T).masked_fill(
            ~torch.ones(len(x), len(x), dtype=torch.bool).tril(), -torch.inf
        )
        x = x + torch.softmax(scores, dim=-1) @ x
    return x


def longest_way_back(last):
    """Number of operations on the longest chain that autograd has recorded."""
    depth, waiting = {}, [last.grad_fn]
    while waiting:
        node = waiting[-1]
        parents = [parent for parent, _ in node.next_functions if parent is not None]
        missing = [parent for parent in parents if parent not in depth]
        waiting += missing
        if not missing:
            depth[node] = 1 + max((depth[parent] for parent in parents), default=0)
            waiting.pop()
    return depth[last.grad_fn]


@value("whitepaper.loss.through_time", otherwise={"network": recurrent})
def unrolls_along_the_sequence(network=attentive):
    """Does the chain to go back along grow with the text? In a recurrent network, yes."""
    state = torch.eye(4, requires_grad=True)
    short, long = (longest_way_back(network(torch.ones(T, 4), state).sum()) for T in (5, 50))
    return long > short


@value("whitepaper.loss.good_loss")
def good_loss():
    return cross_entropy(given("whitepaper.loss.good_prediction"), given("whitepaper.loss.target"))


@value("whitepaper.loss.bad_loss")
def bad_loss():
    return cross_entropy(given("whitepaper.loss.bad_prediction"), given("whitepaper.loss.target"))


@value("whitepaper.loss.only_the_true_word", otherwise={"certainty": 0.9})
def only_the_true_word(certainty=1.0):
    """y has `certainty` on the true word; where that is not all, the rest lies on the others."""
    p, true = softmax(np.random.default_rng(0).normal(size=10000)), 17
    y = np.full(10000, (1 - certainty) / 9999)
    y[true] = certainty
    return bool(np.isclose(cross_entropy(p, y), -np.log(p[true])))


@value("whitepaper.descent.predictions_are_logits", otherwise={"of": np.log})
def predictions_are_logits(of=lambda p: p):
    """Are these, made of the prediction P, what a softmax makes P from?"""
    p = given("whitepaper.loss.bad_prediction")
    return bool(np.allclose(softmax(of(p)), p))


@cause("whitepaper.descent.predictions_are_logits", "whitepaper.descent.script_start")
def softmax_of_the_prediction():
    p = given("whitepaper.loss.bad_prediction")
    return [*softmax(p)[[0, 3]], *p[[0, 3]]]


def squared_error(p, y):
    return ((p - y) ** 2).sum()


@value("whitepaper.descent.gradient_formula", otherwise={"loss": squared_error})
def gradient_formula(loss=cross_entropy):
    y, z = given("whitepaper.loss.target"), np.array([0.3, -1.2, 0.8, 2.0])
    return bool(np.allclose(slopes(lambda z: loss(softmax(z), y), z), softmax(z) - y, atol=1e-8))


@value("whitepaper.descent.gradient")
def gradient():
    return given("whitepaper.loss.bad_prediction") - given("whitepaper.loss.target")  # P - y


@value("whitepaper.descent.step_on_weights", otherwise={"h": (1, 1, 1)})
def weight_gradient_is_logit_gradient(h=(0.1, -0.1, 0.6)):
    """Z = h W: is dL/dW, each row of it, the gradient of the logits? It is where the input h is 1, and only there."""
    h, y, w = np.array(h), given("whitepaper.loss.target"), np.random.default_rng(0).normal(size=(3, 4))
    by_weight = slopes(lambda w: cross_entropy(softmax(h @ w), y), w)  # (3, 4)
    return bool(np.allclose(by_weight, softmax(h @ w) - y, atol=1e-6))


# --- one step by hand ----------------------------------------------------------------------------


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


@cause("whitepaper.descent.updated_probabilities")
def probabilities_after_the_step():
    return [*step_on_the_logits()[[0, 1, 3]], given("whitepaper.descent.learning_rate")]


def after_steps(p, steps):
    """The probabilities after some steps on the logits ln p."""
    z, y = np.log(p), given("whitepaper.loss.target")
    for _ in range(steps):
        z = z - given("whitepaper.descent.learning_rate") * (softmax(z) - y)
    return softmax(z)


@value("whitepaper.descent.wrong_words_fall", otherwise={"prediction": "good"})
def wrong_words_fall(prediction="bad"):
    """After one step on this prediction, are hat and bat less probable? On the good one they are."""
    p = given(f"whitepaper.loss.{prediction}_prediction")
    return bool(np.all(after_steps(p, 1)[1:3] < p[1:3]))


@cause("whitepaper.descent.wrong_words_fall")
def what_the_step_moves():
    _, hat, rat = update_sizes()
    return [rat, hat, given("whitepaper.loss.bad_prediction")[1], step_on_the_logits()[1]]


@value("whitepaper.cross_entropy.others_fall", otherwise={"steps": 1})
def others_fall(steps=2000):
    """Minimised over many steps, does the loss lower every other word's probability? A single step need not."""
    p = given("whitepaper.loss.bad_prediction")
    after = after_steps(p, steps)
    return bool(after[0] > p[0] and np.all(after[1:] < p[1:]))


@value("whitepaper.descent.sum_is_not_one", otherwise={"slopes_of": lambda p, y: -y / p})
def sum_is_not_one(slopes_of=lambda p, y: p - y):
    """After a step on the probabilities, as printed. With the slopes of the probabilities themselves it would be so."""
    p, y = given("whitepaper.loss.bad_prediction"), given("whitepaper.loss.target")
    after = p - given("whitepaper.descent.learning_rate") * slopes_of(p, y)
    return not np.isclose(after.sum(), 1, rtol=0, atol=1e-12)


@cause("whitepaper.descent.sum_is_not_one")
def the_summands():
    return [*step_on_the_probabilities()[[0, 1, 3]], 1, 0]


@value("whitepaper.descent.step_on_logits", otherwise={"direction": +1})
def step_lowers_the_loss(direction=-1):
    """New probabilities from a step on the logits, downhill: do they add up to 1, with a lower loss? Uphill they do not."""
    y, z = given("whitepaper.loss.target"), np.log(given("whitepaper.loss.bad_prediction"))
    p = softmax(z + direction * given("whitepaper.descent.learning_rate") * gradient())
    return bool(np.isclose(p.sum(), 1) and cross_entropy(p, y) < bad_loss())


# --- the script ----------------------------------------------------------------------------------


@value("whitepaper.descent.script_start")
def logits_of_the_prediction():
    return np.log(given("whitepaper.loss.bad_prediction"))


@mistake("whitepaper.descent.script_start")
def probabilities_for_logits():
    return softmax(logits_of_the_prediction())


def learning_rate_of(before, after, slope):
    return (before - after) / slope


@cause("whitepaper.descent.script_learning_rate")
def both_steps():
    """Place before and after, and gradient, of the worked step and of the script's first, which make either rate."""
    worked = (
        given("whitepaper.loss.bad_prediction")[0],
        given("whitepaper.descent.updated_probabilities")[0],
        gradient()[0],
    )
    by_script = (
        given("whitepaper.descent.script_start")[0],
        given("whitepaper.descent.weights_0")[0],
        given("whitepaper.descent.probabilities_0")[0] - 1,
    )
    assert np.isclose(learning_rate_of(*worked), given("whitepaper.descent.learning_rate"))
    assert np.isclose(
        learning_rate_of(*by_script), given("whitepaper.descent.script_learning_rate"), atol=1e-8
    )
    return [*worked, *by_script]


@value("whitepaper.descent.script_last_printed", otherwise={"every": 7})
def last_printed(every=None):
    iterations = range(int(given("whitepaper.descent.script_iterations")))
    return max(
        i for i in iterations if i % (every or int(given("whitepaper.descent.script_print_every"))) == 0
    )


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


@cause("whitepaper.descent.rows_belong_together")
def softmax_of_the_first_row():
    return [*softmax(given("whitepaper.descent.weights_0"))]


# --- What is Cross Entropy Loss ------------------------------------------------------------------


@value("whitepaper.cross_entropy.extra_bits", otherwise={"p": (1.0,)})
def loss_of_a_perfect_prediction_is_zero(p=(0.5, 0.25, 0.25)):
    """Nothing is paid extra for assuming the true distribution: is the cross-entropy 0? Where the truth is certain, it is."""
    return bool(np.isclose(cross_entropy(np.array(p), np.array(p)), 0))


@cause("whitepaper.cross_entropy.extra_bits")
def losses_in_bits():
    return [good_loss() / np.log(2), bad_loss() / np.log(2)]
