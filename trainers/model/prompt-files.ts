import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../harness/contract/files.js";
import type { DecoderConfig } from "./decoder-config.js";
import { configName, weightsName } from "./peft.js";
import { type NamedTensor, readSafetensors, writeSafetensors } from "./safetensors.js";

/** The embeddings of virtual tokens, [virtualTokens, hidden], and the keys by which prompts are chosen, [keys, hidden]. */
export const promptTensor = "prompt_embeddings";
export const keyTensor = "prompt_keys";

/** Keys are stored in a separate file, since PEFT has prompts only. */
const keysName = "prompt_keys.safetensors";

/** Writes soft prompts as PEFT's prompt tuning does, `prompt_embeddings` [virtual tokens, hidden], and the keys in another file. */
export function savePrompts(
  directory: string,
  model: Pick<DecoderConfig, "hidden" | "heads" | "layers">,
  tensors: readonly NamedTensor[],
): void {
  const prompts = tensors.filter(({ name }) => name === promptTensor);
  const keys = tensors.filter(({ name }) => name !== promptTensor);
  const config = {
    peft_type: "PROMPT_TUNING",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: null,
    num_virtual_tokens: prompts[0]!.shape[0],
    token_dim: model.hidden,
    num_transformer_submodules: 1,
    num_attention_heads: model.heads,
    num_layers: model.layers,
    prompt_tuning_init: "RANDOM",
    inference_mode: true,
  };
  writeSafetensors(join(directory, weightsName), prompts);
  if (keys.length > 0) writeSafetensors(join(directory, keysName), keys);
  writeFileAtomically(join(directory, configName), `${JSON.stringify(config, null, 2)}\n`);
}

/** Reads what `savePrompts` wrote. */
export function openPrompts(directory: string): NamedTensor[] {
  const files = [weightsName, keysName].map((name) => join(directory, name)).filter((file) => existsSync(file));
  return files.flatMap(readSafetensors);
}
