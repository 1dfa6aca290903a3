const RATES = [0.03, 0.1, 0.3, 1, 3, 10, 30];

export const maths = { RATES, network, border, descent };

const NAMES = ["W₁₁", "W₁₂", "W₂₁", "W₂₂", "c₁", "c₂", "w₁", "w₂", "b"];
const CORNERS = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];
const PLACES = { "x₁": [24, 62], "x₂": [24, 166], "h₁": [156, 62], "h₂": [156, 166], y: [276, 114] };
// from where to where each weight's line is drawn, and where its name stands
const LINES = [["x₁", "h₁", 90, 50], ["x₁", "h₂", 82, 86], ["x₂", "h₁", 82, 152], ["x₂", "h₂", 90, 188],
  [[156, 12], "h₁", 172, 24], [[156, 216], "h₂", 172, 212], ["h₁", "y", 222, 78], ["h₂", "y", 222, 160], [[276, 64], "y", 290, 74]];

/** The function from (x₁, x₂) to [h₁, h₂, y]; weights are W by rows, c, w, b; the activation bends every unit. */
function network([w11, w12, w21, w22, c1, c2, o1, o2, b], activation) {
  const bend = activation === "relu" ? z => Math.max(z, 0) : z => 1 / (1 + Math.exp(-z));
  return (x1, x2) => {
    const h1 = bend(x1 * w11 + x2 * w21 + c1), h2 = bend(x1 * w12 + x2 * w22 + c2);
    return [h1, h2, bend(h1 * o1 + h2 * o2 + b)];
  };
}

/** The mean of the four squared errors, and its slopes for the nine weights: back-propagation by hand. */
function descent(weights, activation) {
  const answer = network(weights, activation), [o1, o2] = weights.slice(6), slopes = weights.map(() => 0);
  const slope = activation === "relu" ? h => Number(h > 0) : h => h * (1 - h); // of the bend, from what it gave
  let loss = 0;
  for (const [x1, x2, wanted] of CORNERS) {
    const [h1, h2, y] = answer(x1, x2);
    loss += (y - wanted) ** 2 / 4;
    const g = (y - wanted) / 2 * slope(y), g1 = g * o1 * slope(h1), g2 = g * o2 * slope(h2);
    [x1 * g1, x1 * g2, x2 * g1, x2 * g2, g1, g2, h1 * g, h2 * g, g].forEach((part, i) => { slopes[i] += part; });
  }
  return { loss, slopes };
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
  const start = [...model.get("weights")], activation = model.get("activation"), threshold = model.get("threshold"), steps = model.get("steps");
  const reach = Math.max(2, Math.ceil(1.5 * Math.max(...start.map(Math.abs)))), N = 81, low = -0.5, high = 1.5;

  // Training starts from the weights of the model and is worked out as far as it is asked for; `shown` is where it stands.
  let from = null, rate = null, path = [], losses = [];
  function trained(step) {
    if (from !== model.get("weights") || rate !== RATES[model.get("rate")]) {
      [from, rate, path, losses] = [model.get("weights"), RATES[model.get("rate")], [model.get("weights")], []];
    }
    while (losses.length <= step) {
      const { loss, slopes } = descent(path[losses.length], activation);
      losses.push(loss);
      path.push(path.at(-1).map((weight, i) => weight - rate * slopes[i]));
    }
    return path[step];
  }
  const shown = () => trained(model.get("step"));
  const begin = () => model.get("step") ? { step: 0 } : {}; // what is set again is drawn again
  const set = weights => put(model, { base: weights, shakes: [0, 0], ...begin(), weights });

  const drawn = drawing(), dials = NAMES.map((name, i) => {
    const input = focusable(node("input", { type: "range", min: -reach, max: reach, step: reach > 10 ? 0.5 : 0.05, "aria-label": name }));
    const number = node("span", { class: "gbh-number" });
    input.addEventListener("input", () => set(shown().map((value, j) => j === i ? Number(input.value) : value)));
    for (const [event, at] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
      input.addEventListener(event, () => drawn.point(i, at));
    }
    const sync = value => {
      setSlider(input, value, fmt(value));
      setText(number, fmt(value));
    };
    return { parts: [node("span", {}, name), input, number], sync };
  });

  const place = v => `${100 * (v - low) / (high - low)}%`;
  const panel = (title, first) => {
    const canvas = node("canvas", { width: N, height: N, role: "img" });
    const at = (element, left, bottom) => { Object.assign(element.style, { left: place(left), bottom: place(bottom) }); return element; };
    const points = CORNERS.map(([x1, x2, answer]) => at(node("span", { class: answer ? "one" : "zero", "aria-hidden": "true" }, String(answer)), x1, x2));
    const across = [["0", 0], ["x₁", 0.5], ["1", 1]].map(([text, x]) => at(node("small", { class: "across" }, text), x, low));
    const upwards = first ? [["0", 0], ["x₂", 0.5], ["1", 1]].map(([text, x]) => at(node("small", { class: "upwards" }, text), low, x)) : [];
    const line = node("canvas", { width: 4 * (N - 1), height: 4 * (N - 1), "aria-hidden": "true" });
    return { canvas, line, pixels: new ImageData(N, N), element: node("div", {}, node("div", {}, title), node("div", { class: "gbh-plane" }, canvas, line, ...points, ...across, ...upwards)) };
  };
  const grids = [0, 1, 2].map(() => new Float64Array(N * N)); // h₁, h₂ and y at every pixel
  const panels = ["h₁", "h₂", "output y"].map((title, i) => panel(title, i === 0));
  const top = node("span", { class: "gbh-number" });
  const shades = node("div", { class: "gbh-legend" }, node("span", {}, "0", node("span", { class: "gbh-scale", "aria-hidden": "true" }), top), `the line is where a value is ${short(threshold)}`);

  const rates = stops(model, "rate", "learning rate", RATES.map(String));
  const scrub = focusable(node("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": "step", class: "long" })), count = valueOf([`${steps} of ${steps}`]);
  scrub.addEventListener("input", () => put(model, { step: Number(scrub.value) }));
  const play = player(model, "step", step => step < steps ? Math.min(step + Math.max(1, Math.round(steps / 200)), steps) : null, 0, 60, "Train");
  const one = button("Step", () => put(model, { step: Math.min(model.get("step") + 1, steps) }));
  const random = button("Draw at random", () => { play.stop(); set(start.map(() => 2 * Math.random() - 1)); });
  const reset = button("Reset", () => { play.stop(); set([...start]); });
  // A shake starts from the weights as they were set or trained, or twenty of them in a row would be a walk.
  const shake = () => {
    play.stop();
    const base = model.get("step") ? shown() : model.get("base").length ? model.get("base") : start;
    const [survived, all] = model.get("step") ? [0, 0] : model.get("shakes");
    const weights = base.map(v => v + (Math.random() - 0.5) * reach * 0.2);
    put(model, { base, shakes: [survived + Number(rightOf(weights) === 4), all + 1], ...begin(), weights });
  };

  const curve = node("polyline", { class: "curve" }), dot = node("circle", { class: "dot", r: 6 });
  const plot = chart(340, 216, [0, steps], "step", "mean squared error", curve, dot);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"), node("p"));
  const table = numbersTable("The four corners as numbers", () => [["x₁, x₂", "h₁", "h₂", "y", "answer", "XOR"],
    ...CORNERS.map(([x1, x2, wanted]) => {
      const values = network(shown(), activation)(x1, x2);
      return [`${x1}, ${x2}`, ...values.map(v => fmt(v, 3)), String(Number(values[2] >= threshold)), String(wanted)];
    })]);
  card(el, "Nine numbers and a border", `Shake all nine by up to ${short(0.1 * reach, 2)} and count how often the answer survives. Then draw them at random, small, and train.`,
    [button("Shake", shake), random, reset, rates.element, node("label", {}, node("span", {}, "step"), scrub, count), one, play.element],
    node("div", { class: "gbh-planes" }, ...panels.map(p => p.element)), shades,
    node("div", { class: "gbh-row top" }, drawn.element, plot.element), columns(), says, table.element);

  /** The sliders: two hidden units and the output, each with its weights in one column. */
  function columns() {
    const units = [["h₁ = bend(x₁ W₁₁ + x₂ W₂₁ + c₁)", [0, 2, 4]], ["h₂ = bend(x₁ W₁₂ + x₂ W₂₂ + c₂)", [1, 3, 5]], ["y = bend(h₁ w₁ + h₂ w₂ + b)", [6, 7, 8]]];
    const bend = activation === "relu" ? "ReLU" : "σ";
    return node("div", { class: "gbh-row top" }, ...units.map(([title, which]) => node("div", { class: "gbh-unit" },
      node("div", {}, title.replace("bend", bend)), node("div", { class: "gbh-nine" }, ...which.flatMap(i => dials[i].parts)))));
  }

  /** The network: a line for each weight, as wide as it is large, in the colour of its sign and dashed below 0. */
  function drawing() {
    const lines = LINES.map(([a, b]) => {
      const [[x1, y1], [x2, y2]] = [PLACES[a] ?? a, PLACES[b]];
      return node("line", { x1, y1, x2, y2 });
    });
    const names = LINES.map(([, , x, y], i) => node("text", { x, y, class: "name" }, NAMES[i]));
    const units = Object.entries(PLACES).map(([name, [x, y]]) => node("g", { class: "unit" },
      node("circle", { cx: x, cy: y, r: 18 }), node("text", { x, y: y + 4, "text-anchor": "middle" }, name)));
    const element = node("svg", { class: "gbh-network", width: 310, height: 228, viewBox: "0 0 310 228", role: "img",
      "aria-label": "The network: x₁ and x₂ lead to h₁ and h₂ by W, these lead to y by w; c and b come in from outside. A line is as wide as its weight is large." },
    ...lines, ...units, ...names);
    const sync = weights => {
      const most = Math.max(...weights.map(Math.abs)) || 1;
      weights.forEach((weight, i) => {
        setAttribute(lines[i], "class", weight < 0 ? "minus" : "plus");
        setAttribute(lines[i], "stroke-width", (1 + 8 * Math.abs(weight) / most).toFixed(1));
      });
    };
    const point = (i, at) => setAttribute(names[i], "class", at ? "name at" : "name");
    return { element, sync, point };
  }

  /** How many of the four corners a network answers as XOR does. */
  function rightOf(weights) {
    const answer = network(weights, activation);
    return CORNERS.filter(([x1, x2, wanted]) => Number(answer(x1, x2)[2] >= threshold) === wanted).length;
  }

  let colours = scales(el), tallest = 0;
  function draw() {
    const step = model.get("step"), weights = shown(), answer = network(weights, activation), most = [0, 0, 0];
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
    drawn.sync(weights);
    rates.sync();
    setSlider(scrub, step, `step ${step}, loss ${fmt(losses[step], 4)}`);
    setText(count, `${step} of ${steps}`);
    setEnabled(one, step < steps);
    const peak = Math.max(0.5, ...losses.slice(0, step + 1));
    if (peak !== tallest) plot.setY(0, 1.05 * (tallest = peak));
    setAttribute(curve, "points", polyline(plot, losses.slice(0, step + 1)));
    setAttribute(dot, "cx", plot.x(step).toFixed(1));
    setAttribute(dot, "cy", plot.y(losses[step]).toFixed(1));
    setAttribute(plot.element, "aria-label", `The mean squared error from step 0 to step ${step}, where it is ${precise(losses[step])}.`);
    const answers = CORNERS.map(([x1, x2, wanted]) => [answer(x1, x2)[2], wanted]);
    const right = rightOf(weights), [survived, shaken] = model.get("shakes");
    const errors = answers.map(([y, wanted]) => rounded(Math.abs(y - wanted), 3)), sum = errors.reduce((all, error) => all + error * error, 0) / 4;
    const longest = Math.max(...descent(weights, activation).slopes.map(Math.abs));
    setText(says.children[0], `${right} of 4 corners right: ${answers.map(([y], i) => `y(${CORNERS[i][0]}, ${CORNERS[i][1]}) = ${fmt(y)}`).join(", ")}.`);
    setText(says.children[1], right === 4 ? "This network computes XOR." : "This network does not compute XOR.");
    setText(says.children[2], `Loss (${errors.map(error => `${short(error)}²`).join(" + ")}) / 4 ${equals(sum, losses[step])} ${fmt(losses[step], 4)}; the largest of its nine slopes is ${precise(longest)}.`);
    setText(says.children[3], shaken ? `The answer survived ${survived} of ${shaken} shakes.` : "");
    setAttribute(panels[2].canvas, "aria-label", `Output over the plane: ${right} of 4 corners of XOR are right.`);
    [0, 1].forEach(i => setAttribute(panels[i].canvas, "aria-label", `Hidden unit ${i + 1} over the plane.`));
    table.sync();
  }

  const end = listen(model, ["weights", "rate", "step"], draw), endTheme = onTheme(el, () => { colours = scales(el); draw(); });
  return () => { play.stop(); end(); endTheme(); };
}

export default { render };
