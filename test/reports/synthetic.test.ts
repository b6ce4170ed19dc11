import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { SyntheticRecord } from "../../harness/contract/result.js";
import { layout } from "../../harness/run/store/store.js";
import { readReportData } from "../../reports/report-data.js";
import { entriesOf } from "../../reports/view-models/shared/entries.js";
import { syntheticViews } from "../../reports/view-models/training-data/synthetic.js";
import { htmlPage } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-synthetic-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const record = (kept: number, agreement: number | null): SyntheticRecord => ({
  row: 1,
  task: "stance",
  drawn: 40,
  parsed: 30,
  kept,
  dropped: { malformed: 10, "not selected": 30 - kept },
  novelty: { mean: 0.25, lowest: 0, copies: 2 },
  diversity: { distinctBigrams: 0.5, distance: 0.75 },
  agreement,
  items: Array.from({ length: kept }, (_, place) => ({ input: `question ${place} <b>`, output: "A" })),
});

test("sets are shown by task: means over cells with their range, and at most twenty items", async () => {
  const run = writeFixtureRun(directory, { orders: 2, seeds: 1, only: ["replay", "ewc"], digests: false });
  const cells = run.cells.filter(({ trainer }) => trainer === "replay");
  cells.forEach(({ id }, place) => {
    writeFileSync(join(directory, layout.synthetic(id)), `${JSON.stringify(record(20 + 5 * place, place / 2))}\n`);
  });
  const [view, ...others] = syntheticViews(entriesOf(readReportData(directory)));
  expect(others).toEqual([]);
  expect(view).toMatchObject({ trainer: "replay", cells: 2 });
  expect(view!.rows).toEqual([
    {
      task: "stance",
      drawn: { text: "40" },
      parsed: { text: "30" },
      kept: { text: "22.5", range: "20 to 25" },
      novelty: { text: "25.0" },
      copies: { text: "2" },
      distinctBigrams: { text: "50.0" },
      distance: { text: "75.0" },
      agreement: { text: "25.0", range: "0.0 to 50.0" },
      dropped: "malformed 10, not selected 7.5",
    },
  ]);
  expect(view!.samples.map(({ task, items }) => [task, items.length])).toEqual([["stance", 20]]);
  const page = await htmlPage(directory);
  expectWellFormed(page);
  expect(page).toContain("22.5<br><small>20 to 25</small>");
  expect(page).toContain("question 0 &lt;b&gt;");
});

test("a run without synthetic data has no such section", () => {
  const other = join(directory, "other");
  writeFixtureRun(other, { orders: 1, seeds: 1, only: ["ewc"] });
  expect(syntheticViews(entriesOf(readReportData(other)))).toEqual([]);
});
