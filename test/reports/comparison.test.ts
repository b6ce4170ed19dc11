import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppContext } from "../../harness/app/context.js";
import { blessRun, gateRun } from "../../harness/app/gate/gate-run.js";
import { renderResults } from "../../harness/app/render-results.js";
import { compareSides } from "../../harness/gate/compare-sides.js";
import { comparisonPageView } from "../../reports/view-models/comparison.js";
import { signedPoints } from "../../reports/view-models/shared/format.js";
import { rooms } from "../../rooms.js";
import { hasChromium, launchChromium, openPage } from "./chromium.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-comparison-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const [before, after] = [join(directory, "before"), join(directory, "after")];
const context: AppContext = {
  builtIns: rooms,
  execute: () => Promise.reject(new Error("nothing is run here")),
};

beforeAll(() => {
  writeFixtureRun(before, { orders: 4, seeds: 1, only: ["replay", "sequential"] });
  writeFixtureRun(after, { orders: 4, seeds: 1, only: ["replay", "sequential"], model: "owner/<next>" });
});

const read = (file: string) => readFileSync(file, "utf8");

test("a comparison is a page: differences, verdicts, and the questions whose answers changed", async () => {
  const comparisons = compareSides(`${before}:sequential`, `${before}:replay`);
  const file = await renderResults(comparisons, join(directory, "comparison.html"), context);
  const page = read(file);
  expectWellFormed(page);
  expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  const op = comparisons[0]!.metrics.find(({ key }) => key === "op")!;
  expect(op.verdict).toBe("better");
  expect(page).toContain(`<td class="number">${signedPoints(op.difference)}</td>`);
  const { lost, gained } = comparisons[0]!.flips;
  expect(page).toContain(`Correct → incorrect: ${lost.length}`);
  expect(page).toContain(`Incorrect → correct: ${gained.length}`);
  expect(page).toContain("Solve the following math problem.");
});

test("runs with several trainers give a section for each", () => {
  const { sections, title } = comparisonPageView(compareSides(before, after), () => ({ questionOf: () => undefined }));
  expect(title).toBe("Comparison");
  expect(sections.map((section) => section.title)).toEqual([
    "sequential compared with sequential",
    "replay compared with replay",
  ]);
  expect(new Set(sections.map(({ id }) => id)).size).toBe(2);
});

test("a gate is a page: verdict, accepted drops and reasons", async () => {
  const baselines = join(directory, "baselines");
  blessRun(`${before}:replay`, { baselines, name: "main", by: "a <person>", reason: "release" });
  const gate = (trainer: string) => gateRun(`${after}:${trainer}`, { baselines, margins: { op: 0.05 } }, context);
  const failed = await gate("sequential");
  const page = read(await renderResults([failed], join(directory, "gate.html"), context));
  expectWellFormed(page);
  expect(page).toContain('<p class="banner"><span class="result loss">FAIL</span></p>');
  expect(page).toContain("main@1");
  expect(page).toContain("a &lt;person&gt;: release");
  expect(page).toContain('<td class="number">5.0</td>');
  const flip = {
    set: "task:stance",
    id: "unknown",
    baseline: { output: "A", score: 1 },
    candidate: { output: "", score: 0 },
  };
  const view = comparisonPageView([{ ...failed, flips: { gained: [], lost: [flip] } }], () => ({
    questionOf: () => undefined,
  }));
  expect(view.sections[0]!.flips!.groups.map(({ title, items }) => [title, items.length])).toEqual([
    ["Correct → incorrect: 1", 1],
    ["Incorrect → correct: 0", 0],
  ]);
  expect(view.sections[0]!.flips!.groups[0]!.items[0]).toMatchObject({ question: "unknown", candidate: "(empty)" });
});

test("models that are compared item by item are named by their model, with the items that changed", async () => {
  const [old, next] = ["checkpoint-100", "checkpoint-200"].map((name) => {
    const run = join(directory, name);
    writeFixtureRun(run, { orders: 1, seeds: 1, only: ["frozen"], model: `owner/${name}` });
    return run;
  });
  const baselines = join(directory, "models");
  blessRun(old!, { baselines, name: "main", by: "a", reason: "release" });
  const result = await gateRun(next!, { baselines, margins: { "probe:facts": 0.02 } }, context);
  const page = read(await renderResults([result], join(directory, "items.html"), context));
  expectWellFormed(page);
  expect(page).toContain("owner/checkpoint-200 against baseline main@1");
  const { count, gained, lost } = result.metrics[0]!.items!;
  expect(page).toContain(`<td class="number">${count} (+${gained} −${lost})</td>`);
  expect(page).toContain(`Correct → incorrect: ${result.flips!.lost.length}`);
  expect(page).toContain("What kind of thing is a ");
  const { sections } = comparisonPageView(compareSides(old!, next!), () => ({ questionOf: () => undefined }));
  const { title, caption } = sections[0]!;
  expect(title).toBe("owner/checkpoint-200 compared with owner/checkpoint-100");
  expect(caption).toContain("over items");
});

test.skipIf(!hasChromium)("in Chromium: no console messages, no overflow", async () => {
  const file = await renderResults(compareSides(before, after), join(directory, "wide.html"), context);
  const browser = await launchChromium();
  try {
    const page = await openPage(browser);
    const messages: string[] = [];
    page.on("console", (message) => messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(error.message));
    await page.goto(pathToFileURL(file).href);
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    }
    expect(messages).toEqual([]);
  } finally {
    await browser.close();
  }
});
