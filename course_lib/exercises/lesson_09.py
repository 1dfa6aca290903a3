"""The exercises of lesson 09_back_propagation: the gradient of every layer, by hand.

Each has a witness besides the library: nudging the input must move the output as the gradient says.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import math

import numpy as np

from course_lib.in_numpy import attention, feed_forward, gpt, normalization

from .description import Case, Exercise, Slip, sizes
from .judge import check
from .lesson_04 import attend
from .lesson_05 import attention_parameters
from .lesson_07 import network_parameters
from .on_paper import on_paper


def flat(x):
    return x.reshape(-1, x.shape[-1])


def backward(layer, p, grad, x):
    """The gradients of a layer of the library, with the parameters p: of x, and a dict with the names of p."""
    for name, value in layer.state_dict().items():
        value[...] = p[name]
    layer(x)
    grad_x = layer.backward(grad)
    return grad_x, layer.gradients()


# --- linear_backward


def _linear_backward(grad, x, W):
    return grad @ W.T, flat(x).T @ flat(grad), flat(grad).sum(axis=0)


def _draw_linear(rng):
    D, F, T, B = sizes(rng, 4)
    front = [(), (T,), (B, T)][rng.integers(3)]
    return rng.normal(size=(*front, F)), rng.normal(size=(*front, D)), rng.normal(size=(D, F))


linear_backward = Exercise(
    name="linear_backward",
    lesson=9,
    text="""The gradients of y = x @ W + b.

    grad (..., F), the slopes of the loss for the entries of y, x (..., D), W (D, F)
    → (the gradient of x (..., D), of W (D, F), of b (F,)).
    W and b are used for every row, so their gradients add up over all axes in front.
    """,
    reference=_linear_backward,
    cases=lambda rng: [
        Case((rng.normal(size=(2, 3)), rng.normal(size=(2, 5)), rng.normal(size=(5, 3)))),
        Case((rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 6, 5)), rng.normal(size=(5, 3))),
             hint="x comes as a batch, (B, T, D)"),
        Case((rng.normal(size=3), rng.normal(size=2), rng.normal(size=(2, 3))),
             hint="x may be a single row, (D,)"),
    ],
    draw=_draw_linear,
    axes=("... F", "... D", "D F"),
    returns=("the gradient of x", "the gradient of W", "the gradient of b"),
    slips=(
        Slip(lambda grad, x, W: (grad @ W.T, (flat(x).T @ flat(grad)).T, flat(grad).sum(axis=0)),
             "the gradient of W is turned: it has the shape of W, (D, F)"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad) / len(flat(x)), flat(grad).sum(axis=0)),
             "the gradient of W was averaged over the rows: it adds up"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), flat(grad).mean(axis=0)),
             "the gradient of b was averaged over the rows: it adds up"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad) / len(flat(x)), flat(grad).mean(axis=0)),
             "the gradients of W and b were averaged over the rows: they add up"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad),
             "the gradient of b still has the rows: b is used for all of them, so it adds up to (F,)"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad.sum(axis=0)),
             "the gradient of b adds up over one axis alone: all axes in front"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), grad.sum()),
             "the gradient of b is a single number: each column keeps its own, (F,)"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(x).T @ flat(grad), np.ones(W.shape[1])),
             "the gradient of b is not 1: it collects grad"),
        Slip(lambda grad, x, W: (grad @ W.T, x.swapaxes(-1, -2) @ grad, flat(grad).sum(axis=0)),
             "the gradient of W still has a batch axis: it adds up over all axes in front"),
        Slip(lambda grad, x, W: (grad @ W.T, flat(np.ones_like(x)).T @ flat(grad), flat(grad).sum(axis=0)),
             "x has no part in the gradient of W"),
        Slip(lambda grad, x, W: (np.ones_like(grad) @ W.T, flat(x).T @ flat(grad), flat(grad).sum(axis=0)),
             "grad has no part in the gradient of x"),
    ),
    minutes=10,
    stars=2,
)  # fmt: skip


# --- gelu_backward

_ROOT = math.sqrt(2 / math.pi)


def _gelu_slope(x, first=1.0, second=1.0, inner=1.0, three=3.0, square=True, root=_ROOT):
    tanh = np.tanh(_ROOT * (x + 0.044715 * x**3))
    bend = 1 - tanh * tanh if square else 1 - tanh
    slope = root * (1 + three * 0.044715 * x * x) if inner else 1.0
    return first * 0.5 * (1 + tanh) + second * 0.5 * x * bend * slope


gelu_backward = Exercise(
    name="gelu_backward",
    lesson=9,
    text="""The gradient of GELU, ½ x (1 + tanh u) with u = √(2/π) (x + 0.044715 x³).

    grad and x of any shape, the same for both → the same shape: grad times the slope at x.
    """,
    reference=lambda grad, x: feed_forward.gelu_tanh_backward(grad, x),
    cases=lambda rng: [
        Case((np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, -0.5])),
             hint="with grad 1 the answer is the slope itself, and at 0 that is ½"),
        Case((rng.normal(size=(2, 5)), rng.normal(size=(2, 5)) * 2)),
        Case((rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 3, 5)) * 2), hint="x may have three axes"),
    ],
    draw=lambda rng: tuple(rng.normal(size=(2, *sizes(rng, int(rng.integers(1, 4))))) * 2),
    slips=(
        Slip(lambda grad, x: _gelu_slope(x), "grad has no effect: the slope is multiplied by it"),
        Slip(lambda grad, x: grad * _gelu_slope(x, second=0.0),
             "the product has two parts: tanh changes with x too"),
        Slip(lambda grad, x: grad * _gelu_slope(x, first=0.0),
             "the product has two parts: x in front changes too, ½ (1 + tanh u)"),
        Slip(lambda grad, x: grad * _gelu_slope(x, inner=0.0),
             "the slope of u is missing: the chain rule multiplies by it"),
        Slip(lambda grad, x: grad * _gelu_slope(x, three=1.0), "the slope of x³ is 3x²: the 3 is missing"),
        Slip(lambda grad, x: grad * _gelu_slope(x, three=0.0),
             "the slope of the term with x³ is missing in u"),
        Slip(lambda grad, x: grad * _gelu_slope(x, square=False),
             "the slope of tanh is 1 − tanh²: a square is missing"),
        Slip(lambda grad, x: grad * _gelu_slope(x, root=1.0),
             "the factor √(2/π) is missing in the slope of u"),
        Slip(lambda grad, x: grad * _gelu_slope(x, second=2.0), "the ½ of the second part is missing"),
        Slip(lambda grad, x: grad * _gelu_slope(x, second=-1.0), "the second part has the wrong sign"),
        Slip(lambda grad, x: feed_forward.gelu_backward(grad, x),
             "that is the slope of the exact GELU: GPT-2 uses the formula with tanh"),
        Slip(lambda grad, x: grad * (x > 0), "that is the slope of ReLU"),
        Slip(lambda grad, x: grad * feed_forward.gelu_tanh(x), "that is GELU itself: its slope is asked for"),
    ),
    minutes=10,
    stars=2,
)  # fmt: skip


# --- feed_forward_backward


def _network_backward(grad, x, p, slope=feed_forward.gelu_tanh_backward, turned=False, names=None):
    before = x @ p["c_fc.weight"] + p["c_fc.bias"]
    hidden = feed_forward.gelu_tanh(before)
    grad_h, W_2, b_2 = _linear_backward(grad, hidden, p["c_proj.weight"])
    grad_x, W_1, b_1 = _linear_backward(slope(grad_h, before), x, p["c_fc.weight"])
    return grad_x, {"c_fc.weight": W_1, "c_fc.bias": b_1, "c_proj.weight": W_2, "c_proj.bias": b_2}


def _reference_network_backward(grad, x, p):
    return backward(
        feed_forward.FeedForward(*p["c_fc.weight"].shape, activation="gelu_tanh", dtype=float), p, grad, x
    )


def _but(gradients, **changes):
    """(grad_x, dict) with some entries changed."""
    grad_x, grads = gradients
    return grad_x, {**grads, **{name.replace("__", "."): value for name, value in changes.items()}}


def _network_case(rng, *shape, F):
    return rng.normal(size=shape), rng.normal(size=shape), network_parameters(rng, shape[-1], F)


def _draw_network(rng):
    D, F, T, B = sizes(rng, 4)
    return _network_case(rng, *[(T, D), (B, T, D)][rng.integers(2)], F=F)


feed_forward_backward = Exercise(
    name="feed_forward_backward",
    lesson=9,
    text="""The gradients of `feed_forward(x, p)`: c_fc, GELU, c_proj.

    grad (..., D), x (..., D), p a dict as in feed_forward → (the gradient of x (..., D),
    a dict with the gradients of p, under the same four names).
    Back through c_proj, then GELU, then c_fc; what stood between is computed again.
    """,
    reference=_reference_network_backward,
    cases=lambda rng: [
        Case(_network_case(rng, 1, 2, F=3)),
        Case(_network_case(rng, 5, 3, F=7)),
        Case(_network_case(rng, 2, 3, 5, F=12), hint="x comes as a batch, (B, T, D)"),
    ],
    draw=_draw_network,
    axes=("... D", "... D", "p"),
    returns=("the gradient of x", "the gradients of p"),
    slips=(
        Slip(lambda grad, x, p: _network_backward(grad, x, p, lambda g, z: g),
             "GELU was passed over on the way back: multiply by its slope"),
        Slip(lambda grad, x, p: _network_backward(grad, x, p, lambda g, z: g * (z > 0)),
             "that is the slope of ReLU: GELU stands between the layers"),
        Slip(lambda grad, x, p: _network_backward(grad, x, p, lambda g, z: feed_forward.gelu_tanh_backward(g, feed_forward.gelu_tanh(z))),
             "the slope of GELU was taken at its output: it is taken at what went in"),
        Slip(lambda grad, x, p: _network_backward(grad, x, p, feed_forward.gelu_backward),
             "that is the slope of the exact GELU: GPT-2 uses the one with tanh"),
        Slip(lambda grad, x, p: _but(_network_backward(grad, x, p), c_proj__weight=flat(x @ p["c_fc.weight"] + p["c_fc.bias"]).T @ flat(grad)),
             "the gradient of c_proj.weight takes what c_proj was given, which is the output of GELU, not "
             "its input"),
        Slip(lambda grad, x, p: (grad + _network_backward(grad, x, p)[0], _network_backward(grad, x, p)[1]),
             "grad was added: the residual sum belongs to the block"),
        Slip(lambda grad, x, p: (_network_backward(grad, x, p)[0], {name: g / len(flat(x)) for name, g in _network_backward(grad, x, p)[1].items()}),
             "the gradients of p were averaged over the tokens: they add up"),
        Slip(lambda grad, x, p: _but(_network_backward(grad, x, {**p, "c_fc.bias": 0.0})),
             "the bias of c_fc was left out when the hidden layer was computed again"),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- layer_norm_backward


def _norm_backward(
    grad,
    x,
    weight,
    eps=1e-5,
    axis=-1,
    mean_part=1.0,
    along_part=1.0,
    scale_power=1,
    unweighted=False,
    y_for_x=True,
    root=True,
):
    centred = x - x.mean(axis=axis, keepdims=True)
    scale = np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + eps)
    y = centred / scale
    g = grad if unweighted else grad * weight
    along = (g * y).mean(axis=axis, keepdims=True) * (y if y_for_x else centred)
    grad_x = (g - mean_part * g.mean(axis=axis, keepdims=True) - along_part * along) / scale**scale_power
    return grad_x, flat(grad * y).sum(axis=0), flat(grad).sum(axis=0)


def _norm_case(rng, *shape, eps=()):
    return rng.normal(size=shape), rng.normal(size=shape) * 2 + 1, rng.normal(size=shape[-1]) + 1, *eps


def _draw_norm(rng):
    D, T, B = sizes(rng, 3)
    return _norm_case(rng, *[(T, D), (B, T, D)][rng.integers(2)], eps=(float(rng.choice([1e-5, 0.1])),))


_NB = _norm_backward

layer_norm_backward = Exercise(
    name="layer_norm_backward",
    lesson=9,
    text="""The gradients of `layer_norm(x, weight, bias, eps)`.

    grad (..., D), x (..., D), weight (D,), eps a number, 1e-5 unless given
    → (the gradient of x (..., D), of weight (D,), of bias (D,)).
    The forward is weight · (x − mean) / √(variance + eps) + bias, row by row. An entry of x
    changes its row's mean and variance too. Weight and bias serve every row, so
    their gradients add up over all axes in front.
    """,
    reference=lambda grad, x, weight, eps=1e-5: normalization.layer_norm_backward(grad, x, weight, eps),
    cases=lambda rng: [
        Case(_norm_case(rng, 2, 3), hint="eps need not be given, and is 1e-5"),
        Case(_norm_case(rng, 3, 5, eps=(0.5,)), hint="eps is 0.5"),
        Case(_norm_case(rng, 2, 3, 7, eps=(0.01,)), hint="x comes as a batch, (B, T, D)"),
        Case(_norm_case(rng, 6), hint="x may be a single row, (D,)"),
    ],
    draw=_draw_norm,
    axes=("... D", "... D", "D", ""),
    returns=("the gradient of x", "the gradient of weight", "the gradient of bias"),
    slips=(
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, mean_part=0.0, along_part=0.0),
             "mean and scale were taken for constants: an entry of x changes both"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, mean_part=0.0),
             "the part through the mean is missing: an entry of x changes its row's mean"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, along_part=0.0),
             "the part through the scale is missing: an entry of x changes its row's variance"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, along_part=-1.0),
             "the part through the scale has the wrong sign"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, mean_part=-1.0),
             "the part through the mean has the wrong sign"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, mean_part=x.shape[-1]),
             "the gradients of the row were added up where their mean belongs"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, along_part=x.shape[-1]),
             "the part through the scale is D times too large: it is a mean over the row"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, mean_part=x.shape[-1], along_part=x.shape[-1]),
             "both parts are D times too large: they are means over the row, and yours are sums"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, scale_power=0),
             "nothing was divided by the scale"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, scale_power=-1),
             "it was multiplied by the scale: divide"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, scale_power=2),
             "it was divided by the variance: divide by its root"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, unweighted=True),
             "weight has no part in the gradient of x: grad passes through it first"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, 1.0, eps)[0] * weight, *_NB(grad, x, weight, eps)[1:]),
             "weight was multiplied at the end: grad passes through it first, before the means"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, y_for_x=False),
             "the part through the scale holds x − mean where the normalised row belongs"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, eps, axis=0),
             "the columns were normalised: mean and scale run along the row, axis=-1"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, 1e-5),
             "eps is given: yours is always 1e-5"),
        Slip(lambda grad, x, weight, eps=1e-5: _NB(grad, x, weight, 0.0), "eps is missing"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], flat(grad * x).sum(axis=0), flat(grad).sum(axis=0)),
             "the gradient of weight takes the normalised rows, not x itself"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], _NB(grad, x, weight, eps)[1] * weight, flat(grad).sum(axis=0)),
             "the gradient of weight does not depend on weight"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], _NB(grad, x, weight, eps)[1] / len(flat(x)), flat(grad).mean(axis=0)),
             "the gradients of weight and bias were averaged over the rows: they add up"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], _NB(grad, x, weight, eps)[1], flat(grad * weight).sum(axis=0)),
             "the gradient of bias collects grad itself: bias is added after weight"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], (grad * _NB(x * 0, x, 1.0)[0]).sum(axis=-1), grad.sum(axis=-1)),
             "the sums run along the row: weight and bias collect over all rows"),
        Slip(lambda grad, x, weight, eps=1e-5: (_NB(grad, x, weight, eps)[0], grad * normalization.layer_norm(x, eps=eps), grad),
             "the gradients of weight and bias still have the rows: they add up over all of them"),
    ),
    minutes=25,
    stars=3,
)  # fmt: skip


# --- softmax_backward


def _probs(rng, *shape):
    return attention.softmax(rng.normal(size=shape) * 2)


def _draw_softmax(rng):
    shape = sizes(rng, int(rng.integers(1, 4)))
    return rng.normal(size=shape), _probs(rng, *shape)


softmax_backward = Exercise(
    name="softmax_backward",
    lesson=9,
    text="""The gradient of softmax: every score moves all weights of its row.

    grad (..., S), probs (..., S), the weights that softmax returned
    → the gradient of the scores (..., S).
    """,
    reference=lambda grad, probs: attention.softmax_backward(grad, probs),
    cases=lambda rng: [
        Case((np.array([[1.0, 0.0, 0.0]]), np.array([[0.5, 0.3, 0.2]]))),
        Case((rng.normal(size=(2, 5)), _probs(rng, 2, 5))),
        Case((rng.normal(size=(2, 3, 5)), _probs(rng, 2, 3, 5)), hint="grad may have any axes in front"),
        Case((rng.normal(size=6), _probs(rng, 6)), hint="grad may be a single row"),
    ],
    draw=_draw_softmax,
    axes=("... S", "... S"),
    slips=(
        Slip(lambda grad, probs: grad * probs * (1 - probs),
             "only the diagonal was taken: a score moves the other weights of its row too"),
        Slip(lambda grad, probs: grad * probs,
             "the second part is missing: a score that rises takes from all other weights"),
        Slip(lambda grad, probs: probs * (grad + (grad * probs).sum(axis=-1, keepdims=True)),
             "the second part has the wrong sign"),
        Slip(lambda grad, probs: probs * ((grad * probs).sum(axis=-1, keepdims=True) - grad),
             "the sign is turned round"),
        Slip(lambda grad, probs: probs * (grad - grad.sum(axis=-1, keepdims=True)),
             "the sum is weighted: (grad · probs) is added up, not grad"),
        Slip(lambda grad, probs: probs * (grad - grad.mean(axis=-1, keepdims=True)),
             "the plain mean was subtracted: it is the mean weighted by probs"),
        Slip(lambda grad, probs: probs * (grad - (grad * probs).mean(axis=-1, keepdims=True)),
             "the mean stands there: (grad · probs) is added up"),
        Slip(lambda grad, probs: probs * (grad - (grad * probs).sum(axis=0)),
             "the sum runs down the columns: each row has its own, axis=-1"),
        Slip(lambda grad, probs: probs * (grad - (grad * probs).sum()),
             "the whole array shares one sum: each row has its own"),
        Slip(lambda grad, probs: grad - (grad * probs).sum(axis=-1, keepdims=True),
             "the factor probs in front is missing"),
        Slip(lambda grad, probs: grad * probs - (grad * probs).sum(axis=-1, keepdims=True),
             "brackets are missing: probs multiplies the whole difference"),
        Slip(lambda grad, probs: probs - grad, "that is the gradient of the loss: here any grad comes in"),
        Slip(lambda grad, probs: attention.softmax_backward(grad, attention.softmax(probs)),
             "probs are the weights already: no second softmax"),
    ),
    minutes=10,
    stars=2,
)  # fmt: skip


# --- attention_backward


def _attention_backward(grad, q, k, v, weights, scale=True, through=True, swap=False):
    grad_w = grad @ v.swapaxes(-1, -2)
    grad_s = attention.softmax_backward(grad_w, weights) if through is True else grad_w
    if through == "diagonal":
        grad_s = grad_w * weights * (1 - weights)
    grad_s = grad_s / math.sqrt(q.shape[-1]) if scale else grad_s
    return grad_s @ k, grad_s.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ grad


def _attention_case(rng, T, S, K, V, front=(), masked=False):
    q = rng.normal(size=(*front, T, K))
    k = rng.normal(size=(*front, S, K))
    v = rng.normal(size=(*front, S, V))
    mask = np.tri(T, S, max(S - T, 0), dtype=bool) if masked else None
    return rng.normal(size=(*front, T, V)), q, k, v, attend(q, k, v, mask)[1]


def _draw_attention(rng):
    T, S, K, V = rng.choice([2, 3, 5, 6, 7], size=4, replace=False).tolist()
    return _attention_case(rng, T, S, K, V, [(), (2,), (2, 3)][rng.integers(3)], bool(rng.integers(2)))


_AB = _attention_backward

attention_backward = Exercise(
    name="attention_backward",
    lesson=9,
    text="""The gradients of attention, from the output back to queries, keys and values.

    grad (..., T, K_v), q (..., T, K), k (..., S, K), v (..., S, K_v), and weights (..., T, S),
    the softmax of q kᵀ / √K, as attention returned them
    → (the gradient of q, of k, of v), shaped as these.
    A hidden key has the weight 0, so no mask is needed.
    """,
    reference=lambda grad, q, k, v, weights: attention.scaled_dot_product_attention_backward(grad, q, k, v, weights),
    cases=lambda rng: [
        Case(_attention_case(rng, 2, 3, 5, 6)),
        Case(_attention_case(rng, 3, 5, 2, 7, masked=True), hint="some keys are hidden"),
        Case(_attention_case(rng, 6, 2, 3, 5, (2,)),
             hint="q, k and v come as a batch: swap the last two axes alone"),
        Case(_attention_case(rng, 3, 5, 7, 2, (2, 3)), hint="q, k and v may have any axes in front"),
    ],
    draw=_draw_attention,
    axes=("... T V", "... T K", "... S K", "... S V", "... T S"),
    returns=("the gradient of q", "the gradient of k", "the gradient of v"),
    slips=(
        Slip(lambda grad, q, k, v, weights: _AB(grad, q, k, v, weights, scale=False),
             "the scores were divided by √K, and so are their gradients"),
        Slip(lambda grad, q, k, v, weights: _AB(grad, q, k, v, weights, through=False),
             "the softmax was passed over on the way back: use softmax_backward"),
        Slip(lambda grad, q, k, v, weights: _AB(grad, q, k, v, weights, scale=False, through=False),
             "the softmax and the division by √K were passed over on the way back"),
        Slip(lambda grad, q, k, v, weights: tuple(g / math.sqrt(q.shape[-1]) for g in _AB(grad, q, k, v, weights)),
             "√K divides twice, or in the gradient of v, which never met the scores"),
        Slip(lambda grad, q, k, v, weights: (*_AB(grad, q, k, v, weights)[:2], _AB(grad, q, k, v, weights)[2] / math.sqrt(q.shape[-1])),
             "the gradient of v was divided by √K: v never met the scores"),
        Slip(lambda grad, q, k, v, weights: (_AB(grad, q, k, v, weights)[0], _AB(grad, q, k, v, weights)[1] * math.sqrt(q.shape[-1]), _AB(grad, q, k, v, weights)[2]),
             "the gradient of k was not divided by √K: that of q was, and both come from the scores"),
        Slip(lambda grad, q, k, v, weights: _AB(grad, q, k, v, weights, through="diagonal"),
             "only the diagonal of the softmax was taken, weights · (1 − weights): a score moves the other weights of "
             "its row too"),
        Slip(lambda grad, q, k, v, weights: (_AB(grad, q, k, v, weights)[0] / math.sqrt(q.shape[-1]), *_AB(grad, q, k, v, weights)[1:]),
             "the gradient of q was divided by √K twice"),
        Slip(lambda grad, q, k, v, weights: (_AB(grad, q, k, v, weights, scale=False)[0] / q.shape[-1], _AB(grad, q, k, v, weights, scale=False)[1] / q.shape[-1], _AB(grad, q, k, v, weights)[2]),
             "the gradients were divided by K: it is the square root of K, once"),
        Slip(lambda grad, q, k, v, weights: (*(g * math.sqrt(q.shape[-1] / v.shape[-1]) for g in _AB(grad, q, k, v, weights)[:2]), _AB(grad, q, k, v, weights)[2]),
             "the scores were divided by the root of the width of queries and keys, not by that of the values"),
        Slip(lambda grad, q, k, v, weights: (*_AB(grad, q, k, v, weights)[:2], attention.softmax_backward(weights, weights).swapaxes(-1, -2) @ grad),
             "the gradient of v takes the weights themselves"),
        Slip(lambda grad, q, k, v, weights: (-_AB(grad, q, k, v, weights)[0], -_AB(grad, q, k, v, weights)[1], _AB(grad, q, k, v, weights)[2]),
             "the sign of the gradients of q and k is turned round"),
    ),
    minutes=20,
    stars=3,
)  # fmt: skip


# --- causal_self_attention_backward


def _layer_backward(grad, x, p, H):
    return backward(gpt.CausalSelfAttention(x.shape[-1], H, dtype=float), p, grad, x)


def _split(x, H):
    return x.reshape(*x.shape[:-1], H, x.shape[-1] // H).swapaxes(-2, -3)


def _merge(x):
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], -1)


def _by_hand(grad, x, p, H, causal=True, order=(0, 1, 2), through=True, scale=True):
    q, k, v = (_split(part, H) for part in np.split(x @ p["c_attn.weight"] + p["c_attn.bias"], 3, axis=-1))
    output, weights = attend(q, k, v, np.tri(x.shape[-2], dtype=bool) if causal else None)
    grad_y, W_2, b_2 = _linear_backward(grad, _merge(output), p["c_proj.weight"])
    grads = _attention_backward(_split(grad_y, H), q, k, v, weights, scale, through)
    grad_qkv = np.concatenate([_merge(grads[i]) for i in order], axis=-1)
    grad_x, W_1, b_1 = _linear_backward(grad_qkv, x, p["c_attn.weight"])
    return grad_x, {"c_attn.weight": W_1, "c_attn.bias": b_1, "c_proj.weight": W_2, "c_proj.bias": b_2}


def _layer_case(rng, *shape, H):
    return rng.normal(size=shape), rng.normal(size=shape), attention_parameters(rng, shape[-1]), H


def _draw_layer(rng):
    H, K, T, B = sizes(rng, 4, high=6)
    return _layer_case(rng, *[(T, H * K), (B, T, H * K)][rng.integers(2)], H=H)


causal_self_attention_backward = Exercise(
    name="causal_self_attention_backward",
    lesson=9,
    text="""The gradients of `causal_self_attention(x, p, H)`.

    grad (..., T, D), x (..., T, D), p a dict and H a number as there → (the gradient of
    x (..., T, D), a dict with the gradients of p, under the same four names).
    Back through c_proj, the heads, attention and c_attn; what stood between is computed again.
    """,
    reference=lambda grad, x, p, H: _layer_backward(grad, x, p, H),
    cases=lambda rng: [
        Case(_layer_case(rng, 3, 2, H=1), hint="there is one head"),
        Case(_layer_case(rng, 5, 6, H=2)),
        Case(_layer_case(rng, 2, 5, 6, H=3), hint="x comes as a batch, (B, T, D)"),
    ],
    draw=_draw_layer,
    axes=("... T D", "... T D", "p", "=H"),
    returns=("the gradient of x", "the gradients of p"),
    slips=(
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, causal=False),
             "the weights were computed again without the mask"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, through=False),
             "the softmax was passed over on the way back"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, scale=False),
             "the gradients of the scores were not divided by √K"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, order=(1, 0, 2)),
             "the gradients of queries and keys stand in the wrong third of c_attn"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, order=(0, 2, 1)),
             "the gradients of keys and values stand in the wrong third of c_attn"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, H, order=(2, 1, 0)),
             "the gradients stand in the wrong thirds of c_attn: queries, keys, values"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, p, 1), "there is a single head: split the width into H"),
        Slip(lambda grad, x, p, H: (grad + _by_hand(grad, x, p, H)[0], _by_hand(grad, x, p, H)[1]),
             "grad was added: the residual sum belongs to the block"),
        Slip(lambda grad, x, p, H: _by_hand(grad, x, {**p, "c_attn.bias": 0 * p["c_attn.bias"]}, H),
             "the bias of c_attn was left out when q, k and v were computed again"),
        Slip(lambda grad, x, p, H: (_by_hand(grad, x, p, H)[0], {name: g / len(flat(x)) for name, g in _by_hand(grad, x, p, H)[1].items()}),
             "the gradients of p were averaged over the tokens: they add up"),
        Slip(lambda grad, x, p, H: _but(_by_hand(grad, x, p, H), c_proj__weight=flat(x).T @ flat(grad)),
             "the gradient of c_proj.weight takes what c_proj was given: the merged heads"),
    ),
    minutes=25,
    optional=True,
    stars=3,
)  # fmt: skip

EXERCISES = (linear_backward, gelu_backward, feed_forward_backward, layer_norm_backward, softmax_backward,
             attention_backward, causal_self_attention_backward)  # fmt: skip
(check_linear_backward, check_gelu_backward, check_feed_forward_backward, check_layer_norm_backward,
 check_softmax_backward, check_attention_backward, check_causal_self_attention_backward) = map(check, EXERCISES)  # fmt: skip


# --- on paper: the way back through (ReLU(x · w + b) − y)², with numbers of the reader's own


def _back(x, w, b, y):
    """The slope that arrives in front of the sum."""
    return 2 * (x * w + b - y)


def _nothing_comes_back(x, w, b, y):
    if x * w + b <= 0:
        return f"x · w + b is {x * w + b:g}: ReLU blocks the way back, and all slopes are 0: take numbers that make it positive"
    if x * w + b == y:
        return "the loss is 0 already, and so is every slope: take another target"
    return None


check_graph_on_paper = on_paper(
    "the row of the slopes for w, b and x",
    lambda x, w, b, y: _back(x, w, b, y) * np.array([x, 1, w]),
    (2.0, 1.5, 0.5, 2.0),
    decimals=2,
    refuse=_nothing_comes_back,
    slips={
        "a product gives each the other factor: w gets x, and x gets w": lambda x, w, b, y: _back(x, w, b, y) * np.array([w, 1, x]),
        "the slope of a square has a 2 in front": lambda x, w, b, y: _back(x, w, b, y) / 2 * np.array([x, 1, w]),
        "a sum hands on what it gets: nothing is multiplied by b": lambda x, w, b, y: _back(x, w, b, y) * np.array([x, b, w]),
        "ReLU's slope is 1 here: nothing is multiplied by its value":
            lambda x, w, b, y: _back(x, w, b, y) * (x * w + b) * np.array([x, 1, w]),
        "the square itself was sent back: its slope is 2 · difference":
            lambda x, w, b, y: (x * w + b - y) ** 2 * np.array([x, 1, w]),
        "the order is w, b, x": lambda x, w, b, y: _back(x, w, b, y) * np.array([w, x, 1]),
    },
    step=lambda x, w, b, y: f"the difference is {x * w + b - y:.2f}, and {_back(x, w, b, y):.2f} arrives in front of it",
)  # fmt: skip
