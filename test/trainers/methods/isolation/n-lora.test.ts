import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { byName, expectSameBits, learnAll } from "../rig.js";

const nLora = byName(trainers, "n-lora");

test("n-lora ends with the same bits when it is saved and restored after every task", () =>
  expectSameBits(nLora, { rank: 2, lambda: 0.01 }));

test("n-lora: the larger lambda, the less each adapter adds, and every task has one", async () => {
  const added = async (lambda: number) => {
    const { reports, learner } = await learnAll(nLora, {
      rank: 2,
      lambda,
      steps: 30,
      warmupSteps: 0,
      learningRate: 1e-3,
    });
    const { addedParameters, trainableParameters } = await learner.cost();
    expect(addedParameters).toBe(3 * trainableParameters!);
    return reports.map(({ notes }) => notes["Σ |B·A|"] as number);
  };
  const [free, held] = [await added(0), await added(0.3)];
  for (const [task, sum] of held.entries()) {
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(0.7 * free[task]!);
  }
});
