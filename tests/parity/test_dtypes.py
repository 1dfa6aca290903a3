"""Every piece of both frameworks computes in the dtype it was given: float32 stays float32, float64 stays float64.

NumPy's own numbers are float64, and one of them is enough: `np.sqrt(2 / np.pi) * x` is float64 whatever x is.
The tables below name every public piece, and a test notices one that is missing.
"""

import importlib
import math

import numpy as np
import pytest
import torch

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.modules import Linear
from course_lib.in_numpy.normalization import layer_norm
from tests.parity.test_public_names import PAIRS

HALF = np.float64(0.5)  # a setting in NumPy's own type, as a schedule or a mean would give it

# "file.name": a call of the function, which gets x(*shape) to make its arrays.
FUNCTIONS = {
    "attention.softmax": lambda f, x: f(x(3, 4), HALF),
    "attention.scaled_dot_product_attention": lambda f, x: f(x(3, 4), x(5, 4), x(5, 2), None, HALF),
    "embeddings.cosine_similarity": lambda f, x: f(x(3, 4), x(4)),
    "embeddings.lookup": lambda f, x: f(x(3, 4), [2, 0]),
    "embeddings.nearest": lambda f, x: f(x(3, 4), 0, 2),
    "embeddings.one_hot": lambda f, x: f([2, 0], 3, x.dtype),
    "embeddings.unembed": lambda f, x: f(x(2, 4), x(3, 4)),
    "feed_forward.gelu": lambda f, x: f(x(3, 4)),
    "feed_forward.gelu_tanh": lambda f, x: f(x(3, 4)),
    "feed_forward.relu": lambda f, x: f(x(3, 4)),
    "generation.next_token_probabilities": lambda f, x: f(x(3, 5), HALF, 3, HALF),
    "losses.cross_entropy": lambda f, x: f(x(3, 4), [2, -100, 0]),
    "multi_head.merge_heads": lambda f, x: f(x(2, 3, 4)),
    "multi_head.split_heads": lambda f, x: f(x(3, 4), 2),
    "normalization.layer_norm": lambda f, x: [f(x(3, 4), x(4), x(4), HALF, inside) for inside in (True, False)],
    "normalization.rms_norm": lambda f, x: f(x(3, 4), x(4), HALF),
    "positions.add_positions": lambda f, x: f(x(3, 4), table(x, "sinusoidal_positions")(5, 4)),
    "positions.apply_rope": lambda f, x: f(x(3, 4)),
    "vision.join_patches": lambda f, x: f(x(2, 6, 4), 2, 4, 6),
    "vision.split_patches": lambda f, x: f(x(2, 4, 6, 3), 2),
}  # fmt: skip

# The same for the backwards, which only NumPy has.
BACKWARDS = {
    "attention.scaled_dot_product_attention_backward": lambda f, x: f(
        x(3, 2), x(3, 4), x(5, 4), x(5, 2), x(3, 5), HALF
    ),
    "attention.softmax_backward": lambda f, x: f(x(3, 4), x(3, 4), HALF),
    "embeddings.lookup_backward": lambda f, x: f(x(2, 4), [2, 0], 3),
    "embeddings.unembed_backward": lambda f, x: f(x(2, 3), x(2, 4), x(3, 4)),
    "feed_forward.gelu_backward": lambda f, x: f(x(3, 4), x(3, 4)),
    "feed_forward.gelu_tanh_backward": lambda f, x: f(x(3, 4), x(3, 4)),
    "feed_forward.relu_backward": lambda f, x: f(x(3, 4), x(3, 4)),
    "losses.cross_entropy_backward": lambda f, x: f(x(3, 4), [2, -100, 0]),
    "normalization.layer_norm_backward": lambda f, x: [
        out for inside in (True, False) for out in f(x(3, 4), x(3, 4), x(4), HALF, inside)
    ],
    "normalization.rms_norm_backward": lambda f, x: f(x(3, 4), x(3, 4), x(4), HALF),
    "positions.apply_rope_backward": lambda f, x: f(x(3, 4)),
}

BLOCK = {"D": 4, "H": 2, "F": 5, "activation": "gelu_tanh"}
MODEL = {"V": 7, "C": 6, "D": 4, "H": 2, "L": 2}
IMAGE = {"height": 4, "width": 6, "channels": 3, "P": 2, "D": 4, "H": 2, "L": 2, "classes": 5}
IDS = [[1, 2, 6], [3, 3, 0]]

# "file.name": (what the layer is made with, what it is called with: a tuple is a shape, a list holds ids).
LAYERS = {
    "embeddings.Embedding": [({"V": 7, "D": 4}, [IDS])],
    "feed_forward.FeedForward": [({"D": 4, "activation": name}, [(3, 4)]) for name in ("relu", "gelu", "gelu_tanh")],
    "gpt.Block": [({"config": MODEL}, [(2, 3, 4)])],
    "gpt.CausalSelfAttention": [({"D": 4, "H": 2}, [(2, 3, 4)])],
    "gpt.GPT": [({"config": MODEL}, [IDS])],
    "modules.Linear": [({"d_in": 4, "d_out": 3}, [(2, 3, 4)])],
    "multi_head.MultiHeadAttention": [({"D": 4, "H": 2, "causal": True}, [(2, 3, 4)]), ({"D": 4, "H": 2}, [(2, 3, 4), (2, 5, 4)])],
    "normalization.LayerNorm": [({"D": 4, "eps_inside": inside}, [(3, 4)]) for inside in (True, False)],
    "normalization.RMSNorm": [({"D": 4}, [(3, 4)])],
    "positions.LearnedPositions": [({"C": 5, "D": 4}, [(2, 3, 4)])],
    "transformer.DecoderBlock": [(BLOCK | {"pre_norm": pre}, [(2, 3, 4), (2, 5, 4)]) for pre in (True, False)],
    "transformer.EncoderBlock": [(BLOCK | {"pre_norm": pre}, [(2, 3, 4)]) for pre in (True, False)],
    "transformer.EncoderDecoder": [(MODEL | {"pre_norm": pre, "pad": 0}, [IDS, IDS]) for pre in (True, False)],
    "vision.PatchEmbedding": [({"P": 2, "channels": 3, "D": 5}, [(2, 4, 6, 3)])],
    "vision.VisionTransformer": [(IMAGE | {"positions": given}, [(2, 4, 6, 3)]) for given in (True, False)],
}  # fmt: skip

# "file.name": the model it trains, and what one step is given.
STEPS = {
    "gpt.training_step": ("gpt.GPT", {"config": MODEL}, [IDS, IDS]),
    "transformer.training_step": ("transformer.EncoderDecoder", MODEL, [IDS, IDS]),
    "vision.training_step": ("vision.VisionTransformer", IMAGE, [(2, 4, 6, 3), [4, 1]]),
}

# Tried together in `test_training_steps` and `test_the_cache`.
TOGETHER = {"multi_head.KVCache", "optim.AdamW", "optim.SGD", "optim.clip_gradients"}

# Nothing in them has a dtype to keep.
WITHOUT = {
    "checkpoints": "what is stored decides, or the caller's dtype",
    "checks": "not pieces, but what the pieces ask of their arguments",
    "search": "ids",
    "one_token": "a way of `gpt.GPT` with a cache, tried in `test_the_cache`",
    "train": "a loop over `gpt.training_step`'s parts, each tried here",
    "attention.causal_mask": "bool",
    "attention.padding_mask": "bool",
    "feed_forward.ACTIVATIONS": "a dict of functions, each tried by itself and in FeedForward",
    "generation.generate": "ids",
    "generation.sample": "ids",
    "gpt.parameter_count": "whole numbers",
    "gpt.parameter_shapes": "whole numbers",
    "losses.bits": "a Python float",
    "losses.perplexity": "a Python float",
    "modules.Module": "the base class, which computes nothing",
    "positions.rope_angles": "a table, always float64; apply_rope takes it in the dtype of x",
    "positions.sinusoidal_positions": "a table, always float64; add_positions takes it in the dtype of x",
}

BOTH = pytest.mark.parametrize("framework", ["in_numpy", "in_torch"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def public(framework, path):
    file, name = path.split(".")
    return getattr(importlib.import_module(f"course_lib.{framework}.{file}"), name)


def table(x, name):
    return public(x.framework, f"positions.{name}")


class Maker:
    """Makes the arrays and the layers of one framework in one dtype, and remembers torch's leaves."""

    def __init__(self, framework, dtype):
        self.framework, self.name = framework, dtype
        self.dtype = getattr(np if framework == "in_numpy" else torch, dtype)
        self.rng, self.leaves = np.random.default_rng(0), []

    def __call__(self, *shape):
        array = self.rng.random(shape).astype(self.name)
        if self.framework == "in_numpy":
            return array
        self.leaves.append(torch.from_numpy(array).requires_grad_())
        return self.leaves[-1]

    def layer(self, cls, **settings):
        if "config" in settings:
            settings["config"] = GPTConfig(**settings["config"])
        if self.framework == "in_torch":
            return cls(**settings).to(self.dtype)
        layer = cls(**settings, dtype=self.dtype)
        for _, part in layer.modules():
            part.grads = {name: grad.view(Watched) for name, grad in part.grads.items()}
        return layer

    def inputs(self, given):
        return [self(*one) if isinstance(one, tuple) else one for one in given]


class Watched(np.ndarray):
    """A gradient that says when another dtype is added to it, which NumPy would round away in silence."""

    def __iadd__(self, other):
        assert_dtypes([other], self.dtype.name, "what is added to a parameter's gradient")
        return super().__iadd__(other)


def assert_dtypes(results, dtype, what):
    """Hold every array of floats among the results to the dtype; there must be one."""
    floats = [str(getattr(a, "dtype", "none")).removeprefix("torch.") for a in listed(results)]
    floats = [name for name in floats if name.startswith(("float", "complex"))]
    assert floats, f"{what}: holds no floats, which proves nothing"
    assert set(floats) == {dtype}, f"{what}: {floats}, expected {dtype} alone"


def listed(results):
    return list(results) if isinstance(results, (list, tuple)) else [results]


def check_function(call, function, x, what):
    results = listed(call(function, x))
    assert_dtypes(results, x.name, what)
    outputs = [out for out in results if getattr(out, "requires_grad", False)]
    if outputs:
        sum(out.sum() for out in outputs).backward()
        assert_dtypes([leaf.grad for leaf in x.leaves], x.name, f"gradient of {what}")


def check_layer(cls, settings, given, x, what):
    layer, inputs = x.layer(cls, **settings), x.inputs(given)
    output = layer(*inputs)
    assert_dtypes(output, x.name, what)
    if x.framework == "in_torch":
        output.sum().backward()
        gradients = [p.grad for p in layer.parameters()] + [leaf.grad for leaf in x.leaves]
    else:
        returned = layer.backward(np.ones_like(output))
        gradients = [*layer.gradients().values(), *listed(returned)]
    assert_dtypes(gradients, x.name, f"gradients of {what}")
    parameters = layer.state_dict().values()
    assert_dtypes(list(parameters), x.name, f"parameters of {what}")
    if getattr(layer, "weights", None) is not None:
        assert_dtypes(layer.weights, x.name, f"weights of {what}")


@DTYPES
@BOTH
@pytest.mark.parametrize("path", FUNCTIONS)
def test_functions(path, framework, dtype):
    check_function(FUNCTIONS[path], public(framework, path), Maker(framework, dtype), path)


@DTYPES
@pytest.mark.parametrize("path", BACKWARDS)
def test_backwards(path, dtype):
    check_function(BACKWARDS[path], public("in_numpy", path), Maker("in_numpy", dtype), path)


@DTYPES
@BOTH
@pytest.mark.parametrize("path", LAYERS)
def test_layers(path, framework, dtype):
    for settings, given in LAYERS[path]:
        check_layer(public(framework, path), settings, given, Maker(framework, dtype), path)


@DTYPES
@BOTH
@pytest.mark.parametrize("path", STEPS)
def test_training_steps(path, framework, dtype):
    model_path, settings, given = STEPS[path]
    x = Maker(framework, dtype)
    for optimizer, more in [("SGD", {"momentum": 0.9, "weight_decay": 0.1}), ("AdamW", {})]:
        model = x.layer(public(framework, model_path), **settings)
        stepper = public(framework, f"optim.{optimizer}")(model, lr=np.float64(0.1), **more)
        for _ in range(2):
            public(framework, path)(model, stepper, *x.inputs(given), max_norm=np.float64(0.01))
        state = [vars(stepper).get(name, {}) for name in ("velocity", "m", "v")]
        assert_dtypes([a for part in state for a in part.values()], dtype, optimizer)
        assert_dtypes(list(model.state_dict().values()), dtype, f"parameters after {optimizer}")
        gradients = (
            model.gradients().values() if framework == "in_numpy" else [p.grad for p in model.parameters()]
        )
        assert_dtypes(list(gradients), dtype, f"clipped gradients before {optimizer}")


@DTYPES
@BOTH
def test_the_cache(framework, dtype):
    x = Maker(framework, dtype)
    model = x.layer(public(framework, "gpt.GPT"), config=MODEL)
    with torch.no_grad():
        cache = model.new_cache(2)
        assert_dtypes(model(IDS, cache), dtype, "logits with a cache")
        assert_dtypes(model([[1], [2]], cache), dtype, "logits of one token more")
        assert_dtypes(model([[1]], model.new_cache(1)), dtype, "logits of one token of one text")
        assert_dtypes(cache[0].append(x(2, 2, 1, 2), x(2, 2, 1, 2)), dtype, "KVCache")


def test_no_piece_is_left_out():
    told = [*FUNCTIONS, *LAYERS, *STEPS, *TOGETHER, *WITHOUT]
    assert len(told) == len(set(told)), "each once"
    for framework in ("in_numpy", "in_torch"):
        pieces = {
            f"{file}.{name}"
            for file in PAIRS
            if file not in WITHOUT
            for name in importlib.import_module(f"course_lib.{framework}.{file}").__all__
        }
        backwards = set(BACKWARDS) if framework == "in_numpy" else set()
        expected = {path for path in told if "." in path} | backwards
        lost = sorted(pieces ^ expected)
        assert not lost, f"{framework} or the rows of tests/parity/test_dtypes.py lack {lost}"


# The checks can fail: each is shown a piece with one float64 number too many.


def numpys_own_constant(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def numpys_own_average(x, weight, bias, eps, eps_inside):
    return layer_norm(x, weight, bias, float(eps), eps_inside) + np.mean([0.0])


def always_float64(x):
    return x.double()


class DoubleInside(Linear):
    """Returns its own dtype, and collects a gradient that was computed in another."""

    def backward(self, grad_output):
        return super().backward(grad_output.astype(float)).astype(grad_output.dtype)


class DoubleOutside(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x).double()


class DoubleGradient(Linear):
    def backward(self, grad_output):
        return super().backward(grad_output) * np.ones(1)


@pytest.mark.parametrize(
    "check, words",
    [
        (lambda x: check_function(FUNCTIONS["feed_forward.gelu_tanh"], numpys_own_constant, x("in_numpy"), "gelu"), r"gelu: \['float64'\], expected float32"),
        (lambda x: check_function(FUNCTIONS["normalization.layer_norm"], numpys_own_average, x("in_numpy"), "norm"), r"norm: \['float64', 'float64'\], expected float32"),
        (lambda x: check_function(FUNCTIONS["feed_forward.relu"], always_float64, x("in_torch"), "relu"), r"relu: \['float64'\]"),
        (lambda x: check_layer(DoubleInside, {"d_in": 4, "d_out": 3}, [(2, 4)], x("in_numpy"), "layer"), "what is added to a parameter's gradient"),
        (lambda x: check_layer(DoubleGradient, {"d_in": 4, "d_out": 3}, [(2, 4)], x("in_numpy"), "layer"), "gradients of layer"),
        (lambda x: check_layer(DoubleOutside, {"in_features": 4, "out_features": 3}, [(2, 4)], x("in_torch"), "layer"), r"layer: \['float64'\]"),
        (lambda x: check_function(lambda f, x: f([1, 2]), np.array, x("in_numpy"), "ids"), "ids: holds no floats, which proves nothing"),
    ],
)  # fmt: skip
def test_one_float64_too_many_is_noticed(check, words):
    with pytest.raises(AssertionError, match=words):
        check(lambda framework: Maker(framework, "float32"))


def test_the_trap_is_real():
    assert (np.sqrt(2 / np.pi) * np.ones(2, np.float32)).dtype == np.float64
    assert (math.sqrt(2 / math.pi) * np.ones(2, np.float32)).dtype == np.float32
