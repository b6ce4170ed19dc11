import type { AttentionPass, Decoder } from "../decoder/decoder.js";
import { packedForward, type Reach } from "../decoder/packed-forward.js";
import type { PackedLayout } from "../decoder/packing.js";
import type { Value } from "../graph/graph.js";
import {
  add,
  cast,
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
} from "../graph/operators/index.js";

/**
 * Prompts, or parts of them. A token attends to those before it in its prompt: rows of this pass, and such as were computed
 * before. Inputs, besides those of `packedForward`: `keys.i` and `values.i` of each layer, [earlier rows, keyValueHeads,
 * headDimension]; `reach` [sequences, places of keys], for each place of a prompt from its beginning its row, the earlier
 * ones before those of this pass; `positions` [token rows] in the prompts, and `queries` [sequences, token places], which is
 * of one sequence where all have the same. Outputs: `logits` at the selected positions and
 * `key.i`, `value.i` of this pass, [token rows, keyValueHeads, headDimension].
 */
export function promptGraph(decoder: Decoder): void {
  const { hidden } = packedForward(decoder, false, wholePrompts);
  decoder.graph.output("logits", decoder.logits(hidden));
}

function wholePrompts(decoder: Decoder, tokens: PackedLayout): Reach {
  const { graph, config } = decoder;
  const { keyValueHeads, headDimension } = config;
  const places = "places of keys";
  const rows = graph.input("reach", ["sequences", places], "int32");
  const positions = graph.input("positions", [tokens.rows], "int32");
  const limit = reshape(cast(graph.size(places), "int32"), []);
  const keyPositions = graph.node("Range", [graph.scalar(0, "int32"), limit, graph.scalar(1, "int32")], [places]);
  const queries = graph.input("queries", ["sequences or one", tokens.longest], "int32");
  const queryPositions = reshape(queries, ["sequences or one", 1, tokens.longest]);
  const head = graph.constant(
    Array.from({ length: keyValueHeads }, (_, index) => index),
    [keyValueHeads, 1],
    "int32",
  );
  const first = graph.node(
    "Mul",
    [reshape(rows, ["sequences", 1, places]), graph.scalar(keyValueHeads, "int32")],
    ["sequences", 1, places],
  );
  const ofHeads = graph.node("Add", [first, head], ["sequences", keyValueHeads, places]);
  const reached = (name: string, before: string, projected: Value) => {
    const own = reshape(projected, [tokens.rows, keyValueHeads, headDimension]);
    graph.output(name, own);
    const earlier = graph.input(before, ["earlier rows", keyValueHeads, headDimension]);
    const all = concatenate([earlier, own], 0, "earlier and token rows");
    return gather(reshape(all, [`heads of ${name}`, headDimension]), ofHeads);
  };
  return {
    positions,
    keyPositions,
    mask: decoder.causalMask(decoder.grouped(queryPositions), keyPositions),
    keys: (layer, keys) => reached(`key.${layer}`, `keys.${layer}`, keys),
    values: (layer, values) => reached(`value.${layer}`, `values.${layer}`, values),
  };
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
