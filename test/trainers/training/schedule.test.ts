import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type LearningRateSchedule, learningRateAt } from "../../../trainers/training/schedule.js";

const linear: LearningRateSchedule = {
  shape: "linear",
  initial: 1,
  decayFactor: 1,
  warmupSteps: 0,
  finalShare: 0,
};
const curve = (schedule: LearningRateSchedule, steps: number, task = 0) =>
  Array.from({ length: steps }, (_, step) => Number(learningRateAt(schedule, task, step, steps).toFixed(6)));

test("constant keeps the rate", () => {
  expect(curve({ ...linear, shape: "constant" }, 4)).toEqual([1, 1, 1, 1]);
});

test("linear falls in a line", () => {
  expect(curve(linear, 4)).toEqual([1, 0.75, 0.5, 0.25]);
});

test("linear leaves the final share", () => {
  expect(curve({ ...linear, finalShare: 0.2 }, 4)).toEqual([1, 0.8, 0.6, 0.4]);
});

test("cosine falls by half a cosine", () => {
  expect(curve({ ...linear, shape: "cosine" }, 4)).toEqual([1, 0.853553, 0.5, 0.146447]);
});

test("warm-up rises in a line, as a factor on the decay", () => {
  expect(curve({ ...linear, shape: "constant", warmupSteps: 4 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  expect(curve({ ...linear, warmupSteps: 2 }, 4)).toEqual([0.5, 0.75, 0.5, 0.25]);
});

test("each task starts lower by the decay factor", () => {
  expect(curve({ ...linear, shape: "constant", initial: 0.5, decayFactor: 0.8 }, 1, 0)).toEqual([0.5]);
  expect(curve({ ...linear, shape: "constant", initial: 0.5, decayFactor: 0.8 }, 1, 2)).toEqual([0.32]);
});

test("after warm-up the rate never rises, and stays between the final share and the start", () => {
  const schedules = fc.record({
    shape: fc.constantFrom("constant" as const, "cosine" as const, "linear" as const),
    initial: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    decayFactor: fc.double({ min: 0.1, max: 1, noNaN: true }),
    warmupSteps: fc.nat(20),
    finalShare: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(schedules, fc.nat(5), fc.integer({ min: 1, max: 100 }), (schedule, task, steps) => {
      const start = schedule.initial * schedule.decayFactor ** task;
      const rates = Array.from({ length: steps }, (_, step) => learningRateAt(schedule, task, step, steps));
      const after = rates.slice(schedule.warmupSteps);
      for (const rate of rates) expect(rate).toBeLessThanOrEqual(start * (1 + 1e-12));
      for (const rate of after) expect(rate).toBeGreaterThanOrEqual(start * schedule.finalShare * (1 - 1e-12));
      for (let i = 1; i < after.length; i++) expect(after[i]).toBeLessThanOrEqual(after[i - 1]! * (1 + 1e-12));
    }),
  );
});
