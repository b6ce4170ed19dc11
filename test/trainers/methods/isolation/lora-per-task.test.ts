import { join } from "node:path";
import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { openAdapter } from "../../../../trainers/model/peft.js";
import { byName, contextFor, expectSameBits, learnAll, savedBy, tinyModel, tinyTask, withModel } from "../rig.js";

const trainer = byName(trainers, "lora-per-task");
const options = { steps: 12, learningRate: 1e-2, warmupSteps: 0, rank: 4 };
const share = "validation questions routed to their task";
/** Tasks that differ in a word before each question. */
const tasks = [tinyTask("animals"), tinyTask("buildings"), tinyTask("colours")];
const questionsOf = (task: (typeof tasks)[number]) =>
  task.validation.map(({ id, input }) => ({ id, input, continuation: "a" }));

/** As `learnAll` saves it: the folder of each task's adapter. */
async function learned() {
  const sequence = await learnAll(trainer, options, { tasks });
  const directory = await savedBy(sequence.learner);
  const held = ["adapter-0", "adapter-1"].map((name) => join(directory, "strategies/lora-per-task", name));
  return { ...sequence, folders: [...held, join(directory, "model")] };
}

test("each question is answered by the adapter of its own task, as saved in PEFT's files, without a task id", async () => {
  const { learner, folders } = await learned();
  const frozen = byName(trainers, "frozen");
  for (const [index, task] of tasks.entries()) {
    const context = withModel(contextFor(frozen, {}), `${tinyModel}::${folders[index]}`);
    const alone = await (await frozen.create(context)).score(questionsOf(task));
    const routed = await learner.score(questionsOf(task));
    for (const [i, score] of routed.entries()) expect(score).toBeCloseTo(alone[i]!, 4);
    const other = withModel(context, `${tinyModel}::${folders[(index + 1) % 3]}`);
    const strange = await (await frozen.create(other)).score(questionsOf(task));
    expect(Math.max(...strange.map((score, i) => Math.abs(score - routed[i]!)))).toBeGreaterThan(0.05);
  }
  expect(trainer.needs(contextFor(trainer, {}).options).taskIdAtTest).toBe(false);
});

test("the share of questions routed rightly is noted for each task", async () => {
  const { reports } = await learned();
  expect(reports.map(({ notes }) => notes[share])).toEqual([1, 1, 1]);
  const twins = [tasks[0]!, { ...tasks[0]!, task: tasks[1]!.task }];
  const confused = await learnAll(trainer, options, { tasks: twins });
  expect(confused.reports[1]!.notes[share]).toBe(0);
});

test("a batch of questions of several tasks gives the same answers as each alone", async () => {
  const { learner } = await learned();
  const [a, b] = [questionsOf(tasks[0]!), questionsOf(tasks[1]!)];
  const mixed = await learner.score(a.flatMap((question, i) => [question, b[i]!]));
  const apart = [await learner.score(a), await learner.score(b)];
  expect(mixed).toEqual(a.flatMap((_, i) => [apart[0]![i]!, apart[1]![i]!]));
});

test("each adapter starts fresh: the last is the one that its task alone would have given", async () => {
  const { folders } = await learned();
  const tensors = folders.map((folder) => openAdapter(folder).tensors);
  expect(tensors[0]).not.toEqual(tensors[2]);
  const first = await learnAll(trainer, options, { tasks: tasks.slice(0, 1) });
  const directory = await savedBy(first.learner);
  expect(openAdapter(join(directory, "model")).tensors).toEqual(tensors[0]);
});

test("its adapters and centroids are part of what determines the answers, and its parameters are metered", async () => {
  const { learner } = await learned();
  const swapped = await learnAll(trainer, options, { tasks: [tasks[1]!, tasks[0]!, tasks[2]!] });
  expect(await swapped.learner.answerDigest!()).not.toBe(await learner.answerDigest!());
  const { addedParameters, trainableParameters } = await learner.cost();
  expect(addedParameters).toBe(3 * trainableParameters!);
});

test.each<[string, Record<string, unknown>]>([
  ["lora-per-task", { rank: 2, dropout: 0.2 }],
  ["composed", { use: ["ema", "lora-per-task"] }],
])("%s %j: saved and restored after every task, the same bits", (name, given) =>
  expectSameBits(byName(trainers, name), given),
);
