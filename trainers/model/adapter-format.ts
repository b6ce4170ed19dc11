import { resolve } from "node:path";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import { isAdapted, locateModel } from "./adapted.js";
import { adapterShapes } from "./adapter-shapes.js";
import type { Architecture } from "./architecture.js";
import { digestModel, openCheckpoint, readTensors } from "./checkpoint.js";
import { readConfig } from "./config.js";
import { fitTensors } from "./fit-tensors.js";
import { openAdapter } from "./peft.js";

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
    async inspect(location) {
      const { base, adapter } = await locateModel(location);
      const checkpoint = openCheckpoint(base, architectures);
      const { options, tensors: given } = openAdapter(adapter!);
      const layout = Object.entries(adapterShapes(checkpoint.config, options)).map(([name, shape]) => ({
        name,
        shape,
      }));
      const tensors = [...readTensors(checkpoint), ...fitTensors(layout, given, adapter!)];
      return {
        architecture: `${checkpoint.architecture.name} with a LoRA adapter`,
        parameters: tensors.reduce((sum, { values }) => sum + values.length, 0),
        digest: digestModel(checkpoint, tensors, options),
        notes: checkpoint.notes,
      };
    },
  };
}
