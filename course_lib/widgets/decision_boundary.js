export const maths = { network, border };

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

/**
 * Where a grid of N by N numbers passes a level: [x1, y1, x2, y2] for each piece of the line, in steps of the grid. On an
 * edge between two numbers the line is where a straight slope from one to the other would pass.
 */
function border(grid, N, level) {
  const pieces = [], corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
  for (let y = 0; y + 1 < N; y++) {
    for (let x = 0; x + 1 < N; x++) {
      const at = y * N + x, a = grid[at] >= level, b = grid[at + 1] >= level, c = grid[at + N + 1] >= level, d = grid[at + N] >= level;
      if (a === b && b === c && c === d) continue;
      const met = [];
      for (let i = 0; i < 4; i++) {
        const [[x1, y1], [x2, y2]] = [corners[i], corners[(i + 1) % 4]];
        const from = grid[(y + y1) * N + x + x1], to = grid[(y + y2) * N + x + x2];
        if (from >= level === to >= level) continue;
        const share = (level - from) / (to - from);
        met.push([x + x1 + share * (x2 - x1), y + y1 + share * (y2 - y1)]);
      }
      for (let i = 0; i + 1 < met.length; i += 2) pieces.push([...met[i], ...met[i + 1]]);
    }
  }
  return pieces;
}

function render({ model, el }) {
  const start = [...model.get("weights")], activation = model.get("activation"), threshold = model.get("threshold");
  const reach = Math.max(2, Math.ceil(1.5 * Math.max(...start.map(Math.abs)))), N = 81, low = -0.5, high = 1.5;
  const dials = NAMES.map((name, i) => {
    const input = focusable(node("input", { type: "range", min: -reach, max: reach, step: reach > 10 ? 0.5 : 0.05, "aria-label": name }));
    const shown = node("span", { class: "gbh-number" });
    input.addEventListener("input", () => {
      const weights = model.get("weights").map((value, j) => j === i ? Number(input.value) : value);
      put(model, { base: weights, shakes: [0, 0], weights });
    });
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
    const line = node("canvas", { width: 4 * (N - 1), height: 4 * (N - 1), "aria-hidden": "true" });
    return { canvas, line, pixels: new ImageData(N, N), element: node("div", {}, node("div", {}, title), node("div", { class: "gbh-plane" }, canvas, line, ...points)) };
  };
  const grids = [0, 1, 2].map(() => new Float64Array(N * N)); // h₁, h₂ and y at every pixel
  const panels = ["h₁", "h₂", "output y"].map(panel);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  const table = numbersTable("The four corners as numbers", () => [["x₁, x₂", "h₁", "h₂", "y", "answer", "XOR"],
    ...CORNERS.map(([x1, x2, wanted]) => {
      const values = network(model.get("weights"), activation)(x1, x2);
      return [`${x1}, ${x2}`, ...values.map(v => fmt(v, 3)), String(Number(values[2] >= threshold)), String(wanted)];
    })]);
  const reset = button("Reset", () => put(model, { base: [...start], shakes: [0, 0], weights: [...start] }));
  // A shake starts from the weights as they were set, or twenty of them in a row would be a walk.
  const shake = () => {
    const base = model.get("base"), from = base?.length ? base : start, [survived, all] = model.get("shakes") ?? [0, 0];
    const weights = from.map(v => Math.max(-reach, Math.min(reach, v + (Math.random() - 0.5) * reach * 0.2)));
    put(model, { shakes: [survived + Number(rightOf(weights) === 4), all + 1], weights });
  };
  const top = node("span", { class: "gbh-number" });
  card(el, "Nine numbers and a border", `Move a weight, or shake all nine by up to ${short(0.1 * reach, 2)} and count how often the answer survives.`,
    [button("Shake", shake), reset, node("span", { class: "gbh-legend" }, node("span", {}, "0", node("span", { class: "gbh-scale", "aria-hidden": "true" }), top))],
    node("div", { class: "gbh-planes" }, ...panels.map(p => p.element)),
    node("div", {}, "x₁ runs to the right and x₂ upwards, from −0.5 to 1.5; the line is where the value is ", short(threshold), "."),
    wiring(), says, table.element);

  /** Which slider belongs where: two hidden units and the output, each with its weights in one column. */
  function wiring() {
    const columns = [["h₁ = bend(x₁ W₁₁ + x₂ W₂₁ + c₁)", [0, 2, 4]], ["h₂ = bend(x₁ W₁₂ + x₂ W₂₂ + c₂)", [1, 3, 5]], ["y = bend(h₁ w₁ + h₂ w₂ + b)", [6, 7, 8]]];
    const bend = activation === "relu" ? "ReLU" : "σ";
    return node("div", { class: "gbh-row top" }, ...columns.map(([title, which]) => node("div", { class: "gbh-unit" },
      node("div", {}, title.replace("bend", bend)), node("div", { class: "gbh-nine" }, ...which.flatMap(i => dials[i].parts)))));
  }

  /** How many of the four corners a network answers as XOR does. */
  function rightOf(weights) {
    const answer = network(weights, activation);
    return CORNERS.filter(([x1, x2, wanted]) => Number(answer(x1, x2)[2] >= threshold) === wanted).length;
  }

  let colours = scales(el);
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
    const highest = activation === "relu" ? Math.max(1, ...most) : 1; // one scale for all three
    setText(top, short(highest, 2));
    panels.forEach(({ canvas, line, pixels }, i) => {
      const grid = grids[i], words = new Uint32Array(pixels.data.buffer);
      for (let at = 0; at < N * N; at++) words[at] = colours.weight(grid[at] / highest).pixel;
      canvas.getContext("2d").putImageData(pixels, 0, 0);
      const brush = line.getContext("2d");
      brush.clearRect(0, 0, line.width, line.height);
      brush.beginPath();
      for (const [x1, y1, x2, y2] of border(grid, N, threshold)) { brush.moveTo(4 * x1, 4 * y1); brush.lineTo(4 * x2, 4 * y2); }
      for (const [colour, width] of [["#fff", 7], ["#000", 3]]) { // seen on any shade
        Object.assign(brush, { strokeStyle: colour, lineWidth: width, lineCap: "round" });
        brush.stroke();
      }
    });
    dials.forEach((dial, i) => dial.sync(weights[i]));
    const answers = CORNERS.map(([x1, x2, wanted]) => [answer(x1, x2)[2], wanted]);
    const right = rightOf(weights), [survived, shaken] = model.get("shakes") ?? [0, 0];
    setText(says.children[0], `${right} of 4 corners right: ${answers.map(([y], i) => `y(${CORNERS[i][0]}, ${CORNERS[i][1]}) = ${fmt(y)}`).join(", ")}.`);
    setText(says.children[1], right === 4 ? "This network computes XOR." : "This network does not compute XOR.");
    setText(says.children[2], shaken ? `The answer survived ${survived} of ${shaken} shakes.` : "");
    setAttribute(panels[2].canvas, "aria-label", `Output over the plane: ${right} of 4 corners of XOR are right.`);
    [0, 1].forEach(i => setAttribute(panels[i].canvas, "aria-label", `Hidden unit ${i + 1} over the plane.`));
    table.sync();
  }

  const end = listen(model, ["weights"], draw), endTheme = onTheme(el, () => { colours = scales(el); draw(); });
  return () => { end(); endTheme(); };
}

export default { render };
