// Opens pages of a running `kindred serve` in headless Chromium and prints what was seen as JSON. Arguments:
// node_modules, chromium, address in internal mode.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, executablePath, base] = process.argv.slice(2);
const require = createRequire(path.join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const errors = [], elsewhere = [];

function watched(page) {
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => !request.url().startsWith(base) && elsewhere.push(request.url()));
  return page;
}

async function opened(page, address) {
  for (let i = 0; i < 200; i++) {
    await page.goto(base + address, { waitUntil: "domcontentloaded" }).catch(() => {});
    if (await page.locator("main").count() && !await page.locator("meta[http-equiv=refresh]").count()) return page;
    await page.waitForTimeout(300);
  }
  throw new Error(address + " never came");
}

// As it is served: with its own policy.
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = watched(await context.newPage());
const seen = {};
await opened(page, "offers");
await page.locator("[data-chart]").first().scrollIntoViewIfNeeded();
await page.locator(".draw svg").first().waitFor({ timeout: 60000 });
seen.drawn = await page.locator(".draw svg").count();
seen.meaning = await page.locator("th[title], dt[title]").first().getAttribute("title");
const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".save a").first().click()]);
seen.file = file.suggestedFilename();
seen.lines = fs.readFileSync(await file.path(), "utf8").trim().split("\n").length;
await page.locator(".segment summary").click();
await page.locator("select[name='own.gender']").selectOption("woman");
await page.locator(".segment button").click();
await page.waitForURL(/own\.gender=woman/);
seen.filtered = new URL(page.url()).search;
await opened(page, "offers" + seen.filtered);
seen.kept = await page.locator("header nav a", { hasText: "Customers" }).getAttribute("href");
await page.locator("header nav a", { hasText: "Customers" }).click();
await page.waitForURL(/customers/);
seen.women = await page.locator("#find p[role=status]").textContent();
await page.locator("th a", { hasText: "Expected value" }).click();
await page.waitForURL(/sort=expected_value/);
seen.sorted = await page.locator("th[aria-sort]").textContent();
await opened(page, "customers");
await page.locator("input[name=q]").fill("c0013");
await page.locator(".search button").click();
await page.waitForURL(/customer\?id=/);
seen.customer = await page.locator("h1").textContent();

// A graph: drawn whole, zoomed, moved without a click, and a click leads to who was clicked.
await opened(page, "influence");
await page.locator("#communities td a[href^='community?']").first().click();
await page.waitForURL(/community\?id=/);
const moved = () => page.locator(".graph svg").evaluate((svg) => new DOMMatrix(getComputedStyle(svg).transform).toFloat32Array().join());
seen.people = await page.locator(".graph circle").count();
seen.told = await page.locator(".graph circle title").first().textContent();
await page.locator("select[name=colour]").selectOption("is_customer");
await page.locator(".choose button").click();
await page.waitForURL(/colour=is_customer/);
seen.legend = await page.locator(".legend").textContent();
await page.locator(".graph").scrollIntoViewIfNeeded();
seen.moves = [await moved()];
const settled = async () => { await page.waitForTimeout(400); seen.moves.push(await moved()); };
await page.locator(".zoom button").first().click();
await settled();
await page.locator(".graph").press("ArrowLeft");
await settled();
const box = await page.locator(".graph").boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await page.mouse.down();
await page.mouse.move(box.x + box.width / 2 + 80, box.y + box.height / 2 + 60, { steps: 4 });
await page.mouse.up();
await settled();
seen.stayed = page.url();
await page.locator(".graph").press("0");
await settled();
await page.locator("details summary", { hasText: "The same ties" }).click();
seen.ties = [await page.locator(".graph line").count(), await page.locator("table[data-fact='graph.ties'] tbody tr").count()];
await page.locator(".graph circle").last().click();
await page.waitForURL(/customer\?id=/);
seen.clicked = decodeURIComponent(new URL(page.url()).searchParams.get("id"));
await opened(page, "customer?id=c0013");
seen.ego = await page.locator(".graph text").allTextContents();
await context.close();

// Two runs compared: chosen, and the customers whose offer is another one lead on.
{
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = watched(await context.newPage());
  await opened(page, "runs");
  await page.locator("select[name=before]").selectOption("1");
  await page.locator("select[name=after]").selectOption("2");
  await page.locator("#compared button[type=submit]").click();
  await page.waitForURL(/before=1&after=2/);
  seen.changed = await page.locator("#compared .tiles").textContent();
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#compared .save a[aria-label*='Another offer']").first().click()]);
  seen.offers = fs.readFileSync(await file.path(), "utf8").trim().split("\n").length - 1;
  await context.close();
}

// Faces judged by hand: answers by keys and buttons, saved as a file.
{
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = watched(await context.newPage());
  await opened(page, "faces");
  await page.locator("#byhand a").click();
  for (let i = 0; i < 100 && !await page.locator("#judge").count(); i++) await page.waitForTimeout(300);
  await page.waitForFunction(() => [...document.querySelectorAll("#judge img")].every((image) => image.naturalWidth > 50));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await page.locator("#judge #skip").click();
  await page.keyboard.press("Backspace");
  await page.locator("#judge #right").click();
  seen.judged = await page.locator("#judge #count").textContent();
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#judge #save").click()]);
  seen.judgements = [file.suggestedFilename(), ...fs.readFileSync(await file.path(), "utf8").trim().split("\n")];
  await context.close();
}

// axe is a foreign script, which the policy forbids: it is let in past it.
seen.looks = [];
const pages = ["", "customers", "customer?id=c0013", "community?id=1", "influence", "offers?own.gender=woman", "faces", "experiments", "data", "runs", "judge"];
for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = watched(await context.newPage());
  for (const address of pages) {
    await opened(page, address);
    await page.addScriptTag({ content: axe });
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    seen.looks.push({
      address, width,
      overflow: await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      axe: found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => v.id + " " + v.nodes[0].html.slice(0, 200)),
    });
  }
  await context.close();
}
await browser.close();
console.log(JSON.stringify({ ...seen, errors, elsewhere }));
