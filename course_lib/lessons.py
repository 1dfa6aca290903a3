"""The lessons of the course in their order. Whatever needs a lesson's name takes it from this one list.

README's table, the map of the course, links, web pages, tests, benchmarks, the chapters of the ledger and the
assignments are made from it or held to it. It imports nothing but Python's own library.
"""

from typing import NamedTuple


class Lesson(NamedTuple):
    """A lesson: `name` is its file without the ending, its chapter in the ledger, and its assignment."""

    name: str
    builds: str  # what you build in it, for the table of README.md
    says: str = ""  # what its box on the map says; a lesson without one has no box
    box: str = ""  # where that box stands: "part" of a model, in the repeated "block", or the "whole"
    trains: bool = False  # whether it trains for so long that the tests and the benchmarks must know


LESSONS = [
    Lesson("00_start_here", "what a GPT writes before and after, the map, how to work"),
    Lesson(
        "01_tokenization",
        "words, characters, and byte-pair encoding learnt merge by merge",
        "text becomes tokens",
        "part",
    ),
    Lesson(
        "02_embeddings",
        "lookup and its gradient, unembedding, word vectors trained on a corpus",
        "tokens become vectors",
        "part",
    ),
    Lesson(
        "03_positional_encoding",
        "the sinusoidal table, learned positions, what a mask tells of order",
        "vectors learn their place",
        "part",
    ),
    Lesson("04_attention", "queries, keys, values, softmax, masks", "tokens look at each other", "block"),
    Lesson(
        "05_multi_head",
        "several heads at once, GPT-2's attention layer, RoPE",
        "in several heads at once",
        "block",
    ),
    Lesson(
        "06_layer_norm",
        "layer, batch and RMS norm, residuals, norm before or after the sum",
        "add, and normalise",
        "block",
    ),
    Lesson("07_feed_forward", "a network that bends space, XOR, GELU", "each token thinks alone", "block"),
    Lesson(
        "08_loss_and_gradient_descent",
        "cross-entropy, a step downhill by hand, momentum, AdamW",
        "probabilities, a loss, a step",
        "part",
    ),
    Lesson(
        "09_back_propagation",
        "every gradient by hand, a block that learns",
        "the gradient finds its way back",
        "part",
    ),
    Lesson(
        "10_gpt",
        "the GPT, trained to a floor that is known, and its text",
        "the parts as a GPT, trained",
        "whole",
        trains=True,
    ),
    Lesson(
        "11_inside_the_gpt",
        "its parameters and its work counted, a head found and cut out, a cache, fine-tuning",
        "what it costs, and what a head knows",
        "whole",
        trains=True,
    ),
    Lesson(
        "12_encoder_decoder",
        "two stacks and cross-attention that translate, with beam search",
        "two stacks that translate",
        "whole",
        trains=True,
    ),
    Lesson(
        "13_vision",
        "patches as tokens, receptive fields, a transformer beside a CNN of its size",
        "the same for pictures",
        "whole",
        trains=True,
    ),
    Lesson(
        "14_the_documents_checked",
        "ten slips recomputed, slips to find, an index of every claim",
        "every number of the documents",
        "whole",
    ),
]
NAMES = [lesson.name for lesson in LESSONS]
TRAINING = [lesson.name for lesson in LESSONS if lesson.trains]
# A lesson may have a companion, checked/<name>.ipynb beside it, with what else the documents print about its topic.
COMPANIONS = {f"{name}_checked": name for name in NAMES}


TITLES = {
    "00_start_here": "Start here",
    "01_tokenization": "Tokenization",
    "02_embeddings": "Embeddings",
    "03_positional_encoding": "Positional encoding",
    "04_attention": "Attention",
    "05_multi_head": "Multi-head attention",
    "06_layer_norm": "Layer normalisation and residuals",
    "07_feed_forward": "Feed-forward",
    "08_loss_and_gradient_descent": "Loss and gradient descent",
    "09_back_propagation": "Back-propagation",
    "10_gpt": "GPT",
    "11_inside_the_gpt": "Inside the GPT",
    "12_encoder_decoder": "Encoder and decoder",
    "13_vision": "Vision",
    "14_the_documents_checked": "The documents, checked",
}


def label(name):
    """A lesson's number and title for a reader: the first line of its notebook, but for the first.

    >>> label("05_multi_head")
    '5 · Multi-head attention'
    """
    return f"{int(name.partition('_')[0])} · {TITLES[name]}"
