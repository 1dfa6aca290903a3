export const maths = { TEMPERATURES, softmax, attentionWeights };

/** Scores (T·S), already scaled, to weights (T rows of S). `allowed(t, s)` is the mask, true = may attend. */
function attentionWeights(scores, T, S, temperature, allowed) {
  return Array.from({ length: T }, (_, t) => softmax(
    Array.from({ length: S }, (_, s) => allowed(t, s) ? scores[t * S + s] : -Infinity), temperature));
}

function render({ model, el }) {
  const [H, T, S, K] = model.get("sizes");
  const queries = model.get("query_labels"), keys = model.get("key_labels");
  const scores = floats(model, "scores"), q = floats(model, "q"), k = floats(model, "k");
  const size = S <= 8 && T <= 12 ? 46 : S <= 14 ? 34 : S <= 32 ? 18 : 11;
  const written = size >= 34, rowHeight = Math.max(size, 14);

  // The heat map: a column of names, then S columns of cells. The cells are what is pointed at and never change;
  // colours and numbers are drawn on one canvas behind them, for a page is slow to restyle so many elements.
  const sheet = node("canvas", { "aria-hidden": "true" }), brush = sheet.getContext("2d");
  const cells = queries.map((_, t) => keys.map((_, s) => node("div", { "data-cell": `${t},${s}` })));
  const rowNames = queries.map(text => node("div", { class: "name left" }, text));
  const columnNames = keys.map(text => node("div", { class: "name", title: text }, size < 34 ? "" : text));
  const grid = node("div", {
    class: "gbh-grid gbh-heat", role: "application", "aria-roledescription": "heat map",
    "aria-label": `Attention weights, ${T} queries in rows, ${S} keys in columns. Arrow keys move, Enter locks, Escape unlocks.`,
    style: `grid-template: repeat(${T + 1}, ${rowHeight}px) / max-content repeat(${S}, minmax(${size}px, max-content))`,
  }, sheet, node("div"), ...columnNames, ...cells.flatMap((row, t) => [rowNames[t], ...row]));

  // the same weights as lines from queries to keys
  const step = Math.max(size, 22), height = Math.max(T, S) * step + 8;
  const y = i => i * step + step / 2 + 4;
  // All lines of about one weight are one path: a path for each of so many levels, bright ones over dim ones.
  const LEVELS = 16, level = w => Math.min(Math.floor(w * LEVELS), LEVELS - 1);
  const lineOf = queries.map((_, t) => keys.map((_, s) => `M92 ${y(t)}L208 ${y(s)}`));
  const paths = () => Array.from({ length: LEVELS }, (_, i) => {
    const w = (i + 0.5) / LEVELS;
    return node("path", { class: "link", "stroke-width": (1 + 5 * w).toFixed(1), "stroke-opacity": (0.15 + 0.85 * w).toFixed(2) });
  });
  const dim = paths(), bright = paths();
  const names = [
    queries.map((text, t) => node("text", { x: 86, y: y(t) + 4, "text-anchor": "end" }, text)),
    keys.map((text, s) => node("text", { x: 214, y: y(s) + 4 }, text)),
  ];
  const lines = node("svg", { width: 300, height, viewBox: `0 0 300 ${height}`, role: "img" },
    node("g", { opacity: 0.1 }, ...dim), ...bright, ...names.flat());

  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  const pick = picker(model, grid, () => [T, S], draw);
  const thumbs = H === 1 ? [] : Array.from({ length: H }, (_, h) => {
    const canvas = node("canvas", { width: S, height: T });
    const made = button(canvas, () => put(model, { head: h }), { class: "gbh-thumb", "aria-label": `head ${h}` });
    made.append(`head ${h}`);
    return { made, canvas };
  });
  const controls = [
    ...(model.get("self_attention") && T === S ? [toggle(model, "causal", "causal mask")] : []),
    ...(model.get("padding") ? [toggle(model, "hide_padding", "padding mask")] : []),
    ...(K ? [toggle(model, "scaled", "divide by √d")] : []),
    stops(model, "stop", "temperature", TEMPERATURE_TEXTS),
  ];
  const table = numbersTable("All weights as numbers", () => [
    ["", ...keys], ...weights.map((row, t) => [queries[t], ...row.map((w, s) => masked(t, s) ? "masked" : fmt(w, 4))])]);
  el.classList.add("gbh");
  el.replaceChildren(
    node("div", { class: "gbh-row" }, ...thumbs.map(t => t.made)),
    node("div", { class: "gbh-row" }, ...controls.map(c => c.element), pick.release),
    node("div", { class: "gbh-row top" }, grid, lines), says, table.element);

  // what is shown now
  let weights, scaled, head, state = "", restShown = "", drawn = "", marked = null;
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
      const { paper, ink } = heat(w), [left, right] = xs[s], [top, bottom] = ys[t];
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
    xs = rects(columnNames).map(r => [r.left, r.right].map(x => pixel(x) - pixel(box.left)));
    ys = rects(rowNames).map(r => [r.top, r.bottom].map(y => pixel(y) - pixel(box.top)));
    sheet.width = xs.at(-1)[1];
    sheet.height = ys.at(-1)[1];
    const font = `${12 * devicePixelRatio}px ${getComputedStyle(grid).fontFamily}`;
    Object.assign(brush, { font, textAlign: "center", textBaseline: "middle" });
    paintCells();
  }

  function paint(canvas, rows) {
    const pixels = new ImageData(S, T);
    rows.flat().forEach((w, i) => pixels.data.set([...shade(w), 255], 4 * i));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  function draw() {
    compute();
    const at = pick.current();
    if (marked) cells[marked[0]][marked[1]].classList.remove("at");
    if (marked?.[0] !== at?.[0]) {
      grid.classList.toggle("dim", at !== null);
      if (marked) mark(marked[0], false);
      if (at) mark(at[0], true);
    }
    if (marked?.[1] !== at?.[1]) {
      if (marked) names[1][marked[1]].removeAttribute("font-weight");
      if (at) names[1][at[1]].setAttribute("font-weight", "700");
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
    sentences.forEach((text, i) => setText(says.children[i], text));
    pick.sync();
    table.sync();
  }

  /** Raise a row above the others, or let it sink back. */
  function mark(t, on) {
    cells[t].forEach(cell => cell.classList.toggle("lit", on));
    if (on) names[0][t].setAttribute("font-weight", "700");
    else names[0][t].removeAttribute("font-weight");
  }

  function summary(t) {
    const best = weights[t].map((w, s) => [w, s]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([w]) => w > 0);
    return `${queries[t]} looks at ${best.map(([w, s]) => `${keys[s]} ${fmt(w)}`).join(", ") || "nothing"}.`;
  }

  function explain(t, s) {
    const pair = `${queries[t]} → ${keys[s]}`;
    if (masked(t, s)) return [`${pair}: masked. Its score counts as −∞, and e^−∞ = 0: no weight at all.`, summary(t), ""];
    const T_ = temperature(), z = scaled[t * S + s];
    let first;
    if (K) {
      const a = q.subarray((head * T + t) * K, (head * T + t + 1) * K), b = k.subarray((head * S + s) * K, (head * S + s + 1) * K);
      const products = Array.from(a, (value, i) => `${bracket(value)}·${bracket(b[i])}`);
      if (K > 6) products.splice(4, K - 5, "…");
      const score = scores[(head * T + t) * S + s];
      first = `${pair}: q·k = ${products.join(" + ")} = ${fmt(score)}` +
        (model.get("scaled") ? `, divided by √${K} = ${fmt(z)}` : ", not divided by √d");
    } else first = `${pair}: weight ${fmt(Math.exp(z), 4)} as given, whose logarithm is ${fmt(z)}`;
    return [first, ratio(t, s, z, T_), summary(t)];
  }

  function ratio(t, s, z, T_) {
    const w = fmt(weights[t][s], 4);
    if (T_ === 0) return `Temperature 0 gives everything to the largest score of the row: weight ${w}.`;
    if (T_ === Infinity) return `An endless temperature makes all keys that are allowed equal: weight ${w}.`;
    const others = keys.map((_, i) => i).filter(i => !masked(t, i));
    const powers = others.map(i => Math.exp(scaled[t * S + i] / T_));
    const terms = powers.map(value => fmt(value));
    if (terms.length > 6) terms.splice(4, terms.length - 5, "…");
    return `weight = e^(${fmt(z)}${T_ === 1 ? "" : ` / ${T_}`}) / sum = ${fmt(Math.exp(z / T_))} / (${terms.join(" + ")}) = ${w}`;
  }

  const end = listen(model, ["head", "stop", "causal", "hide_padding", "scaled", "locked"], draw);
  const seen = new ResizeObserver(fit);
  seen.observe(sheet);
  addEventListener("resize", fit);
  return () => { end(); seen.disconnect(); removeEventListener("resize", fit); };
}

export default { render };
