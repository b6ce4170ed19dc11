import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { History, HistoryLine } from "../../harness/contract/results/history.js";
import { renderHistory } from "../../reports/html.js";
import { historyView } from "../../reports/view-models/history.js";
import { hasChromium, launchChromium, openPage } from "./chromium.js";
import { reportContext } from "./fixture/html-page.js";

const directory = mkdtempSync(join(tmpdir(), "bench-history-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const line = (key: string, kind: HistoryLine["kind"], values: (number | null)[], at?: number): HistoryLine => ({
  ...{ key, title: key, kind, higherIsBetter: key !== "forgetting", values },
  steps: at === undefined ? [] : [{ at, before: values[0]!, after: values.at(-1)! }],
});

const history: History = {
  schema: "history@1",
  suite: { name: "words <1>", version: "1", digest: "d".repeat(64), generated: true },
  series: [
    {
      trainer: "frozen",
      versions: ["a", "b", "c & d", "e"].map((name, index) => ({
        name,
        runDirectory: join(directory, "runs", `run ${index}`),
        run: `run ${index}`,
        createdAt: `2026-11-2${index}T10:00:00.000Z`,
        model: { reference: `/models/${name}`, digest: String(index).repeat(64) },
      })),
      lines: [
        line("op", "metric", [0.5, 0.51, 0.3, 0.3], 2),
        line("forgetting", "metric", [0.2, 0.2, 0.1, 0.1], 2),
        line("colour", "task", [0.9, null, 0.9, 0.9]),
        line("refusal", "probe", [1, 1, 1, 1]),
      ],
    },
  ],
};

test("the findings say what changed, by how much and since when; less is better where it is", () => {
  const { findings, series, title } = historyView(history, (run) => run);
  expect(title).toBe("Score history over 4 versions");
  expect(findings).toEqual([
    { topic: "Regression", text: "**op** is 20.0 points lower from **c & d** on." },
    { topic: "Improvement", text: "**forgetting** is 10.0 points lower from **c & d** on." },
  ]);
  expect(series[0]!.versions.map(({ cells }) => cells)).toEqual([
    ["50.0", "20.0", "90.0", "100.0"],
    ["51.0", "20.0", "–", "100.0"],
    ["30.0", "10.0", "90.0", "100.0"],
    ["30.0", "10.0", "90.0", "100.0"],
  ]);
  const quiet = { ...history, series: [{ ...history.series[0]!, lines: [line("op", "metric", [0.5, 0.5])] }] };
  expect(historyView(quiet, String).findings[0]!.topic).toBe("No change");
});

test("the page is one file, escapes what it shows, and leads to the runs", async () => {
  const [page] = await renderHistory(history, join(directory, "site"), reportContext);
  const text = readFileSync(page!, "utf8");
  expect(text).toContain("words &lt;1&gt; 1");
  expect(text).toContain('href="../runs/run%201/report/index.html"');
  expect(text).not.toMatch(/(src|href)="https?:/);
  expect(text.match(/class="chart version-curve full"/g)).toHaveLength(4);
});

test.skipIf(!hasChromium)("in Chromium, wide and narrow: no console messages, nothing cut off", async () => {
  const [page] = await renderHistory(history, join(directory, "site"), reportContext);
  const browser = await launchChromium();
  try {
    const tab = await openPage(browser);
    const complaints: string[] = [];
    tab.on("console", (message) => complaints.push(message.text()));
    tab.on("pageerror", (error) => complaints.push(error.message));
    for (const width of [1400, 380]) {
      await tab.setViewportSize({ width, height: 900 });
      await tab.goto(pathToFileURL(page!).href);
      expect(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await tab.getByRole("button", { name: /Theme/ }).click();
      expect(await tab.getByRole("img", { name: /^op From 50.0 at a to 30.0 at e/ }).count()).toBe(1);
    }
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
