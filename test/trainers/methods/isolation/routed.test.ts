import { describe, expect, test } from "vitest";
import { textInput } from "../../../../harness/contract/suite.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { InputRegions } from "../../../../trainers/methods/isolation/input-regions.js";
import { newDirectory } from "../../../files.js";
import { byName, contextFor, expectSameBits, learnAll, tinyTask } from "../rig.js";

const short = { steps: 12, learningRate: 1e-2, warmupSteps: 0 };
/** Tasks that differ in a word before each question. */
const tasks = [tinyTask("animals"), tinyTask("buildings"), tinyTask("colours")];
const questionsOf = (task: (typeof tasks)[number]) =>
  task.validation.map(({ id, input }) => ({ id, input, continuation: "a" }));
const strange = ["What is 12 + 7?", "The cat sat on the mat. Where is the cat?", "{}", "Hello"].map((text, i) => ({
  id: `strange/${i}`,
  input: textInput(text),
  continuation: "a",
}));
const frozen = byName(trainers, "frozen");

describe.each<[string, Record<string, unknown>, string]>([
  ["routed-lora", { ...short, rank: 4, items: 24 }, "lora"],
  ["routed-experts", { ...short, items: 24 }, "sequential"],
])("%s", (name, options, alone) => {
  const trainer = byName(trainers, name);

  test("what is unlike every task is answered by the base as it was; a task's questions by what it trained from the base", async () => {
    const { learner, reports } = await learnAll(trainer, options, { tasks });
    const base = await frozen.create(contextFor(frozen, {}));
    expect(await learner.score(strange)).toEqual(await base.score(strange));
    const { items: _, ...training } = options;
    const first = await learnAll(byName(trainers, alone), training, { tasks: tasks.slice(0, 1) });
    expect(await learner.score(questionsOf(tasks[0]!))).toEqual(await first.learner.score(questionsOf(tasks[0]!)));
    for (const [index, task] of tasks.entries()) {
      expect(reports[index]!.notes["validation questions routed to their task"]).toBe(1);
      const [own, plain] = [await learner.score(questionsOf(task)), await base.score(questionsOf(task))];
      expect(Math.min(...own.map((score, i) => Math.abs(score - plain[i]!)))).toBeGreaterThan(0.05);
    }
  });

  test("a narrow region leaves the task's own questions to the base, and is part of what determines the answers", async () => {
    const wide = await learnAll(trainer, options, { tasks: tasks.slice(0, 1) });
    const narrow = await learnAll(trainer, { ...options, margin: 1e-3 }, { tasks: tasks.slice(0, 1) });
    const base = await frozen.create(contextFor(frozen, {}));
    expect(await narrow.learner.score(questionsOf(tasks[0]!))).toEqual(await base.score(questionsOf(tasks[0]!)));
    expect(await narrow.learner.answerDigest!()).not.toBe(await wide.learner.answerDigest!());
  });

  test("it needs no privileges, meters what it adds, and continues to the bit", async () => {
    expect(trainer.needs(contextFor(trainer, {}).options)).toEqual(frozen.needs({}));
    await expectSameBits(trainer, { ...options, steps: 3 });
  });
});

describe("the regions of inputs", () => {
  const rows = [
    [0, 2],
    [4, 2],
    [1, 0],
    [3, 0],
    [1, 4],
    [3, 4],
  ].map((row) => Float32Array.from(row));

  test("mean and variances of two thirds, the radius by the farthest of the held third", () => {
    const regions = new InputRegions(1.5);
    regions.add(rows);
    // mean (2, 2), variances (1, 4) of the last four; held: 4/1 and 4/1; radius 1.5 · 4
    expect([...regions.means[0]!, ...regions.variances[0]!]).toEqual([2, 2, 1, 4]);
    const within = (x: number, y: number) => regions.route(Float32Array.of(x, y));
    expect(within(2 + Math.sqrt(5.99), 2)).toBe(0);
    expect(within(2 + Math.sqrt(6.01), 2)).toBeUndefined();
    expect(within(2, 2 + Math.sqrt(23.9))).toBe(0);
    expect(within(2, 2 + Math.sqrt(24.1))).toBeUndefined();
    regions.add(rows.map(([x, y]) => Float32Array.of(x! + 6, y!)));
    expect(within(2 + 2.4, 2)).toBe(0); // in one region alone
    expect(within(5.5, 2)).toBeUndefined();
    expect(within(8, 2)).toBe(1);
  });

  test("restored, they route and digest as before", () => {
    const [regions, restored] = [new InputRegions(1.5), new InputRegions(1.5)];
    regions.add(rows);
    const directory = newDirectory();
    regions.save(directory);
    restored.restore(directory);
    expect(restored.digest()).toBe(regions.digest());
    expect(restored.route(Float32Array.of(2, 2))).toBe(0);
    expect(restored.route(Float32Array.of(9, 9))).toBeUndefined();
  });

  test("with fewer than three inputs all serve for both", () => {
    const regions = new InputRegions(1);
    regions.add(rows.slice(0, 2));
    expect(regions.route(Float32Array.of(0, 2))).toBe(0);
  });
});
