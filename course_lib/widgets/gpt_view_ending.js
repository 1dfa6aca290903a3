// The end of GPTView: logits become probabilities, by the dials, and the likeliest words can be taken.

/** {elements, chances, sync}: chances() is what is drawn from; sync(logits, version) shows others. dials: how many of the three. */
function ending(model, net, count, dials, take) {
  let chances = [], shown = "";
  const turned = drawDials(model, net.V).slice(0, dials);
  const bars = Array.from({ length: count }, () => {
    const before = node("div", { class: "before" }), now = node("div", { class: "now" });
    const bar = { id: 0, before, now, share: node("span", { class: "gbh-number share" }), logit: node("span", { class: "gbh-number" }) };
    bar.take = button("", () => take(bar.id), { class: "gbh-take" });
    bar.track = node("div", { class: "gbh-track", "aria-hidden": "true" }, before, now);
    return bar;
  });
  const heads = ["next word (click: write it)", "logit", "probability", ""].map(text => node("span", { class: "head" }, text));
  const table = node("div", { class: "gbh-bars gbh-tokens" }, ...heads, ...bars.flatMap(({ take, logit, track, share }) => [take, logit, track, share]));
  function sync(given, version) {
    const state = [version, model.get("stop"), model.get("top_k"), model.get("top_p")].join();
    if (state === shown) return;
    shown = state;
    const logits = Array.from(given), temperature = TEMPERATURES[model.get("stop")], plain = softmax(logits, temperature);
    chances = nextTokenProbabilities(logits, temperature, model.get("top_k"), TOP_P[model.get("top_p")]);
    const best = logits.map((_, id) => id).sort((a, b) => logits[b] - logits[a]);
    bars.forEach((bar, n) => {
      const id = bar.id = best[n], p = chances[id];
      setText(bar.take, net.words[id]);
      setText(bar.logit, fmt(logits[id]));
      setStyle(bar.before, "width", percent(plain[id]));
      setStyle(bar.now, "width", percent(p));
      setText(bar.share, p === 0 && plain[id] > 0 ? `${probability(plain[id])} cut off` : probability(p));
    });
    for (const dial of turned) dial.sync();
  }
  return { elements: [node("div", { class: "gbh-row" }, ...turned.map(dial => dial.element)), table], chances: () => chances, sync };
}
