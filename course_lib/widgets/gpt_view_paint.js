// The rows of GPTView as pictures: vectors as blocks of cells, weights as bars of grey, what heads bring as lines.

const CELLS = 8, LEVELS = 12; // numbers side by side in the block of a vector; widths of a line

/**
 * Paint a row, if what it shows has changed. one: {row, canvas, brush, cells, flow, shown}; what: {net, made, words, token, head, off,
 * colours, painted}, where `painted` counts the changes of the pass and of the colours.
 */
function paint(one, what) {
  const { row } = one, { token, painted } = what, head = row.head ?? what.head;
  if (row.kind === "words") return;
  const ofHead = row.each || row.kind === "map" || row.kind === "scores", ofToken = ["head", "scores", "flow"].includes(row.kind);
  const state = [painted, ofHead ? head : "", ofToken ? token : ""].join();
  if (one.shown === state) return;
  one.shown = state;
  if (row.kind === "flow") { pour(one, what); return; }
  const pixels = ["head", "map", "scores"].includes(row.kind) ? weightsOf(one, what, head) : vectorsOf(one, what, head);
  const { canvas } = one;
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) { canvas.width = pixels.width; canvas.height = pixels.height; }
  one.brush.putImageData(pixels, 0, 0);
}

/** A cell for each key: the weights or scores of one token, or of all in a map. What is masked is left open. */
function weightsOf({ row, cells }, { made, words, token, colours }, head) {
  const T = words.length, map = row.kind === "map", tall = map ? T : 1;
  const all = made[`${row.kind === "scores" ? "scores" : "weights"}.${row.block}`], from = (head * T + (map ? 0 : token)) * T;
  const values = all.subarray(from, from + tall * T), scale = row.kind === "scores" ? scaleOf(colours, values.filter(Number.isFinite)) : colours.weight;
  const pixels = new ImageData(T, tall), ink = new Uint32Array(pixels.data.buffer);
  values.forEach((x, n) => { if (n % T <= (map ? Math.floor(n / T) : token)) ink[n] = scale(x).pixel; });
  if (map) setStyle(cells, "height", `${Math.max(8, Math.min(14, 200 / T)) * T}px`);
  return pixels;
}

/** Of every token its numbers as a block of cells, with a gap between the tokens. */
function vectorsOf(one, { net, made, words, colours }, head) {
  const { row } = one, T = words.length, data = made[row.key], width = data.length / T;
  const n = row.each ? net.K : width, from = row.each ? head * n : 0;
  const wide = n > 100 ? 16 : n > 64 ? 14 : CELLS, tall = Math.ceil(n / wide), across = T * (wide + 1) - 1;
  one.layout = { wide, tall, n };
  const values = row.each ? Float32Array.from({ length: T * n }, (_, i) => data[Math.floor(i / n) * width + from + i % n]) : data;
  const scale = scaleOf(colours, row.kind === "units" ? values.map(x => Math.max(x, 0)) : values);
  const pixels = new ImageData(across, tall), ink = new Uint32Array(pixels.data.buffer);
  values.forEach((x, i) => {
    const t = Math.floor(i / n), j = i % n;
    ink[Math.floor(j / wide) * across + t * (wide + 1) + j % wide] = scale(x).pixel;
  });
  return pixels;
}

/** What the heads bring to a token, as lines from where they look: the wider, the larger the weight. */
function pour({ row, flow, cells }, { net, made, words, token, off }) {
  const T = words.length, d = Array(LEVELS).fill(""), all = made[`weights.${row.block}`];
  for (let h = 0; h < net.H; h++) {
    if (off.includes(row.block * net.H + h)) continue;
    for (let s = 0; s <= token; s++) {
      const w = all[(h * T + token) * T + s];
      if (w >= 0.03) d[Math.min(Math.floor(w * LEVELS), LEVELS - 1)] += `M${s + 0.5} 0C${s + 0.5} 0.6 ${token + 0.5} 0.4 ${token + 0.5} 1`;
    }
  }
  setAttribute(cells.firstChild, "viewBox", `0 0 ${T} 1`);
  flow.forEach((path, n) => setAttribute(path, "d", d[n]));
}
