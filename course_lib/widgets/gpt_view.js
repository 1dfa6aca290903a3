export const maths = { asModel, fromHalf, split, encode, likeWord, gelu, pass, lens, rowsOf, arithmetic, story, TOP_P, nextTokenProbabilities, sample };

const EXAMPLES = [
  "Anna swam slowly across to the old bank and looked at the", "Anna walked slowly across to the old bank and looked at the",
  "Anna swam slowly across to the old", "the dogs from the farm near the goat", "Nora asked Ben for some cake , so",
  "are the small dogs ( from the village near the cat", "Omar said “ the horse is hungry ”", "",
];
const swatch = colour => node("span", { class: "gbh-swatch", style: `background: var(${colour})`, "aria-hidden": "true" });
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The model: on a web page from a script of its own, in a notebook with the picture. */
function modelOf(model) {
  const { given, numbers } = globalThis.gptByHand?.[model.get("model")] ?? { given: model.get("_given"), numbers: model.get("_numbers") };
  return asModel(given, numbers);
}

function render({ model, el }) { return draw(model, el, modelOf(model)); }

function draw(model, el, net) {
  const { V, D, K, C, H } = net, small = model.get("small"), rows = rowsOf(net).filter(row => !small || !row.inside), parts = partsOf(net);
  const START = 0; // every text begins behind the end of another

  // --- the text: what is typed, and what is drawn after it ---
  const box = focusable(node("input", { type: "text", class: "gbh-full", "aria-label": "text", "aria-invalid": "false", autocomplete: "off", spellcheck: "false" }));
  const pick = focusable(node("select", { "aria-label": "examples" }, node("option", { value: "-" }, "examples …"),
    ...EXAMPLES.flatMap((text, n) => encode(text, net).unknown ? [] : [node("option", { value: n }, text || "(nothing: the model begins)")])));
  const any = focusable(node("select", { "aria-label": "add a word" }, node("option", { value: "" }, "add a word …"),
    ...net.words.map((word, id) => node("option", { value: id }, word))));
  const problem = node("p", { class: "gbh-problem", "aria-live": "assertive" });
  box.addEventListener("input", () => type(box.value));
  pick.addEventListener("change", () => { if (pick.value !== "-") { box.value = EXAMPLES[Number(pick.value)]; type(box.value); } pick.value = "-"; });
  any.addEventListener("change", () => { if (any.value !== "") add(Number(any.value)); any.value = ""; });

  function type(text) {
    const { unknown } = encode(text, net), like = unknown ? likeWord(unknown, net.words) : [];
    setText(problem, unknown ? `The model knows ${V} words, and “${unknown}” is none of them.${like.length ? ` Did you mean ${like.map(word => `“${word}”`).join(", ")}?` : ""} Until then the picture keeps the text before.` : "");
    setAttribute(box, "aria-invalid", Boolean(unknown));
    if (!unknown) { stopWriting(); put(model, { text, written: [], token: -1 }); }
  }

  // --- writing on ---
  let timer = null;
  const ids = () => [START, ...encode(model.get("text"), net).ids, ...model.get("written")];
  const add = id => put(model, { written: [...model.get("written"), id], token: -1 });
  const one = () => { const id = sample(end.chances(), Math.random()); add(id); return id; };
  function write() {
    if (timer) { stopWriting(); return; }
    if (calm.matches) { for (let n = 0; n < C && one() !== START; n++); return; }
    setText(sentence, "❚❚ Stop");
    let n = 0;
    timer = setInterval(() => { if (one() === START || ++n >= C) stopWriting(); }, 250);
  }
  function stopWriting() {
    clearInterval(timer);
    timer = null;
    setText(sentence, "Write a sentence");
  }
  const next = button("Write a word", () => { stopWriting(); one(); }), sentence = button("Write a sentence", write);
  const back = button("Take one back", () => { stopWriting(); put(model, { written: model.get("written").slice(0, -1), token: -1 }); });

  // --- the way: a row for each step, a column for each token ---
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p", { class: "gbh-worked" }));
  const wordRow = node("div", { class: "gbh-way-words" }), column = node("div", { class: "gbh-way-at" }), streams = node("div", { class: "gbh-way-streams" });
  const switches = new Map(), buttons = new Map();
  const lines = rows.map(row => {
    const canvas = node("canvas", { "aria-hidden": "true" }), guess = node("span", { class: "gbh-way-guess" });
    const name = node("span", { class: "gbh-way-name" }, row.name);
    if (row.kind === "head") {
      const number = row.block * H + row.head;
      const check = focusable(node("input", { type: "checkbox", "aria-label": `block ${row.block}, head ${row.head}` }));
      check.addEventListener("change", () => put(model, { off: model.get("off").filter(n => n !== number).concat(check.checked ? [] : [number]) }));
      switches.set(number, check);
      name.prepend(check, " ");
    }
    const flow = row.kind === "flow" ? Array.from({ length: LEVELS }, (_, n) => node("path", { "stroke-width": 1 + n * 7 / LEVELS, "vector-effect": "non-scaling-stroke" })) : null;
    const cells = row.kind === "words" ? wordRow : node("div", { class: "gbh-way-cells" }, flow ? node("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, ...flow) : canvas);
    const line = node("div", { class: `gbh-way-row ${row.kind ?? "vectors"}`, "data-row": row.key + (row.kind === "head" ? `.${row.head}` : "") }, name, cells, guess);
    return { row, line, canvas, cells, guess, flow, brush: canvas.getContext("2d"), shown: "" };
  });
  const unfold = part => part && put(model, { unfolded: model.get("unfolded").includes(part) ? model.get("unfolded").filter(p => p !== part) : [...model.get("unfolded"), part] });
  const heads = Object.entries(parts).map(([part, title]) => {
    const made = small ? node("span", {}, title)
      : button(title, () => unfold(part), { class: "gbh-way-part" });
    buttons.set(part, made);
    return node("div", { class: "gbh-way-head" }, made);
  });
  const way = node("div", {
    class: "gbh-way", role: "application", tabindex: 0, "aria-roledescription": "picture of the model",
    "aria-label": "The way through the model, steps in rows and words in columns. Up and down arrows choose a step, left and right a word; what happens there is said above."
      + (small ? "" : " Enter unfolds what belongs to the step."),
  }, streams, column);
  way.append(lines[0].line);
  lines[0].guess.append("if it ended here");
  for (const [n, part] of Object.keys(parts).entries()) way.append(heads[n], ...lines.filter(({ row }) => row.part === part).map(({ line }) => line));
  focusable(way);
  const scroll = node("div", { class: "gbh-way-scroll" }, way);

  // What is chosen: a row and a token. The mouse previews, a click or the arrow keys choose.
  let preview = null, entry = 0;
  const seen = () => lines.filter(({ row }) => !row.inside || model.get("unfolded").includes(row.part));
  /** What the mouse is over: a row, a token and one of the numbers. Where columns are keys, the token that looks stays. */
  const under = event => {
    const line = event.target.closest?.("[data-row]"), cells = event.target.closest?.(".gbh-way-cells, .gbh-way-words");
    if (!line) return null;
    const one = lines.find(({ line: other }) => other === line), { row } = one, place = { row: line.dataset.row, token: model.get("token"), entry };
    if (!cells) return place;
    const { left, top, width, height } = cells.getBoundingClientRect(), T = words.length;
    const x = Math.min(Math.max((event.clientX - left) / width, 0), 0.9999) * T, y = Math.min(Math.max((event.clientY - top) / height, 0), 0.9999);
    const t = Math.floor(x);
    if (row.kind === "head" || row.kind === "scores") return { ...place, entry: t };
    if (row.kind === "map") return { ...place, token: Math.floor(y * T), entry: t };
    if (row.kind === "words" || row.kind === "flow") return { ...place, token: t };
    const { wide, tall, n } = one.layout;
    return { ...place, token: t, entry: Math.min(Math.floor(y * tall) * wide + Math.min(Math.floor((x - t) * (wide + 1)), wide - 1), n - 1) };
  };
  const same = (a, b) => a === b || a && b && a.row === b.row && a.token === b.token && a.entry === b.entry;
  const show = place => { if (!same(place, preview)) { preview = place; update(); } };
  way.addEventListener("pointermove", event => { if (event.pointerType === "mouse") show(under(event)); });
  way.addEventListener("pointerleave", () => show(null));
  way.addEventListener("click", event => {
    const place = under(event);
    if (!place || event.target.closest("button, input")) return;
    preview = null;
    go(lines.find(({ line }) => line.dataset.row === place.row), place.token < 0 ? words.length - 1 : place.token);
    entry = place.entry;
    update();
  });
  way.addEventListener("keydown", event => {
    if (event.target === way && event.key === "Enter" && !small) { unfold(current().at.row.part); event.preventDefault(); event.stopPropagation(); return; }
    if (event.target !== way || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const all = seen(), at = Math.max(all.findIndex(({ line }) => line.dataset.row === model.get("row")), 0), t = current().token;
    const to = { ArrowUp: [at - 1, t], ArrowDown: [at + 1, t], ArrowLeft: [at, t - 1], ArrowRight: [at, t + 1], Home: [at, 0], End: [at, Infinity], PageUp: [0, t], PageDown: [Infinity, t] }[event.key];
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    preview = null;
    go(all[Math.min(Math.max(to[0], 0), all.length - 1)], Math.min(Math.max(to[1], 0), words.length - 1));
  });
  function go({ row, line }, token) {
    if (row.kind === "head") { // of its weights the largest is the one to ask for
      const T = words.length, from = (row.head * T + token) * T, own = made[`weights.${row.block}`].subarray(from, from + T);
      entry = own.indexOf(Math.max(...own));
    }
    put(model, { row: line.dataset.row, token: token === words.length - 1 ? -1 : token, ...(row.head === undefined ? {} : { head: row.head }) });
  }
  function current() {
    const { row, token } = preview ?? { row: model.get("row"), token: model.get("token") };
    const at = lines.find(({ line }) => line.dataset.row === row) ?? lines[0];
    return { at, token: token < 0 || token >= words.length ? words.length - 1 : token, j: (preview ?? { entry }).entry };
  }

  // --- play: down the rows, one at a time ---
  let playing = null;
  const play = button("▶ Follow it down", () => { if (playing) pause(); else { preview = null; go(seen()[0], current().token); playing = setInterval(step, 6000); setText(play, "❚❚ Pause"); } });
  function step() {
    const all = seen(), at = all.indexOf(current().at);
    if (at + 1 >= all.length) { pause(); return; }
    go(all[at + 1], current().token);
  }
  function pause() {
    clearInterval(playing);
    playing = null;
    setText(play, "▶ Follow it down");
  }
  const down = button("Next step", () => { pause(); preview = null; const all = seen(); go(all[(all.indexOf(current().at) + 1) % all.length], current().token); });

  // --- the end: what comes next ---
  const end = ending(model, net, small ? 6 : 8, small ? 1 : 3, id => { stopWriting(); add(id); });
  const running = node("span"), grown = node("strong"), sight = node("p", { class: "gbh-problem" });
  const drawn = node("p", { class: "gbh-text", "aria-live": "polite" }, running, " ", grown);

  // --- numbers ---
  const which = focusable(node("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "which number" })), place = node("span", { class: "gbh-value" });
  which.addEventListener("input", () => { preview = null; entry = Number(which.value); update(); });
  const asked = node("label", {}, node("span", {}, "number worked out"), which, place);
  const table = numbersTable("All its numbers", () => {
    const { values, at } = vector();
    const wide = Math.min(8, values.length) || 1;
    return [["", ...Array.from({ length: wide }, (_, j) => String(j))], ...Array.from({ length: Math.ceil(values.length / wide) }, (_, n) =>
      [String(n * wide), ...Array.from(values.slice(n * wide, (n + 1) * wide), x => Number.isFinite(x) ? precise(x) : "masked")])];
  });
  card(el, "From a text to its next word",
    small ? "Read what happens on the way down, step by step, or point at a word, a head or a row; then untick a head, type “walked” for “swam”, or let it write."
      : "Follow it down and read what happens, or point at a word or a cell; then type “walked” for “swam”, untick a head to switch it off, unfold a step (▸), or let it write.",
    [box, pick, next, sentence, back, any], problem,
    node("div", { class: "gbh-story" }, node("div", { class: "gbh-row" }, play, down, ...(small ? [] : [asked])), says), scroll,
    node("p", { class: "gbh-legend gbh-way-legend" }, node("span", {}, "one cell, one number: ", swatch("--gbh-negative"), "below 0"), node("span", {}, swatch("--gbh-positive"), "above 0"),
      node("span", {}, swatch("--gbh-ink"), "a weight: paper 0, ink 1; a unit: more ink, more"), node("span", {}, swatch("--gbh-value"), "what heads bring"), node("span", {}, swatch("--gbh-residual"), "what flows on")),
    drawn, sight, ...end.elements, ...(small ? [] : [table.element]));

  // --- what is shown now ---
  let words = [], made, passed = "", colours = scales(el), painted = 0, wide = 0;
  const isOpen = ({ row }) => !row.inside || model.get("unfolded").includes(row.part);

  /** The numbers that a row has for a token: {values, from, width}. */
  function vector({ at, token } = current()) {
    const { row } = at, T = words.length, key = row.key;
    if (row.kind === "words" || row.kind === "flow") return { at, values: [] };
    if (row.kind === "head" || row.kind === "map" || row.kind === "scores") {
      const h = row.head ?? model.get("head"), from = (h * T + token) * T;
      return { at, values: made[`${row.kind === "scores" ? "scores" : "weights"}.${row.block}`].subarray(from, from + T) };
    }
    const width = made[key].length / T, [a, b] = row.each ? [model.get("head") * K, (model.get("head") + 1) * K] : [0, width];
    return { at, values: made[key].subarray(token * width + a, token * width + b) };
  }

  function sayNumber() {
    const { at, token, j } = current(), { values } = vector(), most = Math.max(values.length - 1, 0), n = Math.min(j, most);
    setAttribute(which, "max", most);
    setSlider(which, n, `number ${n} of ${values.length}`);
    setText(place, `${n} of ${values.length}`);
    setStyle(asked, "visibility", most > 0 ? "visible" : "hidden");
    setText(says.children[1], arithmetic(net, made, at.row, token, n, at.row.head ?? model.get("head"), words, model.get("off")));
  }

  /** The words as the head of the columns, those drawn by the model marked. */
  function spell(all, typed) {
    wordRow.replaceChildren(...all.map((word, t) => node("span", { title: t > typed ? "written by the model" : t === 0 ? "stands between two texts" : "", class: t > typed ? "drawn" : t === 0 ? "first" : "" }, word)));
    way.style.setProperty("--tokens", all.length);
    fit();
    if (typed < all.length && wide > 0 && wide / all.length < 21) scroll.scrollLeft = scroll.scrollWidth; // the newest word, where not all have room
  }

  /** Words stand upright where their columns are narrow. */
  function fit() {
    const most = Math.max(...words.map(word => word.length));
    way.classList.toggle("many", wide > 0 && wide / words.length < 7.2 * most + 6);
  }

  function update() {
    const typed = encode(model.get("text"), net).ids.length, all = ids(), now = `${all}/${model.get("off")}`;
    if (now !== passed) {
      const shown = all.slice(-C), cut = all.length - shown.length; // the model sees no more than C tokens
      const spelt = `${shown}/${typed - cut}`;
      if (spelt !== update.spelt) { update.spelt = spelt; words = shown.map(id => net.words[id]); spell(words, typed - cut); }
      made = pass(net, shown, model.get("off"));
      passed = now;
      painted += 1;
      setText(running, model.get("text"));
      setText(grown, model.get("written").map(id => net.words[id]).join(" "));
      drawn.hidden = model.get("written").length === 0;
      setText(sight, cut > 0 ? `The model sees the last ${C} tokens; ${cut} before them are out of its sight.` : "");
    }
    const { at, token } = current(), T = words.length;
    setStyle(column, "left", `calc(var(--label) + (100% - var(--label) - var(--guess)) * ${token / T})`);
    setStyle(column, "width", `calc((100% - var(--label) - var(--guess)) / ${T})`);
    for (const one of lines) {
      const visible = isOpen(one);
      if (one.line.hidden === visible) one.line.hidden = !visible;
      one.line.classList.toggle("at", one === at);
      if (!visible) continue;
      paint(one, { net, made, words, token, head: model.get("head"), off: model.get("off"), colours, painted });
      if (one.row.kind === "residual") {
        const p = softmax(lens(net, made[one.row.key].subarray(token * D, (token + 1) * D), 1)), best = largest(p, 1)[0];
        setText(one.guess, `→ ${net.words[best[0]]} ${fmt(best[1])}`);
      } else if (one.row.each || one.row.kind === "scores" || one.row.kind === "map") setText(one.guess, `head ${model.get("head")}`);
    }
    for (const [number, check] of switches) {
      const on = !model.get("off").includes(number);
      if (check.checked !== on) check.checked = on;
    }
    for (const [part, made] of buttons) if (!small) setAttribute(made, "aria-expanded", model.get("unfolded").includes(part));
    setText(says.children[0], story(net, made, { head: model.get("head"), ...at.row }, token, words, model.get("off")));
    if (!small) { sayNumber(); table.sync(); }
    end.sync(made.logits.subarray((T - 1) * V), painted);
    setEnabled(back, model.get("written").length > 0);
  }

  box.value = model.get("text");
  const elsewhere = () => { if (encode(box.value, net).unknown === undefined && box.value !== model.get("text") && document.activeElement !== box) box.value = model.get("text"); };
  model.on("change:text", elsewhere);
  const deaf = listen(model, ["text", "written", "token", "row", "head", "off", "unfolded", "stop", "top_k", "top_p"], update);
  const endTheme = onTheme(el, () => { colours = scales(el); painted += 1; update(); });
  const seenWidth = new ResizeObserver(([{ contentRect }]) => { wide = contentRect.width; fit(); });
  seenWidth.observe(wordRow);
  return () => { stopWriting(); pause(); deaf(); endTheme(); seenWidth.disconnect(); model.off("change:text", elsewhere); };
}

export default { render };
