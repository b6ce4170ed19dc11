import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Alert } from "../../harness/contract/alert.js";
import { Journal } from "../../harness/run/store/journal.js";
import { layout } from "../../harness/run/store/store.js";
import { renderRun } from "../../reports/html.js";
import { readReportData } from "../../reports/report-data.js";
import { alertsView } from "../../reports/view-models/summary/alerts.js";
import { reportContext } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";

const directory = mkdtempSync(join(tmpdir(), "bench-alerts-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A run whose first cell raised these alerts. */
function runWith(name: string, alerts: Alert[]): string {
  const path = join(directory, name);
  const { cells } = writeFixtureRun(path, { orders: 1, seeds: 1, only: ["sequential"] });
  const journal = new Journal(join(path, layout.journal));
  for (const alert of alerts) journal.append({ type: "alert", cell: cells[0]!.id, alert });
  journal.close();
  return path;
}

const fall: Alert = {
  ...{ id: "a", severity: "warning", kind: "task", subject: "FOMC", row: 2, before: 0.8, now: 0.7 },
  ...{ change: -0.125, threshold: 0.1, items: 50 },
};

test("the page shows what changed after which task, critical alerts first", async () => {
  const safety: Alert = { ...fall, id: "b", severity: "critical", kind: "safety", subject: "refusal", threshold: 0 };
  const time = { kind: "cost", subject: "seconds", before: 10, now: 14, change: 0.4, threshold: 0.15 } as const;
  const path = runWith("some", [fall, safety, { ...fall, ...time, id: "c", severity: "critical" }]);
  const data = readReportData(path);
  const after = data.run.orders[0]!.tasks[1];
  expect(
    alertsView(data).shown.map(({ severity, subject, change, allowed }) => [severity, subject, change, allowed]),
  ).toEqual([
    ["critical", "refusal", "80.0 → 70.0 (−12.5%)", "no drop"],
    ["critical", "time", "14 s of 10 s (+40.0%)", "+15%"],
    ["warning", "FOMC", "80.0 → 70.0 (−12.5%)", "−10%"],
  ]);
  expect(alertsView(data).shown.every((alert) => alert.after === after && alert.trainer === "sequential")).toBe(true);
  expect(alertsView(data)).toMatchObject({ counts: [{ trainer: "sequential", critical: 2, warnings: 1 }], open: true });
  const [page] = await renderRun(path, join(path, "report"), reportContext);
  expect(readFileSync(page!, "utf8")).toContain('<section id="alerts"');
});

test("a page without alerts has no such section; one with very many stays small", async () => {
  const [page] = await renderRun(runWith("none", []), join(directory, "none", "report"), reportContext);
  expect(readFileSync(page!, "utf8")).not.toContain('id="alerts"');
  const many = Array.from({ length: 500 }, (_, index): Alert => ({ ...fall, id: String(index) }));
  expect(alertsView(readReportData(runWith("many", many)))).toMatchObject({
    counts: [{ critical: 0, warnings: 500 }],
    more: 300,
    open: false,
    shown: { length: 200 },
  });
});
