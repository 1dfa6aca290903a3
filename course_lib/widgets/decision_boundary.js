export const maths = { network };

const NAMES = ["W₁₁", "W₁₂", "W₂₁", "W₂₂", "c₁", "c₂", "w₁", "w₂", "b"];
const CORNERS = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];

/** The function from (x₁, x₂) to [h₁, h₂, y]; weights are W by rows, c, w, b; the activation bends every unit. */
function network([w11, w12, w21, w22, c1, c2, o1, o2, b], activation) {
  const bend = activation === "relu" ? z => Math.max(z, 0) : z => 1 / (1 + Math.exp(-z));
  return (x1, x2) => {
    const h1 = bend(x1 * w11 + x2 * w21 + c1), h2 = bend(x1 * w12 + x2 * w22 + c2);
    return [h1, h2, bend(h1 * o1 + h2 * o2 + b)];
  };
}

function render({ model, el }) {
  const start = [...model.get("weights")], activation = model.get("activation"), threshold = model.get("threshold");
  const most = Math.max(2, Math.ceil(1.5 * Math.max(...start.map(Math.abs)))), N = 81, low = -0.5, high = 1.5;
  const dials = NAMES.map((name, i) => {
    const input = focusable(node("input", { type: "range", min: -most, max: most, step: most > 10 ? 0.5 : 0.05, "aria-label": name }));
    const shown = node("span", { class: "gbh-number", style: "width: 3.6em" });
    input.addEventListener("input", () =>
      put(model, { weights: model.get("weights").map((value, j) => j === i ? Number(input.value) : value) }));
    const sync = value => {
      setSlider(input, value, fmt(value));
      setText(shown, fmt(value));
    };
    return { parts: [node("span", {}, name), input, shown], sync };
  });
  const place = v => `${100 * (v - low) / (high - low)}%`;
  const panel = title => {
    const canvas = node("canvas", { width: N, height: N, role: "img" });
    const points = CORNERS.map(([x1, x2, answer]) => {
      const made = node("span", { class: answer ? "one" : "zero", "aria-hidden": "true" }, String(answer));
      made.style.left = place(x1);
      made.style.bottom = place(x2);
      return made;
    });
    return { canvas, pixels: new ImageData(N, N), element: node("div", {}, node("div", {}, title), node("div", { class: "gbh-plane" }, canvas, ...points)) };
  };
  const grids = [0, 1, 2].map(() => new Float64Array(N * N)); // h₁, h₂ and y at every pixel
  const panels = ["h₁", "h₂", "output y"].map(panel);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const table = numbersTable("The four corners as numbers", () => [["x₁, x₂", "h₁", "h₂", "y", "answer", "XOR"],
    ...CORNERS.map(([x1, x2, wanted]) => {
      const values = network(model.get("weights"), activation)(x1, x2);
      return [`${x1}, ${x2}`, ...values.map(v => fmt(v, 3)), String(Number(values[2] >= threshold)), String(wanted)];
    })]);
  const reset = button("Reset", () => put(model, { weights: [...start] }));
  const random = button("Shake", () => put(model, { weights: model.get("weights").map(v =>
    Math.max(-most, Math.min(most, v + (Math.random() - 0.5) * most * 0.2))) }));
  el.classList.add("gbh");
  el.replaceChildren(
    node("div", { class: "gbh-row top" }, ...panels.map(p => p.element),
      node("div", { class: "gbh-nine" }, ...dials.flatMap(d => d.parts))),
    node("div", { class: "gbh-row" }, random, reset), says, table.element);

  function draw() {
    const weights = model.get("weights"), answer = network(weights, activation), most = [0, 0, 0];
    for (let at = 0; at < N * N; at++) { // the first row of pixels is the top of the plane
      const x1 = low + (high - low) * (at % N) / (N - 1), x2 = high - (high - low) * Math.floor(at / N) / (N - 1);
      const values = answer(x1, x2);
      for (let i = 0; i < 3; i++) {
        grids[i][at] = values[i];
        most[i] = Math.max(most[i], values[i]);
      }
    }
    panels.forEach(({ canvas, pixels }, i) => {
      const grid = grids[i], top = activation === "relu" ? Math.max(1, most[i]) : 1;
      const words = new Uint32Array(pixels.data.buffer), over = at => grid[at] >= threshold;
      for (let at = 0; at < N * N; at++) {
        const border = (at + 1) % N && over(at) !== over(at + 1) || at + N < N * N && over(at) !== over(at + N);
        words[at] = border ? 0xffffffff : PIXELS[Math.min(255, Math.round(255 * grid[at] / top))];
      }
      canvas.getContext("2d").putImageData(pixels, 0, 0);
    });
    dials.forEach((dial, i) => dial.sync(weights[i]));
    const answers = CORNERS.map(([x1, x2, wanted]) => [answer(x1, x2)[2], wanted]);
    const right = answers.filter(([y, wanted]) => Number(y >= threshold) === wanted).length;
    setText(says.children[0], `${right} of 4 corners right. ` + answers.map(([y], i) => `y(${CORNERS[i][0]}, ${CORNERS[i][1]}) = ${fmt(y)}`).join(", ") + `; the border is at ${short(threshold)}.`);
    setText(says.children[1], right === 4 ? "This network computes XOR." : "This network does not compute XOR.");
    setAttribute(panels[2].canvas, "aria-label", `Output over the plane: ${right} of 4 corners of XOR are right.`);
    [0, 1].forEach(i => setAttribute(panels[i].canvas, "aria-label", `Hidden unit ${i + 1} over the plane.`));
    table.sync();
  }

  return listen(model, ["weights"], draw);
}

// Colours as canvases hold them, bytes in the order red, green, blue, opacity.
const PIXELS = Uint32Array.from(SHADES, ({ rgb: [r, g, b] }) => (255 << 24 | b << 16 | g << 8 | r) >>> 0);

export default { render };
