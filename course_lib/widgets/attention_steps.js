export const maths = { follow, layOut };

/**
 * Attention of one query (K) to T keys, every step kept: {scores, scaled, powers, total, weights, parts, soFar, output}.
 * q, k, v are rows; parts are the values times their weights, soFar their sums up to each of them.
 */
function follow(q, k, v) {
  const scores = k.map(key => key.reduce((sum, x, i) => sum + q[i] * x, 0));
  const scaled = scores.map(score => score / Math.sqrt(q.length)), powers = scaled.map(Math.exp);
  const weights = softmax(scaled), parts = v.map((value, s) => value.map(x => weights[s] * x)), soFar = [];
  parts.forEach((part, s) => soFar.push(part.map((x, j) => x + (soFar[s - 1]?.[j] ?? 0))));
  return { scores, scaled, powers, total: powers.reduce((a, b) => a + b), weights, parts, soFar, output: soFar.at(-1) };
}

/**
 * Where the arrows are at a step, in the units of the planes: {keys, values, output, own}, each arrow as [x from, y from,
 * x to, y to, opacity]; own is the place of the token itself. Steps: 0, a key each, √K, e^, weights, a value each, output.
 */
function layOut(step, k, v, own, { weights, soFar, output }) {
  const T = k.length, scaledBy = step >= T + 3 ? weights : weights.map(() => 1), zero = [0, 0];
  const keys = k.map(([x, y], s) => step > s ? [0, 0, x, y, step === s + 1 ? 1 : 0.5] : [0, 0, 0, 0, 0]);
  const values = v.map(([x, y], s) => {
    const laid = step > T + 3 + s, [left, low] = laid ? soFar[s - 1] ?? zero : zero;
    return [left, low, left + scaledBy[s] * x, low + scaledBy[s] * y, laid ? 1 : 0.4];
  });
  const done = step === 2 * T + 4;
  return { keys, values, output: done ? [0, 0, output[0], output[1], 1] : [0, 0, 0, 0, 0], own: (done ? output : own).slice(0, 2) };
}

function render({ model, el }) {
  const [N, T, K, D] = model.get("sizes"), words = model.get("words"), axes = model.get("axes"), LAST = 2 * T + 4;
  const [q, k, v] = [["q", K], ["k", K], ["v", D]].map(([name, width]) => {
    const flat = floats(model, name);
    return Array.from({ length: N }, (_, n) => Array.from({ length: T }, (_, t) =>
      Array.from(flat.subarray((n * T + t) * width, (n * T + t + 1) * width))));
  });
  const of = all => model.get("chosen").map((n, t) => all[n][t]); // each place of the text as it is chosen
  const written = vector => `(${vector.map(x => short(x, 4)).join(", ")})`;

  // The controls: which words, who asks, and the way through the steps.
  const whole = N === 1 ? [] : words.map((sentence, n) => button(sentence.join(" "), () => put(model, { chosen: sentence.map(() => n) })));
  const asks = focusable(node("select", { "aria-label": "query of" }, ...words[0].map((_, t) => node("option", { value: t }))));
  asks.addEventListener("change", () => put(model, { query: Number(asks.value) }));
  const scrub = focusable(node("input", { type: "range", min: 0, max: LAST, step: 1, class: "long", "aria-label": "step" }));
  scrub.addEventListener("input", () => put(model, { step: Number(scrub.value) }));
  const count = valueOf([`${LAST} of ${LAST}`]);
  const go = by => put(model, { step: Math.min(Math.max(model.get("step") + by, 0), LAST) });
  const back = button("◀ Back", () => go(-1)), forward = button("Step ▶", () => go(1));
  const play = player(model, "step", step => step < LAST ? step + 1 : null, 0, 1000);

  // The sheet of numbers: a column for each key and one for sums; a row for each thing that is computed.
  const swaps = words[0].map((word, t) => {
    if (words.every(sentence => sentence[t] === word)) return null;
    return button(word, () => put(model, { chosen: model.get("chosen").map((n, at) => at === t ? (n + 1) % N : n) }));
  });
  const heads = words[0].map((word, t) => node("th", { scope: "col", class: "key" }, swaps[t] ?? word));
  const rowNames = ["q · k", `/ √${K}`, "e^", "weight", ...axes.map(axis => `· ${axis}`)];
  const cells = rowNames.map((_, r) => Array.from({ length: T + 1 }, (_, s) => node("td", { "data-cell": `${r},${s}`, class: r > 3 ? "value" : undefined })));
  const table = node("table", {}, node("thead", {}, node("tr", {}, node("th", { scope: "col" }, "key"), ...heads, node("th", { scope: "col" }, "sum"))),
    node("tbody", {}, ...cells.map((row, r) => node("tr", {}, node("th", { scope: "row", class: r > 3 ? "value" : undefined }, rowNames[r]), ...row))));
  // A cell leads to the step that computes it.
  table.addEventListener("click", event => {
    const at = event.target.closest("[data-cell]")?.dataset.cell.split(",").map(Number);
    if (at) put(model, { step: stepOf(...at) });
  });
  const stepOf = (r, s) => r === 0 ? Math.min(s + 1, T) : r < 4 ? T + r : s === T ? LAST : T + 4 + s;
  const sheet = focusable(node("div", { class: "gbh-scroll gbh-sheet", tabindex: 0, role: "group", "aria-label": "numbers" }, table));

  // Two planes: the query among the keys, and the values.
  const keyPlane = plane([...q, ...k].flat(), ["query", "key"], T), valuePlane = plane(v.flat(), ["value"], T);
  const asking = keyPlane.arrow("query"), askingName = keyPlane.label("query");
  const keyArrows = words[0].map(() => keyPlane.arrow("key")), keyNames = words[0].map(() => keyPlane.label("key"));
  const valueArrows = words[0].map(() => valuePlane.arrow("value")), valueNames = words[0].map(() => valuePlane.label("value"));
  const way = valuePlane.arrow("way"), was = valuePlane.dot("was"), outArrow = valuePlane.arrow("out"); // from where to where
  const own = valuePlane.dot("own"), ownName = valuePlane.label("own");

  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  card(el, "A query meets the keys", N > 1 ? "Let it play, or step; at the end change a framed word, and watch where the arrow goes." : "Let it play, or step, and follow one number down the table.",
    [...whole, node("label", {}, node("span", {}, "query of"), asks), node("div", { class: "gbh-break" }), play.element, back, forward,
      node("label", { style: "flex: 1 1 240px" }, node("span", {}, "step"), scrub, count)],
    sheet, node("div", { class: "gbh-row top gbh-two" }, keyPlane.element, valuePlane.element), says);

  /** A square part of the plane in which all these vectors and the origin lie, with named axes. */
  function plane(vectors, kinds) {
    const W = 436, H = 290, left = 120, right = 62, top = 30, bottom = 44;
    const [xs, ys] = [0, 1].map(i => [0, ...vectors.map(vector => vector[i])]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const unit = Math.min((W - left - right) / (x1 - x0 || 1), (H - top - bottom) / (y1 - y0 || 1));
    const x = value => left + unit * (value - x0), y = value => H - bottom - unit * (value - y0);
    const line = (a, b, c, d) => node("line", { class: "axis", x1: a, y1: b, x2: c, y2: d });
    const element = node("svg", { width: W, height: H, viewBox: `0 0 ${W} ${H}`, role: "img", class: "gbh-vectors" },
      line(x(x0) - 8, y(0), x(x1) + 14, y(0)), line(x(0), y(y0) + 8, x(0), y(y1) - 14),
      node("text", { class: "soft", x: x(x1) + 18, y: y(0) + 4 }, axes[0]), node("text", { class: "soft", x: x(0), y: y(y1) - 19, "text-anchor": "middle" }, axes[1]),
      ...[[x1, x(x1), y(0) + 17, "middle"], [y1, x(0) - 7, y(y1) + 4, "end"]].map(([value, left, top, side]) =>
        node("text", { class: "soft", x: left, y: top, "text-anchor": side }, short(value, 2))),
      node("text", { class: "soft", x: W - 4, y: H - 6, "text-anchor": "end" }, `${kinds.join(" and ")}s`));
    const add = made => { element.append(made); return made; };
    return {
      element, x, y,
      arrow: kind => add(node("path", { class: `arrow ${kind}` })),
      label: kind => add(node("text", { class: kind })),
      dot: kind => add(node("circle", { class: kind, r: 6 })),
    };
  }

  /** Draw an arrow; one without a length is a point. Its name stands at its tip, or beside its middle. */
  function setArrow({ x, y }, path, [ax, ay, bx, by, opacity], name = null, text = "", beside = null) {
    const [x1, y1, x2, y2] = [x(ax), y(ay), x(bx), y(by)], length = Math.hypot(x2 - x1, y2 - y1), at = number => number.toFixed(1);
    const [ux, uy] = length ? [(x2 - x1) / length, (y2 - y1) / length] : [0, 0], tip = Math.min(9, 0.6 * length);
    const barb = side => `${at(x2 - tip * (ux + 0.5 * side * uy))} ${at(y2 - tip * (uy - 0.5 * side * ux))}`;
    setAttribute(path, "d", `M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}M${barb(1)}L${at(x2)} ${at(y2)}L${barb(-1)}`);
    setAttribute(path, "opacity", opacity.toFixed(2));
    if (!name) return;
    const visible = opacity > 0 && length > 12;
    setText(name, visible ? text : "");
    if (!visible) return;
    // beside: [x, y] of a point; the name stands on the other side of the arrow
    const offAxis = Math.abs(uy) < 0.3 ? [0, -1.4] : Math.abs(ux) < 0.3 ? [1, 0] : [ux, uy]; // an axis has its own name at its end
    let [nx, ny] = beside ? [-uy, ux] : offAxis;
    if (beside && nx * (x(beside[0]) - x1) + ny * (y(beside[1]) - y1) > 0.5) [nx, ny] = [-nx, -ny];
    const [px, py] = beside ? [(x1 + x2) / 2, (y1 + y2) / 2] : [x2, y2];
    setAttribute(name, "x", at(px + 10 * nx));
    setAttribute(name, "y", at(py + 4 + 11 * ny));
    setAttribute(name, "text-anchor", nx > 0.3 ? "start" : nx < -0.3 ? "end" : "middle");
  }

  const GLIDE = 500; // ms
  let found, text, query, shown = null, frame = 0, changed = -Infinity;
  const flat = ({ keys, values, output, own }) => [...keys, ...values, output, own].flat();

  /** Put every arrow where the numbers of `flat` say. */
  function place(numbers) {
    shown = numbers;
    const arrow = i => numbers.slice(5 * i, 5 * i + 5), [ownX, ownY] = numbers.slice(-2);
    keyArrows.forEach((path, s) => setArrow(keyPlane, path, arrow(s), keyNames[s], text[s], query));
    valueArrows.forEach((path, s) => {
      const weighted = model.get("step") >= T + 3 ? `${fmt(found.weights[s], 4)} · ` : "";
      setArrow(valuePlane, path, arrow(T + s), valueNames[s], `${weighted}${text[s]}`, found.output.map(x => x / 2));
    });
    setArrow(valuePlane, outArrow, arrow(2 * T));
    const [wasX, wasY] = of(v)[model.get("query")], at = [valuePlane.x(ownX), valuePlane.y(ownY)], late = at[0] > 280;
    setAttribute(way, "d", `M${valuePlane.x(wasX).toFixed(1)} ${valuePlane.y(wasY).toFixed(1)}L${at[0].toFixed(1)} ${at[1].toFixed(1)}`);
    [[was, [valuePlane.x(wasX), valuePlane.y(wasY)]], [own, at]].forEach(([dot, centre]) =>
      ["cx", "cy"].forEach((name, i) => setAttribute(dot, name, centre[i].toFixed(1))));
    setText(ownName, `${text[model.get("query")]} (${fmt(ownX)}, ${fmt(ownY)})`);
    setAttribute(ownName, "x", (at[0] + (late ? 0 : 11)).toFixed(1));
    setAttribute(ownName, "y", (at[1] - (late ? 14 : 7)).toFixed(1));
    setAttribute(ownName, "text-anchor", late ? "middle" : "start");
  }

  /** Let the arrows glide to where they belong now, or jump: where nothing is to move, or the reader goes faster than they. */
  function glide(goal) {
    cancelAnimationFrame(frame);
    const from = shown, start = performance.now(), hurried = start - changed < GLIDE;
    changed = start;
    if (!from || hurried || matchMedia("(prefers-reduced-motion: reduce)").matches) { place(goal); return; }
    const move = time => {
      const share = Math.min(Math.max((time - start) / GLIDE, 0), 1), eased = share * share * (3 - 2 * share);
      place(goal.map((x, i) => from[i] + eased * (x - from[i])));
      if (share < 1) frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
  }

  let colours = scales(el);
  function draw() {
    const step = model.get("step"), asked = model.get("query"), [keys, values] = [of(k), of(v)];
    text = of(words);
    query = of(q)[asked];
    found = follow(query, keys, values);
    whole.forEach((made, n) => setAttribute(made, "aria-pressed", text.join() === words[n].join()));
    swaps.forEach((made, t) => {
      if (!made) return;
      setText(made, text[t]);
      const other = words[(model.get("chosen")[t] + 1) % N][t];
      setAttribute(made, "aria-label", `${text[t]}, change it to ${other}`);
      setAttribute(made, "title", `change it to ${other}`);
    });
    [...asks.options].forEach((option, t) => setText(option, text[t]));
    if (asks.value !== String(asked)) asks.value = asked;
    const sentences = explain(step, keys, values);
    setSlider(scrub, step, `${step} of ${LAST}: ${sentences[0]}`);
    setText(count, `${step} of ${LAST}`);
    setEnabled(back, step > 0);
    setEnabled(forward, step < LAST);
    fill(step);
    sentences.forEach((sentence, i) => setText(says.children[i], sentence));
    setArrow(keyPlane, asking, [0, 0, query[0], query[1], 1], askingName, `query of ${text[asked]}`);
    setAttribute(keyPlane.element, "aria-label", `The query of ${text[asked]}, ${written(query)}, among the keys: ${text.map((word, s) => `${word} ${written(keys[s])}`).join(", ")}.`);
    setAttribute(valuePlane.element, "aria-label", step === LAST ? `The weighted values laid tip to tail; ${text[asked]} moves to ${written(found.output)}.` : `The values: ${text.map((word, s) => `${word} ${written(values[s])}`).join(", ")}.`);
    glide(flat(layOut(step, keys, values, values[asked], found)));
  }

  /** Write into the sheet what is known at this step. */
  function fill(step) {
    const { scores, scaled, powers, total, weights, parts, output } = found, digits = x => short(x, 4);
    const rows = [[...scores.map(digits), ""], [...scaled.map(digits), ""], [...powers.map(x => significant(x)), significant(total)],
      [...weights.map(w => precise(w)), "1"], ...axes.map((_, j) => [...parts.map(part => digits(part[j])), digits(output[j])])];
    rows.forEach((row, r) => row.forEach((number, s) => {
      const at = stepOf(r, s), cell = cells[r][s];
      setText(cell, step >= at && !(r === 2 && s === T && step < T + 3) ? number : "");
      cell.classList.toggle("at", step === at && number !== "");
      if (r === 3 && s < T) colourCell(cell, colours.weight(step >= at ? weights[s] : 0));
    }));
    heads.forEach((head, s) => head.classList.toggle("at", step === s + 1 || step === T + 4 + s));
  }

  /** Three sentences about a step: what is done, with which numbers, and what has come of it. */
  function explain(step, keys, values) {
    const { scores, scaled, powers, total, weights, parts, soFar, output } = found, name = text[model.get("query")];
    const each = lines => [...new Set(lines)].join(",  "), asShown = x => Number(x.toPrecision(5)); // what is alike is said once
    const joined = (terms, sign = " + ") => terms.join(sign) || "0";
    if (step === 0) return [`${name} asks with its query ${written(query)}; its own value is ${written(values[model.get("query")])}.`, "One after the other, its query meets all keys.", ""];
    if (step <= T) {
      const key = keys[step - 1], shownSum = query.reduce((sum, x, i) => sum + rounded(x) * rounded(key[i]), 0);
      return [`The query of ${name}, ${written(query)}, meets the key of ${text[step - 1]}, ${written(key)}.`,
        `q · k = ${joined(query.map((x, i) => `${bracket(x, 4)} · ${bracket(key[i], 4)}`))} ${equals(shownSum, scores[step - 1])} ${short(scores[step - 1], 4)}`, ""];
    }
    if (step === T + 1) return ["Each score is divided by the root of the width of a key.",
      each(scores.map((score, s) => `${short(score, 4)} / √${K} ${equals(rounded(score) / Math.sqrt(K), scaled[s])} ${short(scaled[s], 4)}`)), ""];
    if (step === T + 2) return ["Softmax: e is raised to each, so that all are positive …",
      each(scaled.map((z, s) => `e^${bracket(z, 4)} ${significant(Math.exp(rounded(z))) === significant(powers[s]) ? "=" : "≈"} ${significant(powers[s])}`)), ""];
    if (step === T + 3) {
      const sum = powers.reduce((all, x) => all + asShown(x), 0), same = significant(sum) === significant(total) ? "=" : "≈";
      return ["… and divided by their sum, so that the weights add to 1. A value shrinks to its weight.",
        `${joined(powers.map(x => significant(x)))} ${same} ${significant(total)}`,
        each(powers.map((x, s) => `${significant(x)} / ${significant(total)} ${equals(asShown(x) / asShown(total), weights[s])} ${precise(weights[s])}`))];
    }
    if (step < LAST) {
      const s = step - T - 4, exact = values[s].every((x, j) => equals(rounded(weights[s]) * rounded(x), parts[s][j]) === "=");
      return [`The value of ${text[s]} times its weight is laid at the tip of what is there.`,
        `${fmt(weights[s], 4)} · ${written(values[s])} ${exact ? "=" : "≈"} ${written(parts[s])}`, `So far: ${written(soFar[s])}`];
    }
    const sums = axes.slice(0, 2).map((axis, j) => {
      const terms = values.map((value, s) => [weights[s], value[j]]).filter(([, x]) => x !== 0);
      const sum = terms.reduce((all, [w, x]) => all + rounded(w) * rounded(x), 0);
      return `${axis}: ${joined(terms.map(([w, x]) => `${fmt(w, 4)} · ${bracket(x, 4)}`))} ${equals(sum, output[j])} ${short(output[j], 4)}`;
    });
    return [`${name} moves from ${written(values[model.get("query")])} to its output, the sum ${written(output)}.`, ...sums];
  }

  const end = listen(model, ["step", "query", "chosen"], draw);
  const endTheme = onTheme(el, () => { colours = scales(el); draw(); });
  return () => { end(); endTheme(); play.stop(); cancelAnimationFrame(frame); };
}

export default { render };
