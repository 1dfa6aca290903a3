// The way through the model as rows, from the words to the logits, and what happens in each of them in words.

/**
 * The rows from top to bottom: {key, part, name, inside, kind, …}. `key` is the name of the step in `pass`, `part` what is
 * unfolded together, and a row that is `inside` is seen only then. kind: "words" (the text itself), "residual" (what flows on), "head" (the weights
 * of head `head`), "scores", "flow" (the same as lines), "map" (T × T weights of a head), or "vectors". A row with `each` shows only one head's part.
 */
function rowsOf({ L, H, D, K, F, V }) {
  const rows = [
    { key: "ids", name: "the text", kind: "words" },
    { key: "word", part: "start", name: "vector of the word", inside: true },
    { key: "place", part: "start", name: "vector of the place", inside: true },
    { key: "x", part: "start", name: "word + place", kind: "residual" },
  ];
  for (let i = 0; i < L; i++) {
    const inside = (part, key, name, more) => ({ key: `${key}.${i}`, part: `${part}.${i}`, block: i, name, inside: true, ...more });
    rows.push(
      inside("look", "norm1", "evened out (norm)"),
      inside("look", "q", "query q", { kind: "query", each: true }), inside("look", "k", "key k", { kind: "key", each: true }),
      inside("look", "v", "value v", { kind: "value", each: true }), inside("look", "scores", "scores q · k / √" + K, { kind: "scores" }),
      ...Array.from({ length: H }, (_, h) => inside("look", "weights", `head ${h}`, { kind: "head", head: h, inside: false })),
      inside("look", "map", "all its weights", { kind: "map" }), inside("look", "flow", "", { kind: "flow", inside: false }), inside("look", "said", "values × weights"),
      inside("look", "attended", "mixed by a matrix"), inside("look", "met", "+ attention", { kind: "residual", inside: false }),
      inside("think", "norm2", "evened out (norm)"), inside("think", "hidden", `${F} before GELU`),
      inside("think", "active", `${F} units`, { inside: false, kind: "units" }), inside("think", "thought", "back to " + D),
      inside("think", "x", "+ network", { kind: "residual", inside: false }));
  }
  return [...rows, { key: "norm", part: "end", name: "evened out (norm)", inside: true },
    { key: "logits", part: "end", name: `logits of ${V} words` }];
}

/** The titles of the parts, by their name. */
function partsOf({ L }) {
  const parts = { start: "Every word becomes a vector" };
  for (let i = 0; i < L; i++) {
    parts[`look.${i}`] = `Block ${i}, attention: every word looks back`;
    parts[`think.${i}`] = `Block ${i}, network: every word for itself`;
  }
  return { ...parts, end: "The vector is compared with all words" };
}

/** The largest entries of a row of probabilities, as [index, p], those of at least `least`. */
function largest(p, count, least = 0) {
  return Array.from(p, (value, i) => [i, value]).sort((a, b) => b[1] - a[1]).slice(0, count).filter(([, value]) => value >= least);
}

/** What happens in a row, to the token t of the text `words`, in a sentence or two. */
function story(net, made, row, t, words, off) {
  const { D, H, K, V, F } = net, T = words.length, i = row.block, word = `“${words[t]}”`, at = `${word} at place ${t}`;
  const of = (name, n) => made[name].subarray(t * n, (t + 1) * n);
  const named = s => s === t ? "itself" : `“${words[s]}”${words.indexOf(words[s]) === words.lastIndexOf(words[s]) ? "" : ` at place ${s}`}`;
  const allOff = () => Array.from({ length: H }, (_, h) => i * H + h).every(n => off.includes(n));
  const looks = h => largest(made[`weights.${i}`].subarray((h * T + t) * T, (h * T + t + 1) * T), 3, 0.05)
    .map(([s, share], n) => `${fmt(share)}${n ? "" : " of its attention"} to ${named(s)}`).join(", ");
  const told = () => {
    const p = softmax(lens(net, of(row.key, D), 1));
    return `If the model ended here, it would expect as the next word ${largest(p, 3, 0.02).map(([id, share], n) => `“${net.words[id]}” (${n ? "" : "probability "}${fmt(share)})`).join(", ") || "none in particular"}.`;
  };
  switch (row.key.split(".")[0]) {
    case "ids": {
      const count = Object.values(net.P).reduce((sum, numbers) => sum + numbers.length, 0).toLocaleString("en");
      return `This is a GPT of ${count} numbers, which has learnt to say which word comes next. A text is cut into tokens, here whole words, and begins after <end>, the end of the text before: `
        + `${at} is number ${net.ids.get(words[t])} of the ${V} that it knows. Each column is a token on its way down, the framed one is told of here, and only attention carries something from one to another.`;
    }
    case "word": return `Each of the ${V} words has ${D} numbers of its own, learnt in training. These are those of ${word}: the same wherever it stands.`;
    case "place": return `Each place in a text has ${D} numbers too. These are those of place ${t}. Without them the model could not tell the order of the words.`;
    case "x":
      return i === undefined ? `${at} becomes ${D} numbers: those of the word plus those of the place. So far it knows nothing of its neighbours. ${told()}`
        : `What the network says is added to the vector of ${word}${i === net.L - 1 ? ", which now holds what the next word depends on" : " and flows on to the next block"}. ${told()}`;
    case "norm1": case "norm2": case "norm":
      return `The numbers of ${word} are shifted and scaled to mean 0 and standard deviation 1, then each by two learnt numbers, so that the next step always gets numbers of the same size.`;
    case "q": return `The query of ${word}: ${K} numbers that say what it looks for. A matrix makes them of its vector, in each head another.`;
    case "k": return `The key of ${word}: ${K} numbers that say what it can be found by. Queries of later words are compared with it.`;
    case "v": return `The value of ${word}: ${K} numbers that it hands over to whoever looks at it.`;
    case "scores": return `The query of ${word} times every key up to its own, as a dot product divided by √${K}. What comes later is masked: it is not written yet.`;
    case "flow": return allOff() ? `All heads of this block are switched off: they bring nothing to ${word}.` : `What the heads bring to ${word}: a line from every word that one of them looks at, the wider, the more. Along it comes a part of that word's value.`;
    case "map": return `All weights of head ${row.head} of block ${i}: a row for each word that looks back, a column for each word it looks at. `
      + `What comes later is hatched, and each row sums to 1. That of ${word} gives ${looks(row.head)}.`;
    case "weights": {
      const h = row.head;
      return `Head ${h} of block ${i} compares what ${word} looks for (its query) with what each word so far can be found by (its key), and gives ${looks(h)}. It brings as much of what they hand over (their values).`
        + (off.includes(i * H + h) ? " But the head is switched off: what it brings counts as 0."
          : t === 0 ? " Nothing stands before it." : "");
    }
    case "said": return `The values of all words, each times its weight, added: ${K} numbers from each of the ${H} heads, side by side.`;
    case "attended": return `One matrix mixes what the ${H} heads found into ${D} numbers again.`;
    case "met":
      if (allOff()) return `All heads of this block are switched off: the vector of ${word} gets a constant, the bias of the output matrix, and nothing of other words. ${told()}`;
      return `What the heads brought is added to the vector of ${word}: ${t === 0 ? "of itself alone, as nothing stands before it" : "it now knows something of the words before it"}. ${told()}`;
    case "hidden": return `One matrix makes ${F} numbers of ${word} alone. Each is a unit that answers to some pattern in the vector.`;
    case "active": {
      const on = of(row.key, F).reduce((count, value) => count + (value > 0.1), 0);
      return `A network, the same for every word, looks at the vector of ${word} alone: ${on} of its ${F} units answer with more than 0.1; a bend, GELU, keeps the others near 0.`;
    }
    case "thought": return `A second matrix makes ${D} numbers of what the units say.`;
    default: {
      const p = softmax(of("logits", V));
      return `The vector, evened out, is compared with the learnt vector of each of the ${V} words by a dot product: its logit. Softmax makes probabilities of the logits: after ${word} comes `
        + `${largest(p, 3).map(([id, share]) => `“${net.words[id]}” with ${fmt(share)}`).join(", ")} …`;
    }
  }
}
