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
  const rowsOf = (flat, rows, columns) =>
    Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * columns, (i + 1) * columns)));
  const cellsOf = (rows, attributes) => rows.map((row, i) => row.map((x, j) => node("div", attributes(i, j), short(x, 2))));
  const number = () => ({ class: "number" });
  const A = cellsOf(rowsOf(a, n, m), number), B = cellsOf(rowsOf(b, m, p), number);
  const C = cellsOf(product, (i, j) => ({ "data-cell": `${i},${j}` }));
  const grid = (cells, attributes = {}) => node("div", {
    class: "gbh-grid gbh-matrix", style: `grid-template-columns: repeat(${cells[0].length}, max-content)`, ...attributes,
  }, ...cells.flat());
  const named = (name, matrix) => node("div", {}, node("div", {}, name), matrix);
  const host = grid(C, {
    role: "application", "aria-roledescription": "matrix",
    "aria-label": `${names[2]}, ${n} rows and ${p} columns. Arrow keys move, Enter locks, Escape unlocks.`,
  });
  const says = node("div", { class: "gbh-says", "aria-live": "polite" }, node("p"), node("p"));
  const pick = picker(model, host, () => [n, p], draw);
  const table = numbersTable("The product as numbers", () => [
    ["", ...product[0].map((_, j) => `column ${j}`)],
    ...product.map((row, i) => [`row ${i}`, ...row.map(x => fmt(x, 4))])]);
  el.classList.add("gbh");
  el.replaceChildren(
    node("div", { class: "gbh-row" },
      named(names[0], grid(A)), node("span", { class: "gbh-sign", "aria-hidden": "true" }, "×"),
      named(names[1], grid(B)), node("span", { class: "gbh-sign", "aria-hidden": "true" }, "="),
      named(names[2], host)),
    node("div", { class: "gbh-row" }, pick.release), says, table.element);

  function draw() {
    const at = pick.current();
    A.forEach((row, i) => row.forEach(cell => cell.classList.toggle("used", at !== null && i === at[0])));
    B.forEach(row => row.forEach((cell, j) => cell.classList.toggle("used", at !== null && j === at[1])));
    C.forEach((row, i) => row.forEach((cell, j) =>
      cell.classList.toggle("at", at !== null && i === at[0] && j === at[1])));
    setText(says.children[0], at
      ? `Row ${at[0]} of ${names[0]} meets column ${at[1]} of ${names[1]}, entry by entry:`
      : "Point at an entry of the product, or move with the arrow keys.");
    setText(says.children[1], at ? sum(...at) : "");
    pick.sync();
    table.sync();
  }

  function sum(i, j) {
    const factors = Array.from({ length: m }, (_, l) => [a[i * m + l], b[l * p + j]]);
    const terms = factors.map(([x, y]) => `${bracket(x)} · ${bracket(y)}`).join("  +  ");
    const products = factors.map(([x, y]) => bracket(x * y)).join(" + ");
    return `${terms}  =  ${products}  =  ${short(product[i][j], 4)}`;
  }

  return listen(model, ["locked"], draw);
}

export default { render };
