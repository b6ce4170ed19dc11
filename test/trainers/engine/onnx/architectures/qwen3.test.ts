import { expect, test } from "vitest";
import type { Update } from "../../../../../trainers/engine/contract.js";
import { architectures } from "../../../../../trainers/engine/onnx/architectures/index.js";
import { qwen3 } from "../../../../../trainers/engine/onnx/architectures/qwen3.js";
import { openModel } from "../../../../../trainers/engine/onnx/open.js";
import { readConfig } from "../../../../../trainers/model/config.js";
import { qwen3Config, temporaryDirectory, writeTinyModel } from "../../../model/tiny-model.js";
import { gradientErrors } from "../decoder-gradient.js";
import { smallModel } from "../small-model.js";

const options = { device: "cpu", threads: 1, seed: 1 };
const update: Update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const batch = [{ tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] }];
const objective = { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };

test("heads have a size of their own, 128 where config.json does not say it, and no biases", () => {
  const given = readConfig(writeTinyModel(qwen3Config()), architectures);
  expect(given.architecture).toBe(qwen3);
  expect(given.config).toMatchObject({ headDimension: 12, hidden: 32, heads: 4, attentionBias: false });
  const { head_dim: _own, ...silent } = qwen3Config();
  expect(readConfig(writeTinyModel(silent), architectures).config.headDimension).toBe(128);
});

test("the gradient, the head norms' among them, is that of finite differences", async () => {
  const sizes = { headDimension: 6, attentionBias: false, outputBias: false, feedForwardBias: false };
  const model = smallModel(sizes, 3, qwen3);
  expect(model.base.tensors.filter(({ name }) => /[qk]_norm/.test(name)).map(({ shape }) => shape)).toEqual(
    Array.from({ length: 4 }, () => [6]),
  );
  const { differences, single } = await gradientErrors(model.config, model.base, model.base, { architecture: qwen3 });
  expect(differences).toBeLessThan(1e-7);
  expect(single).toBeLessThan(1e-5);
});

test("a token on the cache is computed as in the whole sequence", async () => {
  const model = await openModel(writeTinyModel(qwen3Config()), options);
  const [answer] = await model.generate([{ id: "a", tokens: [40, 50, 60] }], { maxNewTokens: 6 });
  const tokens = [40, 50, 60];
  for (let step = 0; step < answer!.tokens!; step++) {
    const scores = await model.score(
      Array.from({ length: 264 }, (_, token) => ({ id: `${token}`, tokens, continuation: [token] })),
    );
    tokens.push(scores.indexOf(Math.max(...scores)));
  }
  expect(model.tokenizer.decode(tokens.slice(3))).toBe(answer!.text);
});

test("what is trained, with and without an adapter, is saved and opens with the same answers", async () => {
  const model = await openModel(writeTinyModel(qwen3Config()), options);
  const [before] = await model.score([{ id: "a", tokens: [40, 50, 60], continuation: [70, 80, 262] }]);
  for (let step = 0; step < 5; step++) await model.step(objective, update);
  const saved = temporaryDirectory();
  await model.save(saved);
  await model.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "k_proj", "down_proj"] }, 1);
  for (let step = 0; step < 5; step++) await model.step(objective, update);
  const adapter = temporaryDirectory();
  await model.save(adapter);
  const question = [{ id: "a", tokens: [40, 50, 60], continuation: [70, 80, 262] }];
  const [after] = await model.score(question);
  expect(after).toBeGreaterThan(before!);
  const again = await openModel(saved, options);
  await again.load(adapter);
  expect(await again.digest()).toBe(await model.digest());
  expect(await again.score(question)).toEqual([after]);
});

test("its graphs are not those of a plain decoder of the same sizes", async () => {
  const sizes = { ...qwen3Config(), head_dim: 8 };
  const plain = { ...sizes, architectures: ["LlamaForCausalLM"], model_type: "llama" };
  const [one, other] = [
    await openModel(writeTinyModel(sizes), options),
    await openModel(writeTinyModel(plain), options),
  ];
  const question = [{ id: "a", tokens: [40, 50, 60], continuation: [70, 80, 262] }];
  expect(await one.score(question)).not.toEqual(await other.score(question));
  const third = await openModel(writeTinyModel(sizes), options);
  expect(await third.score(question)).toEqual(await one.score(question));
});
