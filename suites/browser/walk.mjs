// Walks through the pages of a demo in Chromium. BASE names the demo. Prints a line for each check, and the number of
// those that failed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { HtmlValidate } from "html-validate";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const base = process.env.BASE;

/** Octets of the home page before compression. */
const FIRST_PAGE = 60_000;
/** Milliseconds until something is seen, on the slow phone below. The goal is 1500; a shared machine gets twice that. */
const FIRST_PAINT = 3000;

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const LANGUAGES = { zh: "zh-CN", en: "en-GB" };
const WORDS = {
  zh: { details: "详情", subscribe: "订阅", original: "阅读原文", henan: "河南" },
  en: { details: "Details", subscribe: "Subscribe", original: "Read the original", henan: "Henan" },
};

let passed = 0;
let failed = 0;

async function check(name, work) {
  try {
    const said = await work();
    passed += 1;
    console.log(`ok    ${name}${said ? `: ${said}` : ""}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      | ${String(error.message ?? error).split("\n").slice(0, 12).join("\n      | ")}`);
  }
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
  ],
});

/** A browser of a reader, in which every complaint of the console is kept. */
async function reader({ size = "desktop", lang = "zh", scheme = "light", scripts = true } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size], locale: LANGUAGES[lang], colorScheme: scheme, javaScriptEnabled: scripts,
    hasTouch: size === "phone",
    // Colours that still change would be measured half-way.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) complaints.push(`asks another site: ${request.url()}`);
  });
  return { context, page, complaints };
}

/** The pages of the demo, by kind. */
async function paths() {
  const text = async (path) => (await fetch(base + path)).text();
  const home = await text("/");
  const story = home.slice(home.indexOf('class="widely"')).match(/entry\/[0-9a-f]{28}/)[0];
  const region = await text("/henan/");
  const [, day] = region.match(/href="(\/henan\/\d{4}-\d\d-\d\d\/)"/);
  const [, month] = region.match(/href="(\/henan\/\d{4}-\d\d\/)"/);
  const [, source] = region.match(/href="(\/source\/[a-z0-9-]+\/)"/);
  const has = home.includes('action="/search"');
  return {
    home: "/", all: "/all/", region: "/henan/", quiet: "/aomen/", day, month, entry: `/${story}`, source,
    status: "/status", ...(has ? { search: "/search?q=%E6%B2%B3%E5%8D%97" } : {}),
  };
}

const pages = await paths();

/** From the home page to a subscription, by clicks. */
async function walk(options) {
  const { context, page, complaints } = await reader(options);
  const words = WORDS[options.lang];
  try {
    await page.goto(`${base}/`);
    must((await page.locator("html").getAttribute("lang")).startsWith(options.lang), "the language of the browser");
    await page.getByRole("link", { name: words.henan, exact: true }).first().click();
    await page.waitForURL(/\/henan\/$/);
    must((await page.locator("h1").innerText()) === words.henan, "the region is the title");
    const others = page.locator("details.others").first();
    if (await others.count()) {
      await others.locator("summary").click();
      must(await others.locator("li a").first().isVisible(), "the other reports unfold");
    }
    await page.locator("a.details").first().click();
    await page.waitForURL(/\/entry\/[0-9a-f]{28}$/);
    const original = page.getByRole("link", { name: words.original });
    must(/^https?:/.test(await original.getAttribute("href")), "the original is linked");
    if (pages.search) {
      await page.getByRole("searchbox").fill("河南");
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/search\?q=/);
      must((await page.locator("h1").count()) === 1, "a page of results");
    }
    await page.goto(`${base}/henan/`);
    const field = page.locator(".address input").first();
    const address = await field.inputValue();
    must(address === `${base}/henan.atom`, `the address of the feed: ${address}`);
    must((await (await fetch(address)).text()).includes("<feed"), "it is a feed");
    if (options.scripts) {
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.locator(".address button").first().click();
      must((await page.evaluate(() => navigator.clipboard.readText())) === address, "one click copies it");
    } else {
      must((await page.locator(".address button").count()) === 0, "no dead button without scripts");
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
    must(width <= SIZES[options.size].width, `no sideways scrolling: ${width}`);
    must(complaints.length === 0, complaints.join("\n"));
  } finally {
    await context.close();
  }
}

for (const lang of Object.keys(LANGUAGES)) {
  for (const size of Object.keys(SIZES)) {
    for (const scripts of [true, false]) {
      await check(`the way of a reader: ${lang}, ${size}, scripts ${scripts ? "on" : "off"}`, () => walk({ lang, size, scripts }));
    }
  }
}

await check("the switch of languages stays in the links", async () => {
  const { context, page } = await reader({ lang: "zh" });
  await page.goto(`${base}/`);
  await page.getByRole("link", { name: "English" }).click();
  must((await page.locator("html").getAttribute("lang")) === "en", "English was asked for");
  await page.getByRole("link", { name: "Henan", exact: true }).first().click();
  await page.waitForURL(/\/henan\/\?lang=en$/);
  await page.locator("a.details").first().click();
  await page.waitForURL(/\?lang=en$/);
  must((await page.locator("html").getAttribute("lang")) === "en", "it stays English");
  must((await context.cookies()).length === 0, "no cookie");
  await context.close();
});

await check("by keyboard alone from the home page to an entry", async () => {
  const { context, page } = await reader();
  await page.goto(`${base}/`);
  await page.keyboard.press("Tab");
  const skip = page.locator("a.skip");
  must(await skip.evaluate((link) => link === document.activeElement), "the first stop skips to the content");
  await page.keyboard.press("Enter");
  must(await page.evaluate(() => document.activeElement.id === "main"), "it leads to the content");
  /** Goes on until the element in focus fits, and sees that every stop is visible. */
  const go = async (fits) => {
    for (let stop = 0; stop < 200; stop += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const { activeElement: element } = document;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { text: element.textContent.trim(), classes: element.className, outlineStyle, outlineWidth };
      });
      must(at.outlineStyle !== "none" && parseFloat(at.outlineWidth) >= 2, `focus is seen on ${at.text}`);
      if (fits(at)) return;
    }
    throw new Error("no such stop");
  };
  await go((at) => at.text === "河南");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/henan\/$/);
  await go((at) => at.classes === "details");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/entry\//);
  await go((at) => at.classes === "action");
  await context.close();
});

for (const [kind, path] of Object.entries(pages)) {
  for (const [size, lang, scheme, other] of [["phone", "zh", "light", "dark"], ["desktop", "en", "dark", "light"]]) {
    await check(`axe-core finds nothing: ${kind}, ${size}, ${lang}`, async () => {
      const { context, page, complaints } = await reader({ size, lang, scheme });
      await page.goto(base + path);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      await page.emulateMedia({ colorScheme: other });
      const contrast = await page.evaluate(() => window.axe.run({ runOnly: ["color-contrast"] }));
      const told = [...violations, ...contrast.violations].map(({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes[0].html} (${nodes.length})\n${nodes[0].failureSummary}`);
      must(told.length === 0, told.join("\n"));
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      must(width <= SIZES[size].width, `no sideways scrolling: ${width}`);
      must(complaints.length === 0, complaints.join("\n"));
      await context.close();
    });
  }
}

const validator = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: {
    // A headline is as long as its publisher makes it.
    "long-title": "off",
  },
});
for (const [kind, path] of Object.entries(pages)) {
  for (const lang of Object.keys(LANGUAGES)) {
    await check(`html-validate finds nothing: ${kind}, ${lang}`, async () => {
      const response = await fetch(base + path, { headers: { "accept-language": LANGUAGES[lang] } });
      must(response.ok, `status ${response.status}`);
      must(response.headers.get("content-security-policy")?.startsWith("default-src 'none'"), "a strict policy");
      const report = await validator.validateString(await response.text());
      const told = report.results.flatMap(({ messages }) => messages.map(({ line, ruleId, message }) => `${line}: ${ruleId}: ${message}`));
      must(told.length === 0, told.join("\n"));
    });
  }
}

await check("the first page is small", async () => {
  const page = await (await fetch(`${base}/`, { headers: { "accept-encoding": "identity" } })).arrayBuffer();
  must(page.byteLength < FIRST_PAGE, `${page.byteLength} octets`);
  return `${page.byteLength} octets`;
});

await check("something is soon seen on a slow phone", async () => {
  const { context, page } = await reader({ size: "phone" });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  // 3G as WebPageTest has it, and a processor of a fourth.
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false, latency: 300, downloadThroughput: 1_600_000 / 8, uploadThroughput: 768_000 / 8,
  });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(`${base}/`);
  const paint = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      const first = list.getEntries().find(({ name }) => name === "first-contentful-paint");
      if (first) { observer.disconnect(); resolve(first.startTime); }
    }).observe({ type: "paint", buffered: true });
  }));
  must(paint < FIRST_PAINT, `${Math.round(paint)} ms`);
  await context.close();
  return `${Math.round(paint)} ms`;
});

// The pictures of the README.
if (process.env.SHOTS) {
  const pictures = [
    ["home", "/", "desktop", "zh", "light"],
    ["region-phone", "/henan/", "phone", "zh", "dark"],
    ["entry", pages.entry, "desktop", "zh", "light"],
    ["status", "/status", "desktop", "en", "dark"],
  ];
  for (const [name, path, size, lang, scheme] of pictures) {
    const { context, page } = await reader({ size, lang, scheme });
    await page.goto(base + path);
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
    await context.close();
  }
}

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
