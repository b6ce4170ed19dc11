import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { architectures } from "../../../trainers/engine/onnx/architectures/index.js";
import { openCheckpoint, readTensors, saveCheckpoint } from "../../../trainers/model/checkpoint.js";
import { huggingFaceFormat } from "../../../trainers/model/format.js";
import { saveAdapter } from "../../../trainers/model/peft.js";
import { type NamedTensor, readMetadata, writeSafetensors } from "../../../trainers/model/safetensors.js";
import { findWeights, writeWeights } from "../../../trainers/model/weights.js";
import { temporaryDirectory, writeTinyModel } from "./tiny-model.js";

const tensor = (name: string, ...shape: number[]): NamedTensor => ({
  name,
  shape,
  values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index),
});

/** A tiny model with further tensors, or with others instead of its own. */
function modelWith(further: readonly NamedTensor[], config: Record<string, unknown> = {}): string {
  const directory = temporaryDirectory();
  cpSync(writeTinyModel(), directory, { recursive: true });
  const own = openCheckpoint(directory, architectures);
  writeSafetensors(join(directory, "model.safetensors"), [...readTensors(own), ...further]);
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...config }));
  return directory;
}

test("weights beyond a shard's size are written in shards with an index, which open again", () => {
  const directory = temporaryDirectory();
  const tensors = [tensor("a", 4, 4), tensor("b", 30), tensor("c", 2), tensor("d", 3)];
  writeWeights(directory, tensors, 80);
  expect(readdirSync(directory).sort()).toEqual([
    "model-00001-of-00003.safetensors",
    "model-00002-of-00003.safetensors",
    "model-00003-of-00003.safetensors",
    "model.safetensors.index.json",
  ]);
  const index = JSON.parse(readFileSync(join(directory, "model.safetensors.index.json"), "utf8"));
  expect(index.metadata).toEqual({ total_size: 4 * (16 + 30 + 2 + 3) });
  expect(index.weight_map.d).toBe("model-00003-of-00003.safetensors");
  expect([...findWeights(directory).keys()]).toEqual(["a", "b", "c", "d"]);
});

test("metadata of a file is read back, texts alone", () => {
  const file = join(temporaryDirectory(), "x.safetensors");
  writeSafetensors(file, [tensor("a", 1)], { note: "of a test" });
  expect(readMetadata(file)).toEqual({ format: "pt", note: "of a test" });
});

test("tensors of a part that is computed are an error where config.json does not ask for them", () => {
  for (const name of ["model.layers.0.mlp.down_proj.bias", "model.norm.bias", "lm_head.bias"]) {
    expect(() => openCheckpoint(modelWith([tensor(name, 2)]), architectures)).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringContaining(name) }),
    );
  }
});

test("tensors of what is not computed are named in a note, and what is computed anew is not", () => {
  const directory = modelWith([
    tensor("model.layers.0.self_attn.rotary_emb.inv_freq", 2),
    tensor("model.layers.99.mlp.up_proj.weight", 2),
    tensor("score.weight", 2),
  ]);
  expect(openCheckpoint(directory, architectures).notes).toEqual([
    'its weights contain "model.layers.99.mlp.up_proj.weight", "score.weight", which are not used',
  ]);
  expect(openCheckpoint(writeTinyModel(), architectures).notes).toEqual([]);
});

test("a separate head is used although config.json declares it tied, and is saved so", () => {
  const plain = openCheckpoint(writeTinyModel(), architectures);
  const { vocabulary, hidden } = plain.config;
  const tied = { tie_word_embeddings: true };
  const embedding = [...readTensors(plain)].find(({ name }) => name === "model.embed_tokens.weight")!;
  const further = (head: NamedTensor) => (plain.config.tied ? [head] : []);
  const other = openCheckpoint(modelWith(further(tensor("lm_head.weight", vocabulary, hidden)), tied), architectures);
  expect(other.config.tied).toBe(false);
  expect(other.notes).toEqual([expect.stringContaining("lm_head")]);
  const saved = temporaryDirectory();
  saveCheckpoint(saved, other, [...readTensors(other)]);
  const again = openCheckpoint(saved, architectures);
  expect([again.config.tied, again.notes]).toEqual([false, []]);
  if (!plain.config.tied) return;
  const same = openCheckpoint(modelWith([{ ...embedding, name: "lm_head.weight" }], tied), architectures);
  expect([same.config.tied, same.notes]).toEqual([true, []]);
});

test("a directory with a model and an adapter asks which of them is meant", async () => {
  const directory = modelWith([]);
  saveAdapter(directory, { rank: 1, alpha: 1, dropout: 0, targetModules: ["q_proj"] }, [tensor("x", 1)]);
  await expect(huggingFaceFormat(architectures).inspect(directory)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    fix: expect.stringContaining("::"),
  });
});
