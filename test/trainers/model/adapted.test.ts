import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveReference } from "../../../harness/hub.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";
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
  await expect(adapterFormat.inspect(adapter)).rejects.toMatchObject({ code: "MODEL_INVALID", fix: /--base/ });
  const file = join(adapter, "adapter_config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: base }));
  const named = await openModel(adapter, options);
  expect(await named.digest()).toBe(await behind.digest());

  const inspected = await adapterFormat.inspect(adapter);
  expect(inspected).toEqual(await adapterFormat.inspect(directory));
  expect(inspected.digest).toBe(await trained.digest());
  expect(inspected.digest).not.toBe((await llamaFormat.inspect(base)).digest);
  expect(inspected.parameters).toBe(trained.parameters + (await trained.trainable()).addedParameters);
});
