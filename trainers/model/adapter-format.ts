import { resolve } from "node:path";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import { isAdapted, locateModel } from "./adapted.js";
import { openCheckpoint } from "./checkpoint.js";
import { readConfig } from "./config.js";
import { LlamaModel } from "./llama-model.js";

/** LoRA adapters in PEFT's format, on the model that they belong to. Their digest is that of base and adapter together. */
export const adapterFormat: ModelFormat = {
  name: "lora-adapter",
  summary: "a LoRA adapter as PEFT saves it, alone or as base::adapter",
  recognizes: isAdapted,
  async open(location) {
    const { base, adapter } = await locateModel(location);
    return {
      format: "lora-adapter",
      architecture: readConfig(base).architecture,
      directory: resolve(base),
      adapter: resolve(adapter!),
    };
  },
  async inspect(location) {
    const { base, adapter } = await locateModel(location);
    const model = new LlamaModel(openCheckpoint(base), 0, { executionProviders: ["cpu"], threads: 1 });
    try {
      await model.load(adapter!);
      const parameters = model.parameters + (await model.trainable()).addedParameters;
      return { architecture: `${model.architecture} with a LoRA adapter`, parameters, digest: await model.digest() };
    } finally {
      await model.release();
    }
  },
};
