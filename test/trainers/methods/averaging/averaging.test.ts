import { join } from "node:path";
import { expect, test } from "vitest";
import type { Learner } from "../../../../harness/contract/trainer.js";
import {
  dropped,
  electSigns,
  magMax,
  rescaledMean,
  trim,
} from "../../../../trainers/methods/averaging/task-vectors.js";
import { methods, trainers } from "../../../../trainers/methods/catalog.js";
import { composeStrategies } from "../../../../trainers/training/compose.js";
import { parametersOf } from "../../../../trainers/training/parameters.js";
import { loadVectors } from "../../../../trainers/training/state.js";
import type { NamedStrategy, Strategy } from "../../../../trainers/training/strategy.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  expectSameBits,
  learnAll,
  learnContext,
  named,
  openLearner,
  optionsOf,
  savedBy,
  viewOf,
} from "../rig.js";

const sequential = byName(trainers, "sequential");
const strategyOf = (name: string, options: Record<string, unknown>): NamedStrategy => {
  const chosen = optionsOf(byName(trainers, name), options);
  return { name, strategy: methods.find((method) => method.name === name)!.strategy(chosen) };
};

/** The weights before training, after every step, and around the averaging at each task's end. */
async function watched(averaging: NamedStrategy, beside: NamedStrategy[] = []) {
  const seen = { base: new Float32Array() as Float32Array, steps: [] as Float32Array[], tuned: [] as Float32Array[] };
  const left: Float32Array[] = [];
  const watch: Strategy = {
    open: async (model) => {
      seen.base = await parametersOf(model);
    },
    afterStep: async ({ model }) => void seen.steps.push(await parametersOf(model)),
    afterTask: async ({ model }) => void seen.tuned.push(await parametersOf(model)),
  };
  const after: Strategy = { afterTask: async ({ model }) => void left.push(await parametersOf(model)) };
  const context = contextFor(sequential, { steps: 3, learningRate: 1e-2, warmupSteps: 0 });
  const strategy = composeStrategies([...beside, named("watch", watch), averaging, named("after", after)]);
  const learner = await openLearner(context, strategy);
  for (const index of abc.keys()) {
    await learner.learn(viewOf(index), learnContext(bufferFor(sequential, context.options)));
  }
  return { ...seen, left, learner };
}

function expectClose(found: Float32Array, expected: (i: number) => number): void {
  const worst = found.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected(i))), 0);
  expect(worst).toBeLessThan(1e-6);
}

for (const beside of [[], ["lora"]]) {
  const others = () => beside.map((name) => strategyOf(name, {}));
  const what = beside.length > 0 ? "the adapter's parameters" : "all weights";

  test(`wise-ft on ${what}: the line between before and after each task`, async () => {
    const { base, tuned, left } = await watched(strategyOf("wise-ft", { alpha: 0.3 }), others());
    for (const [task, found] of left.entries()) {
      const before = task === 0 ? base : left[task - 1]!;
      expect(tuned[task]).not.toEqual(before);
      expectClose(found, (i) => 0.7 * before[i]! + 0.3 * tuned[task]![i]!);
    }
  });

  test(`ema on ${what}: the recursion over every step, begun anew each task`, async () => {
    const { base, steps, tuned, left } = await watched(strategyOf("ema", { decay: 0.6 }), others());
    for (const [task, found] of left.entries()) {
      let average = Float64Array.from(task === 0 ? base : left[task - 1]!);
      for (const own of steps.slice(3 * task, 3 * task + 3)) average = average.map((a, i) => 0.6 * a + 0.4 * own[i]!);
      expectClose(found, (i) => average[i]!);
      expect(found).not.toEqual(tuned[task]);
    }
  });

  test(`merge on ${what}: θ₀ + scale · the mean of the task vectors, each task trained from θ₀`, async () => {
    const { base, steps, tuned, left } = await watched(strategyOf("merge", { scale: 0.8 }), others());
    expectClose(left[2]!, (i) => base[i]! + (0.8 / 3) * tuned.reduce((sum, own) => sum + own[i]! - base[i]!, 0));
    expectClose(left[0]!, (i) => base[i]! + 0.8 * (tuned[0]![i]! - base[i]!));
    const farthest = steps[3]!.reduce((most, value, i) => Math.max(most, Math.abs(value - base[i]!)), 0);
    expect(farthest).toBeLessThan(0.0101);
  });
}

const differences = (ends: readonly Float32Array[], base: Float32Array) =>
  ends.map((end) => end.map((value, i) => value - base[i]!));

test("ties: each task starts from θ₀, and the model is θ₀ + scale · the merged task vectors, to the bit", async () => {
  const { base, steps, tuned, left, learner } = await watched(strategyOf("ties", { density: 0.4, scale: 0.7 }));
  for (const task of left.keys()) {
    const merged = electSigns(differences(tuned.slice(0, task + 1), base).map((vector) => trim(vector, 0.4)));
    expect(left[task]).toEqual(base.map((value, i) => value + 0.7 * merged[i]!));
  }
  const kept = loadVectors(join(await savedBy(learner), "strategies/ties"), "task-vectors");
  expect(Object.keys(kept)).toHaveLength(3);
  for (const vector of Object.values(kept)) {
    expect(vector.filter((value) => value !== 0).length / vector.length).toBeCloseTo(0.4, 3);
  }
  expect(steps[3]!.reduce((most, value, i) => Math.max(most, Math.abs(value - base[i]!)), 0)).toBeLessThan(0.0101);
});

test("dare: nine in ten elements of a task vector are dropped, the others are ten times as large", async () => {
  const { base, tuned, left } = await watched(strategyOf("dare", {}));
  const [vector] = differences(tuned, base);
  const moved = left[0]!.map((value, i) => value - base[i]!);
  const changed = [...vector!].flatMap((value, i) => (Math.abs(value) > 1e-4 ? [moved[i]! / value] : []));
  const kept = changed.filter((ratio) => Math.abs(ratio) > 1e-3);
  expect(Math.abs(kept.length / changed.length - 0.1)).toBeLessThan(0.02);
  for (const ratio of kept) expect(Math.abs(ratio - 10)).toBeLessThan(0.05);
});

test("dare: what is dropped of a task is drawn once, and the model is θ₀ + the mean of what is left, to the bit", async () => {
  const { base, tuned, left } = await watched(strategyOf("dare", { drop: 0.6 }));
  const parts = differences(tuned, base).map((vector, task) => dropped(vector, 0.6, { seed: 1, stream: "dare", task }));
  for (const task of left.keys()) {
    const mean = rescaledMean(parts.slice(0, task + 1), 0.6);
    expect(left[task]).toEqual(base.map((value, i) => value + mean[i]!));
  }
});

test("magmax: tasks go on from one another, and the model has each parameter's largest change from θ₀", async () => {
  const { base, steps, tuned, left } = await watched(strategyOf("magmax", { scale: 0.5 }));
  const merged = magMax(differences(tuned, base));
  expectClose(left[2]!, (i) => base[i]! + 0.5 * merged[i]!);
  const farthest = steps[3]!.reduce((most, value, i) => Math.max(most, Math.abs(value - tuned[0]![i]!)), 0);
  expect(farthest).toBeLessThan(0.0101);
});

test("wise-ft: α 0 is the base, α 1 is fine-tuning alone", async () => {
  const { base, left } = await watched(strategyOf("wise-ft", { alpha: 0, anchor: "base" }));
  expect(left).toEqual([base, base, base]);
  const plain = await learnAll(sequential, {});
  const tuned = await learnAll(byName(trainers, "wise-ft"), { alpha: 1, anchor: "base" });
  expect(await tuned.learner.answerDigest!()).toBe(await plain.learner.answerDigest!());
});

test("merge: with scale 0 nothing is learned, and one task with scale 1 is fine-tuning alone", async () => {
  const digest = async (name: string, options: object, tasks = abc) =>
    (await learnAll(byName(trainers, name), { ...options }, { tasks })).learner.answerDigest!();
  const base = await sequential.create(contextFor(sequential, {}));
  expect(await digest("merge", { scale: 0 })).toBe(await base.answerDigest!());
  const { tuned, left } = await watched(strategyOf("merge", {}));
  expectClose(left[0]!, (i) => tuned[0]![i]!);
});

test("ema: during a task, questions are answered by the average", async () => {
  const questions = abc[0]!.train.slice(0, 4).map(({ id, input }) => ({ id, input, continuation: "a" }));
  const context = contextFor(sequential, { steps: 4, learningRate: 1e-2 });
  const during: number[][] = [];
  const asking: Strategy = { afterStep: async () => void during.push(await learner.score(questions)) };
  const strategy = composeStrategies([strategyOf("ema", { decay: 0.5 }), named("asking", asking)]);
  const learner: Learner = await openLearner(context, strategy);
  await learner.learn(viewOf(0), learnContext(bufferFor(sequential, context.options)));
  expect(await learner.score(questions)).toEqual(during[3]);
  expect(during[2]).not.toEqual(during[3]);
});

test("two rules of averaging contradict each other; one that keeps weights conflicts with parameters per task", () => {
  const pair = [strategyOf("ema", {}), strategyOf("merge", {})];
  expect(() => composeStrategies(pair)).toThrow("averaged by one rule");
  const renewing = named("renewing", { parameters: "perTask" });
  for (const order of [
    [renewing, strategyOf("wise-ft", {})],
    [strategyOf("wise-ft", {}), renewing],
  ]) {
    expect(() => composeStrategies(order)).toThrow("the other keeps values of them");
  }
  expect(() => composeStrategies([renewing, strategyOf("ema", {})])).not.toThrow();
});

test.each<[string, Record<string, unknown>]>([
  ["wise-ft", {}],
  ["wise-ft", { anchor: "base", keepOptimizer: true }],
  ["ema", { decay: 0.5 }],
  ["merge", { scale: 1.5 }],
  ["ties", { density: 0.3 }],
  ["dare", { drop: 0.5 }],
  ["magmax", {}],
  ["composed", { use: ["wise-ft", "lora"] }],
  ["composed", { use: ["merge", "lora", "replay"] }],
])("%s %j: saved and restored after every task, it ends with the same bits", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);
