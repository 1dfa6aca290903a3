// Shared by all widgets: live.py puts this file in front of a widget's own, so nothing is imported or built.
//
// Conventions
// - render({model, el}) draws once, listens, and returns the function that undoes the listening.
// - What two views of one model must agree on lives in the model; what the mouse is over lives in the view.
// - No ids: a page may hold many views. Colours come from live.css, which takes them from the theme.
// - A key press must be painted within a frame: only what changed is written (setText, setAttribute, setStyle,
//   setSlider), nothing asks where an element stands, and the kernel hears of it when the reader pauses.
// - Whatever takes the focus goes through focusable(), or JupyterLab acts on the keys itself.

const TEMPERATURES = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, Infinity];
const TEMPERATURE_TEXTS = TEMPERATURES.map(t => t === 0 ? "0 (argmax)" : t === Infinity ? "∞ (uniform)" : String(t));
const SVG_TAGS = new Set(["svg", "g", "rect", "line", "path", "circle", "text", "polyline"]);

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

/** Set traits of the model, and let the kernel hear of it at once. */
function send(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

/** A checkbox bound to a boolean trait: {element, sync}. */
function toggle(model, trait, label) {
  const box = focusable(node("input", { type: "checkbox" }));
  box.addEventListener("change", () => put(model, { [trait]: box.checked }));
  const sync = () => { box.checked = model.get(trait); };
  return { element: node("label", { class: "gbh-toggle" }, box, label), sync };
}

/** A slider over named stops, bound to the trait that holds the stop's number: {element, sync}. */
function stops(model, trait, label, texts) {
  const input = focusable(node("input", { type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": label }));
  const shown = node("span", { class: "gbh-value" });
  input.addEventListener("input", () => put(model, { [trait]: Number(input.value) }));
  const sync = () => {
    setSlider(input, model.get(trait), texts[model.get(trait)]);
    setText(shown, texts[model.get(trait)]);
  };
  return { element: node("label", { class: "gbh-slider" }, node("span", {}, label), input, shown), sync };
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
  return { current, locked, release, sync };
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

// --- colours of heat maps: cividis, the same in light and dark, with ink that can be read on it ---

const CIVIDIS = [[0, 34, 78], [49, 68, 107], [102, 105, 112], [149, 143, 120], [203, 186, 105], [254, 232, 56]];

/** The red, green and blue of a value from 0 to 1, each from 0 to 255. */
function shade(value) {
  return SHADES[Math.min(255, Math.max(0, Math.round(255 * value)))].rgb;
}

/** {paper, ink} of a value from 0 to 1: the same object for values that look the same. */
function heat(value) {
  return SHADES[Math.min(255, Math.max(0, Math.round(255 * value)))];
}

const SHADES = Array.from({ length: 256 }, (_, number) => {
  const at = number / 255 * (CIVIDIS.length - 1);
  const i = Math.min(Math.floor(at), CIVIDIS.length - 2);
  const rgb = CIVIDIS[i].map((low, j) => Math.round(low + (at - i) * (CIVIDIS[i + 1][j] - low)));
  const light = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return { rgb, paper: `rgb(${rgb.join(",")})`, ink: luminance > 0.179 ? "#000" : "#fff" };
});
