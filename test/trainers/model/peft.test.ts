import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdsAdapter, openAdapter, saveAdapter } from "../../../trainers/model/peft.js";
import { readHeader } from "../../../trainers/model/safetensors.js";
import { temporaryDirectory } from "./tiny-model.js";

const options = { rank: 2, alpha: 4, dropout: 0.1, targetModules: ["q_proj", "v_proj"] };
const module = "model.layers.0.self_attn.q_proj";
const tensors = [
  { name: `${module}.lora_A.weight`, shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: `${module}.lora_B.weight`, shape: [4, 2], values: Float32Array.of(8, 7, 6, 5, 4, 3, 2, -0) },
];

test("an adapter comes back bit for bit, under PEFT's names on disk", () => {
  const directory = temporaryDirectory();
  expect(holdsAdapter(directory)).toBe(false);
  saveAdapter(directory, options, tensors);
  expect(holdsAdapter(directory)).toBe(true);
  expect(openAdapter(directory)).toEqual({ options, tensors });
  expect([...readHeader(join(directory, "adapter_model.safetensors")).keys()]).toEqual([
    `base_model.model.${module}.lora_A.weight`,
    `base_model.model.${module}.lora_B.weight`,
  ]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["another method", { peft_type: "IA3" }, /peft_type \("IA3"\)/],
  ["DoRA", { use_dora: true }, /use_dora/],
  ["rank-stabilized scaling", { use_rslora: true }, /use_rslora/],
  ["trained biases", { bias: "all" }, /bias \("all"\)/],
  ["further trained modules", { modules_to_save: ["lm_head"] }, /modules_to_save/],
  ["ranks by layer", { rank_pattern: { q_proj: 4 } }, /rank_pattern/],
  ["some layers only", { layers_to_transform: [0] }, /layers_to_transform/],
  ["an initialization that changes the base", { init_lora_weights: "pissa" }, /init_lora_weights \("pissa"\)/],
  ["a key of tomorrow", { warp_factor: 9 }, /warp_factor \(9\)/],
  ["replicated layers", { layer_replication: [[0, 1]] }, /layer_replication/],
  ["no rank", { r: null }, /r, lora_alpha/],
  ["targets as a pattern", { target_modules: "all-linear" }, /target_modules/],
])("%s is refused", (_case, change, message) => {
  const directory = temporaryDirectory();
  saveAdapter(directory, options, tensors);
  const file = join(directory, "adapter_config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...change }));
  expect(() => openAdapter(directory)).toThrow(
    expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringMatching(message), at: { file } }),
  );
});

test("keys that are not set, and those that change nothing, are no hindrance", () => {
  const directory = temporaryDirectory();
  saveAdapter(directory, options, tensors);
  const file = join(directory, "adapter_config.json");
  const inert = { use_dora: false, rank_pattern: {}, eva_config: null, qalora_group_size: 16, peft_version: "0.21.2" };
  const started = { init_lora_weights: true, base_model_name_or_path: "owner/name", arrow_config: null };
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...inert, ...started }));
  expect(openAdapter(directory).options).toEqual(options);
});
