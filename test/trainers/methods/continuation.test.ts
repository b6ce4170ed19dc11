import { expect, test } from "vitest";
import { trainers } from "../../../trainers/methods/catalog.js";
import { byName, expectSameBits, learnAll } from "./rig.js";

/** Trainers and options that between them carry every kind of state from task to task. */
const carriers: [string, Record<string, unknown>][] = [
  ["frozen", {}],
  ["icl", { shots: 2 }],
  ["sequential", {}],
  ["sequential", { keepOptimizer: true }],
  ["replay", {}],
  ["ewc", { lambda: 5, items: 8 }],
  ["ewc", { lambda: 5, items: 8, gamma: 0.5, fisher: "sampled" }],
  ["ewc", { form: "gradient", lambda: 0.05, elasticBeta: 0.5, items: 8 }],
  ["lora", { dropout: 0.1 }],
  ["composed", { use: ["lora", "replay", "ewc"], ewc: { items: 8 } }],
];

test.each(carriers)("%s %j: saved and restored after every task, it ends with the same bits", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

test("another seed draws other batches", async () => {
  const trainer = byName(trainers, "sequential");
  const [one, other] = await Promise.all([learnAll(trainer, {}), learnAll(trainer, {}, { seed: 2 })]);
  expect(other.reports[0]!.curve).not.toEqual(one.reports[0]!.curve);
});

test("answering leaves what determines the answers as it is", async () => {
  const { learner } = await learnAll(byName(trainers, "sequential"), {});
  const before = await learner.answerDigest!();
  const ask = () =>
    learner.generate([{ id: "1", input: [{ type: "text", text: "a: sun moon\nAnswer:" }] }], { maxNewTokens: 3 });
  const first = await ask();
  expect(await ask()).toEqual(first);
  expect(first[0]!.text.startsWith(" ")).toBe(false);
  await learner.score([{ id: "1", input: [{ type: "text", text: "a:" }], continuation: "b" }]);
  expect(await learner.answerDigest!()).toBe(before);
  expect((await learner.cost()).generatedTokens).toBeGreaterThan(0);
});
