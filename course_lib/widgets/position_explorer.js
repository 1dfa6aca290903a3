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
  const canvas = node("canvas", { width: C, height: D, role: "img" });
  const cross = node("div", { class: "gbh-cross", "aria-hidden": "true" });
  const table = node("div", { class: "gbh-table" }, canvas, cross);
  table.addEventListener("click", event => {
    const box = table.getBoundingClientRect();
    put(model, {
      position: Math.min(Math.floor((event.clientX - box.left) / box.width * C), C - 1),
      pair: Math.min(Math.floor((event.clientY - box.top) / box.height * D / 2), D / 2 - 1),
    });
  });

  const other = model.get("name") || "your table", hasOther = model.get("has_learned");
  const curvesOf = classes => classes.map(name => node("polyline", { class: name }));
  const dots = [node("circle", { class: "dot", r: 5 }), node("circle", { class: "dot second", r: 5 }), node("circle", { class: "dot", r: 5 })];
  const waveCurves = curvesOf(["curve", "other"]), farCurves = curvesOf(["curve under", "other", ...(hasOther ? ["third"] : [])]);
  const waves = chart(400, 190, [0, C - 1], "position", "entry", ...waveCurves, dots[0], dots[1]);
  const far = chart(400, 190, [0, C - 1], "distance", "similarity", ...farCurves, dots[2]);
  for (const one of [waves, far]) one.setY(-1, 1);
  const hand = node("line", { class: "hand", x1: 85, y1: 85 }), turnText = node("text", { class: "soft", x: 85, y: 182, "text-anchor": "middle" });
  const turn = node("svg", { width: 170, height: 190, viewBox: "0 0 170 190", role: "img" },
    node("circle", { cx: 85, cy: 85, r: 65, class: "axis" }), node("line", { class: "axis", x1: 12, y1: 85, x2: 158, y2: 85 }),
    node("line", { class: "axis", x1: 85, y1: 12, x2: 85, y2: 158 }), node("text", { class: "soft", x: 152, y: 102, "text-anchor": "end" }, "cos"),
    node("text", { class: "soft", x: 90, y: 22 }, "sin"), hand, turnText);
  const titled = (title, ...parts) => node("div", { class: "gbh-half" }, node("div", {}, title), ...parts);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  const play = player(model, "position", t => t + 1 < C ? t + 1 : null);
  card(el, "Where a token stands", "Let the position run, and watch the hand of the pair. Then lower the base.",
    [...controls.map(c => c.element), play.element],
    node("div", {}, `The table: positions 0 to ${C - 1} to the right, indices 0 to ${D - 1} down; −1 `,
      node("span", { class: "gbh-scale signed", "aria-hidden": "true" }), " 1"), table,
    node("div", { class: "gbh-row low" },
      titled("The two entries of the pair", legend(["curve", "sine"], ["other", "cosine"]), waves.element),
      titled("Similarity against distance", legend(["curve under", "sinusoidal"], ["other", "RoPE"], ...(hasOther ? [["third", other]] : [])), far.element)),
    node("div", { class: "gbh-row top" }, node("div", {}, node("div", {}, "The pair turns"), turn), says));

  const same = [...q, ...k].every(value => value === 1) ? " RoPE, which turns vectors and adds nothing, has the curve of the table here: both add the cosines of the same angles." : "";
  let rows, distances, state = null, traced, colours = scales(el);
  function paint() {
    const pixels = new ImageData(C, D), words = new Uint32Array(pixels.data.buffer);
    rows.forEach((row, t) => row.forEach((value, j) => { words[j * C + t] = colours.signed(value).pixel; }));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  function draw() {
    const base = BASES[model.get("base")], t = model.get("position"), i = model.get("pair");
    if (base !== state) {
      state = base;
      rows = sinusoids(C, D, base);
      paint();
      canvas.setAttribute("aria-label", `Table of ${C} positions and ${D} features at base ${base}: fast waves on top, slow ones at the bottom.`);
      distances = [similarity(rows), ropeScores(q, k, C, base)];
      if (hasOther) distances.push(similarity(Array.from({ length: C }, (_, t) => Array.from(learned.subarray(t * D, (t + 1) * D)))));
      const all = distances.flat(), half = x => Math.ceil(2 * x) / 2; // up to the next half
      far.setY(-half(Math.max(0.5, -Math.min(...all))), half(Math.max(1, ...all)));
      farCurves.forEach((curve, n) => curve.setAttribute("points", polyline(far, distances[n])));
    }
    if (`${base} ${i}` !== traced) {
      traced = `${base} ${i}`;
      waveCurves.forEach((curve, n) => curve.setAttribute("points", polyline(waves, rows.map(row => row[2 * i + n]))));
      waves.element.setAttribute("aria-label", `Sine and cosine of pair ${i} over ${C} positions.`);
    }
    for (const control of controls) control.sync();
    cross.style.left = `${100 * t / C}%`;
    cross.style.width = `${100 / C}%`;
    cross.style.top = `${200 * i / D}%`;
    cross.style.height = `${200 / D}%`;
    const turns = frequency(i, D, base), angle = t * turns, [sine, cosine] = rows[t].slice(2 * i, 2 * i + 2);
    [[waves, t, sine], [waves, t, cosine], [far, t, distances[0][t]]].forEach(([plot, at, value], n) => {
      setAttribute(dots[n], "cx", plot.x(at).toFixed(1));
      setAttribute(dots[n], "cy", plot.y(value).toFixed(1));
    });
    const named = [["sinusoidal", 0], ["RoPE", 1], ...(hasOther ? [[other, 2]] : [])].map(([name, n]) => `${name} ${fmt(distances[n][t], 3)}`).join(", ");
    far.element.setAttribute("aria-label", `Similarity against distance; at distance ${t}: ${named}.`);
    hand.setAttribute("x2", 85 + 65 * Math.cos(angle));
    hand.setAttribute("y2", 85 - 65 * Math.sin(angle));
    turn.setAttribute("aria-label", `A pair turned by ${fmt(angle)} radians.`);
    setText(turnText, `${fmt(angle, 2)} radians`);
    const shown = significant(turns, 4), round = 2 * Math.PI / turns, sign = (f, value) => equals(f(rounded(angle)), value);
    setText(says.children[0], `Pair ${i} turns by ${base.toLocaleString("en")}^(−${2 * i}/${D}) = ${turns < 0.0001 ? shown : fmt(turns, 4)} radians a position, once round in ${round < 1000 ? short(round, 1) : Math.round(round).toLocaleString("en")} positions.`);
    setText(says.children[1], `At position ${t} its angle is ${fmt(angle, 4)}: index ${2 * i} is its sine ${sign(Math.sin, sine)} ${fmt(sine, 4)}, index ${2 * i + 1} its cosine ${sign(Math.cos, cosine)} ${fmt(cosine, 4)}.`);
    setText(says.children[2], `At distance ${t}: ${named}.${same}`);
  }

  const end = listen(model, ["base", "position", "pair"], draw);
  const endTheme = onTheme(el, () => { colours = scales(el); paint(); });
  return () => { end(); endTheme(); play.stop(); };
}

export default { render };
