const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

export const maths = { RATES, descend, crossEntropy };

/** −ln softmax(logits)[target], in nats, without overflow. */
function crossEntropy(logits, target) {
  const peak = Math.max(...logits);
  return peak - logits[target] + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - peak), 0));
}

/** The logits before the first step and after each: steps + 1 rows. Optimizer "SGD" or "Adam" (β 0.9, 0.999). */
function descend(logits, target, rate, steps, optimizer) {
  const path = [Array.from(logits)], m = path[0].map(() => 0), v = path[0].map(() => 0);
  for (let t = 1; t <= steps; t++) {
    const z = path[t - 1], p = softmax(z);
    path.push(z.map((value, i) => {
      const g = p[i] - Number(i === target);
      if (optimizer === "SGD") return value - rate * g;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      return value - rate * (m[i] / (1 - 0.9 ** t)) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    }));
  }
  return path;
}

function render({ model, el }) {
  const labels = model.get("labels"), logits = model.get("logits"), target = model.get("target"), steps = model.get("steps");
  const scrub = focusable(node("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": "step", style: "width: 260px" }));
  scrub.addEventListener("input", () => put(model, { step: Number(scrub.value) }));
  const shown = node("span", { class: "gbh-value" });
  const go = (text, by) => button(text, () => put(model, { step: Math.min(Math.max(model.get("step") + by, 0), steps) }));
  const rate = stops(model, "rate", "learning rate", RATES.map(String));
  const choices = ["SGD", "Adam"].map(name => button(name, () => put(model, { optimizer: name })));
  const rows = labels.map(label => {
    const now = node("div", { class: "now" });
    return { now, cells: Array.from({ length: 3 }, () => node("span", { class: "gbh-number" })),
      name: node("span", {}, label), track: node("div", { class: "gbh-track", "aria-hidden": "true" }, now) };
  });
  const bars = node("div", { class: "gbh-bars gbh-descent" },
    ...["", "logit z", "slope p − y", "p", ""].map(text => node("span", { class: "gbh-number" }, text)),
    ...rows.flatMap(({ name, cells, track }) => [name, ...cells, track]));
  const W = 460, H = 170, left = 44, bottom = 24;
  const axis = (x1, y1, x2, y2) => node("line", { class: "axis", x1, y1, x2, y2 });
  const curves = { SGD: node("polyline", {}), Adam: node("polyline", {}) };
  const dot = node("circle", { class: "dot", r: 6 });
  const high = node("text", { x: left - 6, y: 14, "text-anchor": "end" }), names = {
    SGD: node("text", { x: W - 120, y: 16 }, "— SGD"), Adam: node("text", { x: W - 60, y: 16 }, "- - Adam") };
  const chart = node("svg", { width: W, height: H, viewBox: `0 0 ${W} ${H}`, role: "img" },
    axis(left, 6, left, H - bottom), axis(left, H - bottom, W - 8, H - bottom), high,
    node("text", { x: left - 6, y: H - bottom, "text-anchor": "end" }, "0"),
    node("text", { x: left, y: H - 6 }, "step 0"), node("text", { x: W - 8, y: H - 6, "text-anchor": "end" }, String(steps)),
    names.SGD, names.Adam, curves.SGD, curves.Adam, dot);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  el.classList.add("gbh");
  el.replaceChildren(
    node("div", { class: "gbh-row" }, rate.element, node("span", {}, "optimizer"), ...choices),
    node("div", { class: "gbh-row" }, node("label", {}, node("span", {}, "step"), scrub, shown), go("One step", 1), go("Back", -1)),
    node("div", { class: "gbh-row top" }, bars, chart), says);

  let paths, losses, state = null, top;
  const x = t => left + (W - 8 - left) * t / steps, y = loss => 6 + (H - bottom - 6) * (1 - Math.min(loss / top, 1));
  function draw() {
    const lr = RATES[model.get("rate")], optimizer = model.get("optimizer"), t = model.get("step");
    if (lr !== state) {
      state = lr;
      paths = { SGD: descend(logits, target, lr, steps, "SGD"), Adam: descend(logits, target, lr, steps, "Adam") };
      losses = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, path.map(z => crossEntropy(z, target))]));
      top = 1.05 * Math.max(losses.SGD[0], ...losses.SGD, ...losses.Adam);
      setText(high, fmt(top, 1));
      for (const [name, curve] of Object.entries(curves)) {
        const every = Math.max(1, Math.floor(steps / 400)); // a pixel does not need more
        curve.setAttribute("points", losses[name].flatMap((loss, i) =>
          i % every === 0 || i === steps ? [`${x(i).toFixed(1)},${y(loss).toFixed(1)}`] : []).join(" "));
        curve.setAttribute("class", name === "SGD" ? "curve" : "other");
      }
    }
    rate.sync();
    choices.forEach(choice => setAttribute(choice, "aria-pressed", choice.textContent === optimizer));
    const z = paths[optimizer][t], p = softmax(z), loss = losses[optimizer][t];
    rows.forEach(({ now, cells }, i) => {
      [z[i], p[i] - Number(i === target), p[i]].forEach((value, j) => setText(cells[j], fmt(value, 4)));
      setStyle(now, "width", percent(p[i]));
    });
    setSlider(scrub, t, `step ${t}, loss ${fmt(loss, 3)}`);
    setText(shown, `${t} of ${steps}`);
    dot.setAttribute("cx", x(t));
    dot.setAttribute("cy", y(loss));
    chart.setAttribute("aria-label", `Loss against step for SGD and Adam at learning rate ${lr}; ${optimizer} at step ${t} has ${fmt(loss, 4)} nats.`);
    setText(says.children[0], `${optimizer}, step ${t}: loss = −ln ${fmt(p[target], 4)} = ${fmt(loss, 4)} nats, "${labels[target]}" is the true one.`);
    setText(says.children[1], t === steps ? "The last step there is."
      : optimizer === "SGD"
        ? `Next: z of "${labels[target]}" goes from ${fmt(z[target], 4)} to ${fmt(z[target], 4)} − ${lr} · ${bracket(p[target] - 1, 4)} = ${fmt(paths.SGD[t + 1][target], 4)}.`
        : `Next: z of "${labels[target]}" goes from ${fmt(z[target], 4)} to ${fmt(paths.Adam[t + 1][target], 4)}; Adam's steps have about the length of the rate, whatever the slope.`);
  }

  return listen(model, ["rate", "step", "optimizer"], draw);
}

export default { render };
