// The model of GPTView: its numbers, its words, and one pass through it in which every step is kept.

/**
 * A model as the kernel or the page's script gives it, with its parameters by name.
 * given: {sizes: {V, C, D, H, L, F, eps}, words, shapes: [[name, shape], …], half}; numbers: all of them, base64 or a DataView.
 */
function asModel({ sizes, words, shapes, half }, numbers) {
  const view = typeof numbers !== "string" ? numbers : new DataView(Uint8Array.from(atob(numbers), c => c.charCodeAt(0)).buffer);
  const all = half ? fromHalf(view) : Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
  const P = {};
  let at = 0;
  for (const [name, shape] of shapes) P[name] = all.subarray(at, at += shape.reduce((a, b) => a * b, 1));
  return { ...sizes, K: sizes.D / sizes.H, words, ids: new Map(words.map((word, id) => [word, id])), P };
}

/** Numbers of half precision: a sign, five bits of exponent, ten of fraction. */
function fromHalf(view) {
  return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => {
    const bits = view.getUint16(2 * i, true), exponent = bits >> 10 & 31, fraction = bits & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : Infinity) : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return bits >> 15 ? -size : size;
  });
}

/** Words of a text: "Anna swam." is Anna, swam and a full stop. A quotation mark opens, the next one closes. */
function split(text) {
  let open = false;
  const mark = () => (open = !open) ? " “ " : " ” ";
  return text.replace(/"/g, mark).replace(/([“”.,?!:;()])/g, " $1 ").split(/\s+/).filter(Boolean);
}

/** The ids of a text, and the first of its words that the model does not know: {ids, unknown}. A capital more or less does not matter. */
function encode(text, { ids }) {
  const known = word => [word, word.toLowerCase(), word[0].toUpperCase() + word.slice(1).toLowerCase()].find(form => ids.has(form));
  const words = split(text);
  return { ids: words.map(known).filter(Boolean).map(word => ids.get(word)), unknown: words.find(word => !known(word)) };
}

/** The known words that are most like this one, by the pairs of letters that they share. */
function likeWord(word, words, count = 3) {
  const pairs = text => Array.from(`^${text.toLowerCase()}$`).map((letter, i, all) => letter + all[i + 1]).slice(0, -1);
  const own = pairs(word);
  const share = other => { const its = pairs(other); return its.filter(pair => own.includes(pair)).length / (its.length + own.length); };
  return words.map(other => [share(other), other]).filter(([s]) => s > 0.2).sort((a, b) => b[0] - a[0]).slice(0, count).map(([, other]) => other);
}

/** Rows times a matrix plus a bias: x (T, n), W (n, m), b (m) → (T, m). */
function linear(x, T, W, b) {
  const m = b.length, n = W.length / m, out = new Float32Array(T * m), sum = new Float64Array(m);
  for (let t = 0; t < T; t++) {
    sum.set(b);
    for (let i = 0; i < n; i++) {
      const value = x[t * n + i];
      if (value !== 0) for (let j = 0, w = i * m; j < m; j++, w++) sum[j] += value * W[w];
    }
    out.set(sum, t * m);
  }
  return out;
}

/** Each row minus its mean, by its standard deviation, scaled and shifted: x (T, D) → (T, D). */
function normalize(x, T, scale, shift, eps) {
  const D = scale.length, out = new Float32Array(T * D);
  for (let t = 0; t < T; t++) {
    const { mean, deviation } = spread(x.subarray(t * D, (t + 1) * D), eps);
    for (let j = 0; j < D; j++) out[t * D + j] = (x[t * D + j] - mean) / deviation * scale[j] + shift[j];
  }
  return out;
}

/** The mean of a row and its standard deviation, which is never zero. */
function spread(row, eps) {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  return { mean, deviation: Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length + eps) };
}

/** GELU, by the tanh formula of GPT-2. */
function gelu(z) {
  return 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));
}

function sumOf(a, b) {
  return a.map((value, i) => value + b[i]);
}

/**
 * Every step of a pass: ids (T) → by name an array (T, width), and of each block i `scores.i` and `weights.i` (H, T, T).
 * off: numbers block · H + head of the heads that are switched off: what they say is set to zero before it is mixed.
 */
function pass(model, ids, off = []) {
  const { P, D, H, K, L, V, eps } = model, T = ids.length, made = {};
  made.word = new Float32Array(T * D);
  ids.forEach((id, t) => made.word.set(P["wte.weight"].subarray(id * D, (id + 1) * D), t * D));
  made.place = P["wpe.weight"].slice(0, T * D);
  let x = made.x = sumOf(made.word, made.place);
  for (let i = 0; i < L; i++) {
    const layer = (name, input) => linear(input, T, P[`h.${i}.${name}.weight`], P[`h.${i}.${name}.bias`]);
    const norm = (name, input) => normalize(input, T, P[`h.${i}.${name}.weight`], P[`h.${i}.${name}.bias`], eps);
    const keep = (name, value) => made[`${name}.${i}`] = value;
    const qkv = layer("attn.c_attn", keep("norm1", norm("ln_1", x)));
    const [q, k, v] = ["q", "k", "v"].map((name, part) => {
      const own = new Float32Array(T * D);
      for (let t = 0; t < T; t++) own.set(qkv.subarray((3 * t + part) * D, (3 * t + part + 1) * D), t * D);
      return keep(name, own);
    });
    const { scores, weights, said } = attend(q, k, v, T, H, K);
    for (const number of off) {
      const h = number - i * H;
      if (h >= 0 && h < H) for (let t = 0; t < T; t++) said.fill(0, t * D + h * K, t * D + (h + 1) * K);
    }
    keep("scores", scores);
    keep("weights", weights);
    x = keep("met", sumOf(x, keep("attended", layer("attn.c_proj", keep("said", said)))));
    const hidden = keep("hidden", layer("mlp.c_fc", keep("norm2", norm("ln_2", x))));
    x = keep("x", sumOf(x, keep("thought", layer("mlp.c_proj", keep("active", hidden.map(gelu))))));
  }
  made.norm = normalize(x, T, P["ln_f.weight"], P["ln_f.bias"], eps);
  made.logits = unembed(made.norm, P["wte.weight"], T, D, V);
  return made;
}

/** The heads of one block: q, k, v (T, H·K) → scores and weights (H, T, T), a weight of 0 for what comes later; what is said (T, H·K). */
function attend(q, k, v, T, H, K) {
  const D = H * K, scores = new Float32Array(H * T * T).fill(-Infinity), weights = new Float32Array(H * T * T), said = new Float32Array(T * D);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      const row = (h * T + t) * T, from = t * D + h * K;
      for (let s = 0; s <= t; s++) {
        let dot = 0;
        for (let j = 0; j < K; j++) dot += q[from + j] * k[s * D + h * K + j];
        scores[row + s] = dot / Math.sqrt(K);
      }
      weights.set(softmax(scores.subarray(row, row + t + 1)), row);
      for (let s = 0; s <= t; s++) for (let j = 0; j < K; j++) said[from + j] += weights[row + s] * v[s * D + h * K + j];
    }
  }
  return { scores, weights, said };
}

/** Each row's dot product with the vector of every word: x (T, D), W (V, D) → (T, V). */
function unembed(x, W, T, D, V) {
  const logits = new Float32Array(T * V);
  for (let t = 0; t < T; t++) {
    for (let id = 0; id < V; id++) {
      let dot = 0;
      for (let j = 0; j < D; j++) dot += x[t * D + j] * W[id * D + j];
      logits[t * V + id] = dot;
    }
  }
  return logits;
}

/** What the model would say if it ended at these vectors: the logits of x (T, D), through the last norm. */
function lens({ P, D, V, eps }, x, T) {
  return unembed(normalize(x, T, P["ln_f.weight"], P["ln_f.bias"], eps), P["wte.weight"], T, D, V);
}
