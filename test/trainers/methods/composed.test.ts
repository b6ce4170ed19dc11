import { expect, test } from "vitest";
import { trainers } from "../../../trainers/methods/catalog.js";
import { byName, learnAll } from "./rig.js";

const composed = byName(trainers, "composed");
const digestOf = async (name: string, options: Record<string, unknown>) =>
  (await learnAll(byName(trainers, name), options)).learner.answerDigest!();

test.each([
  ["lora", { rank: 2 }],
  ["replay", { share: 0.5 }],
  ["ewc", { lambda: 20, items: 8 }],
])("a composition of %s alone is %s, its own learning rate included", async (name, options) => {
  expect(await digestOf("composed", { use: [name], [name]: options })).toBe(await digestOf(name, options));
});

test("a composition of nothing is sequential", async () => {
  expect(await digestOf("composed", {})).toBe(await digestOf("sequential", {}));
});

test("each pair acts together: the result is neither member's alone", async () => {
  for (const pair of [
    ["lora", "replay"],
    ["lora", "ewc"],
    ["replay", "ewc"],
  ]) {
    const both = await digestOf("composed", { use: pair });
    for (const member of pair) expect(await digestOf("composed", { use: [member] }), member).not.toBe(both);
  }
});

test("the buffer and the anchors of a composition are those of its members", async () => {
  const { learner, buffer, reports } = await learnAll(composed, { use: ["replay", "ewc"], replay: { share: 0.25 } });
  expect(buffer.items().length).toBe(24);
  expect(reports[2]!.notes).toMatchObject({ "items in the buffer": 24, lambda: expect.any(Number) });
  const plain = await learnAll(byName(trainers, "replay"), { share: 0.25 });
  expect((await learner.cost()).tensorBytes!).toBeGreaterThan((await plain.learner.cost()).tensorBytes!);
});
