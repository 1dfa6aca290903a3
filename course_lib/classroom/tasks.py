"""What each graded cell of each assignment asks for: the function, random inputs, and the right values.

The right values come from `course_lib.in_numpy`, computed outside the sandbox; sizes differ from each other
so that a transposed answer shows.

Long because it is a table: an entry for every graded function.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course_lib.exercises import attention as attention_checks
from course_lib.exercises import back_propagation as back_propagation_checks
from course_lib.exercises import embeddings as embedding_checks
from course_lib.exercises import feed_forward as feed_forward_checks
from course_lib.exercises import gpt as gpt_checks
from course_lib.exercises import inside_the_gpt as inside_checks
from course_lib.exercises import layer_norm as norm_checks
from course_lib.exercises import losses as loss_checks
from course_lib.exercises import multi_head as head_checks
from course_lib.exercises import positions as position_checks
from course_lib.exercises import tokenization as token_checks
from course_lib.in_numpy import (
    attention,
    embeddings,
    feed_forward,
    generation,
    losses,
    multi_head,
    normalization,
    positions,
)

from .sanitise import grade_id, is_test


@dataclass(frozen=True)
class Task:
    """A function the student writes. `inputs(random)` gives the arguments of one call."""

    function: str
    inputs: Callable
    reference: Callable
    check: Callable | None = None  # a lesson's exercise check, for a reason that names the mistake
    calls: int = 20


def without_task(assignment, cells):
    """The names of the cells that the grader should mark and that have no Task."""
    tests = [grade_id(cell) for cell in cells if is_test(cell)]
    return [name for name in tests if name not in TASKS.get(assignment, {})]


def sizes(random, how_many, low=2, high=8):
    """Sizes that all differ."""
    return random.choice(np.arange(low, high), size=how_many, replace=False).tolist()


# --- 01 tokenization


def count_pairs(ids):
    return Counter(pairwise(ids))  # what a Counter does not hold counts as 0


def merge_pair(ids, pair, new):
    merged = []
    for id in ids:
        merged.append(id)
        if tuple(merged[-2:]) == pair and len(merged) > 1:
            merged[-2:] = [new]
    return merged


def encode(ids, merges):
    for pair, new in merges.items():
        ids = merge_pair(ids, pair, new)
    return ids


def pad_batch(rows, pad):
    longest = max(map(len, rows))
    return [row + [pad] * (longest - len(row)) for row in rows], [len(row) for row in rows]


def some_ids(random, high=4):
    return random.integers(1, high, size=random.integers(0, 25)).tolist()


def some_merges(random):
    merges, known = {}, [1, 2, 3]
    for new in range(256, 256 + random.integers(1, 6)):
        merges.setdefault(tuple(random.choice(known, size=2).tolist()), new)
        known.append(new)
    return some_ids(random), merges


def some_rows(random):
    return [
        random.integers(1, 99, size=n).tolist() for n in random.integers(1, 7, size=random.integers(1, 6))
    ], 0


# --- 04, 05, 06 attention, heads, layer norm


def attention_inputs(random):
    T, S, K = sizes(random, 3)
    mask = random.random((T, S)) < 0.6
    mask[np.arange(T), random.integers(0, S, size=T)] = True  # each query may attend to something
    return random.normal(size=(T, K)), random.normal(size=(S, K)), random.normal(size=(S, K)), mask


def attend(q, k, v, mask):
    return attention.scaled_dot_product_attention(q, k, v, mask)[0]


def softmax_inputs(random):
    far = random.choice([0.0, 0.0, 800.0])  # a third of the calls would overflow
    return random.normal(size=sizes(random, 2)) * 3 + far, random.choice([0.5, 1.0, 3.0]).item()


def heads_inputs(random):
    H, K, C = sizes(random, 3, high=6)
    D = H * K
    return (random.normal(size=(C, D)), *random.normal(size=(4, D, D)) / np.sqrt(D), H)


def multi_head_attention(x, W_Q, W_K, W_V, W_O, H):
    q, k, v = (multi_head.split_heads((x @ W)[None], H) for W in (W_Q, W_K, W_V))
    return multi_head.merge_heads(attention.scaled_dot_product_attention(q, k, v)[0])[0] @ W_O


def norm_inputs(random):
    N, D = sizes(random, 2)
    x = random.normal(size=(N, D)) * random.uniform(0.2, 5, size=(N, 1)) + 1
    return x, random.normal(size=D), random.normal(size=D), random.choice([1e-5, 0.1, 1.0]).item()


def norm_backward_inputs(random):
    x, _, _, eps = norm_inputs(random)
    return random.normal(size=x.shape), x, eps


# --- 07, 08 feed-forward, loss


def network_inputs(random):
    T, D, F = sizes(random, 3)
    return (random.normal(size=(T, D)), random.normal(size=(D, F)), random.normal(size=F),
            random.normal(size=(F, D)), random.normal(size=D))  # fmt: skip


def network(x, W_1, b_1, W_2, b_2):
    return feed_forward.relu(x @ W_1 + b_1) @ W_2 + b_2


def loss_inputs(random, large=900.0):
    N, V = sizes(random, 2)
    return random.normal(size=(N, V)) * 3 + random.choice([0.0, large]), random.integers(0, V, size=N)


def lookup_inputs(random):
    T, D, V = random.integers(1, 9), *sizes(random, 2)
    return random.normal(size=(T, D)), random.integers(0, V, size=T), V


def nearest_inputs(random):
    V = int(random.integers(5, 20))
    return random.normal(size=(V, 4)) * random.uniform(0.5, 3, size=(V, 1)), int(random.integers(V)), 3


def turned(x, angles):
    pairs = (x[0::2] + 1j * x[1::2]) * np.exp(1j * angles)
    return np.stack([pairs.real, pairs.imag], axis=1).ravel()


def vectors(how_many):
    def inputs(random):
        return (*random.normal(size=(how_many, random.integers(2, 9))),)

    return inputs


def angles_inputs(random):
    pairs = random.integers(1, 6)
    return random.normal(size=2 * pairs), random.uniform(-7, 7, size=pairs)


# --- 09 GPT


def training_pairs(tokens, C):
    used = (len(tokens) - 1) // C * C
    return tokens[:used].reshape(-1, C), tokens[1 : used + 1].reshape(-1, C)


def tokens_inputs(random):
    C = int(random.integers(2, 8))
    return random.integers(0, 50, size=C + 1 + random.integers(0, 40)), C


def parameter_count(V, C, D, L):
    return (V + C) * D + L * (12 * D * D + 13 * D) + 2 * D


TASKS = {
    "01_tokenization": {
        "test-count-pairs": Task(
            "count_pairs", lambda random: (some_ids(random),), count_pairs, token_checks.check_count_pairs
        ),
        "test-merge-pair": Task(
            "merge_pair",
            lambda random: (some_ids(random), tuple(random.integers(1, 4, size=2).tolist()), 256),
            merge_pair,
            token_checks.check_merge_pair,
        ),
        "test-encode": Task("encode", some_merges, encode, token_checks.check_encode),
        "test-pad-batch": Task("pad_batch", some_rows, pad_batch, token_checks.check_pad_batch),
    },
    "02_embeddings": {
        "test-lookup-gradient": Task(
            "lookup_gradient",
            lookup_inputs,
            embeddings.lookup_backward,
            embedding_checks.check_lookup_gradient,
        ),
        "test-cosine": Task(
            "cosine", vectors(2), embeddings.cosine_similarity, embedding_checks.check_cosine
        ),
        "test-nearest": Task(
            "nearest", nearest_inputs, lambda *a: embeddings.nearest(*a)[0], embedding_checks.check_nearest
        ),
    },
    "03_positional_encoding": {
        "test-position-row": Task(
            "position_row",
            lambda random: (int(random.integers(0, 200)), 2 * int(random.integers(1, 9))),
            lambda pos, D: positions.sinusoidal_positions(pos + 1, D)[pos],
            position_checks.check_position_row,
        ),
        "test-rotate-pairs": Task("rotate_pairs", angles_inputs, turned, position_checks.check_rotate_pairs),
    },
    "04_attention": {
        "test-softmax": Task("softmax", softmax_inputs, attention.softmax, attention_checks.check_softmax),
        "test-causal-mask": Task(
            "causal_mask",
            lambda random: (int(random.integers(1, 12)),),
            attention.causal_mask,
            attention_checks.check_causal_mask,
        ),
        "test-attention": Task("attention", attention_inputs, attend, attention_checks.check_attention),
    },
    "05_multi_head": {
        "test-split-heads": Task(
            "split_heads",
            lambda random: (random.normal(size=(*sizes(random, 2), 12)), random.choice([2, 3, 4]).item()),
            multi_head.split_heads,
            head_checks.check_split_heads,
        ),
        "test-merge-heads": Task(
            "merge_heads",
            lambda random: (random.normal(size=sizes(random, 4)),),
            multi_head.merge_heads,
            head_checks.check_merge_heads,
        ),
        "test-multi-head": Task(
            "multi_head", heads_inputs, multi_head_attention, head_checks.check_multi_head
        ),
    },
    "06_layer_norm": {
        "test-layer-norm": Task(
            "layer_norm", norm_inputs, normalization.layer_norm, norm_checks.check_layer_norm
        ),
        "test-layer-norm-backward": Task(
            "layer_norm_backward",
            norm_backward_inputs,
            lambda grad, x, eps: normalization.layer_norm_backward(grad, x, eps=eps)[0],
            norm_checks.check_layer_norm_backward,
        ),
    },
    "07_feed_forward": {
        "test-feed-forward": Task(
            "feed_forward", network_inputs, network, feed_forward_checks.check_feed_forward
        ),
        "test-gelu": Task(
            "gelu",
            lambda random: (random.normal(size=sizes(random, 2)) * 3,),
            feed_forward.gelu_tanh,
            feed_forward_checks.check_gelu,
        ),
    },
    "08_loss_and_gradient_descent": {
        "test-cross-entropy": Task(
            "cross_entropy", loss_inputs, losses.cross_entropy, loss_checks.check_cross_entropy
        ),
        "test-cross-entropy-backward": Task(
            "cross_entropy_backward",
            lambda random: loss_inputs(random, large=0.0),  # its text asks for nothing more
            losses.cross_entropy_backward,
            loss_checks.check_cross_entropy_backward,
        ),
        "test-rms-norm-backward": Task(
            "rms_norm_backward",
            lambda random: tuple(random.normal(size=(2, *sizes(random, 2)))),
            lambda grad, x: normalization.rms_norm_backward(grad, x, eps=0.0)[0],
            back_propagation_checks.check_rms_norm_backward,
        ),
    },
    "10_gpt": {
        "test-training-pairs": Task(
            "training_pairs", tokens_inputs, training_pairs, gpt_checks.check_training_pairs
        ),
        "test-parameter-count": Task(
            "parameter_count",
            lambda random: tuple(random.integers(1, 60, size=4).tolist()),
            parameter_count,
            inside_checks.check_parameter_count,
        ),
        "test-top-p": Task(
            "top_p",
            lambda random: (random.dirichlet(np.ones(random.integers(3, 12))), random.uniform(0.1, 0.95)),
            lambda probabilities, p: generation.next_token_probabilities(np.log(probabilities), top_p=p),
            gpt_checks.check_top_p,
        ),
    },
}
