import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { architectures } from "../../../trainers/engine/onnx/architectures/index.js";
import { digestModel, openCheckpoint, readTensors, saveCheckpoint } from "../../../trainers/model/checkpoint.js";
import { writeSafetensors } from "../../../trainers/model/safetensors.js";
import { llamaFormat } from "../../../trainers/model-formats.js";
import {
  llamaConfig,
  qwen2Config,
  randomTensors,
  temporaryDirectory,
  tinyTokenizer,
  writeTinyModel,
} from "./tiny-model.js";

/** Distributes a model's tensors over two files with an index, as transformers does with large ones. */
function shard(directory: string, tensors: ReturnType<typeof randomTensors>): void {
  rmSync(join(directory, "model.safetensors"));
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const half = Math.floor(tensors.length / 2);
  writeSafetensors(join(directory, names[0]!), tensors.slice(0, half));
  writeSafetensors(join(directory, names[1]!), tensors.slice(half));
  const map = Object.fromEntries(tensors.map(({ name }, i) => [name, names[i < half ? 0 : 1]]));
  writeFileSync(join(directory, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map: map }));
}

test.each([
  ["Qwen2", qwen2Config()],
  ["Llama", llamaConfig()],
])("%s: what is saved opens again bit for bit, tokenizer and all", (_name, config) => {
  const directory = writeTinyModel(config, 3);
  const checkpoint = openCheckpoint(directory, architectures);
  const saved = join(temporaryDirectory(), "deeper", "copy");
  saveCheckpoint(saved, checkpoint, [...readTensors(checkpoint)]);
  const again = openCheckpoint(saved, architectures);
  const tensors = [...readTensors(again)];
  expect(tensors).toHaveLength(randomTensors(config, 3).length);
  for (const { name, values } of randomTensors(config, 3)) {
    expect(tensors.find((tensor) => tensor.name === name)!.values).toEqual(values);
  }
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    expect(readFileSync(join(saved, name))).toEqual(readFileSync(join(directory, name)));
  }
  expect(digestModel(again, readTensors(again))).toBe(digestModel(checkpoint, readTensors(checkpoint)));
});

test("a saved model says float32, whatever its source was stored in", () => {
  const checkpoint = openCheckpoint(
    writeTinyModel({ ...qwen2Config(), torch_dtype: undefined, dtype: "bfloat16" }),
    architectures,
  );
  const saved = temporaryDirectory();
  saveCheckpoint(saved, checkpoint, [...readTensors(checkpoint)]);
  const { dtype, torch_dtype } = JSON.parse(readFileSync(join(saved, "config.json"), "utf8"));
  expect([dtype, torch_dtype]).toEqual([undefined, "float32"]);
});

test("inspection: architecture, parameters, and a digest that shards do not change but a bit does", async () => {
  const directory = writeTinyModel(llamaConfig(), 5);
  const tensors = randomTensors(llamaConfig(), 5);
  const parameters = tensors.reduce((sum, { values }) => sum + values.length, 0);
  const whole = await llamaFormat.inspect(directory);
  expect(whole).toMatchObject({ architecture: "LlamaForCausalLM", parameters });
  shard(directory, tensors);
  expect(llamaFormat.recognizes(directory)).toBe(true);
  expect(await llamaFormat.inspect(directory)).toEqual(whole);
  tensors[4]!.values[7]! *= 1 + 2 ** -22;
  shard(writeTinyModel(llamaConfig(), 5, directory), tensors);
  expect((await llamaFormat.inspect(directory)).digest).not.toBe(whole.digest);
});

test("only a directory with config.json and safetensors is recognized", () => {
  const directory = writeTinyModel();
  expect(llamaFormat.recognizes(directory)).toBe(true);
  rmSync(join(directory, "model.safetensors"));
  expect(llamaFormat.recognizes(directory)).toBe(false);
  expect(llamaFormat.recognizes(join(directory, "absent"))).toBe(false);
});

test.each<[string, (directory: string) => void, string, RegExp]>([
  [
    "a missing tensor",
    (directory) => writeSafetensors(join(directory, "model.safetensors"), randomTensors(qwen2Config(), 1).slice(0, -1)),
    "model.safetensors",
    /"model.norm.weight" is missing/,
  ],
  [
    "a wrong shape",
    (directory) =>
      writeFileSync(join(directory, "config.json"), JSON.stringify({ ...qwen2Config(), intermediate_size: 40 })),
    "model.safetensors",
    /gate_proj.weight" has shape \[48,32\]; config.json asks for \[40,32\]/,
  ],
  ["no weights", (directory) => rmSync(join(directory, "model.safetensors")), "", /neither model.safetensors nor/],
  [
    "a truncated header",
    (directory) => writeFileSync(join(directory, "model.safetensors"), new Uint8Array([200, 0, 0, 0, 0, 0, 0, 0, 123])),
    "model.safetensors",
    /truncated/,
  ],
  [
    "a tokenizer with more tokens than the embedding has rows",
    (directory) => {
      const config = { ...qwen2Config(), vocab_size: 200 };
      writeTinyModel(config, 1, directory);
    },
    "tokenizer.json",
    /263 tokens.*vocab_size is 200/,
  ],
  [
    "a broken tokenizer",
    (directory) =>
      writeFileSync(join(directory, "tokenizer.json"), JSON.stringify({ ...tinyTokenizer(), model: undefined })),
    "tokenizer.json",
    /cannot be used/,
  ],
  ["no config", (directory) => rmSync(join(directory, "config.json")), "config.json", /missing/],
])("%s is an error with file and fix", async (_case, damage, file, message) => {
  const directory = writeTinyModel();
  damage(directory);
  await expect(llamaFormat.inspect(directory)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringMatching(message),
    at: { file: file === "" ? directory : join(directory, file) },
    fix: expect.any(String),
  });
});

test.each<[string, (index: { weight_map: Record<string, string> }) => unknown, string, RegExp]>([
  ["an index without a map", () => ({}), "model.safetensors.index.json", /weight_map/],
  [
    "an index that leaves its directory",
    (index) => {
      index.weight_map["model.norm.weight"] = "../x.safetensors";
      return index;
    },
    "model.safetensors.index.json",
    /weight_map/,
  ],
  [
    "a shard that is not there",
    (index) => {
      index.weight_map["model.norm.weight"] = "model-00003-of-00003.safetensors";
      return index;
    },
    "model-00003-of-00003.safetensors",
    /cannot be opened/,
  ],
  [
    "a tensor in another shard",
    (index) => {
      index.weight_map["model.norm.weight"] = "model-00001-of-00002.safetensors";
      return index;
    },
    "model-00001-of-00002.safetensors",
    /not in the shard/,
  ],
  [
    "a tensor that the index forgot",
    (index) => {
      delete index.weight_map["model.norm.weight"];
      return index;
    },
    "model.safetensors.index.json",
    /missing/,
  ],
])("%s is an error with file and fix", (_case, change, file, message) => {
  const directory = writeTinyModel();
  shard(directory, randomTensors(qwen2Config(), 1));
  const path = join(directory, "model.safetensors.index.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
  expect(() => openCheckpoint(directory, architectures)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      message: expect.stringMatching(message),
      at: { file: join(directory, file) },
    }),
  );
});

test("nothing half-written remains where a file cannot be written", () => {
  const checkpoint = openCheckpoint(writeTinyModel(), architectures);
  const blocked = join(temporaryDirectory(), "file");
  writeFileSync(blocked, "");
  expect(() => saveCheckpoint(join(blocked, "model"), checkpoint, [...readTensors(checkpoint)])).toThrow();
  expect(existsSync(join(blocked, "model"))).toBe(false);
});
