"use strict";
// Tables: sort by a column's button, filter by a search field. Without script the tables are just tables.
for (const table of document.querySelectorAll("table.data")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const compare = new Intl.Collator(document.documentElement.lang || "en", { numeric: true }).compare;
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
  };
  table.tHead.rows[0].querySelectorAll("th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("num"));
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const sign = down ? 1 : -1;
      const numeric = head.classList.contains("num");
      rows.sort((a, b) => {
        const x = value(a, column), y = value(b, column);
        // What is withheld stays at the end whichever way one sorts.
        if (x === "" || y === "") return (x === "") - (y === "");
        return sign * (numeric ? Number(x) - Number(y) : compare(x, y));
      });
      body.append(...rows);
    });
  });
  if (rows.length < 9) continue;
  const bar = document.createElement("div");
  bar.className = "find";
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("span");
  input.type = "search";
  count.setAttribute("role", "status");
  label.append("Search ", input);
  bar.append(label, count);
  table.closest(".scroll").before(bar);
  const name = table.caption ? table.caption.textContent.trim() : "table";
  input.setAttribute("aria-label", "Search in " + name);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    let shown = 0;
    for (const row of rows) {
      // A shortened id is found by its full form too.
      const text = [...row.cells].map((cell) => cell.title || cell.textContent).join(" ").toLocaleLowerCase();
      row.hidden = wanted !== "" && !text.includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = wanted ? `${shown} of ${rows.length} rows` : "";
  });
}
