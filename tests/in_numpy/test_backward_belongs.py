"""A backward belongs to the latest forward, and no layer writes into another."""

import ast
from pathlib import Path

import numpy as np
import pytest

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.embeddings import Embedding
from course_lib.in_numpy.feed_forward import FeedForward
from course_lib.in_numpy.gpt import GPT, Block, CausalSelfAttention
from course_lib.in_numpy.modules import Linear
from course_lib.in_numpy.multi_head import MultiHeadAttention
from course_lib.in_numpy.normalization import LayerNorm, RMSNorm
from course_lib.in_numpy.positions import LearnedPositions
from course_lib.in_numpy.transformer import EncoderBlock, EncoderDecoder
from course_lib.in_numpy.vision import PatchEmbedding, VisionTransformer
from course_lib.shapes import ShapeError

SIZE = GPTConfig(V=7, C=8, D=6, H=2, L=2)
ROWS, IDS, IMAGES = np.ones((2, 3, 6), np.float32), np.ones((2, 3), int), np.ones((2, 4, 6, 3), np.float32)
# each with its inputs; of a block one of its parts refuses
LAYERS = {
    "Linear": (Linear(6, 5), [ROWS]),
    "LayerNorm": (LayerNorm(6), [ROWS]),
    "RMSNorm": (RMSNorm(6), [ROWS]),
    "Embedding": (Embedding(7, 6), [IDS]),
    "LearnedPositions": (LearnedPositions(8, 6), [ROWS]),
    "FeedForward": (FeedForward(6), [ROWS]),
    "MultiHeadAttention": (MultiHeadAttention(6, 2), [ROWS]),
    "CausalSelfAttention": (CausalSelfAttention(6, 2), [ROWS]),
    "Block": (Block(SIZE), [ROWS]),
    "EncoderBlock": (EncoderBlock(6, 2), [ROWS]),
    "GPT": (GPT(SIZE), [IDS]),
    "EncoderDecoder": (EncoderDecoder(V=7, C=8, D=6, H=2, L=1), [IDS, IDS]),
    "PatchEmbedding": (PatchEmbedding(2, 3, 6), [IMAGES]),
    "VisionTransformer": (VisionTransformer(4, 6, 3, P=2, D=6, H=2, L=1, classes=5), [IMAGES]),
}
HERE = Path(__file__).parents[2] / "course_lib/in_numpy"
NO_FORWARD = "each backward needs a forward of its own"


@pytest.mark.parametrize("name", LAYERS)
def test_a_backward_without_its_forward_is_refused(name):
    layer, inputs = LAYERS[name]
    layer.forget()
    grad = np.ones_like(layer(*inputs))
    layer.forget()
    with pytest.raises(ValueError, match=rf"^\w+: {NO_FORWARD}"):
        layer.backward(grad)
    layer(*inputs)
    layer.backward(grad)
    with pytest.raises(ValueError, match=rf"^\w+: {NO_FORWARD}"):
        layer.backward(grad)


@pytest.mark.parametrize("name", LAYERS)
def test_the_gradient_of_an_earlier_output_is_refused(name):
    layer, inputs = LAYERS[name]
    grad = np.ones_like(layer(*inputs))
    layer(*(x[:1] for x in inputs))
    with pytest.raises(ShapeError, match=r"^\w+: .*backward belongs to the latest forward$"):
        layer.backward(grad)
    smaller = np.ones_like(layer(*(x[:1] for x in inputs)))
    layer.backward(smaller)  # what was refused has used nothing up


def writes_into_others(source):
    """Lines in which something other than `self` has its gradients, or what it keeps, assigned or changed in place."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if isinstance(node, ast.Assign | ast.AugAssign) else []:
            for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                while isinstance(part, ast.Subscript):
                    part = part.value
                if isinstance(part, ast.Attribute) and part.attr in ("kept", "weights", "grads", "cache"):
                    found += [] if ast.unparse(part.value) == "self" else [node.lineno]
    return found


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.name)
def test_no_layer_writes_into_another(path):
    assert writes_into_others(path.read_text(encoding="utf-8")) == []


def test_a_layer_that_writes_into_another_is_noticed():
    for line in ("self.c_proj.kept = None", "self.wte.grads['weight'] += 1", "a, block.attn.weights = 1, 2"):
        assert writes_into_others(line) == [1]
    assert writes_into_others("self.grads['weight'] += 1; self.kept, self.weights = 1, 2") == []
