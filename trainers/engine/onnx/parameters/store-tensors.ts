import { fitTensors } from "../../../model/fit-tensors.js";
import type { NamedTensor } from "../../../model/safetensors.js";
import { type Feeds, floats } from "../graph/session.js";
import type { ParameterStore } from "./parameter-store.js";

/** Reads tensors into a store that has just these. Throws MODEL_INVALID where it has others. */
export function fillStore(store: ParameterStore, tensors: readonly NamedTensor[], directory: string): void {
  for (const { name, values } of fitTensors(store.tensors, tensors, directory)) store.view(name).set(values);
}

/** The tensors of a store as a graph's inputs, over its own values or over a vector of its layout. */
export function tensorFeeds(store: ParameterStore, vector = store.values): Feeds {
  return Object.fromEntries(store.tensors.map(({ name, shape }) => [name, floats(store.view(name, vector), shape)]));
}

/** The tensors of a store, over its own values or over a vector of its layout. */
export function tensorsOf(store: ParameterStore, values = store.values): NamedTensor[] {
  return store.tensors.map(({ name, shape }) => ({ name, shape, values: store.view(name, values) }));
}
