export const maths = { nearest, logitsOf, placeLabels };

function cosine(a, b) {
  let dot = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) { dot += a[i] * b[i]; aa += a[i] * a[i]; bb += b[i] * b[i]; }
  return aa && bb ? dot / Math.sqrt(aa * bb) : 0;
}

/** The k rows nearest to row `of` by cosine, itself left out: [[row, cosine], …]. */
function nearest(rows, of, k) {
  return rows.map((row, i) => [i, cosine(rows[of], row)]).filter(([i]) => i !== of)
    .sort((a, b) => b[1] - a[1]).slice(0, k);
}

/** What each row would score as the next word: its dot product with h, as in a tied unembedding. */
function logitsOf(rows, h) {
  return rows.map(row => row.reduce((sum, value, j) => sum + value * h[j], 0));
}

/**
 * Where each word can be read, [x, y] from its point: right or left of it, or in the nearest free place above or
 * below. A word covers no other word and no point, as far as there is room on a map of W by H.
 */
function placeLabels(points, words, W, H) {
  const LETTER = 7.5, HEIGHT = 14, GAP = 8; // of a printed word; a little wide, for those with an m
  const taken = points.map(([x, y]) => [x - 5, y - 5, x + 5, y + 5]), labels = points.map(() => [GAP, 0]);
  const isFree = ([left, top, right, bottom]) => left > 0 && top > 0 && right < W && bottom < H &&
    !taken.some(([l, t, r, b]) => left < r && l < right && top < b && t < bottom);
  const placeOf = (x, y, width) => {
    for (let up = 0; up < H; up += HEIGHT / 2) {
      for (const [side, dy] of [[GAP, up], [-GAP, up], [GAP, -up], [-GAP, -up]]) {
        const left = side > 0 ? x + side : x + side - width;
        const box = [left, y + dy - HEIGHT / 2, left + width, y + dy + HEIGHT / 2];
        if (isFree(box)) return { label: [side, dy], box };
      }
    }
    return null; // no room at all: as if alone
  };
  for (const i of words.map((_, i) => i).sort((a, b) => points[a][1] - points[b][1])) {
    const found = placeOf(...points[i], LETTER * words[i].length);
    if (!found) continue;
    labels[i] = found.label;
    taken.push(found.box);
  }
  return labels;
}

function render({ model, el }) {
  const words = model.get("words"), groups = model.get("groups"), D = model.get("width"), V = words.length;
  const flat = floats(model, "vectors"), flatPlaces = floats(model, "places"), directions = floats(model, "directions");
  const h = floats(model, "h"), places0 = Array.from({ length: flatPlaces.length / 2 }, (_, i) => [flatPlaces[2 * i], flatPlaces[2 * i + 1]]);
  const kinds = [...new Set(groups)];
  const edge = 46, wide = 570;
  let W = wide, H = 420; // follows the width that there is
  // The origin, from which lengths and angles are measured, lies on the map too.
  const origin = [0, 1].map(axis => places0[0][axis] - Array.from({ length: D }, (_, j) => flat[j] * directions[axis * D + j]).reduce((a, b) => a + b, 0));
  const range = axis => { const all = [...places0, origin].map(place => place[axis]); return [Math.min(...all), Math.max(...all)]; };
  const [[x0, x1], [y0, y1]] = [range(0), range(1)], spanX = x1 - x0 || 1, spanY = y1 - y0 || 1;
  const toX = x => edge + (W - 2 * edge) * (x - x0) / spanX, toY = y => H - edge - (H - 2 * edge) * (y - y0) / spanY;

  const transform = ([x, y]) => `translate(${toX(x).toFixed(1)} ${toY(y).toFixed(1)})`;
  const lines = Array.from({ length: 5 }, () => node("line", { class: "link", style: "display: none" }));
  const marks = words.map((word, i) => node("g", { "data-word": i, class: `gbh-word kind${kinds.indexOf(groups[i])}` },
    node("line", { class: "axis" }), node("circle", { r: 5 }), node("text", {}, word)));
  const aim = h.length ? [node("g", { class: "aim-at" }, // h, the last place
    node("path", { class: "aim", d: "M-7 0H7M0 -7V7" }), node("text", { x: -8, y: -6, "text-anchor": "end" }, "h"))] : [];
  const axes = [node("line", { class: "tick" }), node("line", { class: "tick" })], zero = node("text", { class: "soft", "text-anchor": "end" }, "0");
  const map = node("svg", { role: "img", "aria-label": `Map of ${V} words.` }, ...axes, zero, ...lines, ...aim, ...marks);

  /** Put everything where it belongs on a map of this width. */
  function layOut(width) {
    W = width;
    H = Math.round(Math.max(300, (h.length ? 1.1 : 0.74) * W, Math.min(11 * V, 520))); // as tall as two lists, or with room for the names of many words
    map.setAttribute("viewBox", `0 0 ${W} ${H}`);
    map.setAttribute("width", W);
    map.setAttribute("height", H);
    const [x, y] = [toX(origin[0]), toY(origin[1])];
    [[0, y, W, y], [x, 0, x, H]].forEach((ends, i) => ["x1", "y1", "x2", "y2"].forEach((name, j) => axes[i].setAttribute(name, ends[j])));
    zero.setAttribute("x", x - 4);
    zero.setAttribute("y", y + 14);
    placeLabels(places0.map(([x, y]) => [toX(x), toY(y)]), words, W, H).slice(0, V).forEach(([x, y], i) => {
      const [line, , text] = marks[i].children; // h, the last place, has its own
      line.setAttribute("x2", x);
      line.setAttribute("y2", y);
      text.setAttribute("x", x);
      text.setAttribute("y", y + 4);
      text.setAttribute("text-anchor", x < 0 ? "end" : "start");
    });
    marks.forEach((mark, i) => mark.setAttribute("transform", transform(places[i])));
    for (const mark of aim) mark.setAttribute("transform", transform(places0[V]));
  }
  const host = node("div", {
    class: "gbh-map", tabindex: 0, role: "application", "aria-roledescription": "map of words",
    "aria-label": "Arrow keys go to the next word in their direction; Enter locks a word, then arrow keys move it; Escape unlocks.",
  }, map);
  focusable(host);
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"), node("p"));
  /** So many rows of a name, some numbers and a bar: {element, sync}; sync takes [name, numbers, share, marked?] for each. */
  const listOf = (count, heads, title) => {
    const columns = heads.length - 2;
    const rows = Array.from({ length: count }, () => {
      const now = node("div");
      const bar = node("div", { class: columns > 1 ? "gbh-track" : "gbh-signed", "aria-hidden": "true" }, now);
      return { now, parts: [node("span"), ...Array.from({ length: columns }, () => node("span", { class: "gbh-number" })), bar] };
    });
    const element = node("div", { class: `gbh-bars gbh-near${columns > 1 ? " two" : ""}` }, node("strong", { class: "wide" }, title),
      ...heads.map(text => node("span", { class: "head gbh-number" }, text)), ...rows.flatMap(row => row.parts));
    const sync = values => {
      setStyle(element, "visibility", values.length ? "visible" : "hidden");
      rows.forEach(({ now, parts }, n) => {
        const [name, numbers, share, marked] = values[n] ?? [];
        // an empty list keeps its room
        parts.forEach(part => setStyle(part, "display", name === undefined && values.length ? "none" : ""));
        if (name === undefined) return;
        setText(parts[0], name);
        parts[0].classList.toggle("at", Boolean(marked));
        numbers.forEach((number, i) => setText(parts[1 + i], number));
        const half = Math.min(Math.abs(share), 1) / 2;
        setAttribute(now, "class", columns > 1 ? "now" : share < 0 ? "minus" : "plus");
        if (columns === 1) setStyle(now, "left", percent(share < 0 ? 0.5 - half : 0.5));
        setStyle(now, "width", percent(columns > 1 ? share : half));
      });
    };
    return { element, sync };
  };
  const list = listOf(Math.min(V - 1, 5), ["", "cosine", ""], `The nearest, in all ${D} dimensions`);
  const likely = h.length ? [listOf(Math.min(V, 6), ["", "logit", "p", ""], "The next word at h, with tied vectors")] : [];
  const release = unlockButton(host, () => put(model, { chosen: -1 }));
  const back = button("Put all back", () => put(model, { moved: [] }));
  const kindsShown = kinds.length > 1 ? kinds.map((kind, i) => node("span", { class: "gbh-kind" },
    node("svg", { width: 12, height: 12, "aria-hidden": "true", class: `kind${i}` }, node("circle", { cx: 6, cy: 6, r: 5 })), kind)) : [];
  card(el, "Words as points", "Point at a word for its nearest; click to hold it, then drag it or use the arrow keys, and watch them change.",
    [...kindsShown, back, release],
    node("div", { class: "gbh-row top" }, host, node("div", { class: "gbh-side" }, says, ...likely.map(one => one.element), list.element)));

  let rows, places, preview = -1, state = new Map(), drag = null; // state: which words stand elsewhere, and how far
  const current = () => model.get("chosen") >= 0 ? model.get("chosen") : preview;
  const show = word => { if (word !== preview) { preview = word; draw(); } };
  const wordAt = event => { const mark = event.target.closest?.("[data-word]"); return mark ? Number(mark.dataset.word) : -1; };
  const shift = (word, dx, dy) => {
    const rest = model.get("moved").filter(([i]) => i !== word), [, x, y] = model.get("moved").find(([i]) => i === word) ?? [0, 0, 0];
    put(model, { moved: [...rest, [word, x + dx, y + dy]] });
  };
  const on = {
    pointermove: event => {
      if (!drag) { show(wordAt(event)); return; }
      const scale = W / map.getBoundingClientRect().width;
      shift(drag.word, (event.clientX - drag.x) * scale * spanX / (W - 2 * edge), -(event.clientY - drag.y) * scale * spanY / (H - 2 * edge));
      drag = { ...drag, x: event.clientX, y: event.clientY, far: true };
    },
    pointerdown: event => {
      const word = wordAt(event);
      if (word < 0) return;
      drag = { word, x: event.clientX, y: event.clientY, was: model.get("chosen") };
      host.setPointerCapture(event.pointerId);
      if (word !== drag.was) put(model, { chosen: word });
    },
    pointerup: () => {
      if (drag && !drag.far && drag.word === drag.was) put(model, { chosen: -1 }); // a second click lets go
      drag = null;
    },
    pointercancel: () => { drag = null; },
    pointerleave: () => { if (!host.matches(":focus-visible")) show(-1); },
    focus: () => { if (host.matches(":focus-visible") && preview < 0) show(0); },
    blur: () => show(-1),
    keydown: event => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      const chosen = model.get("chosen");
      if (by && chosen >= 0) shift(chosen, by[0] * 0.02 * spanX, by[1] * 0.02 * spanY);
      else if (by) show(next(Math.max(preview, 0), by));
      else if (event.key === "Enter" || event.key === " ") put(model, { chosen: chosen >= 0 ? -1 : Math.max(preview, 0) });
      else if (event.key === "Escape") put(model, { chosen: -1 });
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
  for (const [name, act] of Object.entries(on)) host.addEventListener(name, act);

  /** The word nearest in a direction, sideways counting double. */
  function next(from, [dx, dy]) {
    let best = [Infinity, from];
    places.forEach(([x, y], i) => {
      const a = (x - places[from][0]) / spanX, b = (y - places[from][1]) / spanY, ahead = a * dx + b * dy;
      const cost = ahead + 2 * Math.abs(a * dy) + 2 * Math.abs(b * dx);
      if (i !== from && ahead > 1e-9 && cost < best[0]) best = [cost, i];
    });
    return best[1];
  }

  rows = words.map((_, i) => rowOf(i, 0, 0));
  places = places0.slice(0, V);
  layOut(wide);

  /** The vector of a word, moved so far along the map. */
  function rowOf(i, dx, dy) {
    return Array.from({ length: D }, (_, j) => flat[i * D + j] + dx * directions[j] + dy * directions[D + j]);
  }

  function compute() {
    const now = new Map(model.get("moved").map(([i, dx, dy]) => [i, [dx, dy]]));
    for (const i of new Set([...now.keys(), ...state.keys()])) {
      const [dx, dy] = now.get(i) ?? [0, 0];
      rows[i] = rowOf(i, dx, dy);
      places[i] = [places0[i][0] + dx, places0[i][1] + dy];
      setAttribute(marks[i], "transform", transform(places[i]));
    }
    state = now;
  }

  function draw() {
    compute();
    const word = current(), near = word < 0 ? [] : nearest(rows, word, 5);
    const alike = near.filter(([, cosine]) => cosine > 0); // a line means that two words point one way
    const shown = new Set([word, ...alike.map(([i]) => i)]);
    map.classList.toggle("dim", word >= 0);
    marks.forEach((mark, i) => {
      mark.classList.toggle("at", i === word);
      mark.classList.toggle("near", shown.has(i));
    });
    lines.forEach((line, n) => {
      setStyle(line, "display", alike[n] ? "" : "none");
      if (!alike[n]) return;
      const [from, to] = [places[word], places[alike[n][0]]];
      [["x1", toX(from[0])], ["y1", toY(from[1])], ["x2", toX(to[0])], ["y2", toY(to[1])]]
        .forEach(([name, value]) => setAttribute(line, name, value.toFixed(1)));
    });
    setText(says.children[0], word < 0 ? `Point at a word, or move with the arrow keys.${D > 2 ? ` The map shows the two widest of ${D} directions.` : ""}` : `${words[word]}${groups[word] === "words" ? "" : ` (${groups[word]})`}: lines lead to those of its nearest that point the same way.`);
    setText(says.children[1], model.get("chosen") >= 0 ? "Locked. Drag it or use the arrow keys to move its vector." : "");
    list.sync(near.map(([i, value]) => [words[i], [fmt(value, 3)], value]));
    for (const one of likely) {
      const logits = logitsOf(rows, h), p = softmax(logits);
      const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]), best = order.slice(0, 6);
      if (word >= 0 && !best.includes(word)) best[best.length - 1] = word;
      one.sync(best.map(i => [words[i], [fmt(logits[i], 3), fmt(p[i], 3)], p[i], i === word]));
      if (word >= 0) setText(says.children[2], `h · ${words[word]} = ${fmt(logits[word], 3)}: probability ${fmt(p[word], 3)}, number ${order.indexOf(word) + 1} of ${V}.`);
      else setText(says.children[2], "The cross is h, where the model has arrived.");
    }
    setStyle(release, "visibility", model.get("chosen") >= 0 ? "visible" : "hidden");
    setEnabled(back, model.get("moved").length > 0);
  }

  const end = listen(model, ["chosen", "moved"], draw);
  const seen = new ResizeObserver(() => {
    const width = Math.min(wide, Math.max(260, Math.floor(host.clientWidth)));
    if (width !== W && host.clientWidth) { layOut(width); draw(); }
  });
  seen.observe(host);
  return () => { end(); seen.disconnect(); };
}

export default { render };
