import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import type { TaskData } from "../../../harness/contract/trainer.js";
import { budgetedSteps, stepsFor } from "../../../trainers/training/budget.js";
import { type TrainingOptions, trainingOptions } from "../../../trainers/training/options.js";

const options = (given: Partial<TrainingOptions>) =>
  checkOptions({ properties: trainingOptions }, given, "test") as unknown as TrainingOptions;
const data = (items: number, trainingSteps?: number): TaskData => ({
  task: {
    id: "t",
    title: "T",
    language: "en",
    scorer: { name: "exact-match" },
    maxNewTokens: 4,
    ...(trainingSteps === undefined ? {} : { trainingSteps }),
  },
  train: Array.from({ length: items }, (_, i) => ({ id: `${i}`, input: [], references: ["a"] })),
  validation: [],
});

test("`steps` overrides the suite's recommendation, which overrides epochs", () => {
  expect(stepsFor(data(160, 75), options({ steps: 7 }), false)).toBe(7);
  expect(stepsFor(data(160, 75), options({}), false)).toBe(75);
  expect(stepsFor(data(160), options({ epochs: 2 }), false)).toBe(20);
});

test("a recommendation is a number of examples: a larger batch takes fewer steps", () => {
  expect(stepsFor(data(160, 80), options({ batchSize: 32 }), false)).toBe(40);
});

test("a quick run caps what was not asked for", () => {
  expect(stepsFor(data(160, 150), options({}), true)).toBe(60);
  expect(stepsFor(data(160, 150), options({ steps: 90 }), true)).toBe(90);
});

test("total-tokens keeps the steps; new-tokens keeps the number of new items", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.05, max: 1, noNaN: true }), (steps, newShare) => {
      expect(budgetedSteps(steps, newShare, "total-tokens")).toBe(steps);
      const longer = budgetedSteps(steps, newShare, "new-tokens");
      expect(longer * newShare).toBeGreaterThanOrEqual(steps - 1e-6);
      expect((longer - 1) * newShare).toBeLessThan(steps);
    }),
  );
});
