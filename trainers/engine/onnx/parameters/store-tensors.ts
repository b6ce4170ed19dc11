import type { Checkpoint } from "../../../model/checkpoint.js";
import { fitTensors, misfit } from "../../../model/fit-tensors.js";
import { type NamedTensor, readTensor } from "../../../model/safetensors.js";
import { type Feeds, floats } from "../graph/session.js";
import type { ParameterStore } from "./parameter-store.js";

/** Reads tensors into a store that has just these. Throws MODEL_INVALID where it has others. */
export function fillStore(store: ParameterStore, tensors: readonly NamedTensor[], directory: string): void {
  for (const { name, values } of fitTensors(store.tensors, tensors, directory)) store.view(name).set(values);
}

/** Reads what a store has from the files of a model of the same shapes. Throws MODEL_INVALID where they are others. */
export function readStore(store: ParameterStore, { tensors }: Pick<Checkpoint, "tensors">): void {
  for (const { name, shape } of store.tensors) {
    const stored = tensors.get(name);
    if (stored?.shape.join() !== shape.join()) throw misfit(name, [...tensors.values()][0]!.file);
    readTensor(stored, store.view(name));
  }
}

/** The tensors of a store as a graph's inputs, over its own values or over a vector of its layout. */
export function tensorFeeds(store: ParameterStore, vector = store.values): Feeds {
  return Object.fromEntries(store.tensors.map(({ name, shape }) => [name, floats(store.view(name, vector), shape)]));
}

/** The tensors of a store, over its own values or over a vector of its layout. */
export function tensorsOf(store: ParameterStore, values = store.values): NamedTensor[] {
  return store.tensors.map(({ name, shape }) => ({ name, shape, values: store.view(name, values) }));
}
