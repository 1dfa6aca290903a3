// GPT-2's pattern. White space is Unicode's, as in Python's regex; JavaScript's own \s differs in two characters.
const GPT2 = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
// GPT-4's, cl100k_base: contractions in small and capital letters (ſ is a small s), digits by threes.
const GPT4 = /'(?:[sdmtſSDMT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}+$|\p{White_Space}*[\r\n]|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}/gu;
const PATTERNS = { gpt2: GPT2, gpt4: GPT4, none: /^.+$/gsu };

export const maths = { splitWords, encode, changes };

function splitWords(text, pattern) {
  return text.match(PATTERNS[pattern]) ?? [];
}

/** Ids of a text after the first `done` merges. `ranks`: "left,right" → [order, new id]. */
function encode(text, pattern, byteIds, ranks, done) {
  return splitWords(text, pattern).flatMap(word => {
    const ids = Array.from(new TextEncoder().encode(word), byte => byteIds[byte]);
    for (;;) {
      let best = [done, null]; // of all pairs in the word, the merge learnt first
      for (let i = 0; i + 1 < ids.length; i++) {
        const rule = ranks.get(`${ids[i]},${ids[i + 1]}`);
        if (rule && rule[0] < best[0]) best = rule;
      }
      if (best[1] === null) return ids;
      for (let i = 0; i + 1 < ids.length; i++) {
        if (ranks.get(`${ids[i]},${ids[i + 1]}`) === best) ids.splice(i, 2, best[1]);
      }
    }
  });
}

/** After how many merges the tokens of a text change: the numbers of the merges it needs, in order, from 1. */
function changes(text, pattern, byteIds, ranks, made) {
  const used = new Set();
  const look = id => { // a token was made by its merge, and so were its two parts
    const merge = made.get(id);
    if (merge === undefined || used.has(merge[0] + 1)) return;
    used.add(merge[0] + 1);
    look(merge[1]);
    look(merge[2]);
  };
  encode(text, pattern, byteIds, ranks, Infinity).forEach(look);
  return [...used].sort((a, b) => a - b);
}

function render({ model, el }) {
  const byteIds = model.get("byte_ids"), flat = floats(model, "pairs"), counts = model.get("counts");
  const merges = Array.from({ length: flat.length / 3 }, (_, m) => Array.from(flat.subarray(3 * m, 3 * m + 3)));
  const ranks = new Map(merges.map(([left, right, id], m) => [`${left},${right}`, [m, id]]));
  const bytesOf = new Map(byteIds.map((id, byte) => [id, [byte]])), madeBy = new Map();
  merges.forEach(([left, right, id], m) => {
    bytesOf.set(id, [...bytesOf.get(left), ...bytesOf.get(right)]);
    madeBy.set(id, m);
  });
  const made = new Map(merges.map(([left, right, id], m) => [id, [m, left, right]]));
  const hex = byte => byte.toString(16).toUpperCase().padStart(2, "0");
  const written = id => { // as text where the bytes are whole characters, else the bytes
    const bytes = bytesOf.get(id);
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
      return [...text].map(c => c === " " ? "␣" : c === "\n" ? "⏎" : /[\p{Cc}\p{Cf}]/u.test(c)
        ? `U+${hex(c.codePointAt(0)).padStart(4, "0")}` : c).join("");
    } catch { return bytes.map(byte => `‹${hex(byte)}›`).join(""); }
  };
  const rule = m => {
    const [left, right, id] = merges[m];
    return `${written(left)} + ${written(right)} → ${written(id)}` + (counts.length ? `, ${counts[m]} ${counts[m] === 1 ? "time" : "times"} in the training text` : "");
  };

  const box = focusable(node("input", { type: "text", "aria-label": "text to encode", maxlength: 400, style: "flex: 1; min-width: 60px; width: 100%" }));
  box.addEventListener("input", () => put(model, { text: box.value, locked: [] }));
  const scrub = focusable(node("input", { type: "range", min: 0, max: merges.length, step: 1, "aria-label": "merges done", class: "long" }));
  scrub.addEventListener("input", () => put(model, { merges: Number(scrub.value) }));
  const count = valueOf([`${merges.length} of ${merges.length}`]), newest = node("p", { class: "gbh-newest" });
  const chips = node("div", {
    class: "gbh-chips", role: "application", "aria-roledescription": "row of tokens",
    "aria-label": "Tokens of the text. Left and right move, Enter locks, Escape unlocks.",
  });
  const total = node("p"), says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const pick = picker(model, chips, () => [1, Math.max(ids.length, 1)], draw);
  const table = numbersTable("All tokens", () => [["", "token", "id", "bytes"],
    ...ids.map((id, i) => [String(i), written(id), String(id), bytesOf.get(id).map(hex).join(" ")])]);
  const nextChange = () => changed.find(count => count > model.get("merges")) ?? null;
  const play = player(model, "merges", nextChange, 0, 400);
  const step = button("Next change", () => { if (nextChange() !== null) put(model, { merges: nextChange() }); });
  card(el, "Merge by merge", "Type a text of your own, set the merges to 0, and let those run that change it.",
    [node("label", { style: "flex: 1 1 100%" }, node("span", {}, "text"), box), node("label", { style: "flex: 1 1 300px" }, node("span", {}, "merges done"), scrub, count), step, play.element, pick.release],
    newest, chips, total, says, table.element);

  let ids = [], state = null, changed = [], seen = null, colours = scales(el);
  // The longer, the darker, as in the figures.
  const shadeOf = id => colours.weight(Math.min(0.04 + 0.08 * (bytesOf.get(id).length - 1), 0.6));
  function draw() {
    const text = model.get("text"), done = model.get("merges"), now = `${done} ${text}`;
    if (seen !== text) {
      seen = text;
      changed = changes(text, model.get("pattern"), byteIds, ranks, made);
    }
    if (now !== state) {
      state = now;
      if (box.value !== text) box.value = text;
      setText(count, `${done} of ${merges.length}`);
      setSlider(scrub, done, done ? `${done}: ${rule(done - 1)}` : "none");
      setText(newest, done ? `Merge ${done}: ${rule(done - 1)}${changed.includes(done) ? "" : ", which changes nothing in this text"}.` : "No merge done: every token is a byte.");
      ids = encode(text, model.get("pattern"), byteIds, ranks, done);
      const fresh = done ? merges[done - 1][2] : -1;
      chips.replaceChildren(...ids.map((id, i) => node("div", { "data-cell": `0,${i}`, class: id === fresh ? "fresh" : undefined },
        node("span", {}, written(id)), node("small", {}, String(id)))));
      [...chips.children].forEach((chip, i) => colourCell(chip, shadeOf(ids[i])));
      setEnabled(step, nextChange() !== null);
      setText(total, `${[...text].length} characters · ${new TextEncoder().encode(text).length} bytes · ${ids.length} tokens; ${changed.length} of the ${merges.length} merges change this text`);
    }
    const at = ids.length ? pick.current() : null;
    [...chips.children].forEach((chip, i) => chip.classList.toggle("at", at !== null && i === at[1]));
    setText(says.children[0], at ? explain(ids[at[1]]) : "Point at a token, or move with the arrow keys, to see its bytes.");
    setText(says.children[1], at ? characters(at[1]) : "");
    pick.sync();
    table.sync();
  }

  function explain(id) {
    const bytes = bytesOf.get(id);
    const origin = madeBy.has(id) ? `made by merge ${madeBy.get(id) + 1}: ${rule(madeBy.get(id))}` : "a single byte";
    return `${written(id)}: id ${id}, ${bytes.length === 1 ? "byte" : "bytes"} ${bytes.map(hex).join(" ")}, ${origin}.`;
  }

  /** Of the characters beyond ASCII that a token has a part of: which bytes they are made of. */
  function characters(position) {
    const from = ids.slice(0, position).reduce((sum, id) => sum + bytesOf.get(id).length, 0);
    const to = from + bytesOf.get(ids[position]).length;
    const met = [];
    let at = 0;
    for (const character of model.get("text")) {
      const bytes = [...new TextEncoder().encode(character)];
      if (bytes.length > 1 && at < to && at + bytes.length > from) met.push(`${character} is the ${bytes.length} bytes ${bytes.map(hex).join(" ")}`);
      at += bytes.length;
    }
    return met.length ? `${met.join("; ")}.` : "";
  }

  const end = listen(model, ["text", "merges", "locked"], draw);
  const endTheme = onTheme(el, () => { colours = scales(el); state = null; draw(); });
  return () => { end(); endTheme(); play.stop(); };
}

export default { render };
