// Opens pages in headless Chromium and prints what was seen as JSON. Arguments: node_modules, chromium, full internal
// page, empty page, page about one customer, full public page.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, executablePath, full, empty, person, forAll] = process.argv.slice(2);
const require = createRequire(path.join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });

async function look(name, file, width, colorScheme) {
  // The page's own policy forbids foreign scripts; axe is let in past it.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  const errors = [], requests = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => request.url() !== "file://" + file && !request.url().startsWith("data:") && requests.push(request.url()));
  await page.goto("file://" + encodeURI(file));
  const pictures = await page.evaluate(() =>
    [...document.querySelectorAll("figure svg")].map((svg) => {
      const box = svg.getBoundingClientRect();
      return { title: svg.getAttribute("aria-label"), marks: svg.querySelectorAll("path, line").length, width: box.width, height: box.height };
    }));
  // Texts of a picture that are cut off at its edge, or lie on each other.
  const faults = await page.evaluate(() => [...document.querySelectorAll("figure svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect(), name = svg.getAttribute("aria-label");
    const texts = [...svg.querySelectorAll("text")].filter((t) => t.textContent.trim()).map((t) => [t.textContent, t.getBoundingClientRect()]);
    const cut = texts.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1);
    const over = texts.flatMap(([one, a], i) => texts.slice(i + 1).filter(([, b]) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4).map(([other]) => one + " / " + other));
    return [...cut.map(([text]) => `${name}: cut: ${text}`), ...over.map((pair) => `${name}: over each other: ${pair}`)];
  }));
  const without = await page.evaluate(() =>
    [...document.querySelectorAll("figure:has(svg):not(:has(a[download]))")].map((figure) => figure.textContent.trim().slice(0, 60)));
  const opening = await page.evaluate(() => document.querySelector(".opening")?.getBoundingClientRect().bottom ?? null);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.addScriptTag({ content: axe });
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const seen = {
    name, errors, requests, overflow, faults, opening,
    pictures: pictures.length,
    without_download: without,
    empty_pictures: pictures.filter((p) => p.marks < 2 || p.width < 50 || p.height < 30),
    axe: result.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + n.failureSummary) })),
  };
  await context.close();
  return seen;
}

const pages = [
  await look("full, 1280", full, 1280, "light"),
  await look("full, 390, dark", full, 390, "dark"),
  await look("empty, 390", empty, 390, "light"),
  await look("one customer, 390", person, 390, "light"),
  await look("public, 1280, dark", forAll, 1280, "dark"),
  await look("public, 390", forAll, 390, "light"),
];

// With the page's own policy in force.
const page = await (await browser.newContext({ acceptDownloads: true })).newPage();
await page.goto("file://" + encodeURI(full));
const table = page.locator('table[data-fact="top.rows"]');
const column = await table.locator("th").evaluateAll((heads) => heads.findIndex((h) => h.dataset.column === "reach"));
const head = table.locator("th").nth(column);
const values = async () => (await table.locator("tbody tr:not([hidden])").evaluateAll(
  (rows, c) => rows.map((r) => r.cells[c].dataset.sort), column)).filter((v) => v !== "").map(Number);
await head.locator("button").focus();
await page.keyboard.press("Enter");
const aria = [await head.getAttribute("aria-sort")];
const down = await values();
await page.keyboard.press("Enter");
aria.push(await head.getAttribute("aria-sort"));
const up = await values();
const search = page.getByRole("searchbox", { name: "Search in Most influential contacts" });
await search.fill("Apple");
const rows = await table.locator("tbody tr").count();
const found = await table.locator("tbody tr:not([hidden])").count();
const status = await search.locator("xpath=../../span").textContent();
const [download] = await Promise.all([page.waitForEvent("download"), page.locator('#chart-degree a[download]').click()]);
const text = fs.readFileSync(await download.path(), "utf8");
console.log(JSON.stringify({
  pages,
  table: { down, up, aria, rows, found, status },
  download: { name: download.suggestedFilename(), text },
}));
await browser.close();
