// Shared by all widgets: live.py puts this file in front of a widget's own, so nothing is imported or built.
//
// Conventions
// - render({model, el}) draws once, listens, and returns the function that undoes the listening.
// - What two views of one model must agree on lives in the model; what the mouse is over lives in the view.
// - No ids: a page may hold many views. Colours come from the palette; a canvas asks `scales` for them, and is drawn
//   again when the page turns dark (onTheme).
// - A picture is a card: its name, what to try, its controls in one row, the result, the numbers.
// - "=" stands only where the digits shown give the digits shown; elsewhere it is "≈" (equals).
// - A key press must be painted within a frame: only what changed is written (setText, setAttribute, setStyle,
//   setSlider), nothing asks where an element stands, and the kernel hears of it when the reader pauses.
// - Whatever takes the focus goes through focusable(), or JupyterLab acts on the keys itself.

const TEMPERATURES = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, Infinity];
const TEMPERATURE_TEXTS = TEMPERATURES.map(t => t === 0 ? "0 (argmax)" : t === Infinity ? "∞ (uniform)" : String(t));
const TOP_P = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const SVG_TAGS = new Set(["svg", "g", "rect", "line", "path", "circle", "ellipse", "text", "polyline"]);

// --- maths ---

/** Weights of one row of scores. −∞ is masked; temperature 0 shares all among the largest, ∞ among the unmasked. */
function softmax(scores, temperature = 1) {
  let peak = -Infinity;
  for (const score of scores) peak = Math.max(peak, score);
  if (peak === -Infinity) return Array.from(scores, () => 0);
  const e = Array.from(scores, score =>
    score === -Infinity ? 0
      : temperature === Infinity ? 1
        : temperature === 0 ? Number(score === peak)
          : Math.exp((score - peak) / temperature));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map(value => value / sum);
}

/** Shannon entropy in nats; 0 · ln 0 counts as 0. */
function entropy(probabilities) {
  return -probabilities.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0) || 0;
}

/** What a model draws from, in the order of course_lib's next_token_probabilities: top-k, softmax, top-p. */
function nextTokenProbabilities(logits, temperature, topK, topP) {
  const kth = [...logits].sort((a, b) => b - a)[Math.min(topK, logits.length) - 1];
  const p = softmax(logits.map(z => z >= kth ? z : -Infinity), temperature); // ties with the k-th stay
  if (topP >= 1) return p;
  const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]); // stable: the first of equals comes first
  const kept = p.map(() => 0);
  let reached = 0;
  for (const i of order) {
    if (reached >= topP) break;
    kept[i] = p[i];
    reached += p[i];
  }
  return kept.map(value => value / reached);
}

/** The first token whose cumulative probability passes u (from 0 to 1). */
function sample(p, u) {
  const all = p.reduce((a, b) => a + b, 0);
  let sum = 0, last = 0;
  for (let i = 0; i < p.length; i++) {
    sum += p[i];
    if (p[i] > 0) last = i;
    if (sum > u * all) return i;
  }
  return last;
}

/** Three decimals, or the first digit of what would be 0.000. */
function probability(p) {
  return p > 0 && p < 0.0005 ? significant(p, 1) : fmt(p, 3);
}

// --- data and words ---

/** A bytes trait as numbers. It arrives as a DataView into a larger message, so its offset matters. */
function floats(model, name) {
  const view = model.get(name);
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** A number with a true minus sign, and never "−0.00". */
function fmt(x, digits = 2) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "–" : x > 0 ? "∞" : "−∞";
  const text = x.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** As few decimals as say the number, at most `digits`: 3, 0.5, 1.3415. */
function short(x, digits = 3) {
  const text = fmt(x, digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** x as it is when written with so many decimals. */
function rounded(x, digits = 4) {
  return Number(x.toFixed(digits));
}

/** "=" where a value worked out from what is shown rounds to the value shown, and not just as well to another; else "≈". */
function equals(fromShown, value, digits = 4) {
  return Math.abs(fromShown - rounded(value, digits)) * 10 ** digits < 0.5 - 1e-6 ? "=" : "≈";
}

/** A number by its first digits, however small or large: 126.5, 0.0034562, 1.2·10⁻⁷. */
function significant(x, digits = 5) {
  if (x === 0 || !Number.isFinite(x)) return fmt(x, 0);
  const power = Math.floor(Math.log10(Math.abs(x)));
  if (power >= -4 && power < 6) return short(x, Math.max(0, digits - 1 - power));
  const [first, ten] = x.toExponential(1).split("e"); // 9.96·10⁻²² is 1·10⁻²¹
  return `${short(Number(first), 1)}·${powerOfTen(Number(ten))}`;
}

/** 10 to a whole power: 10⁻⁶. */
function powerOfTen(power) {
  return "10" + [...String(power)].map(c => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");
}

/** Four decimals, or the first digits of what would be 0.0000. */
function precise(x) {
  return x !== 0 && Math.abs(x) < 0.0001 ? significant(x, 2) : fmt(x, 4);
}

/** A factor or term, in brackets where it is negative. */
function bracket(x, digits = 3) {
  const text = short(x, digits);
  return text.startsWith("−") ? `(${text})` : text;
}

// --- elements ---

function node(tag, attributes = {}, ...children) {
  const made = SVG_TAGS.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Let an element take the focus without JupyterLab or Notebook 7 taking its keys. */
function focusable(element) {
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

/** Fill `el` with a card: a name, what to try, the controls in one row, and whatever else there is. */
function card(el, title, hint, controls, ...parts) {
  el.classList.add("gbh");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", title);
  el.replaceChildren(node("div", { class: "gbh-title" }, title), node("p", { class: "gbh-try" }, hint),
    node("div", { class: "gbh-controls" }, ...controls), ...parts);
}

// --- changes: what already stands on the page is not written again, for the browser would lay it out again ---

const WRITTEN = new WeakMap(); // element → its text, so that the page need not be asked

function setText(element, text) {
  if (WRITTEN.get(element) === text) return;
  WRITTEN.set(element, text);
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function setStyle(element, name, value) {
  if (element.style[name] !== value) element.style[name] = value;
}

/** A share from 0 to 1 as a width, rounded: a bar that moves by less than can be seen is not written again. */
function percent(share) {
  return `${Math.round(1000 * share) / 10}%`;
}

/** Where a slider stands, and what is said of it. */
function setSlider(input, value, says) {
  if (input.value !== String(value)) input.value = value;
  setAttribute(input, "aria-valuetext", says);
}

function button(text, act, attributes = {}) {
  const made = focusable(node("button", { type: "button", ...attributes }, text));
  made.addEventListener("click", () => { if (made.getAttribute("aria-disabled") !== "true") act(); });
  return made;
}

/** Let a button act or not. It is never `disabled`, for the focus would leave it and the next keys go to the notebook. */
function setEnabled(made, enabled) {
  setAttribute(made, "aria-disabled", String(!enabled));
}

/** A button that is seen while something is locked. It hands the focus to `host` before it is hidden. */
function unlockButton(host, unlock) {
  return button("Unlock (Esc)", () => { host.focus({ preventScroll: true }); unlock(); }, { class: "gbh-unlock" });
}

const SAVES = new WeakMap(); // model → the timer of its next message to the kernel

/** Set traits of the model. Every view hears of it at once, the kernel when the reader pauses. */
function put(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  clearTimeout(SAVES.get(model));
  SAVES.set(model, setTimeout(() => model.save_changes(), 200));
}

/** A checkbox bound to a boolean trait: {element, sync}. */
function toggle(model, trait, label) {
  const box = focusable(node("input", { type: "checkbox" }));
  box.addEventListener("change", () => put(model, { [trait]: box.checked }));
  const sync = () => { box.checked = model.get(trait); };
  return { element: node("label", { class: "gbh-toggle" }, box, label), sync };
}

/** Where one of these texts is shown, as wide as the longest: nothing beside it moves when they change. */
function valueOf(texts) {
  const longest = Math.max(...texts.map(text => text.length));
  return node("span", { class: "gbh-value", style: `min-width: ${Math.max(3, 0.55 * longest + 0.4)}em` });
}

/** A slider over named stops, bound to the trait that holds the stop's number: {element, sync}. */
function stops(model, trait, label, texts) {
  const input = focusable(node("input", { type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": label }));
  const shown = valueOf(texts);
  input.addEventListener("input", () => put(model, { [trait]: Number(input.value) }));
  const sync = () => {
    setSlider(input, model.get(trait), texts[model.get(trait)]);
    setText(shown, texts[model.get(trait)]);
  };
  return { element: node("label", { class: "gbh-slider" }, node("span", {}, label), input, shown), sync };
}

/** The three dials that stand between V logits and the word drawn, bound to `stop`, `top_k` and `top_p`: {element, sync} each. */
function drawDials(model, V) {
  const counts = [1, 2, 3, 4, 5, 8, 10, 20, 40, 100, 300, 1000].filter(k => k < V).concat(V);
  const input = focusable(node("input", { type: "range", min: 0, max: counts.length - 1, step: 1, "aria-label": "top-k" }));
  const shown = valueOf([`${V} (all)`]);
  input.addEventListener("input", () => put(model, { top_k: counts[Number(input.value)] }));
  const sync = () => {
    const k = model.get("top_k"), text = k >= V ? `${V} (all)` : String(k);
    setSlider(input, counts.findIndex(count => count >= Math.min(k, V)), text);
    setText(shown, text);
  };
  return [stops(model, "stop", "temperature", TEMPERATURE_TEXTS),
    { element: node("label", { class: "gbh-slider" }, node("span", {}, "top-k"), input, shown), sync },
    stops(model, "top_p", "top-p", TOP_P.map(p => p === 1 ? "1 (all)" : String(p)))];
}

/**
 * A button that lets a trait run: every so many milliseconds to the value that next(value) gives, until that is null; at
 * the end it begins again at `first`. Steps that follow each other fast are motion: who wants none is shown the end at once.
 * Returns {element, stop}.
 */
function player(model, trait, next, first = 0, every = 100, name = "Play") {
  let timer = null;
  const made = button(`▶ ${name}`, () => { if (timer) stop(); else start(); });
  function start() {
    if (next(model.get(trait)) === null) put(model, { [trait]: first });
    if (every < 400 && matchMedia("(prefers-reduced-motion: reduce)").matches) {
      let last = model.get(trait);
      for (let value = next(last); value !== null; value = next(value)) last = value;
      put(model, { [trait]: last });
      return;
    }
    setText(made, "❚❚ Pause");
    timer = setInterval(() => {
      const value = next(model.get(trait));
      if (value === null) stop();
      else put(model, { [trait]: value });
    }, every);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    setText(made, `▶ ${name}`);
  }
  return { element: made, stop };
}

/** Call `draw` now and whenever one of the traits changes; returns the function that ends it. */
function listen(model, traits, draw) {
  const events = traits.map(trait => `change:${trait}`).join(" ");
  model.on(events, draw);
  draw();
  return () => model.off(events, draw);
}

/**
 * Choosing a cell of a grid. Hover and focus preview, click and Enter lock, Esc unlocks, arrows move.
 * `host` takes the focus; cells inside it carry data-cell="row,column"; size() gives [rows, columns]; the trait
 * `locked` is [] or [row, column]. Returns {current, …}: current() is what is locked, else previewed, or null.
 */
function picker(model, host, size, draw) {
  let preview = null, last = [0, 0];
  focusable(host).setAttribute("tabindex", "0");
  const within = cell => cell.map((at, i) => Math.min(Math.max(at, 0), size()[i] - 1));
  const locked = () => { const cell = model.get("locked"); return cell.length === 2 ? within(cell) : null; };
  const current = () => locked() ?? (preview && within(preview));
  const under = event => event.target.closest?.("[data-cell]")?.dataset.cell.split(",").map(Number);
  const show = cell => {
    if (String(cell) === String(preview)) return;
    preview = cell;
    if (cell) last = cell;
    if (!locked()) draw();
  };
  const lock = cell => put(model, { locked: String(cell) === String(locked()) ? [] : [...cell] });
  const on = {
    pointermove: event => { if (under(event)) show(under(event)); },
    pointerleave: () => { if (!host.matches(":focus-visible")) show(null); },
    click: event => { const cell = under(event); if (cell) { last = cell; lock(cell); } },
    focus: () => { if (host.matches(":focus-visible")) show(last); },
    blur: () => show(null),
    keydown: event => {
      const [r, c] = within(locked() ?? preview ?? last);
      const to = {
        ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
        Home: [r, 0], End: [r, Infinity], PageUp: [0, c], PageDown: [Infinity, c],
      }[event.key];
      if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      if (to) {
        const cell = within(to);
        last = cell;
        if (locked()) { preview = cell; put(model, { locked: cell }); } else show(cell);
      } else if (event.key === "Enter" || event.key === " ") lock([r, c]);
      else if (event.key === "Escape") put(model, { locked: [] });
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
  for (const [name, act] of Object.entries(on)) host.addEventListener(name, act);
  const release = unlockButton(host, () => put(model, { locked: [] }));
  const sync = () => { setStyle(release, "visibility", locked() ? "visible" : "hidden"); };
  return { current, locked, release, sync, show, lock: cell => { last = cell; lock(cell); } };
}

/** A folded table of the numbers, filled only while it is open: {element, sync}. */
function numbersTable(title, rowsOf) {
  const table = node("table");
  const details = node("details", { class: "gbh-numbers" }, focusable(node("summary", {}, title)), table);
  const sync = () => {
    if (!details.open) return;
    const [head, ...body] = rowsOf();
    table.replaceChildren(
      node("thead", {}, node("tr", {}, ...head.map(text => node("th", { scope: "col" }, text)))),
      node("tbody", {}, ...body.map(([first, ...rest]) =>
        node("tr", {}, node("th", { scope: "row" }, first), ...rest.map(text => node("td", {}, text))))));
  };
  details.addEventListener("toggle", sync);
  return { element: details, sync };
}

// --- charts ---

/**
 * An empty chart with named axes, of W by H: {element, x, y, setY}. x and y turn values into places; setY(low, high, log)
 * sets the range of y, whose ticks follow. What is drawn in it stands over the ticks.
 */
function chart(W, H, [xLow, xHigh], xName, yName, ...inside) {
  const left = 66, right = 20, top = 10, bottom = 42, ticks = 8;
  let low = 0, high = 1, log = false;
  const x = value => left + (W - left - right) * (value - xLow) / (xHigh - xLow || 1);
  const y = value => {
    const [v, a, b] = log ? [value, low, high].map(Math.log10) : [value, low, high];
    return top + (H - top - bottom) * (1 - Math.min(Math.max((v - a) / (b - a || 1), 0), 1));
  };
  const line = (name, x1, y1, x2, y2) => node("line", { class: name, x1, y1, x2, y2 });
  const tick = () => [line("tick", left, 0, W - right, 0), node("text", { x: left - 6, "text-anchor": "end" })];
  const marks = Array.from({ length: ticks }, tick), middle = (top + H - bottom) / 2;
  // the last number below the axis may stand out a little
  const element = node("svg", { width: W, height: H, viewBox: `0 0 ${W} ${H}`, role: "img", class: "gbh-chart", style: "overflow: visible" }, ...marks.flat(),
    line("axis", left, top, left, H - bottom), line("axis", left, H - bottom, W - right, H - bottom),
    ...roundNumbers(xLow, xHigh).map(value => node("text", { x: x(value), y: H - bottom + 16, "text-anchor": "middle" }, short(value, 2))),
    node("text", { class: "soft", x: (left + W - right) / 2, y: H - 6, "text-anchor": "middle" }, xName),
    node("text", { class: "soft", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, yName), ...inside);
  function setY(from, to, logarithmic = false) {
    [low, high, log] = [from, to, logarithmic];
    const values = log ? roundNumbers(Math.log10(low), Math.log10(high), true).map(power => 10 ** power) : roundNumbers(low, high);
    marks.forEach(([tick, text], i) => {
      for (const part of [tick, text]) setStyle(part, "display", i < values.length ? "" : "none");
      if (i >= values.length) return;
      tick.setAttribute("y1", y(values[i]));
      tick.setAttribute("y2", y(values[i]));
      text.setAttribute("y", y(values[i]) + 4);
      setText(text, log ? tickOf(values[i]) : short(values[i], 2));
    });
  }
  return { element, x, y, setY };
}

/** A power of ten, in full where that is short. */
function tickOf(value) {
  return value >= 0.001 && value < 1e4 ? significant(value, 1) : powerOfTen(Math.round(Math.log10(value)));
}

/** Four to eight round numbers from low to high: 0, 50, 100 …; whole ones where `whole`. */
function roundNumbers(low, high, whole = false) {
  const rough = (high - low) / 6, power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 5, 10].map(n => n * power).find(n => n >= rough * 0.999), whole ? 1 : 0);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** The `points` of a polyline through the values, at 0, 1, 2 … on the x axis; about `most` of them. */
function polyline(chart, values, most = 400) {
  const every = Math.max(1, Math.floor(values.length / most));
  return values.flatMap((value, i) => i % every === 0 || i === values.length - 1
    ? [`${chart.x(i).toFixed(1)},${chart.y(value).toFixed(1)}`] : []).join(" ");
}

/** What the lines of a chart mean: [class of the line, words] for each. */
function legend(...entries) {
  return node("div", { class: "gbh-legend" }, ...entries.map(([name, words]) => node("span", {},
    node("svg", { width: 26, height: 10, "aria-hidden": "true" }, node("line", { class: name, x1: 0, y1: 5, x2: 26, y2: 5 })), words)));
}

// --- colours of cells: weights from paper to ink, tables with signs from one end to the other ---

const LIGHT = { paper: "#fbfaf7", ink: "#1f2328", negative: "#4b3f9e", positive: "#a65e00" };

/**
 * How values look on this card: weight(0 … 1) and signed(−1 … 1) give {rgb, paper, ink}, the same object for values that
 * look the same; ink is black or white, whichever is read on it.
 */
function scales(el) {
  const style = getComputedStyle(el);
  const colour = name => {
    const hex = style.getPropertyValue(`--gbh-${name}`).trim() || LIGHT[name]; // not on the page yet
    return [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
  };
  const [paper, ink, negative, positive] = ["paper", "ink", "negative", "positive"].map(colour);
  const ramp = end => Array.from({ length: 256 }, (_, i) => shade(paper.map((low, j) => Math.round(low + i / 255 * (end[j] - low)))));
  const [up, plus, minus] = [ink, positive, negative].map(ramp), level = share => Math.min(255, Math.round(255 * share));
  return { weight: value => up[level(Math.max(value, 0))], signed: value => (value < 0 ? minus : plus)[level(Math.abs(value))] };
}

function shade(rgb) {
  const light = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2], [r, g, b] = rgb;
  return { rgb, paper: `rgb(${rgb.join(", ")})`, ink: luminance > 0.179 ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)", pixel: (255 << 24 | b << 16 | g << 8 | r) >>> 0 };
}

/** A scale for these numbers: signed where they have both signs, and always up to the largest. */
function scaleOf(colours, numbers) {
  let low = 0, high = 0;
  for (const x of numbers) { low = Math.min(low, x); high = Math.max(high, x); }
  const most = Math.max(-low, high) || 1;
  return low < 0 ? x => colours.signed(x / most) : x => colours.weight(x / most);
}

/** Colour a cell by what a scale gives for its value. */
function colourCell(cell, { paper, ink }) {
  setStyle(cell, "backgroundColor", paper);
  setStyle(cell, "color", ink);
}

/** Call `act` when the card is first shown and whenever the page turns dark or light; returns the function that ends it. */
function onTheme(el, act) {
  let last = "";
  const look = () => {
    const paper = getComputedStyle(el).getPropertyValue("--gbh-paper");
    if (!paper || paper === last) return;
    last = paper;
    act();
  };
  const shown = new ResizeObserver(look), turned = new MutationObserver(look);
  shown.observe(el);
  for (const part of [document.documentElement, document.body]) turned.observe(part, { attributes: true });
  look();
  return () => { shown.disconnect(); turned.disconnect(); };
}
