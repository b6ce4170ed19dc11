import { expect, test } from "vitest";
import { inputText } from "../../../../harness/contract/suite.js";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { methods, trainers } from "../../../../trainers/methods/catalog.js";
import { composeStrategies } from "../../../../trainers/training/compose.js";
import type { Strategy } from "../../../../trainers/training/strategy.js";
import { abc, byName, contextFor, learnAll, learnContext, named, openLearner, tinyTask, viewOf } from "../rig.js";

const trainer = byName(trainers, "replay");
const general = tinyTask("general", 6).train;

/** How many sequences of each task every step of a sequence trained on. */
async function drawn(given: Record<string, unknown>): Promise<Record<string, number>[]> {
  const context = contextFor(trainer, { steps: 10, ...given });
  const buffer = new MeteredBuffer(trainer.needs(context.options));
  const counts: Record<string, number>[] = [];
  const counting: Strategy = {
    beforeTask: async () => void counts.push({}),
    async beforeStep({ batch, model }) {
      for (const { tokens } of batch) {
        const task = model.tokenizer.decode(tokens).split(":")[0]!;
        counts.at(-1)![task] = (counts.at(-1)![task] ?? 0) + 1;
      }
    },
  };
  const strategy = composeStrategies([
    named("replay", byName(methods, "replay").strategy(context.options)),
    named("counting", counting),
  ]);
  const learner = await openLearner(context, strategy);
  for (const index of [0, 1, 2])
    await learner.learn(viewOf(index, abc, { generalItems: general }), learnContext(buffer));
  return counts;
}

test("the drawn ratio is the declared one, from the second task on", async () => {
  const [first, second, third] = await drawn({ newRatio: 0.2, generalShare: 0, share: 0.5 });
  expect(first).toEqual({ a: 40 });
  expect(second).toEqual({ a: 32, b: 8 });
  expect(third).toEqual({ a: 16, b: 16, c: 8 });
});

test("without a ratio, buffer and new data mix in proportion to their sizes", async () => {
  const [, second] = await drawn({ share: 0.25, generalShare: 0 });
  expect(second).toEqual({ a: 8, b: 32 });
});

test("general items take their share of every batch", async () => {
  const [first, second] = await drawn({ newRatio: 0.5, generalItems: 6, generalShare: 0.2 });
  expect(first).toEqual({ general: 8, a: 32 });
  expect(second).toEqual({ general: 8, a: 16, b: 16 });
});

test("new-tokens trains on as many new items as without rehearsal", async () => {
  const [, second] = await drawn({ newRatio: 0.25, budget: "new-tokens", generalShare: 0 });
  expect(second).toEqual({ a: 120, b: 40 });
});

test("the buffer never exceeds its size, keeps random items, and treats tasks alike", async () => {
  const { buffer } = await learnAll(trainer, { share: 0.5, bufferSize: 12 });
  const kept = buffer.items();
  expect(kept.length).toBeLessThanOrEqual(12);
  expect(["a", "b", "c"].map((id) => kept.filter(({ taskId }) => taskId === id).length)).toEqual([4, 4, 4]);
  const indices = kept.map(({ example }) => Number(example.id.split("/")[2]));
  expect(indices).not.toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  const trained = new Set(abc.flatMap(({ train }) => train.map(({ input }) => inputText(input))));
  expect(kept.every(({ example }) => trained.has(inputText(example.input)))).toBe(true);
});

test("it keeps the declared share of each task", async () => {
  const { buffer } = await learnAll(trainer, { share: 0.25 });
  expect(buffer.items().length).toBe(3 * 8);
});

test("it keeps a number of items of each task in place of a share", async () => {
  const { buffer } = await learnAll(trainer, { items: 5, share: 0.25 });
  expect(["a", "b", "c"].map((id) => buffer.items().filter(({ taskId }) => taskId === id).length)).toEqual([5, 5, 5]);
});

test("what it forgets is less than what sequential forgets", async () => {
  const options = { steps: 40, learningRate: 3e-3 };
  const scored = async (name: string, given: Record<string, unknown>) => {
    const { learner } = await learnAll(byName(trainers, name), { ...options, ...given });
    const scores = await learner.score(
      abc[0]!.train.map(({ id, input, references }) => ({ id, input, continuation: references[0]! })),
    );
    return scores.reduce((sum, score) => sum + score, 0);
  };
  expect(await scored("replay", { share: 0.5 })).toBeGreaterThan(await scored("sequential", {}));
});
