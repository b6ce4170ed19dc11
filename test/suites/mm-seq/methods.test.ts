import { join } from "node:path";
import { expect, test } from "vitest";
import { inputText, type Task } from "../../../harness/contract/suite.js";
import type { TaskData } from "../../../harness/contract/trainer.js";
import { visionModelDirectory } from "../../../suites/mm-seq/generate.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { readHeader, readTensor } from "../../../trainers/model/safetensors.js";
import { bufferFor, byName, contextFor, learnContext, savedBy, viewOf, withModel } from "../../trainers/methods/rig.js";
import { suite } from "./quick-suite.js";

const tasks = suite.tasks.slice(0, 2).map(
  ({ train, validation, test: _test, shifted: _shifted, ...task }: Task): TaskData => ({
    task,
    train: train.slice(0, 8),
    validation: validation.slice(0, 4),
  }),
);
const generalItems = suite.generalItems.slice(0, 6);

/** Learns the tasks one after another; the learner at the end. */
async function learned(name: string, options: Record<string, unknown>) {
  const trainer = byName(trainers, name);
  const context = withModel(contextFor(trainer, { ...options, steps: 2 }, 1, tasks), visionModelDirectory);
  const buffer = bufferFor(trainer, context.options, tasks);
  const learner = await trainer.create(context);
  for (const index of tasks.keys()) {
    const { steps } = await learner.learn(viewOf(index, tasks, { generalItems }), learnContext(buffer));
    expect(steps).toBe(2);
  }
  return { learner, buffer };
}

test.each([
  ["replay", { generalItems: 6 }],
  ["ewc", { items: 4 }],
  ["lora", {}],
  ["composed", { use: ["multimodal", "o-lora"], multimodal: { textItems: 6 } }],
  ["composed", { use: ["multimodal", "lora-per-task"], multimodal: { textItems: 6 } }],
  ["merge", {}],
  ["composed", { use: ["lora", "soft-targets", "replay"] }],
])("%s %j trains on pictures as on text, and answers", async (name, options) => {
  const { learner, buffer } = await learned(name, options);
  const { input } = suite.tasks[0]!.test[0]!;
  const [answer] = await learner.generate([{ id: "1", input }], { maxNewTokens: 3 });
  expect(answer!.tokens).toBeGreaterThan(0);
  const images = buffer.items().flatMap(({ example }) => example.input.filter(({ type }) => type === "image"));
  expect(images.length > 0).toBe(JSON.stringify({ name, options }).includes("replay"));
  await learner.release();
});

test("multimodal keeps a frozen tower to the bit, and trains projector and language model at their rates", async () => {
  const { learner } = await learned("multimodal", { rates: "llava-1.5" });
  const after = readHeader(join(await savedBy(learner), "model/model.safetensors"));
  const before = readHeader(join(visionModelDirectory, "model.safetensors"));
  const [kept, moved] = [new Set<string>(), new Set<string>()];
  for (const [name, stored] of before) {
    const same = Buffer.from(readTensor(stored).buffer).equals(Buffer.from(readTensor(after.get(name)!).buffer));
    (same ? kept : moved).add(name.split(".").find((part) => /tower|projector|language_model/.test(part))!);
  }
  expect([...kept]).toEqual(["vision_tower"]);
  expect([...moved].sort()).toEqual(["language_model", "multi_modal_projector"]);
  expect(inputText(generalItems[0]!.input)).not.toBe("");
  await learner.release();
});
