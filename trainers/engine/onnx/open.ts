import { resolve } from "node:path";
import type { Checkpoint, OpenOptions } from "../../../harness/contract/engine.js";
import { locateModel, locationOf } from "../../model/adapted.js";
import { openCheckpoint } from "../../model/checkpoint.js";
import type { Model } from "../contract.js";
import { architectures } from "./architectures/index.js";
import { resolveDevice } from "./devices.js";
import { OnnxModel } from "./onnx-model.js";

/** Opens what a model format describes; an adapter is merged into its base. */
export async function openCheckpointModel(
  { directory, adapter }: Pick<Checkpoint, "directory" | "adapter">,
  device: string,
  { threads, seed, promptBytes, featureBytes }: OpenOptions,
): Promise<Model> {
  const executionProviders = await resolveDevice(device);
  const checkpoint = openCheckpoint(directory, architectures);
  const session = { executionProviders, threads };
  const location = locationOf({ base: directory, adapter });
  const model = new OnnxModel(checkpoint, seed, session, location, promptBytes, featureBytes);
  if (adapter !== undefined) {
    await model.load(adapter);
    await model.merge();
  }
  return model;
}

/** As `openCheckpointModel`, for a location: a directory in Hugging Face format, an adapter, or `base::adapter`. */
export async function openModel(
  location: string,
  { device, ...options }: OpenOptions & { device: string },
): Promise<Model> {
  await resolveDevice(device);
  const { base, adapter } = await locateModel(location);
  return openCheckpointModel({ directory: resolve(base), adapter: adapter && resolve(adapter) }, device, options);
}
