// Numbers on demand: one entry of one vector, worked out from the entries before it.

/** A sum of products and what it gives, x, of which the first terms are written out; a bias is added, the root of `root` divides. */
function product(pairs, x, { bias, root } = {}) {
  const terms = pairs.slice(0, 3).map(([a, b]) => `${bracket(a, 4)} · ${bracket(b, 4)}`);
  if (pairs.length > 3) terms.push(`… (${pairs.length} products)`);
  if (bias !== undefined) terms.push(`bias ${bracket(bias, 4)}`);
  const shown = (pairs.reduce((sum, [a, b]) => sum + rounded(a) * rounded(b), rounded(bias ?? 0))) / Math.sqrt(root ?? 1);
  const text = terms.join(" + ");
  return `${root ? `(${text}) / √${root}` : text} ${equals(shown, x)} ${fmt(x, 4)}`;
}

/** Entry j of token t in a row, as what it is made of: a sentence. `made` is a pass, `head` the head of the rows of one head. */
function arithmetic(net, made, row, t, j, head, words, off) {
  const { P, D, H, K, F, V, eps } = net, T = words.length, i = row.block, name = row.key.split(".")[0];
  const of = (key, n = D) => made[key].subarray(t * n, (t + 1) * n), block = part => P[`h.${i}.${part}`];
  const multiplied = (input, layer, m, column, x) =>
    product(Array.from(input, (value, n) => [value, block(`${layer}.weight`)[n * m + column]]), x, { bias: block(`${layer}.bias`)[column] });
  const added = (a, b, x) => `${bracket(a, 4)} + ${bracket(b, 4)} ${equals(rounded(a) + rounded(b), x)} ${fmt(x, 4)}`;
  const evened = (before, part, x) => {
    const { mean, deviation } = spread(of(before), eps), [scale, shift] = ["weight", "bias"].map(end => P[`${part}.${end}`][j]);
    const shown = (rounded(of(before)[j]) - rounded(mean)) / rounded(deviation) * rounded(scale) + rounded(shift);
    return `(${fmt(of(before)[j], 4)} − ${bracket(mean, 4)}) / ${fmt(deviation, 4)} · ${bracket(scale, 4)} + ${bracket(shift, 4)} ${equals(shown, x)} ${fmt(x, 4)}`;
  };
  const before = i === 0 ? "x" : `x.${i - 1}`, own = head * K + j;
  switch (name) {
    case "ids": case "flow": return "";
    case "word": return `number ${j} of “${words[t]}”, learnt: ${fmt(of("word")[j], 4)}`;
    case "place": return `number ${j} of place ${t}, learnt: ${fmt(of("place")[j], 4)}`;
    case "x":
      return i === undefined ? added(of("word")[j], of("place")[j], of("x")[j]) : added(of(`met.${i}`)[j], of(`thought.${i}`)[j], of(`x.${i}`)[j]);
    case "met": return added(of(before)[j], of(`attended.${i}`)[j], of(`met.${i}`)[j]);
    case "norm1": return evened(before, `h.${i}.ln_1`, of(row.key)[j]);
    case "norm2": return evened(`met.${i}`, `h.${i}.ln_2`, of(row.key)[j]);
    case "norm": return evened(`x.${net.L - 1}`, "ln_f", of("norm")[j]);
    case "q": case "k": case "v": {
      const column = "qkv".indexOf(name) * D + own;
      return multiplied(of(`norm1.${i}`), "attn.c_attn", 3 * D, column, of(row.key)[own]);
    }
    case "scores": {
      if (j > t) return `“${words[j]}” comes later: masked, its score counts as −∞`;
      const q = of(`q.${i}`).subarray(head * K, (head + 1) * K), k = made[`k.${i}`].subarray(j * D + head * K, j * D + (head + 1) * K);
      return `score of “${words[j]}”: ` + product(Array.from(q, (x, n) => [x, k[n]]), made[`scores.${i}`][(head * T + t) * T + j], { root: K });
    }
    case "weights": case "map": {
      if (j > t) return `“${words[j]}” comes later: masked, weight 0`;
      const from = ((row.head ?? head) * T + t) * T, scores = made[`scores.${i}`].subarray(from, from + t + 1), e = Array.from(scores, Math.exp);
      const total = e.reduce((a, b) => a + b, 0), w = made[`weights.${i}`][from + j];
      const shown = Number(e[j].toPrecision(5)) / Number(total.toPrecision(5));
      return `weight of “${words[j]}” in head ${row.head ?? head}, from its score: e^${bracket(scores[j], 4)} / sum over ${t + 1} keys ≈ ${significant(e[j])} / ${significant(total)} ${equals(shown, w)} ${precise(w)}`;
    }
    case "said": {
      const h = Math.floor(j / K), w = made[`weights.${i}`].subarray((h * T + t) * T, (h * T + t) * T + t + 1);
      if (off.includes(i * H + h)) return `head ${h} is switched off: 0`;
      const pairs = Array.from(w, (share, s) => [share, made[`v.${i}`][s * D + j]]).sort((a, b) => b[0] - a[0]);
      return `head ${h}: ${product(pairs, of(row.key)[j])}`;
    }
    case "attended": return multiplied(of(`said.${i}`), "attn.c_proj", D, j, of(row.key)[j]);
    case "hidden": return multiplied(of(`norm2.${i}`), "mlp.c_fc", F, j, of(row.key, F)[j]);
    case "active": {
      const z = of(`hidden.${i}`, F)[j], x = of(row.key, F)[j];
      return `GELU(${fmt(z, 4)}) ${equals(gelu(rounded(z)), x)} ${fmt(x, 4)}`;
    }
    case "thought": return multiplied(of(`active.${i}`, F), "mlp.c_proj", D, j, of(row.key)[j]);
    default: {
      const pairs = Array.from(of("norm"), (x, n) => [x, P["wte.weight"][j * D + n]]);
      return `logit of “${net.words[j]}”: ${product(pairs, of("logits", V)[j])}`;
    }
  }
}
