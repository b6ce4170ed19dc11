import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Learner } from "../../../../harness/contract/trainer.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { openPrompts } from "../../../../trainers/model/prompt-files.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  expectSameBits,
  learnAll,
  learnContext,
  savedBy,
  tinyTask,
  viewOf,
} from "../rig.js";

const progressive = byName(trainers, "progressive-prompts");
const pool = byName(trainers, "l2p");
const base = () => byName(trainers, "frozen").create(contextFor(byName(trainers, "frozen"), {}));
const ask = () =>
  abc.flatMap(({ task, train }) =>
    train
      .slice(0, 8)
      .map(({ id, input, references }) => ({ id, input, continuation: references[0]!, taskId: task.id })),
  );

test.each([
  ["progressive-prompts", { length: 2 }],
  ["l2p", { pool: 4, length: 2, topK: 2 }],
])("%s ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

test("progressive prompts: an earlier task's answers do not change, and a question without a prompt is asked plainly", async () => {
  const context = contextFor(progressive, { length: 3, steps: 10, learningRate: 0.1 });
  const learner = await progressive.create(context);
  const buffer = bufferFor(progressive, context.options);
  const answers = async (of: Learner, taskId: (id: string) => string) =>
    (
      await of.generate(
        ask().map((request) => ({ ...request, taskId: taskId(request.taskId) })),
        { maxNewTokens: 4 },
      )
    ).map(({ text }) => text);
  const plain = await answers(await base(), () => "unknown");
  await learner.learn(viewOf(0), learnContext(buffer));
  const first = await answers(learner, (id) => id);
  expect(first.slice(0, 8)).not.toEqual(plain.slice(0, 8));
  expect(first.slice(8)).toEqual(plain.slice(8));
  for (const index of [1, 2]) await learner.learn(viewOf(index), learnContext(buffer));
  const last = await answers(learner, (id) => id);
  expect(last.slice(0, 8)).toEqual(first.slice(0, 8));
  expect(last.slice(8)).not.toEqual(plain.slice(8));
  expect(await answers(learner, () => "unknown")).toEqual(plain);
  expect(await learner.cost()).toMatchObject({ addedParameters: 3 * 3 * 32, trainableParameters: 3 * 3 * 32 });
});

test("progressive prompts: the prompts of earlier tasks are frozen, and each task's file contains [P_k … P_1]", async () => {
  const { learner } = await learnAll(progressive, { length: 2, steps: 8, learningRate: 0.05 });
  const directory = await savedBy(learner);
  const fileOf = (index: number) => join(directory, "strategies/progressive-prompts/peft", `${index}`);
  const rows = [1, 2, 3].map((index) => openPrompts(fileOf(index))[0]!.values);
  expect(rows[1]!.subarray(2 * 32)).toEqual(rows[0]);
  expect(rows[2]!.subarray(2 * 32)).toEqual(rows[1]);
  expect(JSON.parse(readFileSync(join(fileOf(2), "adapter_config.json"), "utf8"))).toMatchObject({
    peft_type: "PROMPT_TUNING",
    num_virtual_tokens: 4,
    token_dim: 32,
  });
});

test("l2p: training lowers the loss through the prompts alone, without a task id", async () => {
  const { learner, reports } = await learnAll(pool, { steps: 40, learningRate: 0.05 }, { tasks: abc.slice(0, 1) });
  const [first] = reports;
  expect(first!.finalLoss!).toBeLessThan(first!.curve[0]!.loss);
  expect(pool.needs({}).taskIdAtTest).toBe(false);
  const [trained, plain] = [await learner.score(ask()), await (await base()).score(ask())];
  expect(trained).not.toEqual(plain);
  expect(await learner.score(ask().reverse())).toEqual(trained.slice().reverse());
});

test("l2p: tasks choose different prompts, and several are in use", async () => {
  const tasks = [tinyTask("a"), tinyTask("b", 32), tinyTask("z")];
  const { reports } = await learnAll(pool, { pool: 6, topK: 2, length: 2, steps: 20 }, { tasks });
  const chosen = reports.map(({ notes }) => notes["prompts chosen most"]);
  expect(new Set(chosen).size).toBeGreaterThan(1);
  const used = reports.map(({ notes }) => notes["prompts in use (exponential of the entropy)"] as number);
  expect(Math.max(...used)).toBeGreaterThan(2);
  for (const count of used) expect(count).toBeLessThanOrEqual(6);
});

test("l2p: keys move at a rate of their own", async () => {
  const keysAfter = async (componentRates: Record<string, number>) => {
    const { learner } = await learnAll(pool, { steps: 6, componentRates }, { tasks: abc.slice(0, 1) });
    return openPrompts(join(await savedBy(learner), "model")).find(({ name }) => name === "prompt_keys")!.values;
  };
  const [still, slow] = [await keysAfter({ prompt_keys: 0 }), await keysAfter({ prompt_keys: 0.02 })];
  const farthest = slow.reduce((most, value, i) => Math.max(most, Math.abs(value - still[i]!)), 0);
  expect(farthest).toBeGreaterThan(0);
  expect(farthest).toBeLessThan(6 * 0.02 * 0.1 * 1.5);
});
