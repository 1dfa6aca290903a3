const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.06, 0.07, 0.08, 0.09, 0.095, 0.1, 0.101, 0.11, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 2];
const MOMENTA = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
const ARRIVED = 0.1, LEVELS = [1, 5, 20, 50, 100, 200]; // heights: what counts as arrived, and where contour lines run

export const maths = { RATES, MOMENTA, walk, height, arrival };

/** f(a, b) = ½ (κ₁ a² + κ₂ b²). */
function height([a, b], [k1, k2]) {
  return (k1 * a * a + k2 * b * b) / 2;
}

/**
 * The places before the first step and after each, and what is kept there: [a, b, kept for a, kept for b] in steps + 1
 * rows. "plain" keeps the slopes, "momentum" its velocity v ← μ v + g, "AdamW" (β 0.9, 0.999, decay 0.01) its running mean m.
 */
function walk(name, curvature, start, rate, mu, steps) {
  const path = [[...start, 0, 0]], m = [0, 0], v = [0, 0];
  for (let t = 1; t <= steps; t++) {
    const at = path[t - 1].slice(0, 2);
    path.push([...at.map((x, i) => {
      const g = curvature[i] * x;
      if (name !== "AdamW") {
        m[i] = (name === "momentum" ? mu : 0) * m[i] + g;
        return x - rate * m[i];
      }
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      return x - rate * 0.01 * x - rate * (m[i] / (1 - 0.9 ** t)) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    }), ...m]);
  }
  return path;
}

/** The first step from which on all heights are below `least`, or null. */
function arrival(heights, least) {
  let at = heights.length;
  while (at > 0 && heights[at - 1] < least) at--;
  return at < heights.length ? at : null;
}

function render({ model, el }) {
  const names = model.get("names"), curvature = model.get("curvature"), start = model.get("start"), steps = model.get("steps");
  const LINES = ["curve", "other", "third"];
  const scrub = focusable(node("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": "step", class: "long" })), count = valueOf([`${steps} of ${steps}`]);
  scrub.addEventListener("input", () => put(model, { step: Number(scrub.value) }));
  const go = (text, by) => button(text, () => put(model, { step: Math.min(Math.max(model.get("step") + by, 0), steps) }));
  const play = player(model, "step", step => step < steps ? step + 1 : null, 0, 150);
  const mu = stops(model, "momentum", "momentum μ", MOMENTA.map(String));
  const input = focusable(node("input", { type: "range", min: 0, max: RATES.length - 1, step: 1, "aria-label": "learning rate" })), shown = valueOf(RATES.map(String));
  input.addEventListener("input", () => put(model, { rates: model.get("rates").map((rate, i) => i === model.get("optimizer") ? Number(input.value) : rate) }));
  const choices = names.map((name, i) => button(name, () => put(model, { optimizer: i })));

  const curves = LINES.map(name => node("polyline", { class: name })), dots = LINES.map((_, i) => node("circle", { class: `dot kind${i}`, r: 5 }));
  const plot = chart(340, 240, [0, steps], "step", "height f(a, b)", ...curves, ...dots);
  const walks = LINES.map(name => node("polyline", { class: name })), walkers = LINES.map((_, i) => node("circle", { class: `dot kind${i}`, r: 6 }));
  const map = landscape();
  const cells = names.map(() => Array.from({ length: 5 }, () => node("span", { class: "gbh-number" })));
  const sample = name => node("svg", { width: 26, height: 10, "aria-hidden": "true" }, node("line", { class: name, x1: 0, y1: 5, x2: 26, y2: 5 }));
  const table = node("div", { class: "gbh-valley" },
    ...["", "rate", "a", "b", "f(a, b)", `below ${ARRIVED} from step`].map(text => node("span", { class: "gbh-number head" }, text)),
    ...names.flatMap((_, i) => [node("span", { class: "gbh-kind" }, choices[i], sample(LINES[i])), ...cells[i]]));
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  card(el, "Three ways down a valley", `Choose one, change its learning rate, and let it run. With how few steps can you bring each of them below ${ARRIVED}, to stay?`,
    [node("label", {}, node("span", {}, "learning rate"), input, shown), mu.element, node("label", {}, node("span", {}, "step"), scrub, count), go("Back", -1), go("One step", 1), play.element],
    node("div", { class: "gbh-row top" }, map.element, plot.element), table, says);

  /** The map: contour lines, which are ellipses here, the walks on them, and what leaves the map is cut off. */
  function landscape() {
    const W = 380, H = 240, made = chart(W, H, [-10, 10], "a", "b"), line = curvature.map(k => level => Math.sqrt(2 * level / k));
    made.setY(-5, 5);
    const y = b => made.y(0) + b * (made.y(1) - made.y(0)), box = [made.x(-10), y(5), made.x(10) - made.x(-10), y(-5) - y(5)];
    const contours = LEVELS.map(level => node("ellipse", { class: "contour", cx: made.x(0), cy: y(0), rx: made.x(line[0](level)) - made.x(0), ry: y(0) - y(line[1](level)) }));
    const heights = LEVELS.flatMap(level => line[0](level) < 9.3 ? [node("text", { class: "soft", x: made.x(line[0](level)) + 3, y: y(0) + 4 }, String(level))] : []);
    made.element.append(node("svg", { "aria-hidden": "true", x: box[0], y: box[1], width: box[2], height: box[3], viewBox: box.join(" ") },
      ...contours, ...heights, node("circle", { class: "origin", cx: made.x(start[0]), cy: y(start[1]), r: 7 }), ...walks, ...walkers));
    return { element: made.element, x: made.x, y };
  }

  let paths, heights, key = "";
  function draw() {
    const rates = model.get("rates").map(at => RATES[at]), m = MOMENTA[model.get("momentum")], chosen = model.get("optimizer"), t = model.get("step");
    if (key !== (key = `${rates} ${m}`)) {
      paths = names.map((name, i) => walk(name, curvature, start, rates[i], m, steps));
      heights = paths.map(path => path.map(at => Math.min(height(at, curvature), 1e300)));
      const most = Math.max(...heights.flat());
      plot.setY(1e-3, 10 ** Math.ceil(Math.log10(most)), true);
      curves.forEach((curve, i) => curve.setAttribute("points", polyline(plot, heights[i])));
    }
    const far = value => Math.max(-1e4, Math.min(1e4, value)).toFixed(1); // what is far off the map is not drawn further off
    names.forEach((name, i) => {
      const [a, b] = paths[i][t], f = heights[i][t], at = arrival(heights[i], ARRIVED);
      setAttribute(walks[i], "points", paths[i].slice(0, t + 1).map(([x, y]) => `${far(map.x(x))},${far(map.y(y))}`).join(" "));
      setAttribute(walkers[i], "cx", far(map.x(a)));
      setAttribute(walkers[i], "cy", far(map.y(b)));
      setAttribute(dots[i], "cx", plot.x(t).toFixed(1));
      setAttribute(dots[i], "cy", plot.y(f).toFixed(1));
      for (const part of [walks[i], curves[i]]) setAttribute(part, "class", i === chosen ? `${LINES[i]} chosen` : LINES[i]);
      setAttribute(choices[i], "aria-pressed", i === chosen);
      [String(rates[i]), significant(a, 4), significant(b, 4), significant(f, 4), at === null ? "–" : String(at)].forEach((text, j) => setText(cells[i][j], text));
    });
    setSlider(input, model.get("rates")[chosen], `${rates[chosen]}, of ${names[chosen]}`);
    setText(shown, String(rates[chosen]));
    mu.sync();
    setSlider(scrub, t, `step ${t}: ${names[chosen]} at height ${significant(heights[chosen][t], 4)}`);
    setText(count, `${t} of ${steps}`);
    setAttribute(map.element, "aria-label", `The valley from above, steps 0 to ${t}: ${names.map((name, i) => `${name} is at (${significant(paths[i][t][0], 3)}, ${significant(paths[i][t][1], 3)})`).join(", ")}.`);
    setAttribute(plot.element, "aria-label", `Height against step, on a logarithmic scale; ${names[chosen]} ends at ${significant(heights[chosen][steps], 3)}.`);
    setText(says.children[0], t < steps ? next(chosen, t, rates[chosen], m) : "The last step there is.");
    setText(says.children[1], rule(chosen, rates[chosen], m));
  }

  /** What the next step does to b, the steep direction, in digits. */
  function next(i, t, rate, m) {
    const [, b, , kept] = paths[i][t], [, after, , velocity] = paths[i][t + 1], g = curvature[1] * b, d = x => bracket(x, 4);
    const slope = `Next: the slope of b is ${curvature[1]} · ${d(b)} ${equals(curvature[1] * rounded(b), g)} ${short(g, 4)}`;
    if (names[i] === "plain") return `${slope}, and b goes to ${short(b, 4)} − ${rate} · ${d(g)} ${equals(rounded(b) - rate * rounded(g), after)} ${short(after, 4)}.`;
    if (names[i] === "momentum") {
      return `${slope}, the velocity ${m} · ${d(kept)} + ${d(g)} ${equals(m * rounded(kept) + rounded(g), velocity)} ${short(velocity, 4)}, and b goes to ${short(b, 4)} − ${rate} · ${d(velocity)} ${equals(rounded(b) - rate * rounded(velocity), after)} ${short(after, 4)}.`;
    }
    return `${slope}, and b goes to ${short(after, 4)}: a step of ${short(Math.abs(after - b), 4)}.`;
  }

  /** What a rate means. */
  function rule(i, rate, m) {
    if (names[i] === "AdamW") return "AdamW's steps have about the length of its rate in either direction, however steep it is, as long as the slopes agree.";
    if (names[i] === "momentum" && m > 0) return `Along the valley the slopes agree, and the velocity grows to as much as 1 / (1 − ${m}) = ${short(1 / (1 - m), 2)} times the slope.`;
    const factors = curvature.map(k => 1 - rate * k), grows = Math.max(...factors.map(Math.abs));
    const words = grows > 1 + 1e-9 ? "one of them is larger than 1 without its sign: the walk flies apart" : grows > 1 - 1e-9 ? "one of them is 1 without its sign: it swings for ever" : "both lie between −1 and 1: it arrives";
    return `Each step multiplies a by 1 − ${rate} · ${curvature[0]} = ${short(factors[0], 4)} and b by 1 − ${rate} · ${curvature[1]} = ${short(factors[1], 4)}; ${words}.`;
  }

  const end = listen(model, ["rates", "momentum", "optimizer", "step"], draw);
  return () => { end(); play.stop(); };
}

export default { render };
