import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { abc, byName, contextFor, learnAll, savedBy } from "../rig.js";

const trainer = byName(trainers, "lora");

test("only the adapter is saved, and on the untouched base it answers as the trained model: the base did not change", async () => {
  const { learner } = await learnAll(trainer, { steps: 10 });
  const directory = await savedBy(learner);
  expect(readdirSync(join(directory, "model")).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  const fresh = await trainer.create(contextFor(trainer, {}));
  expect(await fresh.answerDigest!()).not.toBe(await learner.answerDigest!());
  await fresh.restore(directory);
  expect(await fresh.answerDigest!()).toBe(await learner.answerDigest!());
});

test("before training it answers as the base", async () => {
  const requests = abc[0]!.train.map(({ id, input, references }) => ({ id, input, continuation: references[0]! }));
  const [adapted, base] = await Promise.all(
    ["lora", "frozen"].map((name) => byName(trainers, name).create(contextFor(byName(trainers, name), {}))),
  );
  const [a, b] = [await adapted!.score(requests), await base!.score(requests)];
  a.forEach((score, i) => {
    expect(score).toBeCloseTo(b[i]!, 4);
  });
});

test("it trains the adapter's parameters alone: rank × (in + out) for each targeted matrix", async () => {
  const { learner } = await learnAll(trainer, { rank: 2, targetModules: ["q_proj", "v_proj"] }, { tasks: [abc[0]!] });
  const hidden = 32;
  const keyValues = 16;
  const expected = 2 * (hidden + hidden) + 2 * (hidden + keyValues);
  expect(await learner.cost()).toMatchObject({ trainableParameters: expected, addedParameters: expected });
});
