"""Answers to the exercises of lesson 08_loss_and_gradient_descent."""

import math

import numpy as np


def nudge(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    g = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] = old + h
        up = f(x)
        x[place] = old - h
        g[place] = (up - f(x)) / (2 * h)
        x[place] = old
    return g


def nudge_flat(f, x, h=1e-5):
    g = np.empty(x.size)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        g[i] = (f(x + step) - f(x - step)) / h / 2
    return g.reshape(x.shape)


def nudge_eye(f, x, h=1e-5):
    return np.array([(f(x + e.reshape(x.shape)) - f(x - e.reshape(x.shape))) / (2 * h) for e in h * np.eye(x.size)]).reshape(x.shape)


def nudge_iterator(f, x, h=1e-5):
    x, g = x.copy(), np.zeros(x.shape)
    walk = np.nditer(x, flags=["multi_index"])
    for _ in walk:
        i = walk.multi_index
        x[i] += h
        g[i] = f(x)
        x[i] -= 2 * h
        g[i] = (g[i] - f(x)) / (2 * h)
        x[i] += h
    return g


def nudge_map(f, x, h=1e-5):
    def at(i):
        def moved(by):
            y = x.ravel().copy()
            y[i] += by
            return f(y.reshape(x.shape))

        return (moved(h) - moved(-h)) / (h + h)

    return np.reshape(list(map(at, range(x.size))), x.shape)


def nudge_in_place(f, x, h=1e-5):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        g[i] = (up - f(x)) / (2 * h)
    return g


def nudge_one_side(f, x, h=1e-5):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y = x.copy()
        y[i] += h
        g[i] = (f(y) - f(x)) / h
    return g


def nudge_kept(f, x, h=1e-5):
    x, g = x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        g[i] = (up - f(x)) / (2 * h)
    return g


def nudge_rows(f, x, h=1e-5):
    g = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        g[i] = (f(x + step) - f(x - step)) / (2 * h)
    return g


def soft(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_soft(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def pick(x, targets):
    rows = x.reshape(-1, x.shape[-1])
    return rows[np.arange(len(rows)), targets.ravel()]


def loss(logits, targets):
    return -pick(log_soft(logits), targets).mean()


def loss_loop(logits, targets):
    total, count = 0.0, 0
    for row, t in zip(logits.reshape(-1, logits.shape[-1]), targets.ravel()):
        most = max(row)
        total += most + math.log(sum(math.exp(v - most) for v in row)) - row[t]
        count += 1
    return total / count


def loss_keepdims(logits, targets):
    z = logits - logits.max(-1)
    return -pick(z, targets).mean()


def grad(logits, targets):
    p = soft(logits)
    return (p - np.eye(logits.shape[-1])[targets]) / targets.size


def grad_minus(logits, targets):
    g = soft(logits)
    rows = g.reshape(-1, g.shape[-1])
    rows[np.arange(len(rows)), targets.ravel()] -= 1
    return rows.reshape(g.shape) / len(rows)


def grad_loop(logits, targets):
    out = np.zeros_like(logits)
    for place in np.ndindex(targets.shape):
        p = soft(logits[place])
        for v in range(len(p)):
            out[place + (v,)] = (p[v] - (v == targets[place])) / targets.size
    return out


def adamw(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    w = w * (1 - lr * decay)
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adamw_torch(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    w = w - lr * decay * w
    m = m + (grad - m) * (1 - beta1)
    v = v * beta2 + grad * grad * (1 - beta2)
    size = lr / (1 - beta1**t)
    return [w - size * m / (np.sqrt(v) / math.sqrt(1 - beta2**t) + eps), m, v]


def adamw_entries(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    new = [np.empty_like(w) for _ in range(3)]
    for i in np.ndindex(w.shape):
        a = beta1 * m[i] + (1 - beta1) * grad[i]
        b = beta2 * v[i] + (1 - beta2) * grad[i] * grad[i]
        new[0][i] = w[i] - lr * (a / (1 - beta1**t) / (math.sqrt(b / (1 - beta2**t)) + eps) + decay * w[i])
        new[1][i], new[2][i] = a, b
    return tuple(new)


def adamw_lerp(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    (m, v), b = np.stack([m, v]) * np.reshape([beta1, beta2], (2, *[1] * w.ndim)) + np.stack([(1 - beta1) * grad, (1 - beta2) * grad * grad]), 1
    hats = m / (b - beta1**t), v / (b - beta2**t)
    return w - lr * decay * w - lr * hats[0] / (hats[1] ** 0.5 + eps), m, v


def adamw_keyword(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m, v = np.average([m, grad], axis=0, weights=[beta1, 1 - beta1]), np.average([v, grad * grad], axis=0, weights=[beta2, 1 - beta2])
    step = np.divide(m, 1 - pow(beta1, t)) / np.add(np.sqrt(v / (1 - pow(beta2, t))), eps)
    return w - lr * (step + decay * w), m, v


def adamw_in_place(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad * grad
    return w - lr * decay * w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adamw_with(step=lambda m, v, t, b1, b2, eps: (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps), decayed=lambda w, lr, decay: lr * decay * w, sign=-1, give=lambda w, m, v: (w, m, v)):
    def adamw_step(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad * grad
        return give(w - decayed(w, lr, decay) + sign * lr * step(m, v, t, beta1, beta2, eps), m, v)

    return adamw_step


def adamw_old(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    step = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * decay * w - lr * step, beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad * grad


def adamw_l2(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    return adamw(w, grad + decay * w, m, v, t, lr, beta1, beta2, eps, 0)


def adamw_square(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad
    return w - lr * decay * w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adamw_mixed(w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    m = (1 - beta1) * m + beta1 * grad
    v = (1 - beta2) * v + beta2 * grad * grad
    return w - lr * decay * w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def joint(grads):
    return math.sqrt(sum((g**2).sum() for g in grads.values()))


def clip(grads, max_norm):
    n = joint(grads)
    if n <= max_norm:
        return dict(grads), n
    return {name: g * max_norm / n for name, g in grads.items()}, n


def clip_flat(grads, max_norm):
    n = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    factor = max_norm / max(n, max_norm)
    return {name: factor * g for name, g in grads.items()}, n


def clip_in_place(grads, max_norm):
    n = joint(grads)
    for g in grads.values():
        if n > max_norm:
            g *= max_norm / n
    return grads, n


def rate(step, peak, warmup, total):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0
    return peak / 2 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


def rate_where(step, peak, warmup, total):
    rise = (step + 1) / warmup if warmup else 1.0
    fall = np.cos(np.clip((step - warmup) / (total - warmup), 0, 1) * np.pi / 2) ** 2
    return np.where(step < warmup, rise, fall) * peak


def nudge_alias(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        above, below = x, x
        above[place] += h
        below[place] -= h
        gradient[place] = (f(above) - f(below)) / (2 * h)
    return gradient


def clip_torch(grads, max_norm):
    length = joint(grads)
    shrink = min(1.0, max_norm / (length + 1e-6))
    return {name: one * shrink for name, one in grads.items()}, length


RIGHT = {
    "numeric_gradient": [nudge, nudge_flat, nudge_eye, nudge_iterator, nudge_map],
    "cross_entropy": [
        loss, loss_loop, lambda logits, targets: (np.logaddexp.reduce(logits, axis=-1) - np.take_along_axis(logits, targets[..., None], -1)[..., 0]).mean(),
        lambda logits, targets: -(log_soft(logits) * (np.arange(logits.shape[-1]) == targets[..., None])).sum() / targets.size,
        lambda logits, targets: np.average([-log_soft(row)[t] for row, t in zip(logits.reshape(-1, logits.shape[-1]), targets.ravel())]),
    ],
    "cross_entropy_backward": [
        grad, grad_minus, grad_loop, lambda logits, targets: (soft(logits) - (targets[..., None] == np.arange(logits.shape[-1]))) / np.prod(targets.shape),
        lambda logits, targets: soft(logits) / targets.size - np.eye(logits.shape[-1])[targets] / targets.size,
        lambda logits, targets: (np.exp(logits) / np.exp(logits).sum(-1, keepdims=True) - np.eye(logits.shape[-1])[targets]) / targets.size,
    ],
    "adamw_step": [adamw, adamw_torch, adamw_entries, adamw_lerp, adamw_keyword],
    "clip_gradients": [
        clip, clip_flat, lambda grads, max_norm: ({n: g * min(1, max_norm / (joint(grads) or 1)) for n, g in grads.items()}, joint(grads)),
        lambda grads, max_norm: [{n: np.where(joint(grads) > max_norm, g / (joint(grads) + (joint(grads) == 0)) * max_norm, g) for n, g in grads.items()}, joint(grads)],
        lambda grads, max_norm: (dict(zip(grads, (g * (max_norm / joint(grads) if joint(grads) > max_norm else 1) for g in grads.values()))), np.float64(joint(grads))),
    ],
    "warmup_cosine": [
        rate, rate_where, lambda step, peak, warmup, total: peak * ((step + 1) / warmup if step < warmup else 0.5 + 0.5 * math.cos(math.pi * min(1, (step - warmup) / (total - warmup)))),
        lambda step, peak, warmup, total: (np.arange(1, warmup + 1) / warmup * peak).tolist()[step] if step < warmup else peak * (1 + np.cos(np.pi * np.minimum((step - warmup) / (total - warmup), 1))) / 2,
        lambda step, peak, warmup, total: peak * min((step + 1) / max(warmup, 1), 1) * (1 if step < warmup else math.sin((1 - min((step - warmup) / (total - warmup), 1)) * math.pi / 2) ** 2),
    ],
}  # fmt: skip

WRONG = {
    "numeric_gradient": [
        (nudge_alias, "another name for one array"),
        (nudge_in_place, "changed what it was given"), (nudge_one_side, "only one side"), (nudge_kept, "not put back"), (nudge_rows, ""),
        (lambda f, x, h=1e-5: nudge(f, x, h) * 2, "divided by h"), (lambda f, x, h=1e-5: nudge(f, x, h) * 2 * h, "nothing was divided"), (lambda f, x, h=1e-5: nudge(f, x, h) * h**2, "brackets"),
        (lambda f, x, h=1e-5: -nudge(f, x, h), "sign is turned"), (lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * h), "which gives one number"), (lambda f, x, h=1e-5: nudge(f, x, h).ravel(), ""),
        (lambda f, x, h=1e-5: nudge(f, x, h=1e-1), ""), (lambda f, x, h=1e-5: np.gradient(f(x)), ""), (lambda f, x, h=1e-5: f(x), "an axis was added up"), (lambda f, x: nudge(f, x), "the check calls"),
    ],
    "cross_entropy": [
        (lambda logits, targets: -np.log(np.clip(pick(soft(logits), targets), 1e-12, 1)).mean(), "this must hold too: logits up to ±3000"), (lambda logits, targets: -np.log(soft(logits))[..., targets].mean(), "columns of all targets"),
        (lambda logits, targets: -np.log(pick(soft(logits), targets)).mean(), "become 0 before its logarithm"), (lambda logits, targets: -np.log(pick(soft(logits), targets) + 1e-9).mean(), "small number in the logarithm"),
        (lambda logits, targets: -np.log(pick(soft(logits), targets) + 1e-300).mean(), "small number in the logarithm"), (loss_keepdims, ""),
        (lambda logits, targets: -pick(log_soft(logits), targets).sum(), "added up"), (lambda logits, targets: -pick(log_soft(logits), targets).reshape(targets.shape), "mean of all"), (lambda logits, targets: -loss(logits, targets), "sign is missing"),
        (lambda logits, targets: loss(logits, targets) / math.log(2), "bits"), (lambda logits, targets: loss(logits, targets) / math.log(10), "log10"), (lambda logits, targets: -log_soft(logits).mean(), "all tokens count"),
        (lambda logits, targets: loss(logits, logits.argmax(-1)), "most likely token"), (lambda logits, targets: loss(logits, targets - 1), "counted from 1"), (lambda logits, targets: -pick(np.log(soft(logits, 0)), targets).mean(), "down the columns"),
        (lambda logits, targets: -pick(logits, targets).mean(), "logit itself"), (lambda logits, targets: -pick(soft(logits), targets).mean(), "logarithm is missing"), (lambda logits, targets: math.exp(loss(logits, targets)), "perplexity"),
        (lambda logits, targets: -pick((z := logits - logits.max()) - np.log(np.exp(z).sum(-1, keepdims=True)), targets).mean(), "whole array was subtracted"),
        (lambda logits, targets: -pick((z := logits - logits.mean(-1, keepdims=True)) - np.log(np.exp(z).sum(-1, keepdims=True)), targets).mean(), "row's mean"),
        (lambda logits, targets: -pick(logits - np.log(np.exp(logits).sum(-1, keepdims=True)), targets).mean(), "large logits overflow"), (lambda logits, targets: -math.log(soft(logits)[0, targets[0]]), ""),
        (lambda logits, targets: str(loss(logits, targets)), "text"), (lambda logits, targets: -np.log(pick(soft(logits), targets).mean()), "averaged before the logarithm"), (lambda logits, targets: loss(logits, targets) * targets.size / len(logits), "number of texts"),
        (lambda logits, targets: round(loss(logits, targets), 3), "rounded to 3"), (lambda logits, targets: -(np.eye(logits.shape[-1])[targets] * np.log(soft(logits))).sum(-1).mean(), "0 · ln 0"),
    ],
    "cross_entropy_backward": [
        (lambda logits, targets: -grad(logits, targets), "sign is turned"), (lambda logits, targets: grad(logits, targets) * targets.size, "is divided by the number"), (lambda logits, targets: soft(logits) / targets.size, "not subtracted"),
        (lambda logits, targets: grad(logits, targets) * targets.size / len(logits), "number of texts"), (lambda logits, targets: (soft(logits) - np.eye(4)[targets]) / targets.size, ""), (lambda logits, targets: (logits - np.eye(logits.shape[-1])[targets]) / targets.size, "as they are"),
        (lambda logits, targets: ((e := np.exp(logits)) / e.sum(-1) - np.eye(logits.shape[-1])[targets]) / targets.size, "keepdims"), (lambda logits, targets: (soft(logits, 0) - np.eye(logits.shape[-1])[targets]) / targets.size, "down the columns"),
        (lambda logits, targets: grad(logits, targets - 1), "counted from 1"), (lambda logits, targets: soft(logits) - np.eye(logits.shape[-1])[targets] / targets.size, "brackets"), (lambda logits, targets: (soft(logits) - 1) / targets.size, ""),
        (lambda logits, targets: -np.eye(logits.shape[-1])[targets] / soft(logits) / targets.size, "for the probabilities"), (lambda logits, targets: (soft(logits) - targets) / targets.size, "ids themselves"), (lambda logits, targets: grad(logits, logits.argmax(-1)), "most likely token"),
        (lambda logits, targets: grad(logits, targets) * targets.size / logits.size, "all entries"), (lambda logits, targets: (log_soft(logits) - np.eye(logits.shape[-1])[targets]) / targets.size, "logarithm of the softmax"),
    ],
    "adamw_step": [
        (lambda w, g, m, v, t, lr, beta1=0.9, beta2=0.99, eps=1e-8, decay=0.01: adamw(w, g, m, v, t, lr, beta1, beta2, eps, decay), "beta2 need not be given, and is 0.999"),
        (adamw_in_place, "changed what it was given"), (adamw_old, "old m and v"), (adamw_l2, "Adam with L2"), (adamw_square, ""), (adamw_mixed, "mixed the wrong way"), (adamw_with(sign=1), "uphill"),
        (adamw_with(lambda m, v, t, b1, b2, eps: m / (np.sqrt(v) + eps)), "too small at first"), (adamw_with(lambda m, v, t, b1, b2, eps: m / (np.sqrt(v / (1 - b2**t)) + eps)), "m was not corrected"),
        (adamw_with(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / (np.sqrt(v) + eps)), "v was not corrected"), (adamw_with(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)), "under the root"),
        (adamw_with(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / (v / (1 - b2**t) + eps)), "divide by its root"), (adamw_with(lambda m, v, t, b1, b2, eps: m / (1 - b1) / (np.sqrt(v / (1 - b2)) + eps)), "does not change with t"),
        (adamw_with(decayed=lambda w, lr, decay: 0), "decay is missing"), (adamw_with(decayed=lambda w, lr, decay: decay * w), "multiplied by lr"), (adamw_with(give=lambda w, m, v: (m, v, w)), "another order"), (adamw_with(give=lambda w, m, v: w), "return 3 things"),
        (lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: adamw(w, grad, m, v, t, lr), "have no effect"), (lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: adamw(w, grad, m, v, t, 0.1, beta1, beta2, eps, decay), "lr has no effect"),
        (lambda w, grad, m, v, t, lr: adamw(w, grad, m, v, t, lr), "the check calls"), (adamw_with(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / (math.sqrt(v / (1 - b2**t)) + eps)), "takes one number"), (lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: adamw(w, grad, m, v, t, lr, beta1, beta2, 1e-6, decay), ""),
        (lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: adamw(w, grad, m, v, t + 1, lr, beta1, beta2, eps, decay), "one ahead"),
        (lambda w, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01: ((new := adamw(w, grad, m, v, t, lr, beta1, beta2, eps, 0.0))[0] * (1 - lr * decay), *new[1:]), "after the step"),
    ],
    "clip_gradients": [
        (clip_torch, "nothing is added to their length"),
        (clip_in_place, "changed what it was given"), (lambda grads, max_norm: clip(grads, max_norm)[0], "return 2 things"), (lambda grads, max_norm: clip(grads, max_norm)[::-1], "another order"),
        (lambda grads, max_norm: ({n: g * max_norm / joint(grads) for n, g in grads.items()}, joint(grads)), "were stretched"), (lambda grads, max_norm: ({n: np.clip(g, -max_norm, max_norm) for n, g in grads.items()}, joint(grads)), "each entry was clipped"),
        (lambda grads, max_norm: ({n: g * min(1, max_norm / np.linalg.norm(g)) for n, g in grads.items()}, joint(grads)), "its own length"), (lambda grads, max_norm: (clip(grads, max_norm)[0], joint(clip(grads, max_norm)[0])), "after clipping"),
        (lambda grads, max_norm: ({n: g * min(1, max_norm / (s := sum((g**2).sum() for g in grads.values()))) for n, g in grads.items()}, sum((g**2).sum() for g in grads.values())), "root is missing"), (lambda grads, max_norm: (grads, joint(grads)), "nothing was clipped"),
        (lambda grads, max_norm: ({n: g * np.minimum(1, np.divide(max_norm, joint(grads))) * (1 if joint(grads) else np.nan) for n, g in grads.items()}, joint(grads)), "0/0"), (lambda grads, max_norm: ([g for g in clip(grads, max_norm)[0].values()], joint(grads)), "a dict is expected"),
        (lambda grads, max_norm: ({n: g * (1 if joint(grads) > max_norm else max_norm / joint(grads)) for n, g in grads.items()}, joint(grads)), "turned round"), (lambda grads, max_norm: ({n: g * min(1, max_norm / joint(grads)) for n, g in grads.items()}, joint(grads)), "divided by 0"),
    ],
    "warmup_cosine": [
        (lambda step, peak, warmup, total: peak * step / warmup if step < warmup else rate(step, peak, warmup, total), "begins at 0"), (lambda step, peak, warmup, total: rate(step, 1.0, warmup, total), "peak has no effect"),
        (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2, "goes up again"),
        (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 + math.cos(math.pi * min(1, step / total))) / 2, "counts from step 0"), (lambda step, peak, warmup, total: rate(step, peak, 0, total), "no rise"),
        (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * (1 + math.cos(math.pi * min(1, (step - warmup) / total))) / 2, "the cosine is as long as total:"), (lambda step, peak, warmup, total: rate(step, peak, warmup, total) * (1 if step < warmup else 2), "½"),
        (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak, "stays at the peak"), (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step < warmup else peak * max(0, 1 - (step - warmup) / (total - warmup)), "straight line"),
        (lambda step, peak, warmup, total: peak * (step + 1) / warmup if step <= warmup else rate(step, peak, warmup, total), ""), (lambda step, peak, warmup, total: int(rate(step, peak, warmup, total)), "whole"), (lambda step, peak, warmup, total: peak * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2, ""),
        (lambda step, peak, warmup, total: rate(step, peak, warmup, total + warmup), "as long as total"),
    ],
}  # fmt: skip
