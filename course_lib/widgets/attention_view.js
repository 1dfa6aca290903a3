export const maths = { TEMPERATURES, softmax, attentionWeights, weightedSum, equals, significant };

/** Scores (T·S), already scaled, to weights (T rows of S). `allowed(t, s)` is the mask, true = may attend. */
function attentionWeights(scores, T, S, temperature, allowed) {
  return Array.from({ length: T }, (_, t) => softmax(
    Array.from({ length: S }, (_, s) => allowed(t, s) ? scores[t * S + s] : -Infinity), temperature));
}

/** The output of one query: its weights (S) times the values (S rows of D, flat). */
function weightedSum(weights, values, D) {
  return Array.from({ length: D }, (_, j) => weights.reduce((sum, w, s) => sum + w * values[s * D + j], 0));
}

function render({ model, el }) {
  const [H, T, S, K] = model.get("sizes"), D = model.get("value_width") ?? 0;
  const queries = model.get("query_labels"), keys = model.get("key_labels");
  const scores = floats(model, "scores"), q = floats(model, "q"), k = floats(model, "k"), v = D ? floats(model, "v") : null;
  const size = S <= 8 && T <= 12 ? 46 : S <= 14 ? 34 : S <= 32 ? 18 : 11;
  const written = size >= 34, rowHeight = Math.max(size, 14), longest = Math.max(...keys.map(text => [...text].length));
  const upright = longest * 9 > 84 || longest * 8 > size + 12 && S > 8, column = upright ? size : Math.max(size, Math.min(96, longest * 9 + 12));
  const head0 = size < 34 ? 4 : upright ? Math.min(longest * 9 + 12, 120) : 24; // the height of the row of names

  // The heat map: a column of names, then S columns of cells. The cells are what is pointed at and never change;
  // colours and numbers are drawn on one canvas behind them, for a page is slow to restyle so many elements.
  const sheet = node("canvas", { "aria-hidden": "true" }), brush = sheet.getContext("2d");
  const cells = queries.map((_, t) => keys.map((_, s) => node("div", { "data-cell": `${t},${s}` })));
  const rowNames = queries.map(text => node("div", { class: "name left query" }, text));
  const columnNames = keys.map(text => node("div", { class: `name key${upright ? " upright" : ""}`, title: text }, size < 34 ? "" : text));
  const grid = node("div", {
    class: "gbh-grid gbh-heat", role: "application", "aria-roledescription": "heat map",
    "aria-label": `Attention weights, ${T} queries in rows, ${S} keys in columns. Arrow keys move, Enter locks, Escape unlocks.`,
    style: `grid-template: ${head0}px repeat(${T}, ${rowHeight}px) / max-content repeat(${S}, minmax(${Math.min(30, size)}px, ${column}px))`,
  }, sheet, node("div"), ...columnNames, ...cells.flatMap((row, t) => [rowNames[t], ...row]));
  const axes = node("div", { class: "gbh-axes" }, node("div", { class: "over key", "aria-hidden": "true" }, "key"),
    node("div", { class: "beside query", "aria-hidden": "true" }, "query"), grid);

  // The same weights as lines from queries to keys, level with the rows of the heat map.
  const step = rowHeight + 1, top = 3 + 22 + head0 + 1, height = top + Math.max(T, S) * step + 3, y = i => top + i * step + rowHeight / 2;
  // All lines of about one weight are one path: a path for each of so many levels, bright ones over dim ones.
  const LEVELS = 16, level = w => Math.min(Math.floor(w * LEVELS), LEVELS - 1);
  const lineOf = queries.map((_, t) => keys.map((_, s) => `M92 ${y(t)}L208 ${y(s)}`));
  const paths = () => Array.from({ length: LEVELS }, (_, i) => {
    const w = (i + 0.5) / LEVELS;
    return node("path", { class: "link", "stroke-width": (1 + 5 * w).toFixed(1), "stroke-opacity": (0.15 + 0.85 * w).toFixed(2) });
  });
  const dim = paths(), bright = paths();
  const names = [
    queries.map((text, t) => node("text", { class: "query", x: 86, y: y(t) + 4, "text-anchor": "end" }, text)),
    keys.map((text, s) => node("text", { class: "key", x: 214, y: y(s) + 4 }, text)),
  ];
  const zones = [[queries, 0, "query"], [keys, 150, "key"]].flatMap(([words, x, kind]) => words.map((_, i) =>
    node("rect", { class: "zone", x, y: y(i) - step / 2, width: 150, height: step, [`data-${kind}`]: i })));
  const room = Math.min(86, 8 + 8 * Math.max(5, ...[...queries, ...keys].map(text => [...text].length))); // for the names on either side
  const lines = node("svg", { width: 128 + 2 * room, height, viewBox: `${86 - room} 0 ${128 + 2 * room} ${height}`, role: "img" },
    node("text", { class: "query", x: 86, y: top - 8, "text-anchor": "end" }, "query"), node("text", { class: "key", x: 214, y: top - 8 }, "key"),
    node("g", { opacity: 0.12 }, ...dim), ...bright, ...names.flat(), ...zones);

  const says = node("div", { class: K ? "gbh-says sums" : "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"), node("p"));
  const pick = picker(model, grid, () => [T, S], draw);
  // A word beside the lines is pointed at like a cell: a query at the key it looks at most, a key in the row chosen last.
  const pointed = event => {
    const { query, key } = event.target.dataset ?? {};
    if (query !== undefined) return [Number(query), weights[query].indexOf(Math.max(...weights[query]))];
    return key === undefined ? null : [row, Number(key)];
  };
  lines.addEventListener("pointermove", event => { const cell = pointed(event); if (cell) pick.show(cell); });
  lines.addEventListener("pointerleave", () => pick.show(null));
  lines.addEventListener("click", event => { const cell = pointed(event); if (cell) pick.lock(cell); });
  const thumbs = H === 1 ? [] : Array.from({ length: H }, (_, h) => {
    const canvas = node("canvas", { width: S, height: T });
    const made = button(canvas, () => put(model, { head: h }), { class: "gbh-thumb", "aria-label": `head ${h}` });
    made.append(`head ${h}`);
    return { made, canvas };
  });
  const controls = [
    ...(model.get("self_attention") && T === S ? [toggle(model, "causal", "causal mask")] : []),
    ...(model.get("padding") ? [toggle(model, "hide_padding", "padding mask")] : []),
    ...(K ? [toggle(model, "scaled", "divide by √K")] : []),
    stops(model, "stop", "temperature", TEMPERATURE_TEXTS),
  ];
  const values = D ? valuesOf() : null;
  const table = numbersTable("All weights as numbers", () => [
    ["", ...keys], ...weights.map((row, t) => [queries[t], ...row.map((w, s) => masked(t, s) ? "masked" : fmt(w, 4))])]);
  card(el, "Who looks at whom", K ? "Point at a weight or a word: its score, its share of the row, and what comes out are written below. A click holds it."
    : "Point at a weight or a word to read it. A click holds it.",
    [...thumbs.map(t => t.made), ...controls.map(c => c.element), pick.release],
    node("div", { class: "gbh-row top" }, node("div", { class: "gbh-scroll" }, axes), lines),
    // narrower than its values it scrolls, so the keyboard must reach it
    ...(values ? [values.host] : []), says, table.element);

  // what is shown now
  let weights, scaled, head, state = "", restShown = "", drawn = "", marked = null, row = 0, colours = scales(el);
  let xs = [], ys = []; // where each column and row begins and ends on the sheet, in pixels of the screen
  const temperature = () => TEMPERATURES[model.get("stop")];
  function allowed(t, s) {
    return !(model.get("causal") && s > t) && !(model.get("hide_padding") && s >= S - model.get("padding"));
  }
  const masked = (t, s) => !allowed(t, s) || scaled[t * S + s] === -Infinity;
  const scoresOf = h => {
    const divisor = K && model.get("scaled") ? Math.sqrt(K) : 1;
    return scores.subarray(h * T * S, (h + 1) * T * S).map(value => value / divisor);
  };

  function compute() {
    head = model.get("head");
    const now = ["head", "stop", "causal", "hide_padding", "scaled"].map(name => model.get(name)).join();
    if (now === state) return; // only the chosen cell changed
    state = now;
    scaled = scoresOf(head);
    weights = attentionWeights(scaled, T, S, temperature(), allowed);
    cells.forEach((row, t) => row.forEach((cell, s) => cell.classList.toggle("masked", masked(t, s))));
    paintCells();
    const rest = now.slice(now.indexOf(","));
    thumbs.forEach(({ made, canvas }, h) => {
      setAttribute(made, "aria-pressed", h === head);
      if (rest !== restShown) paint(canvas, attentionWeights(scoresOf(h), T, S, temperature(), allowed));
    });
    restShown = rest;
    for (const control of controls) control.sync();
  }

  function paintCells() {
    if (!xs.length) return; // not yet on the page
    brush.clearRect(0, 0, sheet.width, sheet.height);
    weights.forEach((row, t) => row.forEach((w, s) => {
      if (masked(t, s)) return; // hatched by live.css
      const { paper, ink } = colours.weight(w), [left, right] = xs[s], [top, bottom] = ys[t];
      brush.fillStyle = paper;
      brush.fillRect(left, top, right - left, bottom - top);
      brush.fillStyle = ink;
      if (written) brush.fillText(fmt(w), (left + right) / 2, (top + bottom) / 2);
    }));
  }

  /** Fit the sheet to the cells, pixel for pixel: when the grid is first shown, and after a zoom of the page. */
  function fit() {
    const box = sheet.getBoundingClientRect(), pixel = x => Math.round(x * devicePixelRatio);
    const rects = names => names.map(name => name.getBoundingClientRect());
    xs = rects(cells[0]).map(r => [r.left, r.right].map(x => pixel(x) - pixel(box.left)));
    ys = rects(cells.map(row => row[0])).map(r => [r.top, r.bottom].map(y => pixel(y) - pixel(box.top)));
    sheet.width = xs.at(-1)[1];
    sheet.height = ys.at(-1)[1];
    const font = `${12 * devicePixelRatio}px ${getComputedStyle(grid).fontFamily}`;
    Object.assign(brush, { font, textAlign: "center", textBaseline: "middle" });
    paintCells();
  }

  function paint(canvas, rows) {
    const pixels = new ImageData(S, T);
    rows.flat().forEach((w, i) => pixels.data.set([...colours.weight(w).rgb, 255], 4 * i));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  /** The page turned dark or light. */
  function repaint() {
    colours = scales(el);
    state = restShown = "";
    values?.forget();
    draw();
  }

  function draw() {
    compute();
    const at = pick.current();
    if (at) row = at[0];
    if (marked) cells[marked[0]][marked[1]].classList.remove("at");
    if (marked?.[0] !== at?.[0]) {
      if (marked) mark(marked[0], false);
      if (at) mark(at[0], true);
    }
    if (marked?.[1] !== at?.[1]) {
      if (marked) bold(names[1][marked[1]], columnNames[marked[1]], false);
      if (at) bold(names[1][at[1]], columnNames[at[1]], true);
    }
    if (at) cells[at[0]][at[1]].classList.add("at");
    marked = at;
    const now = `${state},${at?.[0]}`;
    if (now !== drawn) {
      drawn = now;
      const d = [Array(LEVELS).fill(""), Array(LEVELS).fill("")];
      weights.forEach((row, t) => row.forEach((w, s) => {
        if (w >= 0.01) d[Number(at === null || t === at[0])][level(w)] += lineOf[t][s];
      }));
      [dim, bright].forEach((paths, i) => paths.forEach((path, j) => setAttribute(path, "d", d[i][j])));
    }
    setAttribute(lines, "aria-label", at ? summary(at[0]) : "Lines from every query to the keys it looks at; the thicker, the larger the weight.");
    const sentences = at ? explain(...at) : ["Point at a cell, or move with the arrow keys, to see where its weight comes from.", "", ""];
    [...sentences, values?.sync() ?? ""].forEach((text, i) => setText(says.children[i], text));
    pick.sync();
    table.sync();
  }

  function bold(text, name, on) {
    name.classList.toggle("at", on);
    if (on) text.setAttribute("font-weight", "700");
    else text.removeAttribute("font-weight");
  }

  /** Frame a row, or let it go. */
  function mark(t, on) {
    cells[t].forEach(cell => cell.classList.toggle("lit", on));
    bold(names[0][t], rowNames[t], on);
  }

  function summary(t) {
    const best = weights[t].map((w, s) => [w, s]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([w]) => w > 0);
    return `${queries[t]} looks at ${best.map(([w, s]) => `${keys[s]} ${fmt(w)}`).join(", ") || "nothing"}.`;
  }

  function explain(t, s) {
    const pair = `${queries[t]} → ${keys[s]}`;
    if (masked(t, s)) return [`${pair}: masked. Its score counts as −∞, and e^−∞ = 0: no weight at all.`, summary(t), ""];
    const z = scaled[t * S + s];
    return [K ? product(pair, t, s, z) : `${pair}: weight ${precise(Math.exp(z))} as given, whose logarithm is ${fmt(z, 4)}`, ratio(t, s, z), summary(t)];
  }

  function product(pair, t, s, z) {
    const a = q.subarray((head * T + t) * K, (head * T + t + 1) * K), b = k.subarray((head * S + s) * K, (head * S + s + 1) * K);
    const dot = scores[(head * T + t) * S + s], shown = a.reduce((sum, x, i) => sum + rounded(x) * rounded(b[i]), 0);
    const terms = Array.from(a, (x, i) => `${bracket(x, 4)} · ${bracket(b[i], 4)}`);
    if (terms.length > 6) terms.splice(4, terms.length - 5, "…");
    const divided = model.get("scaled") ? `; ${short(dot, 4)} / √${K} ${equals(rounded(dot) / Math.sqrt(K), z)} ${short(z, 4)}` : "";
    return `${pair}: q · k = ${terms.join(" + ")} ${equals(shown, dot)} ${short(dot, 4)}${divided}`;
  }

  function ratio(t, s, z) {
    const T_ = temperature(), w = precise(weights[t][s]);
    if (T_ === 0) {
      const tops = weights[t].filter(x => x > 0).length;
      return `Temperature 0 ${tops > 1 ? `shares everything among the ${tops} largest scores of the row, which are equal` : "gives everything to the largest score of the row"}: weight ${w}.`;
    }
    if (T_ === Infinity) return `An endless temperature makes all keys that are allowed equal: weight ${w}.`;
    const others = keys.map((_, i) => i).filter(i => !masked(t, i));
    const powers = others.map(i => Math.exp(scaled[t * S + i] / T_)), own = Math.exp(z / T_);
    const asShown = x => Number(x.toPrecision(5)), total = powers.reduce((sum, x) => sum + asShown(x), 0);
    const terms = powers.map(x => significant(x));
    if (terms.length > 6) terms.splice(4, terms.length - 5, "…");
    const first = significant(Math.exp(rounded(z) / T_)) === significant(own) ? "=" : "≈";
    return `weight = e^(${short(z, 4)}${T_ === 1 ? "" : ` / ${T_}`}) / sum of the row ${first} ${significant(own)} / (${terms.join(" + ")}) ${equals(asShown(own) / total, weights[t][s])} ${w}`;
  }

  /** The values of all keys, weighted by the row that is chosen, and their sum: {host, sync, forget}. */
  function valuesOf() {
    const digits = D <= 8, cell = j => node("div", { class: "cell", "data-entry": j });
    const strip = () => digits ? Array.from({ length: D }, (_, j) => cell(j)) : [node("canvas", { width: D, height: 1, "aria-hidden": "true" })];
    const rows = keys.map(text => ({ name: node("div", { class: "name left key", title: text }, text), weight: node("div", { class: "cell" }), parts: strip() }));
    const out = strip(), title = node("div", { class: "name left query" });
    out.forEach(part => part.classList.add("sum"));
    const span = digits ? `grid-column: span ${D}` : "";
    const element = node("div", {
      class: "gbh-grid gbh-values", style: `grid-template-columns: max-content max-content 1em ${digits ? `repeat(${D}, max-content)` : "minmax(100px, 400px)"}`,
    }, node("div"), node("div", {}, "weight"), node("div"), node("div", { class: "value", style: span }, "value v"),
    ...rows.flatMap(({ name, weight, parts }) => [name, weight, node("div", {}, "·"), ...parts]),
    title, node("div"), node("div", {}, "="), ...out);
    let entry = 0, shownHead = -1, shown = "";
    element.addEventListener("pointermove", event => {
      const at = event.target.closest("[data-entry]")?.dataset.entry;
      if (at !== undefined && Number(at) !== entry) { entry = Number(at); draw(); }
    });
    const host = focusable(node("div", {
      class: "gbh-scroll", tabindex: 0, role: "group", "aria-label": `values and output${digits ? "; left and right choose an entry" : ""}`,
    }, element));
    host.addEventListener("keydown", event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || !digits || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      entry = Math.min(Math.max(entry + by, 0), D - 1);
      out[entry].scrollIntoView({ block: "nearest", inline: "nearest" });
      draw();
      event.preventDefault();
      event.stopPropagation();
    });
    const of = h => v.subarray(h * S * D, (h + 1) * S * D);
    const fill = (parts, numbers, scale) => {
      if (digits) parts.forEach((part, j) => { setText(part, short(numbers[j], 4)); colourCell(part, scale(numbers[j])); });
      else {
        const pixels = new ImageData(D, 1);
        numbers.forEach((x, j) => pixels.data.set([...scale(x).rgb, 255], 4 * j));
        parts[0].getContext("2d").putImageData(pixels, 0, 0);
      }
    };
    function sync() {
      const flat = of(head), scale = scaleOf(colours, flat), total = weightedSum(weights[row], flat, D), now = `${state} ${row}`;
      if (shownHead !== head) rows.forEach(({ parts }, s) => fill(parts, Array.from(flat.subarray(s * D, (s + 1) * D)), scale));
      shownHead = head;
      if (now !== shown) {
        shown = now;
        rows.forEach(({ weight }, s) => {
          weight.classList.toggle("masked", masked(row, s));
          setText(weight, masked(row, s) ? "" : fmt(weights[row][s], 4));
          colourCell(weight, colours.weight(weights[row][s]));
        });
        setText(title, `output of ${queries[row]}`);
        fill(out, total, scale);
      }
      if (digits) [...rows.map(({ parts }) => parts), out].forEach(parts => parts.forEach((part, j) => part.classList.toggle("at", j === entry)));
      const terms = weights[row].map((w, s) => [w, flat[s * D + entry]]).filter(([w]) => w > 0);
      const written = terms.map(([w, x]) => `${fmt(w, 4)} · ${bracket(x, 4)}`);
      if (written.length > 6) written.splice(4, written.length - 5, "…");
      const sum = terms.reduce((all, [w, x]) => all + rounded(w) * rounded(x), 0);
      return `Output of ${queries[row]}, entry ${entry}: ${written.join(" + ") || "no key"} ${equals(sum, total[entry])} ${fmt(total[entry], 4)}`;
    }
    return { host, sync, forget: () => { shownHead = -1; shown = ""; } };
  }

  const end = listen(model, ["head", "stop", "causal", "hide_padding", "scaled", "locked"], draw), endTheme = onTheme(el, repaint);
  const seen = new ResizeObserver(fit);
  seen.observe(sheet);
  addEventListener("resize", fit);
  return () => { end(); endTheme(); seen.disconnect(); removeEventListener("resize", fit); };
}

export default { render };
