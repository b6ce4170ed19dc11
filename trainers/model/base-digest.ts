import type { Architecture } from "./architecture.js";
import { digestModel, openCheckpoint, readTensors } from "./checkpoint.js";
import { isPlainDecoder } from "./config.js";
import { fitTensors } from "./fit-tensors.js";
import type { NamedTensor } from "./safetensors.js";

/**
 * SHA-256 of a model as its format gives it, which is looked up when an adapter is put on a base: of a directory's own
 * weights, or of others in their place. Undefined where the directory is of none of the architectures: no format opens
 * adapters of such a model.
 */
export function digestOfWeights(
  directory: string,
  architectures: readonly Architecture[],
  tensors?: readonly NamedTensor[],
): string | undefined {
  if (!isPlainDecoder(directory, architectures)) return undefined;
  const checkpoint = openCheckpoint(directory, architectures);
  if (tensors === undefined) return digestModel(checkpoint, readTensors(checkpoint));
  const layout = Array.from(checkpoint.tensors, ([name, { shape }]) => ({ name, shape }));
  return digestModel(checkpoint, fitTensors(layout, tensors, directory));
}
