import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LearnProgress } from "../../../harness/contract/trainer.js";
import { TrainingRecord } from "../../../trainers/training/record.js";

test("the curve has at most 200 points, at regular steps, for any length", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), (steps) => {
      const record = new TrainingRecord(steps, {}, () => {});
      for (let step = 0; step < steps; step++) record.step(step, 1, 1);
      const { curve } = record.report();
      const stride = curve.length > 1 ? curve[1]!.step : 1;
      expect(curve.length).toBeLessThanOrEqual(200);
      expect(curve.length).toBeGreaterThanOrEqual(Math.min(steps, 100));
      expect(curve.every((point, index) => point.step === index * stride && point.loss === point.step)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("the final loss is the mean over the last tenth", () => {
  const record = new TrainingRecord(30, { kept: 1 }, () => {});
  for (let step = 0; step < 30; step++) record.step(step, 1, 1);
  expect(record.report()).toMatchObject({ steps: 30, finalLoss: 28, notes: { kept: 1 } });
});

test("a task that never stepped has no loss", () => {
  expect(new TrainingRecord(5, {}, () => {}).report()).toEqual({ steps: 0, finalLoss: null, curve: [], notes: {} });
});

test("progress comes first, last, and at most five times a second", async () => {
  const events: LearnProgress[] = [];
  const record = new TrainingRecord(500, {}, (event) => events.push(event));
  const start = performance.now();
  for (let step = 0; step < 500; step++) {
    record.step(1, 1, 16);
    if (step % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 90));
  }
  const seconds = (performance.now() - start) / 1000;
  expect(events[0]!.step).toBe(1);
  expect(events.at(-1)).toMatchObject({ step: 500, steps: 500, loss: 1 });
  expect(events.at(-1)!.tokensPerSecond).toBeGreaterThan(0);
  expect(events.length).toBeGreaterThan(2);
  expect(events.length).toBeLessThanOrEqual(2 + seconds * 5);
});
