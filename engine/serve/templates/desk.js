"use strict";
// Pictures come when they are near, tables get their downloads, and the page comes anew when a run has finished.
const main = document.getElementById("content");
const tail = main.dataset.tail ? main.dataset.tail.slice(1) : "";
const address = (name, values) => {
  const query = new URLSearchParams(tail);
  for (const [key, value] of Object.entries(values)) query.set(key, value);
  return name + "?" + query;
};

async function draw(place) {
  try {
    const answer = await fetch(place.dataset.chart);
    if (!answer.ok) throw new Error(answer.status);
    place.innerHTML = await answer.text();
  } catch {
    place.textContent = "This picture did not come. Load the page again.";
    place.classList.add("trouble");
  }
  place.removeAttribute("data-chart");
}
const near = new IntersectionObserver((seen) => {
  for (const entry of seen) if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target); }
}, { rootMargin: "600px" });
document.querySelectorAll("[data-chart]").forEach((place) => near.observe(place));

for (const table of document.querySelectorAll("table[data-fact]")) {
  const save = document.createElement("p");
  save.className = "save";
  for (const kind of ["csv", "xlsx"]) {
    const link = document.createElement("a");
    link.href = address("table." + kind, { page: main.dataset.table, table: table.dataset.fact });
    link.textContent = kind.toUpperCase();
    link.setAttribute("aria-label", `Download ${table.caption ? table.caption.textContent.trim() : "the table"} as ${kind.toUpperCase()}`);
    link.download = "";
    save.append(link);
  }
  table.closest(".scroll").after(save);
}

// An empty field is no condition: it does not belong into the address.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}
window.addEventListener("pageshow", () => document.querySelectorAll("form :disabled").forEach((field) => { field.disabled = false; }));

const news = document.getElementById("news");
const tell = (text) => { if (news.textContent !== text) { news.textContent = text; news.hidden = !text; } };
setInterval(async () => {
  try {
    const state = await (await fetch("state")).json();
    const typing = document.getElementById("judge") || document.activeElement && /^(INPUT|SELECT)$/.test(document.activeElement.tagName);
    if (state.number && String(state.number) !== document.body.dataset.number) {
      if (!typing) location.reload();
      else tell("A run has finished: load the page again to see what it changed.");
    } else tell(state.writing ? "A command is writing into the workspace; these figures are from before it." : "");
  } catch {
    tell("`kindred serve` has ended: start it again.");
  }
}, 4000);
