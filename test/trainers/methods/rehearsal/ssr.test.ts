import { beforeAll, expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { type Example, inputText } from "../../../../harness/contract/suite.js";
import type { LearnReport, TaskData } from "../../../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { checkLearnReport } from "../../../../harness/run/cell/learn-report.js";
import { openModel } from "../../../../trainers/engine/onnx/open.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { fullBlock } from "../../../../trainers/training/blocks.js";
import { orderedChoices, realDemonstrations } from "../../../../trainers/training/synthesis/demonstrations.js";
import { synthesize } from "../../../../trainers/training/synthesis/synthesize.js";
import { newDirectory } from "../../../files.js";
import { byName, contextFor, learnContext, moved, openTiny, tinyTask, viewOf, withModel } from "../rig.js";

const words = "sun moon tree river stone cloud".split(" ");

/** A task of short questions in one line, such as "a sun moon". */
function shortTask(id: string): TaskData {
  const { task } = tinyTask(id);
  const train = Array.from({ length: 24 }, (_, index): Example => {
    const [first, second] = random({ seed: 3, stream: "words", task: id, item: index }).sample(words, 2);
    const text = `${id} ${first} ${second}`;
    return { id: `${id}/${index}`, input: [{ type: "text", text }], references: [first! < second! ? "a" : "b"] };
  });
  return { task, train, validation: [] };
}

const tasks = [shortTask("a"), shortTask("b")];
let baseModel = "";
/** What several tests look at. */
let plain: Awaited<ReturnType<typeof learn>>;

/** The base: the tiny model after so many steps on lists of blocks that it writes blocks itself. */
beforeAll(async () => {
  const model = await openTiny();
  const blocks = tasks.flatMap(({ train }) =>
    train.map(({ input, references }) => fullBlock({ input: inputText(input), output: references[0]! })),
  );
  const update = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
  for (let step = 0; step < 150; step++) {
    const batch = Array.from({ length: 8 }, (_, item) => {
      const chosen = random({ seed: 1, stream: "blocks", step, item }).sample(blocks, 3);
      const tokens = model.tokenizer.encode(chosen.join(""));
      return { tokens, weights: tokens.map(() => 1) };
    });
    await model.step({ terms: [{ kind: "language-modeling", batch, weight: 1 }] }, update);
  }
  baseModel = newDirectory();
  await model.save(baseModel);
  await model.release();
  plain = await learn(all);
});

/** All that a draw may give is kept: nothing is selected away. */
const all = { share: 2, draws: 2, items: 6, clusters: 3, steps: 6, learningRate: 3e-3 };

async function learn(given: Record<string, unknown>, name = "ssr", interrupted = false) {
  const trainer = byName(trainers, name);
  const context = withModel(contextFor(trainer, given, 1, tasks), baseModel);
  const buffer = new MeteredBuffer(trainer.needs(context.options));
  const reports: LearnReport[] = [];
  const kept: string[] = [];
  let learner = await trainer.create(context);
  for (const index of [0, 1]) {
    reports.push(checkLearnReport(await learner.learn(viewOf(index, tasks), learnContext(buffer))));
    kept.push(JSON.stringify(buffer.items().filter(({ taskId }) => taskId === "a")));
    if (interrupted) learner = await moved(learner, trainer, context);
  }
  const cost = await learner.cost();
  return { learner, reports, buffer, kept, cost, sets: reports.map(({ synthetic }) => synthetic![0]!) };
}

/** What the base model itself writes for a task with the demonstrations that the method is due. */
async function writtenByBase({ task, train }: TaskData, options: { items: number; share: number; draws: number }) {
  const model = await openModel(baseModel, { device: "cpu", threads: 1, seed: 1 });
  const demonstrations = realDemonstrations({ task, train, validation: [] }, options.items, 1);
  const draws = options.draws * options.share * train.length;
  const choices = orderedChoices(demonstrations, 2, draws, { seed: 1, task: task.id });
  const writer = { model, weights: await model.snapshot(), seed: 1, checkCancelled: () => {} };
  const sampling = { temperature: 0.6, topP: 1, repetitionPenalty: 1 };
  const drawn = await synthesize(writer, task.id, choices, "input", sampling);
  await model.release();
  return new Set(drawn.flatMap((draw) => (typeof draw === "string" ? [] : [draw.input])));
}

test.each([
  ["ssr", all],
  ["composed", { use: ["ssr", "lora"], ssr: { share: 2, draws: 2, items: 6, clusters: 3 }, steps: 6 }],
])("%s: the base model writes the inputs after every task, the latest model the answers", async (name, options) => {
  const { learner, sets } = options === all ? plain : await learn(options, name);
  for (const [index, { items, parsed, kept, drawn }] of sets.entries()) {
    expect(drawn).toBe(96);
    expect(parsed).toBeGreaterThan(20);
    expect(items).toHaveLength(kept);
    const base = await writtenByBase(tasks[index]!, all);
    expect(items.filter(({ input }) => !base.has(input))).toEqual([]);
  }
  const { items } = sets[1]!;
  const requests = items.map(({ input }, index) => ({
    id: `${index}`,
    input: [{ type: "text" as const, text: input }],
  }));
  const latest = await learner.generate(requests, { maxNewTokens: tasks[1]!.task.maxNewTokens });
  expect(items.map(({ output }) => output)).toEqual(latest.map(({ text }) => text.trim()));
});

test("it rehearses what it wrote, and the set of a task stays as it was made", async () => {
  const { buffer, kept, sets, reports } = plain;
  expect(kept[1]).toBe(kept[0]);
  expect(buffer.items().map(({ example }) => inputText(example.input))).toEqual(
    sets.flatMap(({ items }) => items.map(({ input }) => input)),
  );
  expect(reports[1]!.notes).toEqual({ "synthetic items in the buffer": sets[0]!.kept + sets[1]!.kept });
  const { reports: others } = await learn({ ...all, newRatio: 0.99 });
  expect(others[0]).toEqual(reports[0]);
  expect(others[1]!.curve).not.toEqual(reports[1]!.curve);
});

test.each([
  [all],
  [{ ...all, refine: false, select: "perplexity", share: 0.25, draws: 6 }],
  [{ ...all, demonstrations: "none", order: "select-then-refine", share: 0.25, draws: 6 }],
])("%j: saved and restored after every task, it ends with the same bits", async (options) => {
  const straight = options === all ? plain : await learn(options);
  const interrupted = await learn(options, "ssr", true);
  expect(interrupted.reports).toEqual(straight.reports);
  expect(interrupted.buffer.items()).toEqual(straight.buffer.items());
  expect(await interrupted.learner.answerDigest!()).toBe(await straight.learner.answerDigest!());
  expect(interrupted.cost).toEqual(straight.cost);
});

test("no real item is kept, and the copies of demonstrations are counted", async () => {
  const { buffer, sets } = await learn({ ...all, items: 3 });
  for (const [index, { dropped }] of sets.entries()) {
    const shown = realDemonstrations(tasks[index]!, 3, 1).map(({ input }) => input);
    const own = buffer.items().filter(({ taskId }) => taskId === tasks[index]!.task.id);
    expect(own.some(({ example }) => shown.includes(inputText(example.input)))).toBe(false);
    expect(dropped["copy of a demonstration"]).toBeGreaterThan(0);
  }
});

test("the number that is rehearsed follows the share, however they are chosen", async () => {
  for (const select of ["k-means", "random", "perplexity"]) {
    for (const order of ["refine-then-select", "select-then-refine"]) {
      const { sets } = await learn({ ...all, share: 0.25, draws: 8, select, order });
      for (const { kept, dropped } of sets) {
        expect(kept + (order === "select-then-refine" ? (dropped["no answer"] ?? 0) : 0)).toBe(6);
        expect(dropped["not selected"]).toBeGreaterThan(0);
      }
    }
  }
});

test("without refinement the base model's own answers stay", async () => {
  const { sets } = await learn({ ...all, refine: false, learningRate: 0.05 });
  const answers = sets.flatMap(({ items }) => items.map(({ output }) => output));
  expect(answers.length).toBeGreaterThan(10);
  expect(answers.filter((output) => output === "a" || output === "b").length).toBeGreaterThan(answers.length / 2);
});

test("without demonstrations no real item has an influence on what is written", async () => {
  const { sets } = await learn({ ...all, demonstrations: "none" });
  const renamed = tasks.map((data) => ({ ...data, train: [...data.train].reverse() }));
  const trainer = byName(trainers, "ssr");
  const context = withModel(contextFor(trainer, { ...all, demonstrations: "none" }, 1, renamed), baseModel);
  const privileges = trainer.needs(context.options);
  expect(privileges.pastData).toBe("synthetic");
  const learner = await trainer.create(context);
  const report = await learner.learn(viewOf(0, renamed), learnContext(new MeteredBuffer(privileges)));
  const inputsOf = (set: { items: { input: string }[] }) => set.items.map(({ input }) => input).sort();
  expect(inputsOf(report.synthetic![0]!)).toEqual(inputsOf(sets[0]!));
  expect(sets[0]!.kept).toBeGreaterThan(5);
});

test("items with images are no demonstrations; where there are no others, it writes as without demonstrations", () => {
  const [data] = tasks as [TaskData];
  const image = { type: "image" as const, path: "picture.png", digest: "0" };
  const seen = data.train.map((example) => ({ ...example, input: [image, ...example.input] }));
  const half = { ...data, train: [...seen.slice(0, 12), ...data.train.slice(12)] };
  const texts = { ...data, train: data.train.slice(12) };
  expect(realDemonstrations(half, 6, 1)).toEqual(realDemonstrations(texts, 6, 1));
  const none = realDemonstrations({ ...data, train: seen }, 6, 1);
  expect(none).toEqual([]);
  expect(orderedChoices(none, 2, 3, { seed: 1, task: "a" })).toEqual([[], [], []]);
});

test("the tokens that were generated are metered", () => {
  expect(plain.cost.generatedTokens).toBeGreaterThan(96 * 2);
});
