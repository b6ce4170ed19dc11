import { expect, test } from "vitest";
import type { GenerationRequest } from "../../../../harness/contract/trainer.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { abc, byName, contextFor, learnAll } from "../rig.js";

const trainer = byName(trainers, "icl");
const scored = abc[0]!.validation.map(({ id, input, references }) => ({ id, input, continuation: references[0]! }));
const asked = (taskId?: string): GenerationRequest[] =>
  abc[0]!.validation.map(({ id, input }) => ({ id, input, ...(taskId === undefined ? {} : { taskId }) }));

test("it trains nothing, and keeps its demonstrations in the metered buffer", async () => {
  const { learner, reports, buffer } = await learnAll(trainer, { shots: 3 });
  expect(reports.every(({ steps, finalLoss }) => steps === 0 && finalLoss === null)).toBe(true);
  expect(await learner.cost()).toMatchObject({ trainedTokens: 0, trainableParameters: 0 });
  expect(["a", "b", "c"].map((id) => buffer.items().filter(({ taskId }) => taskId === id).length)).toEqual([3, 3, 3]);
  const trained = new Set(abc.flatMap(({ train }) => train.map(({ id }) => id)));
  expect(buffer.items().every(({ example }) => trained.has(example.id))).toBe(true);
});

test("demonstrations precede questions of their task; other questions are asked without them", async () => {
  const { learner } = await learnAll(trainer, { shots: 3 });
  const frozen = await byName(trainers, "frozen").create(contextFor(byName(trainers, "frozen"), {}));
  expect(await learner.score(scored)).toEqual(await frozen.score(scored));
  const decoding = { maxNewTokens: 3 };
  expect(await learner.generate(asked(), decoding)).toEqual(await frozen.generate(asked(), decoding));
  const before = (await learner.cost()).flops!;
  await learner.generate(asked(), decoding);
  const plain = (await learner.cost()).flops! - before;
  await learner.generate(asked("a"), decoding);
  const shown = (await learner.cost()).flops! - before - plain;
  expect(shown, "of the demonstrations, blocks that all prompts share are computed once").toBeGreaterThan(1.5 * plain);
});

test("mixed questions get each their own answer", async () => {
  const { learner } = await learnAll(trainer, { shots: 2 });
  const mixed = asked().map((request, index) => (index % 2 === 0 ? { ...request, taskId: "a" } : request));
  const together = await learner.generate(mixed, { maxNewTokens: 3 });
  const [shown, plain] = [
    await learner.generate(asked("a"), { maxNewTokens: 3 }),
    await learner.generate(asked(), { maxNewTokens: 3 }),
  ];
  expect(together).toEqual(together.map((_, index) => (index % 2 === 0 ? shown : plain)[index]));
});

test("shots that do not fit into the context are dropped, the first ones first", async () => {
  const { learner } = await learnAll(trainer, { shots: 24 });
  const answers = await learner.generate(asked("a"), { maxNewTokens: 3 });
  expect(answers.length).toBe(8);
});
