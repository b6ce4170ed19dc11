import type { Checkpoint, OpenOptions } from "../../../harness/contract/engine.js";
import { locationOf } from "../../model/adapted.js";
import type { Architecture } from "../../model/architecture.js";
import { readConfig, readFields } from "../../model/config.js";
import { llava } from "../../model/vision/llava.js";
import { mostFeatureBytes } from "../../model/vision/vision-config.js";
import type { Model } from "../contract.js";
import { childFor, openingSeconds } from "./child.js";
import { childDevices } from "./devices.js";
import type { OpenedModel } from "./opened-model.js";
import { findPython } from "./python.js";
import { TorchModel } from "./torch-model.js";

/**
 * Opens what a model format describes; an adapter is merged into its base.
 *
 * @param architectures those whose adapters a format opens, alone or as the language model of a LLaVA: what is saved for
 *   others has no digest of its base.
 */
export async function openTorchModel(
  { directory, adapter }: Pick<Checkpoint, "directory" | "adapter">,
  device: string,
  { threads, seed, dtype = "float32", python, featureBytes = mostFeatureBytes, promptBytes }: OpenOptions,
  architectures: readonly Architecture[] = [],
): Promise<Model> {
  const devices = childDevices(device);
  const child = childFor((await findPython(python)).path, threads, devices);
  const vision =
    readFields(directory).architecture === llava ? readConfig(directory, architectures).config.vision : undefined;
  const settings = {
    directory,
    device: devices.kind,
    dtype,
    seed,
    image_token: vision?.imageToken ?? null,
    feature_bytes: featureBytes,
    // several processes make the same calls in the same order: none is begun in the middle of another
    prompt_bytes: devices.processes === 1 ? (promptBytes ?? null) : null,
  };
  const opened = await child.ask<OpenedModel>("open", settings, openingSeconds);
  const model = new TorchModel(child, opened, directory, {
    location: locationOf({ base: directory, adapter }),
    architectures,
    vision,
    joins: settings.prompt_bytes !== null,
  });
  if (adapter !== undefined) {
    await model.load(adapter);
    await model.merge();
  }
  return model;
}
