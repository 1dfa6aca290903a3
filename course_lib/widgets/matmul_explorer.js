export const maths = { matmul };

/** a (n·m) times b (m·p), both flat → n rows of p. */
function matmul(a, b, n, m, p) {
  return Array.from({ length: n }, (_, i) => Array.from({ length: p }, (_, j) => {
    let sum = 0;
    for (let l = 0; l < m; l++) sum += a[i * m + l] * b[l * p + j];
    return sum;
  }));
}

function render({ model, el }) {
  const [n, m, p] = model.get("sizes"), names = model.get("names");
  const a = floats(model, "a"), b = floats(model, "b"), product = matmul(a, b, n, m, p);
  const digits = m + 2 * p <= 14 ? 4 : 2; // where there is room, as many as the sum below has
  const rowsOf = (flat, rows, columns) =>
    Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * columns, (i + 1) * columns)));
  const numbers = [rowsOf(a, n, m), rowsOf(b, m, p), product];
  const [A, B, C] = numbers.map((rows, which) => rows.map((row, i) => row.map((x, j) =>
    node("div", which === 2 ? { "data-cell": `${i},${j}` } : {}, short(x, digits)))));
  const grid = (cells, attributes = {}) => node("div", {
    class: "gbh-grid gbh-matrix", style: `grid-template-columns: repeat(${cells[0].length}, 1fr)`, ...attributes,
  }, ...cells.flat());
  const kind = name => ({ q: "query", k: "key", v: "value" })[name.toLowerCase()] ?? "";
  const named = (name, matrix) => node("div", { class: "gbh-scroll" }, node("div", { class: kind(name) }, name), matrix);
  const host = grid(C, {
    role: "application", "aria-roledescription": "matrix",
    "aria-label": `${names[2]}, ${n} rows and ${p} columns. Arrow keys move, Enter locks, Escape unlocks.`,
  });
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const pick = picker(model, host, () => [n, p], draw);
  const after = ([i, j]) => j + 1 < p ? [i, j + 1] : i + 1 < n ? [i + 1, 0] : null;
  const play = player(model, "locked", cell => cell.length ? after(cell) : [0, 0], [0, 0], 700);
  const table = numbersTable("The product as numbers", () => [
    ["", ...product[0].map((_, j) => `column ${j}`)],
    ...product.map((row, i) => [`row ${i}`, ...row.map(x => fmt(x, 4))])]);
  card(el, "A product, entry by entry", `Point at an entry of ${names[2]}, or let them run: its row and its column meet in the sum below.`,
    [play.element, pick.release],
    node("div", { class: "gbh-row" },
      named(names[0], grid(A)), node("span", { class: "gbh-sign", "aria-hidden": "true" }, "×"),
      named(names[1], grid(B)), node("span", { class: "gbh-sign", "aria-hidden": "true" }, "="),
      named(names[2], host)), says, table.element);

  function draw() {
    const at = pick.current() ?? [0, 0]; // an entry is always written out
    A.forEach((row, i) => row.forEach(cell => cell.classList.toggle("used", i === at[0])));
    B.forEach(row => row.forEach((cell, j) => cell.classList.toggle("used", j === at[1])));
    C.forEach((row, i) => row.forEach((cell, j) => cell.classList.toggle("at", i === at[0] && j === at[1])));
    setText(says.children[0], `Row ${at[0]} of ${names[0]} meets column ${at[1]} of ${names[1]}, entry by entry:`);
    setText(says.children[1], sum(...at));
    pick.sync();
    table.sync();
  }

  function sum(i, j) {
    const factors = Array.from({ length: m }, (_, l) => [a[i * m + l], b[l * p + j]]);
    const terms = factors.map(([x, y]) => `${bracket(x, 4)} · ${bracket(y, 4)}`).join("  +  ");
    const products = factors.map(([x, y]) => bracket(x * y, 4)).join(" + ");
    const exact = factors.every(([x, y]) => equals(rounded(x) * rounded(y), x * y) === "="), total = product[i][j];
    const adds = equals(factors.reduce((all, [x, y]) => all + rounded(x * y), 0), total);
    return `${terms}  ${exact ? "=" : "≈"}  ${products}  ${adds}  ${short(total, 4)}`;
  }

  function repaint() {
    const colours = scales(el);
    [A, B, C].forEach((cells, which) => {
      const scale = scaleOf(colours, numbers[which].flat());
      cells.forEach((row, i) => row.forEach((cell, j) => colourCell(cell, scale(numbers[which][i][j]))));
    });
  }

  const end = listen(model, ["locked"], draw), endTheme = onTheme(el, repaint);
  return () => { end(); endTheme(); play.stop(); };
}

export default { render };
