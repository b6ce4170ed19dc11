import { BenchError } from "../../harness/contract/errors.js";
import type { NamedTensor } from "./safetensors.js";

/** The tensors in the order of the layout. Throws MODEL_INVALID where there are not just these. */
export function fitTensors(
  layout: readonly { name: string; shape: readonly number[] }[],
  tensors: readonly NamedTensor[],
  directory: string,
): NamedTensor[] {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const fitting = layout.map(({ name, shape }) => {
    const tensor = given.get(name);
    if (tensor?.shape.join() !== shape.join()) throw misfit(name, directory);
    return tensor;
  });
  if (given.size !== layout.length) throw misfit("some further tensor", directory);
  return fitting;
}

export function misfit(name: string, file: string): BenchError {
  return new BenchError("MODEL_INVALID", `${name} does not fit the model that it is loaded into.`, {
    at: { file },
    fix: "Load what a model of the same shape and adapter saved.",
  });
}

/** What is thrown where a directory without an adapter is to be loaded into a model that has one. */
export function lacksAdapter(directory: string): BenchError {
  return new BenchError("MODEL_INVALID", "The model has an adapter; the directory contains none.", {
    at: { file: directory },
    fix: "Load the directory into the base model, before an adapter is added.",
  });
}
