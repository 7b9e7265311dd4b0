"use strict";
// A graph is moved by dragging, zoomed by buttons, keys, two fingers or Ctrl with the wheel. A drag that ends on somebody is no click.
for (const place of document.querySelectorAll(".graph")) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const view = Panzoom(place.querySelector("svg"), { canvas: true, contain: "outside", minScale: 1, maxScale: 16, step: 0.4, animate: !still, cursor: "grab" });
  const moved = (x, y) => () => view.pan(x * 60 / view.getScale(), y * 60 / view.getScale(), { relative: true });
  const keys = {
    "+": view.zoomIn, "=": view.zoomIn, "-": view.zoomOut, 0: view.reset,
    ArrowLeft: moved(1, 0), ArrowRight: moved(-1, 0), ArrowUp: moved(0, 1), ArrowDown: moved(0, -1),
  };
  place.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  place.addEventListener("wheel", (event) => { if (event.ctrlKey || event.metaKey) view.zoomWithWheel(event); }, { passive: false });
  let from = null;
  place.addEventListener("pointerdown", (event) => { from = event; }, true);
  place.addEventListener("dragstart", (event) => event.preventDefault());
  place.addEventListener("click", (event) => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 5) event.preventDefault();
  }, true);
  const bar = document.createElement("div");
  bar.className = "zoom";
  for (const [sign, name, act] of [["+", "Zoom in", view.zoomIn], ["−", "Zoom out", view.zoomOut], ["all", "Show all", view.reset]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => act());
    bar.append(button);
  }
  place.before(bar);
}
