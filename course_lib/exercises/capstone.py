"""The exercises of the capstone: the model, its gradients, and its training, each made of all that was written before.

Training is judged by its numbers: the same text, the same windows, and the loss of every step. Two right
implementations differ by 4e-16 after a hundred steps in 64-bit floats.
"""

from dataclasses import replace

import numpy as np

from course_lib.in_both.schedules import warmup_cosine
from course_lib.in_numpy import losses, optim

from .catalogue import EXERCISES as PIECES
from .description import Case, Exercise, Slip
from .judge import check
from .lesson_10 import _model, model_parameters

FORWARD = """
embed unembed add_positions softmax causal_mask attention split_heads merge_heads causal_self_attention
layer_norm linear gelu feed_forward block
"""
BACKWARD = """
embed_backward unembed_backward add_positions_backward linear_backward gelu_backward feed_forward_backward
layer_norm_backward softmax_backward attention_backward causal_self_attention_backward block_backward gpt
"""
TRAINING = (
    "cross_entropy cross_entropy_backward adamw_step clip_gradients warmup_cosine get_batch gpt_backward"
)


def _parts(names):
    return tuple(one for name, one in PIECES.items() if name in names.split())


def _train(P, H, tokens, starts, peak, warmup, limit=1.0, beta2=0.98, decay=0.1, same_rate=False, later=0,
           memory=True, frozen=False, ahead=1, first=False, after=False, sign=1):  # fmt: skip
    """The losses by the library; every keyword after `warmup` makes a mistake."""
    model, C, n = _model(P, H), len(P["wpe.weight"]), len(starts)
    optimiser, seen = optim.AdamW(model, peak, (0.9, beta2), weight_decay=decay), []

    def loss():
        return losses.cross_entropy(model(inputs), targets)

    for step in range(n):
        rows = np.asarray(starts[0 if first else step])[:, None] + np.arange(C)
        inputs, targets = np.asarray(tokens)[rows], np.asarray(tokens)[rows + ahead]
        seen.append(loss())
        model.zero_grad()
        model.backward(sign * losses.cross_entropy_backward(model(inputs), targets))
        optim.clip_gradients(model, limit)
        optimiser.lr = peak if same_rate else warmup_cosine(step + later, peak, warmup, n)
        if not memory:
            optimiser = optim.AdamW(model, optimiser.lr, (0.9, beta2), weight_decay=decay)
        if not frozen:
            optimiser.step()
        if after:
            seen[-1] = loss()
    return np.array(seen)


def _case(rng, n, B, V, C, D, H, L, peak=0.02):
    tokens = rng.integers(0, V, size=41)
    P = model_parameters(rng, V, C, D, L)
    return P, H, tokens, rng.integers(len(tokens) - C, size=(n, B)), peak, min(3, n // 2)


def _slip(says, **mistake):
    return Slip(lambda *arguments: _train(*arguments, **mistake), says)


training = Exercise(
    name="training",
    lesson=10,
    text="""Train a GPT with functions of your own. Nothing is drawn here: what training draws is given.

    P a dict with all parameters and H, as in gpt; tokens (N,), a text of ids; starts (n, B), in row t where the windows
    of step t begin; peak and warmup, for the learning rate → (n,): the loss of each step, in nats, before its update.

    In step t, from 0: a batch of windows as long as the context C; its loss; all gradients, together no longer than 1; the
    learning rate warmup_cosine(t, peak, warmup, n); and adamw_step for every parameter, with beta2=0.98 and decay=0.1.
    P itself must stay as it is.
    """,
    reference=lambda P, H, tokens, starts, peak, warmup: _train(P, H, tokens, starts, peak, warmup),
    cases=lambda rng: [
        Case(_case(rng, 1, 2, 7, 5, 3, 1, 1)),
        Case(_case(rng, 3, 2, 7, 5, 6, 3, 1), hint="the first loss is right by itself, what follows is not"),
        Case(_case(rng, 20, 3, 11, 5, 6, 2, 2), hint="this is after 20 steps"),
    ],
    draw=lambda rng: _case(
        rng, int(rng.integers(3, 6)), 3, 7, 5, 6, int(rng.integers(2, 4)), int(rng.integers(1, 3))
    ),
    slips=(
        _slip(
            "the gradients were not cut: clip_gradients, to a length of 1, comes before the step", limit=1e9
        ),
        _slip(
            "the learning rate is peak all the time: it is warmup_cosine(t, peak, warmup, n)", same_rate=True
        ),
        _slip("the learning rate is that of the step after: steps count from 0 there", later=1),
        _slip("weight decay is adamw_step's default: it is 0.1 here", decay=0.01),
        _slip("there is no weight decay: decay=0.1", decay=0.0),
        _slip("beta2 is adamw_step's default: it is 0.98 here", beta2=0.999),
        _slip("m and v begin anew in every step: keep those of each parameter", memory=False),
        _slip("nothing is learned: the parameters after a step are those before it", frozen=True),
        _slip("the model learns to repeat its inputs: the targets are one token later", ahead=0),
        _slip("the first batch is used in every step: row t of starts is for step t", first=True),
        _slip("those are the losses after the update: each is that of the batch before it", after=True),
        _slip("the step goes uphill: it goes against the gradient", sign=-1),
    ),
    minutes=40,
    stars=3,
    parts=_parts(FORWARD + BACKWARD + TRAINING),
)

EXERCISES = (
    replace(PIECES["gpt"], parts=_parts(FORWARD)),
    replace(PIECES["gpt_backward"], parts=_parts(FORWARD + BACKWARD)),
    training,
)
check_gpt, check_gpt_backward, check_training = map(check, EXERCISES)
