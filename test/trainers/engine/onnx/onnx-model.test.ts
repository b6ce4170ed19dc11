import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TrainingSequence, Update } from "../../../../trainers/engine/contract.js";
import { openModel } from "../../../../trainers/engine/onnx/open.js";
import { llamaFormat } from "../../../../trainers/model-formats.js";
import { llamaConfig, qwen2Config, temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";

const options = { device: "cpu", threads: 1, seed: 1 };
const update: Update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const lora = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "v_proj", "down_proj"] };
const sequence: TrainingSequence = { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] };
const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };
const requests = [
  { id: "a", tokens: [40, 50, 60] },
  { id: "b", tokens: [7, 8] },
];

test("an opened model describes itself; its digest is the directory's", async () => {
  const directory = writeTinyModel(llamaConfig());
  const model = await openModel(directory, options);
  const { architecture, parameters, digest } = await llamaFormat.inspect(directory);
  expect(model).toMatchObject({ architecture, parameters });
  expect(await model.trainable()).toMatchObject({ length: parameters, addedParameters: 0 });
  expect(model.contextLength).toBe(256);
  expect(await model.digest()).toBe(digest);
  expect(await model.tensorBytes()).toBe(3 * 4 * parameters);
});

test.each([
  ["Qwen2", qwen2Config()],
  ["Llama", llamaConfig()],
])("%s: what training made is saved, and opens and loads with the same bits and answers", async (_name, config) => {
  const directory = writeTinyModel(config);
  const model = await openModel(directory, options);
  const before = await model.digest();
  for (let step = 0; step < 3; step++) await model.step(objective, update);
  expect(await model.digest()).not.toBe(before);
  const saved = temporaryDirectory();
  await model.save(saved);
  const opened = await openModel(saved, options);
  const loaded = await openModel(directory, options);
  await loaded.load(saved);
  for (const other of [opened, loaded]) {
    expect(await other.digest()).toBe(await model.digest());
    expect(await other.read(await other.snapshot())).toEqual(await model.read(await model.snapshot()));
    expect(await other.generate(requests, { maxNewTokens: 8 })).toEqual(
      await model.generate(requests, { maxNewTokens: 8 }),
    );
  }
});

test("the score of a continuation is the loss that training sees", async () => {
  const model = await openModel(writeTinyModel(llamaConfig()), options);
  const [score] = await model.score([{ id: "x", tokens: [40, 50, 60], continuation: [70, 80, 262] }]);
  expect(score).toBeCloseTo(-3 * (await model.loss(objective)), 4);
  expect(await model.score([{ id: "x", tokens: [40], continuation: [] }])).toEqual([0]);
});

test("training makes the answer likely, and generation then gives it", async () => {
  const model = await openModel(writeTinyModel(), options);
  for (let step = 0; step < 40; step++) await model.step(objective, update);
  const [answer] = await model.generate([{ id: "a", tokens: [40, 50, 60] }], { maxNewTokens: 8 });
  expect(answer).toEqual({ text: model.tokenizer.decode([70, 80]), tokens: 3, finishReason: "end" });
});

test("an adapter alone is saved in PEFT's files, loads into the base, and merges into the same answers", async () => {
  const directory = writeTinyModel();
  const model = await openModel(directory, options);
  const base = await model.digest();
  await model.adapt(lora, 3);
  const { addedParameters: added, length } = await model.trainable();
  expect(added).toBe(2 * (2 * (32 + 32) + 2 * (32 + 16) + 2 * (48 + 32)));
  expect(length).toBe(added);
  for (let step = 0; step < 10; step++) await model.step(objective, update);
  const saved = temporaryDirectory();
  await model.save(saved);
  expect(
    ["adapter_config.json", "adapter_model.safetensors", "model.safetensors"].map((name) =>
      existsSync(join(saved, name)),
    ),
  ).toEqual([true, true, false]);

  const loaded = await openModel(directory, options);
  expect(await loaded.digest()).toBe(base);
  await loaded.load(saved);
  expect(await loaded.digest()).toBe(await model.digest());
  const decoding = { maxNewTokens: 6 };
  const answers = await model.generate(requests, decoding);
  expect(await loaded.generate(requests, decoding)).toEqual(answers);

  const scored = [{ id: "x", tokens: [40, 50, 60], continuation: [70, 80, 262] }];
  const [apart] = await model.score(scored);
  await model.merge();
  expect((await model.trainable()).addedParameters).toBe(0);
  const [merged] = await model.score(scored);
  expect(merged).toBeCloseTo(apart!, 4);
  expect(await model.generate(requests, decoding)).toEqual(answers);
});

test("loading what does not fit is an error", async () => {
  const small = await openModel(writeTinyModel(), options);
  await expect(small.load(writeTinyModel(llamaConfig()))).rejects.toMatchObject({ code: "MODEL_INVALID" });
  const adapted = await openModel(writeTinyModel(), options);
  await adapted.adapt(lora, 1);
  const saved = temporaryDirectory();
  await adapted.save(saved);
  const other = await openModel(writeTinyModel(), options);
  await other.adapt({ ...lora, rank: 3 }, 1);
  await expect(other.load(saved)).rejects.toMatchObject({ code: "MODEL_INVALID" });
  await expect(adapted.load(writeTinyModel())).rejects.toMatchObject({ code: "MODEL_INVALID" });
});

test("generation, scores and embeddings change nothing, and are metered", async () => {
  const model = await openModel(writeTinyModel(), options);
  const before = await model.digest();
  const [first, second] = await model.generate(requests, { maxNewTokens: 5 });
  expect((await model.meter()).generatedTokens).toBe(first!.tokens! + second!.tokens!);
  const { flops } = await model.meter();
  const perToken = 2 * (model.parameters - 264 * 32);
  expect(flops).toBeGreaterThan(5 * perToken);
  await model.score(requests.map((request) => ({ ...request, continuation: [1, 2] })));
  await model.embed(requests);
  expect((await model.meter()).flops).toBeGreaterThan(flops);
  expect(await model.digest()).toBe(before);
});

test("vectors come and go by value", async () => {
  const model = await openModel(writeTinyModel(), options);
  const anchor = await model.snapshot();
  await model.step(objective, update);
  await model.restore(anchor);
  const values = await model.read(anchor);
  values[0]! += 1;
  expect((await model.read(anchor))[0]).not.toBe(values[0]);
  expect(await model.read(await model.write(values))).toEqual(values);
  await model.release();
  await expect(model.read(anchor)).rejects.toMatchObject({ code: "INTERNAL" });
});

test("a device that is not there is refused before anything is read", async () => {
  await expect(openModel("/nowhere", { ...options, device: "abacus" })).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
  });
});
