import { expect, test } from "vitest";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { baseModelDirectory } from "../../../../suites/complete-suite.js";
import { generateSuite } from "../../../../suites/trace-seq/generate.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { byName, contextFor, learnContext, withModel } from "../rig.js";

test("the embedded base model writes instances in the form of the task", async () => {
  const { tasks } = generateSuite(true);
  const { train, validation, ...task } = tasks.find(({ id }) => id === "commonsense-arithmetic")!;
  const trainer = byName(trainers, "ssr");
  const context = { ...contextFor(trainer, { steps: 2, share: 0.05 }, 1, [{ task, train, validation }]), quick: true };
  const learner = await trainer.create(withModel(context, baseModelDirectory));
  const view = { index: 0, tasks: [{ task, train, validation }], pastValidation: [], generalItems: [] };
  const buffer = new MeteredBuffer(trainer.needs(context.options));
  const { synthetic } = await learner.learn(view, learnContext(buffer));
  const [{ drawn, parsed, kept, items }] = synthetic as [NonNullable<typeof synthetic>[0]];
  expect(drawn).toBe(144);
  expect(parsed).toBeGreaterThan(0.6 * drawn);
  expect(kept).toBe(48);
  const asked = items.filter(({ input }) => /^Solve the math problem\.\nQuestion: .+\nAnswer:$/.test(input));
  expect(asked.length).toBeGreaterThan(0.7 * kept);
  await learner.release();
});
