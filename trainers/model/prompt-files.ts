import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../harness/contract/files.js";
import type { DecoderConfig } from "./decoder-config.js";
import { type AdapterBase, configName, digestMetadata, weightsName } from "./peft.js";
import { type NamedTensor, readSafetensors, writeSafetensors } from "./safetensors.js";

/** The embeddings of virtual tokens, [virtualTokens, hidden], and the keys by which prompts are chosen, [keys, hidden]. */
export const promptTensor = "prompt_embeddings";
export const keyTensor = "prompt_keys";

/** Keys are stored in a separate file, since PEFT has prompts only. */
const keysName = "prompt_keys.safetensors";

/** What PEFT's configuration of soft prompts says of their model. */
type PromptedModel = Pick<DecoderConfig, "hidden" | "heads" | "layers">;

/**
 * Writes soft prompts as PEFT's prompt tuning does, `prompt_embeddings` [virtual tokens, hidden], and the keys in another
 * file. A base that is base and adapter is named as `base::adapter`: on the base alone the prompts would mean something else.
 */
export function savePrompts(
  directory: string,
  model: PromptedModel,
  tensors: readonly NamedTensor[],
  base: AdapterBase,
): void {
  const prompts = tensors.filter(({ name }) => name === promptTensor);
  const keys = tensors.filter(({ name }) => name !== promptTensor);
  const config = {
    peft_type: "PROMPT_TUNING",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base.directory,
    num_virtual_tokens: prompts[0]!.shape[0],
    token_dim: model.hidden,
    num_transformer_submodules: 1,
    num_attention_heads: model.heads,
    num_layers: model.layers,
    prompt_tuning_init: "RANDOM",
    inference_mode: true,
  };
  writeSafetensors(join(directory, weightsName), prompts, digestMetadata(base));
  if (keys.length > 0) writeSafetensors(join(directory, keysName), keys);
  writeFileAtomically(join(directory, configName), `${JSON.stringify(config, null, 2)}\n`);
}

/** Writes a run of the prompts' rows, without keys. */
export function savePromptRows(
  directory: string,
  model: PromptedModel,
  tensors: readonly NamedTensor[],
  { start, count }: { start: number; count: number },
  base: AdapterBase,
): void {
  const { shape, values } = tensors.find(({ name }) => name === promptTensor)!;
  const hidden = shape[1]!;
  const rows = values.subarray(start * hidden, (start + count) * hidden);
  savePrompts(directory, model, [{ name: promptTensor, shape: [count, hidden], values: rows }], base);
}

/** A copy of each key among the tensors of a prompt table. */
export function keysOf(tensors: readonly NamedTensor[]): Float32Array[] {
  const keys = tensors.find(({ name }) => name === keyTensor);
  if (keys === undefined) return [];
  const [count, hidden] = keys.shape as [number, number];
  return Array.from({ length: count }, (_, key) => keys.values.slice(key * hidden, (key + 1) * hidden));
}

/** Reads what `savePrompts` wrote. */
export function openPrompts(directory: string): NamedTensor[] {
  const files = [weightsName, keysName].map((name) => join(directory, name)).filter((file) => existsSync(file));
  return files.flatMap(readSafetensors);
}
