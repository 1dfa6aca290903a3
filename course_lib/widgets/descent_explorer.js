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
  const scrub = focusable(node("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": "step", class: "long" }));
  scrub.addEventListener("input", () => put(model, { step: Number(scrub.value) }));
  const shown = valueOf([`${steps} of ${steps}`]);
  const go = (text, by) => button(text, () => put(model, { step: Math.min(Math.max(model.get("step") + by, 0), steps) }));
  const rate = stops(model, "rate", "learning rate", RATES.map(String));
  const choices = ["SGD", "Adam"].map(name => button(name, () => put(model, { optimizer: name })));
  const play = player(model, "step", step => step < steps ? Math.min(step + Math.max(1, Math.round(steps / 200)), steps) : null);
  const rows = labels.map((label, i) => {
    const now = node("div", { class: "now" });
    return { now, cells: Array.from({ length: 3 }, () => node("span", { class: "gbh-number" })),
      name: node("span", { class: i === target ? "at" : undefined }, label), track: node("div", { class: "gbh-track", "aria-hidden": "true" }, now) };
  });
  const bars = node("div", { class: "gbh-bars gbh-descent" },
    ...["", "logit z", "slope p − y", "p", ""].map(text => node("span", { class: "gbh-number head" }, text)),
    ...rows.flatMap(({ name, cells, track }) => [name, ...cells, track]));
  const curves = { SGD: node("polyline", { class: "curve" }), Adam: node("polyline", { class: "other" }) };
  const dot = node("circle", { class: "dot", r: 6 });
  const plot = chart(430, 220, [0, steps], "step", "loss in nats", curves.SGD, curves.Adam, dot);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  card(el, "Downhill, step by step", "Let the steps run, then raise the learning rate stop by stop and run them again.",
    [rate.element, node("span", {}, "optimizer"), ...choices, node("label", {}, node("span", {}, "step"), scrub, shown), go("Back", -1), go("One step", 1), play.element],
    node("div", { class: "gbh-row top" }, bars, node("div", {}, legend(["curve", "SGD"], ["other", "Adam"]), plot.element)), says);

  let paths, losses, state = null;
  function draw() {
    const lr = RATES[model.get("rate")], optimizer = model.get("optimizer"), t = model.get("step");
    if (lr !== state) {
      state = lr;
      paths = { SGD: descend(logits, target, lr, steps, "SGD"), Adam: descend(logits, target, lr, steps, "Adam") };
      losses = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, path.map(z => crossEntropy(z, target))]));
      const all = [...losses.SGD, ...losses.Adam], most = Math.max(...all), least = Math.max(Math.min(...all), 1e-6);
      if (most / least > 200) plot.setY(10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most)), true);
      else plot.setY(0, 1.05 * most);
      for (const [name, curve] of Object.entries(curves)) curve.setAttribute("points", polyline(plot, losses[name]));
    }
    rate.sync();
    choices.forEach(choice => setAttribute(choice, "aria-pressed", choice.textContent === optimizer));
    const z = paths[optimizer][t], p = softmax(z), loss = losses[optimizer][t];
    rows.forEach(({ now, cells }, i) => {
      [z[i], p[i] - Number(i === target), p[i]].forEach((value, j) => setText(cells[j], precise(value)));
      setStyle(now, "width", percent(p[i]));
    });
    setSlider(scrub, t, `step ${t}, loss ${fmt(loss, 3)}`);
    setText(shown, `${t} of ${steps}`);
    dot.setAttribute("cx", plot.x(t));
    dot.setAttribute("cy", plot.y(loss));
    setAttribute(dot, "class", optimizer === "SGD" ? "dot" : "dot second");
    plot.element.setAttribute("aria-label", `Loss against step for SGD and Adam at learning rate ${lr}; ${optimizer} at step ${t} has ${precise(loss)} nats.`);
    const fromShown = -Math.log(rounded(p[target])), sign = loss < 0.0001 ? (precise(fromShown) === precise(loss) ? "=" : "≈") : equals(fromShown, loss);
    setText(says.children[0], `${optimizer}, step ${t}: loss = −ln ${precise(p[target])} ${sign} ${precise(loss)} nats; "${labels[target]}" is the true one.`);
    setText(says.children[1], t === steps ? "The last step there is." : next(z[target], p[target] - 1, lr, paths[optimizer][t + 1][target], optimizer));
  }

  function next(z, slope, lr, after, optimizer) {
    const goes = `Next: z of "${labels[target]}" goes from ${fmt(z, 4)} to `;
    return optimizer === "SGD"
      ? `${goes}${fmt(z, 4)} − ${lr} · ${slope > -0.0001 ? `(${significant(slope, 2)})` : bracket(slope, 4)} ${equals(rounded(z) - lr * rounded(slope), after)} ${fmt(after, 4)}`
      : `${goes}${fmt(after, 4)}; Adam's steps have about the length of the rate, whatever the slope.`;
  }

  const end = listen(model, ["rate", "step", "optimizer"], draw);
  return () => { end(); play.stop(); };
}

export default { render };
