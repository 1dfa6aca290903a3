"""The sheets of lessons 08_loss_and_gradient_descent to 13_vision."""

import numpy as np

from course_lib import one_page as gpt

from .lessons_01_to_07 import unlike
from .sheet import Sheet, Step, Table


def loss(rng):
    """From logits to a loss, its gradient, and one step."""
    logits, target, rate = rng.choice(np.arange(-1.0, 4), 3, replace=False), int(rng.integers(3)), 0.5
    p = gpt.softmax(logits)
    one_hot = np.eye(3)[target]
    grad = gpt.cross_entropy_backward(logits[None], np.array([target]))[0]
    after = logits - rate * grad
    words = ("tea", "rain", "bank")
    return Sheet("08_loss_and_gradient_descent", "A loss, its gradient, one step", [
        Step(f"Three logits; the next word was <b>{words[target]}</b>. Their softmax:",
             [Table("logits", logits, digits=0, columns=words), Table("p", p, True, 3, columns=words)]),
        Step("The loss is minus the natural logarithm of the right word's probability. What would a model lose that knows nothing?",
             [Table("loss", -np.log(p[target]), True, 3), Table("ln 3", np.log(3), True, 3)]),
        Step("The gradient is p − y, with y = 1 for the right word. What do its entries add to?",
             [Table("p − y", p - one_hot, True, 3, columns=words), Table("their sum", (p - one_hot).sum(), True, 0)]),
        Step(f"One step with a learning rate of {rate}: logits − {rate} · gradient. The loss afterwards:",
             [Table("new logits", after, True, 3), Table("new loss", gpt.cross_entropy(after[None], np.array([target])), True, 3)]),
        Step("Perplexity is e to the loss: as if the model chose among so many equal words.",
             [Table("before", np.exp(-np.log(p[target])), True, 2),
              Table("after", np.exp(gpt.cross_entropy(after[None], np.array([target]))), True, 2)]),
    ])  # fmt: skip


def back_propagation(rng):
    """A linear layer and a softmax, backwards."""
    x, W, grad = (unlike(rng, -2, 3, (2, 2)).astype(float) for _ in range(3))
    grad_x, grad_W, grad_b = gpt.linear_backward(grad, x, W)
    probs, g = np.array([0.5, 0.3, 0.2]), rng.choice(np.arange(-1.0, 4), 3, replace=False)
    scores = gpt.softmax_backward(g, probs)
    before, behind = np.array([-1, 2, 3]), np.array([5, 5, -4])
    return Sheet("09_back_propagation", "Backwards, number by number", [
        Step("y = x · W + b for two tokens of width 2. The gradient of y is given.",
             [Table("x", x, digits=0), Table("W", W, digits=0), Table("gradient of y", grad, digits=0)]),
        Step("Gradient of x: gradient of y times W turned round.", [Table("gradient of x", grad_x, True, 0)]),
        Step("Gradient of W: x turned round times the gradient of y. Gradient of b: the sum over the tokens.",
             [Table("gradient of W", grad_W, True, 0), Table("gradient of b", grad_b, True, 0)]),
        Step("Softmax. p were the weights, g is their gradient. First the average of g under p, then p · (g − average).",
             [Table("p", probs, digits=1), Table("g", g, digits=0), Table("average", g @ probs, True),
              Table("gradient of the scores", scores, True)]),
        Step("What do these three add to, and why must they?", [Table("their sum", scores.sum(), True, 0)],
             "The weights always add to 1: what one gains, the others lose."),
        Step("A layer gave three numbers, ReLU stood behind it, and a gradient comes back to ReLU. What comes to the layer?",
             [Table("the layer gave", before), Table("gradient behind ReLU", behind), Table("before it", behind * (before > 0), True)]),
    ])  # fmt: skip


def the_gpt(rng):
    """Parameters, logits, one drawn token."""
    V, C, D, L = int(rng.integers(5, 9)), 4, 4, 2
    W_E, h = unlike(rng, -1, 2, (4, 2)).astype(float), np.array([1.0, 1.0])
    logits = gpt.unembed(h, W_E)
    p = gpt.softmax(logits)
    us = np.array([0.1, 0.5, 0.9])
    tokens = rng.integers(0, 9, 8)
    inputs, targets = gpt.get_batch(tokens, np.array([0, 3]), C)
    return Sheet("10_gpt", "A whole GPT, counted and asked", [
        Step("A text of eight tokens, windows of C = 4 from the places 0 and 3: what goes in, and what is to come out?",
             [Table("tokens", tokens), Table("inputs", inputs, True), Table("targets", targets, True)]),
        Step(f"V = {V}, C = {C}, D = {D}, L = {L} blocks, F = 4D, every layer with a bias, the unembedding tied. How many numbers?",
             [Table("wte", V * D, True), Table("wpe", C * D, True),
              Table("one block", gpt.parameter_count(V, C, D, 1) - gpt.parameter_count(V, C, D, 0), True), Table("ln_f", 2 * D, True), Table("all", gpt.parameter_count(V, C, D, L), True)]),
        Step("The last row after the final norm is h = (1, 1). Its logits with this W<sub>E</sub>, and their softmax:",
             [Table("W<sub>E</sub>", W_E, digits=0, rows=(0, 1, 2, 3)), Table("logits", logits, True, 0), Table("p", p, True, 3)]),
        Step("Add the probabilities up from token 0 on. Which token is drawn with the uniform number u?",
             [Table("running sum", np.cumsum(p), True, 3),
              Table("token", gpt.next_token(np.tile(logits, (3, 1)), us), True, columns=tuple(f"u = {u}" for u in us))]),
        Step("At temperature ½ the logits are doubled before the softmax.",
             [Table("p at temperature ½", gpt.softmax(logits, 0.5), True, 3)]),
    ])  # fmt: skip


def inside_the_gpt(rng):
    """What it costs, and which tokens may be drawn."""
    T, D = int(rng.choice([8, 16, 32])), 8
    p = rng.permutation([0.4, 0.3, 0.15, 0.1, 0.05])
    return Sheet("11_inside_the_gpt", "What it costs, and what it may say", [
        Step(f"Multiplications of one attention layer, T = {T} tokens of width D = {D}, all heads together.",
             [Table("q, k, v: 3TD²", 3 * T * D * D, True), Table("scores: T²D", T * T * D, True),
              Table("values: T²D", T * T * D, True), Table("output: TD²", T * D * D, True)]),
        Step("And with twice as many tokens?",
             [Table("q, k, v", 6 * T * D * D, True), Table("scores", 4 * T * T * D, True)]),
        Step("From which T on do scores and values together cost as much as the four projections (4TD² = 2T²D)?",
             [Table("T", 2 * D, True)]),
        Step("Top-p with p = 0.7: keep the fewest tokens, the most likely first, that reach 0.7; make them add to 1.",
             [Table("probabilities", p), Table("top-p", gpt.top_p(p, 0.7), True, 3)]),
        Step("Top-k with k = 2, made to add to 1.",
             [Table("top-k", gpt.softmax(gpt.top_k(np.log(p), 2)), True, 3)]),
        Step("A cache of keys and values in two blocks of width 8 after 10 tokens holds how many numbers?",
             [Table("numbers", 2 * sum(one.size for one in np.zeros((2, 10, 8))), True)]),
    ])  # fmt: skip


def encoder_decoder(rng):
    """Two masks and one row of cross-attention."""
    x, y = unlike(rng, 0, 2, (3, 2)).astype(float), unlike(rng, 0, 2, (2, 2)).astype(float)
    same = np.eye(2)
    allowed = np.array([True, True, False])
    scores = y @ x.T / np.sqrt(2)
    output = gpt.cross_attention(y, x, same, same, same, allowed)
    weights = gpt.softmax(np.where(allowed, scores, -np.inf))
    return Sheet("12_encoder_decoder", "Reading one text while writing another", [
        Step("x was read (3 tokens, the last is padding), y is written (2 tokens). W<sub>Q</sub>, W<sub>K</sub> and W<sub>V</sub> are "
             "1 on the diagonal. Scores, divided by √2:",
             [Table("x", x, digits=0), Table("y", y, digits=0), Table("scores", scores, True)]),
        Step("Hide the padding, then the softmax of each row.", [Table("weights", weights, True, 3)]),
        Step("What each token of y takes from x:", [Table("output", output, True, 3)]),
        Step("May attend: 1 or 0. The encoder on x without padding; the decoder on y; the decoder's look at x.",
             [Table("encoder", np.tile(allowed.astype(int), (3, 1)), True), Table("decoder", gpt.causal_mask(2).astype(int), True),
              Table("cross", np.tile(allowed.astype(int), (2, 1)), True)]),
    ])  # fmt: skip


def vision(rng):
    """Patches, and how far a convolution sees."""
    image = np.arange(16).reshape(4, 4) + int(rng.integers(0, 9))
    return Sheet("13_vision", "An image as a text", [
        Step("Cut the image into patches of 2 × 2, row by row; each patch becomes one row, read from left to right.",
             [Table("image", image), Table("patches", gpt.patches(image, 2), True)]),
        Step("An image of 32 × 32 pixels in patches of 4: how many tokens? And of 224 × 224 in patches of 16?",
             [Table("32", (32 // 4) ** 2, True), Table("224", (224 // 16) ** 2, True)]),
        Step("Convolutions of width 3, one behind the other: how many pixels in a row does the last one see?",
             [Table("after", [gpt.receptive_field([3] * n, [1] * n) for n in (1, 2, 3)], True, columns=("1", "2", "3"))]),
        Step("With dilations 1, 2, 4:", [Table("pixels", gpt.receptive_field([3, 3, 3], [1, 2, 4]), True)]),
        Step("How many layers of width 3 until a pixel has seen 32 in a row? And with one layer of attention over patches?",
             [Table("convolutions", next(n for n in range(99) if gpt.receptive_field([3] * n, [1] * n) >= 32), True),
              Table("attention", 1, True)]),
    ])  # fmt: skip


SHEETS = [loss, back_propagation, the_gpt, inside_the_gpt, encoder_decoder, vision]
