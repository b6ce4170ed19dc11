import { expect, test } from "vitest";
import type { CostRecord } from "../../../harness/contract/result.js";
import type { DriftReport } from "../../../harness/contract/trainer.js";
import { driftPairs, driftPrediction } from "../../../harness/metrics/drift.js";
import { matrixOf } from "./matrix.js";

const driftOf = (size: number, warnings: string[] = []): DriftReport => ({
  lengthStability: size,
  lengthDistance: size,
  lengthProbability: 1,
  lossStability: -size,
  lossDistance: 0.5,
  lossProbability: 1,
  embeddingDiscrepancy: size,
  embeddingProbability: 1,
  warnings,
});
const learned = (task: string, drift?: DriftReport): CostRecord["learning"][number] => ({
  task,
  seconds: 1,
  steps: 1,
  finalLoss: 0,
  curve: [],
  notes: {},
  ...(drift && { drift }),
});

const matrix = matrixOf([
  [0, 0, 0],
  [0.9, 0, 0],
  [0.5, 0.8, 0],
  [0.4, 0.5, 1],
]);

test("forgetting caused by a task is the mean loss of the tasks before it, from the row before", () => {
  const learning = [learned("task 1"), learned("task 2", driftOf(1)), learned("task 3", driftOf(2))];
  const pairs = driftPairs(matrix, learning);
  expect(pairs.map(({ task }) => task)).toEqual(["task 2", "task 3"]);
  expect(pairs[0]!.forgetting).toBeCloseTo(0.4, 12);
  expect(pairs[1]!.forgetting).toBeCloseTo((0.1 + 0.3) / 2, 12);
});

test("what was not measured or not looked at is left out", () => {
  const holes = { ...matrix, rows: matrix.rows.map((row, place) => (place === 2 ? row.map(() => null) : row)) };
  expect(driftPairs(holes, [learned("task 2", driftOf(1)), learned("task 3", driftOf(2))])).toEqual([]);
  expect(driftPairs(matrix, [learned("task 2"), learned("task 1+task 2", driftOf(1))])).toEqual([]);
});

test("a statistic that rises with forgetting correlates by 1, its opposite by −1, a constant one not at all", () => {
  const pairs = [1, 2, 3, 4].map((size) => ({
    task: `task ${size}`,
    drift: driftOf(size, size > 2 ? ["lengths"] : []),
    forgetting: size ** 2 / 100,
  }));
  const { correlations, warned, unwarned } = driftPrediction(pairs);
  expect(correlations.embeddingDiscrepancy!.mean).toBeCloseTo(1, 12);
  expect(correlations.lossStability!.mean).toBeCloseTo(-1, 12);
  expect(correlations.lossDistance).toBeUndefined();
  // Ranks 1.5, 1.5, 3.5, 3.5 against 1 to 4.
  expect(correlations.warned!.mean).toBeCloseTo(4 / Math.sqrt(4 * 5), 12);
  expect(warned).toEqual({ n: 2, forgetting: 0.125 });
  expect(unwarned).toEqual({ n: 2, forgetting: 0.025 });
  expect(driftPrediction([])).toMatchObject({
    warned: { n: 0, forgetting: null },
    unwarned: { n: 0, forgetting: null },
  });
});
