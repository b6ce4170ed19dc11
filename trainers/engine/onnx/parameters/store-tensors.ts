import type { Checkpoint } from "../../../model/checkpoint.js";
import { fitTensors, misfit } from "../../../model/fit-tensors.js";
import { type NamedTensor, readTensor } from "../../../model/safetensors.js";
import { mappedTensors } from "../graph/mapped-tensor.js";
import { type Feeds, floats, type Inputs, type SessionOptions } from "../graph/session.js";
import type { ParameterStore } from "./parameter-store.js";

/** Reads tensors into a store that has just these. Throws MODEL_INVALID where it has others. */
export function fillStore(store: ParameterStore, tensors: readonly NamedTensor[], directory: string): void {
  for (const { name, values } of fitTensors(store.tensors, tensors, directory)) store.view(name).set(values);
}

/**
 * Takes what a store has from a checkpoint of its shapes. Throws as `readStore`.
 *
 * @param session of the graphs that read it, where it may stay in the files as long as it is not changed.
 */
export function takeFrom(
  store: ParameterStore,
  checkpoint: Pick<Checkpoint, "tensors">,
  session: SessionOptions | undefined,
): void {
  const onCpu = session?.executionProviders.every((provider) => provider === "cpu");
  const mapped = onCpu ? mappedTensors(checkpoint.tensors) : undefined;
  if (mapped) store.map(mapped);
  else readStore(store, checkpoint);
}

/** Reads what a store has from the files of a model of the same shapes. Throws MODEL_INVALID where they are others. */
export function readStore(store: ParameterStore, { tensors }: Pick<Checkpoint, "tensors">): void {
  for (const { name, shape } of store.tensors) {
    if (tensors.get(name)?.shape.join() !== shape.join()) throw misfit(name, [...tensors.values()][0]!.file);
  }
  if (store.mapped) store.map(undefined);
  for (const { name } of store.tensors) readTensor(tensors.get(name)!, store.view(name));
}

/** By what their values are in. */
const ownInputs = new WeakMap<object, Inputs>();

/** The tensors of a store as a graph's inputs: its own, in memory or in files, or those over a vector of its layout. */
export function inputsOf(store: ParameterStore, vector?: Float32Array): Inputs {
  if (vector) return feedsOver(store, vector);
  const place = store.mapped ?? store.values;
  const inputs = ownInputs.get(place) ?? (store.mapped ? Object.fromEntries(store.mapped) : feedsOver(store));
  ownInputs.set(place, inputs);
  return inputs;
}

function feedsOver(store: ParameterStore, vector?: Float32Array): Feeds {
  return Object.fromEntries(store.tensors.map(({ name, shape }) => [name, floats(store.view(name, vector), shape)]));
}

/** Values of a tensor in a file that are read at a time: they stay in a core's cache. */
const pieceLength = 2 ** 18;

/** The values of stores, tensor by tensor. Those in files come in pieces, each in the memory of the one before. */
export function* piecesOf(...stores: readonly ParameterStore[]): Generator<{ name: string; values: Float32Array }> {
  const memory = new Float32Array(pieceLength);
  for (const store of stores) {
    const { mapped } = store;
    for (const { name, length } of store.tensors) {
      if (!mapped) yield { name, values: store.view(name) };
      else
        for (let first = 0; first < length; first += pieceLength)
          yield { name, values: mapped.get(name)!.read(memory.subarray(0, length - first), first) };
    }
  }
}

/** The tensors of a store, over its own values or over a vector of its layout. */
export function tensorsOf(store: ParameterStore, values = store.values): NamedTensor[] {
  return store.tensors.map(({ name, shape }) => ({ name, shape, values: store.view(name, values) }));
}
