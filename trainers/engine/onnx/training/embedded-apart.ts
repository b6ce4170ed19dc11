import { embeddingTensor } from "../../../model/decoder-config.js";
import type { Feeds } from "../graph/session.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import type { TrainableState } from "../parameters/trainable-state.js";

/** The output of a training graph that has the gradient of the embeddings that tokens take, [token rows, hidden]. */
export const embeddedGradient = "gradient.embedded";

/**
 * Whether the table of embeddings is trained and large. The graph would hold the head's share of its gradient from the
 * start of the backward pass to the end, and its sum with what the tokens' embeddings receive beside it.
 */
export function hasLargeTable({ segments }: TrainableState): boolean {
  return segments.some(({ tensors }) => tensors.length === 1 && tensors[0]!.name === embeddingTensor);
}

/** Adds the gradient of each token's embedding to its row of the table's, one after another as ScatterND does. */
export function addEmbedded(store: ParameterStore, gradient: Float32Array, feeds: Feeds, result: Feeds): void {
  const table = store.view(embeddingTensor, gradient);
  const { data, dims } = result[embeddedGradient]!;
  const [rows, width] = [data as Float32Array, dims[1]!];
  for (const [row, token] of (feeds.tokens!.data as Int32Array).entries()) {
    for (let column = 0; column < width; column++) table[token * width + column]! += rows[row * width + column]!;
  }
}
