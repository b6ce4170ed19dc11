import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { type Fact, inputText } from "../../../harness/contract/suite.js";
import type { TaskData, TrainingView } from "../../../harness/contract/trainer.js";
import { plugin } from "../../../trainers/index.js";
import { Bm25 } from "../../../trainers/memory/bm25.js";
import { HippoRag } from "../../../trainers/memory/hipporag.js";
import { Memory } from "../../../trainers/memory/memory.js";
import { type HippoRagOptions, hippoRagOptions } from "../../../trainers/memory/options.js";
import { recognizeAll } from "../../../trainers/memory/recognition.js";
import type { Retriever } from "../../../trainers/memory/retriever.js";
import { ownStates } from "../../../trainers/training/embeddings/open-embedder.js";
import { loadVectors } from "../../../trainers/training/state.js";
import { byName, contextFor, expectSameBits, learnAll, openTiny, savedBy, tinyTask } from "../methods/rig.js";
import { corpusTask } from "./world.js";

const composed = byName(plugin.trainersFrom!(plugin.methods!), "composed");
const tasks = [
  corpusTask("one", {
    add: [
      { id: "tom", text: "Tom lives in Paris." },
      { id: "ben", text: "Ben works in Rome." },
    ],
  }),
  corpusTask("two", { change: [{ id: "tom", text: "Tom lives in Oslo." }], retract: ["ben"] }),
];

test.each(["bm25", "dense"])(
  "%s with lora and ewc: saved and restored after every task, it ends with the same bits",
  (memory) =>
    expectSameBits(composed, {
      use: ["lora", memory, "ewc"],
      [memory]: { passages: 1 },
      ewc: { items: 2 },
      steps: 1,
      monitor: false,
    }),
);

test("what is trained and what is remembered are one learner's: weights move, passages are read, costs add up", async () => {
  const options = { use: ["lora", "bm25"], bm25: { passages: 1 }, steps: 2 };
  const { learner, reports, buffer } = await learnAll(composed, options, { tasks });
  expect(reports.map(({ steps, notes }) => ({ steps, ...notes }))).toMatchObject([
    { steps: 2, documents: 2, added: 2 },
    { steps: 2, documents: 1, changed: 1, retracted: 1 },
  ]);
  const [answer] = await learner.generate(
    [{ id: "1", input: [{ type: "text", text: "Question: Where is Tom?\nAnswer:" }] }],
    { maxNewTokens: 3 },
  );
  expect(answer!.retrieved).toEqual(["tom"]);
  expect(answer!.evidence!.join()).toContain("Tom lives in Oslo.");
  expect(buffer.items().map(({ example }) => example.id)).toEqual(["tom"]);
  const cost = await learner.cost();
  expect(cost.trainableParameters).toBeGreaterThan(0);
  expect(cost.trainedTokens).toBeGreaterThan(0);
  const lora = await learnAll(composed, { ...options, use: ["lora"] }, { tasks });
  // passages are part of what is trained on
  expect(cost.trainedTokens).toBeGreaterThan((await lora.learner.cost()).trainedTokens!);
});

test("privileges and effort are those of both", () => {
  const chosen = { use: ["lora", "bm25"], bm25: { capacity: 7, passages: 3 } };
  const options = checkOptions(composed.options, chosen, "composed");
  expect(composed.needs(options)).toMatchObject({ pastData: { buffer: 7 }, taskIdAtTest: false });
  expect(composed.effort!(options, 2)).toEqual({ training: 4, answering: 4 });
  expect(composed.memory!(options, 2).trains).toBe("adapter");
});

test.each(["replay", "ssr", "dense"])("%s has a buffer of its own and does not compose with bm25", async (other) => {
  await expect(async () => composed.create(contextFor(composed, { use: [other, "bm25"] }))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("the rehearsal buffer has one content"),
  });
});

describe("data that is trained on", () => {
  const words = () => new Bm25({ k1: 0.9, b: 0.4 });
  const prepare = async (task: TaskData, passages = 1, retriever: Retriever = words()): Promise<TaskData> => {
    const memory = Memory.of({ passages, capacity: 100 }, async () => retriever);
    await memory.open(await openTiny(), 1, 1, false);
    const view: TrainingView = { index: 0, tasks: [task], pastValidation: [], generalItems: [] };
    const context = { buffer: { capacity: 100, items: () => [], set: () => {} }, fits: () => true, note: () => {} };
    return (await memory.prepareData(view, context)).tasks[0]!;
  };
  test("has passages before its questions, as questions at test time do", async () => {
    const { train, validation } = await prepare(tasks[0]!);
    for (const { input } of [...train, ...validation]) {
      expect(inputText(input)).toBe("Tom lives in Paris.\nQuestion: Where is Tom?\nAnswer:");
    }
  });

  test("has the community's summary that questions get, but not where that could state an item's own answer", async () => {
    const options = checkOptions({ properties: hippoRagOptions }, { communities: true }, "hipporag") as HippoRagOptions;
    const graph = (facts: Fact[]) =>
      new HippoRag(
        {
          extract: async (documents) => documents.map(() => facts),
          ...{ passages: words(), facts: words(), recognize: recognizeAll },
        },
        options,
      );
    const facts: Fact[] = [
      ["Tom", "lives in", "Paris"],
      ["Tom", "is", "where sun moon"],
    ];
    const { train, validation } = await prepare(tasks[0]!, 1, graph(facts));
    for (const { input } of [...train, ...validation]) expect(inputText(input)).toMatch(/^tom is .*tom lives in paris/);
    const items = await prepare(tinyTask("a", 4), 1, graph(facts));
    for (const { input } of items.train) expect(inputText(input)).not.toContain("tom lives in paris");
  });

  test("an item never has itself as a passage, where the training items are the documents", async () => {
    const task = tinyTask("a", 12);
    const { train } = await prepare(task, 3);
    train.forEach(({ input }, index) => {
      const own = inputText(task.train[index]!.input);
      const before = inputText(input).slice(0, -own.length);
      expect(before.split("Answer:")).toHaveLength(4);
      expect(before).not.toContain(own);
    });
  });
});

test("embeddings of the model's own states are of the weights after the task", async () => {
  const { learner } = await learnAll(
    composed,
    { use: ["dense"], learningRate: 0.01, steps: 3 },
    { tasks: tasks.slice(0, 1) },
  );
  const directory = await savedBy(learner);
  const stored = loadVectors(join(directory, "strategies/dense"), "embeddings");
  const [now] = await ownStates(await openTiny(directory))(["Ben works in Rome."]);
  const [before] = await ownStates(await openTiny())(["Ben works in Rome."]);
  expect(stored["0"]).toEqual(now);
  expect(stored["0"]).not.toEqual(before);
});
