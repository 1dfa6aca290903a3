const EPSILONS = [0, 1e-6, 1e-5, 1e-3, 0.01, 0.1, 1];

export const maths = { EPSILONS, layerNorm };

/** One row: {mean, variance, divisor, normalized, output}. A constant row gives 0, also with ε = 0. */
function layerNorm(x, weight, bias, eps, inside) {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const divisor = inside ? Math.sqrt(variance + eps) : Math.sqrt(variance) + eps;
  const normalized = x.map(value => divisor === 0 ? 0 : (value - mean) / divisor);
  return { mean, variance, divisor, normalized, output: normalized.map((n, i) => weight[i] * n + bias[i]) };
}

function render({ model, el }) {
  const D = model.get("x").length, start = ["x", "weight", "bias"].map(name => [name, [...model.get(name)]]);
  const dial = (trait, i, most, label) => {
    const input = focusable(node("input", { type: "range", min: -most, max: most, step: 0.1, "aria-label": `${label} ${i + 1}` }));
    const shown = node("span", { class: "gbh-number" });
    input.addEventListener("input", () =>
      put(model, { [trait]: model.get(trait).map((value, j) => j === i ? Number(input.value) : value) }));
    const sync = () => {
      const value = model.get(trait)[i];
      setSlider(input, value, fmt(value, 1));
      setText(shown, fmt(value, 2));
    };
    return { element: node("span", { class: "gbh-dial dial" }, input, shown), sync };
  };
  const bar = (most, limit) => {
    const fill = node("div"), text = node("span", { class: "gbh-number" });
    const marks = limit ? [-1, 1].map(side => node("div", { class: "limit", style: `left: ${percent(0.5 + side * limit / most / 2)}` })) : [];
    const sync = value => {
      const half = Math.min(Math.abs(value) / most, 1) / 2;
      setAttribute(fill, "class", value < 0 ? "minus" : "plus");
      setStyle(fill, "left", percent(value < 0 ? 0.5 - half : 0.5));
      setStyle(fill, "width", percent(half));
      setText(text, fmt(value, 3));
    };
    return { element: node("div", { class: "gbh-pair out" }, node("div", { class: "gbh-signed", "aria-hidden": "true" }, fill, ...marks), text), sync };
  };
  const limit = Math.sqrt(D - 1); // no normalized entry of D can be larger
  const rows = Array.from({ length: D }, (_, i) => ({
    dials: [dial("x", i, 10, "x"), dial("weight", i, 5, "scale γ"), dial("bias", i, 5, "shift β")],
    normalized: bar(1.25 * limit, limit), output: bar(5),
  }));
  const heads = [["", "index"], ["x", "dial"], ["scale γ", "dial"], ["shift β", "dial"], [`normalised, dashed: ±√${D - 1}`, "out"], ["γ · normalised + β", "out"]];
  const grid = node("div", { class: "gbh-norm" }, ...heads.map(([text, kind]) => node("span", { class: `head ${kind}` }, text)),
    ...rows.flatMap(({ dials, normalized, output }, i) =>
      [node("span", { class: "index" }, String(i + 1)), ...dials.map(d => d.element), normalized.element, output.element]));
  const controls = [
    stops(model, "eps", "ε", EPSILONS.map(String)),
    toggle(model, "eps_inside", "ε inside the root"),
  ];
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  const reset = button("Reset", () => put(model, Object.fromEntries(start.map(([name, values]) => [name, [...values]]))));
  const level = button("Add 1 to every x", () => put(model, { x: model.get("x").map(v => Math.min(v + 1, 10)) }));
  const halve = button("Halve every x", () => put(model, { x: model.get("x").map(v => v / 2) }));
  card(el, "One row, normalised", "Drag one value and watch the others: mean and variance are shared, so all normalised entries move.",
    [...controls.map(c => c.element), level, halve, reset], grid, says);

  function draw() {
    const eps = EPSILONS[model.get("eps")], inside = model.get("eps_inside"), x = model.get("x");
    const { mean, variance, divisor, normalized, output } = layerNorm(x, model.get("weight"), model.get("bias"), eps, inside);
    rows.forEach((row, i) => {
      for (const one of row.dials) one.sync();
      row.normalized.sync(normalized[i]);
      row.output.sync(output[i]);
    });
    for (const control of controls) control.sync();
    const shownMean = x.reduce((sum, value) => sum + rounded(value, 2), 0) / D;
    setText(says.children[0], `Mean μ = (${x.map(v => bracket(v, 2)).join(" + ")}) / ${D} ${equals(shownMean, mean)} ${fmt(mean, 4)}`);
    const sigma = Math.sqrt(variance), shownDivisor = inside ? Math.sqrt(rounded(variance) + eps) : rounded(sigma) + eps;
    setText(says.children[1], `Variance σ² ${equals(rounded(variance), variance, 12)} ${fmt(variance, 4)}, σ ${equals(Math.sqrt(rounded(variance)), sigma)} ${fmt(sigma, 4)}; the divisor is ` +
      `${inside ? "√(σ² + ε)" : "σ + ε"} ${equals(shownDivisor, divisor)} ${precise(divisor)}`);
    const first = (rounded(x[0], 2) - rounded(mean)) / rounded(divisor), total = normalized.reduce((a, b) => a + b, 0);
    setText(says.children[2], divisor === 0 ? "All entries are equal and ε is 0: 0 / 0, which the picture shows as 0."
      : `Entry 1: (${fmt(x[0])} − ${bracket(mean, 4)}) / ${precise(divisor)} ${equals(first, normalized[0])} ${fmt(normalized[0], 4)}. The normalised entries add to ${fmt(total, 3)}.`);
  }

  return listen(model, ["x", "weight", "bias", "eps", "eps_inside"], draw);
}

export default { render };
