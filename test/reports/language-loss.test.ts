import { expect, test } from "vitest";
import { metricOf } from "../../harness/metrics/definition.js";
import { languageLossView } from "../../reports/view-models/leaderboard/language-loss.js";
import type { Entry } from "../../reports/view-models/shared/entries.js";

const lost = metricOf({
  id: "loss@test",
  key: "linguisticLoss",
  title: "Loss",
  formula: "P[0] − P[T]",
  source: "this test",
  higherIsBetter: false,
  compute: (R) => R.probe("text", 0) - R.probe("text", R.tasks),
});

const entry = (name: string, matrices: object[]) => ({ name, bound: null, matrices }) as unknown as Entry;
const matrix = (probe: number[], rows: (number | null)[][]) => ({
  tasks: ["a", "b"],
  rows,
  probes: { text: probe },
  probeKinds: { text: "general" },
});

test("a trainer's course is the mean over its runs of the metric after each task, and of the scores on all tasks", () => {
  const one = matrix(
    [0.9, 0.7, 0.5],
    [
      [0, 0],
      [1, 0],
      [0.5, 1],
    ],
  );
  const other = matrix(
    [0.9, 0.9, 0.7],
    [
      [0, 0],
      [1, 0.5],
      [1, 1],
    ],
  );
  const joint = matrix(
    [0.9, 0.8, 0.8],
    [
      [0, 0],
      [null, null],
      [1, 1],
    ],
  );
  const view = languageLossView([entry("sequential", [one, other]), entry("joint", [joint])], [lost])!;
  expect(view.rows.map(({ name, cells }) => [name, ...cells.map(({ text }) => text)])).toEqual([
    ["sequential", "30.0", "87.5"],
    ["joint", "10.0", "100.0"],
  ]);
  expect(view.chart.match(/class="passed"/g)).toHaveLength(2 + 1); // rows 0 and 1; row 0 of the joint one
});

test("there is no chart without the metric, or where no run has it", () => {
  const run = matrix(
    [0.9, 0.8, 0.7],
    [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  );
  expect(languageLossView([entry("a", [run])], [])).toBeUndefined();
  expect(languageLossView([entry("a", [{ ...run, probes: {}, probeKinds: {} }])], [lost])).toBeUndefined();
});
