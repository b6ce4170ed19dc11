import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { TrainingSequence } from "../../../../trainers/engine/contract.js";
import { methods, trainers } from "../../../../trainers/methods/catalog.js";
import { composeStrategies } from "../../../../trainers/training/compose.js";
import { parametersOf } from "../../../../trainers/training/parameters.js";
import { SequenceEncoder } from "../../../../trainers/training/sequences.js";
import { loadVectors } from "../../../../trainers/training/state.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  expectSameBits,
  learnAll,
  learnContext,
  modelsAfter,
  named,
  openLearner,
  openTiny,
  savedBy,
  viewOf,
} from "../rig.js";

const shared = { steps: 12, learningRate: 3e-3, warmupSteps: 0 };

test.each([
  ["ewc", { fisher: "exact", items: 2, coverage: 0.9 }],
  ["l2", { lambda: 3 }],
  ["l2", { form: "gradient", lambda: 0.05 }],
  ["mas", { items: 6 }],
  ["lwf", {}],
])("%s %j ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

/** The parameters after each of the first two tasks. */
const parameters = async (name: string, given: Record<string, unknown>): Promise<Float32Array[]> =>
  Promise.all((await modelsAfter(byName(trainers, name), { ...shared, ...given })).map(parametersOf));

describe.each([
  ["l2", 0.5],
  ["mas", 0.9],
])("%s", (name, most) => {
  test.each([
    ["proximal", 50],
    ["gradient", 5],
  ])("form %s keeps the parameters closer than without a penalty", async (form, lambda) => {
    const moved = async (strength: number) => {
      const [first, second] = await parameters(name, { form, lambda: strength });
      return second!.reduce((sum, value, i) => sum + (value - first![i]!) ** 2, 0);
    };
    const [held, free] = [await moved(lambda), await moved(0)];
    expect(held).toBeLessThan(most * free);
    expect(held).toBeGreaterThan(0);
  });
});

test("l2: all parameters weigh 1, and the anchor is where the latest task ended", async () => {
  const { learner } = await learnAll(byName(trainers, "l2"), shared);
  const directory = await savedBy(learner);
  const { importance, anchor } = loadVectors(join(directory, "strategies/l2"), "anchor");
  expect(importance!.every((value) => value === 1)).toBe(true);
  expect(anchor).toEqual(await parametersOf(await openTiny(directory)));
});

test("mas: importances of tasks add up, each of mean 1, whatever the labels are", async () => {
  const importanceOf = async (tasks: typeof abc) => {
    const { learner } = await learnAll(byName(trainers, "mas"), { ...shared, lambda: 0 }, { tasks });
    return loadVectors(join(await savedBy(learner), "strategies/mas"), "anchor").importance!;
  };
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(await importanceOf(abc.slice(0, 1)))).toBeCloseTo(1, 4);
  expect(mean(await importanceOf(abc))).toBeCloseTo(3, 4);
});

test("ewc: rateReduction lowers the learning rate of every step", async () => {
  const rates = async (rateReduction: number) => {
    const { reports } = await learnAll(byName(trainers, "ewc"), { ...shared, rateReduction, items: 4 });
    return reports[1]!.curve.map(({ learningRate }) => learningRate);
  };
  const [full, reduced] = [await rates(0), await rates(0.75)];
  reduced.forEach((rate, step) => {
    expect(rate).toBeCloseTo(0.25 * full[step]!, 12);
  });
});

test("lwf: the new task's inputs are answered more as before the task, the more alpha weighs", async () => {
  const divergence = async (alpha: number) => {
    const context = contextFor(byName(trainers, "lwf"), { ...shared, alpha });
    const seen: { before: Float32Array; after: Float32Array } = {
      before: new Float32Array(),
      after: new Float32Array(),
    };
    let sequences: TrainingSequence[] = [];
    const watch = {
      async beforeTask({ model, view, newItems, sequence }: Parameters<NonNullable<typeof strategy.beforeTask>>[0]) {
        if (view.index !== 1) return;
        sequences = newItems.map(sequence);
        seen.before = (await model.logits(sequences)).values;
      },
      async afterTask({ model, view }: Parameters<NonNullable<typeof strategy.beforeTask>>[0]) {
        if (view.index === 1) seen.after = (await model.logits(sequences)).values;
      },
    };
    const strategy = composeStrategies([
      named("lwf", byName(methods, "lwf").strategy(context.options)),
      named("watch", watch),
    ]);
    const learner = await openLearner(context, strategy);
    const buffer = bufferFor(byName(trainers, "lwf"), context.options);
    for (const index of [0, 1]) await learner.learn(viewOf(index), learnContext(buffer));
    return seen.before.reduce((sum, value, i) => sum + (value - seen.after[i]!) ** 2, 0);
  };
  const [free, held] = [await divergence(0), await divergence(20)];
  expect(held).toBeLessThan(0.7 * free);
});

test("logits have a row for each predicted token", async () => {
  const model = await openTiny();
  const encoder = new SequenceEncoder(model.tokenizer, model.contextLength);
  const { task, train } = abc[0]!;
  const sequence = encoder.sequence({ example: train[0]!, task });
  expect((await model.logits([sequence])).rows).toBe(sequence.weights.filter((weight) => weight > 0).length);
});
