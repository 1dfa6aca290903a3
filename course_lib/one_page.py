"""GPT on one page: every piece of the course, in the order of the lessons, in NumPy alone.

These are the course's worked solutions, one part an exercise. Together they are a GPT: forward, backward by
hand, AdamW and sampling. `python -m course_lib.one_page` trains it on the course's language and lets it write.
An array x (..., T, D) has any axes in front; `p` is a dict of parameters with GPT-2's names below the piece itself.
A backward takes the gradient first, then what its forward was given, and computes again what it needs of that.

Long because it is the whole course: what a GPT needs of it stays below 200 lines.
"""

import math
from itertools import pairwise

import numpy as np


# %% 01 count_pairs
def count_pairs(ids):
    counts = {}
    for pair in pairwise(ids):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


# %% 01 merge_pair
def merge_pair(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


# %% 01 train_bpe
def train_bpe(text, how_many):
    ids, merges = list(text.encode()), {}
    for new in range(256, 256 + how_many):
        counts = count_pairs(ids)
        if not counts:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))  # the most frequent; of equals the smaller
        ids, merges[pair] = merge_pair(ids, pair, new), new
    return merges


# %% 01 encode
def encode(text, merges):
    ids = list(text.encode())
    for pair, new in merges.items():
        ids = merge_pair(ids, pair, new)
    return ids


# %% 01 decode
def decode(ids, merges):
    token = {id: bytes([id]) for id in range(256)}
    for (left, right), new in merges.items():
        token[new] = token[left] + token[right]
    return b"".join(token[id] for id in ids).decode(errors="replace")


# %% 01 pad_batch
def pad_batch(rows, pad):
    lengths = [len(row) for row in rows]
    return [list(row) + [pad] * (max(lengths, default=0) - len(row)) for row in rows], lengths


# %% 02 embed
def embed(W_E, ids):
    return W_E[ids]  # (V, D), (..., T) → (..., T, D)


# %% 02 embed_backward
def embed_backward(grad, ids, V):
    grad_W_E = np.zeros((V, grad.shape[-1]), grad.dtype)
    np.add.at(grad_W_E, ids, grad)  # a row collects from every place where its id stands
    return grad_W_E


# %% 02 unembed
def unembed(h, W_E):
    return h @ W_E.T  # (..., D) @ (D, V) → (..., V)


# %% 02 flat
def flat(x):
    return x.reshape(-1, x.shape[-1])  # (..., D) → (N, D)


# %% 02 unembed_backward
def unembed_backward(grad, h, W_E):
    return grad @ W_E, flat(grad).T @ flat(h)  # (..., V) @ (V, D), (V, N) @ (N, D)


# %% 02 cosine
def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


# %% 02 nearest
def nearest(W_E, id, k):
    cosines = W_E @ W_E[id] / np.sqrt((W_E * W_E).sum(axis=1) * (W_E[id] @ W_E[id]))
    cosines[id] = -np.inf
    return np.argsort(-cosines, kind="stable")[:k]


# %% 03 position_table
def position_table(C, D):
    angles = np.arange(C)[:, None] / 10000.0 ** (np.arange(0, D, 2) / D)  # (C, 1) / (D/2,)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(C, D)  # a sine, its cosine, the next


# %% 03 add_positions
def add_positions(x, table, start=0):
    return x + table[start : start + x.shape[-2]]  # (..., T, D) + (T, D)


# %% 03 add_positions_backward
def add_positions_backward(grad, C, start=0):
    grad_table = np.zeros((C, grad.shape[-1]), grad.dtype)
    grad_table[start : start + grad.shape[-2]] = grad.reshape(-1, *grad.shape[-2:]).sum(axis=0)
    return grad_table


# %% 04 softmax
def softmax(scores, temperature=1.0):
    scores = scores / temperature
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# %% 04 causal_mask
def causal_mask(T, S=None):
    S = T if S is None else S
    return np.arange(S) <= np.arange(S - T, S)[:, None]  # (T, S): the last query stands at the last key


# %% 04 attention
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])  # (..., T, K) @ (..., K, S)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = softmax(scores)
    return weights @ v, weights  # (..., T, S) @ (..., S, K_v)


# %% 04 head
def head(x, W_Q, W_K, W_V):
    return attention(x @ W_Q, x @ W_K, x @ W_V, causal_mask(x.shape[-2]))[0]


# %% 05 split_heads
def split_heads(x, H):
    *leading, T, D = x.shape
    return x.reshape(*leading, T, H, D // H).swapaxes(-2, -3)  # (..., T, H, K) → (..., H, T, K)


# %% 05 merge_heads
def merge_heads(x):
    *leading, H, T, K = x.shape
    return x.swapaxes(-2, -3).reshape(*leading, T, H * K)


# %% 05 causal_self_attention
def causal_self_attention(x, p, H):
    qkv = linear(x, p["c_attn.weight"], p["c_attn.bias"])  # (..., T, 3D)
    q, k, v = (split_heads(part, H) for part in np.split(qkv, 3, axis=-1))
    output, _ = attention(q, k, v, causal_mask(x.shape[-2]))
    return linear(merge_heads(output), p["c_proj.weight"], p["c_proj.bias"])


# %% 05 apply_rope
def apply_rope(x, positions=None):
    T, K = x.shape[-2:]
    positions = np.arange(T) if positions is None else np.asarray(positions)
    angles = positions[:, None] / 10000.0 ** (np.arange(0, K, 2) / K)  # (T, K/2)
    even, odd = x[..., ::2], x[..., 1::2]
    turned = even * np.cos(angles) - odd * np.sin(angles), even * np.sin(angles) + odd * np.cos(angles)
    return np.stack(turned, axis=-1).reshape(x.shape)


# %% 06 layer_norm
def layer_norm(x, weight, bias, eps=1e-5):
    centred = x - x.mean(axis=-1, keepdims=True)
    return weight * centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + eps) + bias


# %% 06 pre_norm
def pre_norm(x, norm, sublayer):
    return x + sublayer(norm(x))


# %% 06 rms_norm
def rms_norm(x, weight, eps=1e-5):
    return weight * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)


# %% 07 linear
def linear(x, W, b):
    return x @ W + b  # (..., D_in) @ (D_in, D_out) + (D_out,)


# %% 07 gelu
def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


# %% 07 feed_forward
def feed_forward(x, p):
    hidden = gelu(linear(x, p["c_fc.weight"], p["c_fc.bias"]))  # (..., F)
    return linear(hidden, p["c_proj.weight"], p["c_proj.bias"])


# %% 08 numeric_gradient
def numeric_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=float)  # a copy, to be nudged
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        value = x[place]
        x[place] = value + h
        above = f(x)
        x[place] = value - h
        gradient[place] = (above - f(x)) / (2 * h)
        x[place] = value
    return gradient


# %% 08 cross_entropy
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=-1))  # (...)
    chosen = np.take_along_axis(shifted, np.asarray(targets)[..., None], axis=-1)[..., 0]
    return (log_sums - chosen).mean()


# %% 08 cross_entropy_backward
def cross_entropy_backward(logits, targets):
    targets = np.asarray(targets)
    one_hot = targets[..., None] == np.arange(logits.shape[-1])  # (..., V)
    return (softmax(logits) - one_hot) / logits.dtype.type(targets.size)


# %% 08 adamw_step
def adamw_step(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    step = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * decay * w - lr * step, m, v


# %% 08 clip_gradients
def clip_gradients(grads, max_norm):
    length = math.sqrt(sum(float((grad * grad).sum()) for grad in grads.values()))
    shrink = min(1.0, max_norm / length) if length > 0 else 1.0
    return {name: grad * shrink for name, grad in grads.items()}, length


# %% 08 warmup_cosine
def warmup_cosine(step, peak, warmup, total):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min((step - warmup) / (total - warmup), 1.0)  # 0 at the peak, 1 at the end
    return peak * (1 + math.cos(math.pi * progress)) / 2


# %% 09 linear_backward
def linear_backward(grad, x, W):
    return grad @ W.T, flat(x).T @ flat(grad), flat(grad).sum(axis=0)


# %% 09 gelu_backward
def gelu_backward(grad, x):
    root = math.sqrt(2 / math.pi)
    tanh = np.tanh(root * (x + 0.044715 * x * x * x))
    inner = root * (1 + 3 * 0.044715 * x * x)  # the slope of what stands in the tanh
    return grad * (0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * inner)


# %% 09 named
def named(name, grads):
    return {f"{name}.weight": grads[0], f"{name}.bias": grads[1]}


# %% 09 feed_forward_backward
def feed_forward_backward(grad, x, p):
    before = linear(x, p["c_fc.weight"], p["c_fc.bias"])  # (..., F)
    grad, *out = linear_backward(grad, gelu(before), p["c_proj.weight"])
    grad, *into = linear_backward(gelu_backward(grad, before), x, p["c_fc.weight"])
    return grad, named("c_fc", into) | named("c_proj", out)


# %% 09 layer_norm_backward
def layer_norm_backward(grad, x, weight, eps=1e-5):
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    y = centred / scale
    grad_y = grad * weight
    along = (grad_y * y).mean(axis=-1, keepdims=True)  # what x changes through the scale
    grad_x = (grad_y - grad_y.mean(axis=-1, keepdims=True) - y * along) / scale
    return grad_x, flat(grad * y).sum(axis=0), flat(grad).sum(axis=0)


# %% 09 softmax_backward
def softmax_backward(grad, probs):
    return probs * (grad - (grad * probs).sum(axis=-1, keepdims=True))


# %% 09 attention_backward
def attention_backward(grad, q, k, v, weights):
    grad_scores = softmax_backward(grad @ v.swapaxes(-1, -2), weights) / math.sqrt(q.shape[-1])  # (..., T, S)
    return grad_scores @ k, grad_scores.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ grad


# %% 09 causal_self_attention_backward
def causal_self_attention_backward(grad, x, p, H):
    qkv = linear(x, p["c_attn.weight"], p["c_attn.bias"])
    q, k, v = (split_heads(part, H) for part in np.split(qkv, 3, axis=-1))
    output, weights = attention(q, k, v, causal_mask(x.shape[-2]))
    grad, *out = linear_backward(grad, merge_heads(output), p["c_proj.weight"])
    grads = attention_backward(split_heads(grad, H), q, k, v, weights)
    grad = np.concatenate([merge_heads(part) for part in grads], axis=-1)  # (..., T, 3D)
    grad, *into = linear_backward(grad, x, p["c_attn.weight"])
    return grad, named("c_attn", into) | named("c_proj", out)


# %% 10 below
def below(p, prefix):
    return {name.removeprefix(prefix): x for name, x in p.items() if name.startswith(prefix)}


# %% 10 above
def above(prefix, p):
    return {prefix + name: x for name, x in p.items()}


# %% 10 block
def block(x, p, H):
    x = x + causal_self_attention(layer_norm(x, p["ln_1.weight"], p["ln_1.bias"]), below(p, "attn."), H)
    return x + feed_forward(layer_norm(x, p["ln_2.weight"], p["ln_2.bias"]), below(p, "mlp."))


# %% 10 block_backward
def block_backward(grad, x, p, H):
    attn, mlp = below(p, "attn."), below(p, "mlp.")
    normed_1 = layer_norm(x, p["ln_1.weight"], p["ln_1.bias"])
    middle = x + causal_self_attention(normed_1, attn, H)
    normed_2 = layer_norm(middle, p["ln_2.weight"], p["ln_2.bias"])
    branch, mlp = feed_forward_backward(grad, normed_2, mlp)
    branch, *ln_2 = layer_norm_backward(branch, middle, p["ln_2.weight"])
    grad = grad + branch  # back along the sum: directly, and through the layer
    branch, attn = causal_self_attention_backward(grad, normed_1, attn, H)
    branch, *ln_1 = layer_norm_backward(branch, x, p["ln_1.weight"])
    attn, mlp = above("attn.", attn), above("mlp.", mlp)
    return grad + branch, named("ln_1", ln_1) | attn | named("ln_2", ln_2) | mlp


# %% 10 blocks
def blocks(P):
    return len({name.split(".")[1] for name in P if name.startswith("h.")})  # L


# %% 10 gpt
def gpt(ids, P, H):
    x = add_positions(embed(P["wte.weight"], ids), P["wpe.weight"])  # (B, T, D)
    for i in range(blocks(P)):
        x = block(x, below(P, f"h.{i}."), H)
    return unembed(layer_norm(x, P["ln_f.weight"], P["ln_f.bias"]), P["wte.weight"])  # (B, T, V)


# %% 10 gpt_backward
def gpt_backward(grad, ids, P, H):
    xs = [add_positions(embed(P["wte.weight"], ids), P["wpe.weight"])]  # what each block was given
    for i in range(blocks(P)):
        xs.append(block(xs[-1], below(P, f"h.{i}."), H))
    h = layer_norm(xs[-1], P["ln_f.weight"], P["ln_f.bias"])
    grad, grad_wte = unembed_backward(grad, h, P["wte.weight"])
    grad, *ln_f = layer_norm_backward(grad, xs.pop(), P["ln_f.weight"])
    grads = named("ln_f", ln_f)
    for i in reversed(range(blocks(P))):
        grad, of_block = block_backward(grad, xs[i], below(P, f"h.{i}."), H)
        grads |= above(f"h.{i}.", of_block)
    grads["wpe.weight"] = add_positions_backward(grad, len(P["wpe.weight"]))
    grads["wte.weight"] = grad_wte + embed_backward(grad, ids, len(P["wte.weight"]))  # it is used twice
    return grads


# %% 10 get_batch
def get_batch(tokens, starts, C):
    rows = np.asarray(tokens)[np.asarray(starts)[:, None] + np.arange(C + 1)]  # (B, C + 1)
    return rows[:, :-1], rows[:, 1:]


# %% 10 parameter_count
def parameter_count(V, C, D, L):
    return V * D + C * D + L * (12 * D * D + 13 * D) + 2 * D


# %% 10 next_token
def next_token(logits, u, temperature=1.0):
    cumulative = np.cumsum(softmax(logits, temperature), axis=-1, dtype=float)  # (..., V), rising to 1
    u = np.asarray(u)[..., None] * cumulative[..., -1:]
    return (cumulative > u).argmax(axis=-1)  # the first that passes u


# %% 10 generate
def generate(ids, us, P, H, temperature=1.0):
    ids, C = list(ids), len(P["wpe.weight"])
    for u in us:
        logits = gpt(np.array([ids[-C:]]), P, H)[0, -1]  # (V,)
        ids.append(int(next_token(logits, u, temperature)))
    return np.array(ids)


# %% 10 new_gpt
def new_gpt(V, C, D, L, rng, dtype=np.float32):
    shapes = {"wte.weight": (V, D), "wpe.weight": (C, D)}
    for i in range(L):
        shapes |= above(f"h.{i}.attn.", {"c_attn.weight": (D, 3 * D), "c_proj.weight": (D, D)})
        shapes |= above(f"h.{i}.mlp.", {"c_fc.weight": (D, 4 * D), "c_proj.weight": (4 * D, D)})
    P = {name: rng.normal(0, 0.1, shape) for name, shape in shapes.items()}
    for name in [name for name in P if "c_" in name]:  # every layer has a bias
        P[name.replace("weight", "bias")] = np.zeros(P[name].shape[1])
        if "c_proj" in name:  # what is added to the residual stream starts smaller
            P[name] /= math.sqrt(2 * L)
    for name in ["ln_f", *(f"h.{i}.ln_{j}" for i in range(L) for j in (1, 2))]:
        P |= named(name, (np.ones(D), np.zeros(D)))
    return {name: x.astype(dtype) for name, x in P.items()}


# %% 10 train
def train(P, H, tokens, rng, steps, B=16, peak=5e-3, warmup=30):
    """Train P in place on tokens (N,); yields the loss of each step, in nats."""
    C = len(P["wpe.weight"])
    m, v = ({name: np.zeros_like(x) for name, x in P.items()} for _ in range(2))
    for step in range(steps):
        inputs, targets = get_batch(tokens, rng.integers(len(tokens) - C, size=B), C)
        logits = gpt(inputs, P, H)
        grads = gpt_backward(cross_entropy_backward(logits, targets), inputs, P, H)
        grads, _ = clip_gradients(grads, 1.0)
        lr = warmup_cosine(step, peak, warmup, steps)
        for name in P:
            P[name], m[name], v[name] = adamw_step(
                P[name], grads[name], m[name], v[name], step + 1, lr, beta2=0.98, decay=0.1
            )
        yield float(cross_entropy(logits, targets))


# %% 11 one_step
def one_step(ids, P, H, past):
    start = past[0][0].shape[-2] if past else 0
    x = embed(P["wte.weight"], ids)[:, None, :]  # (B, 1, D): the one new token of each text
    x, longer = add_positions(x, P["wpe.weight"], start), []
    for i in range(blocks(P)):
        p = below(P, f"h.{i}.")
        normed = layer_norm(x, p["ln_1.weight"], p["ln_1.bias"])
        qkv = linear(normed, p["attn.c_attn.weight"], p["attn.c_attn.bias"])
        q, k, v = (split_heads(part, H) for part in np.split(qkv, 3, axis=-1))  # (B, H, 1, K)
        if past:
            k, v = (np.concatenate(pair, axis=-2) for pair in zip(past[i], (k, v)))  # (B, H, S + 1, K)
        longer.append((k, v))
        output = merge_heads(attention(q, k, v)[0])  # the newest token may look at all
        x = x + linear(output, p["attn.c_proj.weight"], p["attn.c_proj.bias"])
        x = x + feed_forward(layer_norm(x, p["ln_2.weight"], p["ln_2.bias"]), below(p, "mlp."))
    return unembed(layer_norm(x, P["ln_f.weight"], P["ln_f.bias"]), P["wte.weight"])[:, 0], longer


# %% 11 top_k
def top_k(logits, k):
    kth = np.sort(logits, axis=-1)[..., -k, None]  # (..., 1)
    return np.where(logits >= kth, logits, -np.inf)


# %% 11 top_p
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")  # most likely first
    falling = probabilities[order]
    before = np.cumsum(falling) - falling  # what the more likely ones hold together
    kept = np.zeros_like(probabilities)
    kept[order] = np.where((before < p) | (p >= 1), falling, 0)
    return kept / kept.sum()


# %% 12 cross_attention
def cross_attention(y, x, W_Q, W_K, W_V, allowed):
    return attention(y @ W_Q, x @ W_K, x @ W_V, allowed)[0]  # (T, K); allowed (S,) holds for every query


# %% 12 beam_step
def beam_step(scores, log_p, width):
    total = scores[:, None] + log_p  # (W, V): every text so far, with every token behind it
    best = np.argsort(-total, axis=None, kind="stable")[:width]  # places among all W·V, likeliest first
    beams, tokens = np.divmod(best, total.shape[1])
    return beams, tokens, total[beams, tokens]


# %% 13 receptive_field
def receptive_field(widths, dilations):
    return 1 + sum((width - 1) * dilation for width, dilation in zip(widths, dilations))


# %% 13 patches
def patches(image, P):
    h, w = image.shape
    return image.reshape(h // P, P, w // P, P).swapaxes(1, 2).reshape(-1, P * P)


# %% the end
if __name__ == "__main__":
    from course_lib.mine import main

    main(globals())
