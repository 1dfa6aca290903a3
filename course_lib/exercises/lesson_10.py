"""The exercises of lesson 10_gpt: the block, the model, its gradients, and what training and writing need beside them.

Long because the exercises of a lesson stand in one file, each with its likely mistakes.
"""

import numpy as np

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy import attention, embeddings, feed_forward, generation, gpt, normalization

from .description import Case, Exercise, Slip, random_parameters, sizes
from .judge import check
from .lesson_04 import past_stays
from .on_paper import on_paper

# --- the pieces, by the library, with the parameters from a dict


def _layer(layer, p):
    for name, value in layer.state_dict().items():
        value[...] = p[name]
    return layer


def below(p, prefix):
    return {name.removeprefix(prefix): x for name, x in p.items() if name.startswith(prefix)}


def _config(P, H):
    V, D = P["wte.weight"].shape
    return GPTConfig(V=V, C=len(P["wpe.weight"]), D=D, H=H, L=_blocks(P), F=P["h.0.mlp.c_fc.bias"].size)


def _blocks(P):
    return len({name.split(".")[1] for name in P if name.startswith("h.")})


def _block_of(p, H):
    D, F = p["mlp.c_fc.weight"].shape
    return _layer(gpt.Block(GPTConfig(V=2, C=2, D=D, H=H, L=1, F=F), dtype=float), p)


def _model(P, H):
    return _layer(gpt.GPT(_config(P, H), dtype=float), P)


def _norm(x, p, name):
    return normalization.layer_norm(x, p[f"{name}.weight"], p[f"{name}.bias"])


def _attn(x, p, H):
    return _layer(gpt.CausalSelfAttention(x.shape[-1], H, dtype=float), below(p, "attn."))(x)


def _mlp(x, p):
    D, F = p["mlp.c_fc.weight"].shape
    return _layer(feed_forward.FeedForward(D, F, activation="gelu_tanh", dtype=float), below(p, "mlp."))(x)


def block_parameters(rng, D, F):
    shapes = gpt.parameter_shapes(GPTConfig(V=2, C=2, D=D, H=1, L=1, F=F))
    return random_parameters(rng, below(shapes, "h.0."))


def model_parameters(rng, V, C, D, L, F=None):
    return random_parameters(rng, gpt.parameter_shapes(GPTConfig(V=V, C=C, D=D, H=1, L=L, F=F)))


# --- block


def _block(x, p, H, first="ln_1", second="ln_2", order="attn first", residual=(1, 1), post=False):
    if post:
        x = _norm(x + _attn(x, p, H), p, "ln_1")
        return _norm(x + _mlp(x, p), p, "ln_2")
    if order == "mlp first":
        x = x + _mlp(_norm(x, p, second), p)
        return x + _attn(_norm(x, p, first), p, H)
    if order == "parallel":
        return x + _attn(_norm(x, p, first), p, H) + _mlp(_norm(x, p, second), p)
    x = residual[0] * x + _attn(_norm(x, p, first) if first else x, p, H)
    return residual[1] * x + _mlp(_norm(x, p, second) if second else x, p)


def _block_case(rng, *shape, H, F):
    return rng.normal(size=shape), block_parameters(rng, shape[-1], F), H


def _draw_block(rng):
    H, K, T, B = sizes(rng, 4, high=6)
    return _block_case(rng, B, T, H * K, H=H, F=13)


block = Exercise(
    name="block",
    lesson=10,
    text="""One block of GPT-2: x plus the attention of its norm, then that sum plus the
    feed-forward network of its norm.

    x (B, T, D), p a dict, H heads → (B, T, D)
    p holds   ln_1.weight, ln_1.bias (D,)   the norm before attention
              attn.c_attn.weight (D, 3D), … the four names of causal_self_attention behind attn.
              ln_2.weight, ln_2.bias (D,)   the norm before the network
              mlp.c_fc.weight (D, F), …     the four names of feed_forward behind mlp.
    """,
    reference=lambda x, p, H: _block_of(p, H)(x),
    cases=lambda rng: [
        Case(_block_case(rng, 1, 2, 3, H=1, F=5), hint="there is one head"),
        Case(_block_case(rng, 2, 5, 6, H=3, F=13)),
        Case(_block_case(rng, 3, 7, 10, H=2, F=21)),
    ],
    draw=_draw_block,
    axes=("B T D", "p", ""),
    properties=(past_stays,),
    slips=(
        Slip(lambda x, p, H: _block(x, p, H, post=True),
             "that is post-norm: GPT-2 normalises before each layer, inside the branch"),
        Slip(lambda x, p, H: _block(x, p, H, residual=(0, 1)), "x is not added to the output of attention"),
        Slip(lambda x, p, H: _block(x, p, H, residual=(1, 0)),
             "x is not added to the output of the feed-forward network"),
        Slip(lambda x, p, H: _block(x, p, H, residual=(0, 0)),
             "the residual sums are missing: x is added to the output of each layer"),
        Slip(lambda x, p, H: _block(x, p, H, first=""), "the norm before attention is missing"),
        Slip(lambda x, p, H: _block(x, p, H, second=""),
             "the norm before the feed-forward network is missing"),
        Slip(lambda x, p, H: _block(x, p, H, first="", second=""), "both norms are missing"),
        Slip(lambda x, p, H: _block(x, p, H, "ln_2", "ln_1"), "ln_1 and ln_2 have changed places"),
        Slip(lambda x, p, H: _block(x, p, H, "ln_1", "ln_1"),
             "ln_1 stands twice: ln_2 belongs before the feed-forward network"),
        Slip(lambda x, p, H: _block(x, p, H, order="mlp first"),
             "the feed-forward network comes first: attention does"),
        Slip(lambda x, p, H: _block(x, p, H, order="parallel"),
             "both layers get the same x: the feed-forward network gets the sum with attention's output"),
        Slip(lambda x, p, H: x + _mlp(_norm(x + _attn(_norm(x, p, "ln_1"), p, H), p, "ln_2"), p),
             "the second sum begins with the x of the start: it begins with the sum after attention"),
        Slip(lambda x, p, H: x + _attn(_norm(x, p, "ln_1"), p, H), "the feed-forward network is missing"),
        Slip(lambda x, p, H: x + _mlp(_norm(x, p, "ln_2"), p), "attention is missing"),
        Slip(lambda x, p, H: (n := _norm(x, p, "ln_1")) + _attn(n, p, H) + _mlp(_norm(n + _attn(n, p, H), p, "ln_2"), p),
             "the normalised x was added: x itself is, so that it can pass unchanged"),
        Slip(lambda x, p, H: (m := _norm((n := _norm(x, p, "ln_1")) + _attn(n, p, H), p, "ln_2")) + _mlp(m, p),
             "the norms were written over x, twice: x itself goes on, and only the layers get its norm"),
        Slip(lambda x, p, H: _norm(_block(x, p, H), p, "ln_2"), "a norm was added behind the second sum: a block ends with the sum"),
        Slip(lambda x, p, H: _block(x, p | {f"ln_{i}.{w}": np.full_like(p[f"ln_{i}.{w}"], w == "weight") for i in (1, 2) for w in ("weight", "bias")}, H),
             "the weights and biases of the norms have no effect"),
        Slip(lambda x, p, H: _block(x, p, 1), "there is a single head: split the width into H"),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- block_backward


def _block_backward(grad, x, p, H):
    layer = _block_of(p, H)
    layer(x)
    return layer.backward(grad), layer.gradients()


def _back(
    grad, x, p, H, first=1, second=1, through=True, middle=True, network_sees="norm", norms_see="input"
):
    """By hand, with what may go wrong: the direct ways, and where the layers are computed again."""
    D, F = p["mlp.c_fc.weight"].shape
    ln_1, ln_2 = (_layer(normalization.LayerNorm(D, dtype=float), below(p, f"ln_{i}.")) for i in (1, 2))
    attn = _layer(gpt.CausalSelfAttention(D, H, dtype=float), below(p, "attn."))
    mlp = _layer(feed_forward.FeedForward(D, F, activation="gelu_tanh", dtype=float), below(p, "mlp."))
    y = x + attn(ln_1(x))
    mlp({"norm": ln_2(y if middle else x), "norm of x": ln_2(x), "sum": y}[network_sees])
    if middle:  # a layer's backward goes by its last call
        ln_2(ln_2(y) if norms_see.startswith("output") else y)
    if norms_see == "output":
        ln_1(ln_1(x))
    grad = second * grad + (ln_2.backward(mlp.backward(grad)) if through else mlp.backward(grad))
    grad_x = first * grad + (ln_1.backward(attn.backward(grad)) if through else attn.backward(grad))
    grads = {}
    for name, layer in (("ln_1", ln_1), ("attn", attn), ("ln_2", ln_2), ("mlp", mlp)):
        grads |= {f"{name}.{inner}": g for inner, g in layer.gradients().items()}
    return grad_x, grads


def _norm_of_start(grad, x, p, H):
    grad_x, grads = _back(grad, x, p, H)
    D, F = p["mlp.c_fc.weight"].shape
    ln_1, ln_2 = (_layer(normalization.LayerNorm(D, dtype=float), below(p, f"ln_{i}.")) for i in (1, 2))
    attn = _layer(gpt.CausalSelfAttention(D, H, dtype=float), below(p, "attn."))
    mlp = _layer(feed_forward.FeedForward(D, F, activation="gelu_tanh", dtype=float), below(p, "mlp."))
    mlp(ln_2(x + attn(ln_1(x))))
    ln_2(x)
    grad = grad + ln_2.backward(mlp.backward(grad))
    grad_x = grad + ln_1.backward(attn.backward(grad))
    for name, layer in (("ln_1", ln_1), ("attn", attn), ("ln_2", ln_2)):
        grads |= {f"{name}.{inner}": one for inner, one in layer.gradients().items()}
    return grad_x, grads


def _back_case(rng, *shape, H, F):
    return rng.normal(size=shape), *_block_case(rng, *shape, H=H, F=F)


def _draw_block_backward(rng):
    x, p, H = _draw_block(rng)
    return rng.normal(size=x.shape), x, p, H


block_backward = Exercise(
    name="block_backward",
    lesson=10,
    text="""The gradients of `block(x, p, H)`.

    grad (B, T, D) of what the block returned; x (B, T, D), p and H as it was given them
    → the gradient of x (B, T, D), and a dict with the gradients of p, under the names of p

    The way back along a sum goes twice: directly, and through the layer. What stood
    between x and the end is not handed over: compute it again.
    """,
    reference=lambda grad, x, p, H: _block_backward(grad, x, p, H),
    cases=lambda rng: [
        Case(_back_case(rng, 1, 2, 3, H=1, F=5), hint="there is one head"),
        Case(_back_case(rng, 2, 5, 6, H=3, F=13)),
    ],
    draw=_draw_block_backward,
    axes=("B T D", "B T D", "p", ""),
    returns=("the gradient of x", "the gradients of p"),
    slips=(
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, second=0),
             "at the second sum the direct way is missing: grad goes on, plus what comes back through the "
             "layer"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, first=0),
             "at the first sum the direct way is missing: grad goes on, plus what comes back through the "
             "layer"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, 0, 0),
             "the direct ways along the sums are missing: grad goes on, plus what comes back through the "
             "layer"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, through=False),
             "the norms were passed over on the way back"),
        Slip(_norm_of_start,
             "ln_2's backward was given the x of the start: it was given the sum after attention"),
        Slip(lambda grad, x, p, H: (grad + _back(grad, x, p, H, first=0)[0], _back(grad, x, p, H)[1]),
             "at the first sum what goes on is grad and what came back along the second, and not grad alone"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, middle=False),
             "the feed-forward network was computed again from the x of the start: it was given the sum "
             "after attention"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, network_sees="norm of x"),
             "the network's backward was given the norm of x: it was given the norm of the sum after attention"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, network_sees="sum"),
             "the network's backward was given the sum itself: it was given the norm of the sum"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, norms_see="output of the second"),
             "the backward of ln_2 was given what that norm returned: it goes by what it was given"),
        Slip(lambda grad, x, p, H: _back(grad, x, p, H, norms_see="output"),
             "the norms' backward was given what the norms returned: it goes by what they were given"),
    ),
    minutes=30,
    optional=True,
    stars=3,
)  # fmt: skip


# --- gpt


def _gpt(
    ids, P, H, positions=True, last=True, blocks=None, scale=1.0, reverse=False, each=False, first=False
):
    ids = np.asarray(ids)
    x = P["wte.weight"][ids] * scale + positions * P["wpe.weight"][: ids.shape[1]]
    order = range(_blocks(P) if blocks is None else blocks)
    for i in reversed(order) if reverse else order:
        x = _block_of(below(P, "h.0." if first else f"h.{i}."), H)(x)
        x = _norm(x, P, "ln_f") if each else x
    x = _norm(x, P, "ln_f") if last else x
    return x @ P["wte.weight"].T


def _gpt_case(rng, B, T, V, C, D, H, L, F=None):
    return rng.integers(0, V, size=(B, T)), model_parameters(rng, V, C, D, L, F), H


def _draw_gpt(rng):
    H, K, T, B = sizes(rng, 4, high=6)
    return _gpt_case(
        rng, B, T, int(rng.integers(5, 14)), T + int(rng.integers(0, 4)), H * K, H, int(rng.integers(1, 4))
    )


gpt_exercise = Exercise(
    name="gpt",
    lesson=10,
    text="""The whole model: embed the ids, add the positions, pass through all blocks, normalise,
    unembed with the same table.

    ids (B, T), P a dict with all parameters, H heads → logits (B, T, V)
    P holds   wte.weight (V, D), wpe.weight (C, D)   the tables of tokens and of positions
              h.0.ln_1.weight, …                     the names of block 0 behind h.0., and so on
              ln_f.weight, ln_f.bias (D,)            the norm after the last block
    How many blocks there are, the names tell. T may be less than C.
    """,
    reference=lambda ids, P, H: _model(P, H)(ids),
    cases=lambda rng: [
        Case(_gpt_case(rng, 1, 2, 7, 5, 3, 1, 1, 6), hint="there is one block with one head"),
        Case(_gpt_case(rng, 2, 3, 11, 5, 6, 3, 2), hint="there are two blocks"),
        Case(_gpt_case(rng, 3, 5, 13, 7, 6, 2, 3), hint="there are three blocks"),
        Case(_gpt_case(rng, 1, 3, 5, 7, 6, 2, 12, 8), hint="there are twelve blocks: h.1 and h.10 begin alike, and as text h.10 comes before h.2"),
    ],
    draw=_draw_gpt,
    axes=("B T", "p", ""),
    slips=(
        Slip(lambda ids, P, H: _gpt(ids, P, H, positions=False), "the positions are missing"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, last=False), "the last norm, ln_f, is missing"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, blocks=1),
             "only the first block was used: count them from the names in P"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, blocks=_blocks(P) - 1), "the last block is missing"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, reverse=True),
             "the blocks were used in reverse: block 0 comes first"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, scale=P["wte.weight"].shape[1] ** 0.5),
             "the embeddings were multiplied by √D, which GPT-2 does not do"),
        Slip(lambda ids, P, H: attention.softmax(_gpt(ids, P, H)),
             "those are probabilities: return the logits"),
        Slip(lambda ids, P, H: _gpt(ids, P, H)[:, -1],
             "only the last token's logits were returned: every position has its own"),
        Slip(lambda ids, P, H: _gpt(ids, P, H).argmax(-1), "those are ids: return the logits"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, blocks=0),
             "the blocks are missing: what a block returns is the x of the next"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, each=True, last=False),
             "the last norm, ln_f, stands in the loop: it comes once, after the last block"),
        Slip(lambda ids, P, H: _gpt(ids, P, H, first=True), "every block used the numbers of block 0: each has its own, under h.i and a dot"),
        Slip(lambda ids, P, H: _gpt(ids, P, 1), "there is a single head: hand H on to the blocks"),
    ),
    minutes=20,
    stars=2,
)  # fmt: skip


# --- gpt_backward


def _gpt_backward(grad, ids, P, H):
    model = _model(P, H)
    model(ids)
    model.backward(grad)
    return model.gradients()


def _parts_of_the_table(grad, ids, P, H):
    """What the unembedding and the lookup each add to the gradient of wte.weight."""
    model = _model(P, H)
    model(ids)
    top = embeddings.unembed_backward(grad, model.kept, P["wte.weight"])[1]
    model.backward(grad)
    return top, model.gradients()["wte.weight"] - top


def _by_hand(grad, ids, P, H, order=reversed, seen="own", last="norm", around="input"):
    """The way back with the library's layers, with what may go wrong: order, what each block saw, the last norm."""
    blocks = [_block_of(below(P, f"h.{i}."), H) for i in range(_blocks(P))]
    ln_f = _layer(normalization.LayerNorm(len(P["ln_f.bias"]), dtype=float), below(P, "ln_f."))
    xs = [P["wte.weight"][ids] + P["wpe.weight"][: ids.shape[1]]]
    for one in blocks:
        xs.append(one(xs[-1]))
    h = ln_f(xs[-1])
    grad, table = embeddings.unembed_backward(grad, h if last == "norm" else xs[-1], P["wte.weight"])
    if around == "output":
        ln_f(h)
    grad = ln_f.backward(grad)
    for i in order(range(len(blocks))):
        blocks[i]({"own": xs[i], "next": xs[i + 1], "first": xs[0], "last": xs[-2], "end": xs[-1]}[seen])
        grad = blocks[i].backward(grad)
    grads = {f"ln_f.{name}": g for name, g in ln_f.gradients().items()}
    for i, one in enumerate(blocks):
        grads |= {f"h.{i}.{name}": g for name, g in one.gradients().items()}
    grads["wpe.weight"] = np.zeros_like(P["wpe.weight"])
    grads["wpe.weight"][: ids.shape[1]] = grad.sum(axis=0)
    return grads | {"wte.weight": table + embeddings.lookup_backward(grad, ids, len(P["wte.weight"]))}


def _with(grads, **changes):
    return {**grads, **{name.replace("__", "."): value for name, value in changes.items()}}


def _gpt_back_case(rng, *numbers):
    ids, P, H = _gpt_case(rng, *numbers)
    return rng.normal(size=(*ids.shape, len(P["wte.weight"]))), ids, P, H


def _draw_gpt_backward(rng):
    ids, P, H = _draw_gpt(rng)
    return rng.normal(size=(*ids.shape, len(P["wte.weight"]))), ids, P, H


gpt_backward = Exercise(
    name="gpt_backward",
    lesson=10,
    text="""The gradients of all parameters of `gpt(ids, P, H)`.

    grad (B, T, V) of the logits; ids (B, T), P and H as gpt was given them
    → a dict: the names of P → gradients, each with the shape of its parameter

    The table wte.weight is used twice, to embed and to unembed, so its gradient is the
    sum of two. Rows of wpe.weight that no token stood on get 0.
    """,
    reference=lambda grad, ids, P, H: _gpt_backward(grad, ids, P, H),
    cases=lambda rng: [
        Case(_gpt_back_case(rng, 1, 2, 7, 5, 3, 1, 1, 6), hint="there is one block with one head"),
        Case(_gpt_back_case(rng, 2, 3, 11, 5, 6, 3, 2), hint="there are two blocks"),
        Case(_gpt_back_case(rng, 1, 3, 5, 7, 6, 2, 12, 8),
             hint="there are twelve blocks: h.1 and h.10 begin alike, and as text h.10 comes before h.2"),
    ],
    draw=_draw_gpt_backward,
    axes=("B T V", "B T", "p", ""),
    slips=(
        Slip(lambda grad, ids, P, H: _with(_gpt_backward(grad, ids, P, H), wte__weight=_parts_of_the_table(grad, ids, P, H)[0]),
             "the gradient of wte.weight lacks the part from embedding the ids: the table is used twice"),
        Slip(lambda grad, ids, P, H: _with(_gpt_backward(grad, ids, P, H), wte__weight=_parts_of_the_table(grad, ids, P, H)[1]),
             "the gradient of wte.weight lacks the part from the unembedding: the table is used twice"),
        Slip(lambda grad, ids, P, H: _with(_gpt_backward(grad, ids, P, H), wpe__weight=_gpt_backward(grad, ids, P, H)["wpe.weight"] / len(ids)),
             "the gradient of wpe.weight was averaged over the texts: it adds up"),
        Slip(lambda grad, ids, P, H: _with(_gpt_backward(grad, ids, P, H), wpe__weight=_gpt_backward(grad, ids, P, H)["wpe.weight"][: ids.shape[1]]),
             "the gradient of wpe.weight has the shape of the table, (C, D): unused rows are 0"),
        Slip(lambda grad, ids, P, H: {name: g for name, g in _gpt_backward(grad, ids, P, H).items() if name != "wpe.weight"},
             "the gradient of wpe.weight is missing"),
        Slip(lambda grad, ids, P, H: {name: g / ids.size for name, g in _gpt_backward(grad, ids, P, H).items()},
             "all gradients were divided by the number of tokens: grad holds that already"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, last="block"),
             "the unembedding's backward was given what the last block returned: it was given the last norm of it"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, around="output"),
             "the last norm's backward was given what that norm returned: it goes by what it was given"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, seen="next"),
             "a block's backward was given what the block returned: it goes by what it was given"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, order=iter) if _blocks(P) > 1 else _gpt_backward(grad, ids, P, H),
             "the way back begins with the last block and ends with block 0"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, seen="first"),
             "every block's backward was given the x of the start: each was given what the one below it returned"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, seen="last"),
             "every block's backward was given the same x: each was given what the one below it returned"),
        Slip(lambda grad, ids, P, H: _by_hand(grad, ids, P, H, seen="end"),
             "every block's backward was given the end of the last block: each was given what the one below it returned"),
        Slip(lambda grad, ids, P, H: {name: g for name, g in _gpt_backward(grad, ids, P, H).items() if not name.startswith("ln_f")},
             "the gradients of the last norm, ln_f, are missing"),
    ),
    minutes=40,
    optional=True,
    stars=3,
)  # fmt: skip


# --- get_batch


def _windows(tokens, starts, C, ahead=1):
    rows = np.asarray(starts)[:, None] + np.arange(C)
    return np.asarray(tokens)[rows], np.asarray(tokens)[rows + ahead]


def _draw_batch(rng):
    C, B = sizes(rng, 2)
    tokens = rng.integers(0, 50, size=C + 1 + int(rng.integers(0, 30)))
    return tokens, rng.integers(len(tokens) - C, size=B), C


get_batch = Exercise(
    name="get_batch",
    lesson=10,
    text="""A batch to train on: windows of a long text, and the same windows one token later.

    tokens (N,), starts (B,) the place in tokens where each window begins, C its length
    → inputs (B, C), targets (B, C)
    """,
    reference=lambda tokens, starts, C: _windows(tokens, starts, C),
    cases=lambda rng: [
        Case((np.arange(10, 21), np.array([5]), 3)),
        Case((rng.integers(0, 50, size=18), np.array([2, 0, 11, 2, 10]), 6)),
        Case((rng.integers(0, 50, size=8), np.array([0, 1]), 5),
             hint="windows overlap, and may begin anywhere"),
    ],
    draw=_draw_batch,
    axes=("N", "B", "=C"),
    returns=("inputs", "targets"),
    ids=True,
    slips=(
        Slip(lambda tokens, starts, C: _windows(tokens, starts, C, 0),
             "the targets are the inputs: they are one token later"),
        Slip(lambda tokens, starts, C: _windows(tokens, starts, C, -1),
             "the targets are one token earlier: the next token is to be predicted"),
        Slip(lambda tokens, starts, C: (_windows(tokens, starts, C)[0], np.asarray(tokens)[np.asarray(starts) + C]),
             "there is one target a window: every place has its own next token"),
        Slip(lambda tokens, starts, C: tuple(part.T for part in _windows(tokens, starts, C)),
             "a window is a row, (B, C)"),
        Slip(lambda tokens, starts, C: _windows(tokens, np.asarray(starts) * C % (len(tokens) - C), C),
             "starts are places in the text, not numbers of windows"),
        Slip(lambda tokens, starts, C: _windows(tokens, np.arange(len(starts)) % (len(tokens) - C), C),
             "starts have no effect: they say where each window begins"),
        Slip(lambda tokens, starts, C: (_windows(tokens, starts, C)[0], np.roll(_windows(tokens, starts, C)[0], -1, axis=1)),
             "the last target is the window's own first token: it is the token after the window"),
        Slip(lambda tokens, starts, C: _windows(tokens, starts, C - 1),
             "the windows are one token short: C tokens go in, and C targets"),
        Slip(lambda tokens, starts, C: tuple(np.asarray(tokens)[np.asarray(starts)[:, None] + np.arange(C + 1)] for _ in range(2)),
             "the windows hold C + 1 tokens: the first C are the inputs, the last C the targets"),
    ),
    minutes=10,
)  # fmt: skip


# --- parameter_count


def _count(V, C, D, L, final=2, norms=4, mlp_bias=5, attn_bias=4, table=1, positions=1, matrices=12):
    return (
        table * V * D
        + positions * C * D
        + L * (matrices * D * D + (mlp_bias + attn_bias + norms) * D)
        + final * D
    )


parameter_count = Exercise(
    name="parameter_count",
    lesson=10,
    text="""How many numbers a GPT-2 learns.

    V vocabulary, C context, D width, L blocks → a whole number

    The hidden width is 4D. Every linear layer has a bias, every norm a weight and a bias.
    The unembedding is the embedding table, which counts once.
    """,
    reference=lambda V, C, D, L: gpt.parameter_count(GPTConfig(V=V, C=C, D=D, H=1, L=L)),
    cases=lambda rng: [
        Case((7, 3, 2, 1)),
        Case((11, 5, 6, 2), hint="there are two blocks"),
        Case((50257, 1024, 768, 12), hint="these are the sizes of GPT-2"),
        Case((13, 7, 10, 3)),
    ],
    draw=lambda rng: tuple(rng.integers(1, 60, size=4).tolist()),
    same=lambda answer, right: not isinstance(answer, bool | str | list | tuple | dict | np.ndarray) and answer == right,
    slips=(
        Slip(lambda V, C, D, L: _count(V, C, D, L, table=2),
             "the table stands twice: the unembedding is the same table"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, final=0),
             "the norm after the last block is missing: a weight and a bias of width D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, final=0, norms=6),
             "the last norm stands once, after the last block, and not in each"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, positions=0), "the table of positions is missing, C · D"),
        Slip(lambda V, C, D, L: _count(V, C, D, 1), "the number of blocks has no effect"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, mlp_bias=0, attn_bias=0),
             "the biases of the linear layers are missing"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, mlp_bias=0, attn_bias=0, norms=2, final=1),
             "all biases are missing, those of the norms too"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, attn_bias=0),
             "4D are missing in each block: the biases of attention, 3D and D, or the two norms, 2D each"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, mlp_bias=0),
             "the biases of the feed-forward network are missing, 4D and D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, mlp_bias=2),
             "3D are missing in each block: the bias of c_attn, 3D, or most of that of c_fc, which has the hidden "
             "width, 4D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, norms=2),
             "a norm has a weight and a bias, 2D, and there are two a block"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, matrices=4),
             "the matrices of the feed-forward network are missing, 2 · D · 4D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, matrices=8),
             "the matrices of attention are missing, D · 3D and D · D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, matrices=11, attn_bias=3),
             "c_proj of attention is missing: D · D and D"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, matrices=6), "the hidden width is 4D: yours is D"),
        Slip(lambda V, C, D, L: L * _count(V, C, D, 1),
             "everything was multiplied by L: the tables and the last norm stand once"),
        Slip(lambda V, C, D, L: _count(V, C, D, L, table=0), "the table of the tokens is missing, V · D"),
    ),
    minutes=10,
    stars=2,
)  # fmt: skip


# --- next_token


class _Given:
    """A generator of random numbers that are given."""

    def __init__(self, u):
        self.u = np.asarray(u, dtype=float)

    def random(self, shape):
        return self.u.reshape(shape)


def _next(logits, u, temperature=1.0):
    return generation.sample(
        generation.next_token_probabilities(np.asarray(logits, float), temperature), _Given(u)
    )


def _tokens(p, u, passed=lambda c, u: c > u):
    """The first id whose cumulative probability passes u, with a change."""
    c = np.cumsum(p, axis=-1)
    return passed(c, np.asarray(u)[..., None] * c[..., -1:]).argmax(axis=-1)


def _draw_next(rng):
    V, T, B = sizes(rng, 3, high=12)
    shape = [(), (T,), (B, T)][rng.integers(3)]
    return (
        rng.normal(size=(*shape, V)) * 2,
        rng.random(shape) if shape else float(rng.random()),
        float(rng.choice([0.5, 1.0, 2.0])),
    )


_EDGE = "u = 0 takes the first token that has a probability above 0"

next_token = Exercise(
    name="next_token",
    lesson=10,
    text="""One token drawn from the model's prediction, with a uniform number that is given.

    logits (..., V), u (...) numbers in [0, 1), temperature a number, 1.0 unless given
    → ids (...), whole numbers

    The probabilities are the softmax of logits / temperature. Laid end to end, from id 0
    on, they fill the stretch from 0 to 1, and the id whose piece holds u is drawn: the
    first whose running sum, its own probability included, is larger than u.
    So u = 0 takes the first token that has a probability above 0.
    """,
    reference=lambda logits, u, temperature=1.0: _next(logits, u, temperature),
    cases=lambda rng: [
        Case((np.log(np.array([0.5, 0.3, 0.2])), 0.6), hint="0.6 lies in the second piece, from 0.5 to 0.8"),
        Case((np.log(np.array([0.1, 0.2, 0.7])), 0.25, 1.0)),
        Case((rng.normal(size=(11, 7)) * 2, rng.random(11), 1.0), hint="there is one u for every row"),
        Case((rng.normal(size=(5, 7)) * 2, rng.random(5), 2.0),
             hint="temperature is 2: it divides the logits"),
        Case((rng.normal(size=(2, 3, 6)) * 2, rng.random((2, 3)), 0.5),
             hint="logits may have any axes in front"),
        Case((np.array([-np.inf, 0.0, 1.0]), 0.0, 1.0), needs=_EDGE),
        Case((np.array([[-np.inf, -np.inf, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]), np.array([0.0, 0.0]), 1.0),
             needs=_EDGE),
    ],
    draw=_draw_next,
    axes=("... V", "", ""),
    ids=True,
    slips=(
        Slip(lambda logits, u, temperature=1.0: logits.argmax(-1),
             "the most likely token is always taken: u decides"),
        Slip(lambda logits, u, temperature=1.0: _next(logits, u),
             "temperature has no effect: it divides the logits"),
        Slip(lambda logits, u, temperature=1.0: _next(logits, u, 1 / temperature),
             "the logits were multiplied by the temperature: divide"),
        Slip(lambda logits, u, temperature=1.0: logits.shape[-1] - 1 - _next(logits[..., ::-1], u, temperature),
             "the pieces were laid from the last id on, or 1 − u was taken for u: begin with id 0"),
        Slip(lambda logits, u, temperature=1.0: np.minimum(_next(logits, u, temperature) + 1, logits.shape[-1] - 1),
             "you take the token after the one whose piece holds u"),
        Slip(lambda logits, u, temperature=1.0: _next(logits, u, temperature) + 1,
             "you take the token after the one whose piece holds u"),
        Slip(lambda logits, u, temperature=1.0: np.maximum(_next(logits, u, temperature) - 1, 0),
             "you take the token before the one whose piece holds u"),
        Slip(lambda logits, u, temperature=1.0: (attention.softmax(logits / temperature) > np.asarray(u)[..., None]).argmax(-1),
             "the probabilities were compared with u one by one: their running sum is"),
        Slip(lambda logits, u, temperature=1.0: (np.asarray(u) * logits.shape[-1]).astype(int),
             "all tokens are equally likely: the logits have no effect"),
        Slip(lambda logits, u, temperature=1.0: _tokens(np.exp(logits / temperature), u, lambda c, u: c > u / c[..., -1:]),
             "the exponentials are not divided by their sum"),
        Slip(lambda logits, u, temperature=1.0: np.take_along_axis(np.argsort(-logits, -1), _tokens(-np.sort(-attention.softmax(logits / temperature), -1), u)[..., None], -1)[..., 0],
             "the pieces were laid in the order of likelihood: they lie in the order of the ids"),
        Slip(lambda logits, u, temperature=1.0: _tokens(attention.softmax(logits / temperature), u, lambda c, u: c >= u),
             "≥ lets u = 0 take a token of probability 0: the sum has to be larger than u", needs=_EDGE),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


# --- generate


def _generate(
    ids,
    us,
    P,
    H,
    temperature=1.0,
    cut=True,
    greedy=False,
    all_in=False,
    drop=False,
    forget=False,
    window=None,
):
    text, C = list(ids), len(P["wpe.weight"])
    model = _model(P, H)
    for u in us:
        seen = text[-C:] if cut else text
        seen = seen[-window:] if window else seen
        logits = model(np.array([seen]))[0, 0 if all_in else -1]
        text.append(int(logits.argmax() if greedy else _next(logits, u, temperature)))
    return np.array(text[len(ids) :] if drop else text)


def _generate_case(rng, T, n, V, C, D, H, L, temperature=()):
    _, P, H = _gpt_case(rng, 1, 2, V, C, D, H, L)
    P["wte.weight"] *= 3  # so that some tokens are far more likely than others
    return rng.integers(0, V, size=T), rng.random(n), P, H, *temperature


_LONG = "the model sees the last C tokens"


def _draw_generate(rng):
    H, K = sizes(rng, 2, high=5)
    return _generate_case(
        rng,
        int(rng.integers(1, 5)),
        int(rng.integers(0, 7)),
        int(rng.integers(5, 12)),
        5,
        H * K,
        H,
        int(rng.integers(1, 3)),
        (float(rng.choice([0.7, 1.5])),),
    )


generate = Exercise(
    name="generate",
    lesson=10,
    text="""Lets the model write: again and again one more token, drawn from its prediction for
    the last place.

    ids (T,) the beginning, us (n,) one uniform number for each new token, P and H as in
    gpt, temperature a number, 1.0 unless given
    → ids (T + n,), the beginning included

    When the text is longer than the context, the model sees the last C tokens.
    """,
    reference=lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H, temperature),
    cases=lambda rng: [
        Case(_generate_case(rng, 2, 1, 7, 5, 3, 1, 1), hint="one token is to be written"),
        Case(_generate_case(rng, 3, 5, 7, 11, 6, 2, 1)),
        Case(_generate_case(rng, 2, 10, 11, 17, 6, 2, 2)),
        Case(_generate_case(rng, 3, 0, 11, 7, 6, 2, 1), hint="without any u nothing is written"),
        Case(_generate_case(rng, 2, 12, 11, 15, 6, 3, 1, (3.0,)), hint="temperature is given"),
        Case(_generate_case(rng, 3, 7, 13, 5, 6, 2, 1), needs=_LONG),
        Case(_generate_case(rng, 8, 3, 13, 5, 6, 2, 1), needs=_LONG),
    ],
    draw=_draw_generate,
    axes=(),
    ids=True,
    slips=(
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H, temperature, greedy=True),
             "the most likely token is always taken: draw with next_token"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H, temperature, drop=True),
             "the beginning is missing: return it with what was written"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H),
             "temperature has no effect: hand it on to next_token"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H, temperature, all_in=True),
             "the prediction of the first place was taken: what follows the text is that of the last"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us, P, H, temperature, window=1),
             "the model sees the last token alone: it sees the whole text, up to C tokens"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us[::-1], P, H, temperature),
             "the numbers were used in reverse"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, np.full(len(us), us[0] if len(us) else 0), P, H, temperature),
             "the first number was used for every token: each has its own"),
        Slip(lambda ids, us, P, H, temperature=1.0: ids,
             "nothing was written: np.append gives a new array, which has to be kept"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate(ids, us[:-1], P, H, temperature),
             "one token is missing: there is one for every u"),
        Slip(lambda ids, us, P, H, temperature=1.0: np.concatenate([ids, [int(_next(_model(P, H)(np.array([ids]))[0, -1], u, temperature)) for u in us]]).astype(int),
             "every token was drawn from the beginning alone: what was written belongs to the text"),
        Slip(lambda ids, us, P, H, temperature=1.0: _generate_first(ids, us, P, H, temperature),
             "the model sees the first C tokens: when the text is longer, the last C count", needs=_LONG),
    ),
    minutes=15,
    stars=2,
)  # fmt: skip


def _generate_first(ids, us, P, H, temperature):
    text, C, model = list(ids), len(P["wpe.weight"]), _model(P, H)
    for u in us:
        text.append(int(_next(model(np.array([text[:C]]))[0, -1], u, temperature)))
    return np.array(text)


# --- on paper


def _pieces(scores, u, temperature=0.5):
    """Where the pieces of all words end, and the number of the one that u falls into."""
    ends = np.cumsum(attention.softmax(scores / temperature))
    return ends, int((ends > u).argmax())


def _end(scores, u, temperature=0.5):
    ends, drawn = _pieces(scores, u, temperature)
    return ends[drawn]


def _length(scores, u):
    ends, drawn = _pieces(scores, u)
    return np.diff(ends, prepend=0)[drawn]


def _refused(scores, u):
    if not 0 <= u < 1:
        return f"u is a number from 0 to below 1, yours is {u:g}"
    if _pieces(scores, u)[1] == len(scores) - 1:
        return "your u falls into the last piece, which ends at 1 whatever the scores are: take a smaller one"
    return None


check_drawn_on_paper = on_paper(
    "the end of the piece that u falls into",
    _end,
    ([1, 2, 0], 0.5),
    refuse=_refused,
    slips={
        "that is with temperature 1: divide each score by 0.5 first": lambda scores, u: _end(scores, u, 1),
        "each score was multiplied by 0.5: the temperature divides": lambda scores, u: _end(scores, u, 2),
        "that is how long the piece is: it ends where all up to it end": _length,
        "that is where the piece begins": lambda scores, u: _end(scores, u) - _length(scores, u),
        "that is a sum of powers: divide it by the sum of all": lambda scores, u: _end(scores, u) * np.exp(2 * scores).sum(),
    },
    step=lambda scores, u: f"the power of the first score is {np.exp(2 * scores[0]):.3f}",
)  # fmt: skip


EXERCISES = (
    block,
    block_backward,
    gpt_exercise,
    gpt_backward,
    get_batch,
    parameter_count,
    next_token,
    generate,
)
(check_block, check_block_backward, check_gpt, check_gpt_backward, check_get_batch, check_parameter_count,
 check_next_token, check_generate) = map(check, EXERCISES)  # fmt: skip
