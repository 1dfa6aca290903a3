export const maths = { place, recent };

/** Where the weight of key s for query t stands among those of a look: look by look, head by head, row by row up to the diagonal. */
function place(look, head, t, s, N, T) {
  return (look * N + head) * T * (T + 1) / 2 + t * (t + 1) / 2 + s;
}

/** The mean of up to `most` steps that end at `step`, of a curve with a point for every so many; null before the first. */
function recent(losses, every, step, most = 20) {
  const end = Math.floor(step / every), some = losses.slice(Math.max(0, end - Math.max(1, Math.round(most / every))), end);
  return some.length ? some.reduce((sum, loss) => sum + loss, 0) / some.length : null;
}

function render({ model, el }) {
  const tokens = model.get("tokens"), heads = model.get("heads"), T = tokens.length, N = heads.length;
  const steps = model.get("steps"), every = model.get("every"), floors = model.get("floors"), names = model.get("floor_names");
  const last = () => model.get("looks").length - 1;
  const shown = () => { const at = model.get("at"); return at < 0 ? last() : Math.min(at, last()); };
  const go = look => put(model, { at: look >= last() ? -1 : look }); // from the newest it follows the training

  const scrub = focusable(node("input", { type: "range", min: 0, step: 1, "aria-label": "look", class: "long" }));
  scrub.addEventListener("input", () => go(Number(scrub.value)));
  const stepShown = valueOf([`step ${steps} of ${steps}`]);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const play = player(model, "at", at => at < 0 || at >= last() ? null : at + 1 === last() ? -1 : at + 1, 0, calm ? 1000 : 250);

  // The curve, pale as a whole, and dark up to the look.
  const whole = node("polyline", { class: "curve pale" }), until = node("polyline", { class: "curve" }), dot = node("circle", { class: "dot", r: 6 });
  const lines = floors.map(() => node("line", { class: "floor" }));
  const labels = names.map(name => node("text", { class: "soft", "text-anchor": "end" }, name));
  const plot = chart(430, 270, [0, steps], "step", "loss in nats", ...lines, whole, ...labels, until, dot);
  const lowest = Math.min(...floors);

  // The map of a head. The cells are what is pointed at; their colours are one canvas behind them, a pixel for each.
  const sheet = node("canvas", { width: T, height: T, "aria-hidden": "true" });
  const cells = tokens.map((_, t) => tokens.map((_, s) => node("div", { "data-cell": `${t},${s}`, class: s > t ? "masked" : undefined })));
  const rowNames = tokens.map(text => node("div", { class: "name left query" }, text));
  const columnNames = tokens.map(text => node("div", { class: "name upright key" }, text));
  const grid = node("div", {
    class: "gbh-grid gbh-heat gbh-head", role: "application", "aria-roledescription": "heat map",
    "aria-label": `Where a head looks: ${T} tokens in rows, each looks at itself and those before it, in columns. Arrow keys move, Enter locks, Escape unlocks.`,
    style: `grid-template: max-content repeat(${T}, auto) / max-content repeat(${T}, minmax(8px, 22px))`,
  }, sheet, node("div"), ...columnNames, ...cells.flatMap((row, t) => [rowNames[t], ...row]));
  const axes = node("div", { class: "gbh-axes" }, node("div", { class: "over key", "aria-hidden": "true" }, "key"),
    node("div", { class: "beside query", "aria-hidden": "true" }, "query"), grid);
  const thumbs = heads.map((name, h) => {
    const canvas = node("canvas", { width: T, height: T });
    const made = button(canvas, () => put(model, { head: h }), { class: "gbh-thumb", "aria-label": name });
    made.append(name);
    return { made, canvas };
  });

  const when = node("p", { class: "soft" }), wrote = node("p", { class: "gbh-text" }), cost = node("p");
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const pick = picker(model, grid, () => [T, T], draw);
  const table = numbersTable("All looks as numbers and texts", () => [["after step", "loss", "it wrote"],
    ...model.get("looks").map((step, i) => [String(step), lossAt(step), model.get("texts")[i]])]);
  // on a web page nothing is trained, so that a picture with one look keeps it
  const hint = model.withoutKernel && last() === 0 ? "This is before the first step: the training that fills the picture needs the notebook and its kernel. Choose a head, or point at a row of its map."
    : "Let it play, or take the slider. Then choose a head, point at a row of its map, and see when it learns to look there.";
  card(el, "Watch it learn", hint,
    [node("label", {}, node("span", {}, "look"), scrub, stepShown), play.element, pick.release],
    node("div", { class: "gbh-row top" }, node("div", { class: "gbh-learns" }, plot.element, node("div", { "aria-live": "polite" }, when, wrote, cost), says),
      node("div", {}, node("div", { class: "gbh-scroll" }, axes), node("div", { class: "gbh-heads" }, ...(N > 1 ? thumbs.map(t => t.made) : [])))),
    table.element);

  let losses = [], maps = [], looks = null, look = -1, head = -1, row = T - 1, marked = null, colours = scales(el);
  const lossAt = step => { const mean = recent(losses, every, step); return mean === null ? "–" : fmt(mean, 3); };
  const weight = (t, s, h = head) => maps[place(look, h, t, s, N, T)];

  /** Read what a new look brought. */
  function read() {
    if (model.get("looks") === looks) return;
    looks = model.get("looks");
    losses = floats(model, "losses");
    maps = floats(model, "maps");
    look = -1;
    const finite = losses.filter(Number.isFinite);
    plot.setY(0, 1.12 * Math.max(0.1, ...floors, finite.length ? finite[0] : 0));
    floors.forEach((height, i) => {
      for (const [name, value] of Object.entries({ x1: plot.x(0), x2: plot.x(steps), y1: plot.y(height), y2: plot.y(height) })) lines[i].setAttribute(name, value);
      labels[i].setAttribute("x", plot.x(steps) - 2);
      labels[i].setAttribute("y", plot.y(height) + (height > lowest ? -5 : 15)); // the curve ends at the lowest, so that its name stands below
    });
    whole.setAttribute("points", points(losses.length));
    setAttribute(scrub, "max", last());
    setEnabled(play.element, last() > 0);
  }

  /** The points of the curve up to the n-th. */
  function points(n) {
    const thin = Math.max(1, Math.floor(losses.length / 400)), found = [];
    for (let i = 0; i < n; i++) {
      if ((i % thin === 0 || i === n - 1) && Number.isFinite(losses[i])) found.push(`${plot.x((i + 1) * every).toFixed(1)},${plot.y(losses[i]).toFixed(1)}`);
    }
    return found.join(" ");
  }

  /** A head at this look as pixels; what is masked stays open. */
  function paint(canvas, h) {
    const pixels = new ImageData(T, T);
    for (let t = 0; t < T; t++) for (let s = 0; s <= t; s++) pixels.data.set([...colours.weight(weight(t, s, h)).rgb, 255], 4 * (t * T + s));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  function show() {
    const step = looks[look], n = Math.floor(step / every), loss = losses[n - 1];
    const says = step === 0 ? "before the first step" : `after step ${step} of ${steps}`;
    until.setAttribute("points", points(n));
    setStyle(dot, "display", Number.isFinite(loss) ? "" : "none");
    if (Number.isFinite(loss)) {
      dot.setAttribute("cx", plot.x(n * every));
      dot.setAttribute("cy", plot.y(loss));
    }
    thumbs.forEach(({ canvas }, h) => paint(canvas, h));
    setSlider(scrub, look, says);
    setText(stepShown, `step ${step} of ${steps}`);
    setText(when, `${says[0].toUpperCase()}${says.slice(1)} it writes`);
    setText(wrote, model.get("texts")[look]);
    plot.element.setAttribute("aria-label", `Loss against step, with ${names.map((name, i) => `${name} at ${fmt(floors[i], 3)}`).join(", ")}. ${costSays()}`);
  }

  function draw() {
    read();
    const newLook = shown() !== look, newHead = model.get("head") !== head;
    [look, head] = [shown(), model.get("head")];
    if (newLook) show();
    if (newLook || newHead) {
      paint(sheet, head);
      thumbs.forEach(({ made }, h) => setAttribute(made, "aria-pressed", h === head));
    }
    const at = pick.current();
    if (at) row = at[0];
    if (String(marked) !== String(at)) {
      if (marked) mark(...marked, false);
      if (at) mark(...at, true);
      marked = at;
    }
    setText(cost, model.get("error") || costSays());
    setText(says.children[0], rowSays());
    setText(says.children[1], at ? cellSays(...at) : "");
    pick.sync();
    table.sync();
  }

  function mark(t, s, on) {
    for (const cell of cells[t]) cell.classList.toggle("lit", on);
    cells[t][s].classList.toggle("at", on);
    rowNames[t].classList.toggle("at", on);
    columnNames[s].classList.toggle("at", on);
  }

  /** What the last batches cost, and how far that is from the lowest floor. */
  function costSays() {
    const step = looks[look], mean = recent(losses, every, step);
    if (mean === null) return "";
    const away = Math.abs(mean - lowest), side = mean < lowest ? "below" : "above";
    const floor = floors.length ? `, ${fmt(away, 3)} ${side} ${names[floors.indexOf(lowest)]}` : "";
    return step === 1 ? `The first batch cost ${fmt(mean, 3)} nats.` : `The last ${Math.min(20, step)} batches cost ${fmt(mean, 3)} nats each${floor}.`;
  }

  function rowSays() {
    const best = tokens.slice(0, row + 1).map((token, s) => [weight(row, s), token]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    return `${heads[head]}: token ${row + 1}, ${tokens[row]}, looks at ${best.map(([w, token]) => `${token} ${fmt(w)}`).join(", ")}.`;
  }

  function cellSays(t, s) {
    if (s > t) return `${tokens[t]} → ${tokens[s]}: masked, no token sees a later one.`;
    const then = looks.map((_, i) => maps[place(i, head, t, s, N, T)]);
    return `${tokens[t]} → ${tokens[s]}: ${fmt(weight(t, s), 4)} now, ${fmt(then[0], 4)} before the first step, ${fmt(then.at(-1), 4)} at the last look.`;
  }

  /** The page turned dark or light. */
  function repaint() {
    colours = scales(el);
    look = head = -1;
    draw();
  }

  const end = listen(model, ["looks", "error", "head", "at", "locked"], draw), endTheme = onTheme(el, repaint);
  return () => { end(); endTheme(); play.stop(); };
}

export default { render };
