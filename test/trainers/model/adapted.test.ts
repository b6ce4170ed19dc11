import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveReference } from "../../../harness/hub.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";
import { openAdapter, saveAdapter } from "../../../trainers/model/peft.js";
import { adapterFormat, llamaFormat } from "../../../trainers/model-formats.js";
import { temporaryDirectory, writeTinyModel } from "./tiny-model.js";

const options = { device: "cpu", threads: 1, seed: 1 };
const update = { learningRate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const sequence = { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] };
const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };
const questions = [{ id: "a", tokens: [40, 50, 60], continuation: [70, 80, 262] }];

test("an adapter opens on its base, named or behind it, and answers as the model that was trained", async () => {
  const base = writeTinyModel();
  const trained = await openModel(base, options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] }, 3);
  for (let step = 0; step < 5; step++) await trained.step(objective, update);
  const adapter = temporaryDirectory();
  await trained.save(adapter);
  const [expected] = await trained.score(questions);

  const { directory } = await resolveReference(`${base}::${adapter}`, "model");
  const behind = await openModel(directory, options);
  expect((await behind.score(questions))[0]).toBeCloseTo(expected!, 4);
  expect((await (await openModel(base, options)).score(questions))[0]).not.toBeCloseTo(expected!, 1);

  expect([llamaFormat, adapterFormat].map((format) => format.recognizes(adapter))).toEqual([false, true]);
  const file = join(adapter, "adapter_config.json");
  const text = readFileSync(file, "utf8");
  expect(JSON.parse(text).base_model_name_or_path).toBe(base);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), base_model_name_or_path: null }));
  await expect(adapterFormat.inspect(adapter)).rejects.toMatchObject({ code: "MODEL_INVALID", fix: /--base/ });
  writeFileSync(file, text);
  const named = await openModel(adapter, options);
  expect(await named.digest()).toBe(await behind.digest());

  const inspected = await adapterFormat.inspect(adapter);
  expect(inspected).toEqual(await adapterFormat.inspect(directory));
  expect(inspected.digest).toBe(await trained.digest());
  expect(inspected.digest).not.toBe((await llamaFormat.inspect(base)).digest);
  expect(inspected.parameters).toBe(trained.parameters + (await trained.trainable()).addedParameters);
});

/** The tiny model with other weights. */
async function otherBase(): Promise<string> {
  const model = await openModel(writeTinyModel(), options);
  await model.step(objective, update);
  const directory = temporaryDirectory();
  await model.save(directory);
  return directory;
}

test("an adapter that bench saved is refused on other weights than its own", async () => {
  const trained = await openModel(writeTinyModel(), options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 3);
  const adapter = temporaryDirectory();
  await trained.save(adapter);
  await expect(adapterFormat.inspect(`${await otherBase()}::${adapter}`)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining("trained on other weights"),
    at: { file: adapter },
  });
});

test("of an adapter that only names its base, another base is said", async () => {
  const [own, other] = [writeTinyModel(), await otherBase()];
  const trained = await openModel(own, options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 3);
  const [saved, adapter] = [temporaryDirectory(), temporaryDirectory()];
  await trained.save(saved);
  const { options: form, tensors } = openAdapter(saved);
  saveAdapter(adapter, form, tensors); // as PEFT does, without the digest of the base
  const file = join(adapter, "adapter_config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), base_model_name_or_path: own }));
  expect((await adapterFormat.inspect(`${own}::${adapter}`)).notes).toEqual([]);
  expect((await adapterFormat.inspect(`${other}::${adapter}`)).notes).toEqual([
    `the adapter says that it belongs to ${own}; it is put on ${other}`,
  ]);
});
