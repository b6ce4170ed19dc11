import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { canonicalJson } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import { writeFileAtomically } from "../../harness/contract/files.js";
import type { Tokenizer } from "../engine/contract.js";
import type { Architecture } from "./architecture.js";
import { companionsOf } from "./companions.js";
import { type ModelDescription, readConfig } from "./config.js";
import { decoderShapes } from "./decoder-config.js";
import { bytesOf, type NamedTensor, readFinite, readTensor, type StoredTensor } from "./safetensors.js";
import { openTokenizer } from "./tokenizer/tokenizer.js";
import { holdsOwnHead, unusedTensors } from "./unused-tensors.js";
import { plainName } from "./vision/llava.js";
import { tower } from "./vision/vision-config.js";
import { findWeights, requireTensor, writeWeights } from "./weights.js";

/** A model directory whose every file was checked; the weights are still on disk. */
export interface Checkpoint<A extends Architecture = Architecture> extends ModelDescription<A> {
  directory: string;
  tokenizer: Tokenizer;
  /** What the architecture asks for, by name, in the engine's order. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Parts of a vision tower behind the features that are taken: not computed with, but saved with the model. */
  carried: ReadonlyMap<string, StoredTensor>;
  /** The names on disk: transformers' versions name the tensors of a LLaVA model differently. */
  storedNames: ReadonlyMap<string, string>;
  /** Companion files by name. */
  files: ReadonlyMap<string, Uint8Array>;
  /** config.json as it was read, but for what the weights say otherwise. */
  configuration: Record<string, unknown>;
  /** What is stored and not used, in words. */
  notes: string[];
}

/** Opens a model directory of one of the architectures. Throws MODEL_INVALID with the file that is at fault. */
export function openCheckpoint<A extends Architecture>(directory: string, architectures: readonly A[]): Checkpoint<A> {
  const found = findWeights(directory);
  const read = readConfig(directory, architectures);
  const nameOf = read.config.vision === undefined ? (name: string) => name : plainName;
  const weights = new Map([...found].map(([name, tensor]) => [nameOf(name), tensor]));
  const storedNames = new Map([...found.keys()].map((name) => [nameOf(name), name]));
  const ownHead = read.config.tied && holdsOwnHead(weights);
  const description = ownHead ? { ...read, config: { ...read.config, tied: false } } : read;
  const { architecture, config } = description;
  const layers = Math.max(config.layers, config.vision?.layers ?? 0);
  if (layers > weights.size) {
    const problem = `num_hidden_layers is ${layers}; the weights are ${weights.size} tensors.`;
    const fix = "Take config.json and the weights from the same model.";
    throw new BenchError("MODEL_INVALID", problem, { at: { file: join(directory, "config.json") }, fix });
  }
  const tokenizer = openTokenizer(directory);
  checkVocabulary(directory, tokenizer, description);
  const tensors = new Map(
    Object.entries(decoderShapes(config, architecture.layerVectors?.(config))).map(([name, shape]) => [
      name,
      requireTensor(directory, weights, name, shape),
    ]),
  );
  const further = [...weights].filter(([name]) => !tensors.has(name));
  const carried = new Map(config.vision ? further.filter(([name]) => name.startsWith(`${tower}.`)) : []);
  const files = companionsOf(directory);
  const configuration = JSON.parse(readFileSync(join(directory, "config.json"), "utf8"));
  if (ownHead) {
    for (const part of [configuration, config.vision && configuration.text_config])
      if (part) part.tie_word_embeddings = false;
  }
  const notes = unusedTensors(
    directory,
    further.flatMap(([name]) => (carried.has(name) ? [] : [name])),
    config,
  );
  if (ownHead)
    notes.push("its lm_head differs from its embedding and is used, although config.json says that they are tied");
  const stored = { tensors, carried, storedNames };
  return { ...description, directory: resolve(directory), tokenizer, ...stored, files, configuration, notes };
}

/** Writes a model directory that opens here and in transformers: float32 weights, the checkpoint's other files as they were. */
export function saveCheckpoint(directory: string, checkpoint: Checkpoint, tensors: readonly NamedTensor[]): void {
  const { dtype: _new, torch_dtype: _old, ...kept } = checkpoint.configuration;
  const configuration = { ...kept, torch_dtype: "float32" };
  for (const [name, bytes] of checkpoint.files) writeFileAtomically(join(directory, name), bytes);
  writeFileAtomically(join(directory, "config.json"), `${JSON.stringify(configuration, null, 2)}\n`);
  const carried = [...checkpoint.carried].map(([name, own]) => ({ name, shape: own.shape, values: readTensor(own) }));
  const named = [...tensors, ...carried].map((own) => ({
    ...own,
    name: checkpoint.storedNames.get(own.name) ?? own.name,
  }));
  writeWeights(directory, named);
}

/**
 * SHA-256 over all that determines a model's answers: architecture, tokenizer, end tokens, weights as float32 (so the precision on
 * disk does not matter where the values are equal), and adapter.
 *
 * @param tensors whole or in pieces, one behind another under the same name.
 */
export function digestModel(
  checkpoint: Checkpoint,
  tensors: Iterable<{ name: string; values: Float32Array }>,
  adapter: unknown = null,
): string {
  const { architecture, config, files, tokenizer } = checkpoint;
  const endTokens = tokenizer.endTokens.length > 1 ? { endTokens: tokenizer.endTokens } : {};
  const hash = createHash("sha256").update(
    canonicalJson({ architecture: architecture.name, config, adapter, ...endTokens }),
  );
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    hash.update(`\0${name}\0`).update(files.get(name) ?? "");
  const template = ["chat_template.jinja", "chat_template.json"].find((name) => files.has(name));
  if (template !== undefined) hash.update(`\0${template}\0`).update(files.get(template)!);
  let last: string | undefined;
  for (const { name, values } of tensors) {
    if (name !== last) hash.update(`\0${name}\0`);
    last = name;
    for (const bytes of bytesOf(values)) hash.update(bytes);
  }
  return hash.digest("hex");
}

/** The checkpoint's tensors, read one after the other. Throws MODEL_INVALID for values that are not finite. */
export function readTensors({ tensors }: Checkpoint): Generator<NamedTensor> {
  return readFinite(tensors);
}

function checkVocabulary(directory: string, tokenizer: Tokenizer, { config }: ModelDescription): void {
  const needed = Math.max(tokenizer.vocabularySize, tokenizer.endToken + 1);
  if (needed <= config.vocabulary) return;
  throw new BenchError(
    "MODEL_INVALID",
    `The tokenizer has ${needed} tokens; config.json's vocab_size is ${config.vocabulary}.`,
    { at: { file: join(directory, "tokenizer.json") }, fix: "Take the tokenizer and the weights from the same model." },
  );
}
