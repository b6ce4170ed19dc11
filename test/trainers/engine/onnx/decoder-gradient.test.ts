import { expect, test } from "vitest";
import type { Attention } from "../../../../trainers/engine/contract.js";
import { LoraAdapter } from "../../../../trainers/engine/onnx/parameters/lora-adapter.js";
import { PromptTable } from "../../../../trainers/engine/onnx/parameters/prompt-table.js";
import type { DecoderConfig } from "../../../../trainers/model/decoder-config.js";
import { gradientErrors } from "./decoder-gradient.js";
import { normals } from "./finite-differences.js";
import { smallConfig, smallModel } from "./small-model.js";

test.each<[string, Partial<DecoderConfig>]>([
  ["grouped queries, biases, tied head", {}],
  [
    "one key per query, no biases, untied head, one layer",
    {
      keyValueHeads: 4,
      attentionBias: false,
      outputBias: false,
      feedForwardBias: false,
      tied: false,
      layers: 1,
    },
  ],
])("a whole model, %s: the gradient is that of finite differences", async (_, changes) => {
  const model = smallModel(changes);
  const { differences, single } = await gradientErrors(model.config, model.base, model.base);
  expect(differences).toBeLessThan(1e-7);
  expect(single).toBeLessThan(1e-5);
});

test("a whole model with LoRA: the gradient is that of finite differences", async () => {
  const model = smallModel();
  const options = { rank: 2, alpha: 3, dropout: 0, targetModules: ["q_proj", "v_proj", "o_proj", "down_proj"] };
  const adapter = new LoraAdapter(smallConfig, options, 1);
  adapter.store.values.set(normals(adapter.store.length, "adapter"));
  const form = { scaling: adapter.scaling, targets: options.targetModules, dropout: false, diagonal: false };
  const { differences, single } = await gradientErrors(smallConfig, adapter.store, model.base, { lora: form });
  expect(differences).toBeLessThan(1e-7);
  expect(single).toBeLessThan(1e-5);
});

test("a whole model behind soft prompts: the gradient of the table is that of finite differences", async () => {
  const model = smallModel();
  const options = { virtualTokens: 3, keys: 0 };
  const table = new PromptTable(smallConfig, options, model.base, 1);
  const { differences, single } = await gradientErrors(smallConfig, table.store, model.base, { prompts: options });
  expect(differences).toBeLessThan(1e-7);
  expect(single).toBeLessThan(1e-5);
});

test("attention distilled from heads of both layers: the gradient is that of finite differences", async () => {
  const model = smallModel();
  const heads = [
    [
      { layer: 0, head: 3 },
      { layer: 1, head: 0 },
      { layer: 1, head: 2 },
    ],
    [],
    [{ layer: 1, head: 1 }],
  ];
  const queries = [[0, 2, 5], [1], [3, 7]];
  const attention = heads.map((own, text): Attention => {
    const keys = queries[text]!.at(-1)! + 1;
    const weights = normals(own.length * queries[text]!.length * keys, `teacher ${text}`).map(Math.exp);
    for (let row = 0; row < weights.length; row += keys) {
      const visible = queries[text]![(row / keys) % queries[text]!.length]! + 1;
      const sum = weights.subarray(row, row + visible).reduce((all, value) => all + value, 0);
      for (let key = 0; key < keys; key++) weights[row + key] = key < visible ? weights[row + key]! / sum : 0;
    }
    return { heads: own, queries: queries[text]!, keys, values: Float32Array.from(weights) };
  });
  const { differences, single } = await gradientErrors(smallConfig, model.base, model.base, { attention });
  expect(differences).toBeLessThan(1e-7);
  expect(single).toBeLessThan(1e-5);
});
