"""The whole GPT beside the library, stage by stage: which is the first that differs, and which piece makes it differ.

Every stage is given what the library gives it, so a mistake shows where it is made and not where it arrives.
"""

import copy
from dataclasses import dataclass

import numpy as np

from course_lib.exercises import compare
from course_lib.exercises.answers import numbers_of, plain
from course_lib.exercises.catalogue import EXERCISES
from course_lib.exercises.judge import judge, local
from course_lib.exercises.lesson_10 import below, model_parameters

from .file import LESSON_OF, place, read
from .report import whose
from .space import load

__all__ = ["Capstone", "capstone"]

# Larger than in the pieces' own checks, and all different.
B, T, C, V, D, H, F, L = 3, 11, 13, 29, 24, 8, 37, 2


@dataclass(frozen=True)
class Stage:
    """A call that the whole model makes: `piece(*arguments)`, and what the library gives for it."""

    where: str
    piece: str
    arguments: tuple
    right: object

    def ask(self, space):
        return local(space[self.piece])(*copy.deepcopy(self.arguments))

    def fits(self, reply):
        return not _stopped(reply) and ten_digits(reply.value, self.right)


def ten_digits(answer, right):
    """Whether an answer has the form of the right one, and its numbers to ten digits.

    >>> ten_digits((1.0, {"a": [2]}), (1.0, {"a": np.array([2.0])})), ten_digits(1.00000001, 1.0)
    (True, False)
    """
    if isinstance(right, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == right.keys()
            and all(ten_digits(answer[k], right[k]) for k in right)
        )
    if isinstance(right, tuple):
        return (
            isinstance(answer, tuple | list)
            and len(answer) == len(right)
            and all(map(ten_digits, answer, right))
        )
    answer = numbers_of(answer)
    return (
        answer is not None
        and answer.shape == np.shape(right)
        and np.allclose(answer, right, rtol=1e-10, atol=1e-12)
    )


def stages():
    """The stages of a pass forward, of the way back, of a step of training and of writing, in this order."""
    rng, found = np.random.default_rng(10), []

    def run(where, piece, *arguments):
        right = EXERCISES[piece].reference(*arguments)
        found.append(Stage(where, piece, arguments, plain(right)))
        return right

    def norm(where, x, p, name):
        return run(f"{where}norm {name}", "layer_norm", x, p[f"{name}.weight"], p[f"{name}.bias"])

    P = model_parameters(rng, V, C, D, L, F)
    tokens = rng.integers(V, size=60)
    ids, targets = run("a batch", "get_batch", tokens, rng.integers(60 - T, size=B), T)
    x = run("the embedding", "embed", P["wte.weight"], ids)
    x = run("the positions", "add_positions", x, P["wpe.weight"])
    seen = []  # of each block: its parameters, and what its layers were given
    for i in range(L):
        at, p = f"block {i}, ", below(P, f"h.{i}.")
        first = norm(at, x, p, "ln_1")
        middle = x + run(f"{at}attention", "causal_self_attention", first, below(p, "attn."), H)
        second = norm(at, middle, p, "ln_2")
        run(f"{at}network", "feed_forward", second, below(p, "mlp."))
        seen.append((at, p, x, first, middle, second))
        x = run(f"{at}both sums", "block", x, p, H)
    last = norm("the last ", x, P, "ln_f")
    run("the unembedding", "unembed", last, P["wte.weight"])
    logits = run("all of it: the logits", "gpt", ids, P, H)
    run("the loss", "cross_entropy", logits, targets)

    grad_logits = run("back to the logits", "cross_entropy_backward", logits, targets)
    grad, _ = run("back through the unembedding", "unembed_backward", grad_logits, last, P["wte.weight"])
    grad, *_ = run("back through the last norm", "layer_norm_backward", grad, x, P["ln_f.weight"])
    for at, p, x, first, middle, second in reversed(seen):
        branch, _ = run(
            f"{at}back through the network", "feed_forward_backward", grad, second, below(p, "mlp.")
        )
        branch, *_ = run(
            f"{at}back through norm ln_2", "layer_norm_backward", branch, middle, p["ln_2.weight"]
        )
        half = grad + branch
        branch, _ = run(
            f"{at}back through attention", "causal_self_attention_backward", half, first, below(p, "attn."), H
        )
        run(f"{at}back through norm ln_1", "layer_norm_backward", branch, x, p["ln_1.weight"])
        grad, _ = run(f"{at}back through both sums", "block_backward", grad, x, p, H)
    run("back to the positions", "add_positions_backward", grad, C)
    run("back to the embedding", "embed_backward", grad, ids, V)
    grads = run(f"all {len(P)} gradients", "gpt_backward", grad_logits, ids, P, H)

    grads, _ = run("a step: clipping", "clip_gradients", grads, 1.0)
    rate = run("a step: the learning rate", "warmup_cosine", 3, 5e-3, 10, 100)
    W, G = P["wte.weight"], grads["wte.weight"]
    run("a step: AdamW", "adamw_step", W, G, 0.1 * G, 0.001 * G * G, 2, rate)
    run("writing: one token", "next_token", logits, rng.random(ids.shape), 0.8)
    run("writing: a text", "generate", ids[0], rng.random(5), P, H, 0.8)
    return found


class Capstone:
    """What `capstone()` shows: the stages that are equal, and a sentence about the first that is not."""

    def __init__(self, equal, wrong, sentence):
        self.equal, self.wrong, self.sentence = equal, wrong, sentence

    def __repr__(self):
        rows = [f"✓ {stage.where:38} {stage.piece}" for stage in self.equal]
        rows += [f"✗ {stage.where:38} {stage.piece}" for stage in self.wrong]
        return "\n".join([*rows, self.sentence])


def capstone():
    """Run your GPT stage by stage beside the library, and name the first stage that differs and the piece to look at.

    Raises Mistake when my_gpt.py cannot be run.

    >>> print(str(capstone()).splitlines()[0])
    ✓ a batch                                get_batch
    """
    path = place()
    space = load(read(path) if path else "", path.name if path else "my_gpt.py")
    equal = []
    for stage in stages():
        if not stage.fits(reply := stage.ask(space)):
            return Capstone(equal, [stage], _sentence(stage, reply, space))
        equal.append(stage)
    own, borrowed = whose(space)
    return Capstone(
        equal,
        [],
        f"Equal to ten digits at every stage. {len(own)} of {len(own + borrowed)} pieces are yours.",
    )


def _sentence(stage, reply, space):
    """What is known about a stage that differs: the piece, and what its own check says, or else the numbers."""
    piece = _culprit(stage, space)
    if piece is None:
        return (
            f"First to differ: {stage.where}, with the course's pieces too: what else does the file define?"
        )
    check = judge(EXERCISES[piece], local(space[piece])) if piece in EXERCISES else None
    found = f"First to differ: {stage.where}. Your {piece} makes the difference"
    if check is not None and check.outcome != "right":
        return f"{found}: {check.sentence}"
    passes = "it passes its own check, but here" if check else "it has no check of its own, and here"
    if stopped := _stopped(reply):
        return f"{found}: {passes} {stage.piece} {stopped}"
    where, got, right = compare.first_difference(
        reply.value, stage.right, ten_digits, EXERCISES[stage.piece].returns
    )
    right, got = (np.array2string(np.asarray(one), precision=10, threshold=6) for one in (right, got))
    return f"{found}: {passes} {where or 'the result'} of {stage.piece} should be {right}, and is {got}"


def _stopped(reply):
    """What a call did in place of giving a value, in a few words; "" where it gave one."""
    if reply.error:
        return f"stops with {reply.error[0]}: {reply.error[1]}"
    if reply.stub is not None or reply.unreached:
        return "is not written yet"
    if reply.interrupted:
        return "was interrupted"
    return "changes what it is given" if reply.changed else reply.refused


def _culprit(stage, space):
    """Yours are taken out and put back one by one, in the order of the lessons: the first with which the stage differs."""
    own = {name: space[name] for name in LESSON_OF if space[name] is not space["borrowed"][name]}
    space |= space["borrowed"]
    for name, piece in own.items():
        space[name] = piece
        if not stage.fits(stage.ask(space)):
            return name
    return None
