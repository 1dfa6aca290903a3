export const maths = { TEMPERATURES, TOP_P, nextTokenProbabilities, sample };

function render({ model, el }) {
  const tokens = model.get("tokens"), V = tokens.length, SHOWN = Math.min(V, 12);
  const controls = drawDials(model, V);
  const prompt = node("span"), grown = node("strong");
  const text = node("p", { class: "gbh-text", "aria-live": "polite" }, prompt, " ", grown);
  const rows = Array.from({ length: SHOWN }, () => {
    const before = node("div", { class: "before" }), now = node("div", { class: "now" });
    const take = button("", () => { if (row.id !== undefined) append(row.id, "Taken"); }, { class: "gbh-take" });
    const row = { before, now, take, share: node("span", { class: "gbh-number" }), logit: node("span", { class: "gbh-number" }),
      track: node("div", { class: "gbh-track", "aria-hidden": "true" }, before, now) };
    return row;
  });
  const bars = node("div", { class: "gbh-bars gbh-tokens" }, ...["token (click to take it)", "logit", "probability", ""].map(t => node("span", { class: "head" }, t)),
    ...rows.flatMap(({ take, logit, track, share }) => [take, logit, track, share]));
  const says = node("div", { class: "gbh-says" }, node("p"), node("p"));
  let waiting = false, owed = 0, taken = ""; // how many more tokens to draw; what the last one was
  const still = Boolean(model.withoutKernel); // on a web page, where no model can be asked
  const mayAct = () => !waiting && !still;
  const append = (id, how) => {
    if (!mayAct()) return;
    waiting = true;
    taken = `${how}: ${tokens[id]}, which had probability ${probability(drawn[id])}.`;
    setEnabled(drawButton, false);
    send(model, { ids: [...model.get("ids"), id] });
  };
  const one = () => append(sample(drawn, Math.random()), "Drawn");
  const drawButton = button("Draw a token", one);
  const ten = button("Draw ten", () => { if (mayAct()) { owed = 9; one(); } });
  const go = ids => { if (!mayAct()) return; owed = 0; taken = ""; send(model, { ids }); };
  const undo = button("Take one back", () => { if (model.get("ids").length > model.get("prompt")) go(model.get("ids").slice(0, -1)); });
  const again = button("Start over", () => go(model.get("ids").slice(0, model.get("prompt"))));
  // Any token can be taken, not only the likeliest.
  const any = focusable(node("select", { "aria-label": "take any token" }, node("option", { value: "" }, "take any token …"),
    ...tokens.map((token, id) => node("option", { value: id }, token))));
  any.addEventListener("change", () => { if (any.value !== "") append(Number(any.value), "Taken"); any.value = ""; });
  card(el, "What comes next", "Turn the dials and watch the probabilities; then draw, or take a token that the model hardly expects.",
    controls.map(control => control.element),
    text, node("div", { class: "gbh-row" }, drawButton, ten, undo, again, any), bars, says);

  let plain, drawn;
  function draw() {
    const logits = Array.from(floats(model, "logits")), temperature = TEMPERATURES[model.get("stop")];
    plain = softmax(logits, temperature);
    drawn = nextTokenProbabilities(logits, temperature, model.get("top_k"), TOP_P[model.get("top_p")]);
    const best = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a]).slice(0, SHOWN);
    rows.forEach((row, n) => {
      const id = best[n];
      row.id = id;
      setText(row.take, tokens[id]);
      setText(row.logit, fmt(logits[id], 2));
      setStyle(row.before, "width", percent(plain[id]));
      setStyle(row.now, "width", percent(drawn[id]));
      setText(row.share, drawn[id] === 0 && plain[id] > 0 ? `${probability(plain[id])} cut off` : probability(drawn[id]));
    });
    for (const control of controls) control.sync();
    const words = model.get("ids").map(id => tokens[id]);
    setText(prompt, words.slice(0, model.get("prompt")).join(" "));
    setText(grown, words.slice(model.get("prompt")).join(" "));
    const kept = drawn.filter(p => p > 0).length, nats = entropy(drawn);
    setText(says.children[0], `${kept} of ${V} tokens can be drawn; entropy ${fmt(nats, 3)} nats = ${fmt(nats / Math.LN2, 3)} bits.`);
    if (still) for (const made of [drawButton, ten, undo, again, any, ...rows.map(row => row.take)]) setEnabled(made, false);
    setText(says.children[1], still ? "The dials work here. Drawing a token asks the model, which needs the notebook and its kernel."
      : waiting ? "Waiting for the model in the kernel. After a restart of the kernel, run this cell again."
        : model.get("error") ? `The model answered: ${model.get("error")}` : taken);
  }
  // The model's answer ends the wait. Taking a token back is answered too.
  const answered = () => {
    waiting = false;
    setEnabled(drawButton, true);
    draw();
    if (owed > 0 && !model.get("error")) { owed -= 1; one(); }
    else owed = 0;
  };
  const end = listen(model, ["ids", "stop", "top_k", "top_p"], draw);
  model.on("change:answers", answered);
  return () => { owed = 0; end(); model.off("change:answers", answered); };
}

export default { render };
