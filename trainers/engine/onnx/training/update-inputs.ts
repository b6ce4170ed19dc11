import type { Update, Vector } from "../../contract.js";
import type { Feeds } from "../graph/session.js";
import type { TrainableState } from "../parameters/trainable-state.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { updateFeeds, updateForm } from "./adamw.js";
import { componentRates } from "./component-rates.js";

/** What the graph of an update reads, besides the gradient. */
export function updateInputs(state: TrainableState, vectors: VectorPool, update: Update): Feeds {
  const { constraint, proximal, componentRates: rates } = update;
  const { store } = state;
  const vector = (prefix: string, own: Vector) => state.feeds(prefix, vectors.values(own, store.length));
  return {
    ...state.updateFeeds,
    ...updateFeeds(update, state.step + 1),
    ...(updateForm(update).componentRates ? state.feeds("rates", componentRates(store, rates!)) : {}),
    ...(constraint?.kind === "half-space" ? vector("normal", constraint.normal) : {}),
    ...(constraint?.kind === "mask" ? vector("mask", constraint.mask) : {}),
    ...(proximal ? vector("proximal.anchor", proximal.anchor) : {}),
    ...(proximal ? vector("proximal.importance", proximal.importance) : {}),
  };
}
