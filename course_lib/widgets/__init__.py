"""Pictures of the lessons: arrays in, a figure and one sentence out; and live ones to explore. Needs no torch.

The live widgets are loaded when they are asked for, so that a lesson of figures starts without them:

>>> from course_lib.widgets import MatmulExplorer
>>> MatmulExplorer([[1, 2]], [[3], [4]])
Explorer of a matrix product: (1, 2) times (2, 1) gives (1, 1)
"""

from importlib import import_module

LIVE = {
    "AttentionSteps": "attention_steps",
    "AttentionView": "attention_view",
    "BPEExplorer": "bpe_explorer",
    "DecisionBoundary": "decision_boundary",
    "DescentExplorer": "descent_explorer",
    "EmbeddingMap": "embedding_map",
    "GPTView": "gpt_view",
    "LayerNormExplorer": "layer_norm_explorer",
    "MatmulExplorer": "matmul_explorer",
    "PositionExplorer": "position_explorer",
    "SoftmaxTemperature": "softmax_temperature",
    "ValleyExplorer": "valley_explorer",
    "WatchTraining": "watch_training",
}


def __getattr__(name):
    if name not in LIVE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LIVE[name]}"), name)
