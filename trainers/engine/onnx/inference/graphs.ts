import type { AttentionPass, Decoder } from "../decoder/decoder.js";
import { packedForward } from "../decoder/packed-forward.js";
import type { Value } from "../graph/graph.js";
import {
  add,
  concatenate,
  crossEntropy,
  gather,
  matmul,
  multiply,
  reshape,
  softmax,
  split,
  sum,
  swap,
  transpose,
} from "../graph/operators/index.js";

/**
 * Prompts at once. Outputs: `logits` at the selected positions and `keys.i`, `values.i` of each layer,
 * [sequences, keyValueHeads, places, headDimension].
 */
export function prefillGraph(decoder: Decoder): void {
  const { hidden, keys, values } = packedForward(decoder);
  decoder.graph.output("logits", decoder.logits(hidden));
  for (const [layer, value] of keys.entries()) decoder.graph.output(`keys.${layer}`, value);
  for (const [layer, value] of values.entries()) decoder.graph.output(`values.${layer}`, value);
}

/** Output: `nll`, the negative log-likelihood of `labels` at the selected positions, nats. */
export function scoreGraph(decoder: Decoder): void {
  const { hidden } = packedForward(decoder);
  decoder.graph.output(
    "nll",
    crossEntropy(decoder.logits(hidden), decoder.graph.input("labels", [hidden.shape[0]!], "int32")),
  );
}

/** Output: `hidden`, the final hidden states at the selected positions. */
export function embedGraph(decoder: Decoder): void {
  decoder.graph.output("hidden", packedForward(decoder).hidden);
}

/**
 * One token a row, on cached keys and values. Inputs: `tokens` and `positions` [rows], `mask` [rows, 1, 1, capacity] (0
 * where a slot may be seen, else −10⁹), `keys.i` and `values.i` [rows, keyValueHeads, capacity, headDimension]. Outputs:
 * `logits` [rows, vocabulary] and the token's own `key.i`, `value.i` [rows, keyValueHeads, headDimension]: the caller
 * puts them into the cache, which costs far less than a copy of the cache in the graph.
 */
export function decodeGraph(decoder: Decoder): void {
  const { graph, config } = decoder;
  const { heads, keyValueHeads, headDimension } = config;
  const group = heads / keyValueHeads;
  const tokens = graph.input("tokens", ["rows"], "int32");
  const rotation = decoder.rotation(graph.input("positions", ["rows", 1]));
  const queryRotation = decoder.queryRotation(rotation);
  const mask = graph.input("mask", ["rows", 1, 1, "capacity"]);
  const cache = ["rows", keyValueHeads, "capacity", headDimension];

  const passOf = (layer: number): AttentionPass => ({
    queryRotation,
    keyRotation: rotation,
    attend(queries, key, projected) {
      const value = reshape(projected, ["rows", keyValueHeads, headDimension]);
      graph.output(`key.${layer}`, key);
      graph.output(`value.${layer}`, value);
      const query = reshape(queries, ["rows", keyValueHeads, group, headDimension]);
      const past = add(matmul(query, swap(graph.input(`keys.${layer}`, cache))), mask);
      const own = sum(multiply(query, reshape(key, ["rows", keyValueHeads, 1, headDimension])), [3]);
      const scores = concatenate([past, own], 3, "capacity + 1");
      const [seen, self] = split(softmax(scores), 3, ["capacity", 1]) as [Value, Value];
      const fromPast = matmul(seen, graph.input(`values.${layer}`, cache));
      const fromSelf = multiply(self, reshape(value, ["rows", keyValueHeads, 1, headDimension]));
      return reshape(add(fromPast, fromSelf), ["rows", heads * headDimension]);
    },
  });
  graph.output("logits", decoder.logits(decoder.forward(decoder.embed(tokens), passOf)));
}

/** Tokens of a prompt that `blockGraph` computes at a time. Part of what determines bits, so one constant. */
export const blockTokens = 32;

/**
 * A block of `blockTokens` tokens a row, on cached keys and values; each token sees the cache and those of the block up to
 * itself. Inputs as those of `decodeGraph`, with `tokens` and `positions` block by block, and `last`, the places among the
 * tokens of all blocks whose `logits` are wanted. `key.i` and `value.i` are [rows, keyValueHeads, blockTokens,
 * headDimension].
 */
export function blockGraph(decoder: Decoder): void {
  const { graph, config } = decoder;
  const { heads, keyValueHeads, headDimension } = config;
  const queries = (heads / keyValueHeads) * blockTokens;
  const tokens = graph.input("tokens", ["tokens"], "int32");
  const rotation = decoder.rotation(graph.input("positions", ["tokens", 1]));
  const queryRotation = decoder.queryRotation(rotation);
  const mask = graph.input("mask", ["rows", 1, 1, "capacity"]);
  const last = graph.input("last", ["last tokens"], "int32");
  const cache = ["rows", keyValueHeads, "capacity", headDimension];
  const isLater = (place: number) => place % blockTokens > Math.floor(place / blockTokens) % blockTokens;
  const later = Array.from({ length: queries * blockTokens }, (_, place) => (isLater(place) ? -1e9 : 0));
  const causal = graph.constant(later, [queries, blockTokens]);
  /** [tokens, heads · headDimension], or with the heads apart → [rows, heads, blockTokens, headDimension]. */
  const byHead = (x: Value, own: number) =>
    transpose(reshape(x, ["rows", blockTokens, own, headDimension]), [0, 2, 1, 3]);

  const passOf = (layer: number): AttentionPass => ({
    queryRotation,
    keyRotation: rotation,
    attend(projected, rotated, values) {
      const [key, value] = [byHead(rotated, keyValueHeads), byHead(values, keyValueHeads)];
      graph.output(`key.${layer}`, key);
      graph.output(`value.${layer}`, value);
      const query = reshape(byHead(projected, heads), ["rows", keyValueHeads, queries, headDimension]);
      const past = add(matmul(query, swap(graph.input(`keys.${layer}`, cache))), mask);
      const own = add(matmul(query, swap(key)), causal);
      const shares = softmax(concatenate([past, own], 3, "capacity + block"));
      const [seen, within] = split(shares, 3, ["capacity", blockTokens]) as [Value, Value];
      const mixed = add(matmul(seen, graph.input(`values.${layer}`, cache)), matmul(within, value));
      const apart = transpose(reshape(mixed, ["rows", heads, blockTokens, headDimension]), [0, 2, 1, 3]);
      return reshape(apart, ["tokens", heads * headDimension]);
    },
  });
  const hidden = decoder.forward(decoder.embed(tokens), passOf);
  graph.output("logits", decoder.logits(gather(hidden, last)));
}
