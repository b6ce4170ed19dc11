import fc from "fast-check";
import { expect, test } from "vitest";
import type { CurvesRecord } from "../../../harness/contract/result.js";
import { computeMetrics, metricOf } from "../../../harness/metrics/index.js";
import { curveMetrics } from "../../../harness/metrics/within-task/index.js";
import { matrixOf } from "./matrix.js";

type Scores = (number | null)[];

/** Curves of tasks that are learned one after another: the points of each, from the row before to the row after. */
function curvesOf(...segments: Scores[][]): CurvesRecord {
  const tasks = segments.map((_, index) => `task ${index + 1}`);
  return {
    schema: "curves@2",
    trainer: "trainer",
    order: "order 1",
    seed: 1,
    tasks,
    every: 1,
    n: tasks.map(() => 40),
    segments: segments.map((points, index) => ({
      row: index + 1,
      learns: [tasks[index]!],
      steps: points.length - 1,
      points: points.map((scores, step) => ({ step, scores })),
    })),
  };
}

const valuesOf = (curves: CurvesRecord | undefined) => {
  const matrix = matrixOf([(curves?.tasks ?? ["task 1", "task 2"]).map(() => null)]);
  return Object.fromEntries(
    curveMetrics.map(metricOf).map(({ key, compute }) => [key, compute(matrix, undefined, curves)]),
  );
};

const three = curvesOf(
  [
    [0, null, null],
    [0.4, null, null],
    [0.8, null, null],
  ],
  [
    [0.8, 0.1, null],
    [0.2, 0.5, null],
    [0.6, 0.9, null],
  ],
  [
    [0.6, 0.9, 0],
    [0.5, 0.3, 0.5],
    [0.7, 0.5, 1],
  ],
);

test("by hand, on three tasks with one point within each", () => {
  const values = valuesOf(three);
  // task 1 falls from 0.8 to 0.2 and ends at 0.6, then 0.6, 0.5, 0.7; task 2 goes 0.9, 0.3, 0.5
  expect(values.stabilityGap!.value).toBeCloseTo((0.6 - 0.2 + (0.6 - 0.5) + (0.5 - 0.3)) / 3, 12);
  expect(values.minAccWithin!.value).toBeCloseTo((0.2 + 0.3) / 2, 12);
  expect(values.wcAccWithin!.value).toBeCloseTo(1 / 3 + (2 / 3) * 0.25, 12);
  const seen = [0.4, 0.8, 0.35, 0.75, 1.3 / 3, 2.2 / 3];
  expect(values.anytimeAccuracyWithin!.value).toBeCloseTo(seen.reduce((a, b) => a + b) / 6, 12);
});

test("what is missing is null with its reason, never 0", () => {
  for (const { value, reason } of Object.values(valuesOf(undefined))) {
    expect(value).toBeNull();
    expect(reason).toContain("--evaluate-every");
  }
  const joint = { ...three, segments: [{ ...three.segments[2]!, learns: three.tasks }] };
  expect(valuesOf(joint).stabilityGap).toEqual({ value: null, reason: "all tasks were learned at once" });
  const late = { ...three, segments: three.segments.slice(1) };
  expect(valuesOf(late).minAccWithin).toEqual({ value: null, reason: "not every task was measured within" });
  const gap = structuredClone(three);
  gap.segments[2]!.points[1]!.scores[0] = null;
  for (const { value } of Object.values(valuesOf(gap))) expect(value).toBeNull();
  expect(valuesOf(curvesOf([[0], [1]])).wcAccWithin).toEqual({ value: null, reason: "it needs at least 2 tasks" });
});

test("where only the rows are looked at, there is no gap, and the worst is that of the matrix", () => {
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  const matrices = fc
    .integer({ min: 2, max: 5 })
    .chain((tasks) =>
      fc.array(fc.array(score, { minLength: tasks, maxLength: tasks }), { minLength: tasks + 1, maxLength: tasks + 1 }),
    );
  fc.assert(
    fc.property(matrices, (rows) => {
      const seen = (row: number[], last: number): Scores => row.map((value, column) => (column > last ? null : value));
      const segments = rows.slice(1).map((row, index) => [seen(rows[index]!, index), seen(row, index)]);
      const [within, between] = [valuesOf(curvesOf(...segments)), computeMetrics(matrixOf(rows))];
      expect(within.stabilityGap!.value).toBe(0);
      expect(within.minAccWithin!.value).toBeCloseTo(between.minAcc!.value!, 12);
      expect(within.wcAccWithin!.value).toBeCloseTo(between.wcAcc!.value!, 12);
      expect(within.anytimeAccuracyWithin!.value).toBeCloseTo(between.averageAnytimeAccuracy!.value!, 12);
    }),
  );
});
