import { expect, test } from "vitest";
import type { TaskData } from "../../../../harness/contract/trainer.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { byName, expectSameBits, learnAll, tinyTask } from "../../methods/rig.js";

const sequential = byName(trainers, "sequential");
const watched = { monitor: true };

/** A task under another name, half of the items of one source. */
function half(source: TaskData, id: string, part: 0 | 1): TaskData {
  const train = source.train.filter((_, index) => index % 2 === part);
  return { ...source, task: { ...source.task, id }, train };
}

/** A task whose prompts are long runs of digits. */
function digits(id: string): TaskData {
  const task = tinyTask(id, 48);
  const train = task.train.map((example, index) => ({
    ...example,
    input: [{ type: "text" as const, text: `${"7319 0246 ".repeat(4 + (index % 5))}\nAnswer:` }],
  }));
  return { ...task, train };
}

const source = tinyTask("a", 96);
const tasks = [half(source, "first", 0), half(source, "again", 1), digits("c")];

test("what comes from the source of the past raises no warning, unlike inputs do", async () => {
  const { reports } = await learnAll(sequential, watched, { tasks });
  const [first, again, unlike] = reports.map(({ drift }) => drift);
  expect(first).toBeUndefined();
  expect(again!.warnings).toEqual([]);
  expect(again!.embeddingProbability).toBeGreaterThan(0.05);
  expect(unlike!.warnings).toEqual(expect.arrayContaining(["lengths", "embeddings"]));
  expect(unlike!).toMatchObject({ lengthDistance: 1, embeddingProbability: 0.005 });
  expect(unlike!.embeddingDiscrepancy).toBeGreaterThan(10 * again!.embeddingDiscrepancy);
});

test("the base model looks, whatever was trained: other steps of training see the same drift", async () => {
  const drift = async (given: object) =>
    (await learnAll(sequential, { ...watched, ...given }, { tasks })).reports[2]!.drift;
  expect(await drift({ learningRate: 5e-3, steps: 9 })).toEqual(await drift({}));
});

test.each(["sequential", "lora", "replay"])("%s trains to the same bits without it", async (name) => {
  const trainer = byName(trainers, name);
  const looked = await learnAll(trainer, watched, { tasks });
  const alone = await learnAll(trainer, { monitor: false }, { tasks });
  expect(await looked.learner.answerDigest!()).toBe(await alone.learner.answerDigest!());
  expect(alone.reports.every(({ drift }) => drift === undefined)).toBe(true);
  expect(looked.reports.map(({ curve }) => curve)).toEqual(alone.reports.map(({ curve }) => curve));
});

test("interrupted after every task, it remembers the same past", () => expectSameBits(sequential, watched));

test("an adapter that is renewed from task to task is not watched: the base model is gone", async () => {
  const { reports } = await learnAll(byName(trainers, "o-lora"), watched, { tasks });
  expect(reports.every(({ drift }) => drift === undefined)).toBe(true);
});
