export const maths = { TEMPERATURES, TOP_P, softmax, entropy, nextTokenProbabilities };

function render({ model, el }) {
  const labels = model.get("labels"), V = labels.length, start = [...model.get("logits")];
  const rows = labels.map((label, i) => {
    const input = focusable(node("input", { type: "range", min: -10, max: 10, step: 0.1, "aria-label": `logit of ${label}` }));
    input.addEventListener("input", () => {
      put(model, { logits: model.get("logits").map((z, j) => j === i ? Number(input.value) : z) });
    });
    const before = node("div", { class: "before" }), now = node("div", { class: "now" });
    return { input, before, now, logit: node("span", { class: "gbh-number" }), share: node("span", { class: "gbh-number share" }),
      name: node("span", {}, label), track: node("div", { class: "gbh-track", "aria-hidden": "true" }, before, now) };
  });
  const bars = node("div", { class: "gbh-bars" },
    ...["", "logit (drag)", "", "probability", ""].map(text => node("span", { class: "head" }, text)),
    ...rows.flatMap(({ name, input, logit, track, share }) => [name, input, logit, track, share]));
  const controls = [
    stops(model, "stop", "temperature", TEMPERATURE_TEXTS),
    stops(model, "top_k", "top-k", ["", ...labels.map((_, i) => i + 1 === V ? `${V} (all)` : String(i + 1))]),
    stops(model, "top_p", "top-p", TOP_P.map(p => p === 1 ? "1 (all)" : String(p))),
  ];
  controls[1].element.querySelector("input").min = 1;
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const table = numbersTable("All numbers", () => [
    ["", "logit", "softmax", "after top-k and top-p"],
    ...labels.map((label, i) => [label, fmt(model.get("logits")[i], 1), fmt(plain[i], 4), fmt(drawn[i], 4)])]);
  const reset = button("Reset", () => put(model, { logits: start, stop: TEMPERATURES.indexOf(1), top_k: V, top_p: TOP_P.length - 1 }));
  card(el, "Scores become probabilities", "Drag a score or the temperature. Hatched is what top-k or top-p cuts off.",
    [...controls.map(c => c.element), reset], bars, says, table.element);

  let plain, drawn;
  function draw() {
    const logits = model.get("logits"), temperature = TEMPERATURES[model.get("stop")];
    plain = softmax(logits, temperature);
    drawn = nextTokenProbabilities(logits, temperature, model.get("top_k"), TOP_P[model.get("top_p")]);
    rows.forEach((row, i) => {
      setSlider(row.input, logits[i], `${fmt(logits[i], 1)}, probability ${fmt(drawn[i], 3)}`);
      setText(row.logit, fmt(logits[i], 1));
      setStyle(row.before, "width", percent(plain[i]));
      setStyle(row.now, "width", percent(drawn[i]));
      setText(row.share, drawn[i] === 0 && plain[i] > 0 ? `${fmt(plain[i], 3)} cut off` : fmt(drawn[i], 3));
    });
    for (const control of controls) control.sync();
    const kept = drawn.filter(p => p > 0).length, nats = entropy(drawn);
    setText(says.children[0], `Entropy ${fmt(nats, 3)} nats = ${fmt(nats / Math.LN2, 3)} bits; all ${V} equal would have ${fmt(Math.log2(V), 3)} bits.`);
    setText(says.children[1], kept < V
      ? `${kept} of ${V} can be drawn; hatched is what was cut off, which is shared out among the rest.`
      : `All ${V} can be drawn.`);
    table.sync();
  }

  return listen(model, ["logits", "stop", "top_k", "top_p"], draw);
}

export default { render };
