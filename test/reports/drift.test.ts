import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CostRecord, MatrixRecord } from "../../harness/contract/result.js";
import type { DriftReport } from "../../harness/contract/trainer.js";
import { layout } from "../../harness/run/store/store.js";
import { readReportData } from "../../reports/report-data.js";
import { entriesOf } from "../../reports/view-models/shared/entries.js";
import { batchCompositionViews } from "../../reports/view-models/training-data/batch-composition.js";
import { driftView } from "../../reports/view-models/training-data/drift.js";
import { htmlPage } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-drift-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const driftOf = (size: number, warnings: string[]): DriftReport => ({
  lengthStability: size,
  lengthDistance: 0.25,
  lengthProbability: 0.5,
  lossStability: 0,
  lossDistance: 0,
  lossProbability: 1,
  embeddingDiscrepancy: size / 2,
  embeddingProbability: 0.005,
  warnings,
});

/** A run where each task costs the earlier ones so many points, with the drift that was reported. */
function writeRun(name: string, losses: readonly number[], warns: (place: number) => boolean): string {
  const path = join(directory, name);
  const run = writeFixtureRun(path, { orders: 1, seeds: 1, only: ["replay", "ewc"], digests: false });
  const cell = run.cells.find(({ trainer }) => trainer === "replay")!;
  const read = <T>(file: string) => JSON.parse(readFileSync(join(path, file), "utf8")) as T;
  const write = (file: string, value: unknown) => writeFileSync(join(path, file), JSON.stringify(value));
  const matrix = read<MatrixRecord>(layout.matrix(cell.id));
  const lostBy = (row: number) => losses.slice(0, row).reduce((sum, loss) => sum + loss, 0);
  const rows = matrix.rows.map((scores, row) => scores.map(() => 1 - lostBy(row)));
  write(layout.matrix(cell.id), { ...matrix, rows });
  const learning: CostRecord["learning"] = matrix.tasks.map((task, place) => ({
    task,
    seconds: 1,
    steps: 1,
    finalLoss: 1,
    curve: [],
    notes: {},
    drawn: [
      { source: "new", task, items: 75, distinct: 60 },
      { source: "past", task: "earlier", items: 25, distinct: 5 },
    ],
    baseDistance: 1 + losses[place]!,
    ...(place > 0 && { drift: driftOf(losses[place]!, warns(place) ? ["lengths"] : []) }),
  }));
  write(layout.cost(cell.id), { ...read<CostRecord>(layout.cost(cell.id)), learning });
  return path;
}

const entries = (path: string) => entriesOf(readReportData(path));
const losses = [0, 0.01, 0.02, 0.03, 0.1, 0.11, 0.12, 0.13];

test("the drift of each task is shown with the forgetting it caused, and the verdict follows from the interval", async () => {
  const path = writeRun("telling", losses, (place) => losses[place]! > 0.05);
  const view = driftView(entries(path))!;
  const tasks = readReportData(path).run.orders[0]!.tasks;
  const dearest = view.tasks.find(({ task }) => task === tasks.at(-1))!;
  const size = losses[tasks.length - 1]!;
  expect(dearest).toEqual({
    task: tasks.at(-1),
    values: [size.toFixed(2), "0.25", "0.00", "0.00", (size / 2).toFixed(2)],
    warned: size > 0.05 ? "100%" : "0%",
    warnings: size > 0.05 ? "lengths" : "–",
    forgetting: (100 * size).toFixed(1),
    n: 1,
  });
  expect(view.tasks).toHaveLength(tasks.length - 1);
  expect(view.predictions[0]).toMatchObject({ correlation: "1.00", interval: "–", n: String(tasks.length - 1) });
  expect(view.predictions[1]).toMatchObject({ correlation: "–", interval: "–" });
  expect(view.predictions.at(-1)).toMatchObject({
    statistic: "KL from the base on the task's inputs, after it",
    correlation: "1.00",
    n: String(tasks.length - 1),
  });
  expect(view.verdict).toContain("warnings predict forgetting in this run.");
  const html = await htmlPage(path);
  expectWellFormed(html);
  expect(html).toContain('href="#drift"');
  expect(html).toContain(view.verdict);
});

test("warnings unrelated to forgetting do not predict it; if all tasks or none raise one, the verdict says so", () => {
  const alternating = driftView(entries(writeRun("mixed", losses, (place) => place % 2 === 0)))!;
  expect(alternating.verdict).toMatch(/do not predict forgetting|too few observations/);
  expect(driftView(entries(writeRun("all", losses, () => true)))!.verdict).toContain("every task raised one");
  expect(driftView(entries(writeRun("none", losses, () => false)))!.verdict).toContain(
    "No task raised a drift warning",
  );
});

test("batch composition is shown by source, as means per cell", () => {
  const path = writeRun("drawn", losses, () => true);
  const tasks = readReportData(path).run.orders[0]!.tasks.length;
  expect(batchCompositionViews(entries(path))).toEqual([
    {
      trainer: "replay",
      sources: [
        { source: "new", items: String(75 * tasks), distinct: String(60 * tasks), share: "75.0%" },
        { source: "past", items: String(25 * tasks), distinct: String(5 * tasks), share: "25.0%" },
      ],
    },
  ]);
});

test("a run without drift and batch reports has no such section", async () => {
  const path = join(directory, "silent");
  writeFixtureRun(path, { orders: 1, seeds: 1, only: ["ewc"] });
  expect(driftView(entries(path))).toBeUndefined();
  expect(batchCompositionViews(entries(path))).toEqual([]);
  expect(await htmlPage(path)).not.toContain('id="drift"');
});
