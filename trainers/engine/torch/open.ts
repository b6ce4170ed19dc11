import type { Checkpoint, OpenOptions } from "../../../harness/contract/engine.js";
import type { Model } from "../contract.js";
import { childFor, openingSeconds } from "./child.js";
import { findPython } from "./python.js";
import { type OpenedModel, TorchModel } from "./torch-model.js";

/** Opens what a model format describes; an adapter is merged into its base. */
export async function openTorchModel(
  { directory, adapter }: Pick<Checkpoint, "directory" | "adapter">,
  device: string,
  { threads, seed, dtype = "float32", python }: OpenOptions,
): Promise<Model> {
  const child = childFor((await findPython(python)).path, threads);
  const opened = await child.ask<OpenedModel>("open", { directory, device, dtype, seed }, openingSeconds);
  const model = new TorchModel(child, opened, directory);
  if (adapter !== undefined) {
    await model.load(adapter);
    await model.merge();
  }
  return model;
}
