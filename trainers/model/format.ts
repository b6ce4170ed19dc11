import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import { digestModel, openCheckpoint, readTensors } from "./checkpoint.js";
import { readConfig } from "./config.js";
import { holdsWeights } from "./weights.js";

/** Model directories of the Llama family in Hugging Face format. */
export const llamaFormat: ModelFormat = {
  name: "llama",
  summary: "Llama, Qwen2, Mistral and SmolLM2 as config.json, *.safetensors and tokenizer.json",
  recognizes: (directory) => existsSync(join(directory, "config.json")) && holdsWeights(directory),
  open: async (directory) => ({
    format: "llama",
    architecture: readConfig(directory).architecture,
    directory: resolve(directory),
  }),
  async inspect(directory) {
    const checkpoint = openCheckpoint(directory);
    const sizes = [...checkpoint.tensors.values()].map(({ shape }) =>
      shape.reduce((product, size) => product * size, 1),
    );
    return {
      architecture: checkpoint.architecture,
      parameters: sizes.reduce((sum, size) => sum + size, 0),
      digest: digestModel(checkpoint, readTensors(checkpoint)),
    };
  },
};
