import type { Value } from "../../engine/onnx/graph.js";
import type { Llama } from "../../engine/onnx/llama.js";
import {
  add,
  concatenate,
  crossEntropy,
  matmul,
  multiply,
  reshape,
  softmax,
  split,
  sum,
  swap,
} from "../../engine/onnx/operators/index.js";
import { packedForward } from "../../engine/onnx/packed-llama.js";

/**
 * Prompts at once. Outputs: `logits` at the selected positions and `keys.i`, `values.i` of each layer,
 * [sequences, keyValueHeads, places, headDimension].
 */
export function prefillGraph(llama: Llama): void {
  const { hidden, keys, values } = packedForward(llama);
  llama.graph.output("logits", llama.logits(hidden));
  for (const [layer, value] of keys.entries()) llama.graph.output(`keys.${layer}`, value);
  for (const [layer, value] of values.entries()) llama.graph.output(`values.${layer}`, value);
}

/** Output: `nll`, the negative log-likelihood of `labels` at the selected positions, nats. */
export function scoreGraph(llama: Llama): void {
  const { hidden } = packedForward(llama);
  llama.graph.output(
    "nll",
    crossEntropy(llama.logits(hidden), llama.graph.input("labels", [hidden.shape[0]!], "int32")),
  );
}

/** Output: `hidden`, the final hidden states at the selected positions. */
export function embedGraph(llama: Llama): void {
  llama.graph.output("hidden", packedForward(llama).hidden);
}

/**
 * One token a row, on cached keys and values. Inputs: `tokens` and `positions` [rows], `mask` [rows, 1, 1, capacity] (0
 * where a slot may be seen, else −10⁹), `keys.i` and `values.i` [rows, keyValueHeads, capacity, headDimension]. Outputs:
 * `logits` [rows, vocabulary] and the token's own `key.i`, `value.i` [rows, keyValueHeads, headDimension]: the caller
 * puts them into the cache, which costs far less than a copy of the cache in the graph.
 */
export function decodeGraph(llama: Llama): void {
  const { graph, config } = llama;
  const { heads, keyValueHeads, headDimension, layers } = config;
  const group = heads / keyValueHeads;
  const tokens = graph.input("tokens", ["rows"], "int32");
  const rotation = llama.rotation(graph.input("positions", ["rows", 1]));
  const queryRotation = llama.queryRotation(rotation);
  const mask = graph.input("mask", ["rows", 1, 1, "capacity"]);
  const cache = ["rows", keyValueHeads, "capacity", headDimension];

  const attend = (layer: number, normalized: Value): Value => {
    const part = (name: string, count: number) =>
      reshape(llama.project(layer, name, normalized), ["rows", count, headDimension]);
    const key = llama.rotate(part("k_proj", keyValueHeads), rotation);
    const value = part("v_proj", keyValueHeads);
    graph.output(`key.${layer}`, key);
    graph.output(`value.${layer}`, value);
    const rotated = llama.rotate(part("q_proj", heads), queryRotation);
    const query = reshape(rotated, ["rows", keyValueHeads, group, headDimension]);
    const past = add(matmul(query, swap(graph.input(`keys.${layer}`, cache))), mask);
    const own = sum(multiply(query, reshape(key, ["rows", keyValueHeads, 1, headDimension])), [3]);
    const scores = concatenate([past, own], 3, "capacity + 1");
    const [seen, self] = split(softmax(scores), 3, ["capacity", 1]) as [Value, Value];
    const fromPast = matmul(seen, graph.input(`values.${layer}`, cache));
    const fromSelf = multiply(self, reshape(value, ["rows", keyValueHeads, 1, headDimension]));
    return reshape(add(fromPast, fromSelf), ["rows", heads * headDimension]);
  };

  let x = llama.embed(tokens);
  for (let layer = 0; layer < layers; layer++) x = llama.layer(layer, x, (normalized) => attend(layer, normalized));
  graph.output("logits", llama.logits(llama.norm("model.norm", x)));
}
