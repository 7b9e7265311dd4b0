"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const PER_PAGE = 60;
  const sizeOf = (name) => name.split("_").slice(-2)[0];
  const sizes = [...new Set(data.files.map(sizeOf))].sort((a, b) => {
    const [w, h] = a.split("x").map(Number), [v, g] = b.split("x").map(Number);
    return Math.abs(Math.log(w / h)) - Math.abs(Math.log(v / g)) || v * g - w * h;
  });
  const state = { page: 0, rows: data.rows };

  const make = (tag, cls, text) => {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const option = (select, value, text) => {
    const node = make("option", "", text);
    node.value = value;
    select.append(node);
  };

  option(byId("offer"), "", "All offers");
  data.offers.forEach(([id, headline], i) => option(byId("offer"), i, headline ? `${id} – ${headline}`.slice(0, 60) : id));
  option(byId("status"), "", "All customers");
  option(byId("status"), "all", "Every variant shown");
  data.arms.forEach(([, name], a) => {
    data.statuses.forEach(([, words], s) => {
      if (data.rows.some((row) => row.variants.some((v) => v.arm === a && v.status === s))) option(byId("status"), `${a}:${s}`, `${name}: ${words}`);
    });
  });
  option(byId("status"), "flag", "May be the same person");
  sizes.forEach((size) => option(byId("size"), size, size.replace("x", " × ")));
  if (!sizes.length) byId("size").disabled = true;

  const keep = (row, search, offer, status) => {
    if (search && !row.customer_id.toLowerCase().includes(search)) return false;
    if (offer !== "" && row.offer !== Number(offer)) return false;
    if (status === "") return true;
    if (status === "all") return row.variants.length === data.arms.length && row.variants.every((v) => data.statuses[v.status][0] === "shown");
    if (status === "flag") return row.variants.some((v) => v.flag);
    const [arm, which] = status.split(":").map(Number);
    return row.variants.some((v) => v.arm === arm && v.status === which);
  };

  const closer = (share) => {
    if (share === null) return "";
    const percent = share * 100;
    return `More alike than ${percent >= 99.95 ? "99.9" : percent.toFixed(1)} % of random pairs`;
  };

  const variant = (found, arm, size, customer) => {
    const figure = make("figure");
    figure.append(make("span", "arm", data.arms[arm][1]));
    const file = found && found.files ? found.files.map((i) => data.files[i]).find((name) => sizeOf(name) === size) : undefined;
    if (!file) {
      const none = make("div", "none", found ? data.statuses[found.status][1] : "Not planned");
      none.style.aspectRatio = size.replace("x", " / ");
      figure.append(none);
      return figure;
    }
    const [width, height] = size.split("x").map(Number);
    const button = make("button", "open");
    button.type = "button";
    const image = make("img");
    Object.assign(image, { loading: "lazy", width, height, alt: data.alts[found.alt] || "", src: `creatives/${encodeURIComponent(file)}` });
    button.append(image);
    button.setAttribute("aria-label", `${data.arms[arm][1]}, ${customer}: enlarge`);
    button.addEventListener("click", () => enlarge(image));
    figure.append(button);
    const caption = make("figcaption", "", data.arms[arm][0] === "random_face" ? "Drawn at random" : data.arms[arm][0] === "influencer_face" ? "Drawn from alike photos" : closer(found.percentile));
    if (found.flag) {
      caption.append(document.createElement("br"), make("span", "flag", "may be the same person"));
    }
    figure.append(caption);
    return figure;
  };

  const card = (row, size) => {
    const article = make("article");
    const who = make("div", "who");
    const [id, headline] = data.offers[row.offer];
    who.append(make("h2", "", headline || id), make("span", "id", row.customer_id));
    const [width, height] = size ? size.split("x").map(Number) : [1, 1];
    const variants = make("div", width / height > 2.5 ? "variants wide" : "variants");
    data.arms.forEach((_, arm) => variants.append(variant(row.variants.find((v) => v.arm === arm), arm, size, row.customer_id)));
    article.append(who, variants, make("p", "why", data.reasons[row.reason]));
    return article;
  };

  const draw = () => {
    const size = byId("size").value;
    const pages = Math.max(1, Math.ceil(state.rows.length / PER_PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const first = state.page * PER_PAGE;
    const part = state.rows.slice(first, first + PER_PAGE);
    byId("rows").replaceChildren(...(part.length ? part.map((row) => card(row, size)) : [make("p", "empty", "No customer fits these filters.")]));
    byId("count").textContent = state.rows.length ? `${(first + 1).toLocaleString("en")}–${(first + part.length).toLocaleString("en")} of ${state.rows.length.toLocaleString("en")} customers` : "0 customers";
    const pager = byId("pager");
    pager.replaceChildren();
    if (pages > 1) {
      const go = (text, page, label) => {
        const button = make("button", "", text);
        button.type = "button";
        button.disabled = page < 0 || page >= pages || page === state.page;
        button.setAttribute("aria-label", label);
        button.addEventListener("click", () => turn(page));
        return button;
      };
      pager.append(go("« First", 0, "First page"), go("‹ Back", state.page - 1, "Page before"), make("span", "", `Page ${state.page + 1} of ${pages}`), go("Next ›", state.page + 1, "Next page"), go("Last »", pages - 1, "Last page"));
    }
  };
  const turn = (page) => {
    state.page = page;
    draw();
    window.scrollTo({ top: 0 });
  };
  const filter = () => {
    const search = byId("search").value.trim().toLowerCase();
    const offer = byId("offer").value, status = byId("status").value;
    state.rows = data.rows.filter((row) => keep(row, search, offer, status));
    state.page = 0;
    draw();
  };

  const large = byId("large");
  let shown = null;
  const enlarge = (image) => {
    shown = image;
    const target = large.querySelector("img");
    target.src = image.src;
    target.alt = image.alt;
    large.querySelector("p").textContent = image.alt;
    if (!large.open) large.showModal();
  };
  byId("close").addEventListener("click", () => large.close());
  large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
  large.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...document.querySelectorAll(".open img")];
    const next = all[all.indexOf(shown) + step];
    if (next) enlarge(next);
  });
  document.addEventListener("keydown", (event) => {
    if (large.open || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === "ArrowRight") turn(state.page + 1);
    if (event.key === "ArrowLeft") turn(state.page - 1);
    if (event.key === "/") { event.preventDefault(); byId("search").focus(); }
  });

  const root = document.documentElement;
  const dark = () => root.classList.contains("dark") || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  const label = () => { byId("theme").textContent = dark() ? "Light" : "Dark"; byId("theme").setAttribute("aria-pressed", String(dark())); };
  byId("theme").addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    root.classList.remove("light", "dark");
    root.classList.add(next);
    label();
  });
  label();
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", filter);
  for (const id of ["offer", "status"]) byId(id).addEventListener("change", filter);
  byId("size").addEventListener("change", draw);
  draw();
})();
