import { BenchError } from "../../harness/contract/errors.js";
import type { ParameterStore } from "../engine/onnx/parameters.js";
import type { NamedTensor } from "./safetensors.js";

/** Reads tensors into a store that has just these. Throws MODEL_INVALID where it has others. */
export function fillStore(store: ParameterStore, tensors: readonly NamedTensor[], directory: string): void {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, shape } of store.tensors) {
    const tensor = given.get(name);
    if (tensor?.shape.join() !== shape.join()) throw misfit(name, directory);
    store.view(name).set(tensor.values);
  }
  if (given.size !== store.tensors.length) throw misfit("some further tensor", directory);
}

/** The tensors of a store, over its own values or over a vector of its layout. */
export function tensorsOf(store: ParameterStore, values = store.values): NamedTensor[] {
  return store.tensors.map(({ name, shape }) => ({ name, shape, values: store.view(name, values) }));
}

export function misfit(name: string, file: string): BenchError {
  return new BenchError("MODEL_INVALID", `${name} does not fit the model that it is loaded into.`, {
    at: { file },
    fix: "Load what a model of the same shape and adapter saved.",
  });
}
