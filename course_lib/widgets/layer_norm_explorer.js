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
    shown.style.width = "3.2em";
    return { element: node("span", { class: "gbh-dial" }, input, shown), sync };
  };
  const bar = () => {
    const fill = node("div"), text = node("span");
    const sync = (value, most) => {
      const half = Math.min(Math.abs(value) / most, 1) / 2;
      setStyle(fill, "left", percent(value < 0 ? 0.5 - half : 0.5));
      setStyle(fill, "width", percent(half));
      setText(text, fmt(value, 3));
    };
    return { element: node("div", { class: "gbh-signed" }, fill, text), sync };
  };
  const rows = Array.from({ length: D }, (_, i) => ({
    dials: [dial("x", i, 10, "x"), dial("weight", i, 5, "scale γ"), dial("bias", i, 5, "shift β")],
    normalized: bar(), output: bar(),
  }));
  const heads = ["", "x", "scale γ", "shift β", "normalized", "γ · normalized + β"];
  const grid = node("div", { class: "gbh-norm" }, ...heads.map(text => node("span", {}, text)),
    ...rows.flatMap(({ dials, normalized, output }, i) =>
      [node("span", {}, String(i + 1)), ...dials.map(d => d.element), normalized.element, output.element]));
  const controls = [
    stops(model, "eps", "ε", EPSILONS.map(String)),
    toggle(model, "eps_inside", "ε inside the root"),
  ];
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  const reset = button("Reset", () => put(model, Object.fromEntries(start.map(([name, values]) => [name, [...values]]))));
  const level = button("Add 1 to every x", () => put(model, { x: model.get("x").map(v => Math.min(v + 1, 10)) }));
  const halve = button("Halve every x", () => put(model, { x: model.get("x").map(v => v / 2) }));
  el.classList.add("gbh");
  el.replaceChildren(node("div", { class: "gbh-row" }, ...controls.map(c => c.element), level, halve, reset), grid, says);

  function draw() {
    const eps = EPSILONS[model.get("eps")], inside = model.get("eps_inside"), x = model.get("x");
    const { mean, variance, divisor, normalized, output } = layerNorm(x, model.get("weight"), model.get("bias"), eps, inside);
    rows.forEach((row, i) => {
      for (const one of row.dials) one.sync();
      row.normalized.sync(normalized[i], Math.sqrt(Math.max(D - 1, 1)) + 0.001);
      row.output.sync(output[i], 5);
    });
    for (const control of controls) control.sync();
    setText(says.children[0], `Mean μ = (${x.map(v => bracket(v, 2)).join(" + ")}) / ${D} = ${fmt(mean, 4)}.`);
    setText(says.children[1], `Variance σ² = ${fmt(variance, 4)}, σ = ${fmt(Math.sqrt(variance), 4)}; the divisor is ` +
      `${inside ? "√(σ² + ε)" : "σ + ε"} = ${fmt(divisor, 6)}.`);
    setText(says.children[2], divisor === 0 ? "All entries are equal and ε is 0: 0 / 0, which the picture shows as 0."
      : `Entry 1: (${fmt(x[0])} − ${bracket(mean, 4)}) / ${fmt(divisor, 4)} = ${fmt(normalized[0], 4)}. The normalized entries add to ${fmt(normalized.reduce((a, b) => a + b, 0), 3)}.`);
  }

  return listen(model, ["x", "weight", "bias", "eps", "eps_inside"], draw);
}

export default { render };
