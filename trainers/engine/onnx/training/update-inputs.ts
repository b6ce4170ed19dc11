import type { Update, Vector } from "../../contract.js";
import type { Feeds, SessionOptions } from "../graph/session.js";
import type { TrainableState } from "../parameters/trainable-state.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { updateFeeds } from "./adamw.js";
import { componentRates } from "./component-rates.js";

/** What of a model an update reads and writes. */
export interface Updatable {
  readonly state: TrainableState;
  readonly vectors: VectorPool;
  readonly session: SessionOptions;
}

/** What the graph of an update reads, besides the gradient. */
export function updateInputs(state: TrainableState, vectors: VectorPool, update: Update): Feeds {
  const own = Object.entries(updateVectors(state, vectors, update)).map(([name, values]) => state.feeds(name, values));
  return Object.assign({ ...state.updateFeeds, ...updateFeeds(update, state.step + 1) }, ...own);
}

/** The vectors that an update reads by its form, each of the parameters' layout. */
export function updateVectors(
  { store }: TrainableState,
  vectors: VectorPool,
  { constraint, proximal, componentRates: rates }: Update,
): Record<string, Float32Array> {
  const values = (vector: Vector) => vectors.values(vector, store.length);
  return {
    ...(Object.keys(rates ?? {}).length > 0 ? { rates: componentRates(store, rates!) } : {}),
    ...(constraint?.kind === "half-space" ? { normal: values(constraint.normal) } : {}),
    ...(constraint?.kind === "mask" ? { mask: values(constraint.mask) } : {}),
    ...(proximal ? { "proximal.anchor": values(proximal.anchor) } : {}),
    ...(proximal ? { "proximal.importance": values(proximal.importance) } : {}),
  };
}
