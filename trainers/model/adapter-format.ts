import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import { isAdapted, locateModel } from "./adapted.js";
import { adapterShapes } from "./adapter-shapes.js";
import type { Architecture } from "./architecture.js";
import { type Checkpoint, digestModel, openCheckpoint, readTensors } from "./checkpoint.js";
import { readConfig } from "./config.js";
import { fitTensors } from "./fit-tensors.js";
import { measureTexts } from "./measure.js";
import { baseOf, openAdapter } from "./peft.js";
import type { NamedTensor } from "./safetensors.js";

/**
 * What to say where an adapter names another base than the one that it is put on.
 *
 * @param weights of the base.
 * @throws MODEL_INVALID where it is known to have been trained on other weights.
 */
function checkBase(adapter: string, base: Checkpoint, weights: readonly NamedTensor[]): string[] {
  const { name, digest } = baseOf(adapter);
  const same = name !== null && existsSync(name) && realpathSync(name) === realpathSync(base.directory);
  if (digest !== null) {
    if (digest === digestModel(base, weights)) return [];
    const fix = same
      ? "Restore the weights that the model had then, or train the adapter again."
      : `Give the model that it was trained on${name === null ? "" : `: ${name}`}.`;
    const problem = `The adapter was trained on other weights than those of ${base.directory}.`;
    throw new BenchError("MODEL_INVALID", problem, { at: { file: adapter }, fix });
  }
  if (name === null || same) return [];
  return existsSync(name) ? [`the adapter says that it belongs to ${name}; it is put on ${base.directory}`] : [];
}

/** LoRA adapters in PEFT's format, on the model that they belong to. Their digest is that of base and adapter together. */
export function adapterFormat(architectures: readonly Architecture[]): ModelFormat {
  return {
    name: "lora-adapter",
    summary: "a LoRA adapter as PEFT saves it, alone or as base::adapter",
    recognizes: isAdapted,
    async open(location) {
      const { base, adapter } = await locateModel(location);
      return {
        format: "lora-adapter",
        architecture: readConfig(base, architectures).architecture.name,
        directory: resolve(base),
        adapter: resolve(adapter!),
      };
    },
    measure: async (location) => measureTexts((await locateModel(location)).base, architectures),
    async inspect(location) {
      const { base, adapter } = await locateModel(location);
      const checkpoint = openCheckpoint(base, architectures);
      const weights = [...readTensors(checkpoint)];
      const notes = [...checkpoint.notes, ...checkBase(adapter!, checkpoint, weights)];
      const { options, tensors: given } = openAdapter(adapter!);
      const layout = Object.entries(adapterShapes(checkpoint.config, options)).map(([name, shape]) => ({
        name,
        shape,
      }));
      const tensors = [...weights, ...fitTensors(layout, given, adapter!)];
      return {
        architecture: `${checkpoint.architecture.name} with a LoRA adapter`,
        parameters: tensors.reduce((sum, { values }) => sum + values.length, 0),
        digest: digestModel(checkpoint, tensors, options),
        chatTemplate: checkpoint.tokenizer.chat !== null,
        notes,
        ...(checkpoint.config.vision && { modalities: ["text", "image"] as const }),
      };
    },
  };
}
