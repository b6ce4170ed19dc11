import type { Checkpoint, OpenOptions } from "../../../harness/contract/engine.js";
import { locationOf } from "../../model/adapted.js";
import type { Architecture } from "../../model/architecture.js";
import type { Model } from "../contract.js";
import { childFor, openingSeconds } from "./child.js";
import { findPython } from "./python.js";
import { type OpenedModel, TorchModel } from "./torch-model.js";

/**
 * Opens what a model format describes; an adapter is merged into its base.
 *
 * @param architectures those whose adapters a format opens: what is saved for others has no digest of its base.
 */
export async function openTorchModel(
  { directory, adapter }: Pick<Checkpoint, "directory" | "adapter">,
  device: string,
  { threads, seed, dtype = "float32", python }: OpenOptions,
  architectures: readonly Architecture[] = [],
): Promise<Model> {
  const child = childFor((await findPython(python)).path, threads);
  const opened = await child.ask<OpenedModel>("open", { directory, device, dtype, seed }, openingSeconds);
  const model = new TorchModel(child, opened, directory, {
    location: locationOf({ base: directory, adapter }),
    architectures,
  });
  if (adapter !== undefined) {
    await model.load(adapter);
    await model.merge();
  }
  return model;
}
