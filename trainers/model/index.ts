import type { Model, OpenOptions } from "../engine/contract.js";
import { locateModel } from "./adapted.js";
import { openCheckpoint } from "./checkpoint.js";
import { resolveDevice } from "./devices.js";
import { LlamaModel } from "./llama-model.js";

export { adapterFormat } from "./adapter-format.js";
export { probeDevices, resolveDevice } from "./devices.js";
export { llamaFormat } from "./format.js";

/**
 * Opens a model directory in Hugging Face format on a device; an adapter, or `base::adapter`, is merged into its base.
 * Throws MODEL_INVALID with the file that is at fault, and
 * DEVICE_UNAVAILABLE, saying what to install.
 */
export async function openModel(directory: string, { device, threads, seed }: OpenOptions): Promise<Model> {
  const executionProviders = await resolveDevice(device);
  const { base, adapter } = await locateModel(directory);
  const model = new LlamaModel(openCheckpoint(base), seed, { executionProviders, threads });
  if (adapter !== undefined) {
    await model.load(adapter);
    await model.merge();
  }
  return model;
}
