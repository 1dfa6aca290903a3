const BASES = [10, 100, 1000, 10000, 100000, 1000000];

export const maths = { BASES, sinusoids, similarity, ropeScores };

/** Radians a position by which pair i turns: base^(−2i/D). */
function frequency(i, D, base) {
  return base ** (-2 * i / D);
}

/** C rows of D: sine and cosine of each pair side by side. */
function sinusoids(C, D, base) {
  return Array.from({ length: C }, (_, t) => Array.from({ length: D }, (_, j) => {
    const angle = t * frequency(j >> 1, D, base);
    return j % 2 ? Math.cos(angle) : Math.sin(angle);
  }));
}

/** The dot product of row 0 with each row, divided by that of row 0 with itself. */
function similarity(rows) {
  const dots = rows.map(row => row.reduce((sum, value, j) => sum + value * rows[0][j], 0));
  return dots.map(dot => dot / (dots[0] || 1));
}

/** q at position d with k at position 0, both turned by RoPE, for d = 0 … C − 1, divided by the score at 0. */
function ropeScores(q, k, C, base) {
  const D = q.length;
  const scores = Array.from({ length: C }, (_, d) => {
    let sum = 0;
    for (let j = 0; j < D; j += 2) {
      const angle = d * frequency(j / 2, D, base), cos = Math.cos(angle), sin = Math.sin(angle);
      sum += (q[j] * cos - q[j + 1] * sin) * k[j] + (q[j] * sin + q[j + 1] * cos) * k[j + 1];
    }
    return sum;
  });
  return scores.map(score => score / (scores[0] || 1));
}

function render({ model, el }) {
  const [C, D] = model.get("sizes"), learned = floats(model, "learned"), q = floats(model, "q"), k = floats(model, "k");
  const controls = [
    stops(model, "position", "position t", Array.from({ length: C }, (_, t) => String(t))),
    stops(model, "pair", "pair i", Array.from({ length: D / 2 }, (_, i) => `${i} (indices ${2 * i}, ${2 * i + 1})`)),
    stops(model, "base", "base", BASES.map(base => base.toLocaleString("en"))),
  ];
  const canvas = node("canvas", { width: C, height: D, role: "img", style: "width: 100%; height: 100%; image-rendering: pixelated; display: block" });
  const cross = node("div", { class: "gbh-cross", "aria-hidden": "true" });
  const table = node("div", { class: "gbh-table" }, canvas, cross);
  table.addEventListener("click", event => {
    const box = table.getBoundingClientRect();
    put(model, {
      position: Math.min(Math.floor((event.clientX - box.left) / box.width * C), C - 1),
      pair: Math.min(Math.floor((event.clientY - box.top) / box.height * D / 2), D / 2 - 1),
    });
  });

  const W = 405, H = 130;
  const chart = (classes, low) => {
    const curves = classes.map(name => node("polyline", { class: name }));
    const dot = node("circle", { class: "dot", r: 5 }), zero = node("line", { class: "axis", x1: 30, x2: W - 4 });
    const y = value => 6 + (H - 12) * (1 - (value - low) / (1.05 - low));
    const x = t => 30 + (W - 34) * t / (C - 1);
    zero.setAttribute("y1", y(0));
    zero.setAttribute("y2", y(0));
    const made = node("svg", { width: W, height: H, viewBox: `0 0 ${W} ${H}`, role: "img" }, zero,
      ...[1, 0].map(v => node("text", { x: 24, y: y(v) + 4, "text-anchor": "end" }, String(v))), ...curves, dot);
    const trace = lines => lines.forEach((line, i) => curves[i].setAttribute("points", line.map((v, j) => `${x(j).toFixed(1)},${y(Math.max(Math.min(v, 1.05), low)).toFixed(1)}`).join(" ")));
    const point = (t, value, label) => {
      dot.setAttribute("cx", x(t));
      dot.setAttribute("cy", y(Math.max(Math.min(value, 1.05), low)));
      made.setAttribute("aria-label", label);
    };
    return { made, trace, point };
  };
  const waves = chart(["curve", "other"], -1.05);
  const far = chart(model.get("has_learned") ? ["curve", "other", "third"] : ["curve", "other"], -1.05);
  const hand = node("line", { class: "curve", x1: 65, y1: 65 }), start = node("line", { class: "axis", x1: 65, y1: 65, x2: 125, y2: 65 });
  const turn = node("svg", { width: 130, height: 130, viewBox: "0 0 130 130", role: "img" },
    node("circle", { cx: 65, cy: 65, r: 60, class: "axis", fill: "none" }), start, hand);
  const titled = (title, ...parts) => node("div", {}, node("div", {}, title), ...parts);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  el.classList.add("gbh");
  el.replaceChildren(
    node("div", { class: "gbh-row" }, ...controls.map(c => c.element)),
    node("div", { class: "gbh-row top" },
      titled("the table: positions from left to right, indices downwards", table),
      titled("the pair, turned", turn)),
    node("div", { class: "gbh-row top" },
      titled("this pair over all positions: — sine, - - cosine", waves.made),
      titled("similarity by distance: — sinusoid, - - RoPE" + (model.get("has_learned") ? ", ··· learned" : ""), far.made)),
    says);

  let state = null, traced = null, rows, distances;
  function draw() {
    const base = BASES[model.get("base")], t = model.get("position"), i = model.get("pair");
    if (base !== state) {
      state = base;
      rows = sinusoids(C, D, base);
      const pixels = new ImageData(C, D);
      rows.forEach((row, t) => row.forEach((value, j) =>
        pixels.data.set([...shade((value + 1) / 2), 255], 4 * (j * C + t))));
      canvas.getContext("2d").putImageData(pixels, 0, 0);
      canvas.setAttribute("aria-label", `Table of ${C} positions and ${D} features at base ${base}: fast waves on top, slow ones at the bottom.`);
      distances = [similarity(rows), ropeScores(q, k, C, base)];
      if (model.get("has_learned")) {
        distances.push(similarity(Array.from({ length: C }, (_, t) => Array.from(learned.subarray(t * D, (t + 1) * D)))));
      }
      far.trace(distances);
    }
    if (`${base} ${i}` !== traced) {
      traced = `${base} ${i}`;
      waves.trace([rows.map(row => row[2 * i]), rows.map(row => row[2 * i + 1])]);
    }
    for (const control of controls) control.sync();
    cross.style.left = `${100 * t / C}%`;
    cross.style.width = `${100 / C}%`;
    cross.style.top = `${200 * i / D}%`;
    cross.style.height = `${200 / D}%`;
    const turns = frequency(i, D, base), angle = t * turns;
    waves.point(t, rows[t][2 * i], `Sine and cosine of pair ${i} over ${C} positions.`);
    far.point(t, distances[0][t], `Similarity against distance; at distance ${t}: sinusoidal ${fmt(distances[0][t])}, RoPE ${fmt(distances[1][t])}.`);
    hand.setAttribute("x2", 65 + 60 * Math.cos(angle));
    hand.setAttribute("y2", 65 - 60 * Math.sin(angle));
    turn.setAttribute("aria-label", `A pair turned by ${fmt(angle)} radians.`);
    setText(says.children[0], `Pair ${i} turns by ${base.toLocaleString("en")}^(−${2 * i}/${D}) = ${turns < 0.001 ? turns.toExponential(2) : fmt(turns, 4)} radians a position, once round in ${short(2 * Math.PI / turns, 1)} positions.`);
    setText(says.children[1], `At position ${t} its angle is ${fmt(angle, 4)}: index ${2 * i} is sin = ${fmt(rows[t][2 * i], 4)}, index ${2 * i + 1} is cos = ${fmt(rows[t][2 * i + 1], 4)}.`);
    setText(says.children[2], `At distance ${t}: sinusoidal ${fmt(distances[0][t], 3)}, RoPE ${fmt(distances[1][t], 3)}` + (distances[2] ? `, learned ${fmt(distances[2][t], 3)}.` : "."));
  }

  return listen(model, ["base", "position", "pair"], draw);
}

export default { render };
