import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import type { Architecture } from "./architecture.js";
import { digestModel, openCheckpoint, readTensors } from "./checkpoint.js";
import { readConfig } from "./config.js";
import { measureTexts } from "./measure.js";
import { holdsAdapter } from "./peft.js";
import { holdsWeights } from "./weights.js";

/** A directory that contains both a whole model and an adapter is ambiguous. */
function refuseAmbiguity(directory: string): void {
  if (!holdsAdapter(directory)) return;
  throw new BenchError("MODEL_INVALID", "The directory contains both a model and an adapter.", {
    at: { file: directory },
    fix: `Write ${directory}::${directory} for the model with the adapter, or move the adapter's two files elsewhere.`,
  });
}

/**
 * Model directories in Hugging Face format, of some architectures. A plug-in with another architecture registers a format
 * that recognizes its directories: formats that are registered later are asked first.
 */
export function huggingFaceFormat(architectures: readonly Architecture[]): ModelFormat {
  return {
    name: "llama",
    summary:
      "Llama, Qwen2, Qwen3, Mistral and SmolLM2, and LLaVA on one of them, as config.json, *.safetensors and tokenizer.json",
    recognizes: (directory) => existsSync(join(directory, "config.json")) && holdsWeights(directory),
    open: async (directory) => ({
      format: "llama",
      architecture: readConfig(directory, architectures).architecture.name,
      directory: resolve(directory),
    }),
    measure: async (directory) => measureTexts(directory, architectures),
    async inspect(directory) {
      refuseAmbiguity(directory);
      const checkpoint = openCheckpoint(directory, architectures);
      const sizes = [...checkpoint.tensors.values()].map(({ shape }) =>
        shape.reduce((product, size) => product * size, 1),
      );
      return {
        architecture: checkpoint.architecture.name,
        parameters: sizes.reduce((sum, size) => sum + size, 0),
        digest: digestModel(checkpoint, readTensors(checkpoint)),
        chatTemplate: checkpoint.tokenizer.chat !== null,
        notes: checkpoint.notes,
        ...(checkpoint.config.vision && { modalities: ["text", "image"] as const }),
      };
    },
  };
}
