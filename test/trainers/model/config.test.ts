import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { architectures } from "../../../trainers/engine/onnx/architectures/index.js";
import { qwen2 } from "../../../trainers/engine/onnx/architectures/qwen2.js";
import { readConfig } from "../../../trainers/model/config.js";
import { llamaConfig, qwen2Config, temporaryDirectory } from "./tiny-model.js";

function read(config: Record<string, unknown>) {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "config.json"), JSON.stringify(config));
  return readConfig(directory, architectures);
}

test("Qwen2: biases on query, key and value; the head size follows from the width", () => {
  expect(read(qwen2Config())).toEqual({
    architecture: qwen2,
    config: {
      vocabulary: 264,
      hidden: 32,
      layers: 2,
      heads: 4,
      keyValueHeads: 2,
      headDimension: 8,
      intermediate: 48,
      contextLength: 256,
      rmsEpsilon: 1e-6,
      tied: true,
      attentionBias: true,
      outputBias: false,
      feedForwardBias: false,
      ropeTheta: 10000,
    },
  });
});

test("Llama: its own head size and Llama 3's RoPE scaling", () => {
  const { config } = read(llamaConfig());
  expect(config.headDimension).toBe(12);
  expect(config).toMatchObject({
    attentionBias: false,
    outputBias: false,
    tied: false,
    rmsEpsilon: 1e-5,
    ropeTheta: 500,
  });
  expect(config.ropeScaling).toEqual({
    kind: "llama3",
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 32,
  });
});

test("Llama's attention_bias is on all four projections, mlp_bias on the three others", () => {
  const { config } = read({ ...llamaConfig(), attention_bias: true, mlp_bias: true });
  expect(config).toMatchObject({ attentionBias: true, outputBias: true, feedForwardBias: true });
});

test("Mistral without a window; one head a key and value where the number is absent", () => {
  const { num_key_value_heads: _, ...rest } = qwen2Config();
  const { config } = read({ ...rest, architectures: ["MistralForCausalLM"], sliding_window: null });
  expect(config).toMatchObject({ keyValueHeads: 4, attentionBias: false });
});

test("RoPE as transformers 5 writes it, and linear scaling under its old name", () => {
  const { rope_theta: _theta, rope_scaling: _scaling, ...rest } = llamaConfig();
  const joined = read({ ...rest, rope_parameters: { rope_type: "linear", rope_theta: 777, factor: 2 } });
  expect(joined.config).toMatchObject({ ropeTheta: 777, ropeScaling: { kind: "linear", factor: 2 } });
  const old = read({ ...rest, rope_theta: 777, rope_scaling: { type: "linear", factor: 2 } });
  expect(old).toEqual(joined);
});

test("a window as wide as the context changes nothing; Qwen2 may switch its window off", () => {
  expect(read({ ...qwen2Config(), use_sliding_window: true, sliding_window: 256 }).config.contextLength).toBe(256);
  expect(read({ ...qwen2Config(), use_sliding_window: false, sliding_window: 64 }).config.contextLength).toBe(256);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["another architecture", { architectures: ["GPT2LMHeadModel"] }, /GPT2LMHeadModel is not supported/],
  ["no architecture", { architectures: null }, /none named/],
  ["a missing size", { hidden_size: undefined }, /hidden_size must be a positive number/],
  ["a size as text", { num_hidden_layers: "2" }, /num_hidden_layers must be a positive number, not "2"/],
  ["half a layer", { num_hidden_layers: 2.5 }, /whole number/],
  ["heads that do not divide", { num_key_value_heads: 3 }, /no multiple/],
  ["an odd head", { head_dim: 7 }, /even number/],
  ["a head size that is no whole number", { num_attention_heads: 6, num_key_value_heads: 6 }, /whole number/],
  ["another activation", { hidden_act: "gelu" }, /hidden_act is gelu/],
  ["a sliding window", { use_sliding_window: true, sliding_window: 64 }, /sliding window/],
  ["windows by layer", { layer_types: ["full_attention", "sliding_attention"] }, /sliding window/],
  ["dynamic RoPE scaling", { rope_scaling: { rope_type: "dynamic", factor: 2 } }, /"dynamic" is not supported/],
  ["scaling without a factor", { rope_scaling: { rope_type: "linear" } }, /factor must be/],
  ["quantized weights", { quantization_config: { bits: 4 } }, /quantized/],
  ["partial rotation", { partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
])("%s is refused with file and fix", (_case, change, message) => {
  expect(() => read({ ...qwen2Config(), ...change })).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      message: expect.stringMatching(message),
      at: { file: expect.stringContaining("config.json") },
      fix: expect.any(String),
    }),
  );
});

test("a syntax error is reported with line and column", () => {
  const directory = temporaryDirectory();
  const file = join(directory, "config.json");
  writeFileSync(file, '{\n  "hidden_size": }');
  expect(() => readConfig(directory, architectures)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      message: "The file is not valid JSON: expected a value.",
      at: { file, line: 2, column: 18 },
    }),
  );
});
