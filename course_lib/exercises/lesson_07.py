"""The exercises of lesson 07_feed_forward: the linear layer, GELU, the feed-forward network out of both, and XNOR.

XNOR asks for weights, not for a piece of a GPT. It is judged by what a network with these weights answers, so that
any that do it are right.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import math

import numpy as np

from course_lib.in_numpy import feed_forward as lib

from .description import Case, Exercise, Slip, random_parameters, sizes
from .judge import check
from .local import Reply, local
from .on_paper import on_paper

# --- linear


def _draw_linear(rng):
    D, F, T, B = sizes(rng, 4)
    x = rng.normal(size=[(D,), (T, D), (B, T, D)][rng.integers(3)])
    return x, rng.normal(size=(D, F)), rng.normal(size=F)


linear = Exercise(
    name="linear",
    lesson=7,
    text="""A linear layer: every row of x times the weights, plus the bias.

    x (..., D), W (D, F), b (F,) → (..., F). D numbers come in and F go out. x may be one row,
    a text (T, D) or a batch of texts (B, T, D), and b is the same for every row.
    """,
    reference=lambda x, W, b: x @ W + b,
    cases=lambda rng: [
        Case((np.array([[1.0, 2.0]]), np.array([[3.0, 0.0, 1.0], [5.0, -1.0, 0.5]]), np.array([0.1, 0.2, 0.3]))),
        Case((rng.normal(size=(5, 3)), rng.normal(size=(3, 7)), rng.normal(size=7))),
        Case((rng.normal(size=(2, 6, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)),
             hint="x comes as a batch, (B, T, D)"),
        Case((rng.normal(size=3), rng.normal(size=(3, 5)), rng.normal(size=5)),
             hint="x may be a single row, (D,)"),
    ],
    draw=_draw_linear,
    axes=("... D", "D F", "F"),
    slips=(
        Slip(lambda x, W, b: x @ W, "the bias is missing"),
        Slip(lambda x, W, b: x @ W - b, "the bias was subtracted: add"),
        Slip(lambda x, W, b: x @ W * b, "the bias multiplies: add it"),
        Slip(lambda x, W, b: np.maximum(x @ W + b, 0), "there is a ReLU in it: a linear layer has none"),
        Slip(lambda x, W, b: x @ (W + b), "the bias was added to the weights: add it to the product"),
        Slip(lambda x, W, b: x @ W + b.sum(), "the biases were added up: each column has its own"),
        Slip(lambda x, W, b: x @ W + b.mean(), "the biases were averaged: each column has its own"),
        Slip(lambda x, W, b: x @ W / np.sqrt(len(W)) + b, "the product was divided by √D, as attention does"),
        Slip(lambda x, W, b: np.tanh(x @ W + b), "there is a tanh in it: a linear layer has none"),
        Slip(lambda x, W, b: x @ W + b[0], "only the first bias is used: each column has its own"),
        Slip(lambda x, W, b: 2 * (x @ W + b), "everything came out doubled"),
    ),
    minutes=5,
)  # fmt: skip


# --- gelu

_ROOT = math.sqrt(2 / math.pi)


def _gelu(x, root=_ROOT, cube=0.044715, power=3, half=0.5, one=1.0, bend=np.tanh):
    return half * x * (one + bend(root * (x + cube * x**power)))


_FAR = "for values up to ±1000"

gelu = Exercise(
    name="gelu",
    lesson=7,
    text="""GELU as GPT-2 computes it: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).

    x an array of any shape → the same shape, each entry by itself.
    It holds for values up to ±1000: far below 0 the result is 0, far above it is x.
    """,
    reference=lambda x: lib.gelu_tanh(x),
    cases=lambda rng: [
        Case((np.array([1.0, -2.0, 0.5]),)),
        Case((rng.normal(size=(2, 5)) * 2,), hint="x may have two axes"),
        Case((rng.normal(size=(2, 3, 5)) * 2,), hint="x may have three axes"),
        Case((np.array([0.0, 3.0, -3.0, 6.0, -6.0]),)),
        Case((np.array([1000.0, -1000.0, 40.0, -40.0]),), needs=_FAR),
    ],
    draw=lambda rng: (rng.normal(size=sizes(rng, int(rng.integers(1, 4)))) * 3,),
    slips=(
        Slip(lambda x: lib.gelu(x),
             "that is the exact GELU, with the normal distribution: GPT-2 uses the formula with tanh"),
        Slip(lambda x: x / (1 + np.exp(-1.702 * x)),
             "that is the short approximation, x·σ(1.702 x): use the formula with tanh"),
        Slip(lambda x: _gelu(x, half=1.0), "the ½ in front is missing"),
        Slip(lambda x: _gelu(x, one=0.0), "the 1 in the bracket is missing"),
        Slip(lambda x: 0.5 * (1 + np.tanh(_ROOT * (x + 0.044715 * x**3))), "the x in front is missing"),
        Slip(lambda x: _gelu(x, root=2 / math.pi), "2/π stands there: its square root is meant"),
        Slip(lambda x: _gelu(x, root=math.sqrt(2) / math.pi),
             "√2/π stands there: the root is over both, √(2/π)"),
        Slip(lambda x: _gelu(x, root=math.sqrt(math.pi / 2)), "π/2 stands under the root: it is 2/π"),
        Slip(lambda x: _gelu(x, root=1.0), "the factor √(2/π) is missing"),
        Slip(lambda x: _gelu(x, cube=0.0), "the term with x³ is missing"),
        Slip(lambda x: _gelu(x, cube=1.0), "the factor 0.044715 is missing"),
        Slip(lambda x: _gelu(x, power=2), "x² stands there: it is x³"),
        Slip(lambda x: _gelu(x, cube=0.44715), "the factor is 0.044715: a zero is missing"),
        Slip(lambda x: _gelu(x, cube=0.0044715), "the factor is 0.044715: there is a zero too many"),
        Slip(lambda x: 0.5 * x * (1 + np.tanh(_ROOT * x + 0.044715 * x**3)),
             "√(2/π) multiplies x alone: it multiplies the whole bracket"),
        Slip(lambda x: 0.5 * x * 1 + np.tanh(_ROOT * (x + 0.044715 * x**3)),
             "brackets are missing: x multiplies the whole of 1 + tanh(…)"),
        Slip(lambda x: _gelu(x, bend=lambda z: -np.tanh(z)), "the sign of tanh is turned round"),
        Slip(lambda x: _gelu(x, bend=np.sin), "that is a sine: tanh is meant"),
        Slip(lambda x: _gelu(x, bend=np.tan), "np.tan is the tangent: np.tanh is meant"),
        Slip(lambda x: np.maximum(x, 0), "that is ReLU"),
        Slip(lambda x: x / (1 + np.exp(-x)), "that is SiLU, x·σ(x): use the formula with tanh"),
        Slip(lambda x: np.tanh(x), "that is tanh alone"),
        Slip(lambda x: 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * x) ** 3)),
             "the whole bracket was cubed: only the second x is"),
        Slip(lambda x: _gelu(x, bend=lambda z: np.tanh(z**3), cube=0.0), "the whole bracket was cubed: only the second x is"),
        Slip(lambda x: _gelu(x, cube=3 * 0.044715, power=1), "3·x stands there: it is x³"),
        Slip(lambda x: _gelu(x, cube=-0.044715), "the term with x³ was subtracted: add"),
        Slip(lambda x: _gelu(x, root=math.sqrt(2 * math.pi)), "2·π stands under the root: it is 2/π"),
        Slip(lambda x: _gelu(x, root=math.sqrt(2)), "π is missing under the root: it is 2/π"),
        Slip(lambda x: 0.5 * (x + np.tanh(_ROOT * (x + 0.044715 * x**3))),
             "the tanh was added to x: x multiplies the whole of 1 + tanh(…)"),
        Slip(lambda x: 0.5 * x + (1 + np.tanh(_ROOT * (x + 0.044715 * x**3))),
             "½ x was added: it multiplies the whole of 1 + tanh(…)"),
        Slip(lambda x: _gelu(x, bend=lambda u: (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u))),
             "the exponentials of a large value overflow, and ∞/∞ is no number: np.tanh does "
             "not", needs=_FAR),
        Slip(lambda x: _gelu(x, bend=lambda u: (np.exp(2 * u) - 1) / (np.exp(2 * u) + 1)),
             "the exponentials of a large value overflow, and ∞/∞ is no number: np.tanh does "
             "not", needs=_FAR),
    ),
    minutes=10,
)  # fmt: skip


# --- feed_forward


def shapes_of_network(D, F):
    return {"c_fc.weight": (D, F), "c_fc.bias": (F,), "c_proj.weight": (F, D), "c_proj.bias": (D,)}


def network_parameters(rng, D, F):
    return random_parameters(rng, shapes_of_network(D, F))


def _network(x, p):
    layer = lib.FeedForward(*p["c_fc.weight"].shape, activation="gelu_tanh", dtype=float)
    for name, value in layer.state_dict().items():
        value[...] = p[name]
    return layer(x)


def _two(x, p, bend=lib.gelu_tanh, last=lambda y: y, first_bias=1.0, last_bias=1.0):
    hidden = bend(x @ p["c_fc.weight"] + first_bias * p["c_fc.bias"])
    return last(hidden @ p["c_proj.weight"] + last_bias * p["c_proj.bias"])


def _draw_network(rng):
    D, F, T, B = sizes(rng, 4)
    return rng.normal(size=[(T, D), (B, T, D)][rng.integers(2)]), network_parameters(rng, D, F)


feed_forward = Exercise(
    name="feed_forward",
    lesson=7,
    text="""The feed-forward network of GPT-2: widen, GELU, narrow.

    x (..., D), p a dict → (..., D). p["c_fc.weight"] (D, F) and p["c_fc.bias"] (F,) widen,
    p["c_proj.weight"] (F, D) and p["c_proj.bias"] (D,) narrow, and GELU stands between the two.
    GELU is the one with tanh, your `gelu`. x is not added here: the block does that.
    """,
    reference=lambda x, p: _network(x, p),
    cases=lambda rng: [
        Case((rng.normal(size=(1, 2)), network_parameters(rng, 2, 3))),
        Case((rng.normal(size=(5, 3)), network_parameters(rng, 3, 7))),
        Case((rng.normal(size=(2, 3, 5)) * 2, network_parameters(rng, 5, 12)),
             hint="x comes as a batch, (B, T, D)"),
    ],
    draw=_draw_network,
    axes=("... D", "p"),
    slips=(
        Slip(lambda x, p: _two(x, p, lambda z: np.maximum(z, 0)),
             "ReLU stands between the layers: it is GELU here"),
        Slip(lambda x, p: _two(x, p, lib.gelu), "that is the exact GELU: GPT-2 uses the one with tanh"),
        Slip(lambda x, p: _two(x, p, lambda z: z), "nothing stands between the two layers: GELU is missing"),
        Slip(lambda x, p: _two(x, p, last=lib.gelu_tanh),
             "there is a second GELU, after c_proj: it stands between the two alone"),
        Slip(lambda x, p: _two(x, p, lambda z: z, lib.gelu_tanh),
             "GELU stands after c_proj: it stands between the two layers"),
        Slip(lambda x, p: _two(lib.gelu_tanh(x), p, lambda z: z),
             "GELU stands before c_fc: it stands between the two layers"),
        Slip(lambda x, p: _two(x, p, first_bias=0.0), "the bias of c_fc is missing"),
        Slip(lambda x, p: _two(x, p, last_bias=0.0), "the bias of c_proj is missing"),
        Slip(lambda x, p: _two(x, p, first_bias=0.0, last_bias=0.0), "both biases are missing"),
        Slip(lambda x, p: x + _two(x, p),
             "x was added: the residual sum belongs to the block, not to this layer"),
        Slip(lambda x, p: (lib.gelu_tanh(x @ p["c_fc.weight"]) + p["c_fc.bias"]) @ p["c_proj.weight"] + p["c_proj.bias"],
             "the bias of c_fc was added after GELU: it belongs before"),
        Slip(lambda x, p: lib.gelu_tanh(x @ p["c_fc.weight"] + p["c_fc.bias"]),
             "the second layer is missing"),
        Slip(lambda x, p: _two(x, p, lambda z: lib.gelu_tanh(lib.gelu_tanh(z))), "GELU was taken twice"),
        Slip(lambda x, p: _two(x, p, np.tanh), "tanh alone stands between the layers: it is GELU"),
        Slip(lambda x, p: _two(x, p, lambda z: z / (1 + np.exp(-z))), "SiLU stands between the layers: it is GELU"),
        Slip(lambda x, p: _two(x, p, last_bias=-1.0), "the bias of c_proj was subtracted: add"),
        Slip(lambda x, p: _two(x, p, first_bias=-1.0), "the bias of c_fc was subtracted: add"),
        Slip(lambda x, p: _two(x, p, lambda z: z, first_bias=0.0, last_bias=0.0), "GELU and both biases are missing"),
        Slip(lambda x, p: _two(x, p | {"c_fc.weight": p["c_proj.weight"].T, "c_proj.weight": p["c_fc.weight"].T}),
             "c_fc.weight and c_proj.weight have changed places: c_fc comes first, and none is turned"),
        Slip(lambda x, p: _two(x, p | {"c_proj.weight": p["c_fc.weight"].T}),
             "c_fc.weight was used again, turned: c_proj has weights of its own"),
    ),
    minutes=10,
)  # fmt: skip

EXERCISES = (linear, gelu, feed_forward)
check_linear, check_gelu, check_feed_forward = map(check, EXERCISES)


# --- xnor: asks for weights, and is no piece of my_gpt.py

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def _with_these_weights(function):
    """`call` for `judge`: x → what the network answers whose weights the learner's function returns."""

    def call(x):
        reply = local(function)()
        if reply.value is not None:
            try:
                W, c, w, b = _weights(reply.value)
            except ValueError as error:
                return Reply(refused=str(error))
            with np.errstate(all="ignore"):
                reply.value = np.maximum(0, x @ W + c) @ w + b
        return reply

    return call


def _weights(value):
    """The four parts as arrays; ValueError, with the sentence for the learner, when they are no such weights."""
    if not isinstance(value, tuple | list) or len(value) != 4:
        raise ValueError("four things are expected, in this order: `return W, c, w, b`")
    parts = []
    for name, part in zip(("W", "c", "w", "b"), value, strict=True):
        try:
            parts.append(np.array(part, dtype=float))
        except (TypeError, ValueError):
            raise ValueError(f"{name} is not an array of numbers, with rows of equal length") from None
    W, c, w, b = parts
    if W.ndim != 2 or len(W) != 2:
        raise ValueError(f"W takes two inputs, so it has two rows: its shape is (2, F), yours {W.shape}")
    for name, part in (("c", c), ("w", w)):
        if part.shape != W.shape[1:]:
            raise ValueError(
                f"W has {W.shape[1]} columns, one a hidden unit, so {name} has the shape {W.shape[1:]}, not {part.shape}"
            )
    if b.size != 1:
        raise ValueError(f"b is one number, yours has the shape {b.shape}")
    return W, c, w, b.item()


def _no_bend(call, arguments):
    """On four corners a network without a bend adds up to the same along both diagonals."""
    first, second, third, fourth = call(*arguments)
    if np.isclose(first + fourth, second + third):
        return (
            "no hidden unit bends between the corners, so your network is one line there: (0,0) and (1,1) together "
            "give as much as (0,1) and (1,0)"
        )
    return None


def _answers(call, arguments):
    outputs = ", ".join(f"{y:g}" for y in call(*arguments))
    return f"for (0,0), (0,1), (1,0), (1,1) the outputs should be 1, 0, 0, 1; yours are {outputs}"


def _always(*outputs):
    return lambda x: np.array(outputs, dtype=float)


xnor = Exercise(
    name="xnor",
    lesson=7,
    text="""Weights of a network that answers 1 where its two inputs are equal, and 0 where they differ.

    → W (2, F), c (F,), w (F,), b a number, for max(0, x W + c) · w + b. F is yours to choose.
    The inputs are (0,0), (0,1), (1,0) and (1,1); there is no second cut and no threshold.
    """,
    reference=lambda x: 1 - abs(x[:, 0] - x[:, 1]),
    cases=lambda rng: [Case((CORNERS,))],
    draw=lambda rng: (CORNERS,),
    properties=(_no_bend, _answers),
    slips=(
        Slip(_always(0, 1, 1, 0), "this is XOR: 1 where the two differ. You want the opposite"),
        Slip(_always(0, -1, -1, 0), "the output is 1 too low everywhere: what is b for?"),
        Slip(_always(2, 1, 1, 2), "the output is 1 too high everywhere: look at b"),
        Slip(_always(0, 0, 0, 1), "this is AND: two zeros are equal as well"),
        Slip(_always(1, 0, 0, 0), "this is NOR: two ones are equal as well"),
        Slip(_always(0, 1, 1, 1), "this is OR"),
        Slip(_always(1, 1, 1, 0), "this is NAND"),
        Slip(_always(1, 0.5, 0.5, 1), "(0,1) and (1,0) come out half-way: fold twice as steeply"),
    ),
    minutes=10,
    stars=2,
    optional=True,
    graded=False,
)  # fmt: skip
check_xnor = check(xnor, _with_these_weights)


# --- on paper: the two outputs of a small network for a token of the reader's own

PAPER_W_1, PAPER_B_1 = np.array([[1, -2, 0], [2, 1, -1]]), np.array([1, 0, 2])
PAPER_W_2, PAPER_B_2 = np.array([[1, 2], [-1, 1], [3, 0]]), np.array([0, -1])


def _on_paper(x, bend=lambda z: np.maximum(z, 0), b_1=PAPER_B_1, b_2=PAPER_B_2):
    return bend(x @ PAPER_W_1 + b_1) @ PAPER_W_2 + b_2


def _without_a_bend(x):
    if (x @ PAPER_W_1 + PAPER_B_1).min() >= 0:
        return "no hidden unit is below 0 for this token, so there is nothing to cut off: take another"
    return None


check_network_on_paper = on_paper(
    "the row of both outputs",
    _on_paper,
    ([-4, 1],),
    decimals=1,
    refuse=_without_a_bend,
    slips={
        "no hidden unit was cut off: what is below 0 becomes 0": lambda x: _on_paper(x, bend=lambda z: z),
        "the outputs were cut off too: the bend stands in the middle only": lambda x: np.maximum(
            _on_paper(x), 0
        ),
        "the hidden units turned their sign: ReLU makes 0 of what is below 0": lambda x: _on_paper(
            x, bend=np.abs
        ),
        "the bias of the hidden units is missing": lambda x: _on_paper(x, b_1=0),
        "the bias of the outputs is missing": lambda x: _on_paper(x, b_2=0),
        "the bias came after the bend: it is added before": lambda x: (
            (np.maximum(x @ PAPER_W_1, 0) + PAPER_B_1) @ PAPER_W_2 + PAPER_B_2
        ),
    },
    step=lambda x: "before the bend the hidden units are {:g}, {:g} and {:g}".format(
        *(x @ PAPER_W_1 + PAPER_B_1)
    ),
)
