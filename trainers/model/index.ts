import type { Model, OpenOptions } from "../engine/contract.js";
import { openCheckpoint } from "./checkpoint.js";
import { resolveDevice } from "./devices.js";
import { LlamaModel } from "./llama-model.js";

export { probeDevices, resolveDevice } from "./devices.js";
export { llamaFormat } from "./format.js";

/**
 * Opens a model directory in Hugging Face format on a device. Throws MODEL_INVALID with the file that is at fault, and
 * DEVICE_UNAVAILABLE, saying what to install.
 */
export async function openModel(directory: string, { device, threads, seed }: OpenOptions): Promise<Model> {
  const executionProviders = await resolveDevice(device);
  return new LlamaModel(openCheckpoint(directory), seed, { executionProviders, threads });
}
