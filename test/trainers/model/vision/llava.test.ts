import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { onnxEngine } from "../../../../trainers/engine/onnx/index.js";
import { torchEngine } from "../../../../trainers/engine/torch/index.js";
import { readConfig } from "../../../../trainers/model/config.js";
import { plainName } from "../../../../trainers/model/vision/llava.js";
import { tokensOfImage } from "../../../../trainers/model/vision/vision-config.js";
import { llamaFormat, transformersFormat } from "../../../../trainers/model-formats.js";
import { variantNames, variants, writeTinyLlava } from "./tiny-llava.js";

const plain = variants[variantNames[0]!];

test.each(variantNames)(
  "%s: it is recognized with what it takes, and an image takes as many tokens as it says",
  async (name) => {
    const directory = writeTinyLlava(variants[name]);
    expect(transformersFormat.recognizes(directory)).toBe(false);
    expect(await llamaFormat.inspect(directory)).toMatchObject({
      architecture: "LlavaForConditionalGeneration",
      modalities: ["text", "image"],
      notes: [],
    });
    const { image_seq_length: expected } = variants[name].config;
    expect(tokensOfImage(readConfig(directory, architectures).config.vision!)).toBe(expected);
    expect(await llamaFormat.measure!(directory)).toMatchObject({ image: expected });
  },
);

test("both engines compute it", async () => {
  const checkpoint = await llamaFormat.open!(writeTinyLlava());
  expect(onnxEngine.capabilities!(checkpoint)).toContain("adapters");
  expect(torchEngine([]).capabilities!(checkpoint)).toContain("adapters");
});

test("config.json of LLaVA-1.5 leaves the sizes of its language model to defaults", () => {
  const silent = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: 32_064,
    max_position_embeddings: 4096,
  };
  const directory = writeTinyLlava(plain);
  writeFileSync(join(directory, "config.json"), JSON.stringify({ ...plain.config, text_config: silent }));
  const { config } = readConfig(directory, architectures);
  expect(config).toMatchObject({ hidden: 4096, layers: 32, heads: 32, intermediate: 11_008, keyValueHeads: 32 });
});

describe("variants that are not computed are refused by name", () => {
  const { vision_config: vision } = plain.config;
  test.each<[string, object]>([
    ["pixtral_vision_model", { vision_config: { ...vision, model_type: "pixtral" } }],
    ["vision_feature_layer", { vision_feature_layer: [-2, -5] }],
    ["vision_feature_layer", { vision_feature_layer: -9 }],
    ["vision_feature_select_strategy", { vision_feature_select_strategy: "cls" }],
    ["hidden_act", { vision_config: { ...vision, hidden_act: "relu" } }],
    ["projector_hidden_act", { projector_hidden_act: "silu" }],
    ["image_token_index", { image_token_index: 264 }],
    ["asks for 56", { vision_config: { ...vision, image_size: 56 } }],
    ["no multiple", { vision_config: { ...vision, num_attention_heads: 3 } }],
    ["num_hidden_layers", { vision_config: { ...vision, num_hidden_layers: 2 ** 30 } }],
    ["text_config", { text_config: null }],
    ["PhiForCausalLM", { text_config: { model_type: "phi" } }],
  ])("%s", async (named, change) => {
    const directory = writeTinyLlava(plain);
    writeFileSync(join(directory, "config.json"), JSON.stringify({ ...plain.config, ...change }));
    expect(transformersFormat.recognizes(directory)).toBe(false);
    await expect(llamaFormat.inspect(directory)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining(named.replace("pixtral_vision_model", "pixtral")),
    });
  });

  test("an image processor that is missing", async () => {
    const directory = writeTinyLlava(plain);
    rmSync(join(directory, "preprocessor_config.json"));
    await expect(llamaFormat.inspect(directory)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      at: { file: join(directory, "preprocessor_config.json") },
    });
    writeFileSync(join(directory, "processor_config.json"), JSON.stringify({ image_processor: plain.processor }));
    expect(await llamaFormat.inspect(directory)).toMatchObject({ modalities: ["text", "image"] });
  });
});

test.each([
  ["language_model.model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight"],
  ["model.language_model.embed_tokens.weight", "model.embed_tokens.weight"],
  ["language_model.lm_head.weight", "lm_head.weight"],
  ["lm_head.weight", "lm_head.weight"],
  ["model.vision_tower.vision_model.pre_layrnorm.bias", "vision_tower.pre_layrnorm.bias"],
  ["vision_tower.embeddings.class_embedding", "vision_tower.embeddings.class_embedding"],
  ["model.multi_modal_projector.linear_1.bias", "multi_modal_projector.linear_1.bias"],
])("%s is computed with as %s", (stored, name) => {
  expect(plainName(stored)).toBe(name);
});
