import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CellRecord } from "../../harness/contract/result.js";
import { buildBoard } from "../../harness/metrics/index.js";
import { readRun } from "../../harness/run/store/store.js";
import { renderBoard, renderRun } from "../../reports/html.js";
import { hasChromium, launchChromium, openPage } from "./chromium.js";
import { reportContext } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";

if (!hasChromium) {
  console.log("The report is not opened in a browser: no Chromium found. Set CHROMIUM_PATH to one.");
}

const wide = { width: 1440, height: 900 };
const directory = mkdtempSync(join(tmpdir(), "bench-browser-"));
let browser: Browser;
let shared: Page;
let address: string;
let cells: CellRecord[];
let requests: string[];
let complaints: string[];

async function newPage(): Promise<Page> {
  const page = await openPage(browser, { viewport: wide });
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  return page;
}

/**
 * The report, loaded anew in the page of all tests: a page of its own takes Chromium twice as long. Chromium does not load
 * a page again for another fragment, so `at` has none.
 */
async function open(viewport = wide, at = address): Promise<Page> {
  await shared.setViewportSize(viewport);
  requests = [];
  complaints = [];
  await shared.goto(at);
  return shared;
}

/**
 * The report as the test before left it, for what does not depend on that: loading it is most of a short test's time.
 *
 * @param fragment where an address within the page points; nowhere if empty.
 */
async function opened(viewport = wide, fragment = ""): Promise<Page> {
  if (shared.url().split("#")[0] !== address) return open(viewport, `${address}${fragment}`);
  await shared.setViewportSize(viewport);
  if (fragment !== "") await shared.goto(`${address}${fragment}`);
  return shared;
}

describe.skipIf(!hasChromium)("in Chromium", () => {
  beforeAll(async () => {
    ({ cells } = writeFixtureRun(join(directory, "run"), { orders: 2, seeds: 1, failing: "lora", observed: true }));
    const [path] = await renderRun(join(directory, "run"), join(directory, "run", "report"), reportContext);
    address = pathToFileURL(path!).href;
    browser = await launchChromium();
    shared = await newPage();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("opens from a file without console messages or network requests", async () => {
    const page = await open();
    expect(await page.title()).toContain("bench");
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => url !== address && !url.startsWith("data:"))).toEqual([]);
  });

  test("the leaderboard needs no scrolling from 1280 pixels on", async () => {
    const page = await opened({ width: 1280, height: 844 });
    const { scrollWidth, clientWidth } = await page.locator("#leaderboard > .scroll").evaluate((region) => ({
      scrollWidth: region.scrollWidth,
      clientWidth: region.clientWidth,
    }));
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  });

  test("curves within tasks scroll inside where it is narrow", async () => {
    const page = await opened({ width: 390, height: 844 });
    const curves = page.locator("#within-task svg.task-curves").first();
    expect(await curves.evaluate((chart) => chart.getBoundingClientRect().width)).toBeGreaterThan(500);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test("has landmarks and one heading of the first rank", async () => {
    const page = await opened();
    for (const role of ["banner", "main", "navigation"] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(await page.getByRole("table", { name: /^Means over 2 task orders/ }).count()).toBe(1);
  });

  test("text has sufficient contrast in both themes", async () => {
    const page = await opened();
    const contrasts = () =>
      page.evaluate(() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
        const luminance = (color: string) => {
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((channel) => {
            const share = channel / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
        };
        const ratio = (a: string, b: string) => {
          const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
          return (bright! + 0.05) / (dark! + 0.05);
        };
        const paper = getComputedStyle(document.body).backgroundColor;
        const texts = [
          ".findings dd",
          ".facts dt",
          ".flag",
          "caption",
          ".chips li",
          ".legend",
          "tr.reference th",
          "svg .axis",
          "svg .learns",
        ];
        const onPaper = texts.flatMap((selector) =>
          [...document.querySelectorAll(selector)].slice(0, 20).map((element) => {
            const style = getComputedStyle(element);
            return { selector, ratio: ratio(selector.startsWith("svg") ? style.fill : style.color, paper) };
          }),
        );
        const onHeat = [...document.querySelectorAll(".heat-map .heat")].map((cell) => ({
          selector: `heat ${cell.nextElementSibling!.textContent}`,
          ratio: ratio(getComputedStyle(cell).fill, getComputedStyle(cell.nextElementSibling!).fill),
        }));
        return [...onPaper, ...onHeat];
      });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const ratios = await contrasts();
      expect(ratios.length).toBeGreaterThan(300);
      expect(ratios.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: null });
  });

  test("a metric shows its definition on focus", async () => {
    const page = await opened();
    await page.getByRole("columnheader", { name: "BWT" }).getByRole("button").focus();
    const tooltip = page.getByRole("tooltip");
    expect(await tooltip.textContent()).toContain("bwt.gem@1");
    await page.keyboard.press("Escape");
    expect(await tooltip.isVisible()).toBe(false);
  });

  test("prints with everything but the samples unfolded", async () => {
    const page = await opened();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = false;
      dispatchEvent(new Event("beforeprint"));
    });
    expect(await page.locator("main > section > details:not([open])").count()).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await page.locator("main > section > details:not([open])").count()).toBeGreaterThan(0);
  });

  test("no column breaks a number on a narrow screen", async () => {
    const page = await opened({ width: 390, height: 844 });
    const broken = await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      const found: string[] = [];
      for (const cell of document.querySelectorAll("td, th")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode() as Text | null; node; node = texts.nextNode() as Text | null) {
          for (const { index, 0: number } of node.data.matchAll(/[−+±]?\d[\d.,]*\d/g)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + number.length);
            const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (tops.size > 1) found.push(`${number} in ${cell.closest("section")?.id}`);
          }
        }
      }
      return found;
    });
    expect(broken).toEqual([]);
  });

  test("shows the cell that an address names or a reader picks", async () => {
    const first = cells.find(({ trainer, order }) => trainer === "replay" && order === "order-1")!;
    const second = cells.find(({ trainer, order }) => trainer === "replay" && order === "order-2")!;
    const page = await opened(wide, `#cell-${second.id}`);
    const samples = page.locator("#samples");
    await samples.locator(`a[href*="${second.id}"]`).waitFor();
    await samples.getByLabel("Order").selectOption({ label: "order-1" });
    await samples.locator(`a[href*="${first.id}"]`).waitFor();
    expect(complaints).toEqual([]);
  });

  test("does not overflow, narrow or wide, folded or unfolded", async () => {
    const page = await open();
    const over = async () => {
      const widths: Record<number, number> = {};
      for (const width of [390, 768, 1440]) {
        await page.setViewportSize({ width, height: 844 });
        widths[width] = await page.evaluate(() => document.documentElement.scrollWidth);
      }
      return widths;
    };
    expect(await over()).toEqual({ 390: 390, 768: 768, 1440: 1440 });
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    expect(await over()).toEqual({ 390: 390, 768: 768, 1440: 1440 });
  });

  test("sorts the leaderboard by keyboard, and says so to a screen reader", async () => {
    const page = await open();
    const names = () => page.locator(".board tbody tr th a").allTextContents();
    const heading = page.getByRole("columnheader", { name: "Time" });
    const before = await names();
    await heading.getByRole("button").focus();
    await page.keyboard.press("Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("ascending");
    expect((await names())[0]).toBe("frozen");
    await page.keyboard.press("Space");
    expect(await heading.getAttribute("aria-sort")).toBe("descending");
    expect((await names())[0]).toBe("joint");
    expect(await page.locator(".board th[aria-sort]").count()).toBe(1);
    await page.getByRole("button", { name: "OP", exact: true }).press("Enter");
    expect(await names()).toEqual(before);
  });

  test("keeps rows without a value last in either direction", async () => {
    const page = await opened();
    const heading = page.getByRole("columnheader", { name: "BWT" }).getByRole("button");
    for (let press = 0; press < 2; press++) {
      await heading.press("Enter");
      expect(await page.locator(".board tbody tr th a").last().textContent()).toBe("joint");
    }
  });

  test("shows one question across trainers and rows, by keyboard", async () => {
    const page = await open();
    await page.goto(`${address}#samples?trainer=sequential&set=test/stance&order=order-1&row=8`);
    const samples = page.locator("#samples");
    await samples.locator("li").first().waitFor();
    expect(await samples.locator("output").textContent()).toBe("25 of 25 questions");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    const table = samples.locator("li").first().getByRole("table", { name: "Answers of all trainers" });
    expect(await table.locator("tbody th").allTextContents()).toContain("replay");
    expect(await table.locator("thead th").count()).toBe(10);
    expect(await table.locator("td.current").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("filters samples by outcome and text, against a row or another trainer", async () => {
    const page = await open();
    await page.goto(`${address}#samples?trainer=sequential&set=test/stance&order=order-1&row=8`);
    const samples = page.locator("#samples");
    await samples.locator("li").first().waitFor();
    const counts: Record<string, number> = {};
    for (const kind of ["all", "correct", "incorrect", "changed", "lost", "gained", "format", "cut"]) {
      await samples.locator("select[name=Show]").selectOption(kind);
      counts[kind] = Number((await samples.locator("output").textContent())!.match(/^\d+/)![0]);
      expect(await samples.locator("li").count()).toBe(counts[kind]);
    }
    expect(counts.correct! + counts.incorrect!).toBe(25);
    expect(counts.lost! + counts.gained!).toBe(counts.changed);
    expect(counts.lost).toBeGreaterThan(0);
    expect(counts.cut).toBe(0);
    await samples.getByLabel("Compared with").selectOption({ label: "replay" });
    await samples.locator("select[name=Show]").selectOption("lost");
    for (const marks of await samples.locator("li .marks").allTextContents())
      expect(marks).toMatch(/✓ correct → ✗ incorrect/);
    await page.keyboard.press("Escape");
    await samples.locator("select[name=Show]").selectOption("all");
    await samples.locator("select[name=Show]").blur();
    await page.keyboard.press("/");
    await page.keyboard.type("no such text");
    expect(await samples.locator("output").textContent()).toBe("0 of 25 questions");
    expect(complaints).toEqual([]);
  });

  test("a score of an accuracy matrix leads to its answers", async () => {
    const page = await open();
    await page.locator("#matrices svg.heat-map a").nth(10).click();
    await page.locator("#samples li").first().waitFor();
    expect(page.url()).toContain("#samples?trainer=");
  });

  test("unfolds what an address points into", async () => {
    const page = await open();
    await page.goto(`${address}#metric-bwt.gem-1`);
    expect(await page.locator("#glossary details").getAttribute("open")).not.toBeNull();
  });

  test("the first tab stop skips to the summary, with visible focus", async () => {
    const page = await open();
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => {
      const { outlineStyle } = getComputedStyle(document.activeElement!);
      return {
        text: document.activeElement!.textContent,
        outlineStyle,
        left: document.activeElement!.getBoundingClientRect().left,
      };
    });
    expect(first).toEqual({ text: "Skip to the summary", outlineStyle: "solid", left: 0 });
  });

  test("follows the system's theme, and the reader's choice over it", async () => {
    const page = await opened();
    await page.emulateMedia({ colorScheme: "dark" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    const toggle = page.getByRole("button", { name: /^Theme/ });
    await toggle.click();
    const light = await paper();
    expect(light).not.toBe(dark);
    expect(await toggle.textContent()).toBe("Theme: light");
    await page.reload();
    expect(await paper()).toBe(light);
    await toggle.click();
    expect(await paper()).toBe(dark);
    await page.emulateMedia({ colorScheme: null });
    await page.evaluate(() => localStorage.clear());
    await page.goto("about:blank");
  });

  test("shards are loaded from files when unfolded, and a missing one is reported", async () => {
    const run = join(directory, "large");
    writeFixtureRun(run, { orders: 13, seeds: 2, sharedSeeds: true, only: ["sequential", "joint", "replay", "ewc"] });
    const [path, shards] = await renderRun(run, join(run, "report"), reportContext);
    const page = await open(wide, pathToFileURL(path!).href);
    expect(requests).toHaveLength(1);
    const order = page.locator("#matrices > details").nth(12);
    await order.locator("> summary").press("Enter");
    await order.locator("svg.heat-map").first().waitFor();
    expect(await order.locator("figure").count()).toBe(4);
    const samples = page.locator("#samples");
    await samples.getByLabel("Order").selectOption({ label: "order-13" });
    await samples.getByLabel("Seed").selectOption({ index: 1 });
    await samples.locator("li").first().waitFor();
    expect(requests.filter((url) => url.includes("/shards/")).length).toBeGreaterThanOrEqual(2);
    expect(complaints).toEqual([]);
    rmSync(shards!, { recursive: true });
    await samples.getByLabel("Order").selectOption({ label: "order-12" });
    await samples.getByText("keep the shards folder next to this page").waitFor();
  });

  test("a leaderboard is narrowed by model without a server, and an address opens its cell", async () => {
    const other = join(directory, "other");
    writeFixtureRun(other, { orders: 2, seeds: 1, only: ["replay", "ewc"], model: "owner/other" });
    const board = buildBoard([readRun(join(directory, "run")), readRun(other)]);
    const [path] = await renderBoard(board, join(directory, "board"), reportContext);
    const page = await open(wide, pathToFileURL(path!).href);
    const shown = page.locator(".board tbody tr:visible");
    expect(await shown.count()).toBe(9);
    const model = page.locator("select[name=model]");
    await model.selectOption({ index: 1 });
    expect(await shown.count()).toBe(2);
    await page.getByText("2 of 9 entries").waitFor();
    await model.selectOption("");
    expect(await shown.count()).toBe(9);
    const cell = board.leaderboard[3]!.results[1]!.id!;
    await page.goto(`${pathToFileURL(path!).href}#cell-${cell}`);
    expect(await page.locator(`#cell-${cell}`).isVisible()).toBe(true);
    for (const width of [390, 768, 1440]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }
    expect(complaints).toEqual([]);
  });
});
