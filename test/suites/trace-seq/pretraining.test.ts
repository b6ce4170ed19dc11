import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { pretrain } from "../../../bench-pretrain.js";
import { learningRateAt, type Recipe, recipe } from "../../../suites/trace-seq/pretraining/recipe.js";

const directory = mkdtempSync(join(tmpdir(), "pretraining-"));
afterAll(() => rmSync(directory, { recursive: true }));

const short: Recipe = {
  ...recipe,
  steps: 4,
  decaySteps: 2,
  corpus: { ...recipe.corpus, listsInBatch: 2, listLength: 64, questionsInBatch: 4 },
};

function run(name: string, stopAt: number, losses: number[] = []) {
  return pretrain({
    recipe: short,
    workDirectory: join(directory, name, "work"),
    outputDirectory: join(directory, name, "model"),
    checkpointEvery: 10,
    cancelled: () => losses.length >= stopAt,
    progress: ({ loss }) => losses.push(loss),
  });
}

const weights = (name: string) => readFileSync(join(directory, name, "model/model.safetensors"));

it("goes on from a checkpoint to the same bits as without an interruption", async () => {
  const [whole, first, second] = [[], [], []] as number[][];
  expect((await run("whole", 99, whole)).step).toBe(4);
  expect((await run("parts", 2, first)).step).toBe(2);
  expect((await run("parts", 99, second)).step).toBe(4);
  expect([...first!, ...second!]).toEqual(whole);
  expect(weights("parts").equals(weights("whole"))).toBe(true);
});

it("warms up, keeps the rate constant, then decays to its final share", () => {
  const { steps, warmUpSteps, decaySteps, learningRate, finalRate } = recipe;
  const rates = Array.from({ length: steps }, (_, step) => learningRateAt(step, recipe));
  expect(rates[0]).toBeCloseTo(learningRate / warmUpSteps, 6);
  expect(new Set(rates.slice(warmUpSteps, steps - decaySteps))).toEqual(new Set([learningRate]));
  expect(rates[steps - decaySteps]).toBeLessThan(learningRate);
  expect(rates.at(-1)! / learningRate).toBeCloseTo(finalRate, 4);
});

it("takes the same steps in a longer run until the rate falls", () => {
  const longer = { ...recipe, steps: recipe.steps + 1000 };
  for (const step of [0, 10, recipe.warmUpSteps, recipe.steps - recipe.decaySteps - 1]) {
    expect(learningRateAt(step, longer)).toBe(learningRateAt(step, recipe));
  }
});
